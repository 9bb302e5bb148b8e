"""Runners: processes that outlive the terminal that starts them."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import ClassVar

from tui_labeler.engine.adapters.store.files import storage_errors


class ProcessLauncher:
    """A :class:`~tui_labeler.engine.ports.Launcher` that starts ``python -m tui_labeler.runner``.

    The process has a session of its own, so that the hang-up of the terminal does not reach it, and nothing
    of the terminal's: its words go to ``runner.log`` in the job's folder.
    """

    program: ClassVar[tuple[str, ...]] = (sys.executable, "-m", "tui_labeler.runner")
    """What is started with the home, the project's id and the job's id."""

    def __init__(self, home: Path) -> None:
        self._home = home.absolute()

    async def launch(self, project_id: str, job_id: str) -> int:
        return await asyncio.to_thread(self._launch, project_id, job_id)

    def _launch(self, project_id: str, job_id: str) -> int:
        log = self._home / "projects" / project_id / "jobs" / job_id / "runner.log"
        with storage_errors(log):
            descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            try:
                child = subprocess.Popen(
                    [*self.program, str(self._home), project_id, job_id],
                    stdin=subprocess.DEVNULL,
                    stdout=descriptor,
                    stderr=descriptor,
                    start_new_session=True,
                    # Where the package is found, installed or not; the terminal's folder may go away.
                    cwd=Path(__file__).parents[3],
                    # What its threads let go of is used by all of them: the GNU C library gives each a heap
                    # of its own otherwise, and a long job grows by what is free in those.
                    env={"MALLOC_ARENA_MAX": "1", **os.environ},
                )
            finally:
                os.close(descriptor)
        # Whoever started a process must take note of its end, or it stays in the table of processes.
        threading.Thread(target=child.wait, name=f"runner {child.pid}", daemon=True).start()
        return child.pid
