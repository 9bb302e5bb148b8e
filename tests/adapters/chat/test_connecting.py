"""Connecting to the deployments of a home."""

from __future__ import annotations

import httpx2
import pytest

from tui_labeler.domain.resources import Deployment, Resource, ResourceKind
from tui_labeler.engine.adapters.chat.connecting import PATIENCE, PATIENCE_HERE, connect
from tui_labeler.engine.adapters.keys import EnvironmentKeys


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
