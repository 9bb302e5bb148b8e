"""How much of a text fits into one question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.deployments.chat import UnansweredError
from tui_labeler.engine.deployments.tokens import (
    TokenCounter,
    prompt_tokens,
)

if TYPE_CHECKING:
    from tui_labeler.engine.autolabelers.prompts.tasks import PromptTask

CHUNK = 3_000
"""Tokens of a chunk at most, where a deployment has room for more: long prompts make models overlook."""

OVERLAP = 100
"""Tokens that neighbouring chunks share: a sentence or two."""

THINKING = 4_000
"""Tokens that a model may think for before it answers, beside the answer."""


@dataclass(frozen=True, slots=True)
class Room:
    """What a deployment has room for, and how it is asked."""

    at_once: int
    """Documents under way at once."""
    context: int | None = None
    """Tokens that prompt and answer may have together; ``None``: enough."""
    reasoning: bool = False
    logprobs: bool = False
    samples: int = 1
    """How many answers to each question; two or more make a confidence of their agreement."""

    @property
    def thinking(self) -> int:
        """Tokens kept for what a model thinks before it answers."""
        return THINKING if self.reasoning else 0


def chunk_tokens(
    prompt: PromptTask, room: Room, counter: TokenCounter, document: int | None = None, language: str = ""
) -> int:
    """Tokens of a chunk: prompt, chunk and answer have to fit. An entity's answer is twice the chunk.

    Raises ``UnansweredError`` where nothing is left for the text.
    """
    if room.context is None:
        return CHUNK
    empty = prompt.question("", document=document, language=language, max_tokens=1)
    fixed = prompt_tokens(empty, counter.at_most) + prompt.answer_tokens(0) + room.thinking
    left = room.context - fixed
    share = left // 3 if prompt.kind is ProjectKind.ENTITIES else left
    if share < OVERLAP:
        raise UnansweredError(
            f"Instructions, categories and examples take {fixed:,} of the {room.context:,} tokens "
            "that the deployment has room for: nothing is left for the text.",
            reason="context_length",
            hint="Choose fewer categories or examples, or a deployment with more room.",
        )
    return min(CHUNK, share)
