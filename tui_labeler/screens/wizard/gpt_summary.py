"""What stands on the last step of the wizard for GPT, without any widget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_labeler.domain.document_rows import DocumentRow
from tui_labeler.domain.resources import Prices
from tui_labeler.engine.autolabelers.estimate import crossing
from tui_labeler.engine.autolabelers.options import GptOptions
from tui_labeler.engine.autolabelers.spending import Budget
from tui_labeler.engine.autolabelers.work import Crossing, JobEstimate
from tui_labeler.engine.gpt.preview import EvaluationPreview, Terms
from tui_labeler.engine.wording import counted
from tui_labeler.screens.jobs.spending_words import (
    budget_words,
    estimate_words,
    price_words,
    time_between,
    tokens_between,
    usd_between,
)
from tui_labeler.screens.widgets.cells import NAMES, some_of
from tui_labeler.screens.wizard.evaluate_first import left_out_words
from tui_labeler.screens.words import wrapped

if TYPE_CHECKING:
    from tui_labeler.engine.autolabelers.options import GptOptions
    from tui_labeler.screens.widgets.sheet import Line

_LABEL = 16


@dataclass(frozen=True, slots=True)
class Summary:
    """All that is said of a job before it starts."""

    terms: Terms
    rows: Sequence[DocumentRow]
    nouns: str
    names: Sequence[str]
    """Of the chosen categories."""
    known: int
    """Categories of the project."""
    prices: Prices | None
    """That will be paid: halved for a batch."""
    told: JobEstimate | None
    batch_only: bool
    """The deployment answers nothing else."""
    comparable: int
    """Labeled documents that an evaluation could take."""
    accepted: int
    """Those that it leaves out, since labels of theirs began as suggestions."""
    drafts: int
    """Draft decisions of this person, which it does not see."""
    evaluation: EvaluationPreview | None
    """What the evaluation that is offered takes; ``None`` until that is known."""
    problem: str
    failures: str = ""
    """What an evaluation has shown that speaks for care; empty where nothing does."""

    @property
    def options(self) -> GptOptions:
        return self.terms.options


def summary(about: Summary, width: int) -> list[Line]:
    """The lines for a width in cells."""
    lines: list[Line] = wrapped(f"! {about.failures}", width, "warn", " ") if about.failures else []
    for name, words, look in _facts(about):
        first, *rest = wrapped(words, width, look, " " * (_LABEL + 1))
        lines += [((f" {name:<{_LABEL}}", "dim"), *first[1:]), *rest]
    if about.problem:
        lines += [(), *wrapped(f"! {about.problem}", width, "bad", " ")]
    notes = [note for note in (about.told.notes if about.told else ()) if "price" not in note.lower()]
    lines += [(), *wrapped(" ".join(notes), width, "dim", " ")] if notes else []
    return lines


def _facts(about: Summary) -> list[tuple[str, str, str]]:
    terms = about.terms
    where = f"{terms.host}{', this machine: nothing leaves it' if terms.is_here else ''}"
    records = sum(row.text_records for row in about.rows if not row.problem)
    estimated = "" if all(row.is_read for row in about.rows) else "about "
    facts = [
        ("Deployment", f"{terms.deployment.name} on {terms.resource.name}", ""),
        ("Texts go to", where, "title"),
        ("Documents", f"{len(about.rows):,} ({estimated}{counted(records, 'text record')})", ""),
        (
            about.nouns.capitalize(),
            f"{len(about.names)} of {about.known}: {some_of(about.names, NAMES)}",
            "",
        ),
        *_estimates(about),
        ("Budget", *_budget(about)),
        _sending(about.options, batch_only=about.batch_only),
        ("Examples", f"{about.options.shots} labeled passages at most (x)", ""),
        ("Evaluate first", *_evaluation(about)),
    ]
    if terms.is_open:
        facts.insert(2, ("", "! not encrypted: texts and key can be read on the way", "warn"))
    return facts


def _sending(options: GptOptions, *, batch_only: bool) -> tuple[str, str, str]:
    if batch_only:
        return "As a batch", "at half the price, answered within a day: the deployment takes nothing else", ""
    if options.batch:
        return "As a batch", "at half the price, answered within a day (w: at once)", ""
    return (
        "At once",
        f"{options.at_once} documents at most (p); w: as a batch, half the price, within a day",
        "",
    )


def _estimates(about: Summary) -> list[tuple[str, str, str]]:
    told = about.told
    if told is None:
        return []
    tokens = f"{tokens_between(told.prompt_tokens)} sent, {tokens_between(told.completion_tokens)} answered"
    facts = [("Tokens, about", tokens, "")]
    if told.answered:
        answers = counted(told.answered, "question is", "questions are")
        facts.insert(0, ("Answered", f"{answers} answered already and cost nothing", "good"))
    if told.waiting:
        waits = counted(told.waiting, "question is", "questions are")
        words = f"{waits} in batches of other jobs: not asked again, their documents fail here"
        facts.insert(0, ("Waiting", words, "warn"))
    if told.under_way:
        asked = counted(told.under_way, "question is", "questions are")
        words = f"{asked} being asked by another job: the answers are waited for"
        facts.insert(0, ("Under way", words, ""))
    if told.cost is None:
        words = "no price is known: give one at step 2 with e, or name the model in prices.toml"
        facts.append(("Price, about", words, "warn"))
    else:
        facts.append(("Price, about", f"{usd_between(told.cost)} ({price_words(about.prices)})", ""))
    time = "a day at most" if about.options.batch else time_between(told.seconds)
    facts.append(("Time, about", time, ""))
    return facts


def _budget(about: Summary) -> tuple[str, str]:
    options = about.options
    words = budget_words(options)
    if not words:
        return "none: the job goes on to its end (b sets one)", ""
    if about.told is None:
        return f"{words} (b)", ""
    match crossing(about.told, Budget(options.budget_usd, options.budget_tokens)):
        case Crossing.YES:
            return f"{words} (b); too little: the job will stop before its end", "warn"
        case Crossing.MAYBE:
            return f"{words} (b); it may stop the job before its end", "warn"
        case Crossing.NO:
            return f"{words} (b); enough, as far as is known", ""


def not_evaluated(about: Summary) -> str:
    """Why there can be no evaluation; empty where there can."""
    if about.batch_only:
        return "the deployment answers batches only"
    if about.comparable:
        return ""
    if about.drafts:
        return left_out_words(about.drafts)
    if about.accepted:
        return "labels that were suggested are in each labeled document"
    return "no document is labeled by hand"


def _evaluation(about: Summary) -> tuple[str, str]:
    if why := not_evaluated(about):
        return f"not possible: {why}", "warn" if about.drafts and not about.batch_only else ""
    waiting = f"; {left_out_words(about.drafts)}" if about.drafts else ""
    if about.evaluation is None:
        return f"e: on {counted(about.comparable, 'labeled document')} at most{waiting}", ""
    words = f"e: {_taking(about.evaluation)}"
    fewer = about.evaluation.examples < about.evaluation.job_examples
    if fewer:
        words += f"; with {about.evaluation.examples} of the job's {about.evaluation.job_examples} examples"
    return words + waiting, "warn" if fewer else ""


def _taking(evaluation: EvaluationPreview) -> str:
    documents, answered = counted(evaluation.documents, "document"), evaluation.told.answered
    free = f"{counted(answered, 'question is', 'questions are')} answered already"
    if answered and not evaluation.told.questions.high:
        return f"{documents}, at no cost: {free}"
    return f"{documents}, {estimate_words(evaluation.told)}{f' ({free})' if answered else ''}"


def evaluation_question(terms: Terms, evaluation: EvaluationPreview) -> str:
    """What is said of an evaluation before it starts."""
    price = "; no price is known" if evaluation.told.cost is None else ""
    words = f"{_taking(evaluation)}{price}. The texts are sent to {terms.host}; nothing is changed."
    if budget := budget_words(terms.options):
        words += f" The job's budget holds here too: it stops before it costs more than {budget}."
    if evaluation.warning:
        words += f" It is {evaluation.warning}."
    return words
