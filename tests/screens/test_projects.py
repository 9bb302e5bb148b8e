"""The first screen, and making a project, by keys."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING, Any
from weakref import ref

import pytest

from tests.fakes import (
    category,
    document,
    fixed_surroundings,
    home_workbench,
    make_project,
    suggest,
    write_documents,
)
from tests.screens.conftest import Opened, Running, paste, press, screen_text, session_of, settle
from tui_labeler.assembly import now
from tui_labeler.domain.document_rows import DocumentRow
from tui_labeler.domain.jobs import JobKind, JobRequest
from tui_labeler.domain.labels import Span
from tui_labeler.engine.adapters.store.jobs import FileJobStore
from tui_labeler.engine.adapters.store.locks import FileLock
from tui_labeler.screens.labeling.labeling import LabelingScreen
from tui_labeler.screens.projects.create_project import CreateProjectScreen
from tui_labeler.screens.projects.projects import ProjectsScreen

if TYPE_CHECKING:
    from pathlib import Path

    from tui_labeler.engine.workbench import Workbench


async def test_a_home_without_projects_says_how_to_make_one(running: Running) -> None:
    async with running() as pilot:
        assert "Press n to make one" in screen_text(pilot)
        await press(pilot, "d")
        assert isinstance(pilot.app.screen, ProjectsScreen)


async def test_projects_are_listed_with_their_figures(
    running: Running, workbench: Workbench, container: Path
) -> None:
    session = await make_project(workbench, container, categories=["Lender"])
    await suggest(session, "agreement2.txt", [("Lender", "North Bank", 0.9)])
    await session.close()
    async with running() as pilot:
        row = next(line for line in screen_text(pilot).split("\n") if "Loans" in line)
        assert row.split() == [">", "Loans", "entities", "3", "0", "1"]


async def test_enter_opens_a_project_and_q_comes_back(
    running: Running, workbench: Workbench, container: Path
) -> None:
    await (await make_project(workbench, container)).close()
    async with running() as pilot:
        await press(pilot, "enter")
        assert "agreement1.txt" in screen_text(pilot)
        await press(pilot, "q")
        assert isinstance(pilot.app.screen, ProjectsScreen)


async def test_a_project_is_made_from_a_folder_with_keys_alone(
    running: Running, workbench: Workbench, container: Path
) -> None:
    async with running() as pilot:
        await press(pilot, "n")
        assert isinstance(pilot.app.screen, CreateProjectScreen)
        await press(pilot, "home")
        await paste(pilot, str(container))
        await press(pilot, "enter", "enter", "right", "enter", "enter", "enter", "enter")
        await paste(pilot, "Loan,Mortgage")
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, CreateProjectScreen)
        await press(pilot, "ctrl+s")
        assert isinstance(pilot.app.screen, LabelingScreen)
        session = pilot.app.screen.session
        assert session.project.name == "texts"
        assert session.project.kind.short == "single"
        names = [category.name for category in session.store.state.categories.values()]
        assert names == ["Loan", "Mortgage"]
        assert len(session.rows) == 3
    assert [project.name for project in await workbench.projects()] == ["texts"]


@pytest.mark.parametrize(
    ("folder", "complaint"),
    [
        ("", "A folder is needed"),
        ("/nowhere/at/all", "The container can't be used: there is no folder /nowhere/at/all"),
    ],
    ids=["no folder", "no such folder"],
)
async def test_a_folder_that_is_none_is_said_in_the_form_and_nothing_is_made(
    running: Running, workbench: Workbench, folder: str, complaint: str
) -> None:
    async with running(size=(60, 20)) as pilot:
        await press(pilot, "n")
        if folder:
            await paste(pilot, folder)
        await press(pilot, "ctrl+s")
        assert isinstance(pilot.app.screen, CreateProjectScreen)
        assert complaint in " ".join(screen_text(pilot).split())
        await press(pilot, "escape")
        assert "Press n to make one" in screen_text(pilot)
    assert await workbench.projects() == ()


async def test_a_labels_file_that_is_none_leaves_no_project_behind(
    running: Running, workbench: Workbench, container: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "labels.json"
    broken.write_text("{", encoding="utf-8")
    async with running() as pilot:
        await press(pilot, "n")
        await paste(pilot, str(container))
        await press(pilot, "down", "down", "down", "down", "down")
        await paste(pilot, str(broken))
        await press(pilot, "ctrl+s")
        assert isinstance(pilot.app.screen, CreateProjectScreen)
        assert "can't be read" in screen_text(pilot)
    assert await workbench.projects() == ()


async def test_a_labels_file_is_looked_for_here_and_beside_the_texts(
    running: Running, container: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    async with running() as pilot:
        await press(pilot, "n")
        await paste(pilot, str(container))
        await press(pilot, *["down"] * 5)
        await paste(pilot, "labels.json")
        await press(pilot, "ctrl+s")
        text = "".join(screen_text(pilot).split())
        assert f"{tmp_path}/labels.json" in text
        assert f"{container}/labels.json" in text
        (container / "labels.json").write_text("{}")
        await press(pilot, "ctrl+s")
        assert "Files that are known" in screen_text(pilot)
        assert "--format" not in screen_text(pilot)
        await press(pilot, "backspace")
        assert "Files that are known" not in screen_text(pilot), "the value that was wrong is another"


async def test_a_project_is_deleted_only_after_a_yes(
    running: Running, workbench: Workbench, container: Path
) -> None:
    await (await make_project(workbench, container)).close()
    async with running() as pilot:
        await press(pilot, "d", "n")
        assert len(await workbench.projects()) == 1
        await press(pilot, "d")
        assert "Delete the project Loans?" in screen_text(pilot)
        await press(pilot, "y")
        assert await workbench.projects() == ()
        assert (container / "agreement1.txt").exists()


async def test_the_question_says_what_goes_with_a_project(
    running: Running, workbench: Workbench, home: Path, container: Path
) -> None:
    session = await make_project(workbench, container, categories=["Lender"])
    one, two = (document(session, f"agreement{number}.txt") for number in (1, 2))
    await session.labeling.add(one, category(session, "Lender"), Span(0, 4))
    await session.labeling.save()
    await session.labeling.add(one, category(session, "Lender"), Span(5, 9))
    await suggest(session, "agreement2.txt", [("Lender", "North Bank", 0.9)])
    other = await home_workbench(home, fixed_surroundings("bob")).open("Loans")
    await other.labeling.add(one, category(session, "Lender"), Span(20, 24))
    await other.labeling.set_flag(two, "look")
    model = home / "projects" / session.project.id / "models" / "first"
    model.mkdir(parents=True)
    (model / "card.json").write_text("{}")
    jobs = home / "projects" / session.project.id / "jobs"
    await FileJobStore(jobs, now).create(JobRequest("j1", JobKind.TRAIN, "bob", now()))
    with FileLock(jobs / "j1" / "lock").held(0.0):  # as its runner does
        async with running() as pilot:
            await press(pilot, "d")
            text = screen_text(pilot)
    assert "3 labels in 1 document" in text
    assert "2 decisions not saved yet (1 of ana, 1 of bob)" in text
    assert "wait for review in 1 document" in text
    assert "1 model" in text
    assert "the running job j1" in text
    assert "documents in the container stay" in text


async def test_a_project_named_on_the_command_line_opens_at_its_document(
    running: Running, workbench: Workbench, container: Path
) -> None:
    await (await make_project(workbench, container)).close()
    async with running(open_project="Loans", document="agreement2.txt") as pilot:
        assert "North Bank lends" in screen_text(pilot)


async def test_a_project_that_is_not_there_is_told_and_the_list_is_shown(running: Running) -> None:
    async with running(open_project="nothing") as pilot:
        assert isinstance(pilot.app.screen, ProjectsScreen)
        assert "There is no project named" in screen_text(pilot)


async def test_a_project_whose_files_are_broken_says_so_in_its_row_only(
    running: Running, workbench: Workbench, container: Path, home: Path
) -> None:
    await (await make_project(workbench, container)).close()
    session = await make_project(workbench, container, name="Zoo")
    await session.close()
    for journal in (home / "projects" / session.project.id / "journal").iterdir():
        journal.write_bytes(b"{broken\n" * 3)
    async with running() as pilot:
        rows = [line for line in screen_text(pilot).split("\n") if " entities " in line]
        loans, zoo = (next(row for row in rows if name in row) for name in ("Loans", "Zoo"))
        assert loans.split()[-3:] == ["3", "0", "0"]
        assert zoo.split()[-1] != "0"


async def test_a_project_that_can_not_be_listed_says_so_when_it_is_chosen(
    running: Running, workbench: Workbench, container: Path, home: Path
) -> None:
    session = await make_project(workbench, container)
    await session.close()
    (home / "projects" / session.project.id / "project.json").write_bytes(b"{broken")
    async with running() as pilot:
        assert session.project.id in screen_text(pilot)
        await press(pilot, "d", "enter")
        assert isinstance(pilot.app.screen, ProjectsScreen)
        assert any("project.json" in note.message for note in pilot.app._notifications)


async def test_what_others_make_and_delete_comes_and_goes_while_the_list_is_shown(
    running: Running, workbench: Workbench, container: Path
) -> None:
    session = await make_project(workbench, container)
    await session.close()
    async with running() as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, ProjectsScreen)
        await (await make_project(workbench, container, name="Zoo")).close()
        await screen.look()
        await settle(pilot)
        assert "Zoo" in screen_text(pilot)
        await workbench.delete(session.project.id)
        await screen.look()
        await settle(pilot)
        assert "Loans" not in screen_text(pilot)
        assert "Zoo" in screen_text(pilot)


async def test_hostile_names_are_shown_as_text(
    running: Running, workbench: Workbench, tmp_path: Path
) -> None:
    name = "[@click=app.quit]x[/] \x1b[2J\u202e"
    hostile = write_documents(tmp_path / "bad", {"[red]a\u009b.txt": "\x1b]52;c;aGk=\x07[b]bold[/b]"})
    await (await make_project(workbench, hostile, name=name, categories=["[red]\x1b[0m"])).close()
    async with running() as pilot:
        text = screen_text(pilot)
        assert "[@click=app.quit]x[/] ␛[2J␣" in text
        await press(pilot, "d")
        assert "Delete the project [@click=app.quit]x[/] ␛[2J␣?" in screen_text(pilot)
        await press(pilot, "n", "enter")
        text = screen_text(pilot)
        for shown in ("[red]a�.txt", "␛]52;c;aGk=␇[b]bold[/b]", "[red]␛[0m"):
            assert shown in text, shown
        assert not {character for character in text if character < " "} - {"\n"}


async def test_a_project_that_was_left_is_forgotten(opened: Opened) -> None:
    async with opened() as pilot:
        session: Any = ref(session_of(pilot))
        await press(pilot, "q")
        assert isinstance(pilot.app.screen, ProjectsScreen)
        # What passes typed keys on to the screen holds it for a moment yet.
        for _ in range(50):
            gc.collect()
            if session() is None:
                break
            await asyncio.sleep(0.02)
        assert session() is None


async def test_the_documents_of_a_project_that_was_left_go_at_once(opened: Opened) -> None:
    gc.collect()
    gc.disable()
    try:
        async with opened() as pilot:
            rows = {id(row) for row in session_of(pilot).rows.values()}
            await press(pilot, "D", "j", "enter", "q")
            assert isinstance(pilot.app.screen, ProjectsScreen)
            left = [each for each in gc.get_objects() if id(each) in rows and isinstance(each, DocumentRow)]
            assert rows
            assert not left
    finally:
        gc.enable()
