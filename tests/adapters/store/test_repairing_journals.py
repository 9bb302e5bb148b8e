"""A journal that is damaged anywhere is told, and goes on with what is left; a repair may die at any step."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import Bench, key, number, span, whole
from tui_labeler.engine.actions import LOST
from tui_labeler.engine.adapters.store import asides
from tui_labeler.engine.adapters.store.locks import FileLock, is_held
from tui_labeler.engine.adapters.store.repairing import Repair
from tui_labeler.engine.doctor.projects import check_history
from tui_labeler.engine.errors import LockedError, StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tui_labeler.engine.session import ProjectSession

    Damage = Callable[[Path], object]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "one")


async def worked(bench: Bench, count: int = 260, later: int = 4) -> tuple[ProjectSession, Path]:
    """A project with labels in both of its files of documents, folded, and some work behind that."""
    bench.root.mkdir()
    session = await bench.create(count)
    await session.labeling.add(number(session), key(session, "Person"), span("Ann"))
    await session.store.checkpoint()
    for place in range(251, 255):
        await session.labeling.add(number(session, f"d0{place}.txt"), key(session, "Place"), span("Rome"))
    await session.store.checkpoint()
    for place in range(1, 1 + later):
        await session.labeling.add(number(session, f"d000{place}.txt"), key(session, "Person"), span("Bob"))
    return session, await bench.project_folder()


def first(folder: Path) -> Path:
    return min((folder / "journal").glob("*.jsonl"))


def base_of(folder: Path) -> int:
    seq = json.loads((folder / "project.json").read_bytes())["checkpoint"]["1"]["seq"]
    assert isinstance(seq, int)
    return seq


def line(seq: int, text: Callable[[bytes], bytes]) -> Damage:
    """Changes the line of one transaction, where all are in one file."""

    def damage(folder: Path) -> None:
        lines = first(folder).read_bytes().splitlines(keepends=True)
        lines[seq - 1] = text(lines[seq - 1])
        first(folder).write_bytes(b"".join(lines))

    return damage


def ended(seq: int) -> Damage:
    """Cuts the journal behind a transaction."""

    def damage(folder: Path) -> None:
        lines = first(folder).read_bytes().splitlines(keepends=True)
        first(folder).write_bytes(b"".join(lines[:seq]))

    return damage


def split(folder: Path) -> dict[int, Path]:
    """Puts each transaction into a file of its own; returns them by number."""
    path, base = first(folder), base_of(folder)
    lines = path.read_bytes().splitlines(keepends=True)
    found = {seq: path.with_name(f"{seq:012d}.jsonl") for seq in range(1, len(lines) + 1)}
    for seq, segment in found.items():
        segment.write_bytes(lines[seq - 1])
    project = folder / "project.json"
    tables = json.loads(project.read_bytes())
    tables["checkpoint"] = {"1": {"segment": base, "offset": len(lines[base - 1]), "seq": base}}
    project.write_text(json.dumps(tables))
    return found


def gone(_: bytes) -> bytes:
    return b""


def garbled(data: bytes) -> bytes:
    return data[:30] + b"\x00" * 20 + data[50:]


def merged(data: bytes) -> bytes:
    return data[:-1] + b" "


def unusable(data: bytes) -> bytes:
    """JSON of a label that can't be one."""
    assert data.count(b'"category"') == 1
    return data.replace(b'"category"', b'"catexory"')


def misnumbered(up: int) -> Callable[[bytes], bytes]:
    return lambda data: re.sub(
        rb'"seq":(\d+)', lambda found: b'"seq":%d' % (int(found.group(1)) + up), data, count=1
    )


def copied(bench: Bench, name: str) -> Bench:
    root = bench.root.with_name(name)
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(bench.root, root)
    return Bench(root)


def repair(folder: Path) -> tuple[str, ...]:
    return Repair(folder, "ana", "2026-11-21T10:00:00.000Z", "g").carry_out()


