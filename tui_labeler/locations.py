"""Where state lives."""

from __future__ import annotations

import os
from pathlib import Path


def home_folder(chosen: str | None = None) -> Path:
    """The home: ``--home``, ``TUI_LABELER_HOME``, or the user's data folder. It need not exist.

    Source of the last: the XDG Base Directory Specification.
    """
    named = chosen or os.environ.get("TUI_LABELER_HOME")
    if named:
        return Path(named).expanduser().absolute()
    data = os.environ.get("XDG_DATA_HOME")
    return (Path(data) if data else Path.home() / ".local" / "share") / "tui-labeler"
