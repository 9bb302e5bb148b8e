"""Blind mode: labels that no suggestion influenced, and how far suggestions agree with them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tui_labeler.domain.agreement import Agreement, BlindReading, Pairing, agreement, pairings
from tui_labeler.domain.jobs import JobKind
from tui_labeler.domain.labels import Stamp
from tui_labeler.engine.actions import REVEAL
from tui_labeler.engine.changes import put_document
from tui_labeler.engine.errors import RefusedError
from tui_labeler.engine.ports import Plan

if TYPE_CHECKING:
    from tui_labeler.domain.documents import Document
    from tui_labeler.engine.ports import JobStore, ProjectStore, State, Surroundings, Transaction


_BREATH = 50
"""Documents that are opened before others get their turn."""


@dataclass(frozen=True, slots=True)
class BlindResult:
    """How the suggestions agree with what people had labeled before they saw them."""

    agreement: Agreement
    documents: tuple[tuple[str, tuple[Pairing, ...]], ...]
    """Location and pairings of every blind document, in order of location; people's labels are the first."""


class Blind:
    """Shows hidden suggestions, and keeps what was labeled until then."""

    def __init__(self, store: ProjectStore, jobs: JobStore, surroundings: Surroundings) -> None:
        self._store = store
        self._jobs = jobs
        self._surroundings = surroundings

    async def reveal(self, document_id: int) -> Transaction | None:
        """Ends the blind reading of a document: its suggestions are shown from here on.

        To be called when a person says that the document is labeled in full: what is missing then counts as
        something that only was suggested.
        ``None`` when they are shown already. Raises ``RefusedError`` for a document that nobody has labeled
        or marked as reviewed, and where there is nothing to compare with.
        """
        judged = await self._was_judged(document_id)

        def plan(state: State) -> Plan | None:
            document = state.document(document_id)
            if document.is_given:
                raise RefusedError(
                    f"{document.location} is with its readers.",
                    hint="How far they agree is shown when both are done.",
                )
            if not document.hides_suggestions(state.project.settings):
                return None
            if not document.active_labels and document.reviewed is None:
                raise RefusedError(
                    f"{document.location} is not labeled yet.",
                    hint="Label it first, or mark it as reviewed if there is nothing to label.",
                    on_screen="Label it first, or press m if there is nothing to label.",
                )
            if not judged and not document.suggestions:
                raise RefusedError(
                    f"Nothing was suggested for {document.location}.",
                    hint="Have it labeled by a job first; its suggestions stay hidden.",
                )
            stamp = Stamp(self._surroundings.actor, self._surroundings.now())
            read = replace(document, blind=_reading(document, stamp))
            return Plan(REVEAL, [put_document(state, read)])

        return await self._store.commit(self._surroundings.actor, plan)

    async def _was_judged(self, document_id: int) -> bool:
        """Whether a job looked at the document, perhaps to find nothing: that is an answer too."""
        for job in await self._jobs.list():
            wanted = job.request.kind is JobKind.AUTOLABEL and document_id in job.request.documents
            if wanted and document_id in await self._jobs.finished(job.id):
                return True
        return False

    async def is_anything_suggested(self) -> bool:
        """Whether anything was ever suggested in the project, or a job was to.

        It is said of the project as a whole: of one document it would be no secret any more.
        Others get their turn while documents are opened.
        """
        state = self._store.state
        if any(row.suggestions or row.to_place for row in state.rows.values()):
            return True
        if any(job.request.kind is JobKind.AUTOLABEL for job in await self._jobs.list()):
            return True
        for number, document_id in enumerate(list(state.rows)):
            if number % _BREATH == _BREATH - 1:
                await asyncio.sleep(0)
            if document_id in state.rows:
                # Decided ones, and those under a label, are in no row.
                document = state.whole(document_id)
                if document.suggestions or document.to_place:
                    return True
        return False

    async def result(self) -> BlindResult:
        """Compares all blind readings. Others get their turn while documents are opened."""
        state = self._store.state
        found: list[tuple[str, tuple[Pairing, ...]]] = []
        for number, document_id in enumerate(list(state.rows)):
            if number % _BREATH == _BREATH - 1:
                await asyncio.sleep(0)
            if document_id not in state.rows:
                continue
            document = state.document(document_id)
            if document.blind is not None:
                found.append((document.location, read_pairings(state, document.blind)))
        found.sort(key=lambda item: item[0])
        return BlindResult(agreement(state.project.kind, (lines for _, lines in found)), tuple(found))


def read_pairings(state: State, reading: BlindReading) -> tuple[Pairing, ...]:
    """A person's labels and the suggestions of one document side by side."""
    return pairings(state.project.kind, reading.labeled, reading.suggested)


def _reading(document: Document, stamp: Stamp) -> BlindReading:
    """Undecided suggestions of the text as it is; those under a label count as the others do."""
    suggested = {
        (suggestion.category, suggestion.span)
        for suggestion in document.suggestions.values()
        if suggestion.decision is None and suggestion.text_hash in ("", document.text_hash)
    }
    return BlindReading(
        stamp,
        tuple((label.category, label.span) for label in document.active_labels),
        tuple(sorted(suggested, key=lambda item: (item[1].start if item[1] else 0, item[0]))),
        document.text_hash,
    )
