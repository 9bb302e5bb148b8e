"""What the grammars of all commands are made of.

Only argparse and plain values are imported here, so that ``--help`` answers at once; what a command
needs to do its work it imports when it is run.
"""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, NoReturn

from tui_labeler.engine.errors import InputError

if TYPE_CHECKING:
    from tui_labeler.cli.context import Context
    from tui_labeler.cli.output import Report

Run = Callable[["Context"], "Coroutine[Any, Any, Report] | Report"]
"""A command's work."""


class UsageError(InputError):
    """The command line itself is wrong."""

    title = "Wrong use"
    code = "usage"


FORMATS = "{formats}"
"""Stands for the names of all label formats in a help text; they are loaded when it is shown."""


class Formatter(argparse.RawDescriptionHelpFormatter):
    """Help that names the label formats, in paragraphs as wide as the terminal; indented lines stay."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n\n".join(
            paragraph
            if "\n  " in paragraph
            # An option or a path that is cut at its hyphen could not be copied.
            else textwrap.fill(paragraph, width, break_on_hyphens=False, break_long_words=False)
            for paragraph in text.split("\n\n")
        )

    def _get_help_string(self, action: argparse.Action) -> str | None:
        if action.help is None or FORMATS not in action.help:
            return action.help
        from tui_labeler.engine import formats

        return action.help.replace(FORMATS, ", ".join(formats.FORMATS))


class Parser(argparse.ArgumentParser):
    """Raises ``UsageError`` instead of ending the program; takes no abbreviated options."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("formatter_class", Formatter)
        super().__init__(allow_abbrev=False, **kwargs)

    def error(self, message: str) -> NoReturn:
        raise UsageError(message, hint=f"`{self.prog} --help` shows how it is used.")


def shared(default: Any = argparse.SUPPRESS) -> argparse.ArgumentParser:
    """The options that stand before or after a command's name.

    A command's own copy has no defaults: they would cover what stood before its name.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    group = parser.add_argument_group("options of every command")
    group.add_argument(
        "--home", metavar="DIR", default=default, help="where state lives (default: $TUI_LABELER_HOME)"
    )
    group.add_argument(
        "--json",
        action="store_true",
        default=default if default is argparse.SUPPRESS else False,
        help="print one JSON document on standard output, and nothing else there",
    )
    group.add_argument(
        "--progress",
        choices=("auto", "jsonl", "none"),
        default=default if default is argparse.SUPPRESS else "auto",
        help="progress on standard error: a bar, JSON Lines, or none",
    )
    return parser


def add_command(
    parsers: Any, name: str, run: Run, summary: str, *, examples: str = "", details: str = ""
) -> argparse.ArgumentParser:
    """Adds a command; ``examples`` are lines of ``tui-labeler ...``."""
    parser: argparse.ArgumentParser = parsers.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.{' ' if details else ''}{details}",
        epilog=examples_words(examples),
        parents=[shared()],
    )
    parser.set_defaults(run=run)
    return parser


def add_group(parsers: Any, name: str, summary: str) -> Any:
    """Adds a command that has commands of its own, and returns where to add those."""
    parser = parsers.add_parser(
        name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.", parents=[shared()]
    )
    return parser.add_subparsers(
        metavar="COMMAND", dest=f"{name}_command", required=True, parser_class=Parser
    )


def add_paging(parser: argparse.ArgumentParser, key: str) -> None:
    """``--limit`` and ``--after``, for commands that list."""
    parser.add_argument("--limit", type=positive, metavar="N", help="list at most N")
    parser.add_argument("--after", metavar="KEY", help=f"go on behind the one with this {key}")


def positive(text: str) -> int:
    """A whole number from 1 on."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return number


def not_negative(text: str) -> int:
    """A whole number from 0 on."""
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{text} is less than 0")
    return number


# argparse names the type in its message when the text is no number at all.
positive.__name__ = "whole number"
not_negative.__name__ = "whole number"


def examples_words(lines: str) -> str:
    """The end of a help text; empty without lines."""
    found = [line.strip() for line in lines.strip().splitlines()]
    return "examples:\n" + "\n".join(f"  {line}" for line in found) if found else ""
