"""Mutated label files end in a result or a ``LabelerError``, never in anything else; and soon."""

from __future__ import annotations

import os
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.formats import fuzz
from tui_labeler.engine.errors import LabelerError
from tui_labeler.engine.formats import FORMATS

if TYPE_CHECKING:
    from tui_labeler.engine.formats.model import LabelFile

INPUTS = int(os.environ.get("TUI_LABELER_FUZZ", "0")) // len(FORMATS) or 250
"""Mutated files a format; ``make fuzz`` takes many more."""
LARGE = 10_000
"""Bytes of the files that are made to keep a reader busy."""
BUSY = [
    b"[", b"{", b'{"a":', b'"', b"\\", b",", b"\n", b"\r", b" ", b"\t", b"-", b"#", b"# newdoc\n",
    b"__label__a ", b"__label__",
    b"x O\n", b"x B-A\n", b"\\|", b"|", b"a,", b'""', b"\x00", b"\xcc\x88", b"\xe2\x80\xa8",
    b'{"text":"x","label":"A"}\n', b"T1\tA 0 1\tx\n", b"text,label\nx,A\n",
]  # fmt: skip
HEADS = [b"", b"text,labels\n", b"text,start,end,label\n", b"x B-A\n", b"__label__a ", b"x __label__a "]


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
    for head in HEADS:
        for busy in BUSY:
            fuzz.use(name, head + busy * (LARGE // len(busy)))


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
