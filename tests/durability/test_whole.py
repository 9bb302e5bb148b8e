"""A short run of the harness that kills the whole program, and faults put in on purpose that it must find."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.durability.looking import LostError
from tests.durability.whole.acts import ACTS
from tests.durability.whole.ground import Ground, ground
from tests.durability.whole.rounds import Rounds
from tests.durability.whole.screen import Chain, look_at
from tests.durability.whole.snapshot import Mark, Snapshot, Text

if TYPE_CHECKING:
    from collections.abc import Iterator

A, B = Mark(0, 3, "Person"), Mark(4, 7, "Town")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """One ground for all, as in a long run."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("WORK_KEY", "TUI_LABELER_NAME"):
            patch.setenv(name, "")
        with ground(tmp_path_factory.mktemp("whole"), storage=False) as it:
            yield it


@pytest.mark.parametrize("name", ["labeling", "import", "deployment"])
def test_nothing_that_was_shown_is_missing_when_the_program_is_killed(place: Ground, name: str) -> None:
    rounds = Rounds(place, random.Random(f"short {name}"))
    ACTS[name].do(rounds)
    assert rounds.counts["found as shown"] + rounds.counts["found as in flight"] >= 1


def label_again_and_again(rounds: Rounds) -> None:
    for _ in range(8):
        ACTS["label"].do(rounds)


def test_a_program_that_shows_a_decision_before_it_is_written_is_found_out(place: Ground) -> None:
    rounds = Rounds(place, random.Random(5), "draws-first")
    with pytest.raises(LostError, match="found is another state"):
        label_again_and_again(rounds)


# --- the oracle ---------------------------------------------------------------------------------------


def screen(unsaved: int, row: str) -> list[str]:
    title = f" p > a.txt    {unsaved} unsaved  1 document" if unsaved else " p > a.txt   1 document"
    head = "      document          ━━  ┄┄ │ Ann"
    return [title, head, f"·>●   {row} │ ━Person", "", " ^s Save labels"]


def chain() -> Chain:
    """Labeled, labeled again, saved, taken back."""
    nothing = Snapshot({"a.txt": Text()})
    one = nothing.having("a.txt", nothing["a.txt"].labeled(A))
    two = one.having("a.txt", one["a.txt"].labeled(B))
    made = Chain(nothing)
    for name, state in (("one", one), ("two", two), ("saved", two.saved()), ("undone", two)):
        made.add(name, state)
    return made


def test_a_screen_that_is_half_drawn_shows_nothing_as_made() -> None:
    made = chain()
    made.seen(screen(0, "a.txt             1*   "))
    assert made.shown == 0
    made.seen(screen(1, "a.txt             1*   "))
    assert made.shown == 1


def test_a_screen_that_fits_two_states_counts_as_the_earlier() -> None:
    made = chain()
    made.seen(screen(2, "a.txt             2*   "))
    assert made.names[made.shown] == "two"
    made.seen(screen(0, "a.txt             2    "))
    made.seen(screen(2, "a.txt             2*   "))
    assert made.names[made.shown] == "undone"


def test_a_screen_that_is_no_list_of_documents_says_nothing() -> None:
    assert look_at([" p > Jobs", "", ""]) is None
    look = look_at(screen(0, "a.txt             2   3"))
    assert look is not None
    assert look.rows == {"a.txt": (2, False, 3)}


@pytest.mark.parametrize(("shown", "found"), [(2, 1), (3, 2), (1, 0)])
def test_a_state_before_what_was_shown_is_a_loss(shown: int, found: int) -> None:
    made = chain()
    made.shown = shown
    there = made.states[found]
    if there in made.states[shown:]:
        made.states.pop()
    with pytest.raises(LostError, match="and found is another state"):
        made.check(there)


def test_what_is_in_flight_may_be_there_or_not_and_nothing_else_may() -> None:
    made = chain()
    made.shown = 1
    assert made.check(made.states[1]) == "one"
    assert made.check(made.states[3]) == "saved"
    more = made.states[1].having("a.txt", Text({A: True, Mark(9, 12, "Town"): True}))
    with pytest.raises(LostError):
        made.check(more)
