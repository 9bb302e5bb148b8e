"""What is wrong with the keys that a person chose: nothing has such an id, no terminal sends such a key."""

from __future__ import annotations

import difflib
import pkgutil
import string
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module

from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual.binding import Binding, BindingType
from textual.keys import _character_to_key, key_to_character

from tui_labeler import screens
from tui_labeler.screens.commands import clashes, usable
from tui_labeler.screens.labeling.labeling import LabelingScreen
from tui_labeler.screens.widgets.text_view import TextView

PUNCTUATION = {_character_to_key(sign): sign for sign in string.punctuation}
"""Signs by the names that Textual gives to their keys."""

_OTHERS = {
    "ctrl+i": "tab",
    "ctrl+m": "enter",
    "ctrl+j": "enter",
    "ctrl+h": "backspace",
    "ctrl+left_square_bracket": "escape",
    "ctrl+[": "escape",
}
"""Keys that terminals send as others. Source: ASCII, whose control codes they are."""

_EMPTY = (
    "that names no key, or an empty one among others. It is left out: a command can have another key, not "
    "none. The space bar is called space, the comma comma."
)


def troubles(keymap: Mapping[str, str], everywhere: Iterable[BindingType]) -> Iterator[tuple[str, str]]:
    """A title and a sentence for each thing that is wrong.

    ``keymap`` are keys, with commas between several, by the id of a binding; ``everywhere`` are the
    application's own bindings.
    """
    for name in sorted(keymap.keys() - usable(keymap).keys()):
        words = f"The settings choose {keymap[name]!r} for {name}: {_EMPTY}"
        yield "An empty key", words
    keymap = usable(keymap)
    own = [*everywhere, *LabelingScreen.BINDINGS, *TextView.BINDINGS]
    unknown = keymap.keys() - _ids(own)
    if unknown:
        # All screens are loaded only where a key may be of one that is not shown yet.
        unknown -= every_id()
    for name in sorted(unknown):
        yield "An unknown key binding", f"The settings choose a key for {name!r}: {_hint(name)}"
    known = {name: keys for name, keys in keymap.items() if name not in unknown}
    for name, keys in known.items():
        for key in keys.split(","):
            if reason := not_sent(key.strip()):
                yield "A key that does not arrive", f"The settings choose {key.strip()} for {name}: {reason}"
    # A key of another screen may mean there what it likes.
    for key, binding in clashes(own, {name: known[name] for name in known.keys() & _ids(own)}):
        words = f"The settings choose {key}, which means {binding.description!r} ({binding.id}) too."
        yield "Two commands with one key", words


def _hint(name: str) -> str:
    near = difflib.get_close_matches(name, every_id(), 1)
    return (
        f"no command is called that; {near[0]} is." if near else "docs/keys.md lists the ids that there are."
    )


def _ids(bindings: Iterable[BindingType]) -> set[str]:
    return {item.id for item in bindings if isinstance(item, Binding) and item.id}


def every_id() -> set[str]:
    """The ids of the bindings of all screens and widgets, which are loaded for it."""
    found: set[str] = set()
    for module in pkgutil.walk_packages(screens.__path__, f"{screens.__name__}."):
        for value in vars(import_module(module.name)).values():
            if isinstance(value, type):
                found |= _ids(vars(value).get("BINDINGS", ()))
    return found


def not_sent(key: str) -> str:
    """Why a key won't do; empty for one that terminals send.

    They send characters, and what has a control code or an escape sequence. Source: xterm's ctlseqs, as
    Textual reads them.
    """
    if key in _OTHERS:
        return f"terminals send {_OTHERS[key]} for it."
    plain = key.removeprefix("alt+")
    if len(plain) == 1 or plain in PUNCTUATION or plain in _sent():
        return ""
    sign = key_to_character(plain)
    return "" if sign is not None and sign.isprintable() else "few terminals send that."


def _sent() -> set[str]:
    known = [names for names in ANSI_SEQUENCES_KEYS.values() if isinstance(names, tuple)]
    # Those with digits are sent by terminals that have gone out of use.
    return {str(name.value) for names in known for name in names} - {
        f"ctrl+{digit}" for digit in string.digits
    }
