"""``demo`` without a terminal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cli.conftest import Cli


def test_the_whole_loop_runs_and_can_be_run_again(cli: Cli, tmp_path: Path) -> None:
    home = tmp_path / "demo"
    ran = cli("demo", "--home", str(home), "--sample", "tickets", "--json")
    assert ran.code == 0, ran
    report = ran.json
    assert report.keys() >= {"project", "model", "job", "accepted", "rejected", "exported"}
    by_rule = report["accepted"] + report["rejected"]
    assert by_rule + report["checked_accepted"] + report["checked_rejected"] == report["suggestions"]
    assert report["before"]["test_documents"] == report["after"]["test_documents"]
    assert 0 <= report["accepted_right"] <= report["accepted"]
    exported = json.loads(Path(report["exported"]).read_bytes())
    assert exported["metadata"]["projectName"] == "tickets"
    assert not cli.home.exists()
    assert {path.name for path in home.rglob("*") if path.stat().st_mode & 0o077} == set()
    assert cli("job", "show", "tickets", report["job"], "--home", str(home), "--json").code == 0

    again = cli("demo", "--home", str(home), "--sample", "tickets", "--headless")
    assert again.code == 0
    assert "accepted" in again.out
    assert str(home) in again.out
    assert len(cli("project", "list", "--home", str(home), "--json").json["items"]) == 1
    assert len(list((home / "deleted").iterdir())) == 1


def test_a_folder_that_holds_something_else_is_left_alone(cli: Cli, project: str) -> None:
    before = sorted(cli.home.rglob("*"))
    ran = cli("demo", "--home", str(cli.home), "--json")
    assert ran.code == 2
    assert str(cli.home) in ran.error["message"]
    assert sorted(cli.home.rglob("*")) == before
