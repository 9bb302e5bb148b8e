"""Decisions on suggestions: one by one, or all that a filter holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from tui_labeler.domain.labels import Label, Origin, Placed, Span, Suggestion, Verdict, in_the_way
from tui_labeler.engine.changes import put_label, put_suggestion
from tui_labeler.engine.errors import InputError, NotFoundError, RefusedError
from tui_labeler.engine.labeling import BATCH, Labeling, checked
from tui_labeler.engine.ports import Change, Plan

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tui_labeler.domain.documents import Document, DocumentRow
    from tui_labeler.domain.projects import ProjectKind
    from tui_labeler.engine.ports import ProjectStore, State, Surroundings, Transaction


@dataclass(frozen=True, slots=True)
class SuggestionFilter:
    """Which open suggestions a bulk decision or an inbox holds; unset fields let everything through."""

    documents: frozenset[int] | None = None
    category: str | None = None
    """A category id."""
    min_confidence: float | None = None
    max_confidence: float | None = None
    """Suggestions without a confidence pass neither bound."""
    job: str | None = None
    placed: Placed | None = None
    ids: frozenset[str] | None = None
    shown_only: bool = False
    """Nothing of documents whose suggestions blind mode hides."""

    def matches(self, suggestion: Suggestion) -> bool:
        confidence = suggestion.confidence
        if self.min_confidence is not None and (confidence is None or confidence < self.min_confidence):
            return False
        if self.max_confidence is not None and (confidence is None or confidence > self.max_confidence):
            return False
        return (
            self.category in (None, suggestion.category)
            and self.job in (None, suggestion.job)
            and self.placed in (None, suggestion.placed)
            and (self.ids is None or suggestion.id in self.ids)
        )

    def may_match(self, row: DocumentRow) -> bool:
        """Whether a document can hold a match, by its short form alone."""
        if not row.suggestions or (self.documents is not None and row.id not in self.documents):
            return False
        if self.category is not None and all(key != self.category for key, _ in row.suggestions):
            return False
        if self.job is not None and self.job not in row.jobs:
            return False
        if self.min_confidence is not None and (row.highest is None or row.highest < self.min_confidence):
            return False
        return self.max_confidence is None or (row.lowest is not None and row.lowest <= self.max_confidence)


@dataclass(frozen=True, slots=True)
class Decided:
    """What a bulk decision did."""

    suggestions: int
    documents: int
    skipped: int = 0
    """Suggestions that could not be accepted beside another one that was."""


if TYPE_CHECKING:
    Decide = Callable[[State, Document, Sequence[Suggestion]], tuple[list[Change], int]]
    """Makes the changes for one document's suggestions, and says how many it decided."""


