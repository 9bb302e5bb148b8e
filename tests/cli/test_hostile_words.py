"""What others wrote reaches the streams of a command as words alone, and files as it was."""

from __future__ import annotations

import argparse
import json
import unicodedata
from typing import TYPE_CHECKING

import pytest

from tests.terminal.test_hostile import ATTACKS, CATEGORIES, DEPLOYMENT, NAMES, PERSON, PROJECT, TEXT, _labels
from tui_labeler.cli.grammar import build

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.conftest import Cli, Ran

AZURE = ("--resource-group", "\x9bgroup", "--subscription", "\u202e11-22", "--yes")

READ = "read \x1b]0;x\x07\x9b2J\u202e\u200c.txt"
"""A document that two people have labeled differently."""

COMMANDS: tuple[tuple[str, ...], ...] = (
    ("project", "list"),
    ("project", "show", PROJECT),
    ("project", "repair", PROJECT),
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
    ("agreement", PROJECT),
    ("adjudicate", PROJECT),
    ("adjudicate", PROJECT, "--document", READ, "--place", "1", "--take", "first"),
    ("adjudicate", PROJECT, "--agreeing"),
    ("assign", PROJECT, "--readers", f"ann,{PERSON}", "--document", NAMES[2]),
    ("assign", PROJECT, "--withdraw", "--document", READ),
    ("document", "set", PROJECT, NAMES[0], "--language", "x\x1b[2J", "--flag", ATTACKS["clear"]),
    ("document", "set", PROJECT, ATTACKS["lines"], "--dataset", "test"),
    ("category", "set", PROJECT, ATTACKS["bidi"], "--description", "x"),
    ("category", "add", PROJECT, ATTACKS["bidi"]),
    ("category", "add", PROJECT, CATEGORIES[1]),
    ("category", "rename", PROJECT, CATEGORIES[1], "--to", f"{ATTACKS['bidi']}renamed"),
    ("category", "merge", PROJECT, CATEGORIES[2], "--to", CATEGORIES[0], "--yes"),
    ("category", "delete", PROJECT, CATEGORIES[0]),
    *((word, PROJECT, "--model", ATTACKS["colours"], "--yes") for word in ("train", "autolabel", "evaluate")),
    ("watch", PROJECT, "--model", ATTACKS["colours"], "--once", "--yes"),
    *(("model", word, PROJECT, ATTACKS["C1 CSI"]) for word in ("show", "delete")),
    *(("job", word, PROJECT, ATTACKS["C1 CSI"]) for word in ("show", "cancel", "resume", "retry", "delete")),
    *((word, PROJECT, "--category", ATTACKS["title"], "--all") for word in ("accept", "reject")),
    *((word, PROJECT, "--document", ATTACKS["title"]) for word in ("accept", "reject")),
    (
        "resource",
        "add",
        "here",
        "--kind",
        "openai",
        "--endpoint",
        "http://127.0.0.1:9",
        "--deployment",
        DEPLOYMENT,
    ),
    *(("resource", word, ATTACKS["clear"]) for word in ("test", "set", "remove")),
    ("resource", "test", "here", "--deployment", ATTACKS["clear"]),
    ("aml", "status", PROJECT),
    ("aml", "status", ATTACKS["clear"]),
    (*("aml", "connect", PROJECT, "--name", "x\x9b2J\u202e", "--workspace", ATTACKS["title"]), *AZURE),
    *(("aml", *words, PROJECT) for words in (("switch", "--to", "aml"), ("import",), ("disconnect",))),
    ("open", ATTACKS["clear"]),
    ("open", PROJECT, "--document", ATTACKS["clear"]),
    ("serve", "--port", ATTACKS["clear"]),
    ("demo", ATTACKS["clear"]),
    ("quota",),
    ("quota", ATTACKS["clear"]),
    ("history", PROJECT),
    ("project", "delete", ATTACKS["clear"]),
    ("project", "delete", PROJECT),
)
"""Of each command one at least."""


@pytest.fixture
def folder(cli: Cli, tmp_path: Path) -> Path:
    """Documents, labels and a project in which everything is an attack."""
    documents = tmp_path / "docu\x1b]0;ments\x07\u202e"
    documents.mkdir()
    for name in NAMES:
        (documents / name).write_text(f"{name}\n{TEXT}", encoding="utf-8", newline="")
    (documents / READ).write_text(f"{READ}\n{TEXT}", encoding="utf-8", newline="")
    (documents / "no text.txt").write_bytes(b"\xff\xfe\x1b]52;c;cm0=\x07")
    (tmp_path / "labels\x1b[2J.json").write_text(json.dumps(_labels()), encoding="utf-8")
    (tmp_path / "broken\x9b2J.json").write_text(json.dumps({ATTACKS["title"]: ATTACKS["clear"]}))
    labels = ("--labels", str(tmp_path / "labels\x1b[2J.json"))
    made = cli("project", "create", PROJECT, "--kind", "ner", "--container", str(documents), *labels)
    assert made.code == 0, made
    assert unfit(made) == []
    assert cli("category", "set", PROJECT, CATEGORIES[0], "--description", ATTACKS["clear"]).code == 0
    read_by_two(cli)
    return tmp_path


def read_by_two(cli: Cli) -> None:
    assert cli("assign", PROJECT, "--readers", "ann,bob", "--document", READ).code == 0
    for who, name in (("ann", CATEGORIES[0]), ("bob", CATEGORIES[1])):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("TUI_LABELER_NAME", who)
            place = ("--category", name, "--offset", "0", "--length", "4")
            assert cli("label", PROJECT, READ, *place).code == 0
            assert cli("document", "set", PROJECT, READ, "--done").code == 0


def every_command(parser: argparse.ArgumentParser, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    groups = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    for group in groups:
        for name, inner in group.choices.items():
            yield from every_command(inner, (*before, name))
    if not groups:
        yield before


def test_every_command_is_among_those_that_are_tried() -> None:
    tried = {command[:length] for command in COMMANDS for length in (1, 2)}
    assert set(every_command(build())) <= tried


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
