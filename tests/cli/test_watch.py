"""``watch``: rounds as a server runs them, and how they end."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from tests.cli.conftest import letter
from tests.cli.test_gpt_jobs import add_resource, answer, entities, home, make_project, server
from tests.terminal.driver import wait_for
from tui_labeler.engine.adapters.store.locks import FileLock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.azurite import Azurite
    from tests.cli.conftest import Cli
    from tests.openai_server import Answer, Body, OpenAIServer

__all__ = ["home", "server"]

ONCE = ("watch", "letters", "--model", "first", "--once")
NOBODY = "Nothing of note has happened here.\n"


class Watcher:
    """The command in a process of its own, as a service has it."""

    def __init__(self, cli: Cli, *options: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tui_labeler", "watch", "letters", "--every", "1", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            env=dict(os.environ),
        )

    def line(self) -> dict[str, Any]:
        """The next round; waits for it."""
        assert self.process.stdout is not None
        found = self.process.stdout.readline()
        assert found, self.process.communicate()
        fields: dict[str, Any] = json.loads(found)
        return fields

    def until(self, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first round of which it holds."""
        while not holds(found := self.line()):
            pass
        return found

    def ends(self, number: signal.Signals | None = None) -> tuple[int, str, str]:
        """Exit code, and what is left on both streams."""
        if number is not None:
            self.process.send_signal(number)
        out, err = self.process.communicate(timeout=50)
        return self.process.returncode, out, err


@pytest.fixture
def watchers(cli: Cli) -> Iterator[Callable[..., Watcher]]:
    begun: list[Watcher] = []

    def begin(*options: str) -> Watcher:
        begun.append(Watcher(cli, *options))
        return begun[-1]

    yield begin
    for watcher in begun:
        watcher.process.kill()
        watcher.process.communicate()


def folder_of(cli: Cli) -> Path:
    (project,) = (cli.home / "projects").iterdir()
    return project


def container_of(cli: Cli) -> Path:
    return Path(cli("project", "show", "letters", "--json").json["container"])


@pytest.fixture
def fresh(cli: Cli, trained: str, tmp_path: Path) -> Path:
    """The container of ``letters`` with its model, for this test alone."""
    mine = tmp_path / "mine"
    shutil.copytree(container_of(cli), mine)
    path = folder_of(cli) / "project.json"
    path.write_text(path.read_text().replace(str(container_of(cli)), str(mine)))
    assert container_of(cli) == mine
    return mine


# --- once ---------------------------------------------------------------------------------------------


def test_one_round_labels_what_nobody_has_and_the_next_finds_nothing_to_do(cli: Cli, fresh: Path) -> None:
    (fresh / "nobody.txt").write_text(NOBODY)
    first = cli(*ONCE)
    assert first.code == 0, first
    found = json.loads(first.out)
    assert (found["schema_version"], found["round"], found["state"]) == (1, 1, "succeeded")
    assert (found["documents"], found["new"], found["left"], found["sync"]["added"]) == (9, 9, 0, 1)
    assert found["suggestions"] >= 16
    assert found["next_in"] is None
    assert "9 of 9 documents" in first.err
    second = cli(*ONCE)
    assert second.code == 0
    found = json.loads(second.out)
    assert (found["job_id"], found["state"], found["new"], found["failed"]) == (None, "not started", 0, [])
    assert second.err == ""
    assert len(cli("jobs", "letters", "--json").json["items"]) == 2  # the training, and one of the watch


def test_a_quota_that_is_too_small_is_used_up_told_and_ends_with_its_code(cli: Cli, fresh: Path) -> None:
    (cli.home / "settings.toml").write_text("quota = 3\n")
    first = cli(*ONCE)
    assert first.code == 4, first
    found = json.loads(first.out)
    assert (found["documents"], found["new"], found["left"]) == (3, 8, 5)
    assert found["error"]["code"] == "quota"
    assert "5 documents wait" in first.err
    found = json.loads(cli(*ONCE).out)
    assert (found["job_id"], found["left"], found["error"]["code"]) == (None, 5, "quota")


def test_what_can_t_be_is_refused_before_anything_begins(cli: Cli, fresh: Path) -> None:
    assert cli("watch", "letters", "--once").code == 2
    assert cli("watch", "letters", "--model", "none", "--once").code == 2
    assert cli(*ONCE, "--category", "None").code == 2
    assert cli(*ONCE, "--batch").code == 2
    assert cli("watch", "none", "--model", "first", "--once").code == 2
    assert len(cli("jobs", "letters", "--json").json["items"]) == 1


