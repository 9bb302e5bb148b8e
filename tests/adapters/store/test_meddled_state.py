"""JSON that is sound and not what belongs there, anywhere in a project's files: a refusal at most.

One such project never takes another one with it, nor the list of projects.
"""

from __future__ import annotations

import copy
import json
import os
import random
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import Bench, key, number, span, suggest
from tui_labeler.engine.doctor.projects import check_pen_of, check_records, check_texts
from tui_labeler.engine.errors import LabelerError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FUZZ = "TUI_LABELER_FUZZ" in os.environ

INPUTS = 100_000 if FUZZ else 40
"""Changes to each file, at most: the long form takes all that there are."""

INSTEAD: tuple[Any, ...] = (None, {}, [], "x", -1, True, 10**30, 0.5, {"1": "x"}, [None])
"""What is put in a value's place, besides taking it away."""

REMOVED = object()

Mutation = tuple[str, tuple[Any, ...], Any, bytes]
"""The file, the place in it, what is there now, and what the file holds then."""


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def made(bench: Bench) -> tuple[Path, str]:
    """A home with a project that has some of everything, and a sound one; the folder and id of the first."""
    session = await bench.create(4, categories=("Person", "Place"))
    await session.labeling.add(number(session), key(session, "Person"), span("Ann"))
    await session.labeling.add(number(session, "d0001.txt"), key(session, "Place"), span("Rome"))
    await suggest(session, "d0002.txt", ("Person", span("Bob"), 0.5))
    await session.labeling.save()
    await session.labeling.set_flag(number(session, "d0002.txt"), "ask")
    await session.labeling.set_reviewed(number(session, "d0003.txt"))
    await session.store.checkpoint()
    await session.categories.add("Firm")
    await session.labeling.add(number(session), key(session, "Place"), span("Oslo"))
    await session.close()
    return await bench.project_folder(), session.project.id


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value within a value, and to itself."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in items:
        yield from places(inner, (*path, name))


def meddled(value: Any, path: tuple[Any, ...], instead: Any) -> Any:
    """A value with another in the place at the end of a way."""
    if not path:
        return {} if instead is REMOVED else instead
    result = copy.deepcopy(value)
    holder = result
    for name in path[:-1]:
        holder = holder[name]
    if instead is REMOVED:
        del holder[path[-1]]
    else:
        holder[path[-1]] = instead
    return result


def mutations(folder: Path) -> Iterator[Mutation]:
    """Files of a project with one value changed."""
    for path in sorted([*folder.rglob("*.json"), *folder.rglob("*.jsonl")]):
        lines = [path.read_bytes()] if path.name == "project.json" or path.parent.name == "documents" else []
        lines = lines or path.read_bytes().splitlines()
        for row, line in enumerate(lines):
            value = json.loads(line)
            for place in places(value):
                for instead in (REMOVED, *INSTEAD):
                    changed = json.dumps(meddled(value, place, instead)).encode()
                    data = b"".join(part + b"\n" for part in [*lines[:row], changed, *lines[row + 1 :]])
                    yield str(path.relative_to(folder)), (row, *place), instead, data


async def used(bench: Bench, project: str) -> None:
    """What commands, the application and ``doctor`` do with a project."""
    with suppress(LabelerError):
        session = await bench.workbench().open(project)
        for document in session.store.state.rows:
            with suppress(LabelerError):
                await session.store.document(document)
        with suppress(LabelerError):
            session.summary()
            assert session.store.state.categories is not None
        with suppress(LabelerError):
            check_pen_of(session)
            await check_texts(session)
        await check_records(session)
        with suppress(LabelerError):
            assert [line.seq async for line in session.store.history()]
        with suppress(LabelerError):
            await session.labeling.set_flag(0, "seen")
        with suppress(LabelerError):
            await session.store.checkpoint()
        with suppress(LabelerError):
            await session.close()
    with suppress(LabelerError):
        await bench.workbench().repair(project)


async def test_values_of_another_kind_end_in_a_refusal_and_stop_no_other_project(bench: Bench) -> None:
    folder, project = await made(bench)
    sound = folder.with_name("psound")
    shutil.copytree(folder, sound)
    name = (folder / "project.json").read_text().replace('"Test"', '"Sound"')
    (sound / "project.json").write_text(name.replace(f'"{project}"', '"psound"'))
    kept = bench.root / "kept"
    shutil.copytree(folder, kept)
    by_file: dict[str, list[Mutation]] = {}
    for mutation in mutations(kept):
        by_file.setdefault(mutation[0], []).append(mutation)
    assert {"project.json", "documents/0000.json", "journal/000000000001.jsonl"} <= by_file.keys()
    chosen = random.Random(7)
    every = [
        mutation for of_it in by_file.values() for mutation in chosen.sample(of_it, min(INPUTS, len(of_it)))
    ]
    for name, place, instead, data in every:
        shutil.rmtree(folder)
        shutil.copytree(kept, folder)
        (folder / name).write_bytes(data)
        try:
            await used(bench, project)
            assert "Sound" in {item.name for item in await bench.workbench().projects()}
            await bench.workbench().broken()
            await bench.workbench().open("Sound")
        except Exception as error:
            error.add_note(f"{name}, {place}: {'removed' if instead is REMOVED else repr(instead)}")
            raise
