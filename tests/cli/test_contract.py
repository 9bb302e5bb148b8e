"""What holds for every command: one JSON document, exit codes, streams, nothing hostile on the terminal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tui_labeler.cli.grammar import build

if TYPE_CHECKING:
    from tests.cli.conftest import Cli

HEAVY = ("textual", "rich", "tinydb", "sklearn", "numpy", "msgspec", "asyncio")


def test_help_loads_no_package_that_is_slow_to_load() -> None:
    script = (
        "import sys\n"
        "from tui_labeler.cli.main import main\n"
        "code = main(['--help'])\n"
        f"print(code, [name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stderr.strip() == "0 []"
    assert "autolabel" in ran.stdout


def commands() -> list[tuple[str, ...]]:
    """Every command there is, by walking the grammar."""

    def walk(parser: object, path: tuple[str, ...]) -> list[tuple[str, ...]]:
        found: list[tuple[str, ...]] = []
        for action in parser._actions:  # type: ignore[attr-defined]
            for name, child in (
                (getattr(action, "choices", None) or {}).items() if action.nargs == "A..." else ()
            ):
                below = walk(child, (*path, name))
                found += below or [(*path, name)]
        return found

    return walk(build(), ())


JSON_CALLS = {
    ("project", "create"): ("other", "--kind", "multi", "--container", "{letters}"),
    ("project", "list"): (),
    ("project", "show"): ("letters",),
    ("project", "repair"): ("letters",),
    ("project", "delete"): ("letters", "--yes"),
    ("documents",): ("letters",),
    ("show",): ("letters", "letter00.txt"),
    ("document", "set"): ("letters", "letter00.txt", "--dataset", "test"),
    ("sync",): ("letters",),
    ("label",): ("letters", "letter11.txt", "--category", "Person", "--text", "Dan Wood"),
    ("adjudicate",): ("letters",),
    ("agreement",): ("letters",),
    ("assign",): ("letters", "--readers", "ann,bob", "--share", "50%"),
    ("category", "add"): ("letters", "Date"),
    ("category", "set"): ("letters", "Town", "--description", "where"),
    ("category", "rename"): ("letters", "Town", "--to", "City"),
    ("category", "merge"): ("letters", "Town", "--to", "Person", "--yes"),
    ("category", "delete"): ("letters", "Town", "--yes"),
    ("train",): ("letters", "--model", "none at all"),
    ("models",): ("letters",),
    ("model", "show"): ("letters", "none"),
    ("model", "delete"): ("letters", "none"),
    ("evaluate",): ("letters", "--model", "none"),
    ("autolabel",): ("letters", "--model", "none"),
    ("jobs",): ("letters",),
    ("job", "show"): ("letters", "none"),
    ("job", "cancel"): ("letters", "none"),
    ("job", "resume"): ("letters", "none"),
    ("job", "retry"): ("letters", "none"),
    ("job", "delete"): ("letters", "none"),
    ("accept",): ("letters", "--all"),
    ("reject",): ("letters", "--all"),
    ("undo",): ("letters",),
    ("history",): ("letters",),
    ("import",): ("letters", "{labels}"),
    ("export",): ("letters", "{tmp}/out.json"),
    ("aml", "connect"): (
        *("none", "--name", "a", "--workspace", "w", "--resource-group", "r", "--subscription", "s"),
    ),
    ("aml", "status"): ("letters",),
    ("aml", "switch"): ("none", "--to", "aml"),
    ("aml", "import"): ("none",),
    ("aml", "disconnect"): ("none", "--confirm", "none"),
    ("resource", "add"): (
        *("local", "--kind", "openai", "--endpoint", "http://127.0.0.1:1/v1", "--deployment", "small"),
    ),
    ("resource", "list"): (),
    ("resource", "test"): ("none",),
    ("resource", "set"): ("none", "--context", "4096"),
    ("resource", "remove"): ("none",),
    ("quota",): (),
    ("doctor",): (),
    ("open",): ("letters",),
}


def test_each_command_is_tried_with_json_here_or_in_its_own_test() -> None:
    assert set(commands()) - set(JSON_CALLS) == {("demo",), ("serve",), ("watch",)}


@pytest.mark.parametrize("command", JSON_CALLS, ids=" ".join)
def test_with_json_standard_output_holds_one_document_and_nothing_else(
    command: tuple[str, ...], cli: Cli, project: str, letters: Path, labels_file: Path, tmp_path: Path
) -> None:
    arguments = [
        argument.format(letters=letters, labels=labels_file, tmp=tmp_path) for argument in JSON_CALLS[command]
    ]
    ran = cli(*command, *arguments, "--json")
    document = ran.json
    assert ran.out.count("\n") == 1
    assert ran.code == (2 if "error" in document else 0), document
    if "error" in document:
        assert set(document["error"]) == {"code", "title", "message", "hint"}
        assert document["error"]["message"]


@pytest.mark.parametrize("command", JSON_CALLS, ids=" ".join)
def test_without_json_people_read_lines_and_errors_stand_on_standard_error(
    command: tuple[str, ...], cli: Cli, project: str, letters: Path, labels_file: Path, tmp_path: Path
) -> None:
    arguments = [
        argument.format(letters=letters, labels=labels_file, tmp=tmp_path) for argument in JSON_CALLS[command]
    ]
    ran = cli(*command, *arguments)
    if ran.code == 0:
        assert ran.out.strip()
        assert "{" not in ran.out
    else:
        assert ran.out == ""
        assert ran.err.count(": ") >= 1


def test_lists_stand_under_items(cli: Cli, project: str) -> None:
    for command in (("project", "list"), ("documents", project), ("jobs", project), ("models", project)):
        document = cli(*command, "--json").json
        assert isinstance(document["items"], list)
        assert document["total"] == len(document["items"])
        assert document["next_after"] is None


def test_a_long_list_can_be_read_page_by_page(cli: Cli, project: str) -> None:
    seen: list[str] = []
    after: list[str] = []
    for _ in range(10):
        page = cli("documents", project, "--limit", "5", *after, "--json").json
        assert len(page["items"]) <= 5
        seen += [item["location"] for item in page["items"]]
        if page["next_after"] is None:
            break
        after = ["--after", page["next_after"]]
    assert seen == [f"letter{number:02}.txt" for number in range(12)]


def test_going_on_behind_what_is_not_in_the_list_is_refused(cli: Cli, project: str) -> None:
    ran = cli("documents", project, "--after", "nowhere.txt", "--json")
    assert ran.code == 2
    assert "nowhere.txt" in ran.error["message"]


@pytest.mark.parametrize("before", [True, False])
def test_options_of_every_command_stand_before_or_after_its_name(
    before: bool, cli: Cli, project: str, tmp_path: Path
) -> None:
    shared = ["--json", "--home", str(tmp_path / "another home")]
    ran = cli(*shared, "project", "list") if before else cli("project", "list", *shared)
    assert ran.code == 0
    assert ran.json["items"] == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["no-such-command"],
        ["project"],
        ["project", "create", "x"],
        ["project", "create", "x", "--kind", "poem", "--container", "."],
        ["documents"],
        ["documents", "letters", "--limit", "0"],
        ["documents", "letters", "--limit", "many"],
        ["documents", "letters", "--filter", "odd"],
        ["train", "letters", "--model", "m", "--test-percent", "100"],
        ["autolabel", "letters"],
        ["accept", "letters"],
        ["reject", "letters", "--min-confidence", "1.5"],
        ["accept", "letters", "--min-confidence", "nan"],
        ["document", "set", "letters", "letter00.txt"],
        ["category", "set", "letters", "Town"],
        ["label", "letters", "letter00.txt"],
        ["label", "letters", "letter00.txt", "--category", "Town", "--offset", "3"],
        ["label", "letters", "letter00.txt", "--category", "Town", "--length", "3"],
        ["label", "letters", "letter00.txt", "--category", "Town", "--text", ""],
        ["--home"],
        ["doc"],
    ],
    ids=" ".join,
)
def test_wrong_use_ends_with_two_and_says_what_is_wrong(arguments: list[str], cli: Cli, project: str) -> None:
    ran = cli(*arguments, "--json")
    assert ran.code == 2
    assert ran.error["message"]
    assert ran.error["hint"]
    plain = cli(*arguments)
    assert plain.code == 2
    assert plain.out == ""
    assert plain.err


def test_without_a_terminal_the_application_does_not_start(cli: Cli, project: str) -> None:
    for command in ([], ["open", project]):
        ran = cli(*command)
        assert ran.code == 2
        assert "terminal" in ran.err
        assert ran.out == ""


def test_the_version_is_told(cli: Cli) -> None:
    ran = cli("--version")
    assert (ran.code, ran.out.split()[0]) == (0, "tui-labeler")


def test_a_home_that_is_a_file_is_told(cli: Cli, tmp_path: Path, letters: Path) -> None:
    (tmp_path / "file").write_text("x")
    create = ("project", "create", "x", "--kind", "ner", "--container", str(letters))
    ran = cli(*create, "--home", str(tmp_path / "file"), "--json")
    assert ran.code == 2
    assert str(tmp_path / "file") in ran.error["message"]
    assert "--home" in ran.error["hint"]


def test_settings_that_are_not_right_are_told(cli: Cli, project: str) -> None:
    (cli.home / "settings.toml").write_text("quota = 'much'\n")
    ran = cli("quota", "--json")
    assert ran.code == 2
    assert "quota" in ran.error["message"]


HOSTILE = "\x1b]52;c;aGk=\x07\x9b2J\u202e[red]x[@click=a]"


def test_escape_sequences_are_shown_and_never_sent(cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "hostile"
    folder.mkdir()
    (folder / "\x1b[2Jevil\u202e.txt").write_text(f"{HOSTILE} text", encoding="utf-8")
    name = f"p{HOSTILE}"
    create = ("project", "create", name, "--kind", "multi", "--container", str(folder))
    ran = [
        cli(*create, "--category", HOSTILE, "--description", HOSTILE),
        cli("project", "list"),
        cli("project", "show", name),
        cli("documents", name),
        cli("show", name, "\x1b[2Jevil\u202e.txt"),
        cli("label", name, "\x1b[2Jevil\u202e.txt", "--category", HOSTILE),
        cli("history", name),
        cli("show", name, HOSTILE),
        cli("category", "rename", name, HOSTILE, "--to", HOSTILE + "2"),
        cli("documents", HOSTILE),
        cli(HOSTILE),
        cli("import", name, HOSTILE),
        cli("project", "list", "--json"),
        cli("show", name, "\x1b[2Jevil\u202e.txt", "--json"),
        cli("show", name, HOSTILE, "--progress", "jsonl"),
    ]
    for one in ran:
        for character in one.out + one.err:
            assert character == "\n" or character >= " ", one
            assert not "\x7f" <= character < "\xa0", one
            assert character not in "\u202e\u2066", one
    assert ran[4].code == 0
    assert "[red]x[@click=a]" in ran[4].out
    assert json.loads(ran[13].out)["text"] == f"{HOSTILE} text"


def test_a_reader_who_goes_away_sees_no_traceback(cli: Cli, project: str) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    ran = subprocess.run(
        [sys.executable, "-m", "tui_labeler", "documents", project, "--json"],
        stdout=write_end,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        env={**os.environ, "TUI_LABELER_HOME": str(cli.home)},
    )
    os.close(write_end)
    assert ran.stderr == ""
    assert ran.returncode == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_disk_behind_standard_output_is_told(cli: Cli, project: str) -> None:
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "tui_labeler", "documents", project, "--json"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env={**os.environ, "TUI_LABELER_HOME": str(cli.home)},
        )
    assert ran.returncode == 3
    assert "standard output" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_an_ascii_terminal_gets_ascii(cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "größe.txt").write_text("Ümlaut \U0001f600", encoding="utf-8")
    assert cli("project", "create", "p", "--kind", "multi", "--container", str(folder)).code == 0
    ran = subprocess.run(
        [sys.executable, "-m", "tui_labeler", "documents", "p"],
        capture_output=True,
        check=True,
        env={**os.environ, "TUI_LABELER_HOME": str(cli.home), "PYTHONIOENCODING": "ascii"},
    )
    assert b"gr??e.txt" in ran.stdout


def test_progress_as_json_lines_leaves_standard_error_readable_by_machines(
    cli: Cli, project: str, letters: Path
) -> None:
    ran = cli("sync", project, "--progress", "jsonl")
    events = [json.loads(line) for line in ran.err.splitlines()]
    assert {event["event"] for event in events} == {"progress"}
    assert events[-1]["done"] == 12
    failed = cli("show", project, "none.txt", "--progress", "jsonl")
    assert [json.loads(line)["event"] for line in failed.err.splitlines()] == ["error"]
