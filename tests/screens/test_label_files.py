"""The screens that import and export labels: what they show first, what they ask, what they do then."""

from __future__ import annotations

import gc
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.fakes import suggest
from tests.screens.conftest import LOANS, ONE, TWO, Opened, paste, press, screen_text, session_of, settle
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.formats import FORMATS
from tui_labeler.engine.imports.plans import ImportPlan
from tui_labeler.screens.label_files.exporting import ExportScreen
from tui_labeler.screens.label_files.importing import ImportScreen
from tui_labeler.screens.labeling.labeling import LabelingScreen
from tui_labeler.screens.widgets.picker import Picker
from tui_labeler.screens.widgets.sheet import Sheet

if TYPE_CHECKING:
    from textual.pilot import Pilot
    from textual.screen import Screen

HOSTILE = "\x1b]52;c;aGk=\x07\x1b[2J[red]x[/red]\u202e"


def row(text: str, *words: str, **more: Any) -> dict[str, Any]:
    spans = [
        {"start": text.index(word), "end": text.index(word) + len(word), "label": "Lender"} for word in words
    ]
    return {"text": text, "spans": spans, **more}


def lines(folder: Path, *rows: dict[str, Any]) -> Path:
    path = folder / "rows.jsonl"
    path.write_text("\n".join(json.dumps(item) for item in rows), encoding="utf-8")
    return path


async def ask(pilot: Pilot[None], path: Path) -> None:
    """Opens the screen that imports a file."""
    await press(pilot, "I")
    await paste(pilot, str(path))
    await press(pilot, "enter")
    assert is_at(pilot, ImportScreen)


def is_at(pilot: Pilot[None], kind: type[Screen[Any]]) -> bool:
    return isinstance(pilot.app.screen, kind)


def form(pilot: Pilot[None]) -> str:
    return pilot.app.screen.query_one("#form", Picker).text


def about(pilot: Pilot[None]) -> str:
    return pilot.app.screen.query_one("#about", Sheet).text


async def test_an_import_shows_what_would_change_and_one_key_does_it(opened: Opened, tmp_path: Path) -> None:
    path = lines(tmp_path, row(LOANS[TWO], "North Bank"), row("A text of nobody.", "nobody"))
    async with opened(ONE) as pilot:
        before = session_of(pilot).store.seq
        await ask(pilot, path)
        assert "JSON Lines" in form(pilot)
        assert "1 new label; 0 there already." in about(pilot)
        assert "line 2: no document" in about(pilot)
        session = session_of_stack(pilot)
        assert session.store.seq == before
        await press(pilot, "s", "q")
        assert is_at(pilot, LabelingScreen)
        (label,) = session.documents.find(TWO).saved_labels
        assert LOANS[TWO][label.span.start : label.span.end] == "North Bank"


def session_of_stack(pilot: Pilot[None]) -> Any:
    """The session of the labeling screen beneath."""
    return next(screen.session for screen in pilot.app.screen_stack if isinstance(screen, LabelingScreen))


async def test_leaving_the_import_changes_nothing(opened: Opened, tmp_path: Path) -> None:
    async with opened(ONE) as pilot:
        before = session_of(pilot).store.seq
        await ask(pilot, lines(tmp_path, row(LOANS[TWO], "North Bank")))
        left = pilot.app.screen
        assert isinstance(left, ImportScreen)
        assert left._plan is not None
        await press(pilot, "q")
        assert session_of(pilot).store.seq == before
        # Else what the file held stays until somebody rests.
        assert left._plan is None


async def test_what_a_file_holds_goes_with_the_screen(opened: Opened, tmp_path: Path) -> None:
    path = lines(tmp_path, row(LOANS[TWO], "North Bank"))
    async with opened(ONE) as pilot:
        await ask(pilot, path)
        assert "1 new label" in about(pilot)
        assert any(isinstance(item, ImportPlan) for item in gc.get_objects())
        gc.disable()
        try:
            await press(pilot, "q")
            assert is_at(pilot, LabelingScreen)
            # At once, and not with the rest of the screen, which goes some time later.
            assert not any(isinstance(item, ImportPlan) for item in gc.get_objects())
        finally:
            gc.enable()


