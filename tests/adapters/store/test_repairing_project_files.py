"""What is wrong with a project's own file is told, and made anew of the journal where that holds it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import Bench, key, number, span, whole
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.doctor.projects import check_history, check_names
from tui_labeler.engine.errors import StorageError
from tui_labeler.engine.workbench import set_settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tui_labeler.engine.session import ProjectSession


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def edited(bench: Bench, edit: Callable[[dict[str, Any]], object]) -> tuple[ProjectSession, Path]:
    """A project with labels of two categories, its ``project.json`` edited by hand; and its folder."""
    session = await bench.create(2, categories=("Person", "Place", "Firm"))
    await session.labeling.add(number(session), key(session, "Person"), span("Ann"))
    await session.labeling.add(number(session), key(session, "Place"), span("Rome"))
    await session.labeling.save()
    await session.categories.delete(key(session, "Firm"))
    await session.store.checkpoint()
    folder = await bench.project_folder()
    tables = json.loads((folder / "project.json").read_text())
    edit(tables)
    (folder / "project.json").write_text(json.dumps(tables))
    return session, folder


def without_first_category(tables: dict[str, Any]) -> None:
    del tables["categories"]["1"]


async def test_a_category_that_nobody_deleted_is_told_and_made_anew(bench: Bench) -> None:
    session, _ = await edited(bench, without_first_category)
    (check,) = await check_history(await bench.session())
    assert "nobody has deleted 'Person'" in check.detail
    assert f"project repair {session.project.id}" in check.detail
    (said,) = await bench.workbench().repair(session.project.id)
    assert "has 'Person' again" in said
    mended = await bench.session()
    assert list(mended.store.state.categories.items()) == list(session.store.state.categories.items())
    assert await check_history(mended) == []
    assert await bench.workbench().repair(session.project.id) == ()


async def test_a_name_that_two_categories_have_is_told_until_one_is_renamed(bench: Bench) -> None:
    await edited(bench, lambda tables: tables["categories"]["1"].update(name="Place"))
    session = await bench.session()
    (check,) = await check_names(session)
    assert not check.ok
    assert "2 entities are named 'Place'" in check.detail
    await session.categories.rename(next(iter(session.store.state.categories)), "Person")
    assert await check_names(session) == []


async def test_a_kind_that_was_edited_is_told_until_it_is_put_back(bench: Bench) -> None:
    was = []

    def to_classes(tables: dict[str, Any]) -> None:
        was.append(tables["project"]["1"]["kind"])
        tables["project"]["1"]["kind"] = ProjectKind.SINGLE_LABEL.value

    _, folder = await edited(bench, to_classes)
    (check,) = await check_history(await bench.session())
    assert not check.ok
    assert f"it was made as {was[0]!r}" in check.detail
    path = folder / "project.json"
    path.write_text(path.read_text().replace(ProjectKind.SINGLE_LABEL.value, was[0]))
    assert await check_history(await bench.session()) == []


UNUSABLE: dict[str, Callable[[dict[str, Any]], object]] = {
    "an order of a number": lambda tables: tables["category_order"]["1"]["ids"].append(0),
    "an order that is none": lambda tables: tables["category_order"]["1"].update(ids=0),
    "a category without a name": lambda tables: tables["categories"]["1"].pop("name"),
    "a category with a number": lambda tables: tables["categories"]["1"].update(id=0),
}


@pytest.mark.parametrize("what", UNUSABLE)
async def test_categories_that_cannot_be_used_are_made_anew_of_the_journal(bench: Bench, what: str) -> None:
    session, folder = await edited(bench, UNUSABLE[what])
    before = (folder / "project.json").read_bytes()
    with pytest.raises(StorageError, match=r"project\.json") as told:
        await bench.session()
    assert f"project repair {session.project.id}" in told.value.hint
    (said,) = await bench.workbench().repair(session.project.id)
    assert "project.json is made anew of the journal" in said
    mended = await bench.session()
    assert whole(mended) == whole(session)
    assert list(mended.store.state.categories.items()) == list(session.store.state.categories.items())
    assert (folder / "project.json.replaced").read_bytes() == before


async def test_a_repair_says_so_where_the_journal_does_not_hold_the_categories(bench: Bench) -> None:
    session, folder = await edited(bench, UNUSABLE["a category with a number"])
    segment = folder / "journal" / "000000000001.jsonl"
    segment.write_bytes(b"".join(segment.read_bytes().splitlines(keepends=True)[1:]))
    before = (folder / "project.json").read_bytes()
    with pytest.raises(StorageError, match=r"project\.json, categories"):
        await bench.workbench().repair(session.project.id)
    assert (folder / "project.json").read_bytes() == before


@pytest.mark.parametrize("its_id", ["", "Another", "other"])
async def test_an_id_that_is_not_the_folders_name_is_told_with_the_file(bench: Bench, its_id: str) -> None:
    session, folder = await edited(bench, lambda tables: tables["project"]["1"].update(id=its_id))
    ((name, error),) = await bench.workbench().broken()
    assert name == session.project.id == folder.name
    assert f"{folder / 'project.json'}, project" in error.message
    with pytest.raises(StorageError, match=r"project\.json, project"):
        await bench.workbench().repair(session.project.id)


GONE: dict[str, Callable[[Path], object]] = {
    "gone": lambda folder: (folder / "project.json").unlink(),
    "empty": lambda folder: (folder / "project.json").write_bytes(b""),
    "cut": lambda folder: (folder / "project.json").write_bytes(b'{"checkpoint": {'),
    "without tables": lambda folder: (folder / "project.json").write_bytes(b"{}"),
}


def lose_nothing(folder: Path) -> None:
    """What stands beside the project's own file is there."""


