"""What the use cases need from outside, as small protocols.

Every port is asynchronous; an adapter over a blocking library bridges inside itself. An adapter raises
only errors of :mod:`tui_labeler.engine.errors`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from tui_labeler.domain.documents import Document, DocumentRow
from tui_labeler.domain.jobs import Answer, DocumentFailure, Job, JobRequest, QuotaUse, Usage
from tui_labeler.domain.labels import Span
from tui_labeler.domain.models import ModelCard
from tui_labeler.domain.projects import Category, Project, ProjectKind
from tui_labeler.domain.resources import Capabilities, Deployment, Resource
from tui_labeler.engine.batches import BatchModel
from tui_labeler.engine.chat import ChatModel
from tui_labeler.engine.tokens import TokenCounter

if TYPE_CHECKING:
    from tui_labeler.engine.chat import KeptReply
    from tui_labeler.engine.errors import LabelerError
    from tui_labeler.engine.totals import Totals

# --- containers -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Blob:
    """One thing in a container, as a listing tells it."""

    name: str
    size: int
    """Bytes."""
    etag: str
    """Changes when the content does."""
    is_document: bool = True
    """A ``.txt`` at the root; anything else is counted, not read."""


class Container(Protocol):
    """Where documents live. Names are relative to its root."""

    @property
    def address(self) -> str:
        """The folder or URL, without any secret: it is shown and stored."""

    def blobs(self) -> AsyncIterator[Blob]:
        """All that stands at the root, sorted by name. Raises ``ContainerError``."""

    async def read(self, name: str) -> bytes:
        """The raw bytes.

        Raises ``NotFoundError`` when it is gone, ``UnreachableError`` when the whole container is,
        ``ContainerError`` otherwise.
        """


# --- a project's state ------------------------------------------------------------------------------


class Change(NamedTuple):
    """One item of the state before and after; ``None`` means that it was, or is, not there.

    ``table`` is ``project``, ``category``, ``document``, ``label``, ``suggestion`` or ``to_place``. ``key``
    is the item's id, with the document before it where there is one: ``17/k3v9x2``.
    """

    table: str
    key: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Transaction:
    """What one action changed: a line of the project's history."""

    seq: int
    group: str
    """Actions that are undone together share it: a bulk decision is cut into several transactions."""
    time: str
    actor: str
    action: str
    """For instance ``label.add`` or ``suggestion.accept``."""
    changes: tuple[Change, ...]
    job: str = ""
    note: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """What an action wants to change; the store adds who, when and the sequence number."""

    action: str
    changes: Sequence[Change]
    group: str = ""
    job: str = ""
    note: dict[str, Any] = field(default_factory=dict)
    is_event: bool = False
    """It stands in the history even where it changes nothing of the state: a model was trained, say."""


class State(Protocol):
    """A project's state at one moment."""

    @property
    def project(self) -> Project: ...

    @property
    def categories(self) -> Mapping[str, Category]:
        """By id, in the order they were made."""

    @property
    def rows(self) -> Mapping[int, DocumentRow]:
        """The short form of every document, by id."""

    @property
    def totals(self) -> Totals:
        """What the rows add up to."""

    def document_id(self, location: str) -> int | None: ...

    def document(self, document_id: int) -> Document:
        """Raises ``NotFoundError``."""

    def raw(self, table: str, key: str) -> dict[str, Any] | None:
        """An item as it is stored: what a :class:`Change` compares with."""


