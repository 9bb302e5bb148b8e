"""Where the words stand today that an item of the history was on, when texts have changed since.

A place is the hash of a text, and start and end in it, in code points.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol

from tui_labeler.domain.labels import DraftKind, Span, Verdict
from tui_labeler.engine.documents.reanchoring import reanchored
from tui_labeler.engine.history.counting import document_of
from tui_labeler.engine.ports import Change

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tui_labeler.engine.ports import State, Transaction

_READ = frozenset({"size", "etag", "characters", "text_hash", "problem"})
"""Of a document: what a reading of the container notes."""

_ON_ANY_TEXT = frozenset({"language", "dataset", "flag", "extra"})
"""What is said of a document whatever its text is; ``extra`` is what a label file said besides."""

Place = tuple[str, int, int]
_Row = dict[str, Any]

BOUND = ("label", "suggestion")
"""Tables of what stands in a text, and follows its words."""


class Texts(Protocol):
    """Versions of documents' texts that are kept on this machine."""

    async def earlier(self, document_id: int, text_hash: str) -> str | None:
        """``None`` where it is not kept."""


class MovedSince:
    """Moves of labels and suggestions with their words, since an action of the history."""

    def __init__(self) -> None:
        self._steps: list[dict[tuple[int, Place], Place]] = []
        """Newest first, as the history is gone back."""
        self._found: dict[tuple[int, Place], Place] = {}
        """Places in the text of today, found by comparing the two texts."""

    def take(self, move: Transaction) -> None:
        """Takes in the next older move."""
        step = {}
        for change in move.changes:
            old, new = place_of(change.before), place_of(change.after)
            if old and new:
                step[document_of(change), old] = new
        self._steps.append(step)

    async def look(self, texts: Texts | None, state: State, rows: Iterable[tuple[int, _Row | None]]) -> None:
        """Looks for the places of rows, each with the id of its document, in the texts of today."""
        wanted: dict[tuple[int, str], set[Place]] = {}
        for number, row in rows:
            place = place_of(row)
            if place is None or number not in state.rows:
                continue
            last = self._led(number, place)
            if last[0] != state.whole(number).text_hash and (number, last) not in self._found:
                wanted.setdefault((number, last[0]), set()).add(last)
        for (number, text_hash), places in wanted.items():
            today = state.whole(number).text_hash
            old = await texts.earlier(number, text_hash) if texts else None
            new = await texts.earlier(number, today) if texts else None
            if old is None or new is None:
                continue
            known = sorted(place for place in places if place[2] <= len(old))
            spans = [Span(start, end) for _, start, end in known]
            for place, span in zip(known, await asyncio.to_thread(reanchored, old, new, spans), strict=True):
                if span is not None:
                    self._found[number, place] = (today, span.start, span.end)

    def backwards(self, change: Change, state: State) -> Change | None:
        """A change the other way round, on the item as it stands; ``None`` where it has been changed again.

        An item that has only followed its words counts as the change left it, and so does a document that
        has only been read again. What comes back stands where its words are today, as far as that is sure.
        """
        now, left, earlier = state.raw(change.table, change.key), change.after, change.before
        if change.table == "document" and now and left and earlier and now != left:
            return _of_reread(Change(change.table, change.key, now, earlier), left)
        if now != left and not self._has_followed(change, now):
            return None
        if change.table not in BOUND or earlier is None:
            return Change(change.table, change.key, now, earlier)
        place = place_of(earlier)
        if now is not None and place == place_of(left) and _follows(change.table, now):
            return Change(change.table, change.key, now, _at(earlier, place_of(now)))
        number = document_of(change)
        if now == left and (_follows(change.table, now) or not _follows(change.table, earlier)):
            return Change(change.table, change.key, now, earlier)
        return Change(change.table, change.key, now, self.today(number, earlier))

    def today(self, number: int, row: _Row) -> _Row:
        """A row of a document where its words stand in the text of today; as it is where that is not sure."""
        place = place_of(row)
        return row if place is None else _at(row, self._reached(number, place))

    def _has_followed(self, change: Change, now: _Row | None) -> bool:
        """Whether an item differs from what was left only in that it went along with its words."""
        left = change.after
        if change.table not in BOUND or now is None or left is None:
            return False
        place, at = place_of(left), place_of(now)
        if place is None or at is None or _at(left, at) != now:
            return False
        number = document_of(change)
        # It may have stayed somewhere on the way: what is accepted follows no longer.
        return at in self._way(number, place) or at == self._reached(number, place)

    def _led(self, number: int, place: Place) -> Place:
        """Where the moves led from a place."""
        return self._way(number, place)[-1]

    def _way(self, number: int, place: Place) -> list[Place]:
        """A place, and those that the moves led to from it."""
        places = [place]
        for step in reversed(self._steps):
            if (number, places[-1]) in step:
                places.append(step[number, places[-1]])
        return places

    def _reached(self, number: int, place: Place) -> Place:
        last = self._led(number, place)
        return self._found.get((number, last), last)


def _of_reread(change: Change, left: _Row) -> Change | None:
    """What is taken back of a document that a sync has read again since; ``None`` where others have changed
    it. A mark on its text goes, and none comes back on a text that nobody may have seen."""
    now, earlier = change.before or {}, change.after or {}
    wanted = _differing(left, earlier)
    goes = {name for name in wanted if name == "reviewed" and not earlier.get(name)}
    if not _differing(now, left) <= _READ or not wanted <= _ON_ANY_TEXT | goes:
        return None
    kept = {name: value for name, value in now.items() if name not in wanted}
    return change._replace(after=kept | {name: earlier[name] for name in wanted if name in earlier})


def _differing(one: _Row, other: _Row) -> set[str]:
    return {name for name in one.keys() | other.keys() if one.get(name) != other.get(name)}


def place_of(row: _Row | None) -> Place | None:
    """``None`` for what stands at no place of a text."""
    span = row and row.get("span")
    return (row.get("text_hash", ""), span["start"], span["end"]) if row and span else None


def crossing(changes: Iterable[Change], left: Mapping[str, _Row | None], state: State) -> set[int]:
    """Documents where a label would come back of which nobody knows where its words are by now, in the place
    of one that has followed its own.

    ``left`` are labels by key, as the action left them that is taken back.
    """
    going: set[int] = set()
    lost: set[int] = set()
    for change in changes:
        if change.table != "label":
            continue
        number = document_of(change)
        was, will = _is_active(change.before), _is_active(change.after)
        place = place_of(change.after)
        is_elsewhere = place_of(change.before) != place
        if was and (not will or is_elsewhere) and change.before != left.get(change.key):
            going.add(number)
        stale = place is not None and place[0] not in ("", state.whole(number).text_hash)
        if stale and will and (not was or is_elsewhere):
            lost.add(number)
    return going & lost


def _at(row: _Row, place: Place | None) -> _Row:
    if place is None or place == place_of(row):
        return row
    text_hash, start, end = place
    return {**row, "span": {"start": start, "end": end}, "text_hash": text_hash}


def _follows(table: str, row: _Row | None) -> bool:
    """Whether a sync takes it along with its words: no tombstone, no suggestion that was accepted."""
    if row is None or table == "label":
        return row is not None and row.get("removed") is None
    decision = row.get("decision")
    return decision is None or decision.get("verdict") == Verdict.REJECTED


def _is_active(row: _Row | None) -> bool:
    if row is None or row.get("removed") is not None:
        return False
    return (row.get("draft") or {}).get("kind") != DraftKind.REMOVE
