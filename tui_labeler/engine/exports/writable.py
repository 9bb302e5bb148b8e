"""Which labels and suggestions of a document any file can hold, and why the others are left out.

The program makes none that no file can hold; files that were edited by hand, or lost a row, have them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from tui_labeler.domain.labels import Span
    from tui_labeler.engine.ports import State


class _Item(Protocol):
    @property
    def category(self) -> str: ...
    @property
    def span(self) -> Span | None: ...


_T = TypeVar("_T", bound=_Item)


def writable(state: State, part: str, items: Iterable[_T], text: str, reasons: list[str]) -> Iterator[_T]:
    """Those of the ``items`` that a file can hold; of each other one why not goes to ``reasons``.

    ``part`` names them there. ``text`` is the whole of the document; in projects of classes it may be empty.
    """
    for index, item in enumerate(items):
        reason = _reason(state, item, text)
        if reason:
            reasons.append(f"{part}[{index}]: {reason}")
        else:
            yield item


def _reason(state: State, item: _Item, text: str) -> str:
    """Why a label can't be written; empty where it can."""
    span = item.span
    place = "" if span is None else f" at {span.start}, length {span.length}"
    category = state.categories.get(item.category)
    if category is None:
        return (
            f"a label{place} is of the {state.project.kind.noun} with the id {item.category!r}, which the "
            "project does not have"
        )
    if span is not None and state.project.kind.is_classification:
        return f"{category.name}{place}, stands in the text, and this project has classes"
    if span is not None and span.end > len(text):
        return f"{category.name}{place}, is outside the text"
    return ""