class Review:
    """Accepting and rejecting. Each call is one undoable step, bulk decisions included."""

    def __init__(self, store: ProjectStore, surroundings: Surroundings, labeling: Labeling) -> None:
        self._store = store
        self._surroundings = surroundings
        self._labeling = labeling

    async def accept(
        self,
        document_id: int,
        suggestion_id: str,
        *,
        category: str | None = None,
        span: Span | None = None,
    ) -> Transaction | None:
        """Makes a suggestion a label, perhaps with another category or span.

        ``None`` when it is decided already. Raises ``RefusedError`` when a label is in the way,
        ``NotFoundError`` when there is no such suggestion.
        """

        def plan(state: State) -> Plan | None:
            document = state.document(document_id)
            suggestion = _suggestion(document, suggestion_id)
            if suggestion.decision is not None:
                return None
            wanted = replace(
                suggestion, category=category or suggestion.category, span=span or suggestion.span
            )
            checked(state, document_id, wanted.category, wanted.span)
            if span is None and _is_stale(document, suggestion):
                raise RefusedError(
                    f"The text of {document.location} has changed since this was suggested.",
                    hint="Label the new text by hand, or label the document by a job again.",
                )
            labels = document.labels.values()
            if any(in_the_way(state.project.kind, labels, wanted.category, wanted.span)):
                raise RefusedError(
                    "A label that a person made is in the way.", hint="Remove that label first."
                )
            return Plan("suggestion.accept", self._accepting(state, document, wanted))

        return await self._store.commit(self._surroundings.actor, plan)

    async def reject(self, document_id: int, suggestion_id: str) -> Transaction | None:
        """``None`` when it is decided already. Raises ``NotFoundError``."""

        def plan(state: State) -> Plan | None:
            document = state.document(document_id)
            suggestion = _suggestion(document, suggestion_id)
            if suggestion.decision is not None:
                return None
            return Plan("suggestion.reject", [self._rejecting(state, document, suggestion)])

        return await self._store.commit(self._surroundings.actor, plan)

    def matching(self, wanted: SuggestionFilter) -> Iterator[tuple[int, tuple[Suggestion, ...]]]:
        """The open suggestions that a filter holds, document by document in order of location."""
        state = self._store.state
        candidates = (row for row in state.rows.values() if wanted.may_match(row))
        for row in sorted(candidates, key=lambda row: row.location):
            found = _open(state, row.id, wanted)
            if found:
                yield row.id, found

    def held(self, document_id: int, wanted: SuggestionFilter) -> tuple[Suggestion, ...]:
        """The open suggestions of one document that a filter holds, in text order."""
        return _open(self._store.state, document_id, wanted)

    def documents(self, wanted: SuggestionFilter) -> frozenset[int]:
        """The documents whose short form says that they hold a match.

        Looked into are only those of conditions that the short form can't tell together.
        """
        conditions = (wanted.category, wanted.job, wanted.min_confidence, wanted.max_confidence)
        if wanted.placed is not None or sum(condition is not None for condition in conditions) > 1:
            return frozenset(document_id for document_id, _ in self.matching(wanted))
        rows = self._store.state.rows
        return frozenset(row.id for row in rows.values() if wanted.may_match(row))

    def count(self, wanted: SuggestionFilter) -> Decided:
        """How many suggestions, in how many documents, a bulk decision would decide."""
        sizes = [len(found) for _, found in self.matching(wanted)]
        return Decided(sum(sizes), len(sizes))

    async def accept_matching(self, wanted: SuggestionFilter) -> Decided:
        """Accepts all that the filter holds. Of suggestions that meet, the most confident is taken."""
        return await self._decide(wanted, "suggestion.accept_all", self._accept_all)

    async def reject_matching(self, wanted: SuggestionFilter) -> Decided:
        """Rejects all that the filter holds."""
        return await self._decide(wanted, "suggestion.reject_all", self._reject_all)

    async def _decide(self, wanted: SuggestionFilter, action: str, decide: Decide) -> Decided:
        await self._store.refresh()
        rows = sorted(
            (row for row in self._store.state.rows.values() if wanted.may_match(row)),
            key=lambda row: row.location,
        )
        ids = [row.id for row in rows]
        group = self._surroundings.new_id()
        total = Decided(0, 0)
        for start in range(0, len(ids), BATCH):
            tally: list[Decided] = []
            shell = Plan(action, (), group=group, note={"continues": True} if start else {})
            plan = partial(_bulk, wanted, shell, decide, ids[start : start + BATCH], tally)
            await self._store.commit(self._surroundings.actor, plan)
            for part in tally:
                total = Decided(
                    total.suggestions + part.suggestions,
                    total.documents + part.documents,
                    total.skipped + part.skipped,
                )
        return total

    def _accept_all(
        self, state: State, document: Document, found: Sequence[Suggestion]
    ) -> tuple[list[Change], int]:
        changes: list[Change] = []
        made: list[Label] = []
        for suggestion in sorted(found, key=lambda s: -(s.confidence or 0.0)):
            if document.problem or _is_stale(document, suggestion):
                continue
            if any(in_the_way(state.project.kind, made, suggestion.category, suggestion.span)):
                continue
            step = self._accepting(state, document, suggestion, made)
            changes += step
        return changes, len(made)

    def _reject_all(
        self, state: State, document: Document, found: Sequence[Suggestion]
    ) -> tuple[list[Change], int]:
        return [self._rejecting(state, document, suggestion) for suggestion in found], len(found)

    def _accepting(
        self, state: State, document: Document, suggestion: Suggestion, made: list[Label] | None = None
    ) -> list[Change]:
        pen = self._labeling.pen(state)
        label = replace(
            pen.label(document, suggestion.category, suggestion.span, origin=Origin.SUGGESTION),
            suggestion=suggestion.id,
            job=suggestion.job,
            blind=False,
            saw_suggestion=True,
        )
        if made is not None:
            made.append(label)
        original = document.suggestions[suggestion.id]
        decided = replace(original, decision=pen.decision(document, Verdict.ACCEPTED, label.id))
        return [put_label(state, document, label), put_suggestion(state, document, decided)]

    def _rejecting(self, state: State, document: Document, suggestion: Suggestion) -> Change:
        decision = self._labeling.pen(state).decision(document, Verdict.REJECTED)
        return put_suggestion(state, document, replace(suggestion, decision=decision))

    def next_open(
        self,
        after: tuple[int, str] | None,
        order: Sequence[int],
        wanted: SuggestionFilter,
        *,
        backwards: bool = False,
        least_confident_first: bool = False,
    ) -> tuple[int, Suggestion] | None:
        """The next undecided suggestion behind ``after`` (document id and suggestion id).

        Goes over document ends in the given ``order`` of documents, and round to the start once. Inside a
        document they come in text order, or the least confident first. ``None`` when nothing is left.
        """
        rank = _doubt if least_confident_first else _place
        return _next_open(self._store.state, after, order, wanted, backwards, rank)


