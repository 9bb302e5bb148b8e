from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.adapters.containers.shelf_contract import NAME, ShelfContract, Shelves, names
from tests.cli.test_permissions import without_privilege
from tests.shelves import FakeShelf, Stored
from tui_labeler.engine.adapters import folder
from tui_labeler.engine.adapters.folder import FolderContainer
from tui_labeler.engine.adapters.folder_shelf import reading, turns
from tui_labeler.engine.adapters.folder_shelf import shelf as folder_shelf
from tui_labeler.engine.adapters.folder_shelf.shelf import FolderShelf
from tui_labeler.engine.errors import ContainerError, NotFoundError, UnreachableError, UnreadableError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path


class TestFakeShelf(ShelfContract):
    @pytest.fixture
    def shelves(self) -> Shelves:
        stored = Stored()
        return lambda: FakeShelf(stored)


class TestFolderShelf(ShelfContract):
    @pytest.fixture
    def shelves(self, tmp_path: Path) -> Shelves:
        return lambda: FolderShelf(tmp_path)


async def test_how_old_a_file_is_goes_by_the_file_system_s_clock(tmp_path: Path) -> None:
    shelf = FolderShelf(tmp_path)
    await shelf.put(NAME, b"x", etag=None)
    path = tmp_path / NAME
    os.utime(path, (path.stat().st_atime, path.stat().st_mtime - 200))
    (found,) = await shelf.dated(".tui-labeler/p1/")
    assert found.age is not None
    assert 200 <= found.age < 260
    assert [path.name for path in (tmp_path / ".tui-labeler").iterdir() if path.name != "p1"] == [".lock"]


async def test_a_file_with_a_time_ahead_of_the_file_systems_clock_is_told_as_that(tmp_path: Path) -> None:
    shelf = FolderShelf(tmp_path)
    await shelf.put(NAME, b"x", etag=None)
    path = tmp_path / NAME
    os.utime(path, (path.stat().st_atime, path.stat().st_mtime + 86400))
    (found,) = await shelf.dated(".tui-labeler/p1/")
    assert found.age is not None
    assert -86400 <= found.age < -86340


async def test_what_stands_on_the_shelf_is_not_listed_among_the_documents(tmp_path: Path) -> None:
    await FolderShelf(tmp_path).put(".tui-labeler/p1/labels/a.txt", b"x", etag=None)
    blobs = [blob async for blob in FolderContainer(tmp_path).blobs()]
    assert blobs == []


def test_four_processes_that_count_at_once_lose_nothing(tmp_path: Path) -> None:
    program = """
import asyncio, sys
from pathlib import Path
from tui_labeler.engine.adapters.folder_shelf.shelf import FolderShelf
from tui_labeler.engine.errors import OutdatedError
async def count(times):
    shelf = FolderShelf(Path(sys.argv[1]))
    while times:
        content, etag = await shelf.get("n")
        try:
            await shelf.put("n", b"%d" % (int(content) + 1), etag=etag)
        except OutdatedError:
            continue
        times -= 1
asyncio.run(count(25))
"""
    (tmp_path / "n").write_bytes(b"0")
    running = [subprocess.Popen([sys.executable, "-c", program, str(tmp_path)]) for _ in range(4)]
    assert [process.wait(timeout=60) for process in running] == [0, 0, 0, 0]
    assert (tmp_path / "n").read_bytes() == b"100"


async def test_what_a_crash_left_half_written_is_no_file_and_stops_nobody(tmp_path: Path) -> None:
    shelf = FolderShelf(tmp_path)
    etag = await shelf.put(NAME, b"one", etag=None)
    (tmp_path / NAME).with_name(".writing.tmp").write_bytes(b"tw")
    assert await names(shelf, ".tui-labeler/") == [NAME]
    await shelf.put(NAME, b"two", etag=etag)
    assert (await shelf.get(NAME))[0] == b"two"


OTHER = ".tui-labeler/p1/labels/b.txt.json"


async def test_a_file_that_is_too_large_is_listed_beside_others_and_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = FolderShelf(tmp_path)
    await shelf.put(OTHER, b"x", etag=None)
    before = await shelf.put(NAME, b"123", etag=None)
    monkeypatch.setattr(reading, "LARGEST", 3)
    (tmp_path / NAME).write_bytes(b"1234")
    marks = {blob.name: blob.etag async for blob in shelf.files("")}
    assert marks.keys() == {NAME, OTHER}
    assert marks[NAME] not in ("", before)
    with pytest.raises(UnreadableError, match="4 bytes; at most 3"):
        await shelf.get(NAME)
    assert (await shelf.get(OTHER))[0] == b"x"
    (tmp_path / NAME).write_bytes(b"123")
    assert before in [blob.etag async for blob in shelf.files("")]


