"""Two people at two terminals, a home each, and a folder between them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.terminal.driver import Terminal, command, is_so, wait_for
from tests.terminal.test_lines import sent_when_idle

if TYPE_CHECKING:
    from pathlib import Path

    from tests.azurite import Azurite

TEXTS = {"a.txt": "Ann Lee lives in Berlin.\n", "b.txt": "Bo Sand lives in Ghent.\n"}
OPEN = ("open", "letters", "--document")


@pytest.fixture
def homes(tmp_path: Path) -> tuple[Path, Path]:
    """Of Ana, who made the project, and of Bo, who joined it; both sync every second."""
    texts = tmp_path / "texts"
    texts.mkdir()
    for name, text in TEXTS.items():
        (texts / name).write_text(text)
    found = tmp_path / "ana", tmp_path / "bo"
    for home in found:
        home.mkdir()
        (home / "settings.toml").write_text(f'name = "{home.name}"\nsync_every = 1\n')
        command(
            home,
            *("project", "create", "letters", "--kind", "ner", "--container", str(texts), "--share"),
            *("--category", "Person", "--category", "Town"),
        )
    return found


def test_what_one_saves_the_other_sees_and_what_both_make_differently_is_decided(
    homes: tuple[Path, Path],
) -> None:
    with (
        Terminal(homes[0], *OPEN, "a.txt") as ana,
        Terminal(homes[1], *OPEN, "b.txt", size=(80, 24)) as bo,
    ):
        ana.until("synced")
        bo.until("synced")
        ana.press("v", "w", "1")
        ana.until("1 unsaved")
        ana.press("ctrl+s")
        ana.until("Labels saved")
        bo.press("[")
        bo.until("━Person")
        bo.press("q")
        bo.until("1 project")
        label = ("label", "letters", "b.txt", "--offset", "0")
        command(homes[1], *label, "--length", "2", "--category", "Town")
        command(homes[0], *label, "--length", "7", "--category", "Person")
        texts = homes[0].parent / "texts"
        # Hers is to be there first: what meets it then is his.
        wait_for(lambda: any(texts.glob(".tui-labeler/*/labels/b.txt.json")), "it is in the container")
        ana.until(partial(is_so, "-pending"))
        bo.press("enter")
        bo.until("conflict 1")
        bo.press("Y")
        bo.until("“Bo Sand”")
        bo.press("t")
        bo.until("No conflict is left")
        bo.press("q")
        bo.until("synced")
    for home in homes:
        shown = command(home, "show", "letters", "b.txt")["labels"]
        assert [(item["category"], item["text"]) for item in shown] == [("Person", "Bo Sand")]


def test_a_shared_project_that_nobody_uses_sends_nothing(homes: tuple[Path, Path]) -> None:
    with Terminal(homes[0], *OPEN, "a.txt") as terminal:
        terminal.until("synced")
        assert sent_when_idle(terminal, 200) == 0


def test_a_project_on_a_container_in_blob_storage_is_made_labeled_and_shared_by_keys(
    azurite: Azurite, tmp_path: Path
) -> None:
    name = f"c{uuid4().hex[:16]}"
    with azurite.plain_client(name) as client:
        client.create_container()
        for location, text in TEXTS.items():
            client.upload_blob(location, text.encode())
        home = tmp_path / "ana"
        home.mkdir()
        (home / "settings.toml").write_text("tour = false\nsync_every = 0\n")
        environment: dict[str, str | None] = {"AZURE_STORAGE_CONNECTION_STRING": azurite.connection_string}
        with Terminal(home, environment=environment) as terminal:
            terminal.until("There is no project yet")
            terminal.press("n").until("Sharing")
            terminal.type(f"az://{name}")
            terminal.until("labels are for all who have the container")
            terminal.press("down").type("letters").press("down", "down", "down", "down", "down")
            terminal.type("Person, Town").press("ctrl+s")
            terminal.until("letters > a.txt")
            terminal.press("v", "w", "1").until("1 unsaved")
            terminal.press("ctrl+s").until("pending 1")
            terminal.press("S").until("1 uploaded, 0 unchanged, 0 conflicts")
            terminal.press("q").until("synced")
            terminal.press("q").until("1 project")
            terminal.press("q")
            assert terminal.ended() == 0
        files = [blob.name for blob in client.list_blobs(name_starts_with=".tui-labeler/")]
        assert [file.rpartition("/")[2] for file in files if "/labels/" in file] == ["a.txt.json"]
        assert azurite.url(name) in (next(home.glob("projects/*/project.json"))).read_text()
