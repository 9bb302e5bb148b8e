"""What autolabeling needs of a batch API: files of questions that are answered within a day, for less.

A question's row carries the key that its answer is kept under, and nothing else of this program's: neither a
document's name nor a word of it stands outside the question itself.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from tui_labeler.engine.deployments.chat import BusyError, Reply
from tui_labeler.engine.errors import LabelerError, RefusedError

if TYPE_CHECKING:
    from tui_labeler.engine.deployments.chat import Question


CANCEL_SECONDS = 10.0
"""That a cancel waits for the server."""


class BatchStatus(StrEnum):
    """As the services call them."""

    VALIDATING = "validating"
    IN_PROGRESS = "in_progress"
    FINALIZING = "finalizing"
    CANCELLING = "cancelling"
    COMPLETED = "completed"
    FAILED = "failed"
    """Nothing of it was asked."""
    EXPIRED = "expired"
    CANCELLED = "cancelled"

    @property
    def is_over(self) -> bool:
        return self in (self.COMPLETED, self.FAILED, self.EXPIRED, self.CANCELLED)

    @property
    def words(self) -> str:
        return self.value.replace("_", " ")


@dataclass(frozen=True, slots=True)
class BatchState:
    """A batch as its server tells it at one moment."""

    id: str
    status: BatchStatus
    total: int = 0
    answered: int = 0
    """Rows that are done, well or not."""
    reason: str = ""
    """Why it failed, in words."""
    crowded: bool = False
    """It failed because too many tokens wait for an answer already."""
    files: tuple[str, ...] = ()
    """Ids of the files with what came of it."""
    sent: str = ""
    """The id of the file that it was made of."""


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """Of one file."""

    requests: int
    size: int
    """Bytes."""


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one question."""

    key: str
    outcome: Reply | LabelerError


class BatchFile(Protocol):
    """A file of questions in the making."""

    @property
    def rows(self) -> int: ...

    def add(self, key: str, question: Question) -> bool:
        """``False``, and nothing is added, where the file is full; an empty one takes any question.

        Raises ``UnansweredError`` for a question that can't be written.
        """

    def close(self) -> None: ...


class BatchModel(Protocol):
    """A deployment that answers files. Retries nothing by itself; raises as ``ChatModel``."""

    @property
    def limits(self) -> BatchLimits: ...

    def file(self) -> BatchFile: ...

    async def upload(self, file: BatchFile, name: str) -> str:
        """The id of the file at the server. Costs nothing."""

    async def create(self, uploaded: str, name: str) -> BatchState:
        """Has a file answered: from here on it is paid for.

        Raises ``BusyError`` where the server can't take it yet, ``CrowdedError`` where others have to be
        answered first: then it was not taken.
        """

    async def find(self, uploaded: str) -> BatchState | None:
        """The batch that was made of a file and has not failed."""

    async def state(self, batch: str) -> BatchState:
        """Raises ``BatchGoneError`` for one that the server does not know."""

    def rows(self, state: BatchState) -> AsyncIterator[Row]:
        """What came of a batch that is over, in any order; rows without an outcome are left out."""

    async def cancel(self, batch: str) -> BatchState:
        """Rows that are answered by then stay, and are paid for."""

    async def forget(self, state: BatchState) -> None:
        """Deletes the files of a batch that is over, at the server."""


class CrowdedError(BusyError):
    """More tokens wait for an answer than may wait."""


class BatchStoppedError(RefusedError):
    """The job ends as cancelled, and there is something to say of it."""

    title = "The batch was stopped"
    code = "cancelled"


class BatchGoneError(RefusedError):
    """A batch that the server does not know (any more)."""

    title = "The batch is gone"
    code = "gone"


def going_on(preparation: Mapping[str, Any]) -> tuple[str, ...]:
    """What a job has left at its service and nobody has stopped: ids of batches, or of files without one."""
    records = preparation.get("batches", ())
    return tuple(record["batch"] or record["file"] for record in records if not record.get("cancelling"))
