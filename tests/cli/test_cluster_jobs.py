"""``autolabel --engine dask``: a scheduler and its workers, as processes of this machine."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from dask import config

from tests.cli.conftest import Cli, azure_labels, letter, write_json
from tests.dask_cluster import LocalDask, local_dask
from tests.terminal.driver import wait_for
from tui_labeler import assembly
from tui_labeler.domain.jobs import Job, JobState, Method
from tui_labeler.engine.adapters.cluster import dask
from tui_labeler.engine.adapters.cluster.connecting import Patience
from tui_labeler.engine.adapters.cluster.work import Labeled
from tui_labeler.engine.adapters.store.jobs import FileJobStore
from tui_labeler.engine.errors import OutsideError
from tui_labeler.engine.ports.cluster import Order, Unread

if TYPE_CHECKING:
    from pathlib import Path

    from tui_labeler.engine.ports import Container

MANY = 300
WAITING = MANY - 16
"""Documents that have no labels; one of them can't be read any more."""
WITH_DASK = ("autolabel", "letters", "--model", "first", "--engine", "dask", "--scheduler")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a model and many documents to label: one of them is gone, and one is no text."""
    folder = tmp_path_factory.mktemp("archive")
    texts = folder / "letters"
    texts.mkdir()
    for number in range(MANY):
        again = 1 if number < 16 else 25
        (texts / f"letter{number:02}.txt").write_bytes(letter(number).encode() * again)
    (texts / "other.txt").write_bytes(b"\xff\xfe\x00")
    labels = write_json(folder / "labels.json", azure_labels(range(16)))
    create = (
        "project",
        "create",
        "letters",
        "--kind",
        "ner",
        "--container",
        str(texts),
        "--labels",
        str(labels),
    )
    for command in (create, ("train", "letters", "--model", "first")):
        run = subprocess.run(
            [sys.executable, "-m", "tui_labeler", "--home", str(folder / "home"), *command],
            capture_output=True,
            check=False,
        )
        assert run.returncode == 0, run
    (texts / "letter99.txt").unlink()
    return folder / "home"


@pytest.fixture
def archive(made: Path, cli: Cli) -> str:
    shutil.copytree(made, cli.home)
    return "letters"


@pytest.fixture
def cluster(tmp_path: Path, cli: Cli) -> Iterator[LocalDask]:
    with local_dask(tmp_path, cli.home) as found:
        yield found


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalDask]:
    """One for tests that leave it as it is."""
    folder = tmp_path_factory.mktemp("standing")
    with local_dask(folder, folder / "home") as found:
        yield found


def suggested(home: Path) -> list[dict[str, Any]]:
    """All suggestions of a home, but for what differs from job to job."""

    async def read() -> list[dict[str, Any]]:
        session = await assembly.workbench(home).open("letters")
        try:
            return [
                {
                    "document": row.location,
                    "category": found.category,
                    "span": found.span,
                    "confidence": found.confidence,
                    "source": found.source,
                    "version": found.version,
                    "text_hash": found.text_hash,
                }
                for row in session.store.state.rows.values()
                for found in session.store.state.document(row.id).suggestions.values()
            ]
        finally:
            await session.close()

    return asyncio.run(read())


def test_workers_suggest_what_this_machine_does(
    cli: Cli, archive: str, standing: LocalDask, tmp_path: Path
) -> None:
    alone = tmp_path / "alone"
    shutil.copytree(cli.home, alone)
    there = cli(*WITH_DASK, standing.address, "--json").json
    here = cli("autolabel", "letters", "--model", "first", "--home", str(alone), "--json").json
    same = ("state", "documents", "text_records", "suggestions", "failed")
    assert {key: there[key] for key in same} == {key: here[key] for key in same}
    assert there["documents"] == WAITING
    assert [item["error"] for item in there["failed"]] == ["gone"]
    found = suggested(cli.home)
    assert len(found) > MANY
    assert found == suggested(alone)


def shown(cli: Cli, project: str, job: str) -> Any:
    return cli("job", "show", project, job, "--json").json


def has_answers(home: Path, job: str) -> bool:
    """Looked at on the disk: until a command has told of it, a job may be at its end."""
    return any(path.stat().st_size for path in home.glob(f"projects/*/jobs/{job}/answers.jsonl"))


def test_a_worker_that_is_killed_costs_nothing_but_time(
    cli: Cli, archive: str, cluster: LocalDask, tmp_path: Path
) -> None:
    alone = tmp_path / "alone"
    shutil.copytree(cli.home, alone)
    job = cli(*WITH_DASK, cluster.address, "--detach", "--json").json["job_id"]
    wait_for(partial(has_answers, cli.home, job), "a first part is done")
    cluster.processes[1].send_signal(signal.SIGKILL)
    wait_for(lambda: shown(cli, archive, job)["state"] not in ("running", "queued"), "the job has ended")
    done = shown(cli, archive, job)
    assert (done["state"], done["documents"]) == ("partially completed", WAITING)
    assert cli("autolabel", "letters", "--model", "first", "--home", str(alone)).code == 1
    assert suggested(cli.home) == suggested(alone)


def test_when_all_workers_are_lost_others_do_what_is_left(
    cli: Cli, archive: str, cluster: LocalDask, tmp_path: Path
) -> None:
    job = cli(*WITH_DASK, cluster.address, "--detach", "--json").json["job_id"]
    wait_for(partial(has_answers, cli.home, job), "a first part is done")
    for process in cluster.processes[1:]:
        process.send_signal(signal.SIGKILL)
        process.wait()
    cluster.add_worker()
    done = cli("job", "resume", archive, job, "--json")
    assert (done.json["state"], done.json["documents"]) == ("partially completed", WAITING)


def test_a_job_without_its_scheduler_fails_and_goes_on_once_there_is_one(
    cli: Cli, archive: str, cluster: LocalDask
) -> None:
    job = cli(*WITH_DASK, cluster.address, "--detach", "--json").json["job_id"]
    wait_for(partial(has_answers, cli.home, job), "a first part is done")
    for process in cluster.processes:
        process.send_signal(signal.SIGKILL)
        process.wait()
    failed = cli("job", "resume", archive, job, "--json")
    assert failed.code == 3, failed
    assert failed.json["state"] == "failed"
    assert failed.error["hint"].count("job resume") == 1


def test_a_job_with_a_mistaken_scheduler_goes_on_with_the_right_one(
    cli: Cli, archive: str, standing: LocalDask
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        answering = threading.Thread(target=say_at_once, args=(other, b"HTTP/1.1 400 Bad Request\r\n\r\n"))
        answering.start()
        mistaken = f"tcp://127.0.0.1:{other.getsockname()[1]}"
        failed = cli(*WITH_DASK, mistaken, "--limit", "4", "--json")
        answering.join()
    assert (failed.code, failed.json["state"]) == (3, "failed")
    assert failed.error["message"].startswith(f"No Dask scheduler answers at {mistaken}")
    job = failed.json["job_id"]
    hint = (
        "Start one there, or name the right one with --scheduler, tcp://10.0.0.5:8786, say. "
        f"`job resume` goes on with job {job} once that is mended."
    )
    assert failed.error["hint"] == hint
    assert shown(cli, archive, job)["hint"] == hint
    assert cli("job", "resume", archive, job, "--scheduler", "").code == 2
    done = cli("job", "resume", archive, job, "--scheduler", standing.address, "--json").json
    assert (done["state"], done["documents"]) == ("succeeded", 4)
    (events,) = cli.home.glob(f"projects/*/jobs/{job}/events.jsonl")
    assert f'"scheduler":"{standing.address}"' in events.read_text()


def say_at_once(server: socket.socket, words: bytes) -> None:
    """What another server says to whoever comes first."""
    there, _ = server.accept()
    with there:
        there.sendall(words)
        # Until the other side has had enough.
        while there.recv(1000):
            pass


def test_a_job_of_this_machine_takes_no_scheduler(cli: Cli, archive: str) -> None:
    done = cli("autolabel", archive, "--model", "first", "--limit", "1", "--json").json["job_id"]
    refused = cli("job", "resume", archive, done, "--scheduler", "tcp://127.0.0.1:1")
    assert refused.code == 2
    assert "is not labeled on a cluster" in refused.err


def container_of_that_machine(address: str) -> Container:
    """Every machine mounts what it mounts."""
    import os
    from pathlib import Path

    from tui_labeler.engine.adapters.folder import FolderContainer

    return FolderContainer(Path(os.environ.get("MOUNTED", address)))


async def run_there(home: Path, job: str, workers: int) -> Job:
    """Runs a job in this process, on workers that may mount something else, once all are there."""

    async def connect(scheduler: str) -> dask.DaskCluster:
        found = await dask.DaskCluster.connect(scheduler, container_of_that_machine)
        await asyncio.to_thread(found._client.wait_for_workers, workers)
        return found

    (project,) = (path.name for path in (home / "projects").iterdir() if path.is_dir())
    runner = replace(await assembly.job_runner(home, project), clusters=connect)
    try:
        return await runner.run(job)
    finally:
        await runner.container.close()
        await runner.store.close()


async def asked_for(home: Path, scheduler: str) -> str:
    """A job for all documents that nobody has begun."""
    session = await assembly.workbench(home).open("letters")
    try:
        rows = [row for row in session.store.state.rows.values() if "other" not in row.location][16:]
        request = await session.jobs.requests.autolabel(
            rows, Method("model", model="first"), scheduler=scheduler
        )
    finally:
        await session.close()
    (folder,) = (path for path in (home / "projects").iterdir() if path.is_dir())
    await FileJobStore(folder / "jobs", assembly.now).create(request)
    return request.id


@pytest.mark.parametrize("mounted", ["nothing", "an empty folder"])
async def test_a_worker_that_does_not_see_the_documents_is_named_and_others_are_asked(
    cli: Cli, archive: str, tmp_path: Path, mounted: str
) -> None:
    mount = tmp_path / "mount"
    if mounted != "nothing":
        mount.mkdir()
    with local_dask(tmp_path, cli.home, workers=0) as cluster:
        cluster.add_worker(MOUNTED=str(mount))
        alone = await run_there(cli.home, await asked_for(cli.home, cluster.address), 1)
        assert alone.state is JobState.FAILED
        assert f" ({socket.gethostname()})" in alone.message
        if mounted == "nothing":
            assert alone.message.startswith("The worker tcp://127.0.0.1:")
            assert "under the same path, or end that worker" in alone.hint
        else:
            assert "the worker tcp://127.0.0.1:" in alone.message
            assert "check what is mounted there" in alone.message
            assert {item.error for item in alone.failed} == {"not_seen", "gone"}
        cluster.add_worker()
        both = await run_there(cli.home, await asked_for(cli.home, cluster.address), 2)
        assert both.state is JobState.PARTIALLY_COMPLETED
        assert [(item.location, item.error) for item in both.failed] == [("letter99.txt", "gone")]


def test_a_cancel_is_felt_though_workers_do_not_answer(cli: Cli, archive: str, cluster: LocalDask) -> None:
    job = cli(*WITH_DASK, cluster.address, "--detach", "--json").json["job_id"]
    (folder,) = cli.home.glob(f"projects/*/jobs/{job}")
    asked = b"labeling on a cluster"
    wait_for(lambda: any(asked in path.read_bytes() for path in folder.glob("*.jsonl")), "workers are asked")
    for process in cluster.processes[1:]:
        process.send_signal(signal.SIGSTOP)
    ended = cli("job", "cancel", archive, job, "--json").json
    assert ended["state"] == "cancelled"
    for process in cluster.processes[1:]:
        process.send_signal(signal.SIGCONT)
    rest = cli("job", "resume", archive, job, "--json").json
    assert (rest["state"], rest["documents"]) == ("partially completed", WAITING)


async def test_a_cluster_without_workers_is_refused(tmp_path: Path) -> None:
    with (
        local_dask(tmp_path, tmp_path, workers=0) as cluster,
        pytest.raises(OutsideError, match="no workers"),
    ):
        await dask.DaskCluster.connect(cluster.address, assembly.container_here, Patience(start=0.5))


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "tls://127.0.0.1:1", "foo://127.0.0.1:1", "here"])
async def test_what_is_no_scheduler_is_refused(address: str) -> None:
    with pytest.raises(OutsideError, match=f"No Dask scheduler answers at {address}"):
        await dask.DaskCluster.connect(address, assembly.container_here, Patience(connect=0.5))


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (b"", "nothing said to be one within 1 seconds"),
        (b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", "what is there is something else"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "what is there is something else"),
        ((1 << 20).to_bytes(8, "little") + b"x" * 99, "nothing said to be one within 1 seconds"),
        (bytes(4000), "what is there is something else"),
        (b"".join(n.to_bytes(8, "little") for n in (100, 1, 84)) + b"\xff" * 84, "something else"),
    ],
    ids=["silent", "web", "ssh", "half", "zeros", "junk"],
)
async def test_another_server_than_a_scheduler_is_told_from_one(said: bytes, words: str) -> None:
    talks: list[asyncio.StreamWriter] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.append(writer)
        writer.write(said)

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        with pytest.raises(OutsideError, match="No Dask scheduler answers at") as caught:
            await dask.DaskCluster.connect(
                f"tcp://127.0.0.1:{port}", assembly.container_here, Patience(connect=1.0)
            )
        for writer in talks:
            writer.close()
    assert words in caught.value.message
    assert "--scheduler" in caught.value.hint
    assert "press R" in caught.value.on_screen


async def test_the_address_of_a_worker_is_told_from_its_scheduler_s(standing: LocalDask) -> None:
    found = await dask.DaskCluster.connect(standing.address, assembly.container_here)
    worker = next(iter(found._client.ncores()))
    await found.close()
    with pytest.raises(OutsideError, match="a worker does"):
        await dask.DaskCluster.connect(worker, assembly.container_here)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--model", "first", "--scheduler", "tcp://x:1"), "--scheduler goes with --engine dask"),
        (("--model", "first", "--engine", "dask"), "needs --scheduler"),
        (("--model", "first", "--engine", "dask", "--scheduler", ""), "--scheduler is empty"),
        (("--model", "first", "--engine", "dask", "--scheduler", " "), "--scheduler is empty"),
        (("--resource", "work", "--engine", "dask", "--scheduler", "tcp://x:1"), "goes with --model"),
        (("--model", "first", "--engine", "spark"), "invalid choice"),
    ],
)
def test_engines_that_do_not_fit_are_refused(cli: Cli, options: tuple[str, ...], words: str) -> None:
    refused = cli("autolabel", "letters", *options)
    assert refused.code == 2
    assert words in refused.err


class Watcher:
    """Gives work to a cluster, and keeps what it hears."""

    def __init__(self, gone: bool = False) -> None:
        self.heard: list[tuple[int, tuple[str, ...]]] = []
        self.waits = asyncio.Event()
        self.gone = gone

    async def at_work(self, slots: int, left_out: Sequence[str]) -> None:
        self.heard.append((slots, tuple(left_out)))
        if not slots:
            self.waits.set()

    async def is_gone(self, unread: Unread) -> bool:
        return self.gone


async def labeled(found: dask.DaskCluster, parts: int, giver: Watcher) -> list[Any]:
    given: list[list[Unread]] = [[] for _ in range(parts)]
    return [part async for part in found.label(Order("texts", {}, "", {}), given, giver)]


async def refused(cluster: LocalDask, leave: Callable[[dask.DaskCluster], None]) -> OutsideError:
    """Why one part was not labeled, after something was done to those that were to do it."""
    found = await dask.DaskCluster.connect(cluster.address, assembly.container_here)
    try:
        leave(found)
        with pytest.raises(OutsideError) as caught:
            await labeled(found, 1, Watcher())
        return caught.value
    finally:
        await found.close()


async def test_what_one_worker_alone_is_given_is_done_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def where(open_container: object, order: Order, number: int, part: object) -> Labeled:
        return Labeled(number, "", "", ((os.getpid(), order.container),))  # type: ignore[arg-type]

    monkeypatch.setattr(dask, "label_part", where)
    with local_dask(tmp_path, tmp_path, workers=1) as cluster:
        found = await dask.DaskCluster.connect(cluster.address, assembly.container_here)
        try:
            done = await labeled(found, 3, Watcher())
        finally:
            await found.close()
        assert done == [[(cluster.processes[1].pid, "texts")]] * 3


async def test_a_time_out_of_the_work_itself_is_told_from_a_cluster_without_workers(
    standing: LocalDask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def late(*given: Any) -> None:
        raise TimeoutError("the disk sleeps")

    monkeypatch.setattr(dask, "label_part", late)
    error = await refused(standing, lambda _: None)
    assert error.message.endswith("has waited in vain: the disk sleeps")


async def left_by_all(
    cluster: LocalDask,
    monkeypatch: pytest.MonkeyPatch,
    start: float,
    giver: Watcher,
    leaving: slice = slice(1, None),
) -> tuple[dask.DaskCluster, asyncio.Task[list[Any]]]:
    """A job whose workers are killed while each has a part that takes for ever; or others of the cluster."""
    begun = cluster.folder / "begun"

    def slow(open_container: object, order: Order, number: int, part: object) -> Labeled:
        import time

        if not (cluster_folder / "quick").exists():
            (cluster_folder / "begun").touch()
            time.sleep(1000)
        return Labeled(number, "", "", (number,))  # type: ignore[arg-type]

    cluster_folder = cluster.folder
    monkeypatch.setattr(dask, "label_part", slow)
    found = await dask.DaskCluster.connect(cluster.address, assembly.container_here)
    # Not before it was joined: on a busy machine workers take their time to come.
    found._patience = Patience(start=start, look=0.1)
    job = asyncio.create_task(labeled(found, 3, giver))
    await asyncio.to_thread(wait_for, begun.exists, "a worker is at it")
    for process in cluster.processes[leaving]:
        process.send_signal(signal.SIGKILL)
        process.wait()
    return found, job


async def test_a_job_that_all_workers_have_left_says_so_and_fails_in_the_end(
    cluster: LocalDask, monkeypatch: pytest.MonkeyPatch
) -> None:
    giver = Watcher()
    found, job = await left_by_all(cluster, monkeypatch, 1.0, giver)
    try:
        with pytest.raises(OutsideError, match="has no workers, and none came within 1 seconds") as caught:
            await job
    finally:
        await found.close()
    assert giver.heard[-1] == (0, ())
    assert "Start the scheduler and its workers" in caught.value.hint


async def test_a_scheduler_that_ends_amid_the_work_is_told_in_plain_words(
    cluster: LocalDask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(config.get("distributed.comm.timeouts"), "connect", "200ms")
    found, job = await left_by_all(cluster, monkeypatch, 3600.0, Watcher(), slice(1))
    try:
        with pytest.raises(OutsideError) as caught:
            await job
    finally:
        await found.close()
    assert caught.value.message == f"The scheduler at {cluster.address} does not answer any more."
    assert caught.value.hint == "Start the scheduler and its workers (docs/scaling.md)."


async def test_a_worker_that_comes_in_time_goes_on_where_all_have_left(
    cluster: LocalDask, monkeypatch: pytest.MonkeyPatch
) -> None:
    giver = Watcher()
    found, job = await left_by_all(cluster, monkeypatch, 3600.0, giver)
    try:
        await giver.waits.wait()
        (cluster.folder / "quick").touch()
        cluster.add_worker()
        assert sorted(await job) == [[0], [1], [2]]
    finally:
        await found.close()
    assert giver.heard[-1] == (1, ())


async def test_a_scheduler_that_ends_before_the_work_begins_is_told(
    cluster: LocalDask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def go(found: dask.DaskCluster) -> None:
        cluster.processes[0].send_signal(signal.SIGKILL)
        cluster.processes[0].wait()
        monkeypatch.setitem(config.get("distributed.comm.timeouts"), "connect", "200ms")

    error = await refused(cluster, go)
    assert error.message == f"The scheduler at {cluster.address} does not answer any more."
    assert "Start the scheduler" in error.hint
