"""Dialogs, the palette, the keymap and errors, by keys."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
from textual.app import App
from textual.css.stylesheet import Stylesheet
from textual.events import CursorPosition

from tests.fakes import make_project, write_documents
from tests.screens.conftest import ONE, TWO, Opened, Running, paste, press, screen_of, screen_text, session_of
from tui_labeler.engine.errors import SetBackError, StorageError
from tui_labeler.screens.base import tell
from tui_labeler.screens.commands import Commands
from tui_labeler.screens.dialogs import ChoiceScreen, ConfirmScreen, InputScreen, MessageScreen
from tui_labeler.screens.labeling.labeling import LabelingScreen
from tui_labeler.screens.projects.projects import ProjectsScreen
from tui_labeler.screens.widgets.text_canvas import TextCanvas
from tui_labeler.stylesheets import sheets, styles_folder

if TYPE_CHECKING:
    from textual.screen import Screen

    from tui_labeler.app import LabelerApp
    from tui_labeler.engine.workbench import Workbench

HOSTILE = "[red]x[/] [@click=app.bell]\x1b]52;c;aGk=\x07\u202e"
CHOICES = [("s", "save", "Save"), ("q", "quit", HOSTILE), ("", "third", "Third")]


class Asking(App[None], inherit_bindings=False):
    CSS_PATH = sheets()

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[Any] = []

    def ask(self, screen: Screen[Any]) -> None:
        self.push_screen(screen, self.answers.append)


@pytest.mark.parametrize(
    ("make", "keys", "answer"),
    [
        (lambda: ConfirmScreen("T", HOSTILE), ["y"], True),
        (lambda: ConfirmScreen("T", HOSTILE), ["enter", "n"], False),
        (lambda: ConfirmScreen("T", HOSTILE), ["n"], False),
        (lambda: ConfirmScreen("T", HOSTILE), ["q"], False),
        (lambda: ConfirmScreen("T", HOSTILE), ["escape"], False),
        (lambda: ChoiceScreen("T", HOSTILE, CHOICES), ["s"], "save"),
        (lambda: ChoiceScreen("T", HOSTILE, CHOICES), ["q"], "quit"),
        (lambda: ChoiceScreen("T", HOSTILE, CHOICES), ["j", "j", "enter"], "third"),
        (lambda: ChoiceScreen("T", HOSTILE, CHOICES), ["escape"], None),
        (lambda: InputScreen("T", HOSTILE, "ab"), ["c", "q", "enter"], "abcq"),
        (lambda: InputScreen("T", HOSTILE, "ab"), ["ctrl+g"], None),
        (lambda: MessageScreen("T", HOSTILE), ["enter"], None),
    ],
)
async def test_dialogs_are_answered_by_keys_and_show_outside_text_as_it_is(
    make: Any, keys: list[str], answer: object
) -> None:
    app = Asking()
    async with app.run_test(size=(80, 24)) as pilot:
        app.ask(make())
        await pilot.pause()
        text = screen_text(pilot)
        assert "[red]x[/] [@click=app.bell]␛]52;c;aGk=␇␣" in text
        await pilot.press(*keys)
        await pilot.pause()
    assert app.answers == [answer]


async def test_what_is_pasted_into_the_palette_is_shown_safely() -> None:
    app = Asking()
    async with app.run_test(size=(80, 24)) as pilot:
        app.push_screen(Commands())
        await pilot.pause()
        await paste(pilot, HOSTILE)
        await pilot.pause()
        assert "[red]x[/] [@click=app.bell]␛]52;c;aGk=␇␣" in screen_text(pilot)
        # Its search ends with it, and not when the widgets that it fills are gone.
        await pilot.press("ctrl+g")
        await pilot.pause()


async def test_a_field_shows_what_it_holds_safely_and_gives_it_back_as_it_is() -> None:
    app = Asking()
    async with app.run_test(size=(80, 24)) as pilot:
        app.ask(InputScreen("T", "L", HOSTILE, HOSTILE))
        await pilot.pause()
        assert "[red]x[/] [@click=app.bell]␛]52;c;aGk=␇␣" in screen_text(pilot)
        await pilot.press("ctrl+u")
        assert "[red]x[/] [@click=app.bell]␛]52;c;aGk=␇␣" in screen_text(pilot)
        await paste(pilot, HOSTILE)
        assert "[red]x[/] [@click=app.bell]␛]52;c;aGk=␇␣" in screen_text(pilot)
        await pilot.press("enter")
        await pilot.pause()
    assert app.answers == [HOSTILE]


async def test_a_command_of_the_palette_does_what_its_key_does(opened: Opened) -> None:
    async with opened(TWO) as pilot:
        await press(pilot, "ctrl+p")
        await paste(pilot, "Nothing to label")
        await press(pilot, "enter")
        assert session_of(pilot).documents.find(TWO).reviewed is not None


async def test_two_messages_at_most_lie_over_the_text_and_a_key_takes_them_away(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui_labeler.screens.base._SECONDS", 800.0)
    monkeypatch.setattr("tui_labeler.screens.base._SECONDS_IN_PASSING", 400.0)
    async with opened(TWO, size=(80, 24)) as pilot:
        told = pilot.app._notifications
        tell(pilot.app, "What failed.", severity="error")
        for number in range(3):
            tell(pilot.app, f"Note {number}.")
            await pilot.pause()
        assert [(note.message, note.timeout) for note in told] == [
            ("What failed.", 800.0),
            ("Note 2.", 400.0),
        ]
        assert "Note 2." in screen_text(pilot)
        await press(pilot, "ctrl+x")
        assert list(told) == []
        assert "Note 2." not in screen_text(pilot)
        assert isinstance(pilot.app.screen, LabelingScreen)


async def test_two_commands_on_one_key_are_told(opened: Opened) -> None:
    async with opened(TWO, keys={"review.accept": "x"}) as pilot:
        text = screen_text(pilot)
        assert "Two commands with one key" in text
        assert "review.reject" in text


async def test_an_unknown_theme_is_told_and_the_program_starts(running: Running) -> None:
    async with running(theme="no-such-theme") as pilot:
        assert "There is no theme 'no-such-theme'" in screen_text(pilot)


async def test_a_failing_disk_is_told_once_while_others_are_followed(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(TWO) as pilot:
        follower = screen_of(pilot).follower

        async def broken() -> None:
            raise StorageError("the disk is gone", hint="Look at it.")

        monkeypatch.setattr(session_of(pilot), "refresh", broken)
        for _ in range(3):
            await follower.look()
        await pilot.pause()
        assert screen_text(pilot).count("the disk is gone") == 1
        assert isinstance(pilot.app.screen, LabelingScreen)


async def test_the_program_ends_with_ctrl_c_where_nothing_waits(
    running: Running, workbench: Workbench, container: Path
) -> None:
    await (await make_project(workbench, container)).close()
    async with running(open_project="Loans") as pilot:
        await press(pilot, "ctrl+c")
    assert pilot.app.return_code == 0


@pytest.mark.parametrize("way", ["ctrl+q", "q", "a signal"])
async def test_a_home_that_was_set_back_is_told_by_whoever_leaves_it(
    opened: Opened, home: Path, tmp_path: Path, way: str
) -> None:
    async with opened(ONE) as pilot:
        (folder,) = (home / "projects").iterdir()
        shutil.copytree(folder, tmp_path / "backup")
        await press(pilot, "v", "1")
        shutil.rmtree(folder)
        shutil.copytree(tmp_path / "backup", folder)
        kept = {path: path.read_bytes() for path in folder.rglob("*.json*")}
        app = cast("LabelerApp", pilot.app)
        if way == "a signal":
            await app._let_go()
        else:
            await press(pilot, way)
            shown = " ".join(screen_text(pilot).split())
            assert "1 draft decision can't be saved from here" in shown
            assert "wait for you" not in shown
            assert "Save labels" not in shown
            await press(pilot, "q")
            assert isinstance(app.screen, LabelingScreen)
            await press(pilot, way)
            app.clear_notifications()
            await press(pilot, "l")
        if way == "q":
            assert isinstance(app.screen, ProjectsScreen)
            assert any("transaction 3 was there" in told.message for told in app._notifications)
            await press(pilot, "q")
    assert isinstance(app.parting_error, SetBackError) == (way != "q")
    assert {path: path.read_bytes() for path in folder.rglob("*.json*")} == kept


def test_every_sheet_is_where_the_program_looks() -> None:
    assert {Path(str(sheet)) for sheet in sheets()} == set(styles_folder().rglob("*.tcss"))
    assert not list(styles_folder().rglob("*.py"))


async def test_a_screen_that_opens_does_not_make_textual_parse_all_styles_again(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(TWO) as pilot:
        parsed: list[None] = []
        monkeypatch.setattr(Stylesheet, "reparse", lambda _: parsed.append(None))
        await press(pilot, "question_mark", "escape", "P", "escape", "J", "escape", "L", "escape")
        assert parsed == []


async def test_every_key_of_a_screen_says_what_it_does(opened: Opened) -> None:
    async with opened(TWO) as pilot:
        bindings = [item.binding for item in pilot.app.screen.active_bindings.values()]
        own = [binding for binding in bindings if not binding.system]
        silent = [b.key for b in own if not (b.id and b.description and b.tooltip)]
        assert set(silent) <= {"tab", "shift+tab", "ctrl+c", "super+c"}


async def test_the_terminals_answer_about_vowel_signs_lays_the_text_out_again(
    running: Running, workbench: Workbench, tmp_path: Path
) -> None:
    texts = write_documents(tmp_path / "hindi", {"hindi.txt": "की " * 40})
    await (await make_project(workbench, texts, name="hindi")).close()
    async with running(open_project="hindi") as pilot:
        canvas = screen_of(pilot).query_one(TextCanvas)
        rows = len(canvas.text_layout)
        for column, same in ((1, False), (2, True)):
            pilot.app.post_message(CursorPosition(x=column, y=1))
            while (len(canvas.text_layout) == rows) is not same:
                await pilot.pause()
        assert len(canvas.text_layout) == rows
