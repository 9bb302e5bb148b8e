"""A short run of the harness, and a look whether it would notice."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.azurite import why_not
from tests.durability.harness import Harness, NoLauncher
from tests.durability.looking import LostError
from tests.durability.storms import Person, Storm
from tests.engine.sharing.homes import Pair
from tui_labeler.engine.adapters import launcher

if TYPE_CHECKING:
    from pathlib import Path


def test_nothing_that_was_acknowledged_is_lost_when_people_and_jobs_are_killed() -> None:
    command = [
        sys.executable,
        "-m",
        "tests.durability.harness",
        "--kills",
        "12",
        "--files",
        "8",
        "--seed",
        "7",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nothing was lost" in done.stdout


@pytest.mark.parametrize(
    ("made", "reason"), [([[999, "x"]], "decision 999 .* missing"), ([[1, "x"]], "decision 1 .* another")]
)
async def test_a_decision_that_is_not_there_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: list[list[object]], reason: str
) -> None:
    monkeypatch.setattr(launcher, "ProcessLauncher", NoLauncher)
    home = tmp_path / "home"
    tried = Harness(home, 1)
    await tried._make()
    await tried._check_people([])
    with pytest.raises(LostError, match=reason):
        await tried._check_people([{"act": "add", "made": made}])


def test_no_decision_is_lost_when_a_containers_server_is_killed_and_its_line_cut() -> None:
    if reason := why_not():
        pytest.skip(reason)
    command = [sys.executable, "-m", "tests.durability.storms", "--times", "4", "--seed", "3"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 syncs broken off, seed 3: nothing was lost" in done.stdout


async def test_a_decision_that_did_not_come_over_is_noticed(tmp_path: Path) -> None:
    storm = Storm(tmp_path, 1)
    pair = Pair(tmp_path)
    storm.people = [Person(name, (await pair.home(name)).session, []) for name in ("ana", "bo")]
    storm._check()
    storm.people[0].made.add(("a.txt", 0))
    with pytest.raises(LostError, match="lacks"):
        storm._check()
