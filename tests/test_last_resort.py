"""A fault of the program shows where it is, and nothing that variables, documents or servers hold."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tui_labeler import last_resort
from tui_labeler.cli.main import main
from tui_labeler.domain.secrets import HIDDEN, without_guessed_secrets, without_secrets
from tui_labeler.domain.text import is_unsafe
from tui_labeler.engine.errors import InputError

ROOT = Path(__file__).resolve().parents[1]
TOKEN = "Zx81kQ7vT0pLw93mRb2cYd5n"
SAS = "p%2BaB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5zA7bC%3D"
SAID = f"bad answer \x1b]52;c;cm0=\x07\x9b31m\u202e of https://a.example/c?sv=1&sig={SAS}&se=2"

KEPT = [
    "It has no `sig=`. Copy the whole token, from `sv=` to the end of `sig=…`",
    "AccountName=…;AccountKey=…",
    "There is no resource 'my-key' and no token=5",
    "https://a.blob.core.windows.net/container?restype=container&comp=list",
    "/home/ana/lib/python3.11/site-packages/azure/storage/blob/_generated/aio/operations.py",
    "unexpected token: identifier, the key is unknown",
    "--sas-env takes the name of a variable, key_env too",
    "annual-report-2026-final-version-of-the-town.txt",
    "batch_67a1b2c3d4e5f60718293a4b5c6d7e8f failed",
]

SECRETS = [
    f"https://a.example/c?sv=1&sig={SAS}",
    f"https://a.example/c%3Fsv=1%26sig%3D{SAS}",
    f"?sig={SAS}&se=2",
    f"AccountName=a;AccountKey={SAS};EndpointSuffix=b",
    f"SharedAccessSignature={SAS}",
    f"https://ana:{TOKEN}@example.org/v1",
    f"api_key='{TOKEN}'",
    f"{{'api-key': '{TOKEN}', 'x': 1}}",
    f"{{'Authorization': 'Bearer {TOKEN}'}}",
    f'{{"password": "{TOKEN}"}}',
    f"Authorization: Bearer {TOKEN}",
    f"api-key: {TOKEN}",
    f"https://example.org/v1?api-key={TOKEN}",
    f"access_token={TOKEN}",
    f"sk-proj-{TOKEN}",
    f"gsk_{TOKEN}",
    f"eyJhbGciOiJIUzI1NiJ9.{TOKEN}.{TOKEN}",
]


@pytest.mark.parametrize("text", KEPT)
def test_words_that_are_no_secret_stay_in_errors(text: str) -> None:
    assert without_secrets(text) == text


@pytest.mark.parametrize("text", SECRETS)
def test_what_is_marked_as_a_secret_is_in_no_error(text: str) -> None:
    told = InputError(f"There is no {text!s} here.", hint=f"Look for {text} there.")
    for words in (told.message, told.hint, str(told), told.on_screen):
        assert HIDDEN in words
        assert TOKEN not in words
        assert SAS not in words
    assert told.message.startswith("There is no ")
    assert without_secrets(told.message) == told.message


def test_a_fault_hides_what_nothing_marks_too() -> None:
    drawn = "0f3a9c" * 8
    said = without_guessed_secrets(
        f"<Key at 0x7f00aa> {drawn} correct horse battery", {"WORK_KEY": "correct horse"}
    )
    assert said == f"<Key> {HIDDEN} {HIDDEN} battery"


def test_secrets_are_looked_for_in_long_words_without_delay() -> None:
    for part in ("sk-", "eyJ-", "key ", "://", "sig= ", "'key' : '", "basic ", "a-", "sk-a1", "://a"):
        without_guessed_secrets(part * (50_000 // len(part)), {})


def _fail(*_: object, **__: object) -> Any:
    """A fault whose variables and words, and those of what came before it, hold secrets."""
    token = TOKEN
    try:
        try:
            raise KeyError(f"first {SAID}")
        except KeyError as first:
            raise ValueError(f"second {SAID}") from first
    except ValueError as second:
        second.add_note(f"note {SAID}")
        assert token
        raise RuntimeError(f"third {SAID}")  # noqa: B904 - a chain of both kinds


def clean(words: str) -> bool:
    """Whether nothing of the secrets is in it, and nothing that a terminal obeys."""
    assert TOKEN not in words
    assert SAS not in words
    assert not [sign for sign in words if is_unsafe(sign) and sign != "\n"]
    return True


def useful(words: str) -> bool:
    """Whether it tells all three exceptions, and where they were raised."""
    assert re.search(r'File ".*test_last_resort.py", line \d+, in _fail', words)
    assert "raise ValueError(" in words
    for said in ("KeyError: ", "ValueError: second", "note bad", "RuntimeError: third"):
        assert said in words
    return "direct cause" in words and "During handling" in words


@pytest.fixture
def faulty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui_labeler.engine.workbench.Workbench.projects", _fail)


def test_a_fault_of_a_command_is_told_without_what_it_holds(
    faulty: None, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    code = main(["--home", str(tmp_path / "home"), "project", "list"])
    out, err = capfd.readouterr()
    assert (code, out) == (1, "")
    assert clean(err)
    assert useful(err)
    assert "A fault of the program: RuntimeError: third" in err
    assert "shown as saved are on disk" in err


def test_a_fault_of_a_command_is_an_error_for_machines_too(
    faulty: None, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    code = main(["--home", str(tmp_path / "home"), "--json", "project", "list"])
    out, err = capfd.readouterr()
    told = json.loads(out)["error"]
    assert (code, told["code"]) == (1, "fault")
    assert clean(told["message"] + told["hint"] + err)
    assert useful(err)


def test_a_fault_is_an_event_where_standard_error_holds_events(
    faulty: None, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["--home", str(tmp_path / "home"), "--progress", "jsonl", "project", "list"]) == 1
    events = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert [event["event"] for event in events] == ["traceback", "error"]
    assert useful("\n".join(events[0]["lines"]))
    assert clean("\n".join(events[0]["lines"]))


def test_a_long_chain_of_long_words_is_cut() -> None:
    error: Exception = ValueError("x" * 1_000_000)
    for number in range(300):
        before, error = error, ValueError(f"{number}\n" * 3)
        error.__cause__ = before
    lines = last_resort.traceback_of(error)
    assert len(lines) == last_resort.MOST_LINES + 1
    assert max(map(len, lines)) <= last_resort.LONGEST + 1
    assert lines[-1] == "299"


def test_a_group_of_exceptions_is_told_with_each(capfd: pytest.CaptureFixture[str]) -> None:
    try:
        _fail()
    except RuntimeError as error:
        told = "\n".join(last_resort.traceback_of(ExceptionGroup(f"all {SAID}", [error])))
    assert clean(told)
    assert "RuntimeError: third" in told


UNAWAITED = """
import asyncio, gc, logging, sys, threading
from tests.test_last_resort import SAID, _fail
from tui_labeler import last_resort
last_resort.guard()
last_resort.guard_loggers()

