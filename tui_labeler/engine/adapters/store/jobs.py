"""The records of a project's jobs: a folder each."""

from __future__ import annotations

import asyncio
import math
import re
import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from tui_labeler.domain.jobs import Answer, DocumentFailure, DocumentNote, Job, JobRequest, JobState, Usage
from tui_labeler.domain.text import text_records
from tui_labeler.engine.adapters.store.files import (
    encoded,
    make_folder,
    names_in,
    replace_file,
    storage_errors,
)
from tui_labeler.engine.adapters.store.job_journal import (
    DELETE,
    REQUESTS,
    Event,
    JobFold,
    answered_texts,
    read_answers,
    records_in,
)
from tui_labeler.engine.adapters.store.lines import append_lines
from tui_labeler.engine.adapters.store.locks import FileLock, is_held
from tui_labeler.engine.adapters.store.requests import FileRequestLog
from tui_labeler.engine.errors import LockedError, NotFoundError, StorageError
from tui_labeler.engine.typed import decode

if TYPE_CHECKING:
    from pathlib import Path

    from tui_labeler.engine.ports import RequestLog

LAUNCH_PATIENCE = 15.0
"""Seconds a runner may take from its launch to its lock before its job counts as interrupted."""

LOCK_PATIENCE = 2.0
"""Seconds to wait for a job's lock: those who look whether it is held have it for an instant."""


class _Found(NamedTuple):
    jobs: list[Job]
    broken: list[tuple[str, StorageError]]


