"""Two people on one document on purpose: who gets which, who is done, and what comes of it."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import TYPE_CHECKING

from tui_labeler.domain.agreement import Choice, Outcome, Pairing, Take, pairings
from tui_labeler.domain.labels import Label, Origin, Stamp
from tui_labeler.domain.performance import Annotation
from tui_labeler.domain.readings import clashes, reading, taken
from tui_labeler.engine.changes import put_document, put_label
from tui_labeler.engine.errors import InputError, RefusedError
from tui_labeler.engine.ports import Plan

if TYPE_CHECKING:
    from tui_labeler.domain.documents import Document, DocumentRow
    from tui_labeler.domain.projects import ProjectKind
    from tui_labeler.engine.ports import Change, ProjectStore, State, Surroundings, Transaction

GIVE, WITHDRAW = "readings.give", "readings.withdraw"
FINISH, REOPEN = "reading.finish", "reading.reopen"
CHOOSE, SETTLE = "readings.choose", "readings.settle"
"""Of the places where two readings differ one was decided; all were, and the project has its labels."""

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


@dataclass(frozen=True, slots=True)
class TwoReadings:
    """A document with both readings side by side."""

    document: int
    location: str
    readers: tuple[str, str]
    first: tuple[Annotation, ...]
    second: tuple[Annotation, ...]
    lines: tuple[Pairing, ...]
    choices: tuple[Choice, ...] = ()
    settled: Stamp | None = None
    characters: int = 0
    text_hash: str = ""

    @property
    def differing(self) -> tuple[Pairing, ...]:
        return tuple(line for line in self.lines if line.outcome is not Outcome.SAME)

    @property
    def undecided(self) -> tuple[Pairing, ...]:
        """Differing places that nobody has decided."""
        return tuple(line for line in self.lines if taken(line, self.choices) is None)

    @property
    def result(self) -> tuple[Annotation, ...]:
        """What agrees, and what was chosen so far."""
        return tuple(item for line in self.lines for item in taken(line, self.choices) or ())


@dataclass(frozen=True, slots=True)
class Compared:
    """All documents that both readers are done with, and how many are not that far."""

    documents: tuple[TwoReadings, ...] = ()
    """The most undecided differences first, then by location."""
    waiting: Mapping[int, int] = field(default_factory=dict)
    """How many documents wait for so many readers."""
    stale: tuple[str, ...] = ()
    """Locations of those whose text has changed since: their places can't be compared."""


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
        found = Given()

        def plan(state: State) -> Plan:
            nonlocal found
            rows = state.rows
            asked = sorted(
                rows.values() if documents is None else (rows[key] for key in documents), key=_name
            )
            reasons = {row.id: self._not_to_give(state, row) for row in asked}
            free = [row for row in asked if not reasons[row.id]]
            chosen = free if documents is not None else drawn(free, share, seed)
            if not chosen:
                raise RefusedError(
                    "There is no document to give." if documents is None else _why_none(asked, reasons),
                    hint="Only documents that nobody has labeled or reviewed can be given to readers.",
                )
            given = [(row, pairs[number % len(pairs)]) for number, row in enumerate(chosen)]
            skipped = [(row.location, reasons[row.id]) for row in asked if reasons[row.id]]
            found = Given(
                tuple((row.location, pair) for row, pair in given),
                tuple(skipped) if documents is not None else (),
                len(free),
            )
            changes = [
                put_document(state, replace(state.document(row.id), readers=pair)) for row, pair in given
            ]
            return Plan(GIVE, changes)

        await self._store.commit(self._surroundings.actor, plan)
        return found

    def _not_to_give(self, state: State, row: DocumentRow) -> str:
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

    async def withdraw(self, documents: Sequence[int]) -> Transaction | None:
        """Takes documents back from their readers. What was labeled in the readings goes; undoable.

        Raises ``RefusedError`` for one that is with nobody.
        """

        def plan(state: State) -> Plan:
            changes: list[Change] = []
            for key in documents:
                document = state.whole(key)
                if not document.is_given:
                    raise RefusedError(f"{document.location} is with no readers.")
                for label in document.labels.values():
                    if label.reader and not label.removed:
                        changes.append(put_label(state, document, replace(label, removed=self._stamp)))
                freed = replace(document, readers=(), finished=(), choices=())
                changes.append(put_document(state, freed))
            return Plan(WITHDRAW, changes)

        return await self._store.commit(self._surroundings.actor, plan)

    # --- being done ---------------------------------------------------------------------------------

    async def finish(self, documents: Sequence[int]) -> Transaction | None:
        """Says that this person is done with documents; with nothing labeled, that there is nothing to label.

        When every reader has said so the readings are shown to all, and that is not taken back. ``None`` when
        it was said already. Raises ``RefusedError`` for a document that they do not have to read.
        """

        def plan(state: State) -> Plan:
            changes: list[Change] = []
            for key in documents:
                document = self._mine(state, key)
                if self._surroundings.actor not in document.finishers:
                    stamps = sorted((*document.finished, self._stamp), key=lambda stamp: stamp.actor)
                    changes.append(put_document(state, replace(document, finished=tuple(stamps))))
            return Plan(FINISH, changes)

        return await self._store.commit(self._surroundings.actor, plan)

    async def reopen(self, documents: Sequence[int]) -> Transaction | None:
        """Goes on with readings that were finished; ``None`` where none was.

        Raises ``RefusedError`` once every reader is done: what was seen stays seen.
        """

        def plan(state: State) -> Plan:
            changes: list[Change] = []
            for key in documents:
                document = self._mine(state, key)
                if document.is_open_to_all:
                    raise RefusedError(
                        f"Everybody is done with {document.location}, so the readings are in view.",
                        hint="Settle its labels by adjudication.",
                        on_screen="Settle its labels by adjudication (W).",
                    )
                stamps = tuple(s for s in document.finished if s.actor != self._surroundings.actor)
                changes.append(put_document(state, replace(document, finished=stamps)))
            return Plan(REOPEN, changes)

        return await self._store.commit(self._surroundings.actor, plan)

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
            _check_clashes(state, decided)
            document = replace(document, choices=decided.choices)
            if decided.undecided:
                return Plan(CHOOSE, [put_document(state, document)])
            return Plan(SETTLE, self._settling(state, document, decided))

        return await self._store.commit(self._surroundings.actor, plan)

    async def settle_agreeing(self, documents: Sequence[int]) -> Transaction | None:
        """Makes labels of readings that agree in all, or that are decided in all; others are left.

        ``None`` where there is none.
        """

        def plan(state: State) -> Plan:
            changes: list[Change] = []
            for key in documents:
                document, both = self._to_settle(state, key)
                if not both.undecided:
                    changes += self._settling(state, document, both)
            return Plan(SETTLE, changes)

        return await self._store.commit(self._surroundings.actor, plan)

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
        stamp = self._stamp
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
        ]
        reviewed = document.reviewed if made else stamp
        settled = replace(document, settled=stamp, reviewed=reviewed)
        return [
            *(put_label(state, document, label) for label in made),
            put_document(state, settled),
        ]


