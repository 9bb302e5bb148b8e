"""Label files of a megabyte that are made to keep a reader busy: how long each format takes at most.

``python -m benchmarks.reading [--quick]``. The same few signs again and again, behind the heads of several
formats: the shapes that cost most. Most are refused; what counts is when.
"""

from __future__ import annotations

import argparse
import time
from contextlib import suppress

from benchmarks.report import Row, print_rows
from tests.formats import fuzz
from tui_labeler.engine.errors import LabelerError
from tui_labeler.engine.formats import FORMATS, read_file

COMMAND = "python -m benchmarks.reading"
SIZE, SMALL = 1_000_000, 100_000
MOST = 1.0
"""Seconds for a megabyte."""


def longest(name: str, size: int) -> tuple[float, bytes]:
    """Seconds of processor time of the file that takes longest, and how it begins."""
    found = 0.0, b""
    for data in fuzz.busy(size):
        began = time.process_time()
        with suppress(LabelerError):
            read_file(data, "labels", name)
        found = max(found, (time.process_time() - began, data[:24]))
    return found


def run(*, quick: bool = False) -> list[Row]:
    size = SMALL if quick else SIZE
    most = MOST * size / SIZE
    rows = []
    for name in FORMATS:
        seconds, begins = longest(name, size)
        shown = repr(begins)[1:].replace("|", "\\|")
        figure = f"{seconds:.2f} s, by a file that begins {shown}"
        rows.append(Row(f"{name}, {size:,} bytes", COMMAND, figure, f"≤ {most:g} s", seconds <= most))
    return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    print_rows(run(quick=parser.parse_args().quick))
