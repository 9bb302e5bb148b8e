"""JSON Lines of Azure Machine Learning's text labeling, for all three kinds of project.

One object a line: ``image_url`` (for texts too), ``label`` and ``label_confidence``. Spans are
``offsetStart`` and ``offsetEnd`` (exclusive), in code points over the raw text, line ends as stored. What
people labeled has a confidence of 1.0; what ML-assist proposed has less, or joins all names of a multi-label
row by commas with one confidence a name. Source: reader and writer of ``azureml-automl-dnn-nlp`` 1.62.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import msgspec

from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.errors import FormatError
from tui_labeler.engine.formats import datastore
from tui_labeler.engine.formats.about import REVIEWED
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
from tui_labeler.engine.formats.writing import classes, unheld

DATASTORE = "amlDatastore"
"""In a file's ``settings``: the datastore that addresses name where no document brought one."""
LIKELY = 0.5
"""Of the names that ML-assist joins, those it thinks more likely than not are its suggestion."""

_ROW = ("image_url", "label", "label_confidence")
_SPAN = ("label", "offsetStart", "offsetEnd")
_ONE_ROW = "Leave one line for each document."
_ADDRESS = (
    "Addresses are AmlDatastore://<datastore>/<path>, azureml://…/datastores/<name>/paths/<path> or a path."
)
_SHARE = "A confidence is a number from 0 to 1, one for each label: correct it, or export again."
_ONE_KIND = "A file has one kind of label: one name, a list of names, or a list of spans."


@dataclass(slots=True)
class _Row:
    """One line, before the kind of the file is known."""

    node: Node
    location: str
    kind: ProjectKind | None
    """``None`` where the row's list is empty: it fits entities and several classes."""
    labels: list[FileLabel] = field(default_factory=list)
    suggestions: list[FileLabel] = field(default_factory=list)
    problems: list[FormatProblem] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """No person has labeled it: there is no answer, or a model's alone. An empty list is an answer."""
        empty = self.kind is None and self.node.get("label") is not None
        return not self.labels and not empty

    def add(self, label: FileLabel, share: float) -> None:
        if share == 1:
            self.labels.append(label)
        else:
            self.suggestions.append(msgspec.structs.replace(label, confidence=share))

    def leave(self, reason: str) -> None:
        self.problems.append(FormatProblem(self.location, "label", reason, dropped=True, line=self.node.line))


def sniff(data: bytes, filename: str) -> bool:
    """The first line has the keys that only these files have; one without a label, an address of theirs."""
    first = first_object(data)
    url = first.get("image_url")
    if isinstance(url, str) and datastore.is_address(url):
        return True
    return "image_url" in first and bool(first.keys() & {"label", "label_confidence"})


def read(data: bytes) -> LabelFile:
    """Raises ``FormatError`` with line and field."""
    found: list[_Row] = []
    seen: dict[str, Node] = {}
    for node in rows(data):
        row = _row(node)
        if (first := seen.setdefault(row.location, node)) is not node:
            place = f" on line {first.line}" if first.line else ""
            raise node.need("image_url").error(f"{row.location} is there{place} already", hint=_ONE_ROW)
        found.append(row)
    kind = _kind(found)
    documents = tuple(
        FileDocument(
            row.location,
            labels=tuple(row.labels),
            suggestions=tuple(row.suggestions),
            extra=kept(row.node, _ROW, _ROW, ("image_url",)),
            line=row.node.line,
            is_open=row.is_open,
            is_reviewed=row.node.value.get("label") == [],
        )
        for row in found
    )
    undecided = all(row.kind is None for row in found)
    several = any(len(row.labels) > 1 for row in found)
    fits = {ProjectKind.MULTI_LABEL} if undecided or kind is ProjectKind.SINGLE_LABEL else set()
    if undecided or (kind is ProjectKind.MULTI_LABEL and not several):
        fits.add(ProjectKind.SINGLE_LABEL)
    return LabelFile(
        kind,
        documents=documents,
        problems=tuple(problem for row in found for problem in row.problems),
        fits=frozenset(fits),
    )


def _kind(found: list[_Row]) -> ProjectKind:
    first = next((row for row in found if row.kind), None)
    for row in found:
        if first and row.kind and row.kind is not first.kind:
            raise row.node.need("label").error(
                f"is {_SAID[row.kind]}, and on line {first.node.line} it is {_SAID[first.kind or row.kind]}",
                hint=_ONE_KIND,
            )
    return (first.kind if first else None) or ProjectKind.ENTITIES


_SAID = {
    ProjectKind.ENTITIES: "a list of spans",
    ProjectKind.SINGLE_LABEL: "one name",
    ProjectKind.MULTI_LABEL: "a list of names",
}


