"""What a job would take before anything is sent: tokens, price and time, as ranges with what they go by."""

from __future__ import annotations

from dataclasses import replace
from math import ceil, sqrt
from typing import TYPE_CHECKING

from tui_labeler.domain.jobs import Usage, cost_of
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.autolabelers.chunking import EARLY
from tui_labeler.engine.autolabelers.estimate_notes import batch_notes, notes, under_way_notes
from tui_labeler.engine.autolabelers.pacing import FIRST
from tui_labeler.engine.autolabelers.work import (
    Crossing,
    Earlier,
    JobEstimate,
    Made,
    Pace,
    Range,
    Sample,
    Work,
)
from tui_labeler.engine.deployments.tokens import MARGIN

if TYPE_CHECKING:
    from tui_labeler.domain.resources import Prices
    from tui_labeler.engine.autolabelers.spending import Budget

CACHED_FROM, CACHED_STEP = 1024, 128
"""Tokens: how long a beginning must be for servers to keep it. Source: Azure OpenAI, prompt caching."""

MENTIONS = (4.0, 16.0)
"""Entities in 1,000 characters: contracts and tweets have 6, biomedical abstracts 13."""

A_MENTION = (18.0, 28.0)
"""Tokens of an entity in an answer."""

AN_ANSWER = (6.0, 14.0)
"""Tokens of an answer with nothing, or with one class, in it."""

A_CLASS = 6.0

THOUGHT = (64.0, 4_000.0)
"""Tokens that a reasoning model thinks before it answers a question of this kind: at most what it is given
for that."""

LONGER_THOUGHT = 1.5
"""How many times longer than about the tiny question of a trial it may think about a document, at least."""

SPEED = (120.0, 30.0)
"""Tokens of an answer in a second: of a quick deployment and of one that is not."""

QUICK = 6.0
"""Tokens a second in the smallest answer, waiting included, that a service has which answers many at once."""

STARTING = 3.0
"""Seconds that a job takes before it asks, at most: its process starts, and labeled documents are read."""

TELLS_NOTHING = 40.0
"""The time of a slow deployment is not told where the ends of its range are so many times apart."""

OFF_ESTIMATED, OFF_EXACT = 0.12, 0.02
"""Parts by which counted tokens may be wrong: by estimate, and by the model's vocabulary."""

OFF_FIXED = 0.15
"""The same of instructions, categories and schema: 9 % at most for the vocabularies of GPT, in five languages
and with sixty categories; other models' differ by more."""

_PER_CHARACTER = {"en": (0.19, 0.28), "zh": (0.55, 0.95), "ja": (0.5, 0.85), "ko": (0.4, 0.65)}
_OTHERWISE = (0.2, 0.55)
"""Tokens of a character where no text was read, by language."""


def estimate_job(
    work: Work,
    *,
    sample: Sample | None = None,
    earlier: Earlier | None = None,
    prices: Prices | None = None,
    pace: Pace | None = None,
    batch: bool = False,
    budget: bool = False,
    made: Made | None = None,
) -> JobEstimate:
    """About what ``work`` takes. ``prices`` are those that will be paid: halved already for a batch.

    With ``made``, its questions count, and the characters of ``work`` do not.
    """
    fixed = _fixed_tokens(work)
    if made is not None:
        work, asked, prompt = _of_made(work, made, fixed)
        sample = Sample(made.documents, 0, 0, made.is_estimate)
    else:
        text = _text_tokens(work, sample)
        questions = _questions(work, text)
        asked = questions.times(work.answers)
        prompt = Range(
            (text.low + questions.low * fixed.low) * work.answers,
            (text.high + questions.high * fixed.high) * work.answers,
        )
    completion = _completion(work, asked, earlier)
    waiting = round(made.waiting * made.scale) if made else 0
    under_way = round(made.under_way * made.scale) if made else 0
    return JobEstimate(
        made.documents if made else len(work.characters),
        asked,
        prompt,
        completion,
        _cost(work, asked, prompt, completion, prices),
        None if batch else _seconds(work, asked, completion, pace, earlier),
        (
            *notes(work, fixed, sample, earlier, prices),
            *batch_notes(waiting, batch=batch, budget=budget),
            *under_way_notes(under_way),
        ),
        round(made.answered * made.scale) if made else 0,
        waiting,
        under_way,
    )


