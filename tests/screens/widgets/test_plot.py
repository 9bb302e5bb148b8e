"""Plots: what is drawn where, in whole cells, with and without Braille."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tui_labeler.screens.widgets.glyphs import ASCII, UNICODE, Glyphs
from tui_labeler.screens.widgets.plot import Axis, Series, beside, plot

SHARES = Axis(0.0, 1.0, ((0.0, "0%"), (0.5, "50%"), (1.0, "100%")))
DIAGONAL = ((0.0, 0.0), (1.0, 1.0))


def drawn(*series: Series, signs: Glyphs = UNICODE, width: int = 26, height: int = 12) -> list[str]:
    lines = plot(series, SHARES, SHARES, width, height, signs)
    return ["".join(words for words, _ in line) for line in lines]


def test_a_plot_fills_the_cells_it_is_given() -> None:
    lines = drawn(Series(DIAGONAL, sign="●"))
    assert len(lines) == 12
    assert {len(line) for line in lines} == {26}


def test_the_ends_of_the_axes_are_the_corners() -> None:
    lines = drawn(Series(DIAGONAL, sign="●", line="none"))
    assert lines[0] == "100% │" + " " * 19 + "●"
    assert lines[9] == "  0% │●" + " " * 19
    assert lines[10] == "     └" + "─" * 20
    assert lines[11].split() == ["0%", "50%", "100%"]
    assert lines[4].startswith(" 50% │")


def test_a_solid_line_has_a_sign_in_every_column_and_a_dotted_one_fewer_dots() -> None:
    solid, dotted = drawn(Series(DIAGONAL)), drawn(Series(DIAGONAL, line="dotted"))

    def dots(lines: list[str]) -> int:
        return sum((ord(sign) - 0x2800).bit_count() for line in lines for sign in line if sign > "\u2800")

    columns = {x for line in solid[:10] for x, sign in enumerate(line) if sign > "\u2800"}
    assert columns == set(range(6, 26))
    assert 0 < dots(dotted) < dots(solid) / 2


def test_a_later_series_lies_on_top_and_keeps_its_look() -> None:
    beneath = Series(((0.5, 0.5),), "dim", "×", line="none")
    line = Series(((0.0, 0.5), (1.0, 0.5)), "bar")
    on_top = Series(((0.5, 0.5),), "title", "●", line="none")
    both = "".join(drawn(beneath, line))
    assert "×" in both
    signs = [part for row in plot([beneath, line, on_top], SHARES, SHARES, 26, 12, UNICODE) for part in row]
    assert ("●", "title") in signs
    assert "×" not in "".join(words for words, _ in signs)


def test_what_lies_outside_is_not_drawn() -> None:
    assert drawn(Series(((2.0, 0.5), (-1.0, 0.5), (0.5, 7.0)), sign="●", line="none")) == drawn()


@pytest.mark.parametrize("line", ["solid", "dotted"])
def test_without_unicode_every_sign_is_ascii(line: str) -> None:
    points = ((0.0, 0.0), (0.1, 0.9), (0.5, 0.2), (0.52, 1.0), (1.0, 0.0))
    lines = drawn(Series(points, sign=ASCII.labeled, line=line), signs=ASCII)  # type: ignore[arg-type]
    words = "\n".join(lines)
    assert words.isascii()
    assert words.count("o") == 5
    assert {len(line) for line in lines} == {26}


def test_ascii_signs_follow_the_slope() -> None:
    rising = "".join(drawn(Series(((0.0, 0.0), (0.5, 1.0))), signs=ASCII)[:10])
    falling = "".join(drawn(Series(((0.5, 1.0), (1.0, 0.0))), signs=ASCII)[:10])
    assert "/" in rising
    assert "\\" not in rising
    assert "\\" in falling
    assert "/" not in falling


@pytest.mark.parametrize("width", [1, 8, 12, 200])
def test_ticks_never_run_into_each_other(width: int) -> None:
    words = drawn(width=width, height=4)[-1].split()
    assert words == [tick for tick in ("0%", "50%", "100%") if tick in words]
    assert words[0] == "0%"


def test_no_colour_is_left_to_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b" not in "".join(drawn(Series(DIAGONAL, "bad", "●")))


def test_an_axis_without_extent_is_refused() -> None:
    with pytest.raises(ValueError, match=r"from 1\.0 to 1\.0"):
        Axis(1.0, 1.0)


def test_blocks_stand_beside_each_other_by_cells() -> None:
    lines = beside([(("日本", ""),), (("a", ""),)], [(("x", ""),), (("y", ""),), (("z", ""),)], 6)
    assert ["".join(words for words, _ in line) for line in lines] == ["日本  x", "a     y", "      z"]


def test_the_library_is_loaded_by_drawing_alone() -> None:
    loading = "import sys, tui_labeler.app, tui_labeler.screens.performance.performance"
    program = f"{loading}\nassert 'plotille' not in sys.modules\n"
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
