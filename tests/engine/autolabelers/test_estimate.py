"""What a job would take: ranges that hold what it really takes, and say what they go by."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.realdata import real
from tui_labeler.domain.jobs import Answer, Method, Usage
from tui_labeler.domain.labels import Span
from tui_labeler.domain.projects import Category, ProjectKind
from tui_labeler.domain.resources import Capabilities, Deployment, Prices, Structured
from tui_labeler.engine.adapters.vocabulary import exact_counter
from tui_labeler.engine.autolabelers.estimate import crossing, estimate_job
from tui_labeler.engine.autolabelers.prompts.forms import shown
from tui_labeler.engine.autolabelers.prompts.names import Names
from tui_labeler.engine.autolabelers.prompts.passages import Passage
from tui_labeler.engine.autolabelers.prompts.tasks import PromptTask
from tui_labeler.engine.autolabelers.spending import Budget
from tui_labeler.engine.autolabelers.work import (
    Crossing,
    Earlier,
    Made,
    Pace,
    Range,
    Sample,
    Work,
    earlier_of,
    sample_of,
)
from tui_labeler.engine.deployments.tokens import estimate, estimating, messages_tokens, prompt_tokens
from tui_labeler.engine.gpt.forecast import forecast
from tui_labeler.engine.runs.gpt import prompt_task
from tui_labeler.engine.workbench import set_settings

if TYPE_CHECKING:
    from tests.builders import Bench

GPT = Prices(2.5, 10.0, 1.25, "2026-11-21")

WORK = Work(ProjectKind.ENTITIES, [2000] * 100, categories=6, fixed_tokens=2000, language="en")
SAMPLE = Sample(10, 20_000, 4_500, is_estimate=True)


def test_ranges_hold_what_the_loan_agreements_take() -> None:
    folder = real("azure-language", "custom-ner-loan-agreements")
    file = json.loads(next(folder.glob("*.json")).read_bytes())
    names = [entity["category"] for entity in file["assets"]["entities"]]
    categories = [Category(name, name) for name in names]
    task = PromptTask(ProjectKind.ENTITIES, categories, structured=Structured.SCHEMA)
    prompts = answers = 0
    texts = []
    for document in file["assets"]["documents"]:
        text = (folder / document["location"]).read_bytes().decode("utf-8-sig")
        spans = [
            (label["category"], Span(label["offset"], label["offset"] + label["length"]))
            for entity in document["entities"]
            for label in entity["labels"]
        ]
        if not spans:
            continue
        texts.append(text)
        prompts += prompt_tokens(task.question(text, max_tokens=1000), estimate)
        passage = Passage(0, 0, text, tuple(spans))
        answers += estimate(shown(passage, ProjectKind.ENTITIES, Structured.SCHEMA, Names(categories)))
    fixed = prompt_tokens(task.question("", max_tokens=1000), estimate)
    work = Work(ProjectKind.ENTITIES, [len(text) for text in texts], len(names), fixed, "en-us")
    for sample in (None, sample_of(texts[:5], estimating("en"))):
        found = estimate_job(work, sample=sample, prices=GPT)
        assert found.prompt_tokens.low <= prompts <= found.prompt_tokens.high
        assert found.completion_tokens.low <= answers <= found.completion_tokens.high
        assert found.cost is not None
        real_cost = (prompts * 2.5 + answers * 10) / 1e6
        assert found.cost.low <= real_cost <= found.cost.high
        assert found.cost.high < 6 * found.cost.low


def test_a_sample_and_earlier_jobs_make_the_ranges_narrower() -> None:
    guess = estimate_job(WORK)
    read = estimate_job(WORK, sample=SAMPLE)
    known = estimate_job(WORK, sample=SAMPLE, earlier=Earlier(50, 100_000, Usage(0, 15_000)))
    assert width(guess.prompt_tokens) > width(read.prompt_tokens)
    assert width(read.completion_tokens) > width(known.completion_tokens)
    assert known.completion_tokens.low < 30_000 < known.completion_tokens.high


def width(found: Range) -> float:
    return found.high / found.low


def test_the_notes_say_what_is_guessed_and_estimated() -> None:
    told = " ".join(estimate_job(WORK).notes)
    assert "guessed" in told
    assert "price is not known" in told
    known = estimate_job(
        WORK,
        sample=Sample(10, 20_000, 4_500, is_estimate=False),
        earlier=Earlier(50, 100_000, Usage(0, 15_000)),
        prices=GPT,
    )
    assert known.notes[1:] == ("Prices are of 2026-11-21.",)
    assert "1,700 to 2,300 tokens" in known.notes[0]
    assert "estimated" in " ".join(estimate_job(WORK, sample=SAMPLE).notes)


def test_without_a_price_there_is_no_cost() -> None:
    assert estimate_job(WORK).cost is None
    free = estimate_job(WORK, prices=Prices(0.0, 0.0)).cost
    assert free is not None
    assert free.high == 0.0


def test_a_beginning_that_servers_keep_makes_the_least_price_less() -> None:
    kept, plain = estimate_job(WORK, prices=GPT).cost, estimate_job(WORK, prices=Prices(2.5, 10.0)).cost
    assert kept is not None
    assert plain is not None
    assert kept.low < plain.low
    assert kept.high == plain.high


def test_long_documents_are_several_questions_each_with_the_fixed_part() -> None:
    short = Work(ProjectKind.ENTITIES, [100_000], 6, 1000, "en")
    cut = Work(ProjectKind.ENTITIES, [100_000], 6, 1000, "en", chunk_tokens=5000)
    sample = Sample(1, 100_000, 25_000, is_estimate=False)
    assert estimate_job(short, sample=sample).questions.high == 1
    found = estimate_job(cut, sample=sample)
    assert found.questions.low == 5
    assert found.questions.high <= 10
    assert found.prompt_tokens.low == pytest.approx(25_000 * 0.98 + 5 * 1000 * 0.85)


def test_classes_cost_little_thoughts_much_and_agreement_twice() -> None:
    one = Work(ProjectKind.SINGLE_LABEL, [2000] * 10, 7, 500)
    thinking = Work(ProjectKind.SINGLE_LABEL, [2000] * 10, 7, 500, reasoning=True)
    twice = Work(ProjectKind.SINGLE_LABEL, [2000] * 10, 7, 500, answers=2)
    plain = estimate_job(one)
    assert plain.completion_tokens.high < 10 * 20
    assert estimate_job(thinking).completion_tokens.high > 10 * 1000
    assert estimate_job(twice).prompt_tokens.high == 2 * plain.prompt_tokens.high
    assert estimate_job(twice).questions.low == 20


def test_a_model_that_thinks_may_use_what_it_is_given_for_that_and_more_than_in_its_trial() -> None:
    work = Work(ProjectKind.SINGLE_LABEL, [130] * 4, 7, 500, reasoning=True, tried_tokens=406)
    assert estimate_job(work).completion_tokens.high >= 4 * 4_000
    tried = estimate_job(replace(work, tried_tokens=9_006))
    assert tried.completion_tokens.high >= 4 * 9_006


def test_a_batch_with_a_budget_may_be_several_one_after_the_other() -> None:
    words = "the job may take several, one after the other"
    assert words in " ".join(estimate_job(WORK, batch=True, budget=True).notes)
    assert words not in " ".join(estimate_job(WORK, batch=True).notes)
    assert words not in " ".join(estimate_job(WORK, budget=True).notes)


def test_time_goes_by_the_deployment_or_better_by_earlier_jobs() -> None:
    assert estimate_job(WORK).seconds is None
    tried = estimate_job(WORK, pace=Pace(0.5, 16)).seconds
    assert tried is not None
    assert 100 * 0.5 / 16 < tried.low < tried.high
    done = Earlier(50, 100_000, Usage(0, 15_000), seconds=25.0)
    known = estimate_job(WORK, earlier=done, pace=Pace(0.5, 16)).seconds
    assert known is not None
    assert known.low < 50 < known.high
    batch = estimate_job(WORK, pace=Pace(0.5, 16), batch=True)
    assert batch.seconds is None
    assert "A batch is answered within 24 hours." in batch.notes


@pytest.mark.parametrize(
    ("budget", "crossed"),
    [
        (Budget(), Crossing.NO),
        (Budget(usd=100.0), Crossing.NO),
        (Budget(usd=0.001), Crossing.YES),
        (Budget(tokens=1000), Crossing.YES),
        (Budget(tokens=260_000), Crossing.MAYBE),
        (Budget(usd=100.0, tokens=1000), Crossing.YES),
    ],
)
def test_a_budget_is_held_against_the_range(budget: Budget, crossed: Crossing) -> None:
    assert crossing(estimate_job(WORK, sample=SAMPLE, prices=GPT), budget) is crossed


def test_a_slow_deployment_has_a_time_that_holds_one_answer_after_the_other_or_none() -> None:
    """Of a local model: 8 tokens took it 2 seconds, so 12 take about 3, and it has no second processor."""
    classes = Work(ProjectKind.SINGLE_LABEL, [2000] * 10, 7, 500)
    told = estimate_job(classes, pace=Pace(2.0, 8, tokens=8)).seconds
    assert told is not None
    assert told.low <= 10 * 2.0
    assert told.high >= 10 * (12 * 2.0 / 8)
    # What it takes for the entities of a text nobody can tell from eight tokens.
    assert estimate_job(WORK, pace=Pace(2.0, 8, tokens=8)).seconds is None
    assert estimate_job(WORK, pace=Pace(0.5, 8, tokens=8)).seconds is not None
    assert estimate_job(WORK, pace=Pace(0.5, 8, tokens=8, is_here=True)).seconds is None
    # A reasoning model that thought 400 tokens in four seconds is no slow one.
    assert estimate_job(WORK, pace=Pace(4.0, 8, tokens=400)).seconds is not None
    done = Earlier(10, 20_000, Usage(0, 3000), seconds=60.0)
    known = estimate_job(WORK, pace=Pace(2.0, 8, tokens=8), earlier=done).seconds
    assert known is not None
    assert known.low < 600 < known.high


def test_questions_that_were_made_take_the_place_of_a_guess_and_those_answered_cost_nothing() -> None:
    made = Made(100, [2000] * 30, 60_000, is_estimate=True, answered=70)
    found = estimate_job(WORK, made=made, prices=GPT)
    assert (found.documents, found.answered) == (100, 70)
    assert (found.questions.low, found.questions.high) == (30, 30)
    # Each of the 30 has instructions and examples of about 2,000 tokens before its text.
    assert found.prompt_tokens.low < 120_000 < found.prompt_tokens.high < 140_000
    whole = estimate_job(replace(WORK, characters=[2000] * 30), sample=SAMPLE)
    assert found.completion_tokens == whole.completion_tokens
    nothing = estimate_job(WORK, made=Made(100, [], 0, is_estimate=True, answered=100), prices=GPT)
    assert nothing.cost == Range(0, 0)
    assert nothing.completion_tokens == Range(0, 0)


def test_questions_of_some_documents_stand_for_those_of_all() -> None:
    made = Made(1000, [2000] * 30, 60_000, is_estimate=True, answered=70, scale=10.0)
    found = estimate_job(WORK, made=made)
    assert (found.questions.high, found.answered) == (300, 700)
    assert found.prompt_tokens.low < 1_200_000 < found.prompt_tokens.high


def test_a_budget_of_money_says_nothing_where_no_price_is_known() -> None:
    assert crossing(estimate_job(WORK), Budget(usd=0.001)) is Crossing.NO


def test_answers_that_were_kept_teach_nothing() -> None:
    paid = Answer(1, "a.txt", "x", 1000, usage=Usage(900, 100))
    kept = Answer(2, "b.txt", "y", 1000)
    assert earlier_of([paid, paid], 4.0) == Earlier(2, 2000, Usage(1800, 200), 4.0)
    assert earlier_of([paid, kept], 4.0) == Earlier(1, 1000, Usage(900, 100), None)
    assert earlier_of([kept]) is None
    assert earlier_of([]) is None


def test_no_document_takes_nothing() -> None:
    found = estimate_job(Work(ProjectKind.ENTITIES, [], 6, 2000), prices=GPT, pace=Pace(1.0, 8))
    assert found.prompt_tokens.high == found.completion_tokens.high == 0
    assert found.cost is not None
    assert found.cost.high == 0


def test_a_hundred_thousand_documents_are_estimated_while_one_waits() -> None:
    work = Work(ProjectKind.ENTITIES, [3000] * 100_000, 6, 2000, "en", chunk_tokens=2000)
    began = time.process_time()
    estimate_job(work, sample=SAMPLE, prices=GPT, pace=Pace(0.5, 16))
    assert time.process_time() - began < 2.0


@given(
    kind=st.sampled_from(ProjectKind),
    characters=st.lists(st.integers(0, 128_000), max_size=20),
    fixed=st.integers(0, 20_000),
    chunk=st.none() | st.integers(0, 10_000),
    sampled=st.booleans(),
    answers=st.integers(1, 3),
    reasoning=st.booleans(),
)
def test_no_range_is_upside_down(
    kind: ProjectKind,
    characters: list[int],
    fixed: int,
    chunk: int | None,
    sampled: bool,
    answers: int,
    reasoning: bool,
) -> None:
    work = Work(kind, characters, 5, fixed, "", chunk, answers, reasoning)
    found = estimate_job(work, sample=SAMPLE if sampled else None, prices=GPT, pace=Pace(0.3, 8))
    assert found.cost is not None
    assert found.seconds is not None
    slow = estimate_job(work, pace=Pace(5.0, 8))
    for part in (
        found.questions,
        found.prompt_tokens,
        found.completion_tokens,
        found.cost,
        found.seconds,
        slow.seconds or found.seconds,
    ):
        assert 0 <= part.low <= part.high


# --- where the instructions are most of it ------------------------------------------------------------

IN_LANGUAGES = {
    "en": [("Borrower", "Who takes the loan"), ("LoanAmount", "How much is lent, with its currency")],
    "de": [("Darlehensnehmer", "Wer das Darlehen aufnimmt"), ("Zinssatz", "In Prozent, wie im Vertrag")],
    "fi": [("Lainanottaja", "Henkilö tai yritys, joka ottaa lainan"), ("Korko", "Prosentteina")],
    "ru": [("Заёмщик", "Лицо, которое берёт кредит"), ("Ставка", "Процентная ставка по договору")],
    "ja": [("借入人", "融資を受ける人または会社"), ("金利", "契約に記載された年利")],
    "": [(f"Cat_{number}_Type", "") for number in range(60)],
}


@pytest.mark.parametrize("structured", list(Structured))
@pytest.mark.parametrize("language", list(IN_LANGUAGES))
@pytest.mark.parametrize("model", ["gpt-4o", "gpt-4", "gpt-oss-20b"])
async def test_the_range_holds_what_short_texts_with_long_instructions_really_take(
    bench: Bench, model: str, language: str, structured: Structured
) -> None:
    exact = exact_counter(model)
    if exact is None:
        pytest.skip("the extra `tokens`, with the vocabularies, is not installed")
    session = await bench.create({"a.txt": "Ok.", "b.txt": "No!"}, categories=())
    for name, description in IN_LANGUAGES[language]:
        category = await session.categories.add(name)
        await session.categories.set(category.id, description=description)
    await set_settings(session, replace(session.project, language=language or "en"))
    rows, ids = list(session.rows.values()), list(session.store.state.categories)
    can = Capabilities(structured, logprobs=False, reasoning=False, seconds=0.1, tested="now", tokens=8)
    known = await forecast(session, rows, Method("gpt"), ids, Deployment("d", can), GPT)
    prompt = prompt_task(session.store.state, ids, structured)
    real_tokens = [prompt_tokens(prompt.question(text, max_tokens=9), exact.count) for text in ("Ok.", "No!")]
    told = known.of(rows).prompt_tokens
    assert told.low <= sum(real_tokens) <= told.high
    # Servers that hold the answer to the schema by other means add nothing to the prompt.
    plain = [
        messages_tokens(prompt.question(text, max_tokens=9).messages, exact.count) for text in ("Ok.", "No!")
    ]
    assert told.low <= sum(plain) <= told.high
    assert width(told) < 2.3
