"""A folder of label files as the archive that a format of several files is read from."""

from __future__ import annotations

import io
import os
import stat
import zipfile
from contextlib import ExitStack
from typing import TYPE_CHECKING

from tui_labeler.bounded import READING, NoFileError, TooLargeError, content
from tui_labeler.engine.errors import InputError
from tui_labeler.held_folders import IsLinkError, held

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tui_labeler.held_folders import HeldFolder

_WHEN = (1980, 1, 1, 0, 0, 0)
"""The first moment that a ZIP archive knows: the same folder gives the same bytes."""


def packed(folder: Path, most_files: int, most_bytes: int) -> bytes:
    """The files of a folder and of those in it, as a ZIP archive.

    Links are not followed, one that is put there meanwhile as little as any; what is hidden is left where it
    is. Raises ``OSError``, and ``InputError`` for more files, or bytes in all of them, than are read.
    """
    archived = io.BytesIO()
    size = count = 0
    try:
        with held(folder) as top, zipfile.ZipFile(archived, "w") as archive:
            for parts, within, names in _folders(top):
                for name in names:
                    data = _regular(within, name, most_bytes - size)
                    if data is not None:
                        size, count = size + len(data), count + 1
                        if count > most_files:
                            raise _too_much(folder, most_files, most_bytes)
                        archive.writestr(zipfile.ZipInfo("/".join([*parts, name]), _WHEN), data)
    except TooLargeError:
        raise _too_much(folder, most_files, most_bytes) from None
    return archived.getvalue()


def _folders(top: HeldFolder) -> Iterator[tuple[list[str], HeldFolder, list[str]]]:
    """Each folder from ``top`` downwards: the way to it, itself, and the names of what is no folder in it.

    One below that can't be entered is left out, as is a link that came in the place of one.
    """
    waiting: list[list[str]] = [[]]
    while waiting:
        parts = waiting.pop()
        with ExitStack() as opened:
            try:
                folder = opened.enter_context(top.below(parts))
                inner, names = folder.entries()
            except OSError:
                if not parts:
                    raise
                continue
            waiting += [[*parts, name] for name in sorted(filter(_is_seen, inner), reverse=True)]
            yield parts, folder, sorted(filter(_is_seen, names))


def _is_seen(name: str) -> bool:
    return not name.startswith(".")


def _regular(folder: HeldFolder, name: str, most: int) -> bytes | None:
    """The bytes of a file; ``None`` for what is none. Raises ``OSError`` and ``TooLargeError``."""
    # Opening some devices does something, so they are not opened.
    if not stat.S_ISREG(folder.status(name).st_mode):
        return None
    try:
        handle = folder.open(name, READING)
    except IsLinkError:
        return None
    try:
        return content(handle, most)[0]
    except NoFileError:
        return None
    finally:
        os.close(handle)


def _too_much(folder: Path, most_files: int, most_bytes: int) -> InputError:
    return InputError(
        f"{folder} holds more than {most_files:,} files or {most_bytes:,} bytes.",
        hint="Name the folder that holds the label files and nothing else, or part it.",
    )
