"""From Label Studio's tasks, in full or in short, to documents and their labels.

A task has ``data`` and ``annotations``, each a ``result`` of regions: ``labels`` are spans, ``choices`` are
classes. The short form (JSON-MIN) has the data's keys, then ``id``, then the results by the name of their
control, then ``annotator``. Offsets are code points; those of older versions are UTF-16 code units, which
only the words show that a region states. Source: Label Studio's documentation of tasks, and the
``json_min`` of its converter.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from tui_labeler.domain.projects import ProjectKind
from tui_labeler.domain.text import OffsetMap
from tui_labeler.engine.formats.about import about
from tui_labeler.engine.formats.checking import same_words
from tui_labeler.engine.formats.fields import Node, kept
from tui_labeler.engine.formats.json_lines import rows
from tui_labeler.engine.formats.model import FileDocument, FileLabel, FormatProblem, LabelFile, Unit

TEXT_KEY = "$text"
"""In the ``data`` of a document's ``extra``: the key of its text, where that is another than ``text``."""
ANNOTATION = "annotation"
"""In a document's ``extra``: what its annotation says besides its result."""

_MEDIA = re.compile(
    r"(rectangle|polygon|brush|ellipse|keypoint|vector|bitmask|video|timeseries).*|timelinelabels"
)
_SOUND = frozenset({"channel", "x", "points", "rle"})
_ADDRESS = re.compile(r"(?:(?:https?|s3|gs|azure-blob)://[^/\s]+/|/data/(?:upload/|local-files/\?d=)?)(\S+)")
_TASK = ("data", "annotations", "completions", "predictions", "drafts")
_SHORT = ("annotator", "annotation_id", "id", "created_at", "updated_at", "lead_time")
_NO_TEXT = "Only tasks over texts can be read: export a project whose data hold a text."
_SHAPES = "A task has data and annotations (JSON), or a text, its results and annotator (JSON-MIN)."


@dataclass(slots=True)
class _Task:
    """One task, before the kind of the file is known."""

    node: Node
    document: FileDocument
    spans: list[FileLabel] = field(default_factory=list)
    suggested: list[FileLabel] = field(default_factory=list)
    classes: list[tuple[str, Node, FileLabel]] = field(default_factory=list)
    """With the control that they were chosen in, and where."""
    suggested_classes: list[tuple[str, Node, FileLabel]] = field(default_factory=list)


@dataclass(slots=True)
class _Reading:
    problems: list[FormatProblem] = field(default_factory=list)
    media: Node | None = None
    """The first region that is none of a text."""

    def leave(self, node: Node, location: str, reason: str) -> None:
        self.problems.append(FormatProblem(location, node.path, reason, dropped=True, line=node.place))


def read(data: bytes) -> LabelFile:
    """Raises ``FormatError`` with the path of the field."""
    reading = _Reading()
    tasks = [task for node in rows(data) if (task := _task(node, reading)) is not None]
    labeled = any(each.spans or each.suggested or each.classes or each.suggested_classes for each in tasks)
    if reading.media is not None and not labeled:
        raise reading.media.error("belongs to a picture, a sound or a film, not to a text", hint=_NO_TEXT)
    if any(each.spans or each.suggested for each in tasks):
        documents = tuple(_with_spans(each, reading) for each in tasks)
        return LabelFile(ProjectKind.ENTITIES, documents=documents, problems=tuple(reading.problems))
    if not labeled:
        return LabelFile(
            ProjectKind.ENTITIES,
            documents=tuple(each.document for each in tasks),
            problems=tuple(reading.problems),
            fits=frozenset(ProjectKind) - {ProjectKind.ENTITIES},
        )
    return _of_classes(tasks, reading)


def _of_classes(tasks: list[_Task], reading: _Reading) -> LabelFile:
    counted = Counter(name for each in tasks for name, _, _ in (*each.classes, *each.suggested_classes))
    control = counted.most_common(1)[0][0]
    documents: list[FileDocument] = []
    for task in tasks:
        found: list[dict[str, FileLabel]] = []
        for chosen in (task.classes, task.suggested_classes):
            names: dict[str, FileLabel] = {}
            for name, node, label in chosen:
                if name == control:
                    names.setdefault(label.category, label)
                else:
                    reason = f"{label.category} is chosen in {name}, and {control} is what is read"
                    reading.leave(node, task.document.location, reason)
            found.append(names)
        labels, suggestions = (tuple(names.values()) for names in found)
        documents.append(msgspec.structs.replace(task.document, labels=labels, suggestions=suggestions))
    several = any(len(document.labels) > 1 for document in documents)
    kind = ProjectKind.MULTI_LABEL if several else ProjectKind.SINGLE_LABEL
    return LabelFile(
        kind,
        documents=tuple(documents),
        problems=tuple(reading.problems),
        fits=frozenset() if several else frozenset({ProjectKind.MULTI_LABEL}),
    )


