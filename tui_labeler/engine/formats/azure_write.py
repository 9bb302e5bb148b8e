"""From a label file's values to the JSON of an Azure labels file, version ``2022-05-01``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tui_labeler.domain.projects import Dataset, ProjectKind
from tui_labeler.engine.errors import FormatError
from tui_labeler.engine.formats import azure_keys
from tui_labeler.engine.formats.azure_keys import DIALECTS, Dialect
from tui_labeler.engine.formats.fields import encode_json, restored
from tui_labeler.engine.formats.model import (
    FileCategory,
    FileDocument,
    FileLabel,
    FileRegion,
    LabelFile,
    Unit,
    Written,
    region_of,
)
from tui_labeler.engine.formats.writing import reviewed_empty


def write(file: LabelFile) -> Written:
    """The file as UTF-8 JSON; labels must be counted in UTF-16 code units.

    Raises ``FormatError`` for what it can't hold: offsets in another unit, two classes in a single-label
    document, text that is not Unicode.
    """
    dialect = DIALECTS[file.kind]
    root = {
        "projectFileVersion": azure_keys.VERSION,
        "stringIndexType": azure_keys.STRING_INDEX_TYPE,
        "metadata": _metadata(file),
        "assets": restored(
            {
                "projectKind": file.kind.value,
                dialect.schema: [_category(category) for category in file.categories],
                "documents": [
                    _document(document, file.kind, dialect, f"assets.documents[{index}]")
                    for index, document in enumerate(file.documents)
                ],
            },
            file.extra.get("assets", {}),
            dialect.assets,
            {"projectKind": file.kind.value, dialect.schema: [], "documents": []},
        ),
    }
    defaults = {"projectFileVersion": azure_keys.VERSION, "stringIndexType": azure_keys.STRING_INDEX_TYPE}
    data = encode_json(restored(root, file.extra.get("root", {}), azure_keys.ROOT, defaults))
    return Written(data, tuple(reviewed_empty(file.documents)))


def _metadata(file: LabelFile) -> dict[str, Any]:
    return restored(
        {
            "projectKind": file.kind.value,
            "storageInputContainerName": file.container,
            "projectName": file.project_name,
            "multilingual": file.multilingual,
            "description": file.description,
            "language": file.language,
            "settings": file.settings,
        },
        file.extra.get("metadata", {}),
        azure_keys.METADATA,
        {
            "projectKind": file.kind.value,
            "storageInputContainerName": "",
            "projectName": "",
            "multilingual": False,
            "description": "",
            "language": "",
            "settings": {},
        },
    )


def _category(category: FileCategory) -> dict[str, Any]:
    values = {"category": category.name, "description": category.description or None}
    return restored(values, category.extra, ("category",))


def _document(document: FileDocument, kind: ProjectKind, dialect: Dialect, path: str) -> dict[str, Any]:
    payload: Any
    if kind is ProjectKind.ENTITIES:
        payload = _regions(document, path)
    else:
        payload = [
            restored({"category": label.category}, label.extra, ("category",)) for label in document.labels
        ]
        if dialect.one_class:
            if len(payload) > 1:
                raise FormatError(
                    f"{document.location} has {len(payload)} classes, and one is all it can have",
                    field=f"{path}.class",
                )
            payload = payload[0] if payload else None
    values = {
        "location": document.location,
        "language": document.language or None,
        "dataset": document.dataset.value if document.dataset else None,
        dialect.payload: payload,
    }
    defaults: dict[str, Any] = {"dataset": Dataset.TRAIN.value, dialect.payload: []}
    return restored(values, document.extra, dialect.document, defaults)


def _regions(document: FileDocument, path: str) -> list[dict[str, Any]]:
    """The labels in their regions; those outside all of them get one from the start of the document."""
    regions = list(document.regions)
    inside: list[list[FileLabel]] = [[] for _ in regions]
    outside: list[FileLabel] = []
    for label in document.labels:
        if label.unit is not Unit.UTF16:
            raise FormatError(f"{document.location}: offsets are not UTF-16 code units", field=path)
        index = region_of(label, regions)
        (outside if index is None else inside[index]).append(label)
    if outside:
        regions.append(FileRegion(0, max(label.start + label.length for label in outside)))
        inside.append(outside)
    return [_region(region, labels) for region, labels in zip(regions, inside, strict=True)]


def _region(region: FileRegion, labels: Sequence[FileLabel]) -> dict[str, Any]:
    values = {
        "regionOffset": region.start,
        "regionLength": region.length,
        "labels": [
            restored(
                {"category": label.category, "offset": label.start, "length": label.length},
                label.extra,
                ("category", "offset", "length"),
            )
            for label in labels
        ],
    }
    return restored(values, region.extra, azure_keys.REGION_KEYS, {"regionOffset": 0, "labels": []})
