"""Asking about one part of a document, again where an answer is of no use; its words are looked up in it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tui_labeler.domain.jobs import Proposal, Usage
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.autolabelers.asks import Missing, NotYetError
from tui_labeler.engine.autolabelers.confidence import AnswerTokens, agreement
from tui_labeler.engine.autolabelers.merging import ChunkAnswer
from tui_labeler.engine.autolabelers.not_used import unused_of, why_of_no_use, with_unknown_of
from tui_labeler.engine.autolabelers.placing import place
from tui_labeler.engine.autolabelers.repeating import repeats_itself
from tui_labeler.engine.autolabelers.reusing import FollowUp, Use
from tui_labeler.engine.autolabelers.usage_told import raise_if_too_long
from tui_labeler.engine.deployments.chat import Finish, UnansweredError
from tui_labeler.engine.deployments.tokens import Correction, TokenCounter, held_tokens, question_tokens

if TYPE_CHECKING:
    from tui_labeler.domain.labels import Span
    from tui_labeler.engine.autolabelers.asks import Asks
    from tui_labeler.engine.autolabelers.autolabeler import Task
    from tui_labeler.engine.autolabelers.chunking import Chunk
    from tui_labeler.engine.autolabelers.prompts.answers import Parsed
    from tui_labeler.engine.autolabelers.prompts.tasks import PromptTask
    from tui_labeler.engine.autolabelers.room import Room
    from tui_labeler.engine.deployments.chat import Question, Reply


LONGER = 4
"""How much more room an answer gets that was cut."""

SHOWN = 120
"""Characters of a refusal that a failure quotes. Answers are not quoted: they say what documents say."""


@dataclass(slots=True)
class Paid:
    """What the questions about one document took so far."""

    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True)
class _Asking:
    """Of a first question and those that its answer leads to."""

    paid: Paid
    until: ExitStack


class ChunkAsker:
    """Asks a deployment about parts of documents."""

    def __init__(self, prompt: PromptTask, asker: Asks, counter: TokenCounter, room: Room) -> None:
        self._prompt = prompt
        self._asker = asker
        self._counter = counter
        self._room = room
        self._correction = Correction()

    async def ask(self, task: Task, chunk: Chunk, part: tuple[int, int], paid: Paid) -> ChunkAnswer:
        """What is answered to part ``part`` (its number, and of how many), as often as is to be asked.

        Raises ``UnansweredError`` where no answer is of use, ``NotYetError`` where one is still to come, and
        as the asker does.
        """
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
