"""Prodigy's JSON Lines: spans, and classes by ``options`` or by one ``label``.

Spans have ``start``, ``end`` (exclusive, code points) and ``label``; beside ``tokens`` also ``token_start``
and ``token_end`` (the last token). Classes are the ids in ``accept``, out of ``options``; or, in binary
tasks, ``label`` with an ``answer``. What was accepted is a label, what was not is a suggestion. Source:
Prodigy's documentation of annotation interfaces and of ``db-out``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.formats.about import PLACES, REVIEWED, about, told
from tui_labeler.engine.formats.fields import Node, kept, restored
from tui_labeler.engine.formats.json_lines import encode_lines, first_object, rows
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
from tui_labeler.engine.formats.writing import (
    DATASET,
    LANGUAGE,
    UNUSED,
    Cut,
    classes,
    cuts,
    text_of,
    unheld,
)

_PLACES = (*PLACES, "source")
_ACCEPT, _REJECT = "accept", "reject"
_ANSWERS = (_ACCEPT, _REJECT, "ignore")
_OWN = frozenset({"_input_hash", "_task_hash", "_session_id", "_view_id", "_annotator_id"})
_KNOWN = ("text", "spans", "options", "accept", "label", "answer", "relations")
_SPAN = ("start", "end", "token_start", "token_end", "label")
_USUAL = ("text", "meta", "tokens", "spans", "options", "accept", "config", "answer")
_MEDIA = ("image", "audio", "video", "html")
_TEXT_ONLY = "Only tasks over texts can be read: export those."
_SHAPES = "A line has text, with spans; or with options and accept; or with label and answer."
_CLASSES = frozenset({ProjectKind.SINGLE_LABEL, ProjectKind.MULTI_LABEL})
_BOTH = "Export what was labeled with one recipe."


@dataclass(slots=True)
class _Row:
    """One line, before the kind of the file is known."""

    document: FileDocument
    shape: str = ""
    """``spans``, ``options`` or ``label``; empty where nothing says."""
    one: bool = False
    """At most one class can be chosen."""
    is_answered: bool = False


def sniff(data: bytes, filename: str) -> bool:
    """The first object has a text, and keys that only Prodigy writes."""
    keys = (first := first_object(data)).keys()
    if not keys & {"text", *_MEDIA}:
        return False
    return bool(keys & _OWN) or first.get("answer") in _ANSWERS or {"options", "accept"} <= keys


def read(data: bytes) -> LabelFile:
    """Raises ``FormatError`` with line and field."""
    problems: list[FormatProblem] = []
    names: dict[str, None] = {}
    found: list[_Row] = []
    first: _Row | None = None
    for node in rows(data):
        row = _row(node, names, problems)
        if row.shape and first is None:
            first = row
        if first and row.shape and (row.shape == "spans") != (first.shape == "spans"):
            raise node.error(f"has {row.shape}, and line {first.document.line} {first.shape}", hint=_BOTH)
        found.append(row)
    _without_common_source(found)
    waiting = sum(not row.is_answered for row in found)
    remarks = (f"nobody has answered {waiting} of {len(found)} tasks: what they hold is suggested",)
    documents = tuple(_joined(found))
    categories = tuple(FileCategory(name) for name in names)
    kind, fits = _kinds(found, documents, first.shape if first else "")
    return LabelFile(
        kind,
        categories=categories,
        documents=documents,
        remarks=remarks if waiting else (),
        problems=tuple(problems),
        fits=fits,
    )


def _kinds(
    found: Sequence[_Row], documents: Sequence[FileDocument], shape: str
) -> tuple[ProjectKind, frozenset[ProjectKind]]:
    several = any(len({each.category for each in document.labels}) > 1 for document in documents)
    if shape in ("", "spans"):
        fits = frozenset() if shape else _CLASSES
        return ProjectKind.ENTITIES, fits
    one = not several and any(row.one for row in found)
    kind = ProjectKind.SINGLE_LABEL if one else ProjectKind.MULTI_LABEL
    return kind, frozenset() if several else _CLASSES - {kind}


def _without_common_source(found: Sequence[_Row]) -> None:
    """A ``source`` that several tasks have is where they come from, and no document's name."""
    counted = Counter(row.document.location for row in found)
    for row in found:
        meta = row.document.extra.get("meta")
        place = row.document.location
        if counted[place] > 1 and isinstance(meta, dict) and meta.get("source") == place:
            row.document = msgspec.structs.replace(row.document, location="")


