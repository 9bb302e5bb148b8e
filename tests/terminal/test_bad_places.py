"""The disk is full, the home may only be read, another version made it, the clock goes back.

Each through the real program: what is refused is said in words, what was there stays byte for byte, and the
program goes on when there is room again.
"""

from __future__ import annotations

import itertools
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, Any

import pytest

from tests.terminal.driver import Terminal, command, environment_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.terminal.conftest import Place

REVIEW = ("open", "contracts", "--review")

STATE = ("home.json", "settings.toml", "projects/*/*.json", "projects/*/journal/*", "projects/*/documents/*")
"""What must not change where nothing can be written; locks and takes come and go."""


def state_of(home: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(home)): path.read_bytes() for pattern in STATE for path in home.glob(pattern)
    }


def run(home: Path, *arguments: str, program: Sequence[str] = ()) -> tuple[int, Any]:
    """A command's exit code and its document."""
    done = subprocess.run(
        [*(program or (sys.executable, "-m", "tui_labeler")), *arguments, "--json"],
        env=environment_of(home, {}),
        cwd=home.parent,
        capture_output=True,
        check=False,
    )
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return done.returncode, json.loads(done.stdout)


# --- the disk is full ---------------------------------------------------------------------------------


class FullDisk:
    """A small file system that is full between ``fill`` and ``free``."""

    words = "No space left"

    def __init__(self, folder: Path) -> None:
        self._filler = folder / "filler"

    def fill(self, *_: Terminal) -> None:
        with self._filler.open("wb", buffering=0) as file:
            for size in (1 << 16, 1 << 12, 1 << 9, 1):
                try:
                    while True:
                        file.write(b"x" * size)
                except OSError:
                    continue

    def free(self, *_: Terminal) -> None:
        self._filler.unlink()


