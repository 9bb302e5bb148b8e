"""Reading a container that lies behind a line."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.builders import Bench
from tests.far import FarContainer
from tui_labeler.domain.jobs import Method
from tui_labeler.engine.documents import reading
from tui_labeler.engine.documents.decoding import text_hash
from tui_labeler.engine.documents.reading import CONCURRENCY, GONE
from tui_labeler.engine.errors import UnreachableError

if TYPE_CHECKING:
    from pathlib import Path

    from tui_labeler.domain.documents import Document
    from tui_labeler.engine.documents.reading import Synced
    from tui_labeler.engine.session import ProjectSession


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def on(bench: Bench, far: FarContainer) -> ProjectSession:
    session = await bench.create({})
    session.documents._container = far
    return session


def figures(synced: Synced) -> tuple[int, int, int, int]:
    return synced.added, synced.changed, synced.gone, synced.unchanged


def document(session: ProjectSession, name: str) -> Document:
    number = session.store.state.document_id(name)
    assert number is not None
    return session.store.state.document(number)


def texts(count: int) -> dict[str, bytes]:
    return {f"d{number:04}.txt": f"text {number}".encode() for number in range(count)}


async def test_all_are_listed_before_any_is_read_and_then_read_several_at_once(bench: Bench) -> None:
    far = FarContainer(texts(40), gate=asyncio.Event(), busy_at=CONCURRENCY)
    session = await on(bench, far)
    working = asyncio.ensure_future(session.documents.sync())
    async with asyncio.timeout(10):
        await far.busy.wait()
    assert len(session.rows) == 40
    row = next(iter(session.rows.values()))
    assert (row.is_read, row.characters, row.problem) == (False, row.size, "")
    assert far.gate is not None
    far.gate.set()
    assert figures(await working) == (40, 0, 0, 0)
    assert far.most_at_work == CONCURRENCY
    assert all(row.is_read for row in session.rows.values())
    assert document(session, "d0007.txt").text_hash == text_hash(b"text 7")


async def test_what_has_not_changed_is_not_fetched(bench: Bench) -> None:
    far = FarContainer(texts(5))
    session = await on(bench, far)
    await session.documents.sync()
    before = session.store.seq
    far.fetched.clear()
    assert figures(await session.documents.sync()) == (0, 0, 0, 5)
    assert far.fetched == []
    assert session.store.seq == before
    far.texts["d0003.txt"] = b"another"
    del far.texts["d0001.txt"]
    far.texts["new.txt"] = b"new"
    assert figures(await session.documents.sync()) == (1, 1, 1, 3)
    assert far.fetched == ["d0003.txt", "new.txt"]
    assert document(session, "d0001.txt").problem == GONE


async def test_a_line_that_breaks_keeps_what_was_read_and_the_next_time_goes_on(bench: Bench) -> None:
    far = FarContainer(texts(50), breaks_after=30)
    session = await on(bench, far)
    with pytest.raises(UnreachableError):
        await session.documents.sync()
    read = {row.location for row in session.rows.values() if row.is_read}
    assert len(session.rows) == 50
    assert len(read) >= 30 - CONCURRENCY
    far.breaks_after = None
    far.fetched.clear()
    synced = await session.documents.sync()
    assert synced.added == 50 - len(read)
    assert sorted(far.fetched) == sorted(set(far.texts) - read)


async def test_a_cancelled_reading_keeps_what_was_read(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "BATCH", 10)
    far = FarContainer(texts(60))
    session = await on(bench, far)

    def cancel_at_25(doing: str, count: int) -> None:
        if doing == reading.READ and count == 25:
            working.cancel()

    working = asyncio.ensure_future(session.documents.sync(cancel_at_25))
    with pytest.raises(asyncio.CancelledError):
        await working
    assert far.at_work == 0
    assert sum(row.is_read for row in session.rows.values()) >= 20
    assert sum(row.is_read for row in (await bench.session()).rows.values()) >= 20
    await session.documents.sync()
    assert all(row.is_read for row in session.rows.values())
    assert len(far.fetched) < 60 + CONCURRENCY + 1


async def test_one_text_that_can_not_be_had_does_not_stop_the_others_and_is_tried_again(bench: Bench) -> None:
    far = FarContainer({**texts(3), "bad.txt": b"\xff"}, broken=frozenset({"d0001.txt"}))
    session = await on(bench, far)
    synced = await session.documents.sync()
    assert [name for name, _ in synced.unreadable] == ["bad.txt", "d0001.txt"]
    far.broken = frozenset()
    far.fetched.clear()
    await session.documents.sync()
    assert far.fetched == ["d0001.txt"]
    assert document(session, "d0001.txt").problem == ""


async def test_opening_a_document_that_was_only_listed_reads_it(bench: Bench) -> None:
    far = FarContainer(texts(3), breaks_after=0)
    session = await on(bench, far)
    with pytest.raises(UnreachableError):
        await session.documents.sync()
    far.breaks_after = None
    listed = document(session, "d0001.txt")
    assert not listed.is_read
    found = await session.documents.open(listed.id)
    assert (found.text, found.changed) == ("text 1", False)
    assert document(session, "d0001.txt").text_hash == found.text_hash == text_hash(b"text 1")
    await session.labeling.set_reviewed(listed.id, reviewed=True)
    far.fetched.clear()
    assert figures(await session.documents.sync()) == (2, 0, 0, 1)
    assert sorted(far.fetched) == ["d0000.txt", "d0002.txt"]


async def test_what_a_container_has_to_say_is_among_the_warnings(bench: Bench) -> None:
    far = FarContainer(texts(3), told=["texts are not kept"])
    session = await on(bench, far)
    assert "texts are not kept" in (await session.documents.sync()).warnings
    assert "texts are not kept" not in (await session.documents.sync()).warnings


async def only_listed(bench: Bench, count: int) -> tuple[ProjectSession, FarContainer]:
    """A project whose documents are known by their names alone."""
    far = FarContainer(texts(count), breaks_after=0)
    session = await on(bench, far)
    with pytest.raises(UnreachableError):
        await session.documents.sync()
    far.breaks_after = None
    return session, far


async def test_texts_are_read_ahead_several_at_a_time_and_once(bench: Bench) -> None:
    session, far = await only_listed(bench, 20)
    numbers = [row.id for row in session.documents.select()]
    before = session.store.seq
    await session.documents.read_ahead(numbers[1:13])
    assert sorted(far.fetched) == sorted(far.texts)[1:13]
    assert far.most_at_work > 4
    assert session.store.seq == before + 1
    await session.documents.read_ahead(numbers[1:13])
    assert len(far.fetched) == 12
    assert [row.is_read for row in session.documents.select()] == [False, *[True] * 12, *[False] * 7]


async def test_what_could_not_be_read_ahead_is_tried_again(bench: Bench) -> None:
    session, far = await only_listed(bench, 5)
    far.breaks_after = 0
    numbers = [row.id for row in session.documents.select()]
    with pytest.raises(UnreachableError):
        await session.documents.read_ahead(numbers)
    far.breaks_after = None
    await session.documents.read_ahead(numbers)
    assert sorted(far.fetched) == sorted(far.texts)


async def test_a_folder_is_not_read_ahead(bench: Bench) -> None:
    far = FarContainer(texts(3), is_remote=False)
    session = await on(bench, far)
    await session.documents.sync()
    far.fetched.clear()
    await session.documents.read_ahead([row.id for row in session.documents.select()])
    assert far.fetched == []


async def test_what_is_estimated_of_unread_texts_is_told_apart(bench: Bench) -> None:
    session, _ = await only_listed(bench, 4)
    rows = session.documents.select()
    await session.documents.open(rows[0].id)
    rows = session.documents.select()
    for method in (Method("model", "rules"), Method("gpt", "work", "good")):
        estimate = await session.jobs.estimate(rows, method)
        assert (estimate.documents, estimate.text_records, estimate.unread) == (4, 4, 3)
    await session.documents.read_ahead([row.id for row in rows])
    assert (await session.jobs.estimate(session.documents.select(), Method("model", "rules"))).unread == 0
