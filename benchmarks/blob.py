"""A container in Blob storage: syncs of 5,000 documents against the emulator, beside a bare loop.

``python -m benchmarks.blob [--quick]``. The bare loop asks the same package for the same blobs, as many at a
time, and keeps nothing; both meet the same server on the same machine, in turns.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from azure.core.pipeline.transport import AioHttpTransport

from benchmarks.report import Row, print_rows
from benchmarks.state import WORDS
from tests.azurite import Azurite, Server, running, why_not
from tui_labeler.assembly import workbench
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.adapters.blob import container as blob_container
from tui_labeler.engine.adapters.blob.patience import Patience
from tui_labeler.engine.documents.reading import CONCURRENCY
from tui_labeler.engine.errors import ContainerError
from tui_labeler.engine.sharing.syncing import CONCURRENCY as OF_LABELS
from tui_labeler.engine.workbench import NewProject

if TYPE_CHECKING:
    from azure.storage.blob.aio import ContainerClient

    from tui_labeler.engine.session import ProjectSession

COMMAND = "python -m benchmarks.blob"
DOCUMENTS, FEW = 5000, 500
BYTES = 2000
LABELS = 5
"""A document, so that the file that is shared of it has about as many bytes as it."""
ROUNDS = 3
TARGET = 0.8
PROJECT = "bench"


# --- what there is ----------------------------------------------------------------------------------


def texts(count: int) -> dict[str, str]:
    """Seeded texts of :data:`BYTES` bytes, by name."""
    generator = random.Random(count)
    return {
        f"document-{number:06d}.txt": " ".join(generator.choices(WORDS, k=400))[:BYTES]
        for number in range(count)
    }


def labels_file(found: dict[str, str]) -> bytes:
    """Labels of the first words of each document, as an Azure labels file."""

    def of(text: str) -> list[dict[str, Any]]:
        places, at = [], 0
        for word in text.split()[:LABELS]:
            places.append({"category": "Word", "offset": at, "length": len(word)})
            at += len(word) + 1
        return places

    kind = ProjectKind.ENTITIES.value
    documents = [
        {
            "location": name,
            "language": "en-us",
            "entities": [{"regionOffset": 0, "regionLength": len(text), "labels": of(text)}],
        }
        for name, text in found.items()
    ]
    metadata = {"projectKind": kind, "projectName": PROJECT, "multilingual": False, "language": "en-us"}
    return json.dumps(
        {
            "projectFileVersion": "2022-05-01",
            "stringIndexType": "Utf16CodeUnit",
            "metadata": metadata,
            "assets": {"projectKind": kind, "entities": [{"category": "Word"}], "documents": documents},
        }
    ).encode()


# --- the bare loop ----------------------------------------------------------------------------------


async def each(
    items: Iterable[Any], call: Callable[[Any], Awaitable[object]], concurrency: int = CONCURRENCY
) -> None:
    waiting = iter(items)

    async def work() -> None:
        for item in waiting:
            await call(item)

    await asyncio.gather(*(work() for _ in range(concurrency)))


async def bare_download(server: Azurite, container: str, prefix: str = "") -> tuple[float, dict[str, bytes]]:
    """Seconds, and what came."""
    found: dict[str, bytes] = {}
    async with server.client(container) as client:
        began = time.perf_counter()
        if prefix:
            names = [blob.name async for blob in client.list_blobs(name_starts_with=prefix)]
        else:
            names = [blob.name async for blob in client.walk_blobs(delimiter="/") if hasattr(blob, "size")]

        async def get(name: str) -> None:
            found[name] = await (await client.download_blob(name)).readall()

        await each(names, get)
        return time.perf_counter() - began, found


async def bare_upload(client: ContainerClient, content: dict[str, bytes]) -> float:
    """Seconds."""
    began = time.perf_counter()
    await each(content.items(), lambda item: client.upload_blob(item[0], item[1], overwrite=True), OF_LABELS)
    return time.perf_counter() - began


# --- ours -------------------------------------------------------------------------------------------


@asynccontextmanager
async def project(home: Path, server: Azurite, container: str) -> AsyncIterator[tuple[ProjectSession, float]]:
    """A project that was made, or joined, with the seconds that it took: its first sync."""
    new = NewProject(PROJECT, ProjectKind.ENTITIES, server.url(container), categories=("Word",))
    began = time.perf_counter()
    session = (await workbench(home, immediate=True).create(new)).session
    seconds = time.perf_counter() - began
    try:
        yield session, seconds
    finally:
        await session.close()


async def synced(session: ProjectSession) -> float:
    """Seconds of syncing labels."""
    assert session.sharing is not None
    began = time.perf_counter()
    shared = await session.sharing.sync()
    assert not shared.conflicts
    assert not shared.problems
    return time.perf_counter() - began


@contextmanager
def counted() -> Iterator[list[str]]:
    """Every request that goes out meanwhile: its method and what it asks for."""
    seen: list[str] = []
    send = AioHttpTransport.send

    async def counting(self: AioHttpTransport, request: Any, **options: Any) -> Any:
        seen.append("list" if "comp=list" in request.url else request.method)
        return await send(self, request, **options)

    AioHttpTransport.send = counting  # type: ignore[method-assign]
    try:
        yield seen
    finally:
        AioHttpTransport.send = send  # type: ignore[method-assign]


# --- measuring --------------------------------------------------------------------------------------


@dataclass
class Beside:
    """Seconds of ours and of the bare loop, a pair a round."""

    ours: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)

    def row(self, what: str, count: int) -> Row:
        ratio = statistics.median(bare / ours for ours, bare in zip(self.ours, self.bare, strict=True))
        ours, bare = statistics.median(self.ours), statistics.median(self.bare)
        figure = (
            f"{ratio:.2f} of a bare loop's speed ({ours:.1f} s, {count / ours:,.0f}/s; "
            f"bare {bare:.1f} s, {count / bare:,.0f}/s)"
        )
        return Row(what, COMMAND, figure, f"≥ {TARGET}", ratio >= TARGET)


def asked(what: str, seen: list[str], seconds: float, expected: dict[str, int]) -> Row:
    found = {kind: seen.count(kind) for kind in sorted(set(seen))}
    told = ", ".join(f"{number} {kind}" for kind, number in found.items())
    wanted = ", ".join(f"{number} {kind}" for kind, number in expected.items())
    return Row(what, COMMAND, f"{told}; {seconds:.2f} s", wanted, found == expected)


async def one_round(
    base: Path, server: Azurite, container: str, labels: bytes, found: dict[str, Beside]
) -> tuple[int, int]:
    """Two homes on a container that holds documents alone; returns the labels' files and bytes."""
    bare, _ = await bare_download(server, container)
    found["first"].bare.append(bare)
    async with project(base / "ana", server, container) as (ana, seconds):
        found["first"].ours.append(seconds)
        await ana.label_files.read(labels, "labels.json")
        await ana.labeling.save()
        found["share"].ours.append(await synced(ana))
    async with project(base / "bo", server, container) as (bo, seconds):
        assert sum(row.label_count for row in bo.documents.select()) == len(bo.rows) * LABELS
        found["join"].ours.append(seconds)
    more, files = await bare_download(server, container, ".tui-labeler/")
    found["join"].bare.append(bare + more)
    async with server.new_container() as other:
        found["share"].bare.append(await bare_upload(other, files))
    return len(files), sum(len(content) for content in files.values())


