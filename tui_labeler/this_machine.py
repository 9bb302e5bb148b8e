"""Whether a host is this machine, from how it is written alone: nobody is asked for names."""

from __future__ import annotations

import re
import socket
from ipaddress import IPv4Address, IPv6Address, ip_address

_SPELLED = re.compile(r"[0-9A-Fa-fXx.]+")
"""Parts of numbers; inet_aton(3) would take a blank and anything behind it."""


def is_loopback(host: str) -> bool:
    """Whether what listens at a host can be reached from this machine alone."""
    number = _number(host)
    return _is_name(host) if number is None else number.is_loopback


def is_this_machine(host: str) -> bool:
    """Whether it is this machine for whoever connects to it, which 0.0.0.0 and [::] are as well."""
    number = _number(host)
    return _is_name(host) if number is None else number.is_loopback or number.is_unspecified


def _is_name(host: str) -> bool:
    name = host.lower().rstrip(".")
    return name == "localhost" or name.endswith(".localhost")


def _number(host: str) -> IPv4Address | IPv6Address | None:
    """The number that a host is, in any spelling that connecting takes: 127.1 and 0x7f.1 are 127.0.0.1."""
    text = host.strip("[]").rstrip(".")
    try:
        number = ip_address(text)
    except ValueError:
        return _spelled(text)
    return (number.ipv4_mapped or number) if isinstance(number, IPv6Address) else number


def _spelled(text: str) -> IPv4Address | None:
    if not _SPELLED.fullmatch(text):
        return None
    try:
        return IPv4Address(socket.inet_aton(text))
    except OSError:
        return None
