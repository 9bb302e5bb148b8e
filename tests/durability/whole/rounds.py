"""One round: somebody does something, the program is ended in the midst of it, and all is looked through."""

from __future__ import annotations

import json
import os
import random
import signal
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from tests.durability.looking import expect
from tests.durability.whole import launched
from tests.durability.whole.endings import Ledger, Moment, Strike, drawn, end
from tests.durability.whole.ground import (
    LETTERS,
    Ground,
    alive,
    check_doctor,
    check_nobody_is_left,
)
from tests.durability.whole.screen import Chain
from tests.terminal.driver import Terminal

INSTALLED = Path(sys.executable).with_name("tui-labeler")

KEY_LASTS = 0.25
"""Seconds in which a key has had its effect."""

COMMAND_LASTS = (0.25, 1.1)
"""Seconds after its start in which a command is at work."""


@dataclass(frozen=True)
class Step:
    """Keys that are pressed at once, and what they lead to is added to the chain beforehand."""

    name: str
    keys: str


@dataclass
class Ran:
    """What a command that was ended has said, and whether it had ended by itself."""

    code: int
    said: bytes
    killed: bool

    @property
    def result(self) -> Any:
        """The whole document on standard output; ``None`` where there is none, or it tells of an error.

        One that was ended while it was being said is none either.
        """
        for line in reversed(self.said.split(b"\r\n")[:-1]):
            if line.startswith(b'{"schema_version"'):
                with suppress(json.JSONDecodeError):
                    document = json.loads(line)
                    return None if "error" in document else document
                return None
        return None


