"""From the bytes of a document to its text.

A text is read exactly as stored: UTF-8, line ends kept, a byte order mark tolerated. What can't be read
says so in one short sentence; it never raises.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from tui_labeler.engine import limits

MOST = limits.READABLE_CHARACTERS

UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Decoded:
    """A document's text, or why there is none."""

    text: str
    """Without the byte order mark: offsets start behind it. Empty when there is a problem."""
    problem: str
    """Why the text can't be read; empty when it can."""
    text_hash: str
    """SHA-256 of the raw bytes, the first 16 hexadecimal digits."""
    had_bom: bool = False


def text_hash(data: bytes) -> str:
    """Identifies the raw bytes of a document: SHA-256, the first 16 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()[:16]


def decode(data: bytes) -> Decoded:
    """The text in ``data``. Only white space is a text; nothing at all is not."""
    marked = data.startswith(UTF8_MARK)
    identity = text_hash(data)
    try:
        text = data.decode("utf-8-sig" if marked else "utf-8")
    except UnicodeDecodeError as error:
        return Decoded("", _not_utf8(data, error), identity, marked)
    if len(text) > MOST:
        return Decoded("", _too_long(len(text)), identity, marked)
    return Decoded(text, "" if text else "the document is empty", identity, marked)


def _too_long(count: int) -> str:
    return f"the document has {count:,} characters; no more than {MOST:,} are read; cut it into smaller ones"


def _not_utf8(data: bytes, error: UnicodeDecodeError) -> str:
    if data.startswith(_UTF16_MARKS):
        return "the document is UTF-16 (its first two bytes say so); save it as UTF-8"
    # A decoder that skips the mark counts from behind it.
    offset = error.start + len(data) - len(error.object)
    return f"the document is not UTF-8: byte 0x{data[offset]:02x} at offset {offset}; save it as UTF-8"
