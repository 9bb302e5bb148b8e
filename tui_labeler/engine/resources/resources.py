"""Resources and their deployments: added, tried, priced, removed."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import TYPE_CHECKING

from tui_labeler.domain.resources import Capabilities, Deployment, Prices, Resource, ResourceKind
from tui_labeler.domain.variables import is_variable
from tui_labeler.engine.deployments.endpoints import (
    checked_endpoint,
    host,
    is_loopback,
    is_readable_on_the_way,
)
from tui_labeler.engine.deployments.prices import deployment_prices
from tui_labeler.engine.errors import InputError, NotFoundError, RefusedError
from tui_labeler.engine.wording import counted

if TYPE_CHECKING:
    from tui_labeler.engine.deployments.prices import PriceTable
    from tui_labeler.engine.ports import Keys, KeyState, ResourceStore, Tester

_NAME = re.compile(r"[^/\s](?:[^/\x00-\x1f\x7f]{0,98}[^/\s])?")
_AZURE_DEPLOYMENT = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}")
_DEPLOYMENT = re.compile(r"[\x21-\x7e]{1,200}")
_VERSION = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(-preview)?")


@dataclass(frozen=True, slots=True)
class NewResource:
    """What a person says of a resource to be added."""

    name: str
    kind: ResourceKind
    endpoint: str
    deployments: tuple[str, ...]
    api_version: str = ""
    key_env: str = ""
    entra: bool = False
    prices: Prices | None = None
    """Of every deployment named."""
    context: int | None = None
    timeout: float | None = None


PATIENCE = 120.0
"""Seconds that an answer may take."""

PATIENCE_HERE = 600.0
"""The same from a server on this machine: it has no more than the machine, and often one answer at a time."""

LONGEST_TIMEOUT = 3_600.0
"""Seconds."""


def default_timeout(resource: Resource) -> float:
    """Seconds that an answer may take where nobody said."""
    return PATIENCE_HERE if is_loopback(resource.endpoint) else PATIENCE


@dataclass(frozen=True, slots=True)
class Added:
    """A resource that is there, and what there is to say of it."""

    resource: Resource
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JobAtWork:
    """A job that is not over, and the resource that it asks."""

    project: str
    id: str
    resource: str


AtWork = Callable[[], Awaitable[Sequence[JobAtWork]]]


class Resources:
    """The resources of one home."""

    def __init__(
        self,
        store: ResourceStore,
        keys: Keys,
        tester: Tester,
        at_work: AtWork,
        prices: Callable[[], PriceTable],
    ) -> None:
        """``prices`` reads the table of prices, as it is at that moment."""
        self._store = store
        self._keys = keys
        self._tester = tester
        self._at_work = at_work
        self._prices = prices

    async def list(self) -> tuple[Resource, ...]:
        """Sorted by name."""
        return await self._store.list()

    async def get(self, name: str) -> Resource:
        """Raises ``NotFoundError``."""
        return await self._store.get(name)

    async def key_state(self, resource: Resource, *, keyring: bool = False) -> KeyState:
        """Whether there is a key, and where; nothing is asked of the resource."""
        return await self._keys.state(resource, keyring=keyring)

    def prices(self, deployment: Deployment) -> Prices | None:
        """What a deployment costs; ``None`` where nobody knows. Raises as ``read_prices``."""
        return deployment_prices(deployment, self._prices())

    async def add(self, new: NewResource) -> Added:
        """Adds a resource, or deployments to one that is there and is the same in all else.

        Raises ``InputError``; an address with a secret in it is refused and not repeated.
        """
        resource = checked(new)
        refusal, hint = self._keys.no_sign_in(resource)
        if refusal:
            raise InputError(refusal, hint=hint)
        known = {item.name: item for item in await self._store.list()}.get(resource.name)
        if known is None:
            await self._store.put(resource)
        else:
            resource = await self._store.update(resource.name, lambda known: _joined(known, resource))
        return Added(resource, await self._warnings(resource))

    async def _warnings(self, resource: Resource) -> tuple[str, ...]:
        found = []
        if is_readable_on_the_way(resource.endpoint):
            found.append(f"{host(resource.endpoint)} is asked without encryption: texts and key can be read.")
        state = await self._keys.state(resource, keyring=True)
        if not state.found or "sent to" in state.words:
            found.append(f"{state.words}.")
        return tuple(found)

    async def set_deployments(
        self,
        name: str,
        deployment: str | None = None,
        *,
        prices: Prices | None,
        context: int | None,
        timeout: float | None = None,
        anew: bool = False,
    ) -> Resource:
        """Sets prices, context and time-out (seconds) of one deployment, or of all.

        What is ``None`` stays as it was; with ``anew`` it is forgotten.

        Raises ``NotFoundError``; ``InputError`` for numbers that can't be.
        """
        _check_numbers(prices, context, timeout)

        def change(resource: Resource) -> Resource:
            if deployment is not None:
                find_deployment(resource, deployment)
            return replace(
                resource,
                deployments=tuple(
                    replace(
                        item,
                        prices=prices or (None if anew else item.prices),
                        context=context or (None if anew else item.context),
                        timeout=timeout or (None if anew else item.timeout),
                    )
                    if deployment in (None, item.name)
                    else item
                    for item in resource.deployments
                ),
            )

        return await self._store.update(name, change)

    async def set_like(self, name: str, deployment: str, like: str) -> Resource:
        """Has a deployment that answers batches only be asked as another one of its resource is.

        Raises ``NotFoundError``; ``InputError`` where that one was not tried, or this one can be.
        """

        def change(resource: Resource) -> Resource:
            only = find_deployment(resource, deployment).capabilities
            model = find_deployment(resource, like).capabilities
            if only is None or not only.batch_only:
                raise InputError(
                    f"{deployment} is not known to answer batches only.",
                    hint=f"`tui-labeler resource test {name}` finds out what it can do.",
                )
            if model is None or model.batch_only:
                raise InputError(
                    f"What {like} can do is not known.",
                    hint=f"`tui-labeler resource test {name} --deployment {like}` first.",
                )
            able = replace(model, batch_only=True, seconds=0.0)
            return replace(
                resource,
                deployments=tuple(
                    replace(item, capabilities=able) if item.name == deployment else item
                    for item in resource.deployments
                ),
            )

        return await self._store.update(name, change)

    async def test(self, name: str, deployment: str) -> Deployment:
        """Tries a deployment with a few tiny requests, and remembers what it can do.

        Raises ``NotFoundError``, and what :class:`~tui_labeler.engine.deployments.chat.ChatModel` raises.
        """
        resource = await self._store.get(name)
        capabilities = await self._tester.test(resource, find_deployment(resource, deployment))
        changed = await self._store.update(
            name, lambda newest: _remembering(resource, newest, deployment, capabilities)
        )
        return changed.deployment(deployment) or Deployment(deployment, capabilities)

    async def remove(self, name: str) -> Resource:
        """Raises ``NotFoundError``; ``RefusedError`` while a job asks it."""
        await self._store.get(name)
        jobs = [job for job in await self._at_work() if job.resource == name]
        if jobs:
            job = jobs[0]
            raise RefusedError(
                f"{counted(len(jobs), 'job')} at work ask{'s' * (len(jobs) == 1)} {name}: "
                f"{job.id} of {job.project}{' and others' * (len(jobs) > 1)}.",
                hint="Wait for its end, or cancel it; then remove the resource.",
            )
        return await self._store.remove(name)


def find_deployment(resource: Resource, name: str) -> Deployment:
    """Raises ``NotFoundError``."""
    found = resource.deployment(name)
    if found is None:
        names = ", ".join(item.name for item in resource.deployments)
        raise NotFoundError(
            f"{resource.name} has no deployment named {name!r}.",
            hint=f"It has {names}; `tui-labeler resource add` with the same name adds more.",
        )
    return found


def checked(new: NewResource) -> Resource:
    """The resource that a person described. Raises ``InputError``."""
    name = new.name.strip()
    if not _NAME.fullmatch(name):
        raise InputError(
            f"{new.name!r} can't be a resource's name.",
            hint="Give it one of up to 100 characters, without `/`.",
        )
    endpoint = checked_endpoint(new.kind, new.endpoint)
    version = new.api_version.strip() or endpoint.api_version
    if version and new.kind is not ResourceKind.AZURE:
        raise InputError("Only a resource of kind azure has an API version.", hint="Leave it out.")
    if version and not _VERSION.fullmatch(version):
        raise InputError(
            # Not repeated: what stands in an address may be a secret.
            "What was given as the API version is none.",
            hint="One looks like 2024-10-21; without it the v1 style is used.",
        )
    if new.entra and (new.kind is not ResourceKind.AZURE or new.key_env):
        raise InputError(
            "Microsoft Entra ID is for resources of kind azure, in the place of a key.",
            hint="Leave out the sign-in, or the variable with the key.",
        )
    _check_variable(new.key_env)
    _check_numbers(new.prices, new.context, new.timeout)
    deployments = tuple(
        Deployment(item, prices=new.prices, context=new.context, timeout=new.timeout)
        for item in _deployments(new)
    )
    return Resource(name, new.kind, endpoint.address, deployments, version, new.key_env, new.entra)


def _deployments(new: NewResource) -> list[str]:
    names = list(dict.fromkeys(item.strip() for item in new.deployments))
    allowed = _AZURE_DEPLOYMENT if new.kind is ResourceKind.AZURE else _DEPLOYMENT
    for item in names:
        if not allowed.fullmatch(item):
            raise InputError(
                f"{item!r} can't be a deployment's name.",
                hint="On Azure it has letters, digits, `_`, `.` and `-`; elsewhere it is the model's name.",
            )
    if not names:
        raise InputError(
            "A resource needs a deployment.", hint="Name one: the model, or what Azure calls it."
        )
    return names


def _check_variable(name: str) -> None:
    """A key in the place of its variable's name would be kept, so it is refused, and not repeated."""
    if name and not is_variable(name):
        raise InputError(
            "What was given for the key is no name of an environment variable.",
            hint="Put the key into a variable, AZURE_OPENAI_API_KEY for instance, and give its name.",
        )


