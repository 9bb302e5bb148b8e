"""The life of a connection to Azure Machine Learning by commands, on a container in Blob storage."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.conftest import COUNT, LABELED, azure_labels, write_json
from tests.cli.test_contract import commands

if TYPE_CHECKING:
    from pathlib import Path

    from azure.storage.blob import ContainerClient

    from tests.azurite import Azurite
    from tests.cli.conftest import Cli, Ran

CONNECT = (
    *("aml", "connect", "letters", "--name", "letters-aml", "--workspace", "ws"),
    *("--resource-group", "people", "--subscription", "11-22"),
)


def good(ran: Ran) -> Any:
    assert ran.code == 0, ran
    return ran.json


def refused(ran: Ran, words: str) -> None:
    assert ran.code == 4, ran
    assert words in ran.error["message"], ran
    assert ran.error["hint"]


def export(blobs: ContainerClient, name: str, *rows: tuple[str, list[tuple[str, int, int]]]) -> None:
    """As Azure Machine Learning writes it: location, then category, start and end."""
    lines = [
        {
            "image_url": f"AmlDatastore://workspaceblobstore/{location}",
            "label": [{"label": c, "offsetStart": start, "offsetEnd": end} for c, start, end in labels],
            "label_confidence": [1.0] * len(labels),
        }
        for location, labels in rows
    ]
    blobs.upload_blob(name, "".join(json.dumps(line) + "\n" for line in lines), overwrite=True)


def label(location: str) -> tuple[str, ...]:
    """Labels its first word."""
    return (
        "label",
        "letters",
        location,
        *("--category", "Person", "--offset", "0", "--length", "6"),
        "--json",
    )


def spans(cli: Cli, location: str) -> list[tuple[str, str]]:
    shown = good(cli("show", "letters", location, "--json"))
    return [(item["category"], item["text"]) for item in shown["labels"]]


def test_the_whole_life_from_connecting_to_disconnecting(
    cli: Cli, azurite: Azurite, blobs: ContainerClient, labeled: str, tmp_path: Path
) -> None:
    before = good(cli("aml", "status", labeled, "--json"))
    assert (before["state"], before["pen"]) == ("not connected", "here")
    assert all(need["ok"] for need in before["prerequisites"])
    assert len(before["to_confirm"]) == 3
    for step in (("switch", labeled, "--to", "aml"), ("import", labeled), ("disconnect", labeled)):
        refused(cli("aml", *step, "--json"), "not connected")
    asked = cli(*CONNECT, "--json")
    assert (asked.code, asked.error["hint"]) == (2, "There is no terminal to ask at; agree with --yes.")
    connected = good(cli(*CONNECT, "--instructions", "Take your time.", "--yes", "--json"))
    assert (connected["state"], connected["pen"]) == ("labeling here", "here")
    assert connected["labels_file"] is None
    shown = good(cli("project", "show", labeled, "--json"))
    assert (shown["handover"]["state"], shown["handover"]["pen"]) == ("labeling here", "here")
    words = blobs.download_blob(connected["instructions_file"]).readall().decode()
    assert "Take your time." in words
    assert "**Person**" in words
    refused(cli(*CONNECT, "--yes", "--json"), "one to one")
    refused(cli("aml", "switch", labeled, "--to", "here", "--json"), "here already")
    # Another home knows.
    other = ("--home", str(tmp_path / "bo"))
    create = ("project", "create", "letters", "--kind", "ner", "--json", "--container")
    good(cli(*other, *create, azurite.url(blobs.container_name)))
    assert good(cli(*other, "aml", "status", labeled, "--json"))["state"] == "labeling here"
    # Over.
    switched = good(cli("aml", "switch", labeled, "--to", "aml", "--json"))
    assert switched["pen"] == "aml"
    shown = cli("project", "show", labeled)
    assert "Azure Machine Learning has the pen since" in shown.out
    assert good(cli("project", "show", labeled, "--json"))["handover"]["pen"] == "aml"
    found = next(
        item for item in cli("doctor", "--json").json["checks"] if item["name"] == "hand-over of letters"
    )
    assert "has the pen" in found["detail"]
    rows = blobs.download_blob(switched["labels_file"]).readall().decode().splitlines()
    assert sum(len(json.loads(row)["label"]) for row in rows) == switched["exported"]["labels"] > 0
    refused(cli(*label("letter20.txt")), "has the pen")
    assert "has the pen" in good(cli(*other, "sync", labeled, "--json"))["labels"]["paused"]
    refused(cli(*other, *label("letter20.txt")), "has the pen")
    refused(cli("aml", "switch", labeled, "--to", "aml", "--json"), "already")
    refused(cli("aml", "disconnect", labeled, "--confirm", labeled, "--json"), "out of reach")
    refused(cli("aml", "import", labeled, "--json"), "no export")
    refused(cli("aml", "switch", labeled, "--to", "here", "--json"), "no export")
    # Labels come back, by themselves and when training.
    export(blobs, "Labeling/first.jsonl", ("letter00.txt", [("Person", 0, 6)]))
    taken = good(cli("aml", "import", labeled, "--json"))["taken"]
    assert (taken["file"], taken["documents"], taken["labels"]) == ("Labeling/first.jsonl", 1, 1)
    assert spans(cli, "letter00.txt") == [("Person", "Letter")]
    good(cli("undo", labeled, "--json"))
    assert good(cli("aml", "status", labeled, "--json"))["imported"]["taken_back"]
    assert "an undo here took them back" in cli("aml", "status", labeled).out
    held = cli("aml", "switch", labeled, "--to", "here", "--without-labels")
    assert "an undo here took them back" in held.out
    assert good(cli("aml", "switch", labeled, "--to", "aml", "--json"))["imported"]["taken_back"]
    export(blobs, "Labeling/second.jsonl", ("letter20.txt", [("Town", 0, 6)]))
    trained = good(cli("train", labeled, "--model", "first", "--label-origin", "aml", "--yes", "--json"))
    assert trained["imported"]["file"] == "Labeling/second.jsonl"
    assert (trained["label_origin"], trained["sets_ignored"]) == ("aml", True)
    assert any("sets are ignored" in warning for warning in trained["warnings"])
    assert trained["train_documents"] + trained["test_documents"] == LABELED + 1
    # Back, with the latest once more.
    export(blobs, "Labeling/third.jsonl", ("letter20.txt", [("Person", 0, 6)]))
    back = good(cli("aml", "switch", labeled, "--to", "here", "--json"))
    assert (back["pen"], back["taken"]["file"]) == ("here", "Labeling/third.jsonl")
    assert (back["taken"]["labels"], back["taken"]["removed"]) == (1, 1)
    assert spans(cli, "letter20.txt") == [("Person", "Letter")]
    good(cli("sync", labeled, "--json"))
    good(cli(*other, "sync", labeled, "--json"))
    shown = good(cli(*other, "show", labeled, "letter20.txt", "--json"))
    assert [item["category"] for item in shown["labels"]] == ["Person"]
    good(cli(*other, *label("letter21.txt")))
    # The end.
    wrong = cli("aml", "disconnect", labeled, "--confirm", "Letters", "--json")
    assert (wrong.code, "not the project's name" in wrong.error["message"]) == (2, True)
    assert cli("aml", "disconnect", labeled, "--json").code == 2
    assert good(cli("aml", "disconnect", labeled, "--confirm", labeled, "--json"))["state"] == "disconnected"
    refused(cli(*CONNECT, "--yes", "--json"), "joined once, and never again")
    good(cli(*label("letter22.txt")))


def test_only_those_who_are_named_switch_and_disconnect(
    cli: Cli, labeled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected = good(cli(*CONNECT, "--switcher", "ana", "--switcher", "bo", "--yes", "--json"))
    assert connected["switchers"] == ["ana", "bo"]
    for step in (("switch", labeled, "--to", "aml"), ("disconnect", labeled, "--confirm", labeled)):
        refused(cli("aml", *step, "--json"), "Only ana, bo may")
    monkeypatch.setenv("TUI_LABELER_NAME", "bo")
    assert good(cli("aml", "switch", labeled, "--to", "aml", "--json"))["by"] == "bo"
    monkeypatch.setenv("TUI_LABELER_NAME", "tester")
    refused(cli("aml", "switch", labeled, "--to", "here", "--without-labels", "--json"), "Only ana, bo may")
    assert good(cli("aml", "status", labeled, "--json"))["by"] == "bo"


def test_training_on_labels_from_there_is_refused_while_they_are_made_here(cli: Cli, labeled: str) -> None:
    train = ("train", labeled, "--model", "first", "--label-origin", "aml", "--yes", "--json")
    refused(cli(*train), "not connected")
    good(cli(*CONNECT, "--yes", "--json"))
    refused(cli(*train), "Labels are made here")
    assert good(cli("models", labeled, "--json"))["items"] == []


@pytest.mark.usefixtures("project")
def test_a_folder_is_refused_and_says_what_is_missing(cli: Cli) -> None:
    refused(cli(*CONNECT, "--yes", "--json"), "container")
    status = good(cli("aml", "status", "letters", "--json"))
    assert [need["name"] for need in status["prerequisites"] if not need["ok"]] == ["container"]


REFUSED = {
    ("document", "set"): ("letters", "letter00.txt", "--dataset", "test"),
    ("label",): ("letters", "letter20.txt", "--category", "Person", "--offset", "0", "--length", "4"),
    ("adjudicate",): None,
    ("assign",): ("letters", "--readers", "ann,bob", "--share", "50%"),
    ("category", "add"): ("letters", "Date"),
    ("category", "set"): ("letters", "Town", "--description", "where"),
    ("category", "rename"): ("letters", "Town", "--to", "City"),
    ("category", "merge"): ("letters", "Town", "--to", "Person"),
    ("category", "delete"): ("letters", "Town"),
    ("autolabel",): ("letters", "--model", "first", "--document", "letter20.txt", "--yes"),
    ("accept",): ("letters", "--document", "letter00.txt"),
    ("reject",): ("letters", "--document", "letter00.txt"),
    ("undo",): ("letters",),
    ("import",): ("letters", "{labels}"),
    ("watch",): None,
    ("job", "resume"): None,
    ("job", "retry"): None,
}
"""Commands that change labels; ``None`` where there is nothing for them to change in this project.

