"""What scripts do by the command line, and what it leads to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.durability.looking import expect
from tests.durability.whole.by_keys import CATEGORIES, TWO_WORDS, free_lines, line_mark
from tests.durability.whole.endings import Moment, end
from tests.durability.whole.ground import LETTERS, TABLES
from tests.durability.whole.screen import Chain
from tests.durability.whole.snapshot import Mark, Snapshot, Text

if TYPE_CHECKING:
    from pathlib import Path

    from tests.durability.whole.rounds import Rounds


def _told(rounds: Rounds, chain: Chain, name: str, *arguments: str) -> None:
    """Runs a command that leads to the chain's last state, in one step, and is to be ended."""
    ran = rounds.command(name, *arguments)
    if ran.result is not None:
        chain.shown = len(chain.states) - 1
    expect(ran.killed or ran.result is not None, f"{arguments} ended with {ran.code}: {ran.said!r}")
    rounds.look(chain)


def _chain(first: Snapshot, name: str, last: Snapshot) -> Chain:
    chain = Chain(first)
    chain.add(name, last)
    return chain


def label(rounds: Rounds) -> None:
    """One label by its place."""
    location = f"table{rounds.draw.randrange(TABLES)}.txt"
    before = rounds.ground.snapshot()
    line = rounds.draw.choice(free_lines(before[location]))
    mark = line_mark(line, rounds.draw.choice(CATEGORIES))
    after = before.having(location, before[location].labeled(mark, draft=False))
    place = ("--offset", str(mark.start), "--length", str(TWO_WORDS))
    command = ("label", LETTERS, location, "--category", mark.category, *place)
    _told(rounds, _chain(before, "the label", after), "label", *command)


def undo(rounds: Rounds) -> None:
    """Takes a label back that was just made."""
    location = f"table{rounds.draw.randrange(TABLES)}.txt"
    before = rounds.ground.snapshot()
    mark = line_mark(rounds.draw.choice(free_lines(before[location])), CATEGORIES[0])
    place = ("--offset", str(mark.start), "--length", str(TWO_WORDS))
    rounds.tool("label", LETTERS, location, "--category", mark.category, *place)
    labeled = before.having(location, before[location].labeled(mark, draft=False))
    _told(rounds, _chain(labeled, "the undo", before), "undo", "undo", LETTERS)


def decide(rounds: Rounds) -> None:
    """Accepts or rejects all of some documents."""
    before = rounds.ground.snapshot()
    found = sorted(name for name, text in before.texts.items() if text.open)
    chosen = rounds.draw.sample(found, min(len(found), rounds.draw.randint(1, 3)))
    verdict = rounds.draw.choice(("accept", "reject"))
    after = before
    for location in chosen:
        text = before[location]
        for mark in sorted(text.open):
            text = (
                text.labeled(mark, draft=False)
                if verdict == "accept"
                else text.turned_down(mark, draft=False)
            )
        after = after.having(location, text)
    named = [word for name in chosen for word in ("--document", name)]
    _told(rounds, _chain(before, f"{verdict}ed", after), verdict, verdict, LETTERS, *named, "--all")


def read_container(rounds: Rounds) -> None:
    """Letters that nobody has read; whatever happens, the next look at the container finds each once."""
    before = rounds.ground.snapshot()
    names = rounds.ground.write_letters(rounds.draw.randint(5, 30))
    after = Snapshot({**before.texts, **{name: Text() for name in names}})
    _told_or_again(rounds, _chain(before, "the new documents", after), ("sync", LETTERS))


def _told_or_again(rounds: Rounds, chain: Chain, command: tuple[str, ...]) -> None:
    _told(rounds, chain, command[0], *command)
    rounds.tool(*command)
    whole = Chain(chain.last)
    rounds.look(whole)


# --- labels files -------------------------------------------------------------------------------------

ROWS = 40


def _labels_file(rounds: Rounds, before: Snapshot) -> tuple[Path, Snapshot]:
    """Labels of lines that have none, and sometimes of texts that are no document yet; what they lead to."""
    rows, after = [], before
    for number in range(TABLES):
        location = f"table{number}.txt"
        lines = free_lines(before[location])
        text, marks = after[location], []
        for line in rounds.draw.sample(lines, min(len(lines), 4)):
            mark = line_mark(line, rounds.draw.choice(CATEGORIES))
            text = text.labeled(mark, draft=False)
            marks.append(mark)
        after = after.having(location, text)
        rows.append(_row(location, (rounds.ground.documents / location).read_text(), marks))
    if rounds.draw.random() < 0.5:
        first = len(before.texts) * 100
        for number in range(first, first + ROWS):
            location, words = f"imported{number}.txt", f"Ann number {number}."
            rows.append(_row(location, words, [Mark(0, 3, "Person")]))
            after = Snapshot({**after.texts, location: Text({Mark(0, 3, "Person"): False})})
    path = rounds.ground.base / "labels.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="ascii")
    return path, after


def _row(location: str, text: str, marks: list[Mark]) -> dict[str, object]:
    spans = [{"start": mark.start, "end": mark.end, "label": mark.category} for mark in marks]
    return {"location": location, "text": text, "spans": spans}


def import_labels(rounds: Rounds) -> None:
    """By the command line: all of it is there afterwards or none, once; also when it is done again."""
    before = rounds.ground.snapshot()
    path, after = _labels_file(rounds, before)
    command = ("import", LETTERS, str(path), "--add-documents")
    _told_or_again(rounds, _chain(before, "the import", after), command)
    _check_container(rounds)


def import_by_keys(rounds: Rounds) -> None:
    """The same at the terminal, where the import is shown before it is done."""
    before = rounds.ground.snapshot()
    path, after = _labels_file(rounds, before)
    chain = _chain(before, "the import", after)
    strike = rounds.drawn_command((0.0, 0.6))
    with (
        rounds.at_risk(strike, "import by keys"),
        rounds.terminal("open", LETTERS, ending=strike.ending) as it,
    ):
        it.until("documents")
        it.press("I").until("Path of a labels file")
        it.press("ctrl+u").type(str(path)).press("enter").until("What would change")
        if after.texts.keys() != before.texts.keys():
            it.press("down", "down", "enter").until("as new documents")
        it.settle()
        moment = Moment(rounds.home, strike)
        it.send("s")

        def shown() -> None:
            if "Labels imported" in it.text:
                chain.shown = 1

        while not moment.has_come() and not chain.shown:
            it.read_more(0.002)
            shown()
        end(it, strike.ending, shown)
    rounds.look(chain)
    rounds.tool("import", LETTERS, str(path), "--add-documents")
    rounds.look(Chain(after))
    _check_container(rounds)


def _check_container(rounds: Rounds) -> None:
    """No text stands in the container twice, or half.

    What a killed program was writing may be left, under a name that no document has: the next one that writes
    there removes it.
    """
    there = sorted(path.name for path in rounds.ground.documents.iterdir() if not path.name.endswith(".tmp"))
    known = sorted(rounds.ground.snapshot().texts)
    expect(there == known, f"the container holds {set(there) ^ set(known)} else")
