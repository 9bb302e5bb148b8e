"""Trying deployments: in this process, or in one of its own for those that must stay quick."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from tui_labeler.domain.resources import Capabilities, Deployment, Resource
from tui_labeler.engine.adapters.chat.connecting import connect
from tui_labeler.engine.deployments.chat import (
    BusyError,
    ResourceError,
    TroubleError,
    UnansweredError,
    UnsupportedError,
)
from tui_labeler.engine.errors import LabelerError, NotFoundError, OutsideError
from tui_labeler.engine.resources.trying import try_deployment
from tui_labeler.engine.typed import convert, decode

if TYPE_CHECKING:
    from tui_labeler.engine.adapters.keys import EnvironmentKeys

SECONDS = 60.0
"""How long a tiny answer may take; a model that has to be loaded first takes a while."""


class DirectTester:
    """A :class:`~tui_labeler.engine.ports.Tester` that asks by itself. It loads the openai package."""

    def __init__(self, keys: EnvironmentKeys, now: Callable[[], str]) -> None:
        self._keys = keys
        self._now = now

    async def test(self, resource: Resource, deployment: Deployment) -> Capabilities:
        seconds = max(SECONDS, deployment.timeout or 0.0)
        connected = await connect(resource, self._keys, seconds=seconds)
        try:
            return await try_deployment(connected.deployment, deployment, self._now)
        finally:
            await connected.close()


class ProcessTester:
    """A :class:`~tui_labeler.engine.ports.Tester` that leaves the asking to the command ``resource test``.

    A process that draws neither loads the openai package nor waits for it. Whoever is cancelled takes the
    command with them.
    """

    program: ClassVar[tuple[str, ...]] = (sys.executable, "-m", "tui_labeler")

    def __init__(self, home: Path) -> None:
        self._home = home.absolute()

    async def test(self, resource: Resource, deployment: Deployment) -> Capabilities:
        command = ("--home", str(self._home), "--json", "--progress", "none", "resource", "test")
        child = await asyncio.create_subprocess_exec(
            *self.program,
            *command,
            f"--deployment={deployment.name}",
            "--",
            resource.name,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            # Where the package is found, installed or not.
            cwd=Path(__file__).parents[3],
        )
        try:
            told, _ = await child.communicate()
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()
        return _capabilities(told)


def _capabilities(told: bytes) -> Capabilities:
    """What the command found out. Raises what it was refused with."""
    try:
        document = decode(told, dict[str, Any])
        if "error" in document:
            raise _error(**convert(document["error"], dict[str, str]))
        return convert(document["deployments"][0]["capabilities"], Capabilities)
    except (msgspec.MsgspecError, LookupError, TypeError):
        raise OutsideError(
            "The deployment could not be tried: the command for it ended without a word.",
            hint="Try `tui-labeler resource test` in a terminal.",
        ) from None


def _error(*, code: str, message: str, hint: str, title: str) -> LabelerError:
    """The error that a command's JSON tells of, of the same kind."""
    kinds: tuple[type[LabelerError], ...] = (BusyError, TroubleError, ResourceError, NotFoundError)
    for kind in kinds:
        if kind.code == code:
            return kind(message, hint=hint)
    if code == UnsupportedError.code:
        return UnsupportedError(message, parameter="", hint=hint)
    if title == UnansweredError.title:
        return UnansweredError(message, reason="bad_answer", hint=hint)
    return OutsideError(message, hint=hint)
