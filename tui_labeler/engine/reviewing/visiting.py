"""The order in which open suggestions, and words that are to place, are visited, one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tui_labeler.domain.labels import Suggestion, ToPlace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tui_labeler.domain.suggestion_filter import SuggestionFilter
    from tui_labeler.engine.ports import State


@dataclass(frozen=True, slots=True)
class Visit:
    """A suggestion to go to, or words to place."""

    document: int
    item: Suggestion | ToPlace
    went_round: bool = False
    """The way led over the end of the list, to its start (or the other way)."""


def held(state: State, document_id: int, wanted: SuggestionFilter) -> tuple[Suggestion, ...]:
    """The open suggestions of one document that a filter holds, in text order."""
    document = state.document(document_id)
    if wanted.shown_only and document.hides_suggestions(state.project.settings):
        return ()
    found = document.open_suggestions(state.project.kind)
    return found if wanted.holds_all else tuple(s for s in found if wanted.matches(s))


def waiting(state: State, document_id: int, wanted: SuggestionFilter) -> tuple[Suggestion | ToPlace, ...]:
    """The open suggestions of one document that a filter holds, and the words that are to place."""
    document = state.document(document_id)
    if wanted.shown_only and document.hides_suggestions(state.project.settings):
        return ()
    words = document.open_to_place if document.to_place else ()
    return (*held(state, document_id, wanted), *(item for item in words if wanted.matches_to_place(item)))


def next_open(
    state: State,
    after: tuple[int, str] | None,
    order: Sequence[int],
    wanted: SuggestionFilter,
    *,
    backwards: bool = False,
    least_confident_first: bool = False,
) -> Visit | None:
    """The next undecided suggestion, or words to place, behind ``after`` (document id and the item's).

    Goes over document ends in the given ``order`` of documents, and round to the start once. Inside a
    document they come in text order, or the least confident first, and what has no place at the end. ``None``
    when nothing is left.
    """
    rank: Callable[[Suggestion | ToPlace], tuple[Any, ...]] = _ranked(
        _doubt if least_confident_first else _place
    )
    ids = list(order)[:: -1 if backwards else 1]
    start = 0
    if after is not None and after[0] in ids:
        start = ids.index(after[0])
        document = state.document(after[0])
        last = document.suggestions.get(after[1]) or document.to_place.get(after[1])
        left_at = None if last is None else rank(last)
        # One document can hold thousands, and each decision asks: they are neither ranked twice nor sorted.
        places = ((rank(item), item) for item in waiting(state, after[0], wanted))
        ahead = [
            each
            for each in places
            if left_at is None or (each[0] < left_at if backwards else each[0] > left_at)
        ]
        if ahead:
            return Visit(after[0], (max if backwards else min)(ahead)[1])
        start += 1
    for position, document_id in enumerate(ids[start:] + ids[:start]):
        row = state.rows.get(document_id)
        if row is not None and wanted.may_match(row):
            found = sorted(waiting(state, document_id, wanted), key=rank, reverse=backwards)
            if found:
                return Visit(document_id, found[0], went_round=position >= len(ids) - start)
    return None


def _ranked(
    rank: Callable[[Suggestion], tuple[Any, ...]],
) -> Callable[[Suggestion | ToPlace], tuple[Any, ...]]:
    """What has no place comes behind what has."""

    def ranked(item: Suggestion | ToPlace) -> tuple[Any, ...]:
        return (True, item.id) if isinstance(item, ToPlace) else (False, *rank(item))

    return ranked


def _place(suggestion: Suggestion) -> tuple[int, int, str, str]:
    """As :func:`~tui_labeler.domain.labels.open_suggestions` orders them."""
    start, end = (suggestion.span.start, suggestion.span.end) if suggestion.span else (0, 1)
    return start, end, suggestion.category, suggestion.id


def _doubt(suggestion: Suggestion) -> tuple[bool, float, tuple[int, int, str, str]]:
    """The least confident first; those without a confidence last."""
    confidence = suggestion.confidence
    return confidence is None, confidence or 0.0, _place(suggestion)
