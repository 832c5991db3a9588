"""Fetch the backbone's weights, before any other work, so that a missing file is known at once."""

from handwriting import backbone, files, params

OUT = "models/backbone.weights.h5"


def main():
    settings = params.load()
    model, learning = settings.model, settings.phase_two.trainable_layers
    backbone.prepare(settings.seed)
    weights = None if model.weights == "none" else model.weights
    network = backbone.build(weights, settings.preprocess.strip_height)
    backbone.check_layers(network, model.cached_layer, model.layer, learning)
    with files.atomic(OUT) as temporary:
        network.save_weights(temporary)
    print(f"MobileNetV2, {model.weights}: {network.count_params():,} weights")


if __name__ == "__main__":
    with files.errors_for_people():
        main()
