"""The real program in a real pseudo-terminal (120x40): first usable screen, memory, and what keys cost.

``python -m benchmarks.opening [--quick]``
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import long_text
from benchmarks.report import Row, print_rows
from benchmarks.state import SIZES, project, texts
from benchmarks.terminal import CHARACTERS, LABELS, Cost, Terminal

COMMAND = "python -m benchmarks.opening"
PROGRAM = [sys.executable, "-m", "tui_labeler"]
TARGETS = {100: (1.2, 120), 100_000: (2.5, 400)}
"""Seconds and megabytes by number of documents."""
KEYS = 200


def resident_megabytes(pid: int) -> float:
    """Source: proc(5), ``VmRSS``."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    lines = dict(line.split(":", 1) for line in status.splitlines())
    return int(lines["VmRSS"].split()[0]) / 1024


def opened(home: Path, count: int) -> tuple[float, float]:
    """Seconds until the first document is drawn and a key is answered, and megabytes then."""
    began = time.perf_counter()
    with Terminal([*PROGRAM, "--home", str(home), "open", f"size-{count}"]) as terminal:
        terminal.wait_for(b"document-000000")
        if not terminal.press("l").sent:
            raise TimeoutError("no key was answered")
        seconds = time.perf_counter() - began
        terminal.settle(0.3)
        return seconds, resident_megabytes(terminal.pid)


def opening_rows(base: Path, count: int) -> list[Row]:
    runs = [opened(base / f"home-{count}", count) for _ in range(3)]
    seconds = statistics.median(run[0] for run in runs)
    megabytes = max(run[1] for run in runs)
    limit = TARGETS.get(count)
    target = f"≤ {limit[0]} s, ≤ {limit[1]} MB" if limit else ""
    reached = seconds <= limit[0] and megabytes <= limit[1] if limit else None
    what = f"first usable screen, {count:,} documents"
    return [Row(what, COMMAND, f"{seconds:.2f} s, {megabytes:.0f} MB", target, reached)]


def help_row() -> Row:
    times = []
    for _ in range(7):
        began = time.perf_counter()
        subprocess.run([*PROGRAM, "--help"], check=True, capture_output=True)
        times.append(time.perf_counter() - began)
    seconds = statistics.median(times)
    return Row("--help", COMMAND, f"{seconds:.2f} s", "≤ 0.5 s", seconds <= 0.5)


def key_rows(home: Path, count: int) -> tuple[list[Row], list[Cost]]:
    """Keys of the labeling screen, in the text and in the list; what those in the list cost."""
    with Terminal([*PROGRAM, "--home", str(home), "open", f"size-{count}"]) as terminal:
        terminal.wait_for(b"document-000000")
        terminal.settle(0.5)
        moves = [terminal.press(key) for key in "wwlljhbwkjlwhk" * (KEYS // 14)]
        ends = SIZES[0] - 1
        following = [terminal.press(key) for key in "]" * ends + "[" * ends]
    with Terminal([*PROGRAM, "--home", str(home), "open", f"size-{count}"]) as terminal:
        terminal.wait_for(b"document-000000")
        terminal.settle(0.5)
        terminal.press("D")
        # Both sizes go as far: to the last row of the smaller one, and back.
        down = [terminal.press(key) for key in "j" * ends + "k" * ends]
    return [
        _row(f"text, cursor moves, {count:,} documents", moves, 600, 25),
        _row(f"next document, {count:,} documents", following, 16_000, 100, most=True),
        _row(f"list, down and up and scrolling, {count:,} documents", down, 1_500, 100),
    ], down


def list_row(few: list[Cost], many: list[Cost]) -> Row:
    """The list of the most documents beside that of the fewest."""
    sent = sum(cost.sent for cost in many) / sum(cost.sent for cost in few)
    middle = [statistics.median(cost.milliseconds for cost in costs) for costs in (many, few)]
    slower = middle[0] / middle[1]
    return Row(
        f"list of {SIZES[-1]:,} documents beside {SIZES[0]:,}: down and up and scrolling",
        COMMAND,
        f"{sent:.2f} of the bytes, {slower:.2f} of the time (medians {middle[0]:.0f} and {middle[1]:.0f} ms)",
        "≤ 1.1 of the bytes, ≤ 1.5 of the time",
        sent <= 1.1 and slower <= 1.5,
    )


def long_rows(base: Path, count: int) -> list[Row]:
    """The same in one very long document; decisions are on disk before they are drawn."""
    asyncio.run(long_text.long_project(base))
    command = [*PROGRAM, "--home", str(base / "home-long"), "open", long_text.NAME]
    with Terminal([*command, "--document", long_text.LONG]) as terminal:
        terminal.wait_for(long_text.LONG.encode())
        terminal.settle(0.5)
        seconds = statistics.median(long_text.opened(terminal))
        costs = long_text.keys(terminal, count)
    what = f"a document of {CHARACTERS:,} characters with {LABELS:,} labels and suggestions"
    found = [Row(f"{what} opens", COMMAND, f"{seconds:.2f} s", "≤ 0.3 s", seconds <= 0.3)]
    for name, (most_bytes, most_milliseconds) in long_text.TARGETS.items():
        found.append(_row(f"{what}: {name}", costs[name], most_bytes, most_milliseconds))
    pages = f"{what}: {long_text.PAGES}"
    found.append(_row(pages, costs[long_text.PAGES], *long_text.PAGES_TARGET, most=True))
    back = _row(f"{what}: {long_text.TAKEN_BACK}", costs[long_text.TAKEN_BACK], 0, 0)
    return [*found, back._replace(target="", reached=None)]


def usual_row(base: Path) -> Row:
    """Decisions in documents of a page."""
    asyncio.run(long_text.usual_project(base))
    with Terminal([*PROGRAM, "--home", str(base / "home-long"), "open", long_text.USUAL]) as terminal:
        terminal.wait_for(b"usual-00")
        terminal.settle(0.5)
        costs = long_text.usual_decisions(terminal)
    return _row(f"a usual document: {long_text.DECISION}", costs, *long_text.DECISION_TARGET)


def _row(
    what: str, costs: list[Cost], most_bytes: int, most_milliseconds: float, *, most: bool = False
) -> Row:
    middle, highest = statistics.median(cost.sent for cost in costs), max(cost.sent for cost in costs)
    p95 = statistics.quantiles([cost.milliseconds for cost in costs], n=20)[-1]
    figure = f"{middle:.0f} B median, {highest} B most, p95 {p95:.0f} ms over {len(costs)} keys"
    target = f"≤ {most_bytes} B {'most' if most else 'median'}, p95 ≤ {most_milliseconds} ms"
    judged = highest if most else middle
    return Row(what, COMMAND, figure, target, judged <= most_bytes and p95 <= most_milliseconds)


def run(*, quick: bool = False) -> list[Row]:
    sizes = SIZES[:2] if quick else SIZES
    os.environ["TUI_LABELER_NAME"] = "bench"
    rows = [help_row()]
    with tempfile.TemporaryDirectory(prefix="bench-opening-") as name:
        base = Path(name)
        for count in sizes:
            texts(count, base / f"texts-{count}")
            asyncio.run(project(base / f"home-{count}", base / f"texts-{count}", count))
            rows += opening_rows(base, count)
        costs = []
        for count in (sizes[0], sizes[-1]):
            found, down = key_rows(base / f"home-{count}", count)
            rows += found
            costs.append(down)
        rows += [] if quick else [list_row(*costs)]
        rows.append(usual_row(base))
        rows += long_rows(base, KEYS // 5 if quick else KEYS)
    return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    print_rows(run(quick=parser.parse_args().quick))
