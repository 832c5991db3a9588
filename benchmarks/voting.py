"""Windows that share one pass against patches run one by one: CPU time, wall time, same answers?

    python -m benchmarks.voting [--strips N]

Needs a finished ``dvc repro``. Both ways start from the same preprocessed test strips and end with
the probabilities of the same windows; the shared way includes the frozen part, which the pipeline
runs in its features stage.
"""

import argparse
import time

import numpy as np

from handwriting import answers, backbone, files, inference, params, strips, voting


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--strips", type=int, default=20, help="test strips to run (20)")
    count = parser.parse_args().strips
    settings = params.load()
    backbone.prepare(settings.seed)
    model = inference.load("models/model.keras")
    pixels = np.load("data/strips/strips.npy", mmap_mode="r")
    table = files.read_csv("data/strips/strips.csv")
    table = table[table.part == "test"].head(count)
    network, cached = model.get_layer("backbone"), settings.model.cached_layer
    frozen = backbone.frozen_part(network, cached, settings.model.layer)
    size = settings.preprocess.strip_height
    stride = backbone.stride(network, settings.model.layer)

    def shared(table):
        runs = []
        for strip in table.itertuples():
            picture = pixels[strip.first_column : strip.first_column + strip.columns].T
            runs.append(frozen(strips.pad(picture, size, stride)[None])[0][0])
        first = np.cumsum([0, *map(len, runs)])[:-1]
        placed = table.assign(first_activation=first, activations=[len(run) for run in runs])
        return answers.collect(
            placed, inference.SharedPass(model, cached, np.concatenate(runs)), settings.evaluate, settings.seed
        )

    def patches(table):
        return answers.collect(table, inference.Patches(model, pixels, stride), settings.evaluate, settings.seed)

    votes, cpu = {}, {}
    print(f"{len(table)} strips, {settings.evaluate.windows} windows each")
    for name, way in (("patches", patches), ("windows", shared)):
        way(table.head(1))  # tracing is not measured
        wall, process = time.perf_counter(), time.process_time()
        windows, image = way(table)
        cpu[name], wall = time.process_time() - process, time.perf_counter() - wall
        votes[name] = voting.vote(windows, image, table.filename.nunique())
        print(f"{name:8} {cpu[name]:7.1f} s CPU {wall:7.1f} s wall")
    same = (votes["patches"].argmax(1) == votes["windows"].argmax(1)).sum()
    print(
        f"{cpu['patches'] / cpu['windows']:.1f} times less CPU time; {same} of {len(votes['windows'])} answers the same"
    )


if __name__ == "__main__":
    main()
