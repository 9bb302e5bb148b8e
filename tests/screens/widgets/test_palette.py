"""Colours of categories: told apart by colour-blind eyes, readable, right on terminals with few of them."""

from __future__ import annotations

import math
from itertools import combinations
from typing import get_args

import pytest
from rich.color import ColorSystem
from textual.color import Color
from textual.theme import BUILTIN_THEMES

from tui_labeler.screens.widgets.palette import (
    AUTO,
    PALETTE,
    PALETTES,
    READABLE,
    category_class,
    category_of,
    contrast,
    palette_named,
)
from tui_labeler.settings import PaletteName

BLIND = {
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
}
"""What is seen of linear red, green and blue: G. Machado and others, 2009, severity 1."""

SAFE = 7
"""Colours in turn that are told apart by everybody."""


def lab(color: Color, blind: str) -> tuple[float, float, float]:
    """CIELAB, D65, of what a colour-blind eye sees."""
    parts = [part / 255 for part in color.rgb]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    r, g, b = (sum(m * p for m, p in zip(row, linear, strict=True)) for row in BLIND[blind])
    x = (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505
    y = 0.2126 * r + 0.7152 * g + 0.0722 * b
    z = (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089
    fx, fy, fz = (max(v, 0) ** (1 / 3) if v > 0.008856 else 7.787 * max(v, 0) + 16 / 116 for v in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


@pytest.mark.parametrize("blind", BLIND)
@pytest.mark.parametrize("background", ["#121212", "#272822"])
def test_colour_blind_eyes_tell_the_first_colours_apart_on_dark_themes(blind: str, background: str) -> None:
    safe = PALETTES["okabe-ito"]
    seen = [lab(safe.on(i, Color.parse(background)) or Color(0, 0, 0), blind) for i in range(SAFE)]
    closest = min(math.dist(one, other) for one, other in combinations(seen, 2))
    assert closest >= 15  # a difference of 2.3 can just be seen


@pytest.mark.parametrize("name", ["okabe-ito", "vivid"])
@pytest.mark.parametrize("theme", [name for name in BUILTIN_THEMES if "ansi" not in name])
def test_every_colour_can_be_read_in_every_theme(name: str, theme: str) -> None:
    background = Color.parse(BUILTIN_THEMES[theme].to_color_system().generate()["background"])
    for index in range(len(PALETTE)):
        color = PALETTES[name].on(index, background)
        assert color is not None
        assert contrast(color, background) >= READABLE - 0.1


def test_the_sixteen_colours_reach_the_terminal_as_they_are_and_all_differ() -> None:
    sixteen = PALETTES["sixteen"]
    found = [sixteen.on(index, Color.parse("#121212")) for index in range(len(PALETTE))]
    numbers = [color.rich_color.downgrade(ColorSystem.STANDARD).number for color in found if color]
    assert len(set(numbers)) == len(PALETTE)
    assert not {0, 8} & set(numbers)


def test_the_palette_is_chosen_by_the_terminal_unless_by_the_person() -> None:
    assert palette_named(AUTO, "standard").name == "sixteen"
    assert palette_named(AUTO, "truecolor").name == "okabe-ito"
    assert palette_named("vivid", "standard").name == "vivid"
    assert PALETTES["none"].on(0, Color(0, 0, 0)) is None


def test_settings_know_all_palettes_and_palettes_all_names() -> None:
    assert set(get_args(PaletteName)) == {AUTO, *PALETTES}
    assert {len(p.colors) for p in PALETTES.values()} == {0, len(PALETTE)}


def test_a_class_of_a_category_says_which_colour_it_is() -> None:
    assert category_of(category_class("x", 7)) == 7
    assert category_of("x--label") is None
