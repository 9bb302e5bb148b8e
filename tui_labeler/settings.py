"""A person's settings: a TOML file they may edit, and the environment."""

from __future__ import annotations

import getpass
import os
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from tui_labeler.engine.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

QUOTA = 5000
"""Text records a month for trained-model jobs, as in the service."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What ``settings.toml`` in the home folder may hold."""

    name: str = ""
    """Who makes the labels; the login name when it is empty."""
    quota: int = QUOTA
    """Text records a month; 0 for no limit."""
    theme: str = "textual-dark"
    ascii: bool | None = None
    """Draw with ASCII only; ``None`` decides by the locale."""
    keys: dict[str, str] = field(default_factory=dict)
    """Other keys for a binding's id: ``"review.accept" = "y"``."""


def read_settings(home: Path) -> Settings:
    """Settings of a home. Raises ``InputError`` naming the field for a file that is not right."""
    path = home / "settings.toml"
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Settings()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: {error}") from error
    try:
        found = msgspec.convert(tomllib.loads(text), Settings)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise InputError(f"{path}: {error}", hint="docs/settings.md lists what it may hold.") from error
    if found.quota < 0:
        raise InputError(f"{path}: quota is {found.quota}; it can't be less than 0.")
    return found


def actor_name(settings: Settings) -> str:
    """The name that labels carry: ``TUI_LABELER_NAME``, the setting, or the login."""
    name = os.environ.get("TUI_LABELER_NAME") or settings.name
    if name:
        return name
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return f"user{os.getuid()}"
