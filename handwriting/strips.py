"""Geometry: pages to strips, strips to training and validation, strips to windows."""

import math

import numpy as np


def page_tops(height, strip_height, stride):
    """Rows at which the strips of a page begin: every ``stride`` rows, and one flush with the bottom.

    Parameters
    ----------
    height : int
        Rows of the page, at least ``strip_height``.
    strip_height, stride : int
        In rows.

    Returns
    -------
    list of int
        Ascending; the strips together cover every row.
    """
    last = height - strip_height
    tops = list(range(0, last + 1, stride))
    return tops if tops[-1] == last else [*tops, last]


def test_tops(height, strip_height):
    """Rows at which the strips of a test image begin: its top and, if it is taller, its bottom."""
    return [0] if height == strip_height else [0, height - strip_height]


def validation_zone(tops, strip_height, share, position):
    """The rows of a page that validation strips are cut from.

    Parameters
    ----------
    tops : sequence of int
        Rows at which the page's strips begin, from :func:`page_tops`.
    strip_height : int
    share : float
        Share of the page's rows; the zone is at least one strip high.
    position : {"top", "middle", "bottom"}
        It begins where a strip begins, as near to this place as can be.

    Returns
    -------
    (int, int) or None
        First row and the row after the last; None if no whole strip is left outside the zone.
    """
    height = max(tops) + strip_height
    rows = max(strip_height, round(height * share))
    wanted = {"top": 0, "middle": (height - rows) / 2, "bottom": height - rows}[position]
    start = min(tops, key=lambda top: abs(top - wanted))
    end = min(start + rows, height)
    if max(start, height - end) < strip_height:
        return None
    return start, end


def resampling_gap(scale):
    """Rows of a page scaled by ``scale`` that may share source rows with a given one."""
    # Cubic interpolation reaches two source rows, area averaging one row of the result.
    return 0 if scale == 1 else 1 + math.ceil(2 * max(1, scale))


def divide(strips, strip_height, share, position, gap=0):
    """Divide the strips of training pages into training and validation by position on the page.

    A strip is validation if it lies wholly inside its page's validation zone, training if wholly
    outside, unused if it straddles the border: no pixel is in both. Where pages are too low to
    divide, a class with several pages gives whole pages to validation, and a class with one gives
    none.

    Parameters
    ----------
    strips : DataFrame
        Columns ``filename``, ``label`` and ``top`` (first row, of the scaled page); a row a strip.
    strip_height, share, position
        As for :func:`validation_zone`.
    gap : int
        Rows left out between the zone and training, for pages whose rows were mixed by rescaling.

    Returns
    -------
    division : Series of str
        "training", "validation" or "unused", in the order of ``strips``.
    notes : list of str
        What could not be divided, for people to read.
    """
    division, notes = strips.filename.map(lambda _: "training"), []
    for page, rows in strips.groupby("filename", sort=True):
        zone = validation_zone(sorted(rows.top), strip_height, share, position)
        if zone is None:
            notes.append(f"{page}: {max(rows.top) + strip_height} rows are too few to divide")
            continue
        first, end = zone
        bottom = rows.top + strip_height
        inside = (rows.top >= first) & (bottom <= end)
        outside = (bottom <= first - gap) | (rows.top >= end + gap)
        if not outside.any():
            continue
        division[rows.index[inside]] = "validation"
        division[rows.index[~inside & ~outside]] = "unused"
    for label, rows in strips.groupby("label", sort=True):
        if (division[rows.index] == "validation").any():
            continue
        pages = sorted(rows.filename.unique())
        if len(pages) > 1:
            held = pages[len(pages) - max(1, round(len(pages) * share)) :]
            division[rows.index[rows.filename.isin(held)]] = "validation"
            notes.append(f"class {label}: validation is the whole of {', '.join(held)}")
        else:
            notes.append(f"class {label}: no validation strip")
    return division, notes


def padded_width(width, window, stride):
    """The width a strip is padded to: ``window`` plus a whole number of ``stride`` pixels."""
    return window + max(0, -(-(width - window) // stride)) * stride


def pad(strip, window, stride):
    """Extend a strip to the right by its last column, so that windows a stride apart end flush.

    At this width the backbone's zero padding falls on a strip's right edge as it does on a
    window's, and features of the strip are features of its windows.

    Parameters
    ----------
    strip : ndarray, shape (height, width)
    window, stride : int
        In pixels.

    Returns
    -------
    ndarray, shape (height, padded_width(width, window, stride))
    """
    extra = padded_width(strip.shape[1], window, stride) - strip.shape[1]
    return np.pad(strip, ((0, 0), (0, extra)), mode="edge") if extra else strip


def window_positions(positions, window, count, random_count=0, rng=None):
    """Choose which of a strip's windows vote.

    Parameters
    ----------
    positions : int
        Windows that the strip has, one at each stride of the backbone.
    window : int
        Width of a window, in strides.
    count : int
        Evenly spaced windows, first and last included. Where the strip has fewer, some count
        more than once, so that the number of votes is the same; a strip so wide that they would
        leave gaps gets more.
    random_count : int
        Windows at random places besides.
    rng : numpy.random.Generator, optional
        Needed if ``random_count`` is above 0.

    Returns
    -------
    ndarray of int, shape (at least count + random_count,)
        Positions in strides of the backbone, each in ``[0, positions)``.
    """
    # Rounding moves a window by up to one stride, hence one less than its width.
    count = max(count, -(-(positions - 1) // max(1, window - 1)) + 1)
    even = np.rint(np.linspace(0, positions - 1, count)).astype(int)
    if not random_count:
        return even
    return np.concatenate([even, rng.integers(0, positions, random_count)])
