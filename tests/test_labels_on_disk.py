"""Folders of label files: packed for a format that reads several, written whole or not at all."""

from __future__ import annotations

import asyncio
import io
import os
import subprocess
import sys
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tui_labeler import labels_on_disk, whole_files
from tui_labeler.cli import targets
from tui_labeler.cli.commands import files
from tui_labeler.cli.targets import put_file
from tui_labeler.engine.errors import ConflictError, InputError, StorageError
from tui_labeler.held_folders import HeldFolder
from tui_labeler.labels_on_disk import read_labels, unpacked, write_folder
from tui_labeler.screens import base
from tui_labeler.whole_files import while_written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def packed(**files: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return held.getvalue()


@pytest.mark.timeout(60)
def test_only_folders_that_something_was_written_into_are_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "someone's" / "own").mkdir(parents=True)
    synced: list[Path] = []
    monkeypatch.setattr(HeldFolder, "sync", lambda folder: synced.append(folder.path))
    write_folder(tmp_path, {"a.txt": b"a", "sub/deep/b.txt": b"b"}, overwrite=True)
    assert {tmp_path, tmp_path / "sub", tmp_path / "sub" / "deep"} <= set(synced)
    assert tmp_path / "someone's" not in synced


def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "f.json"
    os.mkfifo(pipe)
    for name in (str(pipe), "/dev/zero"):
        for read in (read_labels, files.read_file):
            with pytest.raises(InputError, match=r"a named pipe|a device") as caught:
                read(name)
            assert "standard input" in caught.value.hint


@pytest.mark.timeout(60)
def test_what_would_fill_the_memory_is_refused_before_it_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sparse = tmp_path / "huge.json"
    sparse.touch()
    os.truncate(sparse, 1 << 40)
    for read in (read_labels, files.read_file):
        with pytest.raises(InputError, match="more than 1,000,000,000 bytes"):
            read(str(sparse))
    monkeypatch.setattr(labels_on_disk, "MOST_BYTES", 1 << 21)
    with Path("/dev/zero").open("rb") as endless:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(endless))
        with pytest.raises(InputError, match="standard input: it has more than"):
            files.read_file("-")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"x" * (1 << 21))))
    assert len(files.read_file("-")) == 1 << 21


def test_a_folder_is_read_as_an_archive_and_gives_the_same_bytes_each_time(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    (folder / "b.ann").write_bytes(b"b")
    (folder / "sub" / "a.txt").write_bytes(b"a")
    data = read_labels(str(folder))
    assert unpacked(data) == {"b.ann": b"b", "sub/a.txt": b"a"}
    (folder / "b.ann").touch()
    assert read_labels(str(folder)) == data


def test_what_is_hidden_or_leads_elsewhere_is_left_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_bytes(b"secret")
    folder = tmp_path / "in"
    (folder / ".git").mkdir(parents=True)
    (folder / ".git" / "x").write_bytes(b"x")
    (folder / ".hidden").write_bytes(b"x")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "a.txt").write_bytes(b"a")
    assert unpacked(read_labels(str(folder))) == {"a.txt": b"a"}


def test_a_folder_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labels_on_disk, "MOST_BYTES", 3)
    (tmp_path / "a.txt").write_bytes(b"four")
    with pytest.raises(InputError, match="more than"):
        read_labels(str(tmp_path))


@pytest.mark.parametrize("name", ["nowhere", "a\0b", "~nobody-of-that-name/x"])
def test_what_is_not_there_is_said_to_be_so(name: str) -> None:
    with pytest.raises(InputError):
        read_labels(name)


@pytest.mark.parametrize("name", ["../out.txt", "/etc/passwd", "a/../../b", "a//b"])
def test_a_name_that_leads_out_of_the_folder_is_not_unpacked(name: str) -> None:
    with pytest.raises(ValueError, match="leads out"):
        unpacked(packed(**{name: b"x"}))


def test_a_new_folder_is_there_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_folder(tmp_path / "out", {"a.txt": b"a", "sub/b.txt": b"b"}, overwrite=False)
    assert (tmp_path / "out" / "sub" / "b.txt").read_bytes() == b"b"

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="No space left"):
        write_folder(tmp_path / "other", {"a.txt": b"a"}, overwrite=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]


