"""Deployments on Azure OpenAI, api.openai.com, and servers that speak as they do, through the openai package.

Loads that package, which takes half a second: only a process that asks does so.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import httpx2

from tui_labeler.domain.resources import Capabilities, Deployment, Resource, Structured
from tui_labeler.engine.adapters.chat import bounds, network
from tui_labeler.engine.adapters.chat.answers import read_reply
from tui_labeler.engine.adapters.chat.clients import client_of, headers_of
from tui_labeler.engine.adapters.chat.echoes import secrets_of
from tui_labeler.engine.adapters.chat.headers import rate_limits, request_id
from tui_labeler.engine.adapters.chat.refusals import RAISED, Asked, error_of, no_answer_in_time
from tui_labeler.engine.deployments.chat import ResourceError
from tui_labeler.engine.deployments.endpoints import host

if TYPE_CHECKING:
    import openai

    from tui_labeler.engine.adapters.entra import TokenProvider
    from tui_labeler.engine.deployments.chat import Question, Reply

# With OPENAI_LOG set the package writes down headers of servers, which may repeat a key.
logging.getLogger("openai").setLevel(logging.WARNING)

CONNECT_SECONDS = 5.0

SCHEMA_NAME = "answer"

UNKNOWN = Capabilities(Structured.TEXT, logprobs=False, reasoning=False, seconds=0.0, tested="")
"""What a deployment that nobody tried is asked for: what every one can do."""


class OpenAIResource:
    """A resource, connected. Its deployments share one client and its connections.

    ``key`` is sent as the service wants it, not at all when it is empty; with ``token`` it is not used.
    ``seconds`` is how long an answer may take. Texts go to the host that the person agreed to, once
    a question.
    """

    def __init__(
        self, resource: Resource, key: str, *, seconds: float = 120.0, token: TokenProvider | None = None
    ) -> None:
        if not (key.isascii() and key.isprintable()):
            raise ResourceError(
                f"The key for {host(resource.endpoint)} has a character that can't be sent.",
                hint="Check where it comes from: it is one line of letters, digits and signs.",
            )
        self.resource = resource
        self._key = key
        self._seconds = seconds
        timeout = httpx2.Timeout(seconds, connect=CONNECT_SECONDS)
        self._headers = headers_of(has_secret=bool(key or token))
        self._client = client_of(resource, key, token, timeout)
        self._proxy = network.proxy_between(self._client._client, resource.endpoint)

    @property
    def client(self) -> openai.AsyncOpenAI:
        return self._client

    @property
    def headers(self) -> dict[str, Any]:
        """That go with every request."""
        return self._headers

    @property
    def key(self) -> str:
        return self._key

    @property
    def proxy(self) -> str:
        """The variable that names the proxy on the way; empty where there is none."""
        return self._proxy

    def deployment(self, deployment: Deployment) -> OpenAIChat:
        """What answers in the name of a deployment, held to what its capabilities say."""
        return OpenAIChat(self, deployment)

    async def close(self) -> None:
        await self._client.close()

    async def send(self, deployment: str, question: Question, body: dict[str, Any]) -> Reply:
        """One request. Raises as :meth:`~tui_labeler.engine.deployments.chat.ChatModel.ask`."""
        name = host(self.resource.endpoint)
        asked = Asked(name, deployment, self._key, question, CONNECT_SECONDS, self._seconds, self._proxy)
        bounds.limit.set(bounds.of_answer(question.max_tokens))
        try:
            # A read time-out counts from byte to byte: a server that sends one now and then would hold on.
            async with asyncio.timeout(CONNECT_SECONDS + self._seconds):
                # Not by the typed method: it walks through the schema at every request.
                raw = await self._client.post(
                    "/chat/completions",
                    cast_to=httpx2.Response,
                    body={"model": deployment, **body},
                    options={"headers": self._headers},
                )
        except TimeoutError:
            raise no_answer_in_time(asked) from None
        except RAISED as error:
            raise error_of(error, asked) from None
        # Each look at the package's own goes through all of them.
        headers = {name.lower(): value for name, value in raw.headers.multi_items()}
        return read_reply(
            raw.content,
            name,
            limits=rate_limits(headers),
            request_id=request_id(headers),
            secrets=secrets_of(raw.request),
        )


class OpenAIChat:
    """A :class:`~tui_labeler.engine.deployments.chat.ChatModel`: one deployment."""

    def __init__(self, resource: OpenAIResource, deployment: Deployment) -> None:
        self._resource = resource
        self._deployment = deployment

    async def ask(self, question: Question) -> Reply:
        capabilities = self._deployment.capabilities or UNKNOWN
        return await self._resource.send(
            self._deployment.name, question, request_body(question, capabilities)
        )

    async def close(self) -> None:
        """Closes the resource's client: a job has one deployment."""
        await self._resource.close()


def request_body(question: Question, capabilities: Capabilities) -> dict[str, Any]:
    """A request without its model. Sampling is left to the deployment's own settings."""
    limit = "max_completion_tokens" if capabilities.reasoning else "max_tokens"
    body: dict[str, Any] = {
        "messages": [
            {"role": message.role.value, "content": message.content} for message in question.messages
        ],
        limit: question.max_tokens,
    }
    if question.schema is not None:
        if capabilities.structured is Structured.SCHEMA:
            schema = {"name": SCHEMA_NAME, "strict": True, "schema": question.schema}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        elif capabilities.structured is Structured.JSON:
            body["response_format"] = {"type": "json_object"}
    if question.logprobs and capabilities.logprobs:
        body["logprobs"] = True
    if question.seed is not None:
        body["seed"] = question.seed
    return body
