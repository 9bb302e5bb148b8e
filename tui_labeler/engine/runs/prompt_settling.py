"""What the prompts of a job say: settled once, so that each of its runs asks what the one before asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from tui_labeler.domain.projects import Category
from tui_labeler.engine.errors import InputError
from tui_labeler.engine.typed import convert

if TYPE_CHECKING:
    from tui_labeler.engine.ports import State

SETTLED_BY = "settled_by"
"""The option that names the job whose prompts a request shares, where that is another id."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a prompt tells of a project."""

    categories: tuple[Category, ...]
    languages: tuple[str, ...]
    """Codes."""

    def as_record(self) -> dict[str, Any]:
        """As it stands among what a job has settled."""
        record: dict[str, Any] = msgspec.to_builtins(self)
        return record


def told_now(state: State, categories: Sequence[str]) -> Told:
    """What is told of some categories (ids) as the project is. Raises ``InputError`` where none is left."""
    chosen = tuple(state.categories[key] for key in categories if key in state.categories)
    if not chosen:
        raise InputError("None of the job's categories is there any more.", hint="Start another job.")
    project = state.project
    languages = [project.language]
    if project.multilingual:
        languages += sorted({row.language for row in state.rows.values() if row.language})
    return Told(chosen, tuple(languages))


def told_before(settled: Mapping[str, Any]) -> Told | None:
    """What a job told in its first run; ``None`` where it has not begun."""
    record = settled.get("told")
    return None if record is None else convert(record, Told)
