"""A choice is one line of ``settings.toml``; what a person wrote stays."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from tui_labeler.engine.errors import InputError, StorageError
from tui_labeler.remembering import remember
from tui_labeler.settings import read_settings

if TYPE_CHECKING:
    from pathlib import Path

MINE = """\
# my own
name = "ada"   # who
theme = 'nord'   # dark

# other keys
[keys]
"review.accept" = "y"
theme = "not this one"
"""


def test_a_line_that_is_there_keeps_its_place_and_its_remark(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text(MINE)
    remember(tmp_path, "theme", "gruvbox")
    assert (tmp_path / "settings.toml").read_text() == MINE.replace("theme = 'nord'", 'theme = "gruvbox"')


def test_a_new_line_stands_before_the_first_table_and_what_is_said_of_it(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text(MINE)
    remember(tmp_path, "tour", False)
    text = (tmp_path / "settings.toml").read_text()
    assert text == MINE.replace("# dark\n", "# dark\ntour = false\n")
    assert not read_settings(tmp_path).tour


def test_a_home_that_is_not_there_is_made_for_its_owner_only(tmp_path: Path) -> None:
    home = tmp_path / "home"
    remember(home, "theme", "nord")
    assert read_settings(home).theme == "nord"
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "settings.toml").stat().st_mode) == 0o600


def test_line_ends_links_and_rights_stay_as_they_are(tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.toml"
    real.write_bytes(b'name = "ada"\r\nquota = 7')
    real.chmod(0o640)
    (tmp_path / "settings.toml").symlink_to(real)
    remember(tmp_path, "palette", "none")
    assert real.read_bytes() == b'name = "ada"\r\nquota = 7\r\npalette = "none"\r\n'
    assert (tmp_path / "settings.toml").is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640


@pytest.mark.parametrize(
    "text",
    [b"theme = ", b"\xff", b'theme = """\nnord"""\n', b'name = """\n[x]\n"""\ntheme = "a"\n', b"#" * 100_001],
)
def test_a_file_that_would_not_say_it_is_left_alone(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "settings.toml").write_bytes(text)
    with pytest.raises(InputError) as refused:
        remember(tmp_path, "theme", "gruvbox")
    assert 'theme = "gruvbox"' in refused.value.message
    assert (tmp_path / "settings.toml").read_bytes() == text
    assert [path.name for path in tmp_path.iterdir()] == ["settings.toml"]


def test_a_home_that_can_not_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    with pytest.raises(StorageError):
        remember(tmp_path / "home", "theme", "nord")
