"""Resources with deployments: what is kept of them, their keys, and trying them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from tui_labeler.domain.resources import Capabilities, Deployment, Resource


class ResourceStore(Protocol):
    """The resources of a home. No secret ever gets here."""

    async def list(self) -> tuple[Resource, ...]:
        """Sorted by name. Raises ``StorageError`` for a file that can't be read."""

    async def get(self, name: str) -> Resource:
        """Raises ``NotFoundError``."""

    async def put(self, resource: Resource) -> None:
        """Adds a resource. Raises ``InputError`` when the name is taken."""

    async def update(self, name: str, change: Callable[[Resource], Resource]) -> Resource:
        """Replaces a resource by what ``change`` makes of the newest state of it; returns that.

        Raises ``NotFoundError``, and what ``change`` raises.
        """

    async def remove(self, name: str) -> Resource:
        """Returns what was there. Raises ``NotFoundError``."""


@dataclass(frozen=True, slots=True)
class KeyState:
    """Whether there is a way in; never the key itself."""

    found: bool
    words: str
    """Where it is, or where it was looked for."""


class Keys(Protocol):
    """Knows where keys are."""

    async def state(self, resource: Resource, *, keyring: bool) -> KeyState:
        """``keyring``: looks into the keyring too, which may load slowly or ask the person to unlock it."""

    def no_sign_in(self, resource: Resource) -> tuple[str, str]:
        """Why a resource that signs in with Entra ID gets no token, and what to do; empty where it may."""


class Tester(Protocol):
    """Tries deployments out."""

    async def test(self, resource: Resource, deployment: Deployment) -> Capabilities:
        """Sends a few tiny requests.

        Raises what :class:`~tui_labeler.engine.deployments.chat.ChatModel` raises.
        """
