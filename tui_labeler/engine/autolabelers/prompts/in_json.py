"""Finds entities and classes in an answer that is JSON, or meant to be."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING

from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.autolabelers.prompts.answers import Range, Unclear
from tui_labeler.engine.autolabelers.prompts.harvest import NOTHING, Harvest
from tui_labeler.engine.autolabelers.prompts.in_lines import from_lines
from tui_labeler.engine.autolabelers.prompts.nodes import (
    apart,
    first,
    is_empty_list,
    is_listing,
    is_nothing,
    ordinal,
    words_of,
)
from tui_labeler.engine.autolabelers.prompts.tolerant import Node, read, starts

if TYPE_CHECKING:
    from tui_labeler.engine.autolabelers.prompts.names import Names

TRIES = 8
"""Brackets in the prose around an answer that are looked behind."""

ENOUGH = 200_000
"""Characters behind such brackets that are looked at before an answer counts as prose."""

QUOTED = 80
"""Characters behind a bare list that are looked at for more on its line."""

_CATEGORY_KEYS = ("category", "label", "class", "entity_type", "type", "tag", "entity_group")
_WORDS_KEYS = ("text", "words", "span", "mention", "entity", "value", "name", "word", "phrase")
_WRAPPERS = frozenset(
    ("entities", "classes", "class", "category", "categories", "label", "labels", "items", "results",
     "result", "annotations", "mentions", "spans", "data", "output", "answer", "response", "predictions")
)  # fmt: skip

_PAIR = re.compile(r"""["'”]\s*:\s*["'“{\[]""")
_KEY_WITHIN = re.compile(r"""(?<!\\)["'”](?:text|category|before)["'”]\s*:""")
"""Within words, where quotes are escaped that belong to them: a quote is missing, and they run on."""


def from_json(answer: str, start: int, names: Names, kind: ProjectKind, *, is_over: bool) -> Harvest:
    """What the values in ``answer[start:]`` say: one, or several one after the other.

    ``is_over``: the model ended by itself, so that a missing bracket is only forgotten.
    """
    harvest = Harvest(names)
    taken: list[Range] = []
    tries = looked_at = 0
    is_all = True
    for at in starts(answer, start):
        if taken and at < taken[-1][1]:
            continue
        if tries >= TRIES or looked_at > ENOUGH:
            is_all = False
            break
        root = read(answer, at)
        found = Harvest(names)
        _Collector(answer, found, kind, is_over=is_over).walk(root)
        if not found.has_form and is_empty_list(root) and _is_by_itself(answer, start, at, root.end):
            found.nothing()
        if found.has_form:
            if is_over and not (found.items or found.problems or found.says_nothing or found.is_cut):
                found.note(Unclear.OTHER)
            harvest.absorb(found)
            taken.append((at, root.end))
        else:
            is_all = is_all and not root.pairs
            tries += 1
            looked_at += root.end - at
    if harvest.has_form:
        _note_the_rest(answer, harvest, taken, kind, is_all=is_all)
    return harvest


def _note_the_rest(
    answer: str, harvest: Harvest, taken: list[Range], kind: ProjectKind, *, is_all: bool
) -> None:
    """What may be part of the answer and stands outside the values that were taken.

    Behind "there is nothing" any sign of more counts: a bracket, a line that names something.
    """
    ends = [*taken, (len(answer), len(answer))]
    rest = "\n".join(answer[one[1] : other[0]] for one, other in pairwise(ends))
    is_more = _PAIR.search(rest) is not None
    if not harvest.items and not is_more:
        lines = from_lines(rest, 0, harvest.names, kind, is_over=True)
        is_more = not is_all or bool(lines.items) or any(sign in rest for sign in "{}[]")
    if is_more:
        harvest.note(Unclear.OTHER)


def _is_by_itself(answer: str, start: int, low: int, high: int) -> bool:
    """Whether a value is what the prose before it leads up to, rather than brackets within a sentence."""
    before, behind = answer[start:low].rstrip(), answer[high : high + QUOTED].partition("\n")[0]
    return (not before or before.endswith((":", "```", "```json"))) and not behind.strip(" \r\t.`")


class _Collector:
    """Takes all that one value says."""

    def __init__(self, answer: str, harvest: Harvest, kind: ProjectKind, *, is_over: bool) -> None:
        self._answer = answer
        self._harvest = harvest
        self._is_classes = kind.is_classification
        self._is_over = is_over

    def walk(self, root: Node) -> None:
        waiting = [root]
        while waiting:
            node = waiting.pop()
            inner = self._object(node) if node.is_object else self._list(node)
            waiting += reversed(inner)

    def _list(self, node: Node) -> list[Node]:
        for item in node.items:
            if not isinstance(item.value, list):
                if self._is_classes:
                    self._class(item)
                else:
                    self._odd(item)
        return [item for item in node.items if isinstance(item.value, list)]

    def _object(self, node: Node) -> list[Node]:
        """Takes what an object says by itself; gives back what is to be looked into."""
        if not node.value:
            return []
        if len(node.pairs) > 1 and len(parts := apart(node)) > 1:
            return parts
        fields = {str(key.value).strip().casefold(): value for key, value in node.pairs}
        if self._is_classes:
            return self._class_object(node)
        words = first(fields, _WORDS_KEYS)
        category = first(fields, _CATEGORY_KEYS)
        if words is not None and category is not None and not isinstance(category.value, list):
            self._entity(node, fields, category, words)
            # Where a bracket is missing, the next entry stands in this one.
            return [value for _, value in node.pairs if isinstance(value.value, list) and value is not words]
        return self._by_category(node)

    def _entity(self, node: Node, fields: Mapping[str, Node], category: Node, words: Node) -> None:
        self._harvest.has_form = True
        if not self._is_usable(node, category, words):
            self._harvest.is_cut = True
            return
        if not node.whole and any(not (key.whole and value.whole) for key, value in node.pairs):
            # A quote that is never closed has taken all that follows.
            self._harvest.is_cut = True
        if not isinstance(category.value, str):
            self._harvest.note(Unclear.TYPE, self._source(node))
            return
        for one in words.items if isinstance(words.value, list) and not words.is_object else [words]:
            said = self._words(one)
            if said is None or _KEY_WITHIN.search(self._answer, one.start, one.end):
                self._harvest.note(Unclear.TYPE, self._source(one), category.value)
                continue
            self._harvest.add_entity(
                category.value,
                (category.start, category.end),
                said,
                (one.start, one.end),
                before=words_of(fields.get("before")),
                after=words_of(fields.get("after")),
                occurrence=ordinal(fields.get("occurrence")),
            )

    def _by_category(self, node: Node) -> list[Node]:
        """An object whose keys are categories, or names for what lies within."""
        inner = []
        for key, value in node.pairs:
            said = str(key.value)
            if self._harvest.names.find(said) is not None and not is_listing(value):
                if is_empty_list(value):
                    self._harvest.nothing()
                for one in value.items if isinstance(value.value, list) and not value.is_object else [value]:
                    self._under(key, one)
            elif isinstance(value.value, list):
                self._wrapped(said, value)
                inner.append(value)
            elif said.strip().casefold() in _WRAPPERS and is_nothing(value):
                self._harvest.nothing()
            else:
                self._odd(value, said, is_whole=node.whole)
        return inner

    def _under(self, key: Node, value: Node) -> None:
        """Words under the name of their category."""
        if not value.whole:
            self._harvest.has_form = True
            if value.is_missing:
                self._harvest.note(Unclear.TYPE, category=str(key.value))
            else:
                self._harvest.is_cut = True
            return
        said = self._words(value)
        if said is not None:
            self._harvest.add_entity(str(key.value), (key.start, key.end), said, (value.start, value.end))
        elif value.value is None:
            self._harvest.nothing()
        else:
            self._harvest.note(Unclear.TYPE, self._source(value), str(key.value))

    def _class_object(self, node: Node) -> list[Node]:
        inner = []
        for key, value in node.pairs:
            said = str(key.value)
            if isinstance(value.value, bool) and self._harvest.names.find(said) is not None:
                self._harvest.has_form = True
                if value.value:
                    self._harvest.add_class(said, (key.start, key.end))
                else:
                    self._harvest.nothing()
            elif isinstance(value.value, list):
                self._wrapped(said, value)
                inner.append(value)
            elif said.strip().casefold() in (*_WRAPPERS, *_CATEGORY_KEYS, "name"):
                self._harvest.has_form = True
                self._class(value)
            else:
                self._odd(value, said, is_whole=node.whole)
        return inner

    def _class(self, node: Node) -> None:
        if node.is_missing:
            self._harvest.note(Unclear.OTHER)
        elif not node.whole and not (self._is_over and node.value is None):
            self._harvest.is_cut = True
        elif isinstance(node.value, str):
            at = (node.start, node.end)
            if not self._harvest.add_class(node.value, at) and not self._parted(node.value, at):
                if node.value.strip().casefold() in NOTHING:
                    self._harvest.nothing()
                else:
                    self._harvest.note(Unclear.CATEGORY, category=node.value)
        elif node.value is None:
            self._harvest.nothing()
        else:
            self._harvest.note(Unclear.TYPE, self._source(node))

    def _parted(self, said: str, at: Range) -> bool:
        """Several classes in one string: taken where every one of them is known."""
        parts = [part.strip() for part in said.replace(";", ",").replace("|", ",").split(",")]
        if len(parts) < 2 or any(self._harvest.names.find(part) is None for part in parts):
            return False
        for part in parts:
            self._harvest.add_class(part, at)
        return True

    def _wrapped(self, said: str, value: Node) -> None:
        if said.strip().casefold() in _WRAPPERS and not value.is_object:
            self._harvest.has_form = True
            if is_empty_list(value):
                self._harvest.nothing()

    def _odd(self, node: Node, key: str = "", *, is_whole: bool = True) -> None:
        """What an answer has no place for. In an object that was cut it may have been the half of an item."""
        if not is_whole or not (node.whole or node.is_missing):
            self._harvest.is_cut = True
        elif node.value is not None or node.is_missing:
            self._harvest.note(Unclear.OTHER, self._source(node), key)

    def _is_usable(self, node: Node, category: Node, words: Node) -> bool:
        return node.whole or (self._is_over and category.whole and words.whole)

    def _words(self, node: Node) -> str | None:
        """Words as they were said; of a number, its digits as they stand there."""
        if isinstance(node.value, str):
            return node.value
        if isinstance(node.value, int | float) and not isinstance(node.value, bool):
            return self._source(node) if math.isfinite(node.value) else None
        return None

    def _source(self, node: Node) -> str:
        return self._answer[node.start : min(node.end, node.start + 200)]
