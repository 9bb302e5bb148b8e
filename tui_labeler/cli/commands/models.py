"""Trained models: train, list, show, delete."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tui_labeler.cli.output import Report, error_fields
from tui_labeler.cli.parser import UsageError, add_command, add_group, add_paging, not_negative
from tui_labeler.cli.saving import add_saving, save_if_asked
from tui_labeler.cli.tables import percent, table
from tui_labeler.engine.wording import JOB_STATES, counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_labeler.cli.context import Context
    from tui_labeler.domain.jobs import Job
    from tui_labeler.domain.models import TrainOptions
    from tui_labeler.engine.session import ProjectSession

TEST_PERCENT = 20


def register(parsers: Any) -> None:
    _register_train(parsers)
    parser = add_command(parsers, "models", list_models, "list a project's trained models")
    parser.add_argument("project", metavar="PROJECT")
    add_paging(parser, "model")
    group = add_group(parsers, "model", "show and delete trained models")
    parser = add_command(group, "show", show, "show how well a model does, and what would make it better")
    parser.add_argument("project", metavar="PROJECT")
    parser.add_argument("model", metavar="NAME")
    parser = add_command(group, "delete", delete, "delete a model; suggestions it made stay")
    parser.add_argument("project", metavar="PROJECT")
    parser.add_argument("model", metavar="NAME")
    parser.add_argument("--yes", action="store_true", help="do it without asking")


def _register_train(parsers: Any) -> None:
    parser = add_command(
        parsers,
        "train",
        train,
        "train a model on the saved labels",
        details="Suggestions that were not accepted are deleted when a model is trained.",
        examples="""
            tui-labeler train contracts --model first --yes
            tui-labeler train contracts --model first --split manual --json --yes
        """,
    )
    parser.add_argument("project", metavar="PROJECT")
    parser.add_argument("--model", metavar="NAME", required=True)
    parser.add_argument(
        "--label-origin",
        choices=("here", "aml"),
        default="here",
        help="whose labels: this project's own as they are (default), or the latest of Azure Machine "
        "Learning, taken in first",
    )
    parser.add_argument(
        "--split", choices=("auto", "manual"), default="auto", help="at random, or by each document's set"
    )
    parser.add_argument(
        "--test-percent",
        type=_share,
        metavar="N",
        help=f"with --split auto: the share to test with (default: {TEST_PERCENT})",
    )
    parser.add_argument("--seed", type=not_negative, default=0, metavar="N", help="of the split (default: 0)")
    parser.add_argument(
        "--features",
        choices=("auto", "words", "embeddings"),
        default="auto",
        help="what a model of classes may go by: words alone; or sentence embeddings too, where they do "
        "better (extra `embeddings`); auto (default): embeddings in English projects where the extra is here",
    )
    parser.add_argument(
        "--yes", action="store_true", help="delete open suggestions, overwrite a model, without asking"
    )
    add_saving(parser)
    add_detach(parser)


def add_detach(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--detach", action="store_true", help="start the job and do not wait for its end")


def _share(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 99:
        raise argparse.ArgumentTypeError(f"{text} % is no share; choose 1 to 99")
    return number


_share.__name__ = "whole number"


async def train(context: Context) -> Report:
    from tui_labeler.cli.following import follow, interruptions
    from tui_labeler.domain.models import Features, LabelOrigin, Split, TrainOptions
    from tui_labeler.engine.models.models import check_model_name

    chosen = context.options
    check_model_name(chosen.model)
    if chosen.split == "manual" and chosen.test_percent is not None:
        raise UsageError(
            "--test-percent goes with --split auto; a manual split goes by each document's set.",
            hint="Leave it out, or move documents with `document set --dataset`.",
        )
    async with context.project() as session:
        drafts = await save_if_asked(context, session)
        taken = await _take_in(context, session) if chosen.label_origin == "aml" else None
        overwrite = await session.training.exists(chosen.model)
        options = TrainOptions(
            chosen.model,
            Split(chosen.split),
            TEST_PERCENT if chosen.test_percent is None else chosen.test_percent,
            chosen.seed,
            overwrite=overwrite,
            label_origin=LabelOrigin(chosen.label_origin),
            features=Features(chosen.features),
        )
        options = session.training.adjusted(options)
        await _consent(context, session, options)
        with interruptions() as asked:
            job = await session.training.start(options)
            if not chosen.detach:
                job = await follow(session, job, context.out, asked)
        report = result_report(session, job, drafts)
    origin = {"label_origin": chosen.label_origin, "imported": taken, "sets_ignored": options.ignore_sets}
    return replace(report, fields={**report.fields, **origin})


async def _take_in(context: Context, session: ProjectSession) -> dict[str, Any]:
    """The latest labels of Azure Machine Learning, before anything is learned; what came of it."""
    from tui_labeler.cli.commands.aml import handing_over, taken_fields, taken_lines

    taken = await handing_over(session).import_labels(doing=context.out.note)
    for line in taken_lines(taken):
        context.out.note(line)
    return taken_fields(taken)


async def _consent(context: Context, session: ProjectSession, options: TrainOptions) -> None:
    """Says what is learned from, and asks before something is lost.

    What can't be trained anyway is left to the engine to refuse.
    """
    from tui_labeler.engine.jobs.training import plan_of

    preview = await session.training.preview()
    if not preview.labels:
        return
    plan = plan_of(await session.training.check(), options)
    for words in plan.words:
        context.out.note(words)
    losses = []
    if preview.deleted_suggestions:
        losses.append(f"deletes {counted(preview.deleted_suggestions, 'suggestion')} not accepted")
    if options.overwrite:
        losses.append(f"overwrites the model {options.model}")
    if losses:
        context.out.consent(f"Training {' and '.join(losses)}.", yes=context.options.yes)


def result_report(session: ProjectSession, job: Job, drafts: int) -> Report:
    """What a training or evaluation found; the job alone when it found nothing, or runs on."""
    from tui_labeler.cli.following import exit_code, job_error
    from tui_labeler.cli.shapes import job_item

    item = job_item(job, session.store.state)
    found = item.pop("result", {})
    fields = {
        **(found or item),
        "job_id": job.id,
        "state": job.state.value,
        "drafts_pending": drafts,
    }
    fields.setdefault("seconds", job.seconds)
    return Report(fields, _result_lines(job, fields), exit_code(job), error=job_error(job))


FAILURES_SHOWN = 20
"""Documents that failed; --json lists all."""


def failure_lines(failed: Sequence[dict[str, str]]) -> list[str]:
    """Each document that failed, with its reason."""
    lines = [f"failed: {item['location']}: {item['message']}" for item in failed[:FAILURES_SHOWN]]
    more = len(failed) - FAILURES_SHOWN
    return [*lines, f"and {more:,} more; --json lists them all"] if more > 0 else lines


def _result_lines(job: Job, fields: dict[str, Any]) -> list[str]:
    failed = failure_lines(fields.get("failed", ()))
    if "f1" in fields:
        return [
            *performance_lines(fields),
            *(["", *failed] if failed else []),
            *(
                [f"Deleted: {counted(fields['deleted_suggestions'], 'suggestion')} not accepted."]
                if fields.get("deleted_suggestions")
                else []
            ),
        ]
    return [f"Job {job.id} {JOB_STATES[job.state]}.", *failed]


def performance_lines(fields: dict[str, Any]) -> list[str]:
    """Precision, recall and F1 for people, with what surrounds them."""
    lines = [
        f"{fields['model']}: precision {percent(fields['precision'])}, recall {percent(fields['recall'])}, "
        f"F1 {percent(fields['f1'])}"
        if fields["f1"] is not None
        else f"{fields['model']}: not measured, for there was no label to compare with"
    ]
    if fields.get("failed"):
        lines.append(
            f"over {fields['documents']:,} of {counted(fields['chosen'], 'document')}: "
            f"{len(fields['failed']):,} failed, listed below"
        )
    interval = fields["intervals"]["f1"] if "intervals" in fields else ()
    if interval is None:
        lines.append("There are too few documents to say how far off these figures may be.")
    elif interval:
        lines.append(
            f"F1 lies between {percent(interval[0])} and {percent(interval[1])} (95 % interval over "
            f"{counted(fields['documents'], 'document')})"
        )
    if "train_documents" in fields:
        lines.append(
            f"trained on {counted(fields['train_documents'], 'document')} and tested on "
            f"{fields['test_documents']:,}, in {fields['seconds']:.1f} s"
        )
    if "embeddings" in fields.get("features", ()):
        lines.append(f"goes by {' and '.join(fields['features'])}: it needs the extra `embeddings` to label")
    left_out = fields.get("left_out", {})
    if any(left_out.values()):
        lines.append(
            f"left out: {counted(left_out['training'], 'document')} that the model learned from, "
            f"{left_out['accepted']:,} with accepted suggestions"
        )
    lines += [f"warning: {warning}" for warning in fields.get("warnings", [])]
    rows = [
        [name, *(percent(figures[key]) for key in ("precision", "recall", "f1")), f"{figures['support']:,}"]
        for name, figures in fields["per_category"].items()
    ]
    lines += ["", *table(["category", "precision", "recall", "F1", "labels tested"], rows)]
    lines += ["", *calibration_lines(fields.get("calibration"))]
    advice = fields.get("guidance", [])
    return [*lines, *([""] if advice else []), *(f"{item['category']}: {item['advice']}" for item in advice)]


def calibration_lines(figures: dict[str, Any] | None) -> list[str]:
    """Confidence against correctness for people; ``None`` where it was not measured."""
    if figures is None:
        return ["confidence against correctness: not measured"]
    rows = [
        [
            f"{percent(one['lowest'])} to {percent(one['highest'])}",
            f"{one['predictions']:,}",
            percent(one["confidence"]),
            percent(one["right"]),
        ]
        for one in figures["bins"]
    ]
    error = percent(figures["expected_calibration_error"])
    return [
        f"confidence against correctness: expected calibration error {error} over "
        f"{counted(figures['predictions'], 'prediction')}; "
        f"mean confidence {percent(figures['confidence'])}, right {percent(figures['right'])}",
        *table(["confidence", "predictions", "mean", "right"], rows),
    ]


async def list_models(context: Context) -> Report:
    from tui_labeler.engine.models.figures import figures

    async with context.project() as session:
        items = [figures(card, session.store.state) for card in await session.models.list()]
        broken = await session.models.broken()
    items += [{"model": name, "error": error_fields(error)} for name, error in broken]
    page = context.page(items, "model")
    rows = [
        [
            item["model"],
            *(percent(item[key]) for key in ("precision", "recall", "f1")),
            f"{item['train_documents']:,}",
            f"{item['test_documents']:,}",
            item["created"],
        ]
        if "error" not in item
        else [item["model"], "", "", "", "", "", item["error"]["message"]]
        for item in page["items"]
    ]
    head = ["model", "precision", "recall", "F1", "trained on", "tested on", "made"]
    lines = table(head, rows) if rows else ["There is no model yet: `tui-labeler train` makes one."]
    return Report(page, lines, 1 if broken else 0)


async def show(context: Context) -> Report:
    from tui_labeler.engine.models.figures import figures
    from tui_labeler.engine.models.models import find_model

    async with context.project() as session:
        card = await find_model(session.models, context.options.model)
        fields = figures(card, session.store.state)
    return Report(fields, performance_lines(fields))


async def delete(context: Context) -> Report:
    from tui_labeler.engine.models.models import find_model

    options = context.options
    async with context.project() as session:
        if not await session.training.exists(options.model):
            await find_model(session.models, options.model)  # says which there are
        await session.training.check_unused(options.model)
        context.out.consent(f"Deleting the model {options.model} can't be undone.", yes=options.yes)
        await session.training.delete(options.model)
    return Report({"model": options.model, "deleted": True}, [f"The model {options.model} is deleted."])
