"""Conflicts and decisions at a terminal: both sides beside each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_labeler.cli.sides import beside, conflict_lines, decided_lines

if TYPE_CHECKING:
    import pytest

OURS = [
    "takes both: ana has nothing, bo has Town at 15..19, by bo (2026-11-21 09:00): “Rome”",
    "settled by bo",
]
THEIRS = ["takes neither: ana has nothing, bo has Town at 15..19, by ana (2026-11-21 09:01): “Rome”"]


def test_a_short_conflict_stands_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    item = {"location": "a.txt", "id": "k3", "reason": "here A – there B", "ours": ["A"], "theirs": ["B"]}
    assert conflict_lines("conflict", item) == ["conflict: a.txt [k3]: here A – there B"]


def test_an_adjudication_is_told_choice_by_choice_in_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    item = {"location": "a.txt", "id": "choices", "reason": "long", "ours": OURS, "theirs": THEIRS}
    lines = conflict_lines("conflict", item)
    assert lines[0] == "conflict: a.txt [choices]"
    assert all(len(line) <= 80 for line in lines)
    left, right = zip(*(line.ljust(80).split(" | ") for line in lines[1:]), strict=True)
    assert (left[0].strip(), right[0].strip()) == ("here", "in the container")
    assert " ".join(" ".join(left[2:]).split()) == " ".join(OURS)
    assert " ".join(" ".join(right[2:]).split()) == " ".join(THEIRS)
    # The second choice begins on a line of its own, on both sides.
    assert "settled by bo" in left[-1]
    assert not right[-1].strip()


def test_a_decision_is_told_in_columns_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    lines = decided_lines("stands: Person at 0..3; settled by bo – gave way: nothing")
    assert [part.strip() for part in lines[0].split(" | ")] == ["stands", "gave way"]
    assert [line.partition(" |")[0].strip() for line in lines[2:]] == ["Person at 0..3", "settled by bo"]


def test_wide_signs_and_controls_keep_the_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    lines = beside(("here", ["漢字" * 30, "\x1b[31mred"]), ("there", ["x" * 70]))
    assert "\x1b" not in "".join(lines)
    assert all(" | " in line or line.endswith(" |") for line in lines)
