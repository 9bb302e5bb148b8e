"""What is said of a job for a deployment, and agreed to, before anything is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import azure_labels, write_json, write_letters
from tests.cli.test_gpt_jobs import KEY, PRICES, add_resource, answer, home, make_project
from tests.openai_server import OpenAIServer, refusal
from tui_labeler.cli.output import Output

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.conftest import Cli

__all__ = ["home"]

GPT = ("autolabel", "letters", "--resource", "work")
EVALUATE = ("evaluate", "letters", "--resource", "work")


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer(answer=answer, key=KEY) as server:
        yield server


@pytest.fixture
def at_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard input and standard error are a terminal's."""
    monkeypatch.setattr(Output, "can_ask", property(lambda self: True))


def some_labels(tmp_path: Path, count: int) -> tuple[str, str]:
    return "--labels", str(write_json(tmp_path / "labels.json", azure_labels(range(count))))


# --- autolabel ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("test", [True, False], ids=["tried", "untried"])
def test_a_job_for_a_deployment_is_refused_with_2_where_nobody_can_agree(
    cli: Cli, server: OpenAIServer, home: Path, tmp_path: Path, test: bool
) -> None:
    make_project(cli, tmp_path / "letters", 4)
    add_resource(cli, server, *PRICES, test=test)
    for detach in ((), ("--detach",)):
        ran = cli(*GPT, "--budget", "2.50", *detach, "--json")
        assert ran.code == 2, ran
        told = ran.error["message"]
        assert "The texts of 4 documents are sent to 127.0.0.1" in told
        assert "tokens in" in told
        assert " USD" in told
        assert "Its budget: 2.50 USD." in told
        # A deployment on this machine may take its time, tried or not.
        assert test or "time unknown before the first answers" in told
        assert "--yes" in ran.error["hint"]
    assert server.requests == []
    assert cli("jobs", "letters", "--json").json["items"] == []


@pytest.mark.usefixtures("at_terminal")
def test_at_a_terminal_a_job_for_a_deployment_is_asked_for(
    cli: Cli, server: OpenAIServer, home: Path, tmp_path: Path
) -> None:
    make_project(cli, tmp_path / "letters", 4)
    add_resource(cli, server, *PRICES)
    refused = cli(*GPT, stdin=b"n\n")
    assert refused.code == 4
    assert "No budget limits it. Start? [y/N]" in refused.err
    assert server.requests == []
    ran = cli(*GPT, "--json", stdin=b"y\n")
    assert (ran.code, ran.json["done"]) == (0, 4)
    assert len(server.chats) == 4


@pytest.mark.usefixtures("at_terminal")
def test_an_untried_deployment_is_asked_nothing_before_somebody_agrees(
    cli: Cli, server: OpenAIServer, home: Path, tmp_path: Path
) -> None:
    make_project(cli, tmp_path / "letters", 2)
    add_resource(cli, server, *PRICES, test=False)
    refused = cli(*GPT, stdin=b"n\n")
    assert refused.code == 4
    told = f"a few tiny requests without any text of yours go to 127.0.0.1:{server.port} first. Try it? [y/N]"
    assert told in refused.err
    assert server.requests == []
    assert cli(*GPT, stdin=b"y\nn\n").code == 4
    assert server.requests != []
    assert cli("jobs", "letters", "--json").json["items"] == []


def test_a_dry_run_and_a_trained_model_never_ask(
    cli: Cli, server: OpenAIServer, home: Path, tmp_path: Path
) -> None:
    make_project(cli, tmp_path / "letters", 14, *some_labels(tmp_path, 10))
    add_resource(cli, server)
    assert cli(*GPT, "--dry-run").code == 0
    assert cli("train", "letters", "--model", "first").code == 0
    assert cli("autolabel", "letters", "--model", "first").code == 0
    assert server.requests == []