class Leaving:
    def __del__(self):
        _fail()

async def failing():
    _fail()

async def forgotten():
    loop = asyncio.get_running_loop()
    loop.create_task(failing())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    gc.collect()
    loop.call_exception_handler({"message": "Unclosed connector", "connector": object(), "said": f"[{SAID}]"})

def next_one():
    sys.stderr.write("=====\\n")

asyncio.run(forgotten())
next_one()
thread = threading.Thread(target=_fail, name="a thread\\x1b]0;x\\x07")
thread.start()
thread.join()
next_one()
Leaving()
gc.collect()
next_one()
logging.getLogger("package").error("%d", SAID)
logging.getLogger("package").warning("said %s", SAID)
"""


def program(script: str, home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "HOME": str(home)},
    )


def test_faults_that_nobody_waits_for_are_told_alike(tmp_path: Path) -> None:
    ran = program(UNAWAITED, tmp_path)
    of_loop, of_thread, of_object, logged = ran.stderr.split("=====\n")
    assert "never retrieved" in of_loop
    assert "Unclosed connector" in of_loop
    assert " at 0x" not in of_loop
    assert "In the thread a thread" in of_thread
    assert of_object.startswith("Exception ignored in ")
    for told in (of_loop, of_thread, of_object):
        assert clean(told)
        assert useful(told)
    assert clean(logged)
    assert "TypeError: %d format" in logged
    assert "said bad answer" in logged


RUNNER = """
import sys
from unittest.mock import patch
from tests.test_last_resort import _fail
from tui_labeler import {module}
with patch("tui_labeler.assembly.{begins}", _fail):
    sys.exit({module}.main(["home", "p", "j"][: {arguments}]))
"""


@pytest.mark.parametrize(
    ("module", "begins", "arguments"), [("runner", "job_runner", 3), ("surveyor", "surveyor", 2)]
)
def test_processes_of_jobs_tell_their_faults_alike(
    module: str, begins: str, arguments: int, tmp_path: Path
) -> None:
    script = RUNNER.format(module=module, begins=begins, arguments=arguments)
    ran = program(script, tmp_path)
    assert ran.returncode == 1
    assert clean(ran.stderr)
    assert useful(ran.stderr)
    assert "A fault of the program: RuntimeError: third" in ran.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["project", "show", f"https://a.example/c?sig={SAS}"],
        ["resource", "test", f"sk-proj-{TOKEN}"],
        ["resource", "test", "0f3a9c" * 8],
        ["documents", f"https://ana:{TOKEN}@a.example"],
    ],
)
def test_a_secret_that_was_typed_in_the_place_of_a_name_is_not_repeated(
    arguments: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for more in ([], ["--json"]):
        assert main(["--home", str(tmp_path / "home"), *more, *arguments]) in (2, 3)
        told = "".join(capfd.readouterr())
        assert HIDDEN in told
        assert clean(told)
        assert "0f3a9c0f3a" not in told
