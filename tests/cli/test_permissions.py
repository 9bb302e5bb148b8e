"""A home that the person may not read or write: told in words, whatever the command."""

from __future__ import annotations

import asyncio
import ctypes
import os
import stat
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.openai_server import OpenAIServer
from tui_labeler.assembly import workbench

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Cli

_VERSION, _DAC_OVERRIDE, _DAC_READ_SEARCH = 0x20080522, 1 << 1, 1 << 2
"""Source: capget(2), linux/capability.h."""

COMMANDS = [
    ("project", "list"),
    ("project", "show", "letters"),
    ("project", "create", "other", "--kind", "ner", "--container", "{letters}"),
    ("project", "delete", "letters", "--yes"),
    ("documents", "letters"),
    ("show", "letters", "letter00.txt"),
    ("history", "letters"),
    ("models", "letters"),
    ("jobs", "letters"),
    ("quota",),
]


@contextmanager
def without_privilege() -> Iterator[None]:
    """Root may read anything: while this lasts, the thread and those it starts may not."""
    if os.geteuid() != 0:
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(_VERSION, 0)
    sets = (ctypes.c_uint32 * 6)()
    assert libc.capget(header, sets) == 0
    before = sets[0]
    sets[0] = before & ~(_DAC_OVERRIDE | _DAC_READ_SEARCH)
    assert libc.capset(header, sets) == 0
    try:
        yield
    finally:
        sets[0] = before
        assert libc.capset(header, sets) == 0


@pytest.fixture
def home(cli: Cli, letters: Path) -> Iterator[Path]:
    """A home with one project, whose folders can be read again at the end."""
    create = ("project", "create", "letters", "--kind", "ner", "--container", str(letters))
    assert cli(*create).code == 0
    yield cli.home
    cli.home.chmod(0o700)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize(("part", "mode"), [("", 0o000), ("", 0o600), ("projects", 0o000)])
def test_a_home_that_can_not_be_read_ends_with_three_and_words(
    part: str, mode: int, command: tuple[str, ...], cli: Cli, home: Path, letters: Path
) -> None:
    if command == ("quota",) and part:
        pytest.skip("the quota is not kept there")
    (home / part).chmod(mode)
    arguments = [argument.format(letters=letters) for argument in command]
    with without_privilege():
        ran = cli(*arguments, "--json")
    (home / part).chmod(0o700)
    assert ran.code == 3, ran
    assert ran.error["code"] == "storage"
    assert str(home) in ran.error["message"]
    assert ran.error["hint"]
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("part", ["", "projects"])
@pytest.mark.parametrize("mode", [0o000, 0o400, 0o600])
def test_the_doctor_names_what_can_not_be_read(part: str, mode: int, cli: Cli, home: Path) -> None:
    (home / part).chmod(mode)
    with without_privilege():
        ran = cli("doctor", "--json")
    (home / part).chmod(0o700)
    assert ran.code == 1, ran
    failed = [check["detail"] for check in ran.json["checks"] if not check["ok"]]
    assert any(str(home) in detail and "ermission" in detail for detail in failed)


def test_a_home_behind_a_closed_folder_is_told(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o000)
    with without_privilege():
        listed = cli("--home", str(tmp_path / "closed" / "home"), "project", "list", "--json")
        looked = cli("--home", str(tmp_path / "closed" / "home"), "doctor", "--json")
        shown = cli("--home", str(tmp_path / "closed" / "home"), "demo", "--json")
    (tmp_path / "closed").chmod(0o700)
    assert listed.code == shown.code == 3
    assert str(tmp_path / "closed") in listed.error["message"]
    assert looked.code == 1
    assert not {check["name"]: check for check in looked.json["checks"]}["home"]["ok"]


@pytest.mark.parametrize("name", ["settings.toml", "home.json"])
def test_a_file_of_the_home_that_can_not_be_read_is_named(name: str, cli: Cli, home: Path) -> None:
    (home / name).touch()
    (home / name).chmod(0o000)
    with without_privilege():
        ran = cli("project", "list", "--json")
    assert ran.code == 3
    assert str(home / name) in ran.error["message"]


@pytest.mark.parametrize("part", ["jobs", "models"])
def test_jobs_and_models_that_can_not_be_listed_are_told(part: str, cli: Cli, home: Path) -> None:
    (project,) = (home / "projects").iterdir()
    folder = project / part
    folder.mkdir(exist_ok=True)
    folder.chmod(0o000)
    with without_privilege():
        ran = cli(part, "letters", "--json")
        looked = cli("doctor", "--json")
    folder.chmod(0o700)
    assert ran.code == 3
    assert str(folder) in ran.error["message"]
    assert looked.code == 1
    assert any(str(folder) in check["detail"] for check in looked.json["checks"] if not check["ok"])


