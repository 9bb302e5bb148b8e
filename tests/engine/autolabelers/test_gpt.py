"""Labeling with a deployment: what is asked, what becomes of the answers, and of faults."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import (
    TEXT,
    Bench,
    asked_text,
    document,
    key,
    labels,
    number,
    span,
    suggestions,
    words_of,
)
from tui_labeler.domain.jobs import Job, JobState, Method, Unused, Usage
from tui_labeler.domain.labels import Placed
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.domain.resources import Capabilities, Prices, Structured
from tui_labeler.engine.autolabelers.autolabeler import Task
from tui_labeler.engine.autolabelers.options import GptOptions
from tui_labeler.engine.autolabelers.spending import Budget
from tui_labeler.engine.deployments.chat import (
    BusyError,
    Finish,
    Reply,
    ResourceError,
    Token,
    UnansweredError,
)
from tui_labeler.engine.errors import InputError
from tui_labeler.engine.runs.gpt import GptSetup

if TYPE_CHECKING:
    from tui_labeler.engine.session import ProjectSession

GPT = Method("gpt", resource="r", deployment="gpt")
PRICES = Prices(1.0, 2.0)
USED = Usage(90, 5)


async def start(session: ProjectSession, **options: Any) -> Job:
    rows = list(session.rows.values())
    return await session.jobs.autolabel(rows, GPT, gpt=GptOptions(**options), prices=PRICES)


async def label(bench: Bench, session: ProjectSession, **options: Any) -> Job:
    job = await bench.run(await start(session, **options))
    await session.refresh()
    return job


def entities(*found: tuple[str, str]) -> str:
    return json.dumps({"entities": [{"text": w, "category": c, "before": ""} for w, c in found]})


async def test_what_a_deployment_names_becomes_suggestions_in_the_text(bench: Bench) -> None:
    session = await bench.create(3)
    job = await label(bench, session)
    assert job.state is JobState.SUCCEEDED
    for name in ("d0000.txt", "d0001.txt", "d0002.txt"):
        found = suggestions(session, name)
        assert words_of(found) == ["Ann", "Bob", "Rome", "Ann", "Oslo"]
        assert {item.source for item in found} == {"gpt:r/gpt"}
        assert all(item.version for item in found)
    # The three texts are the same: one question answers them all, and is paid for once.
    assert len(bench.chat.questions) == 1
    assert job.usage == Usage(100, 10)
    assert job.cost == pytest.approx(120 / 1_000_000)


async def test_words_that_are_not_in_the_text_are_left_to_place_and_counted(bench: Bench) -> None:
    session = await bench.create(1)
    bench.chat.says = lambda text: entities(("Ann", "Person"), ("Contoso Ltd", "Place"))
    job = await label(bench, session)
    assert [item.text for item in document(session).to_place.values()] == ["Contoso Ltd"]
    assert job.unaligned == 1
    assert {item.placed for item in suggestions(session)} == {Placed.AMBIGUOUS}


async def test_suggestions_of_a_job_share_the_words_that_are_the_same_for_all(bench: Bench) -> None:
    """A job makes a hundred thousand of them: each held for itself would be memory for nothing."""
    session = await bench.create({"a.txt": TEXT, "b.txt": "Bob is in Oslo."})
    await label(bench, session)
    assert Method("gpt", resource="r", deployment="gpt").source is Method("gpt", "", "r", "gpt").source
    names = ("a.txt", "b.txt")
    assert {item.source for name in names for item in suggestions(session, name)} == {"gpt:r/gpt"}
    one, two = session.rows.values()
    assert one.jobs is two.jobs


async def test_a_question_is_asked_again_by_nobody(bench: Bench) -> None:
    session = await bench.create({"a.txt": TEXT, "b.txt": "Bob is in Oslo."})
    await label(bench, session)
    again = await label(bench, session)
    assert len(bench.chat.questions) == 2
    assert again.usage == Usage()
    assert again.suggestions == 7


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (UnansweredError("filtered", reason="content_filter"), "content_filter"),
        (UnansweredError("too long", reason="context_length"), "context_length"),
        (Reply("", Finish.STOP, Usage(90, 5), refusal="I can't."), "refusal"),
        (Reply("", Finish.FILTERED, Usage(90, 5)), "content_filter"),
        (Reply('{"entities": [', Finish.LENGTH, Usage(90, 5)), "length"),
        (
            Reply('{"entities": [' + '{"text": "A", "category": "Place"}, ' * 30, Finish.LENGTH, USED),
            "repetition",
        ),
        (Reply("I would say Ann, mostly.", Finish.STOP, Usage(90, 5)), "bad_answer"),
    ],
    ids=["filtered prompt", "context", "refusal", "filtered answer", "cut", "repeating", "no form"],
)
async def test_a_document_fails_for_its_true_reason_and_the_others_go_on(
    bench: Bench, fault: Reply | Exception, code: str
) -> None:
    session = await bench.create({"bad.txt": "A bad one.", "good.txt": TEXT})
    bench.chat.says = lambda text: fault if text == "A bad one." else entities(("Rome", "Place"))
    job = await label(bench, session)
    assert job.state is JobState.PARTIALLY_COMPLETED
    assert [(item.location, item.error) for item in job.failed] == [("bad.txt", code)]
    assert words_of(suggestions(session, "good.txt")) == ["Rome"]
    # What the bad answers cost is part of what the job cost.
    asked = sum(asked_text(question) == "A bad one." for question in bench.chat.questions)
    paid = 90 * asked if isinstance(fault, Reply) else 0
    assert job.usage.prompt_tokens == 100 + paid


@pytest.mark.parametrize("again", ["retry", "another job"])
async def test_an_answer_that_was_of_no_use_is_asked_for_again_when_a_person_wants_it(
    bench: Bench, again: str
) -> None:
    session = await bench.create({"bad.txt": "A bad one.", "good.txt": TEXT})
    refused = Reply("", Finish.STOP, Usage(90, 5), refusal="I can't.")
    bench.chat.says = lambda text: refused if text == "A bad one." else entities(("Rome", "Place"))
    job = await label(bench, session)
    assert len(bench.chat.questions) == 2
    for round_ in (1, 2):
        if again == "retry":
            await session.jobs.retry(job.id)
            ended = await bench.run(job)
            assert ended.usage == Usage(190 + 90 * round_, 15 + 5 * round_)
        else:
            ended = await label(bench, session)
            assert ended.usage == Usage(90, 5)
        assert ended.state is JobState.PARTIALLY_COMPLETED
        assert len(bench.chat.questions) == 2 + round_
    bench.chat.says = lambda text: entities()
    ended = await label(bench, session)
    assert (ended.state, len(bench.chat.questions)) == (JobState.SUCCEEDED, 5)
    assert (await label(bench, session)).usage == Usage()


async def test_a_run_after_a_crash_takes_an_answer_of_no_use_as_it_is(bench: Bench) -> None:
    """It was paid for; nobody has said to ask again."""
    session = await bench.create({"bad.txt": "A bad one.", "worse.txt": "A worse one."})
    refused = Reply("", Finish.STOP, Usage(90, 5), refusal="I can't.")
    bench.chat.says = lambda text: refused if text == "A bad one." else ResourceError("gone")
    job = await label(bench, session, at_once=1)
    assert job.state is JobState.FAILED
    bench.chat.says = lambda text: entities()
    await session.jobs.resume(job.id)
    ended = await bench.run(job)
    assert [item.error for item in ended.failed] == ["refusal"]
    assert ended.usage == Usage(190, 15)


async def test_half_an_answer_is_none_though_what_it_says_is_understood(bench: Bench) -> None:
    session = await bench.create(1)
    whole = entities(("Rome", "Place"), ("Oslo", "Place"))
    said = iter([whole[: whole.index("Oslo")], whole])
    bench.chat.says = lambda text: next(said)
    await label(bench, session)
    assert words_of(suggestions(session)) == ["Rome", "Oslo"]


async def test_a_failure_does_not_quote_what_a_model_says_of_a_document(bench: Bench) -> None:
    session = await bench.create(1)
    bench.chat.says = lambda text: f"I would say: {text}"
    job = await label(bench, session)
    assert [item.error for item in job.failed] == ["bad_answer"]
    assert "Ann" not in job.failed[0].message


async def test_a_budget_in_money_needs_a_price(bench: Bench) -> None:
    session = await bench.create(1)
    rows = list(session.rows.values())
    options = GptOptions(budget_usd=1.0)
    with pytest.raises(InputError, match="No price"):
        await session.jobs.autolabel(rows, GPT, gpt=options)
    with pytest.raises(InputError, match="No price"):
        await session.jobs.evaluate(GPT, options.as_options())
    job = await bench.run(await session.jobs.autolabel(rows, GPT, gpt=GptOptions(budget_tokens=10)))
    assert job.code == "budget"
    with pytest.raises(InputError, match="No price"):
        await session.jobs.resume(job.id, budget=Budget(usd=1.0))


async def test_a_bad_answer_is_asked_for_in_its_form_once_more(bench: Bench) -> None:
    session = await bench.create(1)
    said = iter(["Well, Ann and Bob are there.", entities(("Rome", "Place"))])
    bench.chat.says = lambda text: next(said)
    job = await label(bench, session)
    assert job.state is JobState.SUCCEEDED
    assert words_of(suggestions(session)) == ["Rome"]
    assert "can't be used" in bench.chat.questions[1].messages[-1].content


async def test_an_answer_that_was_cut_gets_more_room_once(bench: Bench) -> None:
    session = await bench.create(1)
    said: Iterator[str | Reply] = iter(
        [Reply('{"entities": [{"te', Finish.LENGTH, Usage(90, 5)), entities(("Rome", "Place"))]
    )
    bench.chat.says = lambda text: next(said)
    await label(bench, session)
    first, second = bench.chat.questions
    assert second.max_tokens > first.max_tokens
    assert words_of(suggestions(session)) == ["Rome"]


async def test_an_answer_that_was_cut_while_it_repeated_itself_gets_no_more_room(bench: Bench) -> None:
    session = await bench.create(1)
    told = '{"entities": [' + '{"text": "Rome", "category": "Place", "before": "in"}, ' * 30
    bench.chat.says = lambda text: Reply(told, Finish.LENGTH, Usage(90, 500))
    job = await label(bench, session)
    assert len(bench.chat.questions) == 1
    assert [item.error for item in job.failed] == ["repetition"]
    assert f"after {bench.chat.questions[0].max_tokens:,} tokens" in job.failed[0].message
    assert not suggestions(session)


async def test_an_answer_too_long_to_be_read_is_paid_for_once_and_fails_for_its_length(bench: Bench) -> None:
    session = await bench.create(1)
    told = '{"entities": [' + ", ".join(['{"text": "Rome", "category": "Place"}'] * 20_000) + "]}"
    bench.chat.says = lambda text: Reply(told, Finish.STOP, Usage(90, 500))
    job = await label(bench, session)
    assert len(bench.chat.questions) == 1
    assert [item.error for item in job.failed] == ["too_long"]
    assert f"has {len(told):,} characters; no more than " in job.failed[0].message
    assert job.usage.completion_tokens >= 500


@pytest.mark.parametrize(
    ("told", "least"),
    [
        (Usage(1, 10), Usage(300, 10)),
        (Usage(100, 1), Usage(100, 60)),
        (Usage(100, 9_000), Usage(100, 9_000)),
        (Usage(10**12, 10), Usage(10**12, 10)),
    ],
    ids=["few in", "few out", "more than allowed", "absurd"],
)
async def test_a_usage_that_can_not_be_counts_as_the_larger_of_told_and_estimated(
    bench: Bench, told: Usage, least: Usage
) -> None:
    session = await bench.create(1)
    bench.chat.says = lambda text: Reply(entities(*(("Rome", "Place"),) * 6), Finish.STOP, told)
    job = await label(bench, session)
    assert job.state is JobState.SUCCEEDED
    assert job.usage.prompt_tokens >= least.prompt_tokens
    assert job.usage.completion_tokens >= least.completion_tokens
    assert job.usage.doubtful_answers == 1
    assert job.usage.estimated_tokens == job.usage.tokens - sum(
        number
        for number, counted in (
            (told.prompt_tokens, job.usage.prompt_tokens),
            (told.completion_tokens, job.usage.completion_tokens),
        )
        if number == counted
    )


async def test_a_server_that_bills_beyond_what_an_answer_may_have_is_held_back_for_as_it_bills(
    bench: Bench,
) -> None:
    session = await bench.create(
        {f"{n}.txt": TEXT for n in range(3)} | {f"x{n}.txt": f"{TEXT} {n}" for n in range(9)}
    )
    bench.chat.says = lambda text: Reply(entities(("Rome", "Place")), Finish.STOP, Usage(400, 2_000))
    job = await label(bench, session, budget_tokens=8_000, at_once=1)
    assert job.code == "budget"
    assert 2_400 <= job.usage.tokens <= 8_000


async def test_a_key_that_is_refused_ends_the_job_at_once(bench: Bench) -> None:
    session = await bench.create(30)
    bench.write({f"d{n:04}.txt": f"Ann {n}" for n in range(30)})
    bench.chat.says = lambda text: ResourceError("401: the key is refused")
    job = await label(bench, session)
    assert (job.state, job.code) == (JobState.FAILED, "resource")
    assert len(bench.chat.questions) <= 8


async def test_answers_that_are_under_way_when_the_deployment_refuses_are_used(bench: Bench) -> None:
    session = await bench.create({f"{n}.txt": f"Ann {n}." for n in range(30)})
    bench.chat.says = lambda text: ResourceError("401") if text == "Ann 1." else entities(("Ann", "Person"))
    slow, ask = asyncio.Event(), bench.chat.ask

    async def late(question: Any) -> Reply:
        if asked_text(question) == "Ann 1.":
            asyncio.get_running_loop().call_later(0.2, slow.set)
        else:
            await slow.wait()
        return await ask(question)

    bench.chat.ask = late  # type: ignore[method-assign]
    job = await label(bench, session, at_once=4)
    assert (job.state, job.code) == (JobState.FAILED, "resource")
    asked = len(bench.chat.questions)
    # Those that had been sent, and no others.
    assert asked <= 4
    assert job.done == asked - 1 > 0
    assert (job.usage.prompt_tokens, job.unanswered) == (100 * (asked - 1), 0)


async def test_a_budget_ends_a_job_and_a_larger_one_goes_on_with_it(bench: Bench) -> None:
    session = await bench.create({f"{n:02}.txt": f"Ann number {n} of many." for n in range(20)})
    bench.chat.says = lambda text: entities(("Ann", "Person"))
    job = await label(bench, session, budget_tokens=1500, at_once=2)
    assert (job.state, job.code, job.result["exit_code"]) == (JobState.CANCELLED, "budget", 4)
    spent = job.usage.prompt_tokens + job.usage.completion_tokens
    assert 0 < spent <= 1500
    assert 0 < job.done < 20
    asked = len(bench.chat.questions)
    await session.jobs.resume(job.id, budget=Budget())
    ended = await bench.run(job)
    assert ended.state is JobState.SUCCEEDED
    assert ended.done == 20
    assert len(bench.chat.questions) == 20
    assert asked < 20


async def test_being_busy_fails_no_document(bench: Bench) -> None:
    session = await bench.create({f"{n}.txt": f"Ann {n}." for n in range(5)})
    refusals = iter([BusyError("429", retry_after=0.01)] * 6)
    bench.chat.says = lambda text: next(refusals, None) or entities(("Ann", "Person"))
    job = await label(bench, session)
    assert (job.state, job.done) == (JobState.SUCCEEDED, 5)


async def test_examples_come_from_saved_labels_and_never_from_the_document_itself(bench: Bench) -> None:
    session = await bench.create(
        {
            "a.txt": "Ann is kind to everybody whom she meets.",
            "b.txt": "Bob is in Rome and has been for years.",
            "c.txt": "Oslo is cold when the wind comes down.",
        }
    )
    for name, words, category in (("a.txt", "Ann", "Person"), ("b.txt", "Rome", "Place")):
        text = (await session.documents.text(number(session, name))).text
        await session.labeling.add(number(session, name), key(session, category), span(words, text))
    await session.labeling.save()
    bench.chat.says = lambda text: entities()
    await label(bench, session)
    shown = {
        asked_text(question): [message.content for message in question.messages[1:-1]]
        for question in bench.chat.questions
    }
    assert any(
        "Ann is kind to everybody whom she meets." in message
        for message in shown["Oslo is cold when the wind comes down."]
    )
    assert any(
        "Bob is in Rome and has been for years." in message
        for message in shown["Oslo is cold when the wind comes down."]
    )
    assert not any(
        "Ann is kind to everybody whom she meets." in message
        for message in shown["Ann is kind to everybody whom she meets."]
    )


async def test_a_run_after_a_crash_asks_with_the_examples_of_the_one_before(bench: Bench) -> None:
    session = await bench.create(
        {
            "a.txt": "Ann is kind to everybody whom she meets.",
            "b.txt": "Bob is here because he has nowhere to go.",
            "c.txt": "Oslo is cold when the wind comes down.",
        }
    )
    await session.labeling.add(
        number(session, "a.txt"),
        key(session, "Person"),
        span("Ann", "Ann is kind to everybody whom she meets."),
    )
    await session.labeling.save()
    said: dict[str, Callable[[], str | Exception]] = {
        "Bob is here because he has nowhere to go.": lambda: entities(("Bob", "Person")),
        "Oslo is cold when the wind comes down.": lambda: ResourceError("gone"),
        "Ann is kind to everybody whom she meets.": lambda: entities(("Ann", "Person")),
    }
    bench.chat.says = lambda text: said[text]()
    job = await label(bench, session, at_once=1)
    assert job.state is JobState.FAILED
    await session.labeling.add(
        number(session, "b.txt"),
        key(session, "Person"),
        span("Bob", "Bob is here because he has nowhere to go."),
    )
    await session.labeling.save()
    said["Oslo is cold when the wind comes down."] = lambda: entities(("Oslo", "Place"))
    await session.jobs.resume(job.id)
    ended = await bench.run(job)
    assert ended.state is JobState.SUCCEEDED
    first, last = bench.chat.questions[1], bench.chat.questions[-1]
    assert first.messages[:-1] == last.messages[:-1] or len(first.messages) != len(last.messages)
    assert not any(
        "Bob is here because he has nowhere to go." in message.content for message in last.messages
    )


async def test_two_answers_make_a_confidence_of_their_agreement(bench: Bench) -> None:
    session = await bench.create(1)
    said = iter([entities(("Rome", "Place"), ("Oslo", "Place")), entities(("Rome", "Place"))])
    bench.chat.says = lambda text: next(said)
    await label(bench, session, samples=2)
    sure = {words_of([item])[0]: item.confidence for item in suggestions(session)}
    assert sure == {"Rome": pytest.approx(0.8333, abs=1e-4), "Oslo": pytest.approx(0.5)}


async def test_an_answer_that_is_kept_is_the_first_of_two(bench: Bench) -> None:
    session = await bench.create(1)
    bench.chat.says = lambda text: entities(("Rome", "Place"))
    await label(bench, session)
    await label(bench, session, samples=2)
    assert [question.seed for question in bench.chat.questions] == [None, 1]


async def test_log_probabilities_are_the_confidence_where_there_are_some(bench: Bench) -> None:
    session = await bench.create(1)
    text = entities(("Rome", "Place"))
    tokens = tuple(Token(character, -0.1 if character in "Rome" else 0.0) for character in text)
    bench.chat.deployment = replace(
        bench.chat.deployment, capabilities=Capabilities(Structured.JSON, True, False, 0.1, "now")
    )
    bench.chat.says = lambda _: Reply(text, Finish.STOP, Usage(1, 1), tokens=tokens)
    await label(bench, session)
    assert suggestions(session)[0].confidence == pytest.approx(0.8187, abs=1e-3)


@pytest.mark.parametrize("kind", [ProjectKind.SINGLE_LABEL, ProjectKind.MULTI_LABEL])
async def test_classes_are_suggested_for_the_document(bench: Bench, kind: ProjectKind) -> None:
    session = await bench.create(2, kind=kind)
    bench.chat.says = lambda _: (
        '{"class": "Place"}' if kind is ProjectKind.SINGLE_LABEL else '{"classes": ["Place"]}'
    )
    job = await label(bench, session)
    assert job.state is JobState.SUCCEEDED
    assert [(item.category, item.span) for item in suggestions(session)] == [(key(session, "Place"), None)]


async def test_a_long_document_is_asked_about_in_parts_and_offsets_are_of_the_whole(bench: Bench) -> None:
    text = "\n\n".join(f"Paragraph {n} says that Ann met Bob in Rome on day {n}." for n in range(400))
    session = await bench.create({"long.txt": text})
    job = await label(bench, session)
    assert job.state is JobState.SUCCEEDED
    assert len(bench.chat.questions) > 1
    found = suggestions(session, "long.txt")
    assert len(found) == 1200
    assert words_of(found, text) == ["Ann", "Bob", "Rome"] * 400


async def test_labels_that_people_made_win_and_quota_is_not_touched(bench: Bench) -> None:
    session = await bench.create(1)
    await session.labeling.add(number(session), key(session, "Place"), span("Ann"))
    before = (await session.quota.usage()).used
    await label(bench, session)
    assert labels(session) == [("Place", span("Ann"))]
    assert "Ann" not in words_of(suggestions(session))[:1]
    assert (await session.quota.usage()).used == before


async def test_a_deployment_is_evaluated_on_labels_with_examples_of_other_documents(bench: Bench) -> None:
    session = await bench.create({f"{n}.txt": f"Ann {n} is in Rome." for n in range(8)})
    for n in range(8):
        text = f"Ann {n} is in Rome."
        await session.labeling.add(number(session, f"{n}.txt"), key(session, "Person"), span("Ann", text))
        await session.labeling.add(number(session, f"{n}.txt"), key(session, "Place"), span("Rome", text))
    await session.labeling.save()
    bench.chat.says = lambda text: entities(("Ann", "Person"), ("Rome", "Place"), ("is", "Place"))
    options = {"limit": 5, "seed": 0, **GptOptions().as_options()}
    job = await bench.run(await session.jobs.evaluate(GPT, options, prices=PRICES))
    assert job.state is JobState.SUCCEEDED, job.message
    result = job.result
    assert result["model"] == "gpt:r/gpt"
    assert result["documents"] == 5
    assert result["recall"] == 1.0
    assert result["precision"] == pytest.approx(2 / 3, abs=1e-3)
    assert result["usage"]["prompt_tokens"] == 500
    assert result["cost"] == pytest.approx(5 * 120 / 1_000_000)
    assert job.usage == Usage(500, 50)
    assert job.cost == pytest.approx(result["cost"])
    seconds = result["asked"].pop("seconds")
    assert seconds > 0
    assert result["asked"] == {"documents": 5, "characters": 5 * len("Ann 0 is in Rome.")}
    asked = {asked_text(question) for question in bench.chat.questions}
    assert len(asked) == 5
    for question in bench.chat.questions:
        examples = [message.content for message in question.messages[1:-1]]
        assert not any(text in example for text in asked for example in examples)
    assert suggestions(session, "0.txt") == ()


async def test_a_reader_that_goes_is_not_waited_for_where_answers_come_faster_than_they_are_read(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui_labeler.engine.autolabelers.gpt.BUFFERED", 1)
    session = await bench.create(1)
    runner = await bench.runner()
    journal = await runner.jobs.run((await start(session)).id)
    answers = runner.answers(journal.job.id)
    connected = await bench.chat.connect("r", "gpt")
    setup = GptSetup(runner.store, runner.container, journal, connected, answers)
    label = (await setup.autolabeler()).label(tasks(40))
    read, is_full = 0, asyncio.Event()

    def says(text: str) -> str:
        # Eight are open at once, so one more has its answer in the buffer then, which is full.
        if read and len(bench.chat.questions) > 8 + read:
            is_full.set()
        return entities(("Ann", "Person"))

    bench.chat.says = says
    read = len(await anext(label))
    await is_full.wait()
    await asyncio.wait_for(label.aclose(), 20)  # type: ignore[attr-defined]
    await journal.close()
    await answers.close()
    await runner.store.close()


async def tasks(number: int) -> AsyncIterator[Task]:
    for n in range(number):
        yield Task(n, f"{n}.txt", "en", f"Ann {n}.", "")


# --- what can't be used -------------------------------------------------------------------------------


async def test_items_of_unknown_categories_are_told_for_each_document(bench: Bench) -> None:
    session = await bench.create({"a.txt": TEXT, "b.txt": "Bob is in Oslo."})
    firms = (("Acme", "Company"), ("Acme", "Company"), ("Ltd", "Firm"))
    bench.chat.says = lambda text: entities(("Bob", "Person"), *(firms if text == TEXT else ()))
    job = await label(bench, session)
    assert job.state is JobState.SUCCEEDED
    assert words_of(suggestions(session, "a.txt")) == ["Bob"]
    (note,) = job.notes
    assert (note.location, job.unused) == ("a.txt", 3)
    assert note.unused == (
        Unused("unknown_category", "Company", "Acme", 2),
        Unused("unknown_category", "Firm", "Ltd"),
    )
    # An earlier job's answer is told of too: the same questions have the same notes.
    assert (await label(bench, session)).notes == job.notes


async def test_what_a_repaired_answer_leaves_out_is_told(bench: Bench) -> None:
    session = await bench.create(1)
    said = iter([entities(("Ann", "Spaceship"), ("Rome", "Town")), entities(("Rome", "Place"))])
    bench.chat.says = lambda text: next(said)
    job = await label(bench, session)
    assert words_of(suggestions(session)) == ["Rome"]
    assert [item for note in job.notes for item in note.unused] == [
        Unused("unknown_category", "Spaceship", "Ann")
    ]


async def test_entities_of_unknown_categories_alone_fail_with_their_names(bench: Bench) -> None:
    session = await bench.create(1)
    bench.chat.says = lambda text: entities(("Ann", "Spaceship"), ("Rome", "Town"))
    job = await label(bench, session)
    assert len(bench.chat.questions) == 2
    (failed,) = job.failed
    assert failed.error == "bad_answer"
    assert failed.message == (
        "The model was asked twice, and neither answer can be used: the last one named only categories that "
        "were not asked for (“Spaceship”, “Town”). Try the document again, or with another deployment."
    )


@pytest.mark.parametrize(
    "answer", ['Here you go: {"entities": [}', '{"entities": [', "[{Ann, Spaceship}, {Bob, Person}]", "..."]
)
async def test_an_answer_that_can_not_be_read_is_repaired_once_and_then_fails(
    bench: Bench, answer: str
) -> None:
    session = await bench.create(1)
    bench.chat.says = lambda text: answer
    job = await label(bench, session)
    assert len(bench.chat.questions) == 2
    assert (job.done, [item.error for item in job.failed]) == (0, ["bad_answer"])
    assert job.failed[0].message.endswith(" Try the document again, or with another deployment.")


async def test_classes_that_there_are_not_are_told(bench: Bench) -> None:
    session = await bench.create(1, kind=ProjectKind.MULTI_LABEL)
    bench.chat.says = lambda text: json.dumps({"classes": ["Person", "Sport"]})
    job = await label(bench, session)
    assert [item.category for item in suggestions(session)] == [key(session, "Person")]
    assert [item for note in job.notes for item in note.unused] == [Unused("unknown_category", "Sport")]


async def test_what_parts_of_a_long_document_and_several_samples_say_in_vain_is_told_once_each(
    bench: Bench,
) -> None:
    session = await bench.create(1)
    bench.chat.says = lambda text: entities(("Bob", "Person"), ("Acme", "Company"))
    job = await label(bench, session, samples=3)
    assert [item for note in job.notes for item in note.unused] == [
        Unused("unknown_category", "Company", "Acme")
    ]


async def test_an_evaluation_warns_of_answers_that_could_not_be_used(bench: Bench) -> None:
    session = await bench.create({f"{n}.txt": f"Ann {n} is in Rome." for n in range(4)})
    for n in range(4):
        found = span("Ann", f"Ann {n} is in Rome.")
        await session.labeling.add(number(session, f"{n}.txt"), key(session, "Person"), found)
    await session.labeling.save()
    bench.chat.says = lambda text: entities(("Ann", "Person"), ("Rome", "City"))
    options = {"limit": 3, "seed": 0, **GptOptions().as_options()}
    result = (await bench.run(await session.jobs.evaluate(GPT, options, prices=PRICES))).result
    assert [words for words in result["warnings"] if "3 items in the answers on 3 documents" in words]


async def test_a_document_costs_few_threads_and_writes_to_the_disk(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its text is read, its answer kept; all else is done for many documents together."""
    count = 60
    session = await bench.create({f"{n}.txt": f"Ann {n} is in Rome." for n in range(count)})
    hops: list[object] = []
    synced: list[int] = []

    def counting(made: list[Any], real: Callable[..., Any]) -> Callable[..., Any]:
        def called(*given: Any, **options: Any) -> Any:
            made.append(given[0])
            return real(*given, **options)

        return called

    job = await start(session)
    monkeypatch.setattr(ThreadPoolExecutor, "submit", counting(hops, ThreadPoolExecutor.submit))
    for name in ("fsync", "fdatasync"):
        monkeypatch.setattr(os, name, counting(synced, getattr(os, name)))
    assert (await bench.run(job)).done == count
    few = 25
    assert len(hops) <= 2 * count + few
    assert len(synced) <= count + few
