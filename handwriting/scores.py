"""How good a set of answers is."""

import math

import numpy as np
from sklearn.metrics import f1_score

Z_95 = 1.959963984540054  # 97.5 % quantile of the normal distribution


def wilson_interval(correct, total):
    """95 % score interval of a proportion (Wilson, JASA 22, 1927).

    Parameters
    ----------
    correct, total : int
        ``0 <= correct <= total`` and ``total >= 1``.

    Returns
    -------
    (float, float)
        Lower and upper end, in [0, 1].
    """
    p, z2 = correct / total, Z_95**2
    centre = p + z2 / (2 * total)
    half = Z_95 * math.sqrt(p * (1 - p) / total + z2 / (4 * total**2))
    scale = 1 + z2 / total
    # At the ends the formula is exact, but its rounding is not.
    low = 0.0 if correct == 0 else (centre - half) / scale
    high = 1.0 if correct == total else (centre + half) / scale
    return low, high


def summarise(probabilities, actual):
    """Accuracy with its interval, top-5 accuracy and macro F1.

    Parameters
    ----------
    probabilities : ndarray of float, shape (images, classes)
    actual : ndarray of int, shape (images,)
        Index of each image's class.

    Returns
    -------
    dict
        ``accuracy``, ``correct``, ``total``, ``accuracy_95_low``, ``accuracy_95_high``,
        ``top_5_accuracy``, ``macro_f1`` (mean over the classes that occur in ``actual``).
    """
    ranked = np.argsort(-probabilities, axis=1, kind="stable")
    correct, total = int((ranked[:, 0] == actual).sum()), len(actual)
    low, high = wilson_interval(correct, total)
    return {
        "accuracy": correct / total,
        "correct": correct,
        "total": total,
        "accuracy_95_low": low,
        "accuracy_95_high": high,
        "top_5_accuracy": float((ranked[:, :5] == actual[:, None]).any(axis=1).mean()),
        "macro_f1": float(f1_score(actual, ranked[:, 0], labels=np.unique(actual), average="macro")),
    }
