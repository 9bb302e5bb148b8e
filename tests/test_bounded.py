"""Files that somebody else changes while they are read: no more of them is read than was to be."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.adapters.store.test_models import card, model
from tests.builders import RuleEstimators
from tests.meddling import LOOKS, after_the_look, grows
from tui_labeler import bounded
from tui_labeler.cli.commands import files
from tui_labeler.cli.earlier_parts import earlier_parts
from tui_labeler.engine.adapters.estimators.files import read_arrays, read_header
from tui_labeler.engine.adapters.folder import FolderContainer
from tui_labeler.engine.adapters.folder_shelf.shelf import FolderShelf
from tui_labeler.engine.adapters.store.models import FolderModelStore
from tui_labeler.engine.errors import InputError, LabelerError
from tui_labeler.engine.exports.split_export import CARD
from tui_labeler.engine.toml_files import LONGEST, read_toml
from tui_labeler.labels_on_disk import read_labels
from tui_labeler.screens import base

SHARED = ".tui-labeler/p1/labels/a.txt.json"


def models(root: Path) -> FolderModelStore:
    return FolderModelStore(root / "models", RuleEstimators)


def with_model(root: Path) -> None:
    asyncio.run(models(root).save(card("m"), model(Ann="c1")))


def learned(root: Path) -> str:
    (found,) = (root / "models" / "m").glob("content-*/*")
    return str(found.relative_to(root))


@dataclass(frozen=True)
class Reader:
    """A way to read a file in a folder."""

    read: Callable[[Path], object]
    """Is given the folder."""
    name: str | Callable[[Path], str] = "a.txt"
    before: Callable[[Path], object] | None = None
    looks: tuple[str, ...] = LOOKS
    """What it asks the system about the file by."""


def of_shelf(root: Path) -> object:
    return asyncio.run(FolderShelf(root).get(SHARED))


def of_models(root: Path) -> object:
    return asyncio.run(models(root).files("m"))


READERS = {
    "a document": Reader(lambda root: asyncio.run(FolderContainer(root).read("a.txt")), looks=("fstat",)),
    "shared labels": Reader(of_shelf, SHARED, looks=("fstat",)),
    "a label file": Reader(lambda root: read_labels(str(root / "a.txt"))),
    "a label file, in the application": Reader(
        lambda root: asyncio.run(base.read_labels_file(str(root / "a.txt")))
    ),
    "another file": Reader(lambda root: files.read_file(str(root / "a.txt"))),
    "what a model learned": Reader(of_models, learned, with_model),
    "a model's header": Reader(lambda root: read_header(str(root)), "model.json"),
    "a model's numbers": Reader(lambda root: read_arrays(str(root), {"a": ("<f4", 1)}), "a.npy"),
}


def made(root: Path, reader: Reader) -> Path:
    if reader.before is not None:
        reader.before(root)
    path = root / (reader.name if isinstance(reader.name, str) else reader.name(root))
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.write_bytes(b"few")
    return path


CASES = [
    pytest.param(reader, look, id=f"{name}, {look}")
    for name, reader in READERS.items()
    for look in reader.looks
]


@pytest.mark.timeout(60)
@pytest.mark.parametrize(("reader", "look"), CASES)
def test_what_grows_after_the_look_is_refused_and_does_not_fill_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reader: Reader, look: str
) -> None:
    path = made(tmp_path, reader)
    grows(monkeypatch, path, look)
    with pytest.raises(LabelerError, match=r"1,099,511,627,776 bytes|more than 1,000,000,000 bytes"):
        reader.read(tmp_path)
    assert path.stat().st_size == 1 << 40


@pytest.mark.timeout(60)
@pytest.mark.parametrize("reader", [found for found in READERS.values() if "stat" in found.looks])
def test_a_pipe_that_takes_a_file_s_place_after_the_look_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reader: Reader
) -> None:
    path = made(tmp_path, reader)

    def swap() -> None:
        path.unlink()
        os.mkfifo(path)

    after_the_look(monkeypatch, path, swap, "stat")
    with pytest.raises(InputError, match=r"no file|a named pipe"):
        reader.read(tmp_path)


async def test_a_link_that_takes_a_model_file_s_place_after_the_look_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await models(tmp_path).save(card("m"), model(Ann="c1"))
    path = tmp_path / learned(tmp_path)
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")

    def swap() -> None:
        path.unlink()
        path.symlink_to(secret)

    after_the_look(monkeypatch, path, swap, "stat")
    with pytest.raises(LabelerError, match=f"{path.name} is no file"):
        await models(tmp_path).files("m")


def test_a_file_whose_size_is_told_wrongly_is_read_no_further_than_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small, long = tmp_path / "small", tmp_path / "long"
    small.write_bytes(b"few")
    long.touch()
    os.truncate(long, 1 << 40)
    told = small.stat()
    monkeypatch.setattr(os, "fstat", lambda _: told)
    with long.open("rb") as file:
        with pytest.raises(bounded.TooLargeError):
            bounded.content(file.fileno(), 200_000)
        assert os.lseek(file.fileno(), 0, os.SEEK_CUR) == 200_001


@pytest.mark.parametrize("size", [0, 1, 99_999, 100_000])
def test_what_grows_within_the_limit_is_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"few")
    grows(monkeypatch, path, "fstat", size)
    assert bounded.read_file(path, 100_000) == b"few".ljust(size, b"\0")[:size]


@pytest.mark.timeout(60)
def test_a_data_card_that_becomes_a_pipe_after_the_look_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"{CARD}.json"
    path.write_bytes(b"{}")
    (tmp_path / "train.jsonl").write_bytes(b"")
    opened: list[int] = []

    def swap() -> None:
        path.unlink()
        os.mkfifo(path)
        # Somebody writes into it, and does not go.
        opened.append(os.open(path, os.O_RDWR))

    after_the_look(monkeypatch, path, swap, "stat")
    found = earlier_parts(tmp_path, ())
    assert opened
    os.close(opened[0])
    assert found.ours == ()
    assert found.others == ("train.jsonl",)


@pytest.mark.timeout(60)
def test_settings_are_read_no_further_than_settings_may_be(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.touch()
    os.truncate(path, 1 << 40)
    with pytest.raises(InputError, match=f"more than {LONGEST:,} characters"):
        read_toml(path, "")
