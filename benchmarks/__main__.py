"""Runs the measurements and writes ``docs/benchmarks.md``: ``python -m benchmarks [NAME ...] [--quick]``.

With names only those run, and only their sections are written anew.
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import re
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.reasons import told, without
from benchmarks.report import markdown

NAMES = {
    "state": "State",
    "opening": "At the terminal: the program",
    "terminal": "At the terminal: the widgets",
    "idle": "At the terminal: while nobody presses a key",
    "slate": "At the terminal: beside SLATE",
    "jobs": "Jobs",
    "scale": "A hundred thousand documents",
    "cluster": "Labeling on a cluster",
    "models": "Trained models",
    "effort": "People's effort",
    "gpt": "Jobs for a deployment",
    "local_llm": "A language model on this machine",
    "blob": "Containers in Blob storage",
    "reading": "Label files that keep a reader busy",
    "kept": "Counted, not timed",
}
PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
HEAD = """# Measurements

Written by `make bench`; one section by `python -m benchmarks NAME`. A speed is judged as a ratio against a
limit or a peer of the same run, since machines are shared and noisy; absolute figures are for orientation.
What is not reached says so, and under its table why.
"""


def machine() -> str:
    """The size of the machine, in words."""
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {gigabytes:.0f} GiB, Python {platform.python_version()}"


def section(name: str, *, quick: bool) -> str:
    """Runs one module and gives its part of the page."""
    rows = importlib.import_module(f"benchmarks.{name}").run(quick=quick)
    flag = " --quick" if quick else ""
    day = datetime.now(UTC).date().isoformat()
    head = f"## {NAMES[name]}\n\n`python -m benchmarks.{name}{flag}`, {day}, {machine()}."
    return f"{head}\n\n{markdown(rows)}"


def sections(page: str) -> dict[str, str]:
    """The parts of a page by their heading."""
    parts = re.split(r"(?m)^(?=## )", page)[1:]
    return {part.partition("\n")[0].removeprefix("## "): without(part).strip() + "\n" for part in parts}


def page(known: dict[str, str]) -> str:
    """The whole page, from its sections by their heading."""
    parts = [known[title] for title in NAMES.values() if title in known]
    body = "\n".join(part + told(part) for part in parts)
    reached, missed = body.count("| yes |\n"), body.count("| **no** |\n")
    return f"{HEAD}\nTargets reached: {reached} of {reached + missed}.\n\n{body}"


def arguments() -> argparse.ArgumentParser:
    """What the command takes."""
    wide = max(map(len, NAMES))
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Runs the measurements and writes docs/benchmarks.md.\nWith names only those run, and "
        "only their sections are written anew.",
        epilog="\n".join(["names:", *(f"  {name:<{wide}}  {title}" for name, title in NAMES.items())]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", type=_known, metavar="NAME", help="which; all by default")
    parser.add_argument("--quick", action="store_true", help="smaller sizes")
    parser.add_argument("--reasons", action="store_true", help="measure nothing, tell the reasons anew")
    return parser


def _known(name: str) -> str:
    if name not in NAMES:
        raise argparse.ArgumentTypeError(f"there is no measurement {name!r}: {', '.join(NAMES)}")
    return name


def main() -> None:
    options = arguments().parse_args()
    known = sections(PAGE.read_text(encoding="utf-8")) if PAGE.exists() else {}
    if options.reasons:
        PAGE.write_text(page(known), encoding="utf-8")
        return
    for name in options.names or NAMES:
        known[NAMES[name]] = section(name, quick=options.quick)
        PAGE.write_text(page(known), encoding="utf-8")
        print(known[NAMES[name]])


if __name__ == "__main__":
    main()
