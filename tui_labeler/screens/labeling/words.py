"""Where the same words stand in a text, and how messages repeat them."""

from __future__ import annotations

from tui_labeler.domain.labels import Span

_QUOTED = 30
"""Characters that messages repeat."""


def quoted(text: str, span: Span) -> str:
    """The words of a span, cut where they are long."""
    words = text[span.start : span.end]
    return f"“{words[:_QUOTED]}…”" if len(words) > _QUOTED else f"“{words}”"


def identical(text: str, span: Span) -> list[Span]:
    """Every place of the words of ``span`` in the text, except where they are a part of a longer word."""
    words = text[span.start : span.end]
    found: list[Span] = []
    place = text.find(words)
    while place >= 0:
        end = place + len(words)
        inside = (place > 0 and _joined(text[place - 1], words[0])) or (
            end < len(text) and _joined(words[-1], text[end])
        )
        if not inside or place == span.start:
            found.append(Span(place, end))
            place = text.find(words, end)
        else:
            place = text.find(words, place + 1)
    return found


def _joined(left: str, right: str) -> bool:
    """Whether two neighbours belong to one word; scripts without spaces have no such words."""
    return left.isalnum() and right.isalnum() and max(left, right) < "\u2e80"
