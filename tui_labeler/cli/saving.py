"""Saving draft decisions before a command works with what is saved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_labeler.engine.wording import counted

if TYPE_CHECKING:
    import argparse

    from tui_labeler.cli.context import Context
    from tui_labeler.engine.session import ProjectSession


def add_saving(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--save", action="store_true", help="save your draft decisions first")


async def save_if_asked(context: Context, session: ProjectSession) -> int:
    """Saves drafts with ``--save``; returns how many wait, and says so."""
    if context.options.save:
        await session.labeling.save()
    drafts = session.labeling.drafts()
    if drafts:
        context.out.note(
            f"{counted(drafts, 'draft decision')} not saved yet, and left out; --save saves first."
        )
    return drafts
