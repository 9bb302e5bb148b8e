"""Projects on a container in Blob storage, from the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.azurite import KEY, Azurite
from tests.cutting_proxy import CuttingProxy, delay, refuse
from tui_labeler.cli.commands import autolabel
from tui_labeler.domain.jobs import QuotaUse
from tui_labeler.engine.errors import QuotaError
from tui_labeler.engine.jobs.jobs import Estimate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from azure.storage.blob import ContainerClient

    from tests.cli.conftest import Cli

TEXTS = {"a.txt": "Ann Lee lives in Berlin.", "b.txt": "Bo Sand lives in Ghent.", "c.txt": "Nobody."}


@pytest.fixture
def letters_blobs(azurite: Azurite) -> Iterator[ContainerClient]:
    with azurite.plain_client(f"c{uuid4().hex[:16]}") as client:
        client.create_container()
        for name, text in TEXTS.items():
            client.upload_blob(name, text.encode())
        client.upload_blob("picture.png", b"x")
        client.upload_blob("sub/deep.txt", b"x")
        yield client


@pytest.fixture
def typed(azurite: Azurite, letters_blobs: ContainerClient) -> str:
    """The address with a token that may read and list."""
    name = letters_blobs.container_name
    return f"{azurite.url(name)}?{azurite.sas(name)}"


@pytest.fixture
def account(azurite: Azurite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", azurite.connection_string)


def secrets_in(home: Path) -> list[str]:
    return [
        str(path)
        for path in home.rglob("*")
        if path.is_file() and (b"sig=" in path.read_bytes() or KEY.encode() in path.read_bytes())
    ]


def create(cli: Cli, container: str) -> dict[str, object]:
    ran = cli(
        *("project", "create", "letters", "--kind", "ner", "--container", container),
        *("--category", "Person", "--json"),
    )
    assert ran.code == 0, ran.err
    assert "sig=" not in ran.out + ran.err
    made: dict[str, object] = ran.json
    return made


@pytest.mark.usefixtures("account")
def test_a_project_on_a_container_is_listed_shown_labeled_and_exported(
    cli: Cli, azurite: Azurite, letters_blobs: ContainerClient, tmp_path: Path
) -> None:
    made = create(cli, f"az://{letters_blobs.container_name}")
    assert made["container"] == azurite.url(letters_blobs.container_name)
    assert (made["documents"], made["other_files"]) == (3, 2)
    documents = cli("documents", "letters", "--json").json["items"]
    assert [(item["location"], item["characters"]) for item in documents] == [
        (name, len(text)) for name, text in TEXTS.items()
    ]
    assert cli("show", "letters", "a.txt", "--json").json["text"] == TEXTS["a.txt"]
    labeled = cli("label", "letters", "a.txt", "--category", "Person", "--text", "Ann Lee", "--json")
    assert [label["text"] for label in labeled.json["labels"]] == ["Ann Lee"]
    found = cli("documents", "letters", "--search", "ghent", "--json").json["items"]
    assert [item["location"] for item in found] == ["b.txt"]
    exported = tmp_path / "labels.json"
    assert cli("export", "letters", str(exported), "--format", "azure").code == 0
    file = json.loads(exported.read_text())
    assert file["metadata"]["storageInputContainerName"] == letters_blobs.container_name
    assert file["assets"]["documents"][0]["entities"][0]["regionLength"] == len(TEXTS["a.txt"])
    assert not secrets_in(cli.home)


def test_a_token_in_the_address_serves_that_command_and_is_stored_nowhere(cli: Cli, typed: str) -> None:
    made = create(cli, typed)
    assert made["container"] == typed.partition("?")[0]
    assert "is not kept" in str(made["warnings"])
    assert "AZURE_STORAGE_SAS_TOKEN" in str(made["warnings"])
    assert not secrets_in(cli.home)
    refused = cli("sync", "letters", "--json")
    assert refused.code == 3
    assert "no key" in refused.error["message"]


def test_a_token_in_the_environment_serves_every_command(
    cli: Cli, typed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, _, token = typed.partition("?")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT", "devstoreaccount1")
    monkeypatch.setenv("AZURE_STORAGE_SAS_TOKEN", token)
    assert "not kept" not in str(create(cli, url)["warnings"])
    assert cli("show", "letters", "a.txt", "--json").json["text"] == TEXTS["a.txt"]


def requests_of(proxy: CuttingProxy) -> list[str]:
    """The documents that were asked for, ``*`` for a page of their listing; none of shared labels."""
    about_documents = [item for item in proxy.requests if "tui-labeler" not in item.target]
    return ["*" if item.is_listing else item.path.rpartition("/")[2] for item in about_documents]


def test_a_sync_asks_for_what_changed_and_without_news_lists_once(
    cli: Cli, azurite: Azurite, letters_blobs: ContainerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with CuttingProxy(azurite.port) as proxy:
        through = azurite.behind(proxy.port)
        monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", through.connection_string)
        create(cli, f"az://{letters_blobs.container_name}")
        assert sorted(requests_of(proxy)) == ["*", *TEXTS]
        proxy.requests.clear()
        synced = cli("sync", "letters", "--json").json
        assert (synced["downloaded"], synced["unchanged"]) == (0, 3)
        assert requests_of(proxy) == ["*"]
        assert [item.is_listing for item in proxy.requests] == [True, True]
        letters_blobs.upload_blob("b.txt", b"Another text.", overwrite=True)
        proxy.requests.clear()
        synced = cli("sync", "letters", "--json").json
        assert (synced["downloaded"], synced["changed"], synced["unchanged"]) == (1, 1, 2)
        assert requests_of(proxy) == ["*", "b.txt"]


def test_work_goes_on_without_the_server_and_nothing_is_lost(
    cli: Cli,
    azurite: Azurite,
    letters_blobs: ContainerClient,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    with CuttingProxy(azurite.port) as proxy:
        through = azurite.behind(proxy.port)
        monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", through.connection_string)
        create(cli, f"az://{letters_blobs.container_name}")
        proxy.fault = refuse()
        proxy.cut_all()
        gone = cli("sync", "letters", "--json")
        assert gone.code == 3
        assert "can't be reached" in gone.error["message"]
        assert cli("show", "letters", "a.txt", "--json").json["text"] == TEXTS["a.txt"]
        labeled = cli("label", "letters", "a.txt", "--category", "Person", "--text", "Ann Lee", "--json")
        assert labeled.code == 0
        assert cli("export", "letters", str(tmp_path / "labels.json"), "--format", "azure").code == 0
        proxy.fault = delay(0)
        assert cli("sync", "letters", "--json").json["unchanged"] == 3
    assert [item["labels"] for item in cli("documents", "letters", "--json").json["items"]] == [1, 0, 0]


def test_a_name_of_the_settings_is_a_container(
    cli: Cli, azurite: Azurite, letters_blobs: ContainerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = azurite.url(letters_blobs.container_name)
    cli.home.mkdir(parents=True, exist_ok=True)
    (cli.home / "settings.toml").write_text(f'[containers.team]\nurl = "{url}"\nkey_env = "TEAM_KEY"\n')
    monkeypatch.setenv("TEAM_KEY", KEY)
    assert create(cli, "team")["container"] == url
    monkeypatch.delenv("TEAM_KEY")
    refused = cli("sync", "letters", "--json")
    assert refused.code == 3
    assert "TEAM_KEY is not set" in refused.error["message"]


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize(
    ("container", "code"), [("az://nothere", 3), ("az://Bad_Name", 2), ("s3://letters", 2)]
)
def test_a_container_that_can_not_be_had_makes_no_project(cli: Cli, container: str, code: int) -> None:
    ran = cli("project", "create", "letters", "--kind", "ner", "--container", container, "--json")
    assert ran.code == code
    assert ran.error["hint"]
    assert cli("project", "list", "--json").json["items"] == []


def test_what_a_job_takes_is_said_to_be_estimated_while_texts_are_unread() -> None:
    unread = autolabel._estimate_report(Estimate(3, 5, 5, 4, 2, unread=2), ["Person"], dry_run=True)
    assert "about 5 text records (4 left this month)" in unread.lines[0]
    assert "2 texts were not read yet" in unread.lines[1]
    assert unread.fields["unread_documents"] == 2
    with pytest.raises(QuotaError, match="about 5 text records are needed"):
        autolabel._check_quota(Estimate(3, 5, 5, 4, 2, unread=2), QuotaUse("2026-11", 10, 6))
    read = autolabel._estimate_report(Estimate(3, 5, 5, 4, 2), ["Person"], dry_run=True)
    assert not any("about" in line or "not read" in line for line in read.lines)
