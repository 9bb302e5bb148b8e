"""Labeling with GPT by commands alone: real runner processes against a real socket."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.conftest import PEOPLE, TOWNS, azure_labels, letter, write_json, write_letters
from tests.durability.test_runners import wait_for_end
from tests.openai_server import (
    Answer,
    Body,
    Fault,
    OpenAIServer,
    Request,
    busy,
    cut,
    dropped,
    filtered_answer,
    filtered_prompt,
    half_json,
    minimal,
    no_quota,
    refusal,
    stalled,
    status,
    too_long,
    too_short,
)
from tui_labeler.engine.adapters import launcher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.cli.conftest import Cli, Ran

KEY = "sk-sentinel-4711-0815"

PRICES = ("--price-in", "1", "--price-out", "2")

TOKENS = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}


def number_of(body: Body) -> int:
    """Which letter a question is about: the one that stands last in its messages."""
    said = "\n".join(str(message["content"]) for message in body["messages"])
    found = re.findall(r"Letter (\d+)\.", said)
    return int(found[-1]) if found else -1


def entities(*found: tuple[str, str]) -> str:
    items = [{"text": words, "category": category, "before": ""} for words, category in found]
    return json.dumps({"entities": items})


def right(number: int) -> list[tuple[str, str]]:
    town = TOWNS[(number * 3) % 8]
    return [(PEOPLE[number % 8], "Person")] + [(town, "Town")] * (2 if number % 4 == 0 else 1)


def answer(body: Body) -> Answer | str:
    """What a good model says of a letter, and to whoever tries it."""
    if number_of(body) < 0:
        return minimal(body)
    return Answer(entities(*right(number_of(body))), usage=TOKENS)


def expected(number: int) -> list[tuple[str, str]]:
    return sorted(right(number))


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer(answer=answer, key=KEY) as server:
        yield server


@pytest.fixture
def home(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home whose runners wait little."""
    program = (sys.executable, "-m", "tests.durability.hasty_runner")
    monkeypatch.setattr(launcher.ProcessLauncher, "program", program)
    for name in ("OPENAI_API_KEY", "AZURE_OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("WORK_KEY", KEY)
    cli.home.mkdir(mode=0o700)
    (cli.home / "patience").write_text("60")
    return cli.home


def add_resource(cli: Cli, server: OpenAIServer, *more: str, test: bool = True) -> None:
    """The resource ``work`` with the deployment ``good``; ``test`` tries it."""
    add = ("resource", "add", "work", "--kind", "openai", "--endpoint", server.url, "--deployment", "good")
    assert cli(*add, "--api-key-env", "WORK_KEY", *more).code == 0
    if test:
        assert cli("resource", "test", "work").code == 0
        server.requests.clear()


def make_project(cli: Cli, folder: Path, count: int, *more: str) -> None:
    write_letters(folder, count)
    create = ("project", "create", "letters", "--kind", "ner", "--container", str(folder), *more)
    made = cli(*create, *(() if more else ("--category", "Person", "--category", "Town")))
    assert made.code == 0, made


GPT = ("autolabel", "letters", "--resource", "work", "--yes")


def found_in(cli: Cli, number: int) -> list[tuple[str, str]]:
    """Words and category of each suggestion in a letter."""
    shown = cli("show", "letters", f"letter{number:02}.txt", "--json").json
    return sorted((item["text"], item["category"]) for item in shown["suggestions"])


def bodies(server: OpenAIServer) -> list[bytes]:
    return [request.raw for request in server.chats]


# --- the main path ------------------------------------------------------------------------------------


def test_documents_are_labeled_and_the_report_says_where_they_went_and_what_it_cost(
    cli: Cli, server: OpenAIServer, home: Path, tmp_path: Path
) -> None:
    make_project(cli, tmp_path / "letters", 5)
    add_resource(cli, server, *PRICES)
    usage = {**TOKENS, "prompt_tokens_details": {"cached_tokens": 40}}
    usage["completion_tokens_details"] = {"reasoning_tokens": 3}

    def some(body: Body) -> Answer:
        found = [*right(number_of(body)), ("Contoso Ltd", "Town")]
        return Answer(entities(*found), usage=usage)

    server.answer = some
    ran = cli(*GPT, "--json")
    assert ran.code == 0, ran
    assert f"sent to 127.0.0.1:{server.port} (work/good)" in ran.err
    job = ran.json
    assert (job["state"], job["documents"], job["failed"]) == ("succeeded", 5, [])
    assert (job["host"], job["model"]) == (f"127.0.0.1:{server.port}", "work/good")
    assert job["usage"] == {
        "estimated_tokens": 0,
        "doubtful_answers": 0,
        "prompt_tokens": 500,
        "completion_tokens": 50,
        "cached_tokens": 200,
        "reasoning_tokens": 15,
    }
    assert job["cost"] == pytest.approx((500 * 1 + 50 * 2) / 1e6)
    assert job["unaligned"] == 5
    assert found_in(cli, 4) == expected(4)
    shown = cli("show", "letters", "letter04.txt", "--json").json
    assert [item["text"] for item in shown["to_place"]] == ["Contoso Ltd"]
    assert {item["source"] for item in shown["suggestions"]} == {"gpt:work/good"}
    words = cli("job", "show", "letters", job["job_id"]).out
    assert "500 tokens in (200 cached), 50 out (15 thought), 0.00060 USD" in words
    assert "5 answered and not found in the text" in words
    table = cli("jobs", "letters").out
    assert "work/good" in table
    assert "USD" in table


def test_answers_to_place_are_counted_dropped_and_brought_back_in_bulk(
    cli: Cli, server: OpenAIServer, home: Path, tmp_path: Path
) -> None:
    make_project(cli, tmp_path / "letters", 3)
    add_resource(cli, server)
    server.answer = lambda body: Answer(entities(*right(number_of(body)), ("Contoso Ltd", "Town")))
    assert cli(*GPT, "--json").json["unaligned"] == 3
    drop = ("reject", "letters", "--placed", "to-place", "--category", "Town", "--category", "Person")
    counted = cli(*drop, "--dry-run", "--json").json
    assert (counted["rejected"], counted["held"]) == (0, {"suggestions": 0, "words": 3, "documents": 3})
    (item,) = cli("show", "letters", "letter01.txt", "--json").json["to_place"]
    assert cli("reject", "letters", "--id", item["id"], "--json").json["dropped"] == 1
    dropped = cli(*drop)
    assert "0 suggestions and 2 answers to place in 2 documents rejected." in dropped.out
    assert cli("accept", "letters", "--placed", "to-place").code == 2
    assert cli("accept", "letters", "--id", item["id"]).code == 2
    assert cli("undo", "letters", "--json").json["undone"] == 2
    assert cli("reject", "letters", "--all", "--json").json["dropped"] == 2


def test_how_a_suggestion_was_placed_is_printed_with_it(
    cli: Cli, server: OpenAIServer, home: Path, tmp_path: Path
) -> None:
    make_project(cli, tmp_path / "letters", 1)
    (tmp_path / "letters" / "letter00.txt").write_text("Letter 00. The  Bank of Rome, and Ann beside Ann.")
    assert cli("sync", "letters").code == 0
    add_resource(cli, server)
    server.answer = lambda body: entities(("the bank of Rome", "Town"), ("Ann", "Person"))
    assert cli(*GPT, "--json").code == 0
    folded, *others = cli("show", "letters", "letter00.txt", "--json").json["suggestions"]
    assert (folded["placed"], folded["place"], folded["places"]) == ("folded", 1, 1)
    words = cli("show", "letters", "letter00.txt").out
    assert re.search(r"'The  Bank of Rome'  0\.\d\d  folded  gpt:work/good", words)
    assert [item["placed"] for item in others] == ["ambiguous"] * len(others)
    assert "  ambiguous, 2 of 2  gpt:work/good" in words


def test_items_of_categories_that_there_are_not_are_told_by_document(
    cli: Cli, server: OpenAIServer, home: Path, tmp_path: Path
) -> None:
    make_project(cli, tmp_path / "letters", 3)
    add_resource(cli, server)

    def some(body: Body) -> Answer:
        number = number_of(body)
        return Answer(entities(*right(number), *([("\x1b[31mAcme", "Company")] if number == 1 else [])))

    server.answer = some
    ran = cli(*GPT, "--json")
    assert ran.code == 0, ran
    (item,) = ran.json["unused"]
    assert (item["location"], item["reason"]) == ("letter01.txt", "unknown_category")
    assert (item["category"], item["text"], item["times"]) == ("Company", "\x1b[31mAcme", 1)
    shown = cli("job", "show", "letters", ran.json["job_id"])
    assert "1 answered item in 1 document could not be used" in shown.out
    assert "not used: letter01.txt:" in shown.out
    assert "“Company”: the job has no such category" in shown.out
    assert "\x1b" not in shown.out


def test_a_job_with_gpt_stands_in_the_history_and_is_undone_as_a_whole(
    cli: Cli, server: OpenAIServer, home: Path, tmp_path: Path
) -> None:
    make_project(cli, tmp_path / "letters", 4)
    add_resource(cli, server)
    job = cli(*GPT, "--json").json["job_id"]
    entries = cli("history", "letters", "--json").json["items"]
    assert any(entry["job"] == job and entry["action"] == "job.suggest" for entry in entries)
    assert found_in(cli, 0) == expected(0)
    undone = cli("undo", "letters", "--job", job, "--json")
    assert undone.code == 0, undone
    assert [found_in(cli, number) for number in range(4)] == [[]] * 4


def test_a_dry_run_sends_nothing_and_estimates(
    cli: Cli, server: OpenAIServer, home: Path, tmp_path: Path
) -> None:
    make_project(cli, tmp_path / "letters", 6)
    add_resource(cli, server, test=False)
    unpriced = cli(*GPT, "--dry-run", "--json").json
    assert unpriced["estimate"]["cost"] is None
    assert unpriced["estimate"]["seconds"] is None  # nobody tried it
    assert cli("resource", "set", "work", *PRICES).code == 0
    ran = cli(*GPT, "--dry-run", "--budget-tokens", "5", "--json").json
    assert (ran["state"], ran["dry_run"], ran["documents"]) == ("not started", True, 6)
    assert ran["host"] == f"127.0.0.1:{server.port}"
    low, high = ran["estimate"]["prompt_tokens"]
    assert 0 < low <= high
    low, high = ran["estimate"]["cost"]
    assert 0 < low <= high
    assert ran["estimate"]["crosses_budget"] == "yes"
    words = cli(*GPT, "--dry-run", "--budget", "0.000001").out
    assert "Nothing was sent." in words
    assert "more than the budget" in words
    assert cli("jobs", "letters", "--json").json["items"] == []
    assert server.requests == []


def test_a_deployment_that_was_not_tried_is_tried_first(
    cli: Cli, server: OpenAIServer, home: Path, tmp_path: Path
) -> None:
    make_project(cli, tmp_path / "letters", 2)
    add_resource(cli, server, test=False)
    ran = cli(*GPT, "--json")
    assert ran.code == 0
    assert "not tried yet" in ran.err
    (deployment,) = cli("resource", "list", "--json").json["items"][0]["deployments"]
    assert deployment["capabilities"]["structured"] == "json_schema"
    assert ran.json["usage"]["prompt_tokens"] == 200  # trying is no part of the job


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "One of --model and --resource"),
        (("--model", "m", "--resource", "work"), "One of --model and --resource"),
        (("--model", "m", "--budget", "1"), "--budget goes with --resource"),
        (("--model", "m", "--budget-tokens", "1"), "--budget-tokens goes with --resource"),
        (("--model", "m", "--deployment", "d"), "--deployment goes with --resource"),
        (("--resource", "work", "--budget", "0"), "no sum of money"),
        (("--resource", "work", "--budget", "1"), "No price is known"),
        (("--resource", "work", "--concurrency", "1000"), "1000 documents at once"),
        (("--resource", "work", "--deployment", "none"), "no deployment named 'none'"),
        (("--resource", "none"), "none"),
    ],
)
@pytest.mark.parametrize("command", ["autolabel", "evaluate"])
def test_what_does_not_fit_is_refused_and_nothing_is_sent(
    cli: Cli,
    server: OpenAIServer,
    home: Path,
    tmp_path: Path,
    command: str,
    options: tuple[str, ...],
    words: str,
) -> None:
    labels = write_json(tmp_path / "labels.json", azure_labels(range(1)))
    make_project(cli, tmp_path / "letters", 2, "--labels", str(labels))
    add_resource(cli, server)
    ran = cli(command, "letters", *options, "--json")
    assert ran.code == 2, ran
    assert words in ran.error["message"]
    assert server.requests == []
    assert cli("jobs", "letters", "--json").json["items"] == []


