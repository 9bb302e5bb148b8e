"""Names of documents: text in a container, bytes on disk and on a command line."""

from __future__ import annotations


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
