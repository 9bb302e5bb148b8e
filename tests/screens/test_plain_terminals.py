"""What goes to a terminal that can only show ASCII."""

from __future__ import annotations

import ast
from io import StringIO
from pathlib import Path

import pytest
from rich.cells import cell_len

import tui_labeler
from tui_labeler.screens.terminal_drivers import _Line, encodable
from tui_labeler.screens.widgets.cells import some_of
from tui_labeler.screens.widgets.glyphs import TYPE_SIGNS

PACKAGE = Path(tui_labeler.__file__).parent

CHOSEN_BY_THE_TERMINAL = {
    "screens/widgets/glyphs.py",  # the set for each kind of terminal
    "screens/jobs/text.py",  # pairs of signs
    "screens/widgets/layout.py",  # looked for in texts, never shown
}

SOURCES = sorted(
    path
    for path in [*PACKAGE.glob("screens/**/*.py"), PACKAGE / "app.py"]
    if path.relative_to(PACKAGE).as_posix() not in CHOSEN_BY_THE_TERMINAL
)


def _shown_strings(source: str) -> list[ast.Constant]:
    tree = ast.parse(source)
    docs = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs
    ]


def source_of(source: str, node: ast.Constant) -> str:
    return "\n".join(source.splitlines()[node.lineno - 1 : node.end_lineno])


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_every_sign_that_a_screen_writes_has_one_of_ascii(path: Path) -> None:
    written = path.read_text(encoding="utf-8")
    foreign = [
        (node.lineno, character)
        for node in _shown_strings(written)
        for character in str(node.value)
        # What is written as an escape is looked for in texts.
        if not character.isascii() and character not in TYPE_SIGNS and character in source_of(written, node)
    ]
    assert not foreign


def test_each_takes_as_many_cells_as_what_stands_for_it() -> None:
    assert all(other.isascii() and cell_len(sign) == cell_len(other) for sign, other in TYPE_SIGNS.items())


def test_signs_of_type_reach_a_plain_terminal_as_ascii() -> None:
    sent = StringIO()
    _Line(sent, ascii_only=True).write("\x1b[1m Label every “word…”? \x1b[0m × →")
    assert sent.getvalue() == '\x1b[1m Label every "word~"? \x1b[0m x >'


def test_they_reach_others_as_they_are() -> None:
    sent = StringIO()
    _Line(sent).write("“word…”")
    assert sent.getvalue() == "“word…”"


def test_a_list_of_names_that_goes_on_needs_no_sign() -> None:
    assert some_of(["Lender", "Borrower", "Amount"], 8) == "Lender and 2 more"


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [("utf-8", "né 漢字 9 €|"), ("latin-1", "né ???? 9 ?|"), ("ascii", "n? ???? 9 ?|")],
)
def test_what_an_encoding_does_not_have_leaves_all_that_follows_in_its_place(
    encoding: str, shown: str
) -> None:
    assert encodable("né 漢字 9 €|", encoding) == shown
