from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from handwriting import backbone, divisions, training, windows

CLASSES, CHANNELS, WINDOW, COLUMNS = 4, 12, 5, 30


@pytest.fixture(scope="module", autouse=True)
def deterministic():
    backbone.prepare(0)


@pytest.fixture
def packed(rng):
    """Strips of four classes whose features differ in mean, with correlated noise."""
    mixing, means = rng.normal(size=(CHANNELS, CHANNELS)), rng.normal(size=(CLASSES, CHANNELS))
    rows, blocks = [], []
    for i in range(24):
        rows.append(
            {
                "strip": i,
                "copy": 0,
                "label": f"{i % CLASSES:02d}",
                "class_index": i % CLASSES,
                "division": "validation" if i >= 20 else "training",
                "first_column": i * COLUMNS,
                "columns": COLUMNS,
            }
        )
        blocks.append(means[i % CLASSES] + rng.normal(size=(COLUMNS, CHANNELS)) @ mixing)
    return np.concatenate(blocks).astype(np.float16), pd.DataFrame(rows)


def settings(**change):
    values = dict(
        epochs=3,
        batch_size=16,
        windows_per_strip=8,
        learning_rate=1e-2,
        dropout=0.2,
        label_smoothing=0.05,
        early_stopping_patience=2,
        plateau_patience=1,
        plateau_factor=0.5,
        min_learning_rate=1e-6,
        refit=True,
        start="lda",
        lda_scale=0.1,
        shrinkage=0.1,
    )
    return SimpleNamespace(**{**values, **change})


def test_closed_form_is_linear_discriminant_analysis(packed):
    features, strips = packed
    arrays = training.closed_form(features, strips, CLASSES, WINDOW, 0.2, step=1)
    x = np.concatenate([windows.averages(features[i * COLUMNS : (i + 1) * COLUMNS], WINDOW) for i in range(24)])
    y = np.repeat(strips.class_index, len(x) // 24)
    logits = (x @ arrays["whiten"] + arrays["whiten_bias"]) @ arrays["kernel"] + arrays["bias"]
    # scikit-learn shrinks the covariance of features as they are; here they have unit deviation first.
    deviation = LinearDiscriminantAnalysis(solver="lsqr", store_covariance=True).fit(x, y).covariance_.diagonal() ** 0.5
    reference = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.2).fit(x / deviation, y)
    expected = reference.decision_function(x / deviation)
    np.testing.assert_allclose(
        logits - logits.mean(1, keepdims=True), expected - expected.mean(1, keepdims=True), rtol=2e-3, atol=2e-2
    )


