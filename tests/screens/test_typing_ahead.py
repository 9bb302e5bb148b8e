"""Keys that come in a bundle, as over a slow line: each acts on what the one before has opened."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

import pytest
from textual.binding import Binding, BindingType
from textual.events import Key
from textual.screen import Screen
from textual.widgets import Input

from tests.fakes import document, labels
from tests.screens.conftest import (
    ONE,
    THREE,
    Opened,
    press,
    screen_of,
    screen_text,
    session_of,
    settle,
    span_of,
)
from tui_labeler.screens.typing_ahead import TypingAhead

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from tui_labeler.engine.documents.documents import DocumentText


async def at_once(pilot: Pilot[None], *keys: str) -> None:
    """Sends keys as a terminal does that has held them back."""
    for key in keys:
        pilot.app.post_message(Key(key, key if len(key) == 1 else None))
    await settle(pilot)


@pytest.mark.parametrize("opener", [*"LJTPIifsOFK", "question_mark", "colon"])
async def test_a_key_behind_one_that_opens_something_does_not_reach_the_text(
    opened: Opened, opener: str
) -> None:
    async with opened(ONE) as pilot:
        await press(pilot, "v", "2")
        session, labeling = session_of(pilot), screen_of(pilot)
        before = labels(session, ONE)
        assert len(before) == 1
        await at_once(pilot, opener, "d")
        assert pilot.app.screen is not labeling
        assert labels(session, ONE) == before


async def test_what_is_typed_behind_a_search_is_searched_for(opened: Opened) -> None:
    async with opened(ONE) as pilot:
        await at_once(pilot, "slash", *"Bank")
        assert pilot.app.screen.query_one(Input).value == "Bank"
        await at_once(pilot, "enter", "v", "2")
        assert labels(session_of(pilot), ONE) == [("Lender", span_of(ONE, "Bank"))]


@pytest.mark.parametrize("way", ["one by one", "at once"])
async def test_what_is_typed_behind_an_undo_that_leads_elsewhere_is_for_the_text_there(
    opened: Opened, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    async with opened(ONE) as pilot:
        session = session_of(pilot)
        await press(pilot, "v", "2", "right_square_bracket", "right_square_bracket")
        read = session.documents.open

        async def slowly(document: int) -> DocumentText:
            await asyncio.sleep(0.1)
            return await read(document)

        monkeypatch.setattr(session.documents, "open", slowly)
        await (press if way == "one by one" else at_once)(pilot, "u", "w", "w", "v", "3")
        assert screen_of(pilot).shown == document(session, ONE)
        assert labels(session, ONE) == [("Amount", span_of(ONE, "This"))]
        assert labels(session, THREE) == []


async def test_keys_go_on_beside_what_takes_long(opened: Opened) -> None:
    async with opened(ONE) as pilot:
        await at_once(pilot, "R", *"ww")
        assert screen_of(pilot).text.cursor > 0
        assert "Leeds" in screen_text(pilot)


class Breaking(TypingAhead[None]):
    """Goes wrong at a key, before any widget has it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("b", "break_down", priority=True)]

    def action_break_down(self) -> None:
        raise LookupError("at a key")


async def test_what_goes_wrong_at_a_key_ends_the_program_as_any_other_error() -> None:
    app = Breaking()
    with pytest.raises(LookupError, match="at a key"):
        async with app.run_test() as pilot:
            await at_once(pilot, "b")
    assert app.return_code == 1


class PassingBy(Screen[None]):
    """Is on top for a moment, in which it never comes to be drawn."""

    def on_screen_resume(self) -> None:
        self.app.set_timer(0.05, self.app.pop_screen)

    def call_after_refresh(self, *args: object, **options: object) -> bool:
        return True


class Opening(TypingAhead[None]):
    BINDINGS: ClassVar[list[BindingType]] = [Binding("o", "open"), Binding("n", "note")]

    def __init__(self) -> None:
        super().__init__()
        self.noted: list[bool] = []

    async def action_open(self) -> None:
        await self.push_screen(PassingBy())

    def action_note(self) -> None:
        self.noted.append(isinstance(self.screen, PassingBy))


async def test_no_key_is_held_for_a_screen_that_goes_before_it_is_drawn() -> None:
    app = Opening()
    async with app.run_test() as pilot, asyncio.timeout(20):
        await at_once(pilot, "o", "n")
    assert app.noted == [False]
