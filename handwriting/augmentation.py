"""Distorted copies of training strips."""

import cv2
import numpy as np


def distort(strip, settings, rng):
    """Turn, shift, zoom and change the contrast of a strip by a little.

    Parameters
    ----------
    strip : ndarray of uint8, shape (height, width)
    settings : object
        ``rotation`` (full turns at most), ``translation`` (share of the height at most), ``zoom``
        and ``contrast`` (at most, from 1).
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of uint8, shape (height, width)
        What comes in from outside repeats the edge.
    """
    height, width = strip.shape
    turn, shift, zoom, contrast = rng.uniform(-1, 1, 4)
    angle, scale = 360 * settings.rotation * turn, 1 + settings.zoom * zoom
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, scale)
    matrix[1, 2] += settings.translation * shift * height
    moved = cv2.warpAffine(np.ascontiguousarray(strip), matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    mean = moved.mean()
    return np.clip(np.rint((moved - mean) * (1 + settings.contrast * contrast) + mean), 0, 255).astype(np.uint8)
