"""Why a target is not reached, and what was tried: under the table of a section, where a row says no."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

REASONS = Path(__file__).with_suffix(".toml")
HEAD = "Not reached, and why:"
_MISSED = re.compile(r"(?m)^\| (.*?) \| .* \| \*\*no\*\* \|$")


def told(section: str) -> str:
    """A list of the rows of a section's table that are not reached, with the reason where one is known."""
    missed = _MISSED.findall(section)
    if not missed:
        return ""
    known = tomllib.loads(REASONS.read_text(encoding="utf-8"))
    lines = [f"- *{name}*: {_reason(name, known)}" for name in missed]
    return "\n".join(["", HEAD, "", *lines, ""])


def without(section: str) -> str:
    """A section as it was before its reasons were told."""
    return section.partition(f"\n{HEAD}\n")[0]


def _reason(name: str, known: dict[str, str]) -> str:
    found = [why for start, why in known.items() if name.startswith(start)]
    return " ".join(found[0].split()) if found else "not explained yet."
