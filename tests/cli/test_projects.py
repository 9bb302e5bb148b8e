"""``project``, ``category`` and ``sync``."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import Cli, azure_labels, write_json
from tui_labeler.cli.tables import clipped
from tui_labeler.engine.workbench import Workbench

if TYPE_CHECKING:
    from pathlib import Path

    from tui_labeler.engine.session import ProjectSession


def test_creating_says_what_was_found(cli: Cli, letters: Path, labels_file: Path) -> None:
    (letters / "bad.txt").write_bytes(b"caf\xe9")
    (letters / "empty.txt").write_bytes(b"")
    (letters / "picture.png").write_bytes(b"x")
    (letters / "folder").mkdir()
    ran = cli(
        *("project", "create", "letters", "--kind", "ner", "--container", str(letters), "--json"),
        *("--labels", str(labels_file), "--category", "Date", "--category", "Town"),
    )
    made = ran.json
    assert ran.code == 0
    assert (made["name"], made["kind"], made["documents"]) == ("letters", "ner", 14)
    assert made["labels"] == 18
    assert [item["name"] for item in made["categories"]] == ["Person", "Town", "Date"]
    assert [item["location"] for item in made["unreadable_documents"]] == ["bad.txt", "empty.txt"]
    assert any("bad.txt" in warning for warning in made["warnings"])
    assert made["other_files"] == 2


@pytest.mark.parametrize(("count", "told"), [(11, False), (8, True)])
def test_creating_with_the_texts_of_a_labels_file_counts_them_where_the_service_has_limits(
    count: int, told: bool, cli: Cli, tmp_path: Path
) -> None:
    container, file = tmp_path / "no letters", tmp_path / "letters.jsonl"
    container.mkdir()
    (container / "first.txt").write_text("The first letter.")
    texts = [f"Letter {number} of Ann.{'.' * 130_000 * (number == 3)}" for number in range(1, count)]
    file.write_text("".join(f"{json.dumps({'text': text, 'label': ['A']})}\n" for text in texts))
    create = ("project", "create", "letters", "--kind", "multi", "--container", str(container))
    ran = cli(*create, "--labels", str(file), "--add-documents", "--json").json
    assert ran["documents"] == count
    few = [words for words in ran["warnings"] if "the service asks for at least" in words]
    assert few == ["8 documents; the service asks for at least 10 a project"] * told
    assert len([words for words in ran["warnings"] if "(130,016 characters)" in words]) == 1


def test_creating_warns_of_what_the_service_would_not_take(cli: Cli, letters: Path, tmp_path: Path) -> None:
    (letters / "long.txt").write_text("x" * 130_000)
    (letters / "a-b.txt").write_text("y" * 700)
    (letters / "picture.png").write_bytes(b"x")
    file = azure_labels(range(8))
    file["assets"]["entities"] += [{"category": f"C{number}"} for number in range(200)] + [
        {"category": "A/B"}
    ]
    file["assets"]["documents"].append(
        {
            "location": "a-b.txt",
            "entities": [{"labels": [{"category": "Town", "offset": 0, "length": 600}]}],
        }
    )
    create = ("project", "create", "letters", "--kind", "ner", "--container", str(letters))
    ran = cli(*create, "--labels", str(write_json(tmp_path / "many.json", file)), "--json")
    assert ran.code == 0
    for words in ("long.txt (130,000 characters)", "a-b.txt", "203 categories", "A/B"):
        assert len([warning for warning in ran.json["warnings"] if words in warning]) == 1, words
    assert [note["location"] for note in ran.json["notes"] if "500" in note["reason"]] == ["a-b.txt"]
    assert cli("project", "delete", "letters", "--yes").code == 0
    people = cli(*create, "--category", "A:B").out
    assert "1 other file left alone" in people
    assert "long.txt (130,000 characters)" in people
    assert "A:B" in people
    again = cli("import", "letters", str(tmp_path / "many.json"), "--json")
    assert any("204 categories" in warning for warning in again.json["warnings"])
    synced = cli("sync", "letters", "--json").json
    assert synced["warnings"] == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"projectFileVersion":\n oops', "line 2"),
        (b"{not json", "bad.json"),
        (b"", ""),
        (b"\xff\xfe\x00", ""),
        (b"just words", ""),
        (json.dumps({"projectFileVersion": "x", "assets": 3}).encode(), "assets"),
    ],
    ids=["broken JSON", "no JSON", "empty", "bytes", "another kind of file", "wrong field"],
)
def test_a_labels_file_that_cannot_be_read_leaves_no_project_behind(
    content: bytes, message: str, cli: Cli, letters: Path, tmp_path: Path
) -> None:
    (tmp_path / "bad.json").write_bytes(content)
    create = ("project", "create", "letters", "--kind", "ner", "--container", str(letters), "--json")
    ran = cli(*create, "--labels", str(tmp_path / "bad.json"))
    assert ran.code == 2
    assert ran.error["code"] == "bad_format"
    assert message in ran.error["message"]
    assert cli("project", "list", "--json").json["items"] == []
    assert cli(*create).code == 0


def test_a_labels_file_of_another_kind_is_refused(cli: Cli, letters: Path, labels_file: Path) -> None:
    create = ("project", "create", "letters", "--kind", "single", "--container", str(letters), "--json")
    ran = cli(*create, "--labels", str(labels_file))
    assert ran.code == 2
    assert "CustomEntityRecognition" in ran.error["message"]
    assert cli("project", "list", "--json").json["items"] == []


@pytest.mark.parametrize("container", ["nowhere", "file.txt"])
def test_a_folder_that_is_not_there_is_told(container: str, cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "file.txt").write_text("x")
    create = ("project", "create", "p", "--kind", "ner", "--container", str(tmp_path / container))
    ran = cli(*create, "--json")
    assert ran.code == 3
    assert container in ran.error["message"]
    assert ran.error["hint"]
    assert cli("project", "list", "--json").json["items"] == []


@pytest.mark.parametrize("container", ["", "  "])
def test_no_container_at_all_is_not_the_folder_that_one_is_in(container: str, cli: Cli) -> None:
    ran = cli("project", "create", "p", "--kind", "ner", "--container", container, "--json")
    assert ran.code == 2
    assert "container" in ran.error["message"]
    assert cli("project", "list", "--json").json["items"] == []


def test_a_labels_file_that_is_not_there_is_told(cli: Cli, letters: Path) -> None:
    create = ("project", "create", "p", "--kind", "ner", "--container", str(letters), "--json")
    ran = cli(*create, "--labels", "nowhere.json")
    assert ran.code == 2
    assert "nowhere.json" in ran.error["message"]


def test_a_name_that_is_taken_is_refused(cli: Cli, project: str, letters: Path) -> None:
    ran = cli("project", "create", project, "--kind", "ner", "--container", str(letters), "--json")
    assert ran.code == 2
    assert len(cli("project", "list", "--json").json["items"]) == 1


@pytest.mark.parametrize("content", [None, b""])
def test_who_makes_a_project_again_hears_of_one_that_is_damaged(
    cli: Cli, project: str, letters: Path, content: bytes | None
) -> None:
    (file,) = cli.home.glob("projects/*/project.json")
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    ran = cli("project", "create", project, "--kind", "ner", "--container", str(letters))
    assert ran.code == 0
    said = f"folder {file.parent.name} can't be read, and may be one of this container"
    assert said in " ".join((ran.out + ran.err).split())
    assert project in [item["name"] for item in cli("project", "list", "--json").json["items"]]


def test_a_project_is_shown_with_its_figures(cli: Cli, project: str, letters: Path) -> None:
    shown = cli("project", "show", project, "--json").json
    assert shown["container"] == str(letters)
    assert (shown["documents"], shown["labeled"], shown["auto_labeled"], shown["unlabeled"]) == (12, 8, 0, 4)
    assert [(item["name"], item["labels"]) for item in shown["categories"]] == [("Person", 8), ("Town", 10)]
    (listed,) = cli("project", "list", "--json").json["items"]
    assert listed["labeled"] == 8


def test_one_broken_project_does_not_hide_the_others(cli: Cli, project: str, letters: Path) -> None:
    assert cli("project", "create", "other", "--kind", "ner", "--container", str(letters)).code == 0
    for path in cli.home.glob("projects/*/journal/*.jsonl"):
        if b"letter00" in path.read_bytes() and b"labels.import" not in path.read_bytes():
            path.write_bytes(b"{}\n" * 3 + path.read_bytes()[9:])
            for index in path.parent.parent.glob("index.json"):
                index.unlink()
    ran = cli("project", "list", "--json")
    assert {item["name"] for item in ran.json["items"]} == {"letters", "other"}


def test_deleting_asks_first_and_needs_yes_without_a_terminal(cli: Cli, project: str) -> None:
    refused = cli("project", "delete", project, "--json")
    assert refused.code == 2
    assert "18 labels" in refused.error["message"]
    assert "--yes" in refused.error["hint"]
    assert len(cli("project", "list", "--json").json["items"]) == 1
    assert cli("project", "delete", project, "--yes", "--json").json["deleted"] is True
    assert cli("project", "list", "--json").json["items"] == []
    assert list((cli.home / "deleted").iterdir())


def test_purging_leaves_nothing_of_the_documents(cli: Cli, project: str, letters: Path) -> None:
    assert cli("project", "delete", project, "--purge", "--yes").code == 0
    assert not any("letter00" in path.name for path in cli.home.rglob("*"))
    assert not list(cli.home.glob("projects/*"))
    assert len(list(letters.iterdir())) == 12


def test_what_is_not_there_is_told(cli: Cli, project: str) -> None:
    for command in (
        ("project", "show", "nothing"),
        ("project", "delete", "nothing", "--yes"),
        ("documents", "nothing"),
        ("show", project, "nothing.txt"),
        ("category", "rename", project, "nothing", "--to", "x"),
        ("documents", project, "--category", "nothing"),
    ):
        ran = cli(*command, "--json")
        assert ran.code == 2
        assert ran.error["code"] == "not_found"
        assert "nothing" in ran.error["message"]


def test_an_address_on_the_network_is_not_taken_for_a_folder(cli: Cli) -> None:
    address = "s3://bucket/letters"
    ran = cli("project", "create", "p", "--kind", "ner", "--container", address, "--json")
    assert ran.code == 2
    assert "s3://" in ran.error["message"]
    assert "folder" in ran.error["hint"]


@pytest.mark.parametrize(
    ("given", "language"), [((), "de"), (("--language", "fr"), "fr")], ids=["the file's", "the option's"]
)
def test_the_language_of_the_labels_file_holds_unless_another_is_given(
    given: tuple[str, ...], language: str, cli: Cli, letters: Path, tmp_path: Path
) -> None:
    file = azure_labels(range(8))
    file["metadata"]["language"] = "de"
    create = ("project", "create", "letters", "--kind", "ner", "--container", str(letters), "--json")
    made = cli(*create, "--labels", str(write_json(tmp_path / "german.json", file)), *given)
    assert made.json["language"] == language


def test_without_any_word_of_it_the_language_is_english(cli: Cli, letters: Path) -> None:
    create = ("project", "create", "letters", "--kind", "ner", "--container", str(letters), "--json")
    assert cli(*create).json["language"] == "en-us"


# --- categories ---------------------------------------------------------------------------------------


def test_a_category_is_added_described_and_renamed(cli: Cli, project: str) -> None:
    add = ("category", "add", project, "Date", "--description", "a day", "--example", "Monday", "--json")
    made = cli(*add).json
    assert (made["category"], made["labels"], made["suggestions"]) == ("Date", 0, 0)
    assert made["examples"] == ["Monday"]
    assert cli(*add).code == 2
    cli("category", "set", project, "Date", "--example", "Tuesday", "--example", "Friday")
    renamed = cli("category", "rename", project, "Date", "--to", "Day", "--json").json
    assert renamed["category"] == "Day"
    assert renamed["description"] == "a day"
    assert renamed["examples"] == ["Tuesday", "Friday"]


def test_labels_follow_a_renamed_category(cli: Cli, project: str) -> None:
    assert cli("category", "rename", project, "Town", "--to", "City", "--json").json["labels"] == 10
    shown = cli("show", project, "letter01.txt", "--json").json
    assert [label["category"] for label in shown["labels"]] == ["Person", "City"]


def test_merging_and_deleting_say_first_how_much_they_touch(cli: Cli, project: str) -> None:
    merge = ("category", "merge", project, "Town", "--to", "Person", "--json")
    refused = cli(*merge)
    assert refused.code == 2
    assert "10 labels" in refused.error["message"]
    assert cli(*merge, "--yes").json["labels"] == 18
    delete = ("category", "delete", project, "Person", "--json")
    assert "18 labels" in cli(*delete).error["message"]
    assert cli(*delete, "--yes").json["labels"] == 18
    assert cli("project", "show", project, "--json").json["labeled"] == 0
    for _ in range(2):
        assert cli("undo", project, "--json").code == 0
    assert [
        (item["name"], item["labels"])
        for item in cli("project", "show", project, "--json").json["categories"]
    ] == [("Person", 8), ("Town", 10)]


def test_a_category_without_labels_goes_without_a_question(cli: Cli, project: str) -> None:
    cli("category", "add", project, "Date")
    assert cli("category", "delete", project, "Date", "--json").json["labels"] == 0


# --- sync ---------------------------------------------------------------------------------------------


def test_syncing_finds_what_is_new_changed_and_gone(cli: Cli, project: str, letters: Path) -> None:
    (letters / "new.txt").write_text("new")
    (letters / "letter00.txt").write_text("changed")
    (letters / "letter01.txt").unlink()
    synced = cli("sync", project, "--json").json
    assert (synced["downloaded"], synced["uploaded"], synced["unchanged"]) == (2, 0, 10)
    assert (synced["added"], synced["changed"], synced["gone"]) == (1, 1, 1)
    assert synced["conflicts"] == []
    again = cli("sync", project, "--json").json
    assert (again["downloaded"], again["unchanged"]) == (0, 12)


def test_syncing_without_the_folder_is_told_and_changes_nothing(
    cli: Cli, project: str, letters: Path
) -> None:
    letters.rename(letters.with_name("elsewhere"))
    ran = cli("sync", project, "--json")
    assert ran.code == 3
    assert str(letters) in ran.error["message"]
    assert cli("project", "show", project, "--json").json["labeled"] == 8


def test_the_name_of_the_labels_file_is_in_its_errors(cli: Cli, project: str, tmp_path: Path) -> None:
    file = azure_labels(range(2))
    file["assets"]["documents"][1]["entities"][0]["labels"][0]["offset"] = "three"
    ran = cli("import", project, str(write_json(tmp_path / "bad.json", file)), "--json")
    assert ran.code == 2
    assert "assets.documents[1].entities[0].labels[0].offset" in ran.error["message"]


def test_a_long_name_is_cut_in_the_table_and_whole_in_json(cli: Cli, letters: Path) -> None:
    name = "n" * 300
    assert cli("project", "create", name, "--kind", "ner", "--container", str(letters)).code == 0
    assert cli("project", "list", "--json").json["items"][0]["name"] == name
    row = cli("project", "list").out.splitlines()[1]
    assert row.startswith("n" * 39 + "…  ner")


@pytest.mark.parametrize(("text", "shown"), [("四" * 20, "四" * 20), ("四" * 21, "四" * 19 + "…"), ("", "")])
def test_wide_characters_are_cut_by_their_columns(text: str, shown: str) -> None:
    assert clipped(text, 40) == shown


def test_a_project_that_is_deleted_while_a_command_works_is_not_found(
    cli: Cli, project: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opening = Workbench.open

    async def opened_then_deleted(bench: Workbench, name: str) -> ProjectSession:
        session = await opening(bench, name)
        (cli.home / "projects" / session.project.id).rename(cli.home / "elsewhere")
        return session

    monkeypatch.setattr(Workbench, "open", opened_then_deleted)
    ran = cli("category", "add", project, "More", "--json")
    assert (ran.code, ran.error["code"]) == (2, "not_found")
    assert "deleted" in ran.error["message"]
    assert list((cli.home / "projects").iterdir()) == []


@pytest.mark.parametrize("purge", [(), ("--purge",)], ids=["aside", "purged"])
def test_a_broken_project_is_deleted_by_the_id_it_is_listed_by(
    cli: Cli, project: str, purge: tuple[str, ...]
) -> None:
    (file,) = cli.home.glob("projects/*/project.json")
    file.write_text("{", encoding="utf-8")
    listed = cli("project", "list", "--json")
    assert listed.code == 1
    (item,) = listed.json["items"]
    refused = cli("project", "delete", item["name"], "--json")
    assert refused.code == 2
    assert "can't be read" in refused.error["message"]
    gone = cli("project", "delete", item["name"], "--yes", *purge, "--json")
    assert gone.json["deleted"] is True
    assert cli("project", "list", "--json").json["items"] == []
    kept = [path.name for path in (cli.home / "deleted").iterdir()]
    assert bool(kept) is not bool(purge)


def test_category_names_are_refused_as_project_names_are(cli: Cli, project: str, letters: Path) -> None:
    added = cli("category", "add", project, " x ", "--json")
    assert (added.code, added.error["hint"]) == (2, "Call it 'x'.")
    assert cli("category", "rename", project, "Town", "--to", "x ", "--json").code == 2
    create = ("project", "create", "other", "--kind", "ner", "--container", str(letters))
    assert cli(*create, "--category", " x", "--json").code == 2
    warned = cli("category", "add", project, "a\x1b[2J", "--json").json["warnings"]
    assert "does not take in names" in warned[0]
    assert cli("category", "add", project, "Größe 日本", "--json").json["warnings"] == []


def test_a_document_that_can_not_be_labeled_names_the_command_that_reads_it_again(
    cli: Cli, project: str, letters: Path
) -> None:
    (letters / "letter11.txt").write_bytes(b"\xff\x00")
    assert cli("sync", project).code == 0
    label = ("label", project, "letter11.txt", "--category", "Town", "--offset", "0", "--length", "1")
    assert f"`tui-labeler sync {project}`" in cli(*label, "--json").error["hint"]


def test_the_command_that_opens_a_new_project_can_be_pasted_into_a_shell(cli: Cli, letters: Path) -> None:
    name = "host's [red]x[/]; ls"
    ran = cli("project", "create", name, "--kind", "ner", "--container", str(letters))
    line = next(line for line in ran.out.splitlines() if line.startswith("Open it with: "))
    assert shlex.split(line)[-3:] == ["tui-labeler", "open", name]


def test_a_project_that_lost_a_file_of_documents_is_told_everywhere_and_repaired(
    cli: Cli, project: str
) -> None:
    before = cli("documents", project).out
    (shard,) = cli.home.glob("projects/*/documents/0000.json")
    (shard.parent.parent / "index.json").unlink()
    shard.unlink()
    for command in (("documents", project), ("export", project, "-"), ("project", "show", project)):
        ran = cli(*command)
        assert ran.code == 3
        assert str(shard) in ran.err
        assert "project repair" in ran.err
    ran = cli("doctor")
    assert ran.code == 1
    assert str(shard) in ran.out
    ran = cli("project", "repair", project, "--json")
    assert ran.code == 0
    assert str(shard) in ran.json["repaired"][0]
    assert cli("documents", project).out == before
    assert "nothing was done" in cli("project", "repair", project).out
    assert cli("doctor").code == 0


@pytest.mark.parametrize("lost", [False, True])
def test_what_repair_does_not_mend_it_names_with_what_does(lost: bool, cli: Cli, project: str) -> None:
    assert cli("sync", project, "--share").code == 0
    (file,) = cli.home.glob("projects/*/project.json")
    said = json.loads(file.read_text())
    (row,) = said["project"].values()
    row["kind"] = "CustomSingleLabelClassification"
    said["categories"]["2"]["name"] = "Person"
    file.write_text(json.dumps(said))
    agreed = file.parent / "sync" / "documents" / "0000.json"
    agreed.write_text("{")
    if lost:
        (file.parent / "documents" / "0000.json").unlink()
    ran = cli("project", "repair", project, "--json")
    assert (ran.code, len(ran.json["repaired"])) == (1, int(lost))
    told = {item["name"]: item["detail"] for item in ran.json["not_repaired"]}
    assert "put it back in that file" in told[f"kind of {project}"]
    assert "another name in the application" in told[f"classes of {project}"]
    assert str(agreed) in told[f"sharing of {project}"]
    assert "Remove the project's folder `sync`" in told[f"sharing of {project}"]
    words = cli("project", "repair", project).out.splitlines()
    assert words[0] == "Nothing was done."
    assert [line.partition(": ")[0] for line in words[1:]] == ["not repaired"] * 3


def test_a_history_that_lacks_a_part_says_which_and_is_told_by_doctor(cli: Cli, project: str) -> None:
    (journal,) = cli.home.glob("projects/*/journal/*.jsonl")
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join((lines[0].replace(b'"seq"', b'"sxq"', 1), *lines[1:])))
    before = cli("documents", project).out
    ran = cli("doctor")
    assert ran.code == 1
    assert f"{journal}, line 1: transaction 1 is missing" in ran.out
    oldest = cli("history", project, "--json").json["items"][-1]
    assert (oldest["action"], oldest["lacks"]) == ("history.lost", [1, 1])
    assert "lost: transactions 1 to 1" in cli("history", project).out
    (said,) = cli("project", "repair", project, "--json").json["repaired"]
    assert f"{journal}, line 1: transaction 1 is missing" in said
    assert cli("doctor").code == 0
    assert cli("documents", project).out == before
