"""Four people at once, each with a home and a process of their own, on one container."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any
from uuid import uuid4

if TYPE_CHECKING:
    from pathlib import Path

    from tests.azurite import Azurite

PEOPLE, DECISIONS, DOCUMENTS = 4, 250, 25
FEWER = 100
"""Decisions of each on a folder, where less can go wrong."""

WORK = """
import asyncio, os, sys
from pathlib import Path
from tui_labeler.assembly import workbench
from tui_labeler.domain.labels import Span
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.errors import ConflictError
from tui_labeler.engine.workbench import NewProject

async def sync(session):
    # Where others were faster again and again, people are told to sync again.
    for _ in range(4):
        try:
            return await session.sharing.sync()
        except ConflictError:
            continue
    await session.sharing.sync()

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
        if number % 50 == 49:
            await sync(session)
            category = session.categories.by_name("Word").id
    await sync(session)
    await session.close()

asyncio.run(work(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
"""


def run_people(tmp_path: Path, container: str, decisions: int, **more: str) -> None:
    command = [sys.executable, "-c", WORK]
    running = [
        subprocess.Popen(
            [*command, str(tmp_path / f"home{who}"), container, str(who), str(decisions)],
            env={**os.environ, **more},
        )
        for who in range(PEOPLE)
    ]
    assert [process.wait(timeout=200) for process in running] == [0] * PEOPLE


def check(files: list[dict[str, Any]], decisions: int) -> None:
    active = [label for file in files for label in file["labels"] if not label.get("removed")]
    assert len(active) == PEOPLE * decisions
    assert len({label["id"] for label in active}) == PEOPLE * decisions


def test_four_people_at_once_on_a_folder_lose_no_decision(tmp_path: Path) -> None:
    container = tmp_path / "documents"
    container.mkdir()
    for number in range(DOCUMENTS):
        (container / f"d{number:02}.txt").write_text("word " * 200)
    run_people(tmp_path, str(container), FEWER)
    check([json.loads(path.read_text()) for path in container.glob(".tui-labeler/*/labels/*.json")], FEWER)
    (project,) = container.glob(".tui-labeler/*/project.json")
    assert [category["name"] for category in json.loads(project.read_text())["categories"]] == ["Word"]


def test_four_people_with_250_decisions_each_make_1000_in_blob_storage(
    tmp_path: Path, azurite: Azurite
) -> None:
    name = f"c{uuid4().hex[:16]}"
    with azurite.plain_client(name) as client:
        client.create_container()
        for number in range(DOCUMENTS):
            client.upload_blob(f"d{number:02}.txt", b"word " * 200)
        string = azurite.connection_string
        run_people(tmp_path, azurite.url(name), DECISIONS, AZURE_STORAGE_CONNECTION_STRING=string)
        names = [blob.name for blob in client.list_blobs(name_starts_with=".tui-labeler/")]
        files = [client.download_blob(each).readall() for each in names if "/labels/" in each]
        check([json.loads(data) for data in files], DECISIONS)
        (project,) = [each for each in names if each.endswith("/project.json")]
        categories = json.loads(client.download_blob(project).readall())["categories"]
        assert [category["name"] for category in categories] == ["Word"]
