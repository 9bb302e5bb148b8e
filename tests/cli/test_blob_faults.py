"""What goes wrong with a container in Blob storage, from the command line: it is said, and work goes on."""

from __future__ import annotations

import errno
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from azure.storage.blob import ContainerClient

from tests.azurite import ACCOUNT, KEY, Azurite
from tests.cli.conftest import Cli, Ran
from tests.cutting_proxy import CuttingProxy, Fault, busy, cut_request, delay, hang, of_writes, refuse
from tui_labeler.engine.adapters.blob import container
from tui_labeler.engine.adapters.blob.patience import Patience
from tui_labeler.engine.adapters.text_cache import TextCache

TEXTS = {"a.txt": "Ann Lee lives in Berlin.", "b.txt": "Bo Sand lives in Ghent."}
SOON = Patience(first=1.0, probe=0.5, busy=(0.01, 0.02))
OTHER_KEY = "c29tZSBvdGhlciBrZXk="

_started: list[str] = []
"""The command lines of every process that this one has started."""


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "subprocess.Popen":
        _started.append(" ".join(map(os.fsdecode, arguments[1])))


sys.addaudithook(_hear)


@dataclass
class World:
    """A project on a container behind a proxy, with one label that the container has."""

    cli: Cli
    proxy: CuttingProxy
    server: Azurite
    client: ContainerClient
    monkeypatch: pytest.MonkeyPatch
    told: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=lambda: [KEY, OTHER_KEY, "sig="])

    @property
    def through(self) -> Azurite:
        return self.server.behind(self.proxy.port)

    def run(self, *arguments: str) -> Ran:
        ran = self.cli(*arguments)
        self.told += [ran.out, ran.err]
        return ran

    def label(self, name: str, category: str, words: str) -> None:
        ran = self.run("label", "letters", name, "--category", category, "--text", words, "--json")
        assert ran.code == 0, ran

    def sync(self, *more: str) -> Ran:
        return self.run("sync", "letters", "--json", *more)

    def by(self, key: str = "", sas: str = "") -> None:
        """The way in for what follows."""
        self.monkeypatch.delenv("AZURE_STORAGE_CONNECTION_STRING", raising=False)
        self.monkeypatch.setenv("AZURE_STORAGE_ACCOUNT", ACCOUNT)
        for name, value in (("AZURE_STORAGE_KEY", key), ("AZURE_STORAGE_SAS_TOKEN", sas)):
            self.monkeypatch.setenv(name, value)

    def heal(self) -> None:
        self.proxy.forget()
        self.by(key=KEY)

    def shared(self) -> list[tuple[str, str]]:
        """Document and category of every label in the container."""
        names = [blob.name for blob in self.client.list_blobs(name_starts_with=".tui-labeler/")]
        files = [
            json.loads(self.client.download_blob(each).readall()) for each in names if "/labels/" in each
        ]
        return sorted(
            (file["location"], label["category_name"]) for file in files for label in file.get("labels", [])
        )

    def leaks(self) -> list[str]:
        """Where a secret is that should be nowhere: files of homes, what was said, command lines."""
        files = {str(path): path.read_bytes() for path in self.cli.home.rglob("*") if path.is_file()}
        said = {f"said {n}": text.encode() for n, text in enumerate([*self.told, *_started])}
        return [
            f"{secret[:6]} in {where}"
            for where, data in {**files, **said}.items()
            for secret in self.secrets
            if secret.encode() in data
        ]


