"""What the wizard's third step, the jobs and a model's performance look like."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.screens.job_fakes import JobHome, ScreenApp, settle
from tui_labeler.domain.jobs import DocumentFailure, JobKind, JobState
from tui_labeler.domain.resources import Prices, ResourceKind
from tui_labeler.engine.autolabelers.options import GptOptions
from tui_labeler.screens.jobs.jobs import JobsScreen
from tui_labeler.screens.performance.performance import PerformanceScreen
from tui_labeler.screens.wizard.deployment import DeploymentStep
from tui_labeler.screens.wizard.documents import DocumentsStep
from tui_labeler.screens.wizard.flow import STEPS, make_step
from tui_labeler.screens.wizard.gpt_start import GptStartStep
from tui_labeler.screens.wizard.step import Choices, Step

if TYPE_CHECKING:
    from pathlib import Path

    from textual.pilot import Pilot

SIZES = [(80, 24), (120, 40)]


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Times are shown in the time zone of the reader."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


async def make_home(folder: Path) -> JobHome:
    texts = {f"loan{number:02}.txt": "Ann Bob at an ox on it, and more." for number in range(30)}
    home = await JobHome().create(folder, texts, ["BorrowerName", "LenderAddress", "Date", "InterestRate"])
    home.card("loans-1")
    await home.deployment(prices=Prices(2.5, 10.0, 1.25))
    await home.deployment(
        name="local",
        kind=ResourceKind.OPENAI,
        endpoint="http://127.0.0.1:8080/v1",
        deployments=("qwen2.5-1.5b-instruct",),
        api_version="",
        tried=False,
    )
    failed = (DocumentFailure(3, "loan03.txt", "unreadable", "it is not UTF-8 at byte 17"),)
    home.job("k3v9x2", done=12, failed=failed, seconds=4.0, suggestions=55, stage="labeling")
    older: list[tuple[str, JobState, JobKind, dict[str, Any]]] = [
        ("a1", JobState.PARTIALLY_COMPLETED, JobKind.AUTOLABEL, {"done": 29, "failed": failed}),
        ("a2", JobState.INTERRUPTED, JobKind.AUTOLABEL, {"done": 10, "suggestions": 41}),
        ("a3", JobState.FAILED, JobKind.EVALUATE, {"message": "There is no labeled document."}),
        ("a4", JobState.SUCCEEDED, JobKind.TRAIN, {"done": 100, "options": {"model": "loans-1"}}),
    ]
    for number, (job_id, state, kind, fields) in enumerate(older):
        home.job(job_id, state, kind, created=f"2026-11-{20 - number}T09:00:00.000Z", **fields)
    return home


def looks(snap_compare: Any, folder: Path, size: tuple[int, int], make: Callable[[JobHome], Any]) -> bool:
    """Compares a screen with its picture."""

    async def show(pilot: Pilot[None]) -> None:
        app = pilot.app
        assert isinstance(app, ScreenApp)
        app.ask(make(await make_home(folder)))
        await settle(pilot)

    return bool(snap_compare(ScreenApp(), terminal_size=size, run_before=show))


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_categories_of_the_wizard(snap_compare: Any, tmp_path: Path, size: tuple[int, int]) -> None:
    choices = Choices(model="loans-1")
    assert looks(
        snap_compare, tmp_path, size, lambda home: make_step(2, home.session, choices, home.resources)
    )


GPT = Choices(
    method="gpt",
    resource="work",
    deployment="gpt-4o",
    documents=frozenset(range(4, 12)),
    options=GptOptions(budget_usd=2.5),
)


@pytest.mark.parametrize("step", [DeploymentStep, DocumentsStep, GptStartStep])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_wizard_for_gpt(
    snap_compare: Any, tmp_path: Path, size: tuple[int, int], step: type[Step]
) -> None:
    number = STEPS["gpt"].index(step)
    assert looks(
        snap_compare, tmp_path, size, lambda home: make_step(number, home.session, GPT, home.resources)
    )


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_jobs(snap_compare: Any, tmp_path: Path, size: tuple[int, int]) -> None:
    assert looks(snap_compare, tmp_path, size, lambda home: JobsScreen(home.session, home.resources))


@pytest.mark.parametrize("section", [0, 2])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_performance(snap_compare: Any, tmp_path: Path, size: tuple[int, int], section: int) -> None:
    def make(home: JobHome) -> PerformanceScreen:
        return PerformanceScreen(home.session, home.models.cards["loans-1"], section=section)

    assert looks(snap_compare, tmp_path, size, make)
