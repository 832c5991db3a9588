"""The two phases of the training: a head on frozen features, then the last layers and the head."""

import keras
import numpy as np
import tensorflow as tf
from sklearn.covariance import shrunk_covariance

from handwriting import divisions, voting, windows

CROP_WINDOWS = 2  # phase two trains on crops of a strip this many windows wide
SMALLEST_DEVIATION = 1e-3  # a feature that varies less within classes is not blown up to unit variance


def closed_form(features, strips, classes, window, shrinkage, scale=1.0, step=3):
    """Linear discriminant analysis with a shrunk covariance, as a whitening and a softmax.

    Whitened by the covariance within classes, features have unit variance and no correlation,
    which is what a gradient descent wants, and the closed-form classifier is the distance to the
    class means (Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, 4.3).

    Parameters
    ----------
    features : ndarray of float, shape (columns, channels)
        Packed, averaged over rows.
    strips : DataFrame
        As for :func:`handwriting.windows.epoch`; each class occurs.
    classes, window : int
    shrinkage : float
        From 0, the correlation as it is, to 1, none.
    scale : float
        Factor on the softmax's kernel and bias. Overlapping windows are not independent, so that
        the closed form is far surer than it is right; a factor below 1 answers that, and leaves the
        order of the classes as it is.
    step : int
        Columns from one window to the next; neighbours tell nearly the same.

    Returns
    -------
    dict of ndarrays of float32
        ``whiten`` (channels, channels), ``whiten_bias`` (channels,), ``kernel``
        (channels, classes) and ``bias`` (classes,): softmax((x @ whiten + whiten_bias) @ kernel + bias).
    """
    channels = features.shape[1]
    total, count = np.zeros((classes, channels)), np.zeros(classes)
    square = np.zeros((channels, channels))
    for strip in strips.itertuples():
        block = features[strip.first_column : strip.first_column + strip.columns]
        x = windows.averages(block, window)[::step].astype(np.float64)
        square += x.T @ x
        total[strip.class_index] += x.sum(axis=0)
        count[strip.class_index] += len(x)
    means = total / count[:, None]
    within = (square - (means * count[:, None]).T @ means) / count.sum()
    deviation = np.maximum(np.sqrt(np.maximum(np.diag(within), 0)), SMALLEST_DEVIATION)
    correlation = shrunk_covariance(within / np.outer(deviation, deviation), shrinkage)
    values, vectors = np.linalg.eigh(correlation)
    whiten = (vectors / np.sqrt(np.maximum(values, 1e-6))) @ vectors.T / deviation[:, None]
    centre = means.mean(axis=0)
    kernel = ((means - centre) @ whiten).T
    bias = -0.5 * (kernel**2).sum(axis=0)
    arrays = {"whiten": whiten, "whiten_bias": -centre @ whiten, "kernel": scale * kernel, "bias": scale * bias}
    return {name: array.astype(np.float32) for name, array in arrays.items()}


def build_head(arrays, dropout):
    """The classifier on pooled features: whitening (fixed), dropout, dense softmax.

    Parameters
    ----------
    arrays : dict of ndarrays
        From :func:`closed_form` or :func:`head_arrays`.
    dropout : float

    Returns
    -------
    keras.Sequential
        Takes features, shape (n, channels); returns probabilities, shape (n, classes).
    """
    channels, classes = arrays["kernel"].shape
    head = keras.Sequential(
        [
            keras.Input((channels,)),
            keras.layers.Dense(channels, name="whiten", trainable=False),
            keras.layers.Dropout(dropout, name="dropout"),
            keras.layers.Dense(classes, activation="softmax", name="probabilities"),
        ],
        name="head",
    )
    head.get_layer("whiten").set_weights([arrays["whiten"], arrays["whiten_bias"]])
    head.get_layer("probabilities").set_weights([arrays["kernel"], arrays["bias"]])
    return head


def head_arrays(head):
    """The weights of a head by name; the inverse of :func:`build_head`."""
    whiten, probabilities = (head.get_layer(name).get_weights() for name in ("whiten", "probabilities"))
    names = ("whiten", "whiten_bias", "kernel", "bias")
    return dict(zip(names, [*whiten, *probabilities], strict=True))


