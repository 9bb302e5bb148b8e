"""Calls to an event loop in another thread, and their ends."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest

from tui_labeler.engine.adapters.blob.side_loop import SideLoop


@pytest.fixture
async def side() -> AsyncIterator[SideLoop]:
    loop = SideLoop("beside")
    yield loop
    await loop.close()


async def same(value: int) -> int:
    await asyncio.sleep(0)
    return value


async def test_every_call_gets_its_own_answer_or_error(side: SideLoop) -> None:
    async def refused(value: int) -> int:
        raise ValueError(value)

    calls = [side.call(same(n) if n % 3 else refused(n)) for n in range(300)]
    found = await asyncio.gather(*calls, return_exceptions=True)
    wanted = [n if n % 3 else f"refused {n}" for n in range(300)]
    assert [f"refused {each}" if isinstance(each, ValueError) else each for each in found] == wanted


async def test_a_caller_who_gives_up_ends_what_was_called(side: SideLoop) -> None:
    begun, ended = threading.Event(), threading.Event()

    async def endless() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    calling = asyncio.ensure_future(side.call(endless()))
    assert await asyncio.to_thread(begun.wait, 30)
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    assert await asyncio.to_thread(ended.wait, 30)
    assert await side.call(same(1)) == 1


async def test_a_caller_who_gives_up_at_once_leaves_nothing_behind(side: SideLoop) -> None:
    calling = asyncio.ensure_future(side.call(same(1)))
    await asyncio.sleep(0)
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    assert await side.call(same(2)) == 2


async def test_closing_ends_those_who_wait(side: SideLoop) -> None:
    begun = threading.Event()

    async def endless() -> None:
        begun.set()
        await asyncio.Event().wait()

    calling = asyncio.ensure_future(side.call(endless()))
    assert await asyncio.to_thread(begun.wait, 30)
    await side.close()
    with pytest.raises(asyncio.CancelledError):
        await calling


def test_loops_of_two_threads_are_served_at_once() -> None:
    side = SideLoop("beside")
    found: list[list[int]] = []

    async def work(start: int) -> None:
        found.append(await asyncio.gather(*(side.call(same(n)) for n in range(start, start + 100))))

    threads = [threading.Thread(target=asyncio.run, args=(work(start),)) for start in (0, 1000)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    asyncio.run(side.close())
    assert sorted(found) == [list(range(100)), list(range(1000, 1100))]


async def test_who_calls_while_it_is_closed_is_served_and_what_is_last_comes_last(side: SideLoop) -> None:
    begun = threading.Event()
    order: list[str] = []

    async def endless() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            order.append("ended")

    async def last() -> None:
        order.append("last")

    async def person() -> int:
        try:
            await side.call(endless())
        finally:
            found = await side.call(same(7))
        return found

    working = asyncio.ensure_future(person())
    assert await asyncio.to_thread(begun.wait, 30)
    await side.close(last)
    assert order == ["ended", "last"]
    async with asyncio.timeout(30):
        await asyncio.wait([working])
    assert working.cancelled()
    assert await side.call(same(1)) == 1


async def test_a_cancel_does_not_keep_it_from_being_closed(side: SideLoop) -> None:
    done = threading.Event()

    async def last() -> None:
        await asyncio.sleep(0.01)
        done.set()

    assert await side.call(same(1)) == 1
    closing = asyncio.ensure_future(side.close(last))
    await asyncio.sleep(0)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    assert done.is_set()
