"""What is said and asked where a person takes an action back, or does it again."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from tui_labeler.engine.actions import ACTIONS, JOB
from tui_labeler.engine.history.history import items_of
from tui_labeler.engine.wording import counted
from tui_labeler.screens.dialogs import ConfirmScreen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import App

    from tui_labeler.engine.history.history import Undone
    from tui_labeler.engine.ports import Transaction

_ASK_FIRST = 20
"""Changes of one action from which on taking it back is asked about."""


def is_large(found: Sequence[Transaction]) -> bool:
    """Whether taking an action back is asked about."""
    # Each transaction changed something: of very many, the first few tell.
    return found[0].action == JOB or items_of(found[:_ASK_FIRST]) >= _ASK_FIRST


async def is_sure(app: App[Any], found: Sequence[Transaction]) -> bool:
    """Asks before a large action, or a whole job, is taken back; from within a worker."""
    if not is_large(found):
        return True
    # Of a very large one counting takes a while: keys go on.
    items, action = await asyncio.to_thread(items_of, found), found[0].action
    whole = action == JOB
    words = "everything that came of the job" if whole else ACTIONS.get(action, action)
    extent = f"It made {counted(items, 'change')}."
    if whole:
        extent = "Its suggestions go, and the labels that you accepted from them."
    sure: bool = await app.push_screen_wait(
        ConfirmScreen(
            f"Take back: {words}?",
            f"{extent} What somebody else changed since stays.",
            confirm="Take back",
        )
    )
    return sure


def undone_words(undone: Undone, verb: str) -> str:
    """What an undo, or a redo, did; ends with a full stop."""
    action = ACTIONS.get(undone.action, undone.action)
    if len(undone.categories) == 1:
        action += f" {undone.categories[0]}"
    words = f"{verb}: {action} ({counted(undone.items, 'change')})"
    if undone.refused:
        words += f"; {undone.refused:,} changed by others since, left alone"
    if undone.stopped:
        words += "; stopped, and the rest stays. ctrl+r and u begin anew"
    if undone.left:
        words += f"; {undone.left_words}"
    return f"{words}."
