"""What of a label file is kept in a project's state, so that it can be written back.

The state has one ``extra`` for the project and one for each document, label and category. Those of labels
and categories are an Azure file's own; these functions pack and unpack the other two. What a file of another
format holds stands beside it under the format's name, so that no format writes the keys of another. All of it
is plain JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from tui_labeler.engine.formats.model import OTHERS, FileDocument, FileRegion, LabelFile

AZURE = "azure"
"""The format whose keys stand by themselves."""

_REGIONS = "regions"


def of_format(extra: Mapping[str, Any], name: str) -> dict[str, Any]:
    """What is kept of files of one format, in the ``extra`` of a label, category, document or project."""
    if name == AZURE:
        return {key: value for key, value in extra.items() if key != OTHERS}
    found: dict[str, Any] = extra.get(OTHERS, {}).get(name, {})
    return dict(found)


def with_format(extra: Mapping[str, Any], name: str, keys: Mapping[str, Any]) -> dict[str, Any]:
    """``extra`` with other keys of one format; those of others stay."""
    others = extra.get(OTHERS, {})
    if name == AZURE:
        return {**keys, OTHERS: others} if others else dict(keys)
    if not keys:
        return dict(extra)
    return {**extra, OTHERS: {**others, name: dict(keys)}}


class KeptProject(NamedTuple):
    """The parts of a :class:`LabelFile` that a project itself has no field for."""

    container: str
    settings: dict[str, Any]
    extra: dict[str, Any]


def project_extra(file: LabelFile) -> dict[str, Any]:
    """For ``Project.extra``: the places ``root``, ``metadata`` and ``assets``, container and settings."""
    return {**file.extra, "container": file.container, "settings": file.settings}


def kept_project(extra: Mapping[str, Any]) -> KeptProject:
    """The opposite of :func:`project_extra`; a project that was never imported has nothing kept."""
    places = {place: extra[place] for place in ("root", "metadata", "assets") if place in extra}
    return KeptProject(extra.get("container", ""), extra.get("settings", {}), places)


def document_extra(document: FileDocument) -> dict[str, Any]:
    """For ``Document.extra``: ``keys`` are the unknown ones, ``regions`` those of its labels."""
    kept: dict[str, Any] = {}
    if document.extra:
        kept["keys"] = document.extra
    if document.regions:
        kept[_REGIONS] = [
            {"start": region.start, "length": region.length, "extra": region.extra}
            for region in document.regions
        ]
    return kept


def kept_document(extra: Mapping[str, Any]) -> tuple[tuple[FileRegion, ...], dict[str, Any]]:
    """The regions and the unknown keys that :func:`document_extra` packed."""
    regions = tuple(
        FileRegion(region["start"], region["length"], region["extra"]) for region in extra.get(_REGIONS, ())
    )
    return regions, extra.get("keys", {})
