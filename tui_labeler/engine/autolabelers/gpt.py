"""Labeling with a deployment: each document is asked about, and what is answered is found in its text."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tui_labeler.domain.jobs import Answer, DocumentFailure, Proposal
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.autolabelers.asks import Missing, NotYetError
from tui_labeler.engine.autolabelers.chunk_asking import ChunkAsker, Paid
from tui_labeler.engine.autolabelers.chunking import Chunk, chunks
from tui_labeler.engine.autolabelers.confidence import ConfidenceMap
from tui_labeler.engine.autolabelers.merging import (
    ChunkAnswer,
    merged_class,
    merged_classes,
    merged_entities,
    merged_to_place,
)
from tui_labeler.engine.autolabelers.not_used import joined
from tui_labeler.engine.autolabelers.room import OVERLAP, Room, chunk_tokens
from tui_labeler.engine.autolabelers.spending import BudgetError
from tui_labeler.engine.deployments.chat import ResourceError, TroubleError, UnansweredError
from tui_labeler.engine.wording import in_words

if TYPE_CHECKING:
    from tui_labeler.engine.autolabelers.asks import Asks
    from tui_labeler.engine.autolabelers.autolabeler import Task
    from tui_labeler.engine.autolabelers.prompts.passages import Passage
    from tui_labeler.engine.autolabelers.prompts.tasks import PromptTask
    from tui_labeler.engine.deployments.chat import Question
    from tui_labeler.engine.deployments.tokens import (
        TokenCounter,
    )
    from tui_labeler.engine.errors import LabelerError


BUFFERED = 1_000
"""Documents whose answers wait to be used, at most."""

TOGETHER = 0.2
"""Seconds in which answers that come after another are used with it, unless they are the last: each batch
costs four writes to disk."""

GRACE = 30.0
"""Seconds in which answers that are under way may still come, once nothing more is asked:
they are paid for."""


class GptAutolabeler:
    """An :class:`~tui_labeler.engine.autolabelers.autolabeler.Autolabeler` over a deployment."""

    def __init__(
        self,
        prompt: PromptTask,
        asker: Asks,
        counter: TokenCounter,
        room: Room,
        confidence: ConfidenceMap | None = None,
        later: Callable[[Sequence[Missing]], None] | None = None,
    ) -> None:
        """``confidence`` turns what the model thinks of its answers into what that has been worth.

        ``later`` takes the questions of a document that ``asker`` has no answer to yet; the document is
        passed over.
        """
        self._prompt = prompt
        self._counter = counter
        self._room = room
        self._confidence = confidence or ConfidenceMap()
        self._later = later
        self._chunks = ChunkAsker(prompt, asker, counter, room)
        self._ends: float | None = None
        """When what is under way is given up, in the loop's time."""

    @property
    def examples(self) -> Sequence[Passage]:
        """Labeled passages in every prompt, but those that would tell the answer."""
        return self._prompt.passages

    @property
    def empty(self) -> Question:
        """What all questions share: one about no text."""
        return self._prompt.question("", max_tokens=1)

    async def label(self, tasks: AsyncIterator[Task]) -> AsyncIterator[Sequence[Answer | DocumentFailure]]:
        """Answers as they come, those that came together in one batch.

        Questions go on while what came is being used. Where the budget ends, those that are under way are
        waited for first; where the deployment refuses, for ``GRACE`` seconds.
        """
        came: asyncio.Queue[Answer | DocumentFailure | None] = asyncio.Queue(BUFFERED)
        asking = asyncio.create_task(self._ask_all(tasks, came))
        try:
            is_open = True
            while is_open:
                batch = [await came.get()]
                if batch[0] is not None:
                    await asyncio.wait([asking], timeout=TOGETHER)
                while not came.empty():
                    batch.append(came.get_nowait())
                is_open = None not in batch
                if answers := [item for item in batch if item is not None]:
                    yield answers
            await asking
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)

    async def _ask_all(
        self, tasks: AsyncIterator[Task], came: asyncio.Queue[Answer | DocumentFailure | None]
    ) -> None:
        """Keeps so many documents under way as are allowed; ``None`` says that no more will come."""
        waiting: set[asyncio.Task[None]] = set()
        ended: BudgetError | ResourceError | None = None
        are_left = is_read = True

        async def one(task: Task) -> None:
            await came.put(await self._document(task))

        try:
            while True:
                while are_left and ended is None and len(waiting) < self._room.at_once:
                    task = await anext(tasks, None)
                    if task is None:
                        are_left = False
                    else:
                        waiting.add(asyncio.create_task(one(task)))
                if not waiting:
                    break
                done, waiting = await asyncio.wait(
                    waiting, timeout=self._grace, return_when=asyncio.FIRST_COMPLETED
                )
                if not done:
                    break
                for ready in done:
                    try:
                        ready.result()
                    except ResourceError as error:
                        # The asker sends nothing more. What was sent is paid for, and comes or does not.
                        ended = error
                    except BudgetError as error:
                        ended = ended or error
                    except NotYetError as error:
                        if self._later is None:
                            raise
                        self._later(error.missing)
            if ended is not None:
                raise ended.as_it_ended() if isinstance(ended, BudgetError) else ended
        except asyncio.CancelledError:
            # Nobody reads any more what would have to wait for room.
            is_read = False
            raise
        finally:
            for still in waiting:
                still.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
            if is_read:
                await came.put(None)

    async def _document(self, task: Task) -> Answer | DocumentFailure:
        paid = Paid()
        try:
            return await self._answer(task, paid)
        except UnansweredError as error:
            return _failure(task, error.reason, error, paid)
        except TroubleError as error:
            return _failure(task, error.code, error, paid)

    async def _answer(self, task: Task, paid: Paid) -> Answer:
        pieces = chunks(task.text, self._budget(task), self._counter.at_most, overlap=OVERLAP)
        answers = await self._asked(task, pieces, paid)
        proposals, to_place = self._merged(task.text, answers)
        return Answer(
            document=task.document,
            location=task.location,
            text_hash=task.text_hash,
            characters=len(task.text),
            proposals=tuple(map(self._calibrated, proposals)),
            to_place=to_place,
            unused=joined(item for answer in answers for item in answer.unused),
            usage=paid.usage,
            version=self._prompt.version,
        )

    async def _asked(self, task: Task, pieces: Sequence[Chunk], paid: Paid) -> Sequence[ChunkAnswer]:
        """What is answered to each of a document's chunks."""
        if len(pieces) == 1:
            # Nearly every document: there is nothing beside it that would have to be waited for.
            try:
                return [await self._chunks.ask(task, pieces[0], (1, 1), paid)]
            except ResourceError:
                self._end()
                raise
        asking = [
            asyncio.create_task(self._chunks.ask(task, piece, (number, len(pieces)), paid))
            for number, piece in enumerate(pieces, start=1)
        ]
        try:
            if self._later is not None and asking:
                # Nothing is sent here: what other parts wait for is asked with this one, or counted.
                await asyncio.wait(asking)
                _raise_first(asking)
            return await asyncio.gather(*asking)
        except ResourceError:
            self._end()
            await asyncio.wait(asking, timeout=self._grace)
            raise
        finally:
            for one in asking:
                one.cancel()
            await asyncio.gather(*asking, return_exceptions=True)

    def _end(self) -> None:
        """Nothing more is asked: the time for what is under way begins, unless it has."""
        self._ends = self._ends or asyncio.get_running_loop().time() + GRACE

    @property
    def _grace(self) -> float | None:
        """Seconds for which answers are still waited for; ``None`` while the deployment answers."""
        return None if self._ends is None else max(0.0, self._ends - asyncio.get_running_loop().time())

    def _budget(self, task: Task) -> int:
        return chunk_tokens(self._prompt, self._room, self._counter, task.document, task.language)

    # --- the whole document -------------------------------------------------------------------------

    def _merged(
        self, text: str, answers: Sequence[ChunkAnswer]
    ) -> tuple[tuple[Proposal, ...], tuple[tuple[str, str], ...]]:
        match self._prompt.kind:
            case ProjectKind.ENTITIES:
                entities = merged_entities(answers, len(text))
                return entities, merged_to_place(answers, entities, text)
            case ProjectKind.SINGLE_LABEL:
                return merged_class(answers), ()
            case ProjectKind.MULTI_LABEL:
                return merged_classes(answers), ()

    def _calibrated(self, proposal: Proposal) -> Proposal:
        if proposal.confidence is None:
            return proposal
        confidence = round(self._confidence(proposal.confidence), 4)
        return proposal if confidence == proposal.confidence else replace(proposal, confidence=confidence)


def _failure(task: Task, code: str, error: LabelerError, paid: Paid) -> DocumentFailure:
    words = in_words(error)
    return DocumentFailure(task.document, task.location, code, words, paid.usage, task.text_hash)


def _raise_first(asked: Sequence[asyncio.Task[ChunkAnswer]]) -> None:
    """What can't be answered before what is not answered yet: a document that fails waits for nothing."""
    errors = [error for one in asked if (error := one.exception()) is not None]
    waiting = [error for error in errors if isinstance(error, NotYetError)]
    for error in errors:
        if not isinstance(error, NotYetError):
            raise error
    if waiting:
        raise NotYetError([item for error in waiting for item in error.missing])
