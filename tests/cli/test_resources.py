"""``resource``: by commands alone, against a real socket."""

from __future__ import annotations

import asyncio
import json
import os
from typing import TYPE_CHECKING

import pytest

from tests.openai_server import OpenAIServer, Request, Response, batches_only, busy, no_deployment, wrong_key
from tui_labeler.domain.resources import Structured
from tui_labeler.engine.adapters.testers import ProcessTester
from tui_labeler.engine.deployments.chat import BusyError, ResourceError
from tui_labeler.engine.errors import OutsideError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.conftest import Cli

KEY = "sk-sentinel4711"


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "AZURE_OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer(deployments=("good", "other")) as server:
        yield server


def add(cli: Cli, server: OpenAIServer, *more: str) -> None:
    ran = cli("resource", "add", "local", "--kind", "openai", "--endpoint", server.url, *more)
    assert ran.code == 0, ran


def test_a_resource_is_added_tried_listed_and_removed(cli: Cli, server: OpenAIServer) -> None:
    made = cli(
        *("resource", "add", "local", "--kind", "openai", "--endpoint", server.url, "--json"),
        *(
            "--deployment",
            "good",
            "other",
            "--price-in",
            "2.5",
            "--price-out",
            "10",
            "--price-cached",
            "1.25",
        ),
        *("--context", "4096"),
    )
    assert made.code == 0
    assert {"name", "kind", "endpoint", "deployments"} <= made.json.keys()
    assert (made.json["kind"], made.json["endpoint"]) == ("openai", server.url)
    good, other = made.json["deployments"]
    assert good == {
        "name": "good",
        "capabilities": None,
        "prices": {"input": 2.5, "output": 10.0, "cached": 1.25, "as_of": None},
        "context": 4096,
        "timeout": None,
    }
    tried = cli("resource", "test", "local", "--deployment", "good", "--json")
    assert tried.code == 0
    (found,) = tried.json["deployments"]
    assert found["capabilities"]["structured"] == "json_schema"
    assert found["capabilities"]["logprobs"] is True
    listed = cli("resource", "list", "--json").json
    assert [item["name"] for item in listed["items"]] == ["local"]
    assert listed["items"][0]["deployments"] == [found, other]
    assert listed["items"][0]["key_found"] is True
    text = cli("resource", "list").out
    assert "json_schema" in text
    assert "not tried" in text
    assert cli("resource", "remove", "local", "--json").json["removed"] is True
    assert cli("resource", "list", "--json").json["items"] == []
    assert cli("resource", "remove", "local", "--json").error["code"] == "not_found"


def test_all_deployments_are_tried_and_one_that_fails_is_listed(cli: Cli, server: OpenAIServer) -> None:
    add(cli, server, "--deployment", "good", "gone")
    ran = cli("resource", "test", "local", "--json")
    assert ran.code == 1
    assert [item["name"] for item in ran.json["deployments"]] == ["good"]
    (failure,) = ran.json["failed"]
    assert (failure["deployment"], failure["error"]) == ("gone", "resource")
    assert "has no deployment 'gone'" in failure["message"]


def test_a_deployment_that_fails_alone_is_the_outside_worlds_refusal(cli: Cli, server: OpenAIServer) -> None:
    add(cli, server, "--deployment", "gone")
    ran = cli("resource", "test", "local", "--json")
    assert ran.code == 3
    assert ran.error["code"] == "resource"
    assert cli("resource", "test", "none").code == 2
    assert cli("resource", "test", "local", "--deployment", "none").code == 2


