"""Every screen of the program, asked for by keys: how soon each comes, and how long a key waits meanwhile."""

from __future__ import annotations

import os
import re
import sys
import time
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.beating import longest
from benchmarks.jobs import follow
from benchmarks.opening import resident_megabytes
from benchmarks.scale_texts import FRAMES, name
from tests.terminal.driver import Terminal, is_so
from tui_labeler.assembly import workbench
from tui_labeler.domain.jobs import Method
from tui_labeler.domain.labels import Span, ToPlace
from tui_labeler.engine.ports import Change, Plan
from tui_labeler.engine.rows import to_row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tui_labeler.engine.ports import State
    from tui_labeler.engine.session import ProjectSession

PATIENCE = 240.0
"""Seconds after which what a key asks for counts as not coming."""
READ, OTHERS = 10, 12
"""Numbers of documents: with two readers, open at somebody else's."""
COMPARED = 200
"""Documents of the second of two jobs that are compared."""
MANY = 2_500
"""Documents that are changed at once, or all."""
RESERVED = 50
"""The first documents, which no job labels."""
US, THEM = "bench", "other"

Way = tuple[tuple[str, str], ...]
"""Keys, each with the words that it brings (``||``: any of them), or takes away: those start with ``-``."""


class Visit(NamedTuple):
    """What a screen took."""

    seconds: float
    """From the first key to the last of what was asked for, and back."""
    wait: float
    """Milliseconds that a key would have waited at the worst moment."""


class Seen(NamedTuple):
    first: dict[str, Visit]
    """By what was asked for, in order; the code of a screen is loaded when it is first asked for."""
    again: dict[str, Visit]
    """The same once more: what the number of documents does, and nothing else."""
    megabytes: float
    """That the program held at the end."""


# --- what there is to see -----------------------------------------------------------------------------


@contextmanager
def named(who: str) -> Iterator[None]:
    """What is done within is done by somebody else."""
    before = os.environ.get("TUI_LABELER_NAME", US)
    os.environ["TUI_LABELER_NAME"] = who
    try:
        yield
    finally:
        os.environ["TUI_LABELER_NAME"] = before


async def furnish(home: Path) -> None:
    """Gives the project what some screens are about: jobs to compare, words to place, two readings."""
    session = await workbench(home).open("scale")
    try:
        labeled = [row.id for row in session.documents.select() if row.jobs][:COMPARED]
        found = [session.store.state.rows[key] for key in labeled]
        await follow(session, await session.jobs.autolabel(found, Method("model", model="first")))
        await session.store.commit(US, partial(_to_place, max(session.rows)))
        await session.readings.assign((US, THEM), documents=[session.documents.find(name(READ)).id])
        await _read(session, Span(0, 3))
    finally:
        await session.close()
    with named(THEM):
        theirs = await workbench(home).open("scale")
    try:
        await _read(theirs, Span(0, 4))
    finally:
        await theirs.close()


def _to_place(document: int, state: State) -> Plan:
    category = next(iter(state.categories))
    item = ToPlace("t1", category, "Nowhere Ltd", "gpt:none/none", "none")
    return Plan("job.suggest", [Change("to_place", f"{document}/{item.id}", None, to_row(item))])


async def _read(session: ProjectSession, span: Span) -> None:
    key = session.documents.find(name(READ)).id
    await session.labeling.add(key, next(iter(session.store.state.categories)), span)
    await session.readings.finish([key])


# --- the ways -----------------------------------------------------------------------------------------