def test_a_batch_is_for_a_deployment_and_is_estimated_at_half_the_price(
    cli: Cli, server: OpenAIServer, home: Path, tmp_path: Path
) -> None:
    make_project(cli, tmp_path / "letters", 2)
    add_resource(cli, server, *PRICES)
    assert cli("autolabel", "letters", "--model", "m", "--batch", "--json").code == 2
    one, batch = (cli(*GPT, "--dry-run", *more, "--json").json["estimate"] for more in ((), ("--batch",)))
    assert batch["cost"] == pytest.approx([cost / 2 for cost in one["cost"]], rel=0.01)
    assert batch["seconds"] is None
    assert server.requests == []


def test_one_of_several_deployments_has_to_be_named(
    cli: Cli, server: OpenAIServer, home: Path, tmp_path: Path
) -> None:
    make_project(cli, tmp_path / "letters", 1)
    add_resource(cli, server, "--deployment", "other")
    ran = cli(*GPT, "--json")
    assert ran.code == 2
    assert "good, other" in ran.error["hint"]
    assert cli(*GPT, "--deployment", "good", "--json").json["model"] == "work/good"


def test_a_deployment_is_evaluated_and_the_rest_is_estimated_from_what_it_used(
    cli: Cli, server: OpenAIServer, home: Path, tmp_path: Path
) -> None:
    labels = write_json(tmp_path / "labels.json", azure_labels(range(8)))
    make_project(cli, tmp_path / "letters", 20, "--labels", str(labels))
    add_resource(cli, server, *PRICES)
    ran = cli("evaluate", "letters", "--resource", "work", "--yes", "--limit", "6", "--json")
    assert ran.code == 0, ran
    found = ran.json
    assert (found["f1"], found["documents"]) == (1.0, 6)
    assert found["usage"]["prompt_tokens"] == 600
    assert found["cost"] == pytest.approx(6 * 120 / 1e6)
    low, high = found["intervals"]["f1"]
    assert 0.5 < low < 0.99
    assert high == 1.0
    assert found["host"] == f"127.0.0.1:{server.port}"
    rest = found["rest"]
    assert rest["documents"] == 12
    low, high = rest["completion_tokens"]
    assert low < 12 * 10 < high
    assert rest["cost"][0] < rest["cost"][1]
    (job,) = cli("jobs", "letters", "--json").json["items"]
    assert (job["usage"], job["cost"]) == (found["usage"], found["cost"])
    words = cli("evaluate", "letters", "--resource", "work", "--yes", "--limit", "6").out
    assert "The rest, 12 unlabeled documents: about" in words


