"""``python -m tui_labeler.surveyor HOME PROJECT``: what jobs would ask, told to the application.

Not for people: requests come as JSON on standard input, what was found goes to standard output.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tui_labeler.engine.typed import decode
from tui_labeler.last_resort import guard, guard_loggers


def main(arguments: list[str]) -> int:
    """Reads requests, writes surveys or the error that there is in place of them."""
    home, project_id = arguments
    guard()
    guard_loggers()
    return asyncio.run(_run(Path(home), project_id, sys.stdin.buffer.read()))


async def _run(home: Path, project_id: str, given: bytes) -> int:
    import msgspec

    from tui_labeler.assembly import surveyor
    from tui_labeler.domain.jobs import JobRequest
    from tui_labeler.engine.errors import LabelerError

    try:
        async with surveyor(home, project_id) as found:
            told = {"surveys": await found.survey(decode(given, list[JobRequest]))}
    except LabelerError as error:
        fields = {"code": error.code, "title": error.title, "message": error.message, "hint": error.hint}
        sys.stdout.buffer.write(msgspec.json.encode({"error": fields}))
        return error.exit_code
    sys.stdout.buffer.write(msgspec.json.encode(told))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
