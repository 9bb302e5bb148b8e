"""Keeping what a repair replaces, under a name that nothing else has."""

from __future__ import annotations

import errno
import filecmp
import os
from itertools import count
from typing import TYPE_CHECKING

from tui_labeler.engine.adapters.store.files import PUT_ASIDE, replace_file, storage_errors, sync_folder

if TYPE_CHECKING:
    from pathlib import Path

_NO_SECOND_NAMES = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})
"""What link(2) says where a file system has none."""


def keep(path: Path) -> Path:
    """A second name for a file, which stays in place to be replaced in one step.

    Where there is one with the same content, that an earlier attempt left for instance, it is that one.
    Raises ``StorageError``.
    """
    aside = _free_name(path)
    with storage_errors(aside):
        if aside.exists():
            return aside
        try:
            os.link(path, aside)
        except OSError as error:
            if error.errno not in _NO_SECOND_NAMES:
                raise
            replace_file(aside, path.read_bytes())
        sync_folder(path.parent)
    return aside


def move(path: Path) -> Path:
    """Takes a file out of the way and returns its new name. Raises ``StorageError``."""
    aside = _free_name(path)
    with storage_errors(path):
        path.replace(aside)
        sync_folder(path.parent)
    return aside


def _free_name(path: Path) -> Path:
    names = (path.name + PUT_ASIDE + (f"-{number}" if number > 1 else "") for number in count(1))
    with storage_errors(path):
        return next(
            aside
            for aside in map(path.with_name, names)
            if not os.path.lexists(aside) or (aside.is_file() and filecmp.cmp(aside, path, shallow=False))
        )
