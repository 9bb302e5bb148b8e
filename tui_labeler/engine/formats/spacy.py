"""spaCy's training data: texts with offsets as JSON, and DocBin files.

JSON is a list of ``[text, {"entities": [[start, end, name]], "cats": {name: 1.0}}]``, or of documents as
``Doc.to_json`` gives them (``text``, ``ents``, ``cats``). Offsets are code points, the end exclusive. Of
``cats``, 1 is a class, and what a model gave at least 0.5 is a suggestion. Source: spaCy's documentation of
training data, of ``Doc.to_json`` and of ``DocBin``.
"""

from __future__ import annotations

from typing import Any

import msgspec

from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.formats import docbin
from tui_labeler.engine.formats.about import REVIEWED
from tui_labeler.engine.formats.fields import UTF8_MARK, Node, decode_json, encode_json, kept
from tui_labeler.engine.formats.json_lines import first_object, rows
from tui_labeler.engine.formats.model import (
    FileCategory,
    FileDocument,
    FileLabel,
    Format,
    FormatProblem,
    LabelFile,
    Unit,
    Written,
)
from tui_labeler.engine.formats.writing import UNUSED, Cut, classes, cuts, text_of, unheld

_LIKELY = 0.5
_SHAPES = 'A list of [text, {"entities": [[start, end, name]]}], or of documents with text and ents.'
_V2 = "Write it as offsets, or make a DocBin of it with `spacy convert`."


def sniff(data: bytes, filename: str) -> bool:
    """A DocBin, or a list whose first entry is a text and an object, or a document with ``ents``."""
    if data[:1] == b"\x78":
        return docbin.is_docbin(data)
    if data.removeprefix(UTF8_MARK).lstrip()[:1] == b"[":
        try:
            value = msgspec.json.decode(data.removeprefix(UTF8_MARK))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return False
        first = value[0] if value else None
        if isinstance(first, list):
            return len(first) == 2 and isinstance(first[0], str) and isinstance(first[1], dict)
    keys = first_object(data).keys()
    return {"text", "ents"} <= keys or "paragraphs" in keys


def read(data: bytes) -> LabelFile:
    """Raises ``FormatError`` with the path of the field, and for a DocBin where spaCy is not installed."""
    if data[:1] == b"\x78":
        nodes = [Node(value) for value in docbin.read(data)]
    elif data.removeprefix(UTF8_MARK).lstrip()[:1] == b"[":
        nodes = list(Node(decode_json(data)).nodes())
    else:
        nodes = list(rows(data))
    problems: list[FormatProblem] = []
    names: dict[str, None] = {}
    found = [_document(node, names, problems) for node in nodes]
    spans = any(label.unit for document, *_ in found for label in document.labels)
    if spans or not names:
        for document, entities, cats in found:
            if cats:
                reason = "classes are not read: this file has entities"
                problems.append(
                    FormatProblem("", entities.path or "cats", reason, dropped=True, line=document.line)
                )
        documents = tuple(document for document, *_ in found)
        fits = frozenset() if spans else frozenset(ProjectKind) - {ProjectKind.ENTITIES}
        return LabelFile(ProjectKind.ENTITIES, documents=documents, problems=tuple(problems), fits=fits)
    documents = tuple(_classified(document, cats) for document, _, cats in found)
    several = any(len(document.labels) > 1 for document in documents)
    kinds = [ProjectKind.MULTI_LABEL, ProjectKind.SINGLE_LABEL]
    return LabelFile(
        kinds[not several],
        categories=tuple(map(FileCategory, names)),
        documents=documents,
        problems=tuple(problems),
        fits=frozenset(kinds[:1]) - {kinds[not several]},
    )


def _classified(document: FileDocument, cats: dict[str, float]) -> FileDocument:
    return FileDocument(
        labels=tuple(FileLabel(name) for name, share in cats.items() if share == 1),
        text=document.text,
        extra=document.extra,
        suggestions=tuple(
            FileLabel(name, confidence=share) for name, share in cats.items() if _LIKELY <= share < 1
        ),
        line=document.line,
        is_reviewed=bool(cats) and not any(cats.values()),
    )


