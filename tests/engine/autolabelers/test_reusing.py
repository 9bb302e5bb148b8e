"""Answers that are journaled spare later jobs their questions, those that took a second question too."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import TEXT, Bench, document, key, suggestions, words_of
from tui_labeler.domain.jobs import Job, JobState, Method, Usage
from tui_labeler.domain.resources import Prices
from tui_labeler.engine.autolabelers.options import GptOptions
from tui_labeler.engine.deployments.chat import Finish, Reply, ResourceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_labeler.engine.deployments.chat import Question
    from tui_labeler.engine.session import ProjectSession

GPT = Method("gpt", resource="r", deployment="gpt")
PRICES = Prices(1.0, 2.0)
CUT = Reply('{"entities": [', Finish.LENGTH, Usage(90, 300))
GOOD = json.dumps({"entities": [{"text": "Rome", "category": "Place", "before": ""}]})


async def label(bench: Bench, session: ProjectSession, **options: Any) -> Job:
    rows = list(session.rows.values())
    job = await session.jobs.autolabel(rows, GPT, gpt=GptOptions(**options), prices=PRICES)
    job = await bench.run(job)
    await session.refresh()
    return job


def answering(bench: Bench, answer: Callable[[Question], str | Reply]) -> None:
    """Has the deployment answer by the whole question, the one just asked."""
    bench.chat.says = lambda text: answer(bench.chat.questions[-1])


def cut_at_first(question: Question) -> str | Reply:
    return CUT if question.max_tokens < 600 else GOOD


def wrong_at_first(question: Question) -> str | Reply:
    return GOOD if len(question.messages) > 2 else "I see Rome."


def cut_then_wrong(question: Question) -> str | Reply:
    return CUT if question.max_tokens < 600 else wrong_at_first(question)


@pytest.mark.parametrize(
    ("answer", "asked"),
    [(cut_at_first, 2), (wrong_at_first, 2), (cut_then_wrong, 3)],
    ids=["cut", "not in the form", "cut, then not in the form"],
)
async def test_an_answer_that_took_further_questions_is_paid_for_once_across_jobs(
    bench: Bench, answer: Callable[[Question], str | Reply], asked: int
) -> None:
    session = await bench.create(1)
    answering(bench, answer)
    first = await label(bench, session)
    assert (first.state, len(bench.chat.questions)) == (JobState.SUCCEEDED, asked)
    (found,) = await session.surveyor.survey([replace(first.request, id="")])
    assert (found.done, found.answered, len(found.characters)) == (1, asked, 0)
    second = await label(bench, session)
    assert (second.state, second.usage, len(bench.chat.questions)) == (JobState.SUCCEEDED, Usage(), asked)
    assert words_of(suggestions(session)) == ["Rome"] * len(suggestions(session))
    assert document(session).suggestions


async def test_an_answer_whose_further_question_was_of_no_use_is_asked_for_again(bench: Bench) -> None:
    session = await bench.create({"a.txt": TEXT})
    answering(bench, lambda question: CUT if question.max_tokens < 600 else "I see Rome.")
    assert (await label(bench, session)).state is JobState.FAILED
    answering(bench, cut_at_first)
    asked = len(bench.chat.questions)
    assert (await label(bench, session)).state is JobState.SUCCEEDED
    assert len(bench.chat.questions) == asked + 2


LONG = "".join(f"Ann {number} is in Rome. " for number in range(2_000))


@pytest.mark.parametrize("edit", ["a description", "a name", "another one deleted"])
async def test_a_job_goes_on_with_its_own_prompt_after_a_category_was_edited(bench: Bench, edit: str) -> None:
    session = await bench.create({"a.txt": LONG})
    rows = list(session.rows.values())
    job = await session.jobs.autolabel(rows, GPT, gpt=GptOptions(at_once=1), prices=PRICES)
    limit = 2
    bench.chat.says = lambda text: GOOD if len(bench.chat.questions) <= limit else ResourceError("no money")
    assert (await bench.run(job)).state is JobState.FAILED
    asked = [question.messages[0] for question in bench.chat.questions]
    if edit == "a description":
        await session.categories.set(key(session, "Person"), description="A human being")
    elif edit == "a name":
        await session.categories.rename(key(session, "Person"), "Human")
    else:
        await session.categories.delete(key(session, "Person"))
    before = len(bench.chat.questions)
    (found,) = await session.surveyor.survey([job.request])
    assert found.answered == limit
    limit = 1_000
    await session.jobs.resume(job.id)
    ended = await bench.run(job)
    assert ended.state is JobState.SUCCEEDED
    assert len(bench.chat.questions) - before == len(found.characters)
    assert {question.messages[0] for question in bench.chat.questions} == set(asked)
    # Another job asks with what the categories are by then.
    await label(bench, session)
    assert bench.chat.questions[-1].messages[0] not in asked
