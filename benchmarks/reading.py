"""Label files of a megabyte: how long each format takes at most, and how that grows with the file.

``python -m benchmarks.reading [--quick]``. First files that are made to keep a reader busy: the same few
signs again and again, behind the heads of several formats, the shapes that cost most. Most are refused; what
counts is when. Then good files that grow in one thing, as in documents: what a byte takes of a whole
megabyte, beside a quarter of that.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import time
from contextlib import suppress
from typing import NamedTuple

from benchmarks.report import Row, print_rows
from tests.formats import fuzz
from tests.formats.growing import GROWING, Grown, of_size
from tui_labeler.engine.errors import LabelerError
from tui_labeler.engine.formats import FORMATS, read_file

COMMAND = "python -m benchmarks.reading"
SIZE, SMALL = 1_000_000, 100_000
MOST = 1.0
"""Seconds for a megabyte."""
STEEPEST = 1.5
"""What a byte of a file may take, in times of what one of a quarter of it takes."""
TURNS = 5


def longest(name: str, size: int) -> tuple[float, bytes]:
    """Seconds of processor time of the file that takes longest, and how it begins."""
    found = 0.0, b""
    for data in fuzz.busy(size):
        began = time.process_time()
        with suppress(LabelerError):
            read_file(data, "labels", name)
        found = max(found, (time.process_time() - began, data[:24]))
    return found


class Growth(NamedTuple):
    """What reading took of a file that grows in one thing."""

    what: str
    seconds: float
    """For the whole file."""
    ratio: float
    """What a byte of it took, in times of what one of a quarter of it took."""


def growth(name: str, what: str, grown: Grown, size: int) -> Growth:
    """Medians over turns, in each of which the whole file and a quarter of it are read."""
    whole, quarter = of_size(grown, size), of_size(grown, size // 4)
    taken = [(_seconds(name, whole), _seconds(name, quarter)) for _ in range(TURNS)]
    ratio = statistics.median(large / small for large, small in taken) * len(quarter) / len(whole)
    return Growth(what, statistics.median(large for large, _ in taken), ratio)


def _seconds(name: str, data: bytes) -> float:
    """Of processor time. What an earlier file has left is cleared away before."""
    gc.collect()
    began = time.process_time()
    read_file(data, "labels", name)
    return time.process_time() - began


def growth_row(name: str, found: list[Growth], size: int) -> Row:
    """The steepest and the slowest of a format's files."""
    steepest, slowest = max(found, key=lambda each: each.ratio), max(found, key=lambda each: each.seconds)
    most = MOST * size / SIZE
    figure = (
        f"a byte takes {steepest.ratio:.2f} of what it takes in a quarter of that ({steepest.what}); "
        f"{slowest.seconds:.2f} s at most ({slowest.what})"
    )
    target = f"≤ {STEEPEST}, ≤ {most:g} s"
    reached = steepest.ratio <= STEEPEST and slowest.seconds <= most
    return Row(f"{name}, a good file that grows to {size:,} bytes", COMMAND, figure, target, reached)


def run(*, quick: bool = False) -> list[Row]:
    size = SMALL if quick else SIZE
    most = MOST * size / SIZE
    rows = []
    for name in FORMATS:
        seconds, begins = longest(name, size)
        shown = repr(begins)[1:].replace("|", "\\|")
        figure = f"{seconds:.2f} s, by a file that begins {shown}"
        rows.append(Row(f"{name}, {size:,} bytes", COMMAND, figure, f"≤ {most:g} s", seconds <= most))
    for name, shapes in GROWING.items():
        found = [growth(name, what, grown, size) for what, grown in shapes.items()]
        rows.append(growth_row(name, found, size))
    return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    print_rows(run(quick=parser.parse_args().quick))
