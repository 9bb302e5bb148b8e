"""What stands on a terminal: tables, progress, questions."""

from __future__ import annotations

import io
import os

import pytest

from tui_labeler.cli.commands.models import calibration_lines, performance_lines
from tui_labeler.cli.output import Output, Report, encode
from tui_labeler.cli.tables import table, width
from tui_labeler.domain.calibration import calibration
from tui_labeler.engine.errors import InputError, RefusedError
from tui_labeler.engine.models.figures import calibration_figures


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def at_terminal(monkeypatch: pytest.MonkeyPatch, answer: str = "") -> Terminal:
    """Makes standard error a terminal, with a person who answers; returns what it shows."""
    shown = Terminal()
    monkeypatch.setattr("sys.stderr", shown)
    monkeypatch.setattr("sys.stdin", Terminal(answer))
    return shown


def test_a_file_that_goes_to_a_terminal_is_shown_and_elsewhere_it_is_as_it_is(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    raw = "name,text\r\n\x1b]52;c;cm0=\x07,\x9b2J\u202eb\n".encode() + b"\xff"
    sees, shows = os.openpty()
    with os.fdopen(shows, "w", encoding="utf-8") as stream, monkeypatch.context() as patch:
        patch.setattr("sys.stdout", stream)
        Output().report(Report({}, [], raw=raw))
        seen = os.read(sees, 1000).decode()
    os.close(sees)
    assert seen == "name,text\r\n\u241b]52;c;cm0=\u2407,\ufffd2J\u2423b\r\n\ufffd"
    with os.fdopen(os.dup(1), "w") as stream, monkeypatch.context() as patch:
        patch.setattr("sys.stdout", stream)
        Output().report(Report({}, [], raw=raw))
    assert capfdbinary.readouterr().out == raw


@pytest.mark.parametrize("json", [True, False])
def test_a_question_stands_on_standard_error(json: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = at_terminal(monkeypatch, "y\n")
    Output(json=json).consent("Delete \x1b[2J all?", yes=False)
    assert terminal.getvalue() == "Delete \u241b[2J all? [y/N] "


@pytest.mark.parametrize("answer", ["n\n", "\n", "", "yellow\n"])
def test_any_other_answer_than_yes_is_a_no(answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    at_terminal(monkeypatch, answer)
    with pytest.raises(RefusedError):
        Output().consent("Sure?", yes=False)


def test_with_yes_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = at_terminal(monkeypatch)
    Output().consent("Sure?", yes=True)
    assert terminal.getvalue() == ""


def test_where_nobody_can_be_asked_the_hint_names_yes() -> None:
    with pytest.raises(InputError) as caught:
        Output().consent("Sure?", yes=False)
    assert "--yes" in caught.value.hint


def test_a_progress_bar_goes_before_anything_else_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = at_terminal(monkeypatch)
    out = Output()
    out.step("reading", 3, 10)
    out.note("Done.")
    before, _, after = terminal.getvalue().rpartition("\r")
    assert "reading: 3 of 10" in before
    assert after == "Done.\n"


def test_without_progress_nothing_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = at_terminal(monkeypatch)
    Output(progress="none").step("reading", 3, 10)
    assert terminal.getvalue() == ""


def test_columns_line_up_for_wide_characters_too() -> None:
    lines = table(["name", "count", "end"], [["日本", "1", "x"], ["abcdef", "1,200", "y"]])
    assert lines == ["name    count  end", "日本        1  x", "abcdef  1,200  y"]
    assert {width(line[: line.rindex(" ")]) for line in lines} == {width("name    count ")}


def test_json_is_ascii_without_any_control_character() -> None:
    text = encode({"text": "é\x00\x1b\x7f\x9b\u2028\U0001f600"})
    assert text.isascii()
    assert text.isprintable()


def test_a_model_that_was_not_measured_is_not_said_to_be_worthless() -> None:
    none = {"precision": None, "recall": None, "f1": None}
    lines = performance_lines({"model": "first", **none, "per_category": {}})
    assert lines[0] == "first: not measured, for there was no label to compare with"
    assert "0.0%" not in "".join(lines)
    assert lines[-1] == "confidence against correctness: not measured"


def test_calibration_is_told_bin_by_bin() -> None:
    found = calibration([(0.5, True), *[(0.9, number != 0) for number in range(20)]])
    assert calibration_lines(calibration_figures(found)) == [
        "confidence against correctness: expected calibration error 7.1% over 21 predictions; "
        "mean confidence 88.1%, right 95.2%",
        "confidence      predictions   mean  right",
        "50.0% to 90.0%           21  88.1%  95.2%",
    ]
