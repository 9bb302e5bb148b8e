"""How texts are shown: compact or with rules, at which line, in which colours."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.theme import BUILTIN_THEMES

from tests.screens.conftest import ONE, THREE, TWO, Opened, paste, press, screen_of, screen_text
from tui_labeler.screens.dialogs import ChoiceScreen
from tui_labeler.screens.widgets.palette import category_class

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from tui_labeler.app import LabelerApp


async def test_compact_mode_needs_no_rule_rows_and_names_the_label_in_the_line_below(opened: Opened) -> None:
    async with opened(TWO) as pilot:
        await press(pilot, "v", "1")
        assert "━Borrow" in screen_text(pilot)
        await press(pilot, "underscore", "w", "b")
        text = screen_text(pilot)
        assert "━Borrow" not in text
        assert "Borrower, label by" in text
        await press(pilot, "underscore")
        assert "━Borrow" in screen_text(pilot)


async def test_compact_mode_stays_for_other_documents_and_projects_until_the_end(opened: Opened) -> None:
    async with opened(TWO) as pilot:
        await press(pilot, "underscore", "]")
        assert screen_of(pilot).text.compact
        await press(pilot, "q", "enter")
        assert screen_of(pilot).text.compact


async def test_compact_mode_can_be_a_setting(opened: Opened) -> None:
    async with opened(TWO, compact=True) as pilot:
        await press(pilot, "v", "1")
        assert "━Borrow" not in screen_text(pilot)


async def test_a_command_asks_for_a_line_and_goes_there(opened: Opened) -> None:
    async with opened(ONE) as pilot:
        assert "line 1 of 5" in screen_text(pilot)
        await press(pilot, "number_sign")
        assert "1 to 5" in screen_text(pilot)
        await press(pilot, "4", "enter")
        assert "line 4 of 5" in screen_text(pilot)
        assert screen_of(pilot).text.has_focus
        await press(pilot, "2", "G")
        assert "line 2 of 5" in screen_text(pilot)
        await press(pilot, "number_sign", "9", "enter")
        assert "line 5 of 5" in screen_text(pilot)
        assert screen_of(pilot).message == "Line 5 is the last one."


async def test_what_is_no_line_number_is_said_and_moves_nothing(opened: Opened) -> None:
    async with opened(ONE) as pilot:
        for typed in ("x", "0", ""):
            await press(pilot, "number_sign", "backspace")
            await paste(pilot, typed)
            await press(pilot, "enter")
            assert "is no line number" in screen_text(pilot), typed
            await press(pilot, "escape")
        assert screen_of(pilot).text.cursor == 0


async def test_a_line_beyond_the_end_is_the_last_one(opened: Opened) -> None:
    async with opened(THREE) as pilot:
        await press(pilot, "number_sign")
        await paste(pilot, "9" * 40)
        await press(pilot, "enter")
        assert "line 2 of 2" in screen_text(pilot)


async def test_texts_and_commands_can_be_read_in_every_theme(opened: Opened) -> None:
    async with opened(TWO) as pilot:
        await press(pilot, "v", "1")
        text = screen_of(pilot).text
        for theme in sorted(BUILTIN_THEMES):
            pilot.app.theme = theme
            await press(pilot, "l")
            for part in ("text-view--label", "text-view--suggestion"):
                for index in range(3):
                    style = text.style(category_class("text-view", index), part)
                    assert style.color != text.style().bgcolor, theme
            assert "Borrower" in screen_text(pilot), theme
        for theme in ("textual-dark", "textual-light"):
            pilot.app.theme = theme
            await press(pilot, "colon", "escape", "question_mark", "q")
            assert "Borrower" in screen_text(pilot), theme


async def test_a_theme_can_be_a_setting(opened: Opened) -> None:
    async with opened(TWO, theme="solarized-light") as pilot:
        assert pilot.app.theme == "solarized-light"


async def test_a_theme_and_a_palette_are_chosen_by_command_and_kept(opened: Opened) -> None:
    kept: list[tuple[str, object]] = []
    async with opened(TWO, remember=lambda *choice: kept.append(choice)) as pilot:
        await press(pilot, "v", "1")
        colored = screen_of(pilot).text.style(category_class("text-view", 0)).color
        app = cast("LabelerApp", pilot.app)
        app.action_change_theme()
        await until_dialog(pilot)
        await press(pilot, "j", "enter")
        await done(pilot)
        assert app.theme == sorted(app.available_themes)[1]
        app.action_change_palette()
        await until_dialog(pilot)
        await press(pilot, "k", "enter")
        await done(pilot)
        assert app.category_palette.name == "none"
        assert kept == [("theme", app.theme), ("palette", "none")]
        text = screen_of(pilot).text
        assert text.style(category_class("text-view", 0)).color == text.style().color != colored


async def test_leaving_the_list_of_themes_changes_and_keeps_nothing(opened: Opened) -> None:
    kept: list[tuple[str, object]] = []
    async with opened(TWO, remember=lambda *choice: kept.append(choice)) as pilot:
        before = pilot.app.theme
        cast("LabelerApp", pilot.app).action_change_theme()
        await until_dialog(pilot)
        await press(pilot, "q")
        await done(pilot)
        assert (pilot.app.theme, kept) == (before, [])


async def until_dialog(pilot: Pilot[None]) -> None:
    while not isinstance(pilot.app.screen, ChoiceScreen):
        await pilot.pause()


async def done(pilot: Pilot[None]) -> None:
    """Until what was chosen is kept."""
    await pilot.app.workers.wait_for_complete([w for w in pilot.app.workers if w.group == "looks"])
    await pilot.pause()
