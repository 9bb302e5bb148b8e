"""JSON Lines as Hugging Face's ``datasets`` and their users keep them, for all three kinds of project.

One object a line. Classes: ``text`` with ``label`` or ``labels``, by name. Entities: ``text`` with ``spans``
or ``entities``, lists of ``start``, ``end`` (exclusive, code points) and ``label``; or ``tokens`` with
``ner_tags`` by name. ``location`` (also ``file_name``, ``filename``, ``file``), ``language`` and ``dataset``
are read where they are there. Labels that are bare numbers are refused: their names are not in the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tui_labeler.domain.projects import Dataset, ProjectKind
from tui_labeler.engine.formats.about import REVIEWED, told_review, with_review
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
from tui_labeler.engine.formats.tagged import Sentence, TagError, rebuilt, spans_of_tags
from tui_labeler.engine.formats.writing import DATASET, LANGUAGE, classes, cuts, text_of, unheld

PLACES = ("location", "file_name", "filename", "file")
_SPANS = ("spans", "entities")
_NAMED = ("label_text", "label_name")
_CLASSES = (*_NAMED, "labels", "label")
_ALL = (*_SPANS, *_CLASSES, "ner_tags", "relations")
_TAGS = ("ner_tags", "tags", "labels")
_DATASETS = {each.casefold(): each for each in Dataset}
_START, _END = ("start", "start_offset", "begin"), ("end", "end_offset")
_CATEGORY, _WORDS = ("label", "entity_group", "entity", "type"), ("text", "word")
_USUAL = ("location", "language", "dataset", REVIEWED, "text")
_SPAN = ("start", "end", "label")
_NUMBERS = (
    "Write the names before you export: with `datasets`, `features[...].int2str` has them; or add the column "
    "label_text."
)
_TAG_NUMBERS = (
    "Write the names before you export: with `datasets`, `features['ner_tags'].feature.names` has them."
)
_SHAPES = "A line has text and label, labels, spans or entities; or tokens and ner_tags."
_ONE_KIND = "A file has one kind of label on all of its lines."


def sniff(data: bytes, filename: str) -> bool:
    """The first object has a text, or tokens, beside something that labels it."""
    keys = first_object(data).keys()
    return ("text" in keys and bool(keys & {*_SPANS, *_CLASSES})) or (
        "tokens" in keys and bool(keys & {*_TAGS})
    )


def read(data: bytes) -> LabelFile:
    """Raises ``FormatError`` with line and field."""
    documents: list[FileDocument] = []
    problems: list[FormatProblem] = []
    first: tuple[str, Node] | None = None
    several = listed = False
    for node in rows(data):
        shape, payload = _payload(node)
        if shape:
            first = first or (shape, node)
            if (shape == "classes") != (first[0] == "classes"):
                raise (payload or node).error("labels a text otherwise than the lines before", hint=_ONE_KIND)
        document = _document(node, shape, payload, problems)
        problems += _not_read(node, document.location, payload)
        if shape == "classes":
            several |= len(document.labels) > 1
            listed |= payload is not None and isinstance(payload.value, list)
        documents.append(document)
    if first is not None and first[0] != "classes":
        return LabelFile(ProjectKind.ENTITIES, documents=tuple(documents), problems=tuple(problems))
    kind = ProjectKind.MULTI_LABEL if several or listed else ProjectKind.SINGLE_LABEL
    fits = {ProjectKind.SINGLE_LABEL, ProjectKind.MULTI_LABEL} if not several else set()
    return LabelFile(
        kind, documents=tuple(documents), problems=tuple(problems), fits=frozenset(fits - {kind})
    )


def _payload(node: Node) -> tuple[str, Node | None]:
    """How a line is labeled, and by what; an empty word where nothing labels it."""
    if "tokens" in node.object() and (tags := _first(node, _TAGS)):
        return "tags", tags
    if spans := _first(node, _SPANS):
        return "spans", spans
    names = _first(node, _CLASSES)
    if names is not None:
        return "classes", names
    if not node.object().keys().isdisjoint(_SPANS):
        return "spans", None
    if not node.object().keys().isdisjoint(_CLASSES):
        return "classes", None
    if "text" not in node.object():
        node.need("text", hint=_SHAPES)
    return "", None


def _not_read(node: Node, location: str, payload: Node | None) -> Iterator[FormatProblem]:
    """What labels a text besides what was read; names beside numbers are the same label twice."""
    used = str(payload.key) if payload else ""
    row = node.object()
    for key in _ALL:
        value = row.get(key)
        if key == used or value in (None, [], "") or (used in _NAMED and isinstance(value, int)):
            continue
        reason = f"is not read: {used} is what labels this line" if used else "is no label that is known here"
        yield FormatProblem(location, key, reason, dropped=True, line=node.line)


def _document(node: Node, shape: str, payload: Node | None, problems: list[FormatProblem]) -> FileDocument:
    known = {"text"}
    place = _first(node, PLACES)
    location = place.text() if place else ""
    known |= {str(place.key)} if place else set()
    language, dataset = node.get("language"), node.get("dataset")
    if language and isinstance(language.value, str):
        known.add("language")
    which = _DATASETS.get(dataset.value.casefold() if dataset and isinstance(dataset.value, str) else "")
    if which:
        known.add("dataset")
    labels: tuple[FileLabel, ...] = ()
    if payload is not None:
        known.add(str(payload.key))
        if shape == "spans":
            labels = tuple(_span(item) for item in payload.nodes())
        elif shape == "classes":
            labels = tuple(_classes(payload))
    if shape == "tags" and payload is not None:
        known.add("tokens")
        text, labels = _tagged(node, payload, location, problems)
        known -= {"text"} if "text" not in node.object() else set()
    else:
        text = node.need("text", hint=_SHAPES).text()
    document = FileDocument(
        location,
        str(node.value["language"]) if "language" in known else "",
        which,
        labels,
        text=text,
        extra=kept(node, known, None),
        is_rebuilt=shape == "tags",
        line=node.line,
        # Where each token has a tag, none was passed over.
        is_reviewed=shape == "tags",
    )
    return with_review(document)


def _first(node: Node, keys: tuple[str, ...]) -> Node | None:
    value = node.object()
    for key in keys:
        if value.get(key) is not None:
            return node.get(key)
    return None


def _one_of(node: Node, keys: tuple[str, ...]) -> Node:
    return _first(node, keys) or node.need(keys[0])


def _span(node: Node) -> FileLabel:
    """A list of three is not of this format: doccano writes those."""
    start, end, name = _one_of(node, _START), _one_of(node, _END), _one_of(node, _CATEGORY)
    words = _first(node, _WORDS)
    _no_number(name)
    known = {str(each.key) for each in (start, end, name, words) if each}
    return FileLabel(
        name.name(),
        start.whole(),
        end.whole() - start.whole(),
        Unit.CODE_POINT,
        kept(node, known, None),
        words.text() if words else "",
    )


def _classes(payload: Node) -> Iterator[FileLabel]:
    for item in payload.nodes() if isinstance(payload.value, list) else [payload]:
        _no_number(item)
        yield FileLabel(item.name())


def _no_number(node: Node, hint: str = _NUMBERS) -> None:
    if isinstance(node.value, int | float):
        raise node.error(f"is {node.kind}, and its name is not in the file", hint=hint)


def _tagged(
    node: Node, tags: Node, location: str, problems: list[FormatProblem]
) -> tuple[str, tuple[FileLabel, ...]]:
    tokens = [token.text() for token in node.need("tokens").nodes()]
    names: list[str] = []
    for tag in tags.nodes():
        _no_number(tag, _TAG_NUMBERS)
        names.append(tag.text())
    if len(tokens) != len(names):
        raise tags.error(f"has {len(names)} tags for {len(tokens)} tokens", hint="Write one tag a token.")
    try:
        spans, repairs = spans_of_tags(names)
    except TagError as error:
        raise Node(error.tag, tags, error.index).error(str(error), hint=error.hint) from error
    for index, reason in repairs:
        problems.append(FormatProblem(location, f"{tags.path}[{index}]", reason, line=node.line))
    return rebuilt([Sentence(tokens, spans)])


def write(file: LabelFile) -> Written:
    """The file as UTF-8: ``spans``, ``label`` or ``labels`` behind ``location`` and ``text``.

    Raises ``FormatError`` for offsets that are not code points and for documents without their text.
    """
    problems = list(unheld(file, (LANGUAGE, DATASET, REVIEWED)))
    return Written(
        encode_lines([_written(document, file.kind, problems) for document in file.documents]),
        tuple(problems),
    )


def _written(document: FileDocument, kind: ProjectKind, problems: list[FormatProblem]) -> dict[str, Any]:
    text = text_of(document)
    values: dict[str, Any] = {
        "location": document.location or None,
        "language": document.language or None,
        "dataset": document.dataset.value if document.dataset else None,
        REVIEWED: told_review(document),
        "text": text,
    }
    if kind is ProjectKind.ENTITIES:
        values["spans"] = [
            restored(
                {"start": cut.start, "end": cut.end, "label": cut.label.category}, cut.label.extra, _SPAN
            )
            for cut in cuts(document, text, problems)
        ]
    elif kind is ProjectKind.MULTI_LABEL:
        values["labels"] = classes(document, problems)
    else:
        values["label"] = next(iter(classes(document, problems, one=True)), None)
    taken = {*values, *PLACES, *_SPANS, *_CLASSES, "tokens"}
    extra = {key: item for key, item in document.extra.items() if key not in taken}
    row = restored(values, extra, (*_USUAL, "spans", "labels", "label"))
    if kind is ProjectKind.SINGLE_LABEL:
        # A document without a class says so: readers take the columns from the first line.
        row.setdefault("label", None)
    return row


FORMAT = Format(
    "jsonl", "JSON Lines of texts and labels (Hugging Face)", (".jsonl", ".json"), sniff, read, write
)
