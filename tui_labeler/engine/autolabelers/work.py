"""The work of a job for a deployment, in figures: what it is about, what others took, what it will take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from tui_labeler.domain.jobs import Answer, Usage
from tui_labeler.domain.projects import ProjectKind

if TYPE_CHECKING:
    from tui_labeler.engine.deployments.tokens import TokenCounter


TRIED_TOKENS = 8
"""Of the smallest answer, where trying did not say: a short JSON object."""


@dataclass(frozen=True, slots=True)
class Range:
    low: float
    high: float

    def times(self, factor: float) -> Range:
        return Range(self.low * factor, self.high * factor)


@dataclass(frozen=True, slots=True)
class Sample:
    """What some of the documents' texts show."""

    documents: int
    characters: int
    tokens: int
    is_estimate: bool
    """The tokens were not counted by the model's vocabulary."""


def sample_of(texts: Sequence[str], counter: TokenCounter) -> Sample | None:
    """``None`` where there is no text."""
    characters = sum(map(len, texts))
    tokens = sum(counter.count(text) for text in texts)
    return Sample(len(texts), characters, tokens, counter.is_estimate) if tokens else None


@dataclass(frozen=True, slots=True)
class Earlier:
    """What jobs like this one really used."""

    documents: int
    characters: int
    usage: Usage
    seconds: float | None = None
    """That they took, at work; ``None`` where it tells nothing."""
    answers: int = 0
    """To the questions in that time, several to one document perhaps; 0 where that is not known."""


def earlier_of(answers: Sequence[Answer], seconds: float | None = None) -> Earlier | None:
    """From a job's answers; those that cost nothing, since they were kept, tell nothing."""
    paid = [answer for answer in answers if answer.usage.completion_tokens]
    if not paid:
        return None
    usage = sum((answer.usage for answer in paid), Usage())
    whole = seconds if len(paid) == len(answers) else None
    return Earlier(len(paid), sum(answer.characters for answer in paid), usage, whole)


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be asked."""

    kind: ProjectKind
    characters: Sequence[int]
    """Of each document that can be read."""
    categories: int
    fixed_tokens: int
    """Of what all questions share: instructions, examples, schema; about."""
    language: str = ""
    chunk_tokens: int | None = None
    """Of the text in one question; ``None`` where each document fits."""
    answers: int = 1
    """To each question, where agreement is asked for."""
    reasoning: bool = False
    schema_tokens: int = 0
    """Of the fixed ones, the schema's: not all servers add it to the prompt."""
    tells_usage: bool = True
    """The server was seen to tell what an answer used; else the job counts, and rather too high."""
    tried_tokens: int = 0
    """Of the answer to the tiny question of a trial, thoughts included; 0 where nobody said."""
    room: int = 0
    """Tokens that the longest answer is given, thoughts included."""


@dataclass(frozen=True, slots=True)
class Made:
    """Questions that were really made, in place of a guess at them."""

    documents: int
    characters: Sequence[int]
    """Of the text in each that has no answer yet."""
    text_tokens: int
    """Of these texts: what the questions have beside what all share."""
    is_estimate: bool
    """The tokens were not counted by the model's vocabulary."""
    answered: int = 0
    """Questions that are answered already and cost nothing."""
    scale: float = 1.0
    """How many questions each stands for."""
    waiting: int = 0
    """Questions that wait in batches of other jobs and are not asked again."""
    under_way: int = 0
    """Questions that other jobs are asking, whose answers are waited for."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a deployment answers."""

    seconds: float
    """The smallest request."""
    concurrency: int
    tokens: int = TRIED_TOKENS
    """Of the answer to it."""
    is_here: bool = False
    """It is on this machine, which has one processor for all questions."""


@dataclass(frozen=True, slots=True)
class JobEstimate:
    documents: int
    questions: Range
    prompt_tokens: Range
    completion_tokens: Range
    """Hidden reasoning included."""
    cost: Range | None
    """USD; ``None`` where no price is known."""
    seconds: Range | None
    """``None`` where nobody knows: a deployment whose speed was not seen yet, a batch."""
    notes: tuple[str, ...]
    """What it goes by, in words."""
    answered: int = 0
    """Questions that are answered already and cost nothing; they are no part of the others."""
    waiting: int = 0
    """Questions that wait in batches of other jobs and are not asked again; they are no part either."""
    under_way: int = 0
    """Questions that other jobs are asking; no part either. Those without an answer there are asked here."""

    @property
    def is_answered(self) -> bool:
        """Nothing is left to ask."""
        return bool(self.answered or self.waiting) and not self.questions.high


class Crossing(StrEnum):
    """Whether a job would cross its budget."""

    NO = "no"
    MAYBE = "maybe"
    YES = "yes"
