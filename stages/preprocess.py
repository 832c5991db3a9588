"""Read every image of the data set, cut it into strips and even out their light."""

from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from handwriting import dataset, files, images, params, progress, strips

OUT = Path("data/strips")


def main():
    settings = params.load()
    root, choices = Path(settings.data.root), settings.preprocess
    table, problems = dataset.table(root)
    run = Parallel(n_jobs=-1, prefer="threads", return_as="generator")
    results = run(delayed(_strips_of)(root / row.part / row.filename, row.part, choices) for row in table.itertuples())
    rows = []
    with files.atomic(OUT / "strips.npy") as temporary:
        with files.PackedWriter(temporary, (choices.strip_height,), np.uint8) as packed:
            shown = progress.bar(results, "preprocess", len(table), "image")
            for image, (height, cut, problem) in zip(table.itertuples(), shown, strict=True):
                if problem:
                    problems.append(problem)
                for top, strip in cut:
                    # Packed along the width: a strip is a run of columns.
                    place = {"first_column": packed.append(strip.T), "columns": strip.shape[1]}
                    rows.append({**image._asdict(), "top": top, "page_height": height, **place})
        dataset.raise_if(problems)
    files.save_csv(OUT / "strips.csv", pd.DataFrame(rows).drop(columns="Index"))


def _strips_of(path, part, choices):
    try:
        gray = images.resize(images.decode(path.read_bytes()), choices.scale, choices.strip_height)
    except (OSError, ValueError) as error:
        return 0, [], f"{path}: {error}"
    height, rows = len(gray), choices.strip_height
    tops = strips.page_tops(height, rows, choices.strip_stride) if part == "train" else strips.test_tops(height, rows)
    look = choices.clahe, choices.clahe_clip_limit, choices.clahe_tiles, choices.blur
    return height, [(top, images.enhance(gray[top : top + rows], *look)) for top in tops], None


if __name__ == "__main__":
    with files.errors_for_people():
        main()
