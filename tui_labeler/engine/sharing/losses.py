"""What this home has lost of what it shares: it is not here, and nobody has removed it.

A damaged file, or one that was restored from an older backup, must not look like a deletion to others. The
journal is the truth: what no transaction has removed is lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from tui_labeler.domain.items import Items, Key
from tui_labeler.engine.sharing.project_form import CATEGORY
from tui_labeler.engine.sharing.shared_form import PARTS

if TYPE_CHECKING:
    from tui_labeler.engine.ports import ProjectStore
    from tui_labeler.engine.ports.sharing import Agreed

_BREATH = 50
"""Documents that are opened before others get their turn."""


async def losses(store: ProjectStore, agreed: Mapping[int, Agreed | None]) -> Mapping[int, Collection[Key]]:
    """Of some documents what was agreed on, is not here, and was removed by no transaction.

    The history is read, newest first, until each of what is missing was met; where it was removed with an
    action, which is where there is no damage, that is near its end.
    """
    missing: dict[int, set[Key]] = {}
    for count, (number, known) in enumerate(agreed.items()):
        if count % _BREATH == _BREATH - 1:
            await asyncio.sleep(0)
        if known is None or number not in store.state.rows:
            continue
        document = store.state.whole(number)
        gone = {
            key
            for key in known.base
            if key.table in PARTS and key.id not in getattr(document, PARTS[key.table])
        }
        if gone:
            missing[number] = gone
    return await _not_removed(store, {(number, key) for number, keys in missing.items() for key in keys})


async def lost_categories(store: ProjectStore, base: Items) -> set[Key]:
    """The categories that were agreed on, are not here, and were removed by no transaction."""
    waiting = {key for key in base if key.table == CATEGORY and key.id not in store.state.categories}
    lost: set[Key] = set()
    if not waiting:
        return lost
    async for transaction in store.history():
        for table, name, _, after in transaction.changes:
            key = Key(CATEGORY, name)
            if table == CATEGORY and key in waiting:
                waiting.discard(key)
                if after is not None:
                    lost.add(key)
        if not waiting:
            break
    return lost | waiting


async def _not_removed(store: ProjectStore, waiting: set[tuple[int, Key]]) -> dict[int, set[Key]]:
    lost: dict[int, set[Key]] = {}
    if not waiting:
        return lost
    async for transaction in store.history():
        for table, name, _, after in transaction.changes:
            if table == "document" and after is None:
                waiting -= {(number, key) for number, key in waiting if str(number) == name}
            elif table in PARTS:
                document, _, item = name.partition("/")
                place = int(document), Key(table, item)
                if place in waiting:
                    waiting.discard(place)
                    if after is not None:
                        lost.setdefault(place[0], set()).add(place[1])
        if not waiting:
            break
    for number, key in waiting:
        lost.setdefault(number, set()).add(key)
    return lost
