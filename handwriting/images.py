"""From the bytes of an image file to the gray pixels that the model sees."""

import cv2
import numpy as np

JPEG_MAGIC = b"\xff\xd8\xff"


def decode(data):
    """Decode an image file to gray.

    Transparency is laid on white paper, 16 bits are reduced to 8, and a JPEG is turned as its
    EXIF orientation says.

    Parameters
    ----------
    data : bytes
        PNG, JPEG, BMP, TIFF or WebP; any size, colour or bit depth.

    Returns
    -------
    ndarray of uint8, shape (height, width)
        0 is black, 255 white.

    Raises
    ------
    ValueError
        If there is nothing to decode, or it does not decode.
    """
    if not data:
        raise ValueError("the file is empty")
    buffer = np.frombuffer(data, np.uint8)
    # IMREAD_UNCHANGED keeps the alpha channel but ignores EXIF; only JPEG, which has no alpha, is
    # usually rotated by EXIF.
    flags = cv2.IMREAD_GRAYSCALE if data.startswith(JPEG_MAGIC) else cv2.IMREAD_UNCHANGED
    try:
        image = cv2.imdecode(buffer, flags)
    except cv2.error as error:
        raise ValueError(f"does not decode: {error.err}") from None
    if image is None or image.size == 0:
        raise ValueError("does not decode as an image")
    if image.dtype == np.uint16:
        image = (image // 257).astype(np.uint8)
    elif image.dtype != np.uint8:
        raise ValueError(f"pixels of type {image.dtype} are not supported, only 8 and 16 bits")
    if image.ndim == 3 and image.shape[2] in (2, 4):
        alpha = image[..., -1:].astype(np.float32) / 255
        image = np.rint(image[..., :-1] * alpha + 255 * (1 - alpha)).astype(np.uint8)
    if image.ndim == 3:
        image = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY) if image.shape[2] == 3 else image[..., 0]
    return image


def resize(image, scale, min_height):
    """Scale an image, aspect kept, and enlarge it further if it is lower than ``min_height`` rows.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width)
    scale : float
        Factor for both axes.
    min_height : int
        Rows that the result has at least.

    Returns
    -------
    ndarray of uint8
    """
    height, width = image.shape
    factor = max(scale, min_height / height)
    if factor == 1:
        return image
    size = (max(1, round(width * factor)), max(min_height, round(height * factor)))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC)


def enhance(strip, clahe, clip_limit, tiles, blur):
    """Even out the light of a strip and soften its noise.

    Contrast limited adaptive histogram equalisation (Zuiderveld, Graphics Gems IV, 1994), then a
    Gaussian blur, as in the published recipe. It is applied to a strip and never to a page, so
    that a training strip and a test strip go through the same, whatever they were cut from.

    Parameters
    ----------
    strip : ndarray of uint8, shape (height, width)
    clahe : bool
        False leaves the equalisation out.
    clip_limit : float
        Contrast limit, in multiples of a tile's mean histogram count.
    tiles : int
        Tiles along each axis.
    blur : int
        Size of the Gaussian kernel in pixels, odd; 1 is none.

    Returns
    -------
    ndarray of uint8, shape (height, width)
    """
    if clahe:
        strip = cv2.createCLAHE(clip_limit, (tiles, tiles)).apply(strip)
    return cv2.GaussianBlur(strip, (blur, blur), 0) if blur > 1 else strip
