"""Asking which document of the project one of a label file is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_labeler.screens.dialogs import ChoiceScreen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import App

    from tui_labeler.engine.imports.plans import Ambiguous

MOST_CANDIDATES = 200
"""Documents that a choice lists; among more, `--match` chooses."""

LEAVE, LEAVE_ALL = "leave", "leave all"


def which_document(
    asked: Ambiguous, candidates: Sequence[str], ways_out: Sequence[tuple[str, str, str]] = ()
) -> ChoiceScreen:
    """The question: its answer is ``at:LOCATION``, the id of a way out, or ``None``."""
    choices = [
        (str(number) if number < 10 else "", f"at:{location}", location)
        for number, location in enumerate(candidates[:MOST_CANDIDATES], 1)
    ]
    if len(asked.candidates) == 1:
        message = f"{candidates[0]} fits a part of its name, and that of others in the file."
    else:
        message = f"They answer to it by their {asked.how}."
    if len(candidates) > MOST_CANDIDATES:
        message += f" These are the first {MOST_CANDIDATES} of {len(candidates):,}."
    return ChoiceScreen(f"Which document is {asked.called}?", message, [*choices, *ways_out])


def location_of(answer: str) -> str:
    """The location that an answer names."""
    return answer.removeprefix("at:")


async def ask_which(app: App[None], rows: Sequence[Ambiguous]) -> dict[str, str] | None:
    """Asks of each row of a file which document it is: locations by what it is called there.

    A document that was chosen is no candidate for the next. What is left out has no location. ``None`` when
    the person went back.
    """
    found: dict[str, str] = {}
    for number, asked in enumerate(rows):
        candidates = [location for location in asked.candidates if location not in found.values()]
        if not candidates:
            continue
        ways_out = [("x", LEAVE, "None of these: leave it out")]
        if (left := len(rows) - number) > 1:
            ways_out.append(("X", LEAVE_ALL, f"Leave out all {left:,} that are open"))
        answer = await app.push_screen_wait(which_document(asked, candidates, ways_out))
        if answer is None:
            return None
        if answer == LEAVE_ALL:
            break
        if answer != LEAVE:
            found[asked.called] = location_of(answer)
    return found
