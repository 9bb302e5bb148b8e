"""Breaks the line to a container, and kills its server, during syncs; looks whether anything is missing.

``python -m tests.durability.storms --times 50 --seed 1`` works in a folder of its own and prints what it
found; it ends with 1 when something was lost. Two people, with a home each, label on both sides of it all.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.azurite import Azurite, Server, why_not
from tests.cutting_proxy import CuttingProxy, Fault, busy, cut_answer, cut_request, refuse
from tests.durability.looking import LostError, expect
from tui_labeler.assembly import workbench
from tui_labeler.domain.labels import Span
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.errors import ContainerError, LabelerError
from tui_labeler.engine.session import ProjectSession
from tui_labeler.engine.workbench import NewProject

NAMES = ("ana", "bo")
DOCUMENTS = 6
WORDS = 400
TEXT = "word " * WORDS
CONTAINER = "letters"
KINDS = ("kill", "cut", "fault", "fault")
BUSY = 12
"""Decisions of each before a sync."""


@dataclass
class Person:
    """Somebody who labels, in a home of their own."""

    name: str
    session: ProjectSession
    places: list[tuple[str, int]]
    """Where they label next: nobody else does. Popped from the end."""
    made: set[tuple[str, int]] = field(default_factory=set)
    """Location and start of every label of theirs that was acknowledged."""

    async def label(self) -> None:
        location, start = self.places.pop()
        document = self.session.documents.find(location)
        category = self.session.categories.by_name("Word")
        await self.session.labeling.add(document.id, category.id, Span(start, start + 4))
        self.made.add((location, start))

    async def sync(self) -> None:
        assert self.session.sharing is not None
        await self.session.documents.sync()
        shared = await self.session.sharing.sync()
        expect(not shared.conflicts, f"{self.name} has conflicts: {shared.conflicts}")
        expect(not shared.problems, f"{self.name} can't read {shared.problems}")

    def labels(self) -> set[tuple[str, int]]:
        return {
            (row.location, label.span.start)
            for row in self.session.rows.values()
            for label in self.session.store.state.document(row.id).active_labels
            if label.span is not None
        }


class Storm:
    """Two homes, a proxy that cuts, and a server that is killed and comes back."""

    def __init__(self, base: Path, seed: int) -> None:
        self._base = base
        self._random = random.Random(seed)
        self._server = Server(base / "azurite")
        self._kinds = self._random.sample(KINDS, len(KINDS))
        self.counts: Counter[str] = Counter()
        self.people: list[Person] = []

    async def run(self, times: int) -> None:
        """Raises ``LostError``."""
        await asyncio.to_thread(self._server.start)
        try:
            with CuttingProxy(self._server.port) as proxy:
                through = Azurite(proxy.port)
                os.environ["AZURE_STORAGE_CONNECTION_STRING"] = through.connection_string
                try:
                    await self._make(through)
                    while self.counts["broken off"] < times:
                        await self._round(proxy)
                finally:
                    for person in self.people:
                        await person.session.close()
        finally:
            self._server.kill()

    async def _make(self, through: Azurite) -> None:
        async with self._server.azurite.client(CONTAINER) as client:
            await client.create_container()
            for number in range(DOCUMENTS):
                await client.upload_blob(f"d{number}.txt", TEXT.encode())
        new = NewProject("Together", ProjectKind.ENTITIES, through.url(CONTAINER), categories=("Word",))
        for number, name in enumerate(NAMES):
            session = (await workbench(self._base / name, immediate=True).create(new)).session
            places = [
                (f"d{document}.txt", word * 5)
                for document in range(DOCUMENTS)
                for word in range(number, WORDS, len(NAMES))
            ]
            self._random.shuffle(places)
            self.people.append(Person(name, session, places))

    async def _round(self, proxy: CuttingProxy) -> None:
        """Both work and sync while something breaks; after the next good syncs each has all of it."""
        for person in self.people:
            for _ in range(self._random.randint(1, BUSY)):
                await person.label()
            if self._random.random() < 0.3:
                await person.session.categories.add(f"{person.name} {len(person.made)}")
        kind = self._kinds[self.counts["broken off"] % len(self._kinds)]
        syncs = [asyncio.ensure_future(self._trying(person)) for person in self.people]
        await self._break(kind, proxy)
        broken = sum(await asyncio.gather(*syncs))
        self.counts[kind] += bool(broken)
        self.counts["broken off"] += bool(broken)
        proxy.forget()
        if kind == "kill":
            await asyncio.to_thread(self._server.start)
        for person in (*self.people, self.people[0]):
            await person.sync()
        self._check()

    async def _break(self, kind: str, proxy: CuttingProxy) -> None:
        if kind == "fault":
            # After a few requests that get through, no retry helps.
            proxy.next(*[Fault()] * self._random.randrange(20))
            proxy.fault = self._random.choice(
                [cut_request(40), cut_request(400), cut_answer(0), cut_answer(90), refuse(), busy()]
            )
            return
        await asyncio.sleep(self._random.random() * 0.3)
        if kind == "kill":
            await asyncio.to_thread(self._server.kill)
        else:
            proxy.fault = refuse()
            proxy.cut_all()

    async def _trying(self, person: Person) -> bool:
        """Whether the sync was broken off."""
        try:
            await person.sync()
        except ContainerError:
            return True
        return False

    def _check(self) -> None:
        wanted = self.people[0].made | self.people[1].made
        self.counts["decisions"] = len(wanted)
        names = [
            {category.name for category in person.session.store.state.categories.values()}
            for person in self.people
        ]
        expect(names[0] == names[1], f"the categories differ: {names[0] ^ names[1]}")
        for person in self.people:
            found = person.labels()
            expect(wanted <= found, f"{person.name} lacks {sorted(wanted - found)}")
            expect(found <= wanted, f"{person.name} has {sorted(found - wanted)} too many")


def main(arguments: list[str]) -> int:
    """Ends with 0 when nothing was lost."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    if reason := why_not():
        print(f"not run: {reason}")  # noqa: T201
        return 0
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        storm = Storm(Path(folder), given.seed)
        try:
            asyncio.run(storm.run(given.times))
        except (LostError, LabelerError) as error:
            print(f"LOST (seed {given.seed}): {error}")  # noqa: T201
            return 1
        finally:
            print(dict(sorted(storm.counts.items())), f"{time.monotonic() - began:.1f} s")  # noqa: T201
    print(f"{given.times} syncs broken off, seed {given.seed}: nothing was lost")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
