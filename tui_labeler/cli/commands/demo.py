"""``demo``: the sample projects in a home of their own."""

from __future__ import annotations

import argparse
import shlex
import sys
import time
from typing import TYPE_CHECKING, Any

from tui_labeler.cli.output import Report
from tui_labeler.cli.parser import add_command
from tui_labeler.cli.tables import percent
from tui_labeler.engine.wording import counted

if TYPE_CHECKING:
    from tui_labeler.cli.context import Context
    from tui_labeler.domain.jobs import Job
    from tui_labeler.engine.demo import DemoHome, DemoReport
    from tui_labeler.engine.session import ProjectSession

SAMPLES = ("contracts", "tickets")


def register(parsers: Any) -> None:
    parser = add_command(
        parsers,
        "demo",
        demo,
        "make the sample projects in a home of their own, and open them",
        details="Without a terminal, or with --headless: train, autolabel, review by rule, train again, "
        "export, and say what came of it. That runs on a new copy of the sample each time; projects that are "
        "there stay as they are.",
        examples="""
            tui-labeler demo
            tui-labeler demo --home ./demo --headless
            tui-labeler demo --sample tickets --json
        """,
    )
    parser.add_argument("--sample", choices=SAMPLES, default=SAMPLES[0], help="default: contracts")
    parser.add_argument("--headless", action="store_true", help="run the whole loop and print a summary")


def demo(context: Context) -> Report:
    """Opens the application on the sample, or runs the loop where nobody could see it."""
    import asyncio

    context = _in_a_home_of_its_own(context)
    headless = context.options.headless or context.out.json
    if headless or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return asyncio.run(_loop(context))
    asyncio.run(_prepare(context))
    from tui_labeler.cli.commands.opening import start

    return start(context, project=context.options.sample)


def _in_a_home_of_its_own(context: Context) -> Context:
    """Only ``--home`` names a home for the demo: the person's usual one stays as it is."""
    from tempfile import mkdtemp

    from tui_labeler.cli.context import Context

    if context.options.home is not None:
        return context
    home = mkdtemp(prefix="tui-labeler-demo-")
    context.out.note(f"The demo's home is {home}; open it again with: tui-labeler --home {home}")
    return Context(argparse.Namespace(**{**vars(context.options), "home": home}), context.out)


def _demo_home(context: Context) -> DemoHome:
    from tui_labeler.engine.demo import DemoHome
    from tui_labeler.samples import folder

    home = DemoHome(context.workbench, context.home, {name: folder(name) for name in SAMPLES})
    home.claim()
    return home


async def _prepare(context: Context) -> None:
    home = _demo_home(context)
    for name in SAMPLES:
        session = await home.project(name)
        await session.close()


async def _loop(context: Context) -> Report:
    from tui_labeler.cli.following import cancelled_by_sigterm

    with cancelled_by_sigterm():
        return await _whole_loop(context)


async def _whole_loop(context: Context) -> Report:
    from tui_labeler.cli.following import follow, interruptions
    from tui_labeler.engine.demo import run_loop

    began = time.monotonic()
    home = _demo_home(context)
    name = context.options.sample
    await (await home.project(name)).close()
    session = await home.copy(name)
    own = session.project.name
    context.out.note(f"The loop runs on {own}, a new copy; every other project of the home stays as it is.")
    done = False
    try:
        with interruptions() as asked:

            async def until_its_end(session: ProjectSession, job: Job) -> Job:
                job = await follow(session, job, context.out, asked)
                if asked.is_set():
                    raise KeyboardInterrupt
                return job

            report = await run_loop(
                session,
                home.gold(name),
                home.folder(own) / "labels.json",
                until_its_end,
                context.out.note,
            )
            done = True
    finally:
        await session.close()
        if not done:
            await home.discard(session)
    return _report(context, report, time.monotonic() - began)


def _report(context: Context, report: DemoReport, seconds: float) -> Report:
    precision = report.accepted_right / report.accepted if report.accepted else None
    keys = ("precision", "recall", "f1", "train_documents", "test_documents", "seconds")
    fields = {
        "project": report.project.name,
        "sample": context.options.sample,
        "kind": report.project.kind.short,
        "home": str(context.home),
        "model": report.model,
        "job": report.job,
        "documents": report.documents,
        "suggestions": report.suggestions,
        "accepted": report.accepted,
        "rejected": report.rejected,
        "checked_accepted": report.checked_accepted,
        "checked_rejected": report.checked_rejected,
        "accepted_right": report.accepted_right,
        "accepted_precision": None if precision is None else round(precision, 4),
        "rejected_wrong": report.rejected_wrong,
        "mistakes": dict(zip(("before", "after"), report.mistakes, strict=True)),
        "within_chance": report.within_chance,
        "before": {key: report.before[key] for key in keys},
        "after": {key: report.after[key] for key in keys},
        "exported": str(report.exported),
        "exported_labels": report.exported_labels,
        "seconds": round(seconds, 1),
    }
    return Report(fields, _summary(context, report, seconds))


def _program() -> str:
    """The program as a shell finds it: its name, or where it lies beside the Python that runs it."""
    from pathlib import Path
    from shutil import which

    beside = Path(sys.executable).with_name("tui-labeler")
    found = which("tui-labeler")
    if found is not None or not beside.exists():
        return "tui-labeler"
    here = Path.cwd()
    return shlex.quote(str(beside.relative_to(here) if beside.is_relative_to(here) else beside))


def _summary(context: Context, report: DemoReport, seconds: float) -> list[str]:
    def model(figures: Any) -> str:
        return (
            f"F1 {percent(figures['f1'])} (precision {percent(figures['precision'])}, recall "
            f"{percent(figures['recall'])}) on {counted(figures['test_documents'], 'test document')}, "
            f"trained on {figures['train_documents']} in {figures['seconds']:.1f} s"
        )

    first, second = report.mistakes
    compared = (
        f"{counted(first, 'mistake')}, then {second}, in {counted(report.test_labels, 'label')} of "
        f"{counted(report.after['test_documents'], 'test document')}"
    )
    if report.within_chance:
        compared += ": as good as the first, as far as so few can tell"
    right = f"{report.accepted_right} of {report.accepted}" if report.accepted else "none"
    return [
        f"The project {report.project.name}: {counted(report.labeled_before, 'labeled document')}, "
        f"{report.documents} without labels.",
        "",
        f"  first model     {model(report.before)}",
        f"  autolabeling    {counted(report.suggestions, 'suggestion')} in "
        f"{counted(report.documents, 'document')}",
        f"  review by rule  {report.accepted} accepted ({right} are right), {report.rejected} rejected "
        f"({report.rejected_wrong} of {report.rejected} are wrong)",
        f"  between         {report.checked_accepted} accepted, {report.checked_rejected} rejected, as the "
        "sample's full labels say: a person's part",
        f"  second model    {model(report.after)}",
        f"                  {compared}",
        f"  exported        {counted(report.exported_labels, 'label')} to {report.exported}",
        "",
        f"It took {seconds:.1f} s.",
        f"Look at it:       {_program()} --home {context.home} open {report.project.name}",
        f"Try it yourself:  {_program()} --home {context.home} open {context.options.sample}",
    ]
