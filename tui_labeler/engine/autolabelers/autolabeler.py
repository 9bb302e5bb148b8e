"""What every method of labeling is given, and what it has to do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from tui_labeler.domain.jobs import Answer, DocumentFailure


@dataclass(frozen=True, slots=True)
class Task:
    """A document to label: what an autolabeler is given."""

    document: int
    location: str
    language: str
    text: str
    text_hash: str
    attempt: int = 0
    """How often a person had it done again after it failed."""


class Autolabeler(Protocol):
    """A method of labeling: a trained model, or a deployment. Lives in a runner's process."""

    def label(self, tasks: AsyncIterator[Task]) -> AsyncIterator[Sequence[Answer | DocumentFailure]]:
        """Takes documents as fast as it can use them and yields what it has, in any order.

        Raises a ``LabelerError`` only for what ends the whole job.
        """
