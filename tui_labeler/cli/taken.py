"""Warnings where a command decides in documents that somebody has open to label them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_labeler.cli.context import Context
    from tui_labeler.domain.document_rows import DocumentRow
    from tui_labeler.engine.session import ProjectSession

WARNED = 5
"""Documents that are named one by one."""


async def warn_of_takers(
    context: Context, session: ProjectSession, concerns: Callable[[DocumentRow], bool]
) -> None:
    """Says who has documents that a command is about to decide in; nothing is held up by it."""
    if session.taking is None:
        return
    await session.taking.look_once()
    found = [
        (row.location, take)
        for location in sorted(session.taking.held)
        if (number := session.store.state.document_id(location)) is not None
        and concerns(row := session.rows[number])
        and (take := session.taking.holder(number)) is not None
    ]
    for location, take in found[:WARNED]:
        context.out.note(f"warning: {location} is with {take.words}, who may be deciding the same.")
    if len(found) > WARNED:
        context.out.note(f"warning: {len(found) - WARNED:,} more are with somebody.")
