"""Sets text apart from instructions, so that nothing in it can pass for the end of it."""

from __future__ import annotations

import hashlib


def fence(text: str) -> str:
    """A line that does not occur in ``text``, in any case; the same text has the same line."""
    folded = text.casefold()
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    while digest[:8] in folded:
        digest = hashlib.sha256(digest.encode()).hexdigest()
    return f"===== {digest[:8]} ====="


def fenced(text: str) -> str:
    """``text`` between two such lines, as it stands; half surrogate pairs, which can't be sent, replaced."""
    line = fence(text)
    return f"{line}\n{text.encode('utf-8', 'replace').decode()}\n{line}"
