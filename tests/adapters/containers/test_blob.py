"""The container in Blob storage, against the emulator and through a proxy that breaks lines."""

from __future__ import annotations

import asyncio
import gc
import gzip
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass

import aiohttp
import pytest
from azure.storage.blob import ContentSettings
from azure.storage.blob.aio import ContainerClient
from msgspec import structs

from tests.adapters.containers.contract import ContainerContract, listing
from tests.adapters.containers.shelf_contract import NAME, ShelfContract, Shelves
from tests.azurite import KEY, Azurite
from tests.cutting_proxy import CuttingProxy, busy, cut_answer, cut_request, damage, delay, hang, refuse
from tui_labeler.engine.adapters.blob import line, requests
from tui_labeler.engine.adapters.blob.access import Access
from tui_labeler.engine.adapters.blob.addresses import Sas, parse_url
from tui_labeler.engine.adapters.blob.cache import CachedContainer
from tui_labeler.engine.adapters.blob.container import BlobContainer
from tui_labeler.engine.adapters.blob.patience import Patience
from tui_labeler.engine.errors import (
    ContainerError,
    InputError,
    LabelerError,
    NotFoundError,
    OutdatedError,
    UnreachableError,
    UnreadableError,
)
from tui_labeler.engine.ports.takes import Take
from tui_labeler.engine.takes.shelf_takes import ShelfTakes

BY_KEY = Access("the key in SOME_KEY", key=KEY)

SOON = Patience(first=1.0, probe=0.5, busy=(0.01, 0.02))
"""For servers that are known to be gone: nothing is gained by waiting for them."""


def blobs_at(server: Azurite, name: str, access: Access = BY_KEY) -> BlobContainer:
    return BlobContainer(parse_url(server.url(name))[0], lambda: access)


@dataclass
class BlobWorld:
    server: Azurite
    client: ContainerClient
    container: BlobContainer | CachedContainer

    async def put(self, files: Mapping[str, bytes]) -> None:
        for name, data in files.items():
            await self.client.upload_blob(name, data, overwrite=True)

    async def remove(self, name: str) -> None:
        await self.client.delete_blob(name)

    async def take_away(self) -> None:
        await self.client.delete_container()


@pytest.fixture
async def world(azurite: Azurite) -> AsyncIterator[BlobWorld]:
    async with azurite.new_container() as client:
        container = blobs_at(azurite, client.container_name)
        yield BlobWorld(azurite, client, container)
        await container.close()


@pytest.fixture
async def shelves(world: BlobWorld) -> AsyncIterator[Shelves]:
    made: list[BlobContainer] = []

    def make() -> BlobContainer:
        made.append(blobs_at(world.server, world.client.container_name))
        return made[-1]

    yield make
    for container in made:
        await container.close()


@pytest.fixture
def proxy(azurite: Azurite) -> Iterator[CuttingProxy]:
    with CuttingProxy(azurite.port) as proxy:
        yield proxy


@pytest.fixture
async def behind(world: BlobWorld, proxy: CuttingProxy) -> AsyncIterator[BlobContainer]:
    """The world's container as it is seen through the proxy."""
    container = seen_through(world, proxy, SOON)
    yield container
    await container.close()


def seen_through(world: BlobWorld, proxy: CuttingProxy, patience: Patience) -> BlobContainer:
    address = parse_url(world.server.behind(proxy.port).url(world.client.container_name))[0]
    return BlobContainer(address, lambda: BY_KEY, patience)


class TestBlobContainer(ContainerContract):
    pass


class TestBlobShelf(ShelfContract):
    pass


# --- listing ----------------------------------------------------------------------------------------------


