"""Questions that are asked once, tried again where that helps, and kept before they are used."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import pytest

from tests.jumping_clock import jumping
from tui_labeler.domain.jobs import Usage, cost_of
from tui_labeler.domain.resources import Prices
from tui_labeler.engine.adapters.store.answers import FileAnswerStore
from tui_labeler.engine.autolabelers.asking import PATIENCE, Asker
from tui_labeler.engine.autolabelers.pacing import Pacer
from tui_labeler.engine.autolabelers.reusing import question_key
from tui_labeler.engine.autolabelers.spending import Budget, BudgetError, Lost, Spending
from tui_labeler.engine.autolabelers.usage_told import AT_LEAST
from tui_labeler.engine.deployments.chat import (
    BusyError,
    Finish,
    KeptReply,
    LateError,
    Message,
    Question,
    RateLimits,
    Reply,
    ResourceError,
    Role,
    TroubleError,
    UnansweredError,
)
from tui_labeler.engine.errors import StorageError

if TYPE_CHECKING:
    from pathlib import Path

ESTIMATE = Usage(100, 50)
PRICES = Prices(input=1.0, output=2.0, cached=0.5)


def question(words: str = "What is it?") -> Question:
    return Question((Message(Role.USER, words),), max_tokens=50)


def kept(text: str = "{}") -> KeptReply:
    return KeptReply(reply(text), "job1")


def reply(text: str = "{}") -> Reply:
    return Reply(text, Finish.STOP, Usage(80, 20))


class Model:
    """Does what a list says, one item a question; then it answers."""

    def __init__(self, *steps: Exception | Reply, otherwise: Callable[[], Exception] | None = None) -> None:
        self.steps = list(steps)
        self.otherwise = otherwise
        self.asked: list[str] = []
        self.max_tokens: list[int] = []
        self.otherwise_reply = reply()

    async def ask(self, question: Question) -> Reply:
        self.asked.append(question.messages[-1].content)
        self.max_tokens.append(question.max_tokens)
        await asyncio.sleep(0.1)
        step: Exception | Reply = self.otherwise_reply
        if self.steps:
            step = self.steps.pop(0)
        elif self.otherwise is not None:
            step = self.otherwise()
        if isinstance(step, Exception):
            raise step
        return step

    async def close(self) -> None:
        return None


class Kept:
    """Answers in memory."""

    def __init__(self) -> None:
        self.replies: dict[str, KeptReply] = {}

    async def find(self, key: str) -> KeptReply | None:
        return self.replies.get(key)

    async def refresh(self) -> int:
        return 0

    def claim(self, key: str) -> bool:
        return True

    def release(self, key: str) -> None:
        return None

    def is_claimed(self, key: str) -> bool:
        return False

    async def keep(self, key: str, kept: KeptReply) -> None:
        await asyncio.sleep(0.05)
        self.replies[key] = kept

    async def close(self) -> None:
        return None


class Requests:
    """What became of requests, in memory: a word for each."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, str]] = []
        self.longest: float | None = None
        self.lost_usage: list[Usage] = []
        self._most: list[Usage] = []

    def sent(self, location: str, most: Usage, room: int) -> int:
        self._most.append(most)
        self.steps.append(("sent", location))
        return len(self.steps)

    def answered(self, number: int, usage: Usage) -> None:
        self.steps.append(("answered", self.steps[number - 1][1]))

    def refused(self, number: int) -> None:
        self.steps.append(("refused", self.steps[number - 1][1]))

    def lost(self, number: int) -> None:
        self.lost_usage.append(self._most[-1])
        self.steps.append(("lost", self.steps[number - 1][1]))

    def collected(self, key: str, usage: Usage) -> bool:
        raise AssertionError("no batch")


class OneAtATime(Model):
    """Says never that it is busy; questions wait for each other, and nobody waits longer than 25 s."""

    def __init__(self) -> None:
        super().__init__()
        self._slot = asyncio.Lock()

    async def ask(self, question: Question) -> Reply:
        try:
            async with asyncio.timeout(25), self._slot:
                await asyncio.sleep(10)
                return await super().ask(question)
        except TimeoutError:
            raise LateError("no answer in time") from None


