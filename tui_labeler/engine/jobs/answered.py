"""What a method has answered of a project already, so that a watcher asks only for what is new."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tui_labeler.domain.jobs import Job, JobKind, Method
from tui_labeler.engine.models.models import MODEL_VERSION

if TYPE_CHECKING:
    from tui_labeler.domain.document_rows import DocumentRow
    from tui_labeler.domain.documents import Document
    from tui_labeler.engine.jobs.jobs import Jobs
    from tui_labeler.engine.ports import State

TRIES = 3
"""Jobs in which a document may fail for a reason that passes, while others are labeled."""

PASSING = frozenset(
    {
        "at_service",
        "bad_input",
        "busy",
        "changed",
        "container",
        "gone",
        "outside",
        "storage",
        "trouble",
        "under_way",
        "unreadable",
    }
)
"""Codes of failures that another try may mend."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A method, and what it is asked for."""

    method: Method
    version: str
    """Of the trained model, since one that is trained anew is another; empty for a deployment."""
    categories: frozenset[str]

    def is_of(self, job: Job) -> bool:
        """Whether a job asked the same method, for whatever categories."""
        request = job.request
        same = request.kind is JobKind.AUTOLABEL and request.method == self.method
        return same and request.options.get(MODEL_VERSION, self.version) == self.version


@dataclass(slots=True)
class _Known:
    """Of one document, by the hash of its text."""

    categories: dict[str, set[str]] = field(default_factory=dict)
    failures: Counter[str] = field(default_factory=Counter)


class Answered:
    """Remembers what jobs that are over have answered; each is read once."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._texts: dict[tuple[str, str, int], Mapping[int, str]] = {}
        self._asked: Asked | None = None
        self._settled: dict[int, DocumentRow] = {}
        """Documents that need nothing, as they were then: a row is another one once its document changes."""

    async def new(self, rows: Iterable[DocumentRow], state: State, asked: Asked) -> list[DocumentRow]:
        """Those of some documents that the method was never asked about, as they are, for the categories.

        Left out are those that can't be read, those that a job is at, and those that failed for a reason
        that stays. Raises ``StorageError``.
        """
        jobs = [job for job in await self._jobs.list() if asked.is_of(job)]
        busy = {key for job in jobs if not job.state.is_over for key in job.request.documents}
        known = await self._known([job for job in jobs if job.state.is_over])
        if asked != self._asked:
            self._asked, self._settled = asked, {}
        found: list[DocumentRow] = []
        for row in rows:
            if row.problem or row.id in busy or self._settled.get(row.id) is row:
                continue
            if _is_settled(state.document(row.id), known.get(row.id), asked):
                self._settled[row.id] = row
            else:
                found.append(row)
        return found

    async def _known(self, jobs: Sequence[Job]) -> dict[int, _Known]:
        known: dict[int, _Known] = {}
        for job in jobs:
            for document, text_hash in (await self._answers(job)).items():
                of_text = known.setdefault(document, _Known()).categories.setdefault(text_hash, set())
                of_text.update(job.request.categories)
            for failure in job.failed:
                failures = known.setdefault(failure.document, _Known()).failures
                if failure.error not in PASSING:
                    failures[failure.text_hash] += TRIES
                elif job.done:
                    # Where all failed, it was not for this document's sake.
                    failures[failure.text_hash] += 1
        return known

    async def _answers(self, job: Job) -> Mapping[int, str]:
        key = (job.id, job.ended, job.done)
        if key not in self._texts:
            self._texts[key] = await self._jobs.answered_texts(job.id)
        return self._texts[key]


def _is_settled(document: Document, known: _Known | None, asked: Asked) -> bool:
    text = document.text_hash
    if known is not None:
        if max(known.failures[text], known.failures[""]) >= TRIES:
            return True
        if text in known.categories:
            return asked.categories <= known.categories[text]
    # What was asked in another home comes as suggestions, with the labels.
    return any(
        suggestion.source == asked.method.source
        and suggestion.text_hash == text
        and suggestion.category in asked.categories
        and (not asked.version or suggestion.version == asked.version)
        for suggestion in document.suggestions.values()
    )
