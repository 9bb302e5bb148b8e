"""A home that is set back to a backup while a process has it open stays as the backup has it."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.builders import Bench, key, number, span, whole
from tui_labeler.engine.adapters.store import checkpoint
from tui_labeler.engine.errors import SetBackError, StorageError

if TYPE_CHECKING:
    from pathlib import Path

    from tui_labeler.engine.session import ProjectSession


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith("lock")
    }


@pytest.mark.parametrize("is_folded", [True, False])
async def test_whoever_has_it_open_does_not_write_over_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, is_folded: bool
) -> None:
    first = await bench.create(3)
    await first.store.checkpoint()
    folder = await bench.project_folder()
    backup = bench.root / "backup"
    shutil.copytree(folder, backup)
    before = whole(first)
    other = await bench.session()
    await other.labeling.add(number(other), key(other, "Person"), span("Ann"))
    await other.labeling.save()
    if is_folded:
        await other.store.checkpoint()
    await first.refresh()
    assert whole(first) != before
    shutil.rmtree(folder)
    shutil.copytree(backup, folder)
    kept = files(folder)
    monkeypatch.setattr(checkpoint, "CHECKPOINT_AFTER", 0)
    with pytest.raises(StorageError, match="was there and is missing"):
        await first.store.checkpoint()
    with pytest.raises(SetBackError, match="was there and is missing"):
        await first.close()
    assert files(folder) == kept
    assert whole(await bench.session()) == before


async def grown_again(bench: Bench) -> tuple[ProjectSession, Path]:
    """A session of a home that was set back meanwhile, and has other lines of the same length since."""
    first = await bench.create(3)
    folder = await bench.project_folder()
    backup = bench.root / "backup"
    shutil.copytree(folder, backup)
    await first.labeling.add(number(first), key(first, "Person"), span("Ann"))
    size = journal(folder).stat().st_size
    shutil.rmtree(folder)
    shutil.copytree(backup, folder)
    other = await bench.session()
    await other.labeling.add(number(other), key(other, "Place"), span("Ann"))
    await other.close()
    assert journal(folder).stat().st_size == size, "what is told apart is not the length"
    return first, folder


def journal(folder: Path) -> Path:
    (found,) = (folder / "journal").glob("*.jsonl")
    return found


@pytest.mark.parametrize("is_longer", [False, True])
async def test_a_backup_that_was_worked_on_since_is_told_by_its_lines_and_not_by_their_length(
    bench: Bench, is_longer: bool
) -> None:
    first, folder = await grown_again(bench)
    if is_longer:
        other = await bench.session()
        await other.labeling.save()
        await other.close()
    kept = files(folder)
    with pytest.raises(SetBackError, match="transaction 3 was there, and another line is in its place"):
        await first.labeling.save()
    with pytest.raises(SetBackError, match="another line"):
        await first.store.checkpoint()
    with pytest.raises(SetBackError, match="another line"):
        await first.close()
    assert files(folder) == kept


async def test_what_was_read_at_the_opening_is_known_again_too(bench: Bench) -> None:
    await (await bench.create(3)).store.checkpoint()
    folder = await bench.project_folder()
    first = await bench.session()
    line = journal(folder).read_bytes().splitlines(keepends=True)[-1]
    assert line.startswith(b'{"seq":2,')
    journal(folder).write_bytes(
        journal(folder).read_bytes().removesuffix(line) + line.replace(b"ana", b"bob")
    )
    with pytest.raises(SetBackError, match="another line"):
        await first.close()


async def test_files_that_are_of_another_moment_than_the_journal_are_told_and_made_to_fit_again(
    bench: Bench,
) -> None:
    session = await bench.create(3)
    await session.store.checkpoint()
    before = whole(session)
    path = await bench.project_folder() / "project.json"
    tables = json.loads(path.read_text())
    tables["checkpoint"]["1"]["seq"] -= 1
    path.write_text(json.dumps(tables))
    with pytest.raises(SetBackError, match="transaction 1 was there, and another line is in its place"):
        await bench.session()
    await bench.workbench().repair(path.parent.name)
    assert whole(await bench.session()) == before


async def test_a_home_that_is_away_or_a_project_that_was_deleted_is_closed_without_a_word(
    bench: Bench,
) -> None:
    session = await bench.create(1)
    shutil.rmtree(await bench.project_folder())
    await session.close()