def asker(
    model: Model,
    kept: Kept,
    *,
    budget: Budget | None = None,
    at_once: int = 8,
    job: str = "job1",
    requests: Requests | None = None,
) -> Asker:
    spending, log = Spending(PRICES, budget), requests or Requests()
    return Asker(model, "azure/gpt", job, Pacer(at_once), spending, kept, log)


async def time_passed() -> float:
    return asyncio.get_running_loop().time()


class TestWritingDown:
    @jumping
    async def test_each_request_is_written_down_with_what_came_of_it(self) -> None:
        requests = Requests()
        steps = (BusyError("busy", retry_after=1), LateError("late"), TroubleError("5xx", may_cost=False))
        one = asker(Model(*steps), Kept(), requests=requests)
        await one.ask(question(), ESTIMATE, about="a.txt")
        assert [what for what, _ in requests.steps] == [
            *("sent", "refused"),
            *("sent", "lost"),
            *("sent", "refused"),
            *("sent", "answered"),
        ]
        assert {location for _, location in requests.steps} == {"a.txt"}

    @jumping
    async def test_a_request_that_nobody_waits_for_any_more_may_still_be_charged(self) -> None:
        requests = Requests()
        asking = asyncio.create_task(
            asker(Model(), Kept(), requests=requests).ask(question(), ESTIMATE, about="a.txt")
        )
        await asyncio.sleep(0.05)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        assert requests.steps == [("sent", "a.txt"), ("lost", "a.txt")]


class TestAsking:
    @jumping
    async def test_a_question_is_asked_once_whoever_asks_it(self) -> None:
        model, kept = Model(), Kept()
        one = asker(model, kept)
        first, second = await asyncio.gather(one.ask(question(), ESTIMATE), one.ask(question(), ESTIMATE))
        third = await asker(model, kept).ask(question(), ESTIMATE)
        assert len(model.asked) == 1
        assert [item.from_cache for item in (first, second, third)] == [False, True, True]
        assert [item.usage for item in (first, second)] == [reply().usage, Usage()]
        assert first.reply == third.reply

    @jumping
    async def test_an_answer_costs_the_job_that_asked_for_it(self) -> None:
        model, kept = Model(), Kept()
        await asker(model, kept).ask(question(), ESTIMATE)
        of_another_job = await asker(model, kept, job="job2").ask(question(), ESTIMATE)
        after_a_crash = asker(model, kept)
        found = [await after_a_crash.ask(question(), ESTIMATE) for _ in range(2)]
        assert of_another_job.usage == Usage()
        assert [item.usage for item in found] == [reply().usage, Usage()]
        assert len(model.asked) == 1

    @jumping
    async def test_being_busy_costs_no_try(self) -> None:
        model = Model(*[BusyError("429", retry_after=2.0) for _ in range(20)])
        began = await time_passed()
        asked = await asker(model, Kept()).ask(question(), ESTIMATE)
        assert asked.reply == reply()
        assert await time_passed() - began >= 40

    @jumping
    async def test_trouble_is_tried_again_and_passes(self) -> None:
        model = Model(*[TroubleError("cut") for _ in range(4)])
        asked = await asker(model, Kept()).ask(question(), ESTIMATE)
        assert asked.reply == reply()
        assert len(model.asked) == 5

    @jumping
    async def test_trouble_with_one_question_is_that_questions_own(self) -> None:
        model, kept = Model(reply(), *[TroubleError("cut") for _ in range(5)]), Kept()
        one = asker(model, kept)
        await one.ask(question("good"), ESTIMATE)
        with pytest.raises(TroubleError):
            await one.ask(question("bad"), ESTIMATE)
        await one.ask(question("good again"), ESTIMATE)

    @jumping
    async def test_a_server_that_answers_one_question_at_a_time_answers_all(self) -> None:
        model, kept = OneAtATime(), Kept()
        one = asker(model, kept, at_once=16)
        found = await asyncio.gather(*(one.ask(question(str(n)), ESTIMATE) for n in range(40)))
        assert len(found) == 40

    @jumping
    async def test_a_server_that_never_answers_ends_the_job(self) -> None:
        model = Model(otherwise=lambda: TroubleError("no connection"))
        with pytest.raises(ResourceError):
            await asker(model, Kept()).ask(question(), ESTIMATE)

    @jumping
    async def test_a_server_that_is_busy_for_ever_ends_the_job(self) -> None:
        model = Model(otherwise=lambda: BusyError("429", retry_after=30.0))
        began = await time_passed()
        with pytest.raises(ResourceError):
            await asker(model, Kept()).ask(question(), ESTIMATE)
        assert PATIENCE <= await time_passed() - began <= PATIENCE + 60

    @jumping
    async def test_what_no_try_cures_is_asked_once(self) -> None:
        model = Model(UnansweredError("filtered", reason="content_filter"))
        with pytest.raises(UnansweredError):
            await asker(model, Kept()).ask(question(), ESTIMATE)
        assert len(model.asked) == 1

    @jumping
    async def test_an_answer_that_came_is_kept_though_the_job_is_cancelled(self) -> None:
        model, kept = Model(), Kept()
        asking = asyncio.create_task(asker(model, kept).ask(question(), ESTIMATE))
        await asyncio.sleep(0.12)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert len(kept.replies) == 1

    @jumping
    async def test_a_cancel_is_felt_at_once_while_waiting_for_the_server(self) -> None:
        model = Model(otherwise=lambda: BusyError("429", retry_after=100.0))
        asking = asyncio.create_task(asker(model, Kept()).ask(question(), ESTIMATE))
        await asyncio.sleep(5)
        began = await time_passed()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert await time_passed() == began


