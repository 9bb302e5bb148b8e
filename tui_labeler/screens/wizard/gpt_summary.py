"""What stands on the last step of the wizard for GPT, without any widget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_labeler.domain.documents import DocumentRow
from tui_labeler.domain.resources import Prices
from tui_labeler.engine.autolabelers.estimate import Crossing, JobEstimate, crossing
from tui_labeler.engine.autolabelers.spending import Budget
from tui_labeler.engine.gpt_options import GptOptions
from tui_labeler.screens.performance_words import wrapped
from tui_labeler.screens.spending_words import (
    budget_words,
    price_words,
    time_between,
    tokens_between,
    usd_between,
)
from tui_labeler.screens.widgets.cells import clean

if TYPE_CHECKING:
    from tui_labeler.screens.widgets.sheet import Line

_LABEL = 16


@dataclass(frozen=True, slots=True)
class Summary:
    """All that is said of a job before it starts."""

    deployment: str
    host: str
    """Where the texts are sent."""
    is_here: bool
    """The server is this machine."""
    is_open: bool
    """Texts can be read on the way."""
    rows: Sequence[DocumentRow]
    nouns: str
    names: Sequence[str]
    """Of the chosen categories."""
    known: int
    """Categories of the project."""
    options: GptOptions
    prices: Prices | None
    told: JobEstimate | None
    batch_only: bool
    """The deployment answers nothing else."""
    evaluated: int
    """Labeled documents that an evaluation could take."""
    evaluation: str
    """What the evaluation that is offered takes."""
    problem: str


def summary(about: Summary, width: int) -> list[Line]:
    """The lines for a width in cells."""
    lines: list[Line] = []
    for name, words, look in _facts(about):
        first, *rest = wrapped(words, width, look, " " * (_LABEL + 1))
        lines += [((f" {name:<{_LABEL}}", "dim"), *first[1:]), *rest]
    if about.problem:
        lines += [(), *wrapped(f"! {about.problem}", width, "bad", " ")]
    notes = [note for note in (about.told.notes if about.told else ()) if "price" not in note.lower()]
    lines += [(), *wrapped(" ".join(notes), width, "dim", " ")] if notes else []
    return lines


def _facts(about: Summary) -> list[tuple[str, str, str]]:
    where = f"{about.host}{', this machine: nothing leaves it' if about.is_here else ''}"
    records = sum(row.text_records for row in about.rows if not row.problem)
    estimated = "" if all(row.is_read for row in about.rows) else "about "
    facts = [
        ("Deployment", about.deployment, ""),
        ("Texts go to", where, "title"),
        ("Documents", f"{len(about.rows):,} ({estimated}{records:,} text records)", ""),
        (
            about.nouns.capitalize(),
            f"{len(about.names)} of {about.known}: {', '.join(map(clean, about.names))}",
            "",
        ),
        *_estimates(about),
        ("Budget", *_budget(about)),
        _sending(about.options, batch_only=about.batch_only),
        ("Examples", f"{about.options.shots} labeled passages at most (x)", ""),
        ("Evaluate first", _evaluation(about), ""),
    ]
    if about.is_open:
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
    if told.cost is None:
        words = "no price is known: give one at step 2 with e, or name the model in prices.toml"
        facts.append(("Price, about", words, "warn"))
    else:
        facts.append(("Price, about", f"{usd_between(told.cost)} ({price_words(about.prices)})", ""))
    facts.append(("Time, about", time_between(told.seconds), ""))
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


def _evaluation(about: Summary) -> str:
    if about.batch_only:
        return "not possible: the deployment answers batches only"
    if not about.evaluated:
        return "not possible: no document is labeled by hand"
    return f"e: {about.evaluation}" if about.evaluation else "e"