def _bulk(
    wanted: SuggestionFilter,
    shell: Plan,
    decide: Decide,
    ids: Sequence[int],
    tally: list[Decided],
    state: State,
) -> Plan:
    changes: list[Change] = []
    tally.clear()
    for document_id in ids:
        found = _open(state, document_id, wanted)
        if not found:
            continue
        step, decided = decide(state, state.document(document_id), found)
        changes += step
        tally.append(Decided(decided, 1 if decided else 0, len(found) - decided))
    return replace(shell, changes=changes)


def _open(state: State, document_id: int, wanted: SuggestionFilter) -> tuple[Suggestion, ...]:
    kind: ProjectKind = state.project.kind
    document = state.document(document_id)
    if wanted.shown_only and document.hides_suggestions(state.project.settings):
        return ()
    return tuple(s for s in document.open_suggestions(kind) if wanted.matches(s))


def _next_open(
    state: State,
    after: tuple[int, str] | None,
    order: Sequence[int],
    wanted: SuggestionFilter,
    backwards: bool,
    rank: Callable[[Suggestion], tuple[Any, ...]],
) -> tuple[int, Suggestion] | None:
    step = -1 if backwards else 1
    ids = list(order)[::step]
    start = 0
    if after is not None and after[0] in ids:
        start = ids.index(after[0])
        last = state.document(after[0]).suggestions.get(after[1])
        for suggestion in sorted(_open(state, after[0], wanted), key=rank, reverse=backwards):
            if last is None or (
                rank(suggestion) < rank(last) if backwards else rank(suggestion) > rank(last)
            ):
                return after[0], suggestion
        start += 1
    for document_id in ids[start:] + ids[:start]:
        row = state.rows.get(document_id)
        if row is not None and wanted.may_match(row):
            found = sorted(_open(state, document_id, wanted), key=rank, reverse=backwards)
            if found:
                return document_id, found[0]
    return None


def _place(suggestion: Suggestion) -> tuple[int, int, str, str]:
    """As :func:`~tui_labeler.domain.labels.open_suggestions` orders them."""
    start, end = (suggestion.span.start, suggestion.span.end) if suggestion.span else (0, 1)
    return start, end, suggestion.category, suggestion.id


def _doubt(suggestion: Suggestion) -> tuple[bool, float, tuple[int, int, str, str]]:
    """The least confident first; those without a confidence last."""
    confidence = suggestion.confidence
    return confidence is None, confidence or 0.0, _place(suggestion)


def _is_stale(document: Document, suggestion: Suggestion) -> bool:
    """Whether a suggested span was found in another text than the document has: it would cut other words."""
    return suggestion.span is not None and suggestion.text_hash not in ("", document.text_hash)


def _suggestion(document: Document, suggestion_id: str) -> Suggestion:
    try:
        return document.suggestions[suggestion_id]
    except KeyError:
        raise NotFoundError(
            f"{document.location} has no suggestion {suggestion_id!r}.",
            hint="It may have been replaced by a newer job, or deleted at training.",
        ) from None


def confidence_bound(value: float | None, name: str) -> float | None:
    """Checks a bound given by a person. Raises ``InputError`` outside 0..1."""
    if value is not None and not 0 <= value <= 1:
        raise InputError(f"{name} is {value}; a confidence lies between 0 and 1.")
    return value
