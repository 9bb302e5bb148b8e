"""The page of measurements: a row that misses its target says why, and sections are kept one by one."""

from __future__ import annotations

import tomllib
from importlib.util import find_spec

import pytest

from benchmarks.__main__ import HEAD, NAMES, arguments, page, sections
from benchmarks.reasons import REASONS, told
from benchmarks.report import Row, markdown


def row(name: str, *, reached: bool | None) -> Row:
    return Row(name, "python -m benchmarks.state", "1 s", "≤ 2 s", reached)


def test_a_row_that_misses_its_target_says_why_and_others_say_nothing() -> None:
    known, why = next(iter(tomllib.loads(REASONS.read_text(encoding="utf-8")).items()))
    said = told(markdown([row(f"{known} (more)", reached=False), row("another", reached=True)]))
    assert f"- *{known} (more)*: {' '.join(why.split())}" in said
    assert "*another*" not in said
    assert told(markdown([row("another", reached=True), row("one without a target", reached=None)])) == ""


def test_a_miss_that_nobody_explained_says_so() -> None:
    table = markdown([row("of which nobody knows", reached=False)])
    assert "- *of which nobody knows*: not explained yet." in told(table)


def test_the_page_counts_what_is_reached_and_keeps_the_sections_that_did_not_run() -> None:
    rows = [row("one", reached=True), row("two", reached=False), row("three", reached=None)]
    known = {title: f"## {title}\n\n{markdown(rows)}" for title in list(NAMES.values())[:2]}
    text = page(known)
    assert text.startswith(HEAD)
    assert "Targets reached: 2 of 4." in text
    assert "- *two*: not explained yet." in text
    assert page(sections(text)) == text


def test_the_help_names_every_measurement_and_what_it_is_about(capsys: pytest.CaptureFixture[str]) -> None:
    told = arguments().format_help()
    for name, title in NAMES.items():
        assert find_spec(f"benchmarks.{name}") is not None
        assert [line.split(maxsplit=1) for line in told.splitlines()].count([name, title]) == 1
    assert arguments().parse_args(["state", "kept"]).names == ["state", "kept"]
    assert arguments().parse_args([]).names == []
    with pytest.raises(SystemExit):
        arguments().parse_args(["nothing"])
    assert "there is no measurement 'nothing'" in capsys.readouterr().err
