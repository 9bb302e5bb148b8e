"""What every shelf must do, whatever it is made of.

A test module inherits from :class:`ShelfContract` and gives a ``shelves`` fixture: something that makes
shelves over one and the same empty container, as two people have them.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

import pytest

from tui_labeler.engine.errors import InputError, NotFoundError, OutdatedError

if TYPE_CHECKING:
    from tui_labeler.engine.ports import Shelf

NAME = ".tui-labeler/p1/labels/a.txt.json"


class Shelves(Protocol):
    """Makes shelves over the same container."""

    def __call__(self) -> Shelf: ...


async def names(shelf: Shelf, prefix: str) -> list[str]:
    return sorted([blob.name async for blob in shelf.files(prefix)])


class ShelfContract:
    async def test_an_empty_shelf_lists_nothing(self, shelves: Shelves) -> None:
        assert await names(shelves(), ".tui-labeler/p1/") == []

    @pytest.mark.parametrize("content", [b"", b"{}\n", bytes(range(256)), "mädchen".encode(), b"x" * 300_000])
    async def test_a_file_comes_back_as_it_was_written_for_others_too(
        self, shelves: Shelves, content: bytes
    ) -> None:
        etag = await shelves().put(NAME, content, etag=None)
        assert await shelves().get(NAME) == (content, etag)

    async def test_a_listing_tells_names_sizes_and_the_marks_that_writing_gave(
        self, shelves: Shelves
    ) -> None:
        shelf = shelves()
        marks = {
            name: await shelf.put(name, name.encode(), etag=None)
            for name in (NAME, ".tui-labeler/p1/project.json", ".tui-labeler/p2/labels/b.json", "labels.json")
        }
        found = [blob async for blob in shelf.files(".tui-labeler/p1/")]
        assert {blob.name: (blob.size, blob.etag) for blob in found} == {
            name: (len(name), mark) for name, mark in marks.items() if name.startswith(".tui-labeler/p1/")
        }
        assert await names(shelf, ".tui-labeler/p1/labels/a") == [NAME]
        assert not any(blob.is_document for blob in found)

    async def test_what_was_just_written_is_young_and_told_with_its_mark(self, shelves: Shelves) -> None:
        shelf = shelves()
        mark = await shelf.put(NAME, b"x", etag=None)
        await shelf.put("labels.json", b"x", etag=None)
        (found,) = await shelf.dated(".tui-labeler/p1/")
        assert (found.name, found.etag) == (NAME, mark)
        assert found.age is not None
        assert 0 <= found.age < 60
        assert await shelf.dated(".tui-labeler/p2/") == []

    async def test_a_prefix_is_a_beginning_and_not_a_folder(self, shelves: Shelves) -> None:
        shelf = shelves()
        for name in (".tui-labeler/p1/x.json", ".tui-labeler/p10/x.json"):
            await shelf.put(name, b"x", etag=None)
        assert await names(shelf, ".tui-labeler/p1/") == [".tui-labeler/p1/x.json"]
        assert len(await names(shelf, ".tui-labeler/p1")) == 2

    async def test_what_is_not_there_is_not_found(self, shelves: Shelves) -> None:
        with pytest.raises(NotFoundError, match=r"project\.json"):
            await shelves().get(".tui-labeler/p1/project.json")

    async def test_a_new_file_is_made_once(self, shelves: Shelves) -> None:
        await shelves().put(NAME, b"first", etag=None)
        with pytest.raises(OutdatedError):
            await shelves().put(NAME, b"second", etag=None)
        assert (await shelves().get(NAME))[0] == b"first"

    async def test_only_what_was_read_is_replaced(self, shelves: Shelves) -> None:
        ana, bo = shelves(), shelves()
        old = await ana.put(NAME, b"one", etag=None)
        new = await bo.put(NAME, b"two", etag=old)
        assert new != old
        with pytest.raises(OutdatedError):
            await ana.put(NAME, b"three", etag=old)
        assert await ana.get(NAME) == (b"two", new)

    async def test_a_file_that_is_gone_is_not_written_over(self, shelves: Shelves) -> None:
        shelf = shelves()
        etag = await shelf.put(NAME, b"one", etag=None)
        await shelf.remove(NAME, etag=etag)
        with pytest.raises(OutdatedError):
            await shelf.put(NAME, b"two", etag=etag)
        assert await names(shelf, ".tui-labeler/") == []

    async def test_only_what_was_read_is_removed(self, shelves: Shelves) -> None:
        shelf = shelves()
        old = await shelf.put(NAME, b"one", etag=None)
        new = await shelf.put(NAME, b"two", etag=old)
        with pytest.raises(OutdatedError):
            await shelf.remove(NAME, etag=old)
        await shelf.remove(NAME, etag=new)
        await shelf.remove(NAME, etag=new)
        with pytest.raises(NotFoundError):
            await shelf.get(NAME)

    async def test_of_many_writers_at_once_one_wins_each_round(self, shelves: Shelves) -> None:
        async def count_up(times: int) -> None:
            shelf = shelves()
            while times:
                content, etag = await shelf.get(NAME)
                try:
                    await shelf.put(NAME, b"%d" % (int(content) + 1), etag=etag)
                except OutdatedError:
                    continue
                times -= 1

        await shelves().put(NAME, b"0", etag=None)
        await asyncio.gather(*(count_up(10) for _ in range(4)))
        assert (await shelves().get(NAME))[0] == b"40"

    @pytest.mark.parametrize(
        "name",
        ["", "/etc/passwd", "../x.json", ".tui-labeler/../../x.json", "a//b", "a/./b", "a\0b", "\udcff"],
    )
    async def test_a_name_that_leads_elsewhere_is_refused(self, shelves: Shelves, name: str) -> None:
        with pytest.raises(InputError):
            await shelves().put(name, b"x", etag=None)
        with pytest.raises(InputError):
            await shelves().get(name)
