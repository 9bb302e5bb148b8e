"""Two people on one document, from the command line: one home, two names."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from tests.cli.conftest import Cli, write_letters

if TYPE_CHECKING:
    from pathlib import Path

    from tests.azurite import Azurite

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


def test_a_category_that_readings_use_is_deleted_only_by_who_agrees(people: People) -> None:
    people("lead", "assign", "letters", "--readers", "ann,bob", "--document", FIRST)
    for who in ("ann", "bob"):
        people.label(who, "Person", "Ann Lee")
        people(who, "document", "set", "letters", FIRST, "--done")
    refused = people("ann", "category", "delete", "letters", "Person", code=2)["error"]["message"]
    assert "2 labels (2 of them in readings)" in refused
    assert people("ann", "agreement", "letters")["per_category"]["Person"]["same"] == 1
    gone = people("ann", "category", "delete", "letters", "Person", "--yes")
    assert (gone["labels"], gone["labels_in_readings"]) == (2, 2)
    undone = people("ann", "undo", "letters")
    assert (undone["documents"], undone["refused"]) == ([FIRST], 0)
    assert people("ann", "agreement", "letters")["per_category"]["Person"]["same"] == 1


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


@pytest.fixture(params=["folder", "blob"])
def shared_container(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Two letters in a place that two homes share: a folder, or a container in Blob storage."""
    folder = write_letters(tmp_path / "shared", 2)
    if request.param == "folder":
        return str(folder)
    azurite: Azurite = request.getfixturevalue("azurite")
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", azurite.connection_string)
    name = f"c{uuid4().hex[:16]}"
    with azurite.plain_client(name) as client:
        client.create_container()
        for path in sorted(folder.iterdir()):
            client.upload_blob(path.name, path.read_bytes())
    return f"az://{name}"


@pytest.mark.timeout(120)
def test_two_homes_on_one_container_do_not_see_each_others_reading(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, shared_container: str
) -> None:
    def run(who: str, *arguments: str, code: int = 0) -> Any:
        monkeypatch.setenv("TUI_LABELER_NAME", who)
        ran = cli("--home", str(tmp_path / f"home-{who}"), *arguments, "--json")
        assert ran.code == code, ran.out
        return ran.json

    def label(who: str, category: str, words: str) -> None:
        run(who, "label", "letters", FIRST, "--category", category, "--text", words)

    new = ("project", "create", "letters", "--kind", "ner", "--container", shared_container)
    share = () if "://" in shared_container else ("--share",)
    run("ann", *new, *share, "--category", "Person", "--category", "Town")
    run("ann", "assign", "letters", "--readers", "ann,bob", "--document", FIRST)
    run("ann", "sync", "letters")
    run("bob", *new, *share)
    label("ann", "Person", "Ann Lee")
    run("ann", "document", "set", "letters", FIRST, "--done")
    run("ann", "sync", "letters")

    synced = run("bob", "sync", "letters", "--publish")
    assert synced["conflicts"] == []
    assert synced["published"]["labels"] == 0
    assert run("bob", "documents", "letters", "--filter", "to-read")["items"][0]["done"] == ["ann"]
    (mine,) = run("ann", "show", "letters", FIRST)["labels"]
    seen = [
        run("bob", *command, "letters") for command in (("history",), ("agreement",), ("project", "show"))
    ]
    seen.append(run("bob", "show", "letters", FIRST))
    out = tmp_path / "bob.json"
    run("bob", "export", "letters", str(out), "--format", "azure")
    told = json.dumps(seen) + out.read_text()
    assert mine["id"] not in told
    assert seen[-1]["labels"] == []
    assert not [item for item in seen[0]["items"] if item["who"] == "ann" and item["category"]]

    label("bob", "Person", "Ann Lee")
    run("bob", "document", "set", "letters", FIRST, "--done")
    for who in ("bob", "ann", "bob"):
        assert run(who, "sync", "letters")["conflicts"] == []
    found = [run(who, "agreement", "letters") for who in ("ann", "bob")]
    assert found[0] == found[1]
    assert (found[0]["documents"], found[0]["f1"]) == (1, 1.0)
    run("bob", "adjudicate", "letters", "--agreeing")
    run("bob", "sync", "letters")
    run("ann", "sync", "letters")
    (label_here,) = run("ann", "show", "letters", FIRST)["labels"]
    assert (label_here["text"], label_here["who"], label_here["reader"]) == ("Ann Lee", "bob", None)


def test_readings_are_settled_from_the_command_line(people: People) -> None:
    chosen = ("--document", FIRST, "--document", "letter01.txt")
    people("lead", "assign", "letters", "--readers", "ann,bob", *chosen)
    people.label("ann", "Person", "Ann Lee")
    people.label("ann", "Town", "Monday")
    people.label("bob", "Person", "Ann")
    for who in ("ann", "bob"):
        people(who, "document", "set", "letters", FIRST, "letter01.txt", "--done")
    listed = people("lead", "adjudicate", "letters")
    assert locations(listed) == [FIRST, "letter01.txt"]
    assert [place["outcome"] for place in listed["items"][0]["places"]] == ["other ends", "only first"]
    assert listed["items"][0]["places"][0]["first"]["text"] == "Ann Lee"
    people("lead", "adjudicate", "letters", "--document", FIRST, "--place", "1", "--take", "both", code=4)
    people("lead", "adjudicate", "letters", "--document", FIRST, "--place", "1", "--take", "second")
    assert people("lead", "show", "letters", FIRST)["labels"] == []
    done = people("lead", "adjudicate", "letters", "--document", FIRST, "--take", "neither")
    assert done["settled"] == 1
    (label,) = people("lead", "show", "letters", FIRST)["labels"]
    assert (label["text"], label["who"]) == ("Ann", "lead")
    assert people("lead", "adjudicate", "letters", "--agreeing")["settled"] == 1
    assert people("lead", "adjudicate", "letters")["items"] == []
    people("lead", "undo", "letters")
    assert locations(people("lead", "adjudicate", "letters")) == ["letter01.txt"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--take", "first"],
        ["--document", FIRST],
        ["--document", FIRST, "--take", "left"],
        ["--agreeing", "--document", FIRST, "--take", "first"],
        ["--place", "1"],
    ],
)
def test_what_is_settled_is_said_in_full(people: People, arguments: list[str]) -> None:
    assert people("lead", "adjudicate", "letters", *arguments, code=2)["error"]["code"] == "usage"
