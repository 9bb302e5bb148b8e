"""What is shown of a confidence, and what a bound holds, agree."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_labeler.domain.confidence import as_typed, cut, up_to

SHARES = st.integers(0, 100)
CONFIDENCES = st.floats(0, 1) | st.integers(0, 10_000).map(lambda number: number / 10_000)


@pytest.mark.parametrize(
    ("confidence", "shown"),
    [(0.0, "0.00"), (0.29, "0.29"), (0.8567, "0.85"), (0.86, "0.86"), (0.9999, "0.99"), (1.0, "1.00")],
)
def test_a_confidence_is_cut_not_rounded(confidence: float, shown: str) -> None:
    assert cut(confidence) == shown


@given(CONFIDENCES, SHARES)
def test_bounds_hold_what_shows_so(confidence: float, share: int) -> None:
    bound = share / 100
    shown = float(cut(confidence))
    assert (confidence >= bound) == (shown >= bound)
    assert (confidence <= up_to(bound)) == (shown <= bound)


@given(SHARES)
def test_an_upper_bound_is_shown_as_it_was_typed(share: int) -> None:
    assert as_typed(up_to(share / 100)) == f"{share / 100:g}"


def test_an_upper_bound_with_more_digits_is_exact() -> None:
    assert up_to(0.8567) == 0.8567
    assert as_typed(0.8567) == "0.8567"
