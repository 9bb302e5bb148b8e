"""Append-only files of JSON lines: written to the disk before they count, read on from where one was."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tui_labeler.engine.adapters.store.files import encoded, storage_errors, sync_folder, write_all

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def append_lines(path: Path, items: Sequence[Any]) -> None:
    """Appends a JSON line each and syncs; a line that a crash cut off before is dropped first.

    Only the holder of the job's lock writes. Raises ``StorageError``.
    """
    data = b"".join(encoded(item) + b"\n" for item in items)
    with storage_errors(path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            end = whole_lines(descriptor)
            os.ftruncate(descriptor, end)
            os.lseek(descriptor, end, os.SEEK_SET)
            try:
                write_all(descriptor, data)
                os.fsync(descriptor)
            except OSError:
                os.ftruncate(descriptor, end)
                raise
        finally:
            os.close(descriptor)
        if not end:
            sync_folder(path.parent)


def whole_lines(descriptor: int) -> int:
    """Where the last whole line ends, in bytes."""
    end = os.fstat(descriptor).st_size
    while end:
        start = max(0, end - 65536)
        block = os.pread(descriptor, end - start, start)
        cut = block.rfind(b"\n")
        if cut >= 0:
            return start + cut + 1
        end = start
    return 0


def read_lines(path: Path, offset: int) -> Iterator[tuple[bytes, int]]:
    """The whole lines behind ``offset``, each with the offset behind it."""
    with storage_errors(path):
        try:
            file = path.open("rb")
        except FileNotFoundError:
            return
        with file:
            file.seek(offset)
            for line in file:
                if not line.endswith(b"\n"):
                    return
                offset += len(line)
                yield line, offset