def ways(base: Path, count: int) -> dict[str, Way]:
    """Where to go, by what is there. Each way begins and ends at the text."""
    # The list shortens names in their middle.
    first, last, text = name(1)[-7:], name(count - 1)[-7:], "scale > document-"
    everything = f"{count:,} "
    firm = FRAMES[0][1]
    return {
        "the text": (("]", name(1)), ("[", name(0)), ("w", ""), ("j", "")),
        "the list of documents": (("D", ""), ("G", last), ("g", first), ("D", "")),
        "all documents selected": (("D", ""), ("*", "selected"), ("*", "-selected"), ("D", "")),
        "the list by size": (("s", "Order of the documents"), ("z", "-Order"), *_by_name()),
        "the list by confidence": (("s", "Order of the documents"), ("c", "-Order"), *_by_name()),
        "the filter": (
            *(("f", "Which documents?"), ("down", ""), ("space", ""), ("ctrl+s", "-Which")),
            *(("f", "Which documents?"), ("ctrl+r", "-Which"), ("", everything)),
        ),
        "the next unlabeled": (("U", text), *_first()),
        "search in the text": (("/", "Search"), ("type:paid", ""), ("enter", ""), ("escape", "")),
        "find in all documents": (
            *(("ctrl+f", "> Find in all documents"), ("type:Wingtip Park", "document-"), ("down", "")),
            *(("ctrl+g", text),),
        ),
        "the distribution": (("\\", firm), ("\\", text)),
        "the categories": (("K", "> Entities"), ("j", ""), ("q", text)),
        "a review": (("r", "decided"), ("n", ""), ("f", "Which suggestions?"), ("escape", ""), ("r", "")),
        "a decision, and taking it back": (("r", "decided"), ("a", "1 of"), ("u", "Took back"), ("r", "")),
        "all of a document": (("r", "decided"), ("A", "accepted."), *_back(), ("r", ""), *_first()),
        "accept many": (
            *(("M", "Accept which suggestions?"), ("ctrl+s", "One undo takes all of it back"), ("n", text)),
        ),
        f"{MANY:,} documents into the other set, and back": (
            *(("D", ""), ("g", ""), ("v", ""), (f"type:{MANY - 1}j", ""), ("v", "selected")),
            *(("t", "documents: In the t"), *_back(), ("*", "selected"), ("*", "-selected")),
            *_first()[1:],
        ),
        "where a suggestion comes from": (("n", ""), ("i", "Where this"), ("q", text), *_first()),
        "words to place": (("D", ""), ("G", ""), ("enter", name(count - 1)), ("+", "Nowhere"), *_first()),
        "agreement": (
            *(("D", ""), ("g", ""), *[("j", "")] * READ, ("enter", name(READ))),
            *(("|", "> Agreement"), ("q", text), *_first()),
        ),
        "adjudication": (("W", "> Adjudication"), ("q", text)),
        "settings": (("O", "Project settings"), ("escape", text)),
        "jobs": (("J", "> Jobs"), ("", "succeeded"), ("j", ""), ("k", ""), ("q", text)),
        "two jobs compared": (
            *(
                ("J", "> Jobs"),
                ("", "succeeded"),
                ("=", ""),
                ("j", ""),
                ("=", "> Comparison"),
                ("j", ""),
                ("q", "> Jobs"),
            ),
            ("q", text),
        ),
        "models": (("P", "> Models"), ("", "first"), ("q", text)),
        "performance": (
            *(
                ("P", "> Models"),
                ("", "first"),
                ("enter", "> Performance"),
                *((str(page), "") for page in range(1, 8)),
            ),
            *(("q", "> Models"), ("q", text)),
        ),
        "training": (("T", "> Train a model"), ("", "documents"), ("q", text)),
        "autolabel": (
            *(("L", "[1 Method]"), ("l", "[2 Model]"), ("", "first"), ("l", "[3 Entities]")),
            *(("l", "[4 Documents]"), ("", name(1)), (ALL, "-selected: 0 documents")),
            ("l", "[5 Review and start]"),
            *(("", "s starts the job"), ("q", "[4 Documents]"), ("q", "[3 Entities]")),
            *(("q", "[2 Model]"), ("q", "[1 Method]"), ("q", text)),
        ),
        "import": (
            *(("I", "Path"), (f"type:{base / 'labels.json'}", ""), ("enter", "> Import")),
            *(("", "What would change"), ("q", text)),
        ),
        "export": (("E", "What would be written"), ("q", text)),
        "resources": (("@", "Resources"), ("q", text)),
        "conflicts": (("Y", "there is nobody to differ from"),),
        "Azure Machine Learning": (("H", "> Azure Machine Learning"), ("q", text)),
        "labels to look at again": (("Q", "No label is on an earlier text"),),
        "help": (("?", "Data labeling"), ("q", text)),
        "commands": ((":", ""), ("escape", text)),
        "reading the container": (("R", "The container was read"), ("ctrl+x", "")),
        "projects": (("q", "auto labeled"), ("", everything), ("enter", text), ("", everything)),
    }


