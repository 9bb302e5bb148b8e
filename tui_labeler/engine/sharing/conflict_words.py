"""Both sides of a conflict in words, line by line, so that a person can decide."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tui_labeler.domain.agreement import Take
from tui_labeler.domain.items import EXTRA, FIELD, LABEL, READERS, TO_PLACE, Conflict, Items, Key
from tui_labeler.domain.labels import Span
from tui_labeler.domain.projects import Dataset
from tui_labeler.engine.ports import State
from tui_labeler.engine.sharing.merging_readings import CHOICES, place_of
from tui_labeler.engine.sharing.project_form import CATEGORY
from tui_labeler.engine.sharing.shared_form import PARTS
from tui_labeler.engine.wording import counted

LONGEST = 200
"""Characters of quoted words."""


@dataclass(frozen=True, slots=True)
class Told:
    """One line of a side."""

    words: str
    spans: tuple[Span, ...] = ()
    """The places that it is about."""
    text_hash: str = ""
    """Of the text that they are in; empty: the document's as it is."""
    begins_with_name: bool = False
    """Its first word is what people call something: it stays as they write it."""

    @property
    def sentence(self) -> str:
        """The words as they begin a line."""
        return self.words if self.begins_with_name else self.words[:1].upper() + self.words[1:]

    def quoted(self, text: str, text_hash: str) -> Told:
        """With the words of ``text`` that it is about, where it is about that text."""
        if not self.spans or self.text_hash not in ("", text_hash):
            return self
        quotes = ", ".join(f"“{_quote(text, span)}”" for span in self.spans)
        return replace(self, words=f"{self.words}: {quotes}")


def _quote(text: str, span: Span) -> str:
    words = " ".join(text[span.start : span.end].split())
    return words if len(words) <= LONGEST else f"{words[:LONGEST]}…"


def both_sides(
    state: State, readers: Sequence[str], conflict: Conflict, gone: Mapping[str, str]
) -> tuple[tuple[Told, ...], tuple[Told, ...]]:
    """Ours and theirs; ``readers`` are those whose readings the document has, and ``gone`` has the names of
    categories that were deleted, by id."""
    words = _Words(state, tuple(readers), gone)
    one, other = _as_told(conflict.ours, conflict.base), _as_told(conflict.theirs, conflict.base)
    return tuple(words.lines(one, other, conflict.keys)), tuple(words.lines(other, one, conflict.keys))


def _as_told(side: Items, base: Items) -> Items:
    """A side without labels that were gone for both before: nobody has removed those in this conflict.

    Where a decision was taken back, the label that it had brought to the other side leaves such a trace.
    """
    return {key: row for key, row in side.items() if not (_is_gone(key, row) and row == base.get(key))}


def _is_gone(key: Key, row: Any) -> bool:
    return key.table == LABEL and _is_removed(row)


