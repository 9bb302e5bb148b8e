"""Where keys are: environment, keyring. They are read when they are used, and kept nowhere."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import os
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from tui_labeler.domain.resources import Resource, ResourceKind
from tui_labeler.engine.deployments.chat import ResourceError
from tui_labeler.engine.deployments.endpoints import host, host_name, no_sign_in
from tui_labeler.engine.ports import KeyState

SERVICE = "tui-labeler"
"""What keys stand under in the keyring; the user name is the resource's name."""

OWN_VARIABLES = {ResourceKind.AZURE: "AZURE_OPENAI_API_KEY", ResourceKind.OPENAI: "OPENAI_API_KEY"}

_KEY = re.compile(r"[\x21-\x7e]+")
"""What can stand in a header."""


@dataclass(frozen=True, slots=True)
class Found:
    """A key and where it was."""

    key: str = field(repr=False)
    words: str


class EnvironmentKeys:
    """A :class:`~tui_labeler.engine.ports.Keys` over environment variables and the system's keyring.

    The resource's variable comes first; where it names none, the variable of its kind; then the keyring,
    which needs the extra ``keyring``.
    """

    def __init__(
        self,
        environment: Mapping[str, str] | None = None,
        agreed: Callable[[], Collection[str]] = tuple,
    ) -> None:
        """``agreed``: endpoints beyond Azure's own that a token of Entra ID may go to, as they are now."""
        self._environment = os.environ if environment is None else environment
        self._agreed = agreed

    def no_sign_in(self, resource: Resource) -> tuple[str, str]:
        return no_sign_in(resource.endpoint, self._agreed()) if resource.entra else ("", "")

    async def key(self, resource: Resource) -> str:
        """The key, empty for a server that is likely to need none.

        Raises ``ResourceError`` when there is none, or when it can't be a key. Not for resources that sign in
        with Entra ID.
        """
        found = await asyncio.to_thread(self._find, resource, True)
        if found is None:
            if _needs_key(resource):
                words, hint = self._missing(resource, True)
                raise ResourceError(f"There is no key for {resource.name}: {words}.", hint=hint)
            return ""
        if not _KEY.fullmatch(found.key):
            raise ResourceError(
                f"What {found.words} holds is no key: it has a character that no key has.",
                hint="Set it again, without white space or line ends.",
            )
        return found.key

    async def state(self, resource: Resource, *, keyring: bool) -> KeyState:
        if resource.entra:
            refusal, _ = self.no_sign_in(resource)
            if refusal:
                return KeyState(False, refusal.removesuffix("."))
            there = importlib.util.find_spec("azure") is not None and _there("azure.identity")
            missing = "azure-identity is not installed; install tui-labeler with the extra entra"
            return KeyState(there, "signs in with Microsoft Entra ID" if there else missing)
        found = await asyncio.to_thread(self._find, resource, keyring)
        if found is not None:
            return KeyState(True, self._sent(resource, found))
        if not _needs_key(resource):
            return KeyState(True, "no key; local servers need none")
        return KeyState(False, self._missing(resource, keyring)[0])

    def _sent(self, resource: Resource, found: Found) -> str:
        """The variable that all know is meant for one company; whoever else gets it is named."""
        own = found.words == OWN_VARIABLES[ResourceKind.OPENAI] and not resource.key_env
        foreign = own and resource.kind is ResourceKind.OPENAI and not _is_openai(resource)
        return f"key in {found.words}" + (f", which is sent to {host(resource.endpoint)}" if foreign else "")

    def _find(self, resource: Resource, keyring: bool) -> Found | None:
        variable = resource.key_env or OWN_VARIABLES[resource.kind]
        value = self._environment.get(variable, "").strip()
        if value:
            return Found(value, variable)
        stored = SystemKeyring().get(resource.name) if keyring else ""
        return Found(stored, "the keyring") if stored else None

    def _missing(self, resource: Resource, keyring: bool) -> tuple[str, str]:
        variable = resource.key_env or OWN_VARIABLES[resource.kind]
        hint = (
            f"Set {variable}, or keep the key in the keyring: `keyring set {SERVICE} {resource.name}` "
            "(needs the extra keyring)."
        )
        other = ", and the keyring holds none" if keyring else "; perhaps the keyring holds one"
        return f"{variable} is not set{other}", hint


def _needs_key(resource: Resource) -> bool:
    """A variable that was named is meant; elsewhere only the big services are known to want a key."""
    return resource.kind is ResourceKind.AZURE or bool(resource.key_env) or _is_openai(resource)


def _is_openai(resource: Resource) -> bool:
    name = host_name(resource.endpoint)
    return name == "openai.com" or name.endswith(".openai.com")


def _there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


class SystemKeyring:
    """The system's keyring, with the extra ``keyring``: a secret a name, beside those of other programs."""

    def get(self, name: str) -> str:
        """Empty where the extra is not installed, the keyring is locked, or it holds no such secret."""
        if not _there("keyring"):
            return ""
        # Loaded by name: the extra need not be installed where types are checked.
        keyring: Any = importlib.import_module("keyring")
        errors: Any = importlib.import_module("keyring.errors")
        try:
            return (keyring.get_password(SERVICE, name) or "").strip()
        except errors.KeyringError:
            return ""

    def set(self, name: str, secret: str) -> bool:
        """Whether it is kept: not where the extra is not installed, or the keyring refuses."""
        if not _there("keyring"):
            return False
        keyring: Any = importlib.import_module("keyring")
        errors: Any = importlib.import_module("keyring.errors")
        try:
            keyring.set_password(SERVICE, name, secret)
        except errors.KeyringError:
            return False
        return True
