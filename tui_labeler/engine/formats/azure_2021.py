"""The Azure labels file of the 2021 preview: categories are extractors or classifiers.

Two shapes are in use: as the body of an import request (``metadata`` and ``assets``), and bare, with the
assets' lists at the root. Source: the quick starts of 2021 (REST) and the service's own samples.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.formats import azure_keys
from tui_labeler.engine.formats.azure_keys import Dialect
from tui_labeler.engine.formats.azure_read import (
    check_foreign,
    check_index_type,
    read_categories,
    read_documents,
    read_metadata,
)
from tui_labeler.engine.formats.fields import Node, kept

if TYPE_CHECKING:
    from tui_labeler.engine.formats.model import LabelFile

_TODAY = frozenset({"entities", "classes", "class", "category"})


def _dialect(schema: str, label_name: str) -> Dialect:
    return Dialect(
        schema,
        "name",
        payload=schema,
        label_name=label_name,
        languages=("language", "culture"),
        keeps_order=False,
        foreign=_TODAY,
    )


_ENTITIES = _dialect("extractors", "extractorName")
_CLASSES = _dialect("classifiers", "classifierName")
_MODEL_TYPES = {
    "extraction": ProjectKind.ENTITIES,
    "singleclassification": ProjectKind.SINGLE_LABEL,
    "multiclassification": ProjectKind.MULTI_LABEL,
}
_NAMES = {"name": "projectName", "multiLingual": "multilingual"}
_ONE_LIST = "Leave one list of documents with its extractors or classifiers, under assets or by itself."
_ENVELOPE = ("api-version", *azure_keys.ROOT)


def is_2021(root: Node) -> bool:
    """Whether the categories have the names of 2021."""
    assets = root.object().get("assets")
    places = [root.object(), assets] if isinstance(assets, dict) else [root.object()]
    return any(place.keys() & {_ENTITIES.schema, _CLASSES.schema} for place in places)


def read(root: Node) -> LabelFile:
    """Raises ``FormatError``."""
    check_index_type(root)
    assets = root.get("assets") or root
    metadata = root.get("metadata") or Node({}, root, "metadata")
    dialect = _ENTITIES if _ENTITIES.schema in assets.object() else _CLASSES
    check_foreign(assets, dialect)
    _no_second(root, assets, dialect)
    kind = _kind(metadata, dialect)
    documents = read_documents(assets, kind, dialect)
    bare = metadata.get("modelType") is None
    if bare and kind is ProjectKind.SINGLE_LABEL and any(len(document.labels) > 1 for document in documents):
        kind = ProjectKind.MULTI_LABEL
    renamed = _renamed(metadata)
    file = read_metadata(renamed, kind)
    known = dialect.assets if assets is not root else (*dialect.assets, *_ENVELOPE)
    return replace(
        file,
        categories=read_categories(assets, dialect),
        documents=documents,
        extra={
            "root": kept(root, _ENVELOPE, None) if assets is not root else {},
            "metadata": kept(renamed, azure_keys.METADATA, None),
            "assets": kept(assets, known, None),
        },
    )


def _no_second(root: Node, assets: Node, dialect: Dialect) -> None:
    """Refuses labels of another kind, or in another place, that would be left aside."""
    schemas = {_ENTITIES.schema, _CLASSES.schema}
    places = [(assets, schemas - {dialect.schema})]
    if assets.value is not root.value:
        places.append((root, schemas | {"documents"}))
    for place, keys in places:
        if second := sorted(place.object().keys() & keys):
            raise Node(None, place, second[0]).error(
                f"stands beside the {dialect.schema} that the file has already", hint=_ONE_LIST
            )


def _kind(metadata: Node, dialect: Dialect) -> ProjectKind:
    """The kind by its name of then; the bare shape has none and does not tell single from multi."""
    named = metadata.get("modelType")
    if named is None:
        return ProjectKind.ENTITIES if dialect is _ENTITIES else ProjectKind.SINGLE_LABEL
    kind = _MODEL_TYPES.get(named.text().casefold())
    if kind is None or (kind is ProjectKind.ENTITIES) is not (dialect is _ENTITIES):
        raise named.error(f"{named.text()} does not go with {dialect.schema}")
    return kind


def _renamed(metadata: Node) -> Node:
    values = {_NAMES.get(key, key): value for key, value in metadata.object().items() if key != "modelType"}
    return Node(values, metadata.parent, metadata.key)