def crossing(estimate: JobEstimate, budget: Budget) -> Crossing:
    """Whether a job stays within its budget, as far as is known. Without a price, tokens alone tell."""
    low = estimate.prompt_tokens.low + estimate.completion_tokens.low
    high = estimate.prompt_tokens.high + estimate.completion_tokens.high
    pairs: list[tuple[float, float, float | None]] = [(low, high, budget.tokens)]
    if estimate.cost is not None:
        pairs.append((estimate.cost.low, estimate.cost.high, budget.usd))
    limited = [(low, high, limit) for low, high, limit in pairs if limit is not None]
    if any(low > limit for low, _, limit in limited):
        return Crossing.YES
    return Crossing.MAYBE if any(high > limit for _, high, limit in limited) else Crossing.NO


# --- the parts ----------------------------------------------------------------------------------------


def _of_made(work: Work, made: Made, fixed: Range) -> tuple[Work, Range, Range]:
    """What is asked, in questions and in tokens, and the work of which each question is a text of its own."""
    below, above = _off(work, is_estimate=made.is_estimate)
    if made.scale > 1:
        off = 0.2 / sqrt(max(1, len(made.characters)))
        below, above = below + off, above + off
    questions = round(len(made.characters) * made.scale)
    characters = [made.characters[int(at / made.scale)] for at in range(questions)]
    tokens = made.text_tokens * made.scale
    # Less than nothing where examples are left out of questions about texts that hold them.
    size = abs(tokens)
    prompt = Range(
        questions * fixed.low + tokens - size * below, questions * fixed.high + tokens + size * above
    )
    work = replace(work, characters=characters, answers=1, chunk_tokens=None)
    return work, Range(questions, questions), Range(max(0.0, prompt.low), max(0.0, prompt.high))


def _off(work: Work, *, is_estimate: bool) -> tuple[float, float]:
    """The parts by which counted tokens of texts may be too many and too few.

    What a server does not tell is counted as what is held back for it.
    """
    if not is_estimate:
        return OFF_EXACT, OFF_EXACT
    return OFF_ESTIMATED, OFF_ESTIMATED if work.tells_usage else MARGIN - 1


def _text_tokens(work: Work, sample: Sample | None) -> Range:
    characters = sum(work.characters)
    if sample is None or not sample.characters:
        language = work.language.lower()[:2]
        low, high = _PER_CHARACTER.get(language, _OTHERWISE)
        return Range(characters * low, characters * high)
    below, above = _off(work, is_estimate=sample.is_estimate)
    if sample.characters < characters:
        # Texts of one container differ by a fifth or so from each other.
        off = 0.2 / sqrt(sample.documents)
        below, above = below + off, above + off
    middle = characters * sample.tokens / sample.characters
    return Range(middle * max(0.0, 1 - below), middle * (1 + above))


def _fixed_tokens(work: Work) -> Range:
    """Of one question."""
    least = max(0, work.fixed_tokens - work.schema_tokens)
    if work.tells_usage:
        return Range(least * (1 - OFF_FIXED), work.fixed_tokens * (1 + OFF_FIXED))
    # One more for the rounding of each question.
    return Range(least * (1 - OFF_FIXED), work.fixed_tokens * MARGIN + 1)


def _questions(work: Work, text: Range) -> Range:
    documents = len(work.characters)
    total = sum(work.characters)
    if work.chunk_tokens is None or not total:
        return Range(documents, documents)
    low, high = text.low / total, text.high / total
    room = max(1, work.chunk_tokens)
    # A chunk may end early, where a paragraph does; a text that fits whole is one.
    return Range(
        sum(max(1, ceil(size * low / room)) for size in work.characters),
        sum(1 if size * high <= room else ceil(size * high / (room * EARLY)) for size in work.characters),
    )


