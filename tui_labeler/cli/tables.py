"""Tables and figures for people, in columns of a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tui_labeler.domain.text import safe


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Columns for people; numbers stand at the right."""
    cells = [[safe(cell) for cell in row] for row in rows]
    columns = list(zip(head, *cells, strict=True))
    widths = [max(width(cell) for cell in column) for column in columns]
    right = [bool(cells) and all(_is_number(cell) for cell in column[1:]) for column in columns]
    return [
        "  ".join(
            _padded(cell, size, at_right) for cell, size, at_right in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in (head, *cells)
    ]


def clipped(text: str, columns: int) -> str:
    """``text`` in at most so many columns of a terminal; what is cut off shows as an ellipsis."""
    if width(text) <= columns:
        return text
    while width(text) >= columns:
        text = text[:-1]
    return f"{text}…"


def width(text: str) -> int:
    """Columns that a text takes on a terminal."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def percent(value: float | None) -> str:
    """``-`` for what was not measured."""
    return "-" if value is None else f"{value * 100:.1f}%"


def _padded(cell: str, size: int, at_right: bool) -> str:
    space = " " * (size - width(cell))
    return space + cell if at_right else cell + space


def _is_number(cell: str) -> bool:
    return cell in ("", "-") or cell.replace(",", "").replace(".", "").strip("~+%").isdigit()
