"""A job's journal: small events for those who follow it, answers for the runner that comes after a crash."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from tui_labeler.domain.jobs import (
    Answer,
    DocumentFailure,
    DocumentNote,
    Job,
    JobKind,
    JobRequest,
    JobState,
    Usage,
    cost_of,
)
from tui_labeler.domain.text import text_records
from tui_labeler.engine.adapters.store.lines import read_lines
from tui_labeler.engine.adapters.store.requests import RequestFold, seconds_between
from tui_labeler.engine.errors import StorageError
from tui_labeler.engine.typed import decode

if TYPE_CHECKING:
    from collections.abc import Container
    from pathlib import Path

REQUESTS = "requests.jsonl"

DELETE = "Restore the job's folder from a backup, or delete the job (`job delete`)."


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """One step of a job."""

    event: str
    """``started``, ``stage``, ``paused``, ``applied``, ``failed``, ``ended``, ``reopened`` or ``lost``: the
    runner of a job that somebody cancels was found dead."""
    time: str
    pid: int | None = None
    total: int = 0
    done: int = 0
    documents: tuple[int, ...] = ()
    suggestions: int = 0
    unaligned: int = 0
    text_records: int = 0
    usage: Usage = Usage()
    failures: tuple[DocumentFailure, ...] = ()
    notes: tuple[DocumentNote, ...] = ()
    words: str = ""
    until: str = ""
    state: JobState | None = None
    code: str = ""
    result: dict[str, Any] = msgspec.field(default_factory=dict)


class JobFold:
    """A job as its events tell it, brought up to date by reading only what is new."""

    def __init__(self, request: JobRequest, path: Path) -> None:
        """``path``: of the events; the requests to a deployment stand beside it."""
        self.request = request
        self._path = path
        self._requests = RequestFold(path.parent / REQUESTS)
        self._offset = 0
        self.finished: set[int] = set()
        self.failures: dict[int, DocumentFailure] = {}
        self.notes: dict[int, DocumentNote] = {}
        self.attempts: Counter[int] = Counter()
        """How often documents that failed were to be done again."""
        self.last = ""
        """The last event that opens or closes a run: ``started``, ``ended``, ``reopened``, ``lost`` or
        nothing."""
        self.last_time = request.created
        self._sums = {"suggestions": 0, "unaligned": 0, "text_records": 0}
        self._usage = Usage()
        self._started = ""
        self._run_started = ""
        self._worked = 0.0
        self._latest: Event | None = None
        self._stage: Event | None = None
        self._pause: Event | None = None
        self._total = len(request.documents)
        self._pid: int | None = None

    def read_on(self) -> None:
        """Raises ``StorageError`` for a line that is no event."""
        for line, offset in read_lines(self._path, self._offset):
            try:
                event = decode(line, Event)
                self._take(event)
            except (msgspec.MsgspecError, ValueError, TypeError) as error:
                raise StorageError(f"{self._path}: {error}", hint=DELETE) from error
            self._offset = offset
        try:
            self._requests.read_on()
        except (msgspec.MsgspecError, ValueError, TypeError) as error:
            raise StorageError(f"{self._path.parent / REQUESTS}: {error}", hint=DELETE) from error

    def _take(self, event: Event) -> None:
        previous, self.last_time = self.last_time, event.time
        if event.event in ("started", "reopened", "lost") and self.last == "started":
            # The run before was killed: it worked until its last step.
            self._worked += seconds_between(self._run_started, previous)
        match event.event:
            case "started":
                self.last, self._pid, self._run_started = "started", event.pid, event.time
                self._started = self._started or event.time
                self._total = event.total or self._total
                self._latest = self._stage = self._pause = None
                if self.request.kind is JobKind.EVALUATE:
                    # It begins anew with each run, and kept answers make that cheap.
                    self.failures.clear()
            case "stage":
                self._stage = event
            case "paused":
                self._pause = event
            case "applied":
                self.finished.update(event.documents)
                for document in event.documents:
                    self.failures.pop(document, None)
                self.notes.update({note.document: note for note in event.notes})
                self._sums["suggestions"] += event.suggestions
                self._sums["unaligned"] += event.unaligned
                self._sums["text_records"] += event.text_records
                self._usage += event.usage
            case "failed":
                self.failures.update({failure.document: failure for failure in event.failures})
                self._usage = sum((failure.usage for failure in event.failures), self._usage)
            case "ended":
                if self.last == "started":
                    self._worked += seconds_between(self._run_started, event.time)
                self.last, self._latest, self._pid = "ended", event, None
            case "lost":
                self.last, self._pid = "lost", None
            case "reopened":
                self.last, self._latest = "reopened", None
                self.request = replace(self.request, options={**self.request.options, **event.result})
                self.attempts.update(event.documents)
                for document in event.documents:
                    self.failures.pop(document, None)

    def job(self, *, held: bool, cancelling: bool, now: str, patience: float) -> Job:
        """The job at this moment; ``held``: a runner has its lock (looked at *before* reading on)."""
        state = self._state(held, cancelling, now, patience)
        running = self.last == "started"
        until = now if held else self.last_time
        stage = self._stage
        steps = stage is not None and not self.request.documents
        ended = self._latest
        # What was received is paid for, whether a document could be labeled with it or not.
        used = self._usage if self._requests.is_empty else self._requests.usage
        lost = self._requests.unanswered_usage(held=held)
        late = self._requests.late(now) if running and held else None
        pause = self._pause if running and held and not cancelling else None
        if pause and not seconds_between(now, pause.until):
            pause = None
        return Job(
            request=self.request,
            state=state,
            pid=self._pid if held else None,
            started=self._started,
            ended=ended.time if ended else "",
            done=stage.done if steps and stage else len(self.finished),
            total=stage.total if steps and stage else self._total,
            suggestions=self._sums["suggestions"],
            unaligned=self._sums["unaligned"],
            failed=tuple(sorted(self.failures.values(), key=lambda failure: failure.location)),
            notes=tuple(sorted(self.notes.values(), key=lambda note: note.location)),
            text_records=self._sums["text_records"],
            usage=used,
            cost=cost_of(used, self.request.prices),
            unanswered=self._requests.unanswered(held=held),
            unanswered_usage=lost,
            unanswered_cost=cost_of(lost, self.request.prices),
            late=late.location if late else "",
            late_seconds=late.seconds if late else 0.0,
            seconds=round(self._worked + (seconds_between(self._run_started, until) if running else 0.0), 3),
            answered=self._requests.answered,
            stage=stage.words if stage and not state.is_over else "",
            waits_until=pause.until if pause else "",
            waits_for=pause.words if pause else "",
            message=ended.words if ended else "",
            code=ended.code if ended else "",
            result=ended.result if ended else {},
        )

    def _state(self, held: bool, cancelling: bool, now: str, patience: float) -> JobState:
        if self.last == "ended" and self._latest is not None:
            return self._latest.state or JobState.FAILED
        if held:
            if cancelling:
                return JobState.CANCELLING
            return JobState.RUNNING if self.last == "started" else JobState.QUEUED
        # A runner takes a moment from its launch to its lock, by a clock that may have been set back since.
        since = max(seconds_between(self.last_time, now), seconds_between(now, self.last_time))
        if self.last != "started" and since < patience:
            return JobState.QUEUED
        return JobState.INTERRUPTED


def read_answers(path: Path, without: Container[int] = ()) -> dict[int, Answer]:
    """The last answer for each document but those of ``without``. Raises ``StorageError``."""
    found: dict[int, Answer] = {}
    for line, _ in read_lines(path, 0):
        try:
            answer = decode(line, Answer)
        except (msgspec.MsgspecError, ValueError) as error:
            raise StorageError(f"{path}: {error}", hint=DELETE) from error
        if answer.document not in without:
            found[answer.document] = answer
    return found


class _AnsweredText(msgspec.Struct, frozen=True):
    """Of an answer no more than this: the rest may be long."""

    document: int
    text_hash: str


def answered_texts(path: Path) -> dict[int, str]:
    """The hash of the text that was answered last, by document. Raises ``StorageError``."""
    found: dict[int, str] = {}
    for line, _ in read_lines(path, 0):
        try:
            answer = decode(line, _AnsweredText)
        except (msgspec.MsgspecError, ValueError) as error:
            raise StorageError(f"{path}: {error}", hint=DELETE) from error
        found[answer.document] = answer.text_hash
    return found


def records_in(folder: Path) -> int | None:
    """Text records that a job with broken records processed, or ``None`` where neither journal tells.

    Its events count what was applied; where they can't be read, its answers are one for each document
    that was processed. Raises ``StorageError`` where the disk refuses.
    """
    try:
        steps = [decode(line, Event) for line, _ in read_lines(folder / "events.jsonl", 0)]
        if steps:
            return sum(step.text_records for step in steps)
    except (msgspec.MsgspecError, ValueError):
        # The answers may tell.
        pass
    path = folder / "answers.jsonl"
    try:
        answers = [decode(line, Answer) for line, _ in read_lines(path, 0)]
    except (msgspec.MsgspecError, ValueError):
        return None
    sizes = {answer.document: answer.characters for answer in answers}
    return sum(text_records(characters) for characters in sizes.values())
