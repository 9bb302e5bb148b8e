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


def sheets() -> list[str | PurePath]:
    """What all screens look like, the shared sheets first.

    All are read when the program starts: a screen that brings a sheet of its own makes Textual parse every
    sheet and the widgets' own styles again, which is felt when it opens.
    """
    folder = styles_folder()
    shared = [folder / f"{name}.tcss" for name in ("app", "widgets", "sheets")]
    return [*shared, *sorted((folder / "screens").glob("*.tcss"))]
