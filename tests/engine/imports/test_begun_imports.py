"""An import whose process dies while it writes is finished when the project is opened next."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import Bench, saved
from tui_labeler.engine import label_files
from tui_labeler.engine.actions import TAKEN_IN
from tui_labeler.engine.adapters.folder import FolderContainer
from tui_labeler.engine.errors import ConflictError, ContainerError, LockedError, UnreachableError
from tui_labeler.engine.handover.replacing import Replaced, replaces, replacing
from tui_labeler.engine.imports import journal as import_journal
from tui_labeler.engine.imports.journal import Merging
from tui_labeler.engine.label_files import LabelFiles

if TYPE_CHECKING:
    from pathlib import Path

    from tui_labeler.engine.session import ProjectSession

COUNT = 12
ROWS = [
    {"text": f"Ann and Bob number {n}", "spans": [{"start": 0, "end": 3, "label": "Person"}]}
    for n in range(COUNT)
]
DATA = "".join(json.dumps(row) + "\n" for row in ROWS).encode()
OTHER = {"text": "Cleo came late", "spans": [{"start": 0, "end": 4, "label": "Person"}]}
MORE = "".join(json.dumps(row) + "\n" for row in (ROWS[5], OTHER)).encode()


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
    assert session.label_files.journal._imports is not None
    with monkeypatch.context() as patched:
        killed_after(patched, count)

        async def kept() -> None:
            """A process that is dead forgets nothing."""

        patched.setattr(session.label_files.journal._imports, "forget", kept)
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


async def test_a_container_that_never_answers_holds_nobody_up(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await begun(bench, monkeypatch, 3)
    session = await bench.workbench().open("Test")
    said: list[str] = []
    address = session.documents.container.address
    plan = await session.label_files.plan(MORE, "y.jsonl", "jsonl", add_documents=True)

    async def silent(self: FolderContainer, name: str) -> tuple[bytes, str]:
        await asyncio.Event().wait()
        raise AssertionError

    with monkeypatch.context() as patched:
        patched.setattr(FolderContainer, "fetch", silent)
        patched.setattr(import_journal, "PATIENCE", 0.01)
        assert await session.label_files.finish_begun(say=said.append) is None
        with pytest.raises(LockedError, match=r"x\.jsonl, which was interrupted, is to be finished first"):
            await session.label_files.apply(plan)
    assert said == [f"An import that was interrupted waits to be finished: {address} does not answer."]
    assert await session.label_files.finish_begun(say=said.append) is not None
    assert said[1:] == ["An import that was interrupted is finished: 12 labels and 9 new documents came in."]


async def test_one_that_waits_is_finished_before_the_next_begins(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await begun(bench, monkeypatch, 3)
    session = await bench.workbench().open("Test")
    said: list[str] = []
    done = await session.label_files.read(MORE, "y.jsonl", "jsonl", add_documents=True, say=said.append)
    assert (done.labels, len(done.added)) == (1, 1)
    assert done.unchanged == 1, "the text that both files hold is one document"
    assert said == ["An import that was interrupted is finished: 12 labels and 9 new documents came in."]
    assert len(session.documents.select()) == 2 + COUNT + 1
    assert await session.label_files.finish_begun() is None


async def test_one_that_can_not_be_finished_is_told_of_and_forgotten(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await begun(bench, monkeypatch, 3)
    session = await bench.workbench().open("Test")
    said: list[str] = []

    async def taken(self: FolderContainer, name: str, content: bytes) -> str:
        raise ConflictError("All names are taken.")

    with monkeypatch.context() as patched:
        patched.setattr(FolderContainer, "add", taken)
        assert await session.label_files.finish_begun(say=said.append) is None
    assert said == ["An import that was interrupted can't be finished: All names are taken."]
    assert await session.label_files.finish_begun(say=said.append) is None
    assert len(said) == 1


@pytest.mark.parametrize("at", range(1, 7))
async def test_labels_that_take_the_place_of_others_come_in_as_a_whole(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    session = await bench.create(6)
    names = [row.location for row in session.documents.select()]
    texts = [(bench.documents / name).read_text() for name in names]
    before = dict.fromkeys(names, ("Old", 0, 2))
    after = dict.fromkeys(names, ("New", 0, 3))
    assert all(len(text) > 3 for text in texts)
    await session.label_files.read(aml(before), "old.jsonl", "aml")
    monkeypatch.setattr(label_files, "BATCH", 1)
    with monkeypatch.context() as patched:
        commit, left = LabelFiles._commit, [at]

        async def dying(self: LabelFiles, *arguments: Any) -> Any:
            if not left[0]:
                raise DeadError
            left[0] -= 1
            return await commit(self, *arguments)

        async def kept() -> None:
            """A process that is dead forgets nothing."""

        patched.setattr(LabelFiles, "_commit", dying)
        patched.setattr(session.label_files.journal._imports, "forget", kept)
        with pytest.raises(DeadError):
            await session.label_files.read(aml(after), "new.jsonl", "aml", merging=replaced())
    await session.close()
    session = await bench.workbench().open("Test")
    session.label_files.journal.know(TAKEN_IN, replaced)
    assert await session.label_files.finish_begun() is not None
    assert {name: meanings(session, name) for name in names} == {n: [after[n]] for n in names}
    await session.history.undo()
    assert {name: meanings(session, name) for name in names} == {n: [before[n]] for n in names}


def replaced() -> Merging:
    return Merging(TAKEN_IN, partial(replacing, Replaced()), replaces)


def aml(labels: dict[str, tuple[str, int, int]]) -> bytes:
    rows = [
        {
            "image_url": f"AmlDatastore://workspaceblobstore/{name}",
            "label": [{"label": category, "offsetStart": start, "offsetEnd": end}],
            "label_confidence": [1.0],
        }
        for name, (category, start, end) in labels.items()
    ]
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def meanings(session: ProjectSession, name: str) -> list[tuple[str, int, int]]:
    return [
        (category, span.start, span.start + span.length) for category, span in saved(session, name) if span
    ]


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
    assert session.label_files.journal._imports is not None
    async with session.label_files.journal._imports.held():
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
