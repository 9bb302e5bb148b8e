"""Two people on one document on purpose: who gets which, who is done, and what comes of it."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING

from tui_labeler.domain.agreement import Choice, Pairing, Take
from tui_labeler.domain.labels import Label, Origin, Stamp, in_the_way
from tui_labeler.engine.actions import CHOOSE, FINISH, GIVE, REOPEN, SETTLE, WITHDRAW
from tui_labeler.engine.changes import put_document, put_label
from tui_labeler.engine.errors import InputError, RefusedError
from tui_labeler.engine.ports import Plan
from tui_labeler.engine.readings.two_readings import Compared, TwoReadings, check_clashes, two_readings
from tui_labeler.engine.steps import in_steps

if TYPE_CHECKING:
    from tui_labeler.domain.document_rows import DocumentRow
    from tui_labeler.domain.documents import Document
    from tui_labeler.engine.ports import Change, ProjectStore, State, Surroundings, Transaction


LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Given:
    """Which documents went to whom."""

    documents: tuple[tuple[str, tuple[str, str]], ...] = ()
    """Location and readers, by location."""
    skipped: tuple[tuple[str, str], ...] = ()
    """Location and reason of each that was asked for and could not be given, by location."""
    candidates: int = 0
    """Of how many documents a share was drawn."""


class Readings:
    """Gives documents to readers, and settles what they made of them. Each call is one step."""

    def __init__(self, store: ProjectStore, surroundings: Surroundings) -> None:
        self._store = store
        self._surroundings = surroundings

    @property
    def _stamp(self) -> Stamp:
        return Stamp(self._surroundings.actor, self._surroundings.now())

    # --- giving -------------------------------------------------------------------------------------

    async def assign(
        self,
        readers: Sequence[str],
        *,
        documents: Sequence[int] | None = None,
        share: float = 1.0,
        seed: int = 0,
    ) -> Given:
        """Gives documents to two people each: those of ``documents`` (ids), or a share of all that nobody has
        labeled, drawn at random. Of more than two readers, all pairs get about the same number.

        Raises ``InputError`` for readers that are no two names, ``RefusedError`` where no document can be
        given.
        """
        names = checked_readers(readers)
        pairs = list(combinations(sorted(names), 2))
        await self._store.refresh()
        rows = self._store.state.rows
        asked = sorted(rows.values() if documents is None else (rows[key] for key in documents), key=_name)
        reasons = {row.id: _not_to_give(row) for row in asked}
        free = [row for row in asked if not reasons[row.id]]
        chosen = free if documents is not None else drawn(free, share, seed)
        if not chosen:
            raise RefusedError(
                "There is no document to give." if documents is None else _why_none(asked, reasons),
                hint="Only documents that nobody has labeled or reviewed can be given to readers.",
            )
        given = {row.id: (row.location, pairs[number % len(pairs)]) for number, row in enumerate(chosen)}

        def changes(state: State, key: int) -> list[Change]:
            if key not in state.rows or _not_to_give(state.rows[key]):
                given.pop(key)  # somebody was faster
                return []
            return [put_document(state, replace(state.document(key), readers=given[key][1]))]

        await self._batches(GIVE, list(given), changes)
        skipped = [(row.location, reasons[row.id]) for row in asked if reasons[row.id]]
        return Given(tuple(given.values()), tuple(skipped) if documents is not None else (), len(free))

    async def _batches(
        self, action: str, documents: Sequence[int], changes: Callable[[State, int], list[Change]]
    ) -> Transaction | None:
        """One step in transactions of a readable size; gives back the last."""
        return await in_steps(self._store, self._surroundings, action, documents, changes)

    async def withdraw(self, documents: Sequence[int]) -> Transaction | None:
        """Takes documents back from their readers. What was labeled in the readings goes; undoable.

        Raises ``RefusedError`` for one that is with nobody.
        """

        def changes(state: State, key: int) -> list[Change]:
            document = state.whole(key)
            if not document.is_given:
                raise RefusedError(f"{document.location} is with no readers.")
            gone = [
                put_label(state, document, replace(label, removed=self._stamp))
                for label in document.labels.values()
                if label.reader and not label.removed
            ]
            return [*gone, put_document(state, replace(document, readers=(), finished=(), choices=()))]

        return await self._batches(WITHDRAW, documents, changes)

    # --- being done ---------------------------------------------------------------------------------

    async def finish(self, documents: Sequence[int]) -> Transaction | None:
        """Says that this person is done with documents; with nothing labeled, that there is nothing to label.

        When every reader has said so the readings are shown to all, and that is not taken back. ``None`` when
        it was said already. Raises ``RefusedError`` for a document that they do not have to read.
        """

        def changes(state: State, key: int) -> list[Change]:
            document = self._mine(state, key)
            if self._surroundings.actor in document.finishers:
                return []
            stamps = sorted((*document.finished, self._stamp), key=lambda stamp: stamp.actor)
            return [put_document(state, replace(document, finished=tuple(stamps)))]

        return await self._batches(FINISH, documents, changes)

    async def reopen(self, documents: Sequence[int]) -> Transaction | None:
        """Goes on with readings that were finished; ``None`` where none was.

        Raises ``RefusedError`` once every reader is done: what was seen stays seen.
        """

        def changes(state: State, key: int) -> list[Change]:
            document = self._mine(state, key)
            if document.is_open_to_all:
                raise RefusedError(
                    f"Everybody is done with {document.location}, so the readings are in view.",
                    hint="Settle its labels by adjudication.",
                    on_screen="Settle its labels by adjudication (W).",
                )
            stamps = tuple(s for s in document.finished if s.actor != self._surroundings.actor)
            return [put_document(state, replace(document, finished=stamps))]

        return await self._batches(REOPEN, documents, changes)

    def _mine(self, state: State, document_id: int) -> Document:
        document = state.document(document_id)
        if document.settled:
            raise RefusedError(f"The readings of {document.location} are settled.")
        if self._surroundings.actor not in document.readers:
            hint = f"It is with {' and '.join(document.readers)}." if document.readers else ""
            raise RefusedError(f"{document.location} is not yours to read.", hint=hint or _GIVE_IT)
        return document

    # --- both ---------------------------------------------------------------------------------------

    def both(self, document_id: int) -> TwoReadings | None:
        """A document's readings; ``None`` before every reader is done, or where its text has changed.

        Raises ``NotFoundError``.
        """
        state = self._store.state
        return two_readings(state.project.kind, state.whole(document_id))

    def compared(self) -> Compared:
        """All documents that were given, as far as they may be seen."""
        state, found = self._store.state, []
        waiting: dict[int, int] = {}
        stale: list[str] = []
        for row in state.rows.values():
            if not row.readers:
                continue
            missing = len(row.readers) - len(row.finishers)
            if missing:
                waiting[missing] = waiting.get(missing, 0) + 1
                continue
            both = two_readings(state.project.kind, state.whole(row.id))
            if both is None:
                stale.append(row.location)
            else:
                found.append(both)
        found.sort(key=lambda item: (item.settled is not None, -len(item.undecided), item.location))
        return Compared(tuple(found), waiting, tuple(sorted(stale)))

    # --- adjudicating -------------------------------------------------------------------------------

    async def choose(self, document_id: int, place: Pairing, take: Take) -> Transaction | None:
        """Decides a place where two readings differ. The last one makes the project's labels.

        ``None`` when it was decided so already. Raises ``RefusedError`` where what is taken meets something
        that was taken, or the readings are not to be settled (any more).
        """

        def plan(state: State) -> Plan | None:
            document, both = self._to_settle(state, document_id)
            if place not in both.differing:
                raise RefusedError(
                    f"The readings of {document.location} do not differ there.",
                    hint="Somebody has changed a category since: look at the document again.",
                )
            choice = Choice(place.first, place.second, take, self._stamp)
            others = tuple(known for known in both.choices if known.place != choice.place)
            if any(known.place == choice.place and known.take is take for known in both.choices):
                return None
            decided = replace(both, choices=(*others, choice))
            check_clashes(state, decided)
            document = replace(document, choices=decided.choices)
            if decided.undecided:
                return Plan(CHOOSE, [put_document(state, document)])
            return Plan(SETTLE, self._settling(state, document, decided))

        return await self._store.commit(self._surroundings.actor, plan)

    async def settle_agreeing(self, documents: Sequence[int]) -> Transaction | None:
        """Makes labels of readings that agree in all, or that are decided in all; others are left.

        ``None`` where there is none.
        """

        def changes(state: State, key: int) -> list[Change]:
            document, both = self._to_settle(state, key)
            return [] if both.undecided else self._settling(state, document, both)

        return await self._batches(SETTLE, documents, changes)

    def _to_settle(self, state: State, document_id: int) -> tuple[Document, TwoReadings]:
        document = state.whole(document_id)
        if document.settled:
            raise RefusedError(
                f"{document.location} was settled by {document.settled.actor}.",
                hint="Take that back first (undo), or change its labels.",
            )
        if not document.is_open_to_all:
            raise RefusedError(
                f"Not everybody is done with {document.location}.",
                hint="Readings are seen and settled once all are finished.",
            )
        both = two_readings(state.project.kind, document)
        if both is None:
            raise RefusedError(
                f"The text of {document.location} has changed since it was read.",
                hint="Withdraw it from its readers, and give it to them again.",
            )
        return document, both

    def _settling(self, state: State, document: Document, both: TwoReadings) -> list[Change]:
        """Labels that the project has already, made by somebody after an undo or on another machine, stay."""
        stamp, kind = self._stamp, state.project.kind
        own = (label for label in document.labels.values() if not label.reader)
        there = [label for label in own if not document.is_stale(label)]
        made = [
            Label(
                id=self._surroundings.new_id(),
                category=category,
                span=span,
                origin=Origin.PERSON,
                made=stamp,
                text_hash=document.text_hash,
            )
            for category, span in both.result
            if not any(in_the_way(kind, there, category, span))
        ]
        is_empty = not made and not any(label.is_active for label in there)
        reviewed = stamp if is_empty else document.reviewed
        settled = replace(document, settled=stamp, reviewed=reviewed)
        return [
            *(put_label(state, document, label) for label in made),
            put_document(state, settled),
        ]


_GIVE_IT = "It is with no readers; `tui-labeler assign` gives documents to two people."


def _not_to_give(row: DocumentRow) -> str:
    """Why a document can't be given to readers; empty where it can."""
    if row.problem:
        return row.problem
    if row.is_given:
        return f"it is with {' and '.join(row.readers)}"
    if row.labels or row.drafts:
        return "it is labeled"
    if row.reviewed:
        return "it is marked as reviewed"
    return "it was read before" if row.readers else ""


