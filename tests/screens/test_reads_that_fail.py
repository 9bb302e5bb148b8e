"""Documents that the home can't give while a project is open: no key ends the application."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

import pytest

from tests.fakes import document, suggest
from tests.screens.conftest import ONE, TWO, Opened, press, screen_of, screen_text, session_of, settle
from tui_labeler.engine.adapters.store.memory import MemoryState
from tui_labeler.engine.errors import AwayError, LabelerError, StorageError
from tui_labeler.screens.labeling.labeling import LabelingScreen

if TYPE_CHECKING:
    from textual.pilot import Pilot

LEAVING = {"quit", "leave", "suspend_process"}
"""Actions that end what is tested."""


def away() -> LabelerError:
    return AwayError("home")


def damaged() -> LabelerError:
    return StorageError("0000.json: cut in half")


@contextmanager
def failing(trouble: Callable[[], LabelerError]) -> Iterator[None]:
    """No document can be read, not even one that was."""

    def fail(state: MemoryState, document_id: int) -> NoReturn:
        raise trouble()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MemoryState, "document", fail)
        patch.setattr(MemoryState, "whole", fail)
        yield


def keys_of(pilot: Pilot[None]) -> list[str]:
    """Every key that does something at this moment, but those that leave."""
    active = screen_of(pilot).active_bindings
    return sorted(key for key, found in active.items() if found.binding.action not in LEAVING)


async def back(pilot: Pilot[None], pane: str) -> None:
    """To a pane of the first document, whatever a key has opened."""
    for _ in range(8):
        if isinstance(pilot.app.screen, LabelingScreen):
            break
        await press(pilot, "escape")
    screen = screen_of(pilot)
    if screen.reviewing:
        screen.end_review()
    screen.open_document(document(screen.session, ONE))
    await settle(pilot)
    screen.text.focus()
    await pilot.pause()
    if pane == "distribution":
        screen.action_distribution()
    else:
        getattr(screen, pane).focus()
    await pilot.pause()


@pytest.mark.parametrize("trouble", [away, damaged])
@pytest.mark.parametrize("key", ["]", "U"])
async def test_a_document_that_can_not_be_gone_to_says_why_in_its_place(
    opened: Opened, trouble: Callable[[], LabelerError], key: str
) -> None:
    async with opened(ONE) as pilot:
        second = document(session_of(pilot), TWO)
        with failing(trouble):
            await press(pilot, key)
            screen = screen_of(pilot)
            assert screen.shown == second
            assert trouble().message in screen_text(pilot)
            await press(pilot, "]")
            assert trouble().message in screen_text(pilot)
        await press(pilot, "[")
        assert "North Bank lends" in screen_text(pilot)


async def test_what_a_key_has_begun_and_can_not_end_is_told_and_ends_nothing(opened: Opened) -> None:
    async with opened(ONE) as pilot:
        screen = screen_of(pilot)
        screen.documents.focus()
        await press(pilot, "s")

        def refuse(*_: object, **__: object) -> NoReturn:
            raise AwayError("home")

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(type(screen), "refill", refuse)
            await press(pilot, "enter")
        assert away().message in screen_text(pilot)
        assert pilot.app._exception is None
        await press(pilot, "]")
        assert screen.shown == document(screen.session, TWO)


@pytest.mark.parametrize(
    ("pane", "step"), [("text", 9), ("documents", 27), ("pane", 27), ("distribution", 27)]
)
async def test_no_key_ends_the_application_where_documents_can_not_be_read(
    opened: Opened, pane: str, step: int
) -> None:
    """Every ``step``th key of the pane; ``make fuzz`` tries each."""
    async with opened(ONE) as pilot:
        session = session_of(pilot)
        await suggest(session, ONE, [("Borrower", "Acme Ltd.", 0.5), ("Lender", "North Bank", 0.9)])
        await session.refresh()
        await back(pilot, pane)
        keys = keys_of(pilot)
        for key in keys[:: 1 if "TUI_LABELER_FUZZ" in os.environ else step]:
            with failing(away):
                await press(pilot, key)
                if not isinstance(pilot.app.screen, LabelingScreen):
                    await press(pilot, "enter")
            assert pilot.app._exception is None, key
            await back(pilot, pane)
            assert getattr(screen_of(pilot), pane).has_focus, key
