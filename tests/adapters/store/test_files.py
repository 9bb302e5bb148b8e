"""Files that are whole or not there; locks that go with their holder; the home's format."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import threading
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path

import pytest

from tui_labeler.engine.adapters.store.files import remove_leftovers, replace_file, sync_folder
from tui_labeler.engine.adapters.store.locks import FileLock, is_held
from tui_labeler.engine.adapters.store.migrations import FORMAT, Step, bring_up_to_date, read_format
from tui_labeler.engine.adapters.store.threads import to_the_end
from tui_labeler.engine.errors import InputError, LockedError, StorageError


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    replace_file(path, b"one")
    replace_file(path, b"two")
    assert path.read_bytes() == b"two"
    assert [item.name for item in tmp_path.iterdir()] == ["a.json"]
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("call", ["write", "fsync"])
def test_a_refused_write_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    path = tmp_path / "a.json"
    replace_file(path, b"one")

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "no space")

    with monkeypatch.context() as patch:
        patch.setattr(os, call, full)
        with pytest.raises(StorageError, match="No space left"):
            replace_file(path, b"two")
    assert path.read_bytes() == b"one"
    assert [item.name for item in tmp_path.iterdir()] == ["a.json"]


def test_what_a_killed_writer_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / ".a.json.123.tmp").write_bytes(b"half")
    (tmp_path / "a.json").write_bytes(b"whole")
    remove_leftovers(tmp_path, tmp_path / "not there")
    assert [item.name for item in tmp_path.iterdir()] == ["a.json"]


def test_a_lock_is_held_by_one_and_free_after_it(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "lock")
    assert not is_held(lock.path)
    with lock.held():
        assert is_held(lock.path)
        with pytest.raises(LockedError, match="held by another process"):
            FileLock(lock.path).acquire(0.05)
    assert not is_held(lock.path)


def test_a_lock_object_that_threads_share_is_never_left_taken(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "lock")
    inside = [0]
    most = [0]

    def work() -> None:
        for _ in range(100):
            with lock.held():
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                inside[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]
    assert not is_held(lock.path)


def test_a_file_system_without_locks_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> None:
        raise OSError(errno.ENOLCK, "no locks")

    monkeypatch.setattr(fcntl, "flock", none)
    with pytest.raises(StorageError, match="locks"):
        FileLock(tmp_path / "lock").acquire()


async def test_a_cancelled_caller_waits_for_its_thread() -> None:
    begun, go, done = threading.Event(), threading.Event(), threading.Event()

    def slow() -> str:
        begun.set()
        go.wait(5)
        done.set()
        return "written"

    task = asyncio.ensure_future(to_the_end(slow))
    await asyncio.to_thread(begun.wait, 5)
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    assert not task.done()
    go.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert done.is_set()


def test_a_new_home_gets_the_newest_format(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert read_format(home) is None
    bring_up_to_date(home)
    assert read_format(home) == FORMAT
    assert home.stat().st_mode & 0o777 == 0o700


def test_a_home_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "home.json").write_text('{"format": 99}')
    with pytest.raises(StorageError, match="format 99") as caught:
        bring_up_to_date(tmp_path)
    assert "Update tui-labeler" in caught.value.hint
    assert read_format(tmp_path) == 99


@pytest.mark.parametrize("number", [0, -3])
def test_a_format_that_there_never_was_is_told_and_stays(tmp_path: Path, number: int) -> None:
    written = f'{{"format": {number}}}'
    (tmp_path / "home.json").write_text(written)
    with pytest.raises(StorageError, match=f"format {number}, which no version has written"):
        bring_up_to_date(tmp_path)
    assert (tmp_path / "home.json").read_text() == written


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b'{"format": "one"}'])
def test_a_home_that_does_not_say_its_format_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "home.json").write_bytes(content)
    with pytest.raises(StorageError, match="does not say which format"):
        bring_up_to_date(tmp_path)


def test_migrations_run_in_order_and_go_on_after_a_crash(tmp_path: Path) -> None:
    (tmp_path / "home.json").write_text('{"format": 1}')
    ran: list[int] = []

    def step(number: int) -> Step:
        def run(home: Path) -> None:
            ran.append(number)
            if number == 2 and ran.count(2) == 1:
                raise InputError("killed")

        return run

    steps: Mapping[int, Step] = {number: step(number) for number in (1, 2, 3)}
    with pytest.raises(InputError):
        bring_up_to_date(tmp_path, target=4, steps=steps)
    assert read_format(tmp_path) == 2
    bring_up_to_date(tmp_path, target=4, steps=steps)
    assert ran == [1, 2, 2, 3]
    assert read_format(tmp_path) == 4


def test_an_unreadable_home_is_told_not_crashed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(self: Path) -> bytes:
        raise PermissionError(errno.EACCES, "denied")

    (tmp_path / "home.json").write_text('{"format": 1}')
    monkeypatch.setattr(Path, "read_bytes", denied)
    with pytest.raises(StorageError) as caught:
        read_format(tmp_path)
    assert "writable" in caught.value.hint or "doctor" in caught.value.hint


@pytest.mark.parametrize(
    ("number", "is_said"), [(errno.EINVAL, False), (errno.ENOTSUP, False), (errno.EIO, True)]
)
def test_a_file_system_that_can_sync_no_folder_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, is_said: bool
) -> None:
    def refused(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refused)
    with pytest.raises(OSError, match="Input/output") if is_said else nullcontext():
        sync_folder(tmp_path)
