"""Real texts with labels, as lists in memory. ``TUI_LABELER_DATA`` says where they are."""

from __future__ import annotations

import csv
import json
import os
import random
from collections.abc import Iterator
from pathlib import Path

from tui_labeler.domain.text import OffsetMap

DATA = Path(os.environ.get("TUI_LABELER_DATA") or Path(__file__).parents[2] / "shared" / "data")

Spans = list[tuple[str, int, int]]
"""Category, start and end in code points."""


def conll(path: Path) -> tuple[list[str], list[Spans]]:
    """Sentences of a CoNLL file with IOB tags in the last column, words joined by one space."""
    texts: list[str] = []
    labels: list[Spans] = []
    for sentence in _sentences(path):
        text, spans, at = "", [], 0
        last = "O"
        for word, tag in sentence:
            at = len(text) + bool(text)
            text = f"{text} {word}" if text else word
            kind, _, category = tag.partition("-")
            if kind in ("B", "S") or (kind == "I" and last != category):
                spans.append((category, at, len(text)))
            elif kind in ("I", "E", "L"):
                spans[-1] = (category, spans[-1][1], len(text))
            last = category if tag != "O" else "O"
        texts.append(text)
        labels.append(spans)
    return texts, labels


def _sentences(path: Path) -> Iterator[list[tuple[str, str]]]:
    sentence: list[tuple[str, str]] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        parts = line.split()
        if len(parts) >= 2:
            sentence.append((parts[0], parts[-1].partition(",")[0]))
        elif sentence and not parts:
            yield sentence
            sentence = []
    if sentence:
        yield sentence


def azure(folder: Path, labels: Path) -> tuple[list[str], list[Spans], list[list[str]]]:
    """Texts of an Azure sample with its spans and its classes."""
    file = json.loads(labels.read_bytes())
    texts, spans, classes = [], [], []
    for document in file["assets"]["documents"]:
        text = (folder / document["location"]).read_bytes().decode("utf-8-sig")
        offsets = OffsetMap.of(text)
        found: Spans = []
        for region in document.get("entities", []):
            for label in region["labels"]:
                start = offsets.from_utf16(label["offset"])
                found.append(
                    (label["category"], start, offsets.from_utf16(label["offset"] + label["length"]))
                )
        texts.append(text)
        spans.append(found)
        single = [document["class"]] if "class" in document else document.get("classes", [])
        classes.append([each["category"] for each in single])
    return texts, spans, classes


def loans() -> tuple[list[str], list[Spans]]:
    folder = DATA / "azure-language" / "custom-ner-loan-agreements"
    texts, spans, _ = azure(folder, folder / "loanAgreementsLabels.json")
    return texts, spans


def classified(name: str) -> tuple[list[str], list[list[str]]]:
    """One of the two Azure samples of classes: ``single-label-webofscience`` or ``multi-label-movies``."""
    folder = DATA / "azure-language" / name
    labels = next(path for path in folder.rglob("*.json"))
    texts, _, classes = azure(next(folder.rglob("*.txt")).parent, labels)
    return texts, classes


def banking77(part: str) -> tuple[list[str], list[str]]:
    with (DATA / "banking77" / f"{part}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [row["text"] for row in rows], [row["category"] for row in rows]


def few(texts: list[str], classes: list[str], each: int, seed: int) -> list[int]:
    """Indices of ``each`` texts of every class, at random."""
    generator = random.Random(seed)
    found: list[int] = []
    for name in sorted(set(classes)):
        members = [index for index, other in enumerate(classes) if other == name]
        found += generator.sample(members, min(each, len(members)))
    return found
