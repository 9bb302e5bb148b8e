"""The colours of categories: twelve names, and palettes that say what each name looks like.

A person may give a category one of the names; the others take them in turn. Colour is never the only sign
of a category: its name stands on its rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from textual.color import Color

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.app import App

    from tui_labeler.domain.projects import Category

PALETTE = (
    "blue",
    "orange",
    "green",
    "purple",
    "sky",
    "red",
    "yellow",
    "teal",
    "pink",
    "olive",
    "brown",
    "grey",
)

READABLE = 3.0
"""Contrast between a rule and what it stands on; WCAG 2.1, 1.4.11. More would make yellow and green alike."""


@dataclass(frozen=True, slots=True)
class Palette:
    """What the names look like."""

    name: str
    words: str
    """What it is good for."""
    colors: tuple[str, ...] = ()
    """One for each of :data:`PALETTE`; none for a palette without colours."""
    exact: bool = False
    """The colours must reach the terminal as they are; others are made light or dark enough to be read."""

    def on(self, index: int, background: Color) -> Color | None:
        """A colour that can be read on a background; ``None`` leaves the text's own."""
        if not self.colors:
            return None
        color = Color.parse(self.colors[index % len(self.colors)])
        # What a terminal's own background looks like is not known.
        return color if self.exact or background.ansi is not None else readable(color, background)


PALETTES = {
    palette.name: palette
    for palette in (
        # The first seven: M. Okabe and K. Ito, Color Universal Design, 2008, without black. The next four:
        # P. Tol, Colour Schemes, 2021, "muted".
        Palette(
            "okabe-ito",
            "told apart with colour-blind eyes too",
            (
                *("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442"),
                *("#44aa99", "#cc6677", "#999933", "#882255", "#999999"),
            ),
        ),
        Palette(
            "vivid",
            "twelve hues, for eyes that see them all",
            (
                *("#5b9cf5", "#e08a3c", "#4caf6d", "#a97be0", "#46a8d8", "#e0605e", "#c2a02c"),
                *("#2fa8a0", "#d874ae", "#8c9a3a", "#b5835a", "#8a94a0"),
            ),
        ),
        # The values by which a terminal library finds the sixteen colours that every terminal has.
        Palette(
            "sixteen",
            "the colours of the terminal itself",
            (
                *("#5555ff", "#aa5500", "#55ff55", "#ff55ff", "#55ffff", "#ff5555", "#ffff55"),
                *("#00aaaa", "#aa00aa", "#00aa00", "#aa0000", "#aaaaaa"),
            ),
            exact=True,
        ),
        Palette("none", "no colours"),
    )
}

AUTO = "auto"
"""Chooses by what the terminal can show."""

FEW_COLORS = ("standard", "windows")
"""Rich's names of the kinds of terminal with sixteen colours."""


def palette_named(name: str, color_system: str | None) -> Palette:
    """A palette by its name; ``auto`` takes the one for the terminal. Raises ``KeyError``."""
    if name == AUTO:
        name = "sixteen" if color_system in FEW_COLORS else "okabe-ito"
    return PALETTES[name]


def palette_of(app: App[object]) -> Palette:
    """The palette that an application has chosen, or the one that suits most."""
    chosen = getattr(app, "category_palette", None)
    return chosen if isinstance(chosen, Palette) else PALETTES["okabe-ito"]


def luminance(color: Color) -> float:
    """Relative luminance, 0 to 1; WCAG 2.1."""
    parts = [part / 255 for part in color.rgb]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Color, other: Color) -> float:
    """The contrast ratio of two colours, 1 to 21; WCAG 2.1."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@lru_cache(maxsize=512)
def readable(color: Color, background: Color) -> Color:
    """A colour, made lighter or darker as far as it has to be to be read on a background."""
    light, dark = Color(255, 255, 255), Color(0, 0, 0)
    end = light if contrast(light, background) > contrast(dark, background) else dark
    for step in range(20):
        found = color.blend(end, step / 20)
        if contrast(found, background) >= READABLE:
            return found
    return end


def color_index(position: int, chosen: str | None = None) -> int:
    """The palette index of a category: the colour that a person chose, or the next in turn."""
    return PALETTE.index(chosen) if chosen in PALETTE else position % len(PALETTE)


_CATEGORY = "--category-"


def category_class(prefix: str, color: int) -> str:
    """The component class of a colour in the widget whose classes start with ``prefix``."""
    return f"{prefix}{_CATEGORY}{color % len(PALETTE)}"


def category_classes(prefix: str) -> set[str]:
    """All of them."""
    return {category_class(prefix, color) for color in range(len(PALETTE))}


def category_of(name: str) -> int | None:
    """The colour that a component class stands for, if it stands for one."""
    _, found, index = name.partition(_CATEGORY)
    return int(index) if found else None


def colors(categories: Iterable[Category]) -> dict[str, int]:
    """Palette index by category id."""
    return {category.id: color_index(place, category.color) for place, category in enumerate(categories)}
