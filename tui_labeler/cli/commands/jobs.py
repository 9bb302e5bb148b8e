"""Jobs of every kind: list, show, cancel, resume, retry, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tui_labeler.cli.commands.models import add_detach, failure_lines, result_report
from tui_labeler.cli.methods import (
    add_budget,
    charged_words,
    estimate_fields,
    usage_words,
)
from tui_labeler.cli.output import Report, error_fields
from tui_labeler.cli.parser import add_command, add_group, add_paging
from tui_labeler.cli.tables import table
from tui_labeler.engine.wording import (
    batches_going_on,
    clock,
    counted,
    late_words,
    money,
    quota_kept,
)

if TYPE_CHECKING:
    import argparse

    from tui_labeler.cli.context import Context
    from tui_labeler.domain.jobs import Job
    from tui_labeler.engine.autolabelers.spending import Budget
    from tui_labeler.engine.session import ProjectSession

CANCEL_PATIENCE = 30.0
"""Seconds that ``job cancel`` waits for the job to end; a runner sees the request within half of one."""

UNUSED_SHOWN = 20

STOPPED_FIRST = (
    "What a job with --batch has left at its service is stopped there first. Where that can't be done it is "
    "said: `going_on` lists the batches that go on, and are paid for."
)

DONE_AND_TOTAL = (
    "In JSON `done` and `total` count documents when a job autolabels, and percent in any other job. "
    "`suggestions` are those it made: `suggestions_to_review` of them wait for a decision, and "
    "`suggestions_hidden` do not, as they meet a label; of a job that is shown by itself, "
    "`suggestions_taken_back` are gone by an undo. `unused` lists what was answered and could not "
    "be used: entities of categories that there are not, say. `usage` and `cost` count every answer that "
    "was received, by estimate as far as the server did not tell (`estimated_tokens`); where it told what "
    "can't be, next to nothing or far more than an answer may have (`doubtful_answers`), the larger of that "
    "and of the estimate counts. `unanswered_requests` were sent and brought none, and up to "
    "`unanswered_cost` more may be charged for them: a budget holds for both. In lists, `~` stands before a "
    "cost by estimate, `+` behind one to which more may come."
)

AGREED = (
    "A job for a deployment goes on unasked as far as its budget allows, the one that it has or the one "
    "given here; without any it says what is missing and what that takes, and asks (--yes)."
)


def register(parsers: Any) -> None:
    parser = add_command(
        parsers, "jobs", list_jobs, "list a project's jobs, newest first", details=DONE_AND_TOTAL
    )
    parser.add_argument("project", metavar="PROJECT")
    add_paging(parser, "job_id")
    group = add_group(parsers, "job", "show and steer jobs")
    _job_command(group, "show", show, "show a job as it is at this moment", DONE_AND_TOTAL)
    _job_command(group, "cancel", cancel, "stop a job; what it has labeled stays")
    for parser in (
        _job_command(group, "resume", resume, "go on with what a job has not done, and follow it", AGREED),
        _job_command(group, "retry", retry, "do a job's failed documents again, and follow it", AGREED),
    ):
        add_budget(parser)
        parser.add_argument(
            "--scheduler",
            metavar="ADDRESS",
            help="of a job with --engine dask: go on with this scheduler from here on",
        )
        parser.add_argument("--yes", action="store_true", help="go on without asking")
        add_detach(parser)
    _job_command(group, "delete", delete, "delete a job's records; its suggestions stay", STOPPED_FIRST)


def _job_command(group: Any, name: str, run: Any, summary: str, details: str = "") -> argparse.ArgumentParser:
    parser = add_command(group, name, run, summary, details=details)
    parser.add_argument("project", metavar="PROJECT")
    parser.add_argument("id", metavar="ID", help="the job's id, as `jobs` lists it")
    return parser


async def job_report(session: ProjectSession, job: Job) -> Report:
    """What came of a job, with the exit code that its end asks for; 0 while it runs."""
    from tui_labeler.cli.following import exit_code, job_error
    from tui_labeler.domain.jobs import JobKind

    if job.request.kind is not JobKind.AUTOLABEL and job.state.is_over:
        return result_report(session, job, session.labeling.drafts())
    fields = await _shown(session, job)
    error = job_error(job)
    lines = job_lines(fields)
    if job.message and error is None:
        lines += (
            [job.message, f"`tui-labeler job retry` tries again: job {job.id}."]
            if job.failed
            else [job.message]
        )
    return Report(fields, lines, exit_code(job), error=error)


async def _shown(session: ProjectSession, job: Job) -> dict[str, Any]:
    from tui_labeler.cli.shapes import shown_job
    from tui_labeler.engine.jobs.counts import counts_of

    return shown_job(job, session.store.state, await counts_of(session.store, job))


def job_lines(fields: dict[str, Any]) -> list[str]:
    """A job in words."""
    lines = [f"Job {fields['job_id']} ({fields['kind']}, {fields['model']}): {fields['state']}"]
    if fields["stage"]:
        lines.append(f"{fields['stage']}: {_share_done(fields)}")
    if fields["waits_until"]:
        until = clock(fields["waits_until"])
        lines.append(f"waiting until {until}: {fields['waits_for']} Then it goes on by itself.")
        lines.append("`job cancel` stops it and keeps what is done; `job resume` goes on later.")
    if fields["late"]:
        lines.append(late_words(fields["late"], fields["late_seconds"]))
    if fields["documents"]:
        waiting, hidden = fields["suggestions_to_review"], fields["suggestions_hidden"]
        back = f", {fields['suggestions_taken_back']:,} taken back" * bool(fields["suggestions_taken_back"])
        lines.append(
            f"{fields['done']:,} of {counted(fields['documents'], 'document')} labeled, "
            f"{counted(fields['text_records'], 'text record')}, "
            f"{counted(fields['suggestions'], 'suggestion')}"
            + (
                f" ({waiting:,} to review, {hidden:,} hidden by labels{back})"
                if fields["suggestions"]
                else ""
            )
            + f", {fields['seconds']:.1f} s"
        )
    used = usage_words(fields["usage"], fields["cost"])
    lines += [f"used: {used}"] if used else []
    lines += [charged] if (charged := charged_words(fields)) else []
    if fields["unaligned"]:
        lines.append(f"{fields['unaligned']:,} answered and not found in the text: left to place")
    lines += _unused_lines(fields["unused"])
    lines += failure_lines(fields["failed"])
    if fields["pid"]:
        lines.append(f"running as process {fields['pid']}")
    return lines


def _unused_lines(items: list[dict[str, Any]]) -> list[str]:
    if not items:
        return []
    documents = len({item["location"] for item in items})
    number = counted(sum(item["times"] for item in items), "answered item")
    lines = [f"{number} in {counted(documents, 'document')} could not be used"]
    lines += [f"not used: {item['location']}: {item['message']}" for item in items[:UNUSED_SHOWN]]
    if len(items) > UNUSED_SHOWN:
        lines.append(f"and {len(items) - UNUSED_SHOWN:,} more; --json lists them all")
    return lines


def _share_done(fields: dict[str, Any]) -> str:
    """Documents of an autolabeling job, percent of any other."""
    done, total = fields["done"], fields["total"]
    if fields["kind"] == "autolabel":
        return f"{done:,}/{total:,}"
    return f"{100 * done // total if total else 0} %"


# --- jobs -------------------------------------------------------------------------------------------


async def list_jobs(context: Context) -> Report:
    from tui_labeler.cli.shapes import shown_job
    from tui_labeler.engine.jobs.counts import count_suggestions

    async with context.project() as session:
        state = session.store.state
        jobs = await session.jobs.list()
        counts = await count_suggestions(state, jobs)
        items = [shown_job(job, state, counts[job.id]) for job in jobs]
        broken = await session.jobs.broken()
    items += [{"job_id": job_id, "error": error_fields(error)} for job_id, error in broken]
    page = context.page(items, "job_id")
    costs = any(_cost(item) for item in page["items"])
    rows = [
        [
            item["job_id"],
            item["kind"],
            item["model"] or "",
            *([_cost(item)] if costs else []),
            item["state"],
            _share_done(item),
            f"{len(item['failed']):,}",
            f"{item['suggestions']:,}",
            f"{item['suggestions_to_review']:,}",
            f"{item['suggestions_hidden']:,}",
            item["created"],
        ]
        if "error" not in item
        else [
            item["job_id"],
            "",
            "",
            *([""] if costs else []),
            "broken",
            "",
            "",
            "",
            "",
            "",
            item["error"]["message"],
        ]
        for item in page["items"]
    ]
    head = ["job", "kind", "model", *(["USD"] if costs else []), "state", "done", "failed"]
    head += ["suggestions", "to review", "hidden", "made"]
    return Report(page, table(head, rows) if rows else ["There is no job."], 1 if broken else 0)


def _cost(item: dict[str, Any]) -> str:
    """USD, or a sign that there is a cost and nobody knows how much; empty where there is none."""
    if not item.get("usage", {}).get("prompt_tokens") and not item.get("unanswered_requests"):
        return ""
    if item["cost"] is None:
        return "?"
    roughly = "~" if item["usage"].get("estimated_tokens") else ""
    return f"{roughly}{money(item['cost'])}{'+' if item.get('unanswered_requests') else ''}"


async def show(context: Context) -> Report:
    async with context.project() as session:
        job = await session.jobs.get(context.options.id)
        fields = await _shown(session, job)
        out = await session.jobs.perhaps_out(job.id) if job.state.is_over else 0
    lines = job_lines(fields)
    if out:
        lines.append(
            f"{counted(out, 'question')} may be out at the service as a batch: `job resume` collects it, "
            "`job cancel` stops it."
        )
    return Report({**fields, "at_service": out}, [*lines, *filter(None, (job.message, fields["hint"]))])


async def cancel(context: Context) -> Report:
    """A job that is over stays as it is, and that is no failure."""
    job_id = context.options.id
    async with context.project() as session:
        job = await session.jobs.cancel(job_id)
        if not job.state.is_over:
            job = await _ended(session, job)
        await session.refresh()
        fields = await _shown(session, job)
    return Report(fields, job_lines(fields))


async def _ended(session: ProjectSession, job: Job) -> Job:
    import asyncio

    try:
        async with asyncio.timeout(CANCEL_PATIENCE):
            async for state in session.jobs.follow(job.id):
                job = state
    except TimeoutError:
        return job
    return job


async def resume(context: Context) -> Report:
    return await _again(context, retry_failed=False)


async def retry(context: Context) -> Report:
    return await _again(context, retry_failed=True)


async def _again(context: Context, *, retry_failed: bool) -> Report:
    """A job that runs already is just followed."""
    from tui_labeler.cli.asking import new_budget
    from tui_labeler.cli.following import follow, interruptions

    job_id = context.options.id
    async with context.project() as session:
        going_on = session.jobs.retry if retry_failed else session.jobs.resume
        before = await session.jobs.get(job_id)
        budget = new_budget(context.options, before)
        if before.state.is_over:
            await _agree_again(context, session, before, budget, retry_failed=retry_failed)
        with interruptions() as asked:
            job = await going_on(job_id, budget=budget, scheduler=context.options.scheduler)
            if not context.options.detach:
                job = await follow(session, job, context.out, asked)
        return await job_report(session, job)


async def _agree_again(
    context: Context, session: ProjectSession, job: Job, budget: Budget | None, *, retry_failed: bool
) -> None:
    """Says where texts go. A budget is what was agreed to; without one, it is asked again."""
    from tui_labeler.cli.asking import agree
    from tui_labeler.engine.gpt.going_on import going_on

    resources = context.workbench.resources
    found = await going_on(session, resources, job, budget, retry_failed=retry_failed)
    if found is None:
        return
    if found.told is None:
        context.out.note(found.where)
        return
    expected = estimate_fields(found.told, found.terms.options)
    agree(context, found.terms, found.where, expected, asks=found.asks)


async def delete(context: Context) -> Report:
    job_id = context.options.id
    async with context.project() as session:
        gone = await session.jobs.delete(job_id)
    lines = [f"Job {job_id} is deleted; its suggestions stay."]
    lines += [quota_kept(gone.quota_kept)] if gone.quota_kept else []
    lines += [batches_going_on(gone.going_on)] if gone.going_on else []
    fields = {"job_id": job_id, "deleted": True, "quota_kept": gone.quota_kept}
    return Report({**fields, "going_on": list(gone.going_on)}, lines)
