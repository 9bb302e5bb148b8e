"""Connecting to the deployments of a home."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import httpx2
import pytest

from tests.openai_server import OpenAIServer, Response
from tui_labeler.domain.resources import Deployment, Resource, ResourceKind
from tui_labeler.engine.adapters.chat.connecting import ResourceDeployments, connect, reach
from tui_labeler.engine.adapters.chat.openai_chat import OpenAIChat
from tui_labeler.engine.adapters.keys import EnvironmentKeys
from tui_labeler.engine.adapters.store.resources import TinyResourceStore
from tui_labeler.engine.resources.resources import PATIENCE, PATIENCE_HERE

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("endpoint", "seconds"),
    [
        ("http://127.0.0.1:8080/v1", PATIENCE_HERE),
        ("http://localhost:11434/v1", PATIENCE_HERE),
        ("https://gpt.example.com/v1", PATIENCE),
    ],
)
async def test_a_server_on_this_machine_may_take_longer(endpoint: str, seconds: float) -> None:
    resource = Resource("r", ResourceKind.OPENAI, endpoint, (Deployment("d"),))
    connected = await connect(resource, EnvironmentKeys())
    timeout = connected.client.timeout
    assert isinstance(timeout, httpx2.Timeout)
    assert timeout.read == seconds
    await connected.close()


async def test_an_answer_may_take_as_long_as_the_deployment_was_given(tmp_path: Path) -> None:
    store = TinyResourceStore(tmp_path)
    given = (Deployment("d", timeout=7.0),)
    await store.put(Resource("r", ResourceKind.OPENAI, "http://127.0.0.1:8080/v1", given))
    connected = await ResourceDeployments(store, EnvironmentKeys()).connect("r", "d")
    assert isinstance(connected.model, OpenAIChat)
    timeout = connected.model._resource.client.timeout
    assert isinstance(timeout, httpx2.Timeout)
    assert timeout.read == 7.0
    await connected.model.close()


def test_answers_are_kept_apart_by_server_version_and_deployment() -> None:
    """Whoever has the same questions for another server gets none of the first one's answers."""
    ends = [("https://a.openai.azure.com", ""), ("https://b.openai.azure.com", "")]
    ends += [(ends[0][0], "2024-10-21"), (ends[0][0], "2025-04-01-preview"), ("http://127.0.0.1:8080/v1", "")]
    ends += [("http://127.0.0.1:8080/v2", ""), ("http://127.0.0.1:8081/v1", "")]
    names = ("gpt", "gpt-4o")
    deployments = tuple(map(Deployment, names))
    found = [Resource("r", ResourceKind.AZURE, end, deployments, version) for end, version in ends]
    addresses = {reach(resource, name).address for resource in found for name in names}
    assert len(addresses) == len(ends) * len(names)
    again = replace(found[0], name="called otherwise", key_env="OTHER")
    assert reach(again, "gpt").address in addresses


ASKING = """
import asyncio, sys
from tui_labeler.domain.resources import Deployment, Resource, ResourceKind
from tui_labeler.engine.adapters.chat.connecting import connect
from tui_labeler.engine.adapters.keys import EnvironmentKeys
from tui_labeler.engine.deployments.chat import Question, ResourceError

async def main():
    found = Resource("r", ResourceKind.OPENAI, sys.argv[1], (Deployment("d"),), key_env="WORK_KEY")
    asked = await connect(found, EnvironmentKeys())
    try:
        await asked.deployment(found.deployments[0]).ask(Question((), 10))
    except ResourceError as error:
        print(error.message)
    await asked.close()

asyncio.run(main())
"""


def test_a_key_that_a_server_repeats_in_a_header_is_in_no_log_of_the_package() -> None:
    key = "secret-0123456789"
    refusing = Response(401, b"{}", {"x-request-id": key})
    with OpenAIServer(plan=lambda request: refusing) as server:
        environment = {**os.environ, "OPENAI_LOG": "debug", "WORK_KEY": key}
        command = [sys.executable, "-c", ASKING, server.url]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        assert len(server.requests) == 1
    assert done.stdout
    assert key not in done.stdout + done.stderr
