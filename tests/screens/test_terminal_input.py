"""What a terminal sends, in whatever portions, becomes the keys that were pressed and no others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events

from tui_labeler.screens.terminal_input import ESC, PATIENCE, Cutter, Piece, Reader, Typed, patience

if TYPE_CHECKING:
    from textual.message import Message

LATER = PATIENCE + 1
SOON = PATIENCE / 2


def _name(event: Message) -> str:
    if isinstance(event, events.Key):
        return event.key
    if isinstance(event, events.Paste):
        return f"paste {event.text!r}"
    return type(event).__name__


def read(*portions: str | float) -> list[str]:
    """The names of the events that come of portions; a number is seconds that pass."""
    cutter, reader, now = Cutter(), Reader(), 0.0
    found: list[Message] = []
    for portion in portions:
        pieces: list[Piece] = []
        if isinstance(portion, float):
            now += portion
        else:
            pieces.extend(cutter.feed(portion, now))
        pieces.extend(cutter.tick(now))
        found += [event for piece in pieces for event in reader.events(piece)]
    return [_name(event) for event in found]


@pytest.mark.parametrize(
    ("sent", "keys"),
    [
        ("a1\r", ["a", "1", "enter"]),
        ("\x1b[A\x1bOB\x1b[5~", ["up", "down", "pageup"]),
        ("\x1b[1;5C\x1b[3$w", ["ctrl+right", "shift+delete", "w"]),
        ("\x1b[27ua\x1b[97;;97u", ["escape", "a", "a"]),
        ("\x1bfw\x1bz", ["ctrl+right", "w", "alt+z"]),
        ("\x1b[[Aw", ["f1", "w"]),
        ("\x1b\x1b[A", ["escape", "up"]),
        ("\x1b[I\x1b[O", ["AppFocus", "AppBlur"]),
        ("\x1b[<0;5;3M\x1b[<0;5;3m\x1b[<64;5;3M", ["MouseDown", "MouseUp", "MouseScrollUp"]),
    ],
)
def test_keys_are_what_they_are_wherever_a_slow_line_cuts_them(sent: str, keys: list[str]) -> None:
    assert read(sent) == keys
    for cut in range(1, len(sent)):
        if sent[cut - 1] == ESC and sent[cut] not in f"[O{ESC}":
            continue
        assert read(sent[:cut], SOON, sent[cut:]) == keys, cut


@pytest.mark.parametrize("key", ["[", "]", "O", "P", "X", "1", "a", "w"])
def test_a_key_after_escape_is_that_key(key: str) -> None:
    name = _name(next(iter(Reader().events(Typed(key)))))
    assert read(ESC, LATER, key, LATER) == ["escape", name]
    assert read(ESC, SOON, key, LATER) == ["escape", name]


@pytest.mark.parametrize(
    "answer",
    [
        "\x1b[?62;22c",
        "\x1b[>41;377;0c",
        "\x1b[57;5Z",
        "\x1b[z",
        "\x1b]11;rgb:1e1e/1e1e/1e1e\x07",
        "\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\",
        "\x1bP1+r544e=787465726d\x1b\\",
        "\x1b_Gi=1;OK\x1b\\",
        "\x1b[M\x20\xff\xff",
        "\x1b[99999999;1u",
        "\x1b[" + "9" * 5000 + "u",
        "\x1b[1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16q",
        "\x1b]52;c;" + "A" * 5000 + "\x07",
    ],
)
def test_what_means_nothing_does_nothing(answer: str) -> None:
    assert read(f"a{answer}b") == ["a", "b"]
    for cut in range(2, min(len(answer), 40)):
        assert read("a", answer[:cut], SOON, answer[cut:], "b") == ["a", "b"], cut


def test_what_breaks_off_does_nothing_and_takes_nothing_with_it() -> None:
    assert read("\x1b[1;5", LATER, "a") == ["a"]
    assert read("\x1b[1;5\x03a") == ["ctrl+c", "a"]
    assert read("\x1b]0;x", LATER, "a") == ["a"]
    assert read("\x1b]0;x\x1b[A") == ["up"]
    assert read("\x1b[" + ";" * (1 << 20), "a") == ["a"]


def test_a_screen_that_does_not_know_its_pixels_has_a_mouse_all_the_same() -> None:
    assert read("\x1b[48;40;120;0;0t", "\x1b[<0;5;3M", "a") == ["Resize", "MouseDown", "a"]


@pytest.mark.parametrize("size", ["0;120;1;1", "40;0;0;0", "40;99999;1;1", "99999:1;80;1;1", "0:1;80;1;1"])
def test_a_size_that_no_screen_has_is_not_taken(size: str) -> None:
    assert read(f"\x1b[48;{size}t", "a") == ["a"]


@pytest.mark.parametrize("text", ["aXd\nu", "red \x1b[31mXXXXXXXXXX" + "d" * 60, "\x1b", "é\x1b]0;x\x07A"])
def test_a_paste_is_one_event_whatever_is_in_it(text: str) -> None:
    sent = f"\x1b[200~{text}\x1b[201~"
    assert read(f"a{sent}b") == ["a", f"paste {text!r}", "b"]
    for cut in range(2, len(sent)):
        assert read(sent[:cut], SOON, sent[cut:]) == [f"paste {text!r}"], cut
        assert cut < 6 or read(sent[:cut], LATER, sent[cut:]) == [f"paste {text!r}"], cut


def test_a_mark_of_the_end_inside_a_paste_does_not_make_keys_of_the_rest() -> None:
    assert read("\x1b[200~aXd\x1b[201~u\x1b[201~b") == ["paste 'aXdu'", "b"]
    assert read("\x1b[200~aXd\x1b[201~u\x1b[200~A\x1b[201~") == ["paste 'aXduA'"]


@given(st.lists(st.text(st.sampled_from("\x1b[]OPM<;0127~$?u\\\x07\x03aA\xff")) | st.just(LATER), max_size=8))
def test_nothing_that_is_sent_ends_the_reading(portions: list[str | float]) -> None:
    names = read(*portions, LATER, "\x1b[201~", LATER, "w")
    assert names[-1] == "w"


@pytest.mark.parametrize(
    ("given_", "seconds"),
    [(None, PATIENCE), ("25", 0.025), ("0", PATIENCE), ("x", PATIENCE), ("-1", PATIENCE)],
)
def test_the_patience_is_the_one_that_other_programs_are_given(given_: str | None, seconds: float) -> None:
    assert patience({} if given_ is None else {"ESCDELAY": given_}) == seconds
