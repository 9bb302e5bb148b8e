"""Four people at once, each with a home and a process of their own, on one container."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PEOPLE, DECISIONS, DOCUMENTS = 4, 250, 25

WORK = """
import asyncio, os, sys
from pathlib import Path
from tui_labeler.assembly import workbench
from tui_labeler.domain.labels import Span
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.workbench import NewProject

async def work(home, container, person, decisions):
    bench = workbench(home, immediate=True)
    new = NewProject("Together", ProjectKind.ENTITIES, container, categories=("Word",), share=True)
    session = (await bench.create(new)).session
    category = session.categories.by_name("Word").id
    rows = sorted(session.rows.values(), key=lambda row: row.location)
    for number in range(decisions):
        # Everybody labels in every document, at places of their own.
        row, place = rows[number % len(rows)], number // len(rows)
        start = (place * 4 + person) * 4
        await session.labeling.add(row.id, category, Span(start, start + 3))
        if number % 20 == 19:
            await session.sharing.sync()
            category = session.categories.by_name("Word").id
    await session.sharing.sync()
    await session.close()

asyncio.run(work(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
"""


def test_four_people_with_250_decisions_each_make_1000(tmp_path: Path) -> None:
    container = tmp_path / "documents"
    container.mkdir()
    for number in range(DOCUMENTS):
        (container / f"d{number:02}.txt").write_text("word " * 200)
    running = [
        subprocess.Popen(
            [
                sys.executable,
                "-c",
                WORK,
                str(tmp_path / f"home{who}"),
                str(container),
                str(who),
                str(DECISIONS),
            ]
        )
        for who in range(PEOPLE)
    ]
    assert [process.wait(timeout=200) for process in running] == [0] * PEOPLE
    files = [json.loads(path.read_text()) for path in container.glob(".tui-labeler/*/labels/*.json")]
    active = [label for file in files for label in file["labels"] if not label.get("removed")]
    assert len(active) == PEOPLE * DECISIONS
    assert len({label["id"] for label in active}) == PEOPLE * DECISIONS
    (project,) = container.glob(".tui-labeler/*/project.json")
    assert [category["name"] for category in json.loads(project.read_text())["categories"]] == ["Word"]
