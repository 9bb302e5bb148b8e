"""The commands that can be given at the moment, and the palette that finds one by words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.command import CommandPalette, Hit, Hits
from textual.system_commands import SystemCommandsProvider
from textual.widgets import Input

from tui_labeler.screens.base import tell
from tui_labeler.screens.fields import Safely
from tui_labeler.screens.screen import Screen as Filling

if TYPE_CHECKING:
    from textual.app import App
    from textual.binding import ActiveBinding
    from textual.screen import Screen


_SWALLOWED = ("super+", "hyper+", "meta+", "ctrl+shift+", "ctrl+backspace")
"""Keys that few terminals send."""

_TEXTUALS = {
    "app.focus_next": "To the next part of the screen",
    "app.focus_previous": "To the part of the screen before",
    "cursor_left": "One sign to the left",
    "cursor_right": "One sign to the right",
    "cursor_left_word": "A word to the left",
    "cursor_right_word": "A word to the right",
    "home": "To the start of the line",
    "end": "To the end of the line",
    "delete_left": "Delete the sign before the cursor",
    "delete_right": "Delete the sign at the cursor",
    "delete_left_word": "Delete the word before the cursor",
    "delete_left_all": "Delete all before the cursor",
    "delete_right_all": "Delete all from the cursor on",
}
"""What those of Textual's own bindings do that are of use here, by their action."""


def told(active: Iterable[ActiveBinding]) -> Iterator[tuple[ActiveBinding, str, str]]:
    """The bindings that people are told of, each with a name and a few words on what it does."""
    for item in active:
        binding = item.binding
        if binding.key.startswith(_SWALLOWED):
            continue
        if binding.id is None:
            name = words = _TEXTUALS.get(binding.action, "")
        else:
            name, words = binding.description, item.tooltip or binding.description
        if name:
            yield item, name, words


def bound_commands(app: App[Any], screen: Screen[Any]) -> Iterator[SystemCommand]:
    """A command for each active binding: its name, what it does and its keys; behind those, what the screen
    refuses at the moment, with the reason."""
    keys: dict[tuple[int, str], list[str]] = {}
    active = list(told(screen.active_bindings.values()))
    for item, _, _ in active:
        keys.setdefault((id(item.node), item.binding.action), []).append(app.get_key_display(item.binding))
    seen: set[tuple[int, str]] = set()
    for item, name, words in active:
        known = (id(item.node), item.binding.action)
        if known in seen or not item.enabled:
            continue
        seen.add(known)
        shown = ", ".join(keys[known])
        run = partial(app.run_action, item.binding.action, item.node)
        yield SystemCommand(name, f"{shown}: {words}", run)
    # Whoever looks for one of these by its name learns why it is not there.
    for binding, reason in screen.refused() if isinstance(screen, Filling) else ():
        shown, name = first_key(app, screen.BINDINGS, binding.id or ""), binding.description
        yield SystemCommand(name, f"{shown}, not now: {reason}", partial(tell, app, reason, title=name))


def usable(keymap: Mapping[str, str]) -> dict[str, str]:
    """A keymap without what gives a command no key, or an empty one beside others: Textual takes neither."""
    return {name: keys for name, keys in keymap.items() if all(key.strip() for key in keys.split(","))}


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


def first_key(app: App[Any], bindings: Iterable[BindingType], name: str) -> str:
    """The first key of the binding with the id ``name``, as it is bound and shown.

    Raises ``KeyError`` where none has that id.
    """
    for item in Binding.make_bindings(bindings):
        if item.id == name:
            keys = app._keymap.get(name, item.key)
            return app.get_key_display(next(iter(Binding.make_bindings([replace(item, key=keys)]))))
    raise KeyError(name)


_NAMED = 1000.0
"""What a match of the name counts more than one of the words on what a command does."""

KEYMAP_WORDS = """\
A keymap of your own is the part [keys] of settings.toml in the home folder: one line for each command, its \
id and its keys, for instance

  [keys]
  "review.accept" = "y"
  "project.leave" = "q,ctrl+b"

docs/keys.md lists every id. `tui-labeler doctor` names the home folder, and tells what is wrong with \
a keymap. Keys hold from the next start on."""
"""What is said of other keys."""


class CommandSearch(SystemCommandsProvider):
    """Finds commands by a part of their name, and behind those by the words on what they do."""

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        parts = query.casefold().split()
        nothing = True
        for name, words, run, _ in self.app.get_system_commands(self.screen):
            score = matcher.match(name)
            if score > 0:
                yield Hit(_NAMED + score, matcher.highlight(name), run, help=words)
            elif all(part in words.casefold() for part in parts):
                yield Hit(1.0, name, run, help=words)
            else:
                continue
            nothing = False
        if nothing:
            yield Hit(
                1.0,
                "No command here is called that, or does that",
                partial(self.app.run_action, "help"),
                help="Fewer letters find more; enter shows the keys of where you are",
            )


class Commands(CommandPalette):
    """Textual's palette with a cursor that does not blink, and a key beside ``escape`` to leave it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+g", "escape", "Close", tooltip="Close the palette", id="palette.close"),
    ]

    def on_mount(self) -> None:
        field = self.query_one(Input)
        field.cursor_blink = False
        field.highlighter = Safely(field)
