"""What is told of jobs for a deployment before they start, held against what they then do."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from tests.builders import TEXT, Bench, key, number, span
from tui_labeler.domain.jobs import Job, JobState, Method, Usage
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.domain.resources import Prices, Resource, ResourceKind
from tui_labeler.engine.adapters.surveyors import surveys_told
from tui_labeler.engine.autolabelers.options import GptOptions
from tui_labeler.engine.autolabelers.spending import Budget
from tui_labeler.engine.deployments.chat import Finish, Reply
from tui_labeler.engine.deployments.tokens import estimating, prompt_tokens
from tui_labeler.engine.errors import InputError, LabelerError
from tui_labeler.engine.gpt.preview import (
    Terms,
    evaluation_preview,
    going_on_preview,
    labeling_preview,
)
from tui_labeler.engine.workbench import set_settings

if TYPE_CHECKING:
    from tui_labeler.engine.autolabelers.work import Range
    from tui_labeler.engine.session import ProjectSession

GPT = Method("gpt", resource="r", deployment="gpt")
PRICES = Prices(1.0, 2.0)


def terms(bench: Bench, **options: Any) -> Terms:
    deployment = bench.chat.deployment
    resource = Resource("r", ResourceKind.OPENAI, "https://models.example.org/v1", (deployment,))
    return Terms(resource, deployment, GptOptions(**options), PRICES)


def passage(n: int) -> str:
    return f"Ann number {n} is in Rome with all her books, and will stay there until spring number {n} comes."


async def labeled(bench: Bench, count: int, more: int = 0) -> ProjectSession:
    """So many labeled documents, and some without labels."""
    session = await bench.create({f"{n:03}.txt": passage(n) for n in range(count + more)})
    for n in range(count):
        place = number(session, f"{n:03}.txt")
        await session.labeling.add(place, key(session, "Person"), span("Ann", passage(n)))
        await session.labeling.add(place, key(session, "Place"), span("Rome", passage(n)))
    await session.labeling.save()
    return session


def unlabeled(session: ProjectSession) -> list[Any]:
    return [row for row in session.documents.select() if not row.labels]


def sent(bench: Bench) -> int:
    """Tokens of all questions that the deployment was asked."""
    return sum(prompt_tokens(question, estimating("en").count) for question in bench.chat.questions)


def holds(ends: Range, truth: float) -> bool:
    return ends.low <= truth <= ends.high


async def evaluate(bench: Bench, session: ProjectSession, limit: int | None, **options: Any) -> Job:
    given = {"limit": limit, "seed": 0, **GptOptions(**options).as_options()}
    return await bench.run(await session.jobs.evaluate(GPT, given, prices=PRICES))


@pytest.mark.parametrize("limit", [None, 20, 6])
async def test_an_evaluation_sends_what_was_estimated_and_no_example_that_it_leaves_out(
    bench: Bench, limit: int | None
) -> None:
    session = await labeled(bench, 20)
    told = await evaluation_preview(session, terms(bench), {"limit": limit})
    assert bench.chat.questions == []
    job = await evaluate(bench, session, limit)
    assert job.result["documents"] == told.documents == len(bench.chat.questions)
    assert holds(told.told.prompt_tokens, sent(bench))
    # The beginning of the prompts counts, and is a large part of them.
    assert told.told.prompt_tokens.high < 1.3 * sent(bench)
    assert (told.examples, told.job_examples) == (job.result["examples"], job.result["job_examples"])


async def test_labeled_documents_are_kept_from_an_evaluation_for_the_examples_of_its_prompts(
    bench: Bench,
) -> None:
    session = await labeled(bench, 20)
    job = await evaluate(bench, session, None)
    assert job.result["documents"] == 15
    assert job.result["examples"] == 5
    assert all(len(question.messages) == 2 + 2 * 5 for question in bench.chat.questions)
    # Where no example is wanted, all are compared with.
    assert (await evaluate(bench, session, None, shots=0)).result["documents"] == 20


async def test_an_evaluation_with_fewer_examples_than_a_job_says_so(bench: Bench) -> None:
    session = await labeled(bench, 3)
    told = await evaluation_preview(session, terms(bench), {"limit": None})
    job = await evaluate(bench, session, None)
    (warning,) = [words for words in job.result["warnings"] if "examples" in words]
    assert warning.startswith("measured with 0 examples in the prompts; a job will show up to 3")
    assert told.warning == warning
    enough = await evaluation_preview(session, terms(bench, shots=0), {"limit": None})
    assert enough.warning == ""


async def test_a_job_sends_what_was_estimated(bench: Bench) -> None:
    session = await labeled(bench, 12, 30)
    rows = unlabeled(session)
    told = await labeling_preview(session, rows, terms(bench))
    assert (told.documents, told.questions.high, told.answered) == (30, 30, 0)
    await bench.run(await session.jobs.autolabel(rows, GPT, gpt=GptOptions(), prices=PRICES))
    assert len(bench.chat.questions) == 30
    assert holds(told.prompt_tokens, sent(bench))


@pytest.mark.parametrize("options", [{}, {"samples": 2}, {"batch": True}], ids=["plain", "samples", "batch"])
async def test_answers_that_are_kept_are_free_and_are_told(bench: Bench, options: dict[str, Any]) -> None:
    session = await labeled(bench, 8, 20)
    rows = unlabeled(session)
    samples = options.get("samples", 1)
    first = GptOptions(samples=samples)
    await bench.run(await session.jobs.autolabel(rows[:12], GPT, gpt=first, prices=PRICES))
    bench.chat.questions.clear()
    told = await labeling_preview(session, rows, terms(bench, **options))
    assert (told.documents, told.answered, told.questions.high) == (20, 12 * samples, 8 * samples)
    whole = await labeling_preview(session, rows[:12], terms(bench, **options))
    assert whole.answered == 12 * samples
    assert whole.prompt_tokens.high == 0
    assert whole.cost is not None
    assert whole.cost.high == 0
    assert bench.chat.questions == []
    if not options.get("batch"):
        await session.refresh()
        await bench.run(await session.jobs.autolabel(rows, GPT, gpt=GptOptions(**options), prices=PRICES))
        assert len(bench.chat.questions) == 8 * samples
        assert holds(told.prompt_tokens, sent(bench))


async def test_answers_to_other_questions_and_useless_ones_are_not_free(bench: Bench) -> None:
    session = await labeled(bench, 4, 6)
    rows = unlabeled(session)
    bench.chat.says = lambda text: Reply("", Finish.STOP, Usage(5, 5), refusal="I can't.")
    job = await bench.run(await session.jobs.autolabel(rows, GPT, gpt=GptOptions(), prices=PRICES))
    assert job.state is JobState.FAILED
    told = await labeling_preview(session, rows, terms(bench))
    assert (told.answered, told.questions.high) == (0, 6)
    again = await going_on_preview(session, job, rows, terms(bench), retry_failed=True)
    assert (again.answered, again.questions.high) == (0, 6)
    bench.chat.says = lambda text: json.dumps({"entities": []})
    await bench.run(await session.jobs.autolabel(rows, GPT, gpt=GptOptions(), prices=PRICES))
    assert (await labeling_preview(session, rows, terms(bench))).answered == 6
    assert (await labeling_preview(session, rows, terms(bench, shots=1))).answered == 0


async def test_what_is_left_of_a_job_is_estimated(bench: Bench) -> None:
    session = await labeled(bench, 4, 16)
    rows = unlabeled(session)
    options = GptOptions(budget_tokens=1500, at_once=1)
    job = await bench.run(await session.jobs.autolabel(rows, GPT, gpt=options, prices=PRICES))
    assert job.code == "budget"
    missing = await session.jobs.missing(job)
    assert len(missing) == 16 - job.done
    bench.chat.questions.clear()
    told = await going_on_preview(session, job, missing, terms(bench))
    await session.jobs.resume(job.id, budget=Budget())
    await bench.run(job)
    assert told.questions.high == len(bench.chat.questions) == len(missing)
    assert holds(told.prompt_tokens, sent(bench))


async def test_documents_that_cannot_be_read_are_asked_about_by_nobody(bench: Bench) -> None:
    session = await bench.create({"a.txt": TEXT, "b.txt": "Bob is in Oslo.", "c.txt": b"\xff\xfe\x00x"})
    (bench.documents / "b.txt").unlink()
    told = await labeling_preview(session, session.documents.select(), terms(bench))
    assert (told.documents, told.questions.high) == (3, 1)


async def test_of_many_documents_some_stand_for_all(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    session = await labeled(bench, 0, 30)
    rows = session.documents.select()
    whole = await labeling_preview(session, rows, terms(bench))
    monkeypatch.setattr("tui_labeler.engine.gpt.survey.LOOKED_AT", 10)
    part = await labeling_preview(session, rows, terms(bench))
    assert (part.documents, part.questions.high) == (30, 30)
    assert holds(part.prompt_tokens, (whole.prompt_tokens.low + whole.prompt_tokens.high) / 2)


# --- an evaluation that its budget ends ---------------------------------------------------------------


async def test_an_evaluation_that_its_budget_ends_shows_what_was_answered_as_partial(bench: Bench) -> None:
    session = await labeled(bench, 20)
    job = await evaluate(bench, session, None, budget_tokens=1500, at_once=1)
    assert (job.state, job.code, job.result["exit_code"]) == (JobState.CANCELLED, "budget", 4)
    result = job.result
    answered = len(bench.chat.questions)
    assert 0 < result["documents"] == answered < 15
    assert result["partial"] is True
    assert result["recall"] == 1.0
    assert set(result["per_category"]) == {"Person", "Place"}
    assert result["usage"]["prompt_tokens"] == 100 * answered
    assert f"measured on {answered} of 15 documents only" in result["warnings"][0]
    # A larger budget pays for the others alone.
    await session.jobs.resume(job.id, budget=Budget())
    ended = await bench.run(job)
    assert ended.state is JobState.SUCCEEDED
    assert (ended.result["documents"], ended.result["partial"]) == (15, False)
    assert len(bench.chat.questions) == 15


async def test_an_evaluation_whose_budget_pays_for_no_answer_has_no_figures(bench: Bench) -> None:
    session = await labeled(bench, 8)
    job = await evaluate(bench, session, None, budget_tokens=10)
    assert (job.state, job.code) == (JobState.CANCELLED, "budget")
    assert "f1" not in job.result
    assert "spent" in job.message
    assert "larger budget" not in job.message


async def test_an_evaluation_of_paid_answers_teaches_how_long_a_job_takes(bench: Bench) -> None:
    session = await labeled(bench, 12, 30)
    rows = unlabeled(session)
    await evaluate(bench, session, 6)
    told = await labeling_preview(session, rows, terms(bench))
    assert told.seconds is not None
    assert told.seconds.high < 60
    kept = await evaluate(bench, session, 6)
    assert kept.result["asked"]["seconds"] is None


# --- the other process --------------------------------------------------------------------------------


async def test_what_another_process_found_is_read_and_its_refusal_raised(bench: Bench) -> None:
    session = await labeled(bench, 8)
    request = await session.jobs.requests.evaluate(GPT, GptOptions().as_options())
    found = await session.surveyor.survey([request])
    assert surveys_told(msgspec.json.encode({"surveys": found})) == found
    fields = {
        "code": "not_found",
        "title": "Not found",
        "message": "There is no resource.",
        "hint": "Add it.",
    }
    with pytest.raises(LabelerError, match="There is no resource") as refused:
        surveys_told(msgspec.json.encode({"error": fields}))
    assert (refused.value.code, refused.value.hint) == ("not_found", "Add it.")
    for words in (b"", b"{}", b"Traceback", b'{"surveys": [1]}'):
        with pytest.raises(InputError):
            surveys_told(words)


async def test_what_is_left_of_a_job_goes_by_what_the_job_has_shown(bench: Bench) -> None:
    session = await labeled(bench, 4, 16)
    rows = unlabeled(session)
    untried = replace(bench.chat.deployment, capabilities=None)
    offered = replace(terms(bench), deployment=untried)
    bench.chat.says = lambda text: Reply(json.dumps({"entities": []}), Finish.STOP, Usage(300, 77))
    options = GptOptions(budget_tokens=2_500, at_once=1)
    job = await bench.run(await session.jobs.autolabel(rows, GPT, gpt=options, prices=PRICES))
    assert (job.code, job.done) == ("budget", job.answered.answers)
    missing = await session.jobs.missing(job)
    told = await going_on_preview(session, job, missing, offered)
    assert holds(told.completion_tokens, 77 * len(missing))
    assert told.completion_tokens.high < 2 * 77 * len(missing)
    assert told.seconds is not None
    each = job.answered.seconds / job.answered.answers
    assert holds(told.seconds, each * len(missing))
    # Another job for the same deployment knows no more than this one has shown.
    other = await labeling_preview(session, rows, offered)
    assert holds(other.completion_tokens, 77 * len(missing))


async def test_answers_of_no_use_are_part_of_what_a_job_has_shown(bench: Bench) -> None:
    session = await labeled(bench, 4, 6)
    rows = unlabeled(session)
    bench.chat.says = lambda text: Reply("", Finish.STOP, Usage(300, 900), refusal="I can't.")
    job = await bench.run(await session.jobs.autolabel(rows, GPT, gpt=GptOptions(), prices=PRICES))
    assert job.state is JobState.FAILED
    told = await going_on_preview(session, job, rows, terms(bench), retry_failed=True)
    assert holds(told.completion_tokens, 900 * 6)


@pytest.mark.parametrize("language", ["en", "sw", "zh"])
@pytest.mark.parametrize("kind", list(ProjectKind))
async def test_what_is_counted_for_a_server_that_tells_no_usage_is_within_what_was_estimated(
    bench: Bench, kind: ProjectKind, language: str
) -> None:
    session = await bench.create({f"{n}.txt": passage(n) * (1 + n % 3) for n in range(12)}, kind=kind)
    await set_settings(session, replace(session.project, language=language))
    rows = list(session.rows.values())
    told = await labeling_preview(session, rows, terms(bench))
    names = {
        ProjectKind.ENTITIES: {"entities": [{"text": "Ann", "category": "Person", "before": ""}]},
        ProjectKind.SINGLE_LABEL: {"class": "Person"},
        ProjectKind.MULTI_LABEL: {"classes": ["Person", "Place"]},
    }
    bench.chat.says = lambda text: Reply(json.dumps(names[kind]), Finish.STOP, Usage())
    job = await bench.run(await session.jobs.autolabel(rows, GPT, gpt=GptOptions(), prices=PRICES))
    assert job.done == 12
    assert job.usage.estimated_tokens == job.usage.tokens
    assert holds(told.prompt_tokens, job.usage.prompt_tokens)
    assert holds(told.completion_tokens, job.usage.completion_tokens)
    assert told.cost is not None
    assert job.cost is not None
    assert job.cost <= told.cost.high
