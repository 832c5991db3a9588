"""Train the head on the features of the frozen backbone."""

import numpy as np
import pandas as pd

from handwriting import backbone, divisions, files, params, training


def main():
    settings = params.load()
    phase, seed = settings.phase_one, settings.seed
    backbone.prepare(seed)
    window = backbone.columns(backbone.build(None, settings.preprocess.strip_height), settings.model.layer)
    features = np.load("data/features/features.npy", mmap_mode="r")
    split = files.read_csv("data/split.csv")
    strips, classes = divisions.join(split, files.read_csv("data/features/index.csv"), "features")

    def train(_, rows, held_out, rates):
        return training.train_head(features, rows, held_out, rates, len(classes), window, phase, seed)

    heads, history, summary = training.choose_then_refit(train, strips, phase.refit)
    arrays = {f"{name}_{key}": a for name, head in heads.items() for key, a in training.head_arrays(head).items()}
    with files.atomic("models/phase_one.npz") as temporary:
        np.savez(temporary, **arrays)
    files.save_csv("plots/phase_one.csv", pd.DataFrame(history))
    files.save_json("models/phase_one.json", summary)


if __name__ == "__main__":
    with files.errors_for_people():
        main()
