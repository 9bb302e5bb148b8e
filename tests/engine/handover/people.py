"""People with a home each, over one container in memory that Azure Machine Learning writes into as well."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.fakes import FakeClock, category, document, home_workbench, make_project, write_documents
from tests.shelves import FakeShelf, Stored
from tui_labeler.domain.handover import AmlProject, Terms
from tui_labeler.domain.labels import Span
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.ports import Surroundings
from tui_labeler.engine.session import ProjectSession

if TYPE_CHECKING:
    from tui_labeler.engine.handover.handing_over import HandingOver

TEXTS = {
    "a.txt": "Ann met Bob in Rome.\n",
    "b.txt": "Then Ann went on to Oslo.\n",
    "c.txt": "Nobody stayed.\n",
}
AML = AmlProject("11-22", "people", "ws", "loans")
CLOCK = FakeClock()
PIDS = itertools.count(100)


def terms(**changes: Any) -> Terms:
    return Terms(**{"aml": AML, "prefix": "Labeling/", "instructions": "Be kind.", **changes})


@dataclass
class Person:
    """Somebody at work in a project."""

    session: ProjectSession
    shelf: FakeShelf
    stored: Stored

    @property
    def handover(self) -> HandingOver:
        assert self.session.handover is not None
        return self.session.handover

    async def sync(self) -> str:
        """Why labels were left as they are; empty where they were not."""
        assert self.session.sharing is not None
        return (await self.session.sharing.sync()).paused

    async def label(self, name: str, words: str, location: str = "a.txt") -> None:
        start = TEXTS[location].index(words)
        span = Span(start, start + len(words))
        await self.session.labeling.add(document(self.session, location), category(self.session, name), span)

    def labels(self, location: str = "a.txt") -> list[tuple[str, str]]:
        """Category and words, in text order."""
        names = self.session.store.state.categories
        found = self.session.documents.find(location).active_labels
        marked = sorted((x.span.start, x.span.end, names[x.category].name) for x in found if x.span)
        return [(name, TEXTS[location][start:end]) for start, end, name in marked]


@dataclass
class Office:
    """All of them."""

    root: Path
    stored: Stored = field(default_factory=Stored)
    dead: set[int] = field(default_factory=set)
    """Processes that have ended."""

    async def person(
        self,
        name: str,
        *,
        categories: tuple[str, ...] = ("Person", "Town"),
        kind: ProjectKind = ProjectKind.ENTITIES,
        is_remote: bool = True,
        immediate: bool = True,
        host: str = "host1",
    ) -> Person:
        """Makes the project, or joins it."""
        return await self.at_work(
            name, categories=categories, kind=kind, is_remote=is_remote, immediate=immediate, host=host
        )

    async def again(self, name: str, *, host: str = "host1") -> Person:
        """The same home in another process."""
        return await self.at_work(name, host=host, is_new=False)

    async def at_work(
        self,
        name: str,
        *,
        categories: tuple[str, ...] = (),
        kind: ProjectKind = ProjectKind.ENTITIES,
        is_remote: bool = True,
        immediate: bool = True,
        host: str,
        is_new: bool = True,
    ) -> Person:
        pid = next(PIDS)
        numbers = itertools.count(1)
        around = Surroundings(
            name,
            CLOCK,
            lambda: f"{name}{pid}x{next(numbers):04}",
            host,
            pid,
            f"s{pid}",
            lambda other: other not in self.dead,
        )
        shelf = FakeShelf(self.stored)
        bench = home_workbench(self.root / name, around, shelf, is_remote=is_remote)
        if is_new:
            folder = write_documents(self.root / "texts", TEXTS)
            session = await make_project(bench, folder, kind, categories=categories)
        else:
            session = await bench.open("Loans")
        if immediate:
            session.labeling._immediate = True
        return Person(session, shelf, self.stored)

    def ends(self, person: Person) -> None:
        """Its process is killed."""
        self.dead.add(person.session.surroundings.pid)

    def export(self, rows: list[tuple[str, list[tuple[str, str]]]], name: str = "Labeling/one.jsonl") -> str:
        """What Azure Machine Learning exports: location, then category and words."""
        self.stored.now += 10
        lines = [
            {
                "image_url": f"AmlDatastore://workspaceblobstore/{location}",
                "label": [
                    {
                        "label": label,
                        "offsetStart": TEXTS[location].index(words),
                        "offsetEnd": TEXTS[location].index(words) + len(words),
                    }
                    for label, words in labels
                ],
                "label_confidence": [1.0] * len(labels),
            }
            for location, labels in rows
        ]
        self.stored.write(name, "".join(json.dumps(line) + "\n" for line in lines).encode())
        return name
