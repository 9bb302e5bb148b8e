"""What there is to know of labels before one learns from them: for people in Markdown, for programs in JSON.

The headings follow "Datasheets for Datasets" (Gebru and others, 2021) as far as a program can fill them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tui_labeler.domain.projects import Category, Project
from tui_labeler.domain.text import safe
from tui_labeler.engine.exports.splitting import Part, Shares
from tui_labeler.engine.formats.model import Format
from tui_labeler.engine.imports.plans import Skipped
from tui_labeler.engine.wording import counted

VERSION = 1
"""Of the card in JSON."""


@dataclass(frozen=True, slots=True)
class PartFigures:
    """What is in one part."""

    documents: int
    labels: int
    categories: Mapping[str, tuple[int, int]]
    """By name: labels, and documents with at least one."""


@dataclass(frozen=True, slots=True)
class Card:
    """All that a data card says."""

    project: Project
    categories: tuple[Category, ...]
    format: Format
    shares: Shares
    parts: Mapping[Part, PartFigures]
    duplicates: int
    """Documents whose text another document has, too."""
    labels_version: str
    """The hash of which labels stand where, as models name it."""
    program: str
    created: str
    agreement: Mapping[str, Any] | None
    drafts: int
    skipped: tuple[Skipped, ...]
    notes: tuple[Skipped, ...]


def card_fields(card: Card) -> dict[str, Any]:
    """The card as plain values."""
    return {
        "card_version": VERSION,
        "project": card.project.name,
        "kind": card.project.kind.value,
        "language": card.project.language,
        "multilingual": card.project.multilingual,
        "description": card.project.description,
        "format": card.format.name,
        "created": card.created,
        "program": f"tui-labeler {card.program}",
        "labels_version": card.labels_version,
        "split": card.shares.words,
        "seed": None if card.shares.keeps_sets else card.shares.seed,
        "documents": sum(part.documents for part in card.parts.values()),
        "labels": sum(part.labels for part in card.parts.values()),
        "duplicates": card.duplicates,
        "parts": {
            name.value: {
                "documents": part.documents,
                "labels": part.labels,
                "categories": {
                    category: {"labels": labels, "documents": documents}
                    for category, (labels, documents) in sorted(part.categories.items())
                },
            }
            for name, part in card.parts.items()
        },
        "categories": [
            {"name": category.name, "description": category.description, "examples": list(category.examples)}
            for category in card.categories
        ],
        "agreement": None if card.agreement is None else dict(card.agreement),
        "drafts_left_out": card.drafts,
        "left_out": _listed(card.skipped),
        "notes": _listed(card.notes),
    }


def _listed(items: Sequence[Skipped]) -> list[dict[str, str]]:
    return [{"location": item.location, "reason": item.reason} for item in items]


def card_json(card: Card) -> bytes:
    return json.dumps(card_fields(card), indent=2).encode() + b"\n"


def card_markdown(card: Card) -> bytes:
    """Names and descriptions are shown as they are written; nothing in them is markup."""
    fields = card_fields(card)
    lines = [
        f"# {_plain(card.project.name)}",
        "",
        *([_plain(card.project.description), ""] if card.project.description else []),
        f"- Labels: {card.project.kind.nouns}, {card.project.kind.value}",
        f"- Language: {_plain(card.project.language)}{' and others' if card.project.multilingual else ''}",
        f"- Format: {card.format.title} (`{card.format.name}`)",
        f"- Split: {card.shares.words}"
        + ("" if card.shares.keeps_sets else f", seed {card.shares.seed}, stratified by category"),
        f"- Documents with a text that another has too: {card.duplicates:,}; they are in one part together",
        f"- Version of the labels: `{card.labels_version}`",
        f"- Written: {card.created} by {fields['program']}",
        "",
        "## Parts",
        "",
        "| part | documents | labels |",
        "| --- | ---: | ---: |",
        *(f"| {name} | {part.documents:,} | {part.labels:,} |" for name, part in card.parts.items()),
        "",
        "## Categories",
        "",
        *_category_table(card),
        "",
        "## Agreement",
        "",
        *_agreement_lines(card.agreement),
        "",
        "## What was left out",
        "",
        *_left_out(card),
    ]
    return ("\n".join(lines) + "\n").encode("utf-8", "replace")


def _category_table(card: Card) -> list[str]:
    """Labels in each part; documents with at least one behind them."""
    lines = [
        f"| category | {' | '.join(card.parts)} | what it is |",
        f"| --- |{' ---: |' * len(card.parts)} --- |",
    ]
    for category in card.categories:
        cells = []
        for part in card.parts.values():
            labels, documents = part.categories.get(category.name, (0, 0))
            cells.append(f"{labels:,} in {documents:,}")
        about = _plain(category.description)
        lines.append(f"| {_plain(category.name)} | {' | '.join(cells)} | {about} |")
    return lines


def _agreement_lines(agreement: Mapping[str, Any] | None) -> list[str]:
    if agreement is None:
        return ["No document was labeled by two people without each other."]
    named = (("F1", "f1"), ("Cohen's kappa", "kappa"), ("Krippendorff's alpha", "alpha"))
    figures = [f"{words} {agreement[key]:.3f}" for words, key in named if agreement[key] is not None]
    documents = counted(agreement["documents"], "document")
    return [
        f"{documents} labeled by two people, {agreement['agreeing']:,} without a difference"
        + (f": {', '.join(figures)}." if figures else ".")
    ]


def _left_out(card: Card) -> list[str]:
    drafts = [f"- {counted(card.drafts, 'draft decision')} that nobody has saved"] if card.drafts else []
    items = [
        f"- {_plain(item.location)}: {_plain(item.reason)}" if item.location else f"- {_plain(item.reason)}"
        for item in card.skipped
    ]
    notes = [
        f"- {_plain(item.location)}: {_plain(item.reason)} (kept)"
        if item.location
        else f"- {_plain(item.reason)}"
        for item in card.notes
    ]
    return [*drafts, *items, *notes] or ["Nothing."]


_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~&])")


def _plain(text: str) -> str:
    """Text from outside in a line of Markdown."""
    return _SPECIAL.sub(r"\\\1", safe(" ".join(text.split())))
