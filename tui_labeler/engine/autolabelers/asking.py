"""Questions that get their answer: once, at the pace the server allows, tried again where that helps."""

from __future__ import annotations

import asyncio
import random
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from math import ceil
from typing import TYPE_CHECKING

from tui_labeler.domain.jobs import Usage
from tui_labeler.engine.autolabelers.asks import Asked
from tui_labeler.engine.autolabelers.in_batches import taken
from tui_labeler.engine.autolabelers.reusing import ANY_USE, Whose, question_key, will_do
from tui_labeler.engine.autolabelers.under_way import Claiming
from tui_labeler.engine.autolabelers.usage_told import bounded, usage_told
from tui_labeler.engine.deployments.chat import (
    BusyError,
    Finish,
    KeptReply,
    LateError,
    Question,
    Reply,
    ResourceError,
    TroubleError,
    UnansweredError,
    is_free,
)
from tui_labeler.engine.deployments.tokens import estimating
from tui_labeler.engine.finishing import finished

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tui_labeler.engine.autolabelers.in_batches import Elsewhere, Fits
    from tui_labeler.engine.autolabelers.pacing import Pacer
    from tui_labeler.engine.autolabelers.reusing import Use
    from tui_labeler.engine.autolabelers.spending import Spending
    from tui_labeler.engine.deployments.chat import ChatModel
    from tui_labeler.engine.deployments.tokens import TokenCounter
    from tui_labeler.engine.ports import AnswerStore, RequestLog

TRIES = 5
"""Of one question that meets trouble; being busy does not count."""

FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0
"""Seconds before the second try, doubled each time."""

PATIENCE = 600.0
"""Seconds without any reply, while the server only says that it is busy, that end a job."""


LONGEST_TOLD_WAIT = 3_600.0
"""Seconds: a server that asks for more has a limit a day, or no capacity; a job does not wait for that."""

LOOK_AGAIN = (10.0, 20.0)
"""Seconds before a question is asked again whose wait is too long: whether all are refused, or it alone."""

LONG_WAIT, LONG_WAITS = 120.0, 5
"""A wait of so many seconds is long; so many of them for one question, while others are answered, are
enough."""

WORTH_TELLING = 5.0
"""Seconds of a pause that people are told of."""


OVERRUN = 4.0
"""How many times what an answer was given may be held for it where the server was seen to charge more."""

SLACK = 1.5
"""How much longer an answer may be than the longest so far, to be asked for with what is left of a budget."""


def _brief(key: str) -> bytes:
    return bytes.fromhex(key[:24])


@dataclass(frozen=True, slots=True)
class _Asking:
    question: Question
    estimate: Usage
    key: str
    attempt: int
    about: str
    overrun: float = 1.0
    """What a token that an answer is given may be charged as."""

    def overrunning(self, overrun: float) -> _Asking:
        """The same where the server has charged so many times what answers were given."""
        more = ceil(self.question.max_tokens * overrun)
        return replace(self, estimate=replace(self.estimate, completion_tokens=more), overrun=overrun)

    def within(self, held: Usage) -> Question:
        """The question, its answer no longer than what is held for it."""
        if held == self.estimate:
            return self.question
        return replace(self.question, max_tokens=max(1, int(held.completion_tokens / self.overrun)))


