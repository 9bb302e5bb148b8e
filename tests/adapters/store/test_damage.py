"""Files beside those of the program, and files that hold what they should not: told with their names."""

from __future__ import annotations

import json
import shutil
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import Bench, key, number, span, whole
from tui_labeler.engine.adapters.store.project_file import edited_in
from tui_labeler.engine.adapters.store.shards import signature
from tui_labeler.engine.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tui_labeler.engine.session import ProjectSession


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def worked(bench: Bench) -> tuple[ProjectSession, Path]:
    """A project of two files of documents with labels in both, folded; and its folder."""
    session = await bench.create(300)
    await session.labeling.add(number(session), key(session, "Person"), span("Ann"))
    await session.labeling.add(number(session, "d0270.txt"), key(session, "Place"), span("Rome"))
    await session.labeling.save()
    await session.store.checkpoint()
    return session, await bench.project_folder()


def changed(path: Path, change: Callable[[Any], object]) -> None:
    """Changes what a JSON file holds."""
    tables = json.loads(path.read_text())
    change(tables)
    path.write_text(json.dumps(tables))


async def test_copies_beside_the_files_are_not_read_and_are_told(bench: Bench) -> None:
    session, folder = await worked(bench)
    shard, journal = folder / "documents" / "0000.json", folder / "journal" / "000000000001.jsonl"
    names = {
        shard: (
            "0000-backup.json",
            "0000.conflict.json",
            "0000 (copy).json",
            "00000.json",
            "7.json",
            "x.txt",
        ),
        journal: ("000000000001 (copy).jsonl", "1.jsonl", "000000000001-old.jsonl", "0000000000001.jsonl"),
    }
    copies = [path.with_name(name) for path, of_it in names.items() for name in of_it]
    for copy in copies:
        shutil.copy(shard if copy.parent == shard.parent else journal, copy)
    again = await bench.session()
    assert whole(again) == whole(session)
    assert [line.seq async for line in again.store.history()] == [
        line.seq async for line in session.store.history()
    ]
    await again.labeling.add(number(session, "d0002.txt"), key(session, "Place"), span("Oslo"))
    await again.store.checkpoint()
    assert whole(await bench.session()) == whole(again)
    assert set(await bench.projects().strays()) == set(map(str, copies))


async def test_what_the_program_itself_puts_beside_its_files_is_no_stray(bench: Bench) -> None:
    session, folder = await worked(bench)
    changed(folder / "documents" / "0001.json", lambda tables: tables["checkpoint"]["1"].update(seq=1))
    assert await bench.workbench().repair(session.project.id)
    assert (folder / "documents" / "0001.json.replaced").exists()
    (folder / "documents" / ".0001.json.1-1.tmp").touch()
    assert await bench.projects().strays() == ()


@pytest.mark.parametrize("content", [b"", b'{"documents": {"250', b'{"documents": {"250": null}}', b"[]"])
async def test_a_file_of_documents_that_cannot_be_read_names_what_mends_it(
    bench: Bench, content: bytes
) -> None:
    session, folder = await worked(bench)
    (folder / "documents" / "0001.json").write_bytes(content)
    with pytest.raises(StorageError, match=r"documents/0001\.json") as told:
        await bench.session()
    assert f"project repair {session.project.id}" in told.value.hint


@pytest.mark.parametrize("kept", ["id", "location", "labels"])
async def test_rows_that_cannot_be_used_name_their_file_and_what_mends_it(bench: Bench, kept: str) -> None:
    session, folder = await worked(bench)
    before = whole(await bench.session())
    path = folder / "documents" / "0001.json"
    row = {"id": 250, "location": "d0250.txt", "labels": {}}
    wrong: dict[str, Any] = {"id": 3, "location": None, "labels": []}
    changed(path, lambda tables: tables["documents"].update({"250": {**row, kept: wrong[kept]}}))
    with pytest.raises(StorageError, match=r"documents/0001\.json, document 250") as told:
        await bench.session()
    assert f"project repair {session.project.id}" in told.value.hint
    # Where the project is open, the file may become what it should not be later.
    with pytest.raises(StorageError, match=r"documents/0001\.json, document 250"):
        await session.labeling.add(250, key(session, "Place"), span("Oslo"))
    (said,) = await bench.workbench().repair(session.project.id)
    assert "0001.json is made anew of the journal" in said
    assert whole(await bench.session()) == before