def _joined(found: Sequence[_Row]) -> Iterator[FileDocument]:
    """Binary tasks ask for one class at a time: those over one text are one document."""
    joined: list[list[FileDocument]] = []
    known: dict[tuple[str, str | None], list[FileDocument]] = {}
    for row in found:
        alone = [row.document]
        place = (row.document.location, row.document.text)
        together = known.setdefault(place, alone) if row.shape == "label" else alone
        if together is alone:
            joined.append(alone)
        else:
            together.append(row.document)
    for documents in joined:
        yield _one_of(documents) if len(documents) > 1 else documents[0]


def _one_of(documents: Sequence[FileDocument]) -> FileDocument:
    """The first one, with the labels and suggestions of all."""
    labels: dict[str, FileLabel] = {}
    for document in documents:
        for label in document.labels:
            labels.setdefault(label.category, label)
    suggestions = tuple(each for document in documents for each in document.suggestions)
    return msgspec.structs.replace(documents[0], labels=tuple(labels.values()), suggestions=suggestions)


def _row(node: Node, names: dict[str, None], problems: list[FormatProblem]) -> _Row:
    text = _text(node)
    answer = node.get("answer")
    if answer is not None and answer.text() not in _ANSWERS:
        raise answer.error(f"should be one of {', '.join(_ANSWERS)}")
    accepted = answer is not None and answer.value == _ACCEPT
    said = about(node, _KNOWN, "meta", _PLACES)

    def leave(place: str, reason: str) -> None:
        problems.append(FormatProblem(said.location, place, reason, dropped=True, line=node.line))

    spans, chosen, label = node.get("spans"), node.get("accept"), node.get("label")
    shape, one, labels = "", False, []
    if spans is not None and (spans.value or (chosen is None and label is None)):
        shape, labels = "spans", [_span(item) for item in spans.nodes()]
        # In a binary task over spans, the label is the one that was asked for.
        repeats = label is not None and any(label.value == each.category for each in labels)
        if (chosen and chosen.value) or (label and not repeats):
            leave("accept" if chosen else "label", "is not read: the spans are what labels this line")
    elif chosen is not None or "options" in node.object():
        shape = "options"
        labels, one = _chosen(node, names), _is_single(node)
    elif label is not None:
        shape, labels = "label", [FileLabel(label.name())]
        if answer is not None and answer.value == _REJECT:
            leave("label", f"{label.value} was rejected: what a text is not has no place")
            labels = []
    if related := node.object().get("relations"):
        count = len(related) if isinstance(related, list) else 1
        leave("relations", f"relations have no place here: {count} left out")
    document = FileDocument(
        said.location,
        said.language,
        said.dataset,
        tuple(labels) if accepted else (),
        text=text.text(),
        extra=said.extra,
        suggestions=() if accepted else tuple(_suggested(labels, node)),
        line=node.line,
        is_reviewed=accepted,
    )
    return _Row(document, shape, one, answer is not None)


def _text(node: Node) -> Node:
    if (text := node.get("text")) is not None:
        return text
    media = next((found for key in _MEDIA if (found := node.get(key)) is not None), None)
    if media is not None:
        raise media.error("is no plain text", hint=_TEXT_ONLY)
    return node.need("text", hint=_SHAPES)


def _suggested(labels: Sequence[FileLabel], node: Node) -> Iterator[FileLabel]:
    for label in labels:
        score = label.extra.get("score", node.object().get("score"))
        if isinstance(score, int | float) and not isinstance(score, bool) and 0 <= score <= 1:
            yield msgspec.structs.replace(label, confidence=float(score))
        else:
            yield label


def _span(node: Node) -> FileLabel:
    start, end, name = node.need("start").whole(), node.need("end").whole(), node.need("label").name()
    words = node.object().get("text")
    stated = words if isinstance(words, str) else ""
    return FileLabel(name, start, end - start, Unit.CODE_POINT, kept(node, _SPAN, None), stated)


def _chosen(node: Node, names: dict[str, None]) -> list[FileLabel]:
    """The classes in ``accept``; all ``options`` go into ``names``."""
    options: dict[Any, str] = {}
    listed = node.get("options")
    for option in listed.nodes() if listed is not None else ():
        key = option.need("id")
        if isinstance(key.value, str):
            options[key.value] = key.name()
        else:
            # A number is no name: what people read beside it is.
            options[key.whole(hint=_SHAPES)] = option.need("text").name()
    names.update(dict.fromkeys(options.values()))
    labels: dict[str, FileLabel] = {}
    chosen = node.get("accept")
    for item in chosen.nodes() if chosen is not None else ():
        value = item.name() if isinstance(item.value, str) else item.whole(hint=_SHAPES)
        if value not in options and not isinstance(value, str):
            raise item.error(f"is {value}, and no option has that id", hint=_SHAPES)
        name = options.get(value, str(value))
        labels.setdefault(name, FileLabel(name))
    return list(labels.values())


