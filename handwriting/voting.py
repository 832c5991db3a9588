"""From the probabilities of windows to one answer for each image."""

import numpy as np


def vote(probabilities, image, images, average="probabilities"):
    """Average the windows of each image.

    Parameters
    ----------
    probabilities : ndarray of float, shape (windows, classes)
        Each row sums to 1.
    image : ndarray of int, shape (windows,)
        Which image each window belongs to.
    images : int
        Number of images.
    average : {"probabilities", "logits"}
        What is averaged; logits are logarithms of probabilities, a geometric mean.

    Returns
    -------
    ndarray of float64, shape (images, classes)
        Each row sums to 1.
    """
    votes = np.asarray(probabilities, np.float64)
    if average == "logits":
        votes = np.log(np.maximum(votes, 1e-12))
    total = np.zeros((images, votes.shape[1]))
    np.add.at(total, image, votes)
    mean = total / np.bincount(image, minlength=images)[:, None]
    if average == "logits":
        mean = np.exp(mean - mean.max(axis=1, keepdims=True))
    return mean / mean.sum(axis=1, keepdims=True)
