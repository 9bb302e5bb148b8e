"""``python -m tui_labeler.runner HOME PROJECT JOB``: the process that a job runs in.

Not for people: the application and the command line start it.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import sys
from pathlib import Path

from tui_labeler.last_resort import guard, log_handler

YOUNG = 20_000
"""New values after which garbage is looked for among them; 700 are Python's own choice."""


def main(arguments: list[str]) -> int:
    """Runs one job to its end. Its outcome stands in the job's journal."""
    home, project_id, job_id = arguments
    os.umask(0o077)
    # Thousands of small values live for the time of one answer: looked at less often, most are gone by then.
    gc.set_threshold(YOUNG)
    guard()
    logging.basicConfig(
        level=logging.WARNING, handlers=[log_handler("%(asctime)s %(levelname)s %(message)s")]
    )
    # Interrupting the terminal's foreground group must not reach a runner that shares it.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with asyncio.Runner() as loop:
        code = loop.run(_run(Path(home), project_id, job_id))
        logging.shutdown()
        # Training may go on in a thread, and prediction in worker processes, after a cancel: nobody waits
        # for their result, and closing the loop would. The runner leads its own process group, so all of
        # them go with it.
        if os.getpgid(0) == os.getpid():
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            os.killpg(0, signal.SIGTERM)
        os._exit(code)


async def _run(home: Path, project_id: str, job_id: str) -> int:
    from tui_labeler.assembly import job_runner
    from tui_labeler.engine.errors import LabelerError
    from tui_labeler.engine.wording import in_words

    try:
        runner = await job_runner(home, project_id)
        await runner.run(job_id)
        await runner.container.close()
        await runner.store.close()
    except LabelerError as error:
        logging.error("%s: %s", error.title, in_words(error))
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
