"""What people do at the terminal in one sitting, and what it leads to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.durability.whole.ground import LETTERS, LINE_LENGTH, LINES, TABLES
from tests.durability.whole.rounds import Step
from tests.durability.whole.screen import Chain
from tests.durability.whole.snapshot import Mark, Snapshot, Text

if TYPE_CHECKING:
    import random

    from tests.durability.whole.rounds import Rounds

CATEGORIES = ("Person", "Town")
TWO_WORDS = 7
"""Characters of the first two words of a table's line."""

UNDO, REDO, SAVE = "u", "\x12", "\x13"


def free_lines(text: Text) -> list[int]:
    """The lines of a table that have no label."""
    taken = {mark.start // LINE_LENGTH for mark in text.labels}
    return [line for line in range(LINES) if line not in taken]


def line_mark(line: int, category: str) -> Mark:
    return Mark(line * LINE_LENGTH, line * LINE_LENGTH + TWO_WORDS, category)


class Sitting:
    """The steps of one person, with undo and redo of this sitting's own."""

    def __init__(self, first: Snapshot) -> None:
        self.chain = Chain(first)
        self.steps: list[Step] = []
        self._done: list[Snapshot] = []
        self._undone: list[Snapshot] = []

    def do(self, name: str, keys: str, state: Snapshot) -> None:
        self._done.append(self.chain.last)
        self._undone.clear()
        self._add(name, keys, state)

    def _add(self, name: str, keys: str, state: Snapshot) -> None:
        self.chain.add(name, state)
        self.steps.append(Step(name, keys))

    def undo(self) -> None:
        self._undone.append(self.chain.last)
        self._add("undo", UNDO, self._done.pop())

    def redo(self) -> None:
        self._done.append(self.chain.last)
        self._add("redo", REDO, self._undone.pop())

    def save(self) -> None:
        self.do("saving", SAVE, self.chain.last.saved())

    def stays_in(self, location: str) -> bool:
        """Whether undo and redo have led to no other document: they go to the first that changes."""
        walked = [at for at, step in enumerate(self.steps, 1) if step.name in ("undo", "redo")]
        return all(
            self.chain.states[at].texts[name] == text
            for at in walked
            for name, text in self.chain.states[at - 1].texts.items()
            if name != location
        )

    def walks(self, draw: random.Random) -> bool:
        """Undoes, redoes or saves now and then; whether it did."""
        chance = draw.random()
        if chance < 0.18 and self._done:
            self.undo()
        elif chance < 0.3 and self._undone:
            self.redo()
        elif chance < 0.4 and self.chain.last.drafts:
            self.save()
        else:
            return False
        return True


def labeling(rounds: Rounds) -> None:
    """Labels the beginnings of lines."""
    location = f"table{rounds.draw.randrange(TABLES)}.txt"
    sitting = Sitting(rounds.ground.snapshot())
    lines = free_lines(sitting.chain.last[location])
    rounds.draw.shuffle(lines)
    for line in lines[: rounds.draw.randint(3, 8)]:
        if sitting.walks(rounds.draw):
            continue
        if not sitting.stays_in(location):
            break
        number = rounds.draw.randrange(2)
        state = sitting.chain.last
        after = state[location].labeled(line_mark(line, CATEGORIES[number]))
        sitting.do("labeling", f"#{line + 1}\rvw{number + 1}", state.having(location, after))
    rounds.keys(("open", LETTERS, "--document", location), sitting.chain, sitting.steps)


def reviewing(rounds: Rounds) -> None:
    """Accepts and rejects suggestions one after the other, or all of a document."""
    sitting = Sitting(rounds.ground.snapshot())
    for _ in range(rounds.draw.randint(3, 9)):
        if sitting.walks(rounds.draw):
            continue
        state = sitting.chain.last
        location = next((name for name in sorted(state.texts) if state[name].open), None)
        if location is None:
            break
        text, first = state[location], min(state[location].open)
        match rounds.draw.choice("aaaaxxxA"):
            case "a":
                sitting.do("accepting", "a", state.having(location, text.labeled(first)))
            case "x":
                sitting.do("rejecting", "x", state.having(location, text.turned_down(first)))
            case _:
                for mark in sorted(text.open):
                    text = text.labeled(mark)
                sitting.do("accepting all", "A", state.having(location, text))
    rounds.keys(("open", LETTERS, "--review"), sitting.chain, sitting.steps)
