"""Trained models on disk: the old one or the new one, never half of either."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.builders import RuleEstimators, RuleModel
from tui_labeler.domain.calibration import calibration
from tui_labeler.domain.models import ModelCard, TrainOptions
from tui_labeler.domain.performance import Performance
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.adapters.store import files, models
from tui_labeler.engine.adapters.store.models import FolderModelStore
from tui_labeler.engine.errors import InputError, NotFoundError, StorageError
from tui_labeler.engine.models.models import find_model


def card(name: str, created: str = "2026-11-21T09:00:00.000Z") -> ModelCard:
    return ModelCard(
        name, ProjectKind.ENTITIES, created, "ana", 1.0, "v1", "l1", TrainOptions(name), {"c1": "Person"},
        Performance({}), (1, 2), (3,),
    )  # fmt: skip


def model(**words: str) -> RuleModel:
    return RuleModel(ProjectKind.ENTITIES, words)


@pytest.fixture
def store(tmp_path: Path) -> FolderModelStore:
    return FolderModelStore(tmp_path / "models", RuleEstimators)


async def words(store: FolderModelStore, name: str = "m") -> dict[str, str]:
    loaded = await store.load(name)
    assert isinstance(loaded, RuleModel)
    return loaded.words


async def test_a_model_is_loaded_as_it_was_saved(store: FolderModelStore, tmp_path: Path) -> None:
    await store.save(card("m"), model(Ann="c1"))
    assert await store.list() == (card("m"),)
    assert await words(store) == {"Ann": "c1"}
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "models" / "m").rglob("*")}
    assert {mode for name, mode in modes.items() if not name.startswith("content")} == {0o600}
    assert {mode for name, mode in modes.items() if name.startswith("content")} == {0o700}


async def test_overwriting_leaves_one_model(store: FolderModelStore, tmp_path: Path) -> None:
    await store.save(card("m"), model(Ann="c1"))
    await store.save(card("m", "later"), model(Bob="c1"))
    assert [item.created for item in await store.list()] == ["later"]
    assert await words(store) == {"Bob": "c1"}
    assert len(list((tmp_path / "models" / "m").iterdir())) == 2


class Broken(RuleModel):
    def save(self, folder: str) -> None:
        (Path(folder) / "rules.txt").write_text("half")
        raise OSError(28, "no space")


async def test_a_model_that_can_not_be_written_leaves_the_old_one(
    store: FolderModelStore, tmp_path: Path
) -> None:
    await store.save(card("m"), model(Ann="c1"))
    with pytest.raises(StorageError, match="No space"):
        await store.save(card("m", "later"), Broken(ProjectKind.ENTITIES, {}))
    assert await words(store) == {"Ann": "c1"}
    assert len(list((tmp_path / "models" / "m").iterdir())) == 2


class KilledError(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("before", [True, False], ids=["before the card", "after the card"])
async def test_a_crash_while_overwriting_leaves_the_old_or_the_new(
    store: FolderModelStore, monkeypatch: pytest.MonkeyPatch, before: bool
) -> None:
    await store.save(card("m"), model(Ann="c1"))
    real = files.replace_file

    def killed(path: Path, data: bytes) -> None:
        if not before:
            real(path, data)
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(models, "replace_file", killed)
        patch.setattr(shutil, "rmtree", lambda path: None)
        with pytest.raises(KilledError):
            await store.save(card("m", "later"), model(Bob="c1"))
    assert await words(store) == ({"Ann": "c1"} if before else {"Bob": "c1"})
    await store.save(card("m", "last"), model(Rome="c2"))
    assert await words(store) == {"Rome": "c2"}


async def test_a_deleted_model_is_gone(store: FolderModelStore, tmp_path: Path) -> None:
    await store.save(card("m"), model(Ann="c1"))
    await store.delete("m")
    assert await store.list() == ()
    assert not (tmp_path / "models" / "m").exists()
    with pytest.raises(NotFoundError):
        await store.delete("m")
    with pytest.raises(NotFoundError):
        await store.load("m")


@pytest.mark.parametrize("content", ["", "../../x", "/etc", ".", "a\0b", "a/b"])
async def test_a_card_that_leads_elsewhere_is_refused(
    store: FolderModelStore, tmp_path: Path, content: str
) -> None:
    await store.save(card("m"), model(Ann="c1"))
    path = tmp_path / "models" / "m" / "card.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "content": content}))
    with pytest.raises(InputError):
        await store.load("m")


async def test_a_broken_card_is_told(store: FolderModelStore, tmp_path: Path) -> None:
    await store.save(card("m"), model(Ann="c1"))
    (tmp_path / "models" / "m" / "card.json").write_bytes(b"\xff{")
    await store.save(card("other"), model(Ann="c1"))
    assert [found.name for found in await store.list()] == ["other"]
    ((name, error),) = await store.broken()
    assert name == "m"
    assert "no model's card" in error.message
    assert "model delete" in error.hint
    with pytest.raises(InputError, match="no model's card"):
        await find_model(store, "m")
    with pytest.raises(InputError, match="no model's card"):
        await store.load("m")
    await store.delete("m")
    assert await store.broken() == ()


async def test_a_card_that_is_a_pipe_is_told_and_not_waited_for(
    store: FolderModelStore, tmp_path: Path
) -> None:
    await store.save(card("m"), model(Ann="c1"))
    path = tmp_path / "models" / "m" / "card.json"
    path.unlink()
    os.mkfifo(path)
    ((name, error),) = await store.broken()
    assert (name, error.message) == ("m", f"{path} is no file.")


async def test_a_card_that_would_fill_the_memory_is_told_and_not_read(
    store: FolderModelStore, tmp_path: Path
) -> None:
    await store.save(card("m"), model(Ann="c1"))
    path = tmp_path / "models" / "m" / "card.json"
    os.truncate(path, 1 << 40)
    ((name, error),) = await store.broken()
    assert name == "m"
    assert "1,099,511,627,776 bytes" in error.message
    assert await store.list() == ()


@pytest.mark.parametrize("kind", ["a pipe", "a link", "a folder", "too large"])
async def test_files_of_a_model_that_go_elsewhere_are_its_own_and_nothing_else(
    store: FolderModelStore, tmp_path: Path, kind: str
) -> None:
    await store.save(card("m"), model(Ann="c1"))
    assert await store.files("m")
    (content,) = (tmp_path / "models" / "m").glob("content-*")
    odd = content / "odd"
    if kind == "a pipe":
        os.mkfifo(odd)
    elif kind == "a link":
        (tmp_path / "secret").write_text("secret")
        odd.symlink_to(tmp_path / "secret")
    elif kind == "a folder":
        odd.mkdir()
    else:
        odd.touch()
        os.truncate(odd, 1 << 40)
    with pytest.raises(InputError, match=r"odd is no file|odd has 1,099"):
        await store.files("m")


def read_card(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "models" / "m" / "card.json").read_text()))


def write_card(folder: Path, row: dict[str, Any]) -> None:
    (folder / "models" / "m" / "card.json").write_text(json.dumps(row))


async def test_calibration_is_kept_with_the_card(store: FolderModelStore, tmp_path: Path) -> None:
    outcomes = [(number / 30, number % 3 != 0) for number in range(30)]
    measured = Performance({}, calibration=calibration(outcomes))
    await store.save(replace(card("m"), performance=measured), model(Ann="c1"))
    (found,) = await store.list()
    assert found.performance == measured
    assert len(read_card(tmp_path)["card"]["performance"]["calibration"]["bins"]) == 3


async def test_a_card_without_calibration_is_read_as_not_measured(
    store: FolderModelStore, tmp_path: Path
) -> None:
    await store.save(card("m"), model(Ann="c1"))
    row = read_card(tmp_path)
    row["card"]["performance"].pop("calibration", None)
    write_card(tmp_path, row)
    (found,) = await store.list()
    assert found.performance.calibration is None


async def test_a_calibration_that_can_not_be_breaks_its_card_alone(
    store: FolderModelStore, tmp_path: Path
) -> None:
    await store.save(card("m"), model(Ann="c1"))
    await store.save(card("other"), model(Ann="c1"))
    row = read_card(tmp_path)
    row["card"]["performance"]["calibration"] = {"bins": []}
    write_card(tmp_path, row)
    assert [found.name for found in await store.list()] == ["other"]
    ((name, error),) = await store.broken()
    assert (name, "0 bins" in error.message) == ("m", True)


async def test_a_store_without_estimators_loads_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="runner"):
        await FolderModelStore(tmp_path).load("m")


async def test_a_first_model_that_can_not_be_written_leaves_nothing(
    store: FolderModelStore, tmp_path: Path
) -> None:
    with pytest.raises(StorageError, match=r"No space left on device\.$"):
        await store.save(card("m"), Broken(ProjectKind.ENTITIES, {}))
    assert not (tmp_path / "models" / "m").exists()
