"""What an autolabeling job does: documents in, suggestions out, each document once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from tui_labeler.domain.jobs import Answer, DocumentFailure, JobRequest, JobState, Proposal
from tui_labeler.domain.labels import Span, Suggestion, ToPlace, Verdict, suggestion_id
from tui_labeler.engine.actions import JOB
from tui_labeler.engine.autolabelers.autolabeler import Autolabeler, Task
from tui_labeler.engine.changes import drop_suggestion, put, put_suggestion
from tui_labeler.engine.documents.reading import read_text
from tui_labeler.engine.errors import LabelerError, NotFoundError, UnreachableError
from tui_labeler.engine.finishing import finished
from tui_labeler.engine.ports import Change, Plan
from tui_labeler.engine.ports.cluster import Unread
from tui_labeler.engine.rows import to_row

if TYPE_CHECKING:
    from tui_labeler.domain.documents import Document
    from tui_labeler.engine.documents.decoding import Decoded
    from tui_labeler.engine.ports import Container, JobJournal, ProjectStore, State


NOT_IN_PROJECT = "it is not in the project any more"
READ_AGAIN = "R where texts are labeled, or `sync`"

NOT_IN_CONTAINER = f"it is no longer in the container; read the container again ({READ_AGAIN})"


class LabelingRun:
    """One run of an autolabeling job, from what earlier runs left to its end, whoever labels."""

    def __init__(self, store: ProjectStore, container: Container, journal: JobJournal) -> None:
        self._store = store
        self._container = container
        self._journal = journal
        self._request: JobRequest = journal.job.request
        self._early: list[DocumentFailure] = []
        self._kept: frozenset[int] = frozenset()
        self._continues = journal.job.suggestions > 0
        """The job has changed the project before: undo goes by the first time."""

    async def run(self) -> JobState:
        """Labels what is left and says how it ended. Raises a ``LabelerError`` that ends the job."""
        kept = [answer for answer in self._journal.answered.values() if self._fits(answer)]
        kept = [answer for answer in kept if answer.document not in self._journal.finished]
        self._kept = frozenset(answer.document for answer in kept)
        if kept:
            await finished(self._apply(kept))
        async for batch in self._labeled():
            answers = [item for item in batch if isinstance(item, Answer)]
            failures = [item for item in batch if isinstance(item, DocumentFailure)]
            await finished(self._keep(answers, [*failures, *self._take_early()]))
        await self._journal.failed(self._take_early())
        job = self._journal.job
        if job.failed and not job.done:
            return JobState.FAILED
        return JobState.PARTIALLY_COMPLETED if job.failed else JobState.SUCCEEDED

    def _labeled(self) -> AsyncIterator[Sequence[Answer | DocumentFailure]]:
        """What became of the documents that wait, as it comes, in any order."""
        raise NotImplementedError

    async def _keep(self, answers: Sequence[Answer], failures: Sequence[DocumentFailure]) -> None:
        """What was answered is paid for: a cancel waits until it is in the project and in the books."""
        if answers:
            await self._journal.answers(answers)
            await self._apply(answers)
        await self._journal.failed(failures)

    def _fits(self, answer: Answer) -> bool:
        """Whether an answer of an earlier run is on the text as the project knows it."""
        state = self._store.state
        return answer.document in state.rows and state.document(answer.document).text_hash == answer.text_hash

    def _take_early(self) -> list[DocumentFailure]:
        early, self._early = self._early, []
        return early

    def _waiting(self) -> Iterator[Unread]:
        """The documents that need an answer; those that are gone fail here."""
        skip = self._journal.finished | self._journal.failed_before | self._kept
        for document_id in self._request.documents:
            if document_id in skip:
                continue
            state = self._store.state
            row = state.rows.get(document_id)
            if row is None:
                self._early.append(
                    DocumentFailure(document_id, f"document {document_id}", "gone", NOT_IN_PROJECT)
                )
                continue
            language = row.language or state.project.language
            yield Unread(document_id, row.location, language, self._journal.attempts.get(document_id, 0))

    async def _apply(self, answers: Sequence[Answer]) -> None:
        """Makes answers suggestions; those on another text than the project knows fail."""
        tally = _Tally()
        plan = partial(_applying, self._request, answers, tally, self._continues)
        if await self._store.commit(self._request.actor, plan):
            self._continues = True
        fresh = [answer for answer in answers if answer.document not in tally.stale]
        if fresh:
            await self._journal.applied(fresh, tally.suggestions)
        await self._journal.failed(list(tally.stale.values()))


class AutolabelRun(LabelingRun):
    """Texts are read here, for an autolabeler in this process."""

    def __init__(
        self, store: ProjectStore, container: Container, journal: JobJournal, autolabeler: Autolabeler
    ) -> None:
        super().__init__(store, container, journal)
        self._autolabeler = autolabeler

    def _labeled(self) -> AsyncIterator[Sequence[Answer | DocumentFailure]]:
        return self._autolabeler.label(self._tasks())

    async def _tasks(self) -> AsyncIterator[Task]:
        """The same with their texts; those that can't be read fail here."""
        for unread in self._waiting():
            task = await read_task(unread, self._read(unread))
            if isinstance(task, Task):
                yield task
            else:
                self._early.append(task)

    async def _read(self, unread: Unread) -> Decoded:
        # Its row says enough: the whole document is read from its shard once, when its answer is there.
        row = self._store.state.rows.get(unread.document)
        if row is None:
            raise NotFoundError(NOT_IN_PROJECT)
        return await read_text(self._store, self._container, self._request.actor, row)


