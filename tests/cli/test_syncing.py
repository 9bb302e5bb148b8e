"""Two homes on one folder: labels shared from the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.cli.conftest import letter

if TYPE_CHECKING:
    from pathlib import Path

    from tests.azurite import Azurite
    from tests.cli.conftest import Cli, Ran


@pytest.fixture
def people(cli: Cli, letters: Path, tmp_path: Path) -> dict[str, tuple[str, ...]]:
    """Ana makes the shared project, Bo joins it; each has a home."""
    homes: dict[str, tuple[str, ...]] = {name: ("--home", str(tmp_path / name)) for name in ("ana", "bo")}
    create: tuple[str, ...] = ("project", "create", "letters", "--kind", "ner", "--container", str(letters))
    create = (*create, "--share", "--json")
    made = cli(*homes["ana"], *create, "--category", "Person", "--category", "Town")
    assert made.code == 0, made
    assert made.json["joined"] is False
    joined = cli(*homes["bo"], *create, "--category", "Town", "--category", "Date")
    assert joined.code == 0, joined
    assert joined.json["joined"] is True
    assert [item["name"] for item in joined.json["categories"]] == ["Person", "Town", "Date"]
    return homes


def label(cli: Cli, home: tuple[str, ...], category: str, words: str, *more: str) -> None:
    ran = cli(*home, "label", "letters", "letter00.txt", "--category", category, "--text", words, *more)
    assert ran.code == 0, ran


def sync(cli: Cli, home: tuple[str, ...], *more: str) -> Ran:
    return cli(*home, "sync", "letters", "--json", *more)


def labels(cli: Cli, home: tuple[str, ...]) -> list[tuple[str, str]]:
    shown = cli(*home, "show", "letters", "letter00.txt", "--json").json
    return [(item["category"], item["text"]) for item in shown["labels"]]


def test_two_homes_share_conflict_and_decide(cli: Cli, people: dict[str, tuple[str, ...]]) -> None:
    ana, bo = people["ana"], people["bo"]
    label(cli, ana, "Person", "Ann Lee")
    label(cli, bo, "Town", "Lee travels")
    label(cli, bo, "Date", "Monday")
    assert sync(cli, ana).json["uploaded"] == 1
    ran = sync(cli, bo)
    assert ran.code == 0
    (conflict,) = ran.json["conflicts"]
    assert conflict["location"] == "letter00.txt"
    assert "Person" in conflict["reason"]
    assert "Town" in conflict["reason"]
    assert labels(cli, bo) == [("Town", "Lee travels"), ("Date", "Monday")]
    told = cli(*bo, "sync", "letters")
    assert "conflict: letter00.txt" in told.out
    assert "--take ours or theirs" in told.out
    ran = sync(cli, bo, "--resolve", "letter00.txt", "--take", "theirs")
    assert ran.code == 0, ran
    assert ran.json["conflicts"] == []
    assert [item["id"] for item in ran.json["resolved"]] == [conflict["id"]]
    assert ran.json["resolved"][0]["reason"].count("“Lee travels”") == 1
    sync(cli, ana)
    assert labels(cli, ana) == labels(cli, bo) == [("Person", "Ann Lee"), ("Date", "Monday")]
    again = sync(cli, bo, "--resolve", "letter00.txt", "--take", "theirs")
    assert (again.code, again.error["code"]) == (2, "not_found")
    newest = cli(*bo, "history", "letters", "--json").json["items"][0]
    assert (newest["action"], newest["location"], newest["synced_by"]) == (
        "conflict.decide",
        "letter00.txt",
        None,
    )
    stands, _, gave_way = newest["decided"].partition("gave way")
    assert "“Ann Lee”" in stands
    assert "“Lee travels”" in gave_way
    history = cli(*bo, "history", "letters").out
    [heading] = [line.split(" | ") for line in history.splitlines() if "gave way" in line]
    assert [part.strip() for part in heading] == ["stands", "gave way"]
    assert "“Ann Lee”" in history
    came = cli(*ana, "history", "letters", "--json").json["items"][0]
    assert (came["action"], came["who"], came["synced_by"]) == ("labels.sync", "tester", "tester")
    assert "tester (synced by tester)" in cli(*ana, "history", "letters").out
    assert cli(*bo, "undo", "letters").code == 0
    assert len(sync(cli, bo).json["conflicts"]) == 1


def test_nothing_is_shared_in_a_folder_that_was_not_asked_to(cli: Cli, project: str, letters: Path) -> None:
    ran = cli("sync", project, "--json")
    assert ran.json["labels"]["shared"] is False
    assert not (letters / ".tui-labeler").exists()


def test_sharing_can_be_turned_on_and_off(cli: Cli, project: str, letters: Path) -> None:
    ran = cli("sync", project, "--share", "--json")
    assert ran.json["labels"] == {
        "shared": True, "downloaded": 0, "uploaded": 8, "unchanged": 0, "waiting": 0,
        "pending": 0, "problems": [], "notes": [], "paused": None,
    }  # fmt: skip
    files = sorted(path.name for path in letters.glob(".tui-labeler/*/labels/*"))
    assert files == [f"letter{number:02}.txt.json" for number in range(8)]
    found = json.loads((next(letters.glob(".tui-labeler/*/labels")) / files[0]).read_text())
    assert {row["category_name"] for row in found["labels"]} == {"Person", "Town"}
    assert cli("sync", project, "--json").json["uploaded"] == 0
    assert cli("sync", project, "--no-share", "--json").json["labels"]["shared"] is False
    assert cli("sync", project, "--share", "--json").json["labels"]["unchanged"] == 8


def test_a_broken_file_is_listed_and_the_code_says_so(
    cli: Cli, people: dict[str, tuple[str, ...]], letters: Path
) -> None:
    label(cli, people["ana"], "Person", "Ann Lee")
    sync(cli, people["ana"])
    (path,) = letters.glob(".tui-labeler/*/labels/letter00.txt.json")
    path.write_text("{")
    ran = sync(cli, people["bo"])
    assert ran.code == 1
    (problem,) = ran.json["labels"]["problems"]
    assert problem["location"] == "letter00.txt"
    assert "Repair or remove that file in the container" in problem["reason"]
    assert ran.json["labels"]["pending"] == 0
    label(cli, people["ana"], "Town", "Monday")
    for _ in range(2):
        ran = sync(cli, people["ana"])
        assert (ran.code, ran.json["labels"]["pending"]) == (1, 1)
    path.unlink()
    assert sync(cli, people["ana"]).json["labels"]["pending"] == 0
    assert '"Town"' in path.read_text()


def test_a_category_that_goes_to_and_fro_is_reported(cli: Cli, people: dict[str, tuple[str, ...]]) -> None:
    ana, bo = people["ana"], people["bo"]
    for home in (ana, bo, ana):
        sync(cli, home)
    assert cli(*ana, "category", "rename", "letters", "Date", "--to", "Day").code == 0
    assert sync(cli, ana).json["settings"] == {"downloaded": False, "uploaded": True}
    assert "Categories and settings: taken from the container." in cli(*bo, "sync", "letters").out
    assert sync(cli, bo).json["settings"] == {"downloaded": False, "uploaded": False}


def test_pulling_and_pushing_alone(cli: Cli, people: dict[str, tuple[str, ...]]) -> None:
    ana, bo = people["ana"], people["bo"]
    label(cli, ana, "Person", "Ann Lee")
    label(cli, bo, "Date", "Monday")
    sync(cli, ana)
    ran = sync(cli, bo, "--push").json
    assert (ran["uploaded"], ran["labels"]["waiting"]) == (0, 1)
    ran = sync(cli, bo, "--pull").json
    assert (ran["uploaded"], ran["labels"]["downloaded"]) == (0, 1)
    assert sync(cli, bo).json["uploaded"] == 1


def test_the_labels_file_is_published_and_the_one_before_kept(
    cli: Cli, people: dict[str, tuple[str, ...]], letters: Path
) -> None:
    ana = people["ana"]
    (letters / "labels.json").write_text("somebody's")
    label(cli, ana, "Person", "Ann Lee")
    ran = sync(cli, ana, "--publish").json
    assert ran["published"]["written"] is True
    kept = letters / ran["published"]["kept"]
    assert kept.read_text() == "somebody's"
    found = json.loads((letters / "labels.json").read_text())
    assert found["assets"]["projectKind"] == "CustomEntityRecognition"
    assert ran["published"]["labels"] == 1
    assert sync(cli, ana, "--publish").json["published"]["written"] is False
    for number in range(12):
        label(cli, ana, "Town", "bags", *(["--remove"] if number % 2 else []))
        assert sync(cli, ana, "--publish").json["published"]["written"] is True
    assert len(list(letters.glob(".tui-labeler/*/published/*"))) == 10


@pytest.mark.parametrize(
    "options", [("--take", "ours"), ("--resolve", "letter00.txt"), ("--id", "x"), ("--take", "both")]
)
def test_options_that_make_no_sense_are_refused(cli: Cli, project: str, options: tuple[str, ...]) -> None:
    assert cli("sync", project, *options).code == 2


def test_a_name_that_another_kind_has_is_refused_and_so_is_joining_twice(
    cli: Cli, people: dict[str, tuple[str, ...]], letters: Path
) -> None:
    create = ("project", "create", "letters", "--container", str(letters), "--share", "--json")
    ran = cli(*people["bo"][:1], f"{people['bo'][1]}2", *create, "--kind", "single")
    assert ran.code == 2
    assert "another kind" in ran.error["message"]
    moved = cli(*people["bo"], "project", "delete", "letters", "--yes")
    assert moved.code == 0
    assert cli(*people["bo"], *create, "--kind", "ner").json["joined"] is True


def test_a_project_that_others_share_under_its_name_is_joined_by_making_it(
    cli: Cli, people: dict[str, tuple[str, ...]], letters: Path, tmp_path: Path
) -> None:
    home = ("--home", str(tmp_path / "cleo"))
    made = cli(*home, "project", "create", "letters", "--kind", "ner", "--container", str(letters))
    assert made.code == 0
    assert "others share a project 'letters' there, and this one stays apart" in made.out + made.err
    other = cli(*home, "project", "create", "other", "--kind", "ner", "--container", str(letters))
    assert "others share" not in other.out + other.err
    ran = cli(*home, "sync", "letters", "--share", "--json")
    assert ran.code == 2
    assert "project create --labels" in ran.error["hint"]


def test_two_homes_share_a_container_in_blob_storage_without_being_asked_to(
    cli: Cli, azurite: Azurite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", azurite.connection_string)
    name = f"c{uuid4().hex[:16]}"
    with azurite.plain_client(name) as client:
        client.create_container()
        client.upload_blob("letter00.txt", letter(0).encode())
        homes = [("--home", str(tmp_path / who)) for who in ("ana", "bo")]
        create = ("project", "create", "letters", "--kind", "ner", "--container", f"az://{name}", "--json")
        made = [cli(*home, *create, "--category", "Person", "--category", "Town") for home in homes]
        assert [ran.json["joined"] for ran in made] == [False, True], made
        ana, bo = homes
        label(cli, ana, "Person", "Ann Lee")
        label(cli, bo, "Town", "bags")
        for home in (ana, bo, ana):
            ran = sync(cli, home, "--publish")
            assert ran.code == 0, ran
        assert labels(cli, ana) == labels(cli, bo) == [("Person", "Ann Lee"), ("Town", "bags")]
        published = json.loads(client.download_blob("labels.json").readall())
        assert len(published["assets"]["documents"][0]["entities"][0]["labels"]) == 2
        names = [blob.name for blob in client.list_blobs(name_starts_with=".tui-labeler/")]
        assert sum("/labels/" in each for each in names) == 1
        kept = [client.download_blob(each).readall() for each in names if "/published/" in each]
        assert len(kept) == 1, [*kept, client.download_blob("labels.json").readall()]


def test_a_text_that_changes_twice_between_two_syncs_leaves_nobody_anything_to_decide(
    cli: Cli, azurite: Azurite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", azurite.connection_string)
    with azurite.plain_client(f"c{uuid4().hex[:16]}") as client:
        client.create_container()
        client.upload_blob("letter00.txt", letter(0).encode())
        address = f"az://{client.container_name}"
        create = ("project", "create", "letters", "--kind", "ner", "--container", address, "--json")
        ana, bo = [("--home", str(tmp_path / who)) for who in ("ana", "bo")]
        assert cli(*ana, *create, "--category", "Person").code == 0
        label(cli, ana, "Person", "Ann Lee")
        sync(cli, ana)
        assert cli(*bo, *create).code == 0
        for before, home in (("P ", ana), ("P QQQ ", bo)):
            client.upload_blob("letter00.txt", f"{before}{letter(0)}".encode(), overwrite=True)
            synced = sync(cli, home).json
            assert (synced["conflicts"], synced["moved_labels"]) == ([], 1)
        for home in (ana, bo, ana):
            synced = sync(cli, home).json
            assert (synced["conflicts"], synced["stale_labels"]) == ([], [])
        assert labels(cli, ana) == labels(cli, bo) == [("Person", "Ann Lee")]
