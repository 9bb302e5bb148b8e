"""Mutated label files end in a result or a ``LabelerError``, never in anything else; and soon."""

from __future__ import annotations

import gc
import os
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.formats import fuzz, growing
from tests.formats.growing import GROWING
from tui_labeler.engine.errors import LabelerError
from tui_labeler.engine.formats import FORMATS, read_file

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.formats.growing import Grown
    from tui_labeler.engine.formats.model import LabelFile

INPUTS = int(os.environ.get("TUI_LABELER_FUZZ", "0")) // len(FORMATS) or 250
"""Mutated files a format; ``make fuzz`` takes many more."""
LARGE = 10_000
"""Bytes of the files that are made to keep a reader busy."""


@pytest.mark.parametrize("name", FORMATS)
def test_mutated_files_end_in_a_result_or_a_clear_refusal(name: str) -> None:
    seed = int.from_bytes(os.urandom(4)) if "TUI_LABELER_FUZZ" in os.environ else zlib.crc32(name.encode())
    outcomes = set()
    for number, (_, data) in enumerate(fuzz.inputs(seed, INPUTS, name)):
        try:
            outcomes.add(fuzz.use(name, data))
        except Exception as error:
            error.add_note(f"seed {seed}, input {number}, {name}: {data!r}")
            raise
    # Both ends are reached, so the mutations are neither too tame nor too wild.
    assert outcomes == {True, False}


@pytest.mark.parametrize("name", FORMATS)
def test_the_samples_that_are_mutated_are_good_files(name: str) -> None:
    for data in fuzz.seeds()[name]:
        assert fuzz.use(name, data), data


@pytest.mark.parametrize("name", FORMATS)
def test_work_stays_in_proportion_to_the_size_of_a_file(name: str) -> None:
    for data in fuzz.busy(LARGE):
        fuzz.use(name, data)


def grows(read: Callable[[bytes], object], grown: Grown) -> float:
    """The work for 600 rows more, in times that for 100 rows more: 6, where it is in proportion to them."""
    work: list[int] = []
    for rows in (100, 200, 800):
        data = grown(rows)
        # Whatever is loaded, compiled or kept at first is so before anything is counted.
        if not work:
            read(data)
        with fuzz.bounded(10**7, lines=True) as count:
            read(data)
            work.append(count())
    assert work[2] > 800
    return (work[2] - work[1]) / (work[1] - work[0])


def test_every_format_has_files_that_grow() -> None:
    assert GROWING.keys() == FORMATS.keys()


@pytest.mark.parametrize(
    ("name", "what"), [(name, what) for name, shapes in GROWING.items() for what in shapes]
)
def test_six_times_the_rows_are_six_times_the_work(name: str, what: str) -> None:
    assert grows(FORMATS[name].read, GROWING[name][what]) <= 6.3


def test_work_that_grows_with_the_square_is_told_whether_python_does_it_or_c() -> None:
    def counts_each(data: bytes) -> None:
        found = []
        for line in data.split(b"\n"):
            found.append(line)
            found.count(line)

    def looks_at_each(data: bytes) -> None:
        found = data.split(b"\n")
        for line in found:
            [each for each in found if each is line]

    def splits_each_time(data: bytes) -> None:
        for number in range(data.count(b"\n")):
            data.split(b"\n", number % 2)

    grown = growing.rows(b"", b"%d\n")
    assert grows(lambda data: [len(line) for line in data.split(b"\n")], grown) <= 6.3
    for read in (counts_each, looks_at_each, splits_each_time):
        assert grows(read, grown) > 12


def test_no_garbage_is_looked_for_while_a_file_is_read() -> None:
    assert gc.isenabled()
    visits: list[str] = []
    gc.callbacks.append(lambda phase, info: visits.append(phase))
    try:
        _, file = read_file(b"text,labels\n" + b"x,A\n" * 20_000, "a.csv")
        assert len(visits) <= 2
    finally:
        gc.callbacks.pop()
    assert gc.isenabled()
    assert len(file.documents) == 20_000


def test_what_goes_on_and_on_is_told() -> None:
    def endless() -> None:
        while True:
            len("")

    with pytest.raises(fuzz.TooMuchWorkError), fuzz.bounded(1000):
        endless()


def test_what_is_no_refusal_is_not_taken_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(data: bytes) -> LabelFile:
        raise KeyError("x")

    known = FORMATS["csv"]
    monkeypatch.setitem(FORMATS, "csv", replace(known, read=broken))
    with pytest.raises(KeyError):
        fuzz.use("csv", b"text,label\nx,A\n")
    assert not issubclass(KeyError, LabelerError)
