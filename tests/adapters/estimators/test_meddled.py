"""Models that somebody changed and signed anew: refused in words, or they say what any model may say."""

from __future__ import annotations

import json
import os
import random
import warnings
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pytest

from tests.adapters.estimators import made
from tests.adapters.estimators.test_files import KINDS, saved
from tests.adapters.estimators.test_learning import ENTITIES
from tui_labeler.engine.adapters.estimators import files
from tui_labeler.engine.adapters.estimators.models import load_model
from tui_labeler.engine.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from tui_labeler.domain.projects import ProjectKind
    from tui_labeler.engine.ports import Sample

    Arrays = Mapping[str, NDArray[Any]]

INPUTS = int(os.environ.get("TUI_LABELER_FUZZ", "0")) // 50 or 60
"""Meddled models a kind; ``make fuzz`` takes more."""

KNOWN = ("format", "format_version", "version", "kind")
"""Of a header, what other tests meddle with."""

ODD: tuple[object, ...] = (
    0, -1, 1, 3, 2**31, 2**62, 1e308, -1e308, 1e-308, 0.5, -0.0, "", "x", "\x1b]0;x\x07", "\u202e", True,
    None, {}, [], ["a"], ["a", "a"], [["a"]], [[], [], [], []], [1e308, -1e308], [[""]] * 4,
)  # fmt: skip

TEXT = "Ann Lee travels to Berlin on Monday. \u6771\u4eac \u202e a\u0301 12.5 http://x.y\n"


def meddled_header(header: dict[str, Any], draw: random.Random) -> dict[str, Any]:
    changed: dict[str, Any] = json.loads(json.dumps(header))
    name = draw.choice([name for name in changed if name not in KNOWN])
    value = changed[name]
    if not isinstance(value, list) or not value or draw.random() < 0.3:
        changed[name] = draw.choice(ODD)
        return changed
    at = draw.randrange(len(value))
    how = draw.randrange(3)
    if how == 0:
        value.pop(at)
    else:
        value[at : at + how - 1] = [draw.choice(ODD)]
    return changed


def meddled_arrays(arrays: Arrays, draw: random.Random) -> Arrays:
    name = draw.choice(sorted(arrays))
    array = arrays[name].copy()
    how = draw.randrange(5)
    if how == 0:
        array = array[:-1]
    elif how == 1:
        array = np.concatenate([array, array])
    elif how == 2:
        array = array[:0]
    elif array.size:
        limits: tuple[float, ...] = (3e38, -3e38, 0.0)
        if array.dtype.kind in "iu":
            limits = (np.iinfo(array.dtype).max, np.iinfo(array.dtype).min, 1)
        array.flat[draw.randrange(array.size)] = draw.choice(limits)
    return {**arrays, name: array}


def write_signed(folder: Path, header: dict[str, Any], arrays: Arrays) -> None:
    """As whoever made the change would write it: with a hash that fits, where that can be made."""
    folder.mkdir()
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", np.ascontiguousarray(array), allow_pickle=False)
    data = json.dumps(header).encode()
    # What is no header any more is refused as what it is.
    with suppress(msgspec.MsgspecError):
        data = msgspec.json.encode(files.signed(msgspec.json.decode(data, type=files.Header), arrays))
    (folder / files.HEADER).write_bytes(data)


def check_says_what_a_model_may(folder: Path) -> bool:
    """Whether it was taken for a model."""
    texts = [TEXT, "", TEXT * 10]
    try:
        with warnings.catch_warnings():
            # Numbers at the end of what is allowed.
            warnings.simplefilter("ignore", RuntimeWarning)
            said = load_model(str(folder), cores=1).predict_now(texts)
    except InputError:
        return False
    for text, predictions in zip(texts, said, strict=True):
        for prediction in predictions:
            assert 0 <= prediction.confidence <= 1, prediction
            span = prediction.span
            assert span is None or 0 <= span.start < span.end <= len(text), prediction
    return True


@pytest.mark.parametrize(("kind", "samples"), KINDS)
async def test_a_model_that_was_meddled_with_and_signed_is_refused_or_harmless(
    tmp_path: Path, kind: ProjectKind, samples: list[Sample]
) -> None:
    known = await saved(tmp_path / "known", kind, samples)
    header = json.loads((known / files.HEADER).read_bytes())
    arrays = {path.stem: np.load(path) for path in known.glob("*.npy")}
    seed = int.from_bytes(os.urandom(4)) if "TUI_LABELER_FUZZ" in os.environ else zlib.crc32(kind.encode())
    draw = random.Random(seed)
    taken = 0
    for number in range(INPUTS):
        changed: dict[str, Any] = header
        others: Arrays = arrays
        if draw.random() < 0.6:
            changed = meddled_header(header, draw)
        else:
            others = meddled_arrays(arrays, draw)
        write_signed(tmp_path / f"{number}", changed, others)
        try:
            taken += check_says_what_a_model_may(tmp_path / f"{number}")
        except Exception as error:
            error.add_note(f"seed {seed}, input {number}")
            raise
    assert 0 < taken < INPUTS


@pytest.mark.parametrize("value", [3e38, -np.inf, np.nan])
async def test_weights_that_no_training_gives_are_refused(tmp_path: Path, value: float) -> None:
    folder = await saved(tmp_path / "m", ENTITIES, made.entities(6))
    header = json.loads((folder / files.HEADER).read_bytes())
    arrays = {path.stem: np.load(path) for path in folder.glob("*.npy")}
    arrays["transitions"][0, 0] = value
    write_signed(tmp_path / "meddled", header, arrays)
    with pytest.raises(InputError, match="no training gives"):
        load_model(str(tmp_path / "meddled"), cores=1)
