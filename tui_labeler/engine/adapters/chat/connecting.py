"""Connects to the deployments of a home's resources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_labeler.engine.adapters.entra import token_provider
from tui_labeler.engine.adapters.vocabulary import exact_counter
from tui_labeler.engine.deployments.chat import ResourceError
from tui_labeler.engine.ports import Connected, Reach
from tui_labeler.engine.resources.resources import default_timeout, find_deployment

if TYPE_CHECKING:
    from tui_labeler.domain.resources import Resource
    from tui_labeler.engine.adapters.chat.openai_chat import OpenAIResource
    from tui_labeler.engine.adapters.keys import EnvironmentKeys
    from tui_labeler.engine.ports import ResourceStore


async def connect(
    resource: Resource, keys: EnvironmentKeys, *, seconds: float | None = None
) -> OpenAIResource:
    """A resource, ready to be asked. Loads the openai package.

    An answer may take ``seconds``, by default as long as is sensible for where the server is.

    Raises ``ResourceError`` where there is no key, and for a sign-in whose token must not go there.
    """
    from tui_labeler.engine.adapters.chat.openai_chat import OpenAIResource

    refusal, hint = keys.no_sign_in(resource)
    if refusal:
        raise ResourceError(refusal, hint=hint)
    token = token_provider() if resource.entra else None
    key = "" if token else await keys.key(resource)
    if seconds is None:
        seconds = default_timeout(resource)
    return OpenAIResource(resource, key, seconds=seconds, token=token)


def reach(resource: Resource, deployment: str) -> Reach:
    """What is known of a deployment without a connection. Raises ``NotFoundError``."""
    chosen = find_deployment(resource, deployment)
    address = f"{resource.endpoint}#{resource.api_version}#{chosen.name}"
    counter = exact_counter(chosen.capabilities.model) if chosen.capabilities else None
    return Reach(chosen, address, counter)


class ResourceDeployments:
    """A :class:`~tui_labeler.engine.ports.Deployments` over the resources of a home."""

    def __init__(
        self, resources: ResourceStore, keys: EnvironmentKeys, *, seconds: float | None = None
    ) -> None:
        """``seconds``: that an answer may take; by default what the deployment was given, or as
        :func:`connect` has it."""
        self._resources = resources
        self._keys = keys
        self._seconds = seconds

    async def connect(self, resource: str, deployment: str) -> Connected:
        from tui_labeler.engine.adapters.chat.openai_batches import OpenAIBatches

        found = await self._resources.get(resource)
        reached = reach(found, deployment)
        chosen = reached.deployment
        seconds = chosen.timeout if self._seconds is None else self._seconds
        connected = await connect(found, self._keys, seconds=seconds)
        batches = OpenAIBatches(connected, chosen)
        return Connected(connected.deployment(chosen), chosen, reached.address, batches, reached.counter)
