"""The application itself."""

from __future__ import annotations

import os
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

from tui_labeler.cli.encoding import terminal_encoding
from tui_labeler.cli.output import Report
from tui_labeler.cli.parser import UsageError, add_command
from tui_labeler.collecting import Collecting
from tui_labeler.engine.errors import ContainerError, NotFoundError

if TYPE_CHECKING:
    from tui_labeler.cli.context import Context
    from tui_labeler.settings import Settings


FRAMES = 240
"""A second. Nothing is painted while nothing changes, whatever this is."""


def register(parsers: Any) -> None:
    parser = add_command(
        parsers,
        "open",
        open_project,
        "open a project in the application, right where you want to be",
        examples="""
            tui-labeler open contracts
            tui-labeler open contracts --document agreement01.txt
            tui-labeler open contracts --review
        """,
    )
    parser.add_argument("project", metavar="PROJECT", help="the project's name")
    parser.add_argument("--document", metavar="LOCATION", help="start at this document")
    parser.add_argument("--review", action="store_true", help="start with the review of suggestions")


def open_project(context: Context) -> Report:
    """``open``: refuses what is not there before the screen is taken."""
    import asyncio

    need_terminal(context)
    collecting = Collecting()
    options = context.options
    asyncio.run(_check(context))
    return start(
        context,
        project=options.project,
        document=options.document,
        review=options.review,
        collecting=collecting,
    )


async def _check(context: Context) -> None:
    if context.options.document is None:
        await context.workbench.find(context.options.project)
        return
    async with context.project() as session:
        try:
            session.documents.find(context.options.document)
        except NotFoundError as missing:
            # It may have come since the container was listed.
            try:
                await session.documents.sync()
            except ContainerError:
                raise missing from None
            session.documents.find(context.options.document)


def need_terminal(context: Context) -> None:
    """Raises ``UsageError`` where the application can't be shown."""
    if context.out.json:
        raise UsageError(
            "The application has no --json.", hint="`tui-labeler --help` lists the commands that have."
        )
    if not in_browser() and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            "The application needs a terminal, and there is none.",
            hint="Every job can be done by a command too: `tui-labeler --help` lists them.",
        )


def start(
    context: Context,
    *,
    project: str | None = None,
    document: str | None = None,
    review: bool = False,
    collecting: Collecting | None = None,
) -> Report:
    """Shows the application until the person leaves it.

    Raises ``LabelerError`` for what went wrong then, and whatever a fault of the program has raised in it.
    """
    need_terminal(context)
    collecting = collecting or Collecting()
    # Textual paints at most this often, and a key that changes two places may take two frames.
    os.environ.setdefault("TEXTUAL_FPS", str(FRAMES))
    from tui_labeler.app import LabelerApp
    from tui_labeler.assembly import workbench
    from tui_labeler.remembering import remember
    from tui_labeler.settings import read_settings, unknown_settings_note

    settings = read_settings(context.home)
    if note := unknown_settings_note(context.home):
        context.out.note(note)
    app = LabelerApp(
        workbench(context.home),
        open_project=project,
        document=document,
        review=review,
        theme=settings.theme,
        ascii_only=draws_ascii(settings),
        compact=settings.compact,
        bidi=settings.bidi,
        palette=settings.palette,
        tour=settings.tour and project is None,
        keys=settings.keys,
        sync_every=settings.sync_every,
        remember=partial(remember, context.home),
        collecting=collecting,
    )
    app.run()
    if app.fault is not None:
        raise app.fault  # the terminal is as it was before
    if app.parting_error is not None:
        raise app.parting_error
    return Report({}, code=app.return_code or 0)


def draws_ascii(settings: Settings) -> bool:
    """Whether the terminal's encoding, or the person, asks for ASCII rules and marks."""
    if settings.ascii is not None:
        return settings.ascii
    return not in_browser() and "utf" not in terminal_encoding()


def in_browser() -> bool:
    """Whether the process was started by `serve`, which draws in the place of a terminal."""
    return os.environ.get("TEXTUAL_DRIVER", "").endswith(":WebDriver")
