"""One key that no terminal delays leaves whatever asks or tells something."""

from __future__ import annotations

import pytest

from tests.screens.conftest import ONE, Opened, press, screen_of, screen_text, session_of
from tui_labeler.screens.dialogs import ChoiceScreen, ConfirmScreen, MessageScreen
from tui_labeler.screens.labeling.labeling import LabelingScreen


@pytest.mark.parametrize(
    "dialog",
    [
        ConfirmScreen("Go on?", "Sure?"),
        ChoiceScreen("Which?", "", [("a", "a", "One")]),
        MessageScreen("So it is", "At length."),
    ],
    ids=["question", "choice", "message"],
)
async def test_ctrl_g_leaves_a_dialog_and_changes_nothing(
    opened: Opened, dialog: ConfirmScreen | ChoiceScreen | MessageScreen
) -> None:
    async with opened(ONE) as pilot:
        given: list[object] = []
        await pilot.app.push_screen(dialog, given.append)
        await press(pilot, "ctrl+g")
        assert isinstance(pilot.app.screen, LabelingScreen)
        assert given in ([False], [None])


async def test_ctrl_g_puts_a_question_for_a_category_down(opened: Opened) -> None:
    async with opened(ONE) as pilot:
        await press(pilot, "w", "equals_sign")
        assert "Press a category's key." in screen_text(pilot)
        await press(pilot, "ctrl+g")
        assert screen_of(pilot).awaiting is None
        await press(pilot, "1")
        assert session_of(pilot).documents.find(ONE).active_labels == ()
