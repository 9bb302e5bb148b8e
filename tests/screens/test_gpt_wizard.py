"""The autolabel wizard for GPT: a deployment, what it is told, what it costs, where texts go."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.fakes import suggest
from tests.screens.conftest import screen_text
from tests.screens.job_fakes import JobHome, settle, shown
from tests.screens.test_wizard import (
    HOSTILE,
    SIZE,
    WizardApp,
    documents,
    own_workers,
    pause,
    picker,
    right,
    status,
)
from tests.screens.test_wizard import sheet as text
from tui_labeler.domain.jobs import DocumentFailure, Job, JobKind, JobState, Method, Usage
from tui_labeler.domain.labels import Span
from tui_labeler.domain.projects import Category
from tui_labeler.domain.resources import Capabilities, Prices, ResourceKind
from tui_labeler.engine.adapters.chat.connecting import reach
from tui_labeler.engine.autolabelers.asks import Asked
from tui_labeler.engine.autolabelers.autolabeler import Task
from tui_labeler.engine.autolabelers.reusing import question_key
from tui_labeler.engine.categories import says_little
from tui_labeler.engine.deployments.chat import Finish, KeptReply, Question, Reply, ResourceError
from tui_labeler.engine.deployments.tokens import estimating
from tui_labeler.engine.errors import InputError
from tui_labeler.engine.models.samples import labeled_documents
from tui_labeler.engine.runs.gpt import autolabeler_of, chosen_examples
from tui_labeler.screens.dialogs import ChoiceScreen, ConfirmScreen, InputScreen
from tui_labeler.screens.jobs.spending_words import read_budget, usd
from tui_labeler.screens.resources.forms import AddResourceScreen
from tui_labeler.screens.wizard.deployment import DeploymentStep
from tui_labeler.screens.wizard.documents import DocumentsStep
from tui_labeler.screens.wizard.evaluating import EvaluateScreen
from tui_labeler.screens.wizard.gpt_categories import GptCategoriesStep
from tui_labeler.screens.wizard.gpt_start import GptStartStep
from tui_labeler.screens.wizard.method import MethodStep

if TYPE_CHECKING:
    from pathlib import Path

    from tui_labeler.engine.adapters.store.answers import FileAnswerStore

STEPS = (MethodStep, DeploymentStep, GptCategoriesStep, DocumentsStep, GptStartStep)


@pytest.fixture
async def home(tmp_path: Path) -> JobHome:
    """Ten documents of two text records each, the first two labeled; a resource with a tried deployment."""
    texts = {f"loan{number:02}.txt": "Ann Bob at an ox on it, and more. " * 40 for number in range(10)}
    home = await JobHome().create(tmp_path, texts, ["Borrower", "Label1", "Date"])
    for number in range(2):
        await home.session.labeling.add(number, home.ids["Borrower"], Span(0, 3))
    await home.session.labeling.save()
    await home.deployment()
    return home


async def go_to(pilot: Any, number: int) -> None:
    """Goes to a step from the first, with the first three unlabeled documents."""
    keys = (("j", "enter"), ("enter",), ("enter",), ("space", "space", "space", "l"))
    await pause(pilot, MethodStep)
    for step, pressed in zip(STEPS[1:number], keys, strict=False):
        await pilot.press(*pressed)
        await pause(pilot, step)


async def type_in(pilot: Any, words: str) -> None:
    """Answers a question with words in place of those that stand there."""
    for _ in range(20):
        await pilot.pause()
        if isinstance(pilot.app.screen, InputScreen):
            break
    shown(pilot.app, InputScreen).query_one("Input").value = words  # type: ignore[attr-defined]
    await pilot.press("enter")
    await pilot.pause()
    await own_workers(pilot)
    await pilot.pause()


async def test_five_steps_with_few_keys_start_the_job_that_was_chosen(home: JobHome) -> None:
    app = WizardApp(home)
    async with app.run_test(size=SIZE) as pilot:
        await go_to(pilot, 5)
        await pilot.press("s")
        await settle(pilot)
    (job,) = app.results
    assert isinstance(job, Job)
    assert job.request.method == Method("gpt", resource="work", deployment="gpt-4o")
    assert job.request.documents == (2, 3, 4)
    assert job.request.categories == tuple(home.ids.values())
    assert job.request.prices is not None
    assert job.request.prices.input == 2.5
    assert home.launcher.launched == [job.id]


async def test_gpt_is_dim_without_a_resource_and_one_key_adds_one_right_there(tmp_path: Path) -> None:
    home = await JobHome().create(tmp_path, {"a.txt": "Ann"}, ["Person"])
    app = WizardApp(home)
    async with app.run_test(size=SIZE) as pilot:
        await pause(pilot, MethodStep)
        assert "there is no resource yet: a adds one" in picker(app).text
        await pilot.press("j", "enter")
        await pilot.pause()
        assert "a adds one right here" in status(app)
        await pilot.press("a")
        await pilot.pause()
        form = shown(app, AddResourceScreen)
        for name, value in {"name": "here", "endpoint": "http://127.0.0.1:8080/v1"}.items():
            form.query_one(f"#{name}").value = value  # type: ignore[attr-defined]
        form.query_one("#deployments").value = "qwen"  # type: ignore[attr-defined]
        form.query_one("#kind").focus()
        await pilot.press("right")
        await pilot.press("ctrl+s")
        await pause(pilot, MethodStep)
        assert "no resource" not in picker(app).text
        await pilot.press("enter")
        await pause(pilot, DeploymentStep)
        assert "qwen" in picker(app).text


@pytest.mark.parametrize(
    ("width", "told"),
    [
        (120, "t tries gpt-4o first: tiny requests, none of your texts, to work.openai.azure.com"),
        (60, "t tries gpt-4o first: tiny requests, none of your texts"),
        (54, "t tries it first: tiny requests, none of your texts"),
        (40, "t: tiny requests, none of your texts"),
    ],
)
async def test_what_trying_sends_is_told_whole_on_a_narrow_screen(
    tmp_path: Path, width: int, told: str
) -> None:
    home = await JobHome().create(tmp_path, {"a.txt": "Ann"}, ["Person"])
    await home.deployment(tried=False)
    app = WizardApp(home)
    async with app.run_test(size=(width, 20)) as pilot:
        await go_to(pilot, 2)
        assert told in [line.strip() for line in screen_text(pilot).splitlines()]


async def test_an_untried_deployment_is_taken_once_a_person_had_it_tried(tmp_path: Path) -> None:
    home = await JobHome().create(tmp_path, {"a.txt": "Ann"}, ["Person"])
    await home.deployment(tried=False)
    app = WizardApp(home)
    async with app.run_test(size=SIZE) as pilot:
        await go_to(pilot, 2)
        assert "not tried yet" in picker(app).text
        told = "t tries gpt-4o first: tiny requests, none of your texts, to "
        for key in ("enter", "l"):
            await pilot.press(key)
            await pilot.pause()
            assert told in status(app)
        assert home.tester.tried == []
        await pilot.press("t")
        await pilot.pause()
        await own_workers(pilot)
        assert home.tester.tried == [("work", "gpt-4o")]
        await pilot.press("l")
        await pause(pilot, GptCategoriesStep)


async def test_a_deployment_that_does_not_answer_is_refused_with_the_reason(tmp_path: Path) -> None:
    home = await JobHome().create(tmp_path, {"a.txt": "Ann"}, ["Person"])
    await home.deployment(tried=False)
    home.tester.found = ResourceError(f"The key is wrong {HOSTILE}.", hint="Give another one.")
    app = WizardApp(home)
    async with app.run_test(size=(80, 24)) as pilot:
        await go_to(pilot, 2)
        await pilot.press("t")
        await pilot.pause()
        await own_workers(pilot)
        await pilot.press("l")
        await pilot.pause()
        assert "The key is wrong" in text(app)
        assert "[red]x[/red]" in text(app)
        assert "\x1b" not in text(app)
        assert isinstance(app.screen, DeploymentStep)


async def test_descriptions_and_examples_are_edited_in_place_and_take_the_hint_away(home: JobHome) -> None:
    app = WizardApp(home)
    async with app.run_test(size=(80, 24)) as pilot:
        await go_to(pilot, 3)
        assert "! the name says little" in picker(app).text
        await pilot.press("j", "i")
        await type_in(pilot, "Who lends the money")
        assert "says little" not in picker(app).text
        await pilot.press("e")
        await type_in(pilot, "Contoso Ltd | Woodgrove Bank")
        assert "Contoso Ltd | Woodgrove Bank" in text(app)
        await pilot.press("r")
        await type_in(pilot, "Lender")
        await pilot.press("n")
        await type_in(pilot, "Amount")
        assert right(app) == "4 of 4 selected"
    lender = home.session.categories.by_name("Lender")
    assert (lender.description, lender.examples) == (
        "Who lends the money",
        ("Contoso Ltd", "Woodgrove Bank"),
    )


async def test_a_hostile_description_is_shown_safely(home: JobHome) -> None:
    await home.session.categories.set(home.ids["Borrower"], description=HOSTILE)
    app = WizardApp(home)
    async with app.run_test(size=(80, 24)) as pilot:
        await go_to(pilot, 3)
        assert "[red]x[/red]" in text(app)
        assert "\x1b" not in text(app) + picker(app).text


@pytest.mark.parametrize(
    ("name", "little"),
    [("Label1", True), ("class 2", True), ("X", True), ("17", True), ("Date", False), ("Borrower", False)],
)
def test_names_that_say_little_are_told(name: str, little: bool) -> None:
    category = Category("c1", name)
    assert says_little(category) is little
    assert not says_little(replace(category, description="the day of signing"))
    assert not says_little(replace(category, examples=("1 May 2020",)))


async def test_documents_show_tokens_and_their_total(home: JobHome) -> None:
    app = WizardApp(home)
    async with app.run_test(size=(80, 24)) as pilot:
        await go_to(pilot, 4)
        assert "~tokens" in "".join(segment.text for segment in documents(app).paint_line(0))
        assert any(part.strip().isdigit() or "," in part for part in _row(app, 1).split()[-2:])
        await pilot.press("space")
        await pilot.pause()
        one = _total(right(app))
        await pilot.press("space")
        await pilot.pause()
        assert one > 300
        assert _total(right(app)) == pytest.approx(2 * one, rel=0.1)


def _row(app: WizardApp, y: int) -> str:
    return "".join(segment.text for segment in documents(app).paint_line(y))


def _total(words: str) -> int:
    return int(words.rpartition("~")[2].split()[0].replace(",", ""))


async def test_the_last_step_says_where_texts_go_and_what_it_takes(home: JobHome) -> None:
    app = WizardApp(home)
    async with app.run_test(size=(80, 24)) as pilot:
        await go_to(pilot, 5)
        words = text(app)
        assert "gpt-4o on work" in words
        assert "work.openai.azure.com" in words
        assert "3 (6 text records)" in words
        assert "3 of 3: Borrower, Label1, Date" in words
        assert "USD for a million tokens: 2.5 in, 10 out" in " ".join(words.split())
        assert " sent, " in words
        assert "Time, about" in words
        assert "8 documents at most (p)" in words
        assert len(words.splitlines()) <= 24 - 5
        assert "texts are sent to work.openai.azure.com" in status(app)


async def test_an_unknown_price_is_said_with_how_to_give_one(tmp_path: Path) -> None:
    home = await JobHome().create(tmp_path, {"a.txt": "Ann " * 30, "b.txt": "Bob", "c.txt": "x"}, ["Person"])
    await home.deployment(
        name="here",
        kind=ResourceKind.OPENAI,
        endpoint="http://127.0.0.1:8080/v1",
        deployments=("qwen",),
        api_version="",
    )
    capabilities = home.tester.found
    assert not isinstance(capabilities, Exception)
    home.tester.found = replace(capabilities, model="qwen")
    await home.resources.test("here", "qwen")
    app = WizardApp(home)
    async with app.run_test(size=(80, 24)) as pilot:
        await go_to(pilot, 5)
        assert "no price is known: give one at step 2 with e" in text(app)
        assert "this machine: nothing leaves it" in " ".join(text(app).split())
        await pilot.press("b")
        await type_in(pilot, "2.50")
        assert "none: the job goes on to its end" in text(app)
        await pilot.press("b")
        await type_in(pilot, "100k tokens")
        assert "100,000 tokens (b); enough" in text(app)


async def test_budget_concurrency_and_examples_reach_the_job_and_outlive_going_back(home: JobHome) -> None:
    app = WizardApp(home)
    async with app.run_test(size=SIZE) as pilot:
        await go_to(pilot, 5)
        for key, words in (("b", "0.0001 USD"), ("p", "4"), ("x", "2")):
            await pilot.press(key)
            await type_in(pilot, words)
        assert "too little: the job will stop before its end" in text(app)
        await pilot.press("h")
        await pause(pilot, DocumentsStep)
        assert documents(app).selected == {2, 3, 4}
        await pilot.press("h")
        await pause(pilot, GptCategoriesStep)
        await pilot.press("h")
        await pause(pilot, DeploymentStep)
        for step in STEPS[2:]:
            await pilot.press("l")
            await pause(pilot, step)
        assert "0.00010 USD (b)" in text(app)
        await pilot.press("s")
        await settle(pilot)
    (job,) = app.results
    options = job.request.options
    assert (options["budget_usd"], options["at_once"], options["shots"]) == (0.0001, 4, 2)


async def test_a_batch_is_half_the_price_and_reaches_the_job(home: JobHome) -> None:
    app = WizardApp(home)
    async with app.run_test(size=SIZE) as pilot:
        await go_to(pilot, 5)
        one_by_one, evaluation = line_with(app, "Price, about"), line_with(app, "Evaluate first")
        await pilot.press("w")
        await pause(pilot, STEPS[-1])
        assert "As a batch" in text(app)
        assert line_with(app, "Price, about") != one_by_one
        # An evaluation does not go as a batch.
        assert line_with(app, "Evaluate first") == evaluation
        await pilot.press("s")
        await settle(pilot)
    (job,) = app.results
    assert job.request.options["batch"] is True


def line_with(app: WizardApp, words: str) -> str:
    return next(line for line in text(app).splitlines() if words in line)


async def test_evaluate_first_says_its_cost_and_starts_with_the_limit(home: JobHome) -> None:
    app = WizardApp(home)
    async with app.run_test(size=(80, 24)) as pilot:
        await go_to(pilot, 5)
        assert "e: 2 documents, about" in text(app)
        await pilot.press("e")
        for _ in range(10):
            await pilot.pause()
        shown(app, InputScreen).query_one("Input").value = "1"  # type: ignore[attr-defined]
        await pilot.press("enter")
        for _ in range(10):
            await pilot.pause()
        shown(app, ConfirmScreen)
        assert not home.jobs.jobs
        await pilot.press("y")
        for _ in range(10):
            await pilot.pause()
        shown(app, EvaluateScreen)
    (job,) = home.jobs.jobs.values()
    assert job.request.kind is JobKind.EVALUATE
    assert job.request.options["limit"] == 1
    assert job.request.prices is not None


async def test_evaluate_first_tells_drafts_and_saves_them_before_it(home: JobHome) -> None:
    await home.session.labeling.add(5, home.ids["Borrower"], Span(0, 3))
    app = WizardApp(home)
    async with app.run_test(size=(80, 24)) as pilot:
        await go_to(pilot, 5)
        assert "1 draft decision not saved, and left out: ctrl+s saves" in " ".join(text(app).split())
        await pilot.press("e")
        await own_questions(pilot)
        shown(app, ChoiceScreen)
        await pilot.press("s")
        await own_questions(pilot)
        shown(app, InputScreen)
        assert "there are 3" in drawn(app)
        await pilot.press("escape")
        await pilot.pause()
        assert "not saved" not in text(app)
    assert home.session.labeling.drafts() == 0


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ("drafts", "1 draft decision not saved, and left out: ctrl+s saves"),
        ("accepted", "labels that were suggested are in each labeled document"),
        ("none", "no document is labeled by hand"),
    ],
)
async def test_why_nothing_can_be_evaluated_is_said_truly_and_again_by_the_key(
    tmp_path: Path, labels: str, said: str
) -> None:
    home = await JobHome().create(tmp_path, {"a.txt": "Ann Bob", "b.txt": "Bob"}, ["Borrower"])
    await home.deployment()
    session = home.session
    if labels == "drafts":
        await session.labeling.add(0, home.ids["Borrower"], Span(0, 3))
    if labels == "accepted":
        await suggest(session, "a.txt", [("Borrower", "Ann", 0.9)])
        (made,) = session.documents.find("a.txt").suggestions
        await session.review.accept(0, made)
        await session.labeling.save()
    app = WizardApp(home)
    async with app.run_test(size=(80, 24)) as pilot:
        await pause(pilot, MethodStep)
        for step, key in zip(STEPS[1:], ("j enter", "enter", "enter", "space l"), strict=True):
            await pilot.press(*key.split())
            await pause(pilot, step)
        assert f"not possible: {said}" in " ".join(text(app).split())
        await pilot.press("e")
        await own_questions(pilot)
        if labels == "drafts":
            assert "Save them and evaluate" in drawn(app)
            assert "Evaluate without them" not in drawn(app)
            await pilot.press("s")
            await own_questions(pilot)
            shown(app, InputScreen)
        else:
            assert f"No evaluation: {said}." in drawn(app)


async def own_questions(pilot: Any) -> None:
    """Until what a key asks is on the screen."""
    for _ in range(20):
        await pilot.pause()


async def test_evaluate_first_shows_the_budget_that_holds_and_how_few_examples_there_are(
    home: JobHome,
) -> None:
    app = WizardApp(home)
    async with app.run_test(size=(80, 24)) as pilot:
        await go_to(pilot, 5)
        await pilot.press("b")
        await type_in(pilot, "0.50")
        assert "with 0 of the job's 2 examples" in " ".join(text(app).split())
        await pilot.press("e")
        await type_in(pilot, "2")
        question = shown(app, ConfirmScreen)
        words = " ".join(str(item.render()) for item in question.query("Static"))
        assert "it stops before it costs more than 0.500 USD" in words
        assert "measured with 0 examples in the prompts; a job will show up to 2" in words
        await pilot.press("y")
        for _ in range(10):
            await pilot.pause()
        shown(app, EvaluateScreen)
    (job,) = home.jobs.jobs.values()
    assert job.request.options["budget_usd"] == 0.5


async def test_what_failed_in_an_evaluation_is_said_before_the_rest_is_paid_for(home: JobHome) -> None:
    home.jobs.becomes[JobKind.EVALUATE] = {
        "state": JobState.PARTIALLY_COMPLETED,
        "failed": (DocumentFailure(1, "a.txt", "content_filter", "The answer was held back."),),
        "result": {"documents": 1, "chosen": 2, "per_category": {}},
    }
    app = WizardApp(home)
    async with app.run_test(size=(80, 24)) as pilot:
        await go_to(pilot, 5)
        await pilot.press("e")
        await type_in(pilot, "2")
        await pilot.press("y")
        for _ in range(10):
            await pilot.pause()
        shown(app, EvaluateScreen)
        assert "1 of 2 documents failed: 1 held back by the content filter" in " ".join(drawn(app).split())
        await pilot.press("q")
        await pause(pilot, STEPS[-1])
        said = "In the evaluation 1 of 2 documents failed: 1 held back by the content filter"
        assert said in " ".join(drawn(app).split())


def drawn(app: WizardApp) -> str:
    """What stands on the terminal, without paging."""
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


async def test_answers_that_are_there_are_told_in_the_last_step(home: JobHome) -> None:
    await keep_answers(home, [2, 3])
    app = WizardApp(home)
    async with app.run_test(size=SIZE) as pilot:
        await go_to(pilot, 5)
        # The three texts are the same, and so are their questions.
        assert "1 question is answered already and cost nothing" in line_with(app, "Answered")
        assert "0.00 USD" in line_with(app, "Price, about")


async def keep_answers(home: JobHome, documents: list[int]) -> None:
    """As an earlier job with the same questions has left them."""
    session = home.session
    resource = await home.resources.get("work")
    deployment = resource.deployments[0]
    rows = [session.rows[key] for key in documents]
    request = await session.jobs.requests.autolabel(rows, Method("gpt", resource="work", deployment="gpt-4o"))
    kept = home.answers("job1-1")
    asking = _Keeping(kept, reach(resource, deployment.name).address)
    labeled = (await labeled_documents(session.store.state, home.container)).documents
    counter = estimating(session.project.language)
    shown = chosen_examples(session.store.state, request, deployment, counter, labeled)
    labeler = autolabeler_of(session.store.state, request, deployment, counter, shown, asking)

    async def tasks() -> AsyncIterator[Task]:
        for row in rows:
            text = (await session.documents.text(row.id)).text
            yield Task(row.id, row.location, row.language or session.project.language, text, "")

    async for _ in labeler.label(tasks()):
        pass
    await kept.close()


class _Keeping:
    """Answers every question with nothing, and keeps that."""

    def __init__(self, answers: FileAnswerStore, address: str) -> None:
        self._answers = answers
        self._address = address

    async def ask(
        self,
        question: Question,
        estimate: Usage,
        *,
        attempt: int = 0,
        use: Any = None,
        about: str = "",
        until: Any = None,
    ) -> Asked:
        reply = Reply('{"entities": []}', Finish.STOP, Usage(100, 10))
        await self._answers.keep(question_key(self._address, question), KeptReply(reply, "job1"))
        return Asked(reply, reply.usage, from_cache=False)


async def test_nothing_labeled_means_no_evaluation(tmp_path: Path) -> None:
    home = await JobHome().create(tmp_path, {"a.txt": "Ann " * 30, "b.txt": "Bob", "c.txt": "x"}, ["Person"])
    await home.deployment(prices=Prices(1, 2))
    app = WizardApp(home)
    async with app.run_test(size=(80, 24)) as pilot:
        await go_to(pilot, 5)
        assert "no document is labeled by hand" in text(app)


@pytest.mark.parametrize(
    ("words", "limits"),
    [
        ("", (None, None)),
        ("2.50", (2.5, None)),
        ("$2", (2.0, None)),
        ("1,000 USD", (1000.0, None)),
        ("100000 tokens", (None, 100_000)),
        ("2 USD and 3M tokens", (2.0, 3_000_000)),
    ],
)
def test_budgets_are_read_as_people_write_them(words: str, limits: tuple[float | None, int | None]) -> None:
    assert read_budget(words) == limits


@pytest.mark.parametrize("words", ["lots", "nan", "2.5.1", "inf tokens"])
def test_what_is_no_budget_is_refused(words: str) -> None:
    with pytest.raises(InputError):
        read_budget(words)


def test_small_sums_keep_digits_that_say_something() -> None:
    assert [usd(amount) for amount in (0, 12.4, 0.1234, 0.00123)] == [
        "0.00 USD",
        "12.40 USD",
        "0.123 USD",
        "0.00123 USD",
    ]


async def test_a_deployment_for_batches_only_gets_a_batch_and_no_evaluation(home: JobHome) -> None:
    found = home.tester.found
    assert isinstance(found, Capabilities)
    home.tester.found = replace(found, batch_only=True)
    await home.resources.test("work", "gpt-4o")
    app = WizardApp(home)
    async with app.run_test(size=SIZE) as pilot:
        await go_to(pilot, 2)
        assert "batches only" in picker(app).text
        await pilot.press("enter")
        await pause(pilot, GptCategoriesStep)
        await pilot.press("enter")
        await pause(pilot, DocumentsStep)
        await pilot.press("space", "l")
        await pause(pilot, GptStartStep)
        assert "the deployment takes nothing else" in text(app)
        assert "not possible: the deployment answers batches only" in text(app)
        await pilot.press("w", "e", "s")
        await settle(pilot)
    (job,) = app.results
    assert isinstance(job, Job)
    assert job.request.options["batch"] is True


async def test_enter_starts_no_job_that_costs_money(home: JobHome) -> None:
    app = WizardApp(home)
    async with app.run_test(size=SIZE) as pilot:
        await go_to(pilot, 5)
        await pilot.press("enter")
        await pause(pilot, GptStartStep)
        assert isinstance(app.screen, GptStartStep)
    assert home.launcher.launched == []