def test_a_project_that_can_not_be_read_may_be_the_one_that_is_meant(cli: Cli, home: Path) -> None:
    (home / "projects").chmod(0o600)
    with without_privilege():
        ran = cli("documents", "letters", "--json")
        listed = cli("project", "list", "--json")
    (home / "projects").chmod(0o700)
    assert ran.error["code"] == "not_found"
    assert "1 of them can't be read" in ran.error["hint"]
    assert listed.code == 1
    assert listed.json["items"][0]["error"]["code"] == "storage"


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as server:
        yield server


@pytest.fixture
def no_umask() -> Iterator[None]:
    """What is made may be open to everybody, unless whoever makes it sees to it."""
    before = os.umask(0)
    yield
    os.umask(before)


def folders_with_files(home: Path) -> Counter[str]:
    return Counter(path.parent.name for path in home.rglob("*") if path.is_file())


def open_to_others(home: Path) -> dict[str, str]:
    """What others may do with a home and all in it, by path."""
    modes = {str(path): path.lstat().st_mode for path in (home, *home.rglob("*"))}
    return {path: stat.filemode(mode) for path, mode in modes.items() if mode & 0o077}


async def seen_while_open(home: Path) -> tuple[dict[str, str], Counter[str]]:
    """What others may use while somebody has a document open; and how many files there are then alone."""
    before = folders_with_files(home)
    session = await workbench(home).open("letters")
    assert session.taking is not None
    session.taking.want(session.documents.find("letter09.txt").id)
    await session.taking.look_near()
    wide = open_to_others(home)
    added = folders_with_files(home) - before
    await session.taking.stop()
    await session.close()
    return wide, added


@pytest.mark.usefixtures("no_umask")
def test_all_of_a_home_is_for_its_owner_alone_whatever_the_umask_and_the_work(
    cli: Cli, letters: Path, labels_file: Path, server: OpenAIServer, tmp_path: Path
) -> None:
    made = ("--kind", "ner", "--container", str(letters), "--labels", str(labels_file))
    endpoint = ("--kind", "openai", "--endpoint", server.url, "--deployment", "good")
    for command in (
        ("project", "create", "letters", *made),
        ("resource", "add", "local", *endpoint),
        ("train", "letters", "--model", "first"),
        ("watch", "letters", "--model", "first", "--once"),
        ("accept", "letters", "--document", "letter09.txt"),
        ("label", "letters", "letter10.txt", "--category", "Person", "--text", "Letter"),
        ("undo", "letters"),
        ("autolabel", "letters", "--resource", "local", "--document", "letter08.txt", "--yes"),
        ("import", "letters", str(labels_file)),
        ("assign", "letters", "--readers", "tester,bo", "--document", "letter11.txt"),
        ("export", "letters", str(tmp_path / "out.json"), "--format", "azure"),
        ("sync", "letters", "--share"),
        ("project", "repair", "letters"),
        ("doctor",),
    ):
        ran = cli(*command)
        assert ran.code == 0, (command, ran)
        assert open_to_others(cli.home) == {}, command
    wide, added = asyncio.run(seen_while_open(cli.home))
    assert wide == {}
    assert "takes" in added
    for command in (("project", "delete", "letters", "--yes"), ("project", "create", "letters", *made)):
        assert cli(*command).code == 0, command
    assert open_to_others(cli.home) == {}
    assert {"answers", "first", "journal", "sync", "takes"} <= folders_with_files(cli.home).keys()
    assert {path.name for path in cli.home.rglob("asking")} == {"asking"}


def test_a_home_that_others_may_look_into_holds_files_that_they_may_not(cli: Cli, letters: Path) -> None:
    cli.home.mkdir(mode=0o755)
    cli.home.chmod(0o777)
    create = ("project", "create", "letters", "--kind", "ner", "--container", str(letters))
    assert cli(*create).code == 0
    assert [path for path in cli.home.rglob("*") if path.stat().st_mode & 0o077] == []
    checks = {check["name"]: check for check in cli("doctor", "--json").json["checks"]}
    assert not checks["permissions"]["ok"]
    assert "chmod" in checks["permissions"]["detail"]