class ProjectStore(Protocol):
    """One project's state: durable, shared with other processes, with its whole history."""

    @property
    def state(self) -> State:
        """As of the last refresh or commit."""

    @property
    def seq(self) -> int:
        """The sequence number of the last transaction seen."""

    async def refresh(self) -> tuple[Transaction, ...]:
        """Takes in what other processes committed and returns it. Costs a few ``stat`` when there is none.

        Raises ``DeletedError`` once the project is gone.
        """

    def news(self) -> tuple[Transaction, ...]:
        """What other processes committed and this one took in since the last call of this.

        A commit takes it in as a refresh does, so nothing is missed between two refreshes. The first call
        begins the watch and returns nothing.
        """

    async def commit(self, actor: str, plan: Callable[[State], Plan | None]) -> Transaction | None:
        """Makes one change that outlives a crash once this returns.

        ``plan`` is called on the newest state while no other process can change it, and may raise a
        ``LabelerError`` to refuse. ``None``, or a plan without a real change that is no event, commits
        nothing.
        Raises ``LockedError`` when the lock is not to be had, ``StorageError`` when the disk refuses,
        ``DeletedError`` once the project is gone.
        """

    async def document(self, document_id: int) -> Document:
        """Raises ``NotFoundError``."""

    def history(self, *, newest_first: bool = True) -> AsyncIterator[Transaction]:
        """Every transaction."""

    async def checkpoint(self) -> None:
        """Folds the journal into the shards, so that the next opening is quick."""

    async def close(self) -> None: ...


class Projects(Protocol):
    """All projects of a home."""

    async def list(self) -> tuple[Project, ...]:
        """Those that can be read, sorted by name."""

    async def broken(self) -> tuple[tuple[str, LabelerError], ...]:
        """Those that can't: the folder's name and why."""

    async def leftovers(self) -> tuple[str, ...]:
        """Folders among those of projects that hold no state of any; they may be removed."""

    async def find(self, name: str) -> Project:
        """The project of that name or id, without its documents. Raises ``NotFoundError``."""

    async def begin(self, project: Project) -> ProjectStore:
        """A project that is being made: nobody sees it before it is published, and a crash leaves none.

        Raises ``InputError`` when the name is taken.
        """

    async def publish(self, project_id: str) -> None:
        """Puts a project that was begun, and is closed, among the others. Raises as :meth:`begin`."""

    async def discard(self, project_id: str) -> None:
        """Removes a project that was begun."""

    async def open(self, name: str) -> ProjectStore:
        """Raises ``NotFoundError``."""

    async def delete(self, name: str, *, purge: bool) -> None:
        """``purge`` also removes what holds document text: journals and caches.

        One that can't be read goes by its folder's name.
        """


# --- jobs and models --------------------------------------------------------------------------------


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

    async def reopen(
        self, job_id: str, *, retry: frozenset[int], options: Mapping[str, Any] | None = None
    ) -> None:
        """Makes a job that is over one that waits for a runner; failures of ``retry`` are forgotten.

        ``options`` take the place of those of the request from here on.
        """

    async def delete(self, job_id: str) -> None: ...

    async def processed_records(self, job_id: str) -> int | None:
        """Text records of the documents that a job processed, as far as broken records tell; else ``None``.

        Raises ``LockedError`` while somebody works on it, ``NotFoundError``.
        """

    async def run(self, job_id: str) -> JobJournal:
        """Takes the job's lock, for the runner. Raises ``LockedError`` when it runs already."""

    async def answers(self, job_id: str) -> tuple[Answer, ...]:
        """All that the autolabeler answered, replaced suggestions included."""


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

    async def stage(self, words: str, done: int, total: int, *, usage: Usage | None = None) -> None:
        """``usage``: what this run has used so far, where no document's answer tells it."""

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


# --- resources --------------------------------------------------------------------------------------


class ResourceStore(Protocol):
    """The resources of a home. No secret ever gets here."""

    async def list(self) -> tuple[Resource, ...]:
        """Sorted by name. Raises ``StorageError`` for a file that can't be read."""

    async def get(self, name: str) -> Resource:
        """Raises ``NotFoundError``."""

    async def put(self, resource: Resource) -> None:
        """Adds a resource. Raises ``InputError`` when the name is taken."""

    async def update(self, name: str, change: Callable[[Resource], Resource]) -> Resource:
        """Replaces a resource by what ``change`` makes of the newest state of it; returns that.

        Raises ``NotFoundError``, and what ``change`` raises.
        """

    async def remove(self, name: str) -> Resource:
        """Returns what was there. Raises ``NotFoundError``."""