class FileJobStore:
    """A :class:`~tui_labeler.engine.ports.JobStore`.

    A job is a folder: ``request.json`` (written once), ``events.jsonl`` and ``answers.jsonl`` (appended by
    the runner), ``requests.jsonl`` (what went to a deployment and what came of it), ``prepared.json`` (what
    the runner settles for all of its runs), ``lock`` (held by it while it lives) and ``cancel`` (there when
    somebody asked).
    """

    def __init__(self, folder: Path, now: Callable[[], str]) -> None:
        self._folder = folder
        self._now = now
        self._folds: dict[str, JobFold] = {}
        self._reading = threading.Lock()
        """Two threads that read a journal on would each count what is new."""

    def _job_folder(self, job_id: str) -> Path:
        folder = self._folder / job_id
        with storage_errors(folder):
            if re.fullmatch(r"[a-z0-9]+", job_id) and (folder / "request.json").exists():
                return folder
        raise NotFoundError(f"There is no job {job_id!r}.", hint="`tui-labeler jobs PROJECT` lists the jobs.")

    async def create(self, request: JobRequest) -> None:
        def write() -> None:
            folder = self._folder / request.id
            data = encoded(request)
            try:
                make_folder(folder, project=self._folder.parent)
                replace_file(folder / "request.json", data)
            except BaseException:
                with suppress(OSError):
                    folder.rmdir()
                raise

        await asyncio.to_thread(write)

    async def list(self) -> tuple[Job, ...]:
        jobs = (await asyncio.to_thread(self._read))[0]
        return tuple(sorted(jobs, key=lambda job: (job.request.created, job.id), reverse=True))

    async def broken(self) -> tuple[tuple[str, StorageError], ...]:
        return tuple(sorted((await asyncio.to_thread(self._read))[1], key=itemgetter(0)))

    def _read(self) -> _Found:
        """All jobs, and those that can't be read: one that is damaged takes no other with it."""
        jobs, broken = found = _Found([], [])
        for job_id in names_in(self._folder):
            try:
                jobs.append(self._get(job_id))
            except StorageError as error:
                broken.append((job_id, error))
            except NotFoundError:
                # No job, or somebody deleted it while they are listed.
                continue
        return found

    async def get(self, job_id: str) -> Job:
        return await asyncio.to_thread(self._get, job_id)

    def _get(self, job_id: str) -> Job:
        folder = self._job_folder(job_id)
        # The lock first: a runner writes its last event before it lets go.
        held = is_held(folder / "lock")
        with storage_errors(folder):
            cancelling = (folder / "cancel").exists()
        with self._reading:
            fold = self._fold(job_id)
            try:
                return fold.job(held=held, cancelling=cancelling, now=self._now(), patience=LAUNCH_PATIENCE)
            except (ValueError, TypeError) as error:  # times that are none
                raise StorageError(f"{folder}: {error}", hint=DELETE) from error

    def _fold(self, job_id: str) -> JobFold:
        """The caller holds ``_reading``."""
        folder = self._job_folder(job_id)
        if job_id not in self._folds:
            self._folds[job_id] = JobFold(_request(folder), folder / "events.jsonl")
        fold = self._folds[job_id]
        fold.read_on()
        return fold

    async def finished(self, job_id: str) -> frozenset[int]:
        return await asyncio.to_thread(self._finished, job_id)

    def _finished(self, job_id: str) -> frozenset[int]:
        with self._reading:
            return frozenset(self._fold(job_id).finished)

    async def answered_texts(self, job_id: str) -> Mapping[int, str]:
        return await asyncio.to_thread(self._answered, job_id)

    def _answered(self, job_id: str) -> Mapping[int, str]:
        finished = self._finished(job_id)
        found = answered_texts(self._job_folder(job_id) / "answers.jsonl")
        return {document: text_hash for document, text_hash in found.items() if document in finished}

    async def reopen(
        self, job_id: str, *, retry: frozenset[int], options: Mapping[str, Any] | None = None
    ) -> None:
        await asyncio.to_thread(self._reopen, job_id, retry, dict(options or {}))

    def _reopen(self, job_id: str, retry: frozenset[int], options: dict[str, Any]) -> None:
        folder = self._job_folder(job_id)
        with FileLock(folder / "lock").held(LOCK_PATIENCE):
            with storage_errors(folder):
                (folder / "cancel").unlink(missing_ok=True)
            append_lines(
                folder / "events.jsonl",
                [Event("reopened", self._now(), documents=tuple(sorted(retry)), result=options)],
            )

    async def request_cancel(self, job_id: str) -> None:
        await asyncio.to_thread(self._request_cancel, job_id)

    def _request_cancel(self, job_id: str) -> None:
        folder = self._job_folder(job_id)
        replace_file(folder / "cancel", b"")
        if self._get(job_id).state is not JobState.INTERRUPTED:
            return
        # Nobody is there to end it.
        with suppress(LockedError), FileLock(folder / "lock").held(LOCK_PATIENCE):
            with self._reading:
                last = self._fold(job_id).last
            if last != "ended":
                now = self._now()
                events = [Event("lost", now), Event("ended", now, state=JobState.CANCELLED)]
                append_lines(folder / "events.jsonl", events)

    async def delete(self, job_id: str) -> None:
        await asyncio.to_thread(self._delete, job_id)

    def _delete(self, job_id: str) -> None:
        """The request first: what a crash leaves is no job any more. Its lock keeps runners away."""
        folder = self._job_folder(job_id)
        lock = FileLock(folder / "lock")
        with self._reading, lock.held(LOCK_PATIENCE), storage_errors(folder):
            self._folds.pop(job_id, None)
            (folder / "request.json").unlink()
            shutil.rmtree(folder)

    async def preparation(self, job_id: str) -> Mapping[str, Any]:
        return await asyncio.to_thread(_prepared, self._job_folder(job_id))

    async def processed_records(self, job_id: str) -> int | None:
        return await asyncio.to_thread(self._processed_records, job_id)

    def _processed_records(self, job_id: str) -> int | None:
        folder = self._job_folder(job_id)
        if is_held(folder / "lock"):
            raise LockedError(f"Job {job_id} is still at work.", hint="Cancel it first.")
        return records_in(folder)

    async def answers(self, job_id: str) -> tuple[Answer, ...]:
        folder = self._job_folder(job_id)
        return tuple((await asyncio.to_thread(read_answers, folder / "answers.jsonl")).values())

    async def run(self, job_id: str) -> FileJobJournal:
        folder = self._job_folder(job_id)
        lock = FileLock(folder / "lock")
        await asyncio.to_thread(lock.acquire, LOCK_PATIENCE)
        try:
            fold = JobFold(_request(folder), folder / "events.jsonl")
            fold.read_on()
            settled = fold.finished | fold.failures.keys()
            kept = await asyncio.to_thread(read_answers, folder / "answers.jsonl", settled)
            prepared = await asyncio.to_thread(_prepared, folder)
            log = FileRequestLog(folder / REQUESTS, self._now)
        except BaseException:
            lock.release()
            raise
        return FileJobJournal(folder, lock, fold, kept, prepared, log, self._now)


