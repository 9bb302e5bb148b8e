"""What lies in the folder of a split from before: whoever trains on all that is there would take it too."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_labeler.bounded import READING, NoFileError, TooLargeError, content
from tui_labeler.engine.errors import InputError
from tui_labeler.engine.exports.earlier_splits import files_of, possible_files
from tui_labeler.engine.exports.split_export import CARD
from tui_labeler.engine.imports.plans import Skipped
from tui_labeler.held_folders import HeldFolder, IsLinkError, held

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

_MOST_CARD = 50_000_000
"""Bytes of a data card that is read; one with a thousand categories and many notes has a few million."""

_FROM_BEFORE = "is there from before and is of no part of this split; what trains on the folder may take it"


@dataclass(frozen=True, slots=True)
class EarlierParts:
    """Files named as a part's that the new split does not write."""

    ours: tuple[str, ...] = ()
    """Those that the folder's data card is about."""
    others: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[Skipped, ...]:
        return tuple(Skipped(name, _FROM_BEFORE) for name in self.others)


def earlier_parts(path: Path, new: Collection[str]) -> EarlierParts:
    """What is in the folder ``path`` from before, where ``new`` are the names that are to be written.

    Raises ``InputError`` where the folder can't be read.
    """
    if not path.is_dir():
        return EarlierParts()
    try:
        with held(path) as folder:
            there = possible_files().intersection(folder.entries()[1]).difference(new)
            if not there:
                return EarlierParts()
            written = files_of(_card(folder))
            ours = {name for name in there & written if stat.S_ISREG(folder.status(name).st_mode)}
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}", hint="Name another folder.") from error
    return EarlierParts(tuple(sorted(ours)), tuple(sorted(there - ours)))


def _card(folder: HeldFolder) -> bytes:
    """The data card of a split; empty where there is none that can be one."""
    name = f"{CARD}.json"
    try:
        if not stat.S_ISREG(folder.status(name).st_mode):
            return b""
        handle = folder.open(name, READING)
    except (FileNotFoundError, IsLinkError):
        return b""
    try:
        return content(handle, _MOST_CARD)[0]
    except (NoFileError, TooLargeError):
        return b""
    finally:
        os.close(handle)
