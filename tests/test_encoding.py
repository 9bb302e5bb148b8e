"""Which characters a terminal can show."""

from __future__ import annotations

import pytest

from tui_labeler.cli.encoding import terminal_encoding


@pytest.mark.parametrize(
    ("environment", "encoding"),
    [
        ({"LANG": "en_US.UTF-8"}, "utf-8"),
        ({"LANG": "de_DE.utf8@euro"}, "utf8"),
        ({"LANG": "de_DE"}, "utf-8"),
        ({"LC_ALL": "C", "LANG": "en_US.UTF-8"}, "ascii"),
        ({"LC_ALL": "", "LANG": "en_US.ISO-8859-1"}, "iso-8859-1"),
        ({"LANG": "POSIX"}, "ascii"),
        ({}, "ascii"),
        ({"TERM": "linux", "LANG": "en_US.UTF-8"}, "ascii"),
        ({"TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}, "utf-8"),
    ],
)
def test_the_locale_tells_what_the_terminal_shows(environment: dict[str, str], encoding: str) -> None:
    assert terminal_encoding(environment) == encoding
