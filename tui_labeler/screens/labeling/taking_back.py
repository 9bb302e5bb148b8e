"""What is said and asked where a person takes an action back, or does it again."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

from tui_labeler.engine.actions import ACTIONS, JOB
from tui_labeler.engine.history.undone import items_of
from tui_labeler.engine.wording import counted
from tui_labeler.screens.dialogs import ConfirmScreen
from tui_labeler.screens.widgets.cells import clean, clip_middle
from tui_labeler.screens.working import ask, looked_up

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.screen import Screen

    from tui_labeler.engine.history.undone import Undone
    from tui_labeler.engine.ports import Transaction

LAST_ACTION = "Looking for your last action"
"""What is said while that takes long."""

WHEN_STOPPED = "What was taken back until then stays so; ctrl+r does it again."
"""What is said beforehand of an undo that a person stops."""

_NAME = 60
"""Cells for a category's name: messages are for more than that."""

_ASK_FIRST = 20
"""Changes of one action from which on taking it back is asked about."""


def is_large(found: Sequence[Transaction]) -> bool:
    """Whether taking an action back is asked about."""
    # Each transaction changed something: of very many, the first few tell.
    return found[0].action == JOB or items_of(found[:_ASK_FIRST]) >= _ASK_FIRST


async def is_sure(screen: Screen[Any], found: Sequence[Transaction]) -> bool:
    """Asks over ``screen`` before a large action, or a whole job, is taken back; from within a worker."""
    if not is_large(found):
        return True
    action = found[0].action
    items = await looked_up(
        screen.app, "Counting what it changed", partial(asyncio.to_thread, items_of, found)
    )
    if items is None:
        return False
    whole = action == JOB
    words = "everything that came of the job" if whole else ACTIONS.get(action, action)
    extent = f"It made {counted(items, 'change')}."
    if whole:
        extent = "Its suggestions go, and the labels that you accepted from them."
    question = ConfirmScreen(
        f"Take back: {words}?", f"{extent} What somebody else changed since stays.", confirm="Take back"
    )
    return await ask(screen, question) is True


def undone_words(undone: Undone, verb: str) -> str:
    """What an undo, or a redo, did; ends with a full stop."""
    action = ACTIONS.get(undone.action, undone.action)
    if len(undone.categories) == 1:
        action += f" {clip_middle(clean(undone.categories[0]), _NAME)}"
    if undone.stopped:
        # One line of a narrow screen has to hold it: the next undo is about the action before.
        return f"Stopped after {counted(undone.items, 'change')}; the rest stays. For all: ctrl+r, then u."
    words = f"{verb}: {action} ({counted(undone.items, 'change')})"
    if undone.refused:
        words += f"; {undone.refused:,} changed by others since, left alone"
    if undone.left:
        words += f"; {undone.left_words}"
    return f"{words}."
