"""The program, started by the harness: it notes what was synced to the disk, and may have a fault.

``python -m tests.durability.whole.launched --ledger FILE [--fault NAME] -- ARGUMENTS``; the runners that it
starts are started so too.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from tests.durability.whole.faults import FAULTS
from tui_labeler import runner
from tui_labeler.cli import main as program
from tui_labeler.engine.adapters.launcher import ProcessLauncher


def note_syncs(ledger: Path) -> None:
    """Writes down each file of lines that was synced, with its size at that moment."""

    def noting(sync: Callable[[int], None]) -> Callable[[int], None]:
        def noted(descriptor: int) -> None:
            size = os.fstat(descriptor).st_size
            sync(descriptor)
            path = Path(f"/proc/self/fd/{descriptor}").readlink()
            if path.suffix == ".jsonl":
                line = json.dumps({"path": str(path), "size": size})
                with ledger.open("a", encoding="utf-8") as file:
                    file.write(f"{line}\n")

        return noted

    for name in ("fsync", "fdatasync"):
        vars(os)[name] = noting(vars(os)[name])


def command(ledger: Path, fault: str = "", *more: str) -> tuple[str, ...]:
    """How to start the program so."""
    faulty = ("--fault", fault) if fault else ()
    return (sys.executable, "-m", __spec__.name, "--ledger", str(ledger), *faulty, *more, "--")


def main(arguments: list[str]) -> int:
    """As the program's own ``main``, or the runner's."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--ledger", type=Path, required=True)
    parser.add_argument("--fault", choices=sorted(FAULTS), default="")
    parser.add_argument("--runner", action="store_true")
    at = arguments.index("--")
    given = parser.parse_args(arguments[:at])
    note_syncs(given.ledger)
    if given.fault:
        FAULTS[given.fault]()
    ProcessLauncher.program = command(given.ledger, given.fault, "--runner")
    return (runner.main if given.runner else program.main)(arguments[at + 1 :])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
