"""The autolabel wizard: five steps, forth and back, and what can be in the way."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from textual import work

from tests.screens import typical
from tests.screens.job_fakes import JobHome, ScreenApp, settle, shown
from tui_labeler.domain.jobs import Job, JobKind, JobState
from tui_labeler.domain.labels import Span
from tui_labeler.screens.dialogs import ChoiceScreen, InputScreen
from tui_labeler.screens.lines import KeyLine
from tui_labeler.screens.performance.performance import PerformanceScreen
from tui_labeler.screens.widgets.document_list import DocumentList
from tui_labeler.screens.widgets.picker import Picker
from tui_labeler.screens.widgets.sheet import Sheet
from tui_labeler.screens.widgets.text_view import TextView
from tui_labeler.screens.wizard.categories import CategoriesStep
from tui_labeler.screens.wizard.documents import DocumentsStep
from tui_labeler.screens.wizard.evaluating import EvaluateScreen
from tui_labeler.screens.wizard.flow import autolabel
from tui_labeler.screens.wizard.method import MethodStep
from tui_labeler.screens.wizard.model import ModelStep
from tui_labeler.screens.wizard.reading import ReadScreen
from tui_labeler.screens.wizard.start import StartStep
from tui_labeler.screens.wizard.step import StepLine

if TYPE_CHECKING:
    from pathlib import Path

    from tui_labeler.screens.wizard.step import Step

SIZE = (120, 40)
HOSTILE = "\x1b]52;c;ZXZpbA==\x07[red]x[/red]\u202egnp"


class WizardApp(ScreenApp):
    """Runs the wizard as the program does, in a worker."""

    def __init__(self, home: JobHome, documents: frozenset[int] = frozenset()) -> None:
        super().__init__()
        self._home = home
        self._documents = documents

    def on_mount(self) -> None:
        self.run_wizard()

    @work
    async def run_wizard(self) -> None:
        self.results.append(await autolabel(self, self._home.session, self._home.resources, self._documents))


@pytest.fixture
async def home(tmp_path: Path) -> JobHome:
    """Ten documents of two text records each, the first two labeled, with one trained model."""
    texts = {f"loan{number:02}.txt": "Ann Bob at an ox on it, and more. " * 40 for number in range(10)}
    home = await JobHome().create(tmp_path, texts, ["Borrower", "Lender", "Date"])
    for number in range(2):
        await home.session.labeling.add(number, home.ids["Borrower"], Span(0, 3))
    home.card("loans-1")
    return home


async def pause(pilot: Any, step: type[Step]) -> None:
    """Until a step is on the screen and has read what it shows."""
    for _ in range(50):
        await pilot.pause()
        if isinstance(pilot.app.screen, step):
            break
    await pilot.pause()
    await own_workers(pilot)


async def own_workers(pilot: Any) -> None:
    """Until the screen's own workers have ended; the wizard's goes on."""
    workers = [worker for worker in pilot.app.workers if worker.node is pilot.app.screen]
    if workers:
        await pilot.app.workers.wait_for_complete(workers)
    await pilot.pause()


async def go_to(pilot: Any, number: int) -> None:
    """Goes to a step from the first, with the first three unlabeled documents."""
    await pause(pilot, MethodStep)
    if number > 1:
        await pilot.press("enter")
        await pause(pilot, ModelStep)
    if number > 2:
        await pilot.press("enter")
        await pause(pilot, CategoriesStep)
    if number > 3:
        await pilot.press("enter")
        await pause(pilot, DocumentsStep)
    if number > 4:
        await pilot.press("space", "space", "space", "l")
        await pause(pilot, StartStep)


def picker(app: WizardApp) -> Picker:
    return app.screen.query_one(Picker)


def sheet(app: WizardApp) -> str:
    return app.screen.query_one(Sheet).text


def documents(app: WizardApp) -> DocumentList:
    return app.screen.query_one(DocumentList)


def right(app: WizardApp) -> str:
    return str(app.screen.query_one("TitleLine").right)  # type: ignore[attr-defined]


def status(app: WizardApp) -> str:
    return str(app.screen.query_one("StatusLine").text)  # type: ignore[attr-defined]


# --- the flow ---------------------------------------------------------------------------------------


async def test_five_steps_with_few_keys_start_the_job_that_was_chosen(home: JobHome) -> None:
    app = WizardApp(home)
    async with app.run_test(size=SIZE) as pilot:
        await go_to(pilot, 5)
        await pilot.press("s")
        await settle(pilot)
        (job,) = app.results
        assert isinstance(job, Job)
        assert job.request.method is not None
        assert job.request.method.source == "model:loans-1"
        assert job.request.documents == (2, 3, 4)
        assert job.request.categories == tuple(home.ids.values())
        assert job.request.text_records == 6
        assert home.launcher.launched == [job.id]
        assert home.quota.used == 6


async def test_going_back_from_the_first_step_leaves_and_starts_nothing(home: JobHome) -> None:
    app = WizardApp(home)
    async with app.run_test(size=SIZE) as pilot:
        await go_to(pilot, 1)
        await pilot.press("q")
        await settle(pilot)
        assert app.results == [None]
        assert home.jobs.jobs == {}


async def click_step(pilot: Any, words: str) -> None:
    """Clicks the name of a step where it stands."""
    line = pilot.app.screen.query_one(StepLine)
    await pilot.click(line, offset=(str(line.render()).index(words) + 1, 0))


@pytest.mark.parametrize("size", [SIZE, (80, 24)])
async def test_a_click_on_a_step_leads_back_to_it_or_one_step_on(
    home: JobHome, size: tuple[int, int]
) -> None:
    app = WizardApp(home)
    async with app.run_test(size=size) as pilot:
        await go_to(pilot, 3)
        await pilot.press("j", "space")
        await click_step(pilot, " 1 Method")
        await pause(pilot, MethodStep)
        await click_step(pilot, "[1 Method]")
        await pause(pilot, MethodStep)
        await click_step(pilot, " 4 Documents")
        await pause(pilot, ModelStep)
        await click_step(pilot, " 3 Entities")
        await pause(pilot, CategoriesStep)
        assert picker(app).selected == {home.ids["Borrower"], home.ids["Date"]}
        await pilot.press("asterisk", "asterisk")
        await click_step(pilot, " 4 Documents")
        await pause(pilot, CategoriesStep)
        assert "Select at least one" in status(app)
        assert app.results == []


async def test_going_back_and_forth_loses_nothing(home: JobHome) -> None:
    home.card("loans-2")
    app = WizardApp(home)
    async with app.run_test(size=SIZE) as pilot:
        await go_to(pilot, 2)
        await pilot.press("j", "l")
        await pause(pilot, CategoriesStep)
        await pilot.press("j", "space", "l")
        await pause(pilot, DocumentsStep)
        await pilot.press("f", "space", "j", "space")
        for step in (CategoriesStep, ModelStep, MethodStep):
            await pilot.press("h")
            await pause(pilot, step)
        await pilot.press("l")
        await pause(pilot, ModelStep)
        assert picker(app).current == "loans-2"
        await pilot.press("l")
        await pause(pilot, CategoriesStep)
        chosen = {home.ids["Borrower"], home.ids["Date"]}
        assert picker(app).selected == chosen
        await pilot.press("l")
        await pause(pilot, DocumentsStep)
        assert documents(app).selected == {2, 4}
        assert len(documents(app).rows) == 10
        await pilot.press("l")
        await pause(pilot, StartStep)
        await pilot.press("s")
        await settle(pilot)
        (job,) = app.results
        assert job.request.method.model == "loans-2"
        assert set(job.request.categories) == chosen
        assert job.request.documents == (2, 4)


# --- step by step -----------------------------------------------------------------------------------


async def test_gpt_is_dim_and_says_that_there_is_no_resource(home: JobHome) -> None:
    app = WizardApp(home)
    async with app.run_test(size=SIZE) as pilot:
        await go_to(pilot, 1)
        assert "there is no resource yet" in picker(app).text
        await pilot.press("j", "enter")
        await pause(pilot, MethodStep)
        assert "a adds one right here" in status(app)
        await pilot.press("k", "enter")
        await pause(pilot, ModelStep)


async def test_without_a_model_the_first_step_says_to_train_one(tmp_path: Path) -> None:
    home = await JobHome().create(tmp_path, {"a.txt": "a"}, ["x"])
    app = WizardApp(home)
    async with app.run_test(size=SIZE) as pilot:
        await go_to(pilot, 1)
        assert "no model has been trained yet" in picker(app).text
        await pilot.press("enter", "l")
        await pause(pilot, MethodStep)
        assert "train one first" in status(app)


async def test_a_model_shows_its_figures_and_p_its_whole_performance(home: JobHome) -> None:
    app = WizardApp(home)
    async with app.run_test(size=SIZE) as pilot:
        await go_to(pilot, 2)
        assert "60.0%" in picker(app).text
        assert "4 + 2 test" not in picker(app).text
        assert "8 + 2 test" in picker(app).text
        assert "Borrower" in sheet(app)
        await pilot.press("p")
        await settle_screen(pilot)
        shown(app, PerformanceScreen)
        await pilot.press("q")
        await pause(pilot, ModelStep)


async def settle_screen(pilot: Any) -> None:
    await pilot.pause()
    await pilot.pause()


async def test_all_categories_are_selected_at_first_and_weak_ones_carry_a_hint(home: JobHome) -> None:
    app = WizardApp(home)
    async with app.run_test(size=SIZE) as pilot:
        await go_to(pilot, 3)
        lines = {line.split()[1]: line for line in picker(app).text.splitlines()[1:]}
        assert all(line.startswith("[x]") for line in lines.values())
        assert lines["Borrower"].split()[2:] == ["2", "66.7%", "100%"]
        assert "! low P and R, trained on 10" in lines["Lender"]
        assert "! low P" in lines["Date"]
        await pilot.press("asterisk")
        await pilot.pause()
        assert right(app) == "0 of 3 selected"
        await pilot.press("enter")
        await pause(pilot, CategoriesStep)
        assert "at least one entity" in status(app)
        await pilot.press("asterisk")
        await pilot.pause()
        assert right(app) == "3 of 3 selected"


async def test_a_new_category_can_be_added_and_says_that_the_model_does_not_know_it(home: JobHome) -> None:
    app = WizardApp(home)
    async with app.run_test(size=SIZE) as pilot:
        await go_to(pilot, 3)
        await pilot.press("n")
        await settle_screen(pilot)
        shown(app, InputScreen)
        await pilot.press(*"Rate", "enter")
        await pause(pilot, CategoriesStep)
        assert "Rate" in home.ids
        line = next(line for line in picker(app).text.splitlines() if "Rate" in line)
        assert line.startswith("[ ]")
        assert "unknown to this model" in line


async def test_what_the_model_has_not_learned_is_never_selected_and_the_review_says_that_it_is_left_out(
    home: JobHome,
) -> None:
    learned = dict(home.ids)
    await home.session.categories.add("Rate")
    home.card("loans-2")
    app = WizardApp(home)
    async with app.run_test(size=SIZE) as pilot:
        await go_to(pilot, 3)
        assert right(app) == "3 of 4 selected"
        await pilot.press("G", "space")
        await pilot.pause()
        assert "has not learned Rate" in status(app)
        await pilot.press("asterisk", "asterisk")
        await pilot.pause()
        assert picker(app).selected == set(learned.values())
        await pilot.press("l")
        await pause(pilot, DocumentsStep)
        await pilot.press("space", "l")
        await pause(pilot, StartStep)
        assert "3 of 4: Borrower, Lender, Date" in sheet(app)
        assert "unknown to this model: Rate" in sheet(app)
        for step in (DocumentsStep, CategoriesStep, ModelStep):
            await pilot.press("h")
            await pause(pilot, step)
        await pilot.press("j", "l")
        await pause(pilot, CategoriesStep)
        assert right(app) == "4 of 4 selected"
        await pilot.press("h")
        await pause(pilot, ModelStep)
        await pilot.press("k", "l")
        await pause(pilot, CategoriesStep)
        await pilot.press("l")
        await pause(pilot, DocumentsStep)
        await pilot.press("l")
        await pause(pilot, StartStep)
        await pilot.press("s")
        await settle(pilot)
        assert app.results[0].request.categories == tuple(learned.values())


async def test_why_a_category_can_not_be_selected_ends_with_what_to_do_on_a_small_terminal(
    home: JobHome,
) -> None:
    await home.session.categories.add("The rate of interest that is paid for the sum lent")
    app = WizardApp(home)
    home.card("loans-1", categories=dict.fromkeys(list(home.ids.values())[:3], "x"))
    async with app.run_test(size=(80, 24)) as pilot:
        await go_to(pilot, 3)
        await pilot.press("G", "space")
        await pilot.pause()
        drawn = ["".join(part.text for part in strip) for strip in app.screen._compositor.render_strips()]
        (line,) = [line.strip() for line in drawn if "has not learned The rate" in line]
        assert line.endswith("…. Train one with its labels; l goes on.")


async def test_a_model_that_knows_none_of_the_categories_leads_back_to_the_models(home: JobHome) -> None:
    home.card("loans-1", categories={"gone": "Gone"})
    app = WizardApp(home)
    async with app.run_test(size=SIZE) as pilot:
        await go_to(pilot, 3)
        await pilot.press("l")
        await pause(pilot, CategoriesStep)
        assert "has learned none of these entities" in status(app)


async def test_a_category_made_anew_under_the_name_that_the_model_learned_is_known(home: JobHome) -> None:
    await home.session.categories.delete(home.ids["Lender"])
    await home.session.categories.add("Lender")
    app = WizardApp(home)
    async with app.run_test(size=SIZE) as pilot:
        await go_to(pilot, 3)
        line = next(line for line in picker(app).text.splitlines() if "Lender" in line)
        assert line.startswith("[x]")
        assert "! low P and R, trained on 10" in line


async def test_documents_start_with_the_unlabeled_ones_and_the_total_runs_along(home: JobHome) -> None:
    app = WizardApp(home)
    async with app.run_test(size=SIZE) as pilot:
        await go_to(pilot, 4)
        assert [row.id for row in documents(app).rows] == list(range(2, 10))
        assert "8 unlabeled documents; loan02.txt" in status(app)
        await pilot.press("l")
        await pause(pilot, DocumentsStep)
        assert "Select at least one document" in status(app)
        await pilot.press("space")
        await pilot.pause()
        assert right(app) == "selected: 1 document, 2 text records"
        await pilot.press("asterisk")
        await pilot.pause()
        assert right(app) == "selected: 8 documents, 16 text records"
        await pilot.press("f")
        await pilot.pause()
        assert "10 documents in all; loan" in status(app)
        await pilot.press("f")
        await pilot.pause()
        assert [row.id for row in documents(app).rows] == [0, 1]
        assert right(app) == "selected: 8 documents, 16 text records"


async def test_escape_goes_back_from_the_documents_where_it_drops_no_range(home: JobHome) -> None:
    app = WizardApp(home)
    async with app.run_test(size=SIZE) as pilot:
        await go_to(pilot, 4)
        await pilot.press("v", "j", "escape")
        await pilot.pause()
        assert isinstance(app.screen, DocumentsStep)
        assert not documents(app).has_range
        await pilot.press("escape")
        await pause(pilot, CategoriesStep)
        assert isinstance(app.screen, CategoriesStep)


async def test_documents_are_found_by_a_part_of_their_name(home: JobHome) -> None:
    app = WizardApp(home)
    async with app.run_test(size=SIZE) as pilot:
        await go_to(pilot, 4)
        await pilot.press("slash")
        await settle_screen(pilot)
        shown(app, InputScreen)
        await pilot.press(*"N07", "enter")
        await pause(pilot, DocumentsStep)
        assert [row.location for row in documents(app).rows] == ["loan07.txt"]
        assert "1 unlabeled document with 'N07' in the name; loan07.txt" in status(app)


async def type_a_name(pilot: Any, words: str) -> None:
    await pilot.press("slash")
    await settle_screen(pilot)
    await pilot.press("ctrl+u", *words, "enter")
    await pause(pilot, DocumentsStep)


async def test_the_cursor_stays_on_its_document_while_names_are_filtered_else_goes_to_the_top(
    home: JobHome,
) -> None:
    app = WizardApp(home)
    async with app.run_test(size=SIZE) as pilot:
        await go_to(pilot, 4)
        await pilot.press("f", "g", *"jjjjjj")
        await type_a_name(pilot, "06")
        await type_a_name(pilot, "")
        assert (documents(app).cursor, status(app).rpartition("; ")[2]) == (6, "loan06.txt")
        await type_a_name(pilot, "0")
        assert documents(app).cursor == 6
        await pilot.press("k", "k", "f")
        await pilot.pause()
        assert (documents(app).cursor, documents(app).current) == (0, home.session.rows[0])


async def test_every_row_shows_its_text_records_on_a_small_terminal_too(tmp_path: Path) -> None:
    texts = {f"a{number}.txt": "x" * 1000 * number for number in (1, 2, 1234)}
    home = await JobHome().create(tmp_path, texts, ["x", "y", "z"])
    home.card("m")
    app = WizardApp(home)
    async with app.run_test(size=(80, 24)) as pilot:
        await go_to(pilot, 4)
        drawn = ["".join(part.text for part in strip) for strip in app.screen._compositor.render_strips()]
        assert [line.split()[-1] for line in drawn if "unlabeled  " in line] == ["1", "1,234", "2"]
        assert any(line.split()[-1:] == ["records"] for line in drawn)


async def test_enter_opens_a_document_for_reading(home: JobHome) -> None:
    app = WizardApp(home)
    async with app.run_test(size=SIZE) as pilot:
        await go_to(pilot, 4)
        await pilot.press("f", "g", "enter")
        await settle_screen(pilot)
        screen = shown(app, ReadScreen)
        await own_workers(pilot)
        view = screen.query_one(TextView)
        assert view.text.startswith("Ann Bob")
        assert [mark.name for mark in view.marks_at(0)] == ["Borrower"]
        assert "Select" not in "".join(str(line.render()) for line in screen.query(KeyLine))
        await pilot.press("v", "w")
        await pilot.click(view, offset=(1, 0), times=2)
        assert view.selection is None
        await pilot.press("q")
        await pause(pilot, DocumentsStep)


async def test_a_document_that_can_not_be_read_is_never_offered(tmp_path: Path) -> None:
    home = await JobHome().create(tmp_path, {"a.txt": "a", "empty.txt": ""}, ["x", "y", "z"])
    home.card("m")
    app = WizardApp(home)
    async with app.run_test(size=SIZE) as pilot:
        await go_to(pilot, 4)
        await pilot.press("f")
        await pilot.pause()
        assert [row.location for row in documents(app).rows] == ["a.txt"]


async def test_the_review_says_all_that_will_happen(home: JobHome) -> None:
    home.quota.used = 4000
    app = WizardApp(home)
    async with app.run_test(size=SIZE) as pilot:
        await go_to(pilot, 5)
        words = sheet(app)
        assert "loans-1" in words
        assert "Documents      3" in words
        assert "Text records   6" in words
        assert "3 of 3: Borrower, Lender, Date" in words
        assert "1,000 text records left this month, 994 after this job" in words
        assert "no text leaves it" in words


async def test_many_names_leave_the_quota_in_view_on_a_small_screen(tmp_path: Path) -> None:
    texts = {f"mail{number:02}.txt": "What does it cost? " * 40 for number in range(10)}
    home = await JobHome().create(tmp_path, texts, typical.TOPICS)
    for number in range(2):
        await home.session.labeling.add(number, home.ids["change pin"], Span(0, 3))
    home.card("loans-1")
    app = WizardApp(home)
    async with app.run_test(size=(80, 24)) as pilot:
        await go_to(pilot, 5)
        lines = sheet(app).splitlines()
        words = " ".join(sheet(app).split())
        assert "77 of 77: age limit, balance after transfer, " in words
        assert " and 7" in words
        quota = next(place for place, line in enumerate(lines) if "Quota" in line)
        assert quota < app.screen.query_one(Sheet).size.height


async def test_too_little_quota_stops_the_start_and_one_key_takes_what_fits(home: JobHome) -> None:
    home.quota.used = 4996
    app = WizardApp(home)
    async with app.run_test(size=SIZE) as pilot:
        await go_to(pilot, 5)
        assert "6 text records are needed and 4 are left this month" in sheet(app)
        assert "The first 2 of the 3 documents fit" in sheet(app)
        await pilot.press("s")
        await pause(pilot, StartStep)
        assert home.jobs.jobs == {}
        await pilot.press("t")
        await pause(pilot, StartStep)
        assert "4 text records left this month, 0 after this job" in sheet(app)
        await pilot.press("s")
        await settle(pilot)
        assert app.results[0].request.documents == (2, 3)


async def test_no_quota_left_at_all_offers_nothing(home: JobHome) -> None:
    home.quota.used = 5000
    app = WizardApp(home)
    async with app.run_test(size=SIZE) as pilot:
        await go_to(pilot, 5)
        assert "even for the first document" in status(app)
        await pilot.press("s", "t")
        await pause(pilot, StartStep)
        assert home.jobs.jobs == {}


async def test_no_limit_is_said_as_such(home: JobHome) -> None:
    home.quota.limit = 0
    app = WizardApp(home)
    async with app.run_test(size=SIZE) as pilot:
        await go_to(pilot, 5)
        assert "no limit is set" in sheet(app)


async def test_a_model_that_went_away_meanwhile_is_told_and_nothing_starts(home: JobHome) -> None:
    app = WizardApp(home)
    async with app.run_test(size=SIZE) as pilot:
        await go_to(pilot, 5)
        home.models.cards.clear()
        await pilot.press("s")
        await pause(pilot, StartStep)
        assert [note.title for note in app._notifications] == ["Not found"]
        assert home.jobs.jobs == {}


async def test_evaluating_first_shows_the_figures_and_comes_back(home: JobHome) -> None:
    await home.session.labeling.save()
    app = WizardApp(home)
    async with app.run_test(size=SIZE) as pilot:
        await go_to(pilot, 5)
        await pilot.press("e")
        await settle_screen(pilot)
        shown(app, EvaluateScreen)
        (job,) = home.jobs.jobs.values()
        assert job.request.kind is JobKind.EVALUATE
        figures = {"precision": 0.75, "recall": 0.5, "f1": 0.6, "support": 8}
        result = {**figures, "documents": 5, "per_category": {"Lender": figures}}
        home.jobs.put(replace(job, state=JobState.SUCCEEDED, result=result))
        await own_workers(pilot)
        assert "On 5 labeled documents" in sheet(app)
        assert "75.0%" in sheet(app)
        await pilot.press("q")
        await pause(pilot, StartStep)


async def test_evaluating_a_model_with_drafts_offers_to_save_them_and_tells_what_was_left_out(
    home: JobHome,
) -> None:
    await home.session.labeling.save()
    for number in (8, 9):
        await home.session.labeling.add(number, home.ids["Borrower"], Span(0, 3))
    app = WizardApp(home)
    async with app.run_test(size=SIZE) as pilot:
        await go_to(pilot, 5)
        assert "2 draft decisions not saved, and left out: ctrl+s saves" in " ".join(sheet(app).split())
        await pilot.press("e")
        await settle_screen(pilot)
        shown(app, ChoiceScreen)
        assert not home.jobs.jobs
        await pilot.press("e")
        for _ in range(20):
            await pilot.pause()
        shown(app, EvaluateScreen)
        (job,) = home.jobs.jobs.values()
        home.jobs.put(replace(job, state=JobState.SUCCEEDED, result={"documents": 0, "per_category": {}}))
        await own_workers(pilot)
        assert "Saved labels only: 2 draft decisions left out." in sheet(app)
        await pilot.press("q")
        await pause(pilot, StartStep)
        await pilot.press("ctrl+s")
        await pause(pilot, StartStep)
        assert "not saved" not in sheet(app)
    assert home.session.labeling.drafts() == 0


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_hostile_names_are_shown_and_never_sent(tmp_path: Path, size: tuple[int, int]) -> None:
    home = await JobHome().create(tmp_path, {f"a{HOSTILE[:3]}.txt": HOSTILE}, [HOSTILE, "b", "c"])
    home.card("m", actor=HOSTILE)
    app = WizardApp(home)
    async with app.run_test(size=size) as pilot:
        for number, step in enumerate((MethodStep, ModelStep, CategoriesStep, DocumentsStep, StartStep), 1):
            await pause(pilot, step)
            drawn = "".join(strip.text for strip in app.screen._compositor.render_strips())
            assert not any(character in drawn for character in "\x1b\x07\u202e")
            if number == 4:
                await pilot.press("space")
            await pilot.press("l")


async def test_documents_that_were_selected_before_are_those_of_the_job(home: JobHome) -> None:
    app = WizardApp(home, frozenset({1, 4}))
    async with app.run_test(size=SIZE) as pilot:
        await pause(pilot, MethodStep)
        for step in (ModelStep, CategoriesStep, DocumentsStep):
            await pilot.press("enter")
            await pause(pilot, step)
        assert documents(app).selected == {1, 4}
        assert {row.id for row in documents(app).rows} >= {1, 4}


async def test_enter_starts_no_job(home: JobHome) -> None:
    app = WizardApp(home)
    async with app.run_test(size=SIZE) as pilot:
        await go_to(pilot, 5)
        await pilot.press("enter")
        await pause(pilot, StartStep)
        assert isinstance(app.screen, StartStep)
    assert home.launcher.launched == []