async def history_of(session: ProjectSession) -> list[tuple[int, str, dict[str, Any]]]:
    """The history, which says the same in both directions."""
    found = [
        (item.seq, item.action, item.note if item.action == LOST else {})
        async for item in session.store.history(newest_first=False)
    ]
    assert [item.seq async for item in session.store.history()] == [item[0] for item in found][::-1]
    return found


# --- behind the checkpoint ----------------------------------------------------------------------------


@pytest.mark.parametrize("change", [gone, garbled, merged, unusable, misnumbered(700), misnumbered(-5)])
async def test_damage_behind_the_checkpoint_is_told_and_cut_out_with_what_follows(
    bench: Bench, change: Callable[[bytes], bytes]
) -> None:
    session, folder = await worked(bench)
    last, base = session.store.seq, base_of(folder)
    damaged = base + 3
    sound = copied(bench, "sound")
    ended(damaged - 1)(await sound.project_folder())
    expected = whole(await sound.session())
    line(damaged, change)(folder)
    before = first(folder).read_bytes()
    with pytest.raises(StorageError, match=rf"000000000001\.jsonl, line {damaged}") as told:
        await bench.session()
    assert f"project repair {session.project.id}" in told.value.hint
    (said,) = repair(folder)
    assert f"transactions {damaged} to {last} are lost" in said
    assert "000000000001.jsonl.replaced" in said
    assert (folder / "journal" / "000000000001.jsonl.replaced").read_bytes() == before
    again = await bench.session()
    assert whole(again) == expected
    assert repair(folder) == ()
    note = {"after": damaged - 1, "until": last, "as_of": damaged - 1}
    assert (await history_of(again))[-1] == (last + 1, LOST, note)
    await again.labeling.add(number(again, "d0009.txt"), key(again, "Person"), span("Ann"))
    await again.store.checkpoint()
    assert whole(await bench.session()) == whole(again)
    # The labels go on behind the hole, so that a file can be made anew across it.
    (folder / "documents" / "0000.json").unlink()
    (said,) = repair(folder)
    assert "0000.json is made anew" in said
    assert whole(await bench.session()) == whole(again)


@pytest.mark.parametrize("begun", [b"", b'{"seq":8,"gr'])
async def test_a_journal_that_was_restored_is_whole_beside_what_a_killed_repair_began(
    bench: Bench, begun: bytes
) -> None:
    session, folder = await worked(bench)
    (folder / "journal" / f"{base_of(folder) + 1:012d}.jsonl").write_bytes(begun)
    again = await bench.session()
    assert whole(again) == whole(session)
    assert [seq for seq, *_ in await history_of(again)] == [*range(1, session.store.seq + 1)]
    assert repair(folder) == ()
    await again.labeling.add(number(again, "d0009.txt"), key(again, "Person"), span("Ann"))
    assert whole(await bench.session()) == whole(again)


async def test_whoever_has_a_project_open_that_was_repaired_is_told_to_open_it_again(bench: Bench) -> None:
    session, folder = await worked(bench)
    line(base_of(folder) + 2, gone)(folder)
    repair(folder)
    with pytest.raises(StorageError) as told:
        await session.store.refresh()
    assert "leave the project and open it again. Otherwise: Restore" in told.value.on_screen
    again = await bench.session()
    await again.labeling.add(number(again, "d0009.txt"), key(again, "Person"), span("Ann"))


async def test_a_segment_that_is_missing_behind_the_checkpoint_takes_the_later_ones_out(bench: Bench) -> None:
    session, folder = await worked(bench)
    last, base = session.store.seq, base_of(folder)
    segments = split(folder)
    sound = copied(bench, "sound")
    for seq in range(base + 2, last + 1):
        ((await sound.project_folder()) / "journal" / segments[seq].name).unlink()
    segments[base + 2].unlink()
    with pytest.raises(StorageError, match=f"transaction {base + 2} is missing"):
        await bench.session()
    (said,) = repair(folder)
    assert f"transactions {base + 2} to {last} are lost" in said
    assert f"{segments[base + 3].name}.replaced" in said
    again = await bench.session()
    assert whole(again) == whole(await sound.session())
    assert repair(folder) == ()


# --- before the checkpoint ----------------------------------------------------------------------------


