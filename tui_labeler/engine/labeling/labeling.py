"""Labels made by people: add, change, remove, save."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from tui_labeler.domain.labels import DraftKind, Label, Origin, Span, Verdict, in_the_way
from tui_labeler.domain.occupied import Occupied
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.changes import put_document, put_label, put_suggestion
from tui_labeler.engine.errors import ConflictError, RefusedError
from tui_labeler.engine.labeling.making import LabelMaker
from tui_labeler.engine.labeling.rules import blocked, check_empty, check_turn, checked, label_of
from tui_labeler.engine.ports import Change, Plan, Surroundings
from tui_labeler.engine.steps import in_steps
from tui_labeler.engine.turns import BATCH, Progress

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tui_labeler.domain.document_rows import DocumentRow
    from tui_labeler.domain.documents import Document
    from tui_labeler.engine.ports import ProjectStore, State, Transaction


_A_TURN = 200
"""Labels that are made before others have a turn: a few milliseconds."""


@dataclass(frozen=True, slots=True)
class Saved:
    """What saving applied."""

    labels: int
    removed: int
    rejected: int
    documents: int


class Labeling:
    """What a person does to labels. Each call is one durable, undoable step.

    ``immediate`` applies every step at once; otherwise steps are drafts until :meth:`save`. A project's
    setting can ask for the former too.
    """

    def __init__(
        self,
        store: ProjectStore,
        surroundings: Surroundings,
        *,
        immediate: bool = False,
        seen: Mapping[int, str] | None = None,
    ) -> None:
        """``seen`` holds the hashes of texts as they were shown: labels on another text are refused."""
        self._seen = seen if seen is not None else {}
        self._store = store
        self._surroundings = surroundings
        self._immediate = immediate

    @property
    def actor(self) -> str:
        return self._surroundings.actor

    def maker(self, state: State) -> LabelMaker:
        settings = state.project.settings
        return LabelMaker(self._surroundings, self._immediate or settings.save_immediately, settings)

    def checked(self, state: State, document_id: int, category: str, span: Span | None) -> Document:
        """The document, if it can be labeled so. Raises as :meth:`add`."""
        document = checked(state, document_id, category, span)
        check_turn(document, self.actor)
        if self._seen.get(document_id, document.text_hash) != document.text_hash:
            raise ConflictError(
                f"{document.location} has another text than the one that is shown.",
                hint=f"Read the container again (`tui-labeler sync {state.project.name}`), then label the "
                "text as it is.",
                on_screen="Read the container again (R), then label the text as it is.",
            )
        return document

    async def add(
        self, document_id: int, category: str, span: Span | None = None, *, replacing: bool = False
    ) -> Transaction | None:
        """Labels a span (entities) or the whole document (classes); ``category`` is an id.

        A single-label document's class is replaced. ``None`` when the label is there already. Raises
        ``LabelInTheWayError`` for an overlapping label unless ``replacing``, ``InputError`` for a span
        outside the text, ``NotFoundError`` for an unknown category or document, ``ConflictError`` for a text
        that has changed since it was shown.
        """

        def plan(state: State) -> Plan | None:
            document = self.checked(state, document_id, category, span)
            blocking = list(in_the_way(state.project.kind, document.labels.values(), category, span))
            if any(_is_there(document, label, category, span) for label in blocking):
                return None
            if blocking and state.project.kind is ProjectKind.ENTITIES and not replacing:
                raise blocked(state, blocking)
            maker = self.maker(state)
            new = maker.label(document, category, span)
            changes = [
                change for label in blocking for change in maker.removal(state, document, label, new.id)
            ]
            return Plan("label.add", [*changes, put_label(state, document, new)])

        return await self._store.commit(self.actor, plan)

    async def add_many(self, document_id: int, category: str, spans: Sequence[Span]) -> Transaction | None:
        """Labels several spans in one step (all occurrences of a word); spans that are taken are left.

        There may be tens of thousands: others have turns meanwhile.
        """

        async def plan(state: State) -> Plan:
            changes: list[Change] = []
            maker = self.maker(state)
            taken = Occupied(state.project.kind, state.document(document_id).labels.values())
            for number, span in enumerate(spans):
                if number % _A_TURN == _A_TURN - 1:
                    await asyncio.sleep(0)
                document = self.checked(state, document_id, category, span)
                if not taken.meets(category, span):
                    label = maker.label(document, category, span)
                    taken.add(label)
                    changes.append(put_label(state, document, label))
            return Plan("label.add_all", changes)

        return await self._store.commit(self.actor, plan)

    async def remove(self, document_id: int, label_id: str) -> Transaction | None:
        """``None`` when it is gone already. Raises ``NotFoundError`` when there never was one."""

        def plan(state: State) -> Plan | None:
            document = state.document(document_id)
            label = label_of(document, label_id)
            check_turn(document, self.actor)
            return (
                Plan("label.remove", self.maker(state).removal(state, document, label))
                if label.is_active
                else None
            )

        return await self._store.commit(self.actor, plan)

    async def change(
        self,
        document_id: int,
        label_id: str,
        *,
        category: str | None = None,
        span: Span | None = None,
        replacing: bool = False,
    ) -> Transaction | None:
        """Gives a label another category, another span, or both. Raises as :meth:`add` does."""

        def plan(state: State) -> Plan | None:
            document = state.document(document_id)
            label = label_of(document, label_id)
            wanted = replace(label, category=category or label.category, span=span or label.span)
            if (wanted.category, wanted.span) == (label.category, label.span) or not label.is_active:
                return None
            self.checked(state, document_id, wanted.category, wanted.span)
            others = [other for other in document.labels.values() if other.id != label_id]
            blocking = list(in_the_way(state.project.kind, others, wanted.category, wanted.span))
            if blocking and not replacing:
                raise blocked(state, blocking)
            maker = self.maker(state)
            new = replace(
                maker.label(document, wanted.category, wanted.span),
                saw_suggestion=label.saw_suggestion or document.blind is not None,
            )
            if label.origin is Origin.SUGGESTION:
                # However it is mended, it began as a suggestion: an evaluation must not count on it.
                new = replace(new, origin=label.origin, suggestion=label.suggestion, job=label.job)
            gone = [
                change for old in [label, *blocking] for change in maker.removal(state, document, old, new.id)
            ]
            return Plan("label.change", [*gone, put_label(state, document, new)])

        return await self._store.commit(self.actor, plan)

    async def toggle(self, document_id: int, category: str) -> Transaction | None:
        """Classes: sets a class that is not set, and takes away one that is. Raises as :meth:`add`.

        Where a document has one class, it is only ever replaced: ``None`` when it is set already.
        """
        document = self._store.state.document(document_id)
        single = self._store.state.project.kind is ProjectKind.SINGLE_LABEL
        for label in document.active_labels:
            if label.category == category and not single:
                return await self.remove(document_id, label.id)
        return await self.add(document_id, category)

    async def set_reviewed(
        self,
        documents: int | Sequence[int],
        *,
        reviewed: bool = True,
        progress: Progress | None = None,
    ) -> Transaction | None:
        """Marks documents as seen, with nothing to label, or takes that back; step by step, with one undo.

        Once ``progress`` was stopped the others stay as they are. Raises ``RefusedError`` where one is with
        its readers, or is to be marked and has labels or can't be read.
        """
        ids, rows = _each(documents), self._store.state.rows

        def check(row: DocumentRow) -> None:
            if row.is_given:
                raise _with_readers(row.location)
            if reviewed:
                check_empty(row)

        for key in ids:
            # Known beforehand, where nobody changes one meanwhile: all are marked then, or none.
            if key in rows:
                check(rows[key])

        def changes(state: State, document_id: int) -> list[Change]:
            document = state.document(document_id)
            check(state.rows[document_id])
            stamp = (document.reviewed or self.maker(state).stamp) if reviewed else None
            return [put_document(state, replace(document, reviewed=stamp))]

        return await in_steps(self._store, self._surroundings, "document.review", ids, changes, progress)

    async def set_flag(
        self, documents: int | Sequence[int], note: str, progress: Progress | None = None
    ) -> Transaction | None:
        """Flags documents with a note for somebody, step by step, with one undo; an empty note takes the
        flag away. Once ``progress`` was stopped the others stay as they are."""

        def changes(state: State, document_id: int) -> list[Change]:
            return [put_document(state, replace(state.document(document_id), flag=note.strip()))]

        ids = _each(documents)
        return await in_steps(self._store, self._surroundings, "document.flag", ids, changes, progress)

    def drafts(self) -> int:
        """How many draft changes of this person wait to be saved."""
        return self._store.state.totals.drafts[self.actor]

    async def save(self) -> Saved:
        """Applies this person's draft decisions to the labels."""
        await self._store.refresh()
        waiting = [
            row.id
            for row in self._store.state.rows.values()
            if any(name == self.actor for name, _ in row.drafts)
        ]
        group = self._surroundings.new_id()
        tally = _Tally()
        for start in range(0, len(waiting), BATCH):
            shell = Plan("labels.save", (), group=group, note={"continues": True} if start else {})
            saving = partial(_saving, self, waiting[start : start + BATCH], shell, tally)
            await self._store.commit(self.actor, saving)
        return Saved(tally.labels, tally.removed, tally.rejected, len(waiting))


