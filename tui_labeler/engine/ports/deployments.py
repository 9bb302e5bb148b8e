"""Language models at work, in a runner's process only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tui_labeler.domain.jobs import JobRequest
from tui_labeler.domain.resources import Deployment
from tui_labeler.engine.deployments.batches import BatchModel
from tui_labeler.engine.deployments.chat import ChatModel, KeptReply
from tui_labeler.engine.deployments.tokens import TokenCounter


@dataclass(frozen=True, slots=True)
class Reach:
    """What is known of a deployment without a word to it."""

    deployment: Deployment
    address: str
    """As that of :class:`Connected`."""
    counter: TokenCounter | None = None
    """As that of :class:`Connected`."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What a job would ask."""

    documents: int
    """That it is about."""
    looked_at: int
    """Of these, those whose questions were made; they stand for all."""
    done: int
    """Documents of those looked at all of whose questions are answered already."""
    answered: int
    """Questions that are: they cost nothing."""
    waiting: int
    """Questions that wait in batches of other jobs: they are not asked again."""
    characters: tuple[int, ...]
    """Of the text in each question that has no answer yet."""
    text_tokens: int
    """Of these questions, beside what all share."""
    is_estimate: bool
    """The tokens were not counted by the model's vocabulary."""
    fixed_tokens: int
    """Of what all questions share."""
    schema_tokens: int
    """Of these, the schema's."""
    examples: int
    """Labeled passages in each prompt."""
    job_examples: int
    """Those in the prompts of a job that has no document under evaluation."""
    under_way: int = 0
    """Questions that other jobs are asking: their answers are waited for."""


class Surveyor(Protocol):
    """Finds out what jobs of one project would ask. Sends nothing."""

    async def survey(self, requests: Sequence[JobRequest]) -> Sequence[Survey]:
        """One for each. Raises ``NotFoundError`` for an unknown resource or deployment, ``InputError`` for a
        request that can't be, and what reading the container does.
        """


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

    async def refresh(self) -> int:
        """Has :meth:`find` see what others have kept since; how many of theirs were seen so far."""

    async def keep(self, key: str, kept: KeptReply) -> None:
        """Returns once the answer outlives a crash. Raises ``StorageError``."""

    def claim(self, key: str) -> bool:
        """Has no other store claim a key until :meth:`release`, or until this process dies; ``False`` where
        another has. Does not wait. Raises ``StorageError``.
        """

    def release(self, key: str) -> None:
        """Gives back what was claimed."""

    def is_claimed(self, key: str) -> bool:
        """Whether another store has claimed a key. Raises ``StorageError``."""

    async def close(self) -> None: ...
