"""A format for tests of what no format does by itself: it says what a test wants it to say."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine import formats
from tui_labeler.engine.formats.model import (
    FileCategory,
    FileDocument,
    FileLabel,
    Format,
    FormatProblem,
    LabelFile,
    Unit,
    Written,
)

MARK = b"paper"
"""What the data of a file of this format are."""


@dataclass
class Paper:
    """What is read next, what was written last, and what the format could not hold of it."""

    file: LabelFile = field(default_factory=lambda: LabelFile(ProjectKind.ENTITIES))
    problems: tuple[FormatProblem, ...] = ()
    written: list[LabelFile] = field(default_factory=list)
    format: Format = field(init=False)

    def __post_init__(self) -> None:
        self.format = Format(
            "paper", "Paper", (".paper",), lambda data, _: data == MARK, self._read, self._write
        )

    def _read(self, data: bytes) -> LabelFile:
        return self.file

    def _write(self, file: LabelFile) -> Written:
        self.written.append(file)
        words = [f"{document.location} {len(document.labels)}\n" for document in file.documents]
        return Written("".join(words).encode(), self.problems)

    def says(
        self,
        *documents: FileDocument,
        kind: ProjectKind = ProjectKind.ENTITIES,
        categories: tuple[str, ...] = ("Person", "Place"),
    ) -> bytes:
        """The data of a file that says so."""
        declared = tuple(FileCategory(name) for name in categories)
        self.file = LabelFile(kind, categories=declared, documents=documents)
        return MARK

    def use(self, **changes: object) -> None:
        """The format with other traits."""
        self.format = replace(self.format, **changes)  # type: ignore[arg-type]
        formats.FORMATS["paper"] = self.format


@pytest.fixture
def paper(monkeypatch: pytest.MonkeyPatch) -> Paper:
    """The format ``paper``, known for the length of a test."""
    made = Paper()
    monkeypatch.setattr(formats, "FORMATS", {**formats.FORMATS, "paper": made.format})
    return made


def cut(category: str, words: str, text: str, nth: int = 0, **more: object) -> FileLabel:
    """A label on an occurrence of ``words``, in code points."""
    start = -1
    for _ in range(nth + 1):
        start = text.index(words, start + 1)
    return FileLabel(category, start, len(words), Unit.CODE_POINT, **more)  # type: ignore[arg-type]
