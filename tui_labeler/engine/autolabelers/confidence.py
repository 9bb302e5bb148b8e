"""How sure a model is of what it answers, and what that has been worth.

Three sources: the log-probabilities of the answer's tokens, the agreement of several answers to the same
question, and, over either, a calibration against labels that people made. Where there is none, ``None``.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from tui_labeler.domain.calibration import Outcome
    from tui_labeler.engine.autolabelers.prompts.answers import Item, Range
    from tui_labeler.engine.deployments.chat import Reply

# --- log-probabilities ------------------------------------------------------------------------------

FURTHEST = 16
"""Characters that may lie between two tokens of an answer: half characters that no text can hold."""


class AnswerTokens:
    """The tokens of an answer, each with its place in the text."""

    def __init__(self, reply: Reply) -> None:
        pieces = [token.text for token in reply.tokens]
        if "".join(pieces) == reply.text and "\ufffd" not in reply.text:
            bounds = list(accumulate(map(len, pieces), initial=0))
            self._starts, self._ends = bounds[:-1], bounds[1:]
        else:
            places = _places(reply.text, pieces)
            self._starts = [start for start, _ in places]
            self._ends = [end for _, end in places]
        logprobs = [token.logprob for token in reply.tokens]
        self._sums = list(accumulate([one if one < 0.0 else 0.0 for one in logprobs], initial=0.0))
        self.are_placed = bool(self._starts)
        """Whether they are those of the text: a server that holds a model to a schema may tell of what the
        model would have said without."""

    def confidence(self, item: Item) -> float | None:
        """The probability of an item, 0 to 1; ``None`` where the reply has no usable tokens.

        Of the category: the product of its tokens' probabilities, for one other token is another
        category. Of the words: their geometric mean, so that long names are not less sure than short
        ones. Of an entity: both together.
        """
        category = self._logprob(item.category_at)
        if category is None:
            return None
        total = category[0]
        if item.words_at is not None:
            words = self._logprob(item.words_at)
            if words is None:
                return None
            total += words[0] / words[1]
        return math.exp(total)

    def _logprob(self, at: Range) -> tuple[float, int] | None:
        """The sum of log-probabilities of the tokens that touch a range, and how many they are."""
        if not self.are_placed or at[0] >= at[1]:
            return None
        first = bisect_right(self._ends, at[0])
        behind = bisect_right(self._starts, at[1] - 1)
        if behind <= first:
            return None
        total = self._sums[behind] - self._sums[first]
        return (total, behind - first) if math.isfinite(total) else None


def _places(text: str, tokens: Sequence[str]) -> list[Range]:
    """Where each token stands in the text; nothing where they do not fit together.

    A token may be half a character, which servers write as ``\\xf0`` or as the replacement character: it
    gets the room that its neighbours leave.
    """
    places: list[Range] = []
    at, waiting = 0, 0
    for token in tokens:
        found = text.find(token, at, at + FURTHEST * waiting + len(token))
        if token and found >= 0 and "\ufffd" not in token:
            places += [(at, found)] * waiting
            at, waiting = found + len(token), 0
            places.append((found, at))
        elif not token.strip() or at == len(text):
            # White space that was taken off, and what marks the end of an answer.
            places += [(at, at)] * (waiting + 1)
            waiting = 0
        elif "\ufffd" in token or "\\x" in token:
            waiting += 1
        else:
            return []
    return [*places, *[(at, len(text))] * waiting]


# --- agreement --------------------------------------------------------------------------------------

Answered = TypeVar("Answered", bound=Hashable)


def agreement(samples: Sequence[Iterable[Answered]]) -> dict[Answered, float]:
    """How sure several answers to one question make of each thing that any of them names.

    ``samples``: what each answer names, for instance category and span. The estimate is that of
    Krichevsky and Trofimov, (k + 1/2) / (n + 1): two of two is 0.83 and not certain, one of two 0.5.
    Empty for fewer than two answers: one alone agrees with nobody.
    """
    if len(samples) < 2:
        return {}
    counts = Counter(thing for sample in samples for thing in dict.fromkeys(sample))
    return {thing: (count + 0.5) / (len(samples) + 1) for thing, count in counts.items()}


# --- calibration ------------------------------------------------------------------------------------

FEWEST = 50
"""Examples below which a confidence is left as it is: fewer tell chance, not calibration."""

BIN = 15
"""Examples of a bin at least."""


@dataclass(frozen=True, slots=True)
class ConfidenceMap:
    """Turns a model's confidence into the share that was right among examples as sure as that.

    It never falls, and is straight between its points; without points it changes nothing.
    """

    points: tuple[tuple[float, float], ...] = ()
    """Confidence and share that was right, both 0 to 1 and rising."""

    def __call__(self, confidence: float) -> float:
        if not self.points:
            return confidence
        at = bisect_right(self.points, (confidence, math.inf))
        if at == 0:
            return self.points[0][1]
        if at == len(self.points):
            return self.points[-1][1]
        (low, from_share), (high, to_share) = self.points[at - 1], self.points[at]
        return from_share + (to_share - from_share) * (confidence - low) / (high - low)


def confidence_map(outcomes: Iterable[Outcome]) -> ConfidenceMap:
    """Learns from confidences and whether they were right; from fewer than ``FEWEST`` it learns nothing.

    Bins of equal mass, shares with half a right and half a wrong one added, made to rise by pooling
    neighbours (isotonic regression; Ayer and others, 1955; Zadrozny and Elkan, 2002).
    """
    ordered = sorted(outcomes)
    if len(ordered) < FEWEST:
        return ConfidenceMap()
    blocks: list[tuple[float, float, int]] = []
    """Sum of confidences, right ones and number of examples."""
    for confidences, right in _bins(ordered):
        blocks.append((math.fsum(confidences), right, len(confidences)))
        while len(blocks) > 1 and _share(blocks[-2]) >= _share(blocks[-1]):
            last, before = blocks.pop(), blocks.pop()
            blocks.append((before[0] + last[0], before[1] + last[1], before[2] + last[2]))
    return ConfidenceMap(
        tuple((total / number, _share((total, right, number))) for total, right, number in blocks)
    )


def _share(block: tuple[float, float, int]) -> float:
    return (block[1] + 0.5) / (block[2] + 1)


def _bins(ordered: Sequence[Outcome]) -> Iterable[tuple[list[float], int]]:
    """Neighbours, at least ``BIN`` each; equal confidences stay together."""
    wanted = max(BIN, math.ceil(len(ordered) / (len(ordered) // BIN)))
    start = 0
    while start < len(ordered):
        end = min(len(ordered), start + wanted)
        if len(ordered) - end < BIN:
            end = len(ordered)
        while end < len(ordered) and ordered[end][0] == ordered[end - 1][0]:
            end += 1
        part = ordered[start:end]
        yield [confidence for confidence, _ in part], sum(right for _, right in part)
        start = end
