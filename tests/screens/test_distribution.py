"""How labels and documents are spread over categories and both sets, on screens of any size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fakes import document
from tests.screens.conftest import ONE, TWO, Opened, press, screen_of, screen_text, session_of, span_of
from tests.screens.test_many_classes import FIRST, asked
from tui_labeler.domain.projects import Dataset

if TYPE_CHECKING:
    from pathlib import Path

    from textual.pilot import Pilot


async def label(pilot: Pilot[None]) -> None:
    """Two labels of one category in a document for training, one in a document for testing."""
    session, lender = session_of(pilot), session_of(pilot).categories.by_name("Lender").id
    for words in ("Acme Ltd.", "North Bank"):
        await session.labeling.add(document(session, ONE), lender, span_of(ONE, words))
    await session.labeling.add(document(session, TWO), lender, span_of(TWO, "North Bank"))
    await session.documents.set([document(session, TWO)], dataset=Dataset.TEST)
    screen_of(pilot).show_changes()
    await pilot.pause()


def bars(pilot: Pilot[None]) -> list[list[str]]:
    """The lines of the distribution, in words and numbers."""
    view = screen_of(pilot).distribution
    lines = ["".join(segment.text for segment in view.paint_line(y)) for y in range(view.view_size.height)]
    return [[part for part in line.split() if part.isascii()] for line in lines]


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (60, 20)])
async def test_labels_and_documents_are_shown_by_a_key_at_any_size(
    opened: Opened, size: tuple[int, int]
) -> None:
    async with opened(ONE, size=size) as pilot:
        await label(pilot)
        await press(pilot, "backslash")
        view = screen_of(pilot).distribution
        assert view.has_focus
        assert view.page_rows >= 6
        assert not screen_of(pilot).pane.display
        _, _, _, lender, documents, *_ = bars(pilot)
        assert lender[-3:] == ["2", "+", "1"]
        assert documents[-3:] == ["1", "+", "1"]
        assert "labels: " in screen_text(pilot)
        await press(pilot, "backslash")
        assert screen_of(pilot).text.has_focus
        assert screen_of(pilot).pane.display
        assert view.display is (size[0] >= 110)


async def test_the_distribution_goes_as_soon_as_something_else_is_worked_in(opened: Opened) -> None:
    async with opened(ONE, size=(80, 24)) as pilot:
        await press(pilot, "backslash", "C")
        assert screen_of(pilot).pane.has_focus
        assert not screen_of(pilot).distribution.display
        await press(pilot, "C", "tab")
        assert not screen_of(pilot).distribution.has_focus


async def test_a_wide_screen_shows_labels_and_documents_at_all_times(opened: Opened) -> None:
    async with opened(ONE, size=(120, 40)) as pilot:
        assert "documents        " in screen_text(pilot).split("labels: ")[1]


async def test_of_classes_it_says_that_labels_are_documents(tmp_path: Path) -> None:
    async with asked(tmp_path, FIRST, size=(80, 24)) as pilot:
        await press(pilot, "backslash", "G")
        assert "labels = documents: " in screen_text(pilot)
        assert bars(pilot)[-1][-3:] == ["1", "+", "0"]


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_seventy_seven_names_can_be_told_apart(tmp_path: Path, size: tuple[int, int]) -> None:
    async with asked(tmp_path, FIRST, size=size) as pilot:
        view = screen_of(pilot).distribution
        for _ in range(2):
            shown = [view.paint_line(y)[0].text.rstrip() for y in range(1, view.view_size.height)]
            if size != (80, 24) or view.has_focus:
                assert len(set(view._names)) == 77
                assert shown[0] == view._names[0]
            await press(pilot, "backslash")
        assert screen_of(pilot).text.has_focus


async def test_names_that_bars_leave_too_little_room_have_a_line_of_their_own(opened: Opened) -> None:
    async with opened(ONE, size=(120, 50)) as pilot:
        session = session_of(pilot)
        names = [f"amount of {part} in words of the loan" for part in "AB"]
        for name in names:
            await session.categories.add(name)
        screen_of(pilot).show_changes()
        await pilot.pause()
        assert [line for line in screen_text(pilot).splitlines() if "documents" in line and "0 + 0" in line]
        assert f"│{names[0]}" in screen_text(pilot)
        assert screen_of(pilot).distribution._names[-2:] == names


async def test_the_distribution_is_left_by_q_too(opened: Opened) -> None:
    async with opened(ONE, size=(80, 24)) as pilot:
        await press(pilot, "backslash")
        assert "q Back" in screen_text(pilot).splitlines()[-1]
        await press(pilot, "q")
        assert screen_of(pilot).text.has_focus
        assert screen_of(pilot).pane.display


@pytest.mark.parametrize(("width", "documents", "activity"), [(120, 32, 36), (200, 40, 52)])
async def test_the_panes_grow_with_the_screen(
    opened: Opened, width: int, documents: int, activity: int
) -> None:
    async with opened(ONE, size=(width, 40)) as pilot:
        screen = screen_of(pilot)
        assert screen.query_one("#documents").outer_size.width == documents
        assert screen.query_one("#activity").outer_size.width == activity


async def test_how_many_categories_have_no_room_is_said_with_the_key_that_shows_them(opened: Opened) -> None:
    async with opened(ONE, size=(120, 24)) as pilot:
        for number in range(12):
            await session_of(pilot).categories.add(f"Category {number}")
        screen_of(pilot).show_changes()
        await pilot.pause()
        view = screen_of(pilot).distribution
        shown = [line for line in bars(pilot) if "+" in line or "more:" in line]
        more, key = shown[-1][0], shown[-1][-1]
        whole = sum("+" in line for line in shown) // 2
        assert int(more) == len(view.shares) - whole
        assert key == "\\"
        await press(pilot, "backslash", "G")
        assert not any("more:" in line for line in bars(pilot))
        assert bars(pilot)[-1][-3:] == ["0", "+", "0"]
