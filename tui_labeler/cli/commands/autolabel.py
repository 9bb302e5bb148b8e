"""``autolabel``: documents chosen, what it would take, and the job that labels them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tui_labeler.cli.commands.documents import add_filter, document_filter
from tui_labeler.cli.commands.jobs import job_report
from tui_labeler.cli.commands.models import add_detach
from tui_labeler.cli.methods import (
    COSTS,
    add_method,
    budget_words,
    check_method,
    estimate_fields,
    estimate_words,
)
from tui_labeler.cli.output import Report
from tui_labeler.cli.parser import UsageError, add_command, positive
from tui_labeler.engine.wording import counted

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from tui_labeler.cli.context import Context
    from tui_labeler.domain.document_rows import DocumentRow
    from tui_labeler.engine.autolabelers.work import JobEstimate
    from tui_labeler.engine.jobs.jobs import Estimate
    from tui_labeler.engine.session import ProjectSession

ENGINES = ("local", "dask")


def register(parsers: Any) -> None:
    parser = add_command(
        parsers,
        "autolabel",
        autolabel,
        "have documents labeled by a trained model or with GPT, as suggestions",
        details="Without a choice of documents, the unlabeled ones. Interrupting the command cancels the "
        f"job; losing the terminal does not. {COSTS} Before it starts, a job for a deployment says what it "
        "takes and asks; without a terminal it needs --yes.",
        examples="""
            tui-labeler autolabel contracts --model first --dry-run
            tui-labeler autolabel contracts --model first --limit 100 --category Amount
            tui-labeler autolabel contracts --resource work --deployment gpt-4o --dry-run
            tui-labeler autolabel contracts --resource work --deployment gpt-4o --budget 2.50 --yes
            tui-labeler autolabel archive --model first --engine dask --scheduler tcp://10.0.0.5:8786
            ls letters | grep '\\.txt$' | tui-labeler autolabel letters --model first --documents-from -
        """,
    )
    parser.add_argument("project", metavar="PROJECT")
    add_method(parser)
    add_choice(parser, limit="the first N of them, by location")
    parser.add_argument(
        "--engine",
        choices=ENGINES,
        default="local",
        help="what works: this machine, or the workers of a Dask scheduler (docs/scaling.md)",
    )
    parser.add_argument("--scheduler", metavar="ADDRESS", help="of Dask, for instance tcp://10.0.0.5:8786")
    parser.add_argument("--dry-run", action="store_true", help="say what it would take, and start nothing")
    parser.add_argument("--yes", action="store_true", help="start without asking; a model never asks")
    add_detach(parser)


def add_choice(parser: argparse.ArgumentParser, *, limit: str) -> None:
    """Which documents, with which categories, and whether at once; ``limit`` says what ``--limit`` does."""
    parser.add_argument(
        "--batch", action="store_true", help="through the batch API: half the price, within 24 hours"
    )
    parser.add_argument(
        "--category", metavar="C", action="append", default=[], help="may be repeated (default: all)"
    )
    parser.add_argument("--document", metavar="LOCATION", action="append", default=[], help="may be repeated")
    add_filter(parser)
    parser.add_argument("--limit", type=positive, metavar="N", help=limit)
    parser.add_argument("--documents-from", metavar="FILE", help="one location a line; - for standard input")


async def autolabel(context: Context) -> Report:
    from tui_labeler.cli.following import follow, interruptions
    from tui_labeler.domain.jobs import Method
    from tui_labeler.engine.models.models import find_model

    options = context.options
    check_method(options)
    _check_engine(options)
    if options.resource is not None:
        return await _autolabel_with_gpt(context)
    if options.batch:
        raise UsageError("--batch goes with --resource, not with --model.", hint="Leave it out.")
    method = Method("model", model=options.model)
    async with context.project() as session:
        await find_model(session.models, options.model)
        categories = [session.categories.by_name(name).id for name in dict.fromkeys(options.category)]
        rows = await _chosen(context, session)
        estimate = await session.jobs.estimate(rows, method)
        names = options.category or [item.name for item in session.store.state.categories.values()]
        if options.dry_run or not rows:
            return _estimate_report(estimate, names, dry_run=options.dry_run)
        _check_quota(estimate, await session.quota.usage())
        with interruptions() as asked:
            job = await session.jobs.autolabel(rows, method, categories or None, scheduler=options.scheduler)
            if not options.detach:
                job = await follow(session, job, context.out, asked)
        return await job_report(session, job)


def _check_engine(options: argparse.Namespace) -> None:
    """Raises ``InputError`` where engine, scheduler and method do not fit."""
    from importlib.util import find_spec

    from tui_labeler.engine.jobs.requests import scheduler_option

    if options.engine == "local":
        if options.scheduler is not None:
            raise UsageError("--scheduler goes with --engine dask.", hint="Add it, or leave --scheduler out.")
        return
    if options.resource is not None:
        raise UsageError(
            f"--engine {options.engine} goes with --model, not with --resource.",
            hint="A deployment labels many documents through --batch.",
        )
    if options.scheduler is None:
        raise UsageError("--engine dask needs --scheduler ADDRESS.", hint="`dask scheduler` prints its own.")
    scheduler_option(options.scheduler)
    if find_spec("distributed") is None:
        raise UsageError(
            "Dask is not installed here.", hint="Install the extra: pip install 'tui-labeler[dask]'."
        )


async def _autolabel_with_gpt(context: Context) -> Report:
    from tui_labeler.cli.asking import agree, askable, asked_deployment, tried
    from tui_labeler.cli.following import follow, interruptions
    from tui_labeler.engine.gpt.preview import labeling_preview

    options = context.options
    async with context.project() as session:
        terms = await asked_deployment(context, batch=options.batch)
        categories = [session.categories.by_name(name).id for name in dict.fromkeys(options.category)]
        rows = await _chosen(context, session)
        names = options.category or [item.name for item in session.store.state.categories.values()]
        # Where nobody can agree, not even the tiny requests of a trial are sent.
        if rows and not options.dry_run:
            may_send = options.yes or context.out.can_ask
            terms = await tried(context, terms, agreed=options.yes) if may_send else askable(terms)
        told = await labeling_preview(session, rows, terms, categories or None)
        expected = estimate_fields(told, terms.options)
        if options.dry_run or not rows:
            estimate = await session.jobs.estimate(rows, terms.method)
            return _gpt_estimate_report(estimate, names, expected, terms.host, told, dry_run=options.dry_run)
        agree(context, terms, terms.where(counted(len(rows), "document"), told), expected)
        with interruptions() as interrupted:
            job = await session.jobs.autolabel(
                rows, terms.method, categories or None, gpt=terms.options, prices=terms.prices
            )
            if not options.detach:
                job = await follow(session, job, context.out, interrupted)
        report = await job_report(session, job)
        return replace(report, fields={**report.fields, "host": terms.host})


async def _chosen(context: Context, session: ProjectSession) -> list[DocumentRow]:
    """The documents to label, by location. Raises ``NotFoundError`` for one that is not there."""
    options = context.options
    return (await chosen_documents(session, options.filters, named_documents(options)))[: options.limit]


def named_documents(options: argparse.Namespace) -> list[str] | None:
    """Locations that were given one by one; ``None`` where none were asked for so."""
    if not options.document and options.documents_from is None:
        return None
    return [*options.document, *_locations(options.documents_from)]


async def chosen_documents(
    session: ProjectSession, filters: Sequence[str], named: Sequence[str] | None
) -> list[DocumentRow]:
    """Documents by location: those named, the filtered ones, or else the unlabeled.

    Raises ``NotFoundError`` for one that is not there.
    """
    filters = filters or (["unlabeled"] if named is None else [])
    rows = session.documents.select(await document_filter(session, filters))
    if named is not None:
        ids = {session.documents.find(location).id for location in named}
        rows = [row for row in rows if row.id in ids]
    return rows


def _locations(name: str | None) -> list[str]:
    from tui_labeler.cli.commands.files import read_file
    from tui_labeler.engine.errors import InputError

    if name is None:
        return []
    data = read_file(name).removeprefix(b"\xef\xbb\xbf")
    if b"\0" in data:
        raise InputError(f"{name} is not UTF-8: it holds zero bytes.", hint="One location a line, as UTF-8.")
    # The name of a file may hold other bytes: they are kept as on a command line.
    lines = data.decode("utf-8", "surrogateescape").split("\n")
    return [line.removesuffix("\r") for line in lines if line.strip()]


def _check_quota(estimate: Estimate, usage: Any) -> None:
    """Raises ``QuotaError`` that says what would fit."""
    from tui_labeler.engine.errors import QuotaError

    if estimate.left is None or estimate.needed <= estimate.left:
        return
    hint = "Wait for the next month, or change `quota` in the home's settings.toml (0: no limit)."
    if estimate.fits:
        documents = counted(estimate.documents, "document")
        hint = f"--limit {estimate.fits} would fit: the first {estimate.fits:,} of {documents}. {hint}"
    needed = counted(estimate.needed, "text record is", "text records are")
    raise QuotaError(
        f"{'about ' if estimate.unread else ''}{needed} needed and {estimate.left:,} of {usage.limit:,} are "
        f"left in {usage.month}.",
        hint=hint,
    )


def _gpt_estimate_report(
    estimate: Estimate,
    categories: Sequence[str],
    expected: dict[str, Any],
    host: str,
    told: JobEstimate,
    *,
    dry_run: bool,
) -> Report:
    """The same for a deployment, which takes tokens and no quota."""
    report = _estimate_report(estimate, categories, dry_run=dry_run)
    fields = {**report.fields, "host": host, "estimate": expected}
    if not estimate.documents:
        return replace(report, fields=fields)
    where = "nothing would be sent" if told.is_answered else f"their texts would be sent to {host}"
    lines = [
        f"{counted(estimate.documents, 'document')}, {_records(estimate)}, "
        f"categories: {', '.join(categories)}; {where}.",
        *_unread(estimate),
        f"It would take {estimate_words(expected)}.",
        *filter(None, [budget_words(expected)]),
        *expected["notes"],
        "Nothing was sent.",
    ]
    return Report(fields, lines)


def _records(estimate: Estimate) -> str:
    return ("about " if estimate.unread else "") + counted(estimate.text_records, "text record")


def _unread(estimate: Estimate) -> list[str]:
    if not estimate.unread:
        return []
    texts = counted(estimate.unread, "text was", "texts were")
    return [f"{texts} not read yet: the text records are the most that they can have. sync reads them."]


def _estimate_report(estimate: Estimate, categories: Sequence[str], *, dry_run: bool) -> Report:
    """What a job would take; without documents there is no job to start, and nothing left to do."""
    from tui_labeler.cli.shapes import job_not_started

    enough = estimate.left is None or estimate.needed <= estimate.left
    fields = {
        **job_not_started(documents=estimate.documents, text_records=estimate.text_records),
        "dry_run": dry_run,
        "unread_documents": estimate.unread,
        "categories": list(categories),
        "quota_needed": estimate.needed,
        "quota_left": estimate.left,
        "fits": estimate.fits,
        "enough": enough,
    }
    if not estimate.documents:
        return Report(fields, ["No document matches; there is nothing to label."])
    left = "no limit" if estimate.left is None else f"{estimate.left:,} left this month"
    lines = [
        f"{counted(estimate.documents, 'document')}, {_records(estimate)} "
        f"({left}), categories: {', '.join(categories)}.",
        *_unread(estimate),
        *([] if enough else [f"That is too much; --limit {estimate.fits} would fit."]),
        "Nothing was started.",
    ]
    return Report(fields, lines)