def _request(folder: Path) -> JobRequest:
    path = folder / "request.json"
    try:
        with storage_errors(path):
            return decode(path.read_bytes(), JobRequest)
    except (msgspec.MsgspecError, ValueError) as error:
        raise StorageError(f"{path}: {error}", hint=DELETE) from error


def _prepared(folder: Path) -> dict[str, Any]:
    path = folder / "prepared.json"
    try:
        with storage_errors(path):
            data = path.read_bytes() if path.exists() else b"{}"
        return decode(data, dict[str, Any])
    except (msgspec.MsgspecError, ValueError) as error:
        raise StorageError(f"{path}: {error}", hint=DELETE) from error


class FileJobJournal:
    """A :class:`~tui_labeler.engine.ports.JobJournal`."""

    def __init__(
        self,
        folder: Path,
        lock: FileLock,
        fold: JobFold,
        answered: Mapping[int, Answer],
        prepared: Mapping[str, Any],
        requests: FileRequestLog,
        now: Callable[[], str],
    ) -> None:
        self._folder = folder
        self._lock = lock
        self._fold = fold
        self._answered = answered
        self._prepared = prepared
        self._requests = requests
        self._now = now

    @property
    def job(self) -> Job:
        self._fold.read_on()
        return self._fold.job(held=True, cancelling=False, now=self._now(), patience=LAUNCH_PATIENCE)

    @property
    def answered(self) -> Mapping[int, Answer]:
        return self._answered

    @property
    def finished(self) -> frozenset[int]:
        return frozenset(self._fold.finished)

    @property
    def failed_before(self) -> frozenset[int]:
        return frozenset(self._fold.failures)

    @property
    def attempts(self) -> Mapping[int, int]:
        return self._fold.attempts

    async def _write(self, event: Event) -> None:
        await asyncio.to_thread(append_lines, self._folder / "events.jsonl", [event])

    async def started(self, pid: int, total: int) -> None:
        await self._write(Event("started", self._now(), pid=pid, total=total))

    async def answers(self, answers: Sequence[Answer]) -> None:
        await asyncio.to_thread(self._write_answers, answers)

    def _write_answers(self, answers: Sequence[Answer]) -> None:
        self._requests.sync()
        append_lines(self._folder / "answers.jsonl", answers)

    async def applied(self, answers: Sequence[Answer], suggestions: int) -> None:
        await self._write(
            Event(
                "applied",
                self._now(),
                documents=tuple(answer.document for answer in answers),
                suggestions=suggestions,
                unaligned=sum(len(answer.to_place) for answer in answers),
                notes=tuple(
                    DocumentNote(answer.document, answer.location, answer.unused)
                    for answer in answers
                    if answer.unused
                ),
                text_records=sum(text_records(answer.characters) for answer in answers),
                usage=sum((answer.usage for answer in answers), Usage()),
            )
        )

    async def failed(self, failures: Sequence[DocumentFailure]) -> None:
        if failures:
            await self._write(Event("failed", self._now(), failures=tuple(failures)))

    @property
    def preparation(self) -> Mapping[str, Any]:
        return self._prepared

    async def prepared(self, what: dict[str, Any]) -> None:
        # Not among the events: it may be long, and those who follow a job do not need it.
        settled = {**self._prepared, **what}
        await asyncio.to_thread(replace_file, self._folder / "prepared.json", encoded(settled))
        self._prepared = settled

    @property
    def requests(self) -> RequestLog:
        return self._requests

    async def stage(self, words: str, done: int, total: int) -> None:
        await self._write(Event("stage", self._now(), words=words, done=done, total=total))

    async def pauses(self, seconds: float, why: str) -> None:
        until = datetime.fromisoformat(self._now()) + timedelta(seconds=math.ceil(seconds))
        await self._write(Event("paused", self._now(), words=why, until=until.isoformat()))

    async def ended(
        self, state: str, *, message: str = "", code: str = "", result: dict[str, Any] | None = None
    ) -> None:
        await self._write(
            Event("ended", self._now(), state=JobState(state), words=message, code=code, result=result or {})
        )

    def cancel_requested(self) -> bool:
        return (self._folder / "cancel").exists()

    async def close(self) -> None:
        self._requests.close()
        self._lock.release()
