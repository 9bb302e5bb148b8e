"""How many of a project's files of documents are kept read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tui_labeler.engine import typed
from tui_labeler.engine.adapters.store import shards as module
from tui_labeler.engine.adapters.store.shards import CACHED_SHARDS, SHARD_SIZE, Shards

if TYPE_CHECKING:
    from pathlib import Path


def read_anew(shards: Shards, numbers: list[int], monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Which of some files are read from the disk when a document of each is asked for, in that order."""
    found: list[int] = []
    reading: list[int] = []
    decode = typed.decode

    def noted(*given: Any) -> Any:
        found.extend(reading)
        return decode(*given)

    with monkeypatch.context() as patch:
        patch.setattr(module, "decode", noted)
        for number in numbers:
            reading[:] = [number]
            assert shards.get(number * SHARD_SIZE) is not None
    return found


def filled(folder: Path, count: int, characters: int) -> Shards:
    """Files of one document each."""
    Shards(folder).put({number * SHARD_SIZE: {"text": "x" * characters} for number in range(count)})
    return Shards(folder)


def test_small_files_are_kept_read_up_to_a_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shards = filled(tmp_path, CACHED_SHARDS + 1, 10)
    every = [*range(CACHED_SHARDS + 1)]
    assert read_anew(shards, every, monkeypatch) == every
    assert read_anew(shards, every[:0:-1], monkeypatch) == []
    assert read_anew(shards, [0], monkeypatch) == [0]


@pytest.mark.parametrize(("characters", "kept"), [(100, 4), (200, 3), (100_000, 2)])
def test_of_large_files_so_many_are_kept_as_have_few_bytes_and_two_always(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, characters: int, kept: int
) -> None:
    monkeypatch.setattr(module, "CACHED_BYTES", 600)
    shards = filled(tmp_path, 7, characters)
    every = [*range(7)]
    assert read_anew(shards, every, monkeypatch) == every
    assert read_anew(shards, every[: -kept - 1 : -1], monkeypatch) == []
    assert read_anew(shards, [every[-kept - 1]], monkeypatch) == [every[-kept - 1]]
