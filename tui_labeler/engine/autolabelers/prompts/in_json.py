"""Finds entities and classes in an answer that is JSON, or meant to be."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.autolabelers.prompts.answers import Range, Unclear
from tui_labeler.engine.autolabelers.prompts.harvest import NOTHING, Harvest
from tui_labeler.engine.autolabelers.prompts.tolerant import Node, read, starts

if TYPE_CHECKING:
    from tui_labeler.engine.autolabelers.prompts.names import Names

TRIES = 8
"""Brackets in the prose around an answer that are looked behind."""

ENOUGH = 200_000
"""Characters behind such brackets that are looked at before an answer counts as prose."""

_CATEGORY_KEYS = ("category", "label", "class", "entity_type", "type", "tag", "entity_group")
_WORDS_KEYS = ("text", "words", "span", "mention", "entity", "value", "name", "word", "phrase")
_WRAPPERS = frozenset(
    ("entities", "classes", "class", "category", "categories", "label", "labels", "items", "results",
     "result", "annotations", "mentions", "spans", "data", "output", "answer", "response", "predictions")
)  # fmt: skip


def from_json(answer: str, start: int, names: Names, kind: ProjectKind, *, is_over: bool) -> Harvest:
    """What the values in ``answer[start:]`` say: one, or several one after the other.

    ``is_over``: the model ended by itself, so that a missing bracket is only forgotten.
    """
    harvest = Harvest(names)
    behind, tries, looked_at = start, 0, 0
    for at in starts(answer, start):
        if at < behind:
            continue
        if tries >= TRIES or looked_at > ENOUGH:
            break
        root = read(answer, at)
        found = Harvest(names)
        _Collector(answer, found, kind, is_over=is_over).walk(root)
        if found.has_form or (_is_empty_list(root) and _begins_an_answer(answer[start:at])):
            found.has_form = True
            harvest.absorb(found)
            behind = root.end
        else:
            tries += 1
            looked_at += root.end - at
    return harvest


def _is_empty_list(node: Node) -> bool:
    return node.value == [] and not node.is_object and node.whole


def _begins_an_answer(prose: str) -> bool:
    """Whether a value is what ``prose`` leads up to, rather than brackets within a sentence."""
    return prose.rstrip().endswith((":", "```", "```json")) or not prose.strip()


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
        fields = {str(key.value).strip().casefold(): value for key, value in node.pairs}
        if self._is_classes:
            return self._class_object(node)
        words = _first(fields, _WORDS_KEYS)
        category = _first(fields, _CATEGORY_KEYS)
        if words is not None and category is not None and not isinstance(category.value, list):
            self._entity(node, fields, category, words)
            return []
        return self._by_category(node)

    def _entity(self, node: Node, fields: Mapping[str, Node], category: Node, words: Node) -> None:
        self._harvest.has_form = True
        if not self._is_usable(node, category, words):
            self._harvest.is_cut = True
            return
        if not isinstance(category.value, str):
            self._harvest.note(Unclear.TYPE, self._source(node))
            return
        for one in words.items if isinstance(words.value, list) and not words.is_object else [words]:
            said = self._words(one)
            if said is None:
                self._harvest.note(Unclear.TYPE, self._source(one), category.value)
                continue
            self._harvest.add_entity(
                category.value,
                (category.start, category.end),
                said,
                (one.start, one.end),
                before=_words_of(fields.get("before")),
                after=_words_of(fields.get("after")),
                occurrence=_ordinal(fields.get("occurrence")),
            )

    def _by_category(self, node: Node) -> list[Node]:
        """An object whose keys are categories, or names for what lies within."""
        inner = []
        for key, value in node.pairs:
            said = str(key.value)
            if self._harvest.names.find(said) is not None and not _is_listing(value):
                for one in value.items if isinstance(value.value, list) and not value.is_object else [value]:
                    self._under(key, one)
            elif isinstance(value.value, list):
                self._wrapped(said, value)
                inner.append(value)
            elif said.strip().casefold() in _WRAPPERS and _is_nothing(value):
                self._harvest.has_form = True
            else:
                self._odd(value, said, is_whole=node.whole)
        return inner

    def _under(self, key: Node, value: Node) -> None:
        """Words under the name of their category."""
        if not value.whole:
            self._harvest.is_cut = True
            self._harvest.has_form = True
            return
        said = self._words(value)
        if said is not None:
            self._harvest.add_entity(str(key.value), (key.start, key.end), said, (value.start, value.end))
        elif value.value is None:
            self._harvest.has_form = True
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
        if not node.whole and not (self._is_over and node.value is None):
            self._harvest.is_cut = True
        elif isinstance(node.value, str):
            at = (node.start, node.end)
            if not self._harvest.add_class(node.value, at) and not self._parted(node.value, at):
                if node.value.strip().casefold() in NOTHING:
                    self._harvest.has_form = True
                else:
                    self._harvest.note(Unclear.CATEGORY, category=node.value)
        elif node.value is not None:
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

    def _odd(self, node: Node, key: str = "", *, is_whole: bool = True) -> None:
        """What an answer has no place for. In an object that was cut it may have been the half of an item."""
        if not (node.whole and is_whole):
            self._harvest.is_cut = True
        elif node.value is not None:
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


def _first(fields: Mapping[str, Node], keys: tuple[str, ...]) -> Node | None:
    return next((fields[key] for key in keys if key in fields), None)


def _is_nothing(node: Node) -> bool:
    return node.value is None or (isinstance(node.value, str) and node.value.strip().casefold() in NOTHING)


def _is_listing(node: Node) -> bool:
    """Whether a list holds objects: then its key is a wrapper, even where a category is called so."""
    return node.is_object or any(item.is_object for item in node.items)


def _words_of(node: Node | None) -> str:
    return node.value if node is not None and isinstance(node.value, str) else ""


def _ordinal(node: Node | None) -> int | None:
    value = node.value if node is not None else None
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit() and len(value) < 9:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if math.isfinite(value) and value >= 1 and value == int(value) else None
