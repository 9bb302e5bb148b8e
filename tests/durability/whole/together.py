"""Two people share a project; one of them is ended while their labels meet."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from tests.durability.looking import expect
from tests.durability.whole.by_keys import CATEGORIES, line_mark
from tests.durability.whole.endings import Moment, end
from tests.durability.whole.ground import FAR, LINES, SHARED, TABLES
from tests.durability.whole.screen import Chain
from tui_labeler.assembly import workbench
from tui_labeler.domain.labels import Span

if TYPE_CHECKING:
    from pathlib import Path

    from tests.durability.whole.rounds import Rounds
    from tests.durability.whole.snapshot import Mark, Snapshot


def _label(rounds: Rounds, project: str) -> Snapshot:
    """Both label lines that nobody else has; what each has of them then, together."""
    before = rounds.ground.snapshot(project)
    other = rounds.ground.snapshot(project, rounds.ground.other_home)
    expect(before == other, f"they hold different labels: {before.difference(other)}")
    after = before
    for home in (rounds.home, rounds.ground.other_home):
        marks: list[tuple[str, Mark]] = []
        for _ in range(rounds.draw.randint(1, 12)):
            location = f"table{rounds.draw.randrange(TABLES)}.txt"
            taken = {mark.start for mark in after[location].labels}
            lines = [line for line in range(LINES) if line_mark(line, "").start not in taken]
            mark = line_mark(rounds.draw.choice(lines), rounds.draw.choice(CATEGORIES))
            after = after.having(location, after[location].labeled(mark, draft=False))
            marks.append((location, mark))
        asyncio.run(_make(home, project, marks))
    return after


async def _make(home: Path, project: str, marks: list[tuple[str, Mark]]) -> None:
    session = await workbench(home, immediate=True).open(project)
    for location, mark in marks:
        document = session.documents.find(location)
        category = session.categories.by_name(mark.category)
        await session.labeling.add(document.id, category.id, Span(mark.start, mark.end))
    await session.close()


def _meet(rounds: Rounds, project: str, after: Snapshot) -> None:
    """Each syncs: both have what either made, and nothing is in conflict."""
    other = rounds.ground.other_home
    for home in (rounds.home, other, rounds.home):
        done = rounds.ground.tool("sync", project, home=home)
        expect(not done["conflicts"], f"there are conflicts: {done['conflicts']}")
    found = rounds.ground.snapshot(project, other)
    expect(found == after, f"the other one has something else: {found.difference(after)}")
    rounds.look(Chain(after), project)


def by_command(rounds: Rounds, project: str) -> None:
    """A sync is ended."""
    after = _label(rounds, project)
    rounds.ground.tool("sync", project, home=rounds.ground.other_home)
    rounds.command(f"a sync of {project}", "sync", project, lasts=(0.3, 1.6))
    _meet(rounds, project, after)


def by_keys(rounds: Rounds, project: str) -> None:
    """The program is ended while it syncs, which it does once it is there, and when it is told to."""
    after = _label(rounds, project)
    rounds.ground.tool("sync", project, home=rounds.ground.other_home)
    strike = rounds.drawn_command((0.0, 1.0))
    with (
        rounds.at_risk(strike, f"a sync of {project} by keys"),
        rounds.terminal("open", project, ending=strike.ending) as it,
    ):
        it.until("documents")
        moment = Moment(rounds.home, strike)
        it.send("S")
        while not moment.has_come():
            it.read_more(0.002)
        end(it, strike.ending, lambda: None)
    _meet(rounds, project, after)


BY_PROJECT = {
    "sync": partial(by_command, project=SHARED),
    "sync-by-keys": partial(by_keys, project=SHARED),
    "sync-storage": partial(by_command, project=FAR),
    "sync-storage-by-keys": partial(by_keys, project=FAR),
}
