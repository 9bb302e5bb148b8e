"""The format of a home folder, and the steps from one format to the next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from tui_labeler.engine.adapters.store.files import make_folder, replace_file, storage_errors
from tui_labeler.engine.adapters.store.locks import FileLock
from tui_labeler.engine.errors import StorageError
from tui_labeler.engine.ports.state import HOME_FORMAT
from tui_labeler.engine.typed import decode

FORMAT = HOME_FORMAT

Step = Callable[[Path], None]

STEPS: Mapping[int, Step] = {}
"""``STEPS[n]`` brings a home from format ``n`` to ``n + 1``. A step may be run again after a crash."""


def read_format(home: Path) -> int | None:
    """The format of a home; ``None`` for one that holds nothing. Raises ``StorageError``."""
    path = home / "home.json"
    with storage_errors(path):
        if not path.exists():
            return None
        data = path.read_bytes()
    try:
        return decode(data, dict[str, int])["format"]
    except (msgspec.MsgspecError, UnicodeDecodeError, KeyError) as error:
        raise StorageError(
            f"{path} does not say which format the home has",
            hint=f'Write {{"format": {FORMAT}}} into it if the home was made by this version.',
        ) from error


def bring_up_to_date(home: Path, *, target: int = FORMAT, steps: Mapping[int, Step] = STEPS) -> None:
    """Migrates a home step by step, under a lock; a new home gets the newest format.

    Raises ``StorageError`` for a home that a newer version made, or that can't be written.
    """
    if read_format(home) == target:
        return
    make_folder(home)
    with FileLock(home / "projects.lock").held():
        current = read_format(home)
        if current is None:
            current = target
        _check_known(home, current, target)
        for number in range(current, target):
            if number not in steps:
                raise StorageError(
                    f"{home / 'home.json'} says format {current}, which no version has written",
                    hint=f'Write {{"format": {FORMAT}}} into it if the home was made by this version.',
                )
            steps[number](home)
            _write(home, number + 1)
        _write(home, target)


def check_format(home: Path) -> None:
    """Before something is written: a newer version may have taken the home over since it was opened.

    Raises ``StorageError``.
    """
    number = read_format(home)
    if number is not None:
        _check_known(home, number, FORMAT)


def _check_known(home: Path, number: int, target: int) -> None:
    if number > target:
        raise StorageError(
            f"{home} has format {number}; this version knows formats up to {target}",
            hint="Update tui-labeler, or choose another home with --home.",
        )


def _write(home: Path, number: int) -> None:
    replace_file(home / "home.json", msgspec.json.encode({"format": number}) + b"\n")
