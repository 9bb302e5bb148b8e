"""Names of the environment variables that hold secrets."""

from __future__ import annotations

import re

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_LIKE_A_KEY = re.compile(r"(?=.*[0-9])[A-Za-z0-9]{24,}")


def is_variable(name: str) -> bool:
    """Whether it may name a variable; else it may be the secret itself, and must not be repeated."""
    return _VARIABLE.fullmatch(name) is not None and _LIKE_A_KEY.fullmatch(name) is None