def _row(node: Node) -> _Row:
    url = node.need("image_url")
    location = datastore.location_of(url.name())
    if location is None:
        raise url.error("is no address of a document", hint=_ADDRESS)
    label, share = node.get("label"), node.get("label_confidence")
    row = _Row(node, location, None)
    if label is None:
        return row
    if isinstance(label.value, str):
        if share is not None and isinstance(share.value, list):
            _joined(row, label, share)
        else:
            row.kind = ProjectKind.SINGLE_LABEL
            row.add(FileLabel(label.name()), _share(share))
        return row
    items = list(label.nodes())
    shares = list(share.nodes()) if share else [None] * len(items)
    if share and len(shares) != len(items):
        raise share.error(f"has {len(shares)} numbers for {len(items)} labels", hint=_SHARE)
    spans = {isinstance(item.value, dict) for item in items}
    if len(spans) > 1:
        raise label.error("holds names and spans", hint=_ONE_KIND)
    if items:
        row.kind = ProjectKind.ENTITIES if spans == {True} else ProjectKind.MULTI_LABEL
    for item, number in zip(items, shares, strict=True):
        row.add(_span(item) if spans == {True} else FileLabel(item.name()), _share(number))
    return row


def _joined(row: _Row, label: Node, share: Node) -> None:
    """The names of all classes, joined by commas: only models write that."""
    row.kind = ProjectKind.MULTI_LABEL
    numbers = [_share(number) for number in share.nodes()]
    names = label.text().split(",") if label.text() or numbers else []
    if len(names) != len(numbers) or not all(name.strip() for name in names):
        row.leave(
            f"{len(numbers)} confidences stand beside {len(names)} names joined by commas: which belongs to "
            "which can't be told"
        )
        return
    unlikely = []
    for name, number in zip(names, numbers, strict=True):
        if number >= LIKELY:
            row.suggestions.append(FileLabel(name, confidence=number))
        else:
            unlikely.append(f"{name} {number:g}")
    if unlikely:
        row.leave(f"a model thinks these classes unlikely, so they are no suggestions: {', '.join(unlikely)}")


def _share(node: Node | None) -> float:
    if node is None:
        return 1.0
    value = node.value
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise node.error(f"should be a number from 0 to 1, not {node.kind}", hint=_SHARE)
    return float(value)


def _span(node: Node) -> FileLabel:
    start, end = node.need("offsetStart").whole(), node.need("offsetEnd").whole()
    name = node.need("label").name()
    return FileLabel(name, start, end - start, Unit.CODE_POINT, kept(node, _SPAN, _SPAN))


def write(file: LabelFile) -> Written:
    """The file as UTF-8; labels must be counted in code points.

    Suggestions are left out: an import into a language project would take them for labels. Raises
    ``FormatError`` for offsets in another unit.
    """
    problems = list(unheld(file, () if file.kind is ProjectKind.SINGLE_LABEL else (REVIEWED,)))
    prefix, said = _prefix(file)
    problems += said
    return Written(
        encode_lines(_written(document, file.kind, prefix, problems) for document in file.documents),
        tuple(problems),
    )


def _prefix(file: LabelFile) -> tuple[str, list[FormatProblem]]:
    """What addresses begin with where a document brings none of its own."""
    named = file.settings.get(DATASTORE)
    if isinstance(named, str) and named:
        return datastore.address(named, ""), []
    known = Counter(
        datastore.prefix_of(url)
        for document in file.documents
        if (url := _own_address(document)) and url != document.location
    )
    if known:
        return min(known, key=lambda each: (-known[each], each)), []
    if not file.documents:
        return "", []
    reason = f"the datastore of the container is not known; addresses name {datastore.DEFAULT}"
    return datastore.address(datastore.DEFAULT, ""), [FormatProblem("", "image_url", reason)]


def _own_address(document: FileDocument) -> str:
    """The address that the document came with, if it still is this document's."""
    url = document.extra.get("image_url")
    return url if isinstance(url, str) and datastore.location_of(url) == document.location else ""


def _written(
    document: FileDocument, kind: ProjectKind, prefix: str, problems: list[FormatProblem]
) -> dict[str, Any]:
    url = _own_address(document) or f"{prefix}{document.location}"
    labels: list[Any]
    if kind is ProjectKind.ENTITIES:
        labels = [_written_span(document, index, problems) for index in range(len(document.labels))]
        labels = [label for label in labels if label]
    else:
        labels = list(classes(document, problems, one=kind is ProjectKind.SINGLE_LABEL))
    one = kind is ProjectKind.SINGLE_LABEL
    value: Any = (labels[0] if labels else None) if one else labels
    shares: Any = (1.0 if labels else None) if one else [1.0] * len(labels)
    values = {"image_url": url, "label": value, "label_confidence": shares}
    # Of the known keys only how an absent value was spelt is of use.
    extra = {key: item for key, item in document.extra.items() if key not in _ROW or item is None}
    return restored(values, extra, _ROW, {"label": [], "label_confidence": shares})


def _written_span(document: FileDocument, index: int, problems: list[FormatProblem]) -> dict[str, Any] | None:
    label = document.labels[index]
    if label.unit is Unit.UTF16:
        raise FormatError(f"{document.location}: offsets are not code points", field=f"labels[{index}]")
    if label.unit is None:
        reason = f"{label.category} is a class, and this project has spans"
        problems.append(FormatProblem(document.location, f"labels[{index}]", reason, dropped=True))
        return None
    values = {
        "label": label.category,
        "offsetStart": label.start,
        "offsetEnd": label.start + label.length,
    }
    return restored(values, label.extra, _SPAN)


FORMAT = Format("aml", "Azure Machine Learning labels", (".jsonl",), sniff, read, write, carries_text=False)
