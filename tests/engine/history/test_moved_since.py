"""What an action left is known again where a sync has moved it along with its words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import pytest

from tui_labeler.engine.history.moved_since import MovedSince
from tui_labeler.engine.ports import Change

if TYPE_CHECKING:
    from tui_labeler.engine.ports import State, Transaction

KEY = "0/s1"


@dataclass
class Stands:
    """A state with one suggestion."""

    row: dict[str, Any]

    def raw(self, table: str, key: str) -> dict[str, Any] | None:
        return self.row if (table, key) == ("suggestion", KEY) else None


@dataclass
class Moved:
    """What a sync has moved."""

    changes: tuple[Change, ...]


def at(text: str, start: int) -> dict[str, Any]:
    return {"id": "s1", "category": "c1", "span": {"start": start, "end": start + 3}, "text_hash": text}


def move(before: dict[str, Any], after: dict[str, Any]) -> Transaction:
    return cast("Transaction", Moved((Change("suggestion", "0/another", before, after),)))


@pytest.fixture
def moves() -> MovedSince:
    found = MovedSince()
    found.take(move(at("two", 10), at("three", 20)))
    found.take(move(at("one", 0), at("two", 10)))
    return found


@pytest.mark.parametrize(
    "now", [at("one", 0), at("two", 10), at("three", 20)], ids=lambda row: row["text_hash"]
)
def test_what_has_gone_some_of_the_way_counts_as_it_was_left(moves: MovedSince, now: dict[str, Any]) -> None:
    change = Change("suggestion", KEY, None, at("one", 0))
    back = moves.backwards(change, cast("State", Stands(now)))
    assert back == Change("suggestion", KEY, now, None)


@pytest.mark.parametrize("now", [at("two", 11), at("three", 10), at("one", 10)])
def test_what_stands_elsewhere_was_changed_again(moves: MovedSince, now: dict[str, Any]) -> None:
    change = Change("suggestion", KEY, None, at("one", 0))
    assert moves.backwards(change, cast("State", Stands(now))) is None
