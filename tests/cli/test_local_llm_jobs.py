"""Labeling a document of each kind with a real language model on this machine, by commands alone.

What a small model says is not judged here, only what is made of it: see ``benchmarks/local_llm.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.conftest import azure_labels, write_json, write_letters

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Cli

TRUE_REASONS = {"repetition", "length", "bad_answer"}
"""What a small model's answers may fail for; nothing else may go wrong."""

CLASSES = {"billing": "Money, invoices and payments.", "delivery": "Parcels, and when they come."}


@pytest.fixture
def resource(cli: Cli, local_llm: str) -> str:
    add = ("resource", "add", "here", "--kind", "openai", "--endpoint", local_llm, "--deployment", "local")
    assert cli(*add, "--context", "8192", "--price-in", "0", "--price-out", "0").code == 0
    tried = cli("resource", "test", "here", "--json").json["deployments"][0]["capabilities"]
    assert tried["structured"] == "json_schema"
    return "here"


def label_one(cli: Cli, project: str, resource: str) -> Any:
    """The job over one document, when it is over."""
    asked = (
        "autolabel",
        project,
        "--resource",
        resource,
        "--deployment",
        "local",
        "--limit",
        "1",
        "--yes",
        "--json",
    )
    ran = cli(*asked)
    job = ran.json
    assert (ran.code, job["state"]) in ((0, "succeeded"), (1, "failed"), (1, "partially_completed")), ran
    assert {item["error"] for item in job["failed"]} <= TRUE_REASONS
    assert job["done"] + len(job["failed"]) == job["documents"] == 1
    assert job["usage"]["prompt_tokens"] > 100
    assert job["usage"]["completion_tokens"] > 3
    assert job["cost"] == 0
    return job


def classified(cli: Cli, tmp_path: Path, kind: str) -> list[str]:
    """The classes that are suggested for a letter."""
    folder = tmp_path / "letters"
    folder.mkdir()
    (folder / "a.txt").write_text("The parcel that I have paid for has not come yet.", encoding="utf-8")
    assert cli("project", "create", "letters", "--kind", kind, "--container", str(folder)).code == 0
    for name, description in CLASSES.items():
        assert cli("category", "add", "letters", name, "--description", description).code == 0
    job = label_one(cli, "letters", "here")
    document = cli("show", "letters", "a.txt", "--json").json
    found = [item["category"] for item in document["suggestions"]]
    assert len(found) == len(set(found)) == job["suggestions"]
    assert set(found) <= set(CLASSES)
    return found


def test_a_document_of_entities(cli: Cli, resource: str, tmp_path: Path) -> None:
    folder = write_letters(tmp_path / "letters", 5)
    labels = write_json(tmp_path / "labels.json", azure_labels(range(4)))
    made = ("project", "create", "letters", "--kind", "ner", "--container", str(folder))
    assert cli(*made, "--labels", str(labels)).code == 0
    job = label_one(cli, "letters", resource)
    document = cli("show", "letters", "letter04.txt", "--json").json
    assert len(document["suggestions"]) == job["suggestions"]
    assert len(document["to_place"]) == job["unaligned"]
    for item in document["suggestions"]:
        start = item["offset"]
        assert item["category"] in ("Person", "Town")
        assert document["text"][start : start + item["length"]] == item["text"] != ""
    if job["suggestions"]:
        accepted = cli("accept", "letters", "--all", "--json").json
        assert accepted["accepted"] == job["suggestions"]
        assert cli("show", "letters", "letter04.txt", "--json").json["state"] == "labeled"


def test_a_document_of_one_class(cli: Cli, resource: str, tmp_path: Path) -> None:
    assert len(classified(cli, tmp_path, "single")) <= 1


def test_a_document_of_several_classes(cli: Cli, resource: str, tmp_path: Path) -> None:
    assert len(classified(cli, tmp_path, "multi")) <= len(CLASSES)


def test_an_answer_that_was_paid_for_is_not_asked_for_again(cli: Cli, resource: str, tmp_path: Path) -> None:
    classified(cli, tmp_path, "single")
    again = cli(
        *("autolabel", "letters", "--resource", resource, "--deployment", "local", "--yes"),
        *("--document", "a.txt", "--json"),
    ).json
    assert again["usage"]["prompt_tokens"] == 0
