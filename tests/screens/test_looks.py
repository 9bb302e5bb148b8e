"""How texts are shown: compact or with rules, and at which line."""

from __future__ import annotations

from tests.screens.conftest import ONE, THREE, TWO, Opened, paste, press, screen_of, screen_text


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


async def test_what_is_no_line_number_is_said_and_moves_nothing(opened: Opened) -> None:
    async with opened(ONE) as pilot:
        for typed in ("x", "0", ""):
            await press(pilot, "number_sign", "backspace")
            await paste(pilot, typed)
            await press(pilot, "enter")
            assert "is no line number" in screen_text(pilot), typed
        assert screen_of(pilot).text.cursor == 0


async def test_a_line_beyond_the_end_is_the_last_one(opened: Opened) -> None:
    async with opened(THREE) as pilot:
        await press(pilot, "number_sign")
        await paste(pilot, "9" * 40)
        await press(pilot, "enter")
        assert "line 2 of 2" in screen_text(pilot)
