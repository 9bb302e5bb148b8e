"""Labels in a folder follow their words when somebody changes a file."""

from __future__ import annotations

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
