"""What is missing of a project's files is told, never taken for a deletion, and made anew where it can be."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import Bench, key, labels, number, span, whole
from tui_labeler.engine.actions import LOST
from tui_labeler.engine.errors import StorageError

if TYPE_CHECKING:
    from pathlib import Path

    from tui_labeler.engine.session import ProjectSession


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def worked(bench: Bench) -> tuple[ProjectSession, Path]:
    """A project of three shards with labels in two of them, folded; and its folder."""
    session = await bench.create(600)
    await session.labeling.add(number(session), key(session, "Person"), span("Ann"))
    await session.labeling.add(number(session, "d0550.txt"), key(session, "Place"), span("Rome"))
    await session.labeling.save()
    await session.store.checkpoint()
    return session, await bench.project_folder()


async def repaired(bench: Bench, session: ProjectSession) -> tuple[str, ...]:
    return await bench.workbench().repair(session.project.id)


def of_an_earlier_version(project_file: Path) -> None:
    """Without what says which shards there are."""
    tables = json.loads(project_file.read_text())
    del tables["shards"]
    project_file.write_text(json.dumps(tables))


def cut(path: Path, lines: int) -> None:
    """Takes away the end of a file; of one more line the half stays."""
    kept = path.read_bytes().splitlines(keepends=True)[: lines + 1]
    path.write_bytes(b"".join(kept[:-1]) + kept[-1][:20])


@pytest.mark.parametrize("with_index", [True, False])
@pytest.mark.parametrize("is_of_today", [True, False])
async def test_a_shard_that_is_missing_is_told_and_made_anew(
    bench: Bench, with_index: bool, is_of_today: bool
) -> None:
    session, folder = await worked(bench)
    shard = folder / "documents" / "0002.json"
    content = shard.read_bytes()
    shard.unlink()
    if not with_index:
        (folder / "index.json").unlink()
    if not is_of_today:
        of_an_earlier_version(folder / "project.json")
    with pytest.raises(StorageError, match=r"0002\.json was there and is missing") as told:
        await bench.session()
    assert f"project repair {session.project.id}" in told.value.hint
    (said,) = await repaired(bench, session)
    assert "0002.json is made anew" in said
    assert whole(await bench.session()) == whole(session)
    assert not is_of_today or shard.read_bytes() == content
    assert await repaired(bench, session) == ()


@pytest.mark.parametrize("with_index", [True, False])
async def test_a_shard_of_an_earlier_day_is_told_made_anew_and_kept_beside(
    bench: Bench, with_index: bool
) -> None:
    session, folder = await worked(bench)
    shard = folder / "documents" / "0000.json"
    earlier = shard.read_bytes()
    await session.labeling.add(number(session, "d0001.txt"), key(session, "Person"), span("Bob"))
    await session.store.checkpoint()
    later = shard.read_bytes()
    shard.write_bytes(earlier)
    if not with_index:
        (folder / "index.json").unlink()
    with pytest.raises(StorageError, match=r"0000\.json is older than the project"):
        await bench.session()
    (said,) = await repaired(bench, session)
    assert "0000.json.replaced" in said
    assert shard.read_bytes() == later
    assert shard.with_name("0000.json.replaced").read_bytes() == earlier
    assert whole(await bench.session()) == whole(session)


@pytest.mark.parametrize("gone", [True, False])
async def test_a_shard_that_goes_under_an_open_project_is_not_written_over(bench: Bench, gone: bool) -> None:
    session, folder = await worked(bench)
    shard = folder / "documents" / "0000.json"
    earlier = shard.read_bytes()
    await session.labeling.add(number(session, "d0001.txt"), key(session, "Person"), span("Bob"))
    await session.store.checkpoint()
    content = whole(session)
    if gone:
        shard.unlink()
        with pytest.raises(StorageError, match="missing"):
            session.store.state.document(number(session, "d0100.txt"))
    else:
        shard.write_bytes(earlier)
    # Another shard is written: what is wrong with the first must not be taken down as known.
    await session.labeling.set_flag(number(session, "d0550.txt"), "look")
    with pytest.raises(StorageError, match=r"0000\.json"):
        await session.store.checkpoint()
    with pytest.raises(StorageError, match=r"0000\.json"):
        await bench.session()
    await repaired(bench, session)
    again = await bench.session()
    assert again.rows[number(again, "d0550.txt")].flag == "look"
    content_now: dict[str, Any] = whole(again)
    assert {**content, "rows": 0, "documents": 0} == {**content_now, "rows": 0, "documents": 0}
    assert labels(again, "d0001.txt") == [("Person", span("Bob"))]


async def test_a_shard_that_is_missing_where_the_journal_is_too_is_for_a_backup(bench: Bench) -> None:
    session, folder = await worked(bench)
    (folder / "documents" / "0001.json").unlink()
    shutil.move(folder / "journal", folder / "away")
    before = sorted(path for path in folder.rglob("*") if path.suffix != ".lock")
    with pytest.raises(StorageError, match="the journal holds nothing from transaction 1 on"):
        await repaired(bench, session)
    assert sorted(path for path in folder.rglob("*") if path.suffix != ".lock") == before


@pytest.mark.parametrize("lines", [0, 1, 3, None], ids=["half a line", "one", "three", "none"])
async def test_a_journal_that_lost_its_end_goes_on_as_of_the_checkpoint_and_says_so(
    bench: Bench, lines: int | None
) -> None:
    session, folder = await worked(bench)
    until = session.store.seq
    segment = folder / "journal" / "000000000001.jsonl"
    segment.unlink() if lines is None else cut(segment, lines)
    with pytest.raises(StorageError, match="was there and is missing") as told:
        await bench.session()
    assert f"project repair {session.project.id}" in told.value.hint
    last = lines or 0
    (said,) = await repaired(bench, session)
    assert f"transactions {last + 1} to {until} are lost" in said
    again = await bench.session()
    assert whole(again) == whole(session)
    assert await repaired(bench, again) == ()
    await again.labeling.add(number(again, "d0002.txt"), key(again, "Person"), span("Bob"))
    expected = [*range(1, last + 1), until + 1, until + 2]
    assert [item.seq async for item in again.store.history(newest_first=False)] == expected
    newest_first = [item async for item in again.store.history()]
    assert [item.seq for item in newest_first] == expected[::-1]
    note = {"after": last, "until": until, "as_of": until}
    assert (newest_first[1].action, newest_first[1].note) == (LOST, note)
    await again.store.checkpoint()
    assert whole(await bench.session()) == whole(again)
    await again.history.undo()
    assert labels(again, "d0002.txt") == []


async def test_a_shard_is_not_made_anew_of_a_journal_with_a_hole(bench: Bench) -> None:
    session, folder = await worked(bench)
    cut(folder / "journal" / "000000000001.jsonl", 2)
    await repaired(bench, session)
    (folder / "documents" / "0002.json").unlink()
    with pytest.raises(StorageError, match="holds nothing from transaction 3 on"):
        await repaired(bench, session)


async def test_a_repair_that_dies_on_its_way_is_taken_up_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, folder = await worked(bench)
    until = session.store.seq
    cut(folder / "journal" / "000000000001.jsonl", 2)
    before = (folder / "project.json").read_bytes()
    await repaired(bench, session)
    (folder / "project.json").write_bytes(before)
    (said,) = await repaired(bench, session)
    assert f"transactions 3 to {until} are lost" in said
    again = await bench.session()
    assert [item.seq async for item in again.store.history(newest_first=False)] == [1, 2, until + 1]
