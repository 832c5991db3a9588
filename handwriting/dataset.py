"""Which images a data set has, their labels, and what is wrong with them."""

import pandas as pd

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp")


OTHER_IMAGES = (".gif", ".heic", ".heif", ".avif", ".jp2", ".jxl", ".pdf", ".ppm", ".pgm", ".svg", ".psd")


class BadData(ValueError):
    """A data set that cannot be used; its message lists every offender with the reason."""


def table(root):
    """List the images of a data set.

    Parameters
    ----------
    root : pathlib.Path
        A folder with ``train/`` and ``test/``.

    Returns
    -------
    images : DataFrame
        One row an image, ordered by part and name: ``part`` ("train" or "test"), ``filename``
        (relative to the part's folder, ``/`` between folders) and ``label`` (text before the
        first ``_``), all text.
    problems : list of str
        What is wrong: a missing or empty folder, a name without a label, an image of a kind that
        is not read, a test class that training never sees, fewer than two classes.
    """
    rows, problems = [], []
    for part in ("train", "test"):
        folder = root / part
        everything = sorted(p for p in folder.rglob("*") if p.is_file())
        files = [p for p in everything if p.suffix.lower() in SUFFIXES]
        foreign = [p for p in everything if p.suffix.lower() in OTHER_IMAGES]
        problems += [f"{p}: {p.suffix} images are not read; convert it" for p in foreign]
        if not folder.is_dir():
            problems.append(f"{folder}: no such folder")
        elif not files:
            problems.append(f"{folder}: no images in it ({', '.join(SUFFIXES)})")
        for file in files:
            label, separator, _ = file.name.partition("_")
            if not separator or not label:
                problems.append(f"{file}: no label: a name is CLASS_anything, such as 01_page1.png")
            rows.append((part, file.relative_to(folder).as_posix(), label))
    images = pd.DataFrame(rows, columns=["part", "filename", "label"], dtype=str)
    train = images[images.part == "train"]
    known = set(train.label)
    for image in images[images.part == "test"].itertuples():
        if image.label and known and image.label not in known:
            problems.append(f"{root / 'test' / image.filename}: class {image.label!r} has no page in train/")
    if len(train) and len(known) < 2:
        problems.append(f"{root / 'train'}: one class only ({train.label.iloc[0]!r}); at least two are needed")
    return images, problems


def raise_if(problems):
    """Raise :class:`BadData` with all of ``problems``, if there are any."""
    if problems:
        shown = "\n".join(f"  {problem}" for problem in problems)
        raise BadData(f"the data set has {len(problems)} problem(s):\n{shown}")