@pytest.mark.parametrize("part", ["[", '{"a":', '"', "Ann: ", "{}"])
@jumping
async def test_an_answer_is_kept_only_as_far_as_the_tokens_reach_that_it_was_given(part: str) -> None:
    model, kept = Model(Reply(part * 200_000, Finish.STOP, Usage(80, 20))), Kept()
    asked = await asker(model, kept).ask(question(), ESTIMATE)
    assert len(asked.reply.text) == AT_LEAST
    assert asked.reply.characters == len(part) * 200_000
    assert [len(item.reply.text) for item in kept.replies.values()] == [AT_LEAST]


class SlowAfterAll(Model):
    """Takes 20 s for each answer but one, that for “refused”: it is refused after a second."""

    async def ask(self, question: Question) -> Reply:
        words = question.messages[-1].content
        self.asked.append(words)
        await asyncio.sleep(1 if words == "refused" else 20)
        if words == "refused":
            raise ResourceError("401")
        return reply()


class TestTheEnd:
    @jumping
    async def test_what_was_sent_is_waited_for_and_what_was_not_ends_at_once(self) -> None:
        model, answers = SlowAfterAll(), Kept()
        one = asker(model, answers, at_once=3)
        words = ["a", "refused", "b", "c", "d"]
        ends: dict[str, float] = {}

        async def ask(which: str) -> Reply:
            try:
                return (await one.ask(question(which), ESTIMATE)).reply
            finally:
                ends[which] = await time_passed()

        came = await asyncio.gather(*map(ask, words), return_exceptions=True)
        sent = set(model.asked)
        assert "refused" in sent
        assert len(sent) < len(words)
        for which, result in zip(words, came, strict=True):
            is_answered = which in sent and which != "refused"
            assert isinstance(result, Reply) == is_answered
            assert ends[which] > 15 if is_answered else ends[which] < 2
        assert len(answers.replies) == len(sent) - 1

    @jumping
    async def test_a_question_that_waits_for_a_busy_server_ends_with_the_job(self) -> None:
        one = asker(Model(BusyError("429", retry_after=100.0)), Kept())
        waiting = asyncio.create_task(one.ask(question("a"), ESTIMATE))
        await asyncio.sleep(5)
        one._end(ResourceError("401"))
        with pytest.raises(ResourceError, match="401"):
            await waiting
        assert await time_passed() < 6


