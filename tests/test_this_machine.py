"""This machine is known in every spelling that connecting takes, and nothing else is taken for it."""

from __future__ import annotations

import socket

import pytest

from tui_labeler.this_machine import is_loopback, is_this_machine

SPELLED = ["127.1", "127.0.1", "0x7f.1", "0X7F000001", "2130706433", "017700000001", "127.9.9.9"]
ANY = ["0.0.0.0", "0", "0x0", "0.0", "::", "[::]"]


@pytest.fixture(autouse=True)
def _nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("getaddrinfo", "gethostbyname"):
        monkeypatch.delattr(socket, name)


@pytest.mark.parametrize(
    "host", [*SPELLED, "::1", "[::1]", "::ffff:127.0.0.1", "localhost", "LOCALHOST.", "a.localhost"]
)
def test_loopback_is_this_machine_and_reached_from_it_alone(host: str) -> None:
    assert is_loopback(host)
    assert is_this_machine(host)


@pytest.mark.parametrize("host", ANY)
def test_no_address_in_particular_is_this_machine_to_connect_to_and_open_to_others(host: str) -> None:
    assert is_this_machine(host)
    assert not is_loopback(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "1",
        "128.1",
        "10.0.0.1",
        "localhost.example",
        "127.1.example",
        "127.0.0.1 x",
        "0x7g.1",
        "fade",
        "::2",
    ],
)
def test_other_hosts_are_not(host: str) -> None:
    assert not is_this_machine(host)
    assert not is_loopback(host)


@pytest.mark.parametrize("host", SPELLED[:-1])
def test_the_system_connects_to_loopback_by_the_same_spelling(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    found = socket.getaddrinfo(host, 80, socket.AF_INET, socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    assert [place[4][0] for place in found] == ["127.0.0.1"]
