"""What every container must do, whatever it is made of.

A test module inherits from :class:`ContainerContract` and gives a ``world`` fixture: a
:class:`World` over an empty container.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

import pytest

from tui_labeler.engine.errors import ContainerError, InputError, NotFoundError, OutdatedError

if TYPE_CHECKING:
    from tui_labeler.engine.ports import Blob, Container


class World(Protocol):
    """The container under test, and the hand that fills it from outside."""

    @property
    def container(self) -> Container: ...

    async def put(self, files: Mapping[str, bytes]) -> None:
        """Writes files; a name with a slash lies in a subfolder."""

    async def remove(self, name: str) -> None: ...

    async def take_away(self) -> None:
        """Removes the container itself."""


async def listing(container: Container) -> list[Blob]:
    return [blob async for blob in container.blobs()]


class ContainerContract:
    async def test_an_empty_container_lists_nothing(self, world: World) -> None:
        assert await listing(world.container) == []

    async def test_text_files_at_the_root_are_documents_whatever_the_case_of_their_ending(
        self, world: World
    ) -> None:
        await world.put({"a.txt": b"a", "B.TXT": b"bb", "c.Txt": b"ccc", "notes.md": b"d", "txt": b"e"})
        assert {blob.name: (blob.size, blob.is_document) for blob in await listing(world.container)} == {
            "a.txt": (1, True),
            "B.TXT": (2, True),
            "c.Txt": (3, True),
            "notes.md": (1, False),
            "txt": (1, False),
        }

    async def test_what_lies_deeper_is_no_document(self, world: World) -> None:
        await world.put({"sub/a.txt": b"a", "b.txt": b"b"})
        assert [blob.name for blob in await listing(world.container) if blob.is_document] == ["b.txt"]

    async def test_a_subfolder_is_listed_so_that_it_can_be_counted(self, world: World) -> None:
        await world.put({"sub/a.txt": b"a"})
        blobs = await listing(world.container)
        assert blobs
        assert not any(blob.is_document for blob in blobs)

    async def test_names_come_sorted(self, world: World) -> None:
        await world.put({f"{n}.txt": b"x" for n in (10, 9, 1, 100, 2)} | {"Ä.txt": b"", "a.txt": b""})
        names = [blob.name for blob in await listing(world.container)]
        assert names == sorted(names)
        assert len(names) == 7

    @pytest.mark.parametrize(
        "name",
        [
            "with space.txt",
            "All_the_Queen's_Men.txt",
            "mädchen.txt",
            "[red]x[@click=y].txt",
            "文書.txt",
            "🚲.txt",
        ],
    )
    async def test_an_odd_name_is_listed_and_read_as_it_is(self, world: World, name: str) -> None:
        await world.put({name: b"text"})
        assert [blob.name for blob in await listing(world.container)] == [name]
        assert await world.container.read(name) == b"text"

    @pytest.mark.parametrize(
        "data", [b"", b"a\r\nb\n\rc", b"\xef\xbb\xbfmarked", b"\xff\xfe\x00", bytes(range(256)) * 300]
    )
    async def test_bytes_come_back_as_they_were_stored(self, world: World, data: bytes) -> None:
        await world.put({"a.txt": data})
        assert await world.container.read("a.txt") == data

    async def test_the_mark_stays_while_nothing_changes_and_changes_with_the_content(
        self, world: World
    ) -> None:
        await world.put({"a.txt": b"one", "b.txt": b"two"})
        before = await listing(world.container)
        assert await listing(world.container) == before
        await world.put({"a.txt": b"another"})
        after = await listing(world.container)
        assert after[0].etag != before[0].etag
        assert after[1] == before[1]

    async def test_a_document_that_is_gone_is_not_found(self, world: World) -> None:
        await world.put({"a.txt": b"a"})
        await world.remove("a.txt")
        assert await listing(world.container) == []
        with pytest.raises(NotFoundError, match=r"a\.txt"):
            await world.container.read("a.txt")

    @pytest.mark.parametrize(
        "name",
        [
            "",
            ".",
            "..",
            "../secret.txt",
            "..\\secret.txt",
            "sub/../../secret.txt",
            "/etc/passwd",
            "a.txt\0.png",
            "\\x2e\\x2e/secret.txt",
            "x" * 5000,
            "lone \udcff surrogate.txt",
        ],
    )
    async def test_a_name_that_leads_elsewhere_is_refused(self, world: World, name: str) -> None:
        await world.put({"a.txt": b"a"})
        with pytest.raises(InputError):
            await world.container.read(name)

    async def test_a_container_that_is_not_there_says_so_and_what_to_do(self, world: World) -> None:
        await world.put({"a.txt": b"a"})
        await world.take_away()
        with pytest.raises(ContainerError) as listed:
            await listing(world.container)
        with pytest.raises(ContainerError) as read:
            await world.container.read("a.txt")
        for caught in (listed, read):
            assert world.container.address in caught.value.message
            assert caught.value.hint

    async def test_a_new_document_is_listed_with_the_mark_that_writing_it_gave(self, world: World) -> None:
        await world.put({"a.txt": b"a"})
        mark = await world.container.add("Zo\u00eb 1.txt", b"new")
        listed = {blob.name: blob for blob in await listing(world.container)}
        assert set(listed) == {"a.txt", "Zo\u00eb 1.txt"}
        assert (listed["Zo\u00eb 1.txt"].etag, listed["Zo\u00eb 1.txt"].size) == (mark, 3)
        assert await world.container.read("Zo\u00eb 1.txt") == b"new"

    async def test_a_new_document_never_takes_the_place_of_one_that_is_there(self, world: World) -> None:
        await world.put({"a.txt": b"a"})
        with pytest.raises(OutdatedError):
            await world.container.add("a.txt", b"other")
        assert await world.container.read("a.txt") == b"a"
        assert [blob.name for blob in await listing(world.container)] == ["a.txt"]

    @pytest.mark.parametrize("name", ["", "..", "sub/a.txt", "../a.txt", "labels.json", "a.txt/", "a\0.txt"])
    async def test_what_is_no_name_of_a_document_is_not_written(self, world: World, name: str) -> None:
        with pytest.raises(InputError):
            await world.container.add(name, b"new")
        assert await listing(world.container) == []
