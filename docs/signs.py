"""The keys of the labeling screen, all of its parts together: which two clash, and which signs are free."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from textual.binding import Binding

from tui_labeler.app import LabelerApp
from tui_labeler.screens.keymap import PUNCTUATION
from tui_labeler.screens.labeling.labeling import LabelingScreen
from tui_labeler.screens.widgets.category_pane import CategoryPane
from tui_labeler.screens.widgets.document_list import DocumentList
from tui_labeler.screens.widgets.text_view import TextView

PARTS: tuple[type[Any], ...] = (TextView, DocumentList, CategoryPane)
"""What takes keys on that screen before the screen itself does, one at a time."""


def bindings(place: type[Any]) -> Iterator[Binding]:
    """The bindings that a class and those it is made of declare in this program, each once."""
    seen: set[str] = set()
    for kind in place.__mro__:
        if not kind.__module__.startswith("tui_labeler"):
            continue
        for declared in vars(kind).get("BINDINGS", []):
            if isinstance(declared, Binding) and (declared.id or declared.key) not in seen:
                seen.add(declared.id or declared.key)
                yield declared


def clashes(declared: Iterable[Binding]) -> list[tuple[str, str, str]]:
    """Each key that is bound twice, with the two ids."""
    known: dict[str, Binding] = {}
    return [
        (item.key, before.id or "", item.id or "")
        for item in Binding.make_bindings(declared)
        if (before := known.setdefault(item.key, item)) is not item
    ]


def labeling_clashes(added: Iterable[Binding] = ()) -> set[tuple[str, str, str]]:
    """Those of the labeling screen, with ``added`` to its keys: within it, and with each of its parts."""
    screen = [*bindings(LabelerApp), *bindings(LabelingScreen), *added]
    return {clash for part in PARTS for clash in clashes([*screen, *bindings(part)])}


def free_signs() -> list[str]:
    """Signs of ASCII that mean nothing on the labeling screen, wherever the focus is."""
    places: tuple[type[Any], ...] = (LabelerApp, LabelingScreen, *PARTS)
    taken = {item.key for place in places for item in Binding.make_bindings(bindings(place))}
    return [sign for key, sign in PUNCTUATION.items() if key not in taken]
