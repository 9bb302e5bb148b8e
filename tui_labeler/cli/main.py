"""``tui-labeler``: reads the command line, runs one command, prints what came of it."""

from __future__ import annotations

import signal
import sys
import threading
from contextlib import contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tui_labeler.cli.context import Context
from tui_labeler.cli.grammar import build
from tui_labeler.cli.output import FaultError, InterruptionError, Output, Report
from tui_labeler.engine.errors import LabelerError
from tui_labeler.last_resort import WHAT_TO_DO, guard_loggers, said_by, traceback_of

if TYPE_CHECKING:
    import argparse
    from collections.abc import Coroutine, Iterator, Sequence

    from tui_labeler.cli.parser import Run


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    out = _early(arguments)
    try:
        with _interrupted_by_sigterm():
            options = build().parse_args(arguments)
            out.json, out.progress = options.json, options.progress
            report = _run(options, out)
            out.report(report)
    except LabelerError as error:
        return _refuse(out, error)
    except SystemExit as ending:  # --help and --version end this way
        return int(ending.code or 0)
    except KeyboardInterrupt:
        ended = InterruptionError(
            "The command was ended before its work was done.",
            hint="Run it again. What was done until then is in `tui-labeler history`, jobs in `jobs`.",
        )
        return _refuse(out, ended)
    except Exception as error:  # noqa: BLE001 - the last resort: Python's own would show what stands in it
        out.traceback(traceback_of(error))
        return _refuse(out, FaultError(said_by(error), hint=WHAT_TO_DO))
    return report.code


@contextmanager
def _interrupted_by_sigterm() -> Iterator[None]:
    """SIGTERM raises ``KeyboardInterrupt``, as SIGINT does, where the caller has not chosen otherwise."""
    before = signal.getsignal(signal.SIGTERM)
    if threading.current_thread() is not threading.main_thread() or before is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _run(options: argparse.Namespace, out: Output) -> Report:
    """Raises ``KeyboardInterrupt`` when the command was cancelled."""
    run: Run = options.run
    import asyncio

    from tui_labeler.cli.following import cancelled_by_sigterm

    guard_loggers()

    async def to_its_end(work: Coroutine[Any, Any, Report]) -> Report:
        with cancelled_by_sigterm():
            return await work

    try:
        found = run(Context(options, out))
        return found if isinstance(found, Report) else asyncio.run(to_its_end(found))
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


def _early(arguments: Sequence[str]) -> Output:
    """How to print before the command line is understood, as far as it can be guessed."""
    before = arguments[: arguments.index("--")] if "--" in arguments else arguments
    jsonl = "--progress=jsonl" in before or ("--progress", "jsonl") in pairwise(before)
    return Output("--json" in before, "jsonl" if jsonl else "auto")


def _refuse(out: Output, error: LabelerError) -> int:
    try:
        out.error(error)
    except LabelerError as second:  # standard output itself can't be written
        Output().error(second)
        return second.exit_code
    return error.exit_code
