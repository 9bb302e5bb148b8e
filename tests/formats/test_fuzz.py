"""Mutated label files end in a result or a ``LabelerError``, never in anything else; and soon."""

from __future__ import annotations

import gc
import os
import zlib
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.formats import fuzz
from tui_labeler.engine.errors import LabelerError
from tui_labeler.engine.formats import FORMATS, read_file

if TYPE_CHECKING:
    from tui_labeler.engine.formats.model import LabelFile

INPUTS = int(os.environ.get("TUI_LABELER_FUZZ", "0")) // len(FORMATS) or 250
"""Mutated files a format; ``make fuzz`` takes many more."""
LARGE = 10_000
"""Bytes of the files that are made to keep a reader busy."""
GROWING: dict[str, tuple[bytes, bytes]] = {
    "csv": (b"text,labels\n", b"x,A\n"),
    "csv, classes of one document": (b"location,label\n", b"a.txt,A%d\n"),
    "csv, spans": (b"location,start,end,label\n", b"a.txt,%d,9999,A\n"),
    "csv, names": (b"text,labels\n", b"x%d,A%d|B%d\n"),
    "conll": (b"", b"x%d B-A%d\n"),
    "conll, sentences": (b"", b"x%d E-A%d\n\n"),
    "fasttext": (b"", b"__label__a%d x\n"),
    "fasttext, labels of one document": (b"", b"__label__a%d "),
    "doccano": (b"", b'{"text":"x","label":["A%d"]}\n'),
    "doccano, spans": (b"", b'{"text":"x","label":[[0,1,"A%d"]]}\n'),
}
"""By format and what grows: how a file begins, and what comes again and again, with its number in it."""


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


@pytest.mark.parametrize("name", GROWING)
def test_four_times_the_rows_are_four_times_the_work(name: str) -> None:
    head, row = GROWING[name]
    calls = []
    for times in (200, 400, 1600):
        data = head + b"".join(row.replace(b"%d", b"%d" % number) for number in range(1000, 1000 + times))
        with fuzz.bounded(10**7) as count:
            with suppress(LabelerError):
                FORMATS[name.partition(",")[0]].read(data)
            calls.append(count())
    # What is done once a file is in all of them.
    assert calls[2] - calls[1] <= 1.05 * 6 * (calls[1] - calls[0])
    assert calls[2] > 1600


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