@pytest.mark.parametrize("change", [gone, garbled, misnumbered(700), misnumbered(-2)])
async def test_damage_before_the_checkpoint_is_told_by_doctor_history_and_repair(
    bench: Bench, change: Callable[[bytes], bytes]
) -> None:
    session, folder = await worked(bench, later=2)
    expected, last = whole(session), session.store.seq
    size = first(folder).stat().st_size
    line(3, change)(folder)
    if first(folder).stat().st_size != size:
        with pytest.raises(StorageError, match="line"):
            await bench.session()
        repair(folder)
    else:
        opened = await bench.session()
        assert (3, LOST, {"after": 2, "until": 3}) in await history_of(opened)
        (check,) = await check_history(opened)
        assert not check.ok
        assert f"{first(folder)}, line 3: transaction 3 is missing" in check.detail
        (said,) = repair(folder)
        assert f"{first(folder)}, line 3: transaction 3 is missing" in said
    again = await bench.session()
    assert whole(again) == expected
    assert await check_history(again) == []
    assert repair(folder) == ()
    found = await history_of(again)
    assert [seq for seq, _, _ in found] == [*range(1, last + 2)]
    assert found[2] == (3, LOST, {"after": 2, "until": 3})
    assert found[-1] == (last + 1, LOST, {"after": 2, "until": 3, "as_of": last})


@pytest.mark.parametrize("which", [1, 3])
async def test_a_segment_that_is_missing_before_the_checkpoint_is_told(bench: Bench, which: int) -> None:
    session, folder = await worked(bench)
    split(folder)[which].unlink()
    again = await bench.session()
    assert (await history_of(again))[which - 1] == (which, LOST, {"after": which - 1, "until": which})
    (check,) = await check_history(again)
    assert f"transaction {which} is missing" in check.detail
    assert len(repair(folder)) == 1
    assert await check_history(await bench.session()) == []
    assert whole(await bench.session()) == whole(session)


# --- files of documents -------------------------------------------------------------------------------


async def test_a_file_that_the_journal_holds_in_full_is_made_anew_behind_a_lost_end(bench: Bench) -> None:
    session, folder = await worked(bench, later=0)
    written = json.loads((folder / "documents" / "0000.json").read_bytes())["checkpoint"]["1"]["seq"]
    ended(written)(folder)
    assert "are lost" in repair(folder)[0]
    for shard in ("0000", "0001"):
        (folder / "documents" / f"{shard}.json").rename(folder / f"{shard}.away")
    with pytest.raises(
        StorageError, match=r"0001\.json \(written at .*Done before that: .*0000\.json is made"
    ):
        repair(folder)
    (folder / "0001.away").rename(folder / "documents" / "0001.json")
    assert whole(await bench.session()) == whole(session)


@pytest.mark.parametrize("content", [b"", b'{"documents": {"1', b'{"documents": {"3": {"id": 3}}}'])
async def test_a_file_that_does_not_say_of_when_it_is_is_read_whole(bench: Bench, content: bytes) -> None:
    session, folder = await worked(bench)
    path = folder / "project.json"
    tables = json.loads(path.read_bytes())
    tables["shards"] = {shard: {"seq": 0} for shard in tables["shards"]}
    path.write_text(json.dumps(tables))
    (folder / "documents" / "0000.json").write_bytes(content)
    (said,) = repair(folder)
    assert "0000.json is made anew" in said
    assert whole(await bench.session()) == whole(session)


async def test_what_two_repairs_replace_is_kept_both_times(bench: Bench) -> None:
    session, folder = await worked(bench)
    shard = folder / "documents" / "0000.json"
    for content, name in ((b"one", "0000.json.replaced"), (b"two", "0000.json.replaced-2")):
        shard.write_bytes(content)
        (said,) = repair(folder)
        assert f"{name} now" in said
    kept = sorted(shard.parent.glob("0000.json.replaced*"))
    assert [path.read_bytes() for path in kept] == [b"one", b"two"]
    assert await bench.projects().strays() == ()
    assert whole(await bench.session()) == whole(session)


