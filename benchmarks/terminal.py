"""What a key costs at the terminal: bytes sent and milliseconds to the last of them.

``python -m benchmarks.terminal`` runs each widget alone in a real pseudo-terminal (120x40,
``TERM=xterm-256color``), presses keys as a person would, and reads what comes back. A key is answered
when nothing has come for 50 ms; its time is that of the last byte.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import random
import select
import statistics
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from benchmarks.report import Row, print_rows

if TYPE_CHECKING:
    from textual.binding import BindingType

SILENCE = 0.05
"""Seconds without a byte after which a key counts as answered."""
FIRST = 1.0
"""Seconds to wait for the first byte. A key without one by then counts as having taken so long: each key that
is measured changes something on the screen."""
COLUMNS, ROWS = 120, 40
ONE_SCREEN = 16_000
"""Bytes that a whole screen may take."""
CHARACTERS, LABELS, DOCUMENTS = 128_000, 2_000, 100_000


class Cost(NamedTuple):
    """What one key cost."""

    sent: int
    """Bytes."""
    milliseconds: float


class Terminal:
    """A program in a pseudo-terminal of its own."""

    def __init__(self, command: Sequence[str], columns: int = COLUMNS, rows: int = ROWS) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        environment = {
            key: value for key, value in os.environ.items() if key not in ("COLORTERM", "NO_COLOR")
        }
        self._process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment | {"TERM": "xterm-256color", "LANG": "C.UTF-8"},
            start_new_session=True,
        )
        os.close(slave)

    @property
    def pid(self) -> int:
        return self._process.pid

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        while self._process.poll() is None:
            self._read(0.02)
        os.close(self._master)

    def _read(self, seconds: float) -> bytes:
        if not select.select([self._master], [], [], seconds)[0]:
            return b""
        try:
            return os.read(self._master, 1 << 16)
        except OSError:
            return b""

    def wait_for(self, mark: bytes, seconds: float = 30.0) -> bytes:
        """Reads until ``mark`` was sent. Raises ``TimeoutError`` with what came instead."""
        seen = b""
        end = time.perf_counter() + seconds
        while mark not in seen:
            if time.perf_counter() > end or self._process.poll() is not None:
                raise TimeoutError(seen[-2000:].decode(errors="replace"))
            seen += self._read(0.1)
        return seen

    def settle(self, silence: float = SILENCE) -> bytes:
        """Reads until nothing has come for ``silence`` seconds."""
        seen = b""
        while chunk := self._read(silence):
            seen += chunk
        return seen

    def drain(self, seconds: float) -> bytes:
        """Reads for so long, whatever comes."""
        seen = b""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            seen += self._read(left)
        return seen

    def send(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def press(self, keys: str) -> Cost:
        """Sends one key (or its escape sequence) and reads all that it causes."""
        # What comes late is of a key before, which counted as unanswered.
        self.settle(0)
        start = last = time.perf_counter()
        self.send(keys)
        sent = 0
        chunk = self._read(FIRST)
        while chunk:
            sent += len(chunk)
            last = time.perf_counter()
            chunk = self._read(SILENCE)
        return Cost(sent, (last - start) * 1000 if sent else FIRST * 1000)


# --- the programs under test ------------------------------------------------------------------------


_PROSE = """
the borrower shall repay this loan with interest to lender under agreement dated on or before any amount of
principal and late fees payable by Parker McLean in Nebraska for sum Dollars per week
"""


def sample_text(characters: int) -> str:
    """Business prose of a given length, always the same."""
    choose = random.Random(7)
    words = _PROSE.split()
    parts: list[str] = []
    length = 0
    while length < characters:
        sentence = " ".join(choose.choices(words, k=choose.randint(8, 22))).capitalize() + "."
        parts.append(sentence + ("\n\n" if choose.random() < 0.2 else " "))
        length += len(parts[-1])
    return "".join(parts)[:characters]


def _run_app(which: str) -> None:
    from textual.app import App, ComposeResult

    from tui_labeler.domain.document_rows import DocumentRow
    from tui_labeler.domain.documents import DocumentState
    from tui_labeler.domain.projects import Dataset
    from tui_labeler.domain.text import words
    from tui_labeler.screens.widgets.document_list import DocumentList
    from tui_labeler.screens.widgets.marks import Mark, MarkKind
    from tui_labeler.screens.widgets.text_view import TextView

    choose = random.Random(5)

    def marks(text: str, count: int) -> list[Mark]:
        places = sorted(choose.sample(list(words(text)), count))
        names = ("BorrowerName", "LoanAmountWords", "Date", "LenderCity")
        return [
            Mark(
                f"m{number}",
                start,
                end,
                choose.choice(names),
                MarkKind.SUGGESTION if number % 2 else MarkKind.LABEL,
                choose.random() if number % 2 else None,
                number % 4,
            )
            for number, (start, end) in enumerate(places)
        ]

    class Texts(App[None]):
        CSS_PATH = Path(__file__).parent.parent / "styles" / "widgets.tcss"
        BINDINGS: ClassVar[list[BindingType]] = [
            ("n", "next", ""),
            ("a", "accept", ""),
            ("x", "reject", ""),
            ("d", "document", ""),
        ]

        def compose(self) -> ComposeResult:
            yield TextView()

        def on_mount(self) -> None:
            text = sample_text(CHARACTERS if which == "long" else 6_000)
            self.number = 1
            self.marks = {mark.id: mark for mark in marks(text, LABELS if which == "long" else 60)}
            self.view = self.query_one(TextView)
            start = time.perf_counter()
            self.view.set_document(text, self.marks.values(), key=1)
            self.view.focus()
            self.call_after_refresh(lambda: self.opened(start))

        def opened(self, start: float) -> None:
            assert sys.__stdout__ is not None
            sys.__stdout__.write(f"OPENED {time.perf_counter() - start:.4f} ")
            sys.__stdout__.flush()

        def action_document(self) -> None:
            self.number += 1
            text = self.view.text
            self.view.set_document(text[700:] + text[:700], self.marks.values(), key=self.number)

        def _suggestion(self) -> Mark | None:
            later = (m for m in self.marks.values() if m.kind == "suggestion" and m.start > self.view.cursor)
            return min(later, key=lambda m: m.start, default=None)

        def action_next(self) -> None:
            if mark := self._suggestion():
                self.view.go_to_mark(mark.id)

        def action_accept(self) -> None:
            if mark := self.view.current_mark:
                self.marks[mark.id] = Mark(
                    mark.id, mark.start, mark.end, mark.name, color=mark.color, draft=True
                )
                self.view.set_marks(self.marks.values())
                self.action_next()

        def action_reject(self) -> None:
            if mark := self.view.current_mark:
                del self.marks[mark.id]
                self.view.set_marks(self.marks.values())
                self.action_next()

    class Documents(App[None]):
        CSS_PATH = Path(__file__).parent.parent / "styles" / "widgets.tcss"

        def compose(self) -> ComposeResult:
            yield DocumentList()

        def on_mount(self) -> None:
            states = list(DocumentState)
            rows = [
                DocumentRow(
                    id=number,
                    location=f"agreement-{number:06d}.txt",
                    language="en",
                    dataset=Dataset.TRAIN,
                    size=2000,
                    characters=number % 9000,
                    state=states[number % 4],
                    flag="",
                    labels=(("c1", number % 7),),
                    suggestions=(("c1", number % 3),),
                    drafts=(),
                    jobs=(),
                    lowest=None,
                    highest=None,
                )
                for number in range(DOCUMENTS)
            ]
            view = self.query_one(DocumentList)
            view.set_rows(rows)
            view.focus()

    (Documents() if which == "documents" else Texts()).run()


# --- the measurements -------------------------------------------------------------------------------

PAGE_DOWN, PAGE_UP = "\x1b[6~", "\x1b[5~"
PAGES = [PAGE_DOWN] * 20 + [PAGE_UP] * 20
"""There and back in the long text: at its end a key has nothing to draw."""
_MODULE = [sys.executable, "-m", "benchmarks.terminal"]


def _open(which: str) -> Terminal:
    terminal = Terminal([*_MODULE, "--app", which])
    terminal.wait_for(b"agreement-000009" if which == "documents" else b"OPENED")
    terminal.settle(0.4)
    return terminal


def walk(which: str, keys: Iterable[str]) -> list[Cost]:
    """Presses each key in a fresh program and gives what each cost."""
    with _open(which) as terminal:
        terminal.press("j")
        return [terminal.press(key) for key in keys]


def _row(
    name: str, costs: list[Cost], bytes_target: int, ms_target: float | None, *, most: bool = False
) -> Row:
    sent = [cost.sent for cost in costs]
    times = [cost.milliseconds for cost in costs]
    p95 = statistics.quantiles(times, n=20)[-1]
    figure = max(sent) if most else statistics.median(sent)
    reached = figure <= bytes_target and (ms_target is None or p95 <= ms_target)
    return Row(
        name,
        "python -m benchmarks.terminal",
        f"{statistics.median(sent):.0f} B median, {max(sent)} B most, "
        f"{statistics.median(times):.0f} ms median, {p95:.0f} ms p95 over {len(costs)} keys",
        f"≤ {bytes_target} B {'most' if most else 'median'}"
        + (f", p95 ≤ {ms_target:.0f} ms" if ms_target else ""),
        reached,
    )


def opening_time() -> Row:
    """From handing over a long document to its being drawn, inside the program."""
    with Terminal([*_MODULE, "--app", "long"]) as terminal:
        seen = terminal.wait_for(b"OPENED") + terminal.settle(0.3)
    seconds = float(seen.split(b"OPENED ")[1].split()[0])
    return Row(
        f"a document of {CHARACTERS:,} characters with {LABELS:,} labels opens",
        "python -m benchmarks.terminal",
        f"{seconds:.2f} s",
        "≤ 0.3 s",
        seconds <= 0.3,
    )


def run(*, quick: bool = False) -> list[Row]:
    """Every measurement, over 200 keys each, or 40 if ``quick``."""
    keys = 40 if quick else 200
    choose = random.Random(3)
    in_view = ["w", "l", "l", "j", "h", "b", "w", "k", "j", "l", "w", "h", "k", "b"]
    small = [in_view[index % len(in_view)] for index in range(keys)]
    review = [choose.choice("aaax") for _ in range(keys)]
    down = walk("long", ["j"] * keys)
    return [
        _row("text: move the cursor, no scroll", walk("short", small), 600, 25),
        _row("long text: move the cursor, no scroll", walk("long", small), 600, 25),
        _row("text: select by words, no scroll", walk("short", ["v", *"wwbwwjkb" * (keys // 8)]), 600, 25),
        _row("long text: down, row by row", down, 1_500, None),
        _row(
            "long text: down, most for half a page", walk("long", ["j"] * keys), ONE_SCREEN, None, most=True
        ),
        _row("long text: accept or reject, next suggestion", walk("long", ["n", *review]), 2_500, 40),
        _row("text: next document", walk("short", ["d"] * keys), ONE_SCREEN, 100, most=True),
        _row("long text: page down, and up", walk("long", PAGES * (keys // 40)), ONE_SCREEN, 100, most=True),
        _row("documents: move the cursor, no scroll", walk("documents", "jjjkkjkk" * (keys // 8)), 600, 25),
        _row("documents: down, row by row", walk("documents", ["j"] * keys), 1_500, None),
        _row("documents: page down", walk("documents", [PAGE_DOWN] * keys), ONE_SCREEN, 100, most=True),
        opening_time(),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--app", choices=("short", "long", "documents"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.app:
        _run_app(arguments.app)
        return
    print_rows(run(quick=arguments.quick))


if __name__ == "__main__":
    main()
