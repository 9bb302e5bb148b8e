"""How fast questions go out, against servers with limits, in the event loop's own time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

import pytest

from tests.jumping_clock import jumping
from tui_labeler.engine.autolabelers.pacing import Pacer
from tui_labeler.engine.deployments.chat import RateLimits

LATENCY = 0.3


class Server:
    """Answers after ``LATENCY``; takes ``allowed`` questions in any second, where that is set."""

    def __init__(self, allowed: int | None = None, *, says_when: bool = True) -> None:
        self.allowed = allowed
        self.says_when = says_when
        self.taken: deque[float] = deque()
        self.answered: list[float] = []
        self.refused = 0
        self.open = self.most_open = 0

    async def take(self) -> float | None:
        """``None`` when it answers, else the seconds to wait (0: it does not say)."""
        now = asyncio.get_running_loop().time()
        while self.taken and self.taken[0] <= now - 1:
            self.taken.popleft()
        if self.allowed is not None and len(self.taken) >= self.allowed:
            self.refused += 1
            return 1.0 if self.says_when else 0.0
        self.taken.append(now)
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        await asyncio.sleep(LATENCY)
        self.open -= 1
        self.answered.append(asyncio.get_running_loop().time())
        return None


class Bucket(Server):
    """Takes ``allowed`` questions a second, evenly, ``burst`` of them at once."""

    def __init__(self, allowed: int, burst: int) -> None:
        super().__init__()
        self.rate, self.burst = allowed, float(burst)
        self.left, self.at = float(burst), 0.0

    async def take(self) -> float | None:
        now = asyncio.get_running_loop().time()
        self.left = min(self.burst, self.left + (now - self.at) * self.rate)
        self.at = now
        if self.left < 1:
            self.refused += 1
            return (1 - self.left) / self.rate
        self.left -= 1
        return await super().take()


async def ask_all(pacer: Pacer, server: Server, questions: int) -> float:
    """Asks until all are answered; the seconds that it took."""

    async def one() -> None:
        while True:
            async with pacer.turn() as sent:
                wait = await server.take()
                if wait is None:
                    pacer.answered()
                    return
                pacer.busy(sent, wait or None)

    began = asyncio.get_running_loop().time()
    await asyncio.gather(*(one() for _ in range(questions)))
    return asyncio.get_running_loop().time() - began


@jumping
async def test_a_free_server_is_asked_as_many_at_once_as_allowed() -> None:
    server, pacer = Server(), Pacer(32)
    seconds = await ask_all(pacer, server, 5000)
    assert server.most_open == 32
    assert 5000 / seconds >= 0.95 * 32 / LATENCY


@jumping
async def test_the_first_questions_are_few() -> None:
    server, pacer = Server(), Pacer(32)
    await ask_all(pacer, server, 4)
    assert server.most_open == 4
    assert pacer.open_at_once == 8


@pytest.mark.parametrize("says_when", [True, False], ids=["retry-after", "no retry-after"])
@pytest.mark.parametrize("allowed", [3, 40])
@jumping
async def test_a_limited_server_is_asked_at_nine_tenths_of_what_it_allows(
    allowed: int, says_when: bool
) -> None:
    server, pacer = Server(allowed, says_when=says_when), Pacer(32)
    questions = allowed * 120
    seconds = await ask_all(pacer, server, questions)
    found_by = 30.0
    after = sum(came >= found_by for came in server.answered)
    assert after / (seconds - found_by) >= 0.9 * allowed
    assert server.refused <= max(10, questions / 100)


@pytest.mark.parametrize("burst", [4, 40])
@jumping
async def test_between_two_refusals_it_learns_what_the_server_allows(burst: int) -> None:
    server, pacer = Bucket(40, burst), Pacer(32)
    seconds = await ask_all(pacer, server, 4800)
    after = sum(came >= 10.0 for came in server.answered)
    assert after / (seconds - 10.0) >= 0.95 * 40
    assert server.refused <= 20


@jumping
async def test_a_limit_that_is_lifted_is_noticed() -> None:
    server, pacer = Server(10), Pacer(32)
    await ask_all(pacer, server, 200)
    server.allowed = None
    seconds = await ask_all(pacer, server, 4000)
    assert 4000 / seconds >= 25


@jumping
async def test_nothing_goes_out_before_the_time_the_server_named() -> None:
    pacer = Pacer(4)
    async with pacer.turn() as sent:
        pacer.busy(sent, 7.5)
    async with pacer.turn() as again:
        assert again - sent >= 7.5


@jumping
async def test_questions_refused_together_slow_the_pace_once() -> None:
    pacer = Pacer(8)
    for _ in range(20):
        async with pacer.turn():
            await asyncio.sleep(0.1)
            pacer.answered()
    before = []
    for _ in range(3):
        async with pacer.turn() as sent:
            before.append(sent)
    for sent in before:
        pacer.busy(sent, 0.1)
    assert pacer.rate == pytest.approx(9.7, rel=0.1)


@jumping
async def test_what_the_server_says_is_left_is_believed() -> None:
    pacer = Pacer(4)
    async with pacer.turn() as sent:
        pacer.answered(RateLimits(requests=0, requests_reset=3.0))
    async with pacer.turn() as again:
        assert again - sent >= 3.0


@jumping
async def test_who_gives_up_waiting_leaves_the_place_to_others() -> None:
    pacer = Pacer(1)
    started: list[str] = []

    async def ask(name: str, wait: Callable[[], Awaitable[object]]) -> None:
        async with pacer.turn():
            started.append(name)
            await wait()

    first = asyncio.create_task(ask("first", lambda: asyncio.sleep(1)))
    await asyncio.sleep(0.1)
    second = asyncio.create_task(ask("second", lambda: asyncio.sleep(1)))
    third = asyncio.create_task(ask("third", lambda: asyncio.sleep(1)))
    await asyncio.sleep(0.1)
    second.cancel()
    await asyncio.gather(first, second, third, return_exceptions=True)
    assert started == ["first", "third"]


@jumping
async def test_a_server_that_lets_questions_wait_for_each_other_is_asked_less_at_once() -> None:
    loop = asyncio.get_running_loop()
    pacer, slot = Pacer(32), asyncio.Lock()
    late = 0

    async def answer() -> None:
        async with slot:
            await asyncio.sleep(10)

    async def one() -> None:
        nonlocal late
        while True:
            async with pacer.turn() as sent:
                try:
                    async with asyncio.timeout(60):
                        await answer()
                except TimeoutError:
                    late += 1
                    pacer.late(sent)
                else:
                    pacer.answered()
                    return

    began = loop.time()
    await asyncio.gather(*(one() for _ in range(200)))
    # Six at once is what it can answer in time.
    assert late <= 40
    assert loop.time() - began <= 1.2 * 200 * 10


@jumping
async def test_questions_that_were_late_together_are_one_sign() -> None:
    pacer = Pacer(32)
    sent = asyncio.get_running_loop().time()
    await asyncio.sleep(40)
    for _ in range(28):
        pacer.answered(None, sent)
    assert pacer.open_at_once == 32
    await asyncio.sleep(60)
    for _ in range(32):
        pacer.late(sent)
    assert pacer.open_at_once == 16
    for _ in range(20):
        pacer.answered()
    assert pacer.open_at_once == 16
    for _ in range(20):
        pacer.answered()
    assert pacer.open_at_once == 17


@jumping
async def test_a_late_answer_among_quick_ones_slows_nothing_down() -> None:
    pacer = Pacer(32)
    began = asyncio.get_running_loop().time()
    await asyncio.sleep(119)
    sent = asyncio.get_running_loop().time()
    await asyncio.sleep(1)
    pacer.answered(None, sent)
    pacer.late(began)
    assert pacer.open_at_once == 5
