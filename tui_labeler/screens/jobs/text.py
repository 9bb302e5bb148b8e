"""What is written of jobs: states with their signs, rows and details, without any widget."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len

from tui_labeler.domain.jobs import ALL_FAILED, Job, JobKind, JobState
from tui_labeler.engine.autolabelers.spending import BudgetError
from tui_labeler.engine.jobs.failures import failed_words
from tui_labeler.engine.wording import about, clock, counted, late_words, money, pause_words
from tui_labeler.screens.jobs.evaluation_text import evaluation
from tui_labeler.screens.jobs.lists import failures, not_used
from tui_labeler.screens.jobs.spending_words import spent_words
from tui_labeler.screens.widgets.cells import NAMES, clean, clip, clip_start, fit, some_of
from tui_labeler.screens.widgets.glyphs import ASCII, Glyphs
from tui_labeler.screens.words import (
    bar,
    duration,
    percent,
    rough,
    when,
    wrapped,
)

if TYPE_CHECKING:
    from tui_labeler.engine.jobs.counts import SuggestionCounts
    from tui_labeler.screens.widgets.sheet import Line

_SIGNS: dict[JobState, tuple[str, str, str]] = {
    JobState.QUEUED: ("○", "o", "dim"),
    JobState.RUNNING: ("▶", ">", "key"),
    JobState.CANCELLING: ("◐", "c", "warn"),
    JobState.SUCCEEDED: ("✓", "v", "good"),
    JobState.PARTIALLY_COMPLETED: ("!", "!", "warn"),
    JobState.FAILED: ("✗", "x", "bad"),
    JobState.CANCELLED: ("–", "-", "dim"),
    JobState.INTERRUPTED: ("↯", "?", "warn"),
}

_NOUNS = {JobKind.AUTOLABEL: "autolabel", JobKind.TRAIN: "train", JobKind.EVALUATE: "evaluate"}


def sign(state: JobState, signs: Glyphs) -> str:
    """One cell that stands for a state."""
    return _SIGNS[state][1 if signs is ASCII else 0]


def look(state: JobState) -> str:
    """How a state is drawn."""
    return _SIGNS[state][2]


def subject(job: Job) -> str:
    """What the job is about: the model's name, or the deployment's."""
    if job.request.kind is JobKind.TRAIN:
        return str(job.request.options.get("model", ""))
    return job.request.method.source.partition(":")[2] if job.request.method else ""


def share_done(job: Job) -> float:
    """How far it is, 0 to 1: documents that failed are dealt with too."""
    if job.state is JobState.SUCCEEDED:
        return 1.0
    return min(1.0, job.dealt_with / job.total) if job.total else 0.0


def throughput(job: Job) -> str:
    """Documents a second, or a minute where it is slow; empty when there is nothing to go by."""
    rate = job.rate
    if rate is None or job.request.kind is not JobKind.AUTOLABEL:
        return ""
    return f"{rate:.1f}/s" if rate >= 1 else f"{rate * 60:.1f}/min"


# --- rows -------------------------------------------------------------------------------------------


_ROOMY = 70
"""From this width on there is room for the state in words beside its sign."""
_WIDEST = 130
"""From this width on there is room for the time that is left, which the page below tells in any case."""
_ID = 11
"""Cells of a job's id."""
_SPENT = 8
"""Cells of what it has spent."""
MARKED = "="
"""Stands before the id of the job that another one is to be compared with: the key that marks."""


def columns(width: int, signs: Glyphs) -> Line:
    """The heading over the rows of :func:`row`."""
    name, bar_width, wide = _measures(width)
    state = f"{'state':<22}" if width >= _ROOMY else "  "
    words = (
        f"{state} {'id':<{_ID}}{'job':<{name}} {'progress':<{bar_width + 12}}{'failed':>7}{'USD':>{_SPENT}}"
    )
    if wide:
        left = f"{'left':>13}" if width >= _WIDEST else ""
        words += f"{'suggested':>11}{'rate':>10}{left}  {'started':<11}"
    return ((words, ""),)


def _measures(width: int) -> tuple[int, int, bool]:
    wide = width >= 110
    bar_width = 0 if width < 90 else 4 if wide and width < _WIDEST else 10
    state = 22 if width >= _ROOMY else 2
    rest = state + 1 + _ID + 1 + bar_width + 12 + 7 + _SPENT
    rest += (34 if wide else 0) + (13 if width >= _WIDEST else 0)
    return max(12, width - rest), bar_width, wide