@dataclass(frozen=True, slots=True)
class _Words:
    state: State
    readers: tuple[str, ...]
    gone: Mapping[str, str]

    def lines(self, side: Items, other: Items, keys: Sequence[Key]) -> Iterator[Told]:
        """What stands comes before what was removed."""
        for key in sorted(keys, key=lambda key: _is_gone(key, side.get(key))):
            if key == CHOICES:
                yield from self._choices(side.get(key) or (), other.get(key) or ())
            elif (
                READERS in keys
                and key.table == LABEL
                and (side.get(key) or other.get(key) or {}).get("reader")
            ):
                continue
            elif key in side or key.table == FIELD:
                yield self._line(key, side.get(key))
            if key == READERS:
                yield from self._readings(side, keys)

    @staticmethod
    def _readings(side: Items, keys: Sequence[Key]) -> Iterator[Told]:
        """Of readings no more than that they would go: what is in them is not for everybody."""
        rows = [side[key] for key in keys if key.table == LABEL and key in side]
        begun = {row.get("reader") for row in rows if not row.get("removed")}
        for reader in side.get(READERS, ()):
            if reader in begun:
                words = f"{reader}'s reading, which goes if the other side is taken"
                yield Told(words, begins_with_name=True)

    def _line(self, key: Key, row: Any) -> Told:
        if key.table == LABEL:
            return replace(_at(self._label(row), row), begins_with_name=True)
        if key.table in PARTS:
            return _at(self._decided(key, row), row)
        if key.table == CATEGORY:
            names = ("description", "examples", "color")
            more = ", ".join(f"{name} {row[name]!r}" for name in names if row.get(name))
            noun = self.state.project.kind.noun
            return Told(f"the {noun} {row['name']!r}" + (f" ({more})" if more else ""))
        if key.table == FIELD:
            return Told(_field(key.id, row))
        return Told(
            f"what a labels file says as {key.id}: {row!r}" if key.table == EXTRA else f"{key.id} {row!r}"
        )

    def _label(self, row: Mapping[str, Any]) -> str:
        reading = f" in {row['reader']}'s reading" if row.get("reader") else ""
        what = f"{self._named(row)}{_place(row)}{reading}"
        if _is_removed(row):
            # Who had made it would read as if it stood.
            return f"{what} removed by {_who(row['removed'])}"
        kept = f", set on a changed text by {_who(row['kept'])}" if row.get("kept") else ""
        return f"{what} by {_who(row['made'])}{kept}"

    def _decided(self, key: Key, row: Mapping[str, Any]) -> str:
        what = f"words to place {row['text']!r} as" if key.table == TO_PLACE else "suggestion"
        decision = row.get("decision")
        said = f"{decision['verdict']} by {_who(decision['stamp'])}" if decision else "undecided"
        return f"the {what} {self._named(row)}{_place(row)} {said}"

    def _named(self, row: Mapping[str, Any]) -> str:
        return self._category(row["category"])

    def _category(self, category_id: str) -> str:
        category = self.state.categories.get(category_id)
        return category.name if category else self.gone.get(category_id, category_id)

    # --- what was chosen of two readings ------------------------------------------------------------

    def _choices(self, side: Sequence[Any], other: Sequence[Any]) -> Iterator[Told]:
        """A line a place that the sides decide differently; what they have alike is counted."""
        mine, rival = ({place_of(choice): choice for choice in choices} for choices in (side, other))
        alike = 0
        for place in sorted({**mine, **rival}, key=lambda key: _where(mine.get(key) or rival[key])):
            choice = mine.get(place)
            if choice and place in rival and choice["take"] == rival[place]["take"]:
                alike += 1
                continue
            known = choice or rival[place]
            spans = [span for key in ("first", "second") if (span := _span_of(known.get(key)))]
            yield Told(self._choice(known, is_made=choice is not None), tuple(dict.fromkeys(spans)))
        if alike:
            yield Told(f"{counted(alike, 'more place')} adjudicated alike")

    def _choice(self, choice: Mapping[str, Any], *, is_made: bool) -> str:
        first, second = (self._annotation(choice.get(key)) for key in ("first", "second"))
        names = self.readers if len(self.readers) == len(_NAMES) else _NAMES
        what = f"{names[0]} has {first}, {names[1]} has {second}"
        if not is_made:
            return f"undecided: {what}"
        taken = {
            Take.FIRST: f"takes {names[0]}'s: {first} (and not {names[1]}'s: {second})",
            Take.SECOND: f"takes {names[1]}'s: {second} (and not {names[0]}'s: {first})",
            Take.BOTH: f"takes both: {what}",
            Take.NEITHER: f"takes neither: {what}",
        }
        return f"{taken[Take(choice['take'])]}, by {_who(choice['stamp'])}"

    def _annotation(self, annotation: Sequence[Any] | None) -> str:
        if not annotation:
            return "nothing"
        span = _span_of(annotation)
        return self._category(annotation[0]) + (f" at {span.start}..{span.end}" if span else "")


def _is_removed(row: Mapping[str, Any] | None) -> bool:
    return bool(row and row.get("removed"))


_NAMES = ("the first reader", "the second reader")


def _where(choice: Mapping[str, Any]) -> tuple[int, int]:
    span = _span_of(choice.get("first")) or _span_of(choice.get("second"))
    return (span.start, span.end) if span else (0, 0)


def _span_of(annotation: Sequence[Any] | None) -> Span | None:
    span = annotation[1] if annotation else None
    return Span(span["start"], span["end"]) if span else None


def _field(name: str, row: Any) -> str:
    if name in _DONE:
        return f"{_DONE[name]} by {_who(row)}" if row else f"not {_DONE[name]}"
    if name == "blind":
        return (
            f"a reading without suggestions by {_who(row['stamp'])}"
            if row
            else "no reading without suggestions"
        )
    if name == "readers":
        return f"with {', '.join(row)}" if row else "with no readers"
    if name == "finished":
        return f"finished by {', '.join(_who(stamp) for stamp in row)}" if row else "finished by nobody"
    if name == "dataset":
        return f"dataset {row or Dataset.TRAIN.value}"
    return f"no {name}" if row is None else f"{name} {row!r}"


_DONE = {"settled": "settled", "reviewed": "marked as reviewed"}


def _at(words: str, row: Mapping[str, Any]) -> Told:
    span = row.get("span")
    spans = (Span(span["start"], span["end"]),) if span else ()
    return Told(words, spans, row.get("text_hash", ""))


def _place(row: Mapping[str, Any]) -> str:
    span = row.get("span")
    return f" at {span['start']}..{span['end']}" if span else ""


def _who(stamp: Mapping[str, Any]) -> str:
    time = stamp["time"][:16].replace("T", " ")
    return f"{stamp['actor']} ({time})" if time else str(stamp["actor"])