def test_an_evaluation_lists_the_documents_that_failed_each_with_its_reason_and_ends_with_1(
    cli: Cli, server: OpenAIServer, home: Path, tmp_path: Path
) -> None:
    labels = write_json(tmp_path / "labels.json", azure_labels(range(8)))
    make_project(cli, tmp_path / "letters", 20, "--labels", str(labels))
    add_resource(cli, server, *PRICES)
    faults: dict[int, Fault] = {2: filtered_prompt(), 5: refusal("I will not read that.")}
    server.plan = lambda request: faults.get(number_of(request.body))
    words = cli("evaluate", "letters", "--resource", "work", "--yes", "--examples", "0")
    assert words.code == 1, words
    assert "over 6 of 8 documents: 2 failed" in words.out
    assert "failed: letter02.txt:" in words.out
    assert "failed: letter05.txt: The model refused: I will not read that." in words.out
    assert "warning: In the evaluation 2 of 8 documents failed: " in words.out
    found = cli("evaluate", "letters", "--resource", "work", "--yes", "--examples", "0", "--json")
    assert (found.code, found.json["state"], found.json["documents"]) == (1, "partially completed", 6)
    assert [item["error"] for item in found.json["failed"]] == ["content_filter", "refusal"]
    (job, _) = cli("jobs", "letters", "--json").json["items"]
    assert [item["location"] for item in job["failed"]] == ["letter02.txt", "letter05.txt"]
    assert job["state"] == "partially completed"
    server.plan = None
    again = cli("job", "retry", "letters", job["job_id"], "--yes", "--json")
    assert (again.code, again.json["documents"], again.json["failed"]) == (0, 8, [])


