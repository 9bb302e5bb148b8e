"""``autolabel --engine dask``: a scheduler and its workers, as processes of this machine."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from dask import config

from tests.cli.conftest import Cli, azure_labels, letter, write_json
from tests.dask_cluster import LocalDask, local_dask
from tests.terminal.driver import wait_for
from tui_labeler import assembly
from tui_labeler.engine.adapters.cluster import dask
from tui_labeler.engine.errors import OutsideError
from tui_labeler.engine.ports.cluster import Order

if TYPE_CHECKING:
    from pathlib import Path

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
    cli: Cli, archive: str, cluster: LocalDask, tmp_path: Path
) -> None:
    alone = tmp_path / "alone"
    shutil.copytree(cli.home, alone)
    there = cli(*WITH_DASK, cluster.address, "--json").json
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
    assert "job resume" in failed.error["hint"]


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


async def test_a_cluster_without_workers_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask, "START", 0.5)
    with (
        local_dask(tmp_path, tmp_path, workers=0) as cluster,
        pytest.raises(OutsideError, match="no workers"),
    ):
        await dask.DaskCluster.connect(cluster.address, assembly.container_here)


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "tls://127.0.0.1:1"])
async def test_what_is_no_scheduler_is_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask, "CONNECT", 0.5)
    with pytest.raises(OutsideError, match="can't be reached"):
        await dask.DaskCluster.connect(address, assembly.container_here)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--model", "first", "--scheduler", "tcp://x:1"), "--scheduler goes with --engine dask"),
        (("--model", "first", "--engine", "dask"), "needs --scheduler"),
        (("--resource", "work", "--engine", "dask", "--scheduler", "tcp://x:1"), "goes with --model"),
        (("--model", "first", "--engine", "spark"), "invalid choice"),
    ],
)
def test_engines_that_do_not_fit_are_refused(cli: Cli, options: tuple[str, ...], words: str) -> None:
    refused = cli("autolabel", "letters", *options)
    assert refused.code == 2
    assert words in refused.err


async def refused(cluster: LocalDask, leave: Callable[[dask.DaskCluster], None]) -> OutsideError:
    """Why one part was not labeled, after something was done to those that were to do it."""
    found = await dask.DaskCluster.connect(cluster.address, assembly.container_here)
    try:
        leave(found)
        with pytest.raises(OutsideError) as caught:
            async for _ in found.label(Order("", {}, "", {}), [[]]):
                pass
        return caught.value
    finally:
        await found.close()


async def test_what_one_worker_alone_is_given_is_done_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def where(open_container: object, order: Order, number: int, part: object) -> tuple[int, list[Any]]:
        return number, [(os.getpid(), order.container)]

    monkeypatch.setattr(dask, "label_part", where)
    with local_dask(tmp_path, tmp_path, workers=1) as cluster:
        found = await dask.DaskCluster.connect(cluster.address, assembly.container_here)
        try:
            done: list[Any] = [part async for part in found.label(Order("texts", {}, "", {}), [[], [], []])]
        finally:
            await found.close()
        assert done == [[(cluster.processes[1].pid, "texts")]] * 3


async def test_a_time_out_of_the_work_itself_is_told_from_a_cluster_without_workers(
    cluster: LocalDask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def late(*given: Any) -> None:
        raise TimeoutError("the disk sleeps")

    monkeypatch.setattr(dask, "label_part", late)
    error = await refused(cluster, lambda _: None)
    assert error.message.endswith("has waited in vain: the disk sleeps")


async def test_a_cluster_that_its_workers_have_left_has_none(
    cluster: LocalDask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def go(found: dask.DaskCluster) -> None:
        # Not before it was joined: on a busy machine workers take their time to come.
        monkeypatch.setattr(dask, "START", 1.0)
        for process in cluster.processes[1:]:
            process.send_signal(signal.SIGKILL)
        wait_for(lambda: found.workers == 0, "the workers are gone")

    assert "has no workers" in (await refused(cluster, go)).message


async def test_a_scheduler_that_ends_before_the_work_begins_is_told(
    cluster: LocalDask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def go(found: dask.DaskCluster) -> None:
        cluster.processes[0].send_signal(signal.SIGKILL)
        cluster.processes[0].wait()
        monkeypatch.setitem(config.get("distributed.comm.timeouts"), "connect", "200ms")
        with pytest.raises(OutsideError, match="does not answer any more"):
            _ = found.workers

    error = await refused(cluster, go)
    assert error.message.startswith(f"The cluster at {cluster.address} has lost what it was given")
    assert "job resume" in error.hint
