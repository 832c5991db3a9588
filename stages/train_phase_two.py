"""Train the last layers of the backbone and the head from the cached activations on."""

import json

import numpy as np
import pandas as pd

from handwriting import backbone, divisions, files, params, training


def main():
    settings = params.load()
    phase, model, seed = settings.phase_two, settings.model, settings.seed
    backbone.prepare(seed)
    network = backbone.build("models/backbone.weights.h5", settings.preprocess.strip_height)
    activations = np.load("data/features/activations.npy", mmap_mode="r")
    split = files.read_csv("data/split.csv")
    strips, classes = divisions.join(split, files.read_csv("data/features/index.csv"), "activations")
    phase_one = np.load("models/phase_one.npz", allow_pickle=False)

    def train(name, rows, held_out, rates):
        arrays = {key.removeprefix(f"{name}_"): phase_one[key] for key in phase_one if key.startswith(name)}
        head = training.build_head(arrays, phase.dropout)
        tail = backbone.tail(network, model.cached_layer, model.layer, phase.trainable_layers)
        return (tail, head), *training.train_tail(activations, rows, held_out, rates, tail, head, phase, seed)

    results, history, summary = training.choose_then_refit(train, strips, phase.refit)
    with files.atomic("models/model.keras") as temporary:
        training.export(network, model.layer, *results["final"]).save(temporary)
    with files.atomic("models/classes.json") as temporary:
        temporary.write_text(json.dumps(classes) + "\n", encoding="utf-8")
    files.save_csv("plots/phase_two.csv", pd.DataFrame(history))
    files.save_json("models/phase_two.json", summary)


if __name__ == "__main__":
    with files.errors_for_people():
        main()