def test_whitened_features_are_uncorrelated_within_classes(packed):
    features, strips = packed
    arrays = training.closed_form(features, strips, CLASSES, WINDOW, 0.0, step=1)
    x = np.concatenate([windows.averages(features[i * COLUMNS : (i + 1) * COLUMNS], WINDOW) for i in range(24)])
    white = x @ arrays["whiten"] + arrays["whiten_bias"]
    y = np.repeat(strips.class_index.to_numpy(), len(x) // 24)
    within = np.concatenate([white[y == k] - white[y == k].mean(0) for k in range(CLASSES)])
    np.testing.assert_allclose(within.T @ within / len(within), np.eye(CHANNELS), atol=0.05)


def test_window_averages_are_plain_averages(rng):
    features = rng.normal(size=(9, 3))
    expected = [features[i : i + 4].mean(axis=0) for i in range(6)]
    np.testing.assert_allclose(windows.averages(features, 4), expected, rtol=1e-5)


def test_an_epoch_takes_windows_of_every_strip_inside_it(packed, rng):
    _, strips = packed
    starts, labels = windows.epoch(strips, 8, WINDOW, 1, rng)
    assert (np.bincount(starts // COLUMNS) == 8).all()
    assert ((starts % COLUMNS) <= COLUMNS - WINDOW).all()
    assert (labels == (starts // COLUMNS) % CLASSES).all()
    assert (windows.epoch(strips, 8, WINDOW, 2, rng)[0] % COLUMNS % 2 == 0).all()


def test_phase_one_learns_and_is_repeatable(packed):
    features, strips = packed

    def train():
        backbone.prepare(0)
        head, history, _ = training.train_head(
            features,
            divisions.training(strips),
            divisions.validation(strips),
            None,
            CLASSES,
            WINDOW,
            settings(start="zeros"),
            seed=1,
        )
        return training.head_arrays(head)["kernel"], history

    kernel, history = train()
    assert history[0]["val_accuracy"] <= 0.5
    assert max(row["val_accuracy"] for row in history) > 0.8
    np.testing.assert_array_equal(train()[0], kernel)


def test_training_that_only_harms_is_undone(packed):
    features, strips = packed
    start = training.closed_form(features, divisions.training(strips), CLASSES, WINDOW, 0.1, 0.1)
    head = training.build_head(start, 0.0)
    wrong = divisions.training(strips).assign(class_index=lambda rows: (rows.class_index + 1) % CLASSES)
    sequence = training.WindowSequence(features, wrong, CLASSES, WINDOW, 1, settings(), seed=1)

    def score():
        def features_of(strip):
            return features[strip.first_column : strip.first_column + strip.columns]

        return training.validation_scores(features_of, head, divisions.validation(strips), WINDOW)

    history, best = training.fit(head, sequence, settings(learning_rate=0.1), score)
    assert best == 0
    assert history[-1]["val_accuracy"] < history[0]["val_accuracy"]
    np.testing.assert_array_equal(training.head_arrays(head)["kernel"], start["kernel"])


def test_refit_sees_all_strips_and_the_schedule_that_validation_chose():
    strips = pd.DataFrame({"strip": range(3), "copy": 0, "division": ["training", "unused", "validation"]})
    calls = []

    def train(name, rows, held_out, rates):
        calls.append((name, list(rows.strip), None if held_out is None else list(held_out.strip), rates))
        scores = {"val_accuracy": 1.0, "val_strip_accuracy": 1.0, "val_loss": 0.1}
        return name, [{"epoch": e, "learning_rate": r, **scores} for e, r in enumerate((9.0, 3.0, 2.0, 1.0))], 2

    results, _, summary = training.choose_then_refit(train, strips, refit=True)
    assert calls == [("selected", [0], [2], None), ("final", [0, 1, 2], None, [3.0, 2.0])]
    assert results == {"selected": "selected", "final": "final"}
    assert summary["best_epoch"] == 2


def test_exported_model_gives_what_tail_and_head_give(rng, tmp_path):
    import keras

    network = backbone.build(None, 96)
    tail = backbone.tail(network, "block_8_add", "block_13_expand_relu", 40)
    for layer in tail.layers:  # as if trained
        layer.set_weights([w + 0.01 * rng.normal(size=w.shape) for w in layer.get_weights()])
    arrays = {
        "whiten": np.eye(576, dtype=np.float32),
        "whiten_bias": np.zeros(576, np.float32),
        "kernel": rng.normal(size=(576, 3)).astype(np.float32),
        "bias": np.zeros(3, np.float32),
    }
    head = training.build_head(arrays, 0.5)
    pixels = rng.integers(0, 256, (96, 96), dtype=np.uint8)
    activations, _ = backbone.frozen_part(network, "block_8_add", "block_13_expand_relu")(pixels[None])
    expected = head.predict(training.tail_features(tail)(activations[0]).mean(axis=0)[None], verbose=0)
    training.export(network, "block_13_expand_relu", tail, head).save(tmp_path / "model.keras")
    model = keras.models.load_model(tmp_path / "model.keras")
    given = model.predict(np.repeat(pixels[None, ..., None], 3, -1).astype(np.float32), verbose=0)
    np.testing.assert_allclose(given, expected, atol=1e-5)
