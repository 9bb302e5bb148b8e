"""The import that is at work, in two files of the project's folder: what it is, and its labels file."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from tui_labeler.engine.adapters.store.files import (
    encoded,
    make_folder,
    remove_leftovers,
    replace_file,
    storage_errors,
)
from tui_labeler.engine.adapters.store.locks import FileLock, held_alone
from tui_labeler.engine.adapters.store.threads import to_the_end
from tui_labeler.engine.ports.imports import BegunImport
from tui_labeler.engine.typed import decode

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

PATIENCE = 0.2
"""Seconds to wait for another import, which may take its time."""


class FileImports:
    """A :class:`~tui_labeler.engine.ports.imports.BegunImports` in a folder.

    The labels file is written first and taken away last: where ``begun.json`` is, it is whole.
    """

    def __init__(self, folder: Path) -> None:
        """The folder is made when something is written; the one above it is the project's."""
        self._folder = folder
        self._begun = folder / "begun.json"
        self._data = folder / "labels"
        self._lock = FileLock(folder / "lock", project=folder.parent)

    def held(self) -> AbstractAsyncContextManager[None]:
        return held_alone(self._lock, PATIENCE, "A labels file is being imported into the project already.")

    async def note(self, begun: BegunImport) -> None:
        await to_the_end(self._note, begun)

    async def begun(self) -> BegunImport | None:
        return await asyncio.to_thread(self._read)

    async def forget(self) -> None:
        await to_the_end(self._forget)

    def _note(self, begun: BegunImport) -> None:
        make_folder(self._folder, project=self._folder.parent)
        remove_leftovers(self._folder)
        # What waited there belongs to other data.
        with storage_errors(self._begun):
            self._begun.unlink(missing_ok=True)
        replace_file(self._data, begun.data)
        said = {
            "filename": begun.filename,
            "format": begun.format,
            "choices": begun.choices,
            "add_documents": begun.add_documents,
            "action": begun.action,
            "group": begun.group,
            "data": b"",
        }
        replace_file(self._begun, encoded(said))

    def _read(self) -> BegunImport | None:
        with storage_errors(self._begun):
            try:
                said = decode(self._begun.read_bytes(), BegunImport)
                data = self._data.read_bytes()
            except FileNotFoundError:
                return None
            except msgspec.DecodeError:
                return None  # not written here: nothing is known of what it was to be
        return replace(said, data=data)

    def _forget(self) -> None:
        with storage_errors(self._begun):
            self._begun.unlink(missing_ok=True)
            self._data.unlink(missing_ok=True)