def _with_readers(location: str) -> RefusedError:
    return RefusedError(
        f"{location} is with its readers.",
        hint="A reader who finds nothing to label is done with it.",
    )


def _each(documents: int | Sequence[int]) -> Sequence[int]:
    return [documents] if isinstance(documents, int) else documents


def _is_there(document: Document, label: Label, category: str, span: Span | None) -> bool:
    """Whether a label says just this of the text of today."""
    return (label.category, label.span) == (category, span) and not document.is_stale(label)


class _Tally:
    def __init__(self) -> None:
        self.labels = self.removed = self.rejected = 0


def _saving(labeling: Labeling, batch: Sequence[int], shell: Plan, tally: _Tally, state: State) -> Plan:
    changes: list[Change] = []
    actor = labeling.actor
    stamp = labeling.maker(state).stamp
    for document_id in batch:
        document = state.document(document_id)
        for label in document.labels.values():
            if label.draft is None or label.draft.actor != actor or label.removed:
                continue
            if label.draft.kind is DraftKind.ADD:
                tally.labels += 1
                changes.append(put_label(state, document, replace(label, draft=None)))
            else:
                tally.removed += 1
                changes.append(put_label(state, document, replace(label, draft=None, removed=stamp)))
        for suggestion in document.suggestions.values():
            decision = suggestion.decision
            if decision and decision.draft and decision.stamp.actor == actor:
                tally.rejected += decision.verdict is Verdict.REJECTED
                saved = replace(suggestion, decision=replace(decision, draft=False))
                changes.append(put_suggestion(state, document, saved))
    return replace(shell, changes=changes)
