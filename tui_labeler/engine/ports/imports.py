"""Imports that have begun to write: they are finished, whatever ends the process that began."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager


@dataclass(frozen=True, slots=True)
class BegunImport:
    """All that it takes to do an import once more."""

    filename: str
    format: str
    data: bytes
    choices: dict[str, str] = field(default_factory=dict)
    add_documents: bool = False
    action: str = "labels.import"
    """What stands in the history; it says by which rule the file's labels meet those that are here."""
    group: str = ""
    """Of the transactions that belong to it: undo takes them back as one."""


class BegunImports(Protocol):
    """Where an import is noted before it writes anything, one at a time in each project."""

    def held(self) -> AbstractAsyncContextManager[None]:
        """Nobody else imports meanwhile; the death of the process lets go. Raises ``LockedError``."""

    async def note(self, begun: BegunImport) -> None:
        """Outlives a crash once this returns. Raises ``StorageError``."""

    async def begun(self) -> BegunImport | None:
        """What was noted and never forgotten; ``None`` for nothing, which is quick to find out."""

    async def forget(self) -> None:
        """It is done, or can't be. Raises ``StorageError``."""
