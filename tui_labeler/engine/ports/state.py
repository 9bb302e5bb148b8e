"""A project's state: what is committed, by whom, and what comes of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from tui_labeler.domain.document_rows import DocumentRow
from tui_labeler.domain.documents import Document
from tui_labeler.domain.projects import Category, Project

if TYPE_CHECKING:
    from tui_labeler.engine.errors import LabelerError
    from tui_labeler.engine.totals import Totals


HOME_FORMAT = 1
"""The format of a home that this program writes."""


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
        """As the person sees it for whom the project was opened: of readings their own alone, and no
        suggestions while it is with its readers. Raises ``NotFoundError``."""

    def whole(self, document_id: int) -> Document:
        """With the readings of all, for what keeps them, carries them elsewhere or compares them.

        Nothing of it is to be shown before every reader is done. Raises ``NotFoundError``.
        """

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

        Raises ``DeletedError`` once the project is gone, ``AwayError`` as long as its home is.
        """

    def news(self) -> tuple[Transaction, ...]:
        """What other processes committed and this one took in since the last call of this.

        A commit takes it in as a refresh does, so nothing is missed between two refreshes. The first call
        begins the watch and returns nothing.
        """

    async def commit(
        self, actor: str, plan: Callable[[State], Plan | Awaitable[Plan | None] | None]
    ) -> Transaction | None:
        """Makes one change that outlives a crash once this returns.

        ``plan`` is called on the newest state while no other process can change it, and may raise a
        ``LabelerError`` to refuse. One with much to do is a coroutine that lets others have turns: the
        state does not change meanwhile. ``None``, or a plan without a real change that is no event, commits
        nothing.
        Raises ``LockedError`` when the lock is not to be had, ``StorageError`` when the disk refuses,
        ``DeletedError`` once the project is gone.
        """

    async def edited(self) -> Mapping[str, Collection[int]]:
        """Documents whose stored state others than the program have written: by hand, or from a backup.

        By marks that are others when that happens again. There may be more than those that were changed.
        Raises ``StorageError``.
        """

    async def document(self, document_id: int) -> Document:
        """Raises ``NotFoundError``."""

    def history(self, *, newest_first: bool = True) -> AsyncIterator[Transaction]:
        """Every transaction; in the place of those that are missing stands a ``history.lost``."""

    async def lacking(self) -> tuple[str, ...]:
        """What is missing of the history without its saying so, in words; reads the whole of it.

        Raises ``StorageError``.
        """

    async def lost_categories(self) -> tuple[str, ...]:
        """Names of categories that are missing though no transaction has removed them.

        Reads the whole history.
        Raises ``StorageError``.
        """

    async def kind_in_history(self) -> str | None:
        """The project's kind, as the history has it last; ``None`` where it does not say.

        Reads the whole history.
        Raises ``StorageError``.
        """

    async def checkpoint(self) -> None:
        """Folds the journal into the shards, so that the next opening is quick."""

    async def close(self) -> None: ...

    def forget(self) -> None:
        """Lets go of the state, of a closed store: many documents take many megabytes. Raises
        ``StorageError`` for whoever asks for it afterwards."""


class Projects(Protocol):
    """All projects of a home."""

    async def list(self) -> tuple[Project, ...]:
        """Those that can be read, sorted by name."""

    async def broken(self) -> tuple[tuple[str, LabelerError], ...]:
        """Those that can't: the folder's name and why."""

    async def leftovers(self) -> tuple[str, ...]:
        """Folders among those of projects that hold no state of any; they may be removed."""

    async def strays(self) -> tuple[str, ...]:
        """Files among those of the projects' state that are not of the program, and that it does not read."""

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

    async def repair(self, name: str, actor: str) -> tuple[str, ...]:
        """Makes what is missing of a project's files anew of what is left of them.

        Returns in sentences what was done. Raises ``StorageError`` where it is held nowhere else,
        ``LockedError`` while others are at work in the project, ``NotFoundError``.
        """

    async def delete(self, name: str, *, purge: bool) -> None:
        """``purge`` also removes what holds document text: journals and caches.

        One that can't be read goes by its folder's name.
        """
