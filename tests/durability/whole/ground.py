"""What the harness works on: a home with a project, another person's home, containers, a deployment."""

from __future__ import annotations

import asyncio
import fcntl
import io
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.azurite import Server, why_not
from tests.cli.conftest import letter
from tests.cli.test_gpt_jobs import answer
from tests.durability.looking import expect
from tests.durability.whole.snapshot import Snapshot, look
from tests.openai_server import OpenAIServer
from tests.terminal.conftest import Place, make_letters
from tui_labeler.assembly import workbench
from tui_labeler.cli.main import main
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.workbench import NewProject

LETTERS, SHARED, FAR = "contracts", "shared", "far"
"""Projects: of letters with a model; on a folder with somebody else; in Blob storage with somebody else."""

TABLES = 3
LINES = 150
WORDS = 6
"""Documents of lines of words, labeled by place; letters are labeled by models."""

PATIENCE = 60.0
"""Seconds after which a process that should end counts as left behind."""


def table(number: int) -> str:
    """Every line is as long as the others: words of three characters."""
    return "".join(
        " ".join(f"{number}{'abcdefgh'[at]}{line % 10}" for at in range(WORDS)) + "\n"
        for line in range(LINES)
    )


LINE_LENGTH = 4 * WORDS


@dataclass
class Ground:
    """All of it in one folder."""

    base: Path
    environment: dict[str, str] = field(default_factory=dict)
    server: OpenAIServer = field(default_factory=lambda: OpenAIServer(answer=answer, key="sk-ground"))
    storage: Server | None = None
    letters: int = 16
    """How many there are by now; those are in the container before their project knows them."""

    @property
    def home(self) -> Path:
        return self.base / "home"

    @property
    def other_home(self) -> Path:
        return self.base / "bo"

    @property
    def documents(self) -> Path:
        return self.base / "documents"

    def tool(self, *arguments: str, home: Path | None = None, codes: tuple[int, ...] = (0,)) -> Any:
        """What a command prints that nobody disturbs; it runs in this process."""
        out = io.StringIO()
        with redirect_stdout(out), redirect_stderr(io.StringIO()):
            code = main(["--home", str(home or self.home), *arguments, "--json", "--progress", "none"])
        expect(code in codes, f"{arguments} ended with {code}: {out.getvalue()}")
        return json.loads(out.getvalue())

    def snapshot(self, project: str = LETTERS, home: Path | None = None) -> Snapshot:
        return asyncio.run(look(home or self.home, project))

    def write_letters(self, count: int) -> list[str]:
        """Puts letters into the container that the project does not know yet; their names."""
        names = []
        for number in range(self.letters, self.letters + count):
            names.append(f"letter{number:02}.txt")
            (self.documents / names[-1]).write_text(letter(number), encoding="ascii", newline="")
        self.letters += count
        return names


@contextmanager
def ground(base: Path, *, storage: bool = True) -> Iterator[Ground]:
    """A ground in an empty folder, with servers that run."""
    with OpenAIServer(answer=answer, key="sk-ground", delay=0.02) as server:
        it = Ground(base, server=server)
        it.environment["WORK_KEY"] = "sk-ground"
        if storage and not why_not():
            it.storage = Server()
            it.storage.start()
            it.environment["AZURE_STORAGE_CONNECTION_STRING"] = it.storage.azurite.connection_string
        try:
            os.environ.update(it.environment, TUI_LABELER_NAME="ana")
            _make(it)
            yield it
        finally:
            if it.storage:
                it.storage.kill()


def _make(it: Ground) -> None:
    make_letters(Place(it.home, it.documents, it.base / "labels.json"))
    (it.home / "settings.toml").write_text("quota = 0\nsync_every = 1\n")
    for number in range(TABLES):
        (it.documents / f"table{number}.txt").write_text(table(number))
    it.tool("sync", LETTERS)
    add = ("resource", "add", "work", "--kind", "openai", "--endpoint", it.server.url, "--deployment", "good")
    it.tool(*add, "--api-key-env", "WORK_KEY")
    it.tool("resource", "test", "work")
    asyncio.run(_share(it))


async def _share(it: Ground) -> None:
    """The projects that two people have, each in their own home."""
    folder = it.base / "together"
    folder.mkdir()
    containers = {SHARED: str(folder)}
    for number in range(TABLES):
        (folder / f"table{number}.txt").write_text(table(number))
    if it.storage:
        containers[FAR] = it.storage.azurite.url("letters")
        async with it.storage.azurite.client("letters") as client:
            await client.create_container()
            for number in range(TABLES):
                await client.upload_blob(f"table{number}.txt", table(number).encode())
    for home in (it.home, it.other_home):
        for name, container in containers.items():
            categories = ("Person", "Town")
            new = NewProject(name, ProjectKind.ENTITIES, container, categories=categories, share=True)
            session = (await workbench(home).create(new)).session
            assert session.sharing is not None
            await session.sharing.sync()
            await session.close()


# --- what every home must answer ----------------------------------------------------------------------


def alive(home: Path) -> dict[int, str]:
    """The processes that work on a home, but for this one."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with suppress(OSError):
            environment = (entry / "environ").read_bytes().split(b"\0")
            words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            # One that has ended, and of whose end nobody took note yet, has no words.
            if f"TUI_LABELER_HOME={home}".encode() in environment and words:
                found[int(entry.name)] = words
    return found


def check_nobody_is_left(home: Path) -> None:
    """No process works on the home, and no lock of it is held. Raises ``LostError``."""
    until = time.monotonic() + PATIENCE
    while (left := alive(home)) and time.monotonic() < until:
        time.sleep(0.02)
    expect(not left, f"processes were left behind: {left}")
    for path in home.rglob("*lock*"):
        # A process that is ending has no words any more, and its files for a moment.
        while (held := _is_held(path)) and time.monotonic() < until:
            time.sleep(0.02)
        expect(not held, f"{path} is held by nobody who lives")


def _is_held(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def check_doctor(it: Ground) -> None:
    """Raises ``LostError`` with what the doctor found."""
    bad = [check for check in it.tool("doctor")["checks"] if not check["ok"]]
    expect(not bad, f"the doctor found {bad}")
