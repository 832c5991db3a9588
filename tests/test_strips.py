import numpy as np
import pandas as pd
import pytest

from handwriting import images, strips

HEIGHTS = [300, 301, 379, 380, 381, 599, 600, 601, 620, 700, 900, 1070, 1500, 4000]


@pytest.mark.parametrize("height", HEIGHTS)
@pytest.mark.parametrize("stride", [1, 80, 300])
def test_strips_cover_every_row_and_stay_inside(height, stride):
    tops = strips.page_tops(height, 300, stride)
    seen = np.zeros(height, int)
    for top in tops:
        assert 0 <= top <= height - 300
        seen[top : top + 300] += 1
    assert seen.min() >= 1
    assert len(set(tops)) == len(tops)


def pages(sizes, stride=80):
    """Strips of pages: sizes maps a file name, LABEL_..., to its height."""
    rows = [(name, name.split("_")[0], top) for name, h in sizes.items() for top in strips.page_tops(h, 300, stride)]
    return pd.DataFrame(rows, columns=["filename", "label", "top"])


@pytest.mark.parametrize("position", ["top", "middle", "bottom"])
@pytest.mark.parametrize("share", [0.05, 0.3, 0.5])
@pytest.mark.parametrize("height", HEIGHTS)
def test_no_pixel_of_a_validation_strip_is_in_a_training_strip(height, share, position):
    table = pages({"01_1.png": height})
    division, _ = strips.divide(table, 300, share, position)
    page = np.zeros((2, height), bool)  # rows of the page seen by training, by validation
    for top, part in zip(table.top, division, strict=True):
        if part != "unused":
            page[int(part == "validation"), top : top + 300] = True
    assert not (page[0] & page[1]).any()
    assert page[0].any()
    if height >= 600 and position != "middle":
        assert page[1].any()


@pytest.mark.parametrize("scale", [1.0, 0.5, 0.77, 1.3, 2.0])
@pytest.mark.parametrize("position", ["top", "middle", "bottom"])
def test_training_strips_do_not_change_with_the_pixels_of_validation_strips(scale, position, rng):
    page = rng.integers(0, 256, (round(1300 / scale), 350), dtype=np.uint8)
    scaled = images.resize(page, scale, 300)
    table = pages({"01_1.png": len(scaled)}, stride=40)
    division, _ = strips.divide(table, 300, 0.25, position, strips.resampling_gap(scale))
    assert (division == "validation").any()
    assert (division == "training").any()

    def training_strips(page):
        scaled = images.resize(page, scale, 300)
        return [scaled[top : top + 300] for top in table.top[division == "training"]]

    changed = page.copy()
    for top in table.top[division == "validation"]:
        rows = slice(int(top / scale), int(np.ceil((top + 300) / scale)))
        changed[rows] = 255 - changed[rows]
    for before, after in zip(training_strips(page), training_strips(changed), strict=True):
        assert (before == after).all()


def test_low_pages_are_said_and_whole_pages_validate_where_there_are_several():
    table = pages({"01_a.png": 400, "02_a.png": 400, "02_b.png": 300, "02_c.png": 300, "03_a.png": 1070})
    division, notes = strips.divide(table, 300, 0.1, "bottom")
    by_page = table.assign(division=division).groupby("filename").division.unique()
    assert list(by_page["01_a.png"]) == ["training"]
    assert list(by_page["02_a.png"]) == ["training"]
    assert list(by_page["02_c.png"]) == ["validation"]
    assert set(by_page["03_a.png"]) == {"training", "validation", "unused"}
    assert [note for note in notes if note.startswith("class")] == [
        "class 01: no validation strip",
        "class 02: validation is the whole of 02_c.png",
    ]
    assert sum("too few to divide" in note for note in notes) == 4


@pytest.mark.parametrize("width", [300, 301, 316, 620, 1545, 20000])
def test_windows_cover_every_column(width):
    padded = strips.padded_width(width, 300, 16)
    assert width <= padded < width + 16 or padded == 300
    positions = (padded - 300) // 16 + 1
    chosen = strips.window_positions(positions, 19, 35)
    assert len(chosen) >= 35
    seen = np.zeros(padded, bool)
    for x in chosen * 16:
        assert x + 300 <= padded
        seen[x : x + 300] = True
    assert seen.all()


def test_random_windows_come_besides_and_repeat_with_the_seed():
    first, again = (strips.window_positions(79, 19, 35, 10, np.random.default_rng(3)) for _ in range(2))
    assert len(first) == 45
    assert (first == again).all()
    assert first.max() < 79


def test_narrow_strips_are_padded_with_their_edge():
    strip = np.arange(100, dtype=np.uint8)[None].repeat(300, 0)
    padded = strips.pad(strip, 300, 16)
    assert padded.shape == (300, 300)
    assert (padded[:, 100:] == 99).all()
