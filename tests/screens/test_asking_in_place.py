"""What takes long before a question: it is said, can be stopped, and the question opens nowhere else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Any

import pytest

from tests.screens.conftest import ONE, Opened, press, screen_of, screen_text, session_of
from tui_labeler.engine.history.undone import Undone
from tui_labeler.screens.dialogs import ConfirmScreen, MessageScreen
from tui_labeler.screens.labeling.labeling import LabelingScreen
from tui_labeler.screens.labeling.taking_back import undone_words
from tui_labeler.screens.leaving import may_leave
from tui_labeler.screens.working import WorkingScreen, ask, looked_up

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from tui_labeler.engine.session import ProjectSession

LABELED = ("v", "1")
"""Keys that make the first label."""


class Gate:
    """Holds a use case up until it is opened."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, of: object, name: str) -> None:
        self.reached, self.is_open = asyncio.Event(), asyncio.Event()
        self.calls = 0
        held: Callable[..., Any] = getattr(of, name)
        is_iterator = name == "history"

        async def later(*args: Any, **kwargs: Any) -> Any:
            await self._wait()
            found: Awaitable[Any] = held(*args, **kwargs)
            return await found

        async def items_later(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
            await self._wait()
            async for item in held(*args, **kwargs):
                yield item

        monkeypatch.setattr(of, name, items_later if is_iterator else later)

    async def _wait(self) -> None:
        self.calls += 1
        self.reached.set()
        await self.is_open.wait()


@pytest.fixture
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui_labeler.screens.working.PATIENCE", 0)


@pytest.fixture
def _never(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is said while something takes long, and the next key waits for nothing."""
    monkeypatch.setattr("tui_labeler.screens.working.PATIENCE", 3600)
    monkeypatch.setattr("tui_labeler.screens.typing_ahead.PATIENCE", 0.01)


@pytest.mark.usefixtures("_at_once")
async def test_looking_for_where_a_label_comes_from_is_said_and_can_be_stopped(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(ONE) as pilot:
        await press(pilot, *LABELED)
        gate = Gate(monkeypatch, session_of(pilot).store, "history")
        await press(pilot, "i")
        assert isinstance(pilot.app.screen, WorkingScreen)
        assert "Where this label comes from" in screen_text(pilot)
        await pilot.press("escape")
        await _until(pilot, lambda: isinstance(pilot.app.screen, LabelingScreen))
        assert gate.calls == 1
        gate.is_open.set()
        await press(pilot, "i")
        await _until(pilot, lambda: isinstance(pilot.app.screen, MessageScreen))
        assert "What happened, newest first" in screen_text(pilot)


SLOW: list[tuple[str, Callable[[ProjectSession], object], str, str]] = [
    ("where from", lambda session: session.store, "history", "i"),
    ("undo of much", lambda session: session.history, "undoable", "u"),
    ("filter", lambda session: session.jobs, "list", "f"),
    ("many", lambda session: session.jobs, "list", "M"),
    ("leaving", lambda session: session, "refresh", "q"),
]


@pytest.mark.usefixtures("_never")
@pytest.mark.parametrize(("of", "name", "key"), [each[1:] for each in SLOW], ids=[each[0] for each in SLOW])
async def test_what_took_long_asks_nothing_over_another_screen(
    opened: Opened,
    monkeypatch: pytest.MonkeyPatch,
    of: Callable[[ProjectSession], object],
    name: str,
    key: str,
) -> None:
    monkeypatch.setattr("tui_labeler.screens.labeling.taking_back._ASK_FIRST", 1)
    async with opened(ONE) as pilot:
        await press(pilot, *LABELED)
        gate = Gate(monkeypatch, of(session_of(pilot)), name)
        await pilot.press(key)
        await asyncio.wait_for(gate.reached.wait(), 20)
        other = MessageScreen("Elsewhere", "Something else is read here.")
        await pilot.app.push_screen(other)
        gate.is_open.set()
        await _until(pilot, lambda: all(worker.is_finished for worker in _begun(pilot)))
        assert pilot.app.screen is other
        await press(pilot, "q")
        assert len(session_of(pilot).documents.find(ONE).active_labels) == 1


@pytest.mark.usefixtures("_never")
async def test_where_from_pressed_twice_opens_one_message(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(ONE) as pilot:
        await press(pilot, *LABELED)
        gate = Gate(monkeypatch, session_of(pilot).store, "history")
        await pilot.press("i")
        await asyncio.wait_for(gate.reached.wait(), 20)
        await pilot.press("i")
        await _until(pilot, lambda: gate.calls == 2)
        gate.is_open.set()
        await _until(pilot, lambda: isinstance(pilot.app.screen, MessageScreen))
        await press(pilot, "q")
        await _until(pilot, lambda: all(worker.is_finished for worker in _begun(pilot)))
        assert isinstance(pilot.app.screen, LabelingScreen)


@pytest.mark.usefixtures("_at_once")
async def test_a_large_undo_counts_changes_and_says_so(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(ONE) as pilot:
        await press(pilot, *LABELED, "w", "v", "2")
        session = session_of(pilot)
        gate = Gate(monkeypatch, session.store, "commit")
        await press(pilot, "u")
        await asyncio.wait_for(gate.reached.wait(), 20)
        await _until(pilot, lambda: "0 of 1 change\n" in _without_frame(screen_text(pilot)))
        gate.is_open.set()
        await _until(pilot, lambda: isinstance(pilot.app.screen, LabelingScreen))


async def test_looking_gives_what_was_found_and_raises_what_was_raised(opened: Opened) -> None:
    async with opened(ONE) as pilot:

        async def found() -> int:
            return 3

        async def broken() -> int:
            raise KeyError("gone")

        assert await looked_up(pilot.app, "Looking", found) == 3
        with pytest.raises(KeyError):
            await looked_up(pilot.app, "Looking", broken)


async def test_nothing_is_asked_or_left_where_another_screen_lies_over(opened: Opened) -> None:
    async with opened(ONE) as pilot:
        screen, session = screen_of(pilot), session_of(pilot)
        assert await may_leave(pilot.app, session) is True
        await pilot.app.push_screen(MessageScreen("Elsewhere", "Something else."))
        assert await ask(screen, ConfirmScreen("Here", "Not seen.")) is None
        assert "Something else." in screen_text(pilot)


def _without_frame(text: str) -> str:
    return "\n".join(line.strip(" │┃║▌▐█|") for line in text.split("\n"))


def _begun(pilot: Pilot[None]) -> list[Any]:
    """Workers that end by themselves."""
    return [worker for worker in pilot.app.workers if worker.group not in ("ahead", "taking")]


async def _until(pilot: Pilot[None], holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():
            await pilot.pause()
    await pilot.pause()


def test_a_stopped_undo_says_within_a_narrow_screen_that_the_rest_stays_and_what_to_press() -> None:
    stopped = Undone("suggestion.accept_all", 123_456, (1, 2), refused=3, stopped=True)
    words = undone_words(stopped, "Took back")
    assert len(words) <= 78
    assert words == "Stopped after 123,456 changes; the rest stays. For all: ctrl+r, then u."


def test_a_category_with_a_very_long_name_is_taken_back_in_a_few_words() -> None:
    undone = Undone("category.add", 1, (), categories=("x" * 1_000,))
    assert len(undone_words(undone, "Took back")) < 120
