"""Fetch the backbone's weights, before any other work, so that a missing file is known at once."""

from pathlib import Path

from handwriting import backbone, files, params

OUT = "models/backbone.weights.h5"


def main():
    settings = params.load()
    model, learning = settings.model, settings.phase_two.trainable_layers
    backbone.prepare(settings.seed)
    weights = None if model.weights == "none" else model.weights
    if weights not in (None, "imagenet") and not Path(weights).resolve().is_relative_to(Path("weights").resolve()):
        print(f"note: DVC watches the folder weights/ for changes, not {weights}")
    network = backbone.build(weights, settings.preprocess.strip_height)
    backbone.check_layers(network, model.cached_layer, model.layer, learning)
    with files.atomic(OUT) as temporary:
        network.save_weights(temporary)
    print(f"MobileNetV2, {model.weights}: {network.count_params():,} weights")


if __name__ == "__main__":
    with files.errors_for_people():
        main()
