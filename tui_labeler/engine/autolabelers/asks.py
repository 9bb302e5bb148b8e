"""What an autolabeler asks through, and what it learns where there is no answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tui_labeler.domain.jobs import Usage
from tui_labeler.engine.autolabelers.reusing import ANY_USE
from tui_labeler.engine.deployments.chat import (
    Question,
    Reply,
)
from tui_labeler.engine.errors import RefusedError

if TYPE_CHECKING:
    from contextlib import ExitStack

    from tui_labeler.engine.autolabelers.reusing import Use


@dataclass(frozen=True, slots=True)
class Asked:
    """A reply, and what this job pays for it."""

    reply: Reply
    usage: Usage
    """Nothing for an answer that another job has paid for."""
    from_cache: bool


class Asks(Protocol):
    """Gets questions their answers."""

    async def ask(
        self,
        question: Question,
        estimate: Usage,
        *,
        attempt: int = 0,
        use: Use = ANY_USE,
        about: str = "",
        until: ExitStack | None = None,
    ) -> Asked:
        """As :meth:`Asker.ask`; may raise ``NotYetError``."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A question that waits for a batch."""

    key: str
    question: Question
    estimate: Usage
    """What it may cost at most."""
    attempt: int = 0


class NotYetError(RefusedError):
    """What is asked has no answer yet, and nobody waits for it here."""

    title = "There is no answer yet"
    code = "not_yet"

    def __init__(self, missing: Sequence[Missing]) -> None:
        """``missing`` has no question that another job has asked: nobody has to ask it here."""
        super().__init__("The answer comes with a batch.")
        self.missing = tuple(missing)
