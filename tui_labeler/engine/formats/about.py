"""What rows of other tools' JSON say of a document besides its labels: its name, language and data set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from tui_labeler.domain.projects import Dataset
from tui_labeler.engine.formats.fields import Node, kept

if TYPE_CHECKING:
    from tui_labeler.engine.formats.model import FileDocument

PLACES = ("location", "file_name", "filename", "file")
"""Keys under which a document's name is found, in this order."""
_DATASETS = {each.casefold(): each for each in Dataset}


REVIEWED = "reviewed"
"""The key, with ``true``, that marks a row without labels as seen by somebody, with nothing to label."""


@dataclass(frozen=True, slots=True)
class About:
    """What a row says of its document; ``extra`` is what it says besides."""

    location: str = ""
    language: str = ""
    dataset: Dataset | None = None
    extra: dict[str, Any] = field(default_factory=dict)


def about(node: Node, known: Sequence[str], within: str = "", places: Sequence[str] = PLACES) -> About:
    """What the object ``node`` says, or else the one under its key ``within``; ``known`` keys are no news.

    A key whose value is of another shape is just a key, and kept.
    """
    found, used = _said(node, places)
    inner = node.get(within) if within else None
    extra = kept(node, {*known, *used}, None)
    if inner is None or not isinstance(inner.value, dict):
        return _about(found, extra)
    more, inside = _said(inner, places)
    # Names under keys that are the tool's own stay there too: that is where it looks for them.
    rest = kept(inner, {"location", "language", "dataset"} & inside, None)
    extra.pop(within, None)
    if rest or not inner.value:
        extra[within] = rest
    return _about(more | found, extra)


def _about(found: Mapping[str, str], extra: dict[str, Any]) -> About:
    dataset = _DATASETS.get(found.get("dataset", "").casefold())
    return About(found.get("location", ""), found.get("language", ""), dataset, extra)


def _said(node: Node, places: Sequence[str]) -> tuple[dict[str, str], set[str]]:
    """Values by what they are, and the keys that they stand under."""
    value = node.object()
    found: dict[str, str] = {}
    used: set[str] = set()

    def take(what: str, key: str) -> None:
        found[what] = value[key]
        used.add(key)

    texts = {key for key, item in value.items() if isinstance(item, str) and item.strip()}
    if place := next((key for key in places if key in texts), ""):
        take("location", place)
    if "language" in texts:
        take("language", "language")
    if "dataset" in texts and value["dataset"].casefold() in _DATASETS:
        take("dataset", "dataset")
    return found, used


def with_review(document: FileDocument, within: str = "") -> FileDocument:
    """The document as reviewed where its row, or the object under the key ``within``, says so.

    Beside labels that says nothing here, and is a key like others.
    """
    if document.labels:
        return document
    inner = document.extra.get(within)
    if document.extra.get(REVIEWED) is True:
        extra = {key: item for key, item in document.extra.items() if key != REVIEWED}
    elif isinstance(inner, dict) and inner.get(REVIEWED) is True:
        extra = document.extra | {within: {key: item for key, item in inner.items() if key != REVIEWED}}
    else:
        return document
    return msgspec.structs.replace(document, extra=extra, is_reviewed=True)


def told_review(document: FileDocument) -> bool | None:
    """What stands under :data:`REVIEWED`; ``None`` for nothing."""
    return True if document.is_reviewed and not document.labels else None


def told(document: FileDocument, within: Any = None, places: Sequence[str] = PLACES) -> dict[str, Any]:
    """The keys that say a document's name, language and data set; ``None`` for what is not to be said.

    ``within`` is an object of the file's own that may hold the name already.
    """
    named = isinstance(within, dict) and document.location in [within.get(key) for key in places]
    return {
        "location": None if named else document.location or None,
        "language": document.language or None,
        "dataset": document.dataset.value if document.dataset else None,
    }
