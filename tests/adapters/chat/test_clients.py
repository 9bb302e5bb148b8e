"""A server is sent what its resource says: nothing of the environment, nothing about this machine."""

from __future__ import annotations

import re
from pathlib import Path

import openai
import pytest

from tests.adapters.chat.test_openai_chat import ABLE, QUESTION, STYLES
from tests.openai_server import KEY, OpenAIServer
from tui_labeler.domain.resources import Deployment
from tui_labeler.engine.adapters.chat.openai_batches import OpenAIBatches
from tui_labeler.engine.adapters.chat.openai_chat import OpenAIResource

FOREIGN = "somebody-elses"

HEADERS = f"Authorization: Bearer {FOREIGN}\napi-key: {FOREIGN}\nX-Other: {FOREIGN}\nX-Odd: a\x01b"

TOLD = {
    *(
        "host",
        "accept",
        "accept-encoding",
        "connection",
        "content-length",
        "content-type",
        "transfer-encoding",
    ),
    *("user-agent", "authorization", "api-key", "x-stainless-raw-response"),
}
"""The last says ``raw`` or ``stream``: what the package is to do with an answer."""


def variables() -> set[str]:
    """All that the package looks up, but what changes how it runs."""
    root = Path(openai.__file__).parent
    found: set[str] = set()
    for path in root.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        found.update(re.findall(r"environ(?:\.get\(|\[)\s*\"([A-Z_0-9]+)\"", text))
    assert {"OPENAI_CUSTOM_HEADERS", "OPENAI_ORG_ID", "AZURE_OPENAI_AD_TOKEN", "OPENAI_BASE_URL"} <= found
    return found - {"DEFER_PYDANTIC_BUILD", "OPENAI_LOG"}


@pytest.fixture
def _somebodys_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in variables():
        monkeypatch.setenv(name, FOREIGN)
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", HEADERS)


@pytest.mark.usefixtures("_somebodys_environment")
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("key", [KEY, ""])
async def test_questions_files_and_batches_carry_the_key_that_was_chosen_and_no_more(
    style: str, key: str
) -> None:
    with OpenAIServer(key=key or None) as server:
        resource = OpenAIResource(STYLES[style](server.root), key, seconds=10.0)
        deployment = Deployment("gpt", ABLE)
        await resource.deployment(deployment).ask(QUESTION)
        batches = OpenAIBatches(resource, deployment)
        file = batches.file()
        file.add("0" * 64, QUESTION)
        state = await batches.create(await batches.upload(file, "job"), "job")
        file.close()
        assert await batches.find(state.sent) is not None
        while not state.status.is_over:
            state = await batches.state(state.id)
        assert [row.key async for row in batches.rows(state)] == ["0" * 64]
        await batches.forget(state)
        await resource.close()
        requests = server.requests
    assert len(requests) >= 8
    for request in requests:
        assert FOREIGN not in f"{request.path} {request.query} {request.headers} {request.raw!r}"
        assert set(request.headers) <= TOLD
        assert re.fullmatch(r"openai-python/[0-9]+(\.[0-9]+)*", request.headers["user-agent"])
        sent = [request.headers.get(name) for name in ("authorization", "api-key")]
        assert [header for header in sent if header] in ([[f"Bearer {key}"], [key]] if key else [[]])
