"""Names of documents: text in a container, bytes on disk and on a command line."""

from __future__ import annotations

import re

LONGEST = 200
"""Bytes of a new document's name, before ``.txt`` and a number: any file system takes as many."""

# What separates folders, what a terminal or a shell obeys, and what some file systems refuse.
_ODD = re.compile(r"[^\w .,()+=@-]")


def name_of(raw: bytes) -> str:
    """The name that a file of these bytes has in a container: ``bad\\xff.txt`` for a byte that is not UTF-8.

    A backslash is doubled, so that every file has one name and only one.
    """
    return raw.replace(b"\\", b"\\\\").decode("utf-8", "backslashreplace")


def typed(name: str) -> str:
    """The name in a container for what a shell gave, whose bytes Python keeps as surrogates (PEP 383).

    Surrogates that stand for no byte stay what they are: no file has such a name.
    """
    try:
        return name_of(name.encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError:
        return name


def added_as(location: str) -> str:
    """What a document of this name is called in a container where nothing else is called so."""
    last = location.replace("\\", "/").rstrip("/").rpartition("/")[2].strip()
    return f"{made_safe(last[:-4] if last.lower().endswith('.txt') else last)}.txt"


def made_safe(stem: str) -> str:
    """A part of a name that any file system and terminal takes; never empty."""
    safe = _ODD.sub("_", stem).strip(" .").encode(errors="replace")[:LONGEST].decode(errors="ignore")
    return safe.strip(" .").lstrip("-") or "document"


def is_text(name: str) -> bool:
    """Whether a name is one in UTF-8: where a file system gives other bytes, Python puts surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in name)
