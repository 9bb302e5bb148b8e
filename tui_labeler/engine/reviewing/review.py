"""Decisions on suggestions: one by one, or all that a filter holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from tui_labeler.domain.document_filters import Sort, in_order
from tui_labeler.domain.labels import Label, Origin, Span, Suggestion, ToPlace, Verdict, in_the_way
from tui_labeler.domain.occupied import Occupied
from tui_labeler.engine.actions import ACCEPT, CORRECT
from tui_labeler.engine.changes import put_label, put_suggestion
from tui_labeler.engine.errors import InputError, NotFoundError, RefusedError
from tui_labeler.engine.labeling.rules import checked
from tui_labeler.engine.ports import Change, Plan, Transaction
from tui_labeler.engine.reviewing.placing_by_hand import dropping
from tui_labeler.engine.reviewing.visiting import held, waiting
from tui_labeler.engine.turns import BATCH, Progress, in_turns

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tui_labeler.domain.document_rows import DocumentRow
    from tui_labeler.domain.documents import Document
    from tui_labeler.domain.suggestion_filter import SuggestionFilter
    from tui_labeler.engine.labeling.labeling import Labeling
    from tui_labeler.engine.ports import ProjectStore, State, Surroundings


@dataclass(frozen=True, slots=True)
class Decided:
    """What a bulk decision did."""

    suggestions: int
    documents: int
    skipped: int = 0
    """Suggestions that could not be accepted beside another one that was."""
    outdated: int = 0
    """Suggestions that could not be accepted: they are on an earlier text, or on one that can't be read."""
    words: int = 0
    """Words to place that were dropped: they were found nowhere in the text."""
    made: Transaction | None = field(default=None, compare=False, repr=False)
    """The only transaction that it took, where it did not take more."""

    def __add__(self, other: Decided) -> Decided:
        return Decided(
            self.suggestions + other.suggestions,
            self.documents + other.documents,
            self.skipped + other.skipped,
            self.outdated + other.outdated,
            self.words + other.words,
        )