async def without_news(base: Path, count: int) -> list[Row]:
    session = await workbench(base / "bo", immediate=True).open(PROJECT)

    async def whole() -> tuple[list[str], float]:
        with counted() as seen:
            began = time.perf_counter()
            await session.documents.sync()
            await synced(session)
            return seen, time.perf_counter() - began

    rows = [asked("a sync with nothing changed", *await whole(), {"list": pages(count) + pages(count + 2)})]
    first = next(iter(session.documents.select()))
    async with server_of(session) as client:
        await client.upload_blob(first.location, b"Another text. " * 140, overwrite=True)
    seen, seconds = await whole()
    expected = {"GET": 1, "list": pages(count) + pages(count + 2)}
    rows.append(asked("a sync with one changed document", seen, seconds, expected))
    await session.close()
    return rows


async def gone(server: Server) -> list[Row]:
    """Seconds until a sync says that nobody answers, with the program's own patience."""
    with tempfile.TemporaryDirectory(prefix="bench-blob-") as name:
        async with server.azurite.new_container() as client:
            await bare_upload(client, {key: text.encode() for key, text in texts(20).items()})
            container = client.container_name
        async with project(Path(name) / "ana", server.azurite, container) as (session, _):
            os.kill(server.azurite.pid, signal.SIGSTOP)
            hung = [await _until_said(session) for _ in range(3)]
            server.kill()
            killed = [await _until_said(session) for _ in range(3)]
    return [
        Row(what, COMMAND, f"{max(taken):.1f} s, the longest of {len(taken)}", "≤ 5 s", max(taken) <= 5)
        for what, taken in (
            ("the server takes connections and never answers: said after", hung),
            ("the server is gone: said after", killed),
        )
    ]


