"""A document is with one person at a time, in a home and over machines, and nobody's death keeps it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import pytest

from tests.builders import Bench
from tests.shelves import FakeShelf, Stored
from tui_labeler.engine.adapters.store.memory import MemoryState
from tui_labeler.engine.adapters.store.takes import FileTakes, live_takes, taken_locations
from tui_labeler.engine.documents.keeping import needed_texts
from tui_labeler.engine.errors import AwayError, DeletedError, UnreachableError
from tui_labeler.engine.ports import Surroundings
from tui_labeler.engine.ports.takes import Take
from tui_labeler.engine.session import ProjectSession
from tui_labeler.engine.takes.leases import RENEW_EVERY, VOID_AFTER
from tui_labeler.engine.takes.shelf_takes import ShelfTakes
from tui_labeler.engine.takes.takes import Claim, TakenError, winner
from tui_labeler.engine.takes.taking import TakesNews, Taking

FOLDER = ".tui-labeler/p1/takes/"


@dataclass
class Person:
    """Somebody who has the project open."""

    session: ProjectSession
    taking: Taking
    shelf: FakeShelf
    news: list[TakesNews] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.taking._tell = self.news.append

    def number(self, location: str) -> int:
        return self.session.documents.find(location).id

    async def open(self, location: str) -> None:
        self.taking.want(self.number(location))
        await self.look()

    async def look(self) -> None:
        await self.taking.look_near()
        await self.taking.look_far()

    async def take_over(self) -> None:
        self.taking.take_over()
        await self.look()

    def holder(self, location: str = "d0000.txt") -> str:
        found = self.taking.holder(self.number(location))
        return found.actor if found else ""


@dataclass
class Team:
    """People in homes of their own, or in one, over one container."""

    root: Path
    stored: Stored = field(default_factory=Stored)
    number: int = 0

    async def person(self, actor: str, home: str, *, shared: bool = False) -> Person:
        bench = Bench(self.root / home)
        if not bench.home.exists():
            await (await bench.create(3)).close()
        session = await bench.session(actor)
        self.number += 1
        around = Surroundings(actor, bench.clock, bench.new_id, home, 4711, f"s{self.number}{actor}")
        shelf = FakeShelf(self.stored)
        takes = ShelfTakes(shelf, "p1", lambda: self.stored.now)
        near = FileTakes(await bench.project_folder())
        return Person(session, Taking(session.store, near, around, lambda: takes if shared else None), shelf)

    async def pair(self, *, shared: bool) -> tuple[Person, Person]:
        """Two people: in homes of their own, or in one."""
        homes = ("one", "two") if shared else ("one", "one")
        return await self.person("a", homes[0], shared=shared), await self.person(
            "b", homes[1], shared=shared
        )


@pytest.fixture
def team(tmp_path: Path) -> Team:
    return Team(tmp_path)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui_labeler.engine.takes.shelf_takes.AGAIN", 0.0)


# --- who has a document -------------------------------------------------------------------------------


@pytest.mark.parametrize("shared", [False, True], ids=["one home", "two homes"])
async def test_the_first_has_it_and_the_second_is_refused_with_who_and_since_when(
    team: Team, shared: bool
) -> None:
    ana, bo = await team.pair(shared=shared)
    await ana.open("d0000.txt")
    await bo.open("d0000.txt")
    await ana.look()
    assert (ana.taking.has, bo.taking.has) == ("d0000.txt", "")
    assert (ana.holder(), bo.holder()) == ("", "a")
    assert [news for news in (*ana.news, *bo.news) if news.lost] == []  # nobody took anything over
    with pytest.raises(TakenError, match=r"d0000.txt is with a on one since .*\d\d:\d\d:\d\d"):
        bo.taking.check(bo.number("d0000.txt"))
    bo.taking.check(bo.number("d0001.txt"))
    ana.taking.check(ana.number("d0000.txt"))


@pytest.mark.parametrize("shared", [False, True], ids=["one home", "two homes"])
async def test_what_is_left_is_free_and_goes_to_who_waits_for_it(team: Team, shared: bool) -> None:
    ana, bo = await team.pair(shared=shared)
    await ana.open("d0000.txt")
    await bo.open("d0000.txt")
    await ana.open("d0001.txt")
    await bo.look()
    await ana.look()
    assert (ana.taking.has, bo.taking.has) == ("d0001.txt", "d0000.txt")
    assert (ana.holder(), bo.holder()) == ("b", "")
    await ana.taking.stop()
    ana.taking.want(None)
    await ana.look()
    await bo.look()
    assert bo.taking.held == {}


@pytest.mark.parametrize("shared", [False, True], ids=["one home", "two homes"])
async def test_a_document_is_taken_over_and_back_and_the_other_is_told(team: Team, shared: bool) -> None:
    ana, bo = await team.pair(shared=shared)
    await ana.open("d0000.txt")
    await bo.open("d0000.txt")
    for taker, other in ((bo, ana), (ana, bo), (bo, ana)):
        other.news.clear()
        await taker.take_over()
        await other.look()
        await taker.look()
        assert (taker.taking.has, other.taking.has) == ("d0000.txt", "")
        assert other.holder() == taker.taking._mine.actor
        assert [news.lost.actor for news in other.news if news.lost] == [taker.taking._mine.actor]
        for _ in range(3):  # nobody fights for it
            await other.look()
            assert (taker.taking.has, other.taking.has) == ("d0000.txt", "")
            await taker.look()
            assert (taker.taking.has, other.taking.has) == ("d0000.txt", "")


async def test_documents_for_several_readers_are_nobody_s_alone(team: Team) -> None:
    ana, bo = await team.person("a", "one"), await team.person("b", "one")
    await ana.session.readings.assign(["a", "b"], documents=[ana.number("d0000.txt")])
    await bo.session.refresh()
    await ana.open("d0000.txt")
    await bo.open("d0000.txt")
    assert (ana.taking.has, bo.taking.has) == ("", "")
    await ana.open("d0001.txt")
    await bo.look()
    await ana.session.readings.assign(["a", "b"], documents=[ana.number("d0001.txt")])
    await bo.session.refresh()
    assert bo.holder("d0001.txt") == ""


async def test_who_has_a_document_is_known_where_none_can_be_read(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, bo = await team.person("a", "one"), await team.person("b", "one")
    first = ana.number("d0000.txt")
    await ana.open("d0000.txt")
    await bo.look()

    def fail(state: MemoryState, document_id: int) -> NoReturn:
        raise AwayError("home")

    monkeypatch.setattr(MemoryState, "document", fail)
    monkeypatch.setattr(MemoryState, "whole", fail)
    bo.taking.want(first)
    holder = bo.taking.holder(first)
    assert holder is not None
    assert holder.actor == "a"


async def test_texts_that_somebody_has_open_are_needed(team: Team) -> None:
    ana = await team.person("a", "one")
    assert list(needed_texts(ana.session.store.state)) == []
    await ana.open("d0001.txt")
    folder = await Bench(team.root / "one").project_folder()
    taken = taken_locations(folder)
    assert taken == {"d0001.txt"}
    found = ana.session.documents.find("d0001.txt")
    assert list(needed_texts(ana.session.store.state, taken)) == [("d0001.txt", found.text_hash)]


# --- in one home --------------------------------------------------------------------------------------


DIES = """
import asyncio, sys
from pathlib import Path
from tui_labeler.engine.adapters.store.takes import FileTakes
from tui_labeler.engine.ports.takes import Take
async def have():
    takes = FileTakes(Path(sys.argv[1]))
    await takes.exchange(lambda others: Take("dies", "cleo", location="d0000.txt", settled=True))
    print("has it", flush=True)
    await asyncio.sleep(600)
