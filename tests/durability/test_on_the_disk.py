"""What is told as done is on the disk by then, its name too: no loss of power takes it back."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from tests.adapters.store.test_journal import filled, transaction
from tests.adapters.store.test_models import card, model
from tests.cli.conftest import cli, labels_file, letters
from tests.durability.disk import Disk
from tui_labeler.domain.jobs import Usage
from tui_labeler.engine.adapters.folder import FolderContainer
from tui_labeler.engine.adapters.folder_shelf.shelf import FolderShelf
from tui_labeler.engine.adapters.store import journal
from tui_labeler.engine.adapters.store.answers import FileAnswerStore
from tui_labeler.engine.adapters.store.files import replace_file
from tui_labeler.engine.adapters.store.lines import append_lines
from tui_labeler.engine.adapters.store.models import FolderModelStore
from tui_labeler.engine.adapters.store.requests import FileRequestLog
from tui_labeler.engine.deployments.chat import Finish, KeptReply, Reply
from tui_labeler.labels_on_disk import write_folder
from tui_labeler.whole_files import write_whole

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Cli

__all__ = ["cli", "labels_file", "letters"]


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    disk = Disk()
    disk.follow(monkeypatch)
    return disk


def test_a_file_that_was_written_or_replaced(disk: Disk, tmp_path: Path) -> None:
    for content in (b"one", b"two"):
        replace_file(tmp_path / "a.json", content)
        disk.has_all(tmp_path)


def test_lines_that_were_appended(disk: Disk, tmp_path: Path) -> None:
    for number in range(3):
        append_lines(tmp_path / "events.jsonl", [{"number": number}])
        disk.has_all(tmp_path)


def test_decisions_in_every_segment_of_the_journal(
    disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "SEGMENT_SIZE", 500)
    written, position = filled(tmp_path / "journal", 1)
    for seq in range(2, 12):
        position = written.append(position, transaction(seq))
        disk.has_all(tmp_path)
    assert len(written.segments()) > 2


async def test_answers_of_deployments_and_the_requests_that_were_sent(disk: Disk, tmp_path: Path) -> None:
    answers = FileAnswerStore(tmp_path / "answers", "job-1")
    log = FileRequestLog(tmp_path / "requests.jsonl", lambda: "2026-11-21T09:00:00.000Z")
    for number in range(3):
        log.sent("a.txt", Usage(), 1)
        log.sync()
        await answers.keep(f"{number:064x}", KeptReply(Reply("{}", Finish.STOP, Usage()), "job"))
        disk.has_all(tmp_path)
    log.close()
    await answers.close()


async def test_a_model_and_the_one_in_its_place(disk: Disk, tmp_path: Path) -> None:
    store = FolderModelStore(tmp_path / "models")
    for words in ("Ann", "Bob"):
        await store.save(card("m"), model(**{words: "c1"}))
        disk.has_all(tmp_path)


async def test_documents_and_files_that_are_put_into_a_folder(disk: Disk, tmp_path: Path) -> None:
    await FolderContainer(tmp_path).add("new.txt", b"text")
    disk.has_all(tmp_path)
    shelf = FolderShelf(tmp_path)
    for etag in (None, await shelf.put(".tui-labeler/p/a.json", b"1", etag=None)):
        await shelf.put(f".tui-labeler/p/{'b' if etag is None else 'a'}.json", b"2", etag=etag)
        disk.has_all(tmp_path)


def test_exports(disk: Disk, tmp_path: Path) -> None:
    for content in (b"one", b"two"):
        write_whole(tmp_path / "labels.json", content)
        disk.has_all(tmp_path)
        write_folder(tmp_path / "labels", {"a.txt": content, "sub/b.txt": content}, overwrite=True)
        disk.has_all(tmp_path)


def test_all_that_commands_leave_in_a_home(disk: Disk, cli: Cli, letters: Path, labels_file: Path) -> None:
    more = letters.parent / "more.jsonl"
    more.write_text(json.dumps({"location": "new.txt", "text": "Ann Lee.", "spans": []}) + "\n")
    endpoint = ("--kind", "openai", "--endpoint", "http://127.0.0.1:9", "--deployment", "m")
    place = ("--category", "Person", "--offset", "0", "--length", "6")
    # What was there before is there; from here on it is the program's.
    asyncio.run(FolderShelf(letters).put(".tui-labeler/x.json", b"x", etag=None))
    for command in (
        ("project", "create", "letters", "--kind", "ner", "--container", str(letters)),
        ("import", "letters", str(labels_file)),
        ("import", "letters", str(more), "--add-documents"),
        ("label", "letters", "letter09.txt", *place),
        ("undo", "letters"),
        ("category", "rename", "letters", "Town", "--to", "Place"),
        ("document", "set", "letters", "letter09.txt", "--dataset", "test"),
        ("resource", "add", "local", *endpoint),
        ("sync", "letters", "--share"),
    ):
        assert cli(*command).code == 0, command
        disk.has_all(cli.home)
        disk.has_all(letters / ".tui-labeler")
    for purge in ((), ("--purge",)):
        assert cli("project", "delete", "letters", "--yes", *purge).code == 0
        disk.has_all(cli.home)
        for name in ("projects", "deleted"):
            folder = cli.home / name
            left = {path.name for path in folder.iterdir()}
            assert disk.names[folder.stat().st_ino].keys() == left
        if not purge:
            create = ("project", "create", "letters", "--kind", "ner", "--container", str(letters))
            assert cli(*create).code == 0
    assert (letters / "new.txt").stat().st_ino == disk.names[letters.stat().st_ino]["new.txt"]
