"""Faults put in on purpose, each of which the harness has to find."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

from tui_labeler import runner
from tui_labeler.engine import label_files
from tui_labeler.engine.adapters.store import jobs, journal, project_store
from tui_labeler.engine.adapters.store.answers import FileAnswerStore
from tui_labeler.engine.adapters.store.files import encoded
from tui_labeler.engine.adapters.store.imports import FileImports
from tui_labeler.engine.imports.importing import importing

LATE = 0.4
"""Seconds between what is shown and what is written, where that comes second."""


def draws_first() -> None:
    """What is decided is on the screen, or told as done, before it is in the journal."""
    append, writer = journal.Journal.append, ThreadPoolExecutor(1)

    def later(self: journal.Journal, position: journal.Position, transaction: Any) -> journal.Position:
        def write() -> None:
            time.sleep(LATE)
            append(self, position, transaction)

        writer.submit(write)
        line = len(encoded(transaction)) + 1
        return journal.Position(position.segment, position.offset + line, transaction.seq)

    journal.Journal.append = later  # type: ignore[method-assign]
    journal._check_reach = lambda *_: None
    # A command that is done does not wait for it either.
    threading._register_atexit(os._exit, 0)  # type: ignore[attr-defined]


def no_sync() -> None:
    """Decisions are written, but not to the disk."""
    vars(journal)["os"] = SimpleNamespace(**{**vars(os), "fsync": lambda _: None})


def loses_last_line() -> None:
    """Whoever opens a project cuts its last decision off."""
    load = project_store.TinyProjectStore._load

    def cutting(self: project_store.TinyProjectStore) -> None:
        last = max(self.folder.glob("journal/*.jsonl"))
        lines = last.read_bytes().splitlines(keepends=True)
        # The project's own beginning stays.
        if len(lines) > 4:
            last.write_bytes(b"".join(lines[:-1]))
        load(self)

    project_store.TinyProjectStore._load = cutting  # type: ignore[method-assign]


def half_import() -> None:
    """Only the second half of what a file holds comes in."""
    whole = importing

    def half(batch: Any, incoming: Any, state: Any) -> Any:
        return whole(batch[len(batch) // 2 :], incoming, state)

    vars(label_files)["importing"] = half


def forgets_imports() -> None:
    """An import is not noted before it writes, so nobody finishes it."""

    async def note(self: FileImports, begun: object) -> None: ...

    FileImports.note = note  # type: ignore[method-assign]


def asks_again() -> None:
    """An answer that is kept is not found."""

    async def find(self: FileAnswerStore, key: str) -> None: ...

    FileAnswerStore.find = find  # type: ignore[method-assign]
    jobs.FileJobJournal.answered = property(lambda self: {})  # type: ignore[method-assign,assignment]


def leaves_process() -> None:
    """A runner starts a process that stays."""
    run = runner.main

    def leaving(arguments: list[str]) -> int:
        subprocess.Popen(["sleep", "300"], start_new_session=True)
        return run(arguments)

    runner.main = leaving


FAULTS: Mapping[str, Callable[[], None]] = {
    "draws-first": draws_first,
    "no-sync": no_sync,
    "loses-last-line": loses_last_line,
    "half-import": half_import,
    "forgets-imports": forgets_imports,
    "asks-again": asks_again,
    "leaves-process": leaves_process,
}
