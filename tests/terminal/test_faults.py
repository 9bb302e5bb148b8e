"""A fault of the application leaves the terminal as it was, and shows where it is, nothing that it held."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.terminal.driver import Terminal
from tests.terminal.test_endings import LEFT_AT_THE_END
from tests.test_last_resort import SAS, TOKEN, clean, useful

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = """
import sys
from tests.test_last_resort import _fail
from textual.app import App
from tui_labeler.__main__ import main
from tui_labeler.screens.guidance import Guidance
from tui_labeler.screens.terminal_drivers import PatientDriver

async def in_worker(*_):
    _fail()

def of_its_own(*_):
    error = KeyError("x")
    error.__rich__ = lambda: "x"
    try:
        _fail()
    except RuntimeError as before:
        raise error from before

match {where!r}:
    case "key":
        Guidance.action_help = _fail
    case "task":
        Guidance.action_help = lambda app: app.run_worker(in_worker()) and None
    case "thread":
        PatientDriver._read = _fail
    case "drawn":
        Guidance.action_help = of_its_own
sys.exit(main())
"""


@pytest.mark.parametrize("where", ["key", "task", "thread", "drawn"])
def test_a_fault_is_told_on_the_terminal_as_it_was_before(where: str, tmp_path: Path) -> None:
    command = (sys.executable, "-c", PROGRAM.format(where=where))
    with Terminal(tmp_path / "home", command=command) as terminal:
        terminal.until("First steps")
        if where != "thread":
            terminal.press("q").until("There is no project yet")
        terminal.send("?")
        assert terminal.ended() == 1
        sent = bytes(terminal.received)
    for left in LEFT_AT_THE_END[:3]:
        assert left in sent
    told = sent[max(map(sent.rindex, LEFT_AT_THE_END[:3])) :].decode()
    told = told[told.index("Traceback") :].replace("\r\n", "\n")
    assert clean(told)
    assert useful(told)
    assert "A fault of the program: " in told
    assert TOKEN.encode() not in sent
    assert SAS.encode() not in sent
