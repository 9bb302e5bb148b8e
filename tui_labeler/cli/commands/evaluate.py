"""``evaluate``: a method against the labels, before it is let loose on the rest."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tui_labeler.cli.commands.methods import (
    COSTS,
    add_method,
    check_method,
    estimate_fields,
    estimate_words,
    usage_words,
)
from tui_labeler.cli.commands.models import add_detach, add_saving, result_report, save_if_asked
from tui_labeler.cli.parser import UsageError, add_command, not_negative, positive
from tui_labeler.engine.wording import counted

if TYPE_CHECKING:
    from tui_labeler.cli.asking import Asked
    from tui_labeler.cli.context import Context
    from tui_labeler.cli.output import Report
    from tui_labeler.domain.jobs import Job
    from tui_labeler.engine.session import ProjectSession


def register(parsers: Any) -> None:
    parser = add_command(
        parsers,
        "evaluate",
        evaluate,
        "compare a model or a deployment with the labels, and change nothing",
        details="Documents that the model learned from, and those with labels that began as accepted "
        f"suggestions, are left out: both would flatter it. {COSTS}",
        examples="""
            tui-labeler evaluate contracts --model first --json
            tui-labeler evaluate contracts --resource work --deployment gpt-4o --limit 20
        """,
    )
    parser.add_argument("project", metavar="PROJECT")
    add_method(parser)
    parser.add_argument("--limit", type=positive, metavar="N", help="at most N documents, drawn at random")
    parser.add_argument("--seed", type=not_negative, default=0, metavar="N", help="of the draw (default: 0)")
    parser.add_argument("--include-accepted", action="store_true", help="accepted suggestions too")
    parser.add_argument("--include-training", action="store_true", help="what the model learned from too")
    add_saving(parser)
    add_detach(parser)


async def evaluate(context: Context) -> Report:
    from tui_labeler.cli.asking import asked_deployment, say_where, tried
    from tui_labeler.cli.following import follow, interruptions
    from tui_labeler.domain.jobs import Method

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
        asked = None if chosen.resource is None else await asked_deployment(context)
        drafts = await save_if_asked(context, session)
        with interruptions() as interrupted:
            if asked is None:
                job = await session.jobs.evaluate(Method("model", model=chosen.model), options)
            else:
                asked = await tried(context, asked)
                limit = f"at most {chosen.limit:,} labeled documents" if chosen.limit else "labeled documents"
                say_where(context, asked, limit)
                options |= asked.options.as_options()
                job = await session.jobs.evaluate(asked.method, options, prices=asked.prices)
            if not chosen.detach:
                job = await follow(session, job, context.out, interrupted)
        report = result_report(session, job, drafts)
        return report if asked is None else await _with_rest(session, job, asked, report)


async def _with_rest(session: ProjectSession, job: Job, asked: Asked, report: Report) -> Report:
    """The same, with what it was asked of and what the unlabeled documents would cost."""
    from tui_labeler.domain.documents import DocumentState
    from tui_labeler.domain.jobs import JobState

    fields = {**report.fields, "host": asked.host, "rest": None}
    lines = list(report.lines)
    used = usage_words(fields.get("usage", {"prompt_tokens": 0, "completion_tokens": 0}), fields["cost"])
    lines += [f"used: {used}"] if used else []
    rows = [row for row in session.rows.values() if row.state is DocumentState.UNLABELED]
    if job.state is JobState.SUCCEEDED and rows:
        expected = estimate_fields(await asked.estimate(session, rows), asked)
        fields["rest"] = {"documents": len(rows), **expected}
        lines.append(f"The rest, {counted(len(rows), 'unlabeled document')}: {estimate_words(expected)}.")
    return replace(report, fields=fields, lines=lines)
