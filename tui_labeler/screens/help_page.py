"""Help, written in Markdown, as lines of a sheet: one widget, where Textual's own makes one of each cell."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode
from rich.cells import cell_len

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tui_labeler.screens.widgets.glyphs import Glyphs
    from tui_labeler.screens.widgets.sheet import Build, Line, Part

_LOOKS = {"code_inline": "key", "strong": "title", "em": "title", "heading": "title"}
"""How parts of a text look, by their Markdown."""

_GAP = 2
"""Cells between the columns of a table."""

Word = list["Part"]
"""What stands together on one line: a key in brackets is three parts."""


def help_page(text: str) -> Build:
    """Makes the lines of a text with headings, paragraphs, lists and tables."""
    root = SyntaxTreeNode(MarkdownIt("commonmark").enable("table").parse(text))

    def build(width: int, signs: Glyphs) -> Sequence[Line]:
        lines: list[Line] = []
        for block in root.children:
            lines += ((), *_lines(block, width))
        return lines[1:]

    return build


def _lines(block: SyntaxTreeNode, width: int) -> Iterator[Line]:
    if block.type == "table":
        yield from _table(block, width)
    elif block.type == "bullet_list":
        for item in block.children:
            yield from _flowed(_words(item), width, "- ", "  ")
    else:
        yield from _flowed(_words(block), width)


def _table(table: SyntaxTreeNode, width: int) -> Iterator[Line]:
    """The first column is as wide as it has to be, up to a third of the width; the second takes the rest."""
    rows = [row.children for part in table.children for row in part.children]
    first = [_words(row[0]) for row in rows]
    needed = max(sum(map(_width, words)) + len(words) - 1 for words in first)
    left = min(needed, width // 3)
    for words, row in zip(first, rows, strict=True):
        keys = _flowed(words, left)
        meanings = _flowed(_words(row[1]), width - left - _GAP)
        for key, meaning in zip_longest(keys, meanings, fillvalue=()):
            gap = left + _GAP - _width(key)
            yield (*key, (" " * gap, ""), *meaning)


def _words(node: SyntaxTreeNode) -> list[Word]:
    """The words of all that is in a node, in order."""
    words: list[Word] = [[]]
    for part in _parts(node, _LOOKS.get(node.type, "")):
        for number, piece in enumerate(part[0].split(" ")):
            if number and words[-1]:
                words.append([])
            if piece:
                words[-1].append((piece, part[1]))
    return [word for word in words if word]


def _parts(node: SyntaxTreeNode, look: str) -> Iterator[Part]:
    if node.type in ("text", "code_inline"):
        yield node.content, look
    elif node.type in ("softbreak", "hardbreak"):
        yield " ", ""
    for child in node.children:
        yield from _parts(child, _LOOKS.get(child.type, look))


def _flowed(words: Iterable[Word], width: int, first: str = "", others: str = "") -> Iterator[Line]:
    """Words in lines of at most ``width`` cells, behind ``first`` and then ``others``, which are as wide; a
    wider word has a line of its own."""
    line: list[Part] = [(first, "")]
    used = start = _width(line)
    for word in words:
        if used > start and used + 1 + _width(word) > width:
            yield tuple(line)
            line = [(others, "")]
            used = start
        if used > start:
            line.append((" ", ""))
        line += word
        used = _width(line)
    yield tuple(line)


def _width(parts: Iterable[Part]) -> int:
    return sum(cell_len(words) for words, _ in parts)
