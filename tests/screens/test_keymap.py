"""Keys that a person chose: what is of no use is told."""

from __future__ import annotations

import pytest

from docs import generate, signs
from tests.screens.conftest import Running, screen_text
from tui_labeler.app import LabelerApp
from tui_labeler.screens.help import HelpScreen
from tui_labeler.screens.keymap import every_id, not_sent, troubles


def test_every_id_on_the_page_of_keys_is_known() -> None:
    on_page = {binding.id for place in generate.PLACES.values() for binding in signs.bindings(place)}
    assert on_page <= every_id() | {binding.id for binding in signs.bindings(LabelerApp)}


def test_the_keys_that_the_program_comes_with_arrive() -> None:
    keys = {
        key for place in generate.PLACES.values() for b in signs.bindings(place) for key in b.key.split(",")
    }
    assert {key: not_sent(key) for key in keys if not_sent(key)} == {}


@pytest.mark.parametrize(
    "key", ["ctrl+shift+a", "ctrl+i", "ctrl+m", "ctrl+1", "shift+enter", "shift+a", "super+k", "foo"]
)
def test_a_key_that_terminals_swallow_is_told(key: str) -> None:
    ((title, words),) = troubles({"review.accept": key}, LabelerApp.BINDINGS)
    assert title == "A key that does not arrive"
    assert key in words
    assert "review.accept" in words


@pytest.mark.parametrize(
    "key", ["y", "%", "percent_sign", "ctrl+y", "alt+y", "pagedown", "é", "f5", "Y", "ctrl+left"]
)
def test_a_key_that_terminals_send_is_not_spoken_of(key: str) -> None:
    assert list(troubles({"jobs.compare": key}, LabelerApp.BINDINGS)) == []


def test_an_id_that_nothing_has_is_told_with_the_one_that_may_be_meant() -> None:
    ((title, words),) = troubles({"review.acept": "a", "jobs.retry": "y"}, LabelerApp.BINDINGS)
    assert title == "An unknown key binding"
    assert "'review.acept'" in words
    assert "review.accept is" in words


EMPTY = ("", " ", ",", "a,,b", "a, ,b", "a,")


@pytest.mark.parametrize("keys", EMPTY)
def test_an_empty_key_is_told_and_nothing_else_of_it(keys: str) -> None:
    ((title, words),) = troubles({"review.accept": keys, "jobs.compare": "y"}, LabelerApp.BINDINGS)
    assert title == "An empty key"
    assert f"{keys!r} for review.accept" in words


@pytest.mark.parametrize("keys", ["", ",", "a,,b"])
async def test_the_program_starts_with_an_empty_key_and_the_command_keeps_its_own(
    running: Running, loans: None, keys: str
) -> None:
    chosen = {"app.help": keys, "label.distribution": keys, "label.undo": keys, "label.add": keys}
    async with running(open_project="Loans", keys=chosen) as pilot:
        assert "An empty key" in screen_text(pilot)
        await pilot.press("question_mark")
        assert isinstance(pilot.app.screen, HelpScreen)


async def test_an_unknown_id_is_told_when_the_program_starts(running: Running, loans: None) -> None:
    async with running(keys={"no.such": "k"}) as pilot:
        text = screen_text(pilot)
        assert "An unknown key binding" in text
        assert "'no.such'" in text
        assert "Two commands" not in text