def test_a_file_that_others_keep_to_themselves_is_listed_beside_others_and_told(tmp_path: Path) -> None:
    async def look() -> dict[str, str]:
        shelf = FolderShelf(tmp_path)
        with pytest.raises(UnreadableError, match="no permission to read"):
            await shelf.get(NAME)
        return {blob.name: blob.etag async for blob in shelf.files("")}

    asyncio.run(FolderShelf(tmp_path).put(OTHER, b"x", etag=None))
    mark = asyncio.run(FolderShelf(tmp_path).put(NAME, b"x", etag=None))
    (tmp_path / NAME).chmod(0o000)
    with without_privilege():
        found = asyncio.run(look())
    assert found.keys() == {NAME, OTHER}
    assert found[OTHER] == mark != found[NAME]


@pytest.mark.parametrize("kind", ["a pipe", "a link", "a hard link", "a folder"])
async def test_what_others_put_in_the_way_of_writing_is_never_written_through(
    tmp_path: Path, kind: str
) -> None:
    root, mine = tmp_path / "root", tmp_path / "mine"
    held: list[int] = []
    root.mkdir()
    mine.write_bytes(b"mine")
    shelf = FolderShelf(root)
    etag = await shelf.put(NAME, b"one", etag=None)
    for place in ((root / NAME).with_name(".writing.tmp"), root / ".tui-labeler" / ".writing.tmp"):
        if kind == "a pipe":
            os.mkfifo(place)
            # Whoever writes into it need not wait: nothing here can hang.
            held.append(os.open(place, os.O_RDWR))
        elif kind == "a link":
            place.symlink_to(mine)
        elif kind == "a hard link":
            place.hardlink_to(mine)
        else:
            place.mkdir()
    if kind == "a folder":
        with pytest.raises(ContainerError):
            await shelf.put(NAME, b"two", etag=etag)
        return
    assert (await shelf.dated(".tui-labeler/p1/"))[0].etag == etag
    await shelf.put(NAME, b"two", etag=etag)
    assert (await shelf.get(NAME))[0] == b"two"
    for handle in held:
        os.close(handle)
    assert mine.read_bytes() == b"mine"


def test_a_lock_that_is_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / ".tui-labeler").mkdir()
    os.mkfifo(tmp_path / ".tui-labeler" / ".lock")
    program = """
import asyncio, sys
from pathlib import Path
from tui_labeler.engine.adapters.folder_shelf.shelf import FolderShelf
asyncio.run(FolderShelf(Path(sys.argv[1])).put("n", b"one", etag=None))
"""
    # A process of its own: a thread that waits for a pipe can't be ended.
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True, timeout=60)
    assert (tmp_path / "n").read_bytes() == b"one"


@pytest.mark.parametrize("name", [NAME, "labels.json"])
@pytest.mark.parametrize(("linked", "what"), [(".tui-labeler/.lock", "file"), (".tui-labeler", "folder")])
@pytest.mark.parametrize("leads_on", [True, False])
async def test_a_link_in_the_place_of_the_lock_or_its_folder_is_told_as_that(
    tmp_path: Path, name: str, linked: str, what: str, leads_on: bool
) -> None:
    root, elsewhere = tmp_path / "root", tmp_path / "elsewhere"
    (root / linked).parent.mkdir(parents=True)
    if leads_on:
        elsewhere.mkdir() if what == "folder" else elsewhere.write_bytes(b"mine")
    (root / linked).symlink_to(elsewhere)
    with pytest.raises(ContainerError, match="is a link, and links are not followed there") as told:
        await FolderShelf(root).put(name, b"one", etag=None)
    assert told.value.hint == f"Put a {what} in its place."
    assert not (root / name).exists()
    assert not elsewhere.is_dir() or list(elsewhere.iterdir()) == []


@pytest.mark.parametrize("above", [1, 2])
@pytest.mark.parametrize("call", ["a new file", "a file anew", "removing"])
async def test_a_link_that_is_put_there_while_the_lock_is_waited_for_leads_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, above: int
) -> None:
    root = tmp_path / "root"
    root.mkdir()
    shelf = FolderShelf(root)
    etag = await shelf.put(NAME, b"one", etag=None)
    linked, elsewhere = (root / NAME).parents[above - 1], tmp_path / "elsewhere"
    wait = turns._lock

    def swapped(handle: int, path: Path) -> None:
        wait(handle, path)
        shutil.copytree(linked, elsewhere)
        (elsewhere / ".writing.tmp").write_bytes(b"mine")
        linked.rename(tmp_path / "away")
        linked.symlink_to(elsewhere)

    monkeypatch.setattr(turns, "_lock", swapped)
    calls: dict[str, Callable[[], Awaitable[object]]] = {
        "a new file": lambda: shelf.put(f"{NAME}2", b"two", etag=None),
        "a file anew": lambda: shelf.put(NAME, b"two", etag=etag),
        "removing": lambda: shelf.remove(NAME, etag=etag),
    }
    with pytest.raises(ContainerError, match=f"{linked} is a link, and links are not followed there"):
        await calls[call]()
    files = [path for path in elsewhere.rglob("*") if path.is_file()]
    found = {path.relative_to(elsewhere).as_posix(): path.read_bytes() for path in files}
    inside = (root / NAME).relative_to(linked).as_posix()
    assert found == {inside: b"one", ".writing.tmp": b"mine"}