async def _until_said(session: ProjectSession) -> float:
    """Raises ``AssertionError`` when the sync succeeds."""
    began = time.perf_counter()
    try:
        await session.documents.sync()
    except ContainerError:
        return time.perf_counter() - began
    raise AssertionError("the server that was killed has answered")


def pages(count: int) -> int:
    return -(-count // 5000)


def server_of(session: ProjectSession) -> ContainerClient:
    from azure.storage.blob.aio import ContainerClient

    from tui_labeler.engine.adapters.blob.connecting import API_VERSION

    return ContainerClient.from_connection_string(
        os.environ["AZURE_STORAGE_CONNECTION_STRING"],
        session.project.container.rpartition("/")[2],
        api_version=API_VERSION,
    )


async def a_round(
    server: Azurite, content: dict[str, str], labels: bytes, found: dict[str, Beside]
) -> tuple[int, int, list[Row]]:
    """Files of labels, their bytes, and the rows of a sync that has nothing to do."""
    os.environ["AZURE_STORAGE_CONNECTION_STRING"] = server.connection_string
    with tempfile.TemporaryDirectory(prefix="bench-blob-") as name:
        async with server.new_container() as client:
            await bare_upload(client, {key: text.encode() for key, text in content.items()})
            files, size = await one_round(Path(name), server, client.container_name, labels, found)
            return files, size, await without_news(Path(name), len(content))


def measure(count: int) -> list[Row]:
    """Each round has a server of its own: this one cleans up behind itself every ten minutes, and answers
    nobody until it has."""
    content = texts(count)
    labels = labels_file(content)
    found = {name: Beside() for name in ("first", "share", "join")}
    for _ in range(ROUNDS):
        with running() as server:
            files, size, rows = asyncio.run(a_round(server, content, labels, found))
    return [
        found["first"].row(f"first sync of {count:,} documents of {BYTES:,} bytes (download)", count),
        found["share"].row(f"sharing labels: {files:,} files of {size / files:,.0f} bytes (upload)", files),
        found["join"].row(f"joining: the documents, and {files:,} files of labels (download)", count + files),
        *rows,
    ]


def patient() -> Patience:
    """For an emulator that answers one after the other, on a machine that may have other work."""
    return Patience(first=60.0, probe=30.0)


def run(*, quick: bool = False) -> list[Row]:
    if reason := why_not():
        return [Row("containers in Blob storage", COMMAND, f"not measured: {reason}", "", None)]
    server = Server()
    server.start()
    try:
        os.environ["AZURE_STORAGE_CONNECTION_STRING"] = server.azurite.connection_string
        said = asyncio.run(gone(server))
    finally:
        server.kill()
    blob_container.Patience = patient  # type: ignore[misc,assignment]
    return [*measure(FEW if quick else DOCUMENTS), *said]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    print_rows(run(quick=parser.parse_args().quick))
