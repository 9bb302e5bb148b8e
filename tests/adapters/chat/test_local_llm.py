"""A real language model answers: models, chat, usage, strict schemas, both styles of address."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request
from typing import TYPE_CHECKING

import pytest

from tests import local_llm as local
from tui_labeler.cli.grammar import build
from tui_labeler.cli.local_llm import add_command
from tui_labeler.domain.resources import Capabilities, Deployment, Resource, ResourceKind, Structured
from tui_labeler.engine.adapters.chat.openai_chat import OpenAIResource
from tui_labeler.engine.deployments.chat import Finish, Message, Question, Reply, Role

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = {
    "type": "object",
    "properties": {"class": {"enum": ["billing", "delivery", "other"]}},
    "required": ["class"],
    "additionalProperties": False,
}
STRICT = Capabilities(Structured.SCHEMA, True, False, 0.1, "2026-11-21T09:00:00Z", "local")

QUESTION = Question(
    (
        Message(Role.SYSTEM, "You classify letters."),
        Message(Role.USER, "My parcel has not arrived. Which class?"),
    ),
    max_tokens=40,
    schema=SCHEMA,
    seed=1,
)


async def ask(resource: Resource, question: Question, key: str = "") -> Reply:
    connected = OpenAIResource(resource, key, seconds=100.0)
    try:
        return await connected.deployment(resource.deployments[0]).ask(question)
    finally:
        await connected.close()


def test_the_server_tells_its_model(local_llm: str) -> None:
    with urllib.request.urlopen(f"{local_llm}/models") as response:
        models = json.load(response)
    assert [model["id"] for model in models["data"]] == ["local"]


async def test_an_answer_keeps_to_the_schema_and_tells_its_tokens(local_llm: str) -> None:
    resource = Resource("local", ResourceKind.OPENAI, local_llm, (Deployment("local", STRICT),))
    reply = await ask(resource, QUESTION)
    assert reply.finish is Finish.STOP
    assert json.loads(reply.text)["class"] in ("billing", "delivery", "other")
    assert reply.usage.prompt_tokens > 10
    assert 3 < reply.usage.completion_tokens <= 40
    assert reply.model == "local"


async def test_an_answer_without_a_schema_is_cut_at_the_limit_of_tokens(local_llm: str) -> None:
    resource = Resource("local", ResourceKind.OPENAI, local_llm, (Deployment("local", STRICT),))
    question = Question((Message(Role.USER, "Count from one to a hundred."),), max_tokens=5)
    reply = await ask(resource, question)
    assert reply.finish is Finish.LENGTH
    assert reply.usage.completion_tokens == 5


async def test_it_serves_as_azure_does(azure_local_llm: str) -> None:
    deployments = (Deployment("labels", STRICT),)
    resource = Resource("work", ResourceKind.AZURE, azure_local_llm, deployments, api_version="2024-10-21")
    reply = await ask(resource, QUESTION, key="not looked at")
    assert json.loads(reply.text)["class"] in ("billing", "delivery", "other")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_at_once_and_well_when_it_is_told_to(number: signal.Signals) -> None:
    if reason := local.why_not():
        pytest.skip(reason)
    command = local.command("--context", "512")
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        address = local.first_line(child)
        assert address.startswith("http://127.0.0.1:")
        child.send_signal(number)
        _, told = child.communicate(timeout=20)
    assert child.returncode == 0
    assert f"resource add local --kind openai --endpoint {address}/v1" in told


def refused(*options: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "tui_labeler.cli.local_llm", *options],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    return done.stderr


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert "no file" in refused("--model", str(tmp_path / "none.gguf"))


def test_a_file_that_is_no_model_is_told(tmp_path: Path) -> None:
    if reason := local.why_not():
        pytest.skip(reason)
    (tmp_path / "text.gguf").write_text("not a model")
    assert "Traceback" not in refused("--model", str(tmp_path / "text.gguf"), "--port", "0")


@pytest.mark.parametrize("azure", ["", "labels"])
def test_the_command_that_it_shows_is_one_of_the_program(azure: str) -> None:
    words = add_command("http://127.0.0.1:8080", azure, 4096).split()
    options = build().parse_args(words[1:])
    assert options.name == "local"
    assert options.deployments == [azure or "local"]
    assert options.context == 4096
