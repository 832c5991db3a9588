"""Drawing pages of handwritten two-digit numbers out of real MNIST digits."""

import cv2
import numpy as np

CELL = 28  # an MNIST image is 28 x 28, its digit about 20 high (LeCun et al., 1998)
DIGIT = 20
EDGE = 0.12  # width of a stroke's soft edge, in ink from 0 to 1
RULE = 0.35  # share of the light that a ruled line takes
MARGIN = 40  # pixels of a page left free of numbers on each side


def digit_pools(images, digits, test_share, rng):
    """Divide digit images so that no image that is drawn for training is drawn for testing.

    Parameters
    ----------
    images : ndarray of uint8, shape (n, 28, 28)
        0 is paper, 255 ink.
    digits : ndarray of int, shape (n,)
        Which digit each image shows, 0 to 9; each must occur at least twice.
    test_share : float
        Share of each digit's images for testing.
    rng : numpy.random.Generator

    Returns
    -------
    dict of {"train", "test"} to list of 10 ndarrays, each of shape (k, 28, 28)
    """
    pools = {"train": [], "test": []}
    for digit in range(10):
        of_digit = rng.permutation(images[digits == digit])
        held = min(max(1, round(len(of_digit) * test_share)), len(of_digit) - 1)
        pools["test"].append(of_digit[:held])
        pools["train"].append(of_digit[held:])
    return pools


def draw(label, pool, shape, style, rng):
    """Draw one page or strip of handwritten numbers as a phone or a scanner sees it.

    Parameters
    ----------
    label : str
        The number, written again and again; digits only.
    pool : list of 10 ndarrays, each of shape (k, 28, 28) and dtype uint8
        From :func:`digit_pools`.
    shape : (int, int)
        Height and width in pixels.
    style : object
        The settings of ``params.yaml``'s section ``sample``: ``line_spacing``,
        ``numbers_per_line``, ``digit_height``, ``slant``, ``spacing``, ``pen``, ``ink``,
        ``rotation``, ``light``, ``shadow``, ``noise`` and ``blur``; units and meaning stand there.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of uint8, shape ``shape``
    """
    ink = np.zeros(shape, np.float32)
    rules = np.zeros(shape, np.float32)
    baseline = int(rng.uniform(0.75, 1.0) * style.line_spacing)
    while baseline < shape[0] + style.line_spacing // 4:
        rules[max(0, baseline - 1) : baseline + 1] = 1
        _write_line(ink, baseline, label, pool, style, rng)
        baseline += style.line_spacing + int(rng.integers(-2, 3))
    return _photograph(ink, rules, style, rng)


def _write_line(ink, baseline, label, pool, style, rng):
    numbers = []
    for _ in range(rng.integers(style.numbers_per_line[0], style.numbers_per_line[1] + 1)):
        numbers.append(_number(label, pool, style, rng))
    free = ink.shape[1] - 2 * MARGIN - sum(number.shape[1] for number in numbers)
    while numbers and free < 0:  # a narrow strip takes fewer
        free += numbers.pop().shape[1]
    x, gaps = MARGIN, rng.dirichlet(np.ones(len(numbers) + 1)) * max(free, 0)
    for number, gap in zip(numbers, gaps, strict=False):
        x += int(gap)
        top = baseline - int(number.shape[0] * 0.86) + int(rng.normal(0, 3))
        _stamp(ink, number, top, x)
        x += number.shape[1]


def _number(label, pool, style, rng):
    """One number as the share of light its ink takes, on a canvas just large enough."""
    height, slant = rng.uniform(*style.digit_height), rng.uniform(-style.slant, style.slant)
    scale = height / DIGIT
    side = int(np.ceil(CELL * scale))
    lean = abs(slant) * side
    pen, advance = rng.uniform(*style.pen), rng.uniform(*style.spacing) * height
    canvas = np.zeros((side, int(side + advance * (len(label) - 1) + lean) + 1), np.float32)
    for i, digit in enumerate(label):
        images = pool[int(digit)]
        glyph = images[rng.integers(len(images))].astype(np.float32) / 255
        own = scale * rng.uniform(0.93, 1.07)
        offset = i * advance + (lean if slant > 0 else 0)
        # Slant is a horizontal shear about the foot: a positive one leans to the left, as written.
        matrix = np.float32(
            [
                [own, slant * own, offset - slant * own * CELL / 2 - lean / 2 * np.sign(slant)],
                [0, own, (scale - own) * CELL / 2],
            ]
        )
        drawn = cv2.warpAffine(glyph, matrix, canvas.shape[::-1], flags=cv2.INTER_CUBIC)
        np.maximum(canvas, drawn, out=canvas)
    # The digits' edges are soft over several pixels, so that the level at which ink begins sets how
    # thick the pen is: a high level leaves a thin stroke.
    level = 0.65 - 0.5 * pen
    return rng.uniform(*style.ink) * np.clip((canvas - level) / EDGE + 0.5, 0, 1)


def _stamp(ink, number, top, left):
    first, last = max(0, top), min(ink.shape[0], top + number.shape[0])
    right = min(ink.shape[1], left + number.shape[1])
    if first < last and left < right:
        target = ink[first:last, left:right]
        np.maximum(target, number[first - top : last - top, : right - left], out=target)


def _photograph(ink, rules, style, rng):
    """Lay ink and ruled lines on paper, turn it, light it unevenly, and record it with noise."""
    height, width = ink.shape
    reflectance = (1 - ink) * (1 - RULE * rules)
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), rng.uniform(-1, 1) * style.rotation, 1)
    reflectance = cv2.warpAffine(reflectance, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
    grain = _smooth_field((height, width), 3, rng) * 0.02
    light = 1 - style.light * _smooth_field((height, width), min(height, width) / 2, rng)
    picture = 235 * (reflectance - np.abs(grain)) * light * _shadow((height, width), style.shadow, rng)
    if style.blur > 0:
        picture = cv2.GaussianBlur(picture, (0, 0), style.blur)
    picture = picture + style.noise * rng.standard_normal((height, width), np.float32)
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def _smooth_field(shape, scale, rng):
    """Random field in [0, 1] that varies over ``scale`` pixels."""
    rows, columns = (max(2, round(length / scale) + 1) for length in shape)
    coarse = rng.random((rows, columns), np.float32)
    return np.clip(cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC), 0, 1)


def _shadow(shape, strength, rng):
    """Factor below 1 on one side of a soft, slanted edge, as a hand or a phone throws it."""
    height, width = shape
    angle, softness = rng.uniform(0, 2 * np.pi), rng.uniform(15, 80)
    x = np.arange(width, dtype=np.float32) - rng.uniform(0.1, 0.9) * width
    y = np.arange(height, dtype=np.float32)[:, None] - rng.uniform(0.1, 0.9) * height
    distance = x * np.float32(np.cos(angle)) + y * np.float32(np.sin(angle))
    depth = np.float32(strength * rng.uniform(0.5, 1))
    return 1 - depth / (1 + np.exp(np.clip(-distance / np.float32(softness), -30, 30)))
