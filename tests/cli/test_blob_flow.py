"""The whole way of a project on a container in Blob storage, by commands: nothing needs a folder."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import COUNT, LABELED, azure_labels
from tests.cli.test_gpt_jobs import GPT, PRICES, add_resource, answer, expected, found_in, home
from tests.openai_server import OpenAIServer

if TYPE_CHECKING:
    from pathlib import Path

    from azure.storage.blob import ContainerClient

    from tests.azurite import Azurite
    from tests.cli.conftest import Cli

__all__ = ["home"]


def test_import_train_autolabel_review_and_export(
    cli: Cli, azurite: Azurite, blobs: ContainerClient, labeled: str, tmp_path: Path
) -> None:
    trained = cli("train", labeled, "--model", "first", "--yes", "--json")
    assert trained.code == 0, trained
    assert trained.json["train_documents"] + trained.json["test_documents"] == LABELED
    job = cli("autolabel", labeled, "--model", "first", "--yes", "--json")
    assert job.code == 0, job
    assert (job.json["state"], job.json["documents"], job.json["failed"]) == ("succeeded", 8, [])
    assert job.json["suggestions"] > 0
    accepted = cli("accept", labeled, "--min-confidence", "0.5", "--json").json["accepted"]
    rejected = cli("reject", labeled, "--all", "--json").json["rejected"]
    assert accepted + rejected == job.json["suggestions"]
    assert accepted > 0
    synced = cli("sync", labeled, "--publish", "--json")
    assert synced.code == 0, synced
    exported = tmp_path / "exported.json"
    assert cli("export", labeled, str(exported), "--format", "azure", "--json").code == 0
    published = json.loads(blobs.download_blob("labels.json").readall())
    labels = [
        label
        for document in published["assets"]["documents"]
        for region in document.get("entities", [])
        for label in region["labels"]
    ]
    before = sum(
        len(document["entities"][0]["labels"])
        for document in azure_labels(range(LABELED))["assets"]["documents"]
    )
    assert len(labels) == before + accepted
    assert json.loads(exported.read_text())["assets"]["entities"] == published["assets"]["entities"]
    # Another home has it all.
    other = ("--home", str(tmp_path / "bo"))
    create = ("project", "create", "letters", "--kind", "ner", "--json", "--container")
    joined = cli(*other, *create, azurite.url(blobs.container_name))
    assert joined.json["joined"] is True
    shown = cli(*other, "project", "show", "letters", "--json").json
    assert sum(item["labels"] for item in shown["categories"]) == before + accepted


@pytest.mark.usefixtures("home", "labeled")
def test_documents_are_labeled_and_evaluated_by_a_deployment(cli: Cli) -> None:
    with OpenAIServer(answer=answer, key="sk-sentinel-4711-0815") as server:
        add_resource(cli, server, *PRICES)
        dry = cli(*GPT, "--dry-run", "--json")
        assert dry.code == 0, dry
        assert dry.json["documents"] == COUNT - LABELED
        evaluated = cli("evaluate", "letters", "--resource", "work", "--yes", "--limit", "3", "--json")
        assert evaluated.code == 0, evaluated
        assert (evaluated.json["documents"], evaluated.json["f1"]) == (3, 1.0)
        job = cli(*GPT, "--json")
        assert job.code == 0, job
        assert (job.json["state"], job.json["documents"]) == ("succeeded", COUNT - LABELED)
    assert found_in(cli, LABELED) == expected(LABELED)
    assert cli("accept", "letters", "--all", "--json").json["accepted"] == job.json["suggestions"]
    synced = cli("sync", "letters", "--json")
    assert (synced.code, synced.json["uploaded"]) == (0, COUNT - LABELED)
