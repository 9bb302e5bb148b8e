"""A folder whose labeled texts are kept on the way."""

from __future__ import annotations

import asyncio
import errno
import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from tests.adapters.containers import test_folder
from tests.adapters.containers.contract import ContainerContract
from tui_labeler.engine.adapters.folder import FolderContainer
from tui_labeler.engine.adapters.kept_folder import KeptFolder
from tui_labeler.engine.adapters.text_cache import TextCache, Version
from tui_labeler.engine.documents.decoding import text_hash

if TYPE_CHECKING:
    from pathlib import Path


@dataclass
class KeptWorld(test_folder.FolderWorld):
    needed: list[Version] = field(default_factory=list)
    limit: int = 10**6
    asked: int = 0

    def __post_init__(self) -> None:
        self.kept = KeptFolder(
            FolderContainer(self.path),
            TextCache(self.path.parent / "home" / "cache", self.limit),
            self._needed,
        )

    def _needed(self) -> Iterable[Version]:
        self.asked += 1
        return iter(self.needed)

    @property
    def container(self) -> KeptFolder:  # type: ignore[override]
        return self.kept


def made(tmp_path: Path, limit: int = 10**6) -> KeptWorld:
    (tmp_path / "documents").mkdir()
    (tmp_path / "home").mkdir()
    return KeptWorld(tmp_path / "documents", limit=limit)


@pytest.fixture
def world(tmp_path: Path) -> KeptWorld:
    return made(tmp_path)


class TestKeptFolder(ContainerContract):
    pass


async def earlier(world: KeptWorld, name: str, text: bytes) -> bytes | None:
    return await world.kept.earlier(name, text_hash(text))


async def test_what_somebody_opens_to_label_it_is_there_when_the_file_has_changed(world: KeptWorld) -> None:
    await world.put({"a.txt": b"one", "b.txt": b"one"})
    world.kept.hold("a.txt")
    assert [await world.kept.read(name) for name in ("a.txt", "b.txt")] == [b"one", b"one"]
    await world.put({"a.txt": b"two", "b.txt": b"two"})
    assert await world.kept.read("a.txt") == b"two"
    assert await earlier(world, "a.txt", b"one") == b"one"
    assert await earlier(world, "b.txt", b"one") is None
    assert await earlier(world, "b.txt", b"two") == b"two"


async def test_what_is_labeled_otherwise_is_lacking_until_it_is_read(world: KeptWorld) -> None:
    await world.put({"a.txt": b"one", "b.txt": b"one"})
    world.needed = [("a.txt", text_hash(b"one")), ("a.txt", text_hash(b"one"))]
    assert await world.kept.lacking() == (("a.txt", text_hash(b"one")),)
    for name in ("a.txt", "b.txt"):
        await world.kept.read(name)
    assert await world.kept.lacking() == ()
    await world.put({"a.txt": b"two", "b.txt": b"two"})
    assert await earlier(world, "a.txt", b"one") == b"one"
    assert await earlier(world, "b.txt", b"one") is None


async def test_a_file_that_is_gone_has_no_text_of_today_and_its_earlier_one(world: KeptWorld) -> None:
    await world.put({"a.txt": b"one"})
    world.kept.hold("a.txt")
    await world.kept.read("a.txt")
    await world.remove("a.txt")
    assert await earlier(world, "a.txt", b"one") == b"one"
    assert await earlier(world, "a.txt", b"two") is None


async def test_beyond_the_size_labeled_texts_stay_and_others_go(tmp_path: Path) -> None:
    world = made(tmp_path, limit=25)
    await world.put({name: name.encode() * 2 for name in ("a.txt", "b.txt", "c.txt")})
    world.needed = [("a.txt", text_hash(b"a.txt" * 2))]
    for name in ("a.txt", "b.txt", "c.txt"):
        world.kept.hold(name)
        await world.kept.read(name)
    await world.put(dict.fromkeys(("a.txt", "b.txt", "c.txt"), b"other"))
    kept = [await earlier(world, name, name.encode() * 2) for name in ("a.txt", "b.txt", "c.txt")]
    assert kept == [b"a.txt" * 2, None, b"c.txt" * 2]
    assert world.kept.notes() == ()


