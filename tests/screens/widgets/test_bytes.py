"""What really goes to a terminal, read from the other end of a pseudo-terminal."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pexpect
import pyte

ROOT = Path(__file__).parents[3]
PROGRAM = """
from pathlib import Path
from textual.app import App
from tui_labeler.domain.document_rows import DocumentRow
from tui_labeler.domain.documents import DocumentState
from tui_labeler.domain.projects import Dataset
from tui_labeler.screens.widgets.document_list import DocumentList
from tui_labeler.screens.widgets.marks import Mark
from tui_labeler.screens.widgets.text_view import TextView

EVIL = "\\x1b]52;c;ZXZpbA==\\x07 \\x1b]0;title\\x07 \\x1b[?1049l \\x9b6n \\x1b[201~ \\x00 \\u202e "
EVIL += "[@click=app.bell]x[/]"
LABELED = DocumentState.LABELED

class Stage(App):
    CSS_PATH = Path("styles/widgets.tcss").resolve()

    def compose(self):
        yield DocumentList()
        yield TextView()

    def on_mount(self):
        row = DocumentRow(1, EVIL, "en", Dataset.TRAIN, 1, 1, LABELED, EVIL, (), (), (), (), None, None)
        self.query_one(DocumentList).set_rows([row])
        view = self.query_one(TextView)
        view.set_document(EVIL + "\\nThe end of the text", [Mark("m", 0, 60, EVIL)], key=1)
        view.focus()

Stage().run()
"""


def test_no_escape_sequence_of_a_text_or_a_name_is_sent() -> None:
    child = pexpect.spawn(
        sys.executable,
        ["-c", PROGRAM],
        cwd=str(ROOT),
        dimensions=(24, 120),
        env={"PATH": "/usr/bin:/bin", "TERM": "xterm-256color", "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT)},
        timeout=30,
    )
    child.logfile_read = sink = _Sink()
    child.expect("The end of the text")
    child.send("vG")
    child.send("\x11")
    child.expect(pexpect.EOF)
    # The terminal library itself sets the mouse pointer's shape, once.
    sent = bytes(sink.seen).replace(b"\x1b]22;default\x07", b"")
    assert b"\x1b]52" not in sent
    assert b"\x1b]0;title" not in sent
    assert b"\x07" not in sent
    assert b"\x00" not in sent
    assert b"\x1b[201~" not in sent
    assert b"\xe2\x80\xae" not in sent
    assert not re.search(rb"\xc2[\x80-\x9f]", sent)
    before_leaving = sent[: sent.rindex(b"\x1b[?1049l")]
    assert b"\x1b[?1049l" not in before_leaving
    screen = pyte.Screen(120, 24)
    pyte.ByteStream(screen).feed(before_leaving)
    shown = "\n".join(screen.display)
    assert "␛]52;c;ZXZpbA==␇ ␛]0;title␇" in shown
    assert "[@click=app.bell]x[/]" in shown


class _Sink:
    def __init__(self) -> None:
        self.seen = bytearray()

    def write(self, data: bytes) -> None:
        self.seen += data

    def flush(self) -> None:
        """Nothing is held back."""