async def test_a_document_that_several_could_be_is_chosen_and_the_choice_can_be_taken_back(
    opened: Opened, tmp_path: Path, container: Path
) -> None:
    (container / "twin1.txt").write_text("North Bank lends.\n")
    (container / "twin2.txt").write_text("North Bank lends.\n")
    async with opened(ONE) as pilot:
        await session_of(pilot).documents.sync()
        await ask(pilot, lines(tmp_path, row("North Bank lends.\n", "North Bank")))
        assert "which of 2?" in form(pilot)
        assert "twin1.txt, twin2.txt" in about(pilot)
        await press(pilot, "G", "enter")
        assert "Which document is line 1?" in screen_text(pilot)
        await press(pilot, "2")
        assert "is twin2.txt" in form(pilot)
        await press(pilot, "G", "enter")
        assert "which of 2?" in form(pilot)
        await press(pilot, "G", "enter", "2", "s")
        session = session_of_stack(pilot)
        assert len(session.documents.find("twin2.txt").saved_labels) == 1
        assert session.documents.find("twin1.txt").saved_labels == ()


async def test_texts_that_match_nothing_become_documents_when_that_is_chosen(
    opened: Opened, tmp_path: Path, container: Path
) -> None:
    async with opened(ONE) as pilot:
        await ask(pilot, lines(tmp_path, row("Bank of nowhere.", "Bank", location="new.txt")))
        assert "1 text without a document: left out" in form(pilot)
        await press(pilot, "j", "j", "enter")
        assert "1 text written into the container" in form(pilot)
        assert not (container / "new.txt").exists()
        await press(pilot, "s")
        assert (container / "new.txt").read_text() == "Bank of nowhere."
        assert len(session_of_stack(pilot).documents.find("new.txt").saved_labels) == 1


async def test_a_file_can_be_read_as_another_format(opened: Opened, tmp_path: Path) -> None:
    path = lines(tmp_path, row(LOANS[TWO], "North Bank"))
    async with opened(ONE) as pilot:
        await ask(pilot, path)
        await press(pilot, "f", "2")
        assert "It can't be imported" in about(pilot)
        assert "azure" in form(pilot)
        assert not pilot.app.screen.active_bindings["s"].enabled, "the last line shows it as off"
        for keys in (["s"], ["j", "j", "j", "enter"]):
            await press(pilot, *keys)
            assert is_at(pilot, ImportScreen)
            assert "This file can't be imported: the reason is above." in screen_text(pilot)
        await press(pilot, "f", "1")
        assert "1 new label" in about(pilot)


async def test_another_file_can_be_named_on_the_screen(opened: Opened, tmp_path: Path) -> None:
    path = lines(tmp_path, row(LOANS[TWO], "North Bank"))
    other = path.rename(tmp_path / "other.jsonl")
    bad = tmp_path / "bad.json"
    bad.write_text("{")
    async with opened(ONE) as pilot:
        await ask(pilot, bad)
        assert "It can't be imported" in about(pilot)
        await press(pilot, "enter", "ctrl+u")
        await paste(pilot, str(other))
        await press(pilot, "enter")
        assert "1 new label" in about(pilot)


async def test_what_a_file_holds_is_shown_and_never_obeyed(
    opened: Opened, tmp_path: Path, container: Path
) -> None:
    (container / "same1.txt").write_text("the same\n")
    (container / "same2.txt").write_text("the same\n")
    rows = [
        row(f"{HOSTILE} text", "text", location=f"{HOSTILE}.txt"),
        row("the same\n", "same", location=f"{HOSTILE}b.txt"),
        {"text": LOANS[TWO], "spans": [{"start": 0, "end": 5, "label": f"{HOSTILE}c"}]},
    ]
    for size in ((80, 24), (120, 40)):
        async with opened(ONE, size=size) as pilot:
            await session_of(pilot).documents.sync()
            await ask(pilot, lines(tmp_path, *rows))
            for keys in ("", "G enter", "q G f"):
                await press(pilot, *keys.split())
                shown = screen_text(pilot)
                assert not {"\x1b", "\x07", "\u202e"} & set(shown)
                assert "[red]x[/red]" in shown or "Which format" in shown


async def test_an_export_shows_what_it_holds_before_it_asks_where_to(opened: Opened, tmp_path: Path) -> None:
    async with opened(TWO) as pilot:
        await press(pilot, "v", "1", "E")
        assert is_at(pilot, ExportScreen)
        assert "1 draft decision not saved yet" in about(pilot)
        await press(pilot, "ctrl+s")
        assert "1 saved label of 1 document." in about(pilot)
        await press(pilot, "f")
        assert "CoNLL" in screen_text(pilot)
        await press(pilot, "1", "s")
        assert ".json" in screen_text(pilot)
        await press(pilot, "ctrl+g", "q")
        assert is_at(pilot, LabelingScreen)