async def test_a_listing_takes_one_request_a_page_and_stays_at_the_root(
    world: BlobWorld, behind: BlobContainer, proxy: CuttingProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line, "PAGE", 4)
    files = {f"{n:02}.txt": b"x" for n in range(9)} | {f"sub{n}/a.txt": b"x" for n in range(20)}
    await world.put(files)
    found = await listing(behind)
    assert [blob.name for blob in found] == sorted(
        [f"{n:02}.txt" for n in range(9)] + [f"sub{n}/" for n in range(20)]
    )
    assert [request.is_listing for request in proxy.requests] == [True] * 8


async def test_what_the_program_keeps_there_is_not_listed(world: BlobWorld) -> None:
    await world.put({".tui-labeler/p1/project.json": b"{}", "a.txt": b"a"})
    assert [blob.name for blob in await listing(world.container)] == ["a.txt"]


async def test_reading_gives_the_mark_that_listing_gives(world: BlobWorld) -> None:
    await world.put({"a.txt": b"a"})
    [listed] = await listing(world.container)
    assert await world.container.fetch("a.txt") == (b"a", listed.etag)
    assert '"' not in listed.etag


async def test_a_listing_that_is_left_halfway_leaves_nothing_behind(
    world: BlobWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line, "PAGE", 2)
    await world.put({f"{n}.txt": b"x" for n in range(6)})
    async for blob in world.container.blobs():
        assert blob.name == "0.txt"
        break
    assert len(await listing(world.container)) == 6


# --- reading ----------------------------------------------------------------------------------------------


async def test_a_blob_that_is_stored_compressed_says_so(world: BlobWorld) -> None:
    settings = ContentSettings(content_encoding="gzip")
    await world.client.upload_blob("a.txt", gzip.compress(b"text" * 100), content_settings=settings)
    with pytest.raises(UnreadableError, match="compressed"):
        await world.container.read("a.txt")


async def test_a_blob_too_large_for_memory_is_refused_with_its_size(
    world: BlobWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests, "LARGEST", 3)
    await world.put({"a.txt": b"123", "b.txt": b"1234"})
    assert await world.container.read("a.txt") == b"123"
    with pytest.raises(UnreadableError, match="4 bytes"):
        await world.container.read("b.txt")


async def test_a_document_is_never_written_or_removed(world: BlobWorld) -> None:
    await world.put({"a.txt": b"a"})
    [listed] = await listing(world.container)
    with pytest.raises(InputError, match="document"):
        await world.container.put("a.txt", b"b", etag=listed.etag)
    with pytest.raises(InputError, match="document"):
        await world.container.remove("a.txt", etag=listed.etag)
    assert await world.container.read("a.txt") == b"a"


# --- ways in ----------------------------------------------------------------------------------------------


def sas(world: BlobWorld, rights: str = "rl", hours: float = 1.0) -> Access:
    token = world.server.sas(world.client.container_name, rights, hours)
    return Access("the SAS token in SOME_SAS", sas=Sas.of(token))


async def refused(world: BlobWorld, access: Access, doing: str = "list") -> LabelerError:
    """What a way in that does not suffice is told."""
    container = blobs_at(world.server, world.client.container_name, access)
    try:
        work = listing(container) if doing == "list" else container.put(NAME, b"{}", etag=None)
        with pytest.raises(LabelerError) as caught:
            await work
    finally:
        await container.close()
    assert caught.value.hint
    secrets = [access.key, access.connection_string, access.sas.token if access.sas else ""]
    told = f"{caught.value.message} {caught.value.hint} {access!r} {container!r}"
    assert not any(secret and secret in told for secret in secrets)
    return caught.value


async def test_a_token_opens_the_container(world: BlobWorld) -> None:
    await world.put({"a.txt": b"a"})
    container = blobs_at(world.server, world.client.container_name, sas(world))
    assert [blob.name for blob in await listing(container)] == ["a.txt"]
    assert await container.read("a.txt") == b"a"
    await container.close()


