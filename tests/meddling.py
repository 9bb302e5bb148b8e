"""What somebody else does to a file between a program's look at it and what the program does next."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

LOOKS = ("stat", "fstat")
"""By its name, and of the open file."""


def after_the_look(
    monkeypatch: pytest.MonkeyPatch, path: Path, change: Callable[[], object], look: str
) -> None:
    """``change`` is done once, right after the system has told of ``path`` by the function ``look``."""
    real = getattr(os, look)
    wanted = path.lstat().st_ino
    left = [change]

    def looking(*args: Any, **options: Any) -> os.stat_result:
        told: os.stat_result = real(*args, **options)
        if left and told.st_ino == wanted:
            left.pop()()
        return told

    monkeypatch.setattr(os, look, looking)


def grows(monkeypatch: pytest.MonkeyPatch, path: Path, look: str, size: int = 1 << 40) -> None:
    """The file has ``size`` bytes after the look, which take no room on the disk."""
    after_the_look(monkeypatch, path, lambda: os.truncate(path, size), look)
