"""Saving so that nothing half-written is ever taken for a result, and arrays packed along one axis."""

import json
import os
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd


@contextmanager
def atomic(path):
    """Yield a temporary path beside ``path`` that takes its place only if the block succeeds.

    The temporary name keeps the suffix, since writers choose a format by it.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.stem}.tmp{''.join(path.suffixes[-2:])}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def save_json(path, values):
    """Write ``values`` as JSON: keys in the order given, floats rounded to six places."""
    rounded = {k: round(v, 6) if isinstance(v, float) else v for k, v in values.items()}
    with atomic(path) as temporary:
        temporary.write_text(json.dumps(rounded, indent=2) + "\n", encoding="utf-8")


def save_csv(path, frame):
    """Write ``frame`` without its index, floats with six places."""
    with atomic(path) as temporary:
        frame.to_csv(temporary, index=False, float_format="%.6f", lineterminator="\n")


def read_csv(path):
    """Read a table; file names and labels stay the text they are, be it 01, NA or null."""
    return pd.read_csv(path, dtype={"filename": str, "label": str}, keep_default_na=False)


class PackedWriter:
    """Appends blocks of rows to one ``.npy`` file whose length need not be known beforehand.

    Blocks of different lengths (strips of different widths) lie one after the other, so that a
    stage hands on one file, and a reader maps it instead of loading it.

    Parameters
    ----------
    path : str or Path
        Where the file is written; use with :func:`atomic`.
    row_shape : tuple of int
        Shape of one row.
    dtype : numpy dtype
    """

    def __init__(self, path, row_shape, dtype):
        self.row_shape, self.dtype, self.rows = tuple(row_shape), np.dtype(dtype), 0
        self._file = open(path, "wb")  # noqa: SIM115 (closed by __exit__)
        self._write_header()

    def _write_header(self):
        # numpy pads the header for a growing first axis (GROWTH_AXIS_MAX_DIGITS), so it keeps its length.
        header = {"descr": self.dtype.str, "fortran_order": False, "shape": (self.rows, *self.row_shape)}
        np.lib.format.write_array_header_1_0(self._file, header)

    def append(self, block):
        """Append ``block``, shape ``(n, *row_shape)``; return the position of its first row."""
        if block.shape[1:] != self.row_shape:
            raise ValueError(f"a block of shape {block.shape} does not fit rows of shape {self.row_shape}")
        start = self.rows
        self._file.write(np.ascontiguousarray(block, self.dtype).tobytes())
        self.rows += len(block)
        return start

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._file.seek(0)
        self._write_header()
        self._file.close()


@contextmanager
def errors_for_people():
    """End a stage with one plain message instead of a traceback when its input is at fault."""
    try:
        yield
    except (ValueError, OSError) as error:
        if os.environ.get("HANDWRITING_DEBUG"):
            raise
        sys.exit(f"\nerror: {error}\n(HANDWRITING_DEBUG=1 shows where in the code)")
