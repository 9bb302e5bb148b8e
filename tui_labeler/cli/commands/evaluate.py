"""``evaluate``: a method against the labels, before it is let loose on the rest."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tui_labeler.cli.commands.models import add_detach, result_report
from tui_labeler.cli.methods import (
    COSTS,
    add_method,
    budget_words,
    charged_words,
    check_method,
    estimate_fields,
    estimate_words,
    terms_words,
    usage_words,
)
from tui_labeler.cli.parser import UsageError, add_command, not_negative, positive
from tui_labeler.cli.saving import add_saving, save_if_asked
from tui_labeler.engine.wording import counted

if TYPE_CHECKING:
    from tui_labeler.cli.context import Context
    from tui_labeler.cli.output import Report
    from tui_labeler.domain.jobs import Job
    from tui_labeler.engine.gpt.preview import Terms
    from tui_labeler.engine.session import ProjectSession


def register(parsers: Any) -> None:
    parser = add_command(
        parsers,
        "evaluate",
        evaluate,
        "compare a model or a deployment with the labels, and change nothing",
        details="Documents that the model learned from, and those with labels that began as accepted "
        f"suggestions, are left out: both would flatter it. {COSTS} Before it starts, an evaluation of a "
        "deployment says what it takes and asks, as a job does; without a terminal it needs --yes. A quarter "
        "of the labeled documents, at most, is kept for the examples of the prompts.",
        examples="""
            tui-labeler evaluate contracts --model first --json
            tui-labeler evaluate contracts --resource work --deployment gpt-4o --limit 20 --dry-run
            tui-labeler evaluate contracts --resource work --deployment gpt-4o --limit 20 --budget 0.50 --yes
        """,
    )
    parser.add_argument("project", metavar="PROJECT")
    add_method(parser)
    parser.add_argument("--limit", type=positive, metavar="N", help="at most N documents, drawn at random")
    parser.add_argument("--seed", type=not_negative, default=0, metavar="N", help="of the draw (default: 0)")
    parser.add_argument("--include-accepted", action="store_true", help="accepted suggestions too")
    parser.add_argument("--include-training", action="store_true", help="what the model learned from too")
    parser.add_argument("--dry-run", action="store_true", help="say what it would take, and start nothing")
    parser.add_argument("--yes", action="store_true", help="start without asking; a model never asks")
    add_saving(parser)
    add_detach(parser)


async def evaluate(context: Context) -> Report:
    chosen = context.options
    check_method(chosen)
    if chosen.resource is not None and chosen.include_training:
        raise UsageError("A deployment learns from no document.", hint="Leave out --include-training.")
    options = {
        "limit": chosen.limit,
        "seed": chosen.seed,
        "include_accepted": chosen.include_accepted,
        "include_training": chosen.include_training,
    }
    async with context.project() as session:
        if chosen.resource is None:
            return await _evaluate_model(context, session, options)
        return await _evaluate_deployment(context, session, options)


async def _evaluate_model(context: Context, session: ProjectSession, options: dict[str, Any]) -> Report:
    from tui_labeler.cli.following import follow, interruptions
    from tui_labeler.domain.jobs import Method

    method = Method("model", model=context.options.model)
    if context.options.dry_run:
        request = await session.jobs.requests.evaluate(method, options)
        documents = await session.jobs.requests.compared(request)
        words = (
            f"{counted(documents, 'labeled document')} would be compared with, on this machine, at no cost."
        )
        return _not_started(documents, [words])
    drafts = await save_if_asked(context, session)
    with interruptions() as interrupted:
        job = await session.jobs.evaluate(method, options)
        if not context.options.detach:
            job = await follow(session, job, context.out, interrupted)
    return result_report(session, job, drafts)


async def _evaluate_deployment(context: Context, session: ProjectSession, options: dict[str, Any]) -> Report:
    """What it takes is said, and agreed to, before anything is sent."""
    from tui_labeler.cli.asking import agree, askable, asked_deployment, tried
    from tui_labeler.cli.following import follow, interruptions
    from tui_labeler.engine.autolabelers.options import GptOptions
    from tui_labeler.engine.gpt.preview import evaluation_preview, evaluation_request

    terms = askable(await asked_deployment(context))
    drafts = 0 if context.options.dry_run else await save_if_asked(context, session)
    # What can't be is refused before a deployment is tried; a price may be known only once it was.
    await evaluation_request(session, replace(terms, options=GptOptions()), options)
    if not context.options.dry_run:
        # Where nobody can agree, not even the tiny requests of a trial are sent.
        may_send = context.options.yes or context.out.can_ask
        terms = await tried(context, terms, agreed=context.options.yes) if may_send else askable(terms)
    preview = await evaluation_preview(session, terms, options)
    expected = estimate_fields(preview.told, terms.options)
    where = terms.where(counted(preview.documents, "labeled document"), preview.told)
    words = [
        where,
        f"It takes {estimate_words(expected)}.",
        terms_words(terms.options),
        budget_words(expected),
    ]
    if context.options.dry_run:
        warnings = [preview.warning] if preview.warning else []
        fields = {"examples": preview.examples, "job_examples": preview.job_examples, "warnings": warnings}
        lines = [*filter(None, words), *(f"warning: {item}" for item in warnings), *expected["notes"]]
        report = _not_started(preview.documents, [*lines, "Nothing was sent."])
        return replace(report, fields={**report.fields, **fields, "host": terms.host, "estimate": expected})
    agree(context, terms, where, expected)
    with interruptions() as interrupted:
        job = await session.jobs.evaluate(
            terms.method, {**options, **terms.options.as_options()}, prices=terms.prices
        )
        if not context.options.detach:
            job = await follow(session, job, context.out, interrupted)
    return await _with_rest(session, job, terms, result_report(session, job, drafts))


def _not_started(documents: int, lines: list[str]) -> Report:
    from tui_labeler.cli.output import Report

    fields = {"job_id": None, "state": "not started", "dry_run": True, "documents": documents}
    return Report(fields, lines)


async def _with_rest(session: ProjectSession, job: Job, terms: Terms, report: Report) -> Report:
    """The same, with what it was asked of and what the unlabeled documents would cost."""
    from tui_labeler.domain.documents import DocumentState
    from tui_labeler.domain.jobs import JobState
    from tui_labeler.engine.gpt.preview import labeling_preview
    from tui_labeler.engine.jobs.failures import warning_of

    fields = {**report.fields, "host": terms.host, "rest": None}
    lines = list(report.lines)
    used = usage_words(fields.get("usage", {"prompt_tokens": 0, "completion_tokens": 0}), fields["cost"])
    lines += [f"used: {used}"] if used else []
    lines += [charged] if (charged := charged_words(fields)) else []
    rows = [row for row in session.rows.values() if row.state is DocumentState.UNLABELED]
    if job.state in (JobState.SUCCEEDED, JobState.PARTIALLY_COMPLETED) and rows:
        # What was said of this evaluation alone, its budget, is not said of the rest.
        unlimited = replace(terms, options=replace(terms.options, budget_usd=None, budget_tokens=None))
        told = await labeling_preview(session, rows, unlimited)
        expected = estimate_fields(told, unlimited.options)
        fields["rest"] = {"documents": len(rows), **expected}
        lines.append(f"The rest, {counted(len(rows), 'unlabeled document')}: {estimate_words(expected)}.")
        if warning := warning_of(job):
            lines.append(f"warning: {warning}")
    return replace(report, fields=fields, lines=lines)