@contextmanager
def small_disk(folder: Path) -> Iterator[FullDisk]:
    """A file system of a few megabytes in the memory; skips where none may be mounted."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no file system may be mounted here")
    try:
        yield FullDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def said(screen: str) -> str:
    """What the toasts of a screen say; they break their lines where the path of the home happens to end."""
    return " ".join(row.partition("▌")[2].strip() for row in screen.splitlines() if "▌" in row)


def _is_said(words: str, screen: str) -> bool:
    return words in said(screen)


def _is_said_or_shown(words: str, other: str, screen: str) -> bool:
    return _is_said(words, screen) or other in screen


def undo_and_redo_until(terminal: Terminal, home: Path, words: str) -> dict[str, bytes]:
    """Takes the last decision back and does it again until words are on the screen; the state then."""
    for key, decided in itertools.cycle((("u", "0 of 9 decided"), ("ctrl+r", "1 of 9 decided"))):
        before = state_of(home)
        terminal.press(key)
        screen = terminal.until(partial(_is_said_or_shown, words, decided))
        if _is_said(words, screen):
            assert decided not in screen
            return before
    raise AssertionError


def test_a_full_disk_is_said_keeps_what_was_there_and_the_program_goes_on_when_there_is_room(
    written: Place, tmp_path: Path
) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    with small_disk(folder) as disk:
        home = folder / "home"
        shutil.copytree(written.home, home)
        with Terminal(home, *REVIEW) as terminal:
            terminal.until("0 of 9 decided")
            terminal.press("a").until("1 of 9 decided")
            disk.fill()
            # The journal's last block has room for a few decisions yet, which are as good as any.
            before = undo_and_redo_until(terminal, home, disk.words)
            terminal.until(partial(_is_said, "Free some space"))
            for arguments in (
                ("category", "set", "contracts", "Person", "--description", "x" * 5000),
                ("autolabel", "contracts", "--model", "first", "--filter", "auto-labeled", "--yes"),
                ("import", "contracts", str(written.labels)),
            ):
                code, told = run(home, *arguments)
                assert (code, told.get("error", {}).get("code")) == (3, "storage"), (arguments, code, told)
                assert disk.words in told["error"]["message"]
                assert "Free some space" in told["error"]["hint"]
            # Reading needs no room.
            assert run(home, "show", "contracts", "letter01.txt")[0] == 0
            assert run(home, "doctor")[0] == 1
            assert state_of(home) == before
            disk.free()
            terminal.press("ctrl+x", "A").until("3 of 9 decided")
            label = ("label", "contracts", "letter01.txt", "--category", "Town", "--offset", "0")
            assert run(home, *label, "--length", "6")[0] == 0
            terminal.press("ctrl+s").until("Labels saved")
            terminal.kill()
        shown = command(home, "project", "show", "contracts")
        assert sum(each["labels"] for each in shown["categories"]) == 27 + 3 + 1
        assert [job["state"] for job in command(home, "jobs", "contracts")["items"]] == ["succeeded"] * 2


def test_a_program_whose_files_may_not_grow_says_so_and_goes_on_when_they_may(letters: Place) -> None:
    """A quota, which needs no file system of its own: any file may have as many bytes as the journal has."""
    with Terminal(letters.home, *REVIEW) as terminal:
        terminal.until("0 of 9 decided")
        terminal.settle()
        (journal,) = letters.home.glob("projects/*/journal/*.jsonl")
        before = state_of(letters.home)
        _, hard = resource.prlimit(terminal.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(terminal.pid, resource.RLIMIT_FSIZE, (journal.stat().st_size + 20, hard))
        terminal.press("a").until(partial(_is_said, "File too large"))
        terminal.until(partial(_is_said, "Free some space"))
        assert state_of(letters.home) == before
        resource.prlimit(terminal.pid, resource.RLIMIT_FSIZE, (hard, hard))
        terminal.press("ctrl+x", "a").until("1 of 9 decided")
        terminal.kill()
    with Terminal(letters.home, *REVIEW) as terminal:
        terminal.until("1 unsaved")


# --- the home may only be read ------------------------------------------------------------------------

NOBODY = 65534

AS_NOBODY = (
    *(() if os.geteuid() else ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")),
    *(sys.executable, "-m", "tui_labeler"),
)
"""Root may write anything; so the program is run by somebody who may not."""


@pytest.fixture
def read_only(written: Place) -> Iterator[Path]:
    """A home of whoever runs :data:`AS_NOBODY`, whose files and folders may not be written."""
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        base.chmod(0o755)
        home = base / "home"
        shutil.copytree(written.home, home)
        # The journal is read from where the last checkpoint says: its lines stay as long as they were.
        texts = base / "d".ljust(len(str(written.documents)) - len(str(base)) - 1, "d")
        shutil.copytree(written.documents, texts)
        for path in [*home.glob("projects/*/project.json"), *home.glob("projects/*/journal/*.jsonl")]:
            path.write_text(path.read_text().replace(str(written.documents), str(texts)))
        everything = [home, *home.rglob("*")]
        for path in everything:
            if os.geteuid() == 0:
                os.chown(path, NOBODY, NOBODY)
            path.chmod(0o500 if path.is_dir() else 0o400)
        tried = run(home, "project", "list", program=AS_NOBODY) if which(AS_NOBODY[0]) else (127, None)
        if tried[0]:
            pytest.skip(f"nobody else may run Python here: {tried}")
        yield home
        for path in everything:
            path.chmod(0o700)


WRITES = [
    ("label", "contracts", "letter01.txt", "--category", "Town", "--offset", "0", "--length", "6"),
    ("train", "contracts", "--model", "second", "--yes"),
    ("autolabel", "contracts", "--model", "first", "--filter", "auto-labeled", "--yes"),
    ("project", "delete", "contracts", "--yes"),
]


def test_a_home_that_may_only_be_read_refuses_every_change_with_three_and_words(read_only: Path) -> None:
    before = state_of(read_only)
    for arguments in WRITES:
        code, told = run(read_only, *arguments, program=AS_NOBODY)
        assert (code, told.get("error", {}).get("code")) == (3, "storage"), (arguments, code, told)
        assert "ermission denied" in told["error"]["message"], (arguments, told)
        assert "Make the folder writable" in told["error"]["hint"], (arguments, told)
    assert state_of(read_only) == before


def test_a_home_that_may_only_be_read_can_be_looked_at_and_says_at_a_key_why_it_stays(
    read_only: Path,
) -> None:
    before = state_of(read_only)
    with Terminal(read_only, *REVIEW, command=AS_NOBODY) as terminal:
        terminal.until("0 of 9 decided")
        terminal.press("a").until(partial(_is_said, "ermission denied"))
        terminal.until(partial(_is_said, "Make the folder writable"))
        assert "0 of 9 decided" in terminal.text
        terminal.press("ctrl+x", "q").until("The review is over")
        terminal.press("q").until("1 project")
        terminal.press("q")
        assert terminal.ended() == 0
    assert state_of(read_only) == before


# --- another version ----------------------------------------------------------------------------------


def test_a_home_of_a_newer_version_is_refused_and_stays_as_it_is(letters: Place) -> None:
    (letters.home / "home.json").write_text('{"format": 99}\n')
    before = state_of(letters.home)
    for arguments in (
        ("documents", "contracts"),
        ("project", "create", "other", "--kind", "ner", "--container", str(letters.documents)),
    ):
        code, told = run(letters.home, *arguments)
        assert (code, told["error"]["code"]) == (3, "storage"), told
        assert "has format 99; this version knows formats up to 1" in told["error"]["message"]
        assert "Update tui-labeler" in told["error"]["hint"]
    with Terminal(letters.home, *REVIEW) as terminal:
        assert terminal.ended() == 3
        terminal.settle()
        assert "Update tui-labeler" in terminal.text
    with Terminal(letters.home) as terminal:
        terminal.until("Update tui-labeler")
        terminal.kill()
    assert state_of(letters.home) == before


def test_a_newer_version_that_takes_the_home_over_is_noticed_by_a_program_that_runs(letters: Place) -> None:
    with Terminal(letters.home, *REVIEW) as terminal:
        terminal.until("0 of 9 decided")
        terminal.press("a").until("1 of 9 decided")
        (letters.home / "home.json").write_text('{"format": 2}\n')
        before = state_of(letters.home)
        terminal.press("a").until(partial(_is_said, "Update tui-labeler"))
        assert "1 of 9 decided" in terminal.text
        assert state_of(letters.home) == before
        terminal.kill()


# --- the clock goes back ------------------------------------------------------------------------------

_OTHER_CLOCK = """
import sys
from datetime import datetime, timedelta
from pathlib import Path
from tui_labeler import assembly
from tui_labeler.cli.main import main
days, real = Path(sys.argv.pop(1)), assembly.now
def now():
    moment = datetime.fromisoformat(real()) - timedelta(days=int(days.read_text()))
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
assembly.now = now
sys.exit(main())
"""


def test_a_clock_that_goes_back_changes_neither_what_is_there_nor_what_undo_takes_back(
    letters: Place, tmp_path: Path
) -> None:
    days = tmp_path / "days"
    days.write_text("0")
    program = (sys.executable, "-c", _OTHER_CLOCK, str(days))
    with Terminal(letters.home, *REVIEW, command=program) as terminal:
        terminal.until("0 of 9 decided")
        terminal.press("a").until("1 of 9 decided")
        days.write_text("400")
        terminal.press("x").until("2 of 9 decided")
        terminal.press("a").until("3 of 9 decided")
        terminal.press("u").until("2 of 9 decided")
        terminal.press("ctrl+s").until("Labels saved")
        terminal.kill()
    items = command(letters.home, "history", "contracts")["items"]
    assert [item["action"] for item in items[:5]] == [
        *("labels.save", "undo", "suggestion.accept", "suggestion.reject", "suggestion.accept")
    ]
    assert items[0]["time"] < items[4]["time"]
    chosen = ("--model", "first", "--filter", "auto-labeled")
    code, job = run(letters.home, "autolabel", "contracts", *chosen, "--yes", program=program)
    assert (code, job["state"]) == (0, "succeeded")
