"""The training screen: what it asks, what it refuses, what it follows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from textual.widgets import Static

from tests.screens.job_fakes import JobHome, ScreenApp, settle, shown
from tui_labeler.domain.jobs import JobKind, JobState
from tui_labeler.domain.labels import Span, Suggestion
from tui_labeler.domain.models import Features, Split
from tui_labeler.domain.projects import Dataset, ProjectKind
from tui_labeler.engine.changes import put_suggestion
from tui_labeler.engine.jobs.training import options_of
from tui_labeler.engine.ports import Plan, State
from tui_labeler.screens.dialogs import ChoiceScreen, ConfirmScreen, InputScreen, MessageScreen
from tui_labeler.screens.lines import StatusLine
from tui_labeler.screens.models.models import ModelsScreen
from tui_labeler.screens.models.training import TrainingScreen
from tui_labeler.screens.performance.performance import PerformanceScreen
from tui_labeler.screens.widgets.picker import Picker
from tui_labeler.screens.widgets.sheet import Sheet

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SIZE = (120, 40)


@pytest.fixture
async def home(tmp_path: Path) -> JobHome:
    """Six documents, three of them labeled and saved."""
    texts = {f"loan{number:02}.txt": "Ann Bob at an ox on it, and more." for number in range(6)}
    home = await JobHome().create(tmp_path, texts, ["Borrower", "Lender"])
    for number in range(3):
        await label(home, number)
    await home.session.labeling.save()
    return home


async def label(home: JobHome, number: int) -> None:
    await home.session.labeling.add(number, home.ids["Borrower"], Span(0, 3))


async def suggest(home: JobHome, count: int) -> None:
    key = home.ids["Lender"]

    def plan(state: State) -> Plan:
        document = state.document(5)
        suggestions = [
            Suggestion(f"s{number}", key, Span(number * 3, number * 3 + 2), "model:m", "old")
            for number in range(count)
        ]
        return Plan("job.suggest", [put_suggestion(state, document, item) for item in suggestions], job="old")

    await home.session.store.commit("ann", plan)


def form(app: ScreenApp) -> str:
    return app.screen.query_one("#form", Picker).text


def about(app: ScreenApp) -> str:
    return app.screen.query_one("#about", Sheet).text


async def test_one_key_trains_a_new_model_with_the_automatic_split(home: JobHome) -> None:
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(TrainingScreen(home.session))
        await settle(pilot)
        assert "model-1, a new model" in form(app)
        assert "3 saved labels in 3 documents" in about(app)
        await pilot.press("s")
        await pilot.pause()
        (job,) = home.jobs.jobs.values()
        options = options_of(job.request.options)
        assert (options.model, options.split, options.test_percent, options.overwrite) == (
            "model-1",
            Split.AUTO,
            20,
            False,
        )


async def test_documents_reviewed_by_half_are_told_on_the_form_and_in_the_question(home: JobHome) -> None:
    await suggest(home, 2)
    await label(home, 5)
    await home.session.store.commit("ann", _suggesting_beside(home))
    await home.session.labeling.save()
    app = ScreenApp()
    words = "1 document still has undecided suggestions"
    async with app.run_test(size=SIZE) as pilot:
        app.ask(TrainingScreen(home.session))
        await settle(pilot)
        assert words in about(app)
        await pilot.press("s")
        while not isinstance(app.screen, ConfirmScreen):
            await pilot.pause()
        question = shown(app, ConfirmScreen)
        assert words in question._message


def _suggesting_beside(home: JobHome) -> Callable[[State], Plan]:
    beside = Suggestion("beside", home.ids["Lender"], Span(8, 11), "model:m", "old")
    return lambda state: Plan("job.suggest", [put_suggestion(state, state.document(5), beside)], job="old")


async def test_name_share_and_seed_are_asked_for_one_by_one(home: JobHome) -> None:
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(TrainingScreen(home.session))
        await settle(pilot)
        for row, answer in ((0, "my-model"), (2, "35"), (3, "11")):
            await pilot.press("g", *["j"] * row, "enter")
            await pilot.pause()
            shown(app, InputScreen)
            await pilot.press("ctrl+u", *answer, "enter")
            await settle(pilot)
        assert "my-model, a new model" in form(app)
        await pilot.press("s")
        await pilot.pause()
        (job,) = home.jobs.jobs.values()
        options = options_of(job.request.options)
        assert (options.model, options.test_percent, options.seed) == ("my-model", 35, 11)


async def test_what_a_model_of_classes_goes_by_is_chosen_key_by_key_and_entities_have_no_choice(
    home: JobHome, tmp_path: Path
) -> None:
    texts = {f"mail{number}.txt": "Pay the bill." for number in range(4)}
    classes = await JobHome().create(tmp_path / "mail", texts, ["A", "B"], ProjectKind.SINGLE_LABEL)
    for number in range(4):
        await classes.session.labeling.add(number, classes.ids["AB"[number % 2]], None)
    await classes.session.labeling.save()
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(TrainingScreen(home.session))
        await settle(pilot)
        assert "Goes by" not in form(app)
        await pilot.press("q")
        app.ask(TrainingScreen(classes.session))
        await settle(pilot)
        for words in ("words alone", "words, sentence embeddings or both"):
            await pilot.press("g", "j", "enter")
            await settle(pilot)
            assert words in form(app)
        assert "Start training" in form(app)
        await pilot.press("s")
        await pilot.pause()
        (job,) = classes.jobs.jobs.values()
        assert options_of(job.request.options).features is Features.EMBEDDINGS


@pytest.mark.parametrize(("row", "answer"), [(0, "../up"), (0, ""), (2, "0"), (2, "x"), (3, "-1")])
async def test_what_can_not_be_taken_is_told_and_changes_nothing(
    home: JobHome, row: int, answer: str
) -> None:
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(TrainingScreen(home.session))
        await settle(pilot)
        before = form(app)
        await pilot.press(*["j"] * row, "enter")
        await pilot.pause()
        shown(app, InputScreen)
        keys = {"/": "slash", ".": "full_stop", "-": "minus"}
        await pilot.press("ctrl+u", *(keys.get(key, key) for key in answer), "enter")
        await pilot.pause()
        while not app.screen.query_one("#dialog-problem", Static).display:
            await pilot.pause()
        await pilot.press("escape")
        await settle(pilot)
        assert form(app) == before


async def test_a_model_that_is_overwritten_is_asked_about_first(home: JobHome) -> None:
    home.card("loans-1")
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(TrainingScreen(home.session))
        await settle(pilot)
        await pilot.press("enter")
        await pilot.pause()
        shown(app, ChoiceScreen)
        await pilot.press("1")
        await settle(pilot)
        assert "loans-1, overwrites" in form(app)
        await pilot.press("s")
        await pilot.pause()
        shown(app, ConfirmScreen)
        await pilot.press("n")
        await settle(pilot)
        assert home.jobs.jobs == {}
        await pilot.press("s")
        await pilot.pause()
        await pilot.press("y")
        await pilot.pause()
        (job,) = home.jobs.jobs.values()
        assert options_of(job.request.options).overwrite


async def test_manual_split_is_dim_until_a_labeled_document_is_in_the_testing_set(home: JobHome) -> None:
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(TrainingScreen(home.session))
        await settle(pilot)
        assert "put a labeled document into the testing set first" in form(app)
        await pilot.press(*"jjjj", "enter")
        await settle(pilot)
        assert "( ) Manual split" in form(app)
        await pilot.press("q")
        await home.session.documents.set([0], dataset=Dataset.TEST)
        app.ask(TrainingScreen(home.session))
        await settle(pilot)
        await pilot.press(*"jjjj", "enter")
        await settle(pilot)
        assert "(x) Manual split" in form(app)
        await pilot.press("s")
        await pilot.pause()
        (job,) = home.jobs.jobs.values()
        assert options_of(job.request.options).split is Split.MANUAL


async def test_suggestions_that_will_be_deleted_are_counted_and_asked_about(home: JobHome) -> None:
    await suggest(home, 4)
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(TrainingScreen(home.session))
        await settle(pilot)
        assert "! 4 suggestions" in about(app)
        await pilot.press("s")
        await pilot.pause()
        shown(app, ConfirmScreen)
        await pilot.press("n")
        await settle(pilot)
        assert home.jobs.jobs == {}


@pytest.mark.parametrize(("key", "drafts"), [("s", 0), ("t", 1)])
async def test_drafts_can_be_saved_before_training_or_left_out(home: JobHome, key: str, drafts: int) -> None:
    await label(home, 4)
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(TrainingScreen(home.session))
        await settle(pilot)
        assert "Drafts of yours: 1." in about(app)
        await pilot.press("s")
        await pilot.pause()
        shown(app, ChoiceScreen)
        await pilot.press(key)
        await pilot.pause()
        await pilot.pause()
        assert home.session.labeling.drafts() == drafts
        assert len(home.jobs.jobs) == 1


async def test_what_is_used_and_what_is_left_out_is_said_before_the_start(
    home: JobHome, tmp_path: Path
) -> None:
    (tmp_path / "documents" / "loan01.txt").write_text("Another text.", encoding="utf-8")
    await home.session.documents.set([0], dataset=Dataset.TEST)
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(TrainingScreen(home.session))
        await settle(pilot)
        words = " ".join(about(app).split())
        assert "1 document with 1 label to learn from, 0 documents with 0 labels to test with." in words
        assert "1 document is not used: in the testing set" in words
        assert "loan01.txt: its text has changed since it was labeled" in words
        await pilot.press("g", *"jjjj", "enter")
        await settle(pilot)
        words = " ".join(about(app).split())
        assert "1 document with 1 label to learn from, 1 document with 1 label to test with." in words
        assert "not used" not in words
        assert home.jobs.jobs == {}


async def test_a_folder_that_is_gone_is_told_before_the_start(home: JobHome, tmp_path: Path) -> None:
    (tmp_path / "documents").rename(tmp_path / "moved")
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(TrainingScreen(home.session))
        await settle(pilot)
        assert str(tmp_path / "documents") in " ".join(about(app).split())
        assert "to learn from" not in about(app)


async def test_without_a_saved_label_training_is_refused_with_the_reason(tmp_path: Path) -> None:
    home = await JobHome().create(tmp_path, {"a.txt": "a"}, ["x"])
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(TrainingScreen(home.session))
        await settle(pilot)
        assert "nothing to learn from" in about(app)
        await pilot.press("s")
        await settle(pilot)
        await pilot.press("G", "enter")
        await settle(pilot)
        assert home.jobs.jobs == {}


async def test_a_training_is_followed_to_its_model(home: JobHome) -> None:
    job = home.job("train", kind=JobKind.TRAIN, options={"model": "m"}, done=40, stage="learning")
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(TrainingScreen(home.session))
        await pilot.pause()
        screen = shown(app, TrainingScreen)
        assert screen.has_class("-running")
        assert "40%  learning" in about(app)
        home.card("m")
        home.jobs.put(replace(job, state=JobState.SUCCEEDED, done=100))
        while isinstance(app.screen, TrainingScreen):
            await pilot.pause()
        shown(app, PerformanceScreen)
        await pilot.press("q")
        await settle(pilot)
        assert app.results == ["m"]


async def test_a_model_is_shown_once_nothing_else_lies_over_the_training(home: JobHome) -> None:
    job = home.job("train", kind=JobKind.TRAIN, options={"model": "m"}, done=40)
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(TrainingScreen(home.session))
        await pilot.pause()
        training = shown(app, TrainingScreen)
        await app.push_screen(MessageScreen("Help", "Read while the training goes on."))
        home.card("m")
        home.jobs.put(replace(job, state=JobState.SUCCEEDED, done=100))
        while training.has_class("-running"):
            await pilot.pause()
        for _ in range(5):
            await pilot.pause()
        shown(app, MessageScreen)
        await pilot.press("q")
        while not isinstance(app.screen, PerformanceScreen):
            await pilot.pause()
        await pilot.press("q")
        await settle(pilot)
        assert app.results == ["m"]


async def test_a_training_can_be_cancelled_and_the_form_comes_back(home: JobHome) -> None:
    job = home.job("train", kind=JobKind.TRAIN, options={"model": "m"}, done=40)
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(TrainingScreen(home.session))
        await pilot.pause()
        await pilot.press("c")
        await pilot.pause()
        assert home.jobs.cancelled == ["train"]
        home.jobs.put(replace(job, state=JobState.CANCELLED))
        await settle(pilot)
        assert not app.screen.has_class("-running")
        assert "The training was cancelled." in about(app)


async def test_a_training_that_failed_says_why(home: JobHome) -> None:
    job = home.job("train", kind=JobKind.TRAIN, options={"model": "m"})
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(TrainingScreen(home.session))
        await pilot.pause()
        home.jobs.put(replace(job, state=JobState.FAILED, message="One class only."))
        await settle(pilot)
        assert "The training failed: One class only." in about(app)


async def test_leaving_lets_the_training_run_on(home: JobHome) -> None:
    home.job("train", kind=JobKind.TRAIN, options={"model": "m"}, done=40)
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(TrainingScreen(home.session))
        await pilot.pause()
        await pilot.press("q")
        await pilot.pause()
        assert app.results == [None]
        assert home.jobs.cancelled == []


async def test_the_screen_fits_a_small_terminal(home: JobHome) -> None:
    await suggest(home, 4)
    await label(home, 4)
    app = ScreenApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.ask(TrainingScreen(home.session))
        await settle(pilot)
        drawn = [strip.text for strip in app.screen._compositor.render_strips()]
    assert any("Start training" in line for line in drawn)
    assert any("4 suggestions" in line for line in drawn)


async def test_where_the_first_model_is_being_trained_the_list_says_so(home: JobHome) -> None:
    home.job("train", kind=JobKind.TRAIN, options={"model": "m"}, done=40)
    app = ScreenApp()
    async with app.run_test(size=SIZE) as pilot:
        app.ask(ModelsScreen(home.session))
        await settle(pilot)
        line = shown(app, ModelsScreen).query_one(StatusLine)
        assert line.text == "No model yet: one is being trained."