def _document(
    node: Node, names: dict[str, None], problems: list[FormatProblem]
) -> tuple[FileDocument, Node, dict[str, float]]:
    """A document with its entities, where it says them, and its classes with how likely each is."""
    if isinstance(node.value, list):
        parts = list(node.nodes())
        if len(parts) != 2:
            raise node.error(f"has {len(parts)} values, and not a text and an object", hint=_SHAPES)
        text, said = parts[0].text(), parts[1]
        extra = kept(said, ("entities", "cats"), None)
    else:
        if "paragraphs" in node.object():
            raise node.need("paragraphs").error("are of spaCy 2's JSON, which holds tokens", hint=_V2)
        text, said = node.need("text", hint=_SHAPES).text(), node
        extra = kept(said, ("text", "ents", "cats", "tokens", "sents"), None)
    listed = said.get("entities") or said.get("ents")
    labels = tuple(_entity(item, problems) for item in listed.nodes()) if listed is not None else ()
    cats: dict[str, float] = {}
    scored = said.get("cats")
    for name, share in scored.object().items() if scored is not None else ():
        known = scored and Node(share, scored, name)
        if known and (not isinstance(share, bool | int | float) or not 0 <= share <= 1):
            raise known.error(f"should be a number from 0 to 1, not {known.kind}", hint=_SHAPES)
        if name.strip():
            cats[name] = float(share)
            names[name] = None
    # Training data say what there is; a document that was made by a model holds what that found.
    stated = said.object().get("entities") == [] and not any(cats.values())
    document = FileDocument(labels=labels, text=text, extra=extra, line=node.line, is_reviewed=stated)
    return document, said, cats


def _entity(node: Node, problems: list[FormatProblem]) -> FileLabel:
    if isinstance(node.value, dict):
        parts = [node.need(key, hint=_SHAPES) for key in ("start", "end", "label")]
    else:
        parts = list(node.nodes())
    if not 3 <= len(parts) <= 4:
        raise node.error(f"has {len(parts)} values, and an entity has 3", hint=_SHAPES)
    if len(parts) == 4 and parts[3].value:
        reason = "the link to a knowledge base has no place here"
        problems.append(FormatProblem("", parts[3].path, reason, dropped=True, line=node.line))
    start, end = parts[0].whole(), parts[1].whole()
    return FileLabel(parts[2].name(), start, end - start, Unit.CODE_POINT)


def write(file: LabelFile) -> Written:
    """JSON as UTF-8: texts with ``entities``, or with ``cats`` over all categories.

    Raises ``FormatError`` for offsets that are not code points and for documents without their text.
    """
    spans = file.kind is ProjectKind.ENTITIES
    problems = list(unheld(file, (REVIEWED,) if spans else (REVIEWED, UNUSED)))
    if any(document.location for document in file.documents):
        problems.append(FormatProblem("", "documents", "the documents' names have no place"))
    names = file.category_names
    written: list[Any] = []
    for document in file.documents:
        text = text_of(document)
        said: dict[str, Any]
        if spans:
            apart = _apart(document, cuts(document, text, problems), problems)
            said = {"entities": [[cut.start, cut.end, cut.label.category] for cut in apart]}
        else:
            chosen = classes(document, problems, one=file.kind is ProjectKind.SINGLE_LABEL)
            said = {"cats": {name: float(name in chosen) for name in names}}
        if document.extra:
            reason = "what the file said of it besides has no place in training data"
            problems.append(FormatProblem(document.location, "extra", reason))
        written.append([text, said])
    return Written(encode_json(written), tuple(problems))


def _apart(document: FileDocument, found: list[Cut], problems: list[FormatProblem]) -> list[Cut]:
    """The labels in text order but for those that overlap: the first stays, of those the longest."""
    apart: list[Cut] = []
    for cut in sorted(found, key=lambda each: (each.start, -each.end)):
        if apart and cut.start < apart[-1].end:
            before = apart[-1].label.category
            reason = f"{cut.label.category} at {cut.start} overlaps {before}: spaCy's entities can't"
            problems.append(FormatProblem(document.location, cut.field, reason, dropped=True))
        else:
            apart.append(cut)
    return apart


FORMAT = Format("spacy", "spaCy's training data", (".json", ".spacy"), sniff, read, write)
