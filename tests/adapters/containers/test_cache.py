"""Texts of a container on this machine's disk."""

from __future__ import annotations

import asyncio
import errno
import os
import threading
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from tests.adapters.containers.contract import ContainerContract, listing
from tests.adapters.containers.test_blob import BlobWorld, blobs_at
from tui_labeler.engine.adapters.blob.cache import CachedContainer
from tui_labeler.engine.adapters.text_cache import TextCache
from tui_labeler.engine.documents.decoding import text_hash
from tui_labeler.engine.errors import UnreachableError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.azurite import Azurite


@dataclass
class Known:
    """What a project knows of its documents' texts."""

    hashes: dict[str, str] = field(default_factory=dict)
    needed: list[tuple[str, str]] = field(default_factory=list)

    def of(self, name: str) -> str:
        return self.hashes.get(name, "")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "project").mkdir()
    return tmp_path / "project" / "cache"


@pytest.fixture
def known() -> Known:
    return Known()


@pytest.fixture
async def world(azurite: Azurite, folder: Path, known: Known) -> AsyncIterator[BlobWorld]:
    async with azurite.new_container() as client:
        inner = blobs_at(azurite, client.container_name)
        cached = CachedContainer(inner, TextCache(folder, 10**9), known.of, lambda: known.needed)
        yield BlobWorld(azurite, client, cached)
        await cached.close()


class TestCachedContainer(ContainerContract):
    pass


def version(name: str, data: bytes) -> tuple[str, str]:
    return name, text_hash(data)


def files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


# --- the files --------------------------------------------------------------------------------------------


def test_a_version_is_kept_under_its_name_and_hash_for_its_owner_alone(folder: Path) -> None:
    cache = TextCache(folder, 1000)
    cache.put("a.txt", b"one")
    cache.put("a.txt", b"two")
    assert cache.get(version("a.txt", b"one")) == b"one"
    assert cache.get(version("a.txt", b"two")) == b"two"
    assert cache.get(version("b.txt", b"one")) is None
    modes = {path.stat().st_mode & 0o777 for path in files_in(folder)}
    assert modes == {0o600}
    assert {path.parent.stat().st_mode & 0o777 for path in files_in(folder)} == {0o700}


@pytest.mark.parametrize("damage", [b"", b"onE", b"one and more"])
def test_a_file_that_is_not_what_it_should_be_is_not_there(folder: Path, damage: bytes) -> None:
    cache = TextCache(folder, 1000)
    cache.put("a.txt", b"one")
    [path] = files_in(folder)
    path.write_bytes(damage)
    assert cache.get(version("a.txt", b"one")) is None
    assert files_in(folder) == []
    cache.put("a.txt", b"one")
    assert cache.get(version("a.txt", b"one")) == b"one"


def test_what_was_not_used_for_longest_goes_first_and_what_is_needed_stays(folder: Path) -> None:
    cache = TextCache(folder, 50)
    for number in range(6):
        cache.put(f"{number}.txt", b"%d" % number * 10)
        path = next(path for path in files_in(folder) if path.read_bytes() == b"%d" % number * 10)
        os.utime(path, (number, number))
    before = cache.is_too_full
    # Used just now.
    assert cache.get(version("1.txt", b"1" * 10))
    cache.clear([version("0.txt", b"0" * 10)])
    assert (before, cache.is_too_full) == (True, False)
    left = sorted(path.read_bytes()[:1] for path in files_in(folder))
    assert left == [b"0", b"1", b"4", b"5"]


def test_another_process_counts_what_is_there_already(folder: Path) -> None:
    TextCache(folder, 50).put("a.txt", b"x" * 40)
    cache = TextCache(folder, 50)
    cache.put("b.txt", b"y" * 40)
    assert cache.is_too_full


def test_a_file_that_another_session_lets_go_of_hides_no_other(folder: Path) -> None:
    first = TextCache(folder, 15)
    for name in ("a.txt", "b.txt"):
        first.put(name, name.encode() * 2)
    for place in {path.parent for path in files_in(folder)}:
        # A listing may still name what is gone when it is looked at.
        (place / "0").symlink_to(place / "nowhere")
    second = TextCache(folder, 15)
    second.put("c.txt", b"c")
    assert second.is_too_full


def test_a_project_that_is_gone_is_not_made_anew(folder: Path) -> None:
    folder.parent.rmdir()
    TextCache(folder, 50).put("a.txt", b"one")
    assert not folder.parent.exists()


# --- the container ----------------------------------------------------------------------------------------


async def test_a_text_that_is_known_is_read_without_the_server(world: BlobWorld, known: Known) -> None:
    await world.put({"a.txt": b"one", "b.txt": b"two"})
    await world.container.fetch("a.txt")
    known.hashes = {"a.txt": text_hash(b"one"), "b.txt": text_hash(b"two")}
    await world.take_away()
    assert await world.container.read("a.txt") == b"one"
    with pytest.raises(UnreachableError):
        await world.container.read("b.txt")


async def test_the_version_that_the_project_knows_is_read_until_it_learns_of_another(
    world: BlobWorld, known: Known
) -> None:
    await world.put({"a.txt": b"one"})
    await world.container.fetch("a.txt")
    known.hashes = {"a.txt": text_hash(b"one")}
    await world.put({"a.txt": b"two"})
    assert await world.container.read("a.txt") == b"one"
    assert (await world.container.fetch("a.txt"))[0] == b"two"
    known.hashes = {"a.txt": text_hash(b"two")}
    assert await world.container.read("a.txt") == b"two"
    assert await world.container.earlier("a.txt", text_hash(b"one")) == b"one"


