"""What the program has shown as made, told from its screen."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.durability.looking import expect

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.durability.whole.snapshot import Snapshot

_UNSAVED = re.compile(r"(\d+) unsaved")
_ROW = re.compile(r"^.[ >].\s+(\S+\.txt) *(\d*)(\*?) *$")
"""A row of the list up to its number of labels, with a star where some of it is unsaved."""


@dataclass(frozen=True)
class Look:
    """The counts on one screen of data labeling."""

    unsaved: int
    rows: dict[str, tuple[int, bool, int]]
    """Labels, whether there are drafts, and open suggestions of the documents in view."""

    def agrees(self, snapshot: Snapshot) -> bool:
        return self.unsaved == snapshot.drafts and all(
            name in snapshot.texts and snapshot[name].counts == counts for name, counts in self.rows.items()
        )


def look_at(rows: Sequence[str]) -> Look | None:
    """``None`` where it is not the whole screen of data labeling."""
    if (
        len(rows) < 3
        or "document  " not in rows[1]
        or "━━  ┄┄" not in rows[1]
        or "Save labels" not in rows[-1]
    ):
        return None
    last = rows[1].index("━━") + 2
    found = {}
    for row in rows[2:-2]:
        cells = row.split("│", 1)[0]
        match = _ROW.match(cells[: last + 1])
        if match:
            suggestions = cells[last + 1 :].strip()
            if suggestions and not suggestions.isdecimal():
                return None  # met while it was being drawn
            found[match[1]] = (int(match[2] or 0), bool(match[3]), int(suggestions or 0))
    unsaved = _UNSAVED.search(rows[0])
    return Look(int(unsaved[1]) if unsaved else 0, found)


class Chain:
    """States that follow each other, one for each step of a person, and how far the screen has come."""

    def __init__(self, first: Snapshot) -> None:
        self.states = [first]
        self.names = ["as it was"]
        self.shown = 0
        """The last state that is known to have been on the screen."""
        self.looked = False
        """Whether any state was."""

    @property
    def last(self) -> Snapshot:
        return self.states[-1]

    def add(self, name: str, state: Snapshot) -> None:
        self.states.append(state)
        self.names.append(name)

    def seen(self, rows: Sequence[str]) -> None:
        """Takes note of a screen. One that fits several states counts as the earliest that is possible."""
        look = look_at(rows)
        if look is None:
            return
        for at in range(self.shown, len(self.states)):
            if look.agrees(self.states[at]):
                self.shown, self.looked = at, True
                return

    def check(self, found: Snapshot) -> str:
        """What was found is the last state shown, or one that a key in flight leads to; its name."""
        for at in range(self.shown, len(self.states)):
            if found == self.states[at]:
                return self.names[at]
        expect(
            False,
            f"shown was {self.names[self.shown]!r} ({self.shown} of {len(self.states) - 1}), and found is "
            f"another state: {found.difference(self.states[self.shown])}",
        )
        raise AssertionError
