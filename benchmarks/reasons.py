"""Why a target is not reached, and what was tried: under the table of a section, where a row says no."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmarks.report import Row

REASONS = Path(__file__).with_suffix(".toml")


def told(rows: Iterable[Row]) -> str:
    """A list of the rows that are not reached, with the reason where one is known."""
    missed = [row.name for row in rows if row.reached is False]
    if not missed:
        return ""
    known = tomllib.loads(REASONS.read_text(encoding="utf-8"))
    lines = [f"- *{name}*: {_reason(name, known)}" for name in missed]
    return "\n".join(["", "Not reached, and why:", "", *lines, ""])


def _reason(name: str, known: dict[str, str]) -> str:
    found = [why for start, why in known.items() if name.startswith(start)]
    return " ".join(found[0].split()) if found else "not explained yet."
