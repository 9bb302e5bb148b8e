"""Whatever others wrote ends in a result or a ``LabelerError``, never in anything else; and soon."""

from __future__ import annotations

import os
import zlib
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.hostile import readers
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.adapters.store.answers import FileAnswerStore
from tui_labeler.engine.errors import FormatError, LabelerError, StorageError
from tui_labeler.engine.sharing import shared_file

if TYPE_CHECKING:
    from pathlib import Path

INPUTS = int(os.environ.get("TUI_LABELER_FUZZ", "0")) // len(readers.READERS) or 60
"""Mutated inputs a reader; ``make fuzz`` takes many more."""

SIZE, SPREAD, PATIENCE = (
    (readers.LARGE, 1, readers.PATIENCE) if "TUI_LABELER_FUZZ" in os.environ else (40_000, 7, 5.0)
)
"""Bytes of the large inputs, every which of them is taken, and the seconds of the processor that each may
have: what grows with the square of the size is told by the small ones as well as by large ones."""


def _broken(data: bytes) -> object:
    raise KeyError(data)


@pytest.mark.parametrize("name", readers.READERS)
def test_what_others_wrote_ends_in_a_result_or_a_clear_refusal(name: str) -> None:
    seed = int.from_bytes(os.urandom(4)) if "TUI_LABELER_FUZZ" in os.environ else zlib.crc32(name.encode())
    for number, data in enumerate(readers.inputs(name, seed, INPUTS)):
        try:
            readers.use(name, data)
        except Exception as error:
            error.add_note(f"seed {seed}, input {number}, {name}: {data[:2000]!r}")
            raise


@pytest.mark.parametrize("name", readers.READERS)
def test_what_is_made_to_keep_a_reader_busy_is_soon_done_with(name: str) -> None:
    for data in list(readers.busy(SIZE))[zlib.crc32(name.encode()) % SPREAD :: SPREAD]:
        readers.use(name, data, patience=PATIENCE)


def test_what_hangs_and_what_is_no_refusal_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(data: bytes) -> None:
        while True:
            len(data)

    known = readers.READERS["a shard"]
    monkeypatch.setitem(readers.READERS, "a shard", replace(known, read=endless))
    with pytest.raises(readers.HangingError), readers.patient(0.05):
        endless(b"")
    monkeypatch.setitem(readers.READERS, "a shard", replace(known, read=_broken))
    with pytest.raises(KeyError):
        readers.use("a shard", b"")
    assert not issubclass(KeyError, LabelerError)


@pytest.mark.parametrize(
    "line",
    [b'{"key": "no hexadecimal"}', b'{"key": "\xff"}', b'{"key": "00", "reply": ' + b"[" * 5000, b"null"],
)
async def test_answers_that_somebody_meddled_with_are_refused_by_their_file(
    line: bytes, tmp_path: Path
) -> None:
    (tmp_path / "job1-1.jsonl").write_bytes(line + b"\n")
    store = FileAnswerStore(tmp_path, "job2-1")
    with pytest.raises(StorageError, match=r"job1-1\.jsonl"):
        await store.find("00" * 32)
    await store.close()


def test_what_is_shared_is_never_nested_deeper_than_it_can_be_written_back() -> None:
    for depth, ends in ((90, None), (110, FormatError), (900, FormatError)):
        nested = b"[" * depth + b"]" * depth
        data = b'{"version": 1, "location": "a.txt", "mine": ' + nested + b"}"
        with pytest.raises(ends) if ends else nullcontext():
            location, items = shared_file.read(data, ProjectKind.ENTITIES)
            assert shared_file.read(shared_file.written(location, items, {}), ProjectKind.ENTITIES)
