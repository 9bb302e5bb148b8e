"""Whole jobs with language models whose server is hostile: each ends, and each document with its reason.

A runner's memory has a limit whatever a server sends: :data:`MEMORY`. ``make fuzz`` takes more of all.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.cli.test_gpt_jobs import (
    GPT,
    KEY,
    PRICES,
    TOKENS,
    add_resource,
    entities,
    expected,
    found_in,
    make_project,
    number_of,
    right,
)
from tests.hostile import measured_runner, servers
from tests.openai_server import Answer, OpenAIServer, completion, elsewhere, minimal
from tui_labeler.engine.adapters import launcher
from tui_labeler.engine.adapters.chat.answers import MOST

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.conftest import Cli, Ran
    from tests.openai_server import Body, Fault, Request

MEMORY = 250_000_000
"""Bytes of a runner at most, which has a hundred millions before it asks anything."""

LONG = "TUI_LABELER_FUZZ" in os.environ

PATIENCE = "15" if LONG else "2"
"""Seconds that an answer may take: in a long run five of each come at once that are as long as they may be,
and a busy machine reads them slowly."""

PLAIN = 4
"""Documents that are answered well, before others: a server that never was is another matter."""


TRIED = (
    "50 MB",
    "a bomb in a bomb",
    "a bomb in a refusal",
    "a model with escape sequences",
    "headers without end",
    "no HTTP",
    "nested deeply",
    "status 999",
    "a wait beyond all",
    "a wait with escape sequences",
)
"""What a deployment answers that is tried, in a short run."""


def answer(body: Body) -> Answer | str:
    number = number_of(body)
    return minimal(body) if number < 0 else Answer(entities(*right(number)), usage=TOKENS)


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer(answer=answer, key=KEY) as server:
        yield server


@pytest.fixture
def home(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Path:
    program = (sys.executable, "-m", measured_runner.__name__)
    monkeypatch.setattr(launcher.ProcessLauncher, "program", program)
    for name in ("OPENAI_API_KEY", "AZURE_OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("WORK_KEY", KEY)
    cli.home.mkdir(mode=0o700)
    (cli.home / "patience").write_text(PATIENCE)
    return cli.home


def good(request: Request) -> bytes:
    """What would have been right."""
    said = answer(request.body)
    return json.dumps(completion(request, Answer(said) if isinstance(said, str) else said)).encode()


def peak_of(home: Path) -> int:
    """Once the runner has ended, which is after its job has."""
    while not (home / measured_runner.PEAK).exists():
        time.sleep(0.01)
    return int((home / measured_runner.PEAK).read_text())


def look_sane(cli: Cli, home: Path, *ran: Ran) -> None:
    """Nothing raw and no traceback in what was printed, none in what was written, and no memory beyond."""
    shown = [*ran, cli("jobs", "letters"), cli("resource", "list"), cli("list", "letters")]
    (job,) = {item["job_id"] for item in cli("jobs", "letters", "--json").json["items"]}
    shown.append(cli("job", "show", "letters", job))
    for one in shown:
        said = (one.out + one.err).replace("\n", "")
        assert "Traceback" not in said
        assert said.isprintable(), sorted({sign for sign in said if not sign.isprintable()})
        assert KEY not in said
    for log in home.glob("projects/*/jobs/*/runner.log"):
        assert log.read_bytes() == b""
    peak = peak_of(home)
    assert peak <= MEMORY, f"{peak / 1e6:.0f} MB"


def test_what_a_hostile_server_sends_ends_in_a_label_or_in_its_true_reason(
    cli: Cli, server: OpenAIServer, home: Path, tmp_path: Path
) -> None:
    once = servers.each_once(random.SystemRandom().randrange(2**32) if LONG else 5)
    # Trouble is tried again and again; in a short run some of it has to do.
    troubles = [name for name, (_, why) in servers.FAULTS.items() if why == servers.TROUBLE]
    left_out = set() if LONG else set(troubles) - set(troubles[::5])
    always = [name for name in servers.FAULTS if name not in left_out for _ in range(5 if LONG else 1)]
    faults = dict(enumerate([*once, *always], PLAIN))
    met: Counter[int] = Counter()

    def plan(request: Request) -> Fault | None:
        number = number_of(request.body)
        name = faults.get(number)
        if name is None or (number < PLAIN + len(once) and met[number]):
            return None
        met[number] += 1
        make = servers.PASSING.get(name) or servers.FAULTS[name][0]
        return make(good(request))

    count = PLAIN + len(faults)
    make_project(cli, tmp_path / "letters", count)
    add_resource(cli, server, *PRICES)
    server.plan = plan
    ran = cli(*GPT, "--json", "--concurrency", "8")
    assert ran.code == 1, ran
    failed = {int(item["location"][6:-4]): item["error"] for item in ran.json["failed"]}
    wanted = {at: servers.FAULTS[name][1] for at, name in enumerate(always, PLAIN + len(once))}
    wanted |= dict.fromkeys(range(PLAIN, PLAIN + len(once)), servers.ANSWERED)
    told = {at: (faults[at], failed.get(at, servers.ANSWERED), reason) for at, reason in wanted.items()}
    wrong = [f"{name}: {found}, not {reason}" for name, found, reason in told.values() if found != reason]
    assert not wrong, "; ".join(wrong)
    for number in range(count):
        if number not in failed:
            assert found_in(cli, number) == expected(number), faults.get(number)
    assert ran.json["usage"]["doubtful_answers"] == 0
    look_sane(cli, home, cli("job", "show", "letters", ran.json["job_id"]))


@pytest.mark.parametrize("answered", [300, 301, 302, 303, 307, 308] if LONG else [307])
def test_texts_and_key_go_nowhere_but_where_a_person_said(
    cli: Cli, server: OpenAIServer, home: Path, tmp_path: Path, answered: int
) -> None:
    make_project(cli, tmp_path / "letters", 2)
    add_resource(cli, server)
    with OpenAIServer(answer=answer) as other:
        server.plan = lambda request: replace(elsewhere(f"{other.url}/chat/completions"), status=answered)
        ran = cli(*GPT, "--json")
        assert (ran.code, ran.error["code"]) == (3, "resource")
        assert "sends elsewhere" in ran.error["message"]
        assert other.connections == 0
    look_sane(cli, home, ran)


def test_a_usage_that_can_not_be_counts_as_the_larger_of_what_was_told_and_what_is_estimated(
    cli: Cli, server: OpenAIServer, home: Path, tmp_path: Path
) -> None:
    usages = list(servers.USAGES.values())
    make_project(cli, tmp_path / "letters", len(usages))
    add_resource(cli, server, *PRICES)
    server.plan = lambda request: servers.with_usage(good(request), usages[number_of(request.body)])
    ran = cli(*GPT, "--json")
    assert (ran.code, ran.json["done"]) == (0, len(usages)), ran
    usage = ran.json["usage"]
    # No more than MOST is believed: of what sixty-four bits hold, and of what has four hundred digits.
    assert usage["completion_tokens"] - MOST - 1_000_000_000 in range(1, 1000 * len(usages))
    assert usage["prompt_tokens"] - 2 * MOST in range(1, 10_000 * len(usages))
    assert usage["cached_tokens"] <= usage["prompt_tokens"]
    assert 0 < usage["doubtful_answers"] < len(usages)
    assert ran.json["cost"] == pytest.approx((usage["prompt_tokens"] + 2 * usage["completion_tokens"]) / 1e6)
    look_sane(cli, home, ran)


def test_a_budget_ends_a_job_whose_server_tells_of_a_billion_tokens(
    cli: Cli, server: OpenAIServer, home: Path, tmp_path: Path
) -> None:
    make_project(cli, tmp_path / "letters", 12)
    add_resource(cli, server, *PRICES)
    server.plan = lambda request: servers.with_usage(good(request), servers.USAGES["a billion"])
    ran = cli(*GPT, "--budget", "5", "--concurrency", "1", "--json")
    assert (ran.code, ran.error["code"]) == (4, "budget")
    assert ran.json["cost"] == pytest.approx(2000, rel=0.01)
    assert len(server.chats) == 1
    assert "0.00 USD are left" in ran.json["message"]
    look_sane(cli, home, ran)


def test_trying_a_deployment_of_a_hostile_server_ends_with_words_or_with_what_it_can_do(
    cli: Cli, server: OpenAIServer, home: Path
) -> None:
    add_resource(cli, server, test=False)
    for name in TRIED if not LONG else servers.FAULTS:
        make = servers.PASSING.get(name) or servers.FAULTS[name][0]
        server.plan = lambda request, make=make: make(good(request))
        ran = cli("resource", "test", "work")
        assert ran.code in (0, 1, 3), name
        for said in (ran, cli("resource", "list")):
            words = (said.out + said.err).replace("\n", "")
            assert words.isprintable(), name
            assert "Traceback" not in words, name
            assert len(words) < 3000, name
