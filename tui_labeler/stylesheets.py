"""Where the style sheets are: inside the installed package, or beside it in a checkout."""

from __future__ import annotations

from functools import cache
from pathlib import Path, PurePath

_PACKAGE = Path(__file__).parent


@cache
def styles_folder() -> Path:
    """The folder of ``app.tcss``. Raises ``FileNotFoundError`` naming the places that were looked at."""
    places = (_PACKAGE / "styles", _PACKAGE.parent / "styles")
    for place in places:
        if (place / "app.tcss").is_file():
            return place
    raise FileNotFoundError("no app.tcss in " + " or ".join(map(str, places)))


def shared_sheets() -> list[str | PurePath]:
    """What every screen looks like."""
    folder = styles_folder()
    return [folder / "app.tcss", folder / "widgets.tcss"]


def screen_sheet(name: str) -> Path:
    """The sheet of one screen."""
    return styles_folder() / "screens" / f"{name}.tcss"
