"""The whole way of a project on a container in Blob storage, with keys alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from uuid import uuid4

from tests.terminal.driver import Terminal, command
from tests.terminal.steps import create_project, go, leave, open_the_last_step, save_and_export, train
from tests.terminal.test_whole_path import check_what_came_of_it, review

if TYPE_CHECKING:
    from pathlib import Path

    from tests.azurite import Azurite
    from tests.terminal.conftest import Place


def test_a_project_in_blob_storage_goes_from_nothing_to_exported_labels_with_keys_alone(
    contracts: Place, tmp_path: Path, azurite: Azurite
) -> None:
    place, exported = contracts, tmp_path / "exported labels.json"
    name = f"c{uuid4().hex[:16]}"
    environment = {"AZURE_STORAGE_CONNECTION_STRING": azurite.connection_string}
    with azurite.plain_client(name) as client:
        client.create_container()
        for path in sorted(place.documents.iterdir()):
            client.upload_blob(path.name, path.read_bytes())
        with Terminal(place.home, environment=environment) as terminal:
            create_project(terminal, azurite.url(name), "contracts", labels=str(place.labels))
            terminal.press("U").until("contracts > agreement02.txt")
            terminal.press("w", "w", "v", "w").until("Selected")
            terminal.press("1").until("1 unsaved")
            terminal.press("ctrl+s").until("1 label in 1 document")
            train(terminal)
            terminal.until("contracts > agreement02.txt")
            open_the_last_step(terminal, "model-1", selected="selected: 28 documents")
            terminal.press("s").until("0 running, 2 in all")
            terminal.press("enter")
            counts = review(terminal, place)
            save_and_export(terminal, exported)
            go(terminal, [("S", "uploaded"), ("q", "-uploaded")])
            terminal.press("q").until("The review is over")
            leave(terminal)
        check_what_came_of_it(place, exported, counts)
        names = [blob.name for blob in client.list_blobs(name_starts_with=".tui-labeler/")]
        files = [json.loads(client.download_blob(each).readall()) for each in names if "/labels/" in each]
    shown = command(place.home, "project", "show", "contracts")
    active = [label for file in files for label in file.get("labels", []) if not label.get("removed")]
    assert len(active) == sum(category["labels"] for category in shown["categories"])