class Asker:
    """Asks one deployment for one job.

    Once a question has shown that none will be answered, no other is sent.
    """

    def __init__(
        self,
        model: ChatModel,
        deployment: str,
        job: str,
        pacer: Pacer,
        spending: Spending,
        answers: AnswerStore,
        requests: RequestLog,
        *,
        counter: TokenCounter | None = None,
        seed: int = 0,
        tell_pause: Callable[[float, str], Awaitable[None]] | None = None,
        elsewhere: Elsewhere | None = None,
    ) -> None:
        """``counter`` counts what the server does not tell; ``tell_pause`` takes for how many seconds
        nothing will be asked from now on, and why; ``elsewhere`` knows what other jobs wait for.
        """
        self._model = model
        self._deployment = deployment
        self._job = job
        self._pacer = pacer
        self._spending = spending
        self._answers = answers
        self._elsewhere = elsewhere
        self._claiming = Claiming(answers)
        self._requests = requests
        self._counter = counter or estimating()
        self._longest = requests.longest
        """Of the answers so far: what they used of what they were given, at most."""
        self._overrun = 1.0
        """What answers were charged of what they were given, at most, where that is more."""
        self._over: ResourceError | None = None
        self._turns: set[asyncio.Timeout] = set()
        """Of the questions that are not under way."""
        self._random = random.Random(seed)
        self._under_way: dict[str, asyncio.Lock] = {}
        self._paid_now: set[bytes] = set()
        """Of the keys of answers that this run has counted the beginning: that is enough to know them by."""
        self._replies = 0
        self._heard = 0.0
        """When the last reply came; 0 before the first question."""
        self._answered_of = 0.0
        """When the last question went out that got its reply."""
        self._silent_from = 0.0
        """Until when the server said to wait, where that was long."""
        self._tell_pause = tell_pause
        self._told_until = 0.0
        """The end of the pause that was told last."""

    async def ask(
        self,
        question: Question,
        estimate: Usage,
        *,
        attempt: int = 0,
        use: Use = ANY_USE,
        about: str = "",
        until: ExitStack | None = None,
    ) -> Asked:
        """The answer to a question: the kept one if it :func:`will_do`, or a new one that is on disk before
        it is used.

        ``estimate`` is what it may cost at most, ``about`` the location of the document. A question that
        another job is asking is waited for; no other asks this one before ``until`` is closed, which is for
        those who ask on by its answer. Raises
        ``UnansweredError`` and ``TroubleError`` for this question, ``ResourceError`` and ``BudgetError`` for
        the job.
        """
        key = question_key(self._deployment, question)
        whose = Whose(self._deployment, self._job, attempt)
        fits = partial(will_do, use=use, answers=self._answers, whose=whose, elsewhere=self._elsewhere)
        lock = self._under_way.setdefault(key, asyncio.Lock())
        try:
            # Two documents with the same text are one question.
            async with lock:
                if (kept := await taken(key, self._answers, self._elsewhere, fits)) is not None:
                    return Asked(kept.reply, self._owed(key, kept, attempt), from_cache=True)
                with ExitStack() as own:
                    asking = _Asking(question, estimate, key, attempt, about)
                    return await self._until_answered(asking, fits, until or own)
        finally:
            if not lock.locked():
                self._under_way.pop(key, None)

    def _owed(self, key: str, kept: KeptReply, attempt: int) -> Usage:
        """An answer that an earlier run of this job paid for, and died before it was used, is its cost.

        What was paid for in an earlier attempt was a cost of that. Both are among what the job has spent.
        """
        if kept.job != self._job or kept.attempt != attempt or _brief(key) in self._paid_now:
            return Usage()
        self._paid_now.add(_brief(key))
        return kept.reply.usage

    async def _keep(self, key: str, reply: Reply, attempt: int) -> None:
        await self._answers.keep(key, KeptReply(reply, self._job, attempt))
        self._paid_now.add(_brief(key))

    async def _until_answered(self, asking: _Asking, fits: Fits, until: ExitStack) -> Asked:
        """What it is answered, unless it shows on the way that none will be answered.

        Whoever waits for its turn then hears of it at once; what was sent is waited for.
        """
        try:
            async with asyncio.timeout(None) as turn:
                try:
                    self._await_turn(turn)
                    waited = await self._claiming.hold(asking.key, until)
                    kept = await taken(asking.key, self._answers, self._elsewhere, fits)
                    if kept is not None:
                        if waited:
                            # An answer is an answer, whoever got it.
                            self._heard = asyncio.get_running_loop().time()
                        return Asked(kept.reply, self._owed(asking.key, kept, asking.attempt), True)
                    reply = await self._tried(asking, turn)
                    return Asked(reply, reply.usage, from_cache=False)
                except ResourceError as error:
                    self._end(error)
                    raise
                finally:
                    self._turns.discard(turn)
        except TimeoutError:
            if self._over is None:
                raise
            raise self._over from None

    def _end(self, why: ResourceError) -> None:
        if self._over is None:
            self._over = why
            for turn in self._turns:
                turn.reschedule(asyncio.get_running_loop().time())

    async def _tried(self, asking: _Asking, turn: asyncio.Timeout) -> Reply:
        """Each try is held back for by itself: one that was lost may be charged as well as the next.

        ``turn`` ends where the job does, but for a request that was sent.
        """
        loop = asyncio.get_running_loop()
        if not self._heard:
            self._heard = loop.time()
        tries = 0
        refused: list[float] = []
        while True:
            self._await_turn(turn)
            if self._overrun > asking.overrun:
                asking = asking.overrunning(self._overrun)
            async with (
                self._spending.holding(asking.estimate, partial(self._least, asking.question)) as held,
                self._pacer.turn() as sent,
            ):
                try:
                    self._turns.discard(turn)
                    reply = await self._send(asking, held)
                except BusyError as error:
                    await self._refused(error, sent, refused)
                    continue
                except TroubleError as error:
                    if isinstance(error, LateError):
                        self._pacer.late(sent)
                    tries += 1
                    silent = loop.time() - self._heard
                    # A server that has stalled is waited for twice, however long that takes.
                    stalls = isinstance(error, LateError) and tries > 1 and silent >= PATIENCE
                    if tries >= TRIES or stalls:
                        raise self._given_up(error) from error
                else:
                    self._replies += 1
                    self._heard = loop.time()
                    self._answered_of = max(self._answered_of, sent)
                    self._pacer.answered(reply.limits, sent)
                    # What was answered is paid for: a cancel waits until it is on disk.
                    is_whole = reply.finish is not Finish.LENGTH or held == asking.estimate
                    # One that ended by itself is the same with more room; one that was cut is not.
                    key = asking.key if is_whole else question_key(self._deployment, asking.within(held))
                    await finished(self._keep(key, reply, asking.attempt))
                    await self._tell("Nothing is left of the deployment's rate limit.")
                    if not is_whole:
                        raise self._spending.refusal(asking.estimate)
                    return reply
            self._await_turn(turn)
            wait = min(LONGEST_WAIT, FIRST_WAIT * 2 ** (tries - 1))
            await asyncio.sleep(wait * (1 - self._random.random() / 4))

    def _await_turn(self, turn: asyncio.Timeout) -> None:
        """Raises what has shown that nothing more will be sent."""
        if self._over is not None:
            raise self._over
        self._turns.add(turn)

    def _least(self, question: Question) -> int | None:
        """Tokens that its answer will do with, going by those before; ``None`` as long as there are none."""
        return None if self._longest is None else ceil(SLACK * self._longest * question.max_tokens - 1e-6)

    async def _send(self, asking: _Asking, held: Usage) -> Reply:
        """One request, written down before it goes and with what came of it.

        ``held`` is what it may use: its answer may be shorter than it was asked for.
        """
        if self._over is not None:
            raise self._over
        question = asking.within(held)
        number = self._requests.sent(asking.about, held, asking.question.max_tokens)
        try:
            reply = await self._model.ask(question)
        except BaseException as error:
            if is_free(error):
                self._requests.refused(number)
            else:
                # Also where nobody waits for the answer any more: it may come, and is charged then.
                self._requests.lost(number)
                self._spending.lost(held)
            raise
        reply = bounded(reply, question.max_tokens)
        usage = usage_told(reply, held.prompt_tokens, question.max_tokens, self._counter)
        self._requests.answered(number, usage)
        self._spending.paid(usage)
        overrun = usage.completion_tokens / max(1, question.max_tokens)
        self._overrun = max(self._overrun, min(overrun, OVERRUN))
        self._longest = max(
            self._longest or 0.0, usage.completion_tokens / max(1, asking.question.max_tokens)
        )
        return replace(reply, usage=usage)

    async def _refused(self, error: BusyError, sent: float, refused: list[float]) -> None:
        """Has all questions wait as the server says, unless that is too long.

        ``refused``: when this question was sent and met a long wait. One that is refused for long while
        others are answered is given up alone; where none is answered, the job ends, to be resumed.
        """
        now = asyncio.get_running_loop().time()
        wait = error.retry_after
        if wait is not None and wait > LONG_WAIT:
            refused.append(sent)
        is_too_long = wait is not None and wait > LONGEST_TOLD_WAIT
        if is_too_long:
            wait = LOOK_AGAIN[min(len(refused), len(LOOK_AGAIN)) - 1]
        elif wait is not None and wait > LONG_WAIT:
            # Silence that was asked for says nothing.
            self._silent_from = max(self._silent_from, now + wait)
        self._pacer.busy(sent, wait)
        if len(refused) > (len(LOOK_AGAIN) if is_too_long else LONG_WAITS):
            if self._answered_of > refused[0]:
                raise UnansweredError(
                    f"{error.message} Other documents were answered meanwhile.",
                    reason="busy",
                    hint="Try the document again later.",
                ) from error
            raise ResourceError(
                error.message, hint="Resume the job when that time is over, or ask for more quota."
            ) from error
        if (silent := now - max(self._heard, self._silent_from)) > PATIENCE:
            raise ResourceError(
                f"Nothing but “busy” for {silent / 60:.0f} minutes. {error.message}",
                hint="Resume the job later, or ask for more quota.",
            ) from error
        await self._tell(error.message)

    async def _tell(self, why: str) -> None:
        """Says that there is a pause, where that is news."""
        ends = self._pacer.pause_ends
        seconds = ends - asyncio.get_running_loop().time()
        if self._tell_pause is None or seconds < WORTH_TELLING or ends < self._told_until + WORTH_TELLING:
            return
        self._told_until = ends
        await self._tell_pause(seconds, why)

    def _given_up(self, error: TroubleError) -> TroubleError | ResourceError:
        """A server that has never answered, or not for long, will not answer other questions either."""
        silent = asyncio.get_running_loop().time() - self._heard
        if self._replies and silent < PATIENCE:
            return error
        return ResourceError(error.message, hint="Check the endpoint and the line, then resume the job.")
