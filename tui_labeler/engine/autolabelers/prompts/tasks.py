"""Builds the questions of a job: a fixed part that all of them share, then the text.

Servers keep the beginning of a prompt for a while and charge less for it; it has to be the same to the
last byte, so that nothing of a single document comes before its text.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from tui_labeler.domain.projects import Category, ProjectKind
from tui_labeler.domain.resources import Structured
from tui_labeler.engine.autolabelers.prompts import templates
from tui_labeler.engine.autolabelers.prompts.answers import Parsed, Problem, Unclear
from tui_labeler.engine.autolabelers.prompts.fences import fenced
from tui_labeler.engine.autolabelers.prompts.forms import schema, shown
from tui_labeler.engine.autolabelers.prompts.names import Names, one_line
from tui_labeler.engine.autolabelers.prompts.parsing import parse
from tui_labeler.engine.deployments.chat import Finish, Message, Question, Role

if TYPE_CHECKING:
    from tui_labeler.engine.autolabelers.prompts.passages import Passage

MOST_ANSWER_TOKENS = 8_000
"""A model that repeats itself without end is stopped here at the latest."""

REASONS = 5
"""That a repair gives at most."""

QUOTED = 2_000
"""Characters of a bad answer that a repair shows."""


class PromptTask:
    """What is asked of each text of a job, and how the answers are read."""

    def __init__(
        self,
        kind: ProjectKind,
        categories: Sequence[Category],
        *,
        structured: Structured,
        languages: Sequence[str] = (),
        passages: Sequence[Passage] = (),
    ) -> None:
        """``languages``: codes of the texts' languages. ``passages``: few-shot examples, in the order shown.

        Raises ``ValueError`` without a category, or where two have the same id.
        """
        if not categories:
            raise ValueError("there is no category to label with")
        self.kind = kind
        self.names = Names(categories)
        self._structured = structured
        self._languages = tuple(dict.fromkeys(code for item in languages if (code := one_line(item))))
        self._passages = tuple(passages)
        self._schema = schema(kind, self.names) if structured is Structured.SCHEMA else None
        self._system = Message(Role.SYSTEM, self._instructions(categories))
        self._examples = [self._example(passage) for passage in self._passages]
        self._plain = [" ".join(passage.text.split()) for passage in self._passages]

    @property
    def passages(self) -> Sequence[Passage]:
        """The few-shot examples, in the order shown."""
        return self._passages

    @cached_property
    def version(self) -> str:
        """Hash of all that the questions of a job share, the version of the template included."""
        content = [
            templates.VERSIONS[self.kind],
            self._structured,
            self._system.content,
            [[message.content for message in example] for example in self._examples],
            self._schema,
        ]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]

    def question(
        self,
        text: str,
        *,
        document: int | None = None,
        whole: str | None = None,
        language: str = "",
        part: tuple[int, int] = (1, 1),
        max_tokens: int,
        logprobs: bool = False,
        seed: int | None = None,
    ) -> Question:
        """Asks about ``text``.

        ``document`` and ``whole`` are the id and the whole text of the document it is from: examples from
        that document, or whose text stands in it, are left out of this question. ``part``: which of how
        many parts of the document. ``language`` is told where a job has several.
        """
        told = one_line(language) if len(self._languages) > 1 else ""
        lead = templates.asking(told, part if self.kind.is_classification else (1, 1))
        examples = self._fair_examples(document, text if whole is None else whole)
        return Question(
            (
                self._system,
                *(message for example in examples for message in example),
                Message(Role.USER, f"{lead}\n\n{fenced(text)}"),
            ),
            max_tokens,
            self._schema,
            logprobs,
            seed,
        )

    def answer_tokens(self, text_tokens: int) -> int:
        """How long an answer to a text of so many tokens may be, without hidden reasoning.

        An estimate that is generous for most texts, not a bound: an answer that is cut says so.
        """
        name = max(map(len, self.names.all)) // 2
        match self.kind:
            case ProjectKind.ENTITIES:
                return min(MOST_ANSWER_TOKENS, 200 + name + 2 * text_tokens)
            case ProjectKind.SINGLE_LABEL:
                return 40 + name
            case ProjectKind.MULTI_LABEL:
                return min(MOST_ANSWER_TOKENS, 40 + sum(len(name) // 2 + 4 for name in self.names.all))

    def parse(self, answer: str, finish: Finish) -> Parsed:
        """What an answer says. Never raises."""
        return parse(answer, finish, self.names, self.kind)

    def repair(self, question: Question, answer: str, parsed: Parsed) -> Question:
        """Shows the model its bad answer and asks for the form again."""
        reasons = (
            "; ".join(list(dict.fromkeys(map(_reason, parsed.problems)))[:REASONS])
            or _REASONS[Unclear.UNREADABLE]
        )
        form = templates.form(self.kind, self._structured)
        return replace(
            question,
            messages=(
                *question.messages,
                Message(Role.ASSISTANT, answer.strip()[:QUOTED] or "(nothing)"),
                Message(Role.USER, templates.REPAIR.format(reasons=reasons, form=form)),
            ),
        )

    def _instructions(self, categories: Sequence[Category]) -> str:
        return "\n\n".join(
            part
            for part in (
                templates.TASKS[self.kind],
                templates.DATA,
                "\n".join([f"Categories. {templates.NAMES}", *map(self._described, categories)]),
                templates.languages(self._languages),
                templates.form(self.kind, self._structured),
            )
            if part
        )

    def _described(self, category: Category) -> str:
        """One line; names and examples in quotes, so that nothing in them ends it."""
        name = self.names.name(category.id)
        full = one_line(category.name)
        known_as = (
            [f"in full: {_quoted(full)}"] if full and full != name and not name.startswith(full) else []
        )
        facts = [*known_as, one_line(category.description)]
        if examples := [_quoted(line) for item in category.examples if (line := one_line(item))]:
            facts.append(f"Examples: {', '.join(examples)}")
        told = " ".join(fact for fact in facts if fact)
        return f"- {_quoted(name)}: {told}" if told else f"- {_quoted(name)}"

    def _example(self, passage: Passage) -> tuple[Message, Message]:
        return (
            Message(Role.USER, f"{templates.asking('', (1, 1))}\n\n{fenced(passage.text)}"),
            Message(Role.ASSISTANT, shown(passage, self.kind, self._structured, self.names)),
        )

    def _fair_examples(self, document: int | None, whole: str) -> list[tuple[Message, Message]]:
        """The examples that do not give away the labels of the document that is asked about."""
        if not self._examples:
            return []
        plain = " ".join(whole.split())
        return [
            example
            for example, passage, words in zip(self._examples, self._passages, self._plain, strict=True)
            if passage.document != document and words not in plain
        ]


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


_REASONS = {
    Unclear.UNREADABLE: "it has not the form that was asked for",
    Unclear.LENGTH: "it is too long",
    Unclear.CUT: "its end is missing",
    Unclear.TYPE: "it holds values of the wrong type",
    Unclear.EMPTY: "it holds an entry without words",
    Unclear.SEVERAL: "it names several categories, and there is one",
    Unclear.OTHER: "it holds entries that are not in the form that was asked for",
}


def _reason(problem: Problem) -> str:
    if problem.code is Unclear.CATEGORY:
        return f"there is no category {_quoted(one_line(problem.category)[:80])}"
    return _REASONS[problem.code]
