"""Windows of packed strips: reading them, and averaging features over them."""

import numpy as np


def positions(columns, window):
    """How many windows strips have, one at each column.

    Parameters
    ----------
    columns : int or ndarray of int
        Columns of the strips, at least ``window``.
    window : int
        Columns of a window.
    """
    return columns - window + 1


def averages(features, window):
    """Global average pooling of every window of a strip at once.

    Parameters
    ----------
    features : ndarray of float, shape (columns, channels)
        Features already averaged over rows.
    window : int
        Columns of a window.

    Returns
    -------
    ndarray of float32, shape (columns - window + 1, channels)
    """
    sums = np.cumsum(features, axis=0, dtype=np.float64)
    sums = np.concatenate([np.zeros((1, features.shape[1])), sums])
    return ((sums[window:] - sums[:-window]) / window).astype(np.float32)


def epoch(strips, windows_per_strip, window, step, rng):
    """Draw the windows of one epoch: some of each strip at random places, in random order.

    Parameters
    ----------
    strips : DataFrame
        ``first_column`` and ``columns`` of each strip in the packed array, and its ``class_index``.
    windows_per_strip : int
    window : int
        Columns of a window.
    step : int
        Columns between the places where a window can be.
    rng : numpy.random.Generator

    Returns
    -------
    starts, class_index : ndarrays of int, shape (len(strips) * windows_per_strip,)
        First column of each window in the packed array, and its class.
    """
    order = rng.permutation(np.repeat(np.arange(len(strips)), windows_per_strip))
    places = (positions(strips["columns"].to_numpy(), window)[order] - 1) // step + 1
    starts = strips["first_column"].to_numpy()[order] + step * rng.integers(0, places)
    return starts, strips["class_index"].to_numpy()[order]
