"""Labeling with a deployment: each document is asked about, and what is answered is found in its text."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tui_labeler.domain.jobs import Answer, DocumentFailure, Proposal, Usage
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.autolabelers.asks import Missing, NotYetError
from tui_labeler.engine.autolabelers.chunking import Chunk, chunks
from tui_labeler.engine.autolabelers.confidence import AnswerTokens, ConfidenceMap, agreement
from tui_labeler.engine.autolabelers.merging import (
    ChunkAnswer,
    merged_class,
    merged_classes,
    merged_entities,
    merged_to_place,
)
from tui_labeler.engine.autolabelers.not_used import joined, unused_of, why_of_no_use, with_unknown_of
from tui_labeler.engine.autolabelers.placing import place
from tui_labeler.engine.autolabelers.repeating import repeats_itself
from tui_labeler.engine.autolabelers.reusing import FollowUp, Use
from tui_labeler.engine.autolabelers.room import OVERLAP, Room, chunk_tokens
from tui_labeler.engine.autolabelers.spending import BudgetError
from tui_labeler.engine.autolabelers.usage_told import raise_if_too_long
from tui_labeler.engine.deployments.chat import Finish, ResourceError, TroubleError, UnansweredError
from tui_labeler.engine.deployments.tokens import (
    Correction,
    TokenCounter,
    held_tokens,
    question_tokens,
)
from tui_labeler.engine.wording import in_words

if TYPE_CHECKING:
    from tui_labeler.domain.labels import Span
    from tui_labeler.engine.autolabelers.asks import Asks
    from tui_labeler.engine.autolabelers.autolabeler import Task
    from tui_labeler.engine.autolabelers.prompts.answers import Parsed
    from tui_labeler.engine.autolabelers.prompts.passages import Passage
    from tui_labeler.engine.autolabelers.prompts.tasks import PromptTask
    from tui_labeler.engine.deployments.chat import Question, Reply
    from tui_labeler.engine.errors import LabelerError


LONGER = 4
"""How much more room an answer gets that was cut."""

BUFFERED = 1_000
"""Documents whose answers wait to be used, at most."""

TOGETHER = 0.2
"""Seconds in which answers that come after another are used with it, unless they are the last: each batch
costs four writes to disk."""

GRACE = 30.0
"""Seconds in which answers that are under way may still come, once nothing more is asked:
they are paid for."""

SHOWN = 120
"""Characters of a refusal that a failure quotes. Answers are not quoted: they say what documents say."""


@dataclass(slots=True)
class _Paid:
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True)
class _Asking:
    """Of a first question and those that its answer leads to."""

    paid: _Paid
    until: ExitStack


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
        self._asker = asker
        self._counter = counter
        self._room = room
        self._confidence = confidence or ConfidenceMap()
        self._later = later
        self._correction = Correction()
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
        paid = _Paid()
        try:
            return await self._answer(task, paid)
        except UnansweredError as error:
            return _failure(task, error.reason, error, paid)
        except TroubleError as error:
            return _failure(task, error.code, error, paid)

    async def _answer(self, task: Task, paid: _Paid) -> Answer:
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

    async def _asked(self, task: Task, pieces: Sequence[Chunk], paid: _Paid) -> Sequence[ChunkAnswer]:
        """What is answered to each of a document's chunks."""
        if len(pieces) == 1:
            # Nearly every document: there is nothing beside it that would have to be waited for.
            try:
                return [await self._chunk(task, pieces[0], (1, 1), paid)]
            except ResourceError:
                self._end()
                raise
        asking = [
            asyncio.create_task(self._chunk(task, piece, (number, len(pieces)), paid))
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

    # --- one chunk ----------------------------------------------------------------------------------

    async def _chunk(self, task: Task, chunk: Chunk, part: tuple[int, int], paid: _Paid) -> ChunkAnswer:
        said: list[ChunkAnswer] = []
        missing: list[Missing] = []
        waits = False
        for sample in range(self._room.samples):
            try:
                # A question is no other job's until those that its answer led to are answered too.
                with ExitStack() as until:
                    found = await self._parsed(task, chunk, part, sample, _Asking(paid, until))
                said.append(self._said(chunk, *found))
            except NotYetError as error:
                waits = True
                missing += error.missing
        if waits:
            raise NotYetError(missing)
        return said[0] if len(said) == 1 else _agreed(chunk, said, self._prompt.kind)

    async def _parsed(
        self, task: Task, chunk: Chunk, part: tuple[int, int], sample: int, asking: _Asking
    ) -> tuple[Reply, Parsed]:
        """The answer as far as it is understood. Raises ``UnansweredError`` for one that is of no use."""
        question = self._prompt.question(
            chunk.text,
            document=task.document,
            whole=task.text,
            language=task.language,
            part=part,
            max_tokens=self._prompt.answer_tokens(self._counter.count(chunk.text)) + self._room.thinking,
            logprobs=self._room.logprobs,
            # The first is the question of a job that asks once: its answer serves here too.
            seed=sample or None,
        )
        use = self._use(question, chunk)
        reply, parsed = await self._ask(question, task, asking, use)
        if reply.finish is Finish.LENGTH:
            self._raise_if_repeating(question, reply, parsed, chunk)
            raise_if_too_long(reply)
            question = _longer(question)
            use = self._use(question, chunk, is_longer=True)
            reply, parsed = await self._ask(question, task, asking, use)
            if reply.finish is Finish.LENGTH:
                self._raise_if_repeating(question, reply, parsed, chunk)
                raise UnansweredError(
                    f"The answer was cut after {question.max_tokens:,} tokens.",
                    reason="length",
                    hint="Try another deployment.",
                )
        if _is_no_answer(parsed):
            first = parsed.problems
            repair = self._prompt.repair(question, reply.text, parsed)
            reply, parsed = await self._ask(repair, task, asking, Use(self._is_useful))
            if _is_no_answer(parsed) or reply.finish is Finish.LENGTH:
                raise UnansweredError(
                    "The model was asked twice, and neither answer can be used: the last one "
                    f"{why_of_no_use(parsed.problems)}.",
                    reason="bad_answer",
                    hint="Try the document again, or with another deployment.",
                )
            parsed = with_unknown_of(first, parsed)
        return reply, parsed

    def _raise_if_repeating(self, question: Question, reply: Reply, parsed: Parsed, chunk: Chunk) -> None:
        """With more room it would be told the same more often."""
        if self._repeats(reply, parsed, chunk):
            raise UnansweredError(
                f"The model repeated itself until it was stopped after {question.max_tokens:,} tokens.",
                reason="repetition",
                hint="Try a larger model, or let its server hold it back (a repeat penalty).",
            )

    def _repeats(self, reply: Reply, parsed: Parsed, chunk: Chunk) -> bool:
        mentions = parsed.mentions if self._prompt.kind is ProjectKind.ENTITIES else ()
        return repeats_itself(reply.text, mentions, chunk.text)

    def _use(self, question: Question, chunk: Chunk, *, is_longer: bool = False) -> Use:
        """What replies to a first question are good for, or to one with more room (``is_longer``)."""

        def then(reply: Reply) -> FollowUp | None:
            """The question that :meth:`_parsed` asks next."""
            if reply.refusal or reply.characters or reply.finish is Finish.FILTERED:
                return None
            parsed = self._prompt.parse(reply.text, reply.finish)
            if reply.finish is Finish.LENGTH:
                if is_longer or self._repeats(reply, parsed, chunk):
                    return None
                more = _longer(question)
                return FollowUp(more, self._use(more, chunk, is_longer=True))
            repair = self._prompt.repair(question, reply.text, parsed)
            return FollowUp(repair, Use(self._is_useful))

        return Use(self._is_useful, then)

    async def _ask(self, question: Question, task: Task, asking: _Asking, use: Use) -> tuple[Reply, Parsed]:
        tokens = question_tokens(question, self._counter, task.text)
        held = held_tokens(self._correction.corrected(tokens), self._counter)
        estimate = Usage(held, question.max_tokens)
        asked = await self._asker.ask(
            question, estimate, attempt=task.attempt, use=use, about=task.location, until=asking.until
        )
        asking.paid.usage += asked.usage
        reply = asked.reply
        if not reply.usage.estimated_tokens and not reply.usage.doubtful_answers:
            self._correction.learn(tokens, reply.usage.prompt_tokens)
        if reply.refusal:
            raise UnansweredError(f"The model refused: {reply.refusal[:SHOWN]}", reason="refusal")
        if reply.finish is Finish.FILTERED:
            raise UnansweredError("The answer was held back by the content filter.", reason="content_filter")
        if reply.finish is not Finish.LENGTH:
            raise_if_too_long(reply)
        return reply, self._prompt.parse(reply.text, reply.finish)

    def _is_useful(self, reply: Reply) -> bool:
        """Whether an answer of another job, or from before a person said to try again, will do."""
        if reply.refusal or reply.characters or reply.finish in (Finish.FILTERED, Finish.LENGTH):
            return False
        return not _is_no_answer(self._prompt.parse(reply.text, reply.finish))

    def _said(self, chunk: Chunk, reply: Reply, parsed: Parsed) -> ChunkAnswer:
        tokens = AnswerTokens(reply)
        sure = [tokens.confidence(item) for item in parsed.items]
        if self._prompt.kind.is_classification:
            found = [Proposal(item.category, None, one) for item, one in zip(parsed.items, sure, strict=True)]
            return ChunkAnswer(chunk, tuple(found), unused=unused_of(parsed.problems))
        placements = place(chunk.text, parsed.mentions, self._prompt.names.by_id)
        best: dict[tuple[str, Span], Proposal] = {}
        for placement, confidence in zip(placements.items, sure, strict=True):
            for spot in placement.spots:
                key = placement.mention.category, spot.span
                best.setdefault(key, Proposal(*key, confidence, spot.placed, spot.place, spot.places))
        to_place = tuple((item.mention.category, item.mention.words) for item in placements.to_place)
        return ChunkAnswer(chunk, tuple(best.values()), to_place, unused_of(parsed.problems))

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


def _failure(task: Task, code: str, error: LabelerError, paid: _Paid) -> DocumentFailure:
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


def _longer(question: Question) -> Question:
    return replace(question, max_tokens=question.max_tokens * LONGER)


def _is_no_answer(parsed: Parsed) -> bool:
    """Half an answer is none: what it left out would be missing in silence."""
    return parsed.asks_for_repair or parsed.is_cut


def _agreed(chunk: Chunk, said: Sequence[ChunkAnswer], kind: ProjectKind) -> ChunkAnswer:
    """What several answers say: all of it, as sure as they agree; of one class, the most named."""
    shares = agreement([[(one.category, one.span) for one in answer.proposals] for answer in said])
    first = {(one.category, one.span): one for answer in reversed(said) for one in answer.proposals}
    found = [replace(first[key], confidence=share) for key, share in shares.items()]
    if kind is ProjectKind.SINGLE_LABEL:
        found = sorted(found, key=lambda one: (-(one.confidence or 0.0), one.category))[:1]
    to_place = dict.fromkeys(item for answer in said for item in answer.to_place)
    # What several answers say alike is one thing that could not be used.
    unused = dict.fromkeys(item for answer in said for item in answer.unused)
    return ChunkAnswer(chunk, tuple(found), tuple(to_place), tuple(unused))
