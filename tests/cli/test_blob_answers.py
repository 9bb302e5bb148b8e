"""What answers in the place of a Blob server, from the command line: it is told, and never shown."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.cli.test_watch import Watcher, container_of, folder_of
from tests.hostile.blob_answers import LISTINGS, LOGIN, READINGS
from tests.hostile.blob_server import SIGNATURE, TOKEN, BlobServer

if TYPE_CHECKING:
    from tests.cli.conftest import Cli, Ran

TEXTS = {"a.txt": b"Ann Lee lives in Berlin.", "b.txt": b"Bo Sand lives in Ghent."}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[BlobServer]:
    for name in ("AZURE_STORAGE_CONNECTION_STRING", "AZURE_STORAGE_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT", "account")
    monkeypatch.setenv("AZURE_STORAGE_SAS_TOKEN", TOKEN)
    with BlobServer(TEXTS) as server:
        yield server


def look_plain(*said: str) -> None:
    for text in said:
        assert text.replace("\n", "").isprintable()
        for word in ("Traceback", "Unclosed", SIGNATURE, "sig=", "log in", "SAID"):
            assert word not in text


def create(cli: Cli, server: BlobServer, *more: str) -> Ran:
    return cli("project", "create", "letters", "--kind", "ner", "--container", server.url, *more)


@pytest.mark.parametrize("name", ["a login page", "no length", "no mark", "a container that goes"])
def test_a_project_is_not_made_on_what_is_no_blob_storage(cli: Cli, server: BlobServer, name: str) -> None:
    server.listing = LISTINGS[name]
    ran = create(cli, server)
    assert ran.code == 3, ran
    assert "127.0.0.1" in ran.err
    look_plain(ran.out, ran.err)
    assert cli("project", "show", "letters").code == 2


@pytest.mark.parametrize("name", ["a login page", "archived", "no range", "a lease"])
def test_documents_that_can_not_be_read_are_told_and_the_project_is_made(
    cli: Cli, server: BlobServer, name: str
) -> None:
    server.reading = READINGS[name]
    ran = create(cli, server, "--json")
    assert ran.code == 0, ran
    assert [each["location"] for each in ran.json["unreadable_documents"]] == ["a.txt", "b.txt"]
    shown = cli("documents", "letters")
    look_plain(ran.out, ran.err, shown.out, shown.err)
    server.reading = None
    assert cli("sync", "letters").code == 0
    assert cli("project", "show", "letters", "--json").json["unreadable"] == 0


def test_a_login_page_fails_a_sync_and_is_a_finding_of_doctor(cli: Cli, server: BlobServer) -> None:
    assert create(cli, server).code == 0
    server.listing = server.reading = LOGIN
    server.probe = LOGIN
    synced = cli("sync", "letters")
    assert synced.code == 3, synced
    assert "can't be understood" in synced.err
    checked = cli("doctor", "--json")
    assert checked.code == 1
    found = {check["name"]: check for check in checked.json["checks"]}["container of letters"]
    assert not found["ok"]
    assert "can't be understood" in found["detail"]
    told = cli("doctor")
    look_plain(synced.out, synced.err, checked.out, checked.err, told.out, told.err)
    server.listing = server.reading = None
    server.probe = b""
    assert cli("sync", "letters").code == 0


def test_a_process_that_met_a_login_page_leaves_nothing_on_the_terminal_but_words(
    cli: Cli, server: BlobServer
) -> None:
    assert create(cli, server).code == 0
    server.listing = LOGIN
    ran = subprocess.run(
        [sys.executable, "-m", "tui_labeler", "sync", "letters"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=dict(os.environ),
    )
    assert ran.returncode == 3, ran
    look_plain(ran.stdout, ran.stderr)
    assert len(ran.stderr.splitlines()) < 10


def test_a_watch_tells_of_a_login_page_and_its_next_round_comes(
    cli: Cli, server: BlobServer, trained: str
) -> None:
    folder = container_of(cli)
    server.texts |= {path.name: path.read_bytes() for path in folder.iterdir()}
    path = folder_of(cli) / "project.json"
    path.write_text(path.read_text().replace(str(folder), server.url))
    watcher = Watcher(cli, "--model", "first")
    try:
        assert "error" not in watcher.line()
        server.listing = server.reading = LOGIN
        told = watcher.until(lambda found: "error" in found)
        assert "can't be understood" in told["error"]["message"]
        server.listing = server.reading = None
        watcher.until(lambda found: "error" not in found)
        code, out, err = watcher.ends(signal.SIGTERM)
        assert code == 0
        look_plain(json.dumps(told, ensure_ascii=False), out, err)
    finally:
        watcher.process.kill()
        watcher.process.communicate()
