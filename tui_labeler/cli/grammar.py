"""The whole grammar of the command line: every command, in the order in which ``--help`` lists them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tui_labeler import __version__
from tui_labeler.cli.parser import Parser, examples_words, shared

if TYPE_CHECKING:
    import argparse

    from tui_labeler.cli.context import Context
    from tui_labeler.cli.output import Report


def build() -> argparse.ArgumentParser:
    """The whole grammar."""
    parser = Parser(
        prog="tui-labeler",
        description="Label text by keyboard, and have it labeled: by a model trained on your own labels,\n"
        "or with GPT. Without a command the application opens.",
        epilog=examples_words(
            """
            tui-labeler demo
            tui-labeler project create letters --kind ner --container ./letters --category Sender
            tui-labeler open letters
            tui-labeler train letters --model first --yes
            tui-labeler autolabel letters --model first --json
            tui-labeler accept letters --min-confidence 0.9
            tui-labeler export letters labels.json --format azure
            """
        )
        + "\n\nexit codes: 0 done; 1 done, but something failed (it is listed); 2 wrong use or bad input;\n"
        "  3 storage or another service refused; 4 refused by a rule (quota, budget, lock); 130 interrupted",
        parents=[shared(None)],
    )
    parser.add_argument("--version", action="version", version=f"tui-labeler {__version__}")
    parser.set_defaults(run=application)
    parsers = parser.add_subparsers(metavar="COMMAND", dest="command", parser_class=Parser)
    register(parsers)
    return parser


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
