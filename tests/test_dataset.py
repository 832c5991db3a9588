import pandas as pd
import pytest

from handwriting import dataset, files


def make(root, names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def test_labels_keep_leading_zeros_and_may_be_any_text(tmp_path):
    make(tmp_path, ["train/01_1.png", "train/Zoë_a_b.JPG", "train/more/07_x.tif", "test/01_2.webp", "train/note.txt"])
    images, problems = dataset.table(tmp_path)
    assert problems == []
    assert dict(zip(images.filename, images.label, strict=True)) == {
        "01_1.png": "01",
        "Zoë_a_b.JPG": "Zoë",
        "more/07_x.tif": "07",
        "01_2.webp": "01",
    }


def test_everything_wrong_is_listed(tmp_path):
    make(tmp_path, ["train/01_1.png", "train/nolabel.png", "train/_x.png", "train/02_1.png", "test/03_1.png"])
    _, problems = dataset.table(tmp_path)
    text = "\n".join(problems)
    assert "nolabel.png: no label" in text
    assert "_x.png: no label" in text
    assert "03_1.png: class '03' has no page in train/" in text
    with pytest.raises(dataset.BadData, match="3 problem"):
        dataset.raise_if(problems)


def test_missing_and_empty_folders_and_one_class(tmp_path):
    make(tmp_path, ["train/01_1.png"])
    problems = "\n".join(dataset.table(tmp_path)[1])
    assert "test: no such folder" in problems
    assert "one class only" in problems
    (tmp_path / "test").mkdir()
    assert "test: no images in it" in "\n".join(dataset.table(tmp_path)[1])


def test_labels_that_look_like_missing_values_stay_text(tmp_path):
    files.save_csv(
        tmp_path / "a.csv", pd.DataFrame({"filename": ["NA_1.png", "01"], "label": ["NA", "01"], "top": [0, 1]})
    )
    table = files.read_csv(tmp_path / "a.csv")
    assert list(table.label) == ["NA", "01"]
    assert list(table.top) == [0, 1]


def test_images_of_a_kind_that_is_not_read_are_named(tmp_path):
    make(tmp_path, ["train/01_1.png", "train/02_1.heic", "test/01_1.png"])
    assert "02_1.heic: .heic images are not read" in "\n".join(dataset.table(tmp_path)[1])
