"""A person's settings: a TOML file they may edit, and the environment."""

from __future__ import annotations

import getpass
import os
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from tui_labeler.domain.containers import NamedContainer
from tui_labeler.domain.resources import NamedResource, ResourceKind
from tui_labeler.domain.text import safe
from tui_labeler.engine.deployments.endpoints import checked_endpoint
from tui_labeler.engine.documents.names import is_text
from tui_labeler.engine.errors import InputError, StorageError
from tui_labeler.engine.toml_files import read_toml
from tui_labeler.engine.typed import convert

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PaletteName = Literal["auto", "okabe-ito", "vivid", "sixteen", "none"]
"""Colours of categories; ``auto`` chooses by the terminal."""

BidiName = Literal["program", "terminal"]
"""Who puts right-to-left text in the order in which it is seen."""

_NAME = "TUI_LABELER_NAME"

_LOGIN = ("LOGNAME", "USER", "LNAME", "USERNAME")
"""Variables that name the login, in the order of ``getpass.getuser``."""

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
    palette: PaletteName = "auto"
    ascii: bool | None = None
    """Draw with ASCII only; ``None`` decides by the locale."""
    compact: bool = False
    """Underlines in the text in place of rules under it."""
    bidi: BidiName = "program"
    tour: bool = True
    """Show the first steps when there is no project yet."""
    keys: dict[str, str] = field(default_factory=dict)
    """Other keys for a binding's id: ``"review.accept" = "y"``."""
    cache_mb: int = 2000
    """Megabytes that the texts of one project's remote container may take here."""
    sync_every: int = 60
    """Seconds between two syncs of an open project that is shared; 0 for none but those asked for."""
    containers: dict[str, NamedContainer] = field(default_factory=dict)
    """Containers in Blob storage by a name of one's own."""
    resources: dict[str, NamedResource] = field(default_factory=dict)
    """Servers with language models that a token of Microsoft Entra ID may go to, by a name of one's own."""


def read_settings(home: Path) -> Settings:
    """Settings of a home. Raises ``InputError`` naming the field for a file that is not right,
    ``StorageError`` for one that can't be read."""
    table = _table(home)
    try:
        found = convert(table, Settings)
    except msgspec.ValidationError as error:
        raise InputError(f"{_path(home)}: {_place(table)}{error}", hint=_HINT) from error
    if found.quota < 0:
        raise InputError(f"{_path(home)}: quota is {found.quota}; it can't be less than 0.", hint=_HINT)
    if found.cache_mb < 1:
        raise InputError(f"{_path(home)}: cache_mb is {found.cache_mb}; it can't be less than 1.", hint=_HINT)
    if found.sync_every < 0:
        raise InputError(
            f"{_path(home)}: sync_every is {found.sync_every}; it can't be less than 0.", hint=_HINT
        )
    for name, resource in found.resources.items():
        try:
            checked_endpoint(ResourceKind.OPENAI, resource.endpoint)
        except InputError as error:
            where = f"{_path(home)}: endpoint under [resources.{safe(name)}]"
            raise InputError(f"{where} can't be used. {error.message}", hint=error.hint) from error
    return found


def unknown_settings(home: Path) -> tuple[str, ...]:
    """Keys of ``settings.toml`` that mean nothing: slips of the pen. Raises as :func:`read_settings`.

    Those of a container or a resource carry its name: ``containers.mails.sas``.
    """
    table = _table(home)
    known = _names(Settings)
    unknown = [key for key in table if key not in known]
    for kind, named in _NAMED.items():
        tables = table.get(kind)
        for name, items in tables.items() if isinstance(tables, dict) else ():
            keys = items if isinstance(items, dict) else ()
            unknown += [f"{kind}.{name}.{key}" for key in keys if key not in _names(named)]
    return tuple(unknown)


def unknown_settings_note(home: Path) -> str:
    """Words for a person whose ``settings.toml`` has such keys; empty when it has none."""
    unknown = unknown_settings(home)
    if not unknown:
        return ""
    known = f"Settings are {', '.join(_names(Settings))}"
    for kind, named in _NAMED.items():
        if any(name.startswith(f"{kind}.") for name in unknown):
            known += f"; those of a {kind.removesuffix('s')} {', '.join(_names(named))}"
    return f"{_path(home)}: nothing here is called {', '.join(unknown)}; it is left alone. {known}."


def _names(kind: type[Settings | NamedContainer | NamedResource]) -> list[str]:
    return [setting.name for setting in fields(kind)]


_NAMED: dict[str, type[NamedContainer | NamedResource]] = {
    "containers": NamedContainer,
    "resources": NamedResource,
}
_INNER: dict[str, type] = {"keys": str, **_NAMED}
"""What stands in the tables whose keys people choose."""


def _place(table: Mapping[str, Any]) -> str:
    """Which item of such a table is not right: the decoder says the table alone. Empty for none."""
    for name, kind in _INNER.items():
        items = table.get(name)
        for key, value in items.items() if isinstance(items, dict) else ():
            try:
                convert(value, kind)
            except msgspec.ValidationError:
                return f'"{safe(key)}" in [{name}]: '
    return ""


_HINT = "docs/settings.md lists what it may hold."


def _path(home: Path) -> Path:
    return home / "settings.toml"


def _table(home: Path) -> dict[str, Any]:
    """Raises ``InputError`` for what is no TOML, ``StorageError`` for a file that can't be read."""
    path = _path(home)
    try:
        return read_toml(path, _HINT) or {}
    except OSError as error:
        raise StorageError(
            f"{path}: {error.strerror}", hint="Make the home readable, or choose another with --home."
        ) from error


def actor_name(settings: Settings) -> str:
    """The name that labels carry: ``TUI_LABELER_NAME``, the setting, or the login.

    Raises ``InputError`` where the variable that it comes from is not UTF-8.
    """
    name = _named_by(_NAME) or settings.name
    if name:
        return name
    for variable in _LOGIN:
        if login := _named_by(variable):
            return login
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return f"user{os.getuid()}"


def _named_by(variable: str) -> str:
    value = os.environ.get(variable, "")
    if not is_text(value):
        raise InputError(
            f"The variable {variable} says who makes the labels, and is not UTF-8.",
            hint=f"Set {_NAME} to your name in UTF-8.",
        )
    return value
