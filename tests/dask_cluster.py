"""A Dask cluster on this machine: one scheduler, and workers that may be killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

PATIENCE = 60.0
"""Seconds for a process to be there."""


@dataclass
class LocalDask:
    """Processes of a cluster; :func:`local_dask` makes one and ends it."""

    folder: Path
    home: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    address: str = ""

    def start_scheduler(self) -> None:
        told = self.folder / "scheduler.json"
        self._start("dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(told))
        deadline = time.monotonic() + PATIENCE
        while not told.exists() or not told.read_bytes().endswith(b"}"):
            assert time.monotonic() < deadline, "the scheduler does not start"
            time.sleep(0.05)
        self.address = json.loads(told.read_bytes())["address"]

    def add_worker(self, **environment: str) -> subprocess.Popen[bytes]:
        """A worker with one thread, that nothing starts again."""
        return self._start(
            "dask_worker",
            self.address,
            "--nthreads",
            "1",
            "--no-nanny",
            "--local-directory",
            str(self.folder),
            **environment,
        )

    def _start(self, program: str, *options: str, **environment: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{program}-{len(self.processes)}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.{program}", *options, "--no-dashboard"],
                env={**os.environ, "TUI_LABELER_HOME": str(self.home), **environment},
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
        self.processes.append(process)
        return process

    def end(self) -> None:
        for process in reversed(self.processes):
            process.send_signal(signal.SIGKILL)
            process.wait()


@contextmanager
def local_dask(folder: Path, home: Path, workers: int = 2) -> Iterator[LocalDask]:
    """A cluster whose workers take settings from ``home``."""
    cluster = LocalDask(folder, home)
    try:
        cluster.start_scheduler()
        for _ in range(workers):
            cluster.add_worker()
        yield cluster
    finally:
        cluster.end()