def row(job: Job, *, marked: bool = False) -> Callable[[int, Glyphs], Line]:
    """One job in a list; ``marked`` for a comparison with another."""

    def paint(width: int, signs: Glyphs) -> Line:
        name, bar_width, wide = _measures(width)
        looks = look(job.state)
        # Documents that a training or an evaluation left out did not fail, but are missed all the same.
        skipped = len(job.result.get("skipped", ()))
        failed = f"{signs.times}{len(job.failed)}" if job.failed else f"!{skipped}" if skipped else ""
        parts: list[tuple[str, str]] = [
            (sign(job.state, signs) + (f" {job.state.value:<20}" if width >= _ROOMY else " "), looks),
            (MARKED if marked else " ", "key"),
            (f"{fit(clean(job.id), _ID - 1, signs.more)} ", "key" if marked else "dim"),
            (f"{_title(job, name, signs)} ", ""),
            (bar(share_done(job), bar_width, signs), "bar"),
            (f" {_amount(job):<11}", ""),
            (f"{failed:>7}", "bad" if job.failed else "warn"),
            (f"{_spent(job):>{_SPENT}}", ""),
        ]
        if wide:
            suggestions = str(job.suggestions) if job.request.kind is JobKind.AUTOLABEL else ""
            left = rough(job.seconds_left) if job.seconds_left is not None else ""
            left = f"{left:>13}" if width >= _WIDEST else ""
            rate = throughput(job) if not job.state.is_over else ""
            started = when(job.started or job.request.created)[5:]
            parts.append((f"{suggestions:>11}{rate:>10}{left}  {started:<11}", ""))
        return tuple(parts)

    return paint


def _title(job: Job, width: int, signs: Glyphs) -> str:
    """Kind and subject in so many cells. What goes first is a resource's name, then the kind of a job that
    labels: deployments on one resource differ at their ends.
    """
    noun, about = _NOUNS[job.request.kind], clean(subject(job))
    whole = f"{noun} {about}"
    if cell_len(whole) <= width:
        return fit(whole, width, signs.more)
    start = "" if job.request.kind is JobKind.AUTOLABEL else f"{noun} "
    clipped = (clip_start if is_gpt(job) else clip)(about, width - len(start), signs.more)
    return fit(start + clipped, width, signs.more)


def _spent(job: Job) -> str:
    """In USD; a sign where there is a cost and nobody knows how much, nothing where there is none.

    ``~`` says that the server did not tell all of it, ``+`` that more may be charged.
    """
    if not is_gpt(job) or not (job.usage.prompt_tokens or job.unanswered):
        return ""
    if job.cost is None:
        return "?"
    return f"{'~' if job.usage.estimated_tokens else ''}{money(job.cost)}{'+' if job.unanswered else ''}"


def _amount(job: Job) -> str:
    if job.request.kind is JobKind.AUTOLABEL:
        return f"{job.done:,}/{job.total:,}"
    return f"{share_done(job) * 100:.0f}%"


# --- one job in full --------------------------------------------------------------------------------


def detail(
    job: Job, names: Mapping[str, str], counts: SuggestionCounts | None = None
) -> Callable[[int, Glyphs], Sequence[Line]]:
    """All that is known of a job.

    ``names`` are those of the categories, by id; ``counts`` is ``None`` until its suggestions were counted.
    """

    def build(width: int, signs: Glyphs) -> Sequence[Line]:
        state = f"{sign(job.state, signs)} {job.state.value}"
        lines: list[Line] = [
            ((f"{state}  ", look(job.state)), (f"{_NOUNS[job.request.kind]} {job.id}", "dim"))
        ]
        if not job.state.is_over:
            drawn = bar(share_done(job), max(10, min(50, width - 30)), signs)
            words = f" {share_done(job) * 100:3.0f}%  {clean(job.stage)}"
            lines.append(((f"  {drawn}", "bar"), (words, "")))
        if job.late:
            lines += wrapped(clean(late_words(job.late, job.late_seconds)), width, "warn", "  ")
        if job.message:
            lines += wrapped(job.message, width, "bad", "  ")
        if job.on_screen:
            lines += wrapped(job.on_screen, width, "warn", "  ")
        if failed := failed_words(job):
            lines += wrapped(f"! {failed}.", width, "warn", "  ")
        told = advice(job, counts)
        lines += wrapped(told, width, "warn", "  ") if told else []
        for warning in job.result.get("warnings", ()):
            lines += wrapped(f"! {warning}.", width, "warn", "  ")
        lines.append(())
        lines += _table(_first_facts(job, counts), width)
        # The figures of an evaluation come first: its failures are counted above them.
        evaluated = job.request.kind is JobKind.EVALUATE and "per_category" in job.result
        if job.failed and not evaluated:
            lines += [(), *failures(job, width, signs), ()]
        if job.notes:
            lines += [*([] if job.failed else [()]), *not_used(job, width, signs), ()]
        lines += _table(_facts(job, names), width)
        if evaluated:
            lines += [(), *evaluation(job, width, signs)]
            lines += [(), *failures(job, width, signs)] if job.failed else []
        return lines

    return build


