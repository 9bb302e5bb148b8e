"""How to authenticate at a container: found when it is needed, kept nowhere but in the keyring."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Protocol
from urllib.parse import urlsplit

from tui_labeler.domain.containers import NamedContainer, holds_secret, is_connection_string
from tui_labeler.domain.variables import is_variable
from tui_labeler.engine.adapters.blob.addresses import (
    DEVELOPMENT,
    BlobAddress,
    Sas,
    checked_container,
    endpoint_of,
    is_azures,
    is_url,
    parse_url,
)
from tui_labeler.engine.errors import InputError, UnreachableError

STRING, ACCOUNT, KEY, SAS = (
    "AZURE_STORAGE_CONNECTION_STRING",
    "AZURE_STORAGE_ACCOUNT",
    "AZURE_STORAGE_KEY",
    "AZURE_STORAGE_SAS_TOKEN",
)
"""The variables that Azure's own tools take."""

_AZ = re.compile(r"az://([^/]*)/?", re.I)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


@dataclass(frozen=True, slots=True)
class Access:
    """A way in. At most one of the secrets is there; with none, Microsoft Entra ID is asked."""

    words: str
    """Where it comes from, for people: ``the key in AZURE_STORAGE_KEY``."""
    sas: Sas | None = field(default=None, repr=False)
    key: str = field(default="", repr=False)
    connection_string: str = field(default="", repr=False)


_BY_ENTRA = Access("signing in with Microsoft Entra ID")


class Keyring(Protocol):
    """Secrets by name."""

    def get(self, name: str) -> str:
        """Empty where there is none, or no keyring."""

    def set(self, name: str, secret: str) -> bool:
        """Whether it is kept."""


