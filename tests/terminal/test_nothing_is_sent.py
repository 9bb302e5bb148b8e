"""Nothing is sent without being asked for: neither telemetry, nor a look for newer versions, nor downloads.

Every process of the program notes, and is refused, each connection to anything but a socket of this machine's
file system. Labeling, training, a job of a trained model and an export need none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.terminal.driver import ROOT, Terminal, command

if TYPE_CHECKING:
    from pathlib import Path

    from tests.terminal.conftest import Place

GUARD = """
import os, socket, sys
from pathlib import Path

def note(name, words):
    with (Path(__file__).parent / name).open("a") as file:
        file.write(words + chr(10))

def refused(*given, **more):
    note("sent", repr(given[-1] if given else more))
    raise OSError("nothing is to be sent")

def guarded(bare):
    def call(self, *given):
        return bare(self, *given) if self.family == socket.AF_UNIX else refused(*given)
    return call

for name in ("connect", "connect_ex", "sendto"):
    setattr(socket.socket, name, guarded(getattr(socket.socket, name)))
socket.getaddrinfo = refused
note("watched", " ".join(sys.orig_argv))
"""


class Watched:
    """A folder whose ``sitecustomize`` watches every process that inherits its environment."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        (folder / "sitecustomize.py").write_text(GUARD)
        self._folder = folder
        self.environment = {"PYTHONPATH": f"{folder}:{ROOT}"}

    def lines(self, name: str) -> list[str]:
        path = self._folder / name
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path / "watched")


def test_labeling_training_jobs_and_exports_send_nothing(letters: Place, watched: Watched) -> None:
    given = watched.environment
    with Terminal(letters.home, "open", "contracts", "--review", environment=given) as terminal:
        terminal.until("0 of 9 decided")
        terminal.press("a").until("1 of 9 decided")
        terminal.press("ctrl+s").until("Labels saved")
        terminal.kill()
    command(letters.home, "train", "contracts", "--model", "second", "--yes", environment=given)
    job = ("autolabel", "contracts", "--model", "second", "--document", "letter13.txt", "--yes")
    command(letters.home, *job, environment=given)
    to = letters.home.parent / "labels.json"
    command(letters.home, "export", "contracts", str(to), environment=given)
    assert watched.lines("sent") == []
    runners = [line for line in watched.lines("watched") if "runner" in line]
    assert len(runners) >= 2, watched.lines("watched")


def test_what_is_sent_when_asked_for_is_seen_by_the_watch(letters: Place, watched: Watched) -> None:
    local = ("--kind", "openai", "--endpoint", "http://127.0.0.1:9/v1", "--deployment", "good")
    command(letters.home, "resource", "add", "work", *local, environment=watched.environment)
    with pytest.raises(AssertionError):
        command(letters.home, "resource", "test", "work", environment=watched.environment)
    assert any("127.0.0.1" in line for line in watched.lines("sent"))
