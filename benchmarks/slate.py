"""SLATE beside this program: the same text, the same words labeled, in one run.

``python -m benchmarks.slate [--quick]``. Both run in a pseudo-terminal (120x40, ``TERM=xterm-256color``) and
are sent one key at a time. Source of the peer: https://github.com/jkkummerfeld/slate (PyPI ``slate-nlp``).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.report import Row, print_rows
from benchmarks.state import WORDS
from benchmarks.terminal import Cost, Terminal

COMMAND = "python -m benchmarks.slate"
LINES = 5000
LABELS = 5000
WORDS_A_LINE = 14
PROGRAM = [sys.executable, "-m", "tui_labeler"]
MOVES = {"SLATE": ";;oj;ij;;oji", "this program": "wwjbwkbwwjbk"}
"""A word on or back, a line down or up: the same walk, which nothing scrolls."""
DECISION = {"SLATE": (" ", "a"), "this program": ("v", "1")}
"""Label the word at the cursor with the first category."""
ON = {"SLATE": ";", "this program": "w"}


def lines(count: int) -> list[list[str]]:
    """Seeded words, line by line."""
    generator = random.Random(11)
    return [generator.choices(WORDS, k=WORDS_A_LINE) for _ in range(count)]


def labeled_words(text: list[list[str]], count: int) -> list[tuple[int, int]]:
    """Line and number of the words that are labeled, spread over the text."""
    places = [(line, word) for line in range(len(text)) for word in range(WORDS_A_LINE)]
    return sorted(random.Random(13).sample(places, count))


@contextmanager
def slate(base: Path, text: list[list[str]], labels: Sequence[tuple[int, int]]) -> Iterator[Terminal]:
    """SLATE with the text open."""
    folder = Path(tempfile.mkdtemp(dir=base))
    (folder / "text.txt").write_text("".join(" ".join(line) + "\n" for line in text), encoding="ascii")
    known = "".join(f"({line}, {word}) - label:s\n" for line, word in labels)
    (folder / "text.txt.annotations").write_text(known, encoding="ascii")
    command = [sys.executable, "-m", "slate", str(folder / "text.txt"), "-o", "-l", str(folder / "log")]
    with Terminal(command) as terminal:
        terminal.wait_for(text[5][0].encode())
        terminal.settle(0.5)
        yield terminal


@contextmanager
def ours(base: Path, text: list[list[str]], labels: Sequence[tuple[int, int]]) -> Iterator[Terminal]:
    """This program with the text open, the list of documents and the pane of categories beside it."""
    folder = Path(tempfile.mkdtemp(dir=base))
    (folder / "texts").mkdir()
    rows = [" ".join(line) + "\n" for line in text]
    (folder / "texts" / "text.txt").write_text("".join(rows), encoding="ascii")
    starts = [0]
    for row in rows:
        starts.append(starts[-1] + len(row))
    spans = []
    for line, word in labels:
        start = starts[line] + sum(len(one) + 1 for one in text[line][:word])
        spans.append({"category": "Second", "offset": start, "length": len(text[line][word])})
    region = {"regionOffset": 0, "regionLength": starts[-1], "labels": spans}
    entry = {"location": "text.txt", "language": "en-us", "dataset": "Train", "entities": [region]}
    kind = "CustomEntityRecognition"
    file = {
        "projectFileVersion": "2022-05-01",
        "stringIndexType": "Utf16CodeUnit",
        "metadata": {"projectKind": kind, "projectName": "long", "language": "en-us"},
        "assets": {
            "projectKind": kind,
            "entities": [{"category": "First"}, {"category": "Second"}],
            "documents": [entry],
        },
    }
    (folder / "labels.json").write_text(json.dumps(file), encoding="ascii")
    home = ["--home", str(folder / "home")]
    create = ["project", "create", "long", "--kind", "ner", "--container", str(folder / "texts")]
    subprocess.run(
        [*PROGRAM, *home, *create, "--labels", str(folder / "labels.json")], check=True, capture_output=True
    )
    with Terminal([*PROGRAM, *home, "open", "long"]) as terminal:
        terminal.wait_for(b"text.txt")
        terminal.settle(0.8)
        yield terminal


def walked(terminal: Terminal, who: str, rounds: int) -> list[Cost]:
    terminal.press(ON[who])
    return [terminal.press(key) for key in MOVES[who] * rounds]


def decided(terminal: Terminal, who: str, rounds: int) -> list[Cost]:
    """What all keys of a decision cost, for as many words as there are rounds."""
    found = []
    for _ in range(rounds):
        parts = [terminal.press(key) for key in DECISION[who]]
        found.append(Cost(sum(part.sent for part in parts), sum(part.milliseconds for part in parts)))
        terminal.press(ON[who])
    return found


def _middle(costs: Sequence[Cost]) -> tuple[float, float]:
    return statistics.median(cost.sent for cost in costs), statistics.median(c.milliseconds for c in costs)


def run(*, quick: bool = False) -> list[Row]:
    rounds = 4 if quick else 17
    os.environ["TUI_LABELER_NAME"] = "bench"
    text = lines(LINES)
    found: dict[tuple[str, str, int], tuple[float, float]] = {}
    with tempfile.TemporaryDirectory(prefix="bench-slate-") as name:
        base = Path(name)
        for count in (0, LABELS):
            labels = labeled_words(text, count)
            for who, opened in (("SLATE", slate), ("this program", ours)):
                with opened(base, text, labels) as terminal:
                    found[who, "move", count] = _middle(walked(terminal, who, rounds))
                    found[who, "decision", count] = _middle(decided(terminal, who, rounds * 3))
    rows = []
    for count in (0, LABELS):
        for what, share in (("move", 1 / 6), ("decision", 2 / 3)):
            theirs, mine = found["SLATE", what, count], found["this program", what, count]
            ratio = mine[0] / theirs[0]
            words = "a move" if what == "move" else "a word labeled, all keys"
            rows.append(
                Row(
                    f"{LINES:,} lines, {count:,} labels: {words}",
                    COMMAND,
                    f"{mine[0]:.0f} B, {mine[1]:.0f} ms; SLATE {theirs[0]:.0f} B, {theirs[1]:.0f} ms; "
                    f"{ratio:.2f} of its bytes",
                    f"≤ {share:.2f} of its bytes",
                    ratio <= share,
                )
            )
    for what, words in (("move", "a move"), ("decision", "a word labeled")):
        slower = found["this program", what, LABELS][1] / found["this program", what, 0][1]
        name = f"{LINES:,} lines: time of {words} with {LABELS:,} labels to that with none"
        rows.append(Row(name, COMMAND, f"{slower:.2f}", "≤ 1.5", slower <= 1.5))
    return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    print_rows(run(quick=parser.parse_args().quick))