def _name(row: DocumentRow) -> str:
    return row.location


def _why_none(asked: Sequence[DocumentRow], reasons: Mapping[int, str]) -> str:
    if len(asked) == 1:
        return f"{asked[0].location} can't be given to readers: {reasons[asked[0].id]}."
    return f"None of the {len(asked):,} documents can be given to readers: they are labeled, or with some."


def checked_readers(readers: Sequence[str]) -> list[str]:
    """Names, without white space around them. Raises ``InputError``."""
    names = [name.strip() for name in readers]
    if not any(names):
        raise InputError(
            "Two names are wanted.",
            hint="Those that people have in their settings, or log in with: for instance ann,bob.",
        )
    if any(not name or not name.isprintable() or len(name) > LONGEST_NAME for name in names):
        raise InputError(
            "A reader needs a name.",
            hint="Names are those that people have in their settings, or log in with.",
        )
    if len(set(names)) != len(names) or len(names) < 2:
        raise InputError("Readers are two people, or more.", hint="Name each once: ann,bob.")
    return names


def drawn(rows: Sequence[DocumentRow], share: float, seed: int) -> list[DocumentRow]:
    """A share of documents, 0 to 1, at random, in the order they were in; one at least where there is one."""
    number = min(len(rows), max(1, round(len(rows) * share)))
    chosen = random.Random(seed).sample(range(len(rows)), number)
    return [rows[index] for index in sorted(chosen)]
