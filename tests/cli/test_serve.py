"""``serve``: the page, the program behind it, and who is let in."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tui_labeler.cli.commands.serving import _address, command_line

if TYPE_CHECKING:
    from tests.cli.conftest import Cli

ROOT = Path(__file__).parents[2]
SECONDS = 60


def needs_the_extra() -> Any:
    return pytest.importorskip("aiohttp", reason="the extra `serve` is not installed")


@contextmanager
def served(home: Path, *arguments: str) -> Iterator[tuple[int, list[str]]]:
    """``serve`` in a process of its own: its port, and what it said before ``ctrl+c ends it``."""
    needs_the_extra()
    process = subprocess.Popen(
        [sys.executable, "-m", "tui_labeler", "--home", str(home), "serve", "--port", "0", *arguments],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
    )
    assert process.stderr is not None
    try:
        said = []
        for line in process.stderr:
            if line.startswith("ctrl+c"):
                break
            said.append(line.strip())
        # With an address of its own, the caller has chosen the port.
        tail = said[0].rpartition(":")[2]
        yield int(tail) if tail.isdigit() else 0, said
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=SECONDS)
        assert (process.returncode, out) == (0, "")
        assert "Traceback" not in errors
    finally:
        process.kill()
        process.communicate()


async def page(port: int, **headers: str) -> tuple[int, str, str]:
    """Status, text and policy of the page."""
    aiohttp = needs_the_extra()
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/", headers=headers) as answer,
    ):
        return answer.status, await answer.text(), answer.headers.get("Content-Security-Policy", "")


async def drawn(port: int, until: bytes, **headers: str) -> bytes:
    """What the program draws in a window, up to some words."""
    aiohttp = needs_the_extra()
    address = f"ws://127.0.0.1:{port}/ws?width=100&height=30"
    shown = b""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(address, headers=headers) as window,
        asyncio.timeout(SECONDS),
    ):
        # What the page does when the terminal in it has its size.
        await window.send_str(json.dumps(["resize", {"width": 100, "height": 30}]))
        async for message in window:
            shown += message.data if isinstance(message.data, bytes) else b""
            if until in shown:
                break
    return shown


async def test_the_application_runs_in_a_browser_with_the_home_that_was_given(tmp_path: Path) -> None:
    home = tmp_path / "a home; touch $(echo spoilt)"
    home.mkdir()
    (home / "settings.toml").write_text('theme = "no such theme"\n')
    with served(home) as (port, said):
        status, text, policy = await page(port)
        assert status == 200
        assert f"ws://127.0.0.1:{port}/ws" in text
        allowed = dict(part.strip().split(" ", 1) for part in policy.split(";"))
        assert allowed == {
            "default-src": "'self' 'unsafe-inline' data: blob:",
            "connect-src": f"'self' ws://127.0.0.1:{port}",
            "frame-ancestors": "'none'",
        }
        assert len(said) == 1
        # Only this home names that theme.
        shown = await drawn(port, b"no such theme", Origin=f"http://127.0.0.1:{port}")
        assert b"no such theme" in shown
    assert not list(ROOT.glob("spoilt"))


async def test_pages_of_others_and_names_of_others_are_turned_away(tmp_path: Path) -> None:
    aiohttp = needs_the_extra()
    with served(tmp_path) as (port, _):
        assert (await page(port, Host=f"evil.example:{port}"))[0] == 403
        assert (await page(port, Host=f"localhost:{port}"))[0] == 200
        # Whatever else runs on this machine, and what a file or a frame without rights shows, is another's.
        foreign = ("https://evil.example", "null", f"http://127.0.0.1:{port + 1}", "http://127.0.0.1", "")
        for origin in (*foreign, f"https://127.0.0.1:{port}", f"http://localhost:{port}"):
            assert (await page(port, Origin=origin))[0] == 403, origin
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await drawn(port, b"never", Origin=origin)
            assert refused.value.status == 403, origin
        assert (await page(port, Origin=f"http://127.0.0.1:{port}"))[0] == 200


async def test_at_loopback_the_machine_s_names_and_numbers_in_the_network_are_not_its_own(
    tmp_path: Path,
) -> None:
    needs_the_extra()
    machine = os.uname().nodename
    short = machine.partition(".")[0]
    with served(tmp_path) as (port, _):
        numbers = {"192.0.2.7", "[2001:db8::7]", "0.0.0.0"}
        for name in {machine, short, f"{short}.local", *numbers} - {"localhost"}:
            assert (await page(port, Host=f"{name}:{port}"))[0] == 403, name


async def test_listening_for_other_machines_it_has_this_machine_s_names_and_numbers_alone(
    tmp_path: Path,
) -> None:
    aiohttp = needs_the_extra()
    machine = os.uname().nodename
    with served(tmp_path, "--host", "0.0.0.0") as (port, _):
        for known in (
            "192.0.2.7",
            "[2001:db8::7]",
            "localhost",
            machine,
            f"{machine.partition('.')[0]}.LOCAL",
        ):
            assert (await page(port, Host=f"{known}:{port}"))[0] == 200
        for foreign in ("evil.example", f"{machine}.evil.example", "192.0.2.7.evil.example", "0x7f.1"):
            there = f"{foreign}:{port}"
            assert (await page(port, Host=there))[0] == 403
            # A name that was pointed here makes page and server one origin to the browser.
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await drawn(port, b"never", Host=there, Origin=f"http://{there}")
            assert refused.value.status == 403


def answer_to(port: int, head: str) -> str:
    """The first line of the answer to a request that no browser would send."""
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as line:
        line.sendall(f"GET / HTTP/1.1\r\n{head}Connection: close\r\n\r\n".encode())
        return line.makefile().readline()


def test_a_host_that_is_none_is_a_bad_request_and_no_fault(tmp_path: Path) -> None:
    with served(tmp_path) as (port, _):
        for host in ("Host: [::1\r\n", "Host: ::1]\r\n", "Host: a b\r\n", "Host: \r\n", "", "Host: a;b\r\n"):
            assert " 400 " in answer_to(port, host), host


async def test_a_tunnel_with_another_port_leads_to_itself(tmp_path: Path) -> None:
    with served(tmp_path) as (port, _):
        assert "ws://localhost:9999/ws" in (await page(port, Host="localhost:9999"))[1]


@pytest.mark.parametrize("typed", ["https://Labels.Example.org:443", "HTTPS://labels.example.ORG/"])
async def test_pages_of_a_public_address_are_known_however_it_was_typed(tmp_path: Path, typed: str) -> None:
    aiohttp = needs_the_extra()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with served(tmp_path, "--port", str(port), "--public-url", typed):
        known = "https://labels.example.org"
        status, text, policy = await page(port, Origin=known)
        assert status == 200
        assert "wss://labels.example.org/ws" in text
        assert f"connect-src 'self' {known.replace('http', 'ws')};" in policy
        await drawn(port, b"tui-labeler", Origin=known)
        for foreign in ("https://evil.example", "http://labels.example.org", f"{known}:444"):
            assert (await page(port, Origin=foreign))[0] == 403, foreign
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await drawn(port, b"never", Origin=foreign)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("http://A.example:80/x", "http://a.example/x"),
        ("http://a.example:443", "http://a.example:443"),
        ("https://ada@[2001:DB8::7]:443", "https://[2001:db8::7]"),
        ("https://Bücher.example", "https://xn--bcher-kva.example"),
    ],
)
def test_a_public_address_is_kept_as_browsers_write_it(typed: str, kept: str) -> None:
    assert _address(typed) == kept


def test_listening_for_other_machines_is_warned_of(tmp_path: Path) -> None:
    with served(tmp_path, "--host", "0.0.0.0") as (_, said):
        assert "Warning" in said[1]
        assert "password" in said[1]


def test_a_port_that_is_taken_is_refused_with_what_to_do(cli: Cli) -> None:
    needs_the_extra()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ran = cli("serve", "--port", str(taken.getsockname()[1]))
    assert ran.code == 2
    assert "--port 0" in ran.err


def test_without_the_extra_it_says_what_to_install(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aiohttp", None)
    monkeypatch.delitem(sys.modules, "tui_labeler.cli.web_server", raising=False)
    ran = cli("serve")
    assert ran.code == 2
    assert "pip install 'tui-labeler[serve]'" in ran.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("--port", "70000"),
        ("--port", "x"),
        *(("--public-url", text) for text in ("ftp://a", "https://[b", "http://a:x", "//a", "http://:1")),
        ("--json",),
    ],
)
def test_what_can_not_be_served_is_wrong_use(cli: Cli, arguments: tuple[str, ...]) -> None:
    assert cli("serve", *arguments).code == 2


def test_the_command_line_survives_a_shell_and_looks_for_modules_where_this_program_does() -> None:
    home = Path("/a b/$(x)'\"")
    line = command_line(home, ["/lib"])
    assert shlex.split(line)[:1] + shlex.split(line)[2:] == [
        *("exec", "-P", "-m", "tui_labeler", "--home", str(home))
    ]
    assert "-P" not in shlex.split(command_line(home, ["", "/lib"]))


@pytest.mark.parametrize("host", ["a..b", "a" * 300, "\x1b]0;x\x07..b"])
def test_what_can_not_be_a_machine_s_name_is_refused_in_words(cli: Cli, host: str) -> None:
    needs_the_extra()
    ran = cli("serve", "--host", host, "--port", "0")
    assert ran.code == 2
    assert "no name of a machine" in ran.err
    assert "\x1b" not in ran.err
