"""Labels from files, and labels to files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui_labeler.engine.documents import Documents
    from tui_labeler.engine.ports import ProjectStore, Surroundings


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that a file holds, or a format can't hold, and that was left out."""

    location: str
    reason: str


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import brought."""

    format: str
    documents: int
    """Documents of the project that the file speaks of."""
    labels: int
    """Labels that are new."""
    unchanged: int
    """Labels that were there already."""
    categories: tuple[str, ...]
    """Names that were declared by it."""
    skipped: tuple[Skipped, ...]
    notes: tuple[Skipped, ...]
    """What was kept and deserves a look: overlaps, cut words, undeclared categories."""


@dataclass(frozen=True, slots=True)
class Exported:
    """A labels file, ready to be written."""

    data: bytes
    documents: int
    labels: int
    skipped: tuple[Skipped, ...]
    drafts_pending: int


class LabelFiles:
    """Reads label files into the project and writes its saved labels to files."""

    def __init__(self, store: ProjectStore, documents: Documents, surroundings: Surroundings) -> None:
        self._store = store
        self._documents = documents
        self._surroundings = surroundings

    async def read(self, data: bytes, filename: str, file_format: str = "auto") -> Imported:
        """Imports labels. The file is checked whole first: a bad one changes nothing.

        Doing it twice changes nothing the second time. Raises ``FormatError`` naming line and field, and
        ``InputError`` for a file of another kind than the project.
        """
        raise NotImplementedError

    async def write(self, file_format: str = "azure") -> Exported:
        """All saved labels in a format. Raises ``InputError`` for a format that is not known."""
        raise NotImplementedError