# --- what ends a job ----------------------------------------------------------------------------------


def test_a_budget_ends_a_job_with_4_and_a_larger_one_pays_for_the_rest_only(
    cli: Cli, server: OpenAIServer, home: Path, tmp_path: Path
) -> None:
    make_project(cli, tmp_path / "letters", 20)
    add_resource(cli, server, *PRICES)
    ran = cli(*GPT, "--budget-tokens", "1500", "--concurrency", "4", "--json")
    assert ran.code == 4, ran
    assert ran.error["code"] == "budget"
    assert "--budget" in ran.error["hint"]
    job = ran.json
    spent = job["usage"]["prompt_tokens"] + job["usage"]["completion_tokens"]
    assert 0 < spent <= 1500
    assert spent == 110 * len(server.chats)
    assert 0 < job["done"] < 20
    assert cli("job", "resume", "letters", job["job_id"], "--json").code == 4
    assert cli("job", "resume", "letters", job["job_id"], "--budget-tokens", "900000").code == 0
    assert len(bodies(server)) == len(set(bodies(server))) == 20
    assert [found_in(cli, number) for number in range(20)] == [expected(number) for number in range(20)]


@pytest.mark.parametrize("fault", ["key", "money"])
def test_what_every_question_would_meet_ends_a_job_with_3_at_once(
    cli: Cli, server: OpenAIServer, home: Path, tmp_path: Path, fault: str
) -> None:
    make_project(cli, tmp_path / "letters", 40)
    add_resource(cli, server)
    if fault == "key":
        server.key = "another"
    else:
        server.plan = lambda request: no_quota()
    ran = cli(*GPT, "--concurrency", "4", "--json")
    assert ran.code == 3
    assert ran.error["code"] == "resource"
    assert "job resume" in ran.error["hint"]
    assert len(server.chats) <= 8
    server.key, server.plan = KEY, None
    again = cli("job", "resume", "letters", ran.json["job_id"], "--yes", "--json")
    assert (again.code, again.json["done"]) == (0, 40)
    assert f"sent to 127.0.0.1:{server.port}" in again.err


