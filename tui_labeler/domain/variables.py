"""Names of the environment variables that hold secrets."""

from __future__ import annotations

import re

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")

LIKE_A_KEY = (
    r"(?:[sprk]k_(?:live_|test_)?|pcsk_|gsk_|csk_|hf_|gh[oprsu]_|github_pat_|fw_|r8_|tgp_v1_|jina_|npm_|nvapi_"
    r"|lsv2_[ps][tk]_|whsec_|shp[a-z]{2}_|do[opr]_v1_|glpat_|xai_|pplx_|AIza|AKIA|ASIA|dapi)[A-Za-z0-9]{16,}"
)
"""A pattern of what keys of services begin with, those whose characters a name may have."""

_OF_SERVICES = re.compile(f"{LIKE_A_KEY}.*")

_NUMBERED, _UNBROKEN = 20, 28
"""Characters without an underscore that no name has: with a digit among them, and without."""

_LONG, _WORD = 16, 3
"""From so many characters on a part of a name has words of so many letters, taken together."""

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def is_variable(name: str) -> bool:
    """Whether it may name a variable; else it may be the secret itself, and must not be repeated."""
    return _VARIABLE.fullmatch(name) is not None and not _is_like_a_key(name)


def _is_like_a_key(name: str) -> bool:
    """Keys are drawn by lot: they change between capitals, small letters and digits all the time, or go on
    without an underscore for longer than words do."""
    if _OF_SERVICES.fullmatch(name):
        return True
    # An underscore may be drawn as well; names with many short parts are of capitals, or of small letters.
    parts = [*name.split("_"), *([] if name.isupper() or name.islower() else [name])]
    return any(_is_no_word(part) for part in parts)


def _is_no_word(part: str) -> bool:
    length = sum(map(len, _WORDS.findall(part)))
    if "_" not in part and length >= (_UNBROKEN if part.isalpha() else _NUMBERED):
        return True
    return is_drawn(part)


def is_drawn(part: str) -> bool:
    """Whether its letters and digits seem to be drawn by lot: they change between kinds all the time."""
    words = _WORDS.findall(part)
    length = sum(map(len, words))
    return _LONG <= length < _WORD * len(words)
