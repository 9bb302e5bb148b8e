"""Right-to-left documents at a real terminal: in the order in which they are read, told to the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.terminal.driver import Terminal, command

if TYPE_CHECKING:
    from pathlib import Path

HEBREW = "דוד בן־גוריון נולד בפלונסק (Płońsk) בשנת 1886.\n"
SEEN = ".1886 תנשב (Płońsk) קסנולפב דלונ ןוירוג־ןב דוד"


def project(folder: Path, settings: str = "") -> Path:
    """A home with the project ``ivrit`` of one Hebrew document."""
    documents, home = folder / "documents", folder / "home"
    documents.mkdir()
    (documents / "דוד.txt").write_text(HEBREW, encoding="utf-8")
    command(home, "project", "create", "ivrit", "--kind", "ner", "--container", str(documents))
    (home / "settings.toml").write_text(settings, encoding="utf-8")
    return home


def test_the_text_is_sent_as_it_is_read_and_the_terminal_told_to_leave_it(tmp_path: Path) -> None:
    with Terminal(project(tmp_path), "open", "ivrit") as terminal:
        screen = terminal.until(SEEN)
        assert "דוד.txt" in screen
        assert terminal.received.count(b"\x1b[8l") == 1
        assert b"\x1b[8h" not in terminal.received
        terminal.press("ctrl+c").ended()
        assert terminal.received.count(b"\x1b[8h") == 1


def test_a_terminal_that_orders_text_itself_is_left_to_do_it(tmp_path: Path) -> None:
    with Terminal(project(tmp_path, 'bidi = "terminal"\n'), "open", "ivrit") as terminal:
        terminal.until(HEBREW.strip())
        terminal.press("ctrl+c").ended()
        assert b"\x1b[8l" not in terminal.received
        assert b"\x1b[8h" not in terminal.received