def test_a_cancel_does_not_wait_for_a_server_that_never_answers(
    cli: Cli, server: OpenAIServer, home: Path, tmp_path: Path
) -> None:
    """The test's own time is up long before the patience with an answer is."""
    (home / "patience").write_text("3600")
    make_project(cli, tmp_path / "letters", 12)
    add_resource(cli, server)
    server.plan = lambda request: stalled()
    job = cli(*GPT, "--detach", "--json").json["job_id"]
    server.wait_for(4)
    ended = cli("job", "cancel", "letters", job, "--json")
    assert (ended.code, ended.json["state"], ended.json["done"]) == (0, "cancelled", 0)


def test_a_deployment_that_was_changed_is_told_apart_from_what_to_do_about_it(
    cli: Cli, server: OpenAIServer, home: Path, tmp_path: Path
) -> None:
    make_project(cli, tmp_path / "letters", 2)
    add_resource(cli, server)
    server.refuses = {"logprobs"}
    ran = cli(*GPT, "--json")
    assert ran.json["message"] == ran.error["message"]
    assert ran.json["message"].startswith("good does not take the parameter logprobs")
    assert "resource test" not in ran.json["message"]
    assert "resource test" in ran.json["hint"]
    assert "resource test" in ran.error["hint"]
    assert "`job resume` goes on with job" in ran.error["hint"]
    words = cli("job", "show", "letters", ran.json["job_id"]).out.splitlines()
    assert words[-2:] == [ran.json["message"], ran.json["hint"]]


# --- waiting ------------------------------------------------------------------------------------------


def test_a_job_that_waits_says_until_when_and_why(
    cli: Cli, server: OpenAIServer, home: Path, tmp_path: Path
) -> None:
    make_project(cli, tmp_path / "letters", 2)
    add_resource(cli, server)
    server.plan = lambda request: busy(retry_after=600)
    job = cli(*GPT, "--detach", "--json").json["job_id"]
    server.wait_for(1)
    shown: dict[str, Any] = {}
    while not shown.get("waits_until"):
        shown = cli("job", "show", "letters", job, "--json").json
        assert shown["state"] in ("queued", "running")
    assert "(429); it says to wait 10 minutes" in shown["waits_for"]
    words = cli("job", "show", "letters", job).out
    assert "waiting until " in words
    assert "`job cancel` stops it" in words
    cancelled = cli("job", "cancel", "letters", job, "--json").json
    assert (cancelled["state"], cancelled["waits_until"]) == ("cancelled", None)


def test_who_follows_a_job_is_told_that_it_waits(
    cli: Cli, server: OpenAIServer, home: Path, tmp_path: Path
) -> None:
    make_project(cli, tmp_path / "letters", 1)
    add_resource(cli, server)
    server.plan = lambda request: busy(retry_after=6) if len(server.chats) == 1 else None
    ran = cli(*GPT, "--json")
    assert (ran.code, ran.json["done"]) == (0, 1)
    assert ran.err.count("The job waits until ") == 1
    assert "An interrupt cancels the job" in ran.err


def test_a_job_does_not_wait_for_a_day(cli: Cli, server: OpenAIServer, home: Path, tmp_path: Path) -> None:
    make_project(cli, tmp_path / "letters", 3)
    add_resource(cli, server)
    server.plan = lambda request: busy(retry_after=100_000)
    ran = cli(*GPT, "--json")
    assert (ran.json["state"], ran.json["failed"]) == ("failed", [])
    assert "it says to wait 28 hours" in ran.json["message"]
    server.plan = None
    again = cli("job", "resume", "letters", ran.json["job_id"], "--yes", "--json")
    assert (again.code, again.json["done"]) == (0, 3)


# --- faults -------------------------------------------------------------------------------------------

LASTING: dict[str, Callable[[], Fault]] = {
    "content_filter": filtered_prompt,
    "refusal": lambda: refusal("I would rather not."),
    "context_length": too_long,
    "length": too_short,
    "bad_answer": lambda: Answer("I see a person and a town."),
}
"""What a document always meets, and the reason that it fails with."""


def _passing(number: int) -> list[Fault]:
    good = right(number)
    return [
        busy(retry_after=0.05),
        busy(),
        status(500),
        dropped(),
        cut(),
        half_json(),
        stalled(),
        Answer(entities(*good)[:-20]),
        Answer("Well, I see " + entities(*good)[:12]),
        Answer(entities(*good, ("Monday", "Weekday"))),
        Answer(entities(*good, ("Contoso Ltd", "Town"))),
        too_short(),
    ]


MOST = 3
"""Faults that a document meets: fewer than a runner's patience with one question."""


