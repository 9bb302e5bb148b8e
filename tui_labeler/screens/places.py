"""Places in documents that one screen leads to on another."""

from __future__ import annotations

from dataclasses import dataclass, field

from tui_labeler.domain.jobs import Job
from tui_labeler.domain.labels import Span
from tui_labeler.engine.reviewing.comparison import Comparison


@dataclass(frozen=True, slots=True)
class Compared:
    """Two jobs, and what came of comparing them."""

    first: Job
    second: Job
    found: Comparison


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a document that is to be shown."""

    document: int
    span: Span | None
    chosen_in: Compared | None = field(default=None, compare=False)
    """The comparison to go back to."""
