"""Whatever answers in the place of a Blob server ends in an error of the project's own, in its own words."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.hostile import blob_answers
from tests.hostile.blob_server import (
    ENOUGH,
    SIGNATURE,
    TOKEN,
    BlobServer,
    Paged,
    answer,
    content,
    etag,
    item,
    page,
    refused,
    without_end,
    xml,
)
from tui_labeler.engine.adapters.blob import answers, requests, transport
from tui_labeler.engine.adapters.blob.access import Access
from tui_labeler.engine.adapters.blob.addresses import Sas, parse_url
from tui_labeler.engine.adapters.blob.container import BlobContainer
from tui_labeler.engine.adapters.blob.patience import Patience
from tui_labeler.engine.errors import (
    ContainerError,
    LabelerError,
    OutdatedError,
    UnreachableError,
    UnreadableError,
)

TEXTS = {"a.txt": b"Hello", "b.txt": b"Ghent"}
SOON = Patience(first=1.0, probe=0.5, busy=(0.01,), longest=0.05)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[BlobServer]:
    monkeypatch.setattr(transport, "LONGEST", 1_000_000)
    monkeypatch.setattr(requests, "LARGEST", 1_000_000)
    monkeypatch.setattr(answers, "MOST_EMPTY", 5)
    with BlobServer(TEXTS) as server:
        yield server


@pytest.fixture
async def container(server: BlobServer, caplog: pytest.LogCaptureFixture) -> AsyncIterator[BlobContainer]:
    """Leaves no connection behind, whatever it met."""
    container = container_at(server, SOON)
    yield container
    await container.close()
    gc.collect()
    assert [record.getMessage() for record in caplog.records if record.name == "asyncio"] == []


def container_at(server: BlobServer, patience: Patience) -> BlobContainer:
    return BlobContainer(parse_url(server.url)[0], lambda: Access("typed", sas=Sas.of(TOKEN)), patience)


async def names(container: BlobContainer) -> list[str]:
    return [blob.name async for blob in container.blobs()]


def look_plain(error: LabelerError) -> None:
    """Nothing of what was sent or answered is in the words, and they help."""
    words = f"{error.message} {error.hint} {error.on_screen}"
    assert error.hint
    assert words.isprintable()
    for word in (SIGNATURE, "sig=", "comp=", "SAID", "log in", "Error"):
        assert word not in words
    assert len(words) < 1000


async def test_a_server_that_answers_well_is_understood(server: BlobServer, container: BlobContainer) -> None:
    assert await names(container) == ["a.txt", "b.txt"]
    assert await container.fetch("b.txt") == (b"Ghent", etag(b"Ghent"))
    server.reading = content(b"Hello", x_ms_blob_content_md5="ixqZU8RhEpaoJ6v4xHgE1w==")
    assert await container.read("a.txt") == b"Hello"
    server.reading = None
    mark = await container.put("x/a.json", b"{}", etag=None)
    assert [blob.age for blob in await container.dated("x/")] == [0.0]
    assert [(blob.name, blob.etag) async for blob in container.files("x/")] == [("x/a.json", mark)]
    assert await names(container) == ["a.txt", "b.txt", "x/"]
    with pytest.raises(OutdatedError):
        await container.put("x/a.json", b"[]", etag=None)
    await container.remove("x/a.json", etag=mark)
    assert await names(container) == ["a.txt", "b.txt"]


@pytest.mark.parametrize("name", blob_answers.LISTINGS)
async def test_a_listing_that_can_not_be_is_refused(
    server: BlobServer, container: BlobContainer, name: str
) -> None:
    server.listing = blob_answers.LISTINGS[name]
    with pytest.raises(UnreachableError if name in NO_STORAGE else ContainerError) as caught:
        await names(container)
    look_plain(caught.value)
    assert await container.read("a.txt") == b"Hello"


NO_STORAGE = ("a login page", "a login page as XML", "nothing", "JSON", "no mark", "the same page for ever")


@pytest.mark.parametrize("name", blob_answers.READINGS)
async def test_a_blob_that_can_not_be_is_refused_and_others_are_read(
    server: BlobServer, container: BlobContainer, name: str
) -> None:
    server.reading = blob_answers.READINGS[name]
    with pytest.raises(LabelerError) as caught:
        await container.fetch("a.txt")
    look_plain(caught.value)
    server.reading = None
    assert await container.read("b.txt") == b"Ghent"


@pytest.mark.parametrize("name", ["a login page", "nothing", "a refusal without words", "no time"])
async def test_what_is_asked_with_a_date_is_refused_too(
    server: BlobServer, container: BlobContainer, name: str
) -> None:
    listing = blob_answers.LISTINGS.get(name)
    server.listing = listing or xml(page(item("a.txt").replace("Last-Modified", "Other")))
    with pytest.raises(ContainerError) as caught:
        await container.dated("a")
    look_plain(caught.value)


@pytest.mark.parametrize("name", ["a login page", "a refusal without words", "not modified", "no HTTP"])
async def test_writing_and_removing_are_refused_too(
    server: BlobServer, container: BlobContainer, name: str
) -> None:
    server.reading = blob_answers.READINGS.get(name)
    for work in (container.put("x/a.json", b"{}", etag=None), container.remove("x/a.json", etag="0x8D")):
        with pytest.raises(LabelerError) as caught:
            await work
        look_plain(caught.value)


async def test_a_blob_in_the_archive_says_so_by_name(server: BlobServer, container: BlobContainer) -> None:
    server.reading = refused("409 Conflict", "BlobArchived")
    with pytest.raises(ContainerError, match=r"a\.txt .*archive tier"):
        await container.read("a.txt")


async def test_a_container_that_is_being_deleted_is_none(
    server: BlobServer, container: BlobContainer
) -> None:
    server.listing = refused("409 Conflict", "ContainerBeingDeleted")
    with pytest.raises(UnreachableError, match="there is no container"):
        await names(container)


async def test_no_more_of_a_blob_is_read_than_one_may_have(
    server: BlobServer, container: BlobContainer
) -> None:
    server.reading = blob_answers.READINGS["without end"]
    with pytest.raises(UnreadableError, match="more than 1,000,000 bytes"):
        await container.read("a.txt")


async def test_a_name_that_is_listed_again_and_again_is_one_document(
    server: BlobServer, container: BlobContainer
) -> None:
    server.listing = xml(page(item("a.txt"), item("a.txt", 7), item("b.txt"), item("a.txt")))
    assert await names(container) == ["a.txt", "b.txt"]
    server.listing = Paged(
        lambda number: page(item("a.txt"), item(f"{number}.txt"), marker=str(number) if number < 2 else "")
    )
    assert await names(container) == ["0.txt", "a.txt", "1.txt", "2.txt"]


async def test_empty_pages_between_others_are_no_end(server: BlobServer, container: BlobContainer) -> None:
    server.listing = Paged(
        lambda number: page(*[item(f"{number}.txt")] * (number % 5 == 0), marker=str(number) * (number < 20))
    )
    assert await names(container) == ["0.txt", "5.txt", "10.txt", "15.txt", "20.txt"]


async def test_pages_that_bring_nothing_are_not_waited_for_longer_than_an_answer(
    server: BlobServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "MOST_EMPTY", 10_000)

    def late(number: int) -> str:
        time.sleep(0.1)
        return page(marker=str(number))

    server.listing = Paged(late)
    container = container_at(server, Patience(whole=0.5))
    with pytest.raises(UnreachableError, match="can't be understood"):
        await names(container)
    await container.close()
    # It would go on for as long as there are pages.
    assert len(server.asked) < ENOUGH


@pytest.mark.parametrize("name", ["a refusal without words", "a refusal in JSON"])
async def test_a_refusal_whose_body_is_odd_tells_its_status(
    server: BlobServer, container: BlobContainer, name: str
) -> None:
    server.listing = blob_answers.LISTINGS[name]
    with pytest.raises(ContainerError, match=r"refused .*\(418\)"):
        await names(container)


@pytest.mark.parametrize("doing", ["list", "read"])
async def test_an_answer_that_drips_has_an_end(server: BlobServer, doing: str) -> None:
    server.listing = without_end("Content-Type: application/xml", wait=0.02)
    server.reading = without_end("Content-Range: bytes 0-4/5", status="206 Partial Content", wait=0.02)
    container = container_at(server, Patience(first=0.1, whole=0.5))
    try:
        with pytest.raises(UnreachableError, match="end of an answer") as caught:
            await (names(container) if doing == "list" else container.read("a.txt"))
    finally:
        await container.close()
    look_plain(caught.value)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        pytest.param("9" * 400, "tomorrow at the earliest", id="400 digits"),
        pytest.param("9" * 6000, "tomorrow at the earliest", id="6000 digits"),
        ("3600", "in 3,600 seconds"),
        ("-5", "in a few minutes"),
        ("NaN", "in a few minutes"),
        ("\x9b31m", "in a few minutes"),
    ],
)
async def test_a_wait_that_is_asked_for_is_told_where_it_can_be_one(
    server: BlobServer, container: BlobContainer, asked: str, told: str
) -> None:
    server.listing = refused("503 Server Busy", "ServerBusy", f"Retry-After: {asked}")
    with pytest.raises(UnreachableError) as caught:
        await names(container)
    assert told in caught.value.hint
    look_plain(caught.value)


async def test_what_answers_oddly_for_long_is_still_there(server: BlobServer) -> None:
    """While somebody waits, the server is asked whether it is there: any answer will do."""
    server.probe = answer(b"", "Last-Modified: tomorrow", 'ETag: "1"')
    server.reading = without_end("Content-Range: bytes 0-4/5", status="206 Partial Content", wait=0.02)
    container = container_at(server, Patience(first=0.1, probe=0.5, whole=0.5))
    reading = asyncio.ensure_future(container.read("a.txt"))
    with pytest.raises(UnreachableError, match="end of an answer"):
        await reading
    await container.close()
    assert any(not asked.name and not asked.is_listing for asked in server.asked)
