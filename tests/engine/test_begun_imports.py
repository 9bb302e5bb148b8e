"""An import whose process dies while it writes is finished when the project is opened next."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.builders import Bench, saved
from tui_labeler.engine.adapters.folder import FolderContainer
from tui_labeler.engine.errors import ContainerError, LockedError, UnreachableError

if TYPE_CHECKING:
    from pathlib import Path

COUNT = 12
ROWS = [
    {"text": f"Ann and Bob number {n}", "spans": [{"start": 0, "end": 3, "label": "Person"}]}
    for n in range(COUNT)
]
DATA = "".join(json.dumps(row) + "\n" for row in ROWS).encode()


class DeadError(BaseException):
    """In place of a kill: nothing that the import does at its end may run."""


def killed_after(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """The process dies before text number ``count`` is written, and its note stays as it is."""
    add = FolderContainer.add
    left = [count]

    async def dying(self: FolderContainer, name: str, content: bytes) -> str:
        if not left[0]:
            raise DeadError
        left[0] -= 1
        return await add(self, name, content)

    monkeypatch.setattr(FolderContainer, "add", dying)


async def begun(bench: Bench, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    session = await bench.create(2)
    assert session.label_files._imports is not None
    with monkeypatch.context() as patched:
        killed_after(patched, count)

        async def kept() -> None:
            """A process that is dead forgets nothing."""

        patched.setattr(session.label_files._imports, "forget", kept)
        with pytest.raises(DeadError):
            await session.label_files.read(DATA, "x.jsonl", "jsonl", add_documents=True)
    await session.close()


@pytest.mark.parametrize("count", [0, 1, 7, COUNT - 1])
async def test_what_was_begun_is_finished_by_who_opens_the_project(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    await begun(bench, monkeypatch, count)
    session = await bench.workbench("bo").open("Test")
    await session.documents.sync()
    done = await session.label_files.finish_begun()
    assert done is not None
    rows = session.documents.select()
    assert len(rows) == 2 + COUNT
    assert sum(len(saved(session, row.location)) for row in rows) == COUNT
    assert done.labels == COUNT
    assert len(list(bench.documents.iterdir())) == 2 + COUNT
    assert await session.label_files.finish_begun() is None


async def test_one_whose_container_is_away_waits(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    await begun(bench, monkeypatch, 3)
    session = await bench.workbench().open("Test")

    async def away(self: FolderContainer, name: str, content: bytes) -> str:
        raise UnreachableError("it is gone", hint="")

    with monkeypatch.context() as patched:
        patched.setattr(FolderContainer, "add", away)
        assert await session.label_files.finish_begun() is None
    done = await session.label_files.finish_begun()
    assert done is not None
    assert done.labels == COUNT


async def test_an_import_that_fails_by_itself_is_not_tried_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await bench.create(2)

    async def full(self: FolderContainer, name: str, content: bytes) -> str:
        raise ContainerError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(FolderContainer, "add", full)
        with pytest.raises(ContainerError):
            await session.label_files.read(DATA, "x.jsonl", "jsonl", add_documents=True)
    assert await session.label_files.finish_begun() is None


async def test_two_imports_do_not_write_at_once(bench: Bench) -> None:
    session = await bench.create(2)
    other = await bench.workbench("bo").open("Test")
    assert session.label_files._imports is not None
    async with session.label_files._imports.held():
        with pytest.raises(LockedError):
            await other.label_files.read(DATA, "x.jsonl", "jsonl", add_documents=True)
        assert await other.label_files.finish_begun() is None


WRITER = """
import os, pathlib, signal, sys
from tui_labeler.engine.adapters import folder
folder.os.link = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
folder.FolderContainer(pathlib.Path(sys.argv[1]))._add("a.txt", b"a")
"""


def test_what_a_killed_process_left_is_cleaned_by_the_next_that_writes(tmp_path: Path) -> None:
    ended = subprocess.run([sys.executable, "-c", WRITER, str(tmp_path)], check=False, env={**os.environ})
    assert ended.returncode == -signal.SIGKILL
    assert [path.suffix for path in tmp_path.iterdir()] == [".tmp"]
    (tmp_path / ".00000000-1-00000000.tmp").write_bytes(b"of another machine")
    asyncio.run(FolderContainer(tmp_path).add("b.txt", b"b"))
    assert sorted(path.name for path in tmp_path.iterdir()) == [".00000000-1-00000000.tmp", "b.txt"]