def _with_spans(task: _Task, reading: _Reading) -> FileDocument:
    for _, node, label in (*task.classes, *task.suggested_classes):
        reading.leave(node, task.document.location, f"{label.category} is a class, and this file has spans")
    unit = _unit(task.document.text or "", task.spans + task.suggested)
    labels = tuple(msgspec.structs.replace(label, unit=unit) for label in task.spans)
    suggestions = {
        (label.category, label.start, label.length): msgspec.structs.replace(label, unit=unit)
        for label in task.suggested
    }
    return msgspec.structs.replace(task.document, labels=labels, suggestions=tuple(suggestions.values()))


def _unit(text: str, labels: list[FileLabel]) -> Unit:
    """Code points, but where the words that regions state are there by UTF-16 alone."""
    stated = [label for label in labels if label.words]
    if text.isascii() or all(_fits(text, label.start, label.start + label.length, label) for label in stated):
        return Unit.CODE_POINT
    offsets = OffsetMap.of(text)
    for label in stated:
        try:
            start, end = offsets.from_utf16(label.start), offsets.from_utf16(label.start + label.length)
        except ValueError:
            return Unit.CODE_POINT
        if not _fits(text, start, end, label):
            return Unit.CODE_POINT
    return Unit.UTF16


def _fits(text: str, start: int, end: int, label: FileLabel) -> bool:
    return 0 <= start <= end and same_words(text[start:end], label.words)


def _task(node: Node, reading: _Reading) -> _Task | None:
    if node.get("data") is not None:
        return _full(node, reading)
    if "annotation_id" in node.object() or "annotator" in node.object():
        return _short(node, reading)
    raise node.error("is no task of Label Studio", hint=_SHAPES)


def _full(node: Node, reading: _Reading) -> _Task | None:
    data = node.need("data")
    taken, extra = _annotation(node, reading)
    results: list[tuple[Node, Node | None]]
    results = [(result, None) for result in _results(taken)] if taken is not None else []
    proposed = node.get("predictions")
    for each in proposed.nodes() if proposed is not None else ():
        results += [(result, each) for result in _results(each)]
    key = _text_key(data, [result for result, _ in results])
    said = about(data, [key])
    text, location = _text(data, key, said.location)
    document = FileDocument(
        location,
        said.language,
        said.dataset,
        text=text,
        extra=kept(node, _TASK, None)
        | ({"data": said.extra | ({TEXT_KEY: key} if key not in ("text", "") else {})})
        | ({ANNOTATION: extra} if extra else {}),
        line=node.line,
        is_reviewed=taken is not None and taken.object().get("result") == [],
    )
    if not (said.extra or key != "text"):
        document.extra.pop("data")
    task = _Task(node, document)
    for result, prediction in results:
        _region(task, result, prediction, reading)
    if key:
        return task
    reading.media = reading.media or data
    reading.leave(data, location, "holds no text")
    return None


def _results(node: Node) -> list[Node]:
    found = node.get("result")
    return list(found.nodes()) if found is not None else []


def _annotation(node: Node, reading: _Reading) -> tuple[Node | None, dict[str, Any]]:
    """The annotation that counts: the one that is ground truth, or else the newest; the others are said."""
    listed = node.get("annotations") or node.get("completions")
    alive: list[Node] = []
    for each in listed.nodes() if listed is not None else ():
        if each.object().get("was_cancelled") is True:
            if each.object().get("result"):
                reading.leave(each, "", "was cancelled by who made it")
        else:
            alive.append(each)
    if not alive:
        return None, {}

    def rank(each: Node) -> tuple[bool, str]:
        return each.object().get("ground_truth") is True, str(each.object().get("updated_at") or "")

    taken = max(reversed(alive), key=rank)
    for each in alive:
        if each is not taken and each.object().get("result") != taken.object().get("result"):
            reading.leave(
                each, "", "a task has one annotation here: the true one, or else the newest, is read"
            )
    return taken, kept(taken, ("result", "was_cancelled"), None)


def _text_key(data: Node, results: list[Node]) -> str:
    """The key of ``data`` that is labeled; empty where it holds no text."""
    value = data.object()
    texts = [key for key, item in value.items() if isinstance(item, str)]
    for result in results:
        named = result.object().get("to_name")
        if isinstance(named, str) and named.removeprefix("$") in texts and not _is_media(result):
            return named.removeprefix("$")
    if "text" in texts:
        return "text"
    if any(_is_media(result) for result in results):
        return ""
    return texts[0] if len(texts) == 1 else ""


