from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tui_labeler.domain.items import Key
from tui_labeler.engine.adapters.store.files import names_in
from tui_labeler.engine.adapters.store.shards import SHARD_SIZE
from tui_labeler.engine.adapters.store.sync_base import FileSyncBase
from tui_labeler.engine.errors import DeletedError, LockedError, StorageError
from tui_labeler.engine.ports.sharing import Agreed, AgreedProject, Mark

if TYPE_CHECKING:
    from pathlib import Path

A, B, FLAG = Key("label", "a"), Key("label", "b"), Key("field", "flag")

LABEL = {
    "category": "c",
    "span": {"start": 0, "end": 3},
    "origin": "person",
    "made": {"actor": "a", "time": ""},
}


def agreed(number: int, flag: str = "x") -> Agreed:
    base = {A: LABEL, FLAG: "x"}
    return Agreed(f"d{number}.txt.json", f"0x{number}", number + 10, base, {**base, FLAG: flag})


async def test_what_was_put_is_there_for_whoever_opens_it_next(tmp_path: Path) -> None:
    base = FileSyncBase(tmp_path / "sync")
    items = {0: agreed(0), 1: agreed(1, flag="y"), SHARD_SIZE: agreed(SHARD_SIZE)}
    await base.put(items)
    for each in (base, FileSyncBase(tmp_path / "sync")):
        assert await each.agreed([0, 1, 7, SHARD_SIZE]) == items
        assert await each.marks() == {number: item.mark for number, item in items.items()}
    assert items[1].mark == Mark("d1.txt.json", "0x1", 11, True)


async def test_what_the_container_lacks_or_has_besides_is_kept(tmp_path: Path) -> None:
    base = FileSyncBase(tmp_path / "sync")
    one = Agreed("a.json", "", -1, {A: LABEL}, {B: {**LABEL, "category": "d"}})
    await base.put({3: one})
    assert await base.agreed([3]) == {3: one}


async def test_the_index_follows_the_files_and_may_be_lost_or_broken(tmp_path: Path) -> None:
    base = FileSyncBase(tmp_path / "sync")
    await base.put({0: agreed(0), SHARD_SIZE: agreed(1)})
    await base.marks()
    await base.put({0: agreed(5)})
    expected = {0: agreed(5).mark, SHARD_SIZE: agreed(1).mark}
    assert await base.marks() == expected
    for content in (b"", b"\xff", b'{"0": 3}', b"{}"):
        (tmp_path / "sync" / "index.json").write_bytes(content)
        assert await FileSyncBase(tmp_path / "sync").marks() == expected


async def test_a_new_base_is_empty_and_leaves_no_trace(tmp_path: Path) -> None:
    base = FileSyncBase(tmp_path / "sync")
    assert await base.marks() == {}
    assert await base.agreed([1]) == {}
    assert await base.project() == AgreedProject()
    assert names_in(tmp_path) == []


async def test_the_project_is_kept(tmp_path: Path) -> None:
    base = FileSyncBase(tmp_path / "sync")
    project = AgreedProject(
        7, "0x1", {A: {"name": "N"}}, {A: {"name": "M"}}, ("a", "b"), {"f": ("0x2", "f", "odd")}, {"k": [1]}
    )
    await base.put_project(project)
    assert await FileSyncBase(tmp_path / "sync").project() == project


async def test_one_sync_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui_labeler.engine.adapters.store.sync_base.PATIENCE", 0.05)
    one, other = FileSyncBase(tmp_path / "sync"), FileSyncBase(tmp_path / "sync")
    async with one.held():
        with pytest.raises(LockedError, match="already"):
            async with other.held():
                raise AssertionError("two at once")
    async with other.held():
        pass


async def test_a_file_that_is_damaged_says_what_to_do(tmp_path: Path) -> None:
    base = FileSyncBase(tmp_path / "sync")
    await base.put({0: agreed(0)})
    path = tmp_path / "sync" / "documents" / "0000.json"
    path.write_text('{"documents": {"0": {"name": 3}}}')
    with pytest.raises(StorageError) as caught:
        await base.agreed([0])
    assert "sync" in caught.value.hint


@pytest.mark.parametrize("value", [None, 0, {}, "x", {"name": []}, {**LABEL, "span": 3}])
@pytest.mark.parametrize("table", ["label", "suggestion", "to_place"])
async def test_an_item_of_a_document_that_is_none_is_told_with_its_file(
    tmp_path: Path, table: str, value: object
) -> None:
    base = FileSyncBase(tmp_path / "sync")
    await base.put({3: agreed(3)})
    path = tmp_path / "sync" / "documents" / "0000.json"
    found = json.loads(path.read_text())
    found["documents"]["3"]["base"] = {table: {"a": value}}
    path.write_text(json.dumps(found))
    with pytest.raises(StorageError, match=r"0000\.json, document 3: field ") as caught:
        await base.agreed([3])
    assert "folder `sync`" in caught.value.hint


@pytest.mark.parametrize("table", ["base", "differs", "wanted"])
@pytest.mark.parametrize("value", [0, {}, "x", {"name": []}, [None]])
async def test_an_item_of_a_project_that_is_none_is_told_with_its_file(
    tmp_path: Path, table: str, value: object
) -> None:
    base = FileSyncBase(tmp_path / "sync")
    await base.put_project(AgreedProject(7, base={Key("category", "c"): {"name": "Town"}}))
    path = tmp_path / "sync" / "project.json"
    found = json.loads(path.read_text())
    found["project"]["1"][table] = {"category": {"c": value}}
    path.write_text(json.dumps(found))
    with pytest.raises(StorageError, match=r"project\.json: field categor") as caught:
        await base.project()
    assert "folder `sync`" in caught.value.hint


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[]", b'{"documents": 3}'])
async def test_a_file_that_is_cut_or_no_json_says_that_the_folder_may_go(
    tmp_path: Path, content: bytes
) -> None:
    base = FileSyncBase(tmp_path / "sync")
    await base.put({0: agreed(0)})
    for path in (tmp_path / "sync" / "documents" / "0000.json", tmp_path / "sync" / "project.json"):
        path.write_bytes(content)
    for read in (base.marks(), base.agreed([0]), base.project()):
        with pytest.raises(StorageError) as caught:
            await read
        assert "folder `sync`" in caught.value.hint


async def test_nothing_is_written_for_a_project_that_is_gone(tmp_path: Path) -> None:
    base = FileSyncBase(tmp_path / "gone" / "sync")
    with pytest.raises(DeletedError):
        await base.put({0: agreed(0)})
    assert names_in(tmp_path) == []
