"""Claims of single questions: a byte of one file each, locked by the process that asks it."""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import sys
from typing import TYPE_CHECKING

from tui_labeler.engine.adapters.store.files import make_folder, storage_errors

if TYPE_CHECKING:
    from pathlib import Path

_DIGITS = 15
"""Hexadecimal digits of a key that are its place in the file: 60 bits of what a place may have, 63."""

_TAKEN = (errno.EAGAIN, errno.EACCES)


class ClaimFile:
    """Says which keys some process is at work on.

    The kernel frees what a process has claimed when it dies, whatever kills it. Nothing is written: the file
    stays empty, and a claim costs one call of the system.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None
        self._own: set[int] = set()

    def take(self, key: str) -> bool:
        """Claims a key (hexadecimal) unless somebody else has. Raises ``StorageError``."""
        place = _place(key)
        if not self._lock(self._opened(), place, fcntl.F_WRLCK):
            return False
        self._own.add(place)
        return True

    def give_back(self, key: str) -> None:
        place = _place(key)
        self._own.discard(place)
        if self._descriptor is not None:
            self._lock(self._descriptor, place, fcntl.F_UNLCK)

    def is_taken(self, key: str) -> bool:
        """Whether somebody else has claimed a key. Raises ``StorageError``."""
        if _place(key) in self._own or (self._descriptor is None and not self._path.exists()):
            return False
        if not self.take(key):
            return True
        self.give_back(key)
        return False

    def close(self) -> None:
        """Gives all back."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
            self._own.clear()

    def _opened(self) -> int:
        if self._descriptor is None:
            make_folder(self._path.parent)
            with storage_errors(self._path):
                self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        return self._descriptor

    def _lock(self, descriptor: int, place: int, what: int) -> bool:
        with storage_errors(self._path):
            try:
                if sys.platform == "linux":
                    # Of the open file, as flock's: two in one process exclude each other too.
                    asked = struct.pack("hhqqi4x", what, os.SEEK_SET, place, 1, 0)
                    fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, asked)
                else:
                    how = fcntl.LOCK_UN if what == fcntl.F_UNLCK else fcntl.LOCK_EX | fcntl.LOCK_NB
                    fcntl.lockf(descriptor, how, 1, place, os.SEEK_SET)
            except OSError as error:
                if error.errno in _TAKEN:
                    return False
                raise
        return True


def _place(key: str) -> int:
    return int(key[:_DIGITS], 16)
