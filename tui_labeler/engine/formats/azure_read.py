"""From the JSON of an Azure labels file to the values in it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from tui_labeler.domain.projects import Dataset, ProjectKind
from tui_labeler.engine.formats import azure_keys
from tui_labeler.engine.formats.azure_keys import DIALECTS, Dialect
from tui_labeler.engine.formats.fields import COUNTED_UTF16, Node, kept, shallow
from tui_labeler.engine.formats.model import (
    REGION,
    FileCategory,
    FileDocument,
    FileLabel,
    FileRegion,
    LabelFile,
    Unit,
)

_KINDS = {kind.casefold(): kind for kind in ProjectKind}
# The authoring API's preview and its sibling for conversations.
_OTHER_KINDS = frozenset(
    {
        "customabstractivesummarization",
        "customhealthcare",
        "customtextsentiment",
        "customconversationsummarization",
        "conversation",
        "orchestration",
    }
)
_PAYLOADS = frozenset(dialect.payload for dialect in DIALECTS.values())
NO_ASSETS = "A labels file has its documents and labels under assets: name the one that the service exported."
_ONE_KIND = "Name a labels file of one of those kinds, or correct projectKind to what the file holds."
_ONE_FORM = "Export the file again in one form, that of 2021 or a later one."
_DATASETS = {dataset.casefold(): dataset for dataset in Dataset}


def read_envelope(root: Node) -> LabelFile:
    """The form with ``metadata`` and ``assets``. Raises ``FormatError``."""
    check_index_type(root)
    version = root.get("projectFileVersion")
    assets = root.need("assets", hint=NO_ASSETS)
    metadata = root.get("metadata") or Node({}, root, "metadata")
    kind = _project_kind(metadata, assets)
    dialect = DIALECTS[kind]
    file = read_metadata(metadata, kind)
    written = version.text() if version else ""
    return replace(
        file,
        categories=read_categories(assets, dialect),
        documents=read_documents(assets, kind, dialect),
        remarks=_of_version(written),
        extra=file.extra
        | {
            "root": kept(
                root,
                azure_keys.ROOT,
                azure_keys.ROOT,
                _unlike(root, "projectFileVersion", written, azure_keys.VERSION),
            ),
            "assets": kept(assets, dialect.assets, dialect.assets, _kind_spelt(assets, kind)),
        },
    )


def _of_version(version: str) -> tuple[str, ...]:
    if version in ("", azure_keys.VERSION):
        return ()
    return (f"projectFileVersion is {version}; the file is read as one of {azure_keys.VERSION}",)


def check_index_type(root: Node) -> None:
    index_type = root.get("stringIndexType")
    if index_type and index_type.text() != azure_keys.STRING_INDEX_TYPE:
        raise index_type.error(
            f"offsets counted as {index_type.text()} are not understood, only {azure_keys.STRING_INDEX_TYPE}",
            hint=f"Export the file with offsets in {azure_keys.STRING_INDEX_TYPE}.",
        )


def read_metadata(metadata: Node, kind: ProjectKind) -> LabelFile:
    """What a file says of its project, without categories and documents."""
    multilingual = metadata.get("multilingual")
    settings = metadata.get("settings")
    if settings:
        settings.object()
    return LabelFile(
        kind,
        project_name=_text(metadata, "projectName"),
        language=_text(metadata, "language"),
        multilingual=multilingual.flag() if multilingual else False,
        description=_text(metadata, "description"),
        container=_text(metadata, "storageInputContainerName"),
        settings=shallow(settings) if settings else {},
        extra={
            "metadata": kept(metadata, azure_keys.METADATA, azure_keys.METADATA, _kind_spelt(metadata, kind))
        },
    )


def _project_kind(metadata: Node, assets: Node) -> ProjectKind:
    found = [kind for node in (metadata, assets) if (kind := node.get("projectKind"))]
    if not found:
        metadata.need("projectKind")
    kinds = [_kind(node) for node in found]
    if kinds[0] is not kinds[-1]:
        raise found[-1].error(f"says {kinds[-1]}, but {found[0].path} says {kinds[0]}", hint=_ONE_KIND)
    return kinds[0]


def _kind(node: Node) -> ProjectKind:
    name = node.text()
    if kind := _KINDS.get(name.casefold()):
        return kind
    reason = "is not supported" if name.casefold() in _OTHER_KINDS else "is no kind of project"
    raise node.error(f"{name} {reason}; labels are read for {', '.join(ProjectKind)}", hint=_ONE_KIND)


def _kind_spelt(node: Node, kind: ProjectKind) -> tuple[str, ...]:
    return _unlike(node, "projectKind", node.object().get("projectKind"), kind.value)


def _unlike(node: Node, key: str, value: str | None, usual: str) -> tuple[str, ...]:
    return (key,) if key in node.object() and value != usual else ()


def read_categories(assets: Node, dialect: Dialect) -> tuple[FileCategory, ...]:
    nodes = assets.get(dialect.schema)
    if nodes is None:
        _no_other(assets, dialect.schema, frozenset(each.schema for each in DIALECTS.values()))
        return ()
    return tuple(_category(node, dialect) for node in nodes.nodes())


def _category(node: Node, dialect: Dialect) -> FileCategory:
    name = node.need(dialect.schema_name).name()
    description = _text(node, "description")
    known = (dialect.schema_name, "description")
    spelt = () if description else ("description",)
    return FileCategory(name, description, _extra(node, dialect, known, known[:1], spelt))


def read_documents(assets: Node, kind: ProjectKind, dialect: Dialect) -> tuple[FileDocument, ...]:
    nodes = assets.get("documents")
    if nodes is None:
        return ()
    documents: list[FileDocument] = []
    seen: dict[str, Node] = {}
    for node in nodes.nodes():
        document = _document(node, kind, dialect)
        first = seen.setdefault(document.location, node)
        if first is not node:
            raise node.need("location").error(
                f"{document.location} is listed already, as {first.path}",
                hint="Leave one entry for each document, with all of its labels.",
            )
        documents.append(document)
    return tuple(documents)


def _document(node: Node, kind: ProjectKind, dialect: Dialect) -> FileDocument:
    location = node.need("location").name()
    language = next((text for key in dialect.languages if (text := _text(node, key))), "")
    payload = node.get(dialect.payload)
    labels: tuple[FileLabel, ...] = ()
    regions: tuple[FileRegion, ...] = ()
    if payload is None:
        _no_other(node, dialect.payload, _PAYLOADS)
    elif kind is ProjectKind.ENTITIES:
        regions, labels = _regions(payload, dialect)
    elif dialect.one_class:
        labels = (_class(payload, dialect),) if payload.get(dialect.label_name) else ()
    else:
        labels = tuple(_class(item, dialect) for item in payload.nodes())
    spelt = [key for key in dialect.languages if not language]
    if dialect.one_class and not labels:
        spelt.append(dialect.payload)
    return FileDocument(
        location,
        language,
        _dataset(node.get("dataset")),
        labels,
        regions,
        extra=_extra(node, dialect, dialect.document, dialect.document, spelt),
    )


def _extra(
    node: Node, dialect: Dialect, known: Sequence[str], usual: Sequence[str], spelt: Collection[str] = ()
) -> dict[str, Any]:
    check_foreign(node, dialect)
    return kept(node, known, usual if dialect.keeps_order else None, spelt)


def check_foreign(node: Node, dialect: Dialect) -> None:
    """Refuses keys that would mean something else once the file is written."""
    if foreign := sorted(node.object().keys() & dialect.foreign):
        raise Node(None, node, foreign[0]).error(
            f"does not go with {dialect.schema}, the form of 2021", hint=_ONE_FORM
        )


def _no_other(node: Node, key: str, keys: frozenset[str]) -> None:
    """Refuses an object that is labeled as another kind of project labels."""
    other = sorted(node.object().keys() & keys - {key})
    if other:
        raise Node(None, node, other[0]).error(
            f"belongs to another kind of project; this one has {key}", hint=_ONE_KIND
        )


def _dataset(node: Node | None) -> Dataset | None:
    if node is None:
        return None
    dataset = _DATASETS.get(node.text().casefold())
    if dataset is None:
        raise node.error(
            f"should be Train or Test, not {node.text()}", hint="Write one of them, or leave it out."
        )
    return dataset


def _class(node: Node, dialect: Dialect) -> FileLabel:
    usual = (dialect.label_name,)
    return FileLabel(
        node.need(dialect.label_name).name(),
        extra=_extra(node, dialect, usual, usual),
    )


def _regions(payload: Node, dialect: Dialect) -> tuple[tuple[FileRegion, ...], tuple[FileLabel, ...]]:
    nodes = list(payload.nodes())
    regions = tuple(_region(node, dialect) for node in nodes)
    labels = tuple(
        _placed(_label(label, dialect), index, regions)
        for index, node in enumerate(nodes)
        if (listed := node.get("labels"))
        for label in listed.nodes()
    )
    return regions, labels


def _region(node: Node, dialect: Dialect) -> FileRegion:
    offset, length = node.get("regionOffset"), node.get("regionLength")
    for number in (offset, length):
        if number and number.whole(hint=COUNTED_UTF16) < 0:
            raise number.error(f"should not be negative: {number.value}", hint=COUNTED_UTF16)
    keys = azure_keys.REGION_KEYS
    return FileRegion(
        offset.whole(hint=COUNTED_UTF16) if offset else 0,
        length.whole(hint=COUNTED_UTF16) if length else None,
        _extra(node, dialect, keys, keys),
    )


def _label(node: Node, dialect: Dialect) -> FileLabel:
    return FileLabel(
        node.need(dialect.label_name).name(),
        node.need("offset").whole(hint=COUNTED_UTF16),
        node.need("length").whole(hint=COUNTED_UTF16),
        Unit.UTF16,
        _extra(node, dialect, dialect.label, dialect.label),
    )


def _placed(label: FileLabel, index: int, regions: tuple[FileRegion, ...]) -> FileLabel:
    """Remembers the label's region where its offsets alone would not tell at once."""
    if len(regions) == 1 and regions[0].holds(label.start, label.length):
        return label
    return msgspec.structs.replace(label, extra=label.extra | {REGION: index})


def _text(node: Node, key: str) -> str:
    found = node.get(key)
    return found.text() if found else ""
