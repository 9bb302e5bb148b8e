"""doccano's JSON Lines and JSON: spans, and classes.

One object a line, or a list of objects. Spans are ``label``: lists of start, end (exclusive) and name; or,
in projects with relations, ``entities``: objects with ``start_offset``, ``end_offset`` and ``label``. Offsets
are code points. Classes are ``label``: a list of names. Columns that doccano does not know are a document's
``meta`` when it takes a file in, and columns by themselves when it writes one. Source: doccano 1.8, its
``data_import`` and ``data_export`` and their examples, where columns are also called ``column_data`` and
``column_label``. Its CSV tables are read as any others.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.formats.about import PLACES, REVIEWED, about, told, told_review, with_review
from tui_labeler.engine.formats.fields import Node, kept, restored
from tui_labeler.engine.formats.json_lines import encode_lines, first_object, rows
from tui_labeler.engine.formats.model import (
    FileDocument,
    FileLabel,
    Format,
    FormatProblem,
    LabelFile,
    Unit,
    Written,
)
from tui_labeler.engine.formats.writing import DATASET, LANGUAGE, Cut, classes, cuts, text_of, unheld

_TEXTS = ("text", "data", "column_data")
_LABELS = ("label", "labels", "column_label")
_ALL = ("entities", *_LABELS, "cats")
_SPAN = ("start_offset", "end_offset", "label")
_USUAL = ("id", "location", "language", "dataset", REVIEWED, "text", "label", "entities")
_MEDIA = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".mp3", ".wav", ".flac", ".ogg", ".m4a")
_TEXT_ONLY = "Only projects over texts can be read: export one of those."
_SHAPES = "A line has text and label: spans as [start, end, name], or names; or entities."
_SHAPE = "A span is [start, end, name], or an object with start_offset, end_offset and label."
FEW = 3
"""From so many documents on, classes that are each on one alone are worth a word."""
EACH_ITS_OWN = "each class is on one document alone: in projects for answers to texts, labels are those"


@dataclass(slots=True)
class _Row:
    """One line, before the kind of the file is known."""

    document: FileDocument
    spans: list[FileLabel] = field(default_factory=list)
    names: list[tuple[str, str]] = field(default_factory=list)
    """By field."""


def sniff(data: bytes, filename: str) -> bool:
    """The first object has labels in a shape that only doccano writes."""
    first = first_object(data)
    if not first.keys() & {*_TEXTS, "filename"}:
        return False
    entities, names = first.get("entities"), first.get("cats")
    if isinstance(entities, list):
        shaped = any(isinstance(each, list) or _is_entity(each) for each in entities)
        return shaped or bool(first.keys() & {"cats", "relations", "Comments"})
    if isinstance(names, list):
        return True
    found = next((items for key in _LABELS if isinstance(items := first.get(key), list)), None)
    if found is None or ("labels" in first and not any(isinstance(each, list) for each in found)):
        return False
    return all(isinstance(each, str | list) for each in found)


def _is_entity(value: Any) -> bool:
    return isinstance(value, dict) and "start_offset" in value and "label" in value


def read(data: bytes) -> LabelFile:
    """Raises ``FormatError`` with line and field."""
    problems: list[FormatProblem] = []
    found: list[_Row] = []
    entities = False
    for node in rows(data):
        row = _row(node)
        entities |= bool(row.spans) or "entities" in node.object()
        found.append(row)
        if related := node.object().get("relations"):
            count = len(related) if isinstance(related, list) else 1
            reason = f"relations have no place here: {count} left out"
            problems.append(
                FormatProblem(row.document.location, "relations", reason, dropped=True, line=node.line)
            )
    if entities or not any(row.names for row in found):
        documents = tuple(_with_spans(row, problems) for row in found)
        fits = frozenset() if entities else frozenset(ProjectKind) - {ProjectKind.ENTITIES}
        return LabelFile(ProjectKind.ENTITIES, documents=documents, problems=tuple(problems), fits=fits)
    return _of_classes(found, problems)


def _of_classes(found: list[_Row], problems: list[FormatProblem]) -> LabelFile:
    documents = tuple(msgspec.structs.replace(row.document, labels=tuple(_unique(row))) for row in found)
    several = any(len(document.labels) > 1 for document in documents)
    names = [label.category for document in documents for label in document.labels]
    remarks: tuple[str, ...] = ()
    if len(names) >= FEW and len(set(names)) == len(names):
        remarks = (EACH_ITS_OWN,)
    return LabelFile(
        ProjectKind.MULTI_LABEL,
        documents=documents,
        remarks=remarks,
        problems=tuple(problems),
        fits=frozenset() if several else frozenset({ProjectKind.SINGLE_LABEL}),
    )


def _unique(row: _Row) -> list[FileLabel]:
    return [FileLabel(name) for name in dict.fromkeys(name for _, name in row.names)]


def _with_spans(row: _Row, problems: list[FormatProblem]) -> FileDocument:
    for place, name in row.names:
        reason = f"{name} is a class, and this file has spans"
        problems.append(
            FormatProblem(row.document.location, place, reason, dropped=True, line=row.document.line)
        )
    return msgspec.structs.replace(row.document, labels=tuple(row.spans))


def _row(node: Node) -> _Row:
    text = next((found for key in _TEXTS if (found := node.get(key)) is not None), None)
    if text is None:
        name = node.get("filename")
        if name is not None and str(name.value).lower().endswith(_MEDIA):
            raise name.error("is a picture or a sound, not a text", hint=_TEXT_ONLY)
        text = node.need("text", hint=_SHAPES)
    labeled = [found for key in _ALL if (found := node.get(key)) is not None]
    known = {str(text.key), "relations", *(str(each.key) for each in labeled)}
    said = about(node, [*known], "meta")
    document = FileDocument(
        said.location, said.language, said.dataset, text=text.text(), extra=said.extra, line=node.line
    )
    if not any(each.value for each in labeled):
        document = with_review(document, "meta")
    row = _Row(document)
    for each in labeled:
        for item in each.nodes() if isinstance(each.value, list) else [each]:
            if isinstance(item.value, list | dict):
                row.spans.append(_span(item))
            else:
                row.names.append((item.path, item.name()))
    return row


def _span(node: Node) -> FileLabel:
    if isinstance(node.value, dict):
        start, end, name = (node.need(key, hint=_SHAPE) for key in _SPAN)
        extra = kept(node, _SPAN, None)
    else:
        parts = list(node.nodes())
        if len(parts) != len(_SPAN):
            raise node.error(f"has {len(parts)} values, and a span has 3", hint=_SHAPE)
        (start, end, name), extra = parts, {}
    first = start.whole()
    return FileLabel(name.name(), first, end.whole() - first, Unit.CODE_POINT, extra)


def write(file: LabelFile) -> Written:
    """JSON Lines as UTF-8; spans as lists, or as objects where one brings keys of its own.

    Raises ``FormatError`` for offsets that are not code points and for documents without their text.
    """
    problems = list(unheld(file, (LANGUAGE, DATASET, REVIEWED)))
    objects = any(label.extra for document in file.documents for label in document.labels)
    return Written(
        encode_lines([_written(each, file.kind, problems, objects=objects) for each in file.documents]),
        tuple(problems),
    )


def _written(
    document: FileDocument, kind: ProjectKind, problems: list[FormatProblem], *, objects: bool
) -> dict[str, Any]:
    text = text_of(document)
    values: dict[str, Any] = told(document, document.extra.get("meta")) | {
        REVIEWED: told_review(document),
        "text": text,
    }
    if kind is not ProjectKind.ENTITIES:
        values["label"] = classes(document, problems, one=kind is ProjectKind.SINGLE_LABEL)
    elif objects:
        values["entities"] = [_entity(cut) for cut in cuts(document, text, problems)]
    else:
        values["label"] = [[cut.start, cut.end, cut.label.category] for cut in cuts(document, text, problems)]
    taken = {*values, *PLACES, *_TEXTS, *_ALL, "relations"}
    extra = {key: item for key, item in document.extra.items() if key not in taken}
    return restored(values, extra, _USUAL)


def _entity(cut: Cut) -> dict[str, Any]:
    values = {"start_offset": cut.start, "end_offset": cut.end, "label": cut.label.category}
    return restored(values, cut.label.extra, ("id", *_SPAN))


FORMAT = Format("doccano", "doccano's JSON Lines", (".jsonl", ".json"), sniff, read, write)