class Faults:
    """Three requests in ten meet one of all kinds of faults, drawn with a seed."""

    def __init__(self, seed: int, lasting: dict[int, str]) -> None:
        self._random = random.Random(seed)
        self._lasting = lasting
        self._met: dict[int, list[int]] = {}
        self.kinds: Counter[int] = Counter()

    def __call__(self, request: Request) -> Fault | None:
        number = number_of(request.body)
        if number in self._lasting:
            lasts = self._lasting[number]
            return filtered_answer() if lasts == "filtered_answer" else LASTING[lasts]()
        met = self._met.setdefault(number, [])
        if self._random.random() >= 0.3 or len(met) == MOST:
            return None
        faults = _passing(number)
        # What a model says wrong twice is its last word: that happens to no document here.
        known = any(isinstance(faults[kind], Answer) for kind in met)
        possible = [at for at, fault in enumerate(faults) if not (known and isinstance(fault, Answer))]
        kind = min(possible, key=lambda at: (self.kinds[at], self._random.random()))
        self.kinds[kind] += 1
        met.append(kind)
        return faults[kind]


def test_with_three_faults_in_ten_every_document_is_labeled_or_failed_for_its_true_reason(
    cli: Cli, server: OpenAIServer, home: Path, tmp_path: Path
) -> None:
    (home / "patience").write_text("0.7")
    make_project(cli, tmp_path / "letters", 60)
    add_resource(cli, server, *PRICES)
    reasons = {7 * at + 3: kind for at, kind in enumerate([*LASTING, "filtered_answer"])}
    server.plan = faults = Faults(4, reasons)
    ran = cli(*GPT, "--json")
    assert ran.code == 1, ran
    assert len(faults.kinds) == len(_passing(0))
    failed = {int(item["location"][6:8]): item["error"] for item in ran.json["failed"]}
    wanted = {at: "content_filter" if kind == "filtered_answer" else kind for at, kind in reasons.items()}
    assert failed == wanted
    for number in set(range(60)) - set(reasons):
        assert found_in(cli, number) == expected(number), number
    assert ran.json["done"] == 60 - len(reasons)
    # A failed document is asked for again when a person wants it, and only that one.
    server.plan = None
    before = len(server.chats)
    again = cli("job", "retry", "letters", ran.json["job_id"], "--yes", "--json")
    assert again.code == 0, again
    assert {number_of(request.body) for request in server.chats[before:]} <= set(reasons)


# --- kills --------------------------------------------------------------------------------------------

KILLS = int(os.environ.get("TUI_LABELER_KILLS", "5"))
"""A short run; ``make kill`` does more of them."""


def runner_of(home: Path) -> int:
    """The process that a job's newest run has told of."""
    (path,) = home.glob("projects/*/jobs/*/events.jsonl")
    pids = [json.loads(line).get("pid") for line in path.read_bytes().splitlines()]
    return int(next(pid for pid in reversed(pids) if pid))


def kept_requests(home: Path) -> set[int]:
    """Numbers of the requests whose answers are on disk."""
    found = set()
    for path in home.glob("projects/*/answers/*.jsonl"):
        for line in path.read_bytes().splitlines(keepends=True):
            if line.endswith(b"\n"):
                found.add(int(json.loads(line)["reply"]["request_id"].removeprefix("req-")))
    return found


def test_another_server_is_asked_itself_though_its_deployment_has_the_same_name(
    cli: Cli, server: OpenAIServer, home: Path, tmp_path: Path
) -> None:
    make_project(cli, tmp_path / "letters", 1)
    add_resource(cli, server)
    with OpenAIServer(answer=answer, key=KEY) as other:
        add = ("resource", "add", "other", "--kind", "openai", "--endpoint", other.url)
        assert cli(*add, "--deployment", "good", "--api-key-env", "WORK_KEY").code == 0
        assert cli("resource", "test", "other").code == 0
        other.requests.clear()
        assert cli(*GPT).code == 0
        again = ("autolabel", "letters", "--filter", "auto-labeled", "--resource", "other", "--yes")
        assert cli(*again).code == 0
        assert (len(server.chats), len(other.chats)) == (1, 1)