async def test_where_labeled_texts_alone_fill_it_no_more_are_kept_and_that_is_told_once(
    tmp_path: Path,
) -> None:
    world = made(tmp_path, limit=15)
    await world.put({f"{number}.txt": b"0123456789" for number in range(4)})
    world.needed = [(f"{number}.txt", text_hash(b"0123456789")) for number in range(4)]
    await world.kept.lacking()
    for number in range(4):
        await world.kept.read(f"{number}.txt")
    await world.put({f"{number}.txt": b"other" for number in range(4)})
    kept = [await earlier(world, f"{number}.txt", b"0123456789") is not None for number in range(4)]
    assert kept == [True, False, False, False]
    (note,) = world.kept.notes()
    assert "cache_mb" in note
    assert world.kept.notes() == ()


async def test_no_process_adds_one_beyond_the_size(tmp_path: Path) -> None:
    world = made(tmp_path, limit=15)
    await world.put({f"{number}.txt": b"0123456789" for number in range(3)})
    world.needed = [(f"{number}.txt", text_hash(b"0123456789")) for number in range(3)]
    for _ in range(3):
        world.__post_init__()
        await world.kept.lacking()
        for number in range(3):
            await world.kept.read(f"{number}.txt")
    assert len([path for path in (tmp_path / "home" / "cache").rglob("*") if path.is_file()]) == 1


async def test_one_that_is_large_makes_several_others_go(tmp_path: Path) -> None:
    world = made(tmp_path, limit=100)
    await world.put({**{f"{number}.txt": b"0123456789" for number in range(10)}, "large.txt": b"x" * 55})
    for name in (*(f"{number}.txt" for number in range(10)), "large.txt"):
        world.kept.hold(name)
        await world.kept.read(name)
    await world.put({"large.txt": b"other"})
    assert await earlier(world, "large.txt", b"x" * 55) is not None
    assert world.kept.notes() == ()


async def test_a_disk_that_refuses_stops_no_reading_and_is_told_once(
    world: KeptWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(cache: TextCache, name: str, data: bytes) -> None:
        raise OSError(errno.ENOSPC, "full")

    await world.put({"a.txt": b"one", "b.txt": b"two"})
    with monkeypatch.context() as patched:
        patched.setattr(TextCache, "put", full)
        for name in ("a.txt", "b.txt"):
            world.kept.hold(name)
            await world.kept.read(name)
    (note,) = world.kept.notes()
    assert "No space left on device" in note
    await world.kept.lacking()
    await world.kept.read("a.txt")
    await world.put({"a.txt": b"other"})
    assert await earlier(world, "a.txt", b"one") == b"one"


async def test_what_is_needed_is_not_asked_for_each_text_that_is_kept(world: KeptWorld) -> None:
    await world.put({f"{number}.txt": b"one" for number in range(20)})
    world.needed = [(f"{number}.txt", text_hash(b"one")) for number in range(20)]
    await world.kept.lacking()
    world.asked = 0
    for number in range(20):
        await world.kept.read(f"{number}.txt")
    assert (world.asked, await world.kept.lacking()) == (0, ())


async def test_others_get_their_turn_while_what_is_needed_is_looked_for(
    world: KeptWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui_labeler.engine.turns.TURN", 0)
    turns = itertools.count(1)
    now = 0
    seen: list[int] = []

    async def go_on() -> None:
        nonlocal now
        while True:
            now = next(turns)
            await asyncio.sleep(0)

    def needed() -> Iterable[Version]:
        for number in range(10):
            seen.append(now)
            yield f"{number}.txt", text_hash(b"one")

    kept = KeptFolder(FolderContainer(world.path), TextCache(world.path.parent / "cache", 10**6), needed)
    other = asyncio.create_task(go_on())
    assert len(await kept.lacking()) == 10
    other.cancel()
    assert len(set(seen)) == 10