class TestBudget:
    async def ask_many(self, one: Asker, many: int) -> list[object]:
        asking = [one.ask(question(str(number)), ESTIMATE) for number in range(many)]
        return list(await asyncio.gather(*asking, return_exceptions=True))

    @pytest.mark.parametrize(
        ("budget", "at_most"),
        [(Budget(tokens=1000), 9), (Budget(usd=0.00125), 10), (Budget(tokens=149), 0), (Budget(), 20)],
        ids=["tokens", "money", "less than one question", "none"],
    )
    @jumping
    async def test_it_is_never_crossed_and_used_as_far_as_possible(
        self, budget: Budget, at_most: int
    ) -> None:
        model, kept = Model(), Kept()
        results = await self.ask_many(asker(model, kept, budget=budget), 20)
        assert len(model.asked) == at_most
        assert sum(isinstance(result, BudgetError) for result in results) == 20 - at_most

    @jumping
    async def test_it_holds_where_the_server_tells_no_usage(self) -> None:
        """Nine letters a question: what the program counts is held against the budget."""
        model, kept = Model(), Kept()
        model.otherwise_reply = Reply("{}" * 40, Finish.STOP, Usage())
        one = asker(model, kept, budget=Budget(tokens=1000))
        results = await self.ask_many(one, 20)
        assert 0 < len(model.asked) < 20
        assert any(isinstance(result, BudgetError) for result in results)
        replies = [item.reply for item in kept.replies.values()]
        assert all(item.usage.estimated_tokens == item.usage.tokens > 100 for item in replies)
        assert sum(item.usage.tokens for item in replies) <= 1000

    @jumping
    async def test_requests_without_an_answer_take_of_it_what_they_may_cost(self) -> None:
        model, kept = Model(otherwise=lambda: TroubleError("cut")), Kept()
        model.steps = [reply()]
        spending = Spending(PRICES, Budget(tokens=1000))
        one = Asker(model, "azure/gpt", "job1", Pacer(2), spending, kept, Requests())
        results = await self.ask_many(one, 20)
        # One that was answered with 100 tokens, and six that may take 150 each.
        assert len(model.asked) <= 7
        stopped = next(result for result in results if isinstance(result, BudgetError))
        assert "100 of 1,000 tokens are spent" in stopped.as_it_ended().message
        assert "tokens more may be charged for 6 requests without an answer" in stopped.as_it_ended().message

    @jumping
    async def test_requests_that_an_earlier_run_lost_count(self) -> None:
        model = Model()
        lost = Lost(6, Usage(600, 300))
        spending = Spending(PRICES, Budget(tokens=1000), Usage(), lost)
        one = Asker(model, "azure/gpt", "job1", Pacer(2), spending, Kept(), Requests())
        with pytest.raises(BudgetError, match="up to 900 tokens more may be charged for 6 requests"):
            await one.ask(question(), ESTIMATE)
        assert model.asked == []

    @jumping
    async def test_what_is_left_is_asked_with_where_answers_were_short_so_far(self) -> None:
        """Three times 80 + 20 tokens: the fourth is held back for with what is left, 130 of 150."""
        model, kept = Model(), Kept()
        results = await self.ask_many(asker(model, kept, budget=Budget(tokens=430), at_once=1), 20)
        assert len(model.asked) == 4
        assert model.max_tokens == [50, 50, 50, 30]
        assert sum(isinstance(result, BudgetError) for result in results) == 16
        # With more room it is the same question: nothing is paid for twice.
        again = await asker(Model(), kept, job="job2").ask(question("3"), ESTIMATE)
        assert again.from_cache

    @jumping
    async def test_a_stop_says_what_the_next_question_may_take_and_what_is_left_at_the_end(self) -> None:
        model = Model()
        results = await self.ask_many(asker(model, Kept(), budget=Budget(usd=0.00125, tokens=5_000)), 20)
        stopped = next(result for result in results if isinstance(result, BudgetError))
        assert stopped.as_it_ended().message == (
            "0.00120 of 0.00125 USD are spent; 0.000050 USD are left; 1,000 of 5,000 tokens are spent; "
            "4,000 are left; the next question may cost 0.00016 USD (130 tokens)."
        )

    @jumping
    async def test_what_one_answer_was_said_to_use_does_not_make_a_lost_request_dear(self) -> None:
        told = Reply("{}", Finish.STOP, Usage(80, 10**9))
        model, log = Model(told, TroubleError("cut")), Requests()
        one = Asker(model, "azure/gpt", "job1", Pacer(1), Spending(PRICES), Kept(), log)
        await self.ask_many(one, 2)
        (lost,) = log.lost_usage
        assert lost.prompt_tokens == ESTIMATE.prompt_tokens
        assert lost.completion_tokens <= 4 * question().max_tokens

    @jumping
    async def test_another_run_knows_how_long_answers_were_before(self) -> None:
        log = Requests()
        log.longest = 0.4
        spending = Spending(PRICES, Budget(tokens=100))
        one = Asker(Model(), "azure/gpt", "job1", Pacer(1), spending, Kept(), log)
        with pytest.raises(BudgetError, match=r"the next question may take 130 tokens"):
            await one.ask(question(), ESTIMATE)

    @jumping
    async def test_no_question_follows_one_that_shows_that_none_is_answered(self) -> None:
        model = Model(ResourceError("401"))
        one = asker(model, Kept(), at_once=1)
        results = await self.ask_many(one, 5)
        assert all(isinstance(result, ResourceError) for result in results)
        assert len(model.asked) == 1

    @jumping
    async def test_what_is_kept_costs_nothing(self) -> None:
        model, kept = Model(), Kept()
        await self.ask_many(asker(model, kept), 5)
        results = await self.ask_many(asker(model, kept, budget=Budget(tokens=0)), 5)
        assert not any(isinstance(result, BaseException) for result in results)


