"""Hides secrets in words that may reach a terminal, a log or a file: an error's, a traceback's."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tui_labeler.domain.variables import LIKE_A_KEY, is_drawn

HIDDEN = "(hidden)"
"""Stands in the place of a secret."""

SHORTEST = 12
"""Characters of a variable's value that is looked for. What is shorter may be a part of any word."""

_VALUE = r"[^\s\"'`<>&;,()\[\]{}…\\]"
_BEGINS = r"(?:(?<![A-Za-z0-9])|(?<=%3f)|(?<=%26))"

_MARKED = (
    # Parts of addresses and of connection strings.
    re.compile(
        rf"({_BEGINS}(?:sig|accountkey|sharedaccess(?:key|signature))\s?(?:=|%3d)\s?)(?!\(hidden\)){_VALUE}+",
        re.I,
    ),
    # What settings, addresses and calls name a secret, with a value that may be one.
    re.compile(
        r"((?<![A-Za-z0-9])(?:[a-z]{1,20}[-_])?(?:api[-_]?key|key|token|passwords?|passwd|pwd|secret|credential)"
        rf"(?:=|%3d)[\"']?)(?!\(hidden\)){_VALUE}{{6,}}",
        re.I,
    ),
    # The same in JSON and in what Python shows of a mapping.
    re.compile(
        r"((?:api[-_]?key|[-_\"']key|token|password|passwd|pwd|secret|signature|authorization|credential)"
        r"\\?[\"']\s?:\s?b?\\?[\"'])(?!\(hidden\))[^\"'\\]+",
        re.I,
    ),
    # Headers.
    re.compile(rf"((?<![A-Za-z])(?:bearer|basic|sharedkey(?:lite)?)\s)(?=\S*[\d=:]){_VALUE}{{8,}}", re.I),
    re.compile(rf"((?<![A-Za-z])(?:[a-z-]{{0,30}}-key|authorization):\s)(?!\(hidden\)){_VALUE}{{6,}}", re.I),
    # A name and a password before a host.
    re.compile(r"(://)[^\s/@\"'<>]{1,500}(?=@)"),
    # Keys that services make, by what they begin with, and signed tokens.
    re.compile(rf"((?<![\w-]))(?:sk-(?=[\w-]{{0,200}}\d)[\w-]{{16,}}|(?:{LIKE_A_KEY})[\w-]*)"),
    re.compile(r"((?<![\w-]))eyJ[\w-]{8,}\.[\w.-]*"),
)

_HINTS = (
    "sig",
    "key",
    "token",
    "pass",
    "pwd",
    "secret",
    "credential",
    "bearer",
    "basic",
    "authorization",
    "://",
)
_LONG = re.compile(r"[\w-]{18}")
"""Most errors hold neither, and jobs make many of them."""

_DRAWN = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{24,}={0,2}")
_PLACE = re.compile(r" at 0x[0-9a-fA-F]+")
_OF_SECRETS = re.compile(r"KEY|TOKEN|SECRET|PASSW|PWD|SAS|CONNECTION|CREDENTIAL", re.I)


def without_secrets(text: str) -> str:
    """``text`` without what is marked as a secret: by a name before it, by its beginning, in an address."""
    folded = text.lower()
    if not any(hint in folded for hint in _HINTS) and not _LONG.search(text):
        return text
    for pattern in _MARKED:
        text = pattern.sub(rf"\1{HIDDEN}", text)
    return text


def without_guessed_secrets(text: str, environment: Mapping[str, str]) -> str:
    """The same, and without what may be one: for words of a fault, which may hold anything.

    Those are values of variables that are named like secrets, and characters that seem to be drawn by lot.
    Places in memory, which change with each run, go too.
    """
    for name, value in environment.items():
        if len(value) >= SHORTEST and _OF_SECRETS.search(name):
            text = text.replace(value, HIDDEN)
    text = _PLACE.sub("", without_secrets(text))
    return _DRAWN.sub(lambda found: HIDDEN if is_drawn(found[0]) else found[0], text)
