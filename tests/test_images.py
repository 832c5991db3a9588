import cv2
import numpy as np
import pytest

from handwriting import images


def encode(image, suffix):
    return cv2.imencode(suffix, image)[1].tobytes()


@pytest.fixture
def drawing():
    image = np.full((60, 90), 230, np.uint8)
    cv2.putText(image, "37", (10, 45), cv2.FONT_HERSHEY_SIMPLEX, 1.3, 20, 3)
    return image


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tiff", ".webp", ".jpg"])
@pytest.mark.parametrize("colour", [False, True])
def test_formats(drawing, suffix, colour):
    image = cv2.cvtColor(drawing, cv2.COLOR_GRAY2BGR) if colour else drawing
    decoded = images.decode(encode(image, suffix))
    assert decoded.shape == drawing.shape
    assert decoded.dtype == np.uint8
    assert np.abs(decoded.astype(int) - drawing).mean() < 3


def test_one_bit_and_sixteen_bits(drawing):
    black_and_white = np.where(drawing > 128, 255, 0).astype(np.uint8)
    one_bit = cv2.imencode(".png", black_and_white, [cv2.IMWRITE_PNG_BILEVEL, 1])[1].tobytes()
    assert (images.decode(one_bit) == black_and_white).all()
    assert (images.decode(encode(drawing.astype(np.uint16) * 257, ".png")) == drawing).all()


def test_transparent_is_paper(drawing):
    image = np.zeros((*drawing.shape, 4), np.uint8)
    image[..., 3] = 255 - drawing  # black ink whose alpha is its darkness
    assert np.abs(images.decode(encode(image, ".png")).astype(int) - drawing).max() <= 1


@pytest.mark.parametrize("data", [b"", b"not an image", b"\x89PNG\r\n\x1a\n"])
def test_what_does_not_decode_is_a_value_error(data):
    with pytest.raises(ValueError):
        images.decode(data)


def test_low_images_are_enlarged_and_others_left_alone(drawing):
    assert images.resize(drawing, 1.0, 300).shape == (300, 450)
    assert images.resize(drawing, 1.0, 60) is drawing
    assert images.resize(drawing, 0.5, 20).shape == (30, 45)


def test_clahe_brings_out_writing_in_the_shadow(drawing):
    shade = np.linspace(0.25, 1, 900)
    shaded = (np.tile(cv2.resize(drawing, (450, 300)), 2) * shade).astype(np.uint8)

    def contrast(clahe):
        dark = images.enhance(shaded, clahe, clip_limit=2.0, tiles=8, blur=3)[:, :300]
        return np.ptp(np.percentile(dark, [2, 98]))

    assert contrast(True) > 1.15 * contrast(False)
