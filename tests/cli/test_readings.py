"""Two people on one document, from the command line: one home, two names."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.conftest import Cli, write_letters

if TYPE_CHECKING:
    from pathlib import Path

FIRST = "letter00.txt"


class People:
    """One home; each command is run by somebody."""

    def __init__(self, cli: Cli, monkeypatch: pytest.MonkeyPatch, container: Path) -> None:
        self._cli = cli
        self._monkeypatch = monkeypatch
        self("lead", "project", "create", "letters", "--kind", "ner", "--container", str(container))
        for name in ("Person", "Town"):
            self("lead", "category", "add", "letters", name)

    def __call__(self, who: str, *arguments: str, code: int = 0) -> Any:
        self._monkeypatch.setenv("TUI_LABELER_NAME", who)
        ran = self._cli(*arguments, "--json")
        assert ran.code == code, ran.out
        return ran.json

    def label(self, who: str, category: str, words: str, location: str = FIRST) -> Any:
        return self(who, "label", "letters", location, "--category", category, "--text", words)


@pytest.fixture
def people(cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> People:
    return People(cli, monkeypatch, write_letters(tmp_path / "letters", 10))


def locations(listed: Any) -> list[str]:
    return [item["location"] for item in listed["items"]]


def test_a_share_is_given_and_the_seed_repeats_it(people: People) -> None:
    people.label("lead", "Person", "Ann Lee")
    given = people("lead", "assign", "letters", "--readers", "ann,bob", "--share", "20%", "--seed", "7")
    assert (given["documents"], given["candidates"]) == (2, 9)
    assert all(item["readers"] == ["ann", "bob"] for item in given["items"])
    assert FIRST not in locations(given)
    assert locations(people("ann", "documents", "letters", "--filter", "to-read")) == locations(given)
    assert locations(people("lead", "documents", "letters", "--filter", "to-read")) == []
    assert locations(people("lead", "documents", "letters", "--filter", "given")) == locations(given)
    people("lead", "undo", "letters")
    again = people("lead", "assign", "letters", "--readers", "bob, ann", "--share", "20", "--seed", "7")
    assert again["items"] == given["items"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--share", "10%"],
        ["--readers", "ann,bob"],
        ["--readers", "ann,bob", "--share", "0%"],
        ["--readers", "ann,bob", "--share", "101%"],
        ["--readers", "ann,bob", "--share", "many"],
        ["--readers", "ann", "--share", "10%"],
        ["--readers", "ann,ann", "--share", "10%"],
        ["--readers", "ann,bob", "--share", "10%", "--document", FIRST],
        ["--withdraw"],
        ["--withdraw", "--document", FIRST, "--share", "10%"],
    ],
)
def test_wrong_use_is_refused_and_changes_nothing(people: People, arguments: list[str]) -> None:
    assert people("lead", "assign", "letters", *arguments, code=2)["error"]["message"]
    assert locations(people("lead", "documents", "letters", "--filter", "given")) == []


def test_what_can_not_be_given_is_said_with_its_reason(people: People) -> None:
    people.label("lead", "Person", "Ann Lee")
    given = people(
        "lead", "assign", "letters", "--readers", "ann,bob", "--document", FIRST, "--document", "letter01.txt"
    )
    assert locations(given) == ["letter01.txt"]
    assert given["skipped"] == [{"location": FIRST, "reason": "it is labeled"}]
    refused = people("lead", "assign", "letters", "--readers", "ann,bob", "--document", FIRST, code=4)
    assert "labeled" in refused["error"]["message"]


def test_readers_are_done_on_the_command_line_and_a_document_is_withdrawn(people: People) -> None:
    people("lead", "assign", "letters", "--readers", "ann,bob", "--document", FIRST)
    people.label("ann", "Person", "Ann Lee")
    (item,) = people("ann", "document", "set", "letters", FIRST, "--done")["items"]
    assert (item["readers"], item["done"], item["settled"]) == (["ann", "bob"], ["ann"], False)
    (item,) = people("ann", "document", "set", "letters", FIRST, "--no-done")["items"]
    assert item["done"] == []
    assert people("lead", "document", "set", "letters", FIRST, "--done", code=4)["error"]["message"]
    assert people("lead", "assign", "letters", "--withdraw", "--document", FIRST)["withdrawn"] == [FIRST]
    assert people("ann", "show", "letters", FIRST)["labels"] == []


@pytest.mark.timeout(180)
def test_two_processes_on_one_home_do_not_see_each_others_reading(people: People, tmp_path: Path) -> None:
    people("lead", "assign", "letters", "--readers", "ann,bob", "--document", FIRST)
    people.label("ann", "Person", "Ann Lee")
    people("ann", "document", "set", "letters", FIRST, "--done")
    (mine,) = people("ann", "show", "letters", FIRST)["labels"]
    assert (mine["text"], mine["reader"]) == ("Ann Lee", "ann")

    def bob(*arguments: str) -> Any:
        ran = subprocess.run(
            [sys.executable, "-m", "tui_labeler", *arguments, "--json"],
            env={**os.environ, "TUI_LABELER_NAME": "bob"},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert mine["id"] not in ran.stdout
        return json.loads(ran.stdout)

    assert bob("show", "letters", FIRST)["labels"] == []
    assert not [item for item in bob("history", "letters")["items"] if item["action"].startswith("label")]
    assert [item["labels"] for item in bob("project", "show", "letters")["categories"]] == [0, 0]
    out = tmp_path / "bob.json"
    assert bob("export", "letters", str(out), "--format", "azure")["labels"] == 0
    assert mine["id"] not in out.read_text()
    assert '"Ann Lee"' not in out.read_text()
    # The lead is no reader, and sees no more than bob.
    assert people("lead", "show", "letters", FIRST)["labels"] == []
    bob("document", "set", "letters", FIRST, "--done")
    history = people("lead", "history", "letters")["items"]
    assert [item["category"] for item in history if item["action"] == "label.add"] == ["Person"]
    assert people("lead", "show", "letters", FIRST)["labels"] == []


def test_agreement_is_told_in_figures_and_in_lines(
    people: People, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = people("lead", "agreement", "letters")
    assert (empty["documents"], empty["f1"], empty["alpha"], empty["items"]) == (0, None, None, [])
    people(
        "lead", "assign", "letters", "--readers", "ann,bob", "--document", FIRST, "--document", "letter01.txt"
    )
    for who in ("ann", "bob"):
        people.label(who, "Person", "Ann Lee")
        people(who, "document", "set", "letters", FIRST, "--done")
    found = people("lead", "agreement", "letters")
    assert (found["documents"], found["agreeing"], found["waiting"]) == (1, 1, 1)
    assert (found["f1"], found["alpha"], found["kappa"]) == (1.0, 1.0, None)
    assert (found["alpha_unit"], found["alpha_every"]) == ("character", 1)
    assert found["pairs"][0]["readers"] == ["ann", "bob"]
    assert found["per_category"] == {"Person": {"f1": 1.0, "kappa": None, "same": 1, "different": 0}}
    assert locations(found) == [FIRST]
    ran = cli("agreement", "letters")
    assert ran.code == 0
    assert "ann, bob: 1 document, 1 without a difference" in ran.out
    assert "1 document is still with readers." in ran.out
