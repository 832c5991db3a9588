"""MobileNetV2: its weights, the frozen part that runs once over a strip, the part that learns."""

import ctypes
import os
import warnings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before TensorFlow loads: no word of missing GPUs

import keras
import numpy as np
import tensorflow as tf

WEIGHTS_HELP = """model.weights is one of
  imagenet   Keras's own file, downloaded once into its cache ($KERAS_HOME/models, default ~/.keras/models)
  PATH       a file: MobileNetV2's weights without the top, .h5 or .weights.h5
  none       no file: random weights from the seed, to be trained from nothing"""


def _keep_freed_memory():
    """Have glibc keep freed blocks instead of returning them to the system after each layer.

    TensorFlow allocates each layer's output anew; with glibc's defaults every such block is mapped,
    cleared and unmapped again, which shows as system time.
    """
    mmap_threshold, trim_threshold, arenas = -3, -1, -8  # parameters of mallopt(3)
    try:
        libc = ctypes.CDLL("libc.so.6")
        libc.mallopt(mmap_threshold, 2**30)
        libc.mallopt(trim_threshold, 2**31 - 1)
        libc.mallopt(arenas, 1)  # the others, one a thread, always return what is freed
    except (OSError, AttributeError):
        pass  # another C library: slower, not wrong


def prepare(seed):
    """Seed Python, NumPy and TensorFlow, and have TensorFlow choose deterministic kernels.

    Call it before anything else of this module, in every process.
    """
    _keep_freed_memory()
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()


def build(weights, size):
    """MobileNetV2 without its top (Sandler et al., CVPR 2018), as Keras builds it.

    Parameters
    ----------
    weights : str or Path or None
        "imagenet", a file, or None for random weights (seed them with :func:`prepare`).
    size : int
        Height and width of a window in pixels.

    Returns
    -------
    keras.Model
        Takes float pixels in [-1, 1], shape (n, size, size, 3).

    Raises
    ------
    ValueError
        If the weights are neither cached nor to be had, or do not fit; the message names the choices.
    """
    with warnings.catch_warnings():
        # Keras tells that ImageNet's weights were trained at another size; a convolution does not care.
        warnings.filterwarnings("ignore", message="`input_shape` is undefined or non-square")
        try:
            return keras.applications.MobileNetV2((size, size, 3), include_top=False, weights=weights)
        except Exception as error:
            reason = " ".join(str(error).split())[:300]
            raise ValueError(f"model.weights={weights} cannot be loaded: {reason}\n{WEIGHTS_HELP}") from None


def over_strips(backbone):
    """The same backbone with the same weights for strips of any width.

    A copy built for an unknown width would pad its stride-2 layers otherwise (Keras pads by the
    input's parity); this one keeps the padding of a window, so that a strip as wide as a window
    plus whole strides gives the features of its windows.

    Returns
    -------
    keras.Model
        Takes pixels in [-1, 1], shape (n, size, any width, 3).
    """
    size = backbone.input_shape[1]
    copy = keras.models.clone_model(backbone, input_tensors=keras.Input((size, None, 3)))
    copy.set_weights(backbone.get_weights())
    return copy


def layer_names(backbone):
    """Names of the layers, in order."""
    return [layer.name for layer in backbone.layers]


def check_layers(backbone, cached_layer, layer, trainable_layers):
    """Say what is wrong with a choice of layers.

    Parameters
    ----------
    backbone : keras.Model
    cached_layer, layer : str
        Where the frozen part ends, and the layer whose features are pooled.
    trainable_layers : int
        How many layers, counted back from ``layer``, phase two trains.

    Raises
    ------
    ValueError
        If a layer does not exist, the first is not before the second, something bypasses the first
        (a residual connection), or a layer to be trained lies in the frozen part.
    """
    names = layer_names(backbone)
    for key, name in (("model.layer", layer), ("model.cached_layer", cached_layer)):
        if name not in names[1:]:
            raise ValueError(
                f"{key}: MobileNetV2 has no layer {name!r}; such as block_8_add, block_13_expand_relu, out_relu"
            )
    cached, pooled = names.index(cached_layer), names.index(layer)
    if cached >= pooled:
        raise ValueError(f"model.cached_layer: {cached_layer} must come before model.layer, {layer}")
    learning = [other for other in backbone.layers[pooled + 1 - trainable_layers : pooled + 1] if _learns(other)]
    early = [other.name for other in learning if names.index(other.name) <= cached]
    if trainable_layers > pooled or early:
        raise ValueError(
            f"phase_two.trainable_layers: {trainable_layers} layers back from {layer} begin before "
            f"model.cached_layer, {cached_layer}; fewer, or an earlier model.cached_layer"
        )
    bypass = [
        other.name
        for other in backbone.layers[cached + 1 : pooled + 1]
        for source in _sources(other)
        if names.index(source) < cached
    ]
    if bypass:
        raise ValueError(
            f"model.cached_layer: {bypass[0]} needs more than the output of {cached_layer} (a residual "
            "connection goes round it); the output of a whole block will do, such as block_8_add"
        )


def _learns(layer):
    return bool(layer.weights) and not isinstance(layer, keras.layers.BatchNormalization)


def _sources(layer):
    inputs = layer.input if isinstance(layer.input, list) else [layer.input]
    return [tensor._keras_history.operation.name for tensor in inputs]


def stride(backbone, layer):
    """Pixels between two neighbouring columns of a layer's output."""
    widths = [backbone.input_shape[1], backbone.get_layer(layer).output.shape[2]]
    return 2 ** round(np.log2(widths[0] / widths[1]))


def columns(backbone, layer):
    """Columns of a layer's output for one window."""
    return backbone.get_layer(layer).output.shape[2]


def frozen_part(backbone, cached_layer, layer):
    """What runs once over every strip.

    Returns
    -------
    callable
        Takes uint8 strips of one width, shape (n, size, width). Returns two float arrays:
        activations of ``cached_layer``, shape (n, columns, rows, channels), and features of
        ``layer`` averaged over rows, shape (n, columns, channels). Columns come first, so that a
        window is a run of them.
    """
    strips = over_strips(backbone)
    model = keras.Model(strips.input, [strips.get_layer(cached_layer).output, strips.get_layer(layer).output])

    @tf.function(input_signature=[tf.TensorSpec((None, backbone.input_shape[1], None), tf.uint8)])
    def run(pixels):
        # As keras.applications.mobilenet_v2.preprocess_input scales; gray to three channels.
        scaled = tf.repeat(tf.cast(pixels, tf.float32)[..., None] / 127.5 - 1, 3, axis=-1)
        activations, features = model(scaled, training=False)
        return tf.transpose(activations, (0, 2, 1, 3)), tf.reduce_mean(features, axis=1)

    return lambda pixels: [output.numpy() for output in run(pixels)]


def tail(backbone, cached_layer, layer, trainable_layers):
    """The part of the backbone after the cached layer, which phase two trains.

    Parameters
    ----------
    backbone : keras.Model
        From :func:`build`, or a trained model that holds the same layers.
    cached_layer, layer : str
    trainable_layers : int
        Of the last so many layers the weights may change; batch normalisation never does.

    Returns
    -------
    keras.Model
        Takes activations of ``cached_layer``, shape (n, rows, any columns, channels); returns
        features of ``layer``.
    """
    strips = over_strips(backbone)
    model = keras.Model(strips.get_layer(cached_layer).output, strips.get_layer(layer).output)
    names = layer_names(backbone)
    first = names.index(layer) + 1 - trainable_layers
    for part in model.layers:
        part.trainable = part.name in names and names.index(part.name) >= first and _learns(part)
    return model
