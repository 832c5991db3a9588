"""Run the frozen part of the backbone once over every strip."""

from pathlib import Path

import numpy as np
import pandas as pd

from handwriting import augmentation, backbone, files, params, progress, strips

OUT = Path("data/features")


def main():
    settings = params.load()
    model, size = settings.model, settings.preprocess.strip_height
    backbone.prepare(settings.seed)
    network = backbone.build("models/backbone.weights.h5", size)
    run = backbone.frozen_part(network, model.cached_layer, model.layer)
    stride = backbone.stride(network, model.layer)
    table = files.read_csv("data/strips/strips.csv")
    pixels = np.load("data/strips/strips.npy", mmap_mode="r")
    jobs = [
        (strip, copy)
        for strip in table.itertuples()
        for copy in range(1 + (settings.augmentation.copies if strip.part == "train" else 0))
    ]
    _, rows, _, channels = network.get_layer(model.cached_layer).output.shape
    pooled_channels = network.get_layer(model.layer).output.shape[-1]
    index = []
    with (
        files.atomic(OUT / "activations.npy") as activations_path,
        files.atomic(OUT / "features.npy") as features_path,
        files.PackedWriter(activations_path, (rows, channels), np.float16) as activations,
        files.PackedWriter(features_path, (pooled_channels,), np.float16) as features,
    ):
        for strip, copy in progress.bar(jobs, "features", len(jobs), "strip"):
            picture = pixels[strip.first_column : strip.first_column + strip.columns].T
            if copy:
                rng = np.random.default_rng([settings.seed, strip.Index, copy])
                picture = augmentation.distort(picture, settings.augmentation, rng)
            cached, pooled = run(strips.pad(picture, size, stride)[None])
            index.append(
                {
                    "strip": strip.Index,
                    "copy": copy,
                    "first_activation": activations.append(cached[0]),
                    "activations": cached.shape[1],
                    "first_feature": features.append(pooled[0]),
                    "features": pooled.shape[1],
                }
            )
    files.save_csv(OUT / "index.csv", pd.DataFrame(index))


if __name__ == "__main__":
    with files.errors_for_people():
        main()
