"""An import into a container in Blob storage that is killed at any moment is finished by the next command."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from azure.storage.blob import ContainerClient

    from tests.azurite import Azurite
    from tests.cli.conftest import Cli

TEXTS = 5

KILLED = """
import os, signal, sys
from tui_labeler.engine.adapters.blob.container import BlobContainer
from tui_labeler.engine.label_files import LabelFiles
from tui_labeler.cli.main import main
moment, left = sys.argv.pop(1), [int(sys.argv.pop(1))]
def die():
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    left[0] -= 1
add, commit = BlobContainer.add, LabelFiles._commit
async def adding(self, name, content):
    if moment == "before":
        die()
    mark = await add(self, name, content)
    if moment == "after":
        die()
    return mark
async def committing(self, *arguments):
    done = await commit(self, *arguments)
    if moment == "commit":
        die()
    return done
BlobContainer.add, LabelFiles._commit = adding, committing
sys.exit(main())
"""


@pytest.fixture
def blobs(azurite: Azurite, monkeypatch: pytest.MonkeyPatch) -> Iterator[ContainerClient]:
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", azurite.connection_string)
    with azurite.plain_client(f"c{uuid4().hex[:16]}") as client:
        client.create_container()
        client.upload_blob("old.txt", b"Bo was here before.")
        yield client


@pytest.mark.parametrize(
    ("moment", "count"), [("before", 0), ("after", 0), ("before", 3), ("after", TEXTS - 1), ("commit", 0)]
)
def test_a_killed_import_is_finished_without_a_text_twice(
    moment: str, count: int, cli: Cli, blobs: ContainerClient, tmp_path: Path
) -> None:
    create = ("project", "create", "letters", "--kind", "ner", "--json")
    made = cli(*create, "--container", f"az://{blobs.container_name}")
    assert made.code == 0, made
    rows = [
        {"text": f"Ann number {n}", "spans": [{"start": 0, "end": 3, "label": "Person"}]}
        for n in range(TEXTS)
    ]
    file = tmp_path / "new.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    doing = ("import", "letters", str(file), "--add-documents")
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, moment, str(count), *doing], check=False, timeout=50
    )
    assert ended.returncode == -signal.SIGKILL
    after = cli("project", "show", "letters", "--json")
    assert "An import that was interrupted is finished" in after.err
    assert (after.json["labeled"], after.json["documents"]) == (TEXTS, 1 + TEXTS)
    texts = [name for name in blobs.list_blob_names() if "/" not in name]
    assert len(texts) == 1 + TEXTS
    assert cli("import", *doing[1:], "--json").json["unchanged"] == TEXTS
