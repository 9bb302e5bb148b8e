"""What was said to be done must be there: the words for it, and what every project must answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tui_labeler.engine.session import ProjectSession


class LostError(AssertionError):
    """Something that was said to be done is not there."""


def expect(holds: bool, what: str) -> None:
    """Raises ``LostError``."""
    if not holds:
        raise LostError(what)


async def check_state(session: ProjectSession) -> None:
    """The state is what the history says, item by item. Raises ``LostError``."""
    wanted: dict[tuple[str, str], dict[str, Any] | None] = {}
    async for transaction in session.store.history(newest_first=False):
        wanted.update({(item.table, item.key): item.after for item in transaction.changes})
    state = session.store.state
    for (table, key), after in wanted.items():
        expect(state.raw(table, key) == after, f"{table} {key} is not what the history says")
    numbers = {int(key) for (table, key), after in wanted.items() if table == "document" and after}
    expect(numbers == set(state.rows), "the list of documents is another")
    for number, row in state.rows.items():
        labels = [
            key
            for (table, key), after in wanted.items()
            if table == "label" and after and key.startswith(f"{number}/")
        ]
        expect(len(state.document(number).labels) == len(labels), f"{row.location} has other labels")