async def test_a_link_that_is_put_there_while_files_are_listed_leads_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, elsewhere = tmp_path / "root", tmp_path / "elsewhere"
    root.mkdir()
    await FolderShelf(root).put(NAME, b"one", etag=None)
    labels = (root / NAME).parent
    listed = reading.names_of

    def swapped(path: Path, prefix: str) -> list[str]:
        names = listed(path, prefix)
        labels.rename(elsewhere)
        labels.symlink_to(elsewhere)
        return names

    monkeypatch.setattr(folder_shelf, "names_of", swapped)
    with pytest.raises(ContainerError, match="is a link"):
        await names(FolderShelf(root), ".tui-labeler/")


async def test_a_document_behind_a_link_is_read_inside_the_container_whatever_is_put_there_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, elsewhere = tmp_path / "root", tmp_path / "elsewhere"
    (root / "sub").mkdir(parents=True)
    (root / "sub" / "real.txt").write_bytes(b"inside")
    (root / "a.txt").symlink_to("sub/real.txt")
    elsewhere.mkdir()
    (elsewhere / "real.txt").write_bytes(b"secret")
    assert await FolderContainer(root).read("a.txt") == b"inside"
    look = folder._inside

    def swapped(real_root: bytes, path: bytes) -> bytes | None:
        real = look(real_root, path)
        (root / "sub").rename(tmp_path / "away")
        (root / "sub").symlink_to(elsewhere)
        return real

    monkeypatch.setattr(folder, "_inside", swapped)
    with pytest.raises(NotFoundError, match="leads outside"):
        await FolderContainer(root).read("a.txt")


async def test_a_folder_in_the_place_of_a_file_is_told_as_that_file_s(tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir(parents=True)
    with pytest.raises(UnreadableError, match="is a folder"):
        await FolderShelf(tmp_path).put(NAME, b"one", etag=None)


async def test_a_folder_in_the_place_of_what_is_written_is_told_as_its_own(tmp_path: Path) -> None:
    (tmp_path / NAME).with_name(".writing.tmp").mkdir(parents=True)
    folder = (tmp_path / NAME).parent.name
    with pytest.raises(ContainerError, match=rf"^{re.escape(folder)}/\.writing\.tmp in "):
        await FolderShelf(tmp_path).put(NAME, b"one", etag=None)


async def test_folders_within_folders_without_end_stop_nobody(tmp_path: Path) -> None:
    shelf = FolderShelf(tmp_path)
    await shelf.put(NAME, b"x", etag=None)
    top, inner = tmp_path / ".tui-labeler" / "p1" / "a", tmp_path / "inner"
    # From within outwards, and back: neither a path nor a stack holds so many.
    for _ in range(1500):
        if top.exists():
            top.rename(inner)
        top.mkdir()
        if inner.exists():
            inner.rename(top / "a")
        else:
            (top / "deep.json").write_bytes(b"x")
    try:
        assert await names(shelf, "") == [NAME]
    finally:
        for _ in range(1500):
            if (top / "a").exists():
                (top / "a").rename(inner)
            (top / "deep.json").unlink(missing_ok=True)
            top.rmdir()
            if inner.exists():
                inner.rename(top)


async def test_a_link_leads_nowhere(tmp_path: Path) -> None:
    root, outside = tmp_path / "documents", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (outside / "project.json").write_text("{}")
    (root / ".tui-labeler").mkdir()
    (root / ".tui-labeler" / "p1").symlink_to(outside)
    (root / "labels.json").symlink_to(outside / "project.json")
    shelf = FolderShelf(root)
    assert await names(shelf, "") == []
    with pytest.raises(ContainerError, match="link"):
        await shelf.get(".tui-labeler/p1/project.json")
    with pytest.raises(ContainerError, match="link"):
        await shelf.put(".tui-labeler/p1/new.json", b"x", etag=None)
    assert sorted(path.name for path in outside.iterdir()) == ["project.json"]


async def test_a_folder_that_is_gone_is_unreachable_and_not_made(tmp_path: Path) -> None:
    root = tmp_path / "documents"
    root.mkdir()
    shelf = FolderShelf(root)
    etag = await shelf.put(NAME, b"x", etag=None)
    shutil.rmtree(root)
    for call in (shelf.get(NAME), shelf.put(NAME, b"y", etag=etag), shelf.put(NAME, b"y", etag=None)):
        with pytest.raises(UnreachableError, match="no folder"):
            await call
    with pytest.raises(UnreachableError):
        await names(shelf, "")
    assert not root.exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_only_be_read_says_so(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(ContainerError, match="permission") as caught:
        asyncio.run(FolderShelf(tmp_path).put(NAME, b"x", etag=None))
    tmp_path.chmod(0o700)
    assert "write" in caught.value.hint
