"""What a project holds, as values that can be compared, and what keys make of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from tests.durability.looking import check_state, expect
from tui_labeler.assembly import workbench
from tui_labeler.domain.labels import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from tui_labeler.engine.session import ProjectSession


class Mark(NamedTuple):
    """A place and its category's name."""

    start: int
    end: int
    category: str


@dataclass(frozen=True)
class Text:
    """What is known of one document. Marks of labels and rejections say whether they are drafts."""

    labels: Mapping[Mark, bool] = field(default_factory=dict)
    open: frozenset[Mark] = frozenset()
    rejected: Mapping[Mark, bool] = field(default_factory=dict)

    @property
    def drafts(self) -> int:
        return sum(self.labels.values()) + sum(self.rejected.values())

    @property
    def counts(self) -> tuple[int, bool, int]:
        """As the list shows them: labels, whether there are drafts, open suggestions."""
        return len(self.labels), self.drafts > 0, len(self.open)

    def labeled(self, mark: Mark, *, draft: bool = True) -> Text:
        """As it is with a label more, whether or not it was suggested."""
        return replace(self, labels={**self.labels, mark: draft}, open=self.open - {mark})

    def turned_down(self, mark: Mark, *, draft: bool = True) -> Text:
        return replace(self, rejected={**self.rejected, mark: draft}, open=self.open - {mark})

    def saved(self) -> Text:
        return replace(
            self, labels=dict.fromkeys(self.labels, False), rejected=dict.fromkeys(self.rejected, False)
        )


@dataclass(frozen=True)
class Snapshot:
    """A project's documents by location."""

    texts: Mapping[str, Text]

    @property
    def drafts(self) -> int:
        return sum(text.drafts for text in self.texts.values())

    def __getitem__(self, location: str) -> Text:
        return self.texts[location]

    def having(self, location: str, text: Text) -> Snapshot:
        return Snapshot(MappingProxyType({**self.texts, location: text}))

    def saved(self) -> Snapshot:
        return Snapshot({location: text.saved() for location, text in self.texts.items()})

    def difference(self, other: Snapshot) -> str:
        """In words, for whoever reads that something is missing."""
        names = sorted(self.texts.keys() | other.texts.keys())
        return "; ".join(
            f"{name}: {self.texts.get(name)} instead of {other.texts.get(name)}"
            for name in names
            if self.texts.get(name) != other.texts.get(name)
        )


def text_in(session: ProjectSession, number: int) -> Text:
    """What the engine knows of a document."""
    document = session.store.state.document(number)
    names = {key: item.name for key, item in session.store.state.categories.items()}

    def mark(item: object) -> Mark:
        span = item.span  # type: ignore[attr-defined]
        return Mark(span.start, span.end, names[item.category])  # type: ignore[attr-defined]

    labels = [(mark(label), label.draft is not None) for label in document.active_labels]
    expect(len(dict(labels)) == len(labels), f"{document.location} has a label twice")
    found = [mark(item) for item in document.open_suggestions(session.project.kind)]
    expect(len(set(found)) == len(found), f"{document.location} has a suggestion twice")
    decided = [
        (mark(item), item.decision.draft)
        for item in document.suggestions.values()
        if item.decision and item.decision.verdict is Verdict.REJECTED
    ]
    return Text(dict(labels), frozenset(found), dict(decided))


async def look(home: Path, project: str) -> Snapshot:
    """What the engine finds when it opens a project, which must be what its history says."""
    session = await workbench(home).open(project)
    try:
        await check_state(session)
        return Snapshot({row.location: text_in(session, row.id) for row in session.rows.values()})
    finally:
        await session.close()
