"""One document on its way through a sync: what is fetched, merged and written of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tui_labeler.domain.items import LABEL, Items, Key, Merged, only
from tui_labeler.engine.errors import FormatError
from tui_labeler.engine.ports.sharing import UNSETTLED, Agreed
from tui_labeler.engine.sharing.merging import merge
from tui_labeler.engine.sharing.shared_form import PARTS, document_items

if TYPE_CHECKING:
    from tui_labeler.domain.documents import Document
    from tui_labeler.engine.ports import State


@dataclass(slots=True)
class Task:
    """A document to look at."""

    document: int
    name: str
    """Of its file."""
    etag: str
    """Of what the container holds; empty where there is nothing."""
    fetch: bool
    theirs: Items = field(default_factory=dict)
    problem: str = ""


@dataclass(slots=True)
class Step:
    """A document that was merged, on its way to the container."""

    task: Task
    agreed: Agreed
    merged: Merged
    before: Items
    """What this side held."""
    ours: Items
    """What it holds from here on."""
    revision: int


def merged(
    state: State,
    task: Task,
    agreed: Agreed | None,
    now: str,
    gone: Mapping[str, str],
    lost: Collection[Key],
    *,
    pull: bool,
) -> Step:
    """Merges what a document is at this moment, ``now``, with what the container holds.

    ``gone`` says when the making of labels was undone here, by id; ``lost`` is what went without an action.
    """
    document = state.whole(task.document)
    known = agreed or Agreed(task.name, "", UNSETTLED, {}, {})
    if task.fetch:
        same = [key for key in known.wanted if task.theirs.get(key) == known.theirs.get(key)]
        known = replace(known, theirs=task.theirs, wanted=only(known.wanted, same))
    elif not task.etag:
        # Somebody removed the file: it is written again.
        known = replace(known, base={}, theirs={}, wanted={})
    lost = [key for key in lost if key.id not in getattr(document, PARTS[key.table])]
    ours, drafts = document_items(document, known.base, now, gone, lost)
    both = merge(state.project.kind, known.base, ours, known.held, drafts, document.text_hash)
    before = {key: row for key, row in ours.items() if key not in lost}
    # What was lost is taken back by the next sync that pulls.
    revision = UNSETTLED if lost and not pull else document.revision
    return Step(task, known, both, before, both.ours if pull else ours, revision)


def check(location: str, items: Items, document: Document) -> None:
    """Raises ``FormatError`` for a file that is another document's, or labels what its text does not hold."""
    if location != document.location:
        raise FormatError(f"it is about {location!r}", field="location")
    for key, row in items.items():
        span = row.get("span") if key.table in PARTS else None
        if not span or not document.text_hash or row.get("text_hash") != document.text_hash:
            continue  # nothing that could be held against this text
        if span["end"] > document.characters:
            raise FormatError("it is outside the text", field=f"{PARTS[key.table]}, {key.id}")


def unknown_categories(state: State, items: Items) -> set[str]:
    """Ids of categories that something which lives names and the project lacks."""
    found = {
        row["category"]
        for key, row in items.items()
        if key.table in PARTS and not (key.table == LABEL and row.get("removed"))
    }
    return found - state.categories.keys()