def test_what_was_answered_and_kept_is_never_asked_for_again_after_a_kill(
    cli: Cli, server: OpenAIServer, home: Path, tmp_path: Path
) -> None:
    at_once, kills = 4, KILLS
    count = max(40, 6 * kills)
    make_project(cli, tmp_path / "letters", count)
    add_resource(cli, server, *PRICES)
    server.delay = 0.05
    draw = random.Random(11)
    job: dict[str, Any] = cli(*GPT, "--concurrency", str(at_once), "--detach", "--json").json
    asked: list[Request] = []
    for _ in range(kills):
        server.wait_for(len(asked) + draw.randint(1, 7))
        pid = runner_of(home)
        os.kill(pid, signal.SIGKILL)
        assert wait_for_end(pid)
        # What it had sent may not be read yet.
        server.wait_until_alone()
        new, kept = server.chats[len(asked) :], kept_requests(home)
        # Those that were in flight when it was killed are all that has no answer on disk.
        assert len([request for request in new if request.number not in kept]) <= at_once
        asked += new
        assert cli("job", "show", "letters", job["job_id"], "--json").json["state"] == "interrupted"
        ran = cli("job", "resume", "letters", job["job_id"], "--yes", "--detach", "--json")
        assert ran.code == 0, ran
    ended = cli("job", "resume", "letters", job["job_id"], "--yes", "--json")
    if ended.code == 4:  # it was over already
        ended = cli("job", "show", "letters", job["job_id"], "--json")
    assert (ended.json["state"], ended.json["done"]) == ("succeeded", count), ended
    kept = kept_requests(home)
    last = {request.raw: request.number for request in server.chats}
    assert len(last) == count
    # Whatever was asked twice had no answer the first time.
    assert kept == set(last.values())
    assert len(server.chats) - count <= kills * at_once
    assert [found_in(cli, number) for number in range(count)] == [expected(number) for number in range(count)]
    assert ended.json["usage"]["prompt_tokens"] == 100 * count


# --- secrets ------------------------------------------------------------------------------------------


def test_keys_stand_nowhere_and_texts_only_where_answers_and_prompts_are_kept(
    cli: Cli, server: OpenAIServer, home: Path, tmp_path: Path
) -> None:
    labels = write_json(tmp_path / "labels.json", azure_labels(range(8)))
    make_project(cli, tmp_path / "letters", 20, "--labels", str(labels))
    add_resource(cli, server)

    def plan(request: Request) -> Fault | None:
        number = number_of(request.body)
        echo = f"{KEY} {letter(number)}"
        faults: dict[int, Fault] = {
            9: refusal("No."),
            10: Answer(echo),
            11: status(500),
            12: filtered_prompt(),
        }
        return faults.get(number)

    server.plan = plan
    ran = [cli(*GPT, "--json"), cli("jobs", "letters"), cli("doctor"), cli("resource", "list", "--json")]
    server.key = "another"
    ran += [cli("job", "retry", "letters", ran[0].json["job_id"], "--yes")]
    for path in files(home):
        data = path.read_bytes()
        # An answer that says the key is the model's own words: no other file may hold it.
        assert path.parent.name == "answers" or KEY.encode() not in data, path
        # Texts that labels are on are kept for the labels to follow a change.
        is_kept = path.parent.name == "answers" or path.name == "prepared.json" or "cache" in path.parts
        if not is_kept:
            assert b"travels to" not in data, path
    for one in ran:
        assert KEY not in one.out + one.err
        assert "travels to" not in one.out + one.err


def files(home: Path) -> list[Path]:
    return [path for path in home.rglob("*") if path.is_file()]


def test_what_is_kept_is_for_its_owner_only_and_goes_with_a_purge(
    cli: Cli, server: OpenAIServer, home: Path, tmp_path: Path
) -> None:
    labels = write_json(tmp_path / "labels.json", azure_labels(range(4)))
    make_project(cli, tmp_path / "letters", 6, "--labels", str(labels))
    add_resource(cli, server)
    job = cli(*GPT, "--json").json["job_id"]
    kept = [path.parent.name for path in files(home) if path.name in ("prepared.json", "asking")]
    assert sorted(kept) == sorted(["answers", job])
    for path in home.rglob("*"):
        if path.name != "patience":
            assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path
    # A job's records are not what is kept for later jobs.
    assert cli("job", "delete", "letters", job).code == 0
    asked = len(server.chats)
    again: Ran = cli(*GPT, "--filter", "auto-labeled", "--json")
    assert (again.code, again.json["done"], again.json["usage"]["prompt_tokens"]) == (0, 2, 0)
    assert len(server.chats) == asked
    assert cli("project", "delete", "letters", "--purge", "--yes").code == 0
    assert [path.name for path in files(home) if b"Berlin" in path.read_bytes()] == []
    assert list(home.glob("deleted/*")) == list(home.glob("projects/p*")) == []


# --- money that is spent ------------------------------------------------------------------------------