def unmount(container: Path) -> None:
    """An empty folder is where the documents were."""
    container.rename(container.with_name("mounted elsewhere"))
    container.mkdir()


async def test_an_export_of_a_container_that_is_empty_takes_the_place_of_no_file(
    opened: Opened, tmp_path: Path
) -> None:
    out = tmp_path / "labels.json"
    out.write_text("of an earlier day")
    async with opened(TWO) as pilot:
        await press(pilot, "v", "1", "ctrl+s")
        unmount(Path(session_of(pilot).project.container))
        await press(pilot, "E")
        await settle(pilot)
        await press(pilot, "s", "ctrl+u")
        await paste(pilot, str(out))
        await press(pilot, "enter")
        await settle(pilot)
        assert "has labels, and all is left out" in " ".join(screen_text(pilot).split())
    assert out.read_text() == "of an earlier day"


async def test_a_split_is_written_into_a_new_folder(opened: Opened, tmp_path: Path) -> None:
    async with opened(TWO) as pilot:
        await press(pilot, "v", "1", "ctrl+s", "E", "j", "enter", "2")
        assert "train: 1 document, 1 label" in about(pilot)
        await press(pilot, "j", "enter", "ctrl+u", "7", "enter")
        assert "7" in form(pilot)
        await press(pilot, "s", "ctrl+u")
        await paste(pilot, str(tmp_path / "corpus"))
        await press(pilot, "enter")
        await settle(pilot)
        assert is_at(pilot, LabelingScreen)
    names = sorted(path.name for path in (tmp_path / "corpus").iterdir())
    assert names == ["data-card.json", "data-card.md", "train.json"]
    assert json.loads((tmp_path / "corpus" / "data-card.json").read_text())["seed"] == 7


async def test_shares_that_make_no_hundred_are_refused_where_they_are_typed(opened: Opened) -> None:
    async with opened(TWO) as pilot:
        await press(pilot, "v", "1", "ctrl+s", "E", "j", "enter", "5", "ctrl+u")
        await paste(pilot, "80/30")
        await press(pilot, "enter")
        assert "is no split" in screen_text(pilot)
        await press(pilot, "ctrl+u")
        await paste(pilot, "70/30")
        await press(pilot, "enter")
        assert "70/30, and a data card" in form(pilot)


async def test_suggestions_are_written_where_they_have_a_place_and_are_asked_for(
    opened: Opened, tmp_path: Path
) -> None:
    async with opened(TWO) as pilot:
        await suggest(session_of(pilot), ONE, [("Borrower", "Acme Ltd.", 0.9)])
        await press(pilot, "v", "1", "ctrl+s", "E", "j", "j", "j")
        assert "Suggestions" in form(pilot)
        await press(pilot, "enter")
        assert "has a place for them" in screen_text(pilot)
        await press(pilot, "f")
        offered = [name for name, known in FORMATS.items() if ProjectKind.ENTITIES in known.kinds]
        await pilot.press(*["j"] * offered.index("labelstudio"))
        await press(pilot, "enter")
        assert "left out" in form(pilot)
        await press(pilot, "enter")
        assert "1 suggestion that nobody has decided" in about(pilot)
        await press(pilot, "s", "ctrl+u")
        await paste(pilot, str(tmp_path / "all.json"))
        await press(pilot, "enter")
        await settle(pilot)
    tasks = json.loads((tmp_path / "all.json").read_text())
    assert [len(task.get("predictions", [])) for task in tasks] == [1, 0]


@pytest.mark.parametrize("size", [(80, 24), (60, 20)])
async def test_however_much_an_import_has_to_say_the_key_that_closes_it_is_in_view(
    opened: Opened, tmp_path: Path, size: tuple[int, int]
) -> None:
    rows = [row(f"nobody has this text {number}", "text") for number in range(30)]
    async with opened(TWO, size=size) as pilot:
        await ask(pilot, lines(tmp_path, row(LOANS[ONE], "North Bank"), *rows))
        await press(pilot, "s")
        await settle(pilot)
        shown = screen_text(pilot)
        assert "Labels imported" in shown
        assert "q Back" in shown
