"""Questions that get their answer: once, at the pace the server allows, tried again where that helps."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tui_labeler.domain.jobs import Usage
from tui_labeler.engine.chat import BusyError, KeptReply, Question, Reply, ResourceError, TroubleError
from tui_labeler.engine.errors import RefusedError
from tui_labeler.engine.finishing import finished

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_labeler.engine.autolabelers.pacing import Pacer
    from tui_labeler.engine.autolabelers.spending import Spending
    from tui_labeler.engine.chat import ChatModel
    from tui_labeler.engine.ports import AnswerStore

TRIES = 5
"""Of one question that meets trouble; being busy does not count."""

FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0
"""Seconds before the second try, doubled each time."""

PATIENCE = 600.0
"""Seconds without any reply, while the server only says that it is busy, that end a job."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A reply, and what this job pays for it."""

    reply: Reply
    usage: Usage
    """Nothing for an answer that another job has paid for."""
    from_cache: bool


def any_reply(reply: Reply) -> bool:
    """That nobody looks whether a reply is useful."""
    return True


def will_do(kept: KeptReply, job: str, attempt: int, is_useful: Callable[[Reply], bool]) -> bool:
    """Whether a kept answer is taken.

    One that is not useful is, by the same job in the same attempt alone: another job, and a person who says
    to try again, shall not get it once more.
    """
    return (kept.job == job and kept.attempt >= attempt) or is_useful(kept.reply)


class Asks(Protocol):
    """Gets questions their answers."""

    async def ask(
        self,
        question: Question,
        estimate: Usage,
        *,
        attempt: int = 0,
        is_useful: Callable[[Reply], bool] = any_reply,
    ) -> Asked:
        """As :meth:`Asker.ask`; may raise ``NotYetError``."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A question that waits for a batch."""

    key: str
    question: Question
    estimate: Usage
    """What it may cost at most."""
    attempt: int = 0


class NotYetError(RefusedError):
    """What is asked has no answer yet, and nobody waits for it here."""

    title = "There is no answer yet"
    code = "not_yet"

    def __init__(self, missing: Sequence[Missing]) -> None:
        super().__init__("The answer comes with a batch.")
        self.missing = tuple(missing)


def question_key(deployment: str, question: Question) -> str:
    """What answers are kept under: all that the answer depends on. ``deployment`` names where it goes."""
    content = json.dumps(
        [
            deployment,
            [(message.role, message.content) for message in question.messages],
            question.max_tokens,
            question.schema,
            question.logprobs,
            question.seed,
        ]
    )
    return hashlib.sha256(content.encode()).hexdigest()


class Asker:
    """Asks one deployment for one job."""

    def __init__(
        self,
        model: ChatModel,
        deployment: str,
        job: str,
        pacer: Pacer,
        spending: Spending,
        answers: AnswerStore,
        *,
        seed: int = 0,
    ) -> None:
        self._model = model
        self._deployment = deployment
        self._job = job
        self._pacer = pacer
        self._spending = spending
        self._answers = answers
        self._random = random.Random(seed)
        self._under_way: dict[str, asyncio.Lock] = {}
        self._paid_now: set[str] = set()
        """Keys of answers that this run has counted."""
        self._replies = 0
        self._heard = 0.0
        """When the last reply came; 0 before the first question."""

    async def ask(
        self,
        question: Question,
        estimate: Usage,
        *,
        attempt: int = 0,
        is_useful: Callable[[Reply], bool] = any_reply,
    ) -> Asked:
        """The answer to a question: the kept one if it :func:`will_do`, or a new one that is on disk before
        it is used.

        ``estimate`` is what it may cost at most. Raises ``UnansweredError`` and ``TroubleError`` for this
        question, ``ResourceError`` and ``BudgetError`` for the job.
        """
        key = question_key(self._deployment, question)
        lock = self._under_way.setdefault(key, asyncio.Lock())
        try:
            # Two documents with the same text are one question.
            async with lock:
                kept = await self._answers.find(key)
                if kept is not None and will_do(kept, self._job, attempt, is_useful):
                    return Asked(kept.reply, self._owed(key, kept, attempt), from_cache=True)
                async with self._spending.holding(estimate):
                    reply = await self._until_answered(question)
                    # What was answered is paid for: a cancel waits until it is on disk.
                    await finished(self._keep(key, reply, attempt))
                return Asked(reply, reply.usage, from_cache=False)
        finally:
            if not lock.locked():
                self._under_way.pop(key, None)

    def _owed(self, key: str, kept: KeptReply, attempt: int) -> Usage:
        """An answer that an earlier run of this job paid for, and died before it was used, is its cost.

        What was paid for in an earlier attempt was counted when that failed.
        """
        if kept.job != self._job or kept.attempt != attempt or key in self._paid_now:
            return Usage()
        self._paid_now.add(key)
        self._spending.paid(kept.reply.usage)
        return kept.reply.usage

    async def _keep(self, key: str, reply: Reply, attempt: int) -> None:
        self._spending.paid(reply.usage)
        await self._answers.keep(key, KeptReply(reply, self._job, attempt))
        self._paid_now.add(key)

    async def _until_answered(self, question: Question) -> Reply:
        loop = asyncio.get_running_loop()
        if not self._heard:
            self._heard = loop.time()
        tries = 0
        while True:
            async with self._pacer.turn() as sent:
                try:
                    reply = await self._model.ask(question)
                except BusyError as error:
                    self._pacer.busy(sent, error.retry_after)
                    if loop.time() - self._heard > PATIENCE:
                        raise ResourceError(
                            f"Nothing but “busy” for {PATIENCE / 60:.0f} minutes. {error.message}",
                            hint="Resume the job later, or ask for more quota.",
                        ) from error
                    continue
                except TroubleError as error:
                    tries += 1
                    if tries >= TRIES:
                        raise self._given_up(error) from error
                else:
                    self._replies += 1
                    self._heard = loop.time()
                    self._pacer.answered(reply.limits)
                    return reply
            wait = min(LONGEST_WAIT, FIRST_WAIT * 2 ** (tries - 1))
            await asyncio.sleep(wait * (1 - self._random.random() / 4))

    def _given_up(self, error: TroubleError) -> TroubleError | ResourceError:
        """A server that has never answered, or not for long, will not answer other questions either."""
        silent = asyncio.get_running_loop().time() - self._heard
        if self._replies and silent < PATIENCE:
            return error
        return ResourceError(error.message, hint="Check the endpoint and the line, then resume the job.")