def lose_the_index(folder: Path) -> None:
    (folder / "index.json").unlink()


def lose_documents(folder: Path) -> None:
    (folder / "documents" / "0000.json").unlink()


@pytest.mark.parametrize("also", [lose_nothing, lose_the_index, lose_documents])
@pytest.mark.parametrize("how", GONE)
async def test_a_file_that_says_nothing_is_made_anew_of_the_journal(
    bench: Bench, how: str, also: Callable[[Path], None]
) -> None:
    session, folder = await edited(bench, lambda tables: None)
    await set_settings(session, replace(session.project, description="Who met whom."))
    await session.labeling.add(number(session), key(session, "Person"), span("Bob"))
    await session.store.checkpoint()
    await session.labeling.save()
    GONE[how](folder)
    also(folder)
    with pytest.raises(StorageError, match=r"project\.json") as told:
        await bench.workbench().open(session.project.id)
    assert f"project repair {session.project.id}" in told.value.hint
    said = await bench.workbench().repair(session.project.id)
    assert "project.json is made anew of the journal" in said[0]
    mended = await bench.session()
    assert whole(mended) == whole(session)
    assert mended.project == session.project
    assert list(mended.store.state.categories.items()) == list(session.store.state.categories.items())
    await mended.store.checkpoint()
    assert whole(await bench.session()) == whole(session)
    assert await bench.workbench().repair(session.project.id) == ()


async def test_a_file_that_is_gone_is_told_with_what_is_lost_and_one_of_a_backup_will_do(
    bench: Bench,
) -> None:
    session, folder = await edited(bench, lambda tables: None)
    forget_the_project(folder)
    backup = (folder / "project.json").read_bytes()
    await session.labeling.add(number(session), key(session, "Person"), span("Bob"))
    await session.labeling.save()
    await session.store.checkpoint()
    (folder / "project.json").unlink()
    with pytest.raises(StorageError, match=r"project\.json is missing") as told:
        await bench.workbench().repair(session.project.id)
    assert "name, kind, container, language, description and settings" in told.value.message
    assert "Restore that one file from a backup" in told.value.hint
    (folder / "project.json").write_bytes(backup)
    assert whole(await bench.session()) == whole(session)


def forget_the_project(folder: Path) -> None:
    """Leaves the project out of the journal, as versions did that did not write it there; no byte moves."""
    (segment,) = (folder / "journal").iterdir()
    lines = segment.read_bytes().splitlines(keepends=True)
    for at, line in enumerate(lines):
        found = json.loads(line)
        found["changes"] = [change for change in found["changes"] if change[0] != "project"]
        if len(found["changes"]) < len(json.loads(line)["changes"]):
            shorter = json.dumps(found, separators=(",", ":"), ensure_ascii=False).encode()
            lines[at] = shorter.ljust(len(line) - 1) + b"\n"
    segment.write_bytes(b"".join(lines))