def _is_single(node: Node) -> bool:
    config = node.object().get("config")
    return isinstance(config, dict) and config.get("choice_style") == "single"


def write(file: LabelFile) -> Written:
    """JSON Lines as UTF-8, each task accepted.

    Raises ``FormatError`` for offsets that are not code points and for documents without their text.
    """
    spans = file.kind is ProjectKind.ENTITIES
    problems = list(unheld(file, (LANGUAGE, DATASET, REVIEWED, *(() if spans else (UNUSED,)))))
    options = [{"id": name, "text": name} for name in file.category_names]
    return Written(
        encode_lines([_written(each, file.kind, options, problems) for each in file.documents]),
        tuple(problems),
    )


def _written(
    document: FileDocument, kind: ProjectKind, options: list[dict[str, str]], problems: list[FormatProblem]
) -> dict[str, Any]:
    text = text_of(document)
    kept_meta = document.extra.get("meta")
    meta = kept_meta if isinstance(kept_meta, dict) else {}
    said = {key: item for key, item in told(document, meta, _PLACES).items() if item is not None}
    values: dict[str, Any] = {"text": text, "answer": _ACCEPT}
    if said or isinstance(kept_meta, dict):
        values["meta"] = said | meta
    extra = dict(document.extra)
    if kind is ProjectKind.ENTITIES:
        tokens = _tokens(document, text, problems)
        if tokens is None:
            extra.pop("tokens", None)
        values["spans"] = [
            _written_span(cut, document, tokens, problems) for cut in cuts(document, text, problems)
        ]
    else:
        one = kind is ProjectKind.SINGLE_LABEL
        config = extra.get("config")
        values["options"] = options
        values["accept"] = classes(document, problems, one=one)
        values["config"] = (config if isinstance(config, dict) else {}) | {
            "choice_style": "single" if one else "multiple"
        }
    taken = {*values, *PLACES, "spans", "options", "accept", "label", "relations", "language", "dataset"}
    extra = {key: item for key, item in extra.items() if key not in taken}
    return restored(values, extra, _USUAL)


def _tokens(
    document: FileDocument, text: str, problems: list[FormatProblem]
) -> tuple[dict[int, int], dict[int, int]] | None:
    """Token numbers by start and by end; ``None`` where there are none, or those of another text."""
    listed = document.extra.get("tokens")
    if listed is None:
        return None
    starts: dict[int, int] = {}
    ends: dict[int, int] = {}
    for index, token in enumerate(listed if isinstance(listed, list) else [None]):
        said = token if isinstance(token, dict) else {}
        start, end = (value if isinstance(value := said.get(key), int) else -1 for key in ("start", "end"))
        if not 0 <= start <= end <= len(text) or text[start:end] != said.get("text"):
            reason = "the tokens that the file had are not those of the text; they are left out"
            problems.append(FormatProblem(document.location, f"tokens[{index}]", reason))
            return None
        starts[start], ends[end] = index, index
    return starts, ends


def _written_span(
    cut: Cut,
    document: FileDocument,
    tokens: tuple[dict[int, int], dict[int, int]] | None,
    problems: list[FormatProblem],
) -> dict[str, Any]:
    values: dict[str, Any] = {"start": cut.start, "end": cut.end, "label": cut.label.category}
    if tokens:
        starts, ends = tokens
        if cut.start in starts and cut.end in ends:
            values |= {"token_start": starts[cut.start], "token_end": ends[cut.end]}
        else:
            reason = (
                f"{cut.label.category} at {cut.start} cuts a token of the file; it is written without tokens"
            )
            problems.append(FormatProblem(document.location, cut.field, reason))
    extra = {key: item for key, item in cut.label.extra.items() if key not in _SPAN}
    if "text" in extra:
        extra["text"] = text_of(document)[cut.start : cut.end]
    return restored(values, extra, _SPAN)


FORMAT = Format("prodigy", "Prodigy's JSON Lines", (".jsonl", ".json"), sniff, read, write)
