"""The screen of categories: each is given another name, meaning, examples, colour by keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fakes import labels
from tests.screens.conftest import ONE, TWO, Opened, paste, press, screen_text, session_of, settle
from tui_labeler.domain.labels import Span
from tui_labeler.domain.projects import Category
from tui_labeler.screens.labeling.categories import CategoriesScreen
from tui_labeler.screens.labeling.colors import ColorScreen
from tui_labeler.screens.widgets.palette import PALETTE, PALETTES
from tui_labeler.screens.widgets.picker import Picker

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from tui_labeler.app import LabelerApp


def lender(pilot: Pilot[None]) -> Category:
    screen = next(screen for screen in pilot.app.screen_stack if isinstance(screen, CategoriesScreen))
    return list(screen._session.store.state.categories.values())[1]


@pytest.mark.parametrize(
    ("key", "typed", "field", "value"),
    [
        ("r", " Bank ", "name", "Bank"),
        ("i", " who lends ", "description", "who lends"),
        ("enter", "who lends", "description", "who lends"),
        ("e", "North Bank | | Lee & Co.", "examples", ("North Bank", "Lee & Co.")),
    ],
)
async def test_a_key_gives_the_category_at_the_cursor_another_value(
    opened: Opened, key: str, typed: str, field: str, value: object
) -> None:
    async with opened(ONE) as pilot:
        await press(pilot, "K", "j", key, "ctrl+u")
        await paste(pilot, typed)
        await press(pilot, "ctrl+s")
        await settle(pilot)
        assert isinstance(pilot.app.screen, CategoriesScreen)
        assert getattr(lender(pilot), field) == value
        assert str(typed.split("|")[0].strip()) in screen_text(pilot)


def colored(pilot: Pilot[None]) -> dict[str, str]:
    """What each colour's swatch looks like, by the colour's name; what a swatch is in blanks is left out."""
    strips = pilot.app.screen._compositor.render_strips()
    found: dict[str, str] = {}
    for strip in strips:
        swatch = next((s for s in strip if s.text.strip() and set(s.text.strip()) <= {"█", "#"}), None)
        name = next((name for name in PALETTE if f"  {name}  " in strip.text), None)
        if swatch is not None and name and swatch.style and swatch.style.color and swatch.style.color.triplet:
            found[name] = swatch.style.color.triplet.hex
    return found


async def test_colours_are_shown_as_they_look_with_who_has_them_and_the_cursor_at_the_present_one(
    opened: Opened,
) -> None:
    async with opened(ONE) as pilot:
        await press(pilot, "K", "j", "o")
        assert isinstance(pilot.app.screen, ColorScreen)
        shown = colored(pilot)
        assert list(shown) == list(PALETTE)
        assert len(set(shown.values())) == len(PALETTE)
        assert shown["orange"] == PALETTES["okabe-ito"].colors[1]
        line = next(line for line in screen_text(pilot).split("\n") if " orange " in line)
        assert "Lender" in line
        await press(pilot, "j", "enter")
        assert lender(pilot).color == "green"


async def test_without_colours_their_names_alone_are_offered(opened: Opened) -> None:
    async with opened(ONE) as pilot:
        app: LabelerApp = pilot.app  # type: ignore[assignment]
        app._palette = "none"
        await press(pilot, "K", "o")
        assert colored(pilot) == {}
        assert " orange " in screen_text(pilot)


def names(pilot: Pilot[None]) -> list[str]:
    screen = next(screen for screen in pilot.app.screen_stack if isinstance(screen, CategoriesScreen))
    return [category.name for category in screen._session.store.state.categories.values()]


async def test_what_was_deleted_is_brought_back_by_u_and_deleted_again_by_ctrl_r(opened: Opened) -> None:
    async with opened(ONE) as pilot:
        await press(pilot, "v", "w", "2", "ctrl+s", "K", "j", "d", "y")
        assert names(pilot) == ["Borrower", "Amount"]
        await press(pilot, "u")
        assert sorted(names(pilot)) == ["Amount", "Borrower", "Lender"]
        assert "Took back: delete category Lender" in screen_text(pilot)
        await press(pilot, "ctrl+r")
        assert names(pilot) == ["Borrower", "Amount"]
        await press(pilot, "u", "q")
        assert len(labels(session_of(pilot), ONE)) == 1


async def test_the_cursor_goes_to_a_category_that_comes_back(opened: Opened) -> None:
    async with opened(ONE) as pilot:
        await press(pilot, "K", "a")
        await paste(pilot, "Date")
        await press(pilot, "enter")
        made = categories_list(pilot).current
        await press(pilot, "u")
        assert categories_list(pilot).current != made
        await press(pilot, "ctrl+r")
        assert categories_list(pilot).current == made
        await press(pilot, "d", "y", "g", "u")
        assert categories_list(pilot).current == made
        await press(pilot, "r", "ctrl+u")
        await paste(pilot, "Day")
        await press(pilot, "ctrl+s", "g")
        first = categories_list(pilot).current
        await press(pilot, "u")
        assert categories_list(pilot).current == first != made, "nothing came back: the cursor stays"


async def test_u_among_the_categories_leaves_labels_alone(opened: Opened) -> None:
    async with opened(ONE) as pilot:
        await press(pilot, "v", "w", "2", "K", "u")
        assert "Your last action: label." in screen_text(pilot)
        await press(pilot, "q")
        assert len(labels(session_of(pilot), ONE)) == 1


def categories_list(pilot: Pilot[None]) -> Picker:
    return pilot.app.screen.query_one(Picker)


async def test_a_few_letters_leave_the_categories_that_fit_and_ctrl_g_brings_all_back(opened: Opened) -> None:
    async with opened(ONE, size=(80, 24)) as pilot:
        await press(pilot, "K", "slash", "l", "e", "n", "enter")
        assert "1 of 3 categories (“len”)" in screen_text(pilot)
        assert categories_list(pilot).current == lender(pilot).id
        await press(pilot, "slash", "x", "y", "enter")
        assert "No name has “xy” in it" in screen_text(pilot)
        await press(pilot, "ctrl+g")
        assert "3 categories" in screen_text(pilot)
        assert categories_list(pilot).row_count == 3
        await press(pilot, "ctrl+g")
        assert not isinstance(pilot.app.screen, CategoriesScreen)


async def test_what_is_added_is_shown_whatever_the_list_is_narrowed_to(opened: Opened) -> None:
    async with opened(ONE) as pilot:
        await press(pilot, "K", "slash", "l", "e", "n", "enter", "a")
        await paste(pilot, "Date")
        await press(pilot, "enter")
        assert categories_list(pilot).row_count == 4
        assert categories_list(pilot).cursor == 3


async def test_the_cursor_is_where_it_was_once_a_merged_category_is_brought_back(
    opened: Opened,
) -> None:
    async with opened(ONE) as pilot:
        await press(pilot, "K", "G", "m", "enter")
        await settle(pilot)
        assert categories_list(pilot).row_count == 2
        assert categories_list(pilot).cursor == 1
        await press(pilot, "u")
        assert categories_list(pilot).row_count == 3
        assert categories_list(pilot).cursor == 2


async def test_an_undo_among_categories_takes_back_what_was_asked_about_or_nothing(opened: Opened) -> None:
    async with opened(ONE) as pilot:
        session = session_of(pilot)
        bank = session.categories.by_name("Lender").id
        await session.labeling.add_many(0, bank, [Span(n, n + 1) for n in range(0, 60, 2)])
        await press(pilot, "K")
        await session.categories.delete(bank)
        await press(pilot, "u")
        assert "Take back: delete category?" in screen_text(pilot)
        # As another terminal of the same person would.
        await session.labeling.add(1, session.categories.by_name("Amount").id, Span(0, 5))
        await press(pilot, "y")
        await settle(pilot)
        assert "Nothing was taken back of" in screen_text(pilot)
        assert (labels(session, ONE), len(labels(session, TWO))) == ([], 1)
