"""Files that are read no further than a limit, whatever they become between the look at them and the read.

Whoever else can write to a file may make it longer, or put something else in its place, after the look.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# O_NONBLOCK: opening a pipe would wait for its other end for ever.
READING = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC

_IS_LINK = frozenset({errno.ELOOP, errno.EMLINK})

_STEP = 1 << 16
"""Bytes that are read at a time from a file that has grown since it was looked at."""


class NoFileError(Exception):
    """What is no regular file; ``mode`` says what it is."""

    def __init__(self, mode: int) -> None:
        super().__init__(mode)
        self.mode = mode


class TooLargeError(Exception):
    """A file with more bytes than are read; ``size`` is how many it has."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


def check(status: os.stat_result, most: int) -> None:
    """Raises ``NoFileError``, and ``TooLargeError`` for more than ``most`` bytes."""
    if not stat.S_ISREG(status.st_mode):
        raise NoFileError(status.st_mode)
    if status.st_size > most:
        raise TooLargeError(status.st_size)


def content(handle: int, most: int) -> tuple[bytes, os.stat_result]:
    """All bytes of an open file, which stays open, and what was told of it before they were read.

    Raises ``OSError``, and as :func:`check`; for a file that grows meanwhile too.
    """
    status = os.fstat(handle)
    check(status, most)
    parts: list[bytes] = []
    # One more than it had: what has not grown comes in one part, which is not copied.
    left, step = most + 1, status.st_size + 1
    while left and (part := os.read(handle, min(step, left))):
        parts.append(part)
        left, step = left - len(part), _STEP
        # So that what has become too large is not read to the limit first.
        check(os.fstat(handle), most)
    if not left:
        raise TooLargeError(most + 1)
    return b"".join(parts), status


def read_file(path: Path, most: int, *, follow: bool = True) -> bytes:
    """All bytes of a file; with ``follow`` also of one that a link leads to.

    Raises ``OSError``, and as :func:`content`.
    """
    # Opening some devices does something, so they are not opened.
    check(path.stat(follow_symlinks=follow), most)
    try:
        handle = os.open(path, READING if follow else READING | os.O_NOFOLLOW)
    except OSError as error:
        if not follow and error.errno in _IS_LINK:
            raise NoFileError(stat.S_IFLNK) from error
        raise
    try:
        return content(handle, most)[0]
    finally:
        os.close(handle)