They are refused before anything is asked, and where they would find nothing to change too.
"""

GO_ON = {
    *{("project", name) for name in ("create", "list", "show", "repair", "delete")},
    *{("job", name) for name in ("show", "cancel", "delete")},
    *{("model", name) for name in ("show", "delete")},
    *{("resource", name) for name in ("add", "list", "test", "set", "remove")},
    *{("aml", name) for name in ("connect", "status", "switch", "import", "disconnect")},
    *{(name,) for name in ("demo", "open", "serve", "documents", "show", "sync", "agreement", "models")},
    *{(name,) for name in ("train", "evaluate", "jobs", "history", "export", "quota", "doctor")},
}
"""Commands that change no label, or that the hand-over is made of."""


def test_each_command_is_known_to_change_labels_or_not() -> None:
    assert set(commands()) == REFUSED.keys() | GO_ON
    assert not REFUSED.keys() & GO_ON


def test_every_command_that_changes_labels_is_refused_while_the_pen_is_there(
    cli: Cli, labeled: str, tmp_path: Path
) -> None:
    good(cli("train", labeled, "--model", "first", "--yes", "--json"))
    good(cli("autolabel", labeled, "--model", "first", "--yes", "--json"))
    good(cli(*CONNECT, "--yes", "--json"))
    good(cli("aml", "switch", labeled, "--to", "aml", "--json"))
    labels = write_json(tmp_path / "more.json", azure_labels(range(LABELED, COUNT)))
    before = good(cli("documents", labeled, "--json"))
    for command, arguments in REFUSED.items():
        if arguments is None:
            continue
        given = [argument.format(labels=labels) for argument in arguments]
        refused(cli(*command, *given, "--json"), "has the pen")
    assert good(cli("documents", labeled, "--json")) == before
    # Reading, evaluating, exporting and training go on.
    out = tmp_path / "out.json"
    good(cli("export", labeled, str(out), "--format", "azure", "--json"))
    good(cli("evaluate", labeled, "--model", "first", "--json"))
    trained = good(cli("train", labeled, "--model", "second", "--yes", "--json"))
    assert trained["deleted_suggestions"] > 0
    refused(cli("train", labeled, "--model", "third", "--split", "manual", "--json"), "ignored")


def test_a_row_that_several_could_be_is_listed_and_taken_as_match_says(
    cli: Cli, blobs: ContainerClient, labeled: str
) -> None:
    good(cli(*CONNECT, "--yes", "--json"))
    good(cli("aml", "switch", labeled, "--to", "aml", "--json"))
    rows = [(f"{folder}/letter20.txt", [("Person", 0, 6)]) for folder in ("old", "new")]
    export(blobs, "Labeling/one.jsonl", *rows)
    open_ = cli("aml", "import", labeled, "--json")
    assert open_.code == 1, open_
    ambiguous = open_.json["taken"]["ambiguous"]
    assert [(item["name"], item["candidates"]) for item in ambiguous] == [
        ("old/letter20.txt", ["letter20.txt"]),
        ("new/letter20.txt", ["letter20.txt"]),
    ]
    assert "aml import letters --match 1=letter20.txt" in cli("aml", "import", labeled).out
    assert spans(cli, "letter20.txt") == []
    cli("aml", "import", labeled, "--match", "new/letter20.txt=letter20.txt", "--json")
    assert spans(cli, "letter20.txt") == [("Person", "Letter")]
    wrong = cli("aml", "switch", labeled, "--to", "here", "--match", "1=nowhere.txt", "--json")
    assert (wrong.code, "nowhere.txt" in wrong.error["message"]) == (2, True)
    assert good(cli("aml", "status", labeled, "--json"))["pen"] == "aml"
    assert cli("aml", "switch", labeled, "--to", "here", "--match", "1=a", "--without-labels").code == 2
    back = cli("aml", "switch", labeled, "--to", "here", "--match", "1=letter20.txt", "--json")
    assert (back.code, back.json["pen"], back.json["taken"]["unchanged"]) == (1, "here", 1)
