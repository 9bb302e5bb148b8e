"""Jobs of a deployment: what they spend, why documents failed, and going on with a larger budget."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.screens.job_fakes import JobHome, ScreenApp, settle, shown
from tests.screens.test_jobs import HOSTILE, SIZE, detail
from tui_labeler.domain.jobs import (
    DocumentFailure,
    DocumentNote,
    Job,
    JobKind,
    JobState,
    Method,
    Unused,
    Usage,
)
from tui_labeler.domain.labels import Span
from tui_labeler.domain.resources import Prices, ResourceKind
from tui_labeler.engine.autolabelers.options import GptOptions
from tui_labeler.engine.resources.resources import NewResource
from tui_labeler.screens.dialogs import ConfirmScreen, InputScreen
from tui_labeler.screens.jobs.jobs import JobsScreen

if TYPE_CHECKING:
    from pathlib import Path

PRICES = Prices(2.5, 10.0)


@pytest.fixture
async def home(tmp_path: Path) -> JobHome:
    texts = {f"loan{number:02}.txt": "Ann Bob at an ox on it, and more." for number in range(6)}
    home = await JobHome().create(tmp_path, texts, ["Borrower", "Lender", "Date"])
    await home.resources.add(NewResource("work", ResourceKind.OPENAI, "https://gpt.example/v1", ("gpt-4o",)))
    return home


def gpt_job(home: JobHome, state: JobState = JobState.RUNNING, **fields: Any) -> Job:
    """A job of a deployment that has spent 0.35 USD of 2."""
    options: GptOptions = fields.pop("options", GptOptions(budget_usd=2.0))
    values = {"usage": Usage(100_000, 10_000, 4_000), "cost": 0.35, "done": 2, "seconds": 1.0, **fields}
    job = home.job("job1", state, **values)
    method = Method("gpt", resource="work", deployment="gpt-4o")
    request = replace(job.request, method=method, prices=PRICES, options=options.as_options())
    return home.jobs.put(replace(job, request=request))


async def test_tokens_and_spend_are_told_as_they_grow(home: JobHome) -> None:
    job = gpt_job(home, stage="labeling")
    app = ScreenApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.ask(JobsScreen(home.session, home.resources))
        await settle(pilot)
        assert "100,000 sent (4,000 of them from the server's cache), 10,000 answered" in _flat(app)
        assert "0.350 USD of 2.00 USD" in detail(app)
        assert "2.0/s" in detail(app)
        assert "labeling" in detail(app)
        home.jobs.put(replace(job, done=3, cost=0.7, usage=Usage(200_000, 20_000)))
        await shown(app, JobsScreen).look()
        assert "0.700 USD of 2.00 USD" in detail(app)


async def test_deployments_on_one_resource_are_told_apart_in_the_list_with_what_each_has_spent(
    home: JobHome,
) -> None:
    for number, (name, cost) in enumerate((("gpt-4o-mini", 0.35), ("gpt-4o", 12.0), ("gpt-5", None))):
        job = gpt_job(home, cost=cost)
        method = Method("gpt", resource="the-resource-of-legal", deployment=name)
        del home.jobs.jobs[job.id]
        home.jobs.put(replace(job, request=replace(job.request, id=f"gpt{number}", method=method)))
    app = ScreenApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.ask(JobsScreen(home.session, home.resources))
        await settle(pilot)
        rows = {row.split()[-1]: row for row in drawn(app).splitlines() if "2/" in row and "running" in row}
        assert {end: end in row for end, row in rows.items()} == {"0.350": True, "12.00": True, "?": True}
        assert "/gpt-4o-mini " in rows["0.350"]
        assert "/gpt-4o " in rows["12.00"]
        assert "/gpt-5 " in rows["?"]


def drawn(app: ScreenApp) -> str:
    """What stands on the terminal, without paging."""
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


async def test_what_was_not_answered_and_what_is_late_is_told(home: JobHome) -> None:
    lost: dict[str, Any] = {"unanswered": 3, "unanswered_usage": Usage(900, 300), "unanswered_cost": 0.4}
    gpt_job(home, **lost, late="loan01.txt", late_seconds=75.0)
    app = ScreenApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.ask(JobsScreen(home.session, home.resources))
        await settle(pilot)
        assert "waiting for an answer of loan01.txt since 75 s" in drawn(app)
        told = "up to 0.400 USD more may be charged for 3 requests without an answer"
        assert told in _flat(app)


async def test_an_unknown_price_is_not_told_as_nothing(home: JobHome) -> None:
    gpt_job(home, cost=None, options=GptOptions(budget_tokens=500_000))
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(JobsScreen(home.session, home.resources))
        await settle(pilot)
        assert "no price is known; 110,000 of 500,000 tokens" in detail(app)


async def test_failures_have_their_reasons_in_words(home: JobHome) -> None:
    codes = ("content_filter", "refusal", "refusal", "length")
    failed = tuple(
        DocumentFailure(number, f"loan{number:02}.txt", code, f"said {number} {HOSTILE}")
        for number, code in enumerate(codes)
    )
    gpt_job(home, JobState.PARTIALLY_COMPLETED, failed=failed)
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(JobsScreen(home.session, home.resources))
        await settle(pilot)
        told = "2 refused by the model, 1 held back by the content filter, 1 answer cut off"
        assert told in detail(app)
        assert "held back by the content filter: said 0" in _flat(app)
        assert "[red]x[/red]" in detail(app)
        assert "\x1b" not in detail(app)


async def test_a_job_that_used_up_its_budget_asks_for_a_larger_one(home: JobHome) -> None:
    gpt_job(home, JobState.CANCELLED, code="budget", message="0.3500 of 0.3500 USD are spent")
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(JobsScreen(home.session, home.resources))
        await settle(pilot)
        assert "R asks for a larger budget and goes on" in detail(app)
        await _resume(pilot, "0.30")
        assert not home.jobs.reopened
        await _resume(pilot, "5 USD and 900000 tokens")
        assert "The budget of the whole job is 5.00 USD and 900,000 tokens." in _told(await _asked(pilot))
        await pilot.press("y")
        await settle(pilot)
    assert home.jobs.reopened == [("job1", frozenset())]
    assert home.jobs.options == {"budget_usd": 5.0, "budget_tokens": 900_000}


async def test_calling_the_question_off_leaves_the_job_stopped(home: JobHome) -> None:
    gpt_job(home, JobState.CANCELLED, code="budget")
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(JobsScreen(home.session, home.resources))
        await settle(pilot)
        await pilot.press("R")
        await pilot.pause()
        shown(app, InputScreen)
        await pilot.press("escape")
        await settle(pilot)
    assert not home.jobs.reopened


@pytest.mark.parametrize("state", [JobState.CANCELLED, JobState.INTERRUPTED, JobState.FAILED])
@pytest.mark.parametrize("key", ["R", "t"])
async def test_a_job_within_its_budget_says_where_texts_go_and_for_how_much_before_it_goes_on(
    home: JobHome, state: JobState, key: str
) -> None:
    failed = tuple(DocumentFailure(row, "loan.txt", "refusal", "no") for row in list(home.session.rows)[:2])
    job = gpt_job(home, state, failed=failed)
    home.jobs.done[job.id] = frozenset(list(home.session.rows)[2:4])
    left = len(job.request.documents) - (2 if key == "t" else 4)
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(JobsScreen(home.session, home.resources))
        await settle(pilot)
        told = _told(await _question(pilot, key))
        assert "reckoning" not in drawn(app)
        assert f"what is missing, {left} document" in told
        assert "are sent to gpt.example" in told
        assert " tokens, " in told
        assert "USD" in told
        assert "The budget of the whole job is 2.00 USD." in told
        await pilot.press("n")
        await settle(pilot)
        assert not home.jobs.reopened
        await _question(pilot, key)
        await pilot.press("y")
        await settle(pilot)
    assert len(home.jobs.reopened) == 1


async def test_an_evaluation_of_a_deployment_asks_before_it_goes_on(home: JobHome) -> None:
    for row in list(home.session.rows)[:3]:
        await home.session.labeling.add(row, home.ids["Borrower"], Span(0, 3))
    await home.session.labeling.save()
    job = gpt_job(home, JobState.CANCELLED, options=GptOptions(shots=0))
    home.jobs.put(replace(job, request=replace(job.request, kind=JobKind.EVALUATE, documents=())))
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(JobsScreen(home.session, home.resources))
        await settle(pilot)
        told = _told(await _question(pilot))
        assert "The texts of 3 labeled documents are sent to gpt.example" in told
        assert " tokens, " in told
        assert "No budget limits it." in told
        await pilot.press("n")
        await settle(pilot)
    assert not home.jobs.reopened


async def test_an_evaluation_tells_what_it_cost(home: JobHome) -> None:
    refused = DocumentFailure(1, "loan01.txt", "refusal", f"no {HOSTILE}")
    cut = DocumentFailure(2, "loan02.txt", "length", "cut")
    spent = {"cost": 0.0255, "usage": Usage(9_000, 300)}
    job = gpt_job(home, JobState.PARTIALLY_COMPLETED, failed=(refused, cut), **spent)
    result = {
        "per_category": {},
        "documents": 3,
        "chosen": 5,
    }
    home.jobs.put(replace(job, request=replace(job.request, kind=JobKind.EVALUATE), result=result))
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(JobsScreen(home.session, home.resources))
        await settle(pilot)
        assert "9,000 sent, 300 answered" in detail(app)
        assert "0.025 USD of 2.00 USD" in detail(app) or "0.026 USD of 2.00 USD" in detail(app)
        assert "2 of 5 documents failed: 1 refused by the model, 1 answer cut off." in detail(app)
        assert "On 3 of 5 labeled documents" in detail(app)
        assert "loan01.txt" in detail(app)
        assert "\x1b" not in detail(app)


def _flat(app: ScreenApp) -> str:
    return " ".join(detail(app).split())


async def _resume(pilot: Any, budget: str) -> None:
    await pilot.press("R")
    for _ in range(5):
        await pilot.pause()
    shown(pilot.app, InputScreen).query_one("Input").value = budget  # type: ignore[attr-defined]
    await pilot.press("enter")
    for _ in range(5):
        await pilot.pause()


async def test_what_was_answered_and_could_not_be_used_is_listed_by_document(home: JobHome) -> None:
    notes = (
        DocumentNote(0, "loan00.txt", (Unused("unknown_category", HOSTILE, "Acme", 2),)),
        DocumentNote(1, "loan01.txt", (Unused("not_understood"),)),
    )
    gpt_job(home, JobState.SUCCEEDED, notes=notes)
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(JobsScreen(home.session, home.resources))
        await settle(pilot)
        assert "3 answered items in 2 documents could not be used" in detail(app)
        assert "“Acme” as “" in detail(app)
        assert "the job has no such category (2 times)" in _flat(app)
        assert "[red]x[/red]" in detail(app)
        assert "\x1b" not in detail(app)
        assert "a part was not in the form that was asked for" in detail(app)


async def test_a_paid_job_without_a_budget_asks_before_it_goes_on(home: JobHome) -> None:
    gpt_job(home, JobState.CANCELLED, options=GptOptions())
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(JobsScreen(home.session, home.resources))
        await settle(pilot)
        told = _told(await _question(pilot))
        assert "gpt.example" in told
        assert "No budget limits it" in told
        await pilot.press("escape")
        await settle(pilot)
        assert not home.jobs.reopened
        await _question(pilot)
        await pilot.press("y")
        await settle(pilot)
    assert home.jobs.reopened == [("job1", frozenset())]


async def _question(pilot: Any, key: str = "R") -> ConfirmScreen:
    """What is asked of a person who resumes the job."""
    await pilot.press(key)
    return await _asked(pilot)


async def _asked(pilot: Any) -> ConfirmScreen:
    while not isinstance(pilot.app.screen, ConfirmScreen):
        await pilot.pause(0.02)
    return shown(pilot.app, ConfirmScreen)


def _told(question: ConfirmScreen) -> str:
    return " ".join(str(line.render()) for line in question.query("Static"))