WRONG: tuple[dict[str, Any], ...] = (
    {"project": {"1": "x"}},
    {"project": {"1": {}}},
    {"project": {}},
    {"project": []},
    {"categories": {"1": {"name": "Person"}}},
    {"categories": {"x": {"id": "c1", "name": "Person"}}},
    {"category_order": {"1": {}}},
    {"category_order": {"1": {"ids": [1]}}},
    {"checkpoint": {"1": {"segment": 1, "offset": -1, "seq": 0}}},
    {"shards": {"0": {}}},
    {"shards": {"0": None}},
    {"shards": {"x": {"seq": 1}}},
)
"""Tables of ``project.json`` that hold what they should not."""


async def test_a_project_file_of_another_shape_is_told_with_its_name_and_stops_no_other(bench: Bench) -> None:
    session, folder = await worked(bench)
    sound = folder.with_name("psound")
    shutil.copytree(folder, sound)
    changed(sound / "project.json", lambda tables: tables["project"]["1"].update(id="psound", name="Sound"))
    content = (folder / "project.json").read_bytes()
    for wrong in WRONG:
        (folder / "project.json").write_bytes(content)
        changed(folder / "project.json", partial(dict.update, **wrong))
        with pytest.raises(StorageError, match=rf"{session.project.id}/project\.json") as told:
            await bench.workbench().open(session.project.id)
        assert told.value.hint, wrong
        assert "Sound" in {project.name for project in await bench.workbench().projects()}, wrong
    assert len((await bench.workbench().open("Sound")).store.state.rows) == 300


@pytest.mark.parametrize("wrong", [{"0": {"as": 1}}, {"x": {"as": "1"}}, {"0": []}])
def test_marks_of_files_that_others_wrote_are_told_where_they_are_none(
    tmp_path: Path, wrong: dict[str, Any]
) -> None:
    with pytest.raises(StorageError, match=r"project\.json, edited: ") as told:
        edited_in(tmp_path, {"edited": wrong})
    assert told.value.hint
    assert edited_in(tmp_path, {"edited": {"3": {"as": "5 7"}}}) == {3: "5 7"}


def of_an_earlier_version(folder: Path, *, names_files: bool) -> None:
    """A project whose files of documents do not say of when they are."""
    for path in (folder / "documents").glob("*.json"):
        changed(path, lambda tables: tables.pop("checkpoint", None))
    if names_files:
        changed(
            folder / "project.json", lambda found: [row.update(seq=0) for row in found["shards"].values()]
        )
    else:
        changed(folder / "project.json", lambda tables: tables.pop("shards"))


@pytest.mark.parametrize("names_files", [True, False])
@pytest.mark.parametrize("folded", [True, False])
async def test_a_file_of_an_earlier_version_that_is_set_back_is_told_once_the_project_was_opened(
    bench: Bench, names_files: bool, folded: bool
) -> None:
    session, folder = await worked(bench)
    path = folder / "documents" / "0001.json"
    of_an_earlier_version(folder, names_files=names_files)
    earlier = path.read_bytes()
    await session.labeling.add(number(session, "d0271.txt"), key(session, "Person"), span("Bob"))
    await session.store.checkpoint()
    of_an_earlier_version(folder, names_files=names_files)
    again = await bench.session()
    if folded:
        # Another file is written: what is known of this one stays known.
        await again.labeling.set_flag(number(again), "look")
        await again.store.checkpoint()
    before = whole(again)
    path.write_bytes(earlier)
    with pytest.raises(StorageError, match=r"0001\.json is older than the project"):
        await bench.session()
    (said,) = await bench.workbench().repair(session.project.id)
    assert "0001.json is made anew" in said
    assert whole(await bench.session()) == before


async def test_what_a_project_of_an_earlier_version_lacks_is_put_down_once(bench: Bench) -> None:
    session, folder = await worked(bench)
    of_an_earlier_version(folder, names_files=True)
    assert whole(await bench.session()) == whole(session)
    tables, known = json.loads((folder / "project.json").read_text()), signature(folder / "project.json")
    assert [row["seq"] for row in tables["shards"].values()] == [
        max(session.store.state.whole(number).revision for number in numbers)
        for numbers in (range(250), range(250, 300))
    ]
    assert whole(await bench.session()) == whole(session)
    assert signature(folder / "project.json") == known
