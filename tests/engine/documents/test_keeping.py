"""Texts of labeled documents are here for work without a line."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.builders import Bench
from tests.far import FarContainer
from tui_labeler.engine.documents import keeping
from tui_labeler.engine.documents.decoding import text_hash
from tui_labeler.engine.documents.reading import CONCURRENCY

if TYPE_CHECKING:
    from pathlib import Path

    from tui_labeler.engine.session import ProjectSession


async def lacking_all(tmp_path: Path, count: int = 40) -> tuple[ProjectSession, FarContainer]:
    """A project whose texts are all known, needed and not kept."""
    far = FarContainer({f"d{number:04}.txt": f"text {number}".encode() for number in range(count)})
    session = await Bench(tmp_path).create({})
    session.documents._container = far
    await session.documents.sync()
    far.fetched.clear()
    far.lacks = [(name, text_hash(data)) for name, data in far.texts.items()]
    return session, far


async def test_what_is_lacking_is_fetched_several_at_once_and_told(tmp_path: Path) -> None:
    session, far = await lacking_all(tmp_path)
    told: list[tuple[str, int, int]] = []
    kept = await session.documents.keep(lambda *step: told.append(step))
    assert (kept.fetched, kept.missing, kept.words) == (40, 0, "")
    assert told == [(keeping.KEEPING, done, 40) for done in range(1, 41)]
    assert far.most_at_work == CONCURRENCY
    assert await session.documents.lacking() == 0


async def test_a_line_that_breaks_is_told_and_the_next_time_goes_on(tmp_path: Path) -> None:
    session, far = await lacking_all(tmp_path)
    far.breaks_after = 25
    kept = await session.documents.keep()
    assert 0 < kept.missing <= 40 - 25 + CONCURRENCY
    assert kept.words == f"{kept.missing} texts are not here for offline work: the line is down"
    far.breaks_after = None
    # What was not whole is gone on with, whether there is news or not.
    assert (await session.documents.keep(again=False)).fetched == kept.missing
    far.lacks = [("d0000.txt", text_hash(b"text 0"))]
    assert (await session.documents.keep(again=False)).fetched == 0


async def test_keeping_may_be_cancelled_at_any_text(tmp_path: Path) -> None:
    session, far = await lacking_all(tmp_path)

    def cancel_at_20(doing: str, done: int, total: int) -> None:
        if done == 20:
            working.cancel()

    working = asyncio.ensure_future(session.documents.keep(cancel_at_20))
    with pytest.raises(asyncio.CancelledError):
        await working
    assert far.at_work == 0
    left = await session.documents.lacking()
    assert 0 < left <= 20
    assert (await session.documents.keep()).fetched == left


async def test_a_disk_that_refuses_ends_it_and_is_tried_with_one_text_later(tmp_path: Path) -> None:
    session, far = await lacking_all(tmp_path)
    far.refuses = "No space left on device"
    kept = await session.documents.keep()
    assert (kept.fetched, kept.missing, kept.why) == (0, 40, "No space left on device")
    assert len(far.fetched) <= 2 * CONCURRENCY
    far.fetched.clear()
    await session.documents.keep()
    assert far.fetched == ["d0000.txt"]


async def test_texts_that_nobody_has_any_more_are_not_asked_for(tmp_path: Path) -> None:
    session, far = await lacking_all(tmp_path, 3)
    far.lacks.append(("d0001.txt", text_hash(b"an earlier text")))
    del far.texts["d0002.txt"]
    await session.documents.sync()
    kept = await session.documents.keep()
    assert (kept.fetched, kept.missing) == (2, 0)
    assert sorted(far.fetched) == ["d0000.txt", "d0001.txt"]
