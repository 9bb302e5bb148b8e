"""One action over many documents, in transactions of a readable size that one undo takes back together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_labeler.engine.ports import Change, Plan
from tui_labeler.engine.turns import BATCH, Progress, in_turns

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tui_labeler.engine.ports import ProjectStore, State, Surroundings, Transaction


async def in_steps(
    store: ProjectStore,
    around: Surroundings,
    action: str,
    documents: Sequence[int],
    changes: Callable[[State, int], list[Change]],
    progress: Progress | None = None,
) -> Transaction | None:
    """Makes the ``changes`` of each document (ids), and gives back the last transaction.

    ``None`` where there was nothing to change. Once ``progress`` was stopped the other documents stay as they
    are. Raises what ``changes`` raises; steps made before it stay.
    """
    progress = progress or Progress()
    progress.total = len(documents)
    group, made = around.new_id(), None
    for start in range(0, len(documents), BATCH):
        if progress.stopped:
            break
        batch = documents[start : start + BATCH]
        shell = Plan(action, (), group=group, note={"continues": True} if made else {})

        async def plan(state: State, batch: Sequence[int] = batch, shell: Plan = shell) -> Plan:
            found: list[Change] = []
            async for key in in_turns(batch):
                found += changes(state, key)
            return Plan(shell.action, found, group=shell.group, note=shell.note)

        made = await store.commit(around.actor, plan) or made
        progress.done = start + len(batch)
    return made