def _text(data: Node, key: str, location: str) -> tuple[str | None, str]:
    """The text and the name of a document: a text may be an address, whose end is the name then."""
    if not key:
        return None, location
    text: str = data.object()[key]
    if found := _ADDRESS.fullmatch(text):
        return None, location or found.group(1)
    return text, location


def _is_media(result: Node) -> bool:
    kind, value = result.object().get("type"), result.object().get("value")
    shaped = isinstance(value, dict) and bool(value.keys() & _SOUND)
    return shaped or (isinstance(kind, str) and _MEDIA.fullmatch(kind) is not None)


def _region(task: _Task, node: Node, prediction: Node | None, reading: _Reading) -> None:
    kind = node.object().get("type")
    value = node.get("value")
    location = task.document.location
    if _is_media(node):
        reading.media = reading.media or node
        reading.leave(node, location, f"{kind or 'this'} belongs to a picture, a sound or a film")
        return
    if value is None or not isinstance(value.value, dict):
        reading.leave(node, location, f"{kind or 'this'} is no label of a text")
        return
    control = str(node.object().get("from_name") or "")
    extra = kept(node, ("type", "value", "score"), None)
    score = _score(node, prediction)
    if kind in ("labels", None) and "labels" in value.object():
        target = task.spans if prediction is None else task.suggested
        target += [
            msgspec.structs.replace(each, extra=dict(extra), confidence=score) for each in _spans(value)
        ]
    elif kind in ("choices", None) and "choices" in value.object() and "start" not in value.object():
        chosen = task.classes if prediction is None else task.suggested_classes
        for item in value.need("choices").nodes():
            chosen.append((control, node, FileLabel(item.name(), extra=dict(extra), confidence=score)))
    else:
        reading.leave(node, location, f"{kind or 'this'} is no span and no class of a text")


def _score(node: Node, prediction: Node | None) -> float | None:
    if prediction is None:
        return None
    for each in (node, prediction):
        score = each.object().get("score")
        if isinstance(score, int | float) and not isinstance(score, bool) and 0 <= score <= 1:
            return float(score)
    return None


def _spans(value: Node) -> Iterator[FileLabel]:
    start, end = value.need("start").whole(), value.need("end").whole()
    words = value.object().get("text")
    stated = words if isinstance(words, str) else ""
    for item in value.need("labels").nodes():
        yield FileLabel(item.name(), start, end - start, Unit.CODE_POINT, words=stated)


def _short(node: Node, reading: _Reading) -> _Task | None:
    """A task of JSON-MIN: what stands between ``id`` and ``annotator`` are results by control."""
    keys = list(node.object())
    first = keys.index("id") + 1 if "id" in keys else 0
    last = keys.index("annotator") if "annotator" in keys else len(keys)
    controls = [key for key in keys[first:last] if key not in _SHORT] if "id" in keys else []
    controls += [key for key in keys if key not in controls and _is_result(node.object()[key])]
    data = [key for key in keys if key not in (*controls, *_SHORT) and isinstance(node.object()[key], str)]
    key = "text" if "text" in data else next(iter(data), "")
    said = about(node, [key, *controls])
    text, location = _text(node, key, said.location)
    document = FileDocument(
        location,
        said.language,
        said.dataset,
        text=text,
        extra=said.extra,
        line=node.line,
        is_reviewed=not any(node.get(control) for control in controls),
    )
    task = _Task(node, document)
    for control in controls:
        if (found := node.get(control)) is not None:
            _short_result(task, control, found, reading)
    if key:
        return task
    reading.media = reading.media or node
    reading.leave(node, location, "holds no text")
    return None


def _is_result(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(each, dict) and "labels" in each for each in value)


def _short_result(task: _Task, control: str, node: Node, reading: _Reading) -> None:
    if isinstance(node.value, str):
        task.classes.append((control, node, FileLabel(node.name())))
        return
    for item in node.nodes() if isinstance(node.value, list) else [node]:
        value = item.value if isinstance(item.value, dict) else {}
        if value.keys() & _SOUND:
            reading.media = reading.media or item
            reading.leave(item, task.document.location, "belongs to a picture, a sound or a film")
        elif "labels" in value and "start" in value:
            task.spans += _spans(item)
        elif "choices" in value and "start" not in value:
            named = item.need("choices")
            task.classes += [(control, each, FileLabel(each.name())) for each in named.nodes()]
        elif isinstance(item.value, str):
            task.classes.append((control, item, FileLabel(item.name())))
        else:
            reading.leave(item, task.document.location, "is no span and no class of a text")
