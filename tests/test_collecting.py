"""When the process that draws looks for garbage."""

from __future__ import annotations

import gc
import weakref
from typing import TYPE_CHECKING

import pytest

from tui_labeler.collecting import YOUNG, Collecting

if TYPE_CHECKING:
    from collections.abc import Iterator


class Circle:
    """Garbage that only a collection finds."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    threshold = gc.get_threshold()
    yield
    gc.set_threshold(*threshold)
    gc.enable()


def test_nothing_is_collected_before_the_program_is_there() -> None:
    collecting = Collecting()
    assert not gc.isenabled()
    collecting.settle()
    assert gc.isenabled()
    assert gc.get_threshold()[0] == YOUNG


def test_what_was_there_is_not_looked_through_until_a_project_is_closed() -> None:
    collecting = Collecting()
    circle = Circle()
    gone = weakref.ref(circle)
    collecting.settle()
    del circle
    gc.collect()
    assert gone() is not None
    collecting.release()
    assert gone() is None