if TYPE_CHECKING:
    Decide = Callable[[State, int], tuple[list[Change], Decided]]
    """Makes the changes for one document, and says what it decided."""


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
            if span is None and _is_outdated(document, suggestion):
                raise RefusedError(
                    f"The text of {document.location} has changed since this was suggested.",
                    hint="Label the new text by hand, or label the document by a job again.",
                )
            labels = document.labels.values()
            if any(in_the_way(state.project.kind, labels, wanted.category, wanted.span)):
                raise RefusedError(
                    "A label that a person made is in the way.", hint="Remove that label first."
                )
            action = ACCEPT if wanted == suggestion else CORRECT
            return Plan(action, self._accepting(state, document, wanted))

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
        for row in self._candidates(wanted):
            found = held(self._store.state, row.id, wanted)
            if found:
                yield row.id, found

    def _candidates(self, wanted: SuggestionFilter) -> list[DocumentRow]:
        """The documents that may hold a match, as far as their short form tells, in order of location."""
        rows = self._store.state.rows
        asked = (
            rows.values()
            if wanted.documents is None
            else [rows[key] for key in wanted.documents if key in rows]
        )
        return in_order(filter(wanted.may_match, asked), Sort.NAME)

    def documents(self, wanted: SuggestionFilter) -> frozenset[int]:
        """The documents whose short form says that they hold a match, or words to place.

        Looked into are only those of conditions that the short form can't tell together.
        """
        conditions = (wanted.category, wanted.job, wanted.min_confidence, wanted.max_confidence)
        if (
            wanted.placed is not None
            or wanted.unplaced
            or sum(condition is not None for condition in conditions) > 1
        ):
            state = self._store.state
            candidates = [row.id for row in state.rows.values() if wanted.may_match(row)]
            return frozenset(key for key in candidates if waiting(state, key, wanted))
        rows = self._store.state.rows
        return frozenset(row.id for row in rows.values() if wanted.may_match(row))

    async def count(
        self, wanted: SuggestionFilter, *, rejecting: bool = False, progress: Progress | None = None
    ) -> Decided:
        """How many suggestions, in how many documents, a bulk decision would decide.

        Words to place can only be rejected, and are counted then. Of no use once ``progress`` was stopped.
        """
        progress = progress or Progress()
        suggestions = documents = words = 0
        candidates = self._candidates(wanted)
        progress.total = len(candidates)
        async for row in in_turns(candidates):
            if progress.stopped:
                break
            here = self._count_in(row, wanted)
            left = here.words if rejecting else 0
            suggestions, words = suggestions + here.suggestions, words + left
            documents += bool(here.suggestions or left)
            progress.done += 1
        return Decided(suggestions, documents, words=words)

    def _count_in(self, row: DocumentRow, wanted: SuggestionFilter) -> Decided:
        """Opens the document only where its short form does not tell."""
        state = self._store.state
        told = wanted.told_by(row)
        if told is None or (wanted.shown_only and state.project.settings.hide_until_labeled):
            return _tally(waiting(state, row.id, wanted)) if row.id in state.rows else Decided(0, 0)
        return Decided(told[0], 1, words=told[1])

    async def accept_matching(self, wanted: SuggestionFilter, progress: Progress | None = None) -> Decided:
        """Accepts all that the filter holds. Of suggestions that meet, the most confident is taken."""
        return await self._decide(
            wanted, "suggestion.accept_all", partial(self._accept_all, wanted), progress or Progress()
        )

    async def reject_matching(self, wanted: SuggestionFilter, progress: Progress | None = None) -> Decided:
        """Rejects all that the filter holds, and drops the words to place that it holds."""
        return await self._decide(
            wanted, "suggestion.reject_all", partial(self._reject_all, wanted), progress or Progress()
        )

    async def _decide(
        self, wanted: SuggestionFilter, action: str, decide: Decide, progress: Progress
    ) -> Decided:
        await self._store.refresh()
        ids = [row.id for row in self._candidates(wanted)]
        progress.total = len(ids)
        group = self._surroundings.new_id()
        total, made = Decided(0, 0), None
        for start in range(0, len(ids), BATCH):
            if progress.stopped:
                break
            tally: list[Decided] = []
            shell = Plan(action, (), group=group, note={"continues": True} if start else {})
            plan = partial(_bulk, shell, decide, ids[start : start + BATCH], tally)
            made = await self._store.commit(self._surroundings.actor, plan)
            total = sum(tally, total)
            progress.done = min(start + BATCH, len(ids))
        return replace(total, made=made) if len(ids) <= BATCH else total

    def _accept_all(
        self, wanted: SuggestionFilter, state: State, document_id: int
    ) -> tuple[list[Change], Decided]:
        found, document = held(state, document_id, wanted), state.document(document_id)
        changes: list[Change] = []
        made: list[Label] = []
        taken = Occupied(state.project.kind)
        fit = [one for one in found if not document.problem and not _is_outdated(document, one)]
        for suggestion in sorted(fit, key=lambda s: -(s.confidence or 0.0)):
            if taken.meets(suggestion.category, suggestion.span):
                continue
            changes += self._accepting(state, document, suggestion, made)
            taken.add(made[-1])
        return changes, Decided(
            len(made), 1 if made else 0, skipped=len(fit) - len(made), outdated=len(found) - len(fit)
        )

    def _reject_all(
        self, wanted: SuggestionFilter, state: State, document_id: int
    ) -> tuple[list[Change], Decided]:
        found, document = waiting(state, document_id, wanted), state.document(document_id)
        maker = self._labeling.maker(state)
        changes = [
            dropping(state, document, item, maker)
            if isinstance(item, ToPlace)
            else self._rejecting(state, document, item)
            for item in found
        ]
        return changes, _tally(found)

    def _accepting(
        self, state: State, document: Document, suggestion: Suggestion, made: list[Label] | None = None
    ) -> list[Change]:
        maker = self._labeling.maker(state)
        label = replace(
            maker.label(document, suggestion.category, suggestion.span, origin=Origin.SUGGESTION),
            suggestion=suggestion.id,
            job=suggestion.job,
            blind=False,
            saw_suggestion=True,
        )
        if made is not None:
            made.append(label)
        original = document.suggestions[suggestion.id]
        decided = replace(original, decision=maker.decision(document, Verdict.ACCEPTED, label.id))
        return [put_label(state, document, label), put_suggestion(state, document, decided)]

    def _rejecting(self, state: State, document: Document, suggestion: Suggestion) -> Change:
        decision = self._labeling.maker(state).decision(document, Verdict.REJECTED)
        return put_suggestion(state, document, replace(suggestion, decision=decision))


def _tally(found: Sequence[Suggestion | ToPlace]) -> Decided:
    """Of one document, where all that was found is decided."""
    words = sum(isinstance(item, ToPlace) for item in found)
    return Decided(len(found) - words, 1 if found else 0, words=words)


async def _bulk(
    shell: Plan,
    decide: Decide,
    ids: Sequence[int],
    tally: list[Decided],
    state: State,
) -> Plan:
    changes: list[Change] = []
    tally.clear()
    async for document_id in in_turns(ids):
        step, decided = decide(state, document_id)
        changes += step
        tally.append(decided)
    return replace(shell, changes=changes)


def _is_outdated(document: Document, suggestion: Suggestion) -> bool:
    """Whether a suggested span was found in another text than the project knows, which may be none yet."""
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
