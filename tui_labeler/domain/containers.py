"""Containers that a person has given a name, in their settings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NamedContainer:
    """Where a container is and where its secret is kept: names of environment variables, never a secret."""

    url: str = ""
    """Of the container, without a SAS token."""
    connection_string_env: str = ""
    """The variable with the account's connection string; ``container`` names the container then."""
    container: str = ""
    sas_env: str = ""
    """The variable with a SAS token for ``url``."""
    key_env: str = ""
    """The variable with the account's key for ``url``."""