asyncio.run(have())
"""


async def test_who_leaves_amid_an_exchange_has_nothing_afterwards(team: Team) -> None:
    await team.person("a", "one")
    folder = await Bench(team.root / "one").project_folder()
    takes = FileTakes(folder)
    asked, go_on = threading.Event(), threading.Event()

    def claim(others: Sequence[Take]) -> Take:
        asked.set()
        go_on.wait(20)
        return Take("s1a", "a", location="d0000.txt")

    exchange = asyncio.create_task(takes.exchange(claim))
    assert await asyncio.to_thread(asked.wait, 20)
    exchange.cancel()
    closing = asyncio.create_task(takes.close())
    await asyncio.sleep(0)
    go_on.set()
    await closing
    assert live_takes(folder) == ()
    assert [path.name for path in (folder / "takes").iterdir() if path.suffix == ".json"] == []


async def test_what_a_killed_process_had_is_free_at_once(team: Team) -> None:
    ana = await team.person("a", "one", shared=True)
    folder = await Bench(team.root / "one").project_folder()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", DIES, str(folder), stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"has it\n"
    # What the container holds of it would count for minutes more.
    team.stored.write(f"{FOLDER}dies.json", b'{"session":"dies","actor":"cleo","location":"d0000.txt"}')
    await ana.open("d0000.txt")
    assert ana.holder() == "cleo"
    process.send_signal(signal.SIGKILL)
    await process.wait()
    await ana.look()
    assert (ana.holder(), ana.taking.has) == ("", "d0000.txt")
    await ana.look()
    assert [take.session for take in live_takes(folder)] == [ana.taking._mine.session]


async def test_a_file_that_is_no_take_and_one_of_long_ago_do_no_harm(team: Team) -> None:
    ana = await team.person("a", "one")
    project = await Bench(team.root / "one").project_folder()
    (project / "takes").mkdir()
    for name in ("odd.json", "old.json", "ahead.json"):
        (project / "takes" / name).write_bytes(b"\xff{")
    os.utime(project / "takes" / "old.json", (0, 0))
    os.utime(project / "takes" / "ahead.json", (4_000_000_000, 4_000_000_000))
    await ana.open("d0000.txt")
    assert ana.taking.has == "d0000.txt"
    assert not (project / "takes" / "old.json").exists()
    assert not (project / "takes" / "ahead.json").exists()
    assert (project / "takes" / "odd.json").exists()


async def test_of_many_that_open_it_at_one_moment_one_has_it(team: Team) -> None:
    people = [await team.person(name, "one") for name in "abcdef"]
    for person in people:
        person.taking.want(person.number("d0000.txt"))
    await asyncio.gather(*(person.taking.look_near() for person in people))
    await asyncio.gather(*(person.taking.look_near() for person in people))
    assert sorted(person.taking.has for person in people) == [""] * 5 + ["d0000.txt"]


# --- over machines ------------------------------------------------------------------------------------


async def test_of_two_machines_that_open_it_at_one_moment_one_has_it(team: Team) -> None:
    people = [await team.person(name, name, shared=True) for name in "abcd"]
    for person in people:
        person.taking.want(person.number("d0000.txt"))
        await person.taking.look_near()
    await asyncio.gather(*(person.taking.look_far() for person in people))
    for _ in range(2):
        for person in people:
            await person.look()
    assert sorted(person.taking.has for person in people) == [""] * 3 + ["d0000.txt"]
    has = next(person for person in people if person.taking.has)
    assert {person.holder() for person in people if person is not has} == {has.taking._mine.actor}


async def test_a_machine_that_died_frees_what_it_had_after_three_minutes_of_the_container_s_clock(
    team: Team,
) -> None:
    ana, bo = await team.person("a", "one", shared=True), await team.person("b", "two", shared=True)
    await ana.open("d0000.txt")
    team.stored.now += VOID_AFTER - 1
    await bo.open("d0000.txt")
    assert bo.holder() == "a"
    team.stored.now += 2
    await bo.look()
    assert (bo.holder(), bo.taking.has) == ("", "d0000.txt")
    # One that comes back finds out, and does not fight for it.
    await ana.look()
    assert (ana.holder(), ana.taking.has) == ("b", "")
    await bo.look()
    assert bo.taking.has == "d0000.txt"


async def test_who_stays_keeps_it_however_long_and_writes_once_a_minute(team: Team) -> None:
    ana, bo = await team.person("a", "one", shared=True), await team.person("b", "two", shared=True)
    await ana.open("d0000.txt")
    before = ana.shelf.requests["put"]
    for _ in range(40):
        team.stored.now += 15
        await ana.look()
        await bo.open("d0000.txt")
        assert bo.holder() == "a"
    assert ana.shelf.requests["put"] - before == 40 * 15 / RENEW_EVERY
    assert bo.shelf.requests["put"] == 0


async def test_a_line_that_is_lost_frees_it_for_others_and_keeps_nobody_from_working(team: Team) -> None:
    ana, bo = await team.person("a", "one", shared=True), await team.person("b", "two", shared=True)
    await ana.open("d0000.txt")
    await bo.open("d0001.txt")
    await ana.look()
    assert ana.holder("d0001.txt") == "b"
    ana.shelf.fail_at = 0
    with pytest.raises(UnreachableError):
        await ana.look()
    await ana.taking.look_near()
    assert (ana.taking.has, ana.holder("d0001.txt")) == ("d0000.txt", "b")
    team.stored.now += VOID_AFTER + 1
    await ana.taking.look_near()
    assert ana.holder("d0001.txt") == ""
    await bo.open("d0000.txt")
    assert bo.taking.has == "d0000.txt"
    ana.shelf.fail_at = None
    await ana.look()
    assert ana.holder() == "b"


async def test_an_answer_that_was_lost_on_the_way_loses_nothing(team: Team) -> None:
    ana, bo = await team.person("a", "one", shared=True), await team.person("b", "two", shared=True)
    ana.taking.want(ana.number("d0000.txt"))
    await ana.taking.look_near()
    ana.shelf.fail_at, ana.shelf.written_though = 1, True
    with pytest.raises(UnreachableError):
        await ana.taking.look_far()
    ana.shelf.fail_at = None
    await ana.look()
    await bo.open("d0000.txt")
    assert (ana.taking.has, bo.holder()) == ("d0000.txt", "a")
    ana.taking.want(None)
    await ana.look()
    assert not any(name.startswith(FOLDER) for name in team.stored.files)
    await bo.look()
    assert bo.taking.has == "d0000.txt"


async def test_files_of_the_dead_are_cleared_away(team: Team) -> None:
    ana, bo = await team.person("a", "one", shared=True), await team.person("b", "two", shared=True)
    await ana.open("d0000.txt")
    team.stored.now += VOID_AFTER
    await bo.open("d0001.txt")
    assert [name for name in team.stored.files if name.startswith(FOLDER)] == [f"{FOLDER}s2b.json"]


async def test_a_take_with_a_time_far_ahead_is_nobodys_and_cleared_away(team: Team) -> None:
    ana, bo = await team.person("a", "one", shared=True), await team.person("b", "two", shared=True)
    await ana.open("d0000.txt")
    (name,) = (name for name in team.stored.files if name.startswith(FOLDER))
    team.stored.written[name] = team.stored.now + 86400
    await bo.open("d0000.txt")
    assert (bo.holder(), bo.taking.has) == ("", "d0000.txt")
    assert name not in team.stored.files


async def test_a_file_that_nobody_can_read_keeps_nobody_from_knowing_who_has_what(team: Team) -> None:
    ana, bo = await team.person("a", "one", shared=True), await team.person("b", "two", shared=True)
    team.stored.write(f"{FOLDER}odd.json", b"too large")
    team.stored.closed.add(f"{FOLDER}odd.json")
    await ana.open("d0000.txt")
    await bo.open("d0000.txt")
    assert (ana.taking.has, bo.holder()) == ("d0000.txt", "a")


def test_the_rule_of_who_has_it() -> None:
    def claim(session: str, age: float, *, turn: int = 0, settled: bool = True) -> Claim:
        return Claim(Take(session, session, turn=turn, settled=settled), age)

    def has(*claims: Claim) -> str:
        found = winner(claims)
        return found.session if found else ""

    assert has() == ""
    assert has(claim("a", 5.0, settled=False), claim("b", 6.0, settled=False)) == "b"
    assert has(claim("b", 5.0, settled=False), claim("a", 5.0, settled=False)) == "a"
    assert has(claim("a", 100.0, settled=False), claim("b", 1.0)) == "b"
    assert has(claim("a", 100.0), claim("b", 1.0, turn=1)) == "b"
    assert has(claim("a", 1.0, turn=2), claim("b", 1.0, turn=1)) == "a"


# --- by itself ----------------------------------------------------------------------------------------


async def test_it_is_taken_in_the_background_and_freed_when_the_project_is_left(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LOOK_EVERY", "FAR_EVERY", "STAYS"):
        monkeypatch.setattr(f"tui_labeler.engine.takes.taking.{name}", 0.01)
    ana, bo = await team.person("a", "one", shared=True), await team.person("b", "two", shared=True)
    took, saw = asyncio.Event(), asyncio.Event()
    ana.taking.start(lambda news: took.set() if ana.taking.has else None)
    bo.taking.start(lambda news: saw.set() if bo.holder() == "a" else None)
    ana.taking.want(ana.number("d0000.txt"))
    assert ana.taking.has == ""  # nobody waits for it
    async with asyncio.timeout(20):
        await took.wait()
        await saw.wait()
    await ana.taking.stop()
    assert not any(name.startswith(FOLDER) for name in team.stored.files)
    assert live_takes(await Bench(team.root / "one").project_folder()) == ()
    await bo.taking.stop()


async def test_a_project_that_is_deleted_is_not_brought_back_by_who_looks_at_it(team: Team) -> None:
    ana = await team.person("a", "one")
    await ana.open("d0000.txt")
    folder = await Bench(team.root / "one").project_folder()
    await Bench(team.root / "one").workbench().delete("Test", purge=False)
    with pytest.raises(DeletedError):
        await ana.taking.look_near()
    assert not folder.exists()
    await ana.taking.stop()


async def test_a_claim_whose_answer_was_lost_is_freed_all_the_same() -> None:
    stored = Stored()
    shelf = FakeShelf(stored, fail_at=1, written_though=True)
    takes = ShelfTakes(shelf, "p1", lambda: stored.now)
    with pytest.raises(UnreachableError):
        await takes.claim(Take("s1", "ana", location="a.txt", since="2026-01-01T00:00:00.000Z"))
    assert list(stored.files) == [".tui-labeler/p1/takes/s1.json"]
    shelf.fail_at = None
    await takes.close()
    assert list(stored.files) == []
