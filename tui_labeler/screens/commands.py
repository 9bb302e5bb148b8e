"""The palette: every command that can be given at the moment, found by typing a part of its name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.command import CommandPalette
from textual.widgets import Input

from tui_labeler.screens.fields import Safely

if TYPE_CHECKING:
    from textual.app import App
    from textual.screen import Screen


def bound_commands(app: App[Any], screen: Screen[Any]) -> Iterator[SystemCommand]:
    """A command for each active binding: its name, what it does and its keys."""
    keys: dict[tuple[int, str], list[str]] = {}
    active = list(screen.active_bindings.values())
    for item in active:
        keys.setdefault((id(item.node), item.binding.action), []).append(app.get_key_display(item.binding))
    seen: set[tuple[int, str]] = set()
    for item in active:
        known = (id(item.node), item.binding.action)
        if known in seen or not item.enabled or not item.binding.description:
            continue
        seen.add(known)
        shown = ", ".join(keys[known])
        help_text = f"{shown}: {item.tooltip or item.binding.description}"
        run = partial(app.run_action, item.binding.action, item.node)
        yield SystemCommand(item.binding.description, help_text, run)


def clashes(bindings: Iterable[BindingType], keymap: Mapping[str, str]) -> Iterator[tuple[str, Binding]]:
    """Each key of a person's keymap that means something else already, with what it means."""
    taken = {item.key: item for item in Binding.make_bindings(bindings) if item.id not in keymap}
    for name, keys in keymap.items():
        for item in Binding.make_bindings([Binding(keys, "", name, id=name)]):
            known = taken.setdefault(item.key, item)
            if known is not item:
                yield item.key, known


def bound_keys(bindings: Iterable[BindingType], keymap: Mapping[str, str]) -> set[str]:
    """The keys of bindings, with those that a person chose in the place of those they replace."""
    found: set[str] = set()
    for item in Binding.make_bindings(bindings):
        found.update(keymap.get(item.id or "", item.key).split(","))
    return found


class Commands(CommandPalette):
    """Textual's palette with a cursor that does not blink, and a key beside ``escape`` to leave it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+g", "escape", "Close", tooltip="Close the palette", id="palette.close"),
    ]

    def on_mount(self) -> None:
        field = self.query_one(Input)
        field.cursor_blink = False
        field.highlighter = Safely(field)
