"""Going through documents, finding them, and label files, by keys."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from tests.fakes import document, labels
from tests.far import FarContainer
from tests.screens.conftest import (
    LOANS,
    ONE,
    THREE,
    TWO,
    Opened,
    paste,
    press,
    screen_of,
    screen_text,
    session_of,
    settle,
)
from tui_labeler.domain.documents import DocumentState
from tui_labeler.domain.projects import Dataset
from tui_labeler.engine.errors import RefusedError, UnreachableError
from tui_labeler.screens.dialogs import InputScreen
from tui_labeler.screens.fields import Field
from tui_labeler.screens.labeling.labeling import LabelingScreen
from tui_labeler.screens.screen import ModalScreen
from tui_labeler.screens.widgets.text_view import TextView

if TYPE_CHECKING:
    from pathlib import Path


async def test_brackets_step_through_the_documents_and_stop_at_the_ends(opened: Opened) -> None:
    async with opened(ONE) as pilot:
        await press(pilot, "]", "]", "]")
        assert "Nothing of interest" in screen_text(pilot)
        assert "last document" in screen_text(pilot)
        await press(pilot, "[")
        assert "North Bank lends" in screen_text(pilot)


async def test_keys_are_for_the_text_when_the_first_document_has_none(
    opened: Opened, container: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = TextView.focus

    def focus(self: TextView, scroll_visible: bool = True) -> TextView:
        """As on a slow terminal: what was asked for at the start comes to nothing."""
        return self if getattr(self.screen, "shown", None) is None else real(self, scroll_visible)

    monkeypatch.setattr(TextView, "focus", focus)
    (container / "a.txt").write_bytes(b"\xff\xfe no text")
    async with opened() as pilot:
        session = session_of(pilot)
        await session.documents.sync()
    async with opened("a.txt", size=(80, 24)) as pilot:
        screen = screen_of(pilot)
        assert screen.problem
        await press(pilot, "]")
        assert "LOAN AGREEMENT" in screen_text(pilot)
        assert screen.focused is screen.text


async def test_one_key_goes_to_the_next_unlabeled_document(opened: Opened) -> None:
    async with opened(TWO) as pilot:
        await press(pilot, "v", "1", "U", "m")
        row = session_of(pilot).rows[document(session_of(pilot), THREE)]
        assert row.state is DocumentState.REVIEWED
        await press(pilot, "U")
        assert screen_of(pilot).shown == document(session_of(pilot), ONE)
        await press(pilot, "v", "1", "U")
        assert "Every document of the list is labeled" in screen_text(pilot)


async def test_a_document_with_labels_is_not_marked_as_empty(opened: Opened) -> None:
    async with opened(TWO) as pilot:
        await press(pilot, "v", "1", "m")
        assert "agreement2.txt has labels" in screen_text(pilot)
        assert session_of(pilot).documents.find(TWO).reviewed is None


async def test_a_document_that_can_not_be_read_or_is_gone_is_not_marked_as_empty(
    opened: Opened, container: Path
) -> None:
    async with opened(TWO) as pilot:
        session = session_of(pilot)
        (container / ONE).write_bytes(b"\xff\xfe\x00")
        (container / THREE).unlink()
        await session.documents.sync()
        await press(pilot, "D", "G", "m")
        (note,) = pilot.app._notifications
        assert "can't be marked as reviewed: it is no longer in the container." in note.message
        await press(pilot, "g", "v", "j", "v", "m")
        assert "1 can't be read" in " ".join(screen_text(pilot).split())
        found = [session.documents.find(name) for name in (ONE, TWO)]
        assert [each.reviewed is not None for each in found] == [False, True]


async def test_what_is_selected_in_the_list_is_flagged_put_into_a_set_and_marked_in_one_step(
    opened: Opened,
) -> None:
    async with opened(ONE) as pilot:
        session = session_of(pilot)
        await press(pilot, "D", "v", "j", "v")
        assert "2 selected, 2 text records" in screen_text(pilot)
        await press(pilot, "F")
        assert "Flag 2 documents" in screen_text(pilot)
        await paste(pilot, "look")
        await press(pilot, "enter", "t", "m")
        found = [session.documents.find(name) for name in (ONE, TWO, THREE)]
        assert [each.flag for each in found] == ["look", "look", ""]
        assert [each.dataset for each in found] == [Dataset.TEST, Dataset.TEST, Dataset.TRAIN]
        assert [each.reviewed is not None for each in found] == [True, True, False]
        await press(pilot, "u", "u", "u")
        assert [session.documents.find(name).flag for name in (ONE, TWO)] == ["", ""]


async def test_without_the_list_in_hand_only_the_document_in_view_is_changed(opened: Opened) -> None:
    async with opened(THREE) as pilot:
        session = session_of(pilot)
        await press(pilot, "D", "g", "v", "j", "v", "D", "t")
        sets = [session.documents.find(name).dataset for name in (ONE, TWO, THREE)]
        assert sets.count(Dataset.TEST) == 1
        shown = screen_of(pilot).shown
        assert shown is not None
        assert session.rows[shown].dataset is Dataset.TEST


@pytest.mark.parametrize("keys", ["D g v j v t", "D g v j t", "D g space j space t"])
async def test_how_many_documents_went_to_the_other_set_is_said(opened: Opened, keys: str) -> None:
    async with opened(THREE) as pilot:
        await press(pilot, *keys.split())
        assert "2 documents: In the testing set." in screen_text(pilot)


async def test_a_document_that_is_not_listed_is_named_when_it_changes(opened: Opened) -> None:
    async with opened(TWO) as pilot:
        await press(pilot, "t")
        assert "\n In the testing set." in screen_text(pilot)
        await press(pilot, "f")
        await paste(pilot, "nowhere")
        await press(pilot, "ctrl+s", "t")
        assert "agreement2.txt: In the training set." in screen_text(pilot)
        await press(pilot, "F")
        assert "Flag agreement2.txt" in screen_text(pilot)
        await paste(pilot, "look")
        await press(pilot, "enter")
        assert "agreement2.txt: Flagged." in screen_text(pilot)


@pytest.mark.parametrize(
    ("keys", "never"),
    [
        ("t", "In the testing set."),
        ("m", "Reviewed"),
        ("F l o o k enter escape", "Flagged."),
        ("D v j v ctrl+l e n enter escape", "language was changed"),
        ("equals_sign 1 y", "Labeling"),
    ],
)
async def test_what_was_refused_is_not_said_to_be_done(
    opened: Opened, monkeypatch: pytest.MonkeyPatch, keys: str, never: str
) -> None:
    async def refused(*_: object) -> None:
        raise RefusedError("Nothing can be written now.")

    monkeypatch.setattr("tui_labeler.screens.labeling.entities._MANY_PLACES", 0)
    async with opened(TWO) as pilot:
        with monkeypatch.context() as patched:
            patched.setattr(session_of(pilot).store, "commit", refused)
            await press(pilot, *keys.split())
        assert "Nothing can be written now." in screen_text(pilot) or "escape" in keys
        assert never not in screen_of(pilot).message


async def test_a_document_is_flagged_and_put_into_the_testing_set(opened: Opened) -> None:
    async with opened(TWO) as pilot:
        await press(pilot, "F")
        await paste(pilot, "ask the team lead")
        await press(pilot, "enter", "t")
        found = session_of(pilot).documents.find(TWO)
        assert found.flag == "ask the team lead"
        assert found.dataset is Dataset.TEST
        assert "Flag: ask the team lead" in screen_text(pilot)
        assert "Testing, unlabeled" in screen_text(pilot)


async def test_search_goes_to_the_words_and_on_with_n(opened: Opened) -> None:
    async with opened(TWO) as pilot:
        await press(pilot, "/")
        await paste(pilot, "mary")
        await press(pilot, "enter")
        assert screen_of(pilot).text.cursor == LOANS[TWO].index("Mary")
        assert "1 of 2" in screen_text(pilot)
        await press(pilot, "n")
        assert screen_of(pilot).text.cursor == LOANS[TWO].rindex("Mary")
        await press(pilot, "N")
        assert screen_of(pilot).text.cursor == LOANS[TWO].index("Mary")
        await press(pilot, "/", "enter")
        assert screen_of(pilot).text.cursor == LOANS[TWO].rindex("Mary")
        await press(pilot, "/", *"end", "enter")
        assert "“end”" in screen_text(pilot)


async def test_a_filter_lists_fewer_documents_and_says_so(opened: Opened) -> None:
    async with opened(ONE) as pilot:
        await press(pilot, "f")
        await paste(pilot, "3")
        await press(pilot, "ctrl+s")
        assert "1 of 3 documents" in screen_text(pilot)
        assert "Nothing of interest" in screen_text(pilot)
        await press(pilot, "f", "ctrl+r")
        assert len(screen_of(pilot).documents.rows) == 3


async def test_a_filter_looks_into_the_texts(opened: Opened) -> None:
    async with opened(ONE) as pilot:
        await press(pilot, "f", *["down"] * 9)
        await paste(pilot, "NORTH bank")
        await press(pilot, "ctrl+s")
        assert [row.location for row in screen_of(pilot).documents.rows] == [ONE, TWO]


async def test_a_confidence_that_is_none_is_refused_in_the_form(opened: Opened) -> None:
    async with opened(ONE) as pilot:
        await press(pilot, "f", *["down"] * 6)
        await paste(pilot, "7")
        await press(pilot, "ctrl+s")
        assert "A confidence is a number between 0 and 1" in screen_text(pilot)


async def test_documents_are_sorted_by_size(opened: Opened) -> None:
    async with opened(ONE) as pilot:
        await press(pilot, "s", "z")
        assert [row.location for row in screen_of(pilot).documents.rows] == [THREE, TWO, ONE]


async def test_new_documents_are_read_from_the_container(opened: Opened, container: Path) -> None:
    async with opened(ONE) as pilot:
        (container / "zz.txt").write_text("A late one.", encoding="utf-8")
        (container / THREE).write_bytes(b"\xff\xfe broken \xff")
        await press(pilot, "R")
        await press(pilot, "]", "]")
        assert "UTF-8" in screen_text(pilot)
        await press(pilot, "v", "1", "]")
        assert "A late one." in screen_text(pilot)


async def test_a_document_that_is_gone_says_so_in_place_of_its_text(opened: Opened, container: Path) -> None:
    async with opened(ONE) as pilot:
        (container / TWO).unlink()
        await press(pilot, "]")
        assert "agreement2.txt" in screen_text(pilot)
        assert "Not found" in screen_text(pilot)
        await press(pilot, "v", "1")
        assert labels(session_of(pilot), TWO) == []


async def test_saved_labels_are_written_to_a_file_and_never_over_one_without_asking(
    opened: Opened, tmp_path: Path
) -> None:
    target = tmp_path / "out.json"
    async with opened(TWO) as pilot:
        await press(pilot, "v", "1", "ctrl+s", "E", "s", "ctrl+u")
        await paste(pilot, str(target))
        await press(pilot, "enter")
        assert b'"Borrower"' in target.read_bytes()
        target.write_bytes(b"mine")
        await press(pilot, "E", "s", "ctrl+u")
        await paste(pilot, str(target))
        await press(pilot, "enter", "n")
        assert target.read_bytes() == b"mine"
        assert "Choose another name" in screen_text(pilot)
        await press(pilot, "2", "enter")
        assert b'"Borrower"' in target.with_name("out.json2").read_bytes()
        assert isinstance(pilot.app.screen, LabelingScreen)
        await press(pilot, "E", "s", "ctrl+u")
        await paste(pilot, str(target))
        await press(pilot, "enter", "y")
        assert b'"Borrower"' in target.read_bytes()


@pytest.mark.parametrize(
    ("keys", "value", "reason"),
    [
        ("I", "/nowhere/labels.json", "No such file"),
        ("E s", "/nowhere/out.json", "No such file"),
        ("K a", "Lender", "already a category"),
        ("K r", "Lender", "already a category"),
        ("K a", "", "needs a name"),
        ("#", "x", "no line number"),
    ],
)
async def test_a_value_that_is_refused_stays_with_the_reason_and_no_key_goes_beneath(
    opened: Opened, keys: str, value: str, reason: str
) -> None:
    async with opened(TWO) as pilot:
        before = session_of(pilot).store.seq
        session = session_of(pilot)
        await press(pilot, *keys.replace("#", "number_sign").split(), "ctrl+u")
        await paste(pilot, value)
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, InputScreen)
        text = screen_text(pilot)
        assert reason in text
        assert value in text
        await press(pilot, "d", "x")
        assert pilot.app.screen.query_one(Field).value == f"{value}dx"
        assert reason not in screen_text(pilot), "another text is not wrong for the same reason"
        assert session.store.seq == before
        await press(pilot, "escape")
        assert not isinstance(pilot.app.screen, InputScreen)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("letter.txt", "Dear Ann", "Files that are known"),
        (
            "classes.json",
            '{"projectFileVersion": "2022-05-01", "stringIndexType": "Utf16CodeUnit", '
            '"metadata": {"projectKind": "CustomSingleLabelClassification", "language": "en-us"}, '
            '"assets": {"projectKind": "CustomSingleLabelClassification", "classes": [], "documents": []}}',
            "n in the list of projects",
        ),
    ],
)
async def test_a_refused_labels_file_is_told_with_keys_not_with_options(
    opened: Opened, tmp_path: Path, name: str, content: str, told: str
) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    async with opened(TWO) as pilot:
        await press(pilot, "I")
        await paste(pilot, str(tmp_path / name))
        await press(pilot, "enter")
        text = " ".join(screen_text(pilot).split())
        assert told in text
        assert "--" not in text
        assert "`" not in text


async def test_a_labels_file_that_cannot_be_read_changes_nothing(opened: Opened, tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text("[]", encoding="utf-8")
    async with opened(TWO) as pilot:
        before = session_of(pilot).store.seq
        await press(pilot, "I")
        await paste(pilot, str(tmp_path / "bad.json"))
        await press(pilot, "enter")
        assert "It can't be imported" in screen_text(pilot)
        await press(pilot, "s", "q")
        assert session_of(pilot).store.seq == before


async def test_the_next_texts_of_a_far_container_are_there_before_they_are_opened(opened: Opened) -> None:
    more = {f"b{number:02}.txt": f"Text {number}.".encode() for number in range(30)}
    async with opened(ONE) as pilot:
        session = session_of(pilot)
        far = FarContainer(more, breaks_after=0)
        session.documents._container = far
        with pytest.raises(UnreachableError):
            await session.documents.sync()
        far.breaks_after = None
        screen_of(pilot).refill()
        screen_of(pilot).open_document(document(session, "b00.txt"))
        await settle(pilot)
        assert "Text 0." in screen_text(pilot)
        listed = sorted(row.location for row in session.rows.values() if row.is_read)
        assert [name for name in listed if name in more] == sorted(more)[:14]
        await press(pilot, *["]"] * 8)
        assert "Text 8." in screen_text(pilot)
        assert sorted(set(far.fetched)) == sorted(more)[:22]


@pytest.mark.parametrize(
    ("keys", "said"),
    [("t", "In the testing set."), ("m", "Reviewed: nothing to label."), ("F l o o k enter", "Flagged.")],
)
async def test_what_changes_very_many_documents_shows_how_far_it_is_and_can_be_stopped(
    opened: Opened, monkeypatch: pytest.MonkeyPatch, keys: str, said: str
) -> None:
    monkeypatch.setattr("tui_labeler.engine.steps.BATCH", 1)
    monkeypatch.setattr("tui_labeler.screens.labeling.whole.BATCH", 1)
    monkeypatch.setattr("tui_labeler.screens.working.PATIENCE", 0)
    goes_on = asyncio.Event()
    async with opened(THREE) as pilot:
        session = session_of(pilot)
        commit = session.store.commit

        async def commit_and_wait(actor: str, plan: Any) -> Any:
            made = await commit(actor, plan)
            await goes_on.wait()
            return made

        await press(pilot, "D", "g", "v", "j", "v")
        with monkeypatch.context() as patched:
            patched.setattr(session.store, "commit", commit_and_wait)
            await pilot.press(*keys.split())
            while "0 of 2" not in screen_text(pilot):
                await pilot.pause()
            await pilot.press("escape")
            goes_on.set()
            while isinstance(pilot.app.screen, ModalScreen):
                await pilot.pause()
            await pilot.pause()
        assert f"{said} Stopped: only 1 of 2 were changed." in screen_text(pilot)
        before = session.store.seq
        await press(pilot, "u")
        assert session.store.seq == before + 1