def taking_over() -> Way:
    down = [("j", "")] * OTHERS
    return (("D", ""), ("g", ""), *down, ("enter", name(OTHERS)), ("ctrl+t", "Taken over"), *_first())


def _by_name() -> Way:
    return (("s", "Order of the documents"), ("n", "-Order"))


def _back() -> Way:
    """Takes the last action back; a large one is asked about, and elsewhere ``y`` does nothing."""
    return (("u", "Take back:||Took back"), ("y", "Took back"))


def _first() -> Way:
    """Back to the first document."""
    return (("D", ""), ("g", ""), ("enter", f"scale > {name(0)}"))


def _is_there(words: str, screen: str) -> bool:
    return any(is_so(each, screen) for each in words.split("||"))


# --- going there --------------------------------------------------------------------------------------


ALL = "all"
"""In place of a key: whatever it takes until all that is listed is selected."""


def go(terminal: Terminal, way: Sequence[tuple[str, str]]) -> None:
    """Raises ``GaveUpError`` when something does not come."""
    for key, words in way:
        if key == ALL:
            _select_all(terminal)
        elif key.startswith("type:"):
            terminal.send_text(key.removeprefix("type:"))
        elif key:
            terminal.send(key)
        if words:
            terminal.until(partial(_is_there, words), PATIENCE)
        terminal.settle()


def _select_all(terminal: Terminal) -> None:
    """What was selected before the wizard began stays so in it, and the key takes that back first."""
    before = _selected(terminal.text)
    terminal.send("*").until(lambda screen: _selected(screen) != before, PATIENCE)
    if _selected(terminal.text) == "0":
        terminal.send("*")


def _selected(screen: str) -> str:
    """How many documents the wizard says are selected."""
    found = re.search(r"selected: ([0-9,]+) document", screen)
    return found[1] if found else ""


def visit(base: Path, count: int) -> Seen:
    """Goes every way twice in one run of the program, while somebody else has a document open at first."""
    home, beats = base / "home", base / "beats"
    beats.touch()
    beating = [sys.executable, "-m", "benchmarks.beating", str(beats)]
    theirs = ("open", "scale", "--document", name(OTHERS))
    began = time.monotonic()
    with Terminal(home, "open", "scale", command=beating, environment={"TUI_LABELER_NAME": US}) as terminal:
        go(terminal, [("", f"scale > {name(0)}"), ("", f"{count:,}")])
        opening = {"opening": _visit(beats, began)}
        with Terminal(home, *theirs, environment={"TUI_LABELER_NAME": THEM}) as other:
            other.until(f"scale > {name(OTHERS)}", PATIENCE)
            taking = went(terminal, beats, {"taking a document over": taking_over()})
        first = went(terminal, beats, ways(base, count))
        again = went(terminal, beats, ways(base, count))
        held = resident_megabytes(terminal.pid)
    return Seen(opening | first, taking | again, held)


def went(terminal: Terminal, beats: Path, wanted: dict[str, Way]) -> dict[str, Visit]:
    found = {}
    for what, way in wanted.items():
        began = time.monotonic()
        go(terminal, way)
        found[what] = _visit(beats, began)
    return found


def _visit(beats: Path, began: float) -> Visit:
    now = time.monotonic()
    return Visit(now - began, longest(beats, began, now) * 1000)
