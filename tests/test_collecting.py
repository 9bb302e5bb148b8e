"""When the process that draws looks for garbage."""

from __future__ import annotations

import gc
import weakref
from typing import TYPE_CHECKING

import pytest

from tui_labeler.collecting import AWAY, BUSY, DUE, REST, YOUNG, Collecting

if TYPE_CHECKING:
    from collections.abc import Iterator


class Circle:
    """Garbage that only a collection finds."""

    def __init__(self) -> None:
        self.itself = self


def _at_rest() -> float:
    """No work is done, however long the tests before took."""
    return 0.0


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    threshold = gc.get_threshold()
    yield
    gc.set_threshold(*threshold)
    gc.enable()


def test_nothing_is_collected_before_the_program_is_there() -> None:
    collecting = Collecting(_at_rest)
    assert not gc.isenabled()
    collecting.settle()
    assert gc.isenabled()
    assert gc.get_threshold()[0] == YOUNG


def test_what_was_there_is_not_looked_through_until_a_project_is_closed() -> None:
    collecting = Collecting(_at_rest)
    circle = Circle()
    gone = weakref.ref(circle)
    collecting.settle()
    del circle
    gc.collect()
    collecting.rest(AWAY)
    assert gone() is not None
    collecting.release()
    assert gone() is not None
    collecting.rest(AWAY - 1)
    assert gone() is not None
    collecting.rest(AWAY)
    assert gone() is None


def test_a_collection_of_all_waits_for_a_rest() -> None:
    collecting = Collecting(_at_rest)
    collecting.settle()
    circle = Circle()
    gone = weakref.ref(circle)
    gc.collect(1)
    del circle
    # Enough for Python's own collections of all: each makes what was there survive one of the middle.
    for _ in range(DUE):
        gc.collect(1)
    assert gone() is not None
    collecting.rest(REST - 1)
    assert gone() is not None
    collecting.rest(REST)
    assert gone() is None


def test_no_collection_comes_amid_work_that_nobody_types_during() -> None:
    spent = 0.0
    collecting = Collecting(lambda: spent)
    collecting.settle()
    circle = Circle()
    gone = weakref.ref(circle)
    for _ in range(DUE + 1):
        gc.collect(1)
    del circle
    spent += 2 * BUSY
    collecting.rest(AWAY)
    assert gone() is not None
    spent += BUSY / 2
    collecting.rest(AWAY)
    assert gone() is None


def test_a_rest_in_which_little_was_made_is_one() -> None:
    collecting = Collecting(_at_rest)
    collecting.settle()
    circle = Circle()
    gone = weakref.ref(circle)
    gc.collect(1)
    del circle
    collecting.rest(AWAY)
    assert gone() is not None


def test_nothing_is_collected_while_a_project_is_opened() -> None:
    collecting = Collecting(_at_rest)
    collecting.settle()
    collecting.hold()
    assert not gc.isenabled()
    before = gc.get_freeze_count()
    stay = [Circle() for _ in range(1_000)]
    collecting.settle()
    assert gc.isenabled()
    assert gc.get_freeze_count() >= before + len(stay)
