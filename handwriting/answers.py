"""From windows that vote to the table of answers."""

import numpy as np
import pandas as pd

from handwriting import strips as geometry


def collect(strips, of_strip, choices, seed):
    """Gather the probabilities of the windows that vote.

    Parameters
    ----------
    strips : DataFrame
        A row a strip, ``filename`` among its columns; strips of an image vote together.
    of_strip : object
        From :mod:`handwriting.inference`: ``positions(strip)``, how many windows it has,
        ``window``, the width of one in positions, and ``probabilities(strip, chosen)``.
    choices : object
        Section ``evaluate`` of ``params.yaml``.
    seed : int
        Of the random windows.

    Returns
    -------
    probabilities : ndarray of float32, shape (windows, classes)
    image : ndarray of int, shape (windows,)
        Number of the image that each belongs to, in the order of first appearance.
    """
    number, _ = pd.factorize(strips["filename"])
    blocks, image = [], []
    for i, strip in zip(number, strips.itertuples(), strict=True):
        rng = np.random.default_rng([seed, i, strip.top])
        chosen = geometry.window_positions(
            of_strip.positions(strip), of_strip.window, choices.windows, choices.random_windows, rng
        )
        blocks.append(of_strip.probabilities(strip, chosen))
        image.append(np.full(len(chosen), i))
    return np.concatenate(blocks), np.concatenate(image)


def table(filenames, actual, probabilities, classes):
    """One row for each image: what it is, what it was taken for, how surely, and what came second.

    Parameters
    ----------
    filenames, actual : sequences of str
    probabilities : ndarray of float, shape (images, classes)
    classes : list of str

    Returns
    -------
    DataFrame
        ``filename``, ``actual``, ``predicted``, ``confidence``, ``runner_up``, ``runner_up_confidence``.
    """
    ranked = np.argsort(-probabilities, axis=1, kind="stable")
    rows, names = np.arange(len(ranked)), np.array(classes)
    return pd.DataFrame(
        {
            "filename": list(filenames),
            "actual": list(actual),
            "predicted": names[ranked[:, 0]],
            "confidence": probabilities[rows, ranked[:, 0]],
            "runner_up": names[ranked[:, 1]],
            "runner_up_confidence": probabilities[rows, ranked[:, 1]],
        }
    )
