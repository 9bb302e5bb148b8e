"""The jobs screen: every state is readable, every key does what it says."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from textual.widgets import Static

from tests.fakes import to_place
from tests.screens.job_fakes import JobHome, ScreenApp, settle, shown
from tui_labeler.domain.jobs import DocumentFailure, JobKind, JobState
from tui_labeler.domain.labels import Span, Suggestion
from tui_labeler.engine.changes import put_suggestion
from tui_labeler.engine.errors import StorageError
from tui_labeler.engine.ports import Plan, State
from tui_labeler.screens.commands import bound_commands
from tui_labeler.screens.dialogs import ConfirmScreen
from tui_labeler.screens.jobs import text as jobs_text
from tui_labeler.screens.jobs.jobs import JobsScreen
from tui_labeler.screens.lines import KeyLine
from tui_labeler.screens.performance.performance import PerformanceScreen
from tui_labeler.screens.widgets.glyphs import glyphs
from tui_labeler.screens.widgets.picker import Picker
from tui_labeler.screens.widgets.sheet import Sheet

if TYPE_CHECKING:
    from pathlib import Path

SIZE = (120, 40)
HOSTILE = "\x1b]52;c;ZXZpbA==\x07[red]x[/red]\u202egnp"


@pytest.fixture
async def home(tmp_path: Path) -> JobHome:
    texts = {f"loan{number:02}.txt": "Ann Bob at an ox on it, and more." for number in range(6)}
    return await JobHome().create(tmp_path, texts, ["Borrower", "Lender", "Date"])


def failure(number: int, message: str = "it is not UTF-8") -> DocumentFailure:
    return DocumentFailure(number, f"loan{number:02}.txt", "unreadable", message)


async def suggest(home: JobHome, job_id: str) -> None:
    """One suggestion of a job in each of two documents."""
    key = next(iter(home.ids.values()))

    def plan(state: State) -> Plan:
        changes = [
            put_suggestion(
                state,
                state.document(number),
                Suggestion(f"s{number}", key, Span(0, 3), "model:loans-1", job_id),
            )
            for number in (0, 1)
        ]
        return Plan("job.suggest", changes, job=job_id)

    await home.session.store.commit("ann", plan)


def rows(app: ScreenApp) -> list[str]:
    return app.screen.query_one("#jobs", Picker).text.splitlines()[1:]


def detail(app: ScreenApp) -> str:
    return app.screen.query_one("#job", Sheet).text


async def test_without_jobs_the_screen_says_so_and_only_leaving_works(home: JobHome) -> None:
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(JobsScreen(home.session, home.resources))
        await settle(pilot)
        assert "No job has been started" in detail(app)
        await pilot.press("enter", "c", "R", "t", "U", "D")
        await settle(pilot)
        shown(app, JobsScreen)
        await pilot.press("q")
        assert app.results == [None]


async def test_large_counts_of_a_job_have_their_thousands_apart(home: JobHome) -> None:
    home.job("large", JobState.SUCCEEDED, done=2574, total=2574, suggestions=8939, unaligned=1001)
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(JobsScreen(home.session, home.resources))
        await settle(pilot)
        assert "2,574/2,574" in rows(app)[0]
        assert "2,574 done, 0 failed, 0 waiting, of 2,574" in detail(app)
        await pilot.press("U")
        while not isinstance(app.screen, ConfirmScreen):
            await pilot.pause()
        words = " ".join(str(part.render()) for part in app.screen.query(Static))
        assert "8,939 suggestions in 2,574 documents" in words


async def test_jobs_stand_newest_first_with_state_bar_counts_and_speed(home: JobHome) -> None:
    home.job("old", JobState.SUCCEEDED, created="2026-11-20T09:00:00.000Z", done=6, suggestions=12)
    home.job("new", done=2, failed=(failure(3),), seconds=1.0, suggestions=5, stage="labeling")
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(JobsScreen(home.session, home.resources))
        await settle(pilot)
        first, second = rows(app)
        assert "▶ running" in first
        assert "██░░ 2/6" in first
        assert "×1" in first
        assert "2.0/s" in first
        assert "✓ succeeded" in second
        assert "████ 6/6" in second
        words = detail(app)
        assert "2 done, 1 failed, 3 waiting, of 6" in words
        assert "2.0/s, 1.5 s left" in words
        assert "it is not UTF-8" in words
        assert "Borrower, Date, Lender" in words


async def test_a_running_job_is_followed_and_only_what_changed_is_drawn(home: JobHome) -> None:
    job = home.job("new", done=1, seconds=1.0)
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(JobsScreen(home.session, home.resources))
        await settle(pilot)
        assert "1/6" in rows(app)[0]
        home.jobs.put(replace(job, done=4, suggestions=9))
        screen = shown(app, JobsScreen)
        await screen.look()
        await pilot.pause()
        assert "4/6" in rows(app)[0]
        assert "9" in detail(app)


@pytest.mark.parametrize(
    ("state", "offered"),
    [
        (JobState.QUEUED, True),
        (JobState.RUNNING, True),
        (JobState.INTERRUPTED, True),
        (JobState.CANCELLING, False),
        (JobState.SUCCEEDED, False),
        (JobState.FAILED, False),
        (JobState.CANCELLED, False),
    ],
)
async def test_cancel_is_offered_where_there_is_something_to_cancel(
    home: JobHome, state: JobState, offered: bool
) -> None:
    home.jobs.put(replace(home.job("new", done=1), state=state))
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(JobsScreen(home.session, home.resources))
        await settle(pilot)
        assert (" c Cancel " in app.screen.query_one(KeyLine).render().plain) is offered
        await pilot.press("c")
        await settle(pilot)
        assert home.jobs.cancelled == (["new"] if offered else [])


async def test_pace_and_time_left_are_told_on_a_small_terminal(home: JobHome) -> None:
    home.job("new", done=2, seconds=60.0)
    app = ScreenApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.ask(JobsScreen(home.session, home.resources))
        await settle(pilot)
        assert "Throughput   2.0/min, 2 min 00 s left" in detail(app)


async def test_a_job_that_waits_says_until_when_why_and_what_can_be_done(home: JobHome) -> None:
    job = home.job("new", done=1)
    why = "h has too many requests (429); it says to wait 50 minutes."
    home.jobs.put(replace(job, waits_until="2026-11-21T10:20:00+00:00", waits_for=why))
    app = ScreenApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.ask(JobsScreen(home.session, home.resources))
        await settle(pilot)
        told = " ".join(detail(app).split())
        assert "The job waits until" in told
        assert why in told
        assert "c cancels it" in told


async def test_cancelling_asks_the_runner_and_shows_that_it_was_asked(home: JobHome) -> None:
    home.job("new", done=1)
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(JobsScreen(home.session, home.resources))
        await settle(pilot)
        await pilot.press("c")
        await settle(pilot)
        assert home.jobs.cancelled == ["new"]
        assert "cancelling" in rows(app)[0]


async def test_an_interrupted_job_says_what_happened_and_resumes(home: JobHome) -> None:
    home.job("new", JobState.INTERRUPTED, done=1)
    home.jobs.done["new"] = frozenset({0})
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(JobsScreen(home.session, home.resources))
        await settle(pilot)
        assert "interrupted" in rows(app)[0]
        assert "Its process is gone" in detail(app)
        await pilot.press("R")
        await settle(pilot)
        assert home.jobs.reopened == [("new", frozenset())]
        assert home.launcher.launched == ["new"]
        assert "queued" in rows(app)[0]


async def test_failed_documents_are_tried_again(home: JobHome) -> None:
    home.job("new", JobState.PARTIALLY_COMPLETED, done=5, failed=(failure(3),))
    home.jobs.done["new"] = frozenset({0, 1, 2, 4, 5})
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(JobsScreen(home.session, home.resources))
        await settle(pilot)
        assert "t tries them again" in detail(app)
        await pilot.press("t")
        await settle(pilot)
        assert home.jobs.reopened == [("new", frozenset({3}))]


async def test_a_refusal_is_told_and_the_screen_stays(home: JobHome) -> None:
    home.job("new", JobState.CANCELLED, done=1)
    home.quota.used = 5000
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(JobsScreen(home.session, home.resources))
        await settle(pilot)
        await pilot.press("R")
        await settle(pilot)
        assert [note.title for note in app._notifications] == ["Not enough quota"]
        assert home.launcher.launched == []
        shown(app, JobsScreen)


@pytest.mark.parametrize(
    ("failed", "hint"),
    [
        ((failure(3),), "t does its failed documents again."),
        ((), "L, where texts are labeled, starts another job, for documents that are chosen anew."),
    ],
)
async def test_a_job_that_has_nothing_left_names_the_key_that_goes_on(
    home: JobHome, failed: tuple[DocumentFailure, ...], hint: str
) -> None:
    home.job("new", JobState.FAILED, done=6 - len(failed), failed=failed)
    home.jobs.done["new"] = frozenset(range(6)) - {item.document for item in failed}
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(JobsScreen(home.session, home.resources))
        await settle(pilot)
        await pilot.press("R")
        await settle(pilot)
        assert [note.message for note in app._notifications] == [f"Job new has nothing left to do.\n{hint}"]


async def test_a_failed_job_says_why(home: JobHome) -> None:
    home.job("new", JobState.FAILED, message="The model loans-1 is gone.")
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(JobsScreen(home.session, home.resources))
        await settle(pilot)
        assert "✗ failed" in rows(app)[0]
        assert "The model loans-1 is gone." in detail(app)


async def test_a_job_is_deleted_only_after_a_yes(home: JobHome) -> None:
    home.job("new", JobState.SUCCEEDED, done=6)
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(JobsScreen(home.session, home.resources))
        await settle(pilot)
        await pilot.press("D")
        await pilot.pause()
        shown(app, ConfirmScreen)
        await pilot.press("n")
        await settle(pilot)
        assert "new" in home.jobs.jobs
        await pilot.press("D")
        await pilot.pause()
        await pilot.press("y")
        await settle(pilot)
        assert home.jobs.jobs == {}
        assert rows(app) == []


async def test_a_job_that_can_not_be_read_says_why_and_can_be_deleted(home: JobHome) -> None:
    home.job("new", JobState.SUCCEEDED, done=6)
    home.jobs.unreadable["torn"] = StorageError("request.json is cut off", hint="Delete the job.")
    home.quota.held["torn"] = 12
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(JobsScreen(home.session, home.resources))
        await settle(pilot)
        await pilot.press("j", "enter", "c")
        await settle(pilot)
        shown(app, JobsScreen)
        assert "request.json is cut off" in app.screen.query_one("#job", Sheet).text
        await pilot.press("D")
        await pilot.pause()
        await pilot.press("y")
        await settle(pilot)
        assert home.jobs.unreadable == {}
        (note,) = app._notifications
        assert "All that it reserved counts as used: 12 text records." in note.message
        assert list(home.jobs.jobs) == ["new"]
        assert len(rows(app)) == 1


async def test_a_running_job_can_not_be_deleted_or_undone(home: JobHome) -> None:
    home.job("new", done=2, suggestions=3)
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(JobsScreen(home.session, home.resources))
        await settle(pilot)
        await pilot.press("D", "U", "R", "t")
        await settle(pilot)
        shown(app, JobsScreen)
        assert "new" in home.jobs.jobs


@pytest.mark.parametrize("key", ["enter", "v"])
async def test_review_ends_the_screen_with_the_job(home: JobHome, key: str) -> None:
    home.job("new", JobState.SUCCEEDED, done=6, suggestions=4)
    home.job("old", JobState.SUCCEEDED, created="2026-11-20T09:00:00.000Z", done=6, suggestions=4)
    await suggest(home, "old")
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(JobsScreen(home.session, home.resources))
        await settle(pilot)
        await pilot.press(key)
        await settle(pilot)
        assert [note.title for note in app._notifications] == ["Nothing to review"]
        assert app.results == []
        await pilot.press("j", key)
        await settle(pilot)
        assert app.results == ["old"]


WHY = [
    ("labeled", "t", "None of its documents failed."),
    ("labeled", "c", "It has ended: there is nothing to cancel."),
    ("labeled", "R", "It was done to its end: nothing is missing."),
    ("labeled", "U", "It has suggested nothing: there is nothing to take back."),
    ("labeled", "enter", "It has suggested nothing to review."),
    ("training", "equals_sign", "It is no autolabeling job: its answers can't be compared."),
    ("training", "U", "It is no autolabeling job: there is nothing to take back."),
    ("training", "c", "It has ended: there is nothing to cancel."),
    ("training", "R", "It was done to its end: nothing is missing."),
    ("training", "t", "None of its documents failed."),
    ("running", "v", "It has suggested nothing to review."),
    ("running", "D", "It has not ended yet: c cancels it first."),
    ("running", "t", "It has not ended yet: what fails is tried again after that."),
    ("running", "equals_sign", "It has labeled nothing yet: there is nothing to compare."),
]


@pytest.mark.parametrize(("job", "key", "why"), WHY, ids=lambda part: str(part)[:12])
async def test_a_key_that_is_not_for_a_job_says_why(home: JobHome, job: str, key: str, why: str) -> None:
    home.job("labeled", JobState.SUCCEEDED, done=6)
    home.job("training", JobState.SUCCEEDED, kind=JobKind.TRAIN)
    home.job("running")
    app = ScreenApp()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        app.ask(JobsScreen(home.session, home.resources, job))
        await settle(pilot)
        await pilot.press(key)
        await settle(pilot)
        assert [note.message for note in app._notifications] == [why]
        shown(app, JobsScreen)


async def test_the_palette_says_why_what_is_not_for_a_job_does_nothing(home: JobHome) -> None:
    home.job("labeled", JobState.SUCCEEDED, done=6)
    app = ScreenApp()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        app.ask(JobsScreen(home.session, home.resources))
        await settle(pilot)
        commands = {command.title: command for command in bound_commands(app, app.screen)}
        assert commands["Retry"].help == "t, not now: None of its documents failed."
        assert commands["Delete"].help == "D: Delete the job's record; its suggestions stay"
        commands["Retry"].callback()
        await settle(pilot)
        assert [note.message for note in app._notifications] == ["None of its documents failed."]
        home.jobs.jobs.clear()
        await shown(app, JobsScreen).look()
        assert "Retry" not in {command.title for command in bound_commands(app, app.screen)}


async def test_the_screen_opens_at_the_job_that_was_just_started(home: JobHome) -> None:
    home.job("new", JobState.SUCCEEDED, done=6, suggestions=4)
    home.job("old", JobState.SUCCEEDED, created="2026-11-20T09:00:00.000Z", done=6, suggestions=4)
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(JobsScreen(home.session, home.resources, "old"))
        await settle(pilot)
        assert shown(app, JobsScreen).job is not None
        assert detail(app).splitlines()[0].endswith("autolabel old")


async def test_all_that_came_of_a_job_is_taken_back_after_a_yes(home: JobHome) -> None:
    home.job("job1", JobState.SUCCEEDED, done=2, suggestions=2)
    await suggest(home, "job1")
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(JobsScreen(home.session, home.resources))
        await settle(pilot)
        await pilot.press("U")
        await pilot.pause()
        shown(app, ConfirmScreen)
        await pilot.press("y")
        await settle(pilot)
        assert sum(row.suggestion_count for row in home.session.rows.values()) == 0
        assert [note.title for note in app._notifications] == ["Undone"]
        assert "2 made, 0 to review, 0 hidden by labels, 2 taken back" in detail(app)


async def test_training_and_evaluation_are_listed_and_a_training_opens_its_model(home: JobHome) -> None:
    home.card("loans-1")
    figures = {"precision": 0.5, "recall": 0.25, "f1": 0.33, "support": 8}
    home.job(
        "eval",
        JobState.SUCCEEDED,
        JobKind.EVALUATE,
        done=100,
        result={
            **figures,
            "documents": 9,
            "per_category": {"Lender": figures},
            "intervals": {"f1": [0.2, 0.4], "per_category": {"Lender": {"f1": [0.1, 0.5]}}},
            "left_out": {"training": 3, "accepted": 1},
            "calibration": {
                "expected_calibration_error": 0.0712,
                "predictions": 40,
                "confidence": 0.9,
                "right": 0.85,
                "bins": [],
            },
        },
    )
    home.job(
        "train",
        JobState.SUCCEEDED,
        JobKind.TRAIN,
        created="2026-11-20T09:00:00.000Z",
        done=100,
        options={"model": "loans-1"},
    )
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(JobsScreen(home.session, home.resources))
        await settle(pilot)
        words = detail(app)
        assert "On 9 labeled documents" in words
        assert "20.0% to 40.0%" in words
        assert "3 documents that the model learned from" in words
        assert "90.0% on the mean, 85.0% were right (expected calibration error 7.1%)" in words
        await pilot.press("j", "enter")
        await settle(pilot)
        shown(app, PerformanceScreen)


async def test_suggestions_that_labels_hide_are_counted_apart(home: JobHome) -> None:
    home.job("job1", JobState.SUCCEEDED, done=6, suggestions=2)
    await suggest(home, "job1")
    await home.session.labeling.add(0, home.ids["Lender"], Span(1, 5))
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(JobsScreen(home.session, home.resources))
        await settle(pilot)
        assert "2 made, 1 to review, 1 hidden by labels" in detail(app)
        assert "enter opens" in detail(app)
        await home.session.labeling.add(1, home.ids["Lender"], Span(1, 5))
        home.job("other", JobState.SUCCEEDED, created="2026-11-20T09:00:00.000Z", done=6)
        await shown(app, JobsScreen).look()
        await settle(pilot)
        assert "2 made, 0 to review, 2 hidden by labels" in detail(app)
        assert "None of its suggestions is left to review." in detail(app)


async def test_a_training_that_left_documents_out_says_so_on_its_row_and_page(home: JobHome) -> None:
    warning = "1 labeled document is left out, as the text is gone: loan01.txt"
    skipped = [{"location": "loan01.txt", "reason": "gone"}]
    result = {"f1": 0.5, "warnings": [warning], "skipped": skipped}
    home.job("train", JobState.SUCCEEDED, JobKind.TRAIN, done=100, options={"model": "m"}, result=result)
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(JobsScreen(home.session, home.resources))
        await settle(pilot)
        (row,) = rows(app)
        assert "!1" in row
        assert f"! {warning}." in " ".join(detail(app).split())


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_hostile_names_and_messages_are_shown_and_never_sent(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    home = await JobHome().create(tmp_path, {"a.txt": HOSTILE}, [HOSTILE])
    bad = DocumentFailure(0, HOSTILE, "unreadable", HOSTILE)
    home.job("new", JobState.PARTIALLY_COMPLETED, failed=(bad,), message=HOSTILE, stage=HOSTILE)
    home.job("run", JobState.RUNNING, stage=HOSTILE)
    app = ScreenApp()
    async with app.run_test(size=size) as pilot:
        app.ask(JobsScreen(home.session, home.resources))
        await settle(pilot)
        for _ in range(2):
            drawn = "".join(strip.text for strip in app.screen._compositor.render_strips())
            assert not any(character in drawn for character in "\x1b\x07\u202e")
            await pilot.press("j")
            await settle(pilot)


async def test_many_names_of_categories_are_told_in_short(home: JobHome) -> None:
    job = home.job("old", JobState.SUCCEEDED)
    names = {f"c{number}": f"question {number:02} about a fee" for number in range(77)}
    job = replace(job, request=replace(job.request, categories=tuple(names)))
    lines = jobs_text.detail(job, names)(78, glyphs(True))
    told = " ".join("".join(words for words, _ in line) for line in lines)
    words = " ".join(told.split())
    assert "Categories 77: question 00 about a fee, question 01 about a fee, " in words
    assert " and 73 more" in words
    assert "Started" in words


async def test_how_many_answers_are_left_to_place_goes_down_with_each_that_is_dropped(home: JobHome) -> None:
    job = home.job("gpt", JobState.SUCCEEDED, done=6, suggestions=2, unaligned=1001)
    name = next(iter(home.session.store.state.categories.values())).name
    await to_place(home.session, "loan00.txt", [(name, "Nobody"), (name, "None")], job=job.id)
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(JobsScreen(home.session, home.resources))
        await settle(pilot)
        assert ", 2 to place by hand" in detail(app)
        await home.session.placing.drop(0, f"{job.id}0")
        await pilot.press("q")
        app.ask(JobsScreen(home.session, home.resources))
        await settle(pilot)
        assert ", 1 to place by hand" in detail(app)
    told = jobs_text.detail(job, {})(80, glyphs(False))
    assert "1,001 were to place" in "".join(words for line in told for words, _ in line), "not counted yet"
