"""What a job would ask, found by making its very questions: nothing is sent, and what is answered is seen."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from tui_labeler.domain.jobs import Answer, JobKind, JobRequest, Usage
from tui_labeler.engine.autolabelers.asks import Asked, Missing, NotYetError
from tui_labeler.engine.autolabelers.autolabeler import Task
from tui_labeler.engine.autolabelers.in_batches import AT_SERVICE, Elsewhere, taken
from tui_labeler.engine.autolabelers.options import GptOptions
from tui_labeler.engine.autolabelers.reusing import ANY_USE, Use, Whose, question_key, will_do
from tui_labeler.engine.autolabelers.under_way import being_asked
from tui_labeler.engine.deployments.chat import UnansweredError
from tui_labeler.engine.deployments.tokens import (
    INSTRUCTIONS,
    estimating,
    prompt_tokens,
    question_tokens,
    schema_tokens,
)
from tui_labeler.engine.documents.decoding import decode
from tui_labeler.engine.errors import LabelerError, NotFoundError, UnreachableError
from tui_labeler.engine.models.compared import choose, draw, nothing_to_compare
from tui_labeler.engine.models.samples import labeled_documents
from tui_labeler.engine.ports import AnswerStore, Container, JobStore, Reach, State, Survey
from tui_labeler.engine.runs.gpt import autolabeler_of, chosen_examples, settled_examples
from tui_labeler.engine.runs.prompt_settling import SETTLED_BY, told_before

if TYPE_CHECKING:
    from contextlib import ExitStack

    from tui_labeler.engine.autolabelers.prompts.passages import Passage
    from tui_labeler.engine.deployments.chat import Question
    from tui_labeler.engine.deployments.tokens import TokenCounter
    from tui_labeler.engine.models.samples import LabeledDocument

COUNTED = 256
"""Counts of tokens that are remembered."""

LOOKED_AT = 2_000
"""Documents whose questions are made; of more, so many from all over the list stand for the others."""


@dataclass(frozen=True, slots=True)
class Surveying:
    """What it takes: a project, what is kept, and how a deployment's questions are counted and named."""

    state: State
    container: Container
    answers: AnswerStore
    reach: Reach
    jobs: JobStore | None = None
    """All of the project: what others have at a service is not asked again."""

    async def survey(self, request: JobRequest) -> Survey:
        """What a job that was asked for so would ask. Where it is under way, what it has is known too.

        Raises ``InputError`` for an evaluation with nothing to compare with, ``UnansweredError`` where the
        deployment has no room for text, and what reading the container does.
        """
        evaluates = request.kind is JobKind.EVALUATE
        labeled: Sequence[LabeledDocument] = ()
        if evaluates or GptOptions.of(request.options).shots:
            found = await labeled_documents(self.state, self.container)
            labeled = found.documents
            if evaluates and not labeled:
                raise nothing_to_compare({"training": 0, "accepted": 0}, found.warnings)
        chosen = _evaluated(labeled, request) if evaluates else []
        excluded = frozenset(document.id for document in chosen)
        counter = self.reach.counter or estimating(self.state.project.language)
        settled = await self._settled(request)
        shown = settled_examples(settled)
        if shown is None:
            shown = self._examples(request, counter, labeled, excluded)
        of_job = self._examples(request, counter, labeled) if excluded else shown
        # The parts that questions share are counted once.
        counter = replace(counter, count=lru_cache(COUNTED)(counter.count))
        elsewhere = Elsewhere(self.jobs, request.id) if self.jobs is not None else None
        looked = _Looked(self.reach.address, request.id, self.answers, counter, elsewhere)
        autolabeler = autolabeler_of(
            self.state,
            request,
            self.reach.deployment,
            counter,
            shown,
            looked,
            looked.later,
            told_before(settled),
        )
        every = [document.id for document in chosen] if evaluates else list(request.documents)
        step = max(1, -(-len(every) // LOOKED_AT))
        taken = every[::step]
        texts = {document.id: document.text for document in chosen}
        empty = autolabeler.empty
        done, lead = 0, len(empty.messages[-1].content)
        async for batch in autolabeler.label(self._tasks(taken, texts)):
            done += sum(isinstance(item, Answer) for item in batch)
        return Survey(
            documents=len(every),
            looked_at=len(taken),
            done=done,
            answered=len(looked.answered),
            waiting=len(looked.waiting),
            under_way=len(looked.under_way),
            characters=tuple(max(0, one - lead) for one in sorted(looked.characters)),
            text_tokens=looked.tokens - len(looked.characters) * prompt_tokens(empty, counter.count),
            is_estimate=counter.is_estimate,
            fixed_tokens=question_tokens(empty, counter),
            schema_tokens=schema_tokens(empty.schema, INSTRUCTIONS.count),
            examples=len(shown),
            job_examples=len(of_job),
        )

    async def _settled(self, request: JobRequest) -> Mapping[str, Any]:
        """What the runs of the job have settled, where there were any."""
        if self.jobs is not None:
            with suppress(NotFoundError):  # it is yet to start
                return await self.jobs.preparation(str(request.options.get(SETTLED_BY, request.id)))
        return {}

    def _examples(
        self,
        request: JobRequest,
        counter: TokenCounter,
        labeled: Sequence[LabeledDocument],
        excluded: frozenset[int] = frozenset(),
    ) -> tuple[Passage, ...]:
        return chosen_examples(self.state, request, self.reach.deployment, counter, labeled, excluded)

    async def _tasks(self, documents: Sequence[int], texts: dict[int, str]) -> AsyncIterator[Task]:
        """A document that can't be read is asked about by nobody."""
        for key in documents:
            row = self.state.rows.get(key)
            text = texts.get(key)
            if row is None or (text is None and row.problem):
                continue
            if text is None:
                try:
                    decoded = decode(await self.container.read(row.location))
                except UnreachableError:
                    raise
                except LabelerError:
                    continue
                if decoded.problem:
                    continue
                text = decoded.text
            yield Task(row.id, row.location, row.language or self.state.project.language, text, "")


def _evaluated(labeled: Sequence[LabeledDocument], request: JobRequest) -> list[LabeledDocument]:
    accepted = bool(request.options.get("include_accepted"))
    chosen, left_out = choose(labeled, frozenset(), accepted=accepted)
    if not chosen:
        raise nothing_to_compare(left_out)
    return draw(chosen, labeled, request)


class _Looked:
    """An :class:`~tui_labeler.engine.autolabelers.asks.Asks` that sends nothing and counts."""

    def __init__(
        self,
        address: str,
        job: str,
        answers: AnswerStore,
        counter: TokenCounter,
        elsewhere: Elsewhere | None,
    ) -> None:
        self._address = address
        self._job = job
        self._answers = answers
        self._counter = counter
        self._elsewhere = elsewhere
        self._missing: set[str] = set()
        self.answered: set[str] = set()
        """Keys of questions that cost nothing."""
        self.waiting: set[str] = set()
        """Keys of questions that wait in batches of other jobs."""
        self.under_way: set[str] = set()
        """Keys of questions that other jobs are asking."""
        self.characters: list[int] = []
        """Of the last message of each question that has no answer."""
        self.tokens = 0

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
        key = question_key(self._address, question)
        whose = Whose(self._address, self._job, attempt)
        fits = partial(will_do, use=use, answers=self._answers, whose=whose, elsewhere=self._elsewhere)
        try:
            kept = await taken(key, self._answers, self._elsewhere, fits)
        except UnansweredError as error:
            if error.reason == AT_SERVICE:
                self.waiting.add(key)
            raise
        if kept is None and self._answers.is_claimed(key):
            self.under_way.add(key)
            raise being_asked()
        if kept is None:
            raise NotYetError([Missing(key, question, estimate, attempt)])
        self.answered.add(key)
        return Asked(kept.reply, Usage(), from_cache=True)

    def later(self, missing: Sequence[Missing]) -> None:
        """Two documents with the same text are one question."""
        for item in missing:
            if item.key in self._missing:
                continue
            self._missing.add(item.key)
            self.characters.append(len(item.question.messages[-1].content))
            self.tokens += prompt_tokens(item.question, self._counter.count)
