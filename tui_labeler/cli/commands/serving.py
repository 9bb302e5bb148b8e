"""``serve``: the application in a browser."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tui_labeler.cli.output import Report
from tui_labeler.cli.parser import UsageError, add_command
from tui_labeler.engine.errors import InputError
from tui_labeler.this_machine import is_loopback

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tui_labeler.cli.context import Context

PORT = 8000
_PORTS = {"http": 80, "https": 443}
"""That browsers leave out."""
_LAST_PORT = 65_535


def register(parsers: Any) -> None:
    parser = add_command(
        parsers,
        "serve",
        serve,
        "show the application in a browser",
        details="Each window is a process of its own, with this home.\n"
        "Needs the extra of that name: `pip install 'tui-labeler[serve]'`.\n\n"
        "There is no password: whoever reaches the port labels in your name, and reads and writes files\n"
        "with your rights. Over SSH, leave the host as it is and forward the port:\n"
        "`ssh -L 8000:127.0.0.1:8000 server`.\n\n"
        "Browsers that ask for it by a name that is neither this machine's nor a number are refused: some\n"
        "page may have pointed that name here. `--public-url` gives the server a name.",
        examples="""
            tui-labeler serve
            tui-labeler serve --port 0
            tui-labeler serve --public-url https://labels.example.org
        """,
    )
    parser.add_argument("--host", default="127.0.0.1", help="where to listen (default: 127.0.0.1)")
    parser.add_argument(
        "--port", type=_port, default=PORT, metavar="N", help=f"0 for any that is free (default: {PORT})"
    )
    parser.add_argument(
        "--public-url",
        type=_address,
        metavar="URL",
        help="the address that people open, where another server stands before this one",
    )


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= _LAST_PORT:
        raise argparse.ArgumentTypeError(f"{text} is no port: they go to {_LAST_PORT}")
    return number


_port.__name__ = "whole number"


def _address(text: str) -> str:
    """As browsers write it, who compare it letter by letter: in small letters, without the usual port."""
    try:
        parts = urlsplit(text)
        name, port = parts.hostname or "", parts.port
        if not name.isascii():
            name = name.encode("idna").decode()
    except ValueError:
        name, port = "", None
    if not name or parts.scheme not in _PORTS:
        raise argparse.ArgumentTypeError(f"{text} is no address such as https://labels.example.org")
    where = f"[{name}]" if ":" in name else name
    if port not in (None, _PORTS[parts.scheme]):
        where += f":{port}"
    return parts._replace(netloc=where).geturl()


def command_line(home: Path, path: Sequence[str]) -> str:
    """A line for a shell that starts the application in ``home``; ``path`` is Python's own.

    The shell gives way to the program, so that what ends the one ends the other. Where this process does
    not look for modules in the folder it was started in, the application must not either.
    """
    here = "" in path or os.getcwd() in path  # noqa: PTH109 - as the interpreter puts it there
    argv = [sys.executable, *(() if here else ("-P",)), "-m", "tui_labeler", "--home", str(home)]
    return f"exec {shlex.join(argv)}"


async def serve(context: Context) -> Report:
    """Serves until it is interrupted. Raises ``UsageError`` without the extra, ``InputError`` for an
    address that can't be listened at."""
    from tui_labeler.cli.following import interruptions

    options = context.options
    if context.out.json:
        raise UsageError("`serve` has no --json.", hint="`tui-labeler --help` lists the commands that have.")
    try:
        from tui_labeler.cli.web_server import LabelerServer
    except ModuleNotFoundError as error:
        raise UsageError(
            f"`serve` needs the package {error.name or ''}, which is not installed.",
            hint="Install it: pip install 'tui-labeler[serve]'",
        ) from error
    server = LabelerServer(
        command_line(context.home, sys.path), options.host, options.port, public_url=options.public_url
    )

    def ready(port: int) -> None:
        name = f"[{options.host}]" if ":" in options.host else options.host
        context.out.note(f"The application is at {options.public_url or f'http://{name}:{port}'}")
        if not is_loopback(options.host):
            context.out.note(
                f"Warning: {options.host} can be reached from other machines. Whoever reaches port {port} "
                "labels in your name, and reads and writes files with your rights. There is no password."
            )
        context.out.note("ctrl+c ends it.")

    try:
        # textual-serve prints what a window's process had to say when it ended.
        with redirect_stdout(sys.stderr), interruptions() as over:
            await server.run(ready, over)
    except OSError as error:
        raise InputError(
            f"{options.host}, port {options.port}, can't be listened at: {error.strerror or error}",
            hint="Choose another with --port or --host; --port 0 takes any that is free.",
        ) from error
    except UnicodeError as error:
        raise InputError(
            f"{options.host} is no name of a machine.", hint="Choose another with --host."
        ) from error
    return Report({})