def advice(job: Job, counts: SuggestionCounts | None = None) -> str:
    """What a person can do about the job as it is; empty when it needs nobody."""
    if job.waits_until:
        until = pause_words(job, clock(job.waits_until))
        return f"{until} It goes on by itself; c cancels it, and R goes on later: nothing is paid for twice."
    match job.state:
        case JobState.INTERRUPTED:
            return (
                "Its process is gone before it had ended. R resumes it: only what is missing is done; "
                "D deletes its record."
                if job.request.kind is JobKind.AUTOLABEL
                else "Its process is gone before it had ended. R runs it again, D deletes its record."
            )
        case JobState.PARTIALLY_COMPLETED if job.request.kind is JobKind.EVALUATE:
            return "The figures are of the others; t asks the documents that failed once more."
        case JobState.PARTIALLY_COMPLETED:
            return "Some documents failed: t tries them again, v reviews what the others gave."
        case JobState.CANCELLED if job.code == BudgetError.code:
            return "R asks for a larger budget and goes on; what is paid for stays."
        case JobState.CANCELLED if job.request.kind is JobKind.AUTOLABEL and job.waiting:
            number = counted(job.waiting, "document was", "documents were")
            return f"{number} not labeled: R goes on."
        case JobState.FAILED if job.code == ALL_FAILED:
            return "t tries them again once the reason is dealt with, D deletes its record."
        case JobState.FAILED:
            return "R tries again once the reason is dealt with, D deletes its record."
        case JobState.SUCCEEDED if job.suggestions and counts is not None and counts.is_decided:
            return "None of its suggestions is left to review."
        case JobState.SUCCEEDED if job.request.kind is JobKind.AUTOLABEL and job.suggestions:
            return "enter opens the documents with its suggestions for review."
        case _:
            return ""


def _table(facts: Sequence[tuple[str, str]], width: int) -> list[Line]:
    lines: list[Line] = []
    for name, words in facts:
        first, *rest = wrapped(words, width, "", " " * 15)
        lines += [((f"  {name:<13}", "dim"), first[1]), *rest]
    return lines


def _first_facts(job: Job, counts: SuggestionCounts | None) -> list[tuple[str, str]]:
    facts = [("Model", clean(subject(job)))] if subject(job) else []
    if job.request.kind is JobKind.AUTOLABEL:
        done = f"{job.done:,} done, {len(job.failed):,} failed, {job.waiting:,} waiting, of {job.total:,}"
        facts.append(("Documents", done))
        if job.state is JobState.RUNNING and throughput(job):
            left = f", {rough(job.seconds_left)} left" if job.seconds_left is not None else ""
            facts.append(("Throughput", f"{throughput(job)}{left}"))
        found = f"{job.suggestions:,} made"
        if counts is not None:
            found += f", {counts.to_review:,} to review, {counts.hidden:,} hidden by labels"
            found += f", {counts.taken_back:,} taken back" if counts.taken_back else ""
        if job.unaligned:
            # Before they are counted, it is only known how many there were.
            left = f"{counts.to_place:,} to place by hand" if counts else f"{job.unaligned:,} were to place"
            found += f", {left}"
        facts.append(("Suggestions", found))
    if is_gpt(job):
        facts += [("Tokens", _tokens(job)), ("Spent", spent_words(job))]
    return facts


def is_gpt(job: Job) -> bool:
    """Whether a deployment labels."""
    return job.request.method is not None and job.request.method.name == "gpt"


def _tokens(job: Job) -> str:
    usage = job.usage
    kept = f" ({usage.cached_tokens:,} of them from the server's cache)" if usage.cached_tokens else ""
    thought = f" ({usage.reasoning_tokens:,} of them thought)" if usage.reasoning_tokens else ""
    return f"{about(usage)}{usage.prompt_tokens:,} sent{kept}, {usage.completion_tokens:,} answered{thought}"


def _facts(job: Job, names: Mapping[str, str]) -> list[tuple[str, str]]:
    facts: list[tuple[str, str]] = []
    request = job.request
    if request.kind is JobKind.AUTOLABEL:
        facts.append(("Text records", f"{job.text_records:,} of {request.text_records:,}"))
        if request.categories:
            known = sorted((names.get(key, key) for key in request.categories), key=str.casefold)
            facts.append(("Categories", f"{len(known)}: {some_of(known, NAMES)}"))
    facts.append(("Started", f"{when(job.started or request.created)} by {clean(request.actor)}"))
    if job.ended:
        facts.append(("Ended", when(job.ended)))
    if job.seconds:
        facts.append(("Time at work", (duration if job.state.is_over else rough)(job.seconds)))
    if request.kind is JobKind.TRAIN and "f1" in job.result:
        facts.append(("F1 score", percent(job.result["f1"]).strip()))
    return facts


def no_jobs(width: int, signs: Glyphs) -> Sequence[Line]:
    """What stands where a job would, while there is none."""
    return [
        (),
        *wrapped("No job has been started in this project yet.", width, "dim", "  "),
        *wrapped(
            "L in the project has documents labeled, T trains a model; both show up here.", width, "dim", "  "
        ),
    ]
