"""Which characters the terminal can show, as the environment tells it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

_COERCED = ("C.UTF-8", "C.utf8", "UTF-8")
"""What Python sets ``LC_CTYPE`` to by itself where the locale is C (PEP 538)."""


def terminal_encoding(environment: Mapping[str, str] | None = None) -> str:
    """The encoding that the locale names, ``ascii`` for a C locale and for the Linux console.

    Python's own streams can't be asked: they speak UTF-8 in a C locale too (PEP 540). The Linux console's
    fonts hold box lines and little else.
    """
    known = os.environ if environment is None else environment
    if known.get("TERM") == "linux":
        return "ascii"
    character_type = known.get("LC_CTYPE", "")
    if sys.flags.utf8_mode and character_type in _COERCED:
        character_type = ""
    locale = known.get("LC_ALL") or character_type or known.get("LANG") or "C"
    if locale.upper() in ("UTF-8", "UTF8"):
        return "utf-8"
    name, _, encoding = locale.partition("@")[0].partition(".")
    return encoding.lower() or ("ascii" if name in ("C", "POSIX") else "utf-8")
