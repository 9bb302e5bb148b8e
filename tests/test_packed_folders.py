"""Folders of label files that somebody else changes while they are packed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.meddling import LOOKS, after_the_look, grows
from tui_labeler import held_folders, labels_on_disk
from tui_labeler.engine.errors import InputError
from tui_labeler.labels_on_disk import read_labels, unpacked

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of label files; a private folder, with files of the same names, is beside it."""
    for name in ("in", "private"):
        (tmp_path / name / "sub").mkdir(parents=True)
        (tmp_path / name / "a.txt").write_bytes(name.encode())
        (tmp_path / name / "sub" / "b.txt").write_bytes(name.encode())
    return tmp_path / "in"


def link(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.parents[1] / "private" / path.name)


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("put", [link, pipe])
def test_what_takes_a_file_s_place_after_the_look_is_left_out(
    folder: Path, monkeypatch: pytest.MonkeyPatch, put: Callable[[Path], None]
) -> None:
    path = folder / "a.txt"
    after_the_look(monkeypatch, path, lambda: put(path), "stat")
    assert unpacked(read_labels(str(folder))) == {"sub/b.txt": b"in"}
    assert not path.is_file() or path.is_symlink()


@pytest.mark.parametrize("after", ["the listing", "the look"])
def test_no_link_that_takes_a_folder_s_place_is_followed(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: str
) -> None:
    def swap() -> None:
        if not (folder / "sub").is_symlink():
            (folder / "sub").rename(tmp_path / "aside")
            (folder / "sub").symlink_to(tmp_path / "private" / "sub")

    if after == "the listing":
        listed = held_folders.HeldFolder.entries

        def entries(held: held_folders.HeldFolder) -> tuple[list[str], list[str]]:
            found = listed(held)
            swap()
            return found

        monkeypatch.setattr(held_folders.HeldFolder, "entries", entries)
    else:
        after_the_look(monkeypatch, folder / "sub", swap, "lstat")
    found = unpacked(read_labels(str(folder)))
    assert b"private" not in found.values()
    assert found["a.txt"] == b"in"


@pytest.mark.timeout(60)
@pytest.mark.parametrize("look", LOOKS)
def test_a_file_that_grows_after_the_look_counts_with_what_it_has_by_then(
    folder: Path, monkeypatch: pytest.MonkeyPatch, look: str
) -> None:
    monkeypatch.setattr(labels_on_disk, "MOST_BYTES", 5)
    assert len(unpacked(read_labels(str(folder)))) == 2
    grows(monkeypatch, folder / "sub" / "b.txt", look, 4)
    with pytest.raises(InputError, match="more than 500,000 files or 5 bytes"):
        read_labels(str(folder))


def test_folders_come_in_order_each_after_the_files_beside_it(tmp_path: Path) -> None:
    names = ["b.txt", "z/a.txt", "z/z/a.txt", "a/c.txt", "a/b/a.txt", "c.txt", ".hidden/a.txt", "a/.b/a.txt"]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    assert list(unpacked(read_labels(str(tmp_path)))) == [
        "b.txt", "c.txt", "a/c.txt", "a/b/a.txt", "z/a.txt", "z/z/a.txt",
    ]  # fmt: skip


def test_as_many_files_as_may_be_are_read_and_no_more(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labels_on_disk, "MOST_FILES", 2)
    assert len(unpacked(read_labels(str(folder)))) == 2
    monkeypatch.setattr(labels_on_disk, "MOST_FILES", 1)
    with pytest.raises(InputError, match="more than 1 files"):
        read_labels(str(folder))
