"""Jobs, the models they make and the quota they use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from tui_labeler.domain.jobs import Answer, DocumentFailure, Job, JobRequest, QuotaUse, Usage
from tui_labeler.domain.models import ModelCard

if TYPE_CHECKING:
    from tui_labeler.engine.errors import LabelerError
    from tui_labeler.engine.ports.estimators import FittedModel


class JobStore(Protocol):
    """The records of a project's jobs, and the kernel locks that say which run."""

    async def create(self, request: JobRequest) -> None: ...

    async def list(self) -> tuple[Job, ...]:
        """Those that can be read, newest first."""

    async def broken(self) -> tuple[tuple[str, LabelerError], ...]:
        """Those that can't: the job's id and why, sorted."""

    async def get(self, job_id: str) -> Job:
        """Raises ``NotFoundError``. A job whose lock is free and that has not ended is *interrupted*."""

    async def request_cancel(self, job_id: str) -> None:
        """Durable: a runner sees it within half a second."""

    async def finished(self, job_id: str) -> frozenset[int]:
        """Documents that need nothing more: answered, and the answer applied."""

    async def answered_texts(self, job_id: str) -> Mapping[int, str]:
        """Documents that need nothing more, each with the hash of the text that was answered.

        Raises ``NotFoundError``, ``StorageError``.
        """

    async def reopen(
        self, job_id: str, *, retry: frozenset[int], options: Mapping[str, Any] | None = None
    ) -> None:
        """Makes a job that is over one that waits for a runner; failures of ``retry`` are forgotten.

        ``options`` take the place of those of the request from here on.
        """

    async def delete(self, job_id: str) -> None: ...

    async def preparation(self, job_id: str) -> Mapping[str, Any]:
        """What its runs have settled, as :attr:`JobJournal.preparation`. Raises ``StorageError``."""

    async def processed_records(self, job_id: str) -> int | None:
        """Text records of the documents that a job processed, as far as broken records tell; else ``None``.

        Raises ``LockedError`` while somebody works on it, ``NotFoundError``.
        """

    async def run(self, job_id: str) -> JobJournal:
        """Takes the job's lock, for the runner. Raises ``LockedError`` when it runs already."""

    async def answers(self, job_id: str) -> tuple[Answer, ...]:
        """All that the autolabeler answered, replaced suggestions included."""


class RequestLog(Protocol):
    """What a job sends to a deployment and what comes back, written down step by step.

    Each is a line that does not wait for the disk: it outlives a process that is killed. Raises
    ``StorageError``.
    """

    @property
    def longest(self) -> float | None:
        """What an answer of earlier runs has used of the room that its question had, at most; ``None``
        without any.
        """

    def sent(self, location: str, most: Usage, room: int) -> int:
        """A request about a document goes out that may use ``most``; returns its number in this run.

        ``room``: tokens that the answer was to have, where nothing had to be spared.
        """

    def answered(self, number: int, usage: Usage) -> None:
        """It is paid for, whatever the answer says."""

    def refused(self, number: int) -> None:
        """The service said that it would not answer, or was not reached: it charges nothing."""

    def lost(self, number: int) -> None:
        """Nobody knows what became of it: the service may charge it."""

    def collected(self, key: str, usage: Usage) -> bool:
        """The answer of a batch to the question of that key, counted once; false where it was before."""


class JobJournal(Protocol):
    """The runner's side of a job: every step is on disk before it counts."""

    @property
    def job(self) -> Job:
        """As the journal tells it, this run included."""

    @property
    def answered(self) -> Mapping[int, Answer]:
        """Answers of earlier runs that are not known to have been applied."""

    @property
    def finished(self) -> frozenset[int]:
        """Documents of earlier runs that need nothing more."""

    @property
    def failed_before(self) -> frozenset[int]:
        """Documents that failed in earlier runs and are not to be tried again."""

    @property
    def attempts(self) -> Mapping[int, int]:
        """How often documents that failed were to be done again; those that never were are not there."""

    async def started(self, pid: int, total: int) -> None: ...

    async def answers(self, answers: Sequence[Answer]) -> None:
        """Before they are used."""

    async def applied(self, answers: Sequence[Answer], suggestions: int) -> None:
        """The answers are in the project; ``suggestions`` came of them."""

    async def failed(self, failures: Sequence[DocumentFailure]) -> None: ...

    @property
    def preparation(self) -> Mapping[str, Any]:
        """What the first run has settled for all later ones; empty before that."""

    async def prepared(self, what: dict[str, Any]) -> None:
        """Settles something for this run and later ones, beside what is settled: the examples of a prompt."""

    @property
    def requests(self) -> RequestLog:
        """What goes to a deployment."""

    async def stage(self, words: str, done: int, total: int) -> None: ...

    async def pauses(self, seconds: float, why: str) -> None:
        """The job waits for so long from now on; ``why`` is a sentence."""

    async def ended(
        self, state: str, *, message: str = "", code: str = "", result: dict[str, Any] | None = None
    ) -> None: ...

    def cancel_requested(self) -> bool: ...

    async def close(self) -> None:
        """Gives the lock back."""


class Launcher(Protocol):
    """Starts runners."""

    async def launch(self, project_id: str, job_id: str) -> int:
        """Starts a process that outlives this one and its terminal; returns its pid."""


class ModelStore(Protocol):
    """The trained models of a project: a folder each, plain data only."""

    async def list(self) -> tuple[ModelCard, ...]:
        """The card of every model that can be read, sorted by name."""

    async def broken(self) -> tuple[tuple[str, LabelerError], ...]:
        """Models whose card can't be read: the name and why, sorted."""

    async def save(self, card: ModelCard, model: FittedModel) -> None:
        """Puts a model in its place in one step; one of the same name is replaced."""

    async def load(self, name: str) -> FittedModel:
        """Raises ``NotFoundError``, or ``InputError`` for files that are no model."""

    async def files(self, name: str) -> dict[str, bytes]:
        """What the model learned, by file name, for another machine to load. Raises ``NotFoundError``."""

    async def delete(self, name: str) -> None: ...


class QuotaStore(Protocol):
    """The month's text records, shared by all projects of a home."""

    async def usage(self) -> QuotaUse: ...

    async def reserve(self, job_id: str, records: int) -> None:
        """Raises ``QuotaError``. Reserving again for the same job replaces what it had not used."""

    async def reserved(self, job_id: str) -> int:
        """Text records that a job reserved and that are not known to be used; 0 once it is settled."""

    async def settle(self, job_id: str, used: int) -> None:
        """Keeps ``used`` records in all for this job and gives the rest of its reservation back."""
