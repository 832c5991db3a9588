from types import SimpleNamespace

import keras
import numpy as np
import pytest

from handwriting import backbone, inference, strips, training

CACHED, LAYER, SIZE = "block_8_add", "block_13_expand_relu", 300


@pytest.fixture(scope="module")
def network():
    backbone.prepare(0)
    return backbone.build(None, SIZE)


@pytest.fixture(scope="module")
def run(network):
    return backbone.frozen_part(network, CACHED, LAYER)


@pytest.fixture
def strip(rng):
    return rng.integers(0, 256, (SIZE, 700), dtype=np.uint8)


def patch_features(network, patch):
    model = keras.Model(network.input, network.get_layer(LAYER).output)
    pixels = np.repeat(patch.astype(np.float32)[None, ..., None], 3, -1) / 127.5 - 1
    return model.predict(pixels, verbose=0)[0].mean(axis=0)  # averaged over rows: (columns, channels)


def test_a_strip_as_wide_as_a_window_gives_what_the_patch_gives(network, run, strip):
    features = run(strip[None, :, :SIZE])[1][0]
    assert features.shape == (19, 576)
    np.testing.assert_allclose(features, patch_features(network, strip[:, :SIZE]), atol=1e-4)


@pytest.mark.parametrize("position", [0, 12, 25])
def test_windows_of_a_strip_agree_with_patches_away_from_their_border(network, run, strip, position):
    padded = strips.pad(strip, SIZE, 16)
    features = run(padded[None])[1][0]
    assert len(features) == 19 + (padded.shape[1] - SIZE) // 16
    patch = patch_features(network, padded[:, 16 * position : 16 * position + SIZE])
    window = features[position : position + 19]
    scale = np.abs(patch).mean()
    # The patch's zero padding reaches in from the sides that lie inside the strip.
    assert np.abs(window[9] - patch[9]).max() < 0.02 * scale
    if position == 0:
        np.testing.assert_allclose(window[:9], patch[:9], atol=0.02 * scale)
    if position == 25:
        np.testing.assert_allclose(window[10:], patch[10:], atol=0.02 * scale)


def test_cached_activations_and_tail_give_the_features(network, run, strip):
    activations, features = run(strips.pad(strip, SIZE, 16)[None])
    tail = backbone.tail(network, CACHED, LAYER, 40)
    rows_first = activations.transpose(0, 2, 1, 3)
    np.testing.assert_allclose(tail.predict(rows_first, verbose=0).mean(axis=1), features, atol=1e-4)


def test_tail_trains_the_last_layers_but_no_batch_normalisation(network):
    trainable = [layer.name for layer in backbone.tail(network, CACHED, LAYER, 12).layers if layer.trainable_weights]
    assert trainable == ["block_12_expand", "block_12_depthwise", "block_12_project", "block_13_expand"]


@pytest.mark.parametrize(
    ("cached", "layer", "count", "reason"),
    [
        ("block_99_add", LAYER, 1, "no layer 'block_99_add'"),
        (LAYER, "block_8_add", 1, "must come before"),
        ("block_12_add", LAYER, 40, "begin before"),
        ("block_8_expand_relu", LAYER, 4, "residual"),
    ],
)
def test_wrong_layers_are_explained(network, cached, layer, count, reason):
    with pytest.raises(ValueError, match=reason):
        backbone.check_layers(network, cached, layer, count)


def test_missing_weights_name_the_choices(tmp_path):
    with pytest.raises(ValueError, match=r"imagenet(.|\n)*PATH(.|\n)*none"):
        backbone.build(str(tmp_path / "no.weights.h5"), SIZE)


def test_saved_weights_come_back(network, tmp_path, run, strip):
    network.save_weights(tmp_path / "a.weights.h5")
    again = backbone.frozen_part(backbone.build(tmp_path / "a.weights.h5", SIZE), CACHED, LAYER)
    np.testing.assert_array_equal(again(strip[None, :, :SIZE])[0], run(strip[None, :, :SIZE])[0])


@pytest.mark.parametrize("width", [300, 301, 700, 1500])
@pytest.mark.parametrize(("cached", "layer"), [(CACHED, LAYER), (CACHED, "out_relu"), ("block_4_add", "block_9_add")])
def test_both_ways_of_voting_see_the_same_windows(network, cached, layer, width):
    stride = backbone.stride(network, layer)
    padded = strips.padded_width(width, SIZE, stride)
    tail = backbone.tail(network, cached, layer, 1)
    rows, channels = tail.input_shape[1], tail.input_shape[3]
    pixels = np.zeros((1, SIZE, padded), np.uint8)
    activations = backbone.frozen_part(network, cached, layer)(pixels)[0][0]
    model = training.export(
        network,
        layer,
        tail,
        training.build_head(
            {
                "whiten": np.eye(tail.output_shape[3], dtype=np.float32),
                "whiten_bias": np.zeros(tail.output_shape[3], np.float32),
                "kernel": np.zeros((tail.output_shape[3], 2), np.float32),
                "bias": np.zeros(2, np.float32),
            },
            0.0,
        ),
    )
    strip = SimpleNamespace(columns=width, first_activation=0, activations=len(activations))
    shared = inference.SharedPass(model, cached, activations)
    patches = inference.Patches(model, np.zeros((width, SIZE), np.uint8), stride)
    assert shared.positions(strip) == patches.positions(strip) == (padded - SIZE) // stride + 1
    assert len(shared.probabilities(strip, np.arange(shared.positions(strip)))) == shared.positions(strip)
    assert activations.shape[1:] == (rows, channels)
