"""The shelf in a folder: what others call."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tui_labeler.engine.adapters.folder_shelf.names import WRITING, parts_of
from tui_labeler.engine.adapters.folder_shelf.reading import above, content_of, look, mark_of, names_of, read
from tui_labeler.engine.adapters.folder_shelf.refusals import refusals
from tui_labeler.engine.adapters.folder_shelf.turns import anew, turn
from tui_labeler.engine.adapters.store.files import write_all
from tui_labeler.engine.errors import NotFoundError, OutdatedError, UnreadableError
from tui_labeler.held_folders import held

if TYPE_CHECKING:
    from tui_labeler.engine.ports import Blob

CHUNK = 500
"""Files looked at in one go while listing."""


@dataclass(frozen=True, slots=True)
class FolderShelf:
    """A :class:`~tui_labeler.engine.ports.Shelf` in a folder.

    A file's mark is the hash of its content. Writers on any machine take turns by a kernel lock on a file at
    the shelf's root, so that nobody writes over what they have not read. Links are not followed.
    """

    path: Path
    """The container's root."""
    home: str = ".tui-labeler"
    """The folder in it that holds the lock, and whatever is not at the root."""

    async def files(self, prefix: str) -> AsyncIterator[Blob]:
        """See :meth:`~tui_labeler.engine.ports.Shelf.files`.

        What can't be read is listed with a mark of its outside.
        """
        names = await asyncio.to_thread(names_of, self.path, prefix)
        for first in range(0, len(names), CHUNK):
            for blob in await asyncio.to_thread(look, self.path, names[first : first + CHUNK]):
                yield blob

    async def dated(self, prefix: str) -> list[Blob]:
        """See :meth:`~tui_labeler.engine.ports.Shelf.dated`.

        The clock is the file system's, which for a network folder is its server's.
        """
        return await asyncio.to_thread(self._dated, prefix)

    async def get(self, name: str) -> tuple[bytes, str]:
        """See :meth:`~tui_labeler.engine.ports.Shelf.get`."""
        parts = parts_of(name)
        content = await asyncio.to_thread(content_of, self.path, parts, name)
        if content is None:
            raise NotFoundError(f"there is no file {name} in {self.path}")
        return content, mark_of(content)

    async def put(self, name: str, content: bytes, *, etag: str | None) -> str:
        """See :meth:`~tui_labeler.engine.ports.Shelf.put`."""
        await asyncio.to_thread(self._put, parts_of(name), name, content, etag)
        return mark_of(content)

    async def remove(self, name: str, *, etag: str) -> None:
        """See :meth:`~tui_labeler.engine.ports.Shelf.remove`."""
        await asyncio.to_thread(self._remove, parts_of(name), name, etag)

    # --- in a thread --------------------------------------------------------------------------------

    def _dated(self, prefix: str) -> list[Blob]:
        blobs = look(self.path, names_of(self.path, prefix))
        if not blobs:
            return []
        found: list[Blob] = []
        with refusals(self.path, prefix):
            now = self._now()
            for blob in blobs:
                *folders, last = blob.name.split("/")
                with suppress(FileNotFoundError), held(self.path, folders) as folder:
                    found.append(replace(blob, age=now - folder.status(last).st_mtime))
        return found

    def _now(self) -> float:
        """The file system itself says what time it is, by a file that is written for nothing else."""
        with turn(self.path, self.home) as home:
            handle = anew(home)
            try:
                return os.fstat(handle).st_mtime
            finally:
                os.close(handle)
                home.remove(WRITING)

    def _put(self, parts: list[str], name: str, content: bytes, etag: str | None) -> None:
        # Opened under the lock: while that was waited for, others may have put a link in a folder's place.
        with (
            refusals(self.path, name),
            turn(self.path, self.home),
            above(self.path, parts, make=etag is None) as folder,
        ):
            last = parts[-1]
            self._check(read(self.path, folder, last, name), name, etag)
            assert folder is not None, "made, or a file was read in it"
            if folder.has_folder(last):
                raise UnreadableError(
                    f"{name} in {self.path} is a folder", hint="See who put it there, and remove it."
                )
            handle = anew(folder)
            try:
                write_all(handle, content)
                os.fsync(handle)
            finally:
                os.close(handle)
            folder.replace(WRITING, last)
            folder.sync()

    def _remove(self, parts: list[str], name: str, etag: str) -> None:
        with refusals(self.path, name), turn(self.path, self.home), above(self.path, parts) as folder:
            content = read(self.path, folder, parts[-1], name)
            if folder is not None and content is not None:
                self._check(content, name, etag)
                folder.remove(parts[-1])
                folder.sync()

    def _check(self, there: bytes | None, name: str, etag: str | None) -> None:
        if (None if there is None else mark_of(there)) != etag:
            raise OutdatedError(
                f"{name} in {self.path} has been written by somebody else.", hint="Sync again."
            )
