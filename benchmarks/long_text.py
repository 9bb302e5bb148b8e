"""A project with one very long document in the real program: opening it, moving, deciding, taking back."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

from benchmarks.terminal import CHARACTERS, LABELS, SILENCE, sample_text
from tui_labeler.assembly import workbench
from tui_labeler.domain.labels import Span, Suggestion
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.domain.text import words
from tui_labeler.engine.ports import Change, Plan
from tui_labeler.engine.rows import to_row
from tui_labeler.engine.workbench import NewProject

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.terminal import Cost, Terminal
    from tui_labeler.engine.ports import State

NAME, LONG, SHORT = "long-text", "long.txt", "a-short.txt"
TARGETS = {
    "cursor moves": (600, 25),
    "down, row by row": (1_500, 100),
    "accept or reject, next suggestion": (2_500, 40),
}
"""Bytes and milliseconds by what keys do."""
TAKEN_BACK = "a decision taken back"
IN_VIEW = "wwlljhbwkjlwhk"
"""Keys that move the cursor and stay in view."""


async def long_project(base: Path) -> None:
    """Makes a project of a short document and a long one: of ``LABELS`` places half are suggestions."""
    suggestions = LABELS // 2
    folder = base / "long-texts"
    folder.mkdir()
    text = sample_text(CHARACTERS)
    (folder / LONG).write_text(text, encoding="utf-8")
    (folder / SHORT).write_text(text[:600], encoding="utf-8")
    new = NewProject(NAME, ProjectKind.ENTITIES, str(folder), categories=("Amount", "Party"))
    session = (await workbench(base / "home-long", immediate=True).create(new)).session
    labeled, suggested = session.store.state.categories
    places = [Span(*found) for found in random.Random(5).sample(list(words(text)), LABELS)]
    document = session.documents.find(LONG).id
    await session.labeling.add_many(document, labeled, places[suggestions:])
    await session.labeling.save()

    def suggest(state: State) -> Plan:
        made = [
            Suggestion(f"s{number}", suggested, place, "model:none", "none", confidence=0.9)
            for number, place in enumerate(places[:suggestions])
        ]
        put = [Change("suggestion", f"{document}/{item.id}", None, to_row(item)) for item in made]
        return Plan("job.suggest", put)

    await session.store.commit("bench", suggest)
    await session.store.checkpoint()
    await session.close()


def opened(terminal: Terminal) -> list[float]:
    """Seconds from the key that leads from the short document to the long one to the last byte of that."""
    seconds = []
    for _ in range(5):
        terminal.press("[")
        began = time.perf_counter()
        terminal.send("]")
        terminal.wait_for(f"{CHARACTERS:,}".encode())
        terminal.settle()
        # Nothing has come for that long by now.
        seconds.append(time.perf_counter() - began - SILENCE)
    return seconds


def keys(terminal: Terminal, count: int) -> dict[str, list[Cost]]:
    """What ``count`` keys of each kind cost in the long document, by what they do; it is in view."""
    found = {
        "cursor moves": [terminal.press(key) for key in (IN_VIEW * count)[:count]],
        "down, row by row": [terminal.press("j") for _ in range(count)],
    }
    terminal.press("g")
    terminal.press("r")
    choose = random.Random(3)
    found["accept or reject, next suggestion"] = [terminal.press(choose.choice("aaax")) for _ in range(count)]
    found[TAKEN_BACK] = [terminal.press("u") for _ in range(count // 4)]
    return found
