"""The documents of :mod:`benchmarks.scale`: of 1 to 128,000 characters, a part of them with labels."""

from __future__ import annotations

import json
import math
import random
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

LONGEST = 128_000
MIDDLE, SPREAD = 120, 1.3
"""Characters of the median document, and the spread of their logarithms."""
LABELED = 10
"""One document in so many."""
WORDS = ("the", "order", "was", "sent", "on", "time", "and", "paid", "in", "full", "by", "a", "customer")
FIRMS = ("Acme", "Contoso", "Fabrikam", "Northwind", "Tailspin", "Wingtip", "Adatum", "Litware")
TOWNS = ("Leeds", "Porto", "Malmo", "Ghent", "Turin", "Lyon", "Bergen", "Krakow")
FRAMES = (("the firm {} ", "Firm", FIRMS), ("to its house in {} ", "Town", TOWNS))


class Text(NamedTuple):
    text: str
    labels: tuple[tuple[str, int, int], ...]
    """Category, first character, number of characters."""


def name(number: int) -> str:
    """The location of a document; they stand in the order of their numbers."""
    return f"document-{number:06d}.txt"


def text(number: int, count: int) -> Text:
    """A document, always the same for its number: of skewed lengths, one the shortest, a few the longest."""
    draw = random.Random(number)
    length = min(LONGEST, max(1, round(draw.lognormvariate(math.log(MIDDLE), SPREAD))))
    if number < 2 or number % (count // 2) == 7:
        length = 1 if number == 1 else LONGEST if number else 4 * MIDDLE
    parts: list[str] = []
    labels: list[tuple[str, int, int]] = []
    at = 0
    while at < length:
        if draw.random() < 0.1:
            frame, category, names = draw.choice(FRAMES)
            firm = f"{draw.choice(names)} {draw.choice(('Ltd', 'AB', 'North', 'Park'))}"
            start = at + frame.index("{")
            if start + len(firm) <= length:
                labels.append((category, start, len(firm)))
            part = frame.format(firm)
        else:
            part = draw.choice(WORDS) + (".\n" if draw.random() < 0.08 else " ")
        parts.append(part)
        at += len(part)
    return Text("".join(parts)[:length], tuple(labels))


def write(count: int, base: Path) -> int:
    """Writes the documents and a labels file of every tenth; the characters of all of them."""
    folder = base / "texts"
    folder.mkdir()
    documents, characters = [], 0
    for number in range(count):
        made = text(number, count)
        characters += len(made.text)
        (folder / name(number)).write_text(made.text, encoding="utf-8", newline="")
        if number % LABELED == 3:
            labels = [{"category": c, "offset": at, "length": length} for c, at, length in made.labels]
            regions = [{"regionOffset": 0, "regionLength": len(made.text), "labels": labels}]
            documents.append({"location": name(number), "language": "en-us", "entities": regions})
    kind = "CustomEntityRecognition"
    whole = {
        "projectFileVersion": "2022-05-01",
        "stringIndexType": "Utf16CodeUnit",
        "metadata": {"projectKind": kind, "projectName": "scale", "language": "en-us"},
        "assets": {
            "projectKind": kind,
            "entities": [{"category": category} for _, category, _ in FRAMES],
            "documents": documents,
        },
    }
    (base / "labels.json").write_text(json.dumps(whole), encoding="utf-8")
    return characters
