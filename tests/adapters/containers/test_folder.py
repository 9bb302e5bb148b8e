from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.adapters.containers.contract import ContainerContract, listing
from tui_labeler.engine.adapters import folder
from tui_labeler.engine.adapters.folder import FolderContainer
from tui_labeler.engine.errors import ContainerError, InputError, NotFoundError, OutdatedError


@dataclass
class FolderWorld:
    path: Path

    @property
    def container(self) -> FolderContainer:
        return FolderContainer(self.path)

    async def put(self, files: Mapping[str, bytes]) -> None:
        for name, data in files.items():
            file = self.path / name
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(data)

    async def remove(self, name: str) -> None:
        (self.path / name).unlink()

    async def take_away(self) -> None:
        shutil.rmtree(self.path)


@pytest.fixture
def world(tmp_path: Path) -> FolderWorld:
    path = tmp_path / "documents"
    path.mkdir()
    return FolderWorld(path)


class TestFolder(ContainerContract):
    pass


def bytes_file(world: FolderWorld, name: bytes, data: bytes = b"x") -> None:
    handle = os.open(os.fsencode(world.path) + b"/" + name, os.O_WRONLY | os.O_CREAT, 0o600)
    os.write(handle, data)
    os.close(handle)


async def test_a_name_that_is_not_utf8_is_listed_in_plain_text_and_can_be_read(world: FolderWorld) -> None:
    bytes_file(world, b"caf\xe9.txt", b"latin")
    bytes_file(world, "café.txt".encode(), b"utf-8")
    bytes_file(world, b"caf\\xe9.txt", b"backslash")
    names = {blob.name: blob.is_document for blob in await listing(world.container)}
    assert names == {"caf\\xe9.txt": True, "café.txt": True, "caf\\\\xe9.txt": True}
    assert [await world.container.read(name) for name in sorted(names)] == [b"backslash", b"latin", b"utf-8"]


@pytest.mark.parametrize("name", ["a\\x61.txt", "\\", "\\xff\\x", "a\\b.txt", "\\xC3.txt", "\\xc3\\xa9.txt"])
async def test_a_backslash_that_no_listing_would_give_is_refused(world: FolderWorld, name: str) -> None:
    for raw in (b"aa.txt", b"a\\b.txt", "é.txt".encode()):
        bytes_file(world, raw)
    with pytest.raises(InputError):
        await world.container.read(name)


async def test_a_link_out_of_the_folder_is_no_document_and_is_not_followed(
    world: FolderWorld, tmp_path: Path
) -> None:
    (tmp_path / "secret.txt").write_bytes(b"secret")
    (tmp_path / "documents-not").mkdir()
    (tmp_path / "documents-not" / "b.txt").write_bytes(b"secret")
    (world.path / "out.txt").symlink_to("../secret.txt")
    (world.path / "prefix.txt").symlink_to(tmp_path / "documents-not" / "b.txt")
    (world.path / "gone.txt").symlink_to("nowhere.txt")
    (world.path / "self.txt").symlink_to("self.txt")
    (world.path / "up.txt").symlink_to("..")
    assert [blob.is_document for blob in await listing(world.container)] == [False] * 5
    for name in ("out.txt", "prefix.txt", "gone.txt", "self.txt", "up.txt"):
        with pytest.raises(NotFoundError, match=name):
            await world.container.read(name)


async def test_a_document_is_written_where_the_file_system_has_no_links(
    world: FolderWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*paths: bytes) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr("os.link", no_links)
    await world.container.add("a.txt", b"new")
    with pytest.raises(OutdatedError):
        await world.container.add("a.txt", b"other")
    assert [blob.name for blob in await listing(world.container)] == ["a.txt"]
    assert await world.container.read("a.txt") == b"new"


async def test_a_link_within_the_folder_is_the_file_it_leads_to(world: FolderWorld) -> None:
    await world.put({"sub/real.txt": b"inside"})
    (world.path / "link.txt").symlink_to("sub/real.txt")
    (world.path / "folder.txt").symlink_to("sub")
    found = {blob.name: (blob.is_document, blob.size) for blob in await listing(world.container)}
    assert found["link.txt"] == (True, 6)
    assert not found["folder.txt"][0]
    assert await world.container.read("link.txt") == b"inside"


async def test_the_folder_itself_may_be_a_link(world: FolderWorld, tmp_path: Path) -> None:
    await world.put({"a.txt": b"a"})
    link = tmp_path / "link"
    link.symlink_to(world.path)
    container = FolderContainer(link)
    assert [blob.name for blob in await listing(container)] == ["a.txt"]
    assert await container.read("a.txt") == b"a"


async def test_pipes_and_folders_named_like_documents_are_none_and_block_nobody(world: FolderWorld) -> None:
    os.mkfifo(world.path / "pipe.txt")
    (world.path / "folder.txt").mkdir()
    assert [blob.is_document for blob in await listing(world.container)] == [False, False]
    for name in ("pipe.txt", "folder.txt"):
        with pytest.raises(NotFoundError, match=name):
            await world.container.read(name)


async def test_a_file_in_place_of_the_folder_is_named(world: FolderWorld) -> None:
    await world.put({"a.txt": b"a"})
    container = FolderContainer(world.path / "a.txt")
    with pytest.raises(ContainerError, match="not a folder") as caught:
        await listing(container)
    assert caught.value.hint
    with pytest.raises(ContainerError, match="not a folder"):
        await container.read("a.txt")


async def test_a_permission_denied_names_the_path_and_the_way_out(
    world: FolderWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.put({"a.txt": b"a"})

    def denied(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    # Whoever runs the tests as root is denied nothing, so the system's answer is played.
    monkeypatch.setattr(os, "open", denied)
    monkeypatch.setattr(os, "scandir", denied)
    with pytest.raises(ContainerError, match=r"no permission to read a\.txt in .*documents") as read:
        await world.container.read("a.txt")
    with pytest.raises(ContainerError, match=r"no permission to read .*documents") as listed:
        await listing(world.container)
    assert "chmod" in read.value.hint
    assert "chmod" in listed.value.hint


async def test_a_file_too_large_for_memory_is_refused_with_its_size(
    world: FolderWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder, "LARGEST", 3)
    await world.put({"a.txt": b"123", "b.txt": b"1234"})
    assert await world.container.read("a.txt") == b"123"
    with pytest.raises(ContainerError, match="4 bytes"):
        await world.container.read("b.txt")


async def test_a_long_listing_comes_in_order_over_several_chunks(
    world: FolderWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder, "CHUNK", 7)
    await world.put({f"{n:03}.txt": b"x" * n for n in range(50)})
    assert [(blob.name, blob.size) for blob in await listing(world.container)] == [
        (f"{n:03}.txt", n) for n in range(50)
    ]


async def test_a_file_that_vanishes_while_it_is_listed_is_left_out(
    world: FolderWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder, "CHUNK", 1)
    await world.put({"a.txt": b"a", "b.txt": b"b", "c.txt": b"c"})
    names = []
    async for blob in world.container.blobs():
        names.append(blob.name)
        if blob.name == "a.txt":
            await world.remove("b.txt")
    assert names == ["a.txt", "c.txt"]
