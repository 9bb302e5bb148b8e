"""Krippendorff's alpha: units of one value put together give what all of them give one by one."""

from __future__ import annotations

import importlib
from collections import Counter
from typing import Any

import krippendorff
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_labeler.engine.adapters.reliability import KrippendorffReliability
from tui_labeler.engine.errors import RefusedError

PAIRS = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd")), min_size=1, max_size=40)


@settings(max_examples=100, deadline=None)
@given(PAIRS)
async def test_alpha_is_that_of_each_unit_by_itself(pairs: list[tuple[str, str]]) -> None:
    found = await KrippendorffReliability().alpha(Counter(pairs))
    if len({name for pair in pairs for name in pair}) == 1:
        assert found is None
        return
    wanted = krippendorff.alpha(reliability_data=np.array(pairs).T, level_of_measurement="nominal")
    assert found == pytest.approx(wanted)


async def test_alpha_of_a_published_example_is_as_published() -> None:
    """Two observers, nominal data, no missing values. Source: Krippendorff, "Computing Krippendorff's
    Alpha-Reliability", 2011, section B: 0.692."""
    ones, others = "aabbdcccedda", "babbbccceddd"
    found = await KrippendorffReliability().alpha(Counter(zip(ones, others, strict=True)))
    assert found == pytest.approx(0.692, abs=0.0005)


async def test_millions_of_units_that_agree_take_no_room() -> None:
    found = await KrippendorffReliability().alpha({("a", "a"): 10**9, ("b", "b"): 10**9, ("a", "b"): 1000})
    assert found == pytest.approx(1.0, abs=1e-5)


async def test_without_the_package_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str, *rest: Any) -> Any:
        raise ModuleNotFoundError(name=name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(RefusedError) as error:
        await KrippendorffReliability().alpha({("a", "b"): 1})
    assert "extra agreement" in error.value.hint