def test_cached_and_thought_tokens_have_their_price() -> None:
    usage = Usage(1_000_000, 500_000, cached_tokens=400_000, reasoning_tokens=300_000)
    assert cost_of(usage, PRICES) == pytest.approx(0.6 * 1.0 + 0.4 * 0.5 + 0.5 * 2.0)
    assert cost_of(usage, Prices(input=1.0, output=2.0)) == pytest.approx(2.0)
    assert cost_of(usage, None) is None


def test_another_deployment_or_question_has_another_key() -> None:
    keys = {
        question_key("a/x", question()),
        question_key("a/y", question()),
        question_key("a/x", question("Another?")),
        question_key("a/x", Question(question().messages, max_tokens=51)),
        question_key("a/x", Question(question().messages, max_tokens=50, schema={"type": "object"})),
    }
    assert len(keys) == 5
    assert question_key("a/x", question("half \ud800 pair"))


class TestTheStore:
    def key(self, number: int) -> str:
        return question_key("a/x", question(str(number)))

    async def keep(self, store: FileAnswerStore, numbers: Sequence[int]) -> None:
        await asyncio.gather(*(store.keep(self.key(n), kept(f"answer {n}")) for n in numbers))

    @jumping
    async def test_answers_are_found_by_this_and_later_writers(self, tmp_path: Path) -> None:
        store = FileAnswerStore(tmp_path / "answers", "job1-1")
        assert await store.find(self.key(1)) is None
        await self.keep(store, range(200))
        later = FileAnswerStore(tmp_path / "answers", "job2-1")
        for one in (store, later):
            found = await one.find(self.key(7))
            assert found == kept("answer 7")
            await one.close()

    @jumping
    async def test_a_line_that_a_crash_cut_is_no_answer(self, tmp_path: Path) -> None:
        store = FileAnswerStore(tmp_path, "job1-1")
        await self.keep(store, range(3))
        await store.close()
        path = tmp_path / "job1-1.jsonl"
        path.write_bytes(path.read_bytes()[:-5])
        later = FileAnswerStore(tmp_path, "job1-2")
        assert await later.find(self.key(1)) == kept("answer 1")
        assert await later.find(self.key(2)) is None

    @jumping
    async def test_a_full_disk_is_told_to_everybody_who_waits_and_leaves_no_half_line(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store = FileAnswerStore(tmp_path, "job1-1")
        await self.keep(store, [0])

        def full(descriptor: int, data: bytes) -> None:
            import os

            os.write(descriptor, data[:10])
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr("tui_labeler.engine.adapters.store.answers.write_all", full)
            keeping = (store.keep(self.key(n), kept()) for n in (1, 2, 3))
            results = await asyncio.gather(*keeping, return_exceptions=True)
        assert all(isinstance(result, StorageError) for result in results)
        await self.keep(store, [4])
        await store.close()
        later = FileAnswerStore(tmp_path, "job1-2")
        assert await later.find(self.key(4)) == kept("answer 4")
        assert await later.find(self.key(1)) is None

    @jumping
    async def test_they_are_for_their_owner_alone(self, tmp_path: Path) -> None:
        store = FileAnswerStore(tmp_path / "answers", "job1-1")
        await self.keep(store, [1])
        assert (tmp_path / "answers").stat().st_mode & 0o777 == 0o700
        assert (tmp_path / "answers" / "job1-1.jsonl").stat().st_mode & 0o777 == 0o600


DAY = 86_400.0


class Told:
    """What was said of pauses."""

    def __init__(self) -> None:
        self.pauses: list[tuple[float, str]] = []

    async def pause(self, seconds: float, why: str) -> None:
        self.pauses.append((round(seconds), why))


def telling(model: Model, told: Told) -> Asker:
    return Asker(
        model,
        "azure/gpt",
        "job1",
        Pacer(8),
        Spending(PRICES, None),
        Kept(),
        Requests(),
        tell_pause=told.pause,
    )


class TestLongPauses:
    @jumping
    async def test_a_pause_is_told_once_with_its_reason(self) -> None:
        told = Told()
        busy = [BusyError("h is busy (429).", retry_after=90) for _ in range(3)]
        one = telling(Model(*busy), told)
        await asyncio.gather(*(one.ask(question(str(n)), ESTIMATE) for n in range(3)))
        assert told.pauses == [(90, "h is busy (429).")]

    @jumping
    async def test_short_pauses_are_not_worth_a_word(self) -> None:
        told = Told()
        await telling(Model(BusyError("busy", retry_after=2)), told).ask(question(), ESTIMATE)
        assert told.pauses == []

    @jumping
    async def test_what_is_used_up_by_the_headers_of_an_answer_is_told_too(self) -> None:
        told = Told()
        used_up = Reply("{}", Finish.STOP, Usage(1, 1), limits=RateLimits(requests=0, requests_reset=60.0))
        await telling(Model(used_up), told).ask(question(), ESTIMATE)
        assert [seconds for seconds, _ in told.pauses] == [60]

    @jumping
    async def test_a_wait_of_a_day_ends_the_job_with_what_the_server_says(self) -> None:
        model = Model(otherwise=lambda: BusyError("h says to wait 24 hours.", retry_after=DAY))
        one = asker(model, Kept())
        with pytest.raises(ResourceError, match="24 hours") as caught:
            await asyncio.gather(*(one.ask(question(str(n)), ESTIMATE) for n in range(4)))
        assert "Resume the job" in caught.value.hint
        assert await time_passed() < 120

    @jumping
    async def test_a_wait_of_an_hour_is_kept(self) -> None:
        one = asker(Model(BusyError("busy", retry_after=3_000)), Kept())
        await one.ask(question(), ESTIMATE)
        assert 3_000 <= await time_passed() < 3_010

    @pytest.mark.parametrize("wait", [DAY, 3_000.0])
    @jumping
    async def test_one_document_that_is_refused_for_long_holds_no_other_up_for_ever(
        self, wait: float
    ) -> None:
        class Picky(Model):
            async def ask(self, question: Question) -> Reply:
                reply = await super().ask(question)
                if question.messages[-1].content == "bad":
                    raise BusyError("h says to wait.", retry_after=wait)
                return reply

        one = asker(Picky(), Kept(), at_once=4)

        async def in_turn(number: int) -> None:
            for part in range(5):
                await one.ask(question(f"{number} {part}"), ESTIMATE)

        others = [asyncio.ensure_future(in_turn(number)) for number in range(3)]
        with pytest.raises(UnansweredError, match="Other documents were answered") as caught:
            await one.ask(question("bad"), ESTIMATE)
        assert caught.value.reason == "busy"
        await asyncio.gather(*others)
