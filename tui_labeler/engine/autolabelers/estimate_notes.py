"""What is to be said beside an estimate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_labeler.engine.wording import counted

if TYPE_CHECKING:
    from tui_labeler.domain.resources import Prices
    from tui_labeler.engine.autolabelers.work import Earlier, Range, Sample, Work


def under_way_notes(under_way: int) -> list[str]:
    """What is to be said of questions that other jobs are asking."""
    if not under_way:
        return []
    words = counted(under_way, "question is", "questions are")
    return [
        f"{words} being asked by another job at the moment: the answers are waited for and cost nothing "
        "more; what gets no answer there is asked here."
    ]


def batch_notes(waiting: int, *, batch: bool, budget: bool) -> list[str]:
    notes = []
    if batch:
        notes.append("A batch is answered within 24 hours.")
    if batch and budget:
        notes.append(
            "A batch holds no more than the budget allows if every answer is as long as it may be: "
            "the job may take several, one after the other."
        )
    if waiting:
        words = counted(waiting, "question waits in a batch", "questions wait in batches")
        notes.append(
            f"{words} of another job and will not be asked again: their documents fail here, "
            "and can be retried at no cost once the answers are there."
        )
    return notes


def notes(
    work: Work, fixed: Range, sample: Sample | None, earlier: Earlier | None, prices: Prices | None
) -> tuple[str, ...]:
    """What an estimate goes by; ``fixed`` are the tokens that go with each question."""
    notes = []
    if sample is None:
        notes.append("Tokens of the texts are guessed from their characters.")
    elif sample.is_estimate:
        notes.append("Tokens are estimated: the model's vocabulary is not there.")
    if work.fixed_tokens:
        notes.append(
            "Instructions, categories and examples go with each question: "
            f"{round(fixed.low):,} to {round(fixed.high):,} tokens."
        )
    if not work.tells_usage:
        notes.append("What an answer used and the server does not tell is counted here, rather too high.")
    if earlier is None:
        notes.append(
            "How much the model answers is a guess, until a job has shown it"
            + ("; what it thinks before that is most of it." if work.reasoning else ".")
        )
    if prices is None:
        notes.append("The price is not known: give the deployment one, or the model in prices.toml.")
    elif prices.as_of:
        notes.append(f"Prices are of {prices.as_of}.")
    return tuple(notes)
