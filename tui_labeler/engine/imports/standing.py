"""Labels of a document by what they say: what a file brings is found there, however many there are."""

from __future__ import annotations

from collections.abc import Iterable

from tui_labeler.domain.documents import Document
from tui_labeler.domain.labels import Label, Span


class Standing:
    """Labels of one document, by category and place in the text of today: those on an earlier one are none of
    these, and are in the way."""

    def __init__(self, document: Document, labels: Iterable[Label] = ()) -> None:
        self._document = document
        self.labels: list[Label] = []
        self._known: dict[tuple[str, Span | None], Label] = {}
        self._active: set[tuple[str, Span | None]] = set()
        self.add(labels)

    def add(self, labels: Iterable[Label]) -> None:
        for label in labels:
            self.labels.append(label)
            if self._document.is_stale(label):
                continue
            if label.is_active:
                self._active.add((label.category, label.span))
            if label.is_active or label.is_saved:
                self._known.setdefault((label.category, label.span), label)

    def find(self, category: str, span: Span | None) -> Label | None:
        """The first one that says this, and that people see or that is saved."""
        return self._known.get((category, span))

    def shows(self, category: str, span: Span | None) -> bool:
        """Whether people see one that says this."""
        return (category, span) in self._active
