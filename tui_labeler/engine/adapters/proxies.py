"""Which variable of the environment names the proxy on the way to a server.

Its value is never shown: the address of a proxy may hold a password.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def proxy_variable(scheme: str, environment: Mapping[str, str] | None = None) -> str:
    """The variable that :func:`urllib.request.getproxies` has a scheme's proxy from."""
    environment = os.environ if environment is None else environment
    name = f"{scheme}_proxy"
    if name in environment:
        return name
    found = [other for other in environment if other.lower() == name and environment[other]]
    return found[-1] if found else "The system's proxy"
