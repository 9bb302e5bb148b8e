"""Where the real documents and label files are that some tests read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(
    os.environ.get("TUI_LABELER_DATA") or Path(__file__).resolve().parents[1].parent / "shared" / "data"
)


def real(*parts: str) -> Path:
    """A file or folder of the real data; the test is skipped where there is none."""
    path = ROOT.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"no real data at {path}; set TUI_LABELER_DATA to the folder that holds it")
    return path