@dataclass
class Rounds:
    """The ground, chance, and what happened so far."""

    ground: Ground
    draw: random.Random
    fault: str = ""
    counts: Counter[str] = field(default_factory=Counter)
    doing: str = ""
    """What was struck last, for whoever reads that something is lost."""

    @property
    def home(self) -> Path:
        return self.ground.home

    @property
    def kills(self) -> int:
        return sum(count for name, count in self.counts.items() if name.startswith("ended by "))

    @property
    def _ledger(self) -> Ledger:
        return Ledger(self.ground.base / "synced")

    def _program(self, ending: str) -> tuple[str, ...]:
        """The installed program; the one that notes what it syncs where the power is to go."""
        if self.fault or ending == "power":
            return launched.command(self._ledger.path, self.fault)
        return (str(INSTALLED),) if INSTALLED.exists() else (sys.executable, "-m", "tui_labeler")

    def terminal(self, *arguments: str, ending: str = "") -> Terminal:
        command = self._program(ending)
        return Terminal(self.home, *arguments, environment=self.ground.environment, command=command)

    def tool(self, *arguments: str, codes: tuple[int, ...] = (0,)) -> Any:
        """A command that nobody disturbs; with the fault, if there is one."""
        if not self.fault:
            return self.ground.tool(*arguments, codes=codes)
        with self.terminal(*arguments, "--json", "--progress", "none") as terminal:
            code = terminal.ended()
            while terminal.read_more(0.05):
                pass
            ran = Ran(code, bytes(terminal.received), killed=False)
        expect(
            code in codes and (code != 0 or ran.result is not None),
            f"{arguments} ended with {code}: {ran.said!r}",
        )
        return ran.result

    # --- keys ---------------------------------------------------------------------------------------

    def keys(self, arguments: Sequence[str], chain: Chain, steps: Sequence[Step]) -> None:
        """Presses keys, ends the program in the midst of one step, and looks what is there.

        The states that the steps lead to stand in ``chain`` already.
        """
        strike = drawn(self.draw, KEY_LASTS)
        at = self.draw.randrange(len(steps))
        at_once = 1 if self.draw.random() < 0.7 else self.draw.randint(1, 4)
        with (
            self.at_risk(strike, f"{steps[at].name} by keys"),
            self.terminal(*arguments, ending=strike.ending) as terminal,
        ):
            terminal.until(partial(self._is_shown, terminal, chain, 0))
            terminal.settle()
            for number, step in enumerate(steps[:at], 1):
                terminal.send_text(step.keys)
                terminal.until(partial(self._is_shown, terminal, chain, number))
            moment = Moment(self.home, strike)
            pressed = steps[at : at + at_once]
            terminal.send_text("".join(step.keys for step in pressed))
            last = at + len(pressed)
            while not moment.has_come() and chain.shown < last:
                if terminal.read_more(0.001):
                    chain.seen(terminal.rows)
            end(terminal, strike.ending, lambda: chain.seen(terminal.rows))
            self._check_words(terminal)
        self.counts["steps shown"] += chain.shown
        self.look(chain)

    @staticmethod
    def _is_shown(terminal: Terminal, chain: Chain, number: int, _: str) -> bool:
        chain.seen(terminal.rows)
        return chain.shown >= number and (number > 0 or chain.looked)

    @staticmethod
    def _check_words(terminal: Terminal) -> None:
        for words in (b"Traceback", b"Unclosed"):
            expect(words not in terminal.received, f"the program said {bytes(terminal.received[-3000:])!r}")

    # --- commands -----------------------------------------------------------------------------------

    def command(self, name: str, *arguments: str, lasts: tuple[float, float] = COMMAND_LASTS) -> Ran:
        """Runs a command in a terminal and ends it, unless it is faster."""
        strike = self.drawn_command(lasts)
        with self.at_risk(strike, f"{name} by command") as told:
            ran = self.run_struck(strike, *arguments)
            told.append(ran.killed)
        return ran

    def drawn_command(self, lasts: tuple[float, float]) -> Strike:
        strike = drawn(self.draw, 1.0)
        if strike.once_written:
            return strike
        return Strike(strike.ending, self.draw.uniform(*lasts), once_written=False)

    def run_struck(self, strike: Strike, *arguments: str) -> Ran:
        with self.terminal(*arguments, "--json", "--progress", "none", ending=strike.ending) as terminal:
            moment = Moment(self.home, strike)
            while not moment.has_come() and not terminal.is_over:
                terminal.read_more(0.002)
            killed = not terminal.is_over
            code = end(terminal, strike.ending, lambda: None) if killed else terminal.ended()
            self._check_words(terminal)
            return Ran(code, bytes(terminal.received), killed)

    # --- whoever is struck --------------------------------------------------------------------------

    @contextmanager
    def at_risk(self, strike: Strike, doing: str) -> Iterator[list[bool]]:
        """What happens inside is ended so: counts it, and takes what was not synced when the power goes.

        Whoever puts ``False`` into the list was faster.
        """
        before = self._ledger.begin(self.home)
        self.doing = f"{doing}, {strike}"
        told: list[bool] = []
        yield told
        if strike.ending == "power":
            self.kill_all()
            cut = self._ledger.pull_the_plug(self.home, before, self.draw)
            self.counts["bytes lost with the power"] += cut
        if all(told):
            self.counts[f"ended by {strike.ending}"] += 1
            self.counts[f"during {doing}"] += 1
        else:
            self.counts["faster than the kill"] += 1

    def kill_all(self) -> None:
        """Every process that works on the home, as when a machine loses its power."""
        for pid in alive(self.home):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        check_nobody_is_left(self.home)

    # --- looking ------------------------------------------------------------------------------------

    def look(self, chain: Chain, project: str = LETTERS) -> None:
        """Nobody is left behind; the project opens, by command and in the engine, and holds what was shown.

        Raises ``LostError``.
        """
        check_nobody_is_left(self.home)
        rows = self.tool("documents", project)["items"]
        found = self.ground.snapshot(project)
        listed = {row["location"]: (row["labels"], row["suggestions"]) for row in rows}
        counted = {name: (len(text.labels), len(text.open)) for name, text in found.texts.items()}
        expect(listed == counted, f"the list says {listed}, and the engine {counted}")
        reached = chain.check(found)
        self.counts[f"found as {'shown' if chain.names[chain.shown] == reached else 'in flight'}"] += 1
        check_doctor(self.ground)

    def nothing_else(self) -> Chain:
        """A chain of one state: what is there now."""
        return Chain(self.ground.snapshot())
