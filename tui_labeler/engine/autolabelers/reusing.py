"""Which kept answers spare a question: what is journaled is not asked and paid for again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_labeler.engine.deployments.chat import Question, Reply

if TYPE_CHECKING:
    from tui_labeler.engine.autolabelers.in_batches import Elsewhere
    from tui_labeler.engine.deployments.chat import KeptReply
    from tui_labeler.engine.ports import AnswerStore


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


def any_reply(reply: Reply) -> bool:
    """That nobody looks whether a reply is useful."""
    return True


def nothing_more(reply: Reply) -> None:
    """That nothing is asked after a reply."""


@dataclass(frozen=True, slots=True)
class Use:
    """What the replies to a question are good for."""

    is_useful: Callable[[Reply], bool] = any_reply
    then: Callable[[Reply], FollowUp | None] = nothing_more
    """What is asked next where a reply is of no use by itself; ``None`` where nothing is."""


ANY_USE = Use()


@dataclass(frozen=True, slots=True)
class Whose:
    """Who asks a question, and where."""

    deployment: str
    job: str
    attempt: int


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A question that a reply leads to: with more room, or for the right form."""

    question: Question
    use: Use


async def will_do(
    kept: KeptReply, use: Use, answers: AnswerStore, whose: Whose, elsewhere: Elsewhere | None = None
) -> bool:
    """Whether a kept answer is taken.

    One that is useful is, and one whose follow-up was asked and had a useful answer, or will have one. One
    that led to nothing is, by the same job in the same attempt alone: another job, and a person who says to
    try again, shall not get it once more.
    """
    while not ((kept.job == whose.job and kept.attempt >= whose.attempt) or use.is_useful(kept.reply)):
        following = use.then(kept.reply)
        if following is None:
            return False
        use = following.use
        key = question_key(whose.deployment, following.question)
        found = await answers.find(key)
        if found is None:
            return elsewhere is not None and elsewhere.holder(key) is not None
        kept = found
    return True
