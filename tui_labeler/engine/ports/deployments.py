"""Language models at work, in a runner's process only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from tui_labeler.domain.resources import Deployment
from tui_labeler.engine.batches import BatchModel
from tui_labeler.engine.chat import ChatModel, KeptReply
from tui_labeler.engine.tokens import TokenCounter


@dataclass(frozen=True, slots=True)
class Connected:
    """A deployment, ready to be asked."""

    model: ChatModel
    deployment: Deployment
    address: str
    """Endpoint and deployment: what answers are kept under, so that no other's are taken for its own."""
    batches: BatchModel | None = None
    """``None`` where there is no batch API."""
    counter: TokenCounter | None = None
    """Counts as the deployment's model does, where its vocabulary is there."""


class Deployments(Protocol):
    """Connects to deployments by the names of resource and deployment."""

    async def connect(self, resource: str, deployment: str) -> Connected:
        """Raises ``NotFoundError`` for unknown names, ``ResourceError`` where there is no key."""


class AnswerStore(Protocol):
    """What deployments have answered: kept, so that nothing is asked, and paid, twice."""

    async def find(self, key: str) -> KeptReply | None:
        """The newest answer under a key (hexadecimal), of whichever job. Raises ``StorageError``."""

    async def keep(self, key: str, kept: KeptReply) -> None:
        """Returns once the answer outlives a crash. Raises ``StorageError``."""

    async def close(self) -> None: ...
