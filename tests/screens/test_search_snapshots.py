"""What the search through all documents looks like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.fakes import fixed_surroundings, home_workbench, make_project, write_documents
from tests.screens.conftest import LOANS, paste, press, settle
from tui_labeler.app import LabelerApp
from tui_labeler.screens.labeling.search import SearchScreen

if TYPE_CHECKING:
    from pathlib import Path

    from textual.pilot import Pilot

TEXTS = {
    **LOANS,
    "a name that is far too long for the column that it stands in, and ends with 7.txt": (
        "What stands before the words is longer than its place in the line, and then the bank, and after it "
        "as much again, which nobody can read here; whoever opens the document can. A bank is a bank."
    ),
    "chinese.txt": "中文的銀行 bank 就在這裡。" * 20,
    "marked [red]up[@click=app.quit]\x1b[2J.txt": "\x1b]0;owned\x07 the bank [bold]x[/] \u202egnp.exe",
    **{f"letter{number:02}.txt": f"Dear bank,\r\n\r\nthis is letter {number}.\r\n" for number in range(30)},
}


def looks(snap_compare: Any, folder: Path, size: tuple[int, int], words: str, *keys: str) -> bool:
    """Compares a search that has come to its end with its picture."""
    workbench = home_workbench(folder / "home", fixed_surroundings())
    app = LabelerApp(workbench)

    async def show(pilot: Pilot[None]) -> None:
        container = write_documents(folder / "texts", TEXTS)
        (container / "no text.txt").write_bytes(b"\xff\xfe bank")
        await (await make_project(workbench, container)).close()
        await app.open_project("Loans")
        await settle(pilot)
        await press(pilot, "ctrl+f")
        await paste(pilot, words)
        assert isinstance(app.screen, SearchScreen)
        while app.screen.is_searching:
            await pilot.pause()
        await press(pilot, *keys)

    return bool(snap_compare(app, terminal_size=size, run_before=show))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=str)
def test_documents_found(snap_compare: Any, tmp_path: Path, size: tuple[int, int]) -> None:
    assert looks(snap_compare, tmp_path, size, "BANK", "down", "down")


def test_the_list_with_the_focus(snap_compare: Any, tmp_path: Path) -> None:
    assert looks(snap_compare, tmp_path, (80, 24), "bank", "tab", "G")


def test_nothing_found(snap_compare: Any, tmp_path: Path) -> None:
    assert looks(snap_compare, tmp_path, (80, 24), "[red]nowhere\x1b[2J")
