"""The forms of an answer: the schema it is held to, and how an example of one looks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tui_labeler.domain.projects import ProjectKind
from tui_labeler.domain.resources import Structured
from tui_labeler.domain.text import words
from tui_labeler.engine.autolabelers.folding import folded_words

if TYPE_CHECKING:
    from tui_labeler.domain.labels import Span
    from tui_labeler.engine.autolabelers.prompts.names import Names
    from tui_labeler.engine.autolabelers.prompts.passages import Passage

MOST_NAMES, MOST_CHARACTERS = 500, 15_000
"""What a list of allowed values may hold at every service seen; a longer one is left out of the schema, and
parsing alone tells the names that are none. Source: reference of structured outputs, OpenAI and Azure."""

CONTEXT_WORDS = 5
"""Words before a mention that an example shows. Of planted texts with the same words under several
categories, of which an answer leaves some out, five place 99.3 % rightly and three 98 %."""


def schema(kind: ProjectKind, names: Names) -> dict[str, Any]:
    """A strict JSON schema within what Azure allows: no limits of length or number, every key required."""
    category: dict[str, Any] = {"type": "string"}
    if len(names.all) <= MOST_NAMES and sum(map(len, names.all)) <= MOST_CHARACTERS:
        category["enum"] = list(names.all)
    reference = {"$ref": "#/$defs/category"}
    match kind:
        case ProjectKind.ENTITIES:
            text = {"type": "string"}
            item = _object({"text": text, "category": reference, "before": text})
            fields: dict[str, Any] = {"entities": {"type": "array", "items": item}}
        case ProjectKind.SINGLE_LABEL:
            fields = {"class": {"anyOf": [reference, {"type": "null"}]}}
        case ProjectKind.MULTI_LABEL:
            fields = {"classes": {"type": "array", "items": reference}}
    return {**_object(fields), "$defs": {"category": category}}


def _object(fields: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": fields,
        "required": list(fields),
        "additionalProperties": False,
    }


def shown(passage: Passage, kind: ProjectKind, structured: Structured, names: Names) -> str:
    """The answer that a passage's labels are, in the form that is asked for."""
    found = [(names.name(category), span) for category, span in passage.annotations]
    if kind is ProjectKind.ENTITIES:
        spans = [(name, span) for name, span in found if span is not None]
        if structured is Structured.TEXT:
            lines = [_line(passage.text, name, span) for name, span in spans]
            return "\n".join(lines) or "none"
        items = [
            {
                "text": passage.text[span.start : span.end],
                "category": name,
                "before": _before(passage.text, span.start, span.end),
            }
            for name, span in spans
        ]
        return _json({"entities": items})
    classes = [name for name, _ in found]
    if structured is Structured.TEXT:
        return "\n".join(classes) or "none"
    if kind is ProjectKind.SINGLE_LABEL:
        return _json({"class": classes[0] if classes else None})
    return _json({"classes": classes})


def _line(text: str, name: str, span: Span) -> str:
    before = _before(text, span.start, span.end)
    words = f"{text[span.start : span.end]} | before: {before}" if before else text[span.start : span.end]
    return f"{name}: {' '.join(words.split())}"


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False)


def _before(text: str, start: int, end: int) -> str:
    """A few words before words that stand in ``text`` several times; else nothing."""
    if folded_words(text).count(folded_words(text[start:end])) < 2:
        return ""
    near = list(words(text, max(0, start - 200), start))[-CONTEXT_WORDS:]
    return text[near[0][0] : start].strip() if near else ""
