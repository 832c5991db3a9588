"""Progress bars: live on a terminal, a line now and then in a log."""

import sys

from tqdm import tqdm


def bar(iterable, description, total, unit):
    """Iterate with a progress bar on standard error."""
    seconds = 0.2 if sys.stderr.isatty() else 15
    return tqdm(iterable, description, total, unit=unit, mininterval=seconds, maxinterval=seconds)
