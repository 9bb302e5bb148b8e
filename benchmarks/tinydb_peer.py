"""A peer: TinyDB with the storage that it comes with, which writes the whole file at each change."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

from tinydb import TinyDB

if TYPE_CHECKING:
    from pathlib import Path

CHARACTERS = 870
"""Of the text in each row: about what a document with its labels takes here."""
UPDATES = 5


def one_update(folder: Path, count: int) -> float:
    """Milliseconds of changing one of ``count`` rows, the median of :data:`UPDATES`; nothing is synced."""
    with TinyDB(folder / f"tinydb-{count}.json") as database:
        table = database.table("documents")
        ids = table.insert_multiple(
            {"name": f"{number}", "text": "x" * CHARACTERS} for number in range(count)
        )
        found = []
        for number in range(UPDATES):
            began = time.perf_counter()
            table.update({"state": number}, doc_ids=[ids[number * count // UPDATES]])
            found.append((time.perf_counter() - began) * 1000)
    return statistics.median(found)