def test_azure_resources_are_asked_in_their_style(
    cli: Cli, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORK_KEY", KEY)
    server.key = KEY
    for name, more in (("dated", ("--api-version", "2024-10-21")), ("v1", ())):
        made = cli(
            *("resource", "add", name, "--kind", "azure", "--endpoint", server.root, "--deployment", "good"),
            *("--api-key-env", "WORK_KEY", *more),
        )
        assert made.code == 0, made
        assert cli("resource", "test", name).code == 0
    assert [request.style for request in server.chats] == ["azure", "azure-v1"]


def test_no_key_is_kept_or_told(cli: Cli, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    add(cli, server, "--deployment", "good")
    server.next(wrong_key())
    ran = [
        cli("resource", "test", "local"),
        cli("resource", "test", "local", "--json"),
        cli("resource", "list", "--json"),
        cli("resource", "list"),
        cli("doctor", "--ask"),
    ]
    assert ran[0].code == 3
    assert ran[1].code == 0
    assert "OPENAI_API_KEY" in ran[3].out
    told = "".join(one.out + one.err for one in ran)
    kept = "".join(path.read_text() for path in cli.home.rglob("*") if path.is_file())
    assert KEY not in told + kept
    assert server.chats[-1].headers["authorization"] == f"Bearer {KEY}"


AZURE = ("add", "x", "--kind", "azure", "--endpoint", "https://x.example", "--deployment", "d")


@pytest.mark.parametrize(
    "arguments",
    [
        ("add", "x", "--kind", "openai", "--endpoint", "https://me:sk-s3cret@x.example", "--deployment", "d"),
        ("add", "x", "--kind", "openai", "--endpoint", "https://x.example?k=sk-s3cret", "--deployment", "d"),
        (*AZURE, "--api-key-env", "sk-s3cret"),
        (*AZURE, "--price-in", "1"),
        (*AZURE, "--price-in", "nan", "--price-out", "1"),
        AZURE[:-2],
        ("add", "x", "--kind", "telnet", "--endpoint", "https://x.example", "--deployment", "d"),
        ("set", "x"),
    ],
    ids=str,
)
def test_wrong_use_is_refused_and_secrets_are_not_repeated(cli: Cli, arguments: tuple[str, ...]) -> None:
    ran = cli("resource", *arguments)
    assert ran.code == 2
    assert "s3cret" not in ran.out + ran.err
    assert not (cli.home / "resources.json").exists()


def test_prices_are_set_afterwards(cli: Cli, server: OpenAIServer) -> None:
    add(cli, server, "--deployment", "good", "other")
    ran = cli(
        "resource", "set", "local", "--deployment", "good", "--price-in", "0", "--price-out", "0", "--json"
    )
    assert [item["prices"] for item in ran.json["deployments"]] == [
        {"input": 0.0, "output": 0.0, "cached": None, "as_of": None},
        None,
    ]


def test_a_time_out_is_given_with_a_resource_or_afterwards_and_shown(cli: Cli, server: OpenAIServer) -> None:
    add(cli, server, "--timeout", "30", "--deployment", "good")
    assert "30 s" in cli("resource", "list").out
    ran = cli("resource", "set", "local", "--timeout", "45", "--json")
    assert [item["timeout"] for item in ran.json["deployments"]] == [45]
    assert cli("resource", "set", "local", "--timeout", "5000").code == 2


def test_prices_that_the_list_knows_are_shown_as_such(cli: Cli, server: OpenAIServer) -> None:
    add = ("resource", "add", "local", "--kind", "openai", "--endpoint", server.url)
    assert cli(*add, "--deployment", "gpt-4o", "nobodys").code == 0
    words = cli("resource", "list").out
    assert "2.5*" in words
    assert "* from the list of 20" in words
    known, unknown = cli("resource", "list", "--json").json["items"][0]["deployments"]
    assert (known["prices"]["input"], known["prices"]["as_of"][:2]) == (2.5, "20")
    assert unknown["prices"] is None
    assert cli("resource", "set", "local", "--price-in", "1", "--price-out", "2").code == 0
    assert "*" not in cli("resource", "list").out


def test_a_server_that_is_asked_without_encryption_is_warned_of(cli: Cli) -> None:
    arguments = ("--kind", "openai", "--endpoint", "http://10.1.2.3:8000/v1", "--deployment", "d")
    assert "without encryption" in cli("resource", "add", "far", *arguments, "--json").json["warnings"][0]


def test_the_doctor_sends_nothing_unless_it_is_asked_to(cli: Cli, server: OpenAIServer) -> None:
    assert "there is none" in cli("doctor").out
    add(cli, server, "--deployment", "good")
    assert cli("doctor").code == 0
    assert not server.requests
    found = {check["name"]: check for check in cli("doctor", "--ask", "--json").json["checks"]}
    assert found["deployment good of local"]["ok"]
    assert server.requests
    server.next(no_deployment())
    assert cli("doctor", "--ask").code == 1


def test_the_doctor_misses_a_key(cli: Cli) -> None:
    arguments = ("--kind", "azure", "--endpoint", "https://x.example", "--deployment", "d")
    assert "AZURE_OPENAI_API_KEY is not set" in cli("resource", "add", "work", *arguments).out
    ran = cli("doctor", "--json")
    assert ran.code == 1
    (check,) = [check for check in ran.json["checks"] if check["name"] == "resource work"]
    assert not check["ok"]


async def test_a_process_that_draws_tries_through_the_command(cli: Cli, server: OpenAIServer) -> None:
    from tui_labeler.assembly import resources

    await asyncio.to_thread(add, cli, server, "--deployment", "good", "gone")
    drawing = resources(cli.home, drawing=True)
    tested = await drawing.test("local", "good")
    assert tested.capabilities is not None
    assert tested.capabilities.structured is Structured.SCHEMA
    with pytest.raises(ResourceError, match="has no deployment 'gone'"):
        await drawing.test("local", "gone")
    server.next(busy(retry_after=9))
    with pytest.raises(BusyError, match="wait 9 seconds"):
        await drawing.test("local", "good")


async def test_a_try_that_is_cancelled_takes_its_process_with_it(
    cli: Cli, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tui_labeler.assembly import resources

    await asyncio.to_thread(add, cli, server, "--deployment", "good")
    server.delay = 60
    children: list[int] = []
    started = asyncio.create_subprocess_exec

    async def start(*arguments: str, **options: object) -> asyncio.subprocess.Process:
        child = await started(*arguments, **options)  # type: ignore[arg-type]
        children.append(child.pid)
        return child

    monkeypatch.setattr(asyncio, "create_subprocess_exec", start)
    task = asyncio.create_task(resources(cli.home, drawing=True).test("local", "good"))
    await asyncio.to_thread(server.wait_for, 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    (pid,) = children
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.parametrize(
    "told", ["", "[]", '{"deployments": []}', json.dumps({"error": {"code": "x"}}), "\udcff"]
)
async def test_a_command_that_says_something_odd_is_an_error_like_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: str
) -> None:
    from tui_labeler.domain.resources import Deployment, Resource, ResourceKind

    monkeypatch.setattr(ProcessTester, "program", ("printf", "%s"))
    script = tmp_path / "say"
    script.write_bytes(b"#!/bin/sh\nprintf '%s' '" + told.encode("utf-8", "surrogateescape") + b"'\n")
    script.chmod(0o700)
    monkeypatch.setattr(ProcessTester, "program", (str(script),))
    with pytest.raises(OutsideError, match="ended without a word"):
        await ProcessTester(tmp_path).test(
            Resource("r", ResourceKind.OPENAI, "http://127.0.0.1:1", ()), Deployment("d")
        )


def test_signing_in_elsewhere_than_at_azure_takes_a_word_in_the_settings(cli: Cli) -> None:
    add = ("resource", "add", "en", "--kind", "azure", "--entra", "--deployment", "gpt", "--endpoint")
    assert cli("resource", "list").code == 0
    clear = cli(*add, "http://192.0.2.2:18790")
    assert clear.code == 2
    assert "without encryption" in clear.err
    foreign = cli(*add, "https://gpt.example.org/team")
    assert foreign.code == 2
    assert "[resources.NAME]" in foreign.err
    settings = cli.home / "settings.toml"
    settings.parent.mkdir(exist_ok=True)
    settings.write_text('[resources.ours]\nendpoint = "https://gpt.example.org"\nentra = true\n')
    assert cli(*add, "https://gpt.example.org/team").code == 0
    settings.write_text('[resources.ours]\nendpoint = "https://gpt.example.org"\nentry = true\n')
    told = cli("resource", "test", "en")
    assert told.code == 3
    assert "none of Azure's own hosts" in told.err
    assert "nothing here is called resources.ours.entry" in told.err
    assert "those of a resource endpoint, entra" in told.err
    listed = cli("resource", "list", "--json").json["items"][0]
    assert listed["key_found"] is False


def test_a_deployment_for_batches_only_is_said_to_be_one_remembered_and_given_no_single_question(
    cli: Cli, server: OpenAIServer, tmp_path: Path
) -> None:
    def plan(request: Request) -> Response | None:
        return batches_only() if request.body.get("model") == "good" else None

    server.plan = plan
    add(cli, server, "--deployment", "good", "other")
    ran = cli("resource", "test", "local")
    assert ran.code == 0, ran
    assert "json_schema" in ran.out
    assert "text, batches only" in ran.out
    assert "good answers no single question: it is for batches (`autolabel --batch`)" in ran.out
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "a.txt").write_text("Ann is in Rome.")
    create = ("project", "create", "letters", "--kind", "ner", "--container", str(tmp_path / "letters"))
    assert cli(*create, "--category", "Person").code == 0
    asked = len(server.chats)
    gpt = ("letters", "--resource", "local", "--deployment", "good")
    for command in (("autolabel", *gpt), ("evaluate", *gpt)):
        refused = cli(*command)
        assert (refused.code, len(server.chats)) == (2, asked), refused
        assert "good answers batches only" in refused.err
    assert cli("resource", "set", "local", "--like", "other").code == 2
    like = cli("resource", "set", "local", "--deployment", "good", "--like", "other", "--json").json
    able = {item["name"]: item["capabilities"] for item in like["deployments"]}["good"]
    assert (able["structured"], able["batch_only"]) == ("json_schema", True)
