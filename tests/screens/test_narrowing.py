"""Classes by a few letters of their names, where there are more than have a key each."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes import document, labels
from tests.realdata import real
from tests.screens import typical
from tests.screens.conftest import press, screen_of, screen_text, session_of, settle
from tui_labeler.app import LabelerApp
from tui_labeler.screens.choosing import NameScreen
from tui_labeler.screens.narrowing import narrow

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from textual.pilot import Pilot

FIRST, SECOND = "question1.txt", "question2.txt"

NAMES = (
    "age limit",
    "Card_arrival",
    "card-delivery estimate",
    "CardLinking",
    "my card",
    "fee 11",
    "Überweisung",
)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("", NAMES),
        ("card", ("Card_arrival", "card-delivery estimate", "CardLinking", "my card")),
        ("CARD d", ("card-delivery estimate",)),
        ("cde", ("card-delivery estimate",)),
        ("cadel", ("card-delivery estimate",)),
        ("est", ("card-delivery estimate",)),
        ("ca", ("Card_arrival", "card-delivery estimate", "CardLinking", "my card")),
        ("a", ("age limit", "Card_arrival", "card-delivery estimate", "CardLinking", "my card")),
        ("11", ("fee 11",)),
        ("über", ("Überweisung",)),
        ("nothing like it", ()),
        ("__", NAMES),
    ],
)
def test_letters_leave_the_names_that_fit_the_best_first(typed: str, found: tuple[str, ...]) -> None:
    assert tuple(NAMES[index] for index in narrow(typed, NAMES)) == found


@given(st.text(), st.lists(st.text(), max_size=5))
def test_a_name_is_always_found_by_itself(name: str, others: list[str]) -> None:
    assert len(others) in narrow(name, [*others, name])


def test_two_or_three_keys_set_most_of_banking77s_classes() -> None:
    names = json.loads(real("banking77", "categories.json").read_text(encoding="utf-8"))

    def keys(index: int) -> int:
        """The first letters of the words, arrows, and ``enter``."""
        initials = "".join(word[0] for word in names[index].split("_")).casefold()
        return 1 + min(
            count + found.index(index)
            for count in range(1, len(initials) + 1)
            if index in (found := narrow(initials[:count], names))
        )

    needed = [keys(index) for index in range(len(names))]
    assert len(needed) == 77
    assert sum(count <= 3 for count in needed) >= 0.7 * len(needed)
    assert sum(needed) / len(needed) < 3.3


@asynccontextmanager
async def asked(
    folder: Path, location: str = FIRST, names: Sequence[str] = typical.TOPICS[:12], width: int = 120
) -> AsyncIterator[Pilot[None]]:
    """More classes than there are digits, one a document."""
    home = await typical.topics(folder, names)
    await home.session.close()
    app = LabelerApp(home.workbench, open_project="loans", document=location)
    async with app.run_test(size=(width, 40), notifications=True) as pilot:
        await settle(pilot)
        yield pilot


async def test_letters_and_enter_set_a_class_from_the_list(tmp_path: Path) -> None:
    async with asked(tmp_path) as pilot:
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, NameScreen)
        await press(pilot, *"cde")
        assert "card delivery estimate" in screen_text(pilot)
        assert "cash withdrawal" not in screen_text(pilot).split("Which class?")[1]
        await press(pilot, "enter")
        assert labels(session_of(pilot), FIRST) == [("card delivery estimate", None)]


async def test_arrows_go_through_the_names_that_fit_and_ctrl_g_leaves_all_as_it_was(tmp_path: Path) -> None:
    async with asked(tmp_path) as pilot:
        before = labels(session_of(pilot), FIRST)
        await press(pilot, "enter", *"card", "down", "ctrl+g")
        assert labels(session_of(pilot), FIRST) == before
        await press(pilot, "enter", *"card", "up", "down", "down", "enter")
        assert labels(session_of(pilot), FIRST) == [("card linking", None)]


async def test_nothing_is_chosen_where_no_name_fits(tmp_path: Path) -> None:
    async with asked(tmp_path) as pilot:
        await press(pilot, "enter", *"zzz", "enter")
        assert "No name fits." in screen_text(pilot)
        await press(pilot, "backspace", "backspace", "backspace", *"pin", "enter")
        assert labels(session_of(pilot), FIRST) == [("change pin", None)]


async def test_the_list_begins_at_what_is_suggested(tmp_path: Path) -> None:
    async with asked(tmp_path, SECOND) as pilot:
        await press(pilot, "n", "enter", "enter")
        assert labels(session_of(pilot), SECOND) == [("card swallowed", None)]


async def test_letters_in_the_pane_find_a_class_and_are_keys_again_once_enter_has_set_it(
    tmp_path: Path,
) -> None:
    async with asked(tmp_path) as pilot:
        before = labels(session_of(pilot), FIRST)
        await press(pilot, "C", *"cde")
        pane = screen_of(pilot).pane
        assert [line.name for line in pane.categories] == ["card delivery estimate"]
        assert "cde_" in screen_text(pilot)
        assert "Finding: you type a class's name. enter sets it" in screen_text(pilot)
        await press(pilot, "enter")
        assert labels(session_of(pilot), FIRST) == [("card delivery estimate", None)]
        assert len(pane.categories) == 12
        assert "Finding:" not in screen_text(pilot)
        await press(pilot, "u")
        assert labels(session_of(pilot), FIRST) == before
        await press(pilot, "ctrl+r", "C")
        assert labels(session_of(pilot), FIRST) == [("card delivery estimate", None)]
        assert screen_of(pilot).text.has_focus


async def test_the_cursor_stays_on_a_class_that_was_found_and_slash_begins_the_next_name(
    tmp_path: Path,
) -> None:
    async with asked(tmp_path) as pilot:
        await press(pilot, "C", *"cde", "enter", "j", "enter")
        assert labels(session_of(pilot), FIRST) == [("card linking", None)]
        await press(pilot, "slash", *"pin", "enter")
        assert labels(session_of(pilot), FIRST) == [("change pin", None)]


async def test_a_document_without_a_class_takes_a_name_at_once_and_one_that_has_one_takes_keys(
    tmp_path: Path,
) -> None:
    async with asked(tmp_path) as pilot:
        await press(pilot, "C", *"cde", "enter", "U")
        assert screen_of(pilot).wanted == document(session_of(pilot), "question3.txt")
        assert screen_of(pilot).pane.naming
        await press(pilot, *"cash w", "enter")
        assert labels(session_of(pilot), "question3.txt") == [("cash withdrawal charge", None)]
        await press(pilot, *["left_square_bracket"] * 2)
        assert screen_of(pilot).wanted == document(session_of(pilot), FIRST)
        assert not screen_of(pilot).pane.naming
        await press(pilot, "right_square_bracket")
        assert screen_of(pilot).wanted == document(session_of(pilot), SECOND)
        assert not screen_of(pilot).pane.naming  # what is suggested for it can be decided
        await press(pilot, "n", "a")
        assert labels(session_of(pilot), SECOND) == [("card swallowed", None)]


async def test_undo_leads_to_another_document_without_beginning_a_name(tmp_path: Path) -> None:
    async with asked(tmp_path) as pilot:
        before = labels(session_of(pilot), FIRST)
        await press(pilot, "C", *"cde", "enter", "U", *"cash", "enter", "u", "u")
        assert labels(session_of(pilot), "question3.txt") == []
        assert labels(session_of(pilot), FIRST) == before
        assert screen_of(pilot).pane.typed == ""


async def test_digits_still_set_a_class_in_the_pane_and_belong_to_a_name_that_was_begun(
    tmp_path: Path,
) -> None:
    async with asked(tmp_path) as pilot:
        await press(pilot, "C", "1")
        assert labels(session_of(pilot), FIRST) == [("age limit", None)]
        assert not screen_of(pilot).pane.naming
        await press(pilot, "slash", *"q11", "enter")
        assert labels(session_of(pilot), FIRST) == [("question 11 about a fee", None)]


async def test_what_was_typed_in_the_pane_is_taken_back_by_keys_and_by_leaving(tmp_path: Path) -> None:
    async with asked(tmp_path) as pilot:
        pane = screen_of(pilot).pane
        await press(pilot, "C", *"cards", "backspace")
        assert pane.typed == "card"
        await press(pilot, "ctrl+g")
        assert len(pane.categories) == 12
        assert not pane.naming
        await press(pilot, "slash", "c", *["backspace"] * 2)
        assert not pane.naming
        await press(pilot, "slash", *"zzz")
        assert "No name fits." in screen_text(pilot)
        await press(pilot, "enter", "tab")
        assert len(pane.categories) == 12
        assert not pane.naming
        assert labels(session_of(pilot), FIRST) == [("card arrival", None)]


async def test_a_click_sets_a_class_and_leaves_the_letters_to_the_text(tmp_path: Path) -> None:
    async with asked(tmp_path) as pilot:
        await pilot.click("#categories", offset=(8, 2))
        await settle(pilot)
        assert labels(session_of(pilot), FIRST) == [("balance after transfer", None)]
        assert screen_of(pilot).text.has_focus
        await press(pilot, "u")
        assert labels(session_of(pilot), FIRST) == [("card arrival", None)]


async def test_u_right_after_U_takes_back_until_a_letter_of_a_name_is_typed(tmp_path: Path) -> None:  # noqa: N802
    async with asked(tmp_path) as pilot:
        pane = screen_of(pilot).pane
        before = labels(session_of(pilot), FIRST)
        await press(pilot, "C", *"cde", "enter", "U")
        assert pane.naming
        text = screen_text(pilot)
        assert "small letters are a name, / begins any. u and capitals are keys." in text
        assert "u Undo" in text
        await press(pilot, "c")
        assert "u Undo" not in screen_text(pilot)
        await press(pilot, "u")
        assert pane.typed == "cu"
        await press(pilot, *["backspace"] * 2)
        assert "u Undo" in screen_text(pilot)
        await press(pilot, "u")
        assert labels(session_of(pilot), FIRST) == before
        assert screen_of(pilot).wanted == document(session_of(pilot), FIRST)
        assert not pane.naming


async def test_a_name_that_was_asked_for_may_begin_with_u(tmp_path: Path) -> None:
    async with asked(tmp_path) as pilot:
        pane = screen_of(pilot).pane
        await press(pilot, "C", "u")
        assert pane.typed == "u"
        await press(pilot, "ctrl+g", "U", "slash", "u")
        assert pane.typed == "u"


WRITTEN = ["Class1", "Class2", "Class15", "Final Offer", "401k plan", "R&D [new]", *typical.TOPICS[:12]]


async def test_a_name_is_typed_as_it_is_written_with_capitals_digits_and_signs(tmp_path: Path) -> None:
    async with asked(tmp_path, names=WRITTEN) as pilot:
        pane = screen_of(pilot).pane
        for keys, name in (
            (("C", *"Class15"), "Class15"),
            (("C", *"Fin"), "Final Offer"),
            (("C", "slash", *"401k"), "401k plan"),
            (("C", *"R&D [n"), "R&D [new]"),
            (("C", "slash", *"Class2"), "Class2"),
        ):
            await press(pilot, *keys)
            assert pane.has_focus, keys
            assert pane.typed == "".join(key for key in keys[1:] if key != "slash")
            await press(pilot, "enter")
            assert labels(session_of(pilot), FIRST) == [(name, None)]
            await press(pilot, "escape")


async def test_what_begins_a_name_is_said_and_no_key_that_the_last_line_shows_is_a_part_of_it(
    tmp_path: Path,
) -> None:
    async with asked(tmp_path, names=WRITTEN, width=80) as pilot:
        pane = screen_of(pilot).pane
        said = {
            "C": "Finding: letters are a class's name, digits set one; / begins any name.",
            "slash": "Finding: you type a class's name. enter sets it, ctrl+g ends the name.",
            "C c": "Finding: you type a class's name. enter sets it, ctrl+g ends the name.",
            "ctrl+g U": "Finding: small letters are a name, / begins any. u and capitals are keys.",
        }
        for keys, words in said.items():
            await press(pilot, *keys.split())
            *_, line, last = screen_text(pilot).splitlines()
            assert words in line, keys
            shown = [word for word in last.split() if len(word) == 1 and word.isascii()]
            assert "?" in shown
            assert not [key for key in shown if key != "?" and pane.types(key)], (keys, last)
        await press(pilot, "slash", "a", "question_mark")
        assert pilot.app.screen is not pane.screen