def _check_numbers(prices: Prices | None, context: int | None, timeout: float | None) -> None:
    given = (prices.input, prices.output, prices.cached or 0.0) if prices else ()
    if not all(isfinite(price) and price >= 0 for price in given):
        raise InputError("A price is a number of USD for a million tokens, from 0 on.")
    if context is not None and context < 1:
        raise InputError(f"A context of {context} tokens holds nothing.", hint="Give the deployment's own.")
    if timeout is not None and not 1 <= timeout <= LONGEST_TIMEOUT:
        raise InputError(
            f"{timeout:g} seconds are no time-out.", hint=f"It is from 1 to {LONGEST_TIMEOUT:,.0f} seconds."
        )


def _joined(known: Resource, given: Resource) -> Resource:
    """What is there with the deployments that were given. Raises ``InputError`` where they differ."""
    if replace(known, deployments=()) != replace(given, deployments=()):
        raise InputError(
            f"There is already a resource named {known.name!r}, and it is another one.",
            hint="Choose another name, or remove that one first.",
        )
    deployments = {item.name: item for item in known.deployments}
    for item in given.deployments:
        before = deployments.get(item.name, item)
        deployments[item.name] = replace(
            before,
            prices=item.prices or before.prices,
            context=item.context or before.context,
            timeout=item.timeout or before.timeout,
        )
    return replace(known, deployments=tuple(deployments.values()))


def _remembering(tried: Resource, newest: Resource, name: str, capabilities: Capabilities) -> Resource:
    """What was found out counts for the server that was asked, if it is still the one."""
    same = (tried.kind, tried.endpoint, tried.api_version) == (
        newest.kind,
        newest.endpoint,
        newest.api_version,
    )
    deployments = tuple(
        replace(item, capabilities=capabilities) if same and item.name == name else item
        for item in newest.deployments
    )
    return replace(newest, deployments=deployments)
