"""Projects to decide in, in the real program: of usual documents, and with a very long one, which is opened
and gone through too."""

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
    from tui_labeler.engine.session import ProjectSession

NAME, LONG, SHORT = "long-text", "long.txt", "a-short.txt"
USUAL, DOCUMENTS, CHARACTERS_EACH, SUGGESTED_EACH = "usual-texts", 25, 1_500, 10
"""A project of usual documents: its name, how many, their characters and suggestions."""
PAGE, HALF_PAGE = "\x1b[6~", "\x04"
DECISION = "accept or reject, next suggestion"
DECISION_TARGET = (2_500, 40)
TARGETS = {"cursor moves": (600, 25), "down, row by row": (1_500, 100), DECISION: DECISION_TARGET}
"""Bytes of the median key and milliseconds by what keys do."""
PAGES = "down, by pages and half pages"
PAGES_TARGET = (16_000, 100)
"""Bytes of the most that a key sends, and milliseconds."""
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

    await _suggest(session, document, suggested, places[:suggestions])
    await session.store.checkpoint()
    await session.close()


async def usual_project(base: Path) -> None:
    """Makes a project of documents of a page, each with some suggestions."""
    folder = base / "usual-texts"
    folder.mkdir()
    text = sample_text(CHARACTERS_EACH)
    for number in range(DOCUMENTS):
        (folder / f"usual-{number:02d}.txt").write_text(text, encoding="utf-8")
    new = NewProject(USUAL, ProjectKind.ENTITIES, str(folder), categories=("Amount", "Party"))
    session = (await workbench(base / "home-long", immediate=True).create(new)).session
    choose = random.Random(5)
    for key in session.rows:
        places = [Span(*found) for found in choose.sample(list(words(text)), SUGGESTED_EACH)]
        await _suggest(session, key, next(iter(session.store.state.categories)), places)
    await session.store.checkpoint()
    await session.close()


async def _suggest(session: ProjectSession, document: int, category: str, places: list[Span]) -> None:
    def suggest(state: State) -> Plan:
        made = [
            Suggestion(f"s{document}-{number}", category, place, "model:none", "none", confidence=0.9)
            for number, place in enumerate(places)
        ]
        put = [Change("suggestion", f"{document}/{item.id}", None, to_row(item)) for item in made]
        return Plan("job.suggest", put)

    await session.store.commit("bench", suggest)


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
    found[PAGES] = [terminal.press(key) for key in (PAGE, HALF_PAGE) * (count // 8)]
    terminal.press("g")
    terminal.press("r")
    found[DECISION] = decisions(terminal, count)
    found[TAKEN_BACK] = [terminal.press("u") for _ in range(count // 4)]
    return found


def decisions(terminal: Terminal, count: int) -> list[Cost]:
    """What ``count`` decisions in a review cost."""
    choose = random.Random(3)
    return [terminal.press(choose.choice("aaax")) for _ in range(count)]


def usual_decisions(terminal: Terminal) -> list[Cost]:
    """The same in usual documents, but for those that lead on to the next document."""
    terminal.press("r")
    found = decisions(terminal, DOCUMENTS * SUGGESTED_EACH - 1)
    return [cost for number, cost in enumerate(found, 1) if number % SUGGESTED_EACH]