def test_what_is_kept_is_copied_where_files_have_no_second_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    path = tmp_path / "0000.json"
    path.write_bytes(b"one")
    assert asides.keep(path).read_bytes() == b"one"
    assert not asides.keep(path).samefile(path)


# --- a repair that does not come to its end -----------------------------------------------------------


class Killed(BaseException):
    """Nothing of the process goes on."""


STEPS = ("write", "fsync", "link", "replace", "ftruncate", "unlink", "mkdir")
NEED_SPACE = ("write", "fsync", "link")


@contextmanager
def ending_at(step: int, *, is_full: bool) -> Iterator[None]:
    """The disk is full from one step on, or the process is killed at it; of a write the half is made."""
    done = 0

    def wrapped(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **options: Any) -> Any:
            nonlocal done
            done += name in NEED_SPACE or not is_full
            if done < step or (is_full and name not in NEED_SPACE):
                return real(*given, **options)
            if name == "write" and done == step:
                real(given[0], given[1][: len(given[1]) // 2])
            raise OSError(errno.ENOSPC, "no space") if is_full else Killed

        return call

    with pytest.MonkeyPatch.context() as patch:
        for name in STEPS:
            patch.setattr(os, name, wrapped(name, getattr(os, name)))
        yield


def broken_file(folder: Path) -> None:
    (folder / "documents" / "0000.json").write_bytes(b'{"documents": {"1')


def contents(folder: Path) -> dict[str, bytes]:
    """All that stands in a folder but for the locks."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix not in (".lock", "") and path.name != "lock"
    }


FAULTS: dict[str, Callable[[int, int], tuple[Damage, ...]]] = {
    "an end that is lost": lambda base, _: (ended(base - 2),),
    "a line behind the checkpoint": lambda base, _: (line(base + 2, garbled),),
    "the first line": lambda base, _: (line(1, gone),),
    "lines on both sides": lambda base, _: (line(base + 2, gone), line(3, gone)),
    "two files": lambda *_: (
        broken_file,
        lambda folder: (folder / "documents" / "0001.json").unlink(),
    ),
}


@pytest.mark.parametrize(
    ("fault", "is_full"),
    [
        *((fault, False) for fault in FAULTS),
        ("an end that is lost", True),
        ("a line behind the checkpoint", True),
        ("two files", True),
    ],
)
async def test_a_repair_that_ends_at_any_step_is_done_by_the_next(
    bench: Bench, fault: str, is_full: bool
) -> None:
    session, folder = await worked(bench)
    for damage in FAULTS[fault](base_of(folder), session.store.seq):
        damage(folder)
    straight = copied(bench, "straight")
    repair(await straight.project_folder())
    opened = await straight.session()
    expected, history = whole(opened), await history_of(opened)
    for step in range(1, 200):
        trial = copied(bench, "trial")
        place = await trial.project_folder()
        with suppress(StorageError if is_full else Killed), ending_at(step, is_full=is_full):
            repair(place)
            assert step > 3
            break
        kept = tuple(contents(place).values())
        for name, data in contents(folder).items():
            assert "/" not in name or any(known.startswith(data) for known in kept), name
        repair(place)
        again = await trial.session()
        assert whole(again) == expected
        assert await history_of(again) == history
        assert repair(place) == ()
    else:
        raise AssertionError("it never came to its end")


# --- others at work -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["lock", "checkpoint.lock"])
async def test_a_repair_waits_for_others_and_they_for_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    _, folder = await worked(bench)
    line(base_of(folder) + 2, garbled)(folder)
    broken_file(folder)
    before = contents(folder)
    monkeypatch.setattr(FileLock.held.__wrapped__, "__defaults__", (0.01,))  # type: ignore[attr-defined]
    with FileLock(folder / name).held(), pytest.raises(LockedError):
        repair(folder)
    assert contents(folder) == before
    real, held = os.fsync, []

    def watched(descriptor: int) -> None:
        held.append(is_held(folder / name))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    assert len(repair(folder)) == 2
    assert len(held) > 4
    assert all(held)