_GIVE_IT = "It is with no readers; `tui-labeler assign` gives documents to two people."


def _name(row: DocumentRow) -> str:
    return row.location


def _why_none(asked: Sequence[DocumentRow], reasons: Mapping[int, str]) -> str:
    if len(asked) == 1:
        return f"{asked[0].location} can't be given to readers: {reasons[asked[0].id]}."
    return f"None of the {len(asked):,} documents can be given to readers: they are labeled, or with some."


def checked_readers(readers: Sequence[str]) -> list[str]:
    """Names, without white space around them. Raises ``InputError``."""
    names = [name.strip() for name in readers]
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


def two_readings(kind: ProjectKind, document: Document) -> TwoReadings | None:
    """Both readings of a whole document; ``None`` before every reader is done, or on another text."""
    if not document.is_open_to_all or len(document.readers) < 2:
        return None
    readers = document.readers[0], document.readers[1]
    sides = [reading(document, reader) for reader in readers]
    if any(
        label.span and label.text_hash not in ("", document.text_hash) for side in sides for label in side
    ):
        return None
    first, second = (tuple((label.category, label.span) for label in side) for side in sides)
    return TwoReadings(
        document.id,
        document.location,
        readers,
        first,
        second,
        pairings(kind, first, second),
        document.choices,
        document.settled,
        document.characters,
        document.text_hash,
    )


def _check_clashes(state: State, both: TwoReadings) -> None:
    kind = state.project.kind
    for one, other in clashes(kind, both.result):
        names = [state.categories[category].name for category, _ in (one, other)]
        if one[1] and other[1]:
            words = f"{names[0]} at {one[1].start}..{one[1].end} and {names[1]} at {other[1].start}.."
            raise RefusedError(f"{words}{other[1].end} overlap.", hint="Take one of them, or neither.")
        raise RefusedError(f"A document has one class, and not {names[0]} and {names[1]}.", hint="Take one.")