def test_a_container_that_is_gone_fails_the_round_with_the_code_of_the_outside(cli: Cli, fresh: Path) -> None:
    fresh.rename(fresh.with_name("away"))
    ran = cli(*ONCE)
    assert ran.code == 3, ran
    found = json.loads(ran.out)
    assert (found["state"], found["error"]["code"]) == ("not started", "container")


def test_a_second_watcher_is_refused_and_told_who_is_there(
    cli: Cli, fresh: Path, watchers: Callable[..., Watcher]
) -> None:
    first = watchers("--model", "first")
    first.line()
    ran = cli(*ONCE, "--json")
    assert (ran.code, ran.error["code"]) == (4, "locked")
    assert f"process {first.process.pid}" in ran.error["message"]
    assert "tester" in ran.error["message"]
    first.process.kill()
    first.process.wait()
    assert cli(*ONCE).code == 0


def test_one_round_is_all_that_once_does_though_documents_wait_for_the_limit(cli: Cli, fresh: Path) -> None:
    ran = cli(*ONCE, "--limit", "3")
    assert ran.code == 0, ran
    (found,) = [json.loads(line) for line in ran.out.splitlines()]
    assert (found["documents"], found["new"], found["left"], found["next_in"]) == (3, 8, 5, None)
    assert json.loads(cli(*ONCE, "--limit", "3").out)["new"] == 5


# --- going on -----------------------------------------------------------------------------------------


def test_rounds_go_on_and_find_what_comes_new(
    cli: Cli, fresh: Path, watchers: Callable[..., Watcher]
) -> None:
    watcher = watchers("--model", "first")
    first = watcher.line()
    assert (first["documents"], first["suggestions_taken_back"]) == (8, 0)
    assert watcher.line()["job_id"] is None
    (fresh / "letter99.txt").write_bytes(letter(5).encode())
    found = watcher.until(lambda found: found["sync"]["added"])
    assert (found["documents"], found["state"], found["next_in"]) == (1, "succeeded", 1)
    watcher.line()
    assert len(cli("show", "letters", "letter99.txt", "--json").json["suggestions"]) == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_between_two_rounds_just_ends_the_watch(
    cli: Cli, fresh: Path, watchers: Callable[..., Watcher], number: signal.Signals
) -> None:
    watcher = watchers("--model", "first", "--every", "600", "--document", "letter20.txt", "--json")
    assert (watcher.line()["documents"]) == 1
    code, out, err = watcher.ends(number)
    assert (code, out) == (0, "")
    assert err.endswith("The watch was ended.\n")
    assert "schema_version" not in err
    with FileLock(folder_of(cli) / "watch.lock").held(0.0):
        pass


def test_a_model_that_goes_away_is_told_each_time_later_and_a_new_one_is_used(
    cli: Cli, fresh: Path, watchers: Callable[..., Watcher]
) -> None:
    watcher = watchers("--model", "first")
    watcher.line()
    cards = folder_of(cli) / "models"
    cards.rename(cards.with_name("hidden"))
    (fresh / "letter99.txt").write_bytes(letter(5).encode())
    failed = watcher.until(lambda found: "error" in found)
    assert (failed["error"]["code"], failed["state"], failed["next_in"]) == ("not_found", "not started", 2)
    assert watcher.line()["next_in"] == 4
    cards.with_name("hidden").rename(cards)
    found = watcher.until(lambda found: "error" not in found)
    assert (found["documents"], found["next_in"]) == (1, 1)
    err = watcher.ends(signal.SIGTERM)[2]
    assert "There is no model named 'first'. The next round is in 2 seconds." in err


# --- deployments --------------------------------------------------------------------------------------


def test_without_a_terminal_a_deployment_needs_consent_and_a_budget_gives_it(
    cli: Cli, server: OpenAIServer, home: Path, tmp_path: Path
) -> None:
    make_project(cli, tmp_path / "letters", 2)
    add_resource(cli, server)
    gpt = ("watch", "letters", "--resource", "work", "--once")
    refused = cli(*gpt, "--json")
    assert (refused.code, refused.error["code"]) == (2, "bad_input")
    assert server.requests == []
    agreed = cli(*gpt, "--budget-tokens", "100000")
    assert agreed.code == 0, agreed
    assert f"sent to 127.0.0.1:{server.port} (work/good)" in agreed.err
    found = json.loads(agreed.out)
    assert (found["documents"], found["usage"]["prompt_tokens"]) == (2, 200)
    assert cli(*gpt, "--yes").code == 0
    assert len(server.chats) == 2


