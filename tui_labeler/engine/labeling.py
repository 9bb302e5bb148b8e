"""Labels made by people: add, change, remove, save."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from tui_labeler.domain.labels import (
    Decision,
    Draft,
    DraftKind,
    Label,
    Origin,
    Span,
    Stamp,
    Verdict,
    in_the_way,
)
from tui_labeler.domain.occupied import Occupied
from tui_labeler.domain.projects import ProjectKind, ProjectSettings
from tui_labeler.engine.changes import drop_label, put_document, put_label, put_suggestion
from tui_labeler.engine.errors import ConflictError, InputError, NotFoundError, RefusedError
from tui_labeler.engine.ports import Change, Plan, Surroundings
from tui_labeler.engine.wording import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tui_labeler.domain.documents import Document
    from tui_labeler.engine.ports import ProjectStore, State, Transaction

BATCH = 2000
"""Documents a transaction of a bulk action: a line of the journal stays of a readable size."""


_A_TURN = 200
"""Labels that are made before others have a turn: a few milliseconds."""


class LabelInTheWayError(RefusedError):
    """A label overlaps the one to be made; ``labels`` are those that would have to go."""

    title = "A label is in the way"
    code = "label_in_the_way"

    def __init__(self, message: str, labels: Sequence[Label]) -> None:
        super().__init__(message, hint="Replace it, or remove it first.")
        self.labels = tuple(labels)


@dataclass(frozen=True, slots=True)
class Saved:
    """What saving applied."""

    labels: int
    removed: int
    rejected: int
    documents: int


@dataclass(frozen=True, slots=True)
class Pen:
    """Makes labels and decisions on behalf of one person at one moment."""

    surroundings: Surroundings
    immediate: bool
    """Decisions apply at once, with no draft to save."""
    settings: ProjectSettings

    @property
    def stamp(self) -> Stamp:
        return Stamp(self.surroundings.actor, self.surroundings.now())

    def label(
        self, document: Document, category: str, span: Span | None, *, origin: Origin = Origin.PERSON
    ) -> Label:
        reader = self.surroundings.actor if document.is_given else ""
        hidden = document.hides_suggestions(self.settings)
        undecided = any(s.decision is None for s in document.suggestions.values())
        return Label(
            id=self.surroundings.new_id(),
            category=category,
            span=span,
            origin=origin,
            made=self.stamp,
            text_hash=document.text_hash,
            blind=hidden,
            saw_suggestion=document.blind is not None or (undecided and not hidden),
            reader=reader,
            # A reading is a draft as a whole, until its reader is done.
            draft=None if self.immediate or reader else Draft(DraftKind.ADD, self.surroundings.actor),
        )

    def removal(
        self, state: State, document: Document, label: Label, successor: str | None = None
    ) -> list[Change]:
        """Takes a label away: a draft vanishes, a saved label gets a mark or a tombstone.

        ``successor`` is the id of the label that takes its place. A suggestion that the label came from
        counts as rejected then: it was not right.
        """
        if label.draft and label.draft.kind is DraftKind.ADD:
            changes = [drop_label(state, document, label.id)]
            changes += [
                put_label(state, document, replace(other, draft=replace(other.draft, successor=successor)))
                for other in document.labels.values()
                if other.draft and other.draft.successor == label.id
            ]
        elif self.immediate or label.reader:
            changes = [put_label(state, document, replace(label, removed=self.stamp, draft=None))]
        else:
            draft = Draft(DraftKind.REMOVE, self.surroundings.actor, successor)
            changes = [put_label(state, document, replace(label, draft=draft))]
        source = document.suggestions.get(label.suggestion or "")
        if source and source.decision and source.decision.label == label.id:
            decision = self.decision(document, Verdict.REJECTED)
            changes.append(put_suggestion(state, document, replace(source, decision=decision)))
        return changes

    def decision(self, document: Document, verdict: Verdict, label: str | None = None) -> Decision:
        return Decision(
            verdict=verdict,
            stamp=self.stamp,
            draft=not self.immediate,
            label=label,
            revision=document.revision,
            text_hash=document.text_hash,
        )


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

    def pen(self, state: State) -> Pen:
        settings = state.project.settings
        return Pen(self._surroundings, self._immediate or settings.save_immediately, settings)

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
            if any(label.category == category and label.span == span for label in blocking):
                return None
            if blocking and state.project.kind is ProjectKind.ENTITIES and not replacing:
                raise blocked(state, blocking)
            pen = self.pen(state)
            new = pen.label(document, category, span)
            changes = [change for label in blocking for change in pen.removal(state, document, label, new.id)]
            return Plan("label.add", [*changes, put_label(state, document, new)])

        return await self._store.commit(self.actor, plan)

    async def add_many(self, document_id: int, category: str, spans: Sequence[Span]) -> Transaction | None:
        """Labels several spans in one step (all occurrences of a word); spans that are taken are left.

        There may be tens of thousands: others have turns meanwhile.
        """

        async def plan(state: State) -> Plan:
            changes: list[Change] = []
            pen = self.pen(state)
            taken = Occupied(state.project.kind, state.document(document_id).labels.values())
            for number, span in enumerate(spans):
                if number % _A_TURN == _A_TURN - 1:
                    await asyncio.sleep(0)
                document = self.checked(state, document_id, category, span)
                if not taken.meets(category, span):
                    label = pen.label(document, category, span)
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
                Plan("label.remove", self.pen(state).removal(state, document, label))
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
            pen = self.pen(state)
            new = replace(
                pen.label(document, wanted.category, wanted.span),
                saw_suggestion=label.saw_suggestion or document.blind is not None,
            )
            if label.origin is Origin.SUGGESTION:
                # However it is mended, it began as a suggestion: an evaluation must not count on it.
                new = replace(new, origin=label.origin, suggestion=label.suggestion, job=label.job)
            gone = [
                change for old in [label, *blocking] for change in pen.removal(state, document, old, new.id)
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
        self, documents: int | Sequence[int], *, reviewed: bool = True
    ) -> Transaction | None:
        """Marks documents as seen, with nothing to label, or takes that back, in one step."""

        def plan(state: State) -> Plan:
            changes: list[Change] = []
            for document_id in _each(documents):
                document = state.document(document_id)
                if document.is_given:
                    raise RefusedError(
                        f"{document.location} is with its readers.",
                        hint="A reader who finds nothing to label is done with it.",
                    )
                stamp = (document.reviewed or self.pen(state).stamp) if reviewed else None
                changes.append(put_document(state, replace(document, reviewed=stamp)))
            return Plan("document.review", changes)

        return await self._store.commit(self.actor, plan)

    async def set_flag(self, documents: int | Sequence[int], note: str) -> Transaction | None:
        """Flags documents with a note for somebody, in one step; an empty note takes the flag away."""

        def plan(state: State) -> Plan:
            changed = [replace(state.document(key), flag=note.strip()) for key in _each(documents)]
            return Plan("document.flag", [put_document(state, document) for document in changed])

        return await self._store.commit(self.actor, plan)

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


def _each(documents: int | Sequence[int]) -> Sequence[int]:
    return [documents] if isinstance(documents, int) else documents


class _Tally:
    def __init__(self) -> None:
        self.labels = self.removed = self.rejected = 0


def _saving(labeling: Labeling, batch: Sequence[int], shell: Plan, tally: _Tally, state: State) -> Plan:
    changes: list[Change] = []
    actor = labeling.actor
    stamp = labeling.pen(state).stamp
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


def checked(state: State, document_id: int, category: str, span: Span | None) -> Document:
    """The document, when ``category`` and ``span`` fit it and the project. Raises as ``Labeling.add``."""
    document = state.document(document_id)
    if category not in state.categories:
        raise NotFoundError(
            f"There is no {state.project.kind.noun} with the id {category!r}.",
            hint="Somebody may have deleted it: choose among those there are.",
        )
    if document.problem:
        raise RefusedError(
            f"{document.location} can't be labeled: {document.problem}.",
            hint=f"Repair the file, then read the container again: `tui-labeler sync {state.project.name}`.",
            on_screen="Repair the file, then read the container again (R).",
        )
    if (span is None) is not state.project.kind.is_classification:
        raise InputError(
            "A class holds for the whole document; it takes no span."
            if span
            else "An entity needs a span: where it begins and ends.",
            hint="Label the document without one." if span else "Choose the words to label.",
        )
    if span and span.end > document.characters:
        raise InputError(
            f"{span.start}..{span.end} is outside {document.location}, "
            f"which has {counted(document.characters, 'character')}.",
            hint="Choose words of the text; they are counted in code points from 0 on.",
        )
    return document


def check_turn(document: Document, actor: str) -> None:
    """Raises ``RefusedError`` where a document is with its readers and somebody is none, or is done."""
    if not document.is_given:
        return
    if actor not in document.readers:
        raise RefusedError(
            f"{document.location} is with {' and '.join(document.readers)}, who label it each without the "
            "other.",
            hint="Its labels are settled when both are done.",
        )
    if document.is_open_to_all:
        raise RefusedError(
            f"Everybody is done with {document.location}; what each has labeled stays as it is.",
            hint="Settle its labels by adjudication.",
            on_screen="Settle its labels by adjudication (W).",
        )
    if actor in document.finishers:
        raise RefusedError(
            f"You are done with {document.location}.",
            hint="Take that back first: `tui-labeler document set PROJECT LOCATION --no-done`.",
            on_screen="Take that back first (%).",
        )


def label_of(document: Document, label_id: str) -> Label:
    """Raises ``NotFoundError``."""
    try:
        return document.labels[label_id]
    except KeyError:
        raise NotFoundError(
            f"{document.location} has no label {label_id!r}.",
            hint="Somebody may have taken it away: look at the document again.",
        ) from None


def blocked(state: State, blocking: Sequence[Label]) -> LabelInTheWayError:
    """What is raised where labels overlap the one to be made."""
    label = blocking[0]
    name = state.categories[label.category].name
    place = f" at {label.span.start}..{label.span.end}" if label.span else ""
    return LabelInTheWayError(f"{name}{place} overlaps what is to be labeled.", blocking)
