"""What the environment says of the way to a server: its proxies, and the authorities that are trusted.

Values are never shown: the address of a proxy may hold a password.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING
from urllib.request import getproxies

import httpx2

from tui_labeler.engine.adapters.proxies import proxy_variable
from tui_labeler.engine.deployments.chat import ResourceError, TroubleError

if TYPE_CHECKING:
    import ssl

    from tui_labeler.engine.errors import LabelerError

_SCHEMES = ("http", "https", "all")
"""What proxies are told for; the variables are called ``HTTP_PROXY`` and so on."""

_AUTHORITIES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
"""The first that is set counts."""

_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f]*:[0-9A-Fa-f:.]+(%25[A-Za-z0-9._-]+)?")
"""A name as the network has it, or a number."""


def certificates(*, trust_env: bool) -> ssl.SSLContext:
    """How servers are to be known. Raises ``ResourceError`` where a variable names what can't be read."""
    try:
        return httpx2.create_ssl_context(trust_env=trust_env)
    except OSError as error:  # of ssl too
        named = [name for name in _AUTHORITIES if trust_env and os.environ.get(name)]
        if not named:
            raise ResourceError(
                "The system's certificates can't be read.", hint="Name a file of them in SSL_CERT_FILE."
            ) from None
        reason = "is not there" if isinstance(error, FileNotFoundError) else "can't be read as certificates"
        raise ResourceError(
            f"What {named[0]} names {reason}.",
            hint=f"Set {named[0]} to a file of certificates in PEM form, or unset it.",
        ) from None


def check_proxies() -> None:
    """Raises ``ResourceError`` for a proxy of the environment that can't be used."""
    proxies = getproxies()
    for scheme in _SCHEMES:
        if (address := proxies.get(scheme)) and not _can_be_used(address):
            raise ResourceError(
                f"{proxy_variable(scheme)} is not the address of a proxy that can be used.",
                hint="It looks like http://HOST:PORT; SOCKS is not known here. Unset it to do without.",
            )


def _can_be_used(address: str) -> bool:
    try:
        proxy = httpx2.Proxy(address if "://" in address else f"http://{address}")
        host, port = proxy.url.raw_host.decode(), proxy.url.port
        name, password = proxy.auth or ("", "")
        # They go as they stand into a header that has no other characters (RFC 7617).
        f"{name}:{password}".encode("latin-1")
    except (httpx2.InvalidURL, ValueError):
        return False
    known = proxy.url.scheme in ("http", "https") and _HOST.fullmatch(host) is not None
    return known and (port is None or 0 < port < 65536) and ":" not in name


def proxy_between(client: httpx2.AsyncClient, endpoint: str) -> str:
    """The variable that names the proxy which an endpoint is asked through; empty where there is none."""
    url = httpx2.URL(endpoint)
    if getattr(client._transport_for_url(url), "proxy", None) is None:
        return ""
    proxies = getproxies()
    return proxy_variable(url.scheme if proxies.get(url.scheme) else "all")


def unreachable(variable: str, host: str, how: str) -> TroubleError:
    """For a host that no connection is had to where a proxy stands before it."""
    return TroubleError(
        f"{host} can't be reached{f' {how}' if how else ''} through the proxy that {variable} names.",
        hint=f"Check {variable}, whether that proxy runs, and the endpoint; NO_PROXY does without.",
        may_cost=False,
    )


def refused(variable: str, host: str, status: int) -> LabelerError:
    """For a proxy's own answer. One that wants a password refuses every question; other faults may pass."""
    said = f"The proxy that {variable} names does not let {host} be asked (status {status})."
    hint = f"Check {variable}, and whether that proxy wants a name and a password."
    if 400 <= status < 500:
        return ResourceError(said, hint=hint)
    return TroubleError(said, hint=hint, may_cost=False)