def test_answers_that_are_there_are_counted_before_a_job_and_cost_nothing(
    cli: Cli, server: OpenAIServer, home: Path, tmp_path: Path
) -> None:
    make_project(cli, tmp_path / "letters", 6)
    add_resource(cli, server, *PRICES)
    assert cli(*GPT, "--limit", "4", "--yes").code == 0
    every = ("--filter", "unlabeled", "--filter", "auto-labeled")
    ran = cli(*GPT, *every, "--dry-run", "--json").json
    assert (ran["documents"], ran["estimate"]["answered"]) == (6, 4)
    assert ran["estimate"]["questions"] == [2, 2]
    words = cli(*GPT, *every, "--dry-run").out
    assert "(beside 4 questions answered already, which cost nothing)" in words
    nothing = cli(*GPT, "--filter", "auto-labeled", "--yes").err
    assert "Nothing is sent: all that work/good would be asked of 4 documents is answered already." in nothing
    assert "are sent to" not in nothing
    whole = cli(*GPT, "--filter", "auto-labeled", "--dry-run", "--json").json["estimate"]
    assert (whole["answered"], whole["cost"]) == (4, [0, 0])
    words = cli(*GPT, "--filter", "auto-labeled", "--dry-run").out
    assert "It would take nothing: 4 questions are answered already" in words


# --- going on -----------------------------------------------------------------------------------------


def test_going_on_is_agreed_to_by_a_budget_and_else_asked_for(
    cli: Cli, server: OpenAIServer, home: Path, tmp_path: Path
) -> None:
    make_project(cli, tmp_path / "letters", 6)
    add_resource(cli, server, *PRICES)
    server.plan = lambda request: refusal("No.")
    job = cli(*GPT, "--yes", "--json").json["job_id"]
    server.plan = None
    server.requests.clear()
    ran = cli("job", "retry", "letters", job, "--json")
    assert ran.code == 2
    assert "what is missing, 6 documents," in ran.error["message"]
    assert "No budget limits it." in ran.error["message"]
    assert server.requests == []
    again = cli("job", "retry", "letters", job, "--budget-tokens", "350", "--json")
    assert again.code == 4
    assert "The texts of what is missing, 6 documents, are sent to" in again.err
    assert "tokens in" in again.err
    assert " USD" in again.err
    assert "Its budget: 350 tokens." in again.err
    # The budget that it has stands for the next time too.
    assert cli("job", "resume", "letters", job, "--json").code == 4
    assert cli("job", "retry", "letters", job, "--budget-tokens", "900000").code == 0


def test_a_job_that_is_over_is_refused_before_it_is_said_where_texts_go(
    cli: Cli, server: OpenAIServer, home: Path, tmp_path: Path
) -> None:
    make_project(cli, tmp_path / "letters", 2)
    add_resource(cli, server)
    job = cli(*GPT, "--yes", "--json").json["job_id"]
    for command in ("resume", "retry"):
        ran = cli("job", command, "letters", job, "--yes")
        assert ran.code == 4
        assert "sent to" not in ran.err
        assert "nothing" in ran.err


# --- evaluate -----------------------------------------------------------------------------------------


def test_an_evaluation_says_what_it_takes_and_is_agreed_to_before_it_sends(
    cli: Cli, server: OpenAIServer, home: Path, tmp_path: Path
) -> None:
    make_project(cli, tmp_path / "letters", 12, *some_labels(tmp_path, 8))
    add_resource(cli, server, *PRICES)
    dry = cli(*EVALUATE, "--dry-run", "--budget", "0.5", "--json").json
    assert (dry["state"], dry["dry_run"], dry["documents"]) == ("not started", True, 6)
    assert (dry["examples"], dry["host"]) == (2, f"127.0.0.1:{server.port}")
    assert dry["estimate"]["questions"] == [6, 6]
    assert dry["estimate"]["crosses_budget"] == "no"
    words = cli(*EVALUATE, "--dry-run").out
    assert "The texts of 6 labeled documents are sent to" in words
    assert "Nothing was sent." in words
    assert server.requests == []
    assert cli("jobs", "letters", "--json").json["items"] == []
    for budget in ((), ("--budget", "0.5")):
        refused = cli(*EVALUATE, *budget, "--json")
        assert refused.code == 2
        assert "The texts of 6 labeled documents are sent to" in refused.error["message"]
        assert "--yes" in refused.error["hint"]
    assert server.requests == []
    ran = cli(*EVALUATE, "--yes")
    assert ran.code == 0
    assert "The texts of 6 labeled documents are sent to" in ran.err
    assert "tokens in" in ran.err
    assert "No budget limits it." in ran.err
    assert len(server.chats) == 6


