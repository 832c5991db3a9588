"""Results as pictures."""

import matplotlib
import numpy as np

matplotlib.use("Agg")

from matplotlib import pyplot

RIGHT, WRONG = "#1a7f37", "#cf222e"


def predictions(result, strips, pixels, rows=12):
    """Test images with what they were taken for: the wrong ones first, then the least sure.

    Parameters
    ----------
    result : DataFrame
        From :func:`handwriting.answers.table`.
    strips : DataFrame
        ``filename``, ``first_column`` and ``columns``; the first strip of each image is shown.
    pixels : ndarray of uint8, shape (columns, height)
        Packed strips.
    rows : int
        Images shown, at most.

    Returns
    -------
    matplotlib.figure.Figure
    """
    wrong = result[result.actual != result.predicted].sort_values(["confidence", "filename"], ascending=[False, True])
    right = result[result.actual == result.predicted].sort_values(["confidence", "filename"])
    wrong = wrong.head(rows - min(len(right), rows // 2))
    # Half of the right ones the least sure, half the surest: where it is near to failing, and what is easy.
    free = rows - len(wrong)
    right = right if len(right) <= free else right.iloc[np.r_[: free - free // 2, len(right) - free // 2 : len(right)]]
    shown = [*wrong.itertuples(), *right.itertuples()]
    first = strips.drop_duplicates("filename").set_index("filename")
    figure, axes = pyplot.subplots((len(shown) + 1) // 2, 2, figsize=(12, 0.75 * len(shown) + 0.5), squeeze=False)
    for axis in axes.flat:
        axis.set_axis_off()
    for axis, answer in zip(axes.flat, shown, strict=False):
        strip = first.loc[answer.filename]
        picture = pixels[strip.first_column : strip.first_column + strip["columns"]].T
        axis.imshow(picture, cmap="gray", vmin=0, vmax=255, aspect="equal", interpolation="antialiased")
        is_right = answer.actual == answer.predicted
        says = "right" if is_right else f"wrong, is {answer.actual}"
        axis.set_title(
            f"{answer.predicted} ({answer.confidence:.0%}): {says}; then {answer.runner_up}",
            color=RIGHT if is_right else WRONG,
            fontsize=9,
            loc="left",
        )
    figure.tight_layout()
    return figure
