"""What a sync did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_labeler.engine.ports import Transaction
from tui_labeler.engine.sharing.conflicts import LabelConflict
from tui_labeler.engine.wording import counted

if TYPE_CHECKING:
    from tui_labeler.engine.sharing.steps import Task

    pass


@dataclass(frozen=True, slots=True)
class Shared:
    """What a sync of labels did."""

    downloaded: int = 0
    """Documents whose file was fetched."""
    uploaded: int = 0
    """Files that were written."""
    unchanged: int = 0
    conflicts: tuple[LabelConflict, ...] = ()
    problems: tuple[tuple[str, str], ...] = ()
    """Location and reason of each document whose file can't be used, sorted; here it is as it was."""
    waiting: int = 0
    """Documents that others have changed, and that were not pulled."""
    notes: tuple[str, ...] = ()
    """What became of names that two sides have given."""
    transactions: tuple[Transaction, ...] = ()
    """What came in."""
    paused: str = ""
    """Why labels were left as they are on both sides: they are made elsewhere."""
    settings_in: bool = False
    """Categories or settings were taken from the container."""
    settings_out: bool = False
    """They were written to it."""

    @property
    def settings_words(self) -> str:
        """A sentence; empty where categories and settings were alike."""
        done = ["taken from the container"] * self.settings_in + ["written to it"] * self.settings_out
        where = " and ".join(done) if self.settings_in else "written to the container"
        return f"Categories and settings: {where}." if done else ""


class Tally:
    def __init__(self) -> None:
        self.downloaded: set[int] = set()
        self.uploaded: set[int] = set()
        self.problems: dict[str, str] = {}
        self.broken: dict[str, tuple[str, str, str]] = {}
        self.unknown: set[str] = set()
        """Ids of categories that documents of the container name, and the project lacks."""
        self.homeless: list[Task] = []
        """These documents."""
        self.waiting = 0
        self.listed: dict[str, str] = {}
        self.seq = 0
        """The last transaction when the sync began."""
        self.at = ""
        """Which one that is, by its time and group; empty where the history was not read up to it."""
        self.transactions: list[Transaction] = []
        self.tell: Callable[..., None] = lambda *documents: None
        """Hears of documents that the line was asked about."""
        self.gone: dict[int, dict[str, str]] = {}
        """When labels went without a tombstone here, by document and id."""
        self.taken_back: dict[str, int] = {}
        """How much of each document was lost here, by location."""

    def notes(self) -> tuple[str, ...]:
        """What was lost here with no action that removed it, and came back from the container."""
        return tuple(
            f"{location}: {counted(count, 'item')} that no action had removed here "
            f"{'was' if count == 1 else 'were'} missing, and came back from the container."
            for location, count in sorted(self.taken_back.items())
        )
