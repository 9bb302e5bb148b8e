"""Labels in a folder follow their words when somebody changes a file."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Cli

NAME = "letter00.txt"


def words(cli: Cli) -> list[str]:
    return [item["text"] for item in cli("show", "letters", NAME, "--json").json["labels"]]


def put_before(letters: Path, text: str) -> None:
    path = letters / NAME
    path.write_bytes(text.encode() + path.read_bytes())


@pytest.mark.parametrize("share", [[], ["--share"]], ids=["at home", "shared"])
def test_a_label_goes_along_with_its_words(cli: Cli, letters: Path, share: list[str]) -> None:
    create = ("project", "create", "letters", "--kind", "ner", "--container", str(letters))
    assert cli(*create, "--category", "Person", *share).code == 0
    assert cli("label", "letters", NAME, "--category", "Person", "--text", "Ann Lee").code == 0
    for begin in ("Today: ", "And again today: "):
        put_before(letters, begin)
        assert cli("sync", "letters").code == 0
        assert words(cli) == ["Ann Lee"]
    assert cli("label", "letters", NAME, "--category", "Person", "--text", "Monday").code == 0


def test_labels_of_a_file_go_along_with_their_words(cli: Cli, project: str, letters: Path) -> None:
    before = words(cli)
    assert before
    put_before(letters, "Today: ")
    assert cli("sync", project).code == 0
    assert words(cli) == before


def both(cli: Cli, letters: Path, folder: Path) -> tuple[tuple[str, str], tuple[str, str]]:
    """The homes of two people on one folder: the first has labeled, the second has taken that."""
    ana, bo = ("--home", str(folder / "ana")), ("--home", str(folder / "bo"))
    create = ("project", "create", "letters", "--kind", "ner", "--container", str(letters), "--share")
    assert cli(*ana, *create, "--category", "Person").code == 0
    assert cli(*bo, *create).code == 0
    assert cli(*ana, "label", "letters", NAME, "--category", "Person", "--text", "Ann Lee").code == 0
    for home in (ana, bo):
        assert cli(*home, "sync", "letters").code == 0
    return ana, bo


def test_labels_of_others_are_kept_when_they_are_taken_and_none_is_told_that_they_have_moved(
    cli: Cli, letters: Path, tmp_path: Path
) -> None:
    ana, bo = both(cli, letters, tmp_path)
    put_before(letters, "Today: ")
    ran = cli(*bo, "sync", "letters", "--json")
    assert (ran.json["moved_labels"], ran.json["stale_labels"]) == (1, [])
    for home in (ana, bo):
        ran = cli(*home, "sync", "letters", "--json")
        assert (ran.json["stale_labels"], ran.json["conflicts"]) == ([], [])
        (label,) = cli(*home, "show", "letters", NAME, "--json").json["labels"]
        assert label["text"] == "Ann Lee"


def test_what_others_have_moved_is_not_told_as_left_behind(cli: Cli, letters: Path, tmp_path: Path) -> None:
    ana, bo = both(cli, letters, tmp_path)
    (folder,) = (tmp_path / "bo" / "projects").iterdir()
    shutil.rmtree(folder / "cache")
    put_before(letters, "Today: ")
    assert cli(*ana, "sync", "letters", "--json").json["moved_labels"] == 1
    assert cli(*bo, "sync", "letters", "--json").json["stale_labels"] == []


def test_a_label_that_went_along_with_its_words_is_taken_back(cli: Cli, letters: Path) -> None:
    create = ("project", "create", "letters", "--kind", "ner", "--container", str(letters))
    assert cli(*create, "--category", "Person").code == 0
    assert cli("label", "letters", NAME, "--category", "Person", "--text", "Ann Lee").code == 0
    put_before(letters, "New: ")
    assert cli("sync", "letters").code == 0
    assert cli("undo", "letters").code == 0
    assert words(cli) == []


def test_words_of_today_never_take_away_a_label_on_an_earlier_text(cli: Cli, letters: Path) -> None:
    create = ("project", "create", "letters", "--kind", "ner", "--container", str(letters))
    assert cli(*create, "--category", "Person").code == 0
    path = letters / NAME
    path.write_text("Ann was here.\n")
    assert cli("sync", "letters").code == 0
    assert cli("label", "letters", NAME, "--category", "Person", "--text", "Ann").code == 0
    path.write_text("Bob came later.\n")
    assert cli("sync", "letters").code == 0
    remove = ("label", "letters", NAME, "--category", "Person", "--remove")
    assert cli(*remove, "--text", "Bob").code == 2
    assert len(words(cli)) == 1
    assert cli(*remove, "--offset", "0", "--length", "3").code == 0
    assert words(cli) == []
