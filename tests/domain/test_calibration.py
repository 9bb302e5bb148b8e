from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_labeler.domain.calibration import BINS, FEWEST, Calibration, ConfidenceBin, calibration


def measured(outcomes: list[tuple[float, bool]]) -> Calibration:
    found = calibration(outcomes)
    assert found is not None
    return found


def test_the_error_is_the_mean_gap_by_predictions() -> None:
    # Worked by hand: gaps 0.5 - 0.7 = -0.2 over 10 and 0.9 - 0.6 = +0.3 over 20: (2 + 6) / 30.
    found = Calibration((ConfidenceBin(0.4, 0.6, 0.5, 10, 7), ConfidenceBin(0.8, 1.0, 0.9, 20, 12)))
    assert [one.gap for one in found.bins] == pytest.approx([-0.2, 0.3])
    assert found.error == pytest.approx(8 / 30)
    assert found.predictions == 30
    assert found.confidence == pytest.approx((5 + 18) / 30)
    assert found.share_right == pytest.approx(19 / 30)


def test_a_hundred_predictions_make_ten_bins_of_ten() -> None:
    # Confidences 0.00 to 0.99; those from 0.50 on are right: worked by hand, the means of the bins are
    # 0.045, 0.145 ... 0.945, so that the gaps are 0.045 ... 0.445 below and as many, turned round, above.
    found = measured([(number / 100, number >= 50) for number in range(100)])
    assert [one.predictions for one in found.bins] == [10] * 10
    assert [one.right for one in found.bins] == [0] * 5 + [10] * 5
    assert [one.confidence for one in found.bins] == pytest.approx(
        [0.045 + number / 10 for number in range(10)]
    )
    gaps = [0.045, 0.145, 0.245, 0.345, 0.445, 0.455, 0.355, 0.255, 0.155, 0.055]
    assert found.error == pytest.approx(sum(gaps) / 10)


def test_confidence_that_holds_what_it_promises_has_no_error() -> None:
    outcomes = [(0.25, number % 4 == 0) for number in range(40)]
    outcomes += [(0.75, number % 4 != 0) for number in range(40)]
    assert measured(outcomes).error == pytest.approx(0)


def test_few_predictions_make_few_bins() -> None:
    assert len(measured([(number / 45, True) for number in range(45)]).bins) == 4
    assert measured([(0.9, True), (0.5, False)]).bins == (ConfidenceBin(0.5, 0.9, 0.7, 2, 1),)


def test_nothing_predicted_is_not_measured() -> None:
    assert calibration([]) is None


def test_the_same_confidence_is_never_parted() -> None:
    found = measured([(0.9, number % 10 != 0) for number in range(500)])
    assert found.bins == (ConfidenceBin(0.9, 0.9, 0.9, 500, 450),)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=400))
def test_bins_hold_every_prediction_once_in_any_order(
    outcomes: list[tuple[float, bool]],
) -> None:
    found = calibration(outcomes)
    assert found == calibration(reversed(outcomes))
    if found is None:
        assert not outcomes
        return
    assert found.predictions == len(outcomes)
    assert sum(one.right for one in found.bins) == sum(right for _, right in outcomes)
    assert len(found.bins) <= max(1, min(BINS, len(outcomes) // FEWEST))
    ends = [end for one in found.bins for end in (one.lowest, one.highest)]
    assert ends == sorted(ends)
    assert 0 <= found.error <= 1


@pytest.mark.parametrize("right", [-1, 3])
def test_a_bin_that_can_not_be_is_refused(right: int) -> None:
    with pytest.raises(ValueError, match="of 2 predictions"):
        ConfidenceBin(0.1, 0.3, 0.2, 2, right)
    with pytest.raises(ValueError, match="0 to 1"):
        ConfidenceBin(0.1, 1.3, 0.2, 2, 1)
    with pytest.raises(ValueError, match="0 bins"):
        Calibration(())
