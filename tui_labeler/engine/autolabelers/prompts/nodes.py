"""What single values of an answer say."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tui_labeler.engine.autolabelers.prompts.harvest import NOTHING
from tui_labeler.engine.autolabelers.prompts.tolerant import Node

if TYPE_CHECKING:
    from collections.abc import Mapping


def is_empty_list(node: Node) -> bool:
    """An empty list that was closed by its own bracket: "[" alone may be the begin of a long one."""
    return node.value == [] and not node.is_object and node.whole


def first(fields: Mapping[str, Node], keys: tuple[str, ...]) -> Node | None:
    """The value of the first of ``keys`` that there is."""
    return next((fields[key] for key in keys if key in fields), None)


def apart(node: Node) -> list[Node]:
    """Entries that run together as the brackets between them are missing: their keys come again."""
    groups: list[list[tuple[Node, Node]]] = [[]]
    seen: set[str] = set()
    for key, value in node.pairs:
        name = str(key.value).strip().casefold()
        if name in seen:
            groups.append([])
            seen.clear()
        seen.add(name)
        groups[-1].append((key, value))
    return [
        Node(group, node.start, node.end, is_object=True, whole=node.whole or group is not groups[-1])
        for group in groups
    ]


def is_nothing(node: Node) -> bool:
    """Whether it says in so many words that there is nothing: ``null``, "none"."""
    if node.is_missing:
        return False
    return node.value is None or (isinstance(node.value, str) and node.value.strip().casefold() in NOTHING)


def is_listing(node: Node) -> bool:
    """Whether a list holds objects: then its key is a wrapper, even where a category is called so."""
    return node.is_object or any(item.is_object for item in node.items)


def words_of(node: Node | None) -> str:
    """What a string says; empty for all else."""
    return node.value if node is not None and isinstance(node.value, str) else ""


def ordinal(node: Node | None) -> int | None:
    """A number from 1, also one in quotes."""
    value = node.value if node is not None else None
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit() and len(value) < 9:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if math.isfinite(value) and value >= 1 and value == int(value) else None
