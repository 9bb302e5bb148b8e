"""Whether the terminal can show the application."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field

from tui_labeler.domain.text import safe
from tui_labeler.engine.doctor.check import Check

SMALLEST = (80, 24)
"""Columns and rows that the screens are made for."""


@dataclass(frozen=True, slots=True)
class Terminal:
    """What is known of the terminal without asking it."""

    is_terminal: bool
    encoding: str
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)


def check_terminal(terminal: Terminal) -> list[Check]:
    """Kind, size, colours and encoding."""
    if not terminal.is_terminal:
        return [Check("terminal", True, "there is none here: commands work, the application needs one")]
    environment = terminal.environment
    kind = environment.get("TERM", "")
    usable = kind not in ("", "dumb", "unknown")
    hint = "" if usable else "; the application needs another, for instance TERM=xterm-256color"
    columns, rows = shutil.get_terminal_size()
    large = columns >= SMALLEST[0] and rows >= SMALLEST[1]
    size = f"{columns}x{rows}" + ("" if large else f"; make it at least {SMALLEST[0]}x{SMALLEST[1]}")
    unicode = "utf" in terminal.encoding.lower()
    encoding = terminal.encoding or "unknown"
    return [
        Check("terminal", usable, f"TERM={safe(kind) or 'not set'}{hint}"),
        Check("terminal size", True, size, warning=not large),
        Check("colours", True, _colours(environment)),
        Check("encoding", True, encoding + ("" if unicode else _plain_words(encoding)), warning=not unicode),
        *_held_keys(environment),
    ]


def _plain_words(encoding: str) -> str:
    """What is drawn otherwise where the locale is not UTF-8."""
    # Where it says nothing but ASCII, as C does, Python's streams speak UTF-8 (PEP 540).
    of_documents = "sent as they are, in UTF-8" if encoding == "ascii" else "shown as ? where it has none"
    return f": rules and signs are drawn with ASCII; letters of documents beyond that are {of_documents}"


def _held_keys(environment: Mapping[str, str]) -> list[Check]:
    """What stands between the keys and the program. Source: screen(1), ``STY``."""
    if not environment.get("STY"):
        return []
    words = "GNU screen holds an escape alone and swallows the key after it; q and ctrl+g do what escape does"
    return [Check("keys", True, words, warning=True)]


def _colours(environment: Mapping[str, str]) -> str:
    if environment.get("NO_COLOR"):
        return "none, as NO_COLOR asks; labels and suggestions differ by their lines"
    if environment.get("COLORTERM", "") in ("truecolor", "24bit"):
        return "16 million (COLORTERM)"
    kind = environment.get("TERM", "")
    return "256" if "256color" in kind else "16, by its TERM; set COLORTERM=truecolor if it has more"
