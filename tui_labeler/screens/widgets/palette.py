"""The colours that categories can have, by name; what each looks like stands in the style sheet."""

from __future__ import annotations

PALETTE = (
    "blue",
    "green",
    "orange",
    "purple",
    "teal",
    "red",
    "yellow",
    "pink",
    "olive",
    "sky",
    "brown",
    "grey",
)


def color_index(position: int, chosen: str | None = None) -> int:
    """The palette index of a category: the colour that a person chose, or the next in turn."""
    return PALETTE.index(chosen) if chosen in PALETTE else position % len(PALETTE)


def category_class(prefix: str, color: int) -> str:
    """The component class of a colour in the widget whose classes start with ``prefix``."""
    return f"{prefix}--category-{color % len(PALETTE)}"


def category_classes(prefix: str) -> set[str]:
    """All of them."""
    return {category_class(prefix, color) for color in range(len(PALETTE))}