def fine_tuned(tail, head, crop, window):
    """The tail of the backbone, average pooling of a crop's windows, and the head: a model to train.

    A crop's ends are zero-padded where the strip goes on; the columns that this reaches are left
    out, so that the tail learns from what it sees when it runs over whole strips.

    Parameters
    ----------
    tail : keras.Model
    head : keras.Sequential
    crop, window : int
        Columns of the tail's output.

    Returns
    -------
    keras.Model
        Takes activations, shape (n, rows, columns, channels); returns probabilities, shape
        (n, 1, windows, classes).
    """
    rows = tail.compute_output_shape((1, *tail.input_shape[1:2], crop, tail.input_shape[3]))[1]
    reach = sum(layer.kernel_size[1] // 2 for layer in tail.layers if hasattr(layer, "depthwise_initializer"))
    margin = min(reach, (crop - window) // 2)
    inner = keras.layers.Cropping2D((0, margin))(tail.output)
    # At least two windows of a crop where it has room, each half over the next.
    x = keras.layers.AveragePooling2D((rows, window), strides=(1, max(1, window // 2)))(inner)
    for layer in head.layers:  # one by one: as a whole it takes one window a sample
        x = layer(x)
    return keras.Model(tail.input, x, name="fine_tuned")


def tail_features(tail):
    """Run a tail over a whole strip: a function of packed activations to features averaged over rows.

    Returns
    -------
    callable
        Takes one strip, shape (columns, rows, channels); returns float32 (columns', channels').
    """
    _, rows, _, channels = tail.input_shape

    @tf.function(input_signature=[tf.TensorSpec((None, rows, channels), tf.float32)])
    def run(strip):
        return tf.reduce_mean(tail(tf.transpose(strip, (1, 0, 2))[None], training=False)[0], axis=0)

    return lambda strip: run(np.asarray(strip, np.float32)).numpy()


class WindowSequence(keras.utils.PyDataset):
    """Batches of randomly placed windows, read from a packed array as they are needed.

    Parameters
    ----------
    packed : ndarray, shape (columns, channels) or (columns, rows, channels)
        May be mapped from a file.
    strips : DataFrame
        As for :func:`handwriting.windows.epoch`; ``first_column`` and ``columns`` count packed columns.
    classes : int
    window, step : int
        Columns of a window, and between the places where one can be.
    settings : object
        ``windows_per_strip`` and ``batch_size`` of a phase in ``params.yaml``.
    seed : int
    labels : int
        Answers that the model gives for each crop of activations.
    """

    def __init__(self, packed, strips, classes, window, step, settings, seed, labels=1):
        super().__init__(workers=1, use_multiprocessing=False)
        self.packed, self.strips, self.classes, self.window, self.step = packed, strips, classes, window, step
        self.windows_per_strip, self.batch_size, self.seed = settings.windows_per_strip, settings.batch_size, seed
        self.labels_per_crop, self.epoch = labels, -1
        self.on_epoch_begin()

    def on_epoch_begin(self):
        self.epoch += 1
        rng = np.random.default_rng([self.seed, self.epoch])
        self.starts, self.labels = windows.epoch(self.strips, self.windows_per_strip, self.window, self.step, rng)

    def __len__(self):
        return -(-len(self.starts) // self.batch_size)

    def __getitem__(self, batch):
        part = slice(batch * self.batch_size, (batch + 1) * self.batch_size)
        x = np.stack([self.packed[start : start + self.window] for start in self.starts[part]])
        x = x.astype(np.float32)
        # Pooled features are averaged over the window; activations go rows first, as images do.
        y = np.eye(self.classes, dtype=np.float32)[self.labels[part]]
        if x.ndim == 3:
            return x.mean(axis=1), y
        return x.transpose(0, 2, 1, 3), np.repeat(y[:, None, None], self.labels_per_crop, axis=2)


def validation_scores(features_of, head, strips, window):
    """Loss and accuracy on all windows of the validation strips, and on strips by their vote.

    Parameters
    ----------
    features_of : callable
        From a row of ``strips`` to features averaged over rows, shape (columns, channels).
    head : keras.Model
    strips : DataFrame
        With ``class_index``.
    window : int

    Returns
    -------
    dict
        ``val_loss`` (mean cross-entropy of windows), ``val_accuracy`` (of windows),
        ``val_strip_accuracy`` (of strips).
    """
    x = [windows.averages(features_of(strip), window) for strip in strips.itertuples()]
    strip = np.repeat(np.arange(len(strips)), [len(block) for block in x])
    probabilities = head.predict(np.concatenate(x), batch_size=4096, verbose=0)
    actual = strips["class_index"].to_numpy()
    of_actual = probabilities[np.arange(len(strip)), actual[strip]]
    votes = voting.vote(probabilities, strip, len(strips))
    return {
        "val_loss": float(-np.log(np.maximum(of_actual, 1e-7)).mean()),
        "val_accuracy": float((probabilities.argmax(axis=1) == actual[strip]).mean()),
        "val_strip_accuracy": float((votes.argmax(axis=1) == actual).mean()),
    }


class _Validate(keras.callbacks.Callback):
    """Adds the validation scores to an epoch's logs; must stand before what reads them."""

    def __init__(self, score):
        super().__init__()
        self.score = score

    def on_epoch_end(self, epoch, logs=None):
        logs.update(self.score())


class _KeepBest(keras.callbacks.Callback):
    """Early stopping that counts the starting point too: training that only harms is undone.

    Keras's own EarlyStopping never returns to the weights that training began with.
    """

    def __init__(self, initial, patience):
        super().__init__()
        self.best, self.patience, self.best_epoch = _rank(initial), patience, 0

    def on_train_begin(self, logs=None):
        self.weights = self.model.get_weights()

    def on_epoch_end(self, epoch, logs=None):
        if _rank(logs) > self.best:
            self.best, self.best_epoch, self.weights = _rank(logs), epoch + 1, self.model.get_weights()
        elif epoch + 1 - self.best_epoch >= self.patience:
            self.model.stop_training = True

    def on_train_end(self, logs=None):
        self.model.set_weights(self.weights)


def _rank(logs):
    return logs["val_accuracy"], -logs["val_loss"]


def fit(model, sequence, settings, score=None, learning_rates=None):
    """Train a model, by validation or by a schedule found by validation.

    Parameters
    ----------
    model : keras.Model
    sequence : WindowSequence
    settings : object
        The settings of a phase in ``params.yaml``.
    score : callable, optional
        Returns :func:`validation_scores`; training stops when they no longer rise and ends with the
        best weights, and the learning rate is reduced where they stay level.
    learning_rates : sequence of float, optional
        Without ``score``: one epoch is trained at each of these rates.

    Returns
    -------
    list of dict
        A row an epoch: ``epoch``, ``learning_rate``, ``loss``, ``accuracy`` and the validation scores;
        the first, epoch 0, is where training began.
    best_epoch : int
    """
    model.compile(
        optimizer=keras.optimizers.Adam(settings.learning_rate),
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=settings.label_smoothing),
        metrics=["accuracy"],
    )
    if score is None:
        rates = [settings.learning_rate] * settings.epochs if learning_rates is None else list(learning_rates)
        initial, callbacks, best = {}, [], None
        if rates:
            callbacks.append(keras.callbacks.LearningRateScheduler(lambda epoch: rates[epoch]))
        epochs = len(rates)
    else:
        initial, epochs = score(), settings.epochs
        best = _KeepBest(initial, settings.early_stopping_patience)
        plateau = keras.callbacks.ReduceLROnPlateau(
            monitor="val_accuracy",
            mode="max",
            factor=settings.plateau_factor,
            patience=settings.plateau_patience,
            min_lr=settings.min_learning_rate,
        )
        callbacks = [_Validate(score), best, plateau]
    rows = [{"epoch": 0, "learning_rate": settings.learning_rate, **initial}]
    if not epochs:
        return rows, 0
    history = model.fit(sequence, epochs=epochs, callbacks=callbacks, shuffle=False, verbose=2).history
    for epoch in range(len(history["loss"])):
        row = {name: float(values[epoch]) for name, values in history.items()}
        rows.append({"epoch": epoch + 1, **row})
    return rows, best.best_epoch if best else epochs


def choose_then_refit(train, strips, refit):
    """Train with validation held out; then, if asked for, anew on all strips for as long.

    Parameters
    ----------
    train : callable
        ``train(name, rows, held_out, learning_rates)`` trains on ``rows`` and returns the result and
        what :func:`fit` returns; ``name`` is "selected" or "final", ``held_out`` None if there is nothing
        to validate on, ``learning_rates`` as for :func:`fit`.
    strips : DataFrame
        From :func:`handwriting.divisions.join`.
    refit : bool

    Returns
    -------
    results : dict
        ``selected``, trained on the training strips, and ``final``, to be used.
    history : list of dict
        Of the first of the two trainings.
    summary : dict
        The best epoch and the validation scores there.
    """
    held_out = divisions.validation(strips)
    if not len(held_out):
        print("there are no validation strips: all epochs are trained, nothing is chosen by validation")
        result, history, best = train("final", strips, None, None)
        return {"selected": result, "final": result}, history, {"best_epoch": best}
    selected, history, best = train("selected", divisions.training(strips), held_out, None)
    names = ("val_accuracy", "val_strip_accuracy", "val_loss")
    summary = {"best_epoch": best, "validation_strips": len(held_out)} | {n: history[best][n] for n in names}
    if not refit:
        return {"selected": selected, "final": selected}, history, summary
    print(f"validation chose epoch {best}; now from the start on all strips, as long")
    rates = [row["learning_rate"] for row in history[1 : best + 1]]
    final, _, _ = train("final", strips, None, rates)
    return {"selected": selected, "final": final}, history, summary


def train_head(features, strips, held_out, learning_rates, classes, window, settings, seed):
    """Phase one: train a head on pooled features of the frozen backbone.

    Parameters
    ----------
    features : ndarray, shape (columns, channels)
        Packed, averaged over rows.
    strips, held_out : DataFrame
        From :func:`handwriting.divisions.join`; ``held_out`` may be None.
    learning_rates : list of float or None
        As for :func:`fit`.
    classes, window : int
    settings : object
        Section ``phase_one`` of ``params.yaml``.
    seed : int

    Returns
    -------
    head : keras.Sequential
    history, best_epoch
        As from :func:`fit`.
    """
    scale = settings.lda_scale if settings.start == "lda" else 0
    arrays = closed_form(features, strips, classes, window, settings.shrinkage, scale)
    head = build_head(arrays, settings.dropout)

    def score():
        def features_of(strip):
            return features[strip.first_column : strip.first_column + strip.columns]

        return validation_scores(features_of, head, held_out, window)

    sequence = WindowSequence(features, strips, classes, window, 1, settings, seed)
    return head, *fit(head, sequence, settings, None if held_out is None else score, learning_rates)


def train_tail(activations, strips, held_out, learning_rates, tail, head, settings, seed):
    """Phase two: train the last layers of the backbone and the head on cached activations.

    Parameters
    ----------
    activations : ndarray, shape (columns, rows, channels)
        Packed outputs of the cached layer.
    strips, held_out, learning_rates, settings, seed
        As for :func:`train_head`, with section ``phase_two``.
    tail : keras.Model
        From :func:`handwriting.backbone.tail`; trained in place.
    head : keras.Sequential
        Trained in place.

    Returns
    -------
    history, best_epoch
        As from :func:`fit`.
    """
    rows, classes = tail.input_shape[1], head.output_shape[-1]
    # A window is a square, at the cached layer and at the layer that is pooled.
    window = tail.compute_output_shape((1, rows, rows, tail.input_shape[3]))[2]
    step = round(rows / window)
    crop = int(min(CROP_WINDOWS * rows, strips["columns"].min()))
    run = tail_features(tail)

    def score():
        def features_of(strip):
            return run(activations[strip.first_column : strip.first_column + strip.columns])

        return validation_scores(features_of, head, held_out, window)

    model = fine_tuned(tail, head, crop // step, window)
    labels = model.compute_output_shape((1, rows, crop, tail.input_shape[3]))[2]
    sequence = WindowSequence(activations, strips, classes, crop, step, settings, seed, labels)
    return fit(model, sequence, settings, None if held_out is None else score, learning_rates)


def export(backbone, layer, tail, head):
    """The finished model: from pixels to probabilities, in plain Keras layers.

    Parameters
    ----------
    backbone : keras.Model
        From :func:`handwriting.backbone.build`.
    layer : str
        Whose features are pooled.
    tail : keras.Model
        Holds the trained weights of the backbone's last layers.
    head : keras.Model

    Returns
    -------
    keras.Model
        Takes pixels from 0 to 255, shape (n, size, size, 3); returns probabilities.
    """
    backbone = keras.Model(backbone.input, backbone.get_layer(layer).output, name="backbone")
    for part in tail.layers:
        if part.weights:
            backbone.get_layer(part.name).set_weights(part.get_weights())
    backbone.trainable = False
    pixels = keras.Input(backbone.input_shape[1:], name="pixels")
    x = backbone(keras.layers.Rescaling(1 / 127.5, offset=-1, name="to_unit_range")(pixels))
    x = keras.layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(pixels, head(x), name="handwriting")
