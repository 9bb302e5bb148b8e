"""Questions that are gathered into files, and answers that came with earlier ones."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from tui_labeler.domain.jobs import Usage
from tui_labeler.engine.autolabelers.asks import Asked, Missing, NotYetError
from tui_labeler.engine.autolabelers.in_batches import AT_SERVICE, taken
from tui_labeler.engine.autolabelers.prompts.parsing import LONGEST
from tui_labeler.engine.autolabelers.reusing import ANY_USE, Use, Whose, question_key, will_do
from tui_labeler.engine.autolabelers.under_way import UNDER_WAY, being_asked
from tui_labeler.engine.autolabelers.usage_told import bounded, usage_told
from tui_labeler.engine.deployments.batches import BatchFile
from tui_labeler.engine.deployments.chat import KeptReply, Reply, UnansweredError
from tui_labeler.engine.deployments.tokens import estimating

if TYPE_CHECKING:
    from contextlib import ExitStack

    from tui_labeler.engine.autolabelers.in_batches import Elsewhere
    from tui_labeler.engine.autolabelers.spending import Spending
    from tui_labeler.engine.deployments.batches import BatchModel, Row
    from tui_labeler.engine.deployments.chat import Question
    from tui_labeler.engine.deployments.tokens import TokenCounter
    from tui_labeler.engine.errors import LabelerError
    from tui_labeler.engine.ports import AnswerStore, RequestLog


@dataclass(slots=True)
class Draft:
    """A file that is not sent yet, and the keys of its questions."""

    file: BatchFile
    keys: set[str] = field(default_factory=set)


class Ledger:
    """What the batches of a job have brought and cost so far: the ``Asks`` of its passes over the documents.

    It sends nothing: what has no answer goes into files, as far as the budget allows even if each answer is
    as long as it may be.
    """

    def __init__(
        self,
        model: BatchModel,
        deployment: str,
        job: str,
        spending: Spending,
        answers: AnswerStore,
        requests: RequestLog,
        counter: TokenCounter | None = None,
        elsewhere: Elsewhere | None = None,
    ) -> None:
        """``counter`` counts what the service does not tell; ``deployment`` is as
        :func:`~tui_labeler.engine.autolabelers.asking.question_key` takes it; ``elsewhere`` knows what other
        jobs wait for.
        """
        self._model = model
        self._deployment = deployment
        self._job = job
        self._answers = answers
        self._elsewhere = elsewhere
        self._requests = requests
        self._counter = counter or estimating()
        self._held = Usage()
        self._waiting: set[str] = set()
        self._claimed: set[str] = set()
        """Keys of answers that a document of this pass pays for."""
        self._gathers = True
        self._puts_off = True
        self.spending = spending
        self.failures: dict[str, LabelerError] = {}
        """Why questions have no answer, by key."""
        self.each: tuple[int, int] = (0, 0)
        """Tokens of a question that an earlier run has sent, and of its answer, at most."""
        self._most: dict[str, tuple[int, int]] = {}
        """The same of each question of this run, by key."""
        self.attempts: dict[str, int] = {}
        """Of questions that a person had asked again, by key."""
        self.drafts: list[Draft] = []
        self.short = False
        """The budget leaves questions of this pass out."""
        self.put_off = False
        """Documents of this pass were passed over, as batches of other jobs have their questions."""
        self.in_file: int | None = None
        """Questions in a file, at most, where that has to be fewer than the service allows."""

    async def begin_pass(self, *, gathers: bool, puts_off: bool = True) -> None:
        """``gathers``: questions without an answer go into files. ``puts_off``: documents whose questions
        are in batches of other jobs are left for a later pass; else they fail for that.

        What other jobs were answered since the last pass is there too.
        """
        self.close()
        if self._elsewhere is not None:
            self._elsewhere.forget()
        await self._answers.refresh()
        self.short, self._gathers = False, gathers
        self.put_off, self._puts_off = False, puts_off
        self._held = Usage()
        self._waiting.clear()
        self._claimed.clear()

    def close(self) -> None:
        """Removes the files that were not sent."""
        for draft in self.drafts:
            draft.file.close()
        self.drafts, self._gathers = [], False

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
        key = question_key(self._deployment, question)
        whose = Whose(self._deployment, self._job, attempt)
        fits = partial(will_do, use=use, answers=self._answers, whose=whose, elsewhere=self._elsewhere)
        try:
            kept = await taken(key, self._answers, self._elsewhere, fits)
            if kept is None and self._answers.is_claimed(key):
                raise being_asked()
        except UnansweredError as error:
            if error.reason not in (AT_SERVICE, UNDER_WAY) or not self._puts_off:
                raise
            self.put_off = True
            raise NotYetError([]) from error
        if kept is None:
            if key in self.failures:
                raise self.failures[key]
            raise NotYetError([Missing(key, question, estimate, attempt)])
        usage = Usage()
        # What was paid for in an earlier attempt was a cost of that.
        if kept.job == self._job and kept.attempt == attempt and key not in self._claimed:
            self._claimed.add(key)
            usage = kept.reply.usage
        return Asked(kept.reply, usage, from_cache=True)

    async def keep(self, rows: Sequence[Row]) -> None:
        """Puts answers on the disk, all at once, and remembers why there are no others."""
        keeping = []
        for row in {row.key: row for row in rows}.values():
            if not isinstance(row.outcome, Reply):
                self.failures[row.key] = row.outcome
                continue
            found, attempt = await self._answers.find(row.key), self.attempts.get(row.key, 0)
            if found is None or found.job != self._job or found.attempt < attempt:
                # A crash in between has it collected again, and paid for once.
                reply = self._told(row.key, row.outcome)
                if self._requests.collected(f"{row.key}/{attempt}", reply.usage):
                    self.spending.paid(reply.usage)
                keeping.append(self._answers.keep(row.key, KeptReply(reply, self._job, attempt)))
        await asyncio.gather(*keeping)

    def each_of(self, keys: Collection[str]) -> tuple[int, int]:
        """Tokens of a question among these, in the middle, and of an answer, at most."""
        found = [self._most[key] for key in keys if key in self._most]
        if not found:
            return self.each
        return sum(prompt for prompt, _ in found) // len(found), max(answer for _, answer in found)

    def _told(self, key: str, reply: Reply) -> Reply:
        prompt, answer = self._most.get(key, self.each)
        if not answer:
            return bounded(reply, LONGEST)
        reply = bounded(reply, answer)
        return replace(reply, usage=usage_told(reply, prompt, answer, self._counter))

    def later(self, missing: Sequence[Missing]) -> None:
        """Takes the questions of a document: all of them, or none where the budget does not allow it."""
        fresh = {item.key: item for item in missing if item.key not in self._waiting}
        if not self._gathers or not fresh:
            return
        more = sum((item.estimate for item in fresh.values()), Usage())
        if not self.spending.fits(self._held + more):
            self.short = True
            return
        for item in fresh.values():
            try:
                self._add(item)
            except UnansweredError as error:
                self.failures[item.key] = error
            else:
                self._held += item.estimate
                self._most[item.key] = item.estimate.prompt_tokens, item.estimate.completion_tokens
                self._waiting.add(item.key)
                if item.attempt:
                    self.attempts[item.key] = item.attempt

    def _add(self, item: Missing) -> None:
        last = self.drafts[-1] if self.drafts else None
        full = last is None or (self.in_file is not None and last.file.rows >= self.in_file)
        if last is None or full or not last.file.add(item.key, item.question):
            last = Draft(self._model.file())
            self.drafts.append(last)
            last.file.add(item.key, item.question)
        last.keys.add(item.key)
