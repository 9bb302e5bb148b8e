"""``doctor``: each check can fail, and says what to do."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tui_labeler.engine.doctor import disk
from tui_labeler.engine.doctor.disk import file_system
from tui_labeler.engine.doctor.home import check_home
from tui_labeler.engine.doctor.terminal import Terminal, check_terminal

if TYPE_CHECKING:
    from tests.cli.conftest import Cli


def checks(cli: Cli) -> tuple[int, dict[str, Any]]:
    ran = cli("doctor", "--json")
    return ran.code, {check["name"]: check for check in ran.json["checks"]}


def test_a_sound_home_passes(cli: Cli, project: str, letters: Path) -> None:
    code, found = checks(cli)
    assert code == 0, found
    assert all(check["ok"] and check["detail"] for check in found.values())
    assert {"home", "permissions", "file locks", "durable writes", "home format"} <= found.keys()
    assert str(letters) in found["container of letters"]["detail"]
    assert "ok" in cli("doctor").out


def test_a_home_that_is_not_there_is_not_made(cli: Cli) -> None:
    code, found = checks(cli)
    assert code == 0
    assert "when it is needed" in found["home"]["detail"]
    assert not cli.home.exists()


def test_looking_leaves_nothing_behind(cli: Cli, project: str) -> None:
    before = sorted(cli.home.rglob("*"))
    checks(cli)
    assert sorted(cli.home.rglob("*")) == before


def test_a_container_that_is_gone_fails(cli: Cli, project: str, letters: Path) -> None:
    letters.rename(letters.with_name("elsewhere"))
    code, found = checks(cli)
    assert code == 1
    assert not found["container of letters"]["ok"]
    assert str(letters) in found["container of letters"]["detail"]
    assert "FAILED" in cli("doctor").out


def test_what_a_deleted_project_left_is_no_failure(cli: Cli, project: str) -> None:
    left = cli.home / "projects" / "pgone"
    left.mkdir(mode=0o700)
    (left / "lock").touch(mode=0o600)
    code, found = checks(cli)
    assert code == 0
    assert found["leftovers"]["warning"]
    assert str(left) in found["leftovers"]["detail"]
    assert "may be removed" in found["leftovers"]["detail"]


@pytest.mark.parametrize("bit", [0o040, 0o020, 0o010, 0o004, 0o002, 0o001], ids=oct)
def test_files_that_others_may_use_in_any_way_fail(bit: int, cli: Cli, project: str) -> None:
    (cli.home / "home.json").chmod(0o600 | bit)
    code, found = checks(cli)
    assert code == 1
    assert "chmod" in found["permissions"]["detail"]


def test_a_format_that_cannot_be_read_fails(cli: Cli, project: str) -> None:
    (cli.home / "home.json").write_text("[]")
    code, found = checks(cli)
    assert code == 1
    assert not found["home format"]["ok"]
    assert not found["projects"]["ok"]


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (2, "format 2, of a newer version"),
        (0, "says 0, which is no format"),
        (-1, "says -1,"),
        ("x", "says 'x', which is no format"),
        (True, "says True,"),
        (1.0, "says 1.0,"),
        (None, "says None,"),
    ],
)
def test_a_format_that_this_version_does_not_know_fails(tmp_path: Path, number: object, words: str) -> None:
    (tmp_path / "home.json").write_text(json.dumps({"format": number}))
    (found,) = (check for check in check_home(tmp_path) if check.name == "home format")
    assert not found.ok
    assert words in found.detail


def test_copies_beside_the_files_are_named_and_nothing_fails(cli: Cli, project: str) -> None:
    (shard,) = cli.home.glob("projects/*/documents/0000.json")
    copy = shard.with_name("0000-backup.json")
    shutil.copy(shard, copy)
    code, found = checks(cli)
    assert code == 0
    assert found["other files"]["warning"]
    assert str(copy) in found["other files"]["detail"]
    assert cli("project", "list").code == cli("project", "show", "letters").code == 0


def test_a_file_in_place_of_the_home_fails(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (check,) = check_home(tmp_path / "file" / "home")
    assert not check.ok


def test_locks_that_do_not_hold_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "_TRY_LOCK", "pass")  # another process that gets the lock
    found = {check.name: check for check in check_home(tmp_path)}
    assert not found["file locks"].ok
    assert "--home" in found["file locks"].detail


MOUNTS = """\
overlay / overlay rw 0 0
server:/export /mnt/shared\\040disk nfs4 rw 0 0
//box/c /mnt/shared\\040disk/cifs cifs rw 0 0
short
"""


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("/home/someone", "overlay"),
        ("/mnt/shared disk/home", "nfs4"),
        ("/mnt/shared disk/cifs/x", "cifs"),
        ("/mnt/shared", "overlay"),
    ],
)
def test_the_file_system_is_that_of_the_nearest_mount(place: str, kind: str) -> None:
    assert file_system(Path(place), MOUNTS) == kind


def test_a_network_disk_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "_mounts", lambda: f"server:/x {tmp_path.resolve()} nfs4 rw 0 0\n")
    found = {check.name: check for check in check_home(tmp_path / "home")}
    assert found["file system"].ok
    assert found["file system"].warning
    assert "nfs4" in found["file system"].detail


def test_what_a_terminal_lacks_is_told() -> None:
    def of(encoding: str = "utf-8", **environment: str) -> dict[str, Any]:
        found = check_terminal(Terminal(True, encoding, environment))
        return {check.name: check for check in found}

    assert of(TERM="xterm-256color")["terminal"].ok
    assert not of(TERM="dumb")["terminal"].ok
    assert not of()["terminal"].ok
    assert "NO_COLOR" in of(TERM="xterm", NO_COLOR="1")["colours"].detail
    assert of(TERM="xterm", COLORTERM="truecolor")["colours"].detail.startswith("16 million")
    assert of("ascii", TERM="xterm")["encoding"].warning
    assert "in UTF-8" in of("ascii", TERM="xterm")["encoding"].detail
    assert "shown as ?" in of("iso-8859-1", TERM="xterm")["encoding"].detail
    assert "\x1b" not in of(TERM="\x1b[2J")["terminal"].detail


def test_a_home_where_nothing_can_be_made_is_told_so(cli: Cli) -> None:
    if not Path("/proc/self").exists():
        pytest.skip("there is no /proc here")
    checks = cli("doctor", "--home", "/proc/x", "--json").json["checks"]
    (home,) = [check["detail"] for check in checks if check["name"] == "home"]
    assert home.startswith("/proc can't be written: no folder can be made in it")


def test_screen_is_told_to_hold_escape_back() -> None:
    def told(environment: dict[str, str]) -> list[str]:
        found = check_terminal(Terminal(True, "utf-8", {"TERM": "screen-256color", **environment}))
        return [check.detail for check in found if check.name == "keys"]

    assert "swallows the key after it; q and ctrl+g do what escape does" in told({"STY": "1.work"})[0]
    assert told({}) == []
