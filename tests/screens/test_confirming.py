"""One way to confirm what was filled in: ``ctrl+s`` everywhere, ``enter`` too where there is one field."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.screens.conftest import ONE, TWO, Opened, paste, press, screen_of, screen_text, settle
from tui_labeler.screens.fields import Cycle, Field
from tui_labeler.screens.forms import FormScreen
from tui_labeler.screens.labeling.labeling import LabelingScreen

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("key", ["ctrl+s", "enter"])
async def test_a_dialog_with_one_field_takes_either_key(opened: Opened, tmp_path: Path, key: str) -> None:
    async with opened(TWO) as pilot:
        await press(pilot, "E", "s", "ctrl+u")
        await paste(pilot, str(tmp_path / "labels.json"))
        await press(pilot, key)
        assert isinstance(pilot.app.screen, LabelingScreen)
    assert (tmp_path / "labels.json").is_file()


@pytest.mark.parametrize("opener", ["f", "O"])
async def test_enter_in_a_form_goes_round_its_fields_and_ctrl_s_confirms(opened: Opened, opener: str) -> None:
    async with opened(ONE) as pilot:
        await press(pilot, opener)
        form = pilot.app.screen
        assert isinstance(form, FormScreen)
        first, places = pilot.app.focused, len(form.query(Field)) + len(form.query(Cycle))
        for _ in range(places):
            await press(pilot, "enter")
            assert pilot.app.screen is form
        assert pilot.app.focused is first
        await press(pilot, "ctrl+s")
        assert screen_of(pilot)


async def test_the_keys_of_forms_and_dialogs_name_what_confirms_first(opened: Opened) -> None:
    async with opened(ONE) as pilot:
        for opener, keys in (("f", "^s Show  ^r All  ^g Cancel  ⏎ Next"), ("I", "⏎ OK  ^g Cancel")):
            await press(pilot, opener)
            await settle(pilot)
            assert keys in screen_text(pilot)
            await press(pilot, "ctrl+g")
