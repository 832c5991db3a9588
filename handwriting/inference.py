"""Probabilities of a strip's windows from a finished model, in two ways."""

import keras
import numpy as np

from handwriting import backbone, strips, training, windows


class SharedPass:
    """All windows of a strip from one pass of the backbone's tail over its cached activations.

    A window sees its neighbourhood where a patch sees zero padding, so that probabilities differ a
    little from those of :class:`Patches`; ``make bench`` prints how often the answers do.

    Parameters
    ----------
    model : keras.Model
        From :func:`handwriting.training.export`.
    cached_layer : str
    activations : ndarray, shape (columns, rows, channels)
        Packed; ``first_activation`` and ``activations`` of a strip refer to it.
    """

    def __init__(self, model, cached_layer, activations):
        network, self.head = model.get_layer("backbone"), model.get_layer("head")
        layer = backbone.layer_names(network)[-1]
        self.run = training.tail_features(backbone.tail(network, cached_layer, layer, trainable_layers=0))
        self.activations = activations
        self.window = backbone.columns(network, layer)
        self.stride = backbone.stride(network, layer)
        self.ratio = self.stride // backbone.stride(network, cached_layer)

    def positions(self, strip):
        return windows.positions(-(-strip.activations // self.ratio), self.window)

    def probabilities(self, strip, chosen):
        features = self.run(self.activations[strip.first_activation : strip.first_activation + strip.activations])
        pooled = windows.averages(features, self.window)
        return self.head(pooled, training=False).numpy()[chosen]


class Patches:
    """Windows cut out of the pixels and run through the model one by one: the reference.

    Parameters
    ----------
    model : keras.Model
        From :func:`handwriting.training.export`, or any that takes (n, size, size, 3) pixels.
    pixels : ndarray of uint8, shape (columns, size)
        Packed strips; ``first_column`` and ``columns`` refer to it.
    stride : int
        Pixels from one position to the next.
    """

    def __init__(self, model, pixels, stride):
        self.model, self.pixels, self.stride = model, pixels, stride
        self.size = model.input_shape[1]
        self.window = -(-self.size // stride)

    def positions(self, strip):
        return (strips.padded_width(strip.columns, self.size, self.stride) - self.size) // self.stride + 1

    def probabilities(self, strip, chosen):
        picture = self.pixels[strip.first_column : strip.first_column + strip.columns].T
        picture = strips.pad(picture, self.size, self.stride)
        patches = [picture[:, x : x + self.size] for x in chosen * self.stride]
        return self.model.predict(np.stack([to_rgb(p) for p in patches]), batch_size=32, verbose=0)


def to_rgb(gray):
    """Gray pixels, shape (height, width), as the three equal channels that MobileNetV2 takes, float32."""
    return np.repeat(gray.astype(np.float32)[..., None], 3, axis=-1)


def load(path):
    """Load a model in Keras's safe mode: no code comes out of the file."""
    return keras.models.load_model(path, safe_mode=True)
