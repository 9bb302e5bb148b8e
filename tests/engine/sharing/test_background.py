"""Syncing by itself: what it does when, how it stands, and how it bears a line that is down."""

from __future__ import annotations

import asyncio
from math import inf
from typing import TYPE_CHECKING

import pytest

from tests.fakes import (
    FarFolder,
    category,
    document,
    fixed_surroundings,
    home_workbench,
    make_project,
    write_documents,
)
from tests.shelves import FakeShelf, Stored
from tui_labeler.domain.labels import Span
from tui_labeler.engine.background import Background, Exchange, Standing
from tui_labeler.engine.errors import ContainerError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tui_labeler.engine.session import ProjectSession

TEXTS = {"a.txt": "Ann met Bob in Rome.\n", "b.txt": "Bob met Ann in Oslo.\n"}


class Person:
    """Somebody with a home, the project open, and what the background has told."""

    def __init__(self, session: ProjectSession, shelf: FakeShelf, every: float) -> None:
        self.session = session
        self.shelf = shelf
        self.stood: list[Standing] = []
        self.came: list[Exchange] = []
        self._heard = asyncio.Event()
        self.background = Background(session, self._told, self.came.append, every=every)

    def _told(self, standing: Standing) -> None:
        self.stood.append(standing)
        self._heard.set()

    async def label(self, words: str = "Ann", location: str = "a.txt", *, saving: bool = True) -> None:
        start = TEXTS[location].index(words)
        span = Span(start, start + len(words))
        await self.session.labeling.add(
            document(self.session, location), category(self.session, "Person"), span
        )
        if saving:
            await self.session.labeling.save()

    async def until_it_stands(self, **wanted: object) -> Standing:
        """Waits for a standing with these fields."""
        async with asyncio.timeout(20):
            while not all(getattr(self.background.standing, key) == value for key, value in wanted.items()):
                self._heard.clear()
                await self._heard.wait()
        return self.background.standing


async def until(holds: Callable[[], bool]) -> None:
    """Lets the others go on until something holds."""
    for _ in range(1_000_000):
        if holds():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never came to that")


async def person(root: Path, name: str, stored: Stored, *, every: float = 0.0, remote: bool = True) -> Person:
    folder = write_documents(root / "texts", TEXTS)
    shelf = FakeShelf(stored)
    workbench = home_workbench(root / name, fixed_surroundings(name), shelf, is_remote=remote)
    session = await make_project(workbench, folder, categories=["Person"])
    return Person(session, shelf, every)


async def test_what_is_saved_is_pending_until_it_is_shared_and_drafts_are_not(tmp_path: Path) -> None:
    ana = await person(tmp_path, "ana", Stored())
    ana.background.start()
    await ana.until_it_stands(is_shared=True, pending=0)
    await ana.label(saving=False)
    assert await ana.background.count() == 0
    await ana.session.labeling.save()
    await ana.label("Bob", "b.txt")
    assert await ana.background.count() == 2
    await ana.background.now()
    assert (ana.background.standing.pending, ana.background.standing.was_synced) == (0, True)
    await ana.background.stop()


async def test_pending_is_counted_from_the_history_once_and_survives_a_restart(tmp_path: Path) -> None:
    ana = await person(tmp_path, "ana", Stored())
    await ana.label()
    assert await ana.background.count() == 1
    again = Person(ana.session, ana.shelf, 0.0)
    assert await again.background.count() == 1
    await ana.session.history.undo()
    await ana.session.history.undo()
    assert await ana.background.count() == 0


async def test_categories_that_others_do_not_have_are_pending(tmp_path: Path) -> None:
    ana = await person(tmp_path, "ana", Stored())
    await ana.session.categories.add("Town")
    assert await ana.background.count() == 1
    await ana.background.now()
    assert ana.background.standing.pending == 0


async def test_saving_is_carried_to_others_soon_and_they_hear_of_it(tmp_path: Path) -> None:
    stored = Stored()
    ana = await person(tmp_path, "ana", stored, every=3600.0)
    bo = await person(tmp_path, "bo", stored, every=3600.0)
    ana.background.start()
    bo.background.start()
    await ana.until_it_stands(was_synced=True)
    await bo.until_it_stands(was_synced=True)
    await ana.label()
    ana.background.stirred()
    await ana.until_it_stands(pending=1)
    ana.background.soon()
    await ana.until_it_stands(pending=0)
    bo.background.soon()
    await until(lambda: bool(bo.came))
    assert [entry.action for entry in bo.came[0].shared.transactions] == ["labels.sync"]
    assert len(bo.session.documents.find("a.txt").saved_labels) == 1
    await ana.background.stop()
    await bo.background.stop()


async def test_a_sync_without_news_says_nothing(tmp_path: Path) -> None:
    ana = await person(tmp_path, "ana", Stored(), every=0.001)
    ana.background.start()
    await ana.until_it_stands(was_synced=True)
    before, told = ana.shelf.requests["list"], len(ana.stood)
    await until(lambda: ana.shelf.requests["list"] >= before + 3)
    assert (ana.came, len(ana.stood)) == ([], told)
    await ana.background.stop()