async def read_task(unread: Unread, reading: Awaitable[Decoded]) -> Task | DocumentFailure:
    """A document with the text that ``reading`` brings. Raises ``UnreachableError``."""
    try:
        decoded = await reading
    except NotFoundError:
        return DocumentFailure(unread.document, unread.location, "gone", NOT_IN_CONTAINER)
    except UnreachableError:
        raise
    except LabelerError as error:
        return DocumentFailure(unread.document, unread.location, error.code, error.message)
    if decoded.problem:
        return DocumentFailure(unread.document, unread.location, "unreadable", decoded.problem)
    return Task(
        unread.document, unread.location, unread.language, decoded.text, decoded.text_hash, unread.attempt
    )


class _Tally:
    def __init__(self) -> None:
        self.suggestions = 0
        self.stale: dict[int, DocumentFailure] = {}


def _applying(
    request: JobRequest, answers: Sequence[Answer], tally: _Tally, continues: bool, state: State
) -> Plan:
    changes: list[Change] = []
    for answer in answers:
        if answer.document not in state.rows:
            tally.stale[answer.document] = DocumentFailure(
                answer.document, answer.location, "gone", NOT_IN_PROJECT
            )
            continue
        document = state.document(answer.document)
        if document.text_hash != answer.text_hash:
            tally.stale[answer.document] = DocumentFailure(
                answer.document,
                answer.location,
                "changed",
                f"its text is another than when the container was read; read it again ({READ_AGAIN}), "
                "then retry",
            )
            continue
        step, count = _document_changes(request, answer, document, state)
        changes += step
        tally.suggestions += count
    # All of a job is undone together: its transactions share the job's id as their group.
    note = {"continues": True} if continues else {}
    return Plan(JOB, changes, group=request.id, job=request.id, note=note)


def _document_changes(
    request: JobRequest, answer: Answer, document: Document, state: State
) -> tuple[list[Change], int]:
    """Replaces the undecided suggestions of the job's categories; decisions stay."""
    chosen = set(request.categories) & set(state.categories)
    wanted = [proposal for proposal in answer.proposals if proposal.category in chosen]
    rejected = _rejected(document)
    new = {
        s.id: s
        for s in _suggestions(request, answer, wanted)
        if (s.category, s.span, s.method) not in rejected
    }
    changes = [
        drop_suggestion(state, document, old.id)
        for old in document.suggestions.values()
        if old.decision is None and old.category in request.categories and old.id not in new
    ]
    changes += [
        put_suggestion(state, document, suggestion)
        for suggestion in new.values()
        if suggestion.id not in document.suggestions or document.suggestions[suggestion.id].decision is None
    ]
    changes += [
        put(state, "to_place", f"{document.id}/{old.id}", None)
        for old in document.to_place.values()
        if old.decision is None and old.category in request.categories and old.job != request.id
    ]
    dropped = {(old.category, old.text, old.method) for old in document.to_place.values() if old.decision}
    for number, (category, words) in enumerate(answer.to_place):
        if category in chosen:
            source = _source(request)
            # One of its own in the whole project, in the order of the answer, the same when applied again.
            key = f"{request.id}-{answer.document}-{number:03}"
            item = ToPlace(key, category, words, source, request.id, answer.version)
            if (category, words, item.method) in dropped:
                continue
            changes.append(put(state, "to_place", f"{document.id}/{item.id}", to_row(item)))
    return changes, len(new)


def _suggestions(request: JobRequest, answer: Answer, proposals: Sequence[Proposal]) -> list[Suggestion]:
    return [
        Suggestion(
            id=suggestion_id(request.id, answer.document, proposal.category, proposal.span),
            category=proposal.category,
            span=proposal.span,
            source=_source(request),
            job=request.id,
            confidence=proposal.confidence,
            placed=proposal.placed,
            place=proposal.place,
            places=proposal.places,
            version=answer.version,
            text_hash=answer.text_hash,
        )
        for proposal in proposals
    ]


def _source(request: JobRequest) -> str:
    return request.method.source if request.method else ""


def _rejected(document: Document) -> set[tuple[str, Span | None, str]]:
    """What people rejected: category, span in the text of today, and method. The same method does not suggest
    it again."""
    return {
        (old.category, old.span, old.method)
        for old in document.suggestions.values()
        if old.decision is not None
        and old.decision.verdict is Verdict.REJECTED
        and not document.earlier_text(old)
    }