async def test_a_connection_string_opens_the_container(world: BlobWorld) -> None:
    await world.put({"a.txt": b"a"})
    access = Access("SOME_STRING", connection_string=world.server.connection_string)
    container = blobs_at(world.server, world.client.container_name, access)
    assert [blob.name for blob in await listing(container)] == ["a.txt"]
    await container.close()


async def test_an_expired_token_says_when_it_expired(world: BlobWorld) -> None:
    error = await refused(world, sas(world, hours=-1))
    assert isinstance(error, UnreachableError)
    assert "expired on 20" in error.message
    assert "SOME_SAS" in error.hint


async def test_a_token_that_only_reads_says_what_it_lacks_and_is_no_broken_line(world: BlobWorld) -> None:
    error = await refused(world, sas(world, "rl"), "write")
    assert isinstance(error, ContainerError)
    assert not isinstance(error, UnreachableError)
    assert "right to write" in error.message
    assert "w (create, write)" in error.hint


async def test_a_token_that_may_not_list_says_so(world: BlobWorld) -> None:
    error = await refused(world, sas(world, "r"))
    assert "right to list" in error.message
    assert isinstance(error, UnreachableError)


@pytest.mark.parametrize("key", ["c29tZSBvdGhlciBrZXk=", "this is no key"])
async def test_a_wrong_key_names_the_place_it_came_from(world: BlobWorld, key: str) -> None:
    error = await refused(world, Access("the key in SOME_KEY", key=key))
    assert isinstance(error, UnreachableError)
    assert "SOME_KEY" in error.message


async def test_without_a_way_in_nothing_is_asked(world: BlobWorld, proxy: CuttingProxy) -> None:
    def none() -> Access:
        raise UnreachableError("there is no key", hint="Set one.")

    address = parse_url(world.server.behind(proxy.port).url("some"))[0]
    container = BlobContainer(address, none)
    with pytest.raises(UnreachableError, match="no key"):
        await listing(container)
    assert proxy.requests == []
    await container.close()


# --- broken lines -----------------------------------------------------------------------------------------


async def test_a_server_that_is_gone_is_said_to_be_within_five_seconds(unused_port: int) -> None:
    container = blobs_at(Azurite(unused_port), "some")
    began = time.monotonic()
    with pytest.raises(UnreachableError, match=rf"127\.0\.0\.1:{unused_port} can't be reached"):
        await listing(container)
    with pytest.raises(UnreachableError):
        await container.read("a.txt")
    assert time.monotonic() - began < 10
    await container.close()


async def test_a_server_that_takes_calls_and_never_answers_is_gone_within_five_seconds(
    world: BlobWorld, proxy: CuttingProxy
) -> None:
    proxy.fault = hang()
    container = blobs_at(world.server.behind(proxy.port), world.client.container_name)
    began = time.monotonic()
    with pytest.raises(UnreachableError, match="can't be reached"):
        await asyncio.gather(*(container.read("a.txt") for _ in range(20)))
    assert time.monotonic() - began < 5.5
    await container.close()


async def test_a_slow_server_is_waited_for_while_it_shows_that_it_is_there(
    world: BlobWorld, behind: BlobContainer, proxy: CuttingProxy
) -> None:
    await world.put({"a.txt": b"a"})
    await behind.read("a.txt")
    proxy.next(delay(2 * SOON.first))
    assert await behind.read("a.txt") == b"a"
    assert ["restype=container" in request.target for request in proxy.requests][:3] == [False, False, True]


async def test_a_server_that_answers_others_meanwhile_is_not_asked_whether_it_is_there(
    world: BlobWorld, behind: BlobContainer, proxy: CuttingProxy
) -> None:
    await world.put({"a.txt": b"a", "b.txt": b"b"})
    await behind.read("a.txt")
    proxy.next(delay(1.8 * SOON.first))
    slow = asyncio.ensure_future(behind.read("a.txt"))
    for _ in range(500):
        if len(proxy.requests) < 2:
            await asyncio.sleep(0.01)
    while not slow.done():
        await behind.read("b.txt")
        await asyncio.sleep(0.1)
    assert await slow == b"a"
    assert not any("restype=container" in request.target for request in proxy.requests)