def test_a_watch_ends_when_its_budget_is_reached_over_several_rounds(
    cli: Cli, server: OpenAIServer, home: Path, tmp_path: Path, watchers: Callable[..., Watcher]
) -> None:
    make_project(cli, tmp_path / "letters", 2)
    add_resource(cli, server)
    watcher = watchers("--resource", "work", "--budget-tokens", "6000", "--concurrency", "1")
    first = watcher.line()
    assert (first["state"], first["done"]) == ("succeeded", 2)
    for number in range(2, 60):
        (tmp_path / "letters" / f"letter{number:02}.txt").write_bytes(letter(number).encode())
    last = watcher.until(lambda found: found["state"] == "cancelled")
    assert last["error"]["code"] == "budget"
    kinds = ("prompt_tokens", "completion_tokens")
    assert sum(found["usage"][kind] for found in (first, last) for kind in kinds) <= 6000
    code, out, err = watcher.ends()
    assert (code, out, last["next_in"]) == (4, "", None)
    assert "budget" in err


def test_a_round_in_which_every_document_failed_ends_with_1_and_the_next_one_comes_later(
    cli: Cli, server: OpenAIServer, home: Path, tmp_path: Path, watchers: Callable[..., Watcher]
) -> None:
    make_project(cli, tmp_path / "letters", 2)
    add_resource(cli, server)
    server.answer = lambda body: entities(("Ann Lee", "Animal"))
    ran = cli("watch", "letters", "--resource", "work", "--yes", "--once")
    found = json.loads(ran.out)
    assert (ran.code, found["state"], len(found["failed"])) == (1, "failed", 2), ran
    job = found["job_id"]
    assert cli("job", "retry", "letters", job, "--yes").code == 1
    assert cli("autolabel", "letters", "--resource", "work", "--yes").code == 1
    (tmp_path / "letters" / "letter02.txt").write_bytes(letter(2).encode())
    watcher = watchers("--resource", "work", "--yes")
    assert watcher.until(lambda found: found["state"] == "failed")["next_in"] == 2


class Gate:
    """Answers wait until it opens, all but the first ``free``."""

    def __init__(self, server: OpenAIServer, free: int = 0) -> None:
        self.open = threading.Event()
        self.asked = threading.Event()
        self.free = free
        server.answer = self

    def __call__(self, body: Body) -> Answer | str:
        if self.free:
            self.free -= 1
            return answer(body)
        self.asked.set()
        assert self.open.wait(30)
        return answer(body)


def test_a_signal_in_the_middle_of_a_job_cancels_it_and_the_next_watch_does_the_rest(
    cli: Cli, server: OpenAIServer, home: Path, tmp_path: Path, watchers: Callable[..., Watcher]
) -> None:
    make_project(cli, tmp_path / "letters", 6)
    add_resource(cli, server)
    gate = Gate(server, free=2)
    watcher = watchers("--resource", "work", "--yes", "--concurrency", "1")
    assert gate.asked.wait(30)
    # The third question is out: what the first two brought is on its way into the project.
    wait_for(lambda: cli("jobs", "letters", "--json").json["items"][0]["done"] == 2, "two are done")
    watcher.process.send_signal(signal.SIGTERM)
    found = watcher.line()
    assert (found["state"], found["done"]) == ("cancelled", 2)
    assert watcher.ends()[0] == 130
    gate.open.set()
    again = cli("watch", "letters", "--resource", "work", "--yes", "--once")
    assert again.code == 0, again
    assert json.loads(again.out)["documents"] == 6 - found["done"]
    items = cli("documents", "letters", "--filter", "auto-labeled", "--json").json["items"]
    assert len(items) == 6


def test_a_watcher_that_is_killed_leaves_its_job_at_work_and_the_next_one_follows_it(
    cli: Cli, server: OpenAIServer, home: Path, tmp_path: Path, watchers: Callable[..., Watcher]
) -> None:
    make_project(cli, tmp_path / "letters", 3)
    add_resource(cli, server)
    gate = Gate(server)
    watcher = watchers("--resource", "work", "--yes", "--concurrency", "1")
    assert gate.asked.wait(30)
    watcher.process.kill()
    watcher.process.wait()
    (job,) = cli("jobs", "letters", "--json").json["items"]
    assert job["state"] == "running"
    gate.open.set()
    again = cli("watch", "letters", "--resource", "work", "--yes", "--once")
    assert again.code == 0, again
    rounds = [json.loads(line) for line in again.out.splitlines()]
    assert [found["new"] for found in rounds][-1] == 0
    (ended,) = cli("jobs", "letters", "--json").json["items"]
    assert (ended["job_id"], ended["state"], ended["done"]) == (job["job_id"], "succeeded", 3)
    assert len(server.chats) == 3


