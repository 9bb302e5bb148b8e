"""Questions that another job is asking at the moment: its answer is waited for, and not paid for twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

from tui_labeler.engine.deployments.chat import UnansweredError

if TYPE_CHECKING:
    from contextlib import ExitStack

    from tui_labeler.engine.ports import AnswerStore

LOOK_EVERY = 0.2
"""Seconds between two looks whether another job still asks a question."""

READ_EVERY = 5.0
"""Seconds between two looks at what was answered meanwhile."""

PATIENCE = 600.0
"""Seconds without any new answer in the project after which another job's question is not waited for."""

UNDER_WAY = "under_way"
"""The code of a failure for that."""


class Claiming:
    """What one job asks, so that no other job of the project asks the same at the same time.

    A claim is waited for by whoever holds none but those of the questions that led to it. What led to a
    question never comes after it: nobody waits in a circle.
    """

    def __init__(self, answers: AnswerStore) -> None:
        self._answers = answers
        self._held: Counter[str] = Counter()
        self._arrived = 0
        self._news = 0.0
        """When an answer of another job was last seen, in the loop's time."""

    async def hold(self, key: str, until: ExitStack) -> bool:
        """Claims a question until ``until`` is closed, once no other job has it; whether one had.

        All answers that were kept before are found from then on. Raises ``UnansweredError`` where the other
        job gets no answers.
        """
        waited = False
        if not self._held[key]:
            waited = await self._free(key)
        self._held[key] += 1
        until.callback(self._let_go, key)
        await self._answers.refresh()
        return waited

    def _let_go(self, key: str) -> None:
        self._held[key] -= 1
        if not self._held[key]:
            del self._held[key]
            self._answers.release(key)

    async def _free(self, key: str) -> bool:
        if self._answers.claim(key):
            return False
        loop = asyncio.get_running_loop()
        begun = read = loop.time()
        while True:
            await asyncio.sleep(LOOK_EVERY)
            if self._answers.claim(key):
                return True
            now = loop.time()
            if now - read >= READ_EVERY:
                read = now
                arrived = await self._answers.refresh()
                if arrived != self._arrived:
                    self._arrived, self._news = arrived, now
            if now - max(begun, self._news) > PATIENCE:
                raise being_asked()


def being_asked() -> UnansweredError:
    """Why a document fails whose question another job asks."""
    return UnansweredError(
        "The same is being asked by another job, and is not asked and paid for twice.",
        reason=UNDER_WAY,
        hint="Retry the document once that job has the answer, which costs nothing more, or cancel that job.",
    )
