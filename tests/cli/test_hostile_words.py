"""What others wrote reaches the streams of a command as words alone, and files as it was."""

from __future__ import annotations

import json
import unicodedata
from typing import TYPE_CHECKING

import pytest

from tests.terminal.test_hostile import ATTACKS, CATEGORIES, NAMES, PROJECT, TEXT, _labels

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Cli, Ran

COMMANDS: tuple[tuple[str, ...], ...] = (
    ("project", "list"),
    ("project", "show", PROJECT),
    ("documents", PROJECT),
    ("documents", PROJECT, "--search", "after"),
    ("history", PROJECT),
    ("category", "list", PROJECT),
    ("labels", PROJECT),
    ("suggestions", PROJECT),
    ("models", PROJECT),
    ("jobs", PROJECT),
    ("resource", "list"),
    ("doctor",),
    ("sync", PROJECT),
    ("undo", PROJECT),
    *(("show", PROJECT, name) for name in NAMES),
    *(("show", PROJECT, name) for name in ("no text.txt", "none\x1b]52;c;eA==\x07.txt")),
    *(
        ("export", PROJECT, "-", "--format", name)
        for name in ("azure", "aml", "conll", "csv", "jsonl", "spacy", "doccano", "labelstudio", "prodigy")
    ),
    # What people mistype is repeated to them.
    *((word, ATTACKS["clipboard"]) for word in ("labels", "jobs", "train", "autolabel", "watch", "split")),
    (ATTACKS["clear"],),
    ("documents", PROJECT, ATTACKS["C1 CSI"]),
    ("category", "delete", PROJECT, ATTACKS["title"]),
    ("resource", "show", ATTACKS["bidi"]),
    ("resource", "add", ATTACKS["clear"], "--kind", "openai", "--endpoint", ATTACKS["hyperlink"]),
    ("resource", "add", "[red]x[/red]", "--kind", "openai", "--endpoint", "http://127.0.0.1:9"),
    ("label", PROJECT, NAMES[0], "--category", ATTACKS["lines"], "--start", "0", "--end", "2"),
    ("import", PROJECT, "{folder}/labels\x1b[2J.json"),
    ("import", PROJECT, "{folder}/broken\x9b2J.json"),
    ("project", "create", ATTACKS["markup"], "--kind", "ner", "--container", "/none/\x1b]0;x\x07"),
    ("project", "create", "x", "--kind", "ner", "--container", "https://\x1b]0;x\x07.example.invalid/c"),
)


@pytest.fixture
def folder(cli: Cli, tmp_path: Path) -> Path:
    """Documents, labels and a project in which everything is an attack."""
    documents = tmp_path / "docu\x1b]0;ments\x07\u202e"
    documents.mkdir()
    for name in NAMES:
        (documents / name).write_text(f"{name}\n{TEXT}", encoding="utf-8", newline="")
    (documents / "no text.txt").write_bytes(b"\xff\xfe\x1b]52;c;cm0=\x07")
    (tmp_path / "labels\x1b[2J.json").write_text(json.dumps(_labels()), encoding="utf-8")
    (tmp_path / "broken\x9b2J.json").write_text(json.dumps({ATTACKS["title"]: ATTACKS["clear"]}))
    labels = ("--labels", str(tmp_path / "labels\x1b[2J.json"))
    made = cli("project", "create", PROJECT, "--kind", "ner", "--container", str(documents), *labels)
    assert made.code == 0, made
    assert unfit(made) == []
    assert cli("category", "set", PROJECT, CATEGORIES[0], "--description", ATTACKS["clear"]).code == 0
    return tmp_path


def unfit(ran: Ran, *, raw: bool = False) -> list[str]:
    """Signs in the streams that are no words; ``raw``: standard output holds a file."""
    return sorted(
        {
            repr(sign)
            for sign in (ran.err if raw else ran.out + ran.err)
            if sign != "\n" and unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Zl", "Zp")
        }
    )


def test_no_command_sends_what_others_wrote_as_anything_but_words(cli: Cli, folder: Path) -> None:
    codes = set()
    for command in COMMANDS:
        given = [argument.replace("{folder}", str(folder)) for argument in command]
        # A file that is exported to the output is the same file with ``--json``.
        for more in ((), *(("--json",),) * (command[0] != "export")):
            ran = cli(*given, *more)
            codes.add(ran.code)
            assert unfit(ran, raw=command[0] == "export" and not ran.code) == [], (given, more, ran)
            assert "Traceback" not in ran.err
            if more:
                json.loads(ran.out)
                assert ran.out.isascii()
    assert {0, 2} <= codes


def test_names_and_texts_are_exported_as_they_are(cli: Cli, folder: Path) -> None:
    exported = cli("export", PROJECT, "-", "--format", "jsonl")
    assert exported.code == 0
    rows = [json.loads(line) for line in exported.out.splitlines()]
    assert {row["text"] for row in rows} >= {f"{name}\n{TEXT}" for name in NAMES}
