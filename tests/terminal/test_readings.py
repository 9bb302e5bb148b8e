"""Two people at two terminals on one home, with one document that both label, each without the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.terminal.driver import Terminal, command

if TYPE_CHECKING:
    from pathlib import Path

TEXTS = {"a.txt": "Ann Lee lives in Berlin.\n", "b.txt": "Bo Sand lives in Ghent.\n"}


@pytest.mark.timeout(180)
def test_each_sees_the_other_only_when_both_are_done_and_one_of_them_settles_it(tmp_path: Path) -> None:
    home, texts = tmp_path / "home", tmp_path / "texts"
    texts.mkdir()
    for name, text in TEXTS.items():
        (texts / name).write_text(text)
    create = ("project", "create", "letters", "--kind", "ner", "--container", str(texts))
    command(home, *create, "--category", "Person", "--category", "Town")
    command(home, "assign", "letters", "--readers", "ann,bob", "--document", "a.txt")
    start = ("open", "letters", "--document", "a.txt")
    with (
        Terminal(home, *start, environment={"TUI_LABELER_NAME": "ann"}) as ann,
        Terminal(home, *start, size=(80, 24), environment={"TUI_LABELER_NAME": "bob"}) as bob,
    ):
        ann.until("yours to label alone")
        bob.until("yours: % when done")
        ann.press("v", "w", "1")
        ann.until("━Person")
        ann.press("%")
        ann.until("you are done, bob not yet")
        bob.press("v", "w", "2")
        bob.until("━Town")
        assert "Person━" not in bob.text
        assert "━Person" not in bob.text
        bob.press("%")
        bob.until("sees both readings")
        bob.press("y")
        bob.until("W adjudicates")
        ann.until("everybody is done: W adjudicates")
        assert "━Town" not in ann.text
        ann.press("W")
        ann.until("1 to decide")
        ann.press("left")
        ann.until("is settled: 1 label")
    (label,) = command(home, "show", "letters", "a.txt")["labels"]
    assert (label["category"], label["who"], label["reader"]) == ("Person", "ann", None)