@dataclass(frozen=True, slots=True)
class KeyState:
    """Whether there is a way in; never the key itself."""

    found: bool
    words: str
    """Where it is, or where it was looked for."""


class Keys(Protocol):
    """Knows where keys are."""

    async def state(self, resource: Resource, *, keyring: bool) -> KeyState:
        """``keyring``: looks into the keyring too, which may load slowly or ask the person to unlock it."""


class Tester(Protocol):
    """Tries deployments out."""

    async def test(self, resource: Resource, deployment: Deployment) -> Capabilities:
        """Sends a few tiny requests. Raises what :class:`~tui_labeler.engine.chat.ChatModel` raises."""


# --- estimators (in a runner's process only) --------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sample:
    """A labeled text to learn from, or to compare with."""

    text: str
    annotations: tuple[tuple[str, Span | None], ...]
    """Category id and span; no span for a class."""


class Prediction(NamedTuple):
    category: str
    span: Span | None
    confidence: float
    """Calibrated probability of being right, 0 to 1."""


Progress = Callable[[str, float], None]
"""Called with what is being done, in words, and the share that is done, 0 to 1."""


class FittedModel(Protocol):
    """A trained model in memory."""

    @property
    def version(self) -> str:
        """Hash of what was learned: the same data and seed give the same version."""

    async def predict(self, texts: Sequence[str]) -> Sequence[Sequence[Prediction]]:
        """For each text its spans in text order and without overlap, or its classes.

        Single-label: exactly one class. Multi-label: those over the tuned threshold, perhaps none.
        """

    def save(self, folder: str) -> None:
        """Writes plain arrays and JSON into an existing folder."""


class Estimators(Protocol):
    """Trains and loads models."""

    async def train(
        self,
        kind: ProjectKind,
        samples: Sequence[Sample],
        unlabeled: Iterable[str],
        *,
        seed: int,
        progress: Progress,
    ) -> FittedModel:
        """Learns from ``samples``; ``unlabeled`` are further texts of the project, without labels.

        Raises ``InputError`` when there is too little to learn from.
        """

    async def load(self, folder: str) -> FittedModel:
        """Raises ``InputError`` for files that are no model; never runs what it finds."""


# --- answers of language models (in a runner's process only) ----------------------------------------


@dataclass(frozen=True, slots=True)
class Connected:
    """A deployment, ready to be asked."""

    model: ChatModel
    deployment: Deployment
    address: str
    """Endpoint and deployment: what answers are kept under, so that no other's are taken for its own."""
    batches: BatchModel | None = None
    """``None`` where there is no batch API."""
    counter: TokenCounter | None = None
    """Counts as the deployment's model does, where its vocabulary is there."""


class Deployments(Protocol):
    """Connects to deployments by the names of resource and deployment."""

    async def connect(self, resource: str, deployment: str) -> Connected:
        """Raises ``NotFoundError`` for unknown names, ``ResourceError`` where there is no key."""


class AnswerStore(Protocol):
    """What deployments have answered: kept, so that nothing is asked, and paid, twice."""

    async def find(self, key: str) -> KeptReply | None:
        """The newest answer under a key (hexadecimal), of whichever job. Raises ``StorageError``."""

    async def keep(self, key: str, kept: KeptReply) -> None:
        """Returns once the answer outlives a crash. Raises ``StorageError``."""

    async def close(self) -> None: ...


# --- settings, time, names --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the use cases take from their surroundings, so that tests can set it."""

    actor: str
    now: Callable[[], str]
    """UTC, ISO 8601 with milliseconds."""
    new_id: Callable[[], str]
    """Short, random, of letters and digits."""