def test_what_was_answered_is_told_while_the_document_is_not_done_and_after_a_cancel(
    cli: Cli, server: OpenAIServer, home: Path, tmp_path: Path
) -> None:
    """A long document is asked about in parts; the second question gets no answer."""
    (home / "patience").write_text("3600")
    make_project(cli, tmp_path / "letters", 1)
    words = "Letter 00. Ann lives in Rome and writes to her aunt about the weather there. "
    (tmp_path / "letters" / "letter00.txt").write_text(words * 800)
    assert cli("sync", "letters").code == 0
    add_resource(cli, server, *PRICES)
    server.next(Answer(entities(("Ann", "Person")), usage={**TOKENS, "prompt_tokens": 1_000}))
    server.plan = lambda request: stalled() if len(server.chats) > 1 else None
    job = cli(*GPT, "--budget", "5", "--concurrency", "1", "--detach", "--json").json["job_id"]
    server.wait_for(2)
    live = until(lambda: cli("job", "show", "letters", job, "--json").json, lambda item: item["cost"] > 0)
    assert (live["state"], live["done"]) == ("running", 0)
    assert live["usage"]["prompt_tokens"] == 1_000
    assert live["unanswered_requests"] == 0, "their answers may still come"
    ended = cli("job", "cancel", "letters", job, "--json").json
    assert (ended["state"], ended["done"], ended["cost"]) == ("cancelled", 0, live["cost"])
    assert ended["unanswered_requests"] >= 1
    listed = cli("jobs", "letters", "--json").json["items"][0]
    assert (listed["cost"], listed["usage"]) == (ended["cost"], ended["usage"])
    shown = cli("job", "show", "letters", job).out
    assert "used: 1,000 tokens in, 10 out, 0.00102 USD" in shown
    assert re.search(r"up to 0\.\d+ USD more may be charged for \d+ requests? without an answer", shown), (
        shown
    )
    assert ended["unanswered_cost"] > 0
    assert ended["unanswered_usage"]["prompt_tokens"] > 0


def test_a_budget_holds_where_the_server_tells_no_usage_and_where_it_tells_nonsense(
    cli: Cli, server: OpenAIServer, home: Path, tmp_path: Path
) -> None:
    make_project(cli, tmp_path / "letters", 30)
    add_resource(cli, server, *PRICES)
    nonsense = {
        "prompt_tokens": -900,
        "completion_tokens": -5,
        "prompt_tokens_details": {"cached_tokens": 10**9},
    }
    server.plan = lambda request: Answer(
        entities(("Ann", "Person")), usage=nonsense if len(server.chats) % 2 else {"total_tokens": 0}
    )
    ran = cli(*GPT, "--budget-tokens", "6000", "--concurrency", "2", "--json")
    assert (ran.code, ran.json["state"]) == (4, "cancelled"), ran
    used = ran.json["usage"]
    spent = used["prompt_tokens"] + used["completion_tokens"]
    assert 0 < spent == used["estimated_tokens"] <= 6000
    assert ran.json["cost"] > 0
    assert 0 < len(server.chats) < 30
    # What came after the stop was decided is told too.
    assert f"about {spent:,} of 6,000 tokens" in ran.json["message"]
    shown = cli("job", "show", "letters", ran.json["job_id"]).out
    assert "used: about " in shown
    assert "(the server did not tell all of it)" in shown


def test_what_a_dropped_line_may_cost_is_within_the_budget_over_resumes(
    cli: Cli, server: OpenAIServer, home: Path, tmp_path: Path
) -> None:
    make_project(cli, tmp_path / "letters", 12)
    add_resource(cli, server, *PRICES)
    server.plan = lambda request: dropped() if len(server.chats) % 2 == 0 else None
    job = cli(*GPT, "--budget-tokens", "4000", "--concurrency", "2", "--json").json
    server.plan = lambda request: dropped()
    again = cli("job", "resume", "letters", job["job_id"], "--budget-tokens", "5000", "--json")
    assert again.code == 4, again
    ended = again.json
    lost = ended["unanswered_usage"]
    assert sum(ended["usage"][key] + lost[key] for key in ("prompt_tokens", "completion_tokens")) <= 5000
    assert ended["unanswered_requests"] > 0
    assert "without an answer (counted as spent)" in ended["message"]


def test_a_question_that_had_to_be_asked_twice_costs_both_though_its_document_failed(
    cli: Cli, server: OpenAIServer, home: Path, tmp_path: Path
) -> None:
    make_project(cli, tmp_path / "letters", 1)
    add_resource(cli, server, *PRICES)
    server.plan = lambda request: Answer("I would rather not say.", usage=TOKENS)
    ran = cli(*GPT, "--budget-tokens", "4000", "--json")
    assert len(server.chats) == 2
    assert ran.json["usage"]["prompt_tokens"] == 200
    again = cli("job", "retry", "letters", ran.json["job_id"], "--yes", "--json").json
    assert again["usage"]["prompt_tokens"] == 100 * len(server.chats)


def until(look: Callable[[], Any], is_so: Callable[[Any], bool]) -> Any:
    """What is seen once it is as it should be. Each look starts a command: nothing spins."""
    deadline = time.monotonic() + 30
    while not is_so(found := look()):
        assert time.monotonic() < deadline, found
    return found
