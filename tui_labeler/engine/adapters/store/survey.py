"""Reading a journal whole, whatever is wrong with it: what it holds, and what it lacks."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, pairwise
from typing import TYPE_CHECKING, NamedTuple

from tui_labeler.engine.actions import LOST
from tui_labeler.engine.adapters.store.files import storage_errors
from tui_labeler.engine.adapters.store.journal import START, Position
from tui_labeler.engine.adapters.store.journal_lines import lost_after, missing, parsed, readable
from tui_labeler.engine.ports import Transaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from tui_labeler.engine.adapters.store.journal import Journal


class Damage(NamedTuple):
    """A place in which no transaction stands, and of which none behind it says that it is lost."""

    after: int
    """The last transaction before it."""
    until: int
    """The last that is missing; ``after`` where a line stands between two that follow each other."""
    path: Path
    line: int
    """Where reading stops, counted from 1."""

    @property
    def words(self) -> str:
        return f"{self.path}, line {self.line}: {missing(self.after, self.until)}"


class Entry(NamedTuple):
    """A line of the journal that stands where it should."""

    transaction: Transaction
    start: Position
    end: Position


class _Line(NamedTuple):
    transaction: Transaction | None
    """``None`` for what is none."""
    number: int
    start: int
    end: int
    held: int
    """Transactions that it holds, or once held."""


def entries(journal: Journal, seq: int | None = None) -> Iterator[Entry | Damage]:
    """The journal from its beginning, oldest first. A line without its end was never written.

    What comes behind ``seq`` is to be applied: what can't be is no transaction.

    Raises ``StorageError`` for a file that can't be opened, for nothing that stands in one.
    """
    last = 0
    bad: list[tuple[Path, _Line]] = []
    # One without a whole line is what is left of somebody who was killed while making it.
    segments = [number for number in journal.segments() if any(True for _ in _lines(journal.path(number)))]
    for segment, later in pairwise((*segments, None)):
        assert segment is not None
        path = journal.path(segment)
        for line, following in pairwise(chain(_lines(path, seq), (None,))):
            assert line is not None
            transaction = line.transaction
            beyond = None if following is None else following.transaction
            if transaction is None or not _is_in_order(last, transaction, beyond, later):
                bad.append((path, line))
                continue
            until = _missing_until(last, transaction)
            if bad or until > last:
                place, at = bad[0] if bad else (path, line)
                yield Damage(last, until, place, at.number)
            bad.clear()
            start = Position(segment, line.start, transaction.seq - 1)
            yield Entry(transaction, start, Position(segment, line.end, transaction.seq))
            last = transaction.seq
    if bad:
        place, at = bad[0]
        yield Damage(last, last + sum(line.held for _, line in bad), place, at.number)


def _is_in_order(last: int, found: Transaction, following: Transaction | None, later: int | None) -> bool:
    """Whether a line is where it should be; one whose number alone is garbled jumps, and jumps back."""
    if found.seq <= last or (later is not None and found.seq >= later):
        return False
    return found.seq == last + 1 or following is None or following.seq > found.seq


def _missing_until(last: int, found: Transaction) -> int:
    """The last transaction before ``found`` that is missing and not said to be; ``last`` for none."""
    if found.seq == last + 1:
        return last
    after = lost_after(found)
    return max(last, found.seq - 1 if after is None else after)


def _lines(path: Path, seq: int | None = None) -> Iterator[_Line]:
    with storage_errors(path), path.open("rb") as file:
        offset = 0
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                return
            # Two lines are one where what garbled them took the end of the first.
            held = max(1, line.count(b'{"seq":'))
            yield _Line(readable(line, seq), number, offset, offset + len(line), held)
            offset += len(line)


# --- the history, with what it lacks ------------------------------------------------------------------


def forwards(journal: Journal) -> Iterator[Transaction]:
    """Every transaction, oldest first; in the place of those that are missing one that says so."""
    gap: Damage | None = None
    for item in entries(journal):
        if isinstance(item, Damage):
            gap = item
            continue
        if gap is not None and gap.until > gap.after:
            yield _told(gap.after, gap.until, item.transaction)
        gap = None
        yield item.transaction


def backwards(journal: Journal) -> Iterator[Transaction]:
    """As :func:`forwards`, newest first. Raises ``StorageError`` where the newest can't be read."""
    newer: Transaction | None = None
    for segment in reversed(journal.segments()):
        for found, older in pairwise(chain(_upwards(journal.path(segment), newer is None), (None,))):
            assert found is not None
            if newer is not None and not _is_before(newer, found, older, segment):
                continue
            yield from _gap(found.seq, newer)
            yield found
            newer = found
    yield from _gap(0, newer)


