"""``demo`` without a terminal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tui_labeler.engine.demo import DemoReport
from tui_labeler.engine.errors import RefusedError

if TYPE_CHECKING:
    from tests.cli.conftest import Cli


def test_the_whole_loop_runs_on_a_copy_of_the_sample(cli: Cli, tmp_path: Path) -> None:
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
    assert exported["metadata"]["projectName"] == report["project"] == "tickets-demo"
    assert report["within_chance"] in (True, False)
    assert not cli.home.exists()
    assert {path.name for path in home.rglob("*") if path.stat().st_mode & 0o077} == set()
    assert cli("job", "show", "tickets-demo", report["job"], "--home", str(home), "--json").code == 0


def states(cli: Cli, home: Path, project: str) -> dict[str, int]:
    shown = cli("project", "show", project, "--home", str(home), "--json").json
    return {key: shown[key] for key in ("labeled", "auto_labeled", "unlabeled")}


def test_another_run_leaves_all_that_is_there_and_works_on_a_copy(cli: Cli, tmp_path: Path) -> None:
    home = tmp_path / "demo"
    run = ("demo", "--home", str(home), "--sample", "tickets", "--headless")
    first = cli(*run)
    assert first.code == 0, first
    assert states(cli, home, "tickets")["unlabeled"] > 20
    assert states(cli, home, "tickets-demo")["unlabeled"] < 20
    for project in ("tickets", "tickets-demo"):
        assert cli("category", "add", project, "Mine", "--home", str(home)).code == 0

    again = cli(*run)
    assert again.code == 0, again
    assert "tickets-demo-2, a new copy" in again.err
    assert f"--home {home} open tickets-demo-2" in again.out
    assert f"--home {home} open tickets\n" in again.out
    assert "test documents: as good as the first" in again.out
    assert not (home / "deleted").exists()
    for project in ("tickets", "tickets-demo"):
        shown = cli("project", "show", project, "--home", str(home), "--json").json
        assert "Mine" in [category["name"] for category in shown["categories"]]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), RefusedError("no")], ids=["stopped", "refused"])
def test_a_run_that_is_stopped_leaves_no_half_copy(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    home = tmp_path / "demo"

    async def stopped(*arguments: object, **options: object) -> None:
        raise error

    monkeypatch.setattr("tui_labeler.engine.demo.run_loop", stopped)
    assert cli("demo", "--home", str(home), "--sample", "tickets", "--json").code in (130, 4)
    names = [item["name"] for item in cli("project", "list", "--home", str(home), "--json").json["items"]]
    assert names == ["tickets"]
    assert [path.name for path in (home / "samples").iterdir()] == ["tickets"]


def report_of(before: tuple[int, int], after: tuple[int, int]) -> DemoReport:
    def figures(wrong: tuple[int, int]) -> dict[str, Any]:
        counts = {"false_positives": wrong[0], "false_negatives": wrong[1], "support": 60}
        return {"per_category": {"Date": counts}}

    empty = dict.fromkeys(DemoReport.__dataclass_fields__, 0)
    return DemoReport(**{**empty, "before": figures(before), "after": figures(after)})  # type: ignore[arg-type]


def test_a_few_mistakes_more_or_less_are_within_chance() -> None:
    assert report_of((6, 6), (7, 6)).mistakes == (12, 13)
    assert report_of((6, 6), (7, 6)).within_chance
    assert not report_of((20, 20), (5, 5)).within_chance


def test_a_folder_that_holds_something_else_is_left_alone(cli: Cli, project: str) -> None:
    before = sorted(cli.home.rglob("*"))
    ran = cli("demo", "--home", str(cli.home), "--json")
    assert ran.code == 2
    assert str(cli.home) in ran.error["message"]
    assert sorted(cli.home.rglob("*")) == before
