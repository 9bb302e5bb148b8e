"""What the measurements make of what they saw: each figure on small inputs whose result is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks import beating, blob, gpt, jobs, kept, models, opening, reading, state
from benchmarks.gpt import Followed, JobRun, Pace, Step
from benchmarks.terminal import Cost
from tests.formats.growing import GROWING
from tui_labeler.domain.jobs import Job, JobKind, JobRequest, JobState

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.report import Row


def judged(rows: list[Row]) -> list[bool | None]:
    return [row.reached for row in rows]


# --- keys, and decisions made durable -----------------------------------------------------------------


def keys_row(costs: list[Cost], *, most: bool = False) -> Row:
    """Of a target of 600 bytes and 25 ms."""
    return opening._row("keys", costs, 600, 25, most=most)


@pytest.mark.parametrize(
    ("cost", "reached"), [(Cost(600, 25.0), True), (Cost(601, 25.0), False), (Cost(600, 25.1), False)]
)
def test_keys_just_above_their_target_miss_it(cost: Cost, reached: bool) -> None:
    assert keys_row([cost] * 40).reached is reached


def test_of_keys_the_median_of_bytes_counts_or_the_most_and_the_95th_of_a_hundred_milliseconds() -> None:
    costs = [Cost(2 * number, float(number)) for number in range(1, 101)]
    row = keys_row(costs)
    assert row.figure.startswith("101 B median, 200 B most, p95 96 ms")
    assert row.reached is False
    one_large = [Cost(100, 1.0)] * 39 + [Cost(601, 1.0)]
    assert keys_row(one_large).reached is True
    assert keys_row(one_large, most=True).reached is False
    six_slow_of_a_hundred = [Cost(100, 1.0)] * 94 + [Cost(100, 30.0)] * 6
    assert keys_row(six_slow_of_a_hundred).reached is False


def test_one_list_is_slower_than_another_by_its_medians() -> None:
    few, twice = [Cost(100, 10.0)] * 3, [Cost(100, 10.0), Cost(100, 20.0), Cost(100, 90.0)]
    assert opening.list_row(few, few).reached is True
    row = opening.list_row(few, twice)
    assert (row.figure[:39], row.reached) == ("1.00 of the bytes, 2.00 of the time (me", False)
    assert opening.list_row(few, [Cost(112, 10.0)] * 3).reached is False


def test_the_95th_of_a_hundred_values_is_the_95th() -> None:
    # By the exclusive method it stands 95.95 hundredths of the way.
    assert state.p95([float(number) for number in range(100, 0, -1)]) == pytest.approx(95.95)
    assert state.p95([7.0] * 20) == 7.0


def test_the_longest_late_beat_between_two_moments_is_told(tmp_path: Path) -> None:
    noted = tmp_path / "beats"
    noted.write_text("10.0 9.5\n20.0 0.02\n21.5 0.5\n22.0 0.03\n31.0 9.0\n33.0 9.9", encoding="ascii")
    assert beating.longest(noted, 20.0, 30.0) == 0.5
    assert beating.longest(noted, 20.0, 31.0) == 9.0
    assert beating.longest(noted, 23.0, 30.0) == 0.0
    # The last line was not written to its end.
    assert beating.longest(noted, 32.0, 40.0) == 0.0


# --- jobs ---------------------------------------------------------------------------------------------


def job_run(job_state: JobState, done: int, rate: float) -> JobRun:
    request = JobRequest("j1", JobKind.AUTOLABEL, "ana", "2026-11-21T09:00:00.000Z")
    return JobRun(Job(request, job_state, done=done, total=100), Followed(0), Pace(rate, 2.0, 1.0))


@pytest.mark.parametrize(
    ("job_state", "done", "rate", "reached"),
    [
        (JobState.SUCCEEDED, 100, 90.0, True),
        (JobState.SUCCEEDED, 100, 89.9, False),
        (JobState.SUCCEEDED, 99, 95.0, False),
        (JobState.RUNNING, 100, 95.0, False),
        (JobState.PARTIALLY_COMPLETED, 100, 95.0, False),
        (JobState.CANCELLED, 60, 95.0, False),
    ],
)
def test_a_job_that_did_not_end_well_or_fast_enough_misses_its_target(
    job_state: JobState, done: int, rate: float, reached: bool
) -> None:
    row = gpt.job_row(job_run(job_state, done, rate), "no limit", 100.0)
    assert row.reached is reached
    assert f"{rate / 100:.2f} of the ideal" in row.figure


def test_the_rate_of_a_job_is_that_of_its_middle() -> None:
    followed = Followed(0)
    followed.steps = [
        Step(1.0, 1, 0.1, 0.1),
        Step(10.0, 100, 1.0, 0.5),
        Step(15.0, 400, 2.0, 1.0),
        Step(20.0, 900, 3.0, 4.5),
        Step(60.0, 1000, 9.0, 9.0),
    ]
    steady = followed.steady(950)
    assert steady is not None
    assert gpt.pace(*steady) == pytest.approx((80.0, 2.5, 5.0))
    assert followed.steady(100) is None


def test_what_a_job_costs_is_judged_by_its_processor_time_and_by_its_growth() -> None:
    run = job_run(JobState.SUCCEEDED, 100, 90.0)
    bare = Pace(100.0, 1.0, 1.0)
    run.followed.early_peak, run.followed.peak = 100.0, 125.0
    assert judged(gpt.cost_rows(run, bare)) == [True, True, None]
    run.followed.peak = 126.0
    assert judged(gpt.cost_rows(run, bare)) == [True, False, None]
    assert judged(gpt.cost_rows(run._replace(pace=Pace(90.0, 5.1, 1.0)), bare)) == [False, False, None]
    # What was not seen is not reached.
    assert judged(gpt.cost_rows(run._replace(pace=Pace(0.0, 0.0, 0.0), followed=Followed(0)), bare)) == [
        False,
        False,
        None,
    ]


def test_memory_grows_by_the_peak_of_the_larger_job_in_times_of_the_smaller() -> None:
    row = jobs.growth_row({5_000: 110.0, 1_000: 100.0})
    assert (row.figure, row.reached) == ("1.10", False)
    assert jobs.growth_row({5_000: 107.0, 1_000: 100.0}).reached is True


def test_a_cancel_is_as_slow_as_at_the_stage_that_is_slowest() -> None:
    quick = {"reading": (0.2, JobState.CANCELLED), "fitting": (1.0, JobState.CANCELLED)}
    assert jobs.cancel_row(quick, 300).reached is True
    slow = {**quick, "writing": (1.1, JobState.CANCELLED)}
    row = jobs.cancel_row(slow, 300)
    assert (row.figure, row.reached) == ("1.10 s at most of 3 stages (writing)", False)
    never = {"reading": (0.1, JobState.SUCCEEDED)}
    assert jobs.cancel_row(never, 300).reached is False


def test_a_container_is_as_fast_as_a_bare_loop_by_the_median_of_rounds_beside_each_other() -> None:
    beside = blob.Beside(ours=[10.0, 1.0, 2.0], bare=[8.0, 1.0, 0.2])
    row = beside.row("download", 100)
    assert (row.figure[:5], row.reached) == ("0.80 ", True)
    beside.bare[0] = 7.9
    assert beside.row("download", 100).reached is False


def test_requests_that_nobody_expected_miss_the_target() -> None:
    assert blob.asked("sync", ["list", "list"], 0.1, {"list": 2}).reached is True
    assert blob.asked("sync", ["list", "get", "list"], 0.1, {"list": 2}).reached is False
    assert blob.asked("sync", ["list"], 0.1, {"list": 2}).reached is False


# --- models -------------------------------------------------------------------------------------------


def test_the_calibration_error_is_the_mean_distance_over_bins_of_equal_mass() -> None:
    pairs = [(0.1 * tenth + part, right) for tenth in range(10) for part, right in ((0.04, 1), (0.06, 0))]
    error = models.calibration_error([score for score, _ in pairs], [bool(right) for _, right in pairs])
    assert error == pytest.approx(0.25)
    assert models.calibration_error([1.0] * 30, [True] * 30) == 0.0
    assert models.calibration_error([0.9] * 30, [False] * 30) == pytest.approx(0.9)


def said(confidence: float, right: int) -> list[bool | None]:
    """Whether the error and the share are reached: a thousand predictions, so many right of each twenty."""
    scores = [confidence + number * 1e-9 for number in range(1000)]
    rows = models.confidence_rows("m", scores, [number % 20 < right for number in range(1000)])
    return judged(rows)


def test_confidence_that_is_off_or_wrong_too_often_misses_its_targets() -> None:
    assert said(0.95, 19) == [True, True]
    assert said(0.99, 19) == [True, True]
    assert said(0.94, 20) == [False, True]
    assert said(0.9, 18) == [True, False]
    # Nothing that is sure enough was seen.
    assert said(0.5, 10) == [True, False]


def test_the_interval_of_a_share_is_wilsons() -> None:
    assert models.wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert models.wilson(0, 0) == (0.0, 1.0)


def test_spans_count_as_right_by_both_ends_and_their_category() -> None:
    gold = [[("A", 0, 3), ("B", 5, 8)], [("A", 1, 2)]]
    assert models.entity_f1(gold, gold) == 1.0
    # One of two said is right, one of three was found.
    assert models.entity_f1(gold, [[("A", 0, 3), ("A", 5, 8)], []]) == pytest.approx(0.4)


def test_trials_reach_their_target_by_their_mean() -> None:
    trials = [models.Trial(value, 1.0, 1.0, [], []) for value in (0.6, 0.7, 0.8)]
    (row,) = models.trial_rows("m", trials, "F1", 0.7)
    assert row.figure.startswith("F1 0.700 (0.600, 0.700, 0.800), seeds 0 to 2")
    assert row.reached is True
    assert judged(models.trial_rows("m", trials, "F1", 0.71)) == [False]


# --- label files --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "ratio", "reached"), [(1.0, 1.5, True), (1.01, 1.0, False), (0.1, 1.51, False)]
)
def test_a_reader_is_judged_by_its_steepest_and_by_its_slowest_file(
    seconds: float, ratio: float, reached: bool
) -> None:
    other = reading.Growth("labels", 0.5, 1.1)
    row = reading.growth_row("csv", [other, reading.Growth("documents", seconds, ratio), other], 1_000_000)
    assert row.reached is reached


def test_a_reader_that_takes_the_square_takes_four_times_as_long_for_a_byte(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reading, "_seconds", lambda name, data: len(data) ** 2 * 1e-12)
    found = reading.growth("csv", "documents", GROWING["csv"]["documents, one text"], 1_000_000)
    assert found.ratio == pytest.approx(4.0, rel=0.01)
    assert found.seconds == pytest.approx(1.0, rel=0.05)
    monkeypatch.setattr(reading, "_seconds", lambda name, data: len(data) * 1e-7)
    found = reading.growth("csv", "documents", GROWING["csv"]["documents, one text"], 1_000_000)
    assert found.ratio == pytest.approx(1.0)


# --- promises -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("program", "reached", "said"),
    [
        ("print('1 passed')", True, "1 passed"),
        ("import sys; print('1 failed'); sys.exit(1)", False, "1 failed"),
        ("import os; os.abort()", False, "nothing was said"),
        ("print('2 passed, 1 skipped')", False, "1 skipped"),
    ],
)
def test_a_promise_whose_command_fails_or_skips_is_not_reached(
    program: str, reached: bool, said: str
) -> None:
    row = kept.kept(kept.Promise("p", "all", ("-c", program)), quick=False)
    assert row.reached is reached
    assert said in row.figure