async def test_a_full_disk_keeps_no_text_from_being_read_and_is_told_once(
    world: BlobWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    await world.put({"a.txt": b"one", "b.txt": b"two"})
    monkeypatch.setattr(TextCache, "put", full)
    assert await world.container.read("a.txt") == b"one"
    assert await world.container.read("b.txt") == b"two"
    [note] = world.container.notes()
    assert "No space left" in note
    assert world.container.notes() == ()


async def test_a_full_disk_is_told_once_where_several_texts_are_kept_at_once(
    world: BlobWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = threading.Barrier(2, timeout=20)

    def full() -> OSError:
        return OSError(errno.ENOSPC, "No space left on device")

    def once_more(*_: object) -> None:
        both.wait()
        raise full()

    for name in ("a.txt", "b.txt"):
        await world.client.upload_blob(name, b"text")
    monkeypatch.setattr(TextCache, "put_all", lambda cache, texts: [full() for _ in texts])
    monkeypatch.setattr(TextCache, "put", once_more)
    one, two = await asyncio.gather(world.container.read("a.txt"), world.container.read("b.txt"))
    assert one == two == b"text"
    assert len(world.container.notes()) == 1


async def test_a_cache_that_is_full_of_what_is_needed_takes_no_more_and_says_so(
    azurite: Azurite, folder: Path
) -> None:
    async with azurite.new_container() as client:
        needed = [version(f"{number}.txt", b"x" * 40) for number in range(3)]
        inner = blobs_at(azurite, client.container_name)
        cached = CachedContainer(inner, TextCache(folder, 100), lambda name: "", lambda: needed)
        for name, _ in [*needed, ("more.txt", "")]:
            await client.upload_blob(name, b"x" * 40)
            assert await cached.read(name) == b"x" * 40
        assert len(files_in(folder)) == 3
        assert "cache_mb" in cached.notes()[0]
        assert len(await listing(cached)) == 4
        await cached.close()


async def test_an_opened_text_stays_in_a_cache_that_is_full_of_what_is_needed(
    azurite: Azurite, folder: Path, known: Known
) -> None:
    async with azurite.new_container() as client:
        needed = [version(f"{number}.txt", b"x" * 40) for number in range(3)]
        inner = blobs_at(azurite, client.container_name)
        cached = CachedContainer(inner, TextCache(folder, 100), known.of, lambda: needed)
        for name in ("0.txt", "1.txt", "2.txt", "open.txt", "passing.txt"):
            await client.upload_blob(name, name.encode() + b"x" * 40)
        for number in range(3):
            needed[number] = version(f"{number}.txt", b"%d.txt" % number + b"x" * 40)
            await cached.read(f"{number}.txt")
        cached.hold("open.txt")
        for name in ("open.txt", "passing.txt"):
            data = await cached.read(name)
            known.hashes[name] = text_hash(data)
        assert await cached.earlier("open.txt", known.of("open.txt")) is not None
        assert await cached.earlier("passing.txt", known.of("passing.txt")) is None
        await cached.close()


async def test_a_text_that_is_needed_takes_the_room_of_others_on_a_full_disk(
    world: BlobWorld, known: Known, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.put({"a.txt": b"one", "b.txt": b"two"})
    await world.container.read("a.txt")
    put, refused = TextCache.put, []

    def full(cache: TextCache, name: str, data: bytes) -> None:
        if len(files_in(folder)) >= 1:
            refused.append(name)
            raise OSError(errno.ENOSPC, "No space left on device")
        put(cache, name, data)

    monkeypatch.setattr(TextCache, "put", full)
    known.needed = [version("b.txt", b"two")]
    assert await world.container.lacking() == (version("b.txt", b"two"),)
    await world.container.read("b.txt")
    assert refused == ["b.txt"]
    assert await world.container.lacking() == ()
    assert world.container.notes() == ()


class Texts:
    """A container of texts that come at once."""

    async def fetch(self, name: str) -> tuple[bytes, str]:
        return name.encode(), "mark"


def kept_slowly(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[CachedContainer, list[int], threading.Semaphore]:
    """A cache that waits before it writes; how many were written at a time, and what lets each time go on."""
    written: list[int] = []
    go_on = threading.Semaphore(0)
    real = TextCache.put_all

    def slowly(cache: TextCache, texts: Sequence[tuple[str, bytes]]) -> list[OSError | None]:
        written.append(len(texts))
        assert go_on.acquire(timeout=20)
        return real(cache, texts)

    monkeypatch.setattr(TextCache, "put_all", slowly)
    inner: Any = Texts()
    return CachedContainer(inner, TextCache(folder, 10**9), lambda name: "", lambda: ()), written, go_on


async def test_texts_that_come_while_others_are_written_are_written_together(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cached, written, go_on = kept_slowly(folder, monkeypatch)
    reading = [asyncio.create_task(cached.read(f"{number}.txt")) for number in range(16)]
    while not written:  # noqa: ASYNC110 - a thread says it
        await asyncio.sleep(0)
    go_on.release(2)
    assert len(await asyncio.gather(*reading)) == 16
    assert written == [1, 15]
    assert len(files_in(folder)) == 16


async def test_whoever_gives_up_a_text_takes_no_other_with_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cached, written, go_on = kept_slowly(folder, monkeypatch)
    reading = [asyncio.create_task(cached.read(f"{number}.txt")) for number in range(3)]
    while not written:  # noqa: ASYNC110 - a thread says it
        await asyncio.sleep(0)
    go_on.release()
    while len(written) < 2:  # noqa: ASYNC110 - a thread says it
        await asyncio.sleep(0)
    # It writes its own and that of the last.
    reading[1].cancel()
    await asyncio.sleep(0)
    go_on.release()
    async with asyncio.timeout(20):
        found = await asyncio.gather(*reading, return_exceptions=True)
    assert [type(item) for item in found] == [bytes, asyncio.CancelledError, bytes]
    assert written == [1, 2]
