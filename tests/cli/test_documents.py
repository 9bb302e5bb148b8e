"""``documents``, ``show``, ``document set`` and ``label``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.conftest import Cli, letter

if TYPE_CHECKING:
    from pathlib import Path


def locations(ran: Any) -> list[str]:
    return [item["location"] for item in ran.json["items"]]


def test_documents_are_listed_by_location(cli: Cli, project: str) -> None:
    ran = cli("documents", project, "--json")
    assert locations(ran) == [f"letter{number:02}.txt" for number in range(12)]
    first = ran.json["items"][0]
    assert first["dataset"] == "train"
    assert first["language"] == "en-us"
    assert first["characters"] == len(letter(0))
    assert first["text_records"] == 1
    assert (first["state"], first["labels"], first["suggestions"]) == ("labeled", 3, 0)


def test_documents_are_filtered(cli: Cli, project: str, letters: Path) -> None:
    (letters / "bad.txt").write_bytes(b"\xff")
    cli("sync", project)
    cli("document", "set", project, "letter08.txt", "--reviewed")
    cli("document", "set", project, "letter00.txt", "letter09.txt", "--dataset", "test")
    cli("document", "set", project, "letter10.txt", "--flag", "ask the team lead")

    def filtered(*names: str) -> list[str]:
        options = [part for name in names for part in ("--filter", name)]
        return locations(cli("documents", project, *options, "--json"))

    assert filtered("unlabeled") == ["letter09.txt", "letter10.txt", "letter11.txt"]
    assert len(filtered("labeled")) == 8
    assert filtered("reviewed") == ["letter08.txt"]
    assert filtered("unreadable") == ["bad.txt"]
    assert filtered("test") == ["letter00.txt", "letter09.txt"]
    assert len(filtered("train")) == 11
    assert filtered("flagged") == ["letter10.txt"]
    assert filtered("auto-labeled") == []
    assert filtered("failed") == []
    assert filtered("unlabeled", "reviewed") == [
        "letter08.txt",
        "letter09.txt",
        "letter10.txt",
        "letter11.txt",
    ]
    assert filtered("unlabeled", "test") == ["letter09.txt"]


def test_documents_are_found_by_name_and_by_content(cli: Cli, project: str) -> None:
    assert locations(cli("documents", project, "--search", "LETTER03", "--json")) == ["letter03.txt"]
    assert locations(cli("documents", project, "--search", "ann lee", "--json")) == [
        "letter00.txt",
        "letter08.txt",
    ]
    assert locations(cli("documents", project, "--search", "nowhere", "--json")) == []
    assert len(locations(cli("documents", project, "--category", "Town", "--json"))) == 8


def test_a_search_says_which_texts_it_could_not_look_into(cli: Cli, project: str, letters: Path) -> None:
    (letters / "letter09.txt").write_bytes(b"\xff Ann Lee")
    ran = cli("documents", project, "--search", "ANN  lee", "--json")
    assert (ran.code, locations(ran)) == (0, ["letter00.txt", "letter08.txt"])
    assert "1 document can't be read: only the names were searched." in ran.err


def test_documents_are_sorted_as_asked(cli: Cli, project: str) -> None:
    sizes = [
        item["characters"] for item in cli("documents", project, "--sort", "size", "--json").json["items"]
    ]
    assert sizes == sorted(sizes)
    assert sizes != [len(letter(number)) for number in range(12)]


def test_a_document_is_shown_with_its_labels(cli: Cli, project: str) -> None:
    shown = cli("show", project, "letter00.txt", "--json").json
    text = letter(0)
    assert shown["text"] == text
    assert [(label["category"], label["text"]) for label in shown["labels"]] == [
        ("Person", "Ann Lee"),
        ("Town", "Berlin"),
        ("Town", "Berlin"),
    ]
    for label in shown["labels"]:
        assert text[label["offset"] : label["offset"] + label["length"]] == label["text"]
        assert label["id"]
    assert shown["suggestions"] == []
    assert shown["to_place"] == []


def test_offsets_are_code_points(cli: Cli, project: str, letters: Path) -> None:
    (letters / "emoji.txt").write_text("\U0001f600\U0001f600 Ann Lee", encoding="utf-8")
    cli("sync", project)
    shown = cli("label", project, "emoji.txt", "--category", "Person", "--text", "Ann Lee", "--json").json
    assert (shown["labels"][0]["offset"], shown["labels"][0]["length"]) == (3, 7)


@pytest.mark.parametrize("content", [b"caf\xe9", b"", b"\xff\xfea\x00"])
def test_a_document_that_cannot_be_read_is_shown_without_text(
    content: bytes, cli: Cli, project: str, letters: Path
) -> None:
    (letters / "bad.txt").write_bytes(content)
    cli("sync", project)
    ran = cli("show", project, "bad.txt", "--json")
    assert ran.code == 0
    assert ran.json["text"] is None
    assert ran.json["state"] == "unreadable"
    assert ran.json["problem"]
    refused = cli(
        "label", project, "bad.txt", "--category", "Town", "--offset", "0", "--length", "1", "--json"
    )
    assert refused.code in (2, 4)
    assert "bad.txt" in refused.error["message"]


def test_a_document_that_is_gone_or_changed_is_told(cli: Cli, project: str, letters: Path) -> None:
    (letters / "letter00.txt").unlink()
    (letters / "letter01.txt").write_text("Another text.")
    gone = cli("show", project, "letter00.txt", "--json")
    assert gone.code == 0
    assert gone.json["text"] is None
    assert gone.json["problem"]
    changed = cli("show", project, "letter01.txt", "--json").json
    assert changed["text_changed"] is True
    assert changed["labels"][0]["text"] is None
    refused = cli("label", project, "letter01.txt", "--category", "Town", "--text", "text", "--json")
    assert refused.code == 4
    assert "sync" in refused.error["hint"]


def test_labels_on_a_text_that_changed_are_shown_without_words(cli: Cli, project: str, letters: Path) -> None:
    (letters / "letter01.txt").write_text("Short.")
    cli("sync", project)
    shown = cli("show", project, "letter01.txt", "--json").json
    assert shown["text"] == "Short."
    assert shown["text_changed"] is True
    assert [(item["text"], item["text_changed"]) for item in shown["labels"]] == [(None, True)] * 2
    people = cli("show", project, "letter01.txt").out
    assert "has changed since it was labeled" in people
    assert people.count("(the text has changed since)") == 2
    assert "''" not in people
    sound = cli("show", project, "letter02.txt", "--json").json
    assert (sound["text_changed"], sound["labels"][0]["text_changed"]) == (False, False)


def test_documents_are_changed_together(cli: Cli, project: str) -> None:
    ran = cli(
        *("document", "set", project, "letter02.txt", "letter01.txt", "--dataset", "test"),
        *("--language", "nl", "--json"),
    )
    assert [(i["location"], i["dataset"], i["language"]) for i in ran.json["items"]] == [
        ("letter01.txt", "test", "nl"),
        ("letter02.txt", "test", "nl"),
    ]
    wrong = cli("document", "set", project, "letter03.txt", "none.txt", "--dataset", "test", "--json")
    assert wrong.code == 2
    assert len(locations(cli("documents", project, "--filter", "test", "--json"))) == 2
    cli("document", "set", project, "letter11.txt", "--reviewed")
    cli("document", "set", project, "letter11.txt", "--no-reviewed")
    assert locations(cli("documents", project, "--filter", "reviewed", "--json")) == []


def test_a_document_that_has_labels_or_can_t_be_read_is_refused_as_reviewed_and_nothing_changes(
    cli: Cli, project: str, letters: Path
) -> None:
    (letters / "letter09.txt").write_bytes(b"\xff\xfe\x00")
    assert cli("sync", project).code == 0
    assert cli("label", project, "letter08.txt", "--category", "Person", "--text", "Ann Lee").code == 0
    for name in ("letter08.txt", "letter09.txt"):
        mark = ("document", "set", project, "letter10.txt", name, "--reviewed", "--dataset", "test")
        ran = cli(*mark, "--json")
        assert (ran.code, ran.error["code"]) == (4, "refused"), ran
        assert name in ran.error["message"]
    assert locations(cli("documents", project, "--filter", "reviewed", "--json")) == []
    assert locations(cli("documents", project, "--filter", "test", "--json")) == []


# --- label --------------------------------------------------------------------------------------------


def label(cli: Cli, project: str, *options: str) -> Any:
    return cli("label", project, "letter08.txt", *options, "--json")


def test_words_that_stand_once_are_labeled(cli: Cli, project: str) -> None:
    ran = label(cli, project, "--category", "Person", "--text", "Ann Lee")
    assert ran.code == 0
    assert ran.json["changed"] is True
    assert [(item["category"], item["text"]) for item in ran.json["labels"]] == [("Person", "Ann Lee")]
    again = label(cli, project, "--category", "Person", "--text", "Ann Lee")
    assert again.code == 0
    assert again.json["changed"] is False
    assert len(again.json["labels"]) == 1


def test_words_that_stand_several_times_need_an_offset(cli: Cli, project: str) -> None:
    text = letter(8)
    first, second = text.find("Berlin"), text.rfind("Berlin")
    ran = label(cli, project, "--category", "Town", "--text", "Berlin")
    assert ran.code == 2
    assert f"{first}, {second}" in ran.error["message"]
    assert "--offset" in ran.error["hint"]
    one = label(cli, project, "--category", "Town", "--text", "Berlin", "--offset", str(second))
    assert [item["offset"] for item in one.json["labels"]] == [second]
    both = label(cli, project, "--category", "Town", "--offset", str(first), "--length", "6")
    assert [item["offset"] for item in both.json["labels"]] == [first, second]
    elsewhere = label(cli, project, "--category", "Town", "--text", "Berlin", "--offset", "1")
    assert elsewhere.code == 2
    assert str(first) in elsewhere.error["hint"]


def test_words_and_places_that_are_not_in_the_text_are_refused(cli: Cli, project: str) -> None:
    assert label(cli, project, "--category", "Town", "--text", "Atlantis").error["code"] == "not_found"
    past = label(cli, project, "--category", "Town", "--offset", "9999", "--length", "3")
    assert past.code == 2
    assert "9999" in past.error["message"]
    assert label(cli, project, "--category", "Planet", "--text", "Ann Lee").error["code"] == "not_found"
    assert label(cli, project, "--category", "Town").code == 2
    assert cli("show", project, "letter08.txt", "--json").json["labels"] == []


def test_a_label_in_the_way_is_named_and_can_be_replaced(cli: Cli, project: str) -> None:
    label(cli, project, "--category", "Person", "--text", "Ann Lee")
    blocked = label(cli, project, "--category", "Town", "--text", "Lee travels")
    assert blocked.code == 4
    assert "Person" in blocked.error["message"]
    replaced = label(cli, project, "--category", "Town", "--text", "Lee travels", "--replace")
    assert [item["text"] for item in replaced.json["labels"]] == ["Lee travels"]


def test_a_label_is_removed_by_words_or_by_id(cli: Cli, project: str) -> None:
    made = label(cli, project, "--category", "Person", "--text", "Ann Lee").json["labels"][0]
    gone = label(cli, project, "--remove", "--id", made["id"])
    assert gone.json["labels"] == []
    assert gone.json["changed"] is True
    again = label(cli, project, "--remove", "--id", made["id"])
    assert (again.code, again.json["changed"]) == (0, False)
    label(cli, project, "--category", "Person", "--text", "Ann Lee")
    assert label(cli, project, "--remove", "--category", "Person", "--text", "Ann Lee").json["labels"] == []
    assert label(cli, project, "--remove", "--id", "nonsense").code == 2


def test_classes_hold_for_the_whole_document(cli: Cli, letters: Path) -> None:
    create = ("project", "create", "topics", "--kind", "single", "--container", str(letters))
    assert cli(*create, "--category", "Trip", "--category", "Bags").code == 0
    cli("label", "topics", "letter00.txt", "--category", "Trip")
    shown = cli("label", "topics", "letter00.txt", "--category", "Bags", "--json").json
    assert [item["category"] for item in shown["labels"]] == ["Bags"]
    assert "offset" not in shown["labels"][0]
    refused = cli(
        *("label", "topics", "letter01.txt", "--category", "Bags", "--offset", "0", "--length", "3", "--json")
    )
    assert refused.code == 2
    assert (
        cli("label", "topics", "letter00.txt", "--category", "Bags", "--remove", "--json").json["labels"]
        == []
    )


def test_a_name_that_is_not_utf8_is_taken_as_it_is_listed_and_as_a_shell_gives_it(
    cli: Cli, project: str, letters: Path
) -> None:
    (letters / os.fsdecode(b"bad\xff.txt")).write_bytes(b"Ann is here.")
    cli("sync", project)
    listed, given = "bad\\xff.txt", "bad\udcff.txt"
    for name in (listed, given):
        assert cli("show", project, name, "--json").json["location"] == listed
    labeled = cli("label", project, given, "--category", "Person", "--text", "Ann")
    assert labeled.out == f"Label added. {listed} has 1 label.\n"
    changed = cli("document", "set", project, listed, given, "--flag", "odd", "--json")
    assert locations(changed) == [listed]
    assert cli("show", project, "bad\udcfe.txt").code == 2
    assert cli("show", project, "bad\ud800.txt").code == 2


def test_a_backslash_is_taken_doubled_and_as_a_shell_gives_it(cli: Cli, project: str, letters: Path) -> None:
    (letters / "a\\b.txt").write_text("Ann is here.")
    cli("sync", project)
    for name in ("a\\b.txt", "a\\\\b.txt"):
        assert cli("show", project, name, "--json").json["location"] == "a\\\\b.txt"


def test_removing_an_entity_asks_which_one(cli: Cli, project: str) -> None:
    ran = cli("label", project, "letter01.txt", "--remove", "--category", "Town", "--json")
    assert ran.code == 2
    assert "Which label" in ran.error["message"]
    assert "--id" in ran.error["hint"]
    assert len(cli("show", project, "letter01.txt", "--json").json["labels"]) == 2
