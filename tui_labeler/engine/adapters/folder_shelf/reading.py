"""Files of a shelf found and read, without following a link.

``root`` is the container's folder. All of these block; the shelf calls them in a thread.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import groupby
from typing import TYPE_CHECKING

from tui_labeler.bounded import READING, NoFileError, TooLargeError, content
from tui_labeler.engine.adapters.folder_shelf.names import LOCK, WRITING, parts_of
from tui_labeler.engine.adapters.folder_shelf.refusals import NO_FILE, no_folder, refusals, refuse_closed
from tui_labeler.engine.documents.names import is_text
from tui_labeler.engine.errors import UnreadableError
from tui_labeler.engine.ports import Blob
from tui_labeler.held_folders import HeldFolder, IsLinkError, held

if TYPE_CHECKING:
    from pathlib import Path

LARGEST = 64 * 1024 * 1024
"""Bytes; a larger file is refused rather than read into memory."""

DEEPEST = 16
"""Folders below each other in which files are looked for."""


def mark_of(content: bytes) -> str:
    """What a file is compared by: a hash of its content."""
    return hashlib.sha256(content).hexdigest()[:32]


def names_of(root: Path, prefix: str) -> list[str]:
    """The files whose names begin with ``prefix``, sorted. Walks from the deepest folder that it names.

    Raises ``ContainerError``.
    """
    start = prefix.rpartition("/")[0]
    top = parts_of(start) if start else []
    found: list[str] = []
    with refusals(root, prefix):
        if not root.is_dir():
            raise no_folder(root)
        for folder, names in _folders(root, top):
            within = "".join(f"{part}/" for part in folder)
            found += [within + name for name in names if name not in (LOCK, WRITING)]
    return sorted(name for name in found if name.startswith(prefix) and is_text(name))


def look(root: Path, names: list[str]) -> list[Blob]:
    """What a listing tells of files, by their sorted names. Raises ``ContainerError``."""
    blobs: list[Blob] = []
    for folders, together in groupby(names, key=lambda name: name.rpartition("/")[0]):
        with refusals(root, folders), above(root, [*folders.split("/"), ""] if folders else [""]) as folder:
            for name in together if folder else ():
                blobs += _blob(root, folder, name)
    return blobs


def content_of(root: Path, parts: list[str], name: str) -> bytes | None:
    """``None`` for what is no file, or not there.

    Raises ``ContainerError``, and ``UnreadableError`` for one that is closed.
    """
    with refusals(root, name), above(root, parts) as folder:
        return read(root, folder, parts[-1], name)


@contextmanager
def above(root: Path, parts: list[str], *, make: bool = False) -> Iterator[HeldFolder | None]:
    """The folder that holds a file; ``None`` where there is none. Raises ``OSError``."""
    with ExitStack() as opened:
        try:
            folder = opened.enter_context(held(root, parts[:-1], make=make))
        except OSError as error:
            if make or isinstance(error, IsLinkError):
                raise
            if isinstance(error, PermissionError):
                refuse_closed(root, error, "/".join(parts[:-1]))
            if error.errno not in NO_FILE or not root.is_dir():
                raise
            folder = None
        yield folder


def read(root: Path, folder: HeldFolder | None, last: str, name: str) -> bytes | None:
    """As :func:`content_of`, in a folder that is held. Raises ``OSError`` too."""
    if folder is None:
        return None
    try:
        handle = folder.open(last, READING)
    except OSError as error:
        if error.errno in NO_FILE and root.is_dir():
            return None
        if isinstance(error, PermissionError):
            refuse_closed(root, error, name)
        raise
    try:
        return content(handle, LARGEST)[0]
    except NoFileError:
        return None
    except TooLargeError as error:
        raise UnreadableError(
            f"{name} in {root} has {error.size:,} bytes; at most {LARGEST:,} are read",
            hint="Nothing of this program is so large: see who put it there.",
        ) from None
    finally:
        os.close(handle)


def _blob(root: Path, folder: HeldFolder | None, name: str) -> list[Blob]:
    """What a listing tells of a file; nothing where it is gone, or is none."""
    last = name.rpartition("/")[2]
    try:
        content = read(root, folder, last, name)
    except UnreadableError:
        return _outside(folder, last, name)
    return [] if content is None else [Blob(name, len(content), mark_of(content), is_document=False)]


def _outside(folder: HeldFolder | None, last: str, name: str) -> list[Blob]:
    """What a listing tells of a file that can't be read; nothing where it is gone."""
    with suppress(FileNotFoundError):
        if folder is not None:
            status = folder.status(last)
            mark = f"{status.st_mode:x}-{status.st_mtime_ns:x}-{status.st_size:x}-{status.st_ino:x}"
            return [Blob(name, status.st_size, mark, is_document=False)]
    return []


def _folders(root: Path, top: list[str]) -> Iterator[tuple[list[str], list[str]]]:
    """Each folder from ``top`` downwards, and the names of what is no folder in it.

    Links are not followed, so that none leads out of the folder; what lies deeper than anything of this
    program is left alone. Raises ``OSError``.
    """
    waiting = [top]
    while waiting:
        parts = waiting.pop()
        with suppress(FileNotFoundError), held(root, parts) as folder:
            inner, names = folder.entries()
            if len(parts) - len(top) < DEEPEST:
                waiting += [[*parts, name] for name in inner]
            yield parts, names