class Ways:
    """Ways into containers: what was typed, the settings, the environment, the keyring, Entra ID.

    What is typed in an address serves this object, and whoever else reads the keyring, where there is one.
    A secret of the environment goes only to the account that it is for.
    """

    def __init__(
        self,
        named: Mapping[str, NamedContainer],
        keyring: Keyring,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._named = named
        self._keyring = keyring
        self._environment = os.environ if environment is None else environment
        self._typed: dict[str, Sas] = {}
        self._not_kept: set[str] = set()

    # --- addresses ----------------------------------------------------------------------------------

    def address(self, given: str) -> str | None:
        """The address to store for what a person typed; ``None`` where that is a folder.

        Raises ``InputError``, whose words hold no secret.
        """
        if given in self._named:
            _check_variables(given, self._named[given])
            return self._address_of(given, self._named[given]).url
        if is_connection_string(given) and not is_url(given.strip()):
            raise InputError(
                "A connection string holds a key, and names no container.",
                hint=f"Set {STRING} to it, and name the container as az://CONTAINER.",
            )
        if holds_secret(given) and not is_url(given.strip()):
            raise InputError(
                "An address with a SAS token begins with https://.",
                hint=f"Copy it whole, in quotes; for az:// set {SAS} to the token.",
            )
        if found := _AZ.fullmatch(given.strip()):
            return BlobAddress(self._own_endpoint(), checked_container(found[1])).url
        if is_url(given.strip()):
            address, sas = parse_url(given)
            if sas is not None:
                self._typed[address.url] = sas
                if not self._keyring.set(address.url, sas.token):
                    self._not_kept.add(address.url)
            return address.url
        if scheme := _SCHEME.match(given.strip()):
            raise InputError(
                f"Containers at {scheme[0]}… can't be read.",
                hint="Name a folder, https://ACCOUNT.blob.core.windows.net/CONTAINER, or az://CONTAINER.",
            )
        return None

    def notes(self, address: str) -> tuple[str, ...]:
        """What a person should know of an address that they typed."""
        if address not in self._not_kept:
            return ()
        found = parse_url(address)[0]
        return (
            f"the SAS token is not kept, and other commands need one: {_how_to_set(found)}, or install "
            "tui-labeler with the extra keyring and type it again",
        )

    def _own_endpoint(self) -> str:
        """The account of the environment."""
        if string := self._variable(STRING):
            return endpoint_of(string)
        if account := self._variable(ACCOUNT):
            return f"https://{account.lower()}.blob.core.windows.net"
        raise InputError(
            "az:// needs to know the account.",
            hint=f"Set {ACCOUNT} (with {KEY} or {SAS}) or {STRING}, or write the whole address.",
        )

    def _address_of(self, name: str, named: NamedContainer) -> BlobAddress:
        """Raises ``InputError`` for settings that do not say where it is."""
        where = f"[containers.{name}] in settings.toml"
        if named.url:
            address, sas = parse_url(named.url)
            if sas is not None:
                raise InputError(
                    f"{where} holds a SAS token.",
                    hint="Take it out of url, and name the variable that holds it with sas_env.",
                )
            return address
        if not named.connection_string_env or not named.container:
            raise InputError(f"{where} needs url, or connection_string_env and container.")
        string = self._variable(named.connection_string_env)
        if not string:
            raise InputError(
                f"{named.connection_string_env} is not set.", hint=f"{where} says that it leads there."
            )
        return BlobAddress(endpoint_of(string), checked_container(named.container))

    # --- ways in ------------------------------------------------------------------------------------

    def access(self, address: BlobAddress) -> Access:
        """The first way in that there is. Raises ``UnreachableError`` where there is none."""
        for found in self._all(address):
            return found
        hint = f"For this machine: {_how_to_set(address)}."
        if _is_at_service(address):
            hint += f" To sign in with Microsoft Entra ID, {ENTRA}."
        elif address.endpoint.startswith("https://"):
            hint += " Microsoft Entra ID signs in there where `entra = true` stands beside its url."
        raise UnreachableError(f"there is no key for {address.url}", hint=hint)

    def _all(self, address: BlobAddress) -> Iterator[Access]:
        if sas := self._typed.get(address.url):
            yield Access("the SAS token that was typed", sas=sas)
        yield from self._of_settings(address)
        if (string := self._variable(STRING)) and endpoint_of(string) == address.endpoint:
            yield Access(STRING, connection_string=string)
        if self._variable(ACCOUNT).lower() == address.account and _is_accounts_own(address):
            yield from self._by(KEY, SAS)
        if token := self._keyring.get(address.url):
            yield Access("the SAS token in the keyring", sas=Sas.of(token))
        if address.endpoint == DEVELOPMENT:
            yield Access("the emulator's own key", connection_string="UseDevelopmentStorage=true")
        # Anybody else could use the token for the person's storage accounts.
        if _is_at_service(address) and _has_entra():
            yield _BY_ENTRA

    def _of_settings(self, address: BlobAddress) -> Iterator[Access]:
        for name, named in self._named.items():
            string = self._variable(named.connection_string_env) if named.connection_string_env else ""
            if not named.url and not string:
                continue
            if self._address_of(name, named) != address:
                continue
            _check_variables(name, named)
            if not named.url:
                yield Access(named.connection_string_env, connection_string=string)
            elif named.key_env or named.sas_env:
                found = list(self._by(named.key_env, named.sas_env))
                if not found:
                    raise UnreachableError(
                        f"{named.key_env or named.sas_env} is not set",
                        hint=f"[containers.{name}] in settings.toml says that it opens {address.url}.",
                    )
                yield from found
            elif named.entra and address.endpoint.startswith("https://") and _has_entra():
                yield _BY_ENTRA

    def _by(self, key: str, sas: str) -> Iterator[Access]:
        """By the variables of these names; an empty name is none."""
        if key and (value := self._variable(key)):
            yield Access(f"the key in {key}", key=value)
        if sas and (value := self._variable(sas)):
            yield Access(f"the SAS token in {sas}", sas=Sas.of(value))

    def _variable(self, name: str) -> str:
        return self._environment.get(name, "").strip()


def _check_variables(name: str, named: NamedContainer) -> None:
    """A secret in the place of its variable's name would be told as one that is not set."""
    for key in ("connection_string_env", "key_env", "sas_env"):
        given = getattr(named, key)
        if given and not is_variable(given):
            raise InputError(
                f"{key} under [containers.{name}] in settings.toml is no name of an environment variable.",
                hint="Put the secret into a variable, and give the variable's name.",
            )


def _is_accounts_own(address: BlobAddress) -> bool:
    """At the service, or on this machine: nobody else is sent what is meant for an account of that name."""
    return address.is_local or _is_at_service(address)


def _is_at_service(address: BlobAddress) -> bool:
    """At a host that only Azure Storage answers for, over TLS."""
    parts = urlsplit(address.endpoint)
    host = parts.hostname or ""
    return ".blob." in host and is_azures(host) and parts.scheme == "https"


def _how_to_set(address: BlobAddress) -> str:
    if _is_accounts_own(address):
        return f"set {ACCOUNT}={address.account} and {SAS} or {KEY}, or {STRING}"
    return f"set {STRING}, or name a variable under [containers.NAME] in settings.toml"


ENTRA = "install azure-identity: tui-labeler with the extra entra (`pip install 'tui-labeler[entra]'`)"


def _has_entra() -> bool:
    return find_spec("azure.identity") is not None