def test_a_folder_with_something_in_it_is_written_into_only_on_purpose(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_bytes(b"mine")
    with pytest.raises(InputError, match="not empty"):
        write_folder(tmp_path, {"a.txt": b"a"}, overwrite=False)
    write_folder(tmp_path, {"a.txt": b"a"}, overwrite=True)
    assert {path.name for path in tmp_path.iterdir()} == {"a.txt", "mine.txt"}
    with pytest.raises(InputError, match="is a file"):
        write_folder(tmp_path / "mine.txt", {}, overwrite=True)


def left_by(pid: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a process leaves that is killed while it writes ``labels.json``."""
    monkeypatch.setattr(os, "getpid", lambda: pid)
    left = folder / while_written("labels.json")
    monkeypatch.undo()
    left.write_bytes(b"half")
    return left


@pytest.fixture
def dead() -> int:
    """The number of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_what_a_killed_export_left_is_gone_after_the_next_and_what_a_living_one_writes_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dead: int
) -> None:
    left = left_by(dead, tmp_path, monkeypatch)
    mine = left_by(os.getpid(), tmp_path, monkeypatch)
    monkeypatch.setattr(whole_files, "HOST", "00000000")
    elsewhere = left_by(dead, tmp_path, monkeypatch)
    others = tmp_path / f".labels.json.{dead}.tmp"
    others.write_bytes(b"not ours")
    asyncio.run(put_file(tmp_path / "labels.json", b"all", overwrite=False))
    assert not left.exists()
    assert mine.exists()
    assert elsewhere.exists()
    assert others.exists()
    assert (tmp_path / "labels.json").read_bytes() == b"all"


def test_a_folder_that_a_killed_export_left_is_gone_after_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dead: int
) -> None:
    left = left_by(dead, tmp_path, monkeypatch)
    left.unlink()
    (left / "inner").mkdir(parents=True)
    (left / "inner" / "a.txt").write_bytes(b"half")
    (tmp_path / "corpus").mkdir()
    inner = left_by(dead, tmp_path / "corpus", monkeypatch)
    write_folder(tmp_path / "corpus", {"a.txt": b"all"}, overwrite=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["corpus"]
    assert not inner.exists()


async def test_the_application_removes_them_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dead: int
) -> None:
    left = left_by(dead, tmp_path, monkeypatch)
    await base.write_file(str(tmp_path / "labels.json"), b"all", overwrite=False)
    assert not left.exists()
    assert (tmp_path / "labels.json").read_bytes() == b"all"


def test_a_name_as_long_as_a_name_can_be_is_written(tmp_path: Path) -> None:
    path = tmp_path / ("\u6771" * 84)
    asyncio.run(put_file(path, b"all", overwrite=False))
    assert path.read_bytes() == b"all"


@pytest.mark.parametrize("linked", ["out", "out/sub"])
@pytest.mark.parametrize("overwrite", [True, False])
def test_no_folder_is_written_through_a_link(tmp_path: Path, linked: str, overwrite: bool) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / linked).parent.mkdir(exist_ok=True)
    (tmp_path / linked).symlink_to(elsewhere)
    with pytest.raises(InputError, match=r"is a link|not empty"):
        write_folder(tmp_path / "out", {"sub/a.txt": b"a"}, overwrite=overwrite)
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize("moved", ["out", "out/sub"])
@pytest.mark.parametrize("is_seen", [True, False])
def test_no_folder_is_written_through_a_link_that_comes_meanwhile(
    tmp_path: Path, moved: str, is_seen: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "sub").mkdir(parents=True)
    (tmp_path / "out" / "sub").mkdir(parents=True)
    (tmp_path / "out" / "mine.txt").touch()
    place, aside = tmp_path / moved, tmp_path / "aside"

    def swap() -> None:
        if not aside.exists():
            place.rename(aside)
            place.symlink_to(elsewhere)

    def checked(folder: Path, names: Iterable[str]) -> None:
        check(folder, names)
        if is_seen and names:
            swap()

    def synced(handle: int) -> None:
        sync(handle)
        swap()

    check, sync = labels_on_disk._check_no_links, os.fsync
    monkeypatch.setattr(labels_on_disk, "_check_no_links", checked)
    if is_seen:
        with pytest.raises(InputError, match=f"{moved} is a link"):
            write_folder(tmp_path / "out", {"sub/a.txt": b"a"}, overwrite=True)
    else:
        monkeypatch.setattr(os, "fsync", synced)
        write_folder(tmp_path / "out", {"sub/a.txt": b"a"}, overwrite=True)
        assert (aside / ("sub/a.txt" if moved == "out" else "a.txt")).read_bytes() == b"a"
    assert place.is_symlink()
    assert [path.name for path in elsewhere.rglob("*")] == ["sub"]


