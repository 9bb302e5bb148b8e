"""A home that is set back to a backup while a process has it open stays as the backup has it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.builders import Bench, key, number, span, whole
from tui_labeler.engine.adapters.store import checkpoint
from tui_labeler.engine.errors import StorageError

if TYPE_CHECKING:
    from pathlib import Path


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
    await first.close()
    assert files(folder) == kept
    assert whole(await bench.session()) == before
