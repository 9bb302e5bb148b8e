"""The application in a browser: textual-serve, with the doors shut that it leaves open.

Each browser window gets a process of its own. The page is only given to browsers that asked for this very
address, and the process only to pages that came from here: any web page that a person has open could
otherwise reach a port of their machine and work with their rights (cross-site WebSocket hijacking, CWE-1385;
DNS rebinding).
"""

from __future__ import annotations

import ipaddress
import logging
import os
import re
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_runner import AppRunner, TCPSite
from textual_serve.server import Server

from tui_labeler.this_machine import is_loopback

if TYPE_CHECKING:
    from asyncio import Event

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_asked: ContextVar[str] = ContextVar("asked")
"""The address that the browser asked for, while it is answered."""

# The page of textual-serve names a font of another server; nothing here may need one, or tell one.
_POLICY = (
    "default-src 'self' 'unsafe-inline' data: blob:; connect-src 'self' {socket}; frame-ancestors 'none'"
)


_HOST = re.compile(r"(?P<name>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
"""A ``Host`` header, as browsers write it."""


def _is_worth_telling(record: logging.LogRecord) -> bool:
    """Whoever sends what is no HTTP is answered so: it is no fault of this server's."""
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))


class LabelerServer(Server):
    """Runs ``command`` (a line for a shell) for each browser window.

    ``public_url`` is the address that people open where another server stands before this one, as browsers
    write it; without it pages speak to the address that they were asked for at.
    """

    def __init__(self, command: str, host: str, port: int, *, public_url: str | None = None) -> None:
        self._public = public_url.rstrip("/") if public_url else None
        super().__init__(command, host=host, port=port, title="tui-labeler")

    @property
    def public_url(self) -> str:
        return self._public or _asked.get()

    @public_url.setter
    def public_url(self, address: str) -> None:
        """The base class guesses one from the address that is listened at: useless behind a tunnel."""

    async def on_startup(self, app: web.Application) -> None:
        """Says nothing: the command does."""

    async def run(self, ready: Callable[[int], None], over: Event) -> None:
        """Serves until ``over`` is set; ``ready`` is told the port. Raises ``OSError`` when it is taken."""
        logging.getLogger("aiohttp.server").addFilter(_is_worth_telling)
        app = await self._make_app()
        app.middlewares.append(self._guard)
        runner = AppRunner(app, access_log=None, shutdown_timeout=3)
        await runner.setup()
        try:
            await TCPSite(runner, self.host, self.port).start()
            ready(runner.addresses[0][1])
            await over.wait()
        finally:
            await runner.cleanup()

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        host = _name_of(request)
        origin = self._origin(request)
        if not self._knows(host):
            raise web.HTTPForbidden(text="This server is not known by that name. --public-url gives it one.")
        if request.headers.get("Origin", origin) != origin:
            raise web.HTTPForbidden(text="Only pages of this server may speak to it.")
        _asked.set(origin)
        response = await handler(request)
        if not response.prepared:
            socket = origin.replace("http", "ws", 1)
            response.headers["Content-Security-Policy"] = _POLICY.format(socket=socket)
        return response

    def _origin(self, request: web.Request) -> str:
        """Scheme, host and port that a page of this server has in the browser."""
        if self._public is None:
            return f"{request.scheme}://{request.host}"
        parts = urlsplit(self._public)
        return f"{parts.scheme}://{parts.netloc}"

    def _knows(self, host: str) -> bool:
        """Any other name than a server's own was pointed here by somebody; to a number none can be.

        At loopback only names of loopback are its own.
        """
        if self._public is not None or _is_browsers_loopback(host):
            return True
        return not is_loopback(self.host) and (_is_number(host) or host.rstrip(".") in self._names)

    @cached_property
    def _names(self) -> set[str]:
        """Of this machine, and what it was told to listen at. Nobody is asked for them."""
        machine = os.uname().nodename.lower()
        short = machine.partition(".")[0]
        return {machine, short, f"{short}.local", self.host.lower()}


def _name_of(request: web.Request) -> str:
    """The name or number that was asked for, in small letters. Raises ``HTTPBadRequest`` for what is none."""
    found = _HOST.fullmatch(request.headers.get("Host", ""))
    if found is None:
        raise web.HTTPBadRequest(text="The header Host names no server.")
    return found["name"].lower()


def _is_browsers_loopback(host: str) -> bool:
    """In the one spelling that browsers send: they write numbers out."""
    return is_loopback(host) and (_is_number(host) or host.endswith("localhost"))


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
