"""The commands, one module a family."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tui_labeler.cli.context import Context
    from tui_labeler.cli.output import Report


def register(parsers: Any) -> None:
    """Adds every command, in the order in which ``--help`` lists them."""
    from tui_labeler.cli.commands import (
        adjudication,
        aml,
        autolabel,
        categories,
        demo,
        documents,
        evaluate,
        files,
        jobs,
        labels,
        models,
        opening,
        projects,
        readings,
        resources,
        review,
        serving,
        syncing,
        system,
        watching,
    )

    for family in (
        demo,
        opening,
        serving,
        projects,
        documents,
        syncing,
        labels,
        readings,
        adjudication,
        categories,
        models,
        evaluate,
        autolabel,
        watching,
        jobs,
        review,
        files,
        aml,
        resources,
        system,
    ):
        family.register(parsers)


def application(context: Context) -> Report:
    """``tui-labeler`` alone."""
    from tui_labeler.cli.commands.opening import start

    return start(context)
