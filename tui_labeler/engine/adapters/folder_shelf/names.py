"""What files on a shelf are called, and which names are its own."""

from __future__ import annotations

from tui_labeler.engine.documents.names import is_text
from tui_labeler.engine.errors import InputError

LOCK = ".lock"
WRITING = ".writing.tmp"
"""One a folder is enough, for whoever writes holds the lock; one that a crash left is written over."""


def parts_of(name: str) -> list[str]:
    """The folders of a name, and its last part. Raises ``InputError`` for a name that is none."""
    parts = name.split("/")
    odd = any(part in ("", ".", "..", LOCK, WRITING) or "\\" in part for part in parts)
    if odd or "\0" in name or not is_text(name):
        raise InputError(f"{name.encode('utf-8', 'replace').decode()!r} can't be the name of a file")
    return parts
