"""A name in a container stands for one project, however its making was interrupted."""

from __future__ import annotations

import asyncio
import itertools
import json
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from tests.fakes import FakeClock, home_workbench, make_project, write_documents
from tests.shelves import FakeShelf, Stored
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.errors import FormatError, InputError, LabelerError
from tui_labeler.engine.ports import Surroundings
from tui_labeler.engine.sharing.joining import UNFINISHED, claim
from tui_labeler.engine.sharing.project_form import claim_file

if TYPE_CHECKING:
    from pathlib import Path

    from tui_labeler.engine.workbench import Workbench

ENTITIES, CLASSES = ProjectKind.ENTITIES, ProjectKind.SINGLE_LABEL
NUMBERS = itertools.count()
KINDS = pytest.mark.parametrize("kind", [ENTITIES, CLASSES])
CALLS = 12
"""More than making a project takes."""


class Dying(FakeShelf):
    """A shelf whose user dies at a call, before or after it took effect."""

    dies_at = CALLS
    user: asyncio.Task[object] | None = None

    def _called(self, what: str) -> bool:
        if self.calls == self.dies_at and self.user is not None:
            self.user.cancel()
        return super()._called(what)


def bench(tmp_path: Path, name: str, shelf: FakeShelf) -> Workbench:
    around = Surroundings(name, FakeClock(), lambda: f"{name}{next(NUMBERS):04}", "host7")
    return home_workbench(tmp_path / name, around, shelf)


async def make(
    tmp_path: Path, name: str, stored: Stored, kind: ProjectKind = ENTITIES, shelf: FakeShelf | None = None
) -> str:
    """Makes the project as somebody; returns its id."""
    documents = write_documents(tmp_path / "texts", {"a.txt": "Ann met Bob in Rome."})
    session = await make_project(
        bench(tmp_path, name, shelf or FakeShelf(stored)), documents, kind, categories=["Person"]
    )
    assert session.sharing is not None
    await session.sharing.sync()
    await session.close()
    return session.project.id


def projects_in(stored: Stored) -> dict[str, str]:
    """Id and kind of the projects whose file the container holds."""
    return {
        name.split("/")[1]: json.loads(content)["kind"]
        for name, (content, _) in stored.files.items()
        if name.endswith("/project.json")
    }


def claimed(stored: Stored) -> str:
    return str(json.loads(stored.files[claim_file("Loans")][0])["id"])


@KINDS
@pytest.mark.parametrize("written_though", [False, True])
@pytest.mark.parametrize("at", range(CALLS))
async def test_a_creation_whose_line_breaks_at_any_call_is_made_by_its_maker_again(
    tmp_path: Path, at: int, written_though: bool, kind: ProjectKind
) -> None:
    stored = Stored()
    with suppress(LabelerError):
        await make(
            tmp_path, "ana", stored, shelf=FakeShelf(stored, fail_at=at, written_though=written_though)
        )
    await _made_again(tmp_path, stored, kind)


@KINDS
@pytest.mark.parametrize("at", range(CALLS))
async def test_a_creation_that_dies_at_any_call_is_made_by_its_maker_again(
    tmp_path: Path, at: int, kind: ProjectKind
) -> None:
    stored = Stored()
    shelf = Dying(stored)
    shelf.dies_at = at
    shelf.user = asyncio.ensure_future(make(tmp_path, "ana", stored, shelf=shelf))
    await asyncio.wait([shelf.user])
    await _made_again(tmp_path, stored, kind)


async def _made_again(tmp_path: Path, stored: Stored, kind: ProjectKind) -> None:
    """Where there is no project in the home, its maker makes it anew, of whatever kind."""
    here = await bench(tmp_path, "ana", FakeShelf(stored)).projects()
    if not here:
        if not projects_in(stored):
            made = await make(tmp_path, "ana", stored, kind)
            assert projects_in(stored) == {made: kind.value}
    else:
        session = await bench(tmp_path, "ana", FakeShelf(stored)).open("Loans")
        assert session.sharing is not None
        await session.sharing.sync()
        await session.close()
    assert list(projects_in(stored)) == [claimed(stored)]
    there = ProjectKind(projects_in(stored)[claimed(stored)])
    assert await make(tmp_path, "bo", stored, there) == claimed(stored)
    assert len(projects_in(stored)) == 1


async def test_an_unfinished_claim_of_somebody_else_is_joined_or_taken_over_once_it_is_old(
    tmp_path: Path,
) -> None:
    stored = Stored()
    first = await claim(FakeShelf(stored), "Loans", ENTITIES, "p1", "ana@host1")
    assert (first.id, first.joined) == ("p1", False)
    joined = await claim(FakeShelf(stored), "Loans", ENTITIES, "p2", "bo@host2")
    assert (joined.id, joined.joined) == ("p1", True)
    stored.now += UNFINISHED - 1
    with pytest.raises(InputError, match="just making"):
        await claim(FakeShelf(stored), "Loans", CLASSES, "p2", "bo@host2")
    stored.now += 1
    taken = await claim(FakeShelf(stored), "Loans", CLASSES, "p2", "bo@host2")
    assert (taken.id, taken.joined) == ("p1", False)
    with pytest.raises(InputError, match="just making"):
        await claim(FakeShelf(stored), "Loans", ENTITIES, "p1", "ana@host1")


async def test_two_who_go_on_with_an_old_claim_at_once_make_one_project(tmp_path: Path) -> None:
    stored = Stored()
    await claim(FakeShelf(stored), "Loans", ProjectKind.MULTI_LABEL, "p1", "ana@host1")
    stored.now += UNFINISHED
    results = await asyncio.gather(
        make(tmp_path, "bo", stored, ENTITIES), make(tmp_path, "cy", stored, CLASSES), return_exceptions=True
    )
    assert sorted(str(type(found).__name__) for found in results) == ["InputError", "str"]
    assert list(projects_in(stored)) == ["p1"]


async def test_a_maker_who_comes_back_to_a_name_that_went_to_others_makes_no_second_project(
    tmp_path: Path,
) -> None:
    stored = Stored()
    # The claim and the documents get through, sharing does not.
    lost = FakeShelf(stored, fail_at=3)
    with pytest.raises(LabelerError):
        await make(tmp_path, "ana", stored, ENTITIES, lost)
    assert projects_in(stored) == {}
    stored.now += UNFINISHED
    made = await make(tmp_path, "bo", stored, CLASSES)
    session = await bench(tmp_path, "ana", FakeShelf(stored)).open("Loans")
    assert session.sharing is not None
    with pytest.raises(InputError) as refused:
        await session.sharing.sync()
    assert "Export your labels" in refused.value.hint
    assert projects_in(stored) == {made: CLASSES.value}
    await session.close()


@pytest.mark.parametrize("project_id", ["..", ".", ".hidden", "../../elsewhere", "/etc", "a/b", ""])
async def test_a_name_that_stands_for_no_plain_folder_is_refused(project_id: str) -> None:
    stored = Stored()
    row = {"version": 1, "id": project_id, "name": "Loans", "kind": ENTITIES.value, "by": "bo"}
    await FakeShelf(stored).put(claim_file("Loans"), json.dumps(row).encode(), etag=None)
    with pytest.raises(FormatError, match="names no project"):
        await claim(FakeShelf(stored), "Loans", ENTITIES, "new")
