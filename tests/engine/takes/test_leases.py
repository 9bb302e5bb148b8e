"""One process at a time has a lease, by nobody's clock but the container's."""

from __future__ import annotations

import asyncio

import pytest

from tests.shelves import FakeShelf, Stored
from tui_labeler.engine.errors import LockedError, UnreachableError
from tui_labeler.engine.ports.watching import Holder
from tui_labeler.engine.takes import leases
from tui_labeler.engine.takes.leases import VOID_AFTER, Lease

NAME = ".tui-labeler/p1/watch.json"


def lease(stored: Stored, actor: str, since: str = "2026-11-21T09:00:00.000Z") -> Lease:
    return Lease(FakeShelf(stored), NAME, Holder(f"s-{actor}", actor, "host7", 12, since))


async def test_the_first_has_it_and_the_second_is_told_who_that_is() -> None:
    stored = Stored()
    await lease(stored, "ana").take()
    with pytest.raises(LockedError, match=r"ana on host7 \(process 12\), since 2026-11-21T09"):
        await lease(stored, "bo").take()


async def test_it_is_renewed_and_freed_by_who_has_it() -> None:
    stored = Stored()
    ana = lease(stored, "ana")
    for _ in range(5):
        stored.now += VOID_AFTER - 1
        await ana.take()
        with pytest.raises(LockedError):
            await lease(stored, "bo").take()
    await ana.free()
    await lease(stored, "bo").take()


@pytest.mark.parametrize("since", ["1970-01-01T00:00:00.000Z", "2199-01-01T00:00:00.000Z", ""])
async def test_a_clock_that_is_wrong_matters_to_nobody(since: str) -> None:
    stored = Stored()
    await lease(stored, "ana", since).take()
    stored.now += VOID_AFTER - 1
    with pytest.raises(LockedError):
        await lease(stored, "bo").take()
    stored.now += 2
    await lease(stored, "bo").take()


async def test_one_with_a_time_far_ahead_is_nobodys_and_one_that_is_held_names_its_file() -> None:
    stored = Stored()
    await lease(stored, "ana").take()
    stored.written[NAME] = stored.now + VOID_AFTER - 1
    with pytest.raises(LockedError, match=r"p1/watch\.json"):
        await lease(stored, "bo").take()
    stored.written[NAME] = stored.now + VOID_AFTER
    await lease(stored, "bo").take()
    assert stored.written[NAME] == stored.now


async def test_one_that_was_away_too_long_has_lost_it_and_finds_out() -> None:
    stored = Stored()
    ana, bo = lease(stored, "ana"), lease(stored, "bo")
    await ana.take()
    stored.now += VOID_AFTER + 1
    await bo.take()
    with pytest.raises(LockedError, match="bo"):
        await ana.take()
    assert not ana.is_held
    await ana.free()
    await bo.take()


async def test_one_that_was_away_too_long_goes_on_where_nobody_came() -> None:
    stored = Stored()
    ana = lease(stored, "ana")
    await ana.take()
    stored.now += VOID_AFTER + 1
    await ana.take()
    with pytest.raises(LockedError):
        await lease(stored, "bo").take()


def of_home(stored: Stored, session: str, home: str) -> Lease:
    return Lease(FakeShelf(stored), NAME, Holder(session, "ana", "host7", 12, home=home))


async def test_one_that_died_is_followed_at_once_from_its_own_home_and_from_no_other() -> None:
    stored = Stored()
    await of_home(stored, "s1", "h1").take()
    for session, home in (("s2", "h2"), ("s3", "")):
        with pytest.raises(LockedError):
            await of_home(stored, session, home).take()
    after = of_home(stored, "s4", "h1")
    await after.take()
    assert after.is_held
    with pytest.raises(LockedError):
        await of_home(stored, "s2", "h2").take()


async def test_who_names_no_home_follows_nobody() -> None:
    stored = Stored()
    await of_home(stored, "s1", "").take()
    with pytest.raises(LockedError):
        await of_home(stored, "s2", "").take()


async def test_one_that_was_followed_does_not_fight_for_it() -> None:
    stored = Stored()
    first, second = of_home(stored, "s1", "h1"), of_home(stored, "s2", "h1")
    await first.take()
    await second.take()
    for _ in range(2):
        with pytest.raises(LockedError):
            await first.take()
    await second.take()


async def test_of_two_that_come_at_one_moment_one_has_it() -> None:
    stored = Stored()
    found = await asyncio.gather(*(lease(stored, name).take() for name in "abcdef"), return_exceptions=True)
    assert [type(item) for item in found].count(LockedError) == 5


async def test_an_answer_that_was_lost_on_the_way_loses_no_lease() -> None:
    stored = Stored()
    shelf = FakeShelf(stored, fail_at=1, written_though=True)
    ana = Lease(shelf, NAME, Holder("s-ana", "ana"))
    with pytest.raises(UnreachableError):
        await ana.take()
    shelf.fail_at = None
    await ana.take()
    with pytest.raises(LockedError):
        await lease(stored, "bo").take()


async def test_keeping_it_waits_for_a_line_that_is_down_and_ends_when_it_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(leases, "RENEW_EVERY", 0.0)
    stored = Stored()
    shelf = FakeShelf(stored)
    ana = Lease(shelf, NAME, Holder("s-ana", "ana"))
    await ana.take()
    shelf.fail_at = 0
    keeping = asyncio.ensure_future(ana.keep())
    for _ in range(50):
        await asyncio.sleep(0)
    assert shelf.calls > 5
    assert not keeping.done()
    stored.now += VOID_AFTER + 1
    await lease(stored, "bo").take()
    shelf.fail_at = None
    with pytest.raises(LockedError, match="bo"):
        await keeping


async def test_a_file_that_can_t_be_read_is_somebody_s_until_it_is_old() -> None:
    stored = Stored()
    stored.write(NAME, b"\xff{")
    with pytest.raises(LockedError, match="somebody"):
        await lease(stored, "bo").take()
    stored.now += VOID_AFTER + 1
    await lease(stored, "bo").take()
