"""Who did what stands in the history: of what a sync brought in, those who made it elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from tui_labeler.engine.actions import DOERS, PROJECT_SYNCED, SYNCED

if TYPE_CHECKING:
    from tui_labeler.engine.ports import Change, Transaction

OTHERS = "others"
"""For what bears nobody's name: a note on a document, a category."""

_METHODS = {"gpt": "GPT", "model": "model", "file": "file"}


def came_in(transaction: Transaction) -> bool:
    """Whether others did it, and a sync of its actor brought it."""
    return transaction.action in (SYNCED, PROJECT_SYNCED)


def doers(transaction: Transaction, changes: Iterable[Change]) -> str:
    """The names of those who did some changes of a transaction, sorted."""
    if not came_in(transaction):
        return transaction.actor
    names = {name for change in changes for name in _doers(change)} | set(transaction.note.get(DOERS, ()))
    return ", ".join(sorted(names)) or OTHERS


def _doers(change: Change) -> Iterator[str]:
    before, after = change.before or {}, change.after or {}
    if change.table == "label":
        yield from _of_label(before, after)
    elif change.table in ("suggestion", "to_place"):
        decision = after.get("decision")
        if decision and decision != before.get("decision"):
            yield decision["stamp"]["actor"]
        elif after and not before:
            yield _of_method(after)
    elif change.table == "document":
        for name in ("reviewed", "settled"):
            yield from _fresh([after.get(name)], [before.get(name)])
        yield from _fresh(after.get("finished"), before.get("finished"))
        for name in ("blind", "choices"):
            sides = [row.get(name) or [] for row in (after, before)]
            rows = [side if isinstance(side, (list, tuple)) else [side] for side in sides]
            yield from _fresh(*([row["stamp"] for row in side] for side in rows))


def _of_method(row: Mapping[str, Any]) -> str:
    """What proposed something where nobody decided on it, and its job."""
    method, _, what = str(row.get("source", "")).partition(":")
    name = f"{_METHODS.get(method, method)} {what}".strip() or "a job"
    return f"{name} (job {row['job']})" if row.get("job") else name


def _of_label(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """One that was made twice goes by itself: its tombstone names its own maker."""
    if not after:
        return
    removed = after.get("removed")
    if removed and removed != before.get("removed"):
        if removed != after["made"]:
            yield removed["actor"]
    elif after.get("kept") and after["kept"] != before.get("kept"):
        yield after["kept"]["actor"]
    elif not before or before.get("removed"):
        yield after["made"]["actor"]


def _fresh(after: Iterable[Any] | None, before: Iterable[Any] | None) -> Iterator[str]:
    """Of stamps that were not there before."""
    known = list(before or ())
    return (stamp["actor"] for stamp in after or () if stamp and stamp not in known)
