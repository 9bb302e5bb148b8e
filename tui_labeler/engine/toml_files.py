"""TOML that a person wrote, read: whatever is wrong with it is an ``InputError``."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from tui_labeler.engine.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path


LONGEST = 100_000
"""Characters that are read: a key of very many parts takes time with their square, minutes for a megabyte."""


def parse_toml(text: str, name: str, hint: str) -> dict[str, Any]:
    """What ``text`` holds. Raises ``InputError`` with the file's ``name`` for what is no TOML.

    A number of thousands of digits, lists nested beyond the interpreter's depth and a text of more than
    ``LONGEST`` are refused too.
    """
    if len(text) > LONGEST:
        raise InputError(f"{name} has more than {LONGEST:,} characters", hint=hint)
    try:
        return tomllib.loads(text)
    except ValueError as error:
        raise InputError(f"{name}: {error}", hint=hint) from error
    except RecursionError:
        raise InputError(f"{name}: lists and tables are nested too deeply", hint=hint) from None


def read_toml(path: Path, hint: str) -> dict[str, Any] | None:
    """What a file holds; ``None`` where there is none. Raises as :func:`parse_toml`, and ``OSError``."""
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(LONGEST + 1)
        return parse_toml(text, str(path), hint)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8: {error}", hint="Save it as UTF-8.") from error
