"""Commands that decide in a document that somebody has open say so, and go on."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.conftest import Cli

HAS = """
import asyncio, sys
from pathlib import Path
from tui_labeler.engine.adapters.store.takes import FileTakes
from tui_labeler.engine.ports.takes import Take
async def have():
    takes = FileTakes(Path(sys.argv[1]))
    mine = Take("s1", "cleo\\x1b[31m", "host7", 1, sys.argv[2], "2026-11-21T09:00:00.000Z", settled=True)
    await takes.exchange(lambda others: mine)
    print("has it", flush=True)
    await asyncio.sleep(600)
asyncio.run(have())
"""


@pytest.fixture
def taken(cli: Cli, suggested: str) -> Iterator[str]:
    """Somebody has a letter with suggestions open."""
    (folder,) = (cli.home / "projects").iterdir()
    process = subprocess.Popen(
        [sys.executable, "-c", HAS, str(folder), "letter20.txt"], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"has it\n"
    yield "letter20.txt"
    process.kill()
    process.communicate()


def test_a_label_from_a_script_is_made_and_the_person_named(cli: Cli, taken: str) -> None:
    label = ("label", "letters", taken, "--category", "Person", "--text", "Letter 20", "--json")
    ran = cli(*label)
    assert ran.code == 0, ran
    assert ran.json["changed"]
    assert "warning: letter20.txt is with cleo" in ran.err
    assert "on host7 since" in ran.err
    assert "\x1b" not in ran.err
    assert "warning" not in cli("label", "letters", "letter21.txt", *label[3:-2], "Letter 21").err


def test_bulk_decisions_are_made_and_the_person_named(cli: Cli, taken: str) -> None:
    ran = cli("accept", "letters", "--document", "letter19.txt", "--json")
    assert "warning" not in ran.err
    ran = cli("reject", "letters", "--all", "--json")
    assert ran.code == 0, ran
    assert ran.json["documents"] == 7
    assert "warning: letter20.txt is with cleo" in ran.err
