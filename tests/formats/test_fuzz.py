"""Mutated label files end in a result or a ``LabelerError``, never in anything else."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from copy import deepcopy
from functools import partial
from typing import Any

import pytest

from tests.formats import samples
from tests.formats.test_azure_2021 import bare_entities, classes
from tui_labeler.engine.errors import LabelerError
from tui_labeler.engine.formats import detect
from tui_labeler.engine.formats.resolve import to_code_points, with_all_categories

ROUNDS = 60
SEEDS: list[Callable[[], Any]] = [
    samples.entities,
    samples.single,
    samples.multi,
    bare_entities,
    partial(classes, 1, 2, model_type="multiClassification"),
]
ODD: list[Any] = [
    None, True, -1, 0, 1.5, 2**63, 10**40, "", " ", "\x00", "\x1b[31m", "../../etc/passwd",
    "CustomHealthcare", [], {}, [[]], [None], {"": None}, {"category": None}, "Utf16CodeUnit", "\U0001f600",
]  # fmt: skip
TEXT = "Ann \U0001f468\u200d\U0001f469 lives\r\nin Zoe\u0308's house."


def mutated_bytes(rng: random.Random, data: bytes) -> bytes:
    mutable = bytearray(data)
    for _ in range(rng.randint(1, 8)):
        at = rng.randrange(len(mutable))
        match rng.randrange(4):
            case 0:
                mutable[at] = rng.randrange(256)
            case 1:
                del mutable[at : at + rng.randint(1, 20)]
            case 2:
                mutable[at:at] = rng.choice(
                    [b"{", b"[", b'"', b"\\ud800", b"1e999", b"NaN", b"\xff", b"}" * 9]
                )
            case 3:
                mutable[at:at] = mutable[at : at + rng.randint(1, 60)]
        if not mutable:
            break
    return bytes(mutable)


def mutated_value(rng: random.Random, value: Any) -> Any:
    """One place somewhere in the tree becomes odd, goes, or comes twice."""
    if rng.random() < 0.2 or not value or not isinstance(value, dict | list):
        return deepcopy(rng.choice(ODD))
    keys: list[Any] = list(value) if isinstance(value, dict) else list(range(len(value)))
    key = rng.choice(keys)
    roll = rng.random()
    if roll < 0.1:
        del value[key]
    elif roll < 0.2 and isinstance(value, dict):
        value[rng.choice(["$keys", "$region", "entities", "class", "labels", "offset"])] = deepcopy(
            rng.choice(ODD)
        )
    elif roll < 0.2 and isinstance(value, list):
        value.append(value[key])
    else:
        value[key] = mutated_value(rng, value[key])
    return value


def use(data: bytes) -> bool:
    """Goes the whole way with a file; whether it could be read."""
    try:
        each = detect(data, "labels.json")
        file, _ = with_all_categories(each.read(data))
        for document in file.documents:
            resolved = to_code_points(file.kind, document, TEXT)
            dropped = sum(problem.dropped for problem in resolved.problems)
            assert len(resolved.labels) + dropped == len(document.labels)
        again = each.write(file).data
    except LabelerError:
        return False
    assert each.write(each.read(again)).data == again
    return True


@pytest.mark.parametrize("number", range(len(SEEDS)))
def test_mutated_files_end_in_a_result_or_a_clear_refusal(number: int) -> None:
    rng = random.Random(number)
    outcomes = []
    for _ in range(ROUNDS):
        outcomes.append(use(mutated_bytes(rng, samples.data(SEEDS[number]()))))
        outcomes.append(use(json.dumps(mutated_value(rng, SEEDS[number]())).encode()))
    # Both ends are reached, so the mutations are neither too tame nor too wild.
    assert any(outcomes)
    assert not all(outcomes)