def test_an_evaluation_with_fewer_examples_than_the_job_warns_before_and_after(
    cli: Cli, server: OpenAIServer, home: Path, tmp_path: Path
) -> None:
    make_project(cli, tmp_path / "letters", 4, *some_labels(tmp_path, 3))
    add_resource(cli, server)
    words = "measured with 0 examples in the prompts; a job will show up to 3"
    assert words in cli(*EVALUATE, "--dry-run").out
    assert words in cli(*EVALUATE, "--yes").out
    assert any(words in item for item in cli(*EVALUATE, "--yes", "--json").json["warnings"])


@pytest.mark.parametrize("dry", [(), ("--dry-run",)])
def test_an_evaluation_without_labels_is_refused_before_anything_is_sent_or_started(
    cli: Cli, server: OpenAIServer, home: Path, tmp_path: Path, dry: tuple[str, ...]
) -> None:
    make_project(cli, tmp_path / "letters", 3)
    add_resource(cli, server, test=False)
    ran = cli(*EVALUATE, *dry, "--json")
    assert ran.code == 2
    assert "There is no labeled document" in ran.error["message"]
    assert "by hand first" in ran.error["hint"]
    assert server.requests == []
    assert cli("jobs", "letters", "--json").json["items"] == []


def test_an_evaluation_of_a_model_has_a_dry_run_too(cli: Cli, trained: str) -> None:
    ran = cli("evaluate", trained, "--model", "first", "--include-training", "--dry-run", "--json")
    assert (ran.code, ran.json["documents"], ran.json["state"]) == (0, 16, "not started")
    assert len(cli("jobs", trained, "--json").json["items"]) == 1


def test_an_evaluation_that_goes_on_says_what_it_takes_and_is_agreed_to(
    cli: Cli, server: OpenAIServer, home: Path, tmp_path: Path
) -> None:
    make_project(cli, tmp_path / "letters", 12, *some_labels(tmp_path, 8))
    add_resource(cli, server, *PRICES)
    server.plan = lambda request: refusal("No.")
    job = cli(*EVALUATE, "--yes", "--json").json["job_id"]
    server.plan = None
    server.requests.clear()
    ran = cli("job", "retry", "letters", job, "--json")
    assert ran.code == 2
    assert "The texts of 6 labeled documents are sent to" in ran.error["message"]
    assert " USD" in ran.error["message"]
    assert server.requests == []
    assert cli("job", "retry", "letters", job, "--yes", "--json").json["documents"] == 6


def test_an_evaluation_that_its_budget_ends_shows_its_figures_as_partial(
    cli: Cli, server: OpenAIServer, home: Path, tmp_path: Path
) -> None:
    make_project(cli, tmp_path / "letters", 24, *some_labels(tmp_path, 20))
    add_resource(cli, server, *PRICES)
    limits = ("--budget-tokens", "1500", "--concurrency", "1")
    ran = cli(*EVALUATE, *limits, "--yes", "--json")
    assert ran.code == 4
    assert ran.error["code"] == "budget"
    assert "with a larger --budget or --budget-tokens" in ran.error["hint"]
    found = ran.json
    shown = cli("job", "show", "letters", found["job_id"], "--json").json
    assert "`job resume PROJECT" in shown["hint"]
    assert (found["partial"], found["f1"]) == (True, 1.0)
    assert 0 < found["documents"] < 15
    words = cli("job", "show", "letters", found["job_id"]).out
    assert "tokens are spent" in words
    assert "partial figures" in cli(*EVALUATE, "--seed", "1", *limits, "--yes").out


# --- words --------------------------------------------------------------------------------------------


def test_small_sums_have_digits_and_an_error_is_said_once(
    cli: Cli, server: OpenAIServer, home: Path, tmp_path: Path
) -> None:
    write_letters(tmp_path / "letters", 12)
    create = ("project", "create", "letters", "--kind", "ner", "--container", str(tmp_path / "letters"))
    assert cli(*create, "--category", "Person").code == 0
    add_resource(cli, server, "--price-in", "0.002", "--price-out", "0.004")
    ran = cli(*GPT, "--budget", "0.0000025", "--concurrency", "1", "--yes", "--json")
    assert ran.code == 4, ran
    assert ran.error["message"].startswith("0.00000")
    assert "of 0.0000025 USD are spent" in ran.error["message"]
    assert ran.json["message"] == ran.error["message"]
    assert "larger budget" not in ran.error["message"]
    assert "larger --budget" in ran.error["hint"]
