"""Let the windows of each test image vote, and say how good the answers are."""

import json
from pathlib import Path

import numpy as np

from handwriting import answers, backbone, figures, files, inference, params, scores, voting


def main():
    settings = params.load()
    choices = settings.evaluate
    backbone.prepare(settings.seed)
    model = inference.load("models/model.keras")
    classes = json.loads(Path("models/classes.json").read_text(encoding="utf-8"))
    pixels = np.load("data/strips/strips.npy", mmap_mode="r")
    activations = np.load("data/features/activations.npy", mmap_mode="r")
    table = files.read_csv("data/strips/strips.csv").rename_axis("strip")
    strips = table[table.part == "test"].merge(files.read_csv("data/features/index.csv"), on="strip")
    of_strip = inference.SharedPass(model, settings.model.cached_layer, activations)
    if choices.method == "patches":
        of_strip = inference.Patches(model, pixels, of_strip.stride)
    windows, image = answers.collect(strips, of_strip, choices, settings.seed)
    images = strips.drop_duplicates("filename", ignore_index=True)
    probabilities = voting.vote(windows, image, len(images), choices.average)
    result = answers.table(images.filename, images.label, probabilities, classes)
    actual = images.label.map({label: i for i, label in enumerate(classes)}).to_numpy()

    metrics = scores.summarise(probabilities, actual)
    metrics["single_window_accuracy"] = float((windows.argmax(axis=1) == actual[image]).mean())
    for phase in ("phase_one", "phase_two"):
        summary = json.loads(Path(f"models/{phase}.json").read_text(encoding="utf-8"))
        metrics[f"{phase}_validation_accuracy"] = summary.get("val_strip_accuracy")
        metrics[f"{phase}_validation_window_accuracy"] = summary.get("val_accuracy")
        metrics[f"{phase}_best_epoch"] = summary["best_epoch"]
    files.save_csv("result.csv", result)
    files.save_json("metrics.json", metrics)
    with files.atomic("plots/predictions.png") as temporary:
        figures.predictions(result, strips, pixels).savefig(temporary)
    print(f"{metrics['correct']} of {metrics['total']} right")


if __name__ == "__main__":
    with files.errors_for_people():
        main()