async def test_a_server_that_dies_while_it_answers_is_gone_within_five_seconds(
    world: BlobWorld, proxy: CuttingProxy
) -> None:
    await world.put({"a.txt": b"a"})
    container = blobs_at(world.server.behind(proxy.port), world.client.container_name)
    await container.read("a.txt")
    proxy.fault = hang()
    began = time.monotonic()
    with pytest.raises(UnreachableError, match="can't be reached"):
        await container.read("a.txt")
    assert time.monotonic() - began < 5.5
    await container.close()


async def test_a_line_that_is_cut_once_is_tried_again(world: BlobWorld, proxy: CuttingProxy) -> None:
    await world.put({"a.txt": b"text" * 50_000})
    # However busy the machine is, the server is there.
    behind = seen_through(world, proxy, Patience(first=60.0, probe=30.0, busy=(0.01, 0.02)))
    for fault in (refuse(), cut_answer(0), cut_answer(20), cut_answer(100_000)):
        proxy.next(fault)
        assert await behind.read("a.txt") == b"text" * 50_000, fault
    await behind.close()


async def test_a_line_that_stays_cut_gives_up_and_holds_nothing_back(
    world: BlobWorld, behind: BlobContainer, proxy: CuttingProxy
) -> None:
    await world.put({"a.txt": b"text" * 50_000})
    proxy.fault = cut_answer(100_000)
    with pytest.raises(UnreachableError):
        await behind.read("a.txt")


async def test_a_text_that_arrives_damaged_is_refused(
    world: BlobWorld, behind: BlobContainer, proxy: CuttingProxy
) -> None:
    await world.put({"a.txt": b"a text of some length"})
    proxy.next(damage(b"some length"))
    with pytest.raises(ContainerError, match="damaged"):
        await behind.read("a.txt")
    assert await behind.read("a.txt") == b"a text of some length"


async def test_a_busy_server_is_asked_again_and_then_said_to_be_busy(
    world: BlobWorld, behind: BlobContainer, proxy: CuttingProxy
) -> None:
    await world.put({"a.txt": b"a"})
    proxy.next(busy(), busy())
    assert await behind.read("a.txt") == b"a"
    proxy.fault = busy()
    with pytest.raises(UnreachableError, match="busy"):
        await behind.read("a.txt")


async def test_a_write_whose_answer_got_lost_is_known_to_have_happened(
    behind: BlobContainer, proxy: CuttingProxy
) -> None:
    proxy.next(cut_answer(0))
    etag = await behind.put(NAME, b"one", etag=None)
    assert await behind.get(NAME) == (b"one", etag)
    proxy.next(cut_answer(0))
    newer = await behind.put(NAME, b"two", etag=etag)
    assert await behind.get(NAME) == (b"two", newer)
    proxy.next(cut_answer(0))
    await behind.remove(NAME, etag=newer)
    with pytest.raises(NotFoundError):
        await behind.get(NAME)


async def test_a_write_that_is_cut_in_the_middle_leaves_what_was_there(
    world: BlobWorld, behind: BlobContainer, proxy: CuttingProxy
) -> None:
    etag = await world.container.put(NAME, b"one", etag=None)
    proxy.fault = cut_request(5_000)
    with pytest.raises(UnreachableError):
        await behind.put(NAME, b"x" * 200_000, etag=etag)
    assert await world.container.get(NAME) == (b"one", etag)


async def test_somebody_who_wrote_the_same_is_not_taken_for_oneself(
    world: BlobWorld, behind: BlobContainer
) -> None:
    await world.container.put(NAME, b"same", etag=None)
    with pytest.raises(OutdatedError):
        await behind.put(NAME, b"same", etag=None)