def test_the_folder_that_one_is_in_is_written_when_it_is_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "out").mkdir()
    monkeypatch.chdir(tmp_path / "out")
    write_folder(Path(), {"sub/a.txt": b"a"}, overwrite=False)
    assert Path("sub/a.txt").read_bytes() == b"a", "it is the same folder still"


@pytest.mark.parametrize("was", ["nothing", "a file", "a pipe"])
async def test_a_link_that_takes_a_file_s_place_is_replaced_and_not_written_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, was: str
) -> None:
    """However often it is looked at: the link comes after each look."""
    mine = tmp_path / "mine"
    mine.write_bytes(b"mine")
    looks = 0
    while True:
        place = tmp_path / f"labels{looks}.json"
        if was == "a file":
            place.write_bytes(b"old")
        elif was == "a pipe":
            os.mkfifo(place)
        with monkeypatch.context() as patched:
            done = link_after_look(patched, place, mine, looks)
            with suppress(InputError, StorageError):  # a pipe that nobody reads from, and a link in its place
                await put_file(place, b"LABELS", overwrite=True)
        assert mine.read_bytes() == b"mine", f"written through after look {looks}"
        looks += 1
        if not done:
            break
    assert looks >= 2


def link_after_look(patched: pytest.MonkeyPatch, place: Path, mine: Path, after: int) -> list[str]:
    """Puts a link to a file in a place when the system has told of it so often; gives when it did."""
    left, done = [after], list[str]()

    def looking(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def look(path: Any, *args: Any, **options: Any) -> Any:
            try:
                return real(path, *args, **options)
            finally:
                if not isinstance(path, int) and os.fsdecode(path).endswith(place.name) and not done:
                    if not left[0]:
                        done.append(name)
                        place.unlink(missing_ok=True)
                        place.symlink_to(mine)
                    left[0] -= 1

        return look

    for name in ("stat", "lstat", "readlink"):
        patched.setattr(os, name, looking(name, getattr(os, name)))
    return done


@pytest.mark.parametrize("through", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
@pytest.mark.parametrize("at_once", [True, False])
def test_what_a_shell_has_opened_gets_the_labels_and_not_what_has_its_name_now(
    tmp_path: Path, through: str, at_once: bool
) -> None:
    """The name of the file may be anybody's by then, and a link, put there when it was just looked up."""
    mine, place = tmp_path / "mine", tmp_path / "labels.json"
    mine.write_bytes(b"mine")
    program = f"""
import asyncio, os, sys
from pathlib import Path
from tui_labeler.cli.targets import put_file

mine, place = Path({str(mine)!r}), Path({str(place)!r})
readlink = os.readlink

def swap():
    if not place.is_symlink():
        place.unlink()
        place.symlink_to(mine)

def looking(path, *args, **options):
    try:
        return readlink(path, *args, **options)
    finally:
        if os.fsdecode(path).endswith("fd/1"):
            swap()

os.readlink = looking
if {at_once}:
    swap()
asyncio.run(put_file(Path({through!r}), b"LABELS", overwrite=True))
"""
    with place.open("w+b") as file:
        subprocess.run([sys.executable, "-c", program], check=True, stdout=file)
        file.seek(0)
        assert file.read() == b"LABELS"
    assert mine.read_bytes() == b"mine"


async def test_a_file_that_comes_after_the_look_is_kept_without_overwrite(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared, aside, empty = tmp_path / "shared", tmp_path / "aside", tmp_path / "empty"
    shared.mkdir()
    empty.mkdir()
    (shared / "labels.json").write_bytes(b"old")

    def swap(path: Path, *, overwrite: bool) -> None:
        shared.rename(aside)
        shared.symlink_to(empty)
        check(path, overwrite=overwrite)

    check = targets.check_target
    monkeypatch.setattr(targets, "check_target", swap)
    with pytest.raises(InputError, match="is there already"):
        await put_file(shared / "labels.json", b"all", overwrite=False)
    assert (aside / "labels.json").read_bytes() == b"old"


async def test_the_application_takes_a_link_that_leads_nowhere_for_a_file(tmp_path: Path) -> None:
    link = tmp_path / "labels.json"
    link.symlink_to(tmp_path / "new.json")
    with pytest.raises(ConflictError, match="there already"):
        await base.write_file(str(link), b"all", overwrite=False)
    assert link.is_symlink()