def _upwards(path: Path, is_newest: bool) -> Iterator[Transaction]:
    """What can be read of a segment, last line first; the newest line of all has to be one."""
    with storage_errors(path):
        lines = path.read_bytes().split(b"\n")[:-1]
    for place, line in enumerate(reversed(lines)):
        found = parsed(path, 0, line) if is_newest and place == 0 else readable(line)
        if found is not None:
            yield found


def _is_before(newer: Transaction, found: Transaction, older: Transaction | None, segment: int) -> bool:
    if not segment <= found.seq < newer.seq:
        return False
    return found.seq == newer.seq - 1 or older is None or older.seq < found.seq


def _gap(last: int, newer: Transaction | None) -> Iterable[Transaction]:
    until = last if newer is None else _missing_until(last, newer)
    return (_told(last, until, newer),) if newer is not None and until > last else ()


def _told(after: int, until: int, behind: Transaction) -> Transaction:
    return Transaction(
        until, f"lost-{until}", behind.time, "", LOST, (), note={"after": after, "until": until}
    )


# --- what is to be mended -----------------------------------------------------------------------------


@dataclass(slots=True)
class Survey:
    """A journal, seen from the transaction that the shards are of."""

    seq: int
    place: Position | None = None
    """From where a reader goes on behind ``seq``; ``None`` where the journal ends before."""
    kept: Position = START
    """Up to where it can be followed."""
    is_broken: bool = False
    """Whether something stands behind ``kept`` that can't be followed."""
    lost: Entry | None = None
    """What says of the part behind ``kept`` that it is lost; ``None`` where nothing does."""
    highest: int = 0
    """The last transaction there ever was, as far as is known."""
    older: tuple[Damage, ...] = ()
    """What the history lacks of what the shards hold, and nothing says so."""


def survey(journal: Journal, seq: int) -> Survey:
    """Looks at the whole of a journal, of which the shards hold what was so at ``seq``."""
    seen = Survey(seq, START if seq == 0 else None, highest=seq)
    damage: Damage | None = None
    older: list[Damage] = []
    said: set[tuple[object, object]] = set()
    for item in entries(journal, seq):
        if isinstance(item, Damage):
            damage = item
            seen.highest = max(seen.highest, item.until)
            continue
        seen.highest = max(seen.highest, item.transaction.seq)
        said |= _lost_by(item.transaction)
        if damage is not None and item.transaction.seq <= seq + 1:
            older.append(damage)
        elif damage is not None:
            seen.is_broken = True
        _follow(seen, item, is_behind_damage=damage is not None)
        damage = None
    seen.is_broken |= damage is not None or seen.place is None
    seen.older = tuple(gap for gap in older if gap.until > gap.after and (gap.after, gap.until) not in said)
    return seen


def _follow(seen: Survey, item: Entry, *, is_behind_damage: bool) -> None:
    transaction = item.transaction
    goes_on = item.start.offset == 0 and lost_after(transaction) == seen.kept.seq
    if seen.is_broken:
        if goes_on:
            seen.lost = item
        return
    seen.kept = item.end
    if transaction.seq == seen.seq:
        seen.place = item.end
    elif transaction.seq > seen.seq and (seen.place is None or is_behind_damage):
        is_lost = lost_after(transaction) is not None
        seen.place = item.end if is_lost else item.start
        seen.lost = item if is_lost else None


def _lost_by(transaction: Transaction) -> set[tuple[object, object]]:
    if transaction.action != LOST:
        return set()
    return {(transaction.note.get("after"), transaction.note.get("until"))}