async def test_an_answer_that_nobody_waits_for_any_more_is_given_up(
    world: BlobWorld, behind: BlobContainer, proxy: CuttingProxy
) -> None:
    await world.put({"a.txt": b"a"})
    proxy.fault = hang()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await behind.read("a.txt")
    proxy.fault = delay(0)
    assert await behind.read("a.txt") == b"a"


# --- the thread -------------------------------------------------------------------------------------------


async def test_closing_ends_its_thread_and_it_may_be_used_again(world: BlobWorld) -> None:
    await world.put({"a.txt": b"a"})
    assert await world.container.read("a.txt") == b"a"
    name = f"blobs of {world.client.container_name}"
    assert name in {thread.name for thread in threading.enumerate()}
    await world.container.close()
    assert name not in {thread.name for thread in threading.enumerate()}
    assert await world.container.read("a.txt") == b"a"


@pytest.fixture
def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


# --- takes --------------------------------------------------------------------------------------------


async def test_who_came_first_has_a_document_and_frees_it(shelves: Shelves) -> None:
    ana, bo = ShelfTakes(shelves(), "p1"), ShelfTakes(shelves(), "p1")
    anas = Take("sa", "ana", location="a.txt", since="2199-01-01T00:00:00.000Z", settled=True)
    bos = Take("sb", "bo", location="a.txt", since="1970-01-01T00:00:00.000Z", settled=True)
    assert (await ana.claim(anas)) == anas
    assert (await bo.claim(bos)) == anas
    taken_over = structs.replace(bos, since="1970-01-01T00:00:01.000Z", turn=1)
    assert (await bo.claim(taken_over)) == taken_over
    assert (await ana.claim(anas)) == taken_over
    await bo.close()
    assert (await ana.claim(anas)) == anas


async def test_of_two_that_come_at_one_moment_one_has_the_document(shelves: Shelves) -> None:
    people = [ShelfTakes(shelves(), "p1") for _ in range(3)]
    wanted = [Take(f"s{number}", "x", location="a.txt", settled=True) for number in range(3)]
    await asyncio.gather(*(takes.claim(take) for takes, take in zip(people, wanted, strict=True)))
    for _ in range(2):
        found = [await takes.claim(take) for takes, take in zip(people, wanted, strict=True)]
    assert len({take.session for take in found if take}) == 1


# --- what is left open ------------------------------------------------------------------------------------


def asked(proxy: CuttingProxy, requests: int) -> None:
    while len(proxy.requests) < requests:
        time.sleep(0.01)


def open_sessions() -> list[aiohttp.ClientSession]:
    gc.collect()
    return [each for each in gc.get_objects() if type(each) is aiohttp.ClientSession and not each.closed]


async def test_who_asks_again_while_a_silent_server_is_left_leaves_no_connection_open(
    world: BlobWorld, behind: BlobContainer, proxy: CuttingProxy
) -> None:
    await world.put({"a.txt": b"one"})
    await behind.read("a.txt")
    before = len(open_sessions())
    proxy.fault = hang()

    async def person() -> None:
        try:
            await behind.read("a.txt")
        finally:
            proxy.forget()
            assert await behind.read("a.txt") == b"one"

    people = [asyncio.ensure_future(person()) for _ in range(8)]
    async with asyncio.timeout(30):
        await asyncio.to_thread(asked, proxy, 9)
        await behind.close()
        await asyncio.wait(people)
    assert all(each.cancelled() for each in people)
    await behind.close()
    assert len(open_sessions()) == before - 1


async def test_a_cancel_while_it_is_closed_leaves_no_connection_open(
    world: BlobWorld, behind: BlobContainer, proxy: CuttingProxy
) -> None:
    await world.put({"a.txt": b"one"})
    await behind.read("a.txt")
    before = len(open_sessions())
    closing = asyncio.ensure_future(behind.close())
    await asyncio.sleep(0)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    assert len(open_sessions()) == before - 1