@pytest.fixture
def world(cli: Cli, azurite: Azurite, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    name = f"c{uuid4().hex[:16]}"
    _started.clear()
    with azurite.plain_client(name) as client, CuttingProxy(azurite.port) as proxy:
        client.create_container()
        for text, content in TEXTS.items():
            client.upload_blob(text, content.encode())
        found = World(cli, proxy, azurite, client, monkeypatch)
        found.by(key=KEY)
        create = ("project", "create", "letters", "--kind", "ner", "--json", "--category", "Person")
        made = found.run(*create, "--category", "Town", "--container", found.through.url(name))
        assert made.code == 0, made
        found.label("a.txt", "Person", "Ann Lee")
        assert found.sync().code == 0
        # What follows is about a server that is known to be gone.
        monkeypatch.setattr(container, "Patience", lambda: SOON)
        yield found
        assert found.leaks() == []


def refuses(world: World) -> None:
    world.proxy.fault = refuse()
    world.proxy.cut_all()


def hangs(world: World) -> None:
    world.proxy.fault = hang()


def wrong_key(world: World) -> None:
    world.by(key=OTHER_KEY)


def expired(world: World) -> None:
    world.by(sas=world.server.sas(world.client.container_name, "rlcw", hours=-1))


def missing(world: World) -> None:
    world.client.delete_container()


def throttled(world: World) -> None:
    world.proxy.fault = busy(retry_after=90)


def asks_for_no_time(world: World) -> None:
    world.proxy.fault = busy()


def no_way_in(world: World) -> None:
    world.by()


@pytest.mark.parametrize(
    ("breaks", "message", "hint"),
    [
        (refuses, "can't be reached", "network"),
        (hangs, "can't be reached", "network"),
        (wrong_key, "refuses the key in AZURE_STORAGE_KEY", "belongs to this account"),
        (expired, "expired on 20", "AZURE_STORAGE_SAS_TOKEN"),
        (missing, "there is no container", "make the container"),
        (throttled, "too busy to answer (503 ServerBusy)", "in 90 seconds"),
        (asks_for_no_time, "too busy to answer", "in a few minutes"),
        (no_way_in, "there is no key for", "AZURE_STORAGE_KEY"),
    ],
)
def test_what_is_wrong_is_said_and_work_goes_on_without_the_container(
    world: World, breaks: Callable[[World], None], message: str, hint: str
) -> None:
    breaks(world)
    began = time.monotonic()
    failed = world.sync()
    assert failed.code == 3
    assert time.monotonic() - began < 5
    assert failed.error["code"] == "container"
    assert message in failed.error["message"]
    assert hint in failed.error["hint"]
    people = world.run("sync", "letters")
    assert people.code == 3
    assert people.out == ""
    assert message in people.err
    assert "Traceback" not in people.err
    shown = world.run("show", "letters", "a.txt", "--json")
    assert shown.json["text"] == TEXTS["a.txt"]
    world.label("a.txt", "Town", "Berlin")
    assert world.run("documents", "letters", "--json").code == 0
    published = world.sync("--publish")
    assert published.code == 3
    if breaks is missing:
        return
    world.heal()
    again = world.sync()
    assert again.code == 0, again
    assert again.json["uploaded"] == 1
    assert world.shared() == [("a.txt", "Person"), ("a.txt", "Town")]


def test_a_token_that_only_reads_takes_what_others_made_and_says_that_it_can_not_write(world: World) -> None:
    world.label("b.txt", "Person", "Bo Sand")
    home = ("--home", str(world.cli.home.with_name("bo")))
    container = world.through.url(world.client.container_name)
    world.by(sas=world.server.sas(world.client.container_name, "rl"))
    create = ("project", "create", "letters", "--kind", "ner", "--container", container, "--json")
    joined = world.run(*home, *create)
    assert joined.code == 0, joined
    world.run(*home, "label", "letters", "b.txt", "--category", "Town", "--text", "Ghent")
    world.run(*home, "category", "add", "letters", "Date")
    world.by(key=KEY)
    assert world.sync().json["uploaded"] == 1
    world.by(sas=world.server.sas(world.client.container_name, "rl"))
    failed = world.run(*home, "sync", "letters", "--json")
    assert failed.code == 3
    assert "does not give the right to write" in failed.error["message"]
    assert "the token's rights are rl" in failed.error["message"]
    assert "`tui-labeler sync letters --pull` only reads" in failed.error["hint"]
    assert world.sync("--pull").code == 0
    shown = world.run(*home, "show", "letters", "b.txt", "--json").json
    assert [label["category"] for label in shown["labels"]] == ["Person", "Town"]
    assert world.run(*home, "sync", "letters", "--pull", "--json").code == 0
    world.by(sas=world.server.sas(world.client.container_name, "rlcw"))
    assert world.run(*home, "sync", "letters", "--json").code == 0
    assert world.shared() == [("a.txt", "Person"), ("b.txt", "Person"), ("b.txt", "Town")]


def test_a_name_that_could_not_be_claimed_is_asked_for_again_before_anything_is_shared(world: World) -> None:
    homes = [("--home", str(world.cli.home.with_name(who))) for who in ("bo", "cleo")]
    container = world.through.url(world.client.container_name)
    create = ("project", "create", "others", "--kind", "ner", "--category", "Town", "--container", container)
    world.by(sas=world.server.sas(world.client.container_name, "rl"))
    made = world.run(*homes[0], *create, "--json")
    assert made.code == 0, made
    assert any("can't be shared from here" in warning for warning in made.json["warnings"])
    world.by(sas=world.server.sas(world.client.container_name, "rlcw"))
    assert world.run(*homes[1], *create, "--json").json["joined"] is False
    refused = world.run(*homes[0], "sync", "others", "--json")
    assert refused.code == 2
    assert "Others share a project 'others'" in refused.error["message"]
    projects = {
        blob.name.split("/")[1]
        for blob in world.client.list_blobs(name_starts_with=".tui-labeler/")
        if blob.name.endswith("project.json")
    }
    assert len(projects) == 2  # the fixture's, and cleo's


def test_a_server_that_asks_for_a_moment_is_given_it(world: World) -> None:
    world.proxy.next(busy(retry_after=1))
    began = time.monotonic()
    assert world.sync().code == 0
    assert time.monotonic() - began > 0.9


def test_a_slow_server_is_waited_for(world: World) -> None:
    world.label("a.txt", "Town", "Berlin")
    world.proxy.fault = delay(0.3)
    synced = world.sync()
    assert synced.code == 0, synced
    assert synced.json["uploaded"] == 1


@pytest.mark.parametrize("fault", [cut_request(1000), busy(retry_after=90)])
def test_a_write_that_fails_leaves_the_file_that_was_there(world: World, fault: Fault) -> None:
    """The labels of documents, and the file that is published for others."""
    assert world.sync("--publish").json["published"]["written"] is True
    before = {
        blob.name: world.client.download_blob(blob.name).readall() for blob in world.client.list_blobs()
    }
    world.label("a.txt", "Town", "Berlin")
    world.proxy.fault = of_writes(fault)
    world.proxy.cut_all()
    for more in ([], ["--publish"]):
        failed = world.sync(*more)
        assert failed.code == 3
        assert failed.error["code"] == "container"
    after = {blob.name: world.client.download_blob(blob.name).readall() for blob in world.client.list_blobs()}
    assert after == before
    world.heal()
    again = world.sync("--publish")
    assert again.json["published"]["labels"] == 2
    kept = world.client.download_blob(again.json["published"]["kept"]).readall()
    assert kept == before["labels.json"]


@pytest.mark.parametrize("through", [0, 3])
def test_joining_over_a_line_that_breaks_makes_no_project_or_a_whole_one(world: World, through: int) -> None:
    home = ("--home", str(world.cli.home.with_name("bo")))
    container = world.through.url(world.client.container_name)
    world.proxy.next(*[Fault()] * through)
    world.proxy.fault = refuse()
    world.proxy.cut_all()
    create = ("project", "create", "letters", "--kind", "ner", "--container", container, "--json")
    failed = world.run(*home, *create)
    there = world.run(*home, "project", "list", "--json").json["items"]
    if failed.code:
        assert (failed.code, failed.error["code"]) == (3, "container")
        assert there == []
    else:
        assert "labels could not be synced" in str(failed.json["warnings"])
    world.heal()
    if failed.code:
        assert world.run(*home, *create).json["joined"] is True
    assert world.run(*home, "sync", "letters", "--json").code == 0
    shown = world.run(*home, "show", "letters", "a.txt", "--json").json
    assert [label["category"] for label in shown["labels"]] == ["Person"]
    assert world.shared() == [("a.txt", "Person")]


def test_a_full_disk_is_said_once_and_texts_are_read_all_the_same(world: World) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    world.monkeypatch.setattr(TextCache, "put", full)
    world.client.upload_blob("b.txt", b"Bo Sand lives in Bergen.", overwrite=True)
    world.client.upload_blob("c.txt", b"Cleo Hart lives in Porto.")
    synced = world.sync()
    assert synced.code == 0, synced
    assert [item for item in synced.json["warnings"] if "kept for working offline" in item] == [
        "texts are not kept for working offline: No space left on device"
    ]
    assert world.run("show", "letters", "c.txt", "--json").json["text"] == "Cleo Hart lives in Porto."
    world.label("c.txt", "Person", "Cleo Hart")
    assert world.sync().json["uploaded"] == 1
    assert world.shared() == [("a.txt", "Person"), ("c.txt", "Person")]


def offline(world: World, home: tuple[str, ...], names: tuple[str, ...]) -> dict[str, str | None]:
    """The texts that can be read while nothing answers."""
    world.proxy.fault = refuse()
    world.proxy.cut_all()
    found: dict[str, str | None] = {}
    for name in names:
        ran = world.run(*home, "show", "letters", name, "--json")
        found[name] = ran.json["text"] if ran.code == 0 else None
    world.heal()
    return found


def test_a_cache_without_room_keeps_what_is_labeled_here_and_what_others_have_labeled(world: World) -> None:
    world.client.upload_blob("c.txt", b"Cleo Hart lives in Porto.")
    world.client.upload_blob("z.txt", b"Zoe" + b" and so on" * 120_000)
    assert world.sync().code == 0
    world.label("z.txt", "Person", "Zoe")
    assert world.sync().code == 0
    settings = world.cli.home.with_name("bo") / "settings.toml"
    settings.parent.mkdir()
    settings.write_text("cache_mb = 1\n")
    bo = ("--home", str(settings.parent))
    container = world.through.url(world.client.container_name)
    made = world.run(*bo, "project", "create", "letters", "--kind", "ner", "--container", container, "--json")
    assert made.code == 0, made
    assert "cache_mb" in str(made.json["warnings"])
    label = ("label", "letters", "b.txt", "--category", "Person", "--text", "Bo Sand", "--json")
    assert world.run(*bo, *label).code == 0
    texts = {"a.txt": TEXTS["a.txt"], "b.txt": TEXTS["b.txt"], "c.txt": None}
    assert offline(world, bo, tuple(texts)) == texts
    world.sync()
    world.label("c.txt", "Person", "Cleo Hart")
    world.sync()
    world.proxy.requests.clear()
    synced = world.run(*bo, "sync", "letters", "--json").json
    assert synced["offline"] == {"fetched": 1, "missing": 0, "reason": None}
    assert [r.path[-5:] for r in world.proxy.requests if r.path.endswith("/c.txt")] == ["c.txt"]
    assert offline(world, bo, ("c.txt",)) == {"c.txt": "Cleo Hart lives in Porto."}
    again = world.run(*bo, "sync", "letters", "--json").json
    assert again["offline"] == {"fetched": 0, "missing": 0, "reason": None}


def test_texts_that_a_full_disk_keeps_out_are_counted_until_there_is_room(world: World) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    world.label("b.txt", "Person", "Bo Sand")
    assert world.sync().code == 0
    there = world.cli.home.with_name("bo")
    bo = ("--home", str(there))
    container = world.through.url(world.client.container_name)
    create = ("project", "create", "letters", "--kind", "ner", "--container", container, "--json")
    with world.monkeypatch.context() as patched:
        patched.setattr(TextCache, "put", full)
        warnings = world.run(*bo, *create).json["warnings"]
        assert "2 texts are not here for offline work: No space left on device" in warnings
        assert sum("are not kept" in words for words in warnings) == 1
        assert world.run(*bo, "sync", "letters", "--json").json["offline"] == {
            "fetched": 0,
            "missing": 2,
            "reason": "No space left on device",
        }
    assert world.run(*bo, "project", "show", "letters", "--json").json["texts_missing"] == 2
    checks = world.run(*bo, "doctor", "--json").json["checks"]
    # Looking whether the container can be read has fetched one.
    [check] = [check for check in checks if check["name"] == "offline texts of letters"]
    assert check["warning"]
    assert check["detail"].startswith("1 text is not here")
    assert world.run(*bo, "sync", "letters", "--json").json["offline"] == {
        "fetched": 1,
        "missing": 0,
        "reason": None,
    }
    assert world.run(*bo, "project", "show", "letters", "--json").json["texts_missing"] == 0


@pytest.mark.parametrize("name", ["Bad_Name", "ab", "a--b", "x" * 64])
def test_an_illegal_name_is_refused_before_anything_is_asked(world: World, name: str) -> None:
    world.proxy.requests.clear()
    create = ("project", "create", "other", "--kind", "ner", "--json", "--container")
    refused = world.run(*create, world.through.url(name))
    assert refused.code == 2
    assert refused.error["hint"]
    assert world.proxy.requests == []
    assert [item["name"] for item in world.run("project", "list", "--json").json["items"]] == ["letters"]


def test_a_job_by_a_token_is_told_of_it_by_the_environment_alone(world: World) -> None:
    world.by(sas=world.server.sas(world.client.container_name, "rlcw"))
    world.label("b.txt", "Town", "Ghent")
    trained = world.run("train", "letters", "--model", "first", "--yes", "--json")
    assert trained.code == 0, trained
    assert any("tui_labeler.runner" in command for command in _started)
