"""Finding a model's words in the raw text.

What a person who labels expects of it, and what is done:

- A span is made only where the document says the words: exactly, or but for quotes, dashes, white space,
  case and Unicode form (folded), or but for accents, punctuation and single letters of long words where one
  place clearly wins (fuzzy). All else is left to place, with likely places; nothing is dropped.
- Words are whole words. ``Ann`` is not in ``Annapolis``; scripts without spaces, Korean particles, Hebrew and
  Arabic prefixes, units of measure (``10kg``) are what their writers take them for.
- Another case counts only where the text has the words in no better form: ``US`` is not ``us``.
- Spans do not overlap. The longest words take their places first, so that ``Paris`` is not looked for in
  ``Paris Hilton`` when both were answered.
- Context around the words, then their ordinal, says which occurrence is meant. Ordinals that contradict
  each other are ignored, and so is context that stands nowhere.
- Words answered as often as they stand in the text (or more often) are placed at each place, one span each.
- Words answered less often than they stand there are suggested at every place that is left, each one
  *ambiguous, n of m*: taking one away is a key, finding a missed one is a search. Not so where they
  stand in more than ``MOST_PLACES`` places, or are mere punctuation.
- The same words under several categories, with no context, are set in the order of the answer, between
  what stands before and behind them in the answer as far as that follows the text; a person's name goes
  rather to a place within a longer name. All of these are ambiguous, whatever was decided.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from tui_labeler.domain.labels import Placed, Span
from tui_labeler.engine.autolabelers.context import Contexts
from tui_labeler.engine.autolabelers.disputes import Claim, settled
from tui_labeler.engine.autolabelers.folding import folded_words
from tui_labeler.engine.autolabelers.likeness import Likeness
from tui_labeler.engine.autolabelers.mentions import Mention, Placement, Placements, Spot
from tui_labeler.engine.autolabelers.places import Place, Source

MOST_PLACES = 200
"""In how many places words are suggested that were answered less often."""
MOST_CANDIDATES = 8
LONGEST_ACRONYM = 4
"""Letters: in lower case ``US``, ``IT`` and ``WHO`` are other words."""


def place(text: str, mentions: Sequence[Mention], names: Mapping[str, str] | None = None) -> Placements:
    """Finds each of ``mentions`` in ``text``; see the module for how.

    ``names`` are those of the categories, by id; where one is missing, the id stands for it.
    """
    return _Placing(text, mentions, names or {}).placements()


def likely_places(text: str, words: str) -> tuple[Span, ...]:
    """Places in ``text`` that may be meant by ``words``, best first: for words that are left to place.

    Beside the candidates of a ``Placement``, such as merely resemble the words: a person looks at them.
    """
    source = Source(text)
    likeness = Likeness(source)
    sure = _whole(source, words) + [near.span for near in likeness.nearly(words)]
    alike = likeness.resembling(words)
    clearly = [span for span, is_clear in alike if is_clear]
    hardly = [span for span, is_clear in alike if not is_clear]
    found: list[Span] = list(dict.fromkeys(sure))
    for span in (*clearly, *likeness.candidates(words), *hardly):
        if not any(span.overlaps(other) for other in found):
            found.append(span)
    return tuple(found[:MOST_CANDIDATES])


@dataclass(slots=True)
class _Group:
    """Mentions of the same words."""

    words: str
    members: list[int]
    places: list[Place]
    """Where the words stand as they were given."""
    lesser: list[Place] = field(default_factory=list)
    """Where they stand in another case, or less well parted from their neighbours."""
    length: int = 0


class _Taken:
    """The spans that were given away."""

    def __init__(self) -> None:
        self._spans: list[Span] = []
        self._owner: dict[Span, tuple[str, Spot]] = {}

    def add(self, category: str, spot: Spot) -> None:
        insort(self._spans, spot.span)
        self._owner[spot.span] = (category, spot)

    def is_free(self, span: Span) -> bool:
        at = bisect_right(self._spans, span)
        around = self._spans[max(0, at - 1) : at + 1]
        return not any(span.overlaps(other) for other in around)

    def spot(self, category: str, span: Span) -> Spot | None:
        """What was placed at exactly ``span`` under ``category``."""
        owner = self._owner.get(span)
        return owner[1] if owner and owner[0] == category else None


class _Placing:
    def __init__(self, text: str, mentions: Sequence[Mention], names: Mapping[str, str]) -> None:
        self._source = Source(text)
        self._mentions = mentions
        self._names = names
        self._spots: list[list[Spot]] = [[] for _ in mentions]
        self._repeats = [False] * len(mentions)
        self._taken = _Taken()
        self._reserved = _Taken()
        self._disputes: list[tuple[list[int], list[Place]]] = []
        self._contexts = Contexts(self._source.folded.text)
        self._likeness: Likeness | None = None

    def placements(self) -> Placements:
        groups = sorted(self._groups(), key=lambda g: (-g.length, not g.places, g.members[0]))
        for group in groups:
            if group.places:
                self._settle(group)
        for members, places in self._disputes:
            self._settle_dispute(members, places)
        self._reserved = _Taken()
        for group in groups:
            if not group.places:
                self._settle_nearly(group)
        return Placements(tuple(self._placement(number) for number in range(len(self._mentions))))

    def _groups(self) -> list[_Group]:
        members: defaultdict[str, list[int]] = defaultdict(list)
        for number, mention in enumerate(self._mentions):
            if mention.words.strip():
                members[folded_words(mention.words, case=False)].append(number)
        return [
            self._group(self._mentions[numbers[0]].words.strip(), numbers) for numbers in members.values()
        ]

    def _group(self, words: str, members: list[int]) -> _Group:
        tiers: defaultdict[tuple[bool, int], list[Place]] = defaultdict(list)
        for found in self._source.places(words):
            if found.fit:
                tiers[found.same_case, found.fit].append(found)
        # The same case before another, then the better parted.
        best, *others = [tiers[key] for key in sorted(tiers, reverse=True)] or [[]]
        lesser = [found for other in others for found in other if not self._is_lowered(words, found, best)]
        best = [found for found in best if not self._is_lowered(words, found, ())]
        length = best[0].end - best[0].start if best else len(words)
        return _Group(words, members, best, lesser if best else [], length)

    def _is_lowered(self, words: str, found: Place, better: Sequence[Place]) -> bool:
        """Whether the text has in small letters what is short and in capitals: ``us`` for ``US``.

        Where there are better places, one capital is enough to tell: ``may`` for ``May``.
        """
        raw = self._source.text[found.span.start : found.span.end]
        if len(words) > LONGEST_ACRONYM or found.same_case or raw != raw.lower() or words == words.lower():
            return False
        return bool(better) or words == words.upper()

    def _settle(self, group: _Group) -> None:
        every = sorted(group.places + group.lesser, key=lambda found: found.start)
        for members, choice in sorted(self._choices(group, every), key=lambda item: (len(item[1]), item[0])):
            lesser = group.lesser if len(choice) == len(group.places) else []
            self._settle_choice(members, choice, lesser)

    def _choices(self, group: _Group, every: list[Place]) -> list[tuple[list[int], tuple[Place, ...]]]:
        """The mentions of a group by the places that may be meant: all, or those that their hints tell."""
        default = tuple(group.places)
        if len(every) < 2:
            return [(group.members, default)]
        ordinals = self._ordinals(group)
        choices: dict[tuple[int, int, int], tuple[list[int], tuple[Place, ...]]] = {}
        single = [(found,) for found in default]
        for number in group.members:
            mention = self._mentions[number]
            choice = default
            if mention.before or mention.after:
                choice = self._contexts.best(every, default, mention.before, mention.after)
            ordinal = ordinals.get(number, 0)
            if len(choice) > 1 and 0 < ordinal <= len(default) and default[ordinal - 1] in choice:
                choice = single[ordinal - 1]
            # Long choices are one object each, short ones may be told by their ends.
            key = (len(choice), choice[0].start, id(choice) if len(choice) > 1 else 0)
            choices.setdefault(key, ([], choice))[0].append(number)
        return list(choices.values())

    def _ordinals(self, group: _Group) -> dict[int, int]:
        """Ordinals that say something: those that no other mention of the same category has too."""
        seen: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
        for number in group.members:
            mention = self._mentions[number]
            if mention.occurrence is not None:
                seen[mention.category, mention.occurrence].append(number)
        return {numbers[0]: key[1] for key, numbers in seen.items() if len(numbers) == 1}

    def _settle_choice(self, members: list[int], choice: Sequence[Place], lesser: Sequence[Place]) -> None:
        free = [found for found in choice if self._is_free(found)]
        categories = {self._mentions[number].category for number in members}
        if len(categories) > 1 and free:
            self._disputes.append((members, free))
            for found in free:
                self._reserved.add("", Spot(found.span, found.placed))
        elif len(members) >= len(free):
            for number, found in zip(members, free, strict=False):
                self._give_place(number, found)
            surplus = members[len(free) :]
            if surplus and any(self._is_free(found) for found in lesser):
                self._settle_choice(surplus, lesser, ())
            else:
                self._repeat(surplus, choice)
        else:
            self._give_every(members, free)

    def _is_free(self, found: Place) -> bool:
        return self._taken.is_free(found.span) and self._reserved.is_free(found.span)

    def _give_place(self, number: int, found: Place) -> None:
        """Exact or folded is a matter of the mention's own words: its group may be spelt otherwise."""
        placed = found.placed
        if placed is not Placed.FUZZY:
            raw = self._source.text[found.span.start : found.span.end]
            placed = Placed.EXACT if raw == self._mentions[number].words.strip() else Placed.FOLDED
        self._give(number, Spot(found.span, placed))

    def _give(self, number: int, spot: Spot) -> None:
        self._spots[number].append(spot)
        self._taken.add(self._mentions[number].category, spot)

    def _give_every(self, members: Sequence[int], free: Sequence[Place]) -> None:
        """Fewer mentions than places: the last of them stands for all that is left."""
        words = self._mentions[members[0]].words
        is_punctuation = all(unicodedata.category(character)[0] in "PZC" for character in words)
        if len(free) > MOST_PLACES or is_punctuation:
            return
        for at, found in enumerate(free):
            number = members[min(at, len(members) - 1)]
            self._give(number, Spot(found.span, Placed.AMBIGUOUS, at + 1, len(free)))

    def _repeat(self, members: Sequence[int], choice: Sequence[Place]) -> None:
        for number in members:
            category = self._mentions[number].category
            spots = (self._taken.spot(category, found.span) for found in choice)
            self._spots[number] = list(islice((spot for spot in spots if spot), 1))
            self._repeats[number] = bool(self._spots[number])

    def _settle_dispute(self, members: list[int], places: list[Place]) -> None:
        free = [found for found in places if self._taken.is_free(found.span)]
        anchors = [
            (number, spots[0].span.start)
            for number, spots in enumerate(self._spots)
            if len(spots) == 1 and spots[0].placed is not Placed.AMBIGUOUS and not self._repeats[number]
        ]
        claims = [
            Claim(number, mention.category, self._names.get(mention.category, mention.category))
            for number in members
            for mention in (self._mentions[number],)
        ]
        given = settled(self._source.text, claims, [found.span for found in free], anchors, self._mentions)
        for number, at in given.items():
            self._give(number, Spot(free[at].span, Placed.AMBIGUOUS, at + 1, len(free)))
        self._repeat([number for number in members if number not in given], places)

    def _settle_nearly(self, group: _Group) -> None:
        """Words that the text does not have: one place that is nearly like them, or one each."""
        refused = {found.span for found in self._source.places(group.words)}
        found = [
            near
            for near in self._near().nearly(group.words)
            if near.span not in refused and self._is_free(near)
        ]
        folded = self._source.folded.text
        if not found or len({folded[near.start : near.end] for near in found}) > 1:
            return
        for members, choice in self._choices(replace(group, places=found, lesser=[]), found):
            categories = {self._mentions[number].category for number in members}
            if len(categories) == 1 and len(members) >= len(choice):
                self._settle_choice(members, choice, ())

    def _near(self) -> Likeness:
        if self._likeness is None:
            self._likeness = Likeness(self._source)
        return self._likeness

    def _placement(self, number: int) -> Placement:
        mention = self._mentions[number]
        spots = tuple(self._spots[number])
        if spots or not mention.words.strip():
            return Placement(mention, spots, (), self._repeats[number])
        return Placement(mention, (), _candidates(self._source, self._near(), mention.words))


def _candidates(source: Source, likeness: Likeness, words: str) -> tuple[Span, ...]:
    """The words themselves first (they may be taken, or stand inside other words), then what is like them."""
    spans = _whole(source, words)
    if len(spans) < MOST_CANDIDATES:
        spans += [near.span for near in likeness.nearly(words)]
        spans += likeness.candidates(words)
    return tuple(islice(dict.fromkeys(spans), MOST_CANDIDATES))


def _whole(source: Source, words: str) -> list[Span]:
    """Where the words stand, also within other words."""
    whole = sorted(source.places(words), key=lambda found: (-found.fit, not found.same_case, found.start))
    return [found.span for found in whole[:MOST_CANDIDATES]]
