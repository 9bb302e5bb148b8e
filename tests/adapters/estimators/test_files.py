"""Model files: what is written is read back; what is no model is refused, and never run."""

from __future__ import annotations

import asyncio
import json
import pickle
import resource
import shutil
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.adapters.estimators import made
from tests.adapters.estimators.test_learning import ENTITIES, MULTI, SINGLE, trained
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.adapters.estimators import SklearnEstimators, files
from tui_labeler.engine.errors import InputError, StorageError

if TYPE_CHECKING:
    from tui_labeler.engine.ports import Sample

KINDS = [
    pytest.param(ENTITIES, made.entities(10), id="entities"),
    pytest.param(SINGLE, made.classes(30), id="single"),
    pytest.param(MULTI, made.classes(30, several=True), id="multi"),
]


async def saved(folder: Path, kind: ProjectKind, samples: list[Sample]) -> Path:
    model = await trained(kind, samples)
    await asyncio.to_thread(folder.mkdir)
    model.save(str(folder))
    return folder


@pytest.mark.parametrize(("kind", "samples"), KINDS)
async def test_a_model_that_was_saved_says_the_same_when_it_is_loaded(
    tmp_path: Path, kind: ProjectKind, samples: list[Sample]
) -> None:
    model = await trained(kind, samples)
    (tmp_path / "m").mkdir()
    model.save(str(tmp_path / "m"))
    loaded = await SklearnEstimators().load(str(tmp_path / "m"))
    texts = [sample.text for sample in samples]
    assert loaded.version == model.version
    for one, other in zip(await model.predict(texts), await loaded.predict(texts), strict=True):
        assert [(p.category, p.span) for p in one] == [(p.category, p.span) for p in other]
        assert [p.confidence for p in one] == pytest.approx([p.confidence for p in other], abs=1e-4)
    assert {path.suffix for path in (tmp_path / "m").iterdir()} <= {".json", ".npy"}


HEADER = files.ClassesHeader(
    files.FORMAT, files.FORMAT_VERSION, "", False, ("a",), ("f",), 1.0, (1.0, 0.0), 0.5
)


class Bomb:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return (_leave, (str(self.path), "ran"))


def _leave(path: str, text: str) -> None:
    Path(path).write_text(text, encoding="utf-8")


@pytest.mark.parametrize(("kind", "samples"), KINDS)
async def test_an_array_that_holds_a_pickle_is_refused_and_does_not_run(
    tmp_path: Path, kind: ProjectKind, samples: list[Sample]
) -> None:
    folder = await saved(tmp_path / "m", kind, samples)
    mark = tmp_path / "ran"
    for array in folder.glob("*.npy"):
        broken = tmp_path / "broken"
        shutil.copytree(folder, broken)
        np.save(broken / array.name, np.array([Bomb(mark)], dtype=object), allow_pickle=True)
        with pytest.raises(InputError):
            await SklearnEstimators().load(str(broken))
        (broken / array.name).write_bytes(pickle.dumps(Bomb(mark)))
        with pytest.raises(InputError):
            await SklearnEstimators().load(str(broken))
        shutil.rmtree(broken)
    assert not mark.exists()


@pytest.mark.parametrize(("kind", "samples"), KINDS)
async def test_every_missing_cut_or_changed_file_is_refused(
    tmp_path: Path, kind: ProjectKind, samples: list[Sample]
) -> None:
    folder = await saved(tmp_path / "m", kind, samples)
    for path in folder.iterdir():
        data = path.read_bytes()
        flipped = bytearray(data)
        flipped[-1] ^= 0x40
        for content in (None, b"", data[: len(data) // 2], bytes(flipped)):
            broken = tmp_path / "broken"
            shutil.copytree(folder, broken)
            if content is None:
                (broken / path.name).unlink()
            else:
                (broken / path.name).write_bytes(content)
            with pytest.raises(InputError):
                await SklearnEstimators().load(str(broken))
            shutil.rmtree(broken)


async def test_headers_that_lie_are_refused(tmp_path: Path) -> None:
    folder = await saved(tmp_path / "m", ENTITIES, made.entities(6))
    header = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    changes: tuple[dict[str, object], ...] = (
        {"format_version": 99},
        {"kind": "else"},
        {"categories": []},
        {"categories": header["categories"] * 50},
        {"cluster_words": ["x"]},
        {"tiers": []},
        {"calibration": ["a", "b"]},
    )
    for change in changes:
        (folder / "model.json").write_text(json.dumps({**header, **change}), encoding="utf-8")
        with pytest.raises(InputError):
            await SklearnEstimators().load(str(folder))


async def test_an_array_that_claims_to_be_huge_takes_no_memory(tmp_path: Path) -> None:
    folder = await saved(tmp_path / "m", ENTITIES, made.entities(6))
    name = next(folder.glob("*.npy"))
    with name.open("wb") as file:
        np.lib.format.write_array_header_1_0(
            file, {"descr": "<f4", "fortran_order": False, "shape": (2**40,)}
        )
    with pytest.raises(InputError):
        await SklearnEstimators().load(str(folder))


async def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        await SklearnEstimators().load(str(tmp_path / "none"))


def test_a_disk_that_is_full_is_told_with_what_to_do(tmp_path: Path) -> None:
    """``RLIMIT_FSIZE`` refuses bytes behind a size, as a full disk does, to numpy's own writing too."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(StorageError, match="File too large") as caught:
            files.write(str(tmp_path), HEADER, {"weights": np.zeros(100_000, np.float32)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, ignored)
    assert "Free some space" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


def _headed(header: str) -> bytes:
    data = header.encode("latin-1") + b"\n"
    return b"\x93NUMPY\x01\x00" + len(data).to_bytes(2, "little") + data


@pytest.mark.parametrize(
    "data",
    [
        _headed("{'descr': '<f4', 'fortran_order': False, 'shape': (0, " + "9" * 30 + "), }"),
        _headed("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 9999999999), }"),
        _headed("{'descr': '<f4', 'fortran_order': False, 'shape': (9999999999,), }"),
        _headed("{'descr': '|O8', 'fortran_order': False, 'shape': (1,), }"),
        _headed("{'descr': '<f4', 'fortran_order': True, 'shape': (1,), }"),
        _headed("[" * 3000),
        _headed("(" * 5000 + ")" * 5000),
        _headed("-" * 9000 + "1"),
        _headed("9" * 5000),
        b"\x93NUMPY\x02\x00\xff\xff\xff\x7f",
        b"\x93NUMPY",
        b"",
    ],
)
def test_an_array_whose_header_is_made_up_is_refused(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.npy").write_bytes(data)
    with pytest.raises(InputError, match=r"a\.npy"):
        files.read_arrays(str(tmp_path), {"a": ("<f4", 1)})