async def test_offline_is_told_once_and_tried_again_ever_more_rarely(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui_labeler.engine.background.LONGEST_WAIT", 0.004)
    ana = await person(tmp_path, "ana", Stored(), every=0.001)
    await ana.label()
    ana.shelf.fail_at = ana.shelf.calls
    ana.background.start()
    await ana.until_it_stands(is_offline=True, pending=1)
    tried, told = ana.shelf.calls, len(ana.stood)
    await until(lambda: ana.shelf.calls >= tried + 4)
    assert len(ana.stood) == told, "the same trouble is not told again"
    assert ana.background._pause() == 0.004
    ana.shelf.fail_at = None
    await ana.until_it_stands(is_offline=False, pending=0, trouble=None)
    await ana.background.stop()


async def test_after_an_outage_whatever_gets_through_wakes_the_sync(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui_labeler.engine.background.LISTEN_EVERY", 0.001)
    ana = await person(tmp_path, "ana", Stored(), every=3600.0)
    ana.background.start()
    await ana.until_it_stands(was_synced=True)
    await ana.label()
    ana.shelf.fail_at = ana.shelf.calls
    ana.background.soon()
    await ana.until_it_stands(is_offline=True, pending=1)
    monkeypatch.setattr(ana.background, "_due", inf)
    tried = ana.shelf.calls
    ana.shelf.fail_at = None
    for _ in range(20):
        await asyncio.sleep(0.001)
    assert ana.shelf.calls == tried, "nobody has heard of it"
    monkeypatch.setattr(FarFolder, "got_through", 1)
    await ana.until_it_stands(is_offline=False, pending=0)
    await ana.background.stop()


async def test_a_server_that_is_down_is_never_left_alone_for_longer_than_a_minute(tmp_path: Path) -> None:
    ana = await person(tmp_path, "ana", Stored(), every=60.0)
    ana.shelf.fail_at = ana.shelf.calls
    pauses = []
    for _ in range(6):
        with pytest.raises(UnreachableError):
            await ana.background.now()
        pauses.append(ana.background._pause())
    assert pauses == [5.0, 10.0, 20.0, 40.0, 60.0, 60.0]


async def test_a_container_that_can_only_be_read_still_brings_what_others_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = Stored()
    ana = await person(tmp_path, "ana", stored)
    bo = await person(tmp_path, "bo", stored)
    await ana.label("Ann")
    await ana.background.now()
    await bo.label("Bob", "b.txt")

    async def refused(name: str, content: bytes, *, etag: str | None) -> str:
        raise ContainerError("the token may not write")

    monkeypatch.setattr(bo.shelf, "put", refused)
    with pytest.raises(ContainerError, match="may not write"):
        await bo.background.now()
    assert len(bo.session.documents.find("a.txt").saved_labels) == 1
    standing = bo.background.standing
    assert (standing.pending, standing.is_offline, standing.trouble is None) == (1, False, False)


async def test_a_conflict_stands_until_it_is_decided(tmp_path: Path) -> None:
    stored = Stored()
    ana = await person(tmp_path, "ana", stored)
    bo = await person(tmp_path, "bo", stored)
    await ana.session.categories.add("Town")
    await ana.background.now()
    await bo.background.now()
    await ana.label("Ann")
    await ana.background.now()
    span = Span(0, 3)
    await bo.session.labeling.add(document(bo.session, "a.txt"), category(bo.session, "Town"), span)
    await bo.session.labeling.save()
    exchange = await bo.background.now()
    assert len(exchange.shared.conflicts) == bo.background.standing.conflicts == 1
    assert bo.background.standing.pending == 0, "what is in conflict does not wait for a sync"
    await bo.background.resolve("a.txt", "ours")
    assert (bo.background.standing.conflicts, bo.background.standing.pending) == (0, 1)


async def test_a_folder_is_not_read_by_itself_and_a_private_one_not_synced(tmp_path: Path) -> None:
    ana = await person(tmp_path, "ana", Stored(), every=0.001, remote=False)
    # Whether others share a project of this name is looked up when one is made.
    made = ana.shelf.calls
    ana.background.start()
    (tmp_path / "texts" / "c.txt").write_text("New.")
    for _ in range(50):
        await asyncio.sleep(0)
    assert (ana.shelf.calls, ana.background.standing) == (made, Standing())
    assert ana.session.sharing is not None
    await ana.session.sharing.share(on=True)
    ana.background.soon()
    await ana.until_it_stands(was_synced=True)
    assert len(ana.session.rows) == 2
    await ana.background.now()
    assert len(ana.session.rows) == 3
    await ana.background.stop()


async def test_stopping_calls_off_a_sync_that_waits_for_an_answer(tmp_path: Path) -> None:
    ana = await person(tmp_path, "ana", Stored(), every=3600.0)
    asked, never = asyncio.Event(), asyncio.Event()

    async def silent(*args: object, **options: object) -> None:
        asked.set()
        await never.wait()

    ana.session.sharing.sync = silent  # type: ignore
    ana.background.start()
    async with asyncio.timeout(20):
        await asked.wait()
        await ana.background.stop()
    assert not isinstance(ana.background.standing.trouble, UnreachableError)
