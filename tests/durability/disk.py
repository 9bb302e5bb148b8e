"""A disk that keeps what it was told to keep, and nothing else: what the next loss of power leaves."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest


class _Content(NamedTuple):
    size: int
    changed: int
    """Nanoseconds, by the file system's clock."""


@dataclass
class Disk:
    """Follows the syncs of this process."""

    contents: dict[int, _Content] = field(default_factory=dict)
    """What files held when they were last synced, by inode."""
    names: dict[int, dict[str, int]] = field(default_factory=dict)
    """What folders held when they were last synced, by the folder's inode: inodes by name."""

    def follow(self, patch: pytest.MonkeyPatch) -> None:
        for name in ("fsync", "fdatasync"):
            patch.setattr(os, name, self._noting(getattr(os, name)))

    def _noting(self, sync: Callable[[int], None]) -> Callable[[int], None]:
        def noted(descriptor: int) -> None:
            sync(descriptor)
            status = os.fstat(descriptor)
            if stat.S_ISDIR(status.st_mode):
                with os.scandir(descriptor) as entries:
                    self.names[status.st_ino] = {entry.name: entry.inode() for entry in entries}
            else:
                self.contents[status.st_ino] = _Content(status.st_size, status.st_mtime_ns)

        return noted

    def has_all(self, root: Path) -> None:
        """What stands below ``root`` is on the disk: here and now. Empty files, locks mostly, may be gone,
        and so may caches."""
        for folder, folders, names in os.walk(root):
            # Nothing is lost with it, and what it holds is checked when it is read.
            folders[:] = [name for name in folders if name != "cache"]
            there = self.names.get(Path(folder).stat().st_ino, {})
            for name in (*folders, *names):
                path = Path(folder) / name
                status = path.lstat()
                if path.is_file() and not status.st_size:
                    continue
                assert there.get(name) == status.st_ino, f"the name of {path} is not on the disk"
                if path.is_file():
                    held = self.contents.get(status.st_ino)
                    now = _Content(status.st_size, status.st_mtime_ns)
                    assert held == now, f"what {path} holds is not on the disk"
