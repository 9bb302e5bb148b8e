"""Who deleted a category, and who has kept it: told in the project's file, for those who find it changed.

The file has them under ``deleted``, by the category's id, with its ``name``, the deleter (``actor``), the
``time``, and ``kept_by``: those who still used it, so that it came back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tui_labeler.engine.ports import State

DELETED = "deleted"

_BREATH = 50
"""Documents that are opened before others get their turn."""


@dataclass(frozen=True, slots=True)
class Deletion:
    """Of one category."""

    name: str
    actor: str
    time: str
    kept_by: tuple[str, ...] = ()

    def words(self, noun: str) -> str:
        """That it came back, and why; only of one that was kept."""
        if self.kept_by == (self.actor,):
            deleted = f"The {noun} {self.name!r} was deleted by {self.actor}"
            return f"{deleted}, and others have labels of it: it stays."
        uses = "uses" if len(self.kept_by) == 1 else "use"
        return (
            f"The {noun} {self.name!r} was deleted by {self.actor}, and {listed(self.kept_by)} still {uses} "
            "it: it stays."
        )


def deletions(keys: Mapping[str, Any]) -> dict[str, Deletion]:
    """What the keys of a project's file tell, by id; what is not of that form is passed over."""
    rows = keys.get(DELETED)
    found: dict[str, Deletion] = {}
    for category, row in rows.items() if isinstance(rows, Mapping) else ():
        if not isinstance(row, Mapping):
            continue
        words = [row.get(name) for name in ("name", "actor", "time")]
        kept_by = row.get("kept_by", [])
        if not isinstance(kept_by, (list, tuple)) or not all(isinstance(w, str) for w in (*words, *kept_by)):
            continue
        name, actor, time = (str(word) for word in words)
        found[category] = Deletion(name, actor, time, tuple(kept_by))
    return found


def with_deletions(
    keys: Mapping[str, Any], more: Mapping[str, Deletion], dropped: Collection[str]
) -> dict[str, Any]:
    """The keys with what was deleted, or kept, since; ``dropped`` came back in another way."""
    known = keys.get(DELETED)
    rows: dict[str, Any] = dict(known) if isinstance(known, Mapping) else {}
    rows = {key: row for key, row in rows.items() if key not in dropped}
    for category, deletion in more.items():
        row = {"name": deletion.name, "actor": deletion.actor, "time": deletion.time}
        rows[category] = row | ({"kept_by": list(deletion.kept_by)} if deletion.kept_by else {})
    rest = {key: value for key, value in keys.items() if key != DELETED}
    return rest | ({DELETED: rows} if rows else {})


def listed(names: Iterable[str]) -> str:
    """``ana``, ``ana and bo``, ``ana, bo and eve``."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


async def users_of(state: State, categories: Set[str], actor: str) -> dict[str, set[str]]:
    """By category, who has made something that lives and still names it; ``actor`` for what waits here."""
    found: dict[str, set[str]] = {key: set() for key in categories}
    for number, document_id in enumerate(list(state.rows) if found else ()):
        if number % _BREATH == _BREATH - 1:
            await asyncio.sleep(0)
        document = state.whole(document_id)
        for label in document.labels.values():
            if label.category in found and not label.removed:
                found[label.category].add(label.made.actor)
        named = [(item.category, item.decision) for item in document.suggestions.values()]
        named += [(item.category, item.decision) for item in document.to_place.values()]
        for category, decision in named:
            if category in found:
                found[category].add(decision.stamp.actor if decision else actor)
    return found
