"""Containers that a person has given a name, in their settings."""

from __future__ import annotations

import re
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
    entra: bool = False
    """Sign in at ``url`` with Microsoft Entra ID though its host is none of the service's own."""


_CONNECTION = re.compile(r"\b(accountkey|accountname|sharedaccesssignature|usedevelopmentstorage)\s*=", re.I)
_SIGNATURE = re.compile(r"(?:\b|%3f|%26)sig=", re.I)


def is_connection_string(given: str) -> bool:
    """Whether what a person typed for a container is a storage account's connection string."""
    return _CONNECTION.search(given) is not None


def holds_secret(given: str) -> bool:
    """Whether it must not be repeated: a connection string, or an address with a SAS token."""
    return is_connection_string(given) or _SIGNATURE.search(given) is not None