def _completion(work: Work, asked: Range, earlier: Earlier | None) -> Range:
    documents = len(work.characters)
    if earlier is not None and earlier.documents and earlier.usage.completion_tokens:
        used = earlier.usage.completion_tokens
        # Few documents say little; entities come with the text, classes with the document.
        off = 0.15 + 0.5 / sqrt(earlier.documents)
        if work.kind is ProjectKind.ENTITIES and earlier.characters:
            middle = used / earlier.characters * sum(work.characters) * work.answers
        else:
            middle = used / earlier.documents * documents * work.answers
        return Range(middle * max(0.0, 1 - off), middle * (1 + off))
    low, high = asked.low * AN_ANSWER[0], asked.high * AN_ANSWER[1]
    match work.kind:
        case ProjectKind.ENTITIES:
            thousands = sum(work.characters) / 1000 * work.answers
            # Where only few kinds of things are looked for, there are fewer of them.
            low += thousands * MENTIONS[0] * A_MENTION[0] * min(1.0, work.categories / 6)
            high += thousands * MENTIONS[1] * A_MENTION[1]
        case ProjectKind.MULTI_LABEL:
            high += asked.high * A_CLASS * min(5, max(0, work.categories - 1))
        case ProjectKind.SINGLE_LABEL:
            pass
    if work.reasoning:
        thought = max(THOUGHT[1], work.tried_tokens * LONGER_THOUGHT)
        low, high = low + asked.low * THOUGHT[0], high + asked.high * thought
    if not work.tells_usage:
        high = high * MARGIN + 2 * asked.high
        if work.reasoning:
            # Thoughts that nobody counts are counted as all that an answer was given room for.
            high = max(high, asked.high * work.room)
    return Range(low, high)


def _cost(work: Work, asked: Range, prompt: Range, completion: Range, prices: Prices | None) -> Range | None:
    """At best all but the first questions find their beginning in the server's cache, at worst none."""
    kept = work.fixed_tokens // CACHED_STEP * CACHED_STEP if work.fixed_tokens >= CACHED_FROM else 0
    cached = kept * max(0.0, asked.low - FIRST)
    low = cost_of(
        Usage(round(prompt.low), round(completion.low), min(round(cached), round(prompt.low))), prices
    )
    high = cost_of(Usage(round(prompt.high), round(completion.high)), prices)
    return None if low is None or high is None else Range(low, high)


def _seconds(
    work: Work, asked: Range, completion: Range, pace: Pace | None, earlier: Earlier | None
) -> Range | None:
    if earlier is not None and earlier.seconds and earlier.answers:
        each = earlier.seconds / earlier.answers
        return Range(each * asked.low * 0.6, each * asked.high * 1.6 + STARTING)
    if earlier is not None and earlier.seconds and earlier.documents:
        middle = earlier.seconds / earlier.documents * len(work.characters) * work.answers
        return Range(middle * 0.6, middle * 1.6 + STARTING)
    if pace is None:
        return None
    if not asked.high:
        return Range(0.0, 0.0)
    at_once = max(1, pace.concurrency)
    low = (asked.low * pace.seconds + completion.low / SPEED[0]) / at_once
    a_token = pace.seconds / max(1, pace.tokens)
    quick = a_token * QUICK <= 1 and not pace.is_here
    # How a wait of some seconds parts into what each question takes and what each token takes is not known.
    high = asked.high * pace.seconds + completion.high * max(1 / SPEED[1], 0.0 if quick else a_token)
    # A deployment may allow no more than what a job begins with; a slow one answers one after the other.
    high /= min(at_once, FIRST) if quick else 1
    found = Range(max(low, pace.seconds), max(high, pace.seconds) + STARTING)
    return None if not quick and found.high > TELLS_NOTHING * found.low else found
