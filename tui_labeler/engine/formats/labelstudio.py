"""Label Studio's JSON: read in full and in short (JSON-MIN), written in full.

What is written goes with a labeling configuration of ``<Labels name="label" toName="text">`` or
``<Choices name="choice" toName="text">`` over ``<Text name="text" value="$text">``, or with the names that a
file brought.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec

from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.formats.about import PLACES, REVIEWED, told
from tui_labeler.engine.formats.fields import encode_json, restored
from tui_labeler.engine.formats.json_lines import first_object
from tui_labeler.engine.formats.labelstudio_read import ANNOTATION, TEXT_KEY, read
from tui_labeler.engine.formats.model import (
    SOURCE,
    FileDocument,
    FileLabel,
    Format,
    FormatProblem,
    LabelFile,
    Written,
)
from tui_labeler.engine.formats.writing import (
    DATASET,
    LANGUAGE,
    SUGGESTIONS,
    Cut,
    classes,
    cuts,
    text_of,
    unheld,
)

_RESULTS = frozenset({"annotations", "completions", "predictions"})
_USUAL = ("id", "data", "annotations")
_REGION = ("id", "from_name", "to_name", "type", "value")
_STALE = frozenset({"result_count", "result", "was_cancelled"})


def sniff(data: bytes, filename: str) -> bool:
    """The first object is a task with annotations or predictions, in full or in short."""
    first = first_object(data)
    full = isinstance(first.get("data"), dict) and bool(first.keys() & _RESULTS)
    return full or {"annotation_id", "annotator"} <= first.keys()


def write(file: LabelFile) -> Written:
    """The full form as UTF-8, one annotation a task, and predictions where there are suggestions.

    Raises ``FormatError`` for offsets that are not code points and for documents without their text.
    """
    problems = list(unheld(file, (LANGUAGE, DATASET, REVIEWED, SUGGESTIONS)))
    spans = file.kind is ProjectKind.ENTITIES
    usual = {"from_name": "label" if spans else "choice", "to_name": "text"}
    for key in usual:
        known = Counter(
            name
            for document in file.documents
            for label in (*document.labels, *document.suggestions)
            if isinstance(name := label.extra.get(key), str)
        )
        if known:
            usual[key] = min(known, key=lambda each: (-known[each], each))
    tasks = [_written(document, file.kind, usual, problems) for document in file.documents]
    return Written(encode_json(tasks), tuple(problems))


def _written(
    document: FileDocument, kind: ProjectKind, usual: dict[str, str], problems: list[FormatProblem]
) -> dict[str, Any]:
    text = text_of(document)
    brought = document.extra.get("data")
    data = dict(brought) if isinstance(brought, dict) else {}
    key = data.pop(TEXT_KEY, "text")
    said = {name: item for name, item in told(document, data).items() if item is not None}
    taken = {key, "text", *(() if "location" not in said else PLACES), "language", "dataset"}
    rest = {name: item for name, item in data.items() if name not in taken}
    if kind is ProjectKind.ENTITIES:
        result = [_span(cut, text, usual, index) for index, cut in enumerate(cuts(document, text, problems))]
    else:
        names = classes(document, problems, one=kind is ProjectKind.SINGLE_LABEL)
        label = next(iter(document.labels), FileLabel(""))
        result = [_region(label, usual, 0, "choices", {"choices": names})] if names else []
    annotation = document.extra.get(ANNOTATION)
    more = annotation if isinstance(annotation, dict) else {}
    decided = {name: item for name, item in more.items() if name not in _STALE} | {"result": result}
    predictions = _predictions(document, text, kind, usual, problems)
    # An annotation without a result says that somebody has seen it: where a model alone has, there is none.
    is_seen = bool(document.labels) or document.is_reviewed or not predictions
    values: dict[str, Any] = {
        "data": said | rest | {key: text},
        "annotations": [decided] if is_seen else [],
    }
    if predictions:
        values["predictions"] = predictions
    hidden = {*values, *_RESULTS, ANNOTATION}
    return restored(
        values, {name: item for name, item in document.extra.items() if name not in hidden}, _USUAL
    )


def _predictions(
    document: FileDocument,
    text: str,
    kind: ProjectKind,
    usual: dict[str, str],
    problems: list[FormatProblem],
) -> list[dict[str, Any]]:
    """One for each model or method, in the order in which they come; a score stands at each region."""
    found: dict[str, list[dict[str, Any]]] = {}
    proposed = msgspec.structs.replace(document, labels=document.suggestions)
    if kind is ProjectKind.ENTITIES:
        regions = [
            (cut.label, _span(cut, text, usual, at)) for at, cut in enumerate(cuts(proposed, text, problems))
        ]
    else:
        regions = [
            (label, _region(label, usual, at, "choices", {"choices": [label.category]}))
            for at, label in enumerate(proposed.labels)
        ]
    for label, region in regions:
        region.pop(SOURCE, None)
        if label.confidence is not None:
            region["score"] = label.confidence
        found.setdefault(str(label.extra.get(SOURCE) or ""), []).append(region)
    return [
        ({"model_version": source} if source else {}) | {"result": result} for source, result in found.items()
    ]


def _span(cut: Cut, text: str, usual: dict[str, str], index: int) -> dict[str, Any]:
    value = {
        "start": cut.start,
        "end": cut.end,
        "text": text[cut.start : cut.end],
        "labels": [cut.label.category],
    }
    return _region(cut.label, usual, index, "labels", value)


def _region(
    label: FileLabel, usual: dict[str, str], index: int, kind: str, value: dict[str, Any]
) -> dict[str, Any]:
    values: dict[str, Any] = {"type": kind, "value": value}
    for key, default in {"id": f"r{index + 1}", **usual}.items():
        said = label.extra.get(key)
        values[key] = said if isinstance(said, str) else default
    extra = {key: item for key, item in label.extra.items() if key not in values}
    return restored(values, extra, _REGION)


FORMAT = Format("labelstudio", "Label Studio's JSON", (".json",), sniff, read, write, holds_suggestions=True)