def test_machines_that_share_a_container_have_one_watcher_and_its_suggestions(
    cli: Cli, server: OpenAIServer, home: Path, tmp_path: Path, watchers: Callable[..., Watcher]
) -> None:
    shared = ("--share", "--category", "Person", "--category", "Town")
    make_project(cli, tmp_path / "letters", 2, *shared)
    add_resource(cli, server)
    other = ("--home", str(tmp_path / "other"))
    create = ("project", "create", "letters", "--kind", "ner", "--container", str(tmp_path / "letters"))
    assert cli(*other, *create, "--share").code == 0
    shutil.copy(home / "resources.json", tmp_path / "other")
    watcher = watchers("--resource", "work", "--yes")
    assert watcher.line()["sync"]["uploaded"] >= 2
    elsewhere = (*other, "watch", "letters", "--resource", "work", "--yes", "--once")
    ran = cli(*elsewhere, "--json")
    assert (ran.code, ran.error["code"]) == (4, "locked")
    assert f"(process {watcher.process.pid})" in ran.error["message"]
    watcher.process.kill()
    watcher.process.wait()
    assert cli(*elsewhere).code == 4
    # The same home follows at once, and dies as well.
    watcher = watchers("--resource", "work", "--yes")
    assert watcher.line()["new"] == 0
    watcher.process.kill()
    watcher.process.wait()
    assert cli(*elsewhere).code == 4
    (lease,) = (tmp_path / "letters").glob(".tui-labeler/*/watch.json")
    os.utime(lease, (0, lease.stat().st_mtime - 200))
    freed = cli(*elsewhere, "--filter", "auto-labeled", "--filter", "unlabeled")
    assert freed.code == 0, freed
    assert json.loads(freed.out)["new"] == 0
    shown = cli(*other, "show", "letters", "letter01.txt", "--json").json
    assert [item["source"] for item in shown["suggestions"]] == ["gpt:work/good"] * 2
    assert not lease.exists()


def test_on_a_blob_container_new_blobs_are_found_and_suggestions_go_to_every_home(
    cli: Cli,
    server: OpenAIServer,
    home: Path,
    tmp_path: Path,
    azurite: Azurite,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", azurite.connection_string)
    with azurite.plain_client(f"c{uuid4().hex[:16]}") as blobs:
        blobs.create_container()
        for number in range(2):
            blobs.upload_blob(f"letter{number:02}.txt", letter(number).encode())
        address = f"az://{blobs.container_name}"
        create = ("project", "create", "letters", "--kind", "ner", "--container", address)
        assert cli(*create, "--category", "Person", "--category", "Town").code == 0
        add_resource(cli, server)
        once = ("watch", "letters", "--resource", "work", "--yes", "--once")
        first = json.loads(cli(*once).out)
        assert (first["documents"], first["sync"]["uploaded"]) == (2, 2)
        blobs.upload_blob("letter02.txt", letter(2).encode())
        other = ("--home", str(tmp_path / "other"))
        assert cli(*other, *create).code == 0
        for name in ("resources.json", "patience"):
            shutil.copy(home / name, tmp_path / "other")
        asked = len(server.chats)
        elsewhere = json.loads(cli(*other, *once).out)
        assert (elsewhere["state"], elsewhere["new"], elsewhere["documents"]) == ("succeeded", 1, 1)
        assert len(server.chats) == asked + 1
        found = json.loads(cli(*once).out)
        assert (found["new"], found["sync"]["added"], found["sync"]["downloaded"]) == (0, 1, 2)
        shown = cli("show", "letters", "letter02.txt", "--json").json
        assert len(shown["suggestions"]) == 2
        names = [blob.name for blob in blobs.list_blobs(name_starts_with=".tui-labeler/")]
        assert not [name for name in names if name.endswith("watch.json")]
        folder = next(name for name in names if name.endswith("/project.json")).removesuffix("project.json")
        blobs.upload_blob(f"{folder}watch.json", b'{"session": "s9", "actor": "cleo", "host": "server9"}')
        refused = cli(*once, "--json")
        assert (refused.code, refused.error["code"]) == (4, "locked")
        assert "cleo on server9" in refused.error["message"]
