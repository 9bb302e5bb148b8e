"""A runner's process that waits a hundredth of what a real one does before it asks again.

An answer may take as many seconds as the file ``patience`` in the home says.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

from tui_labeler import runner
from tui_labeler.engine.adapters.chat import connecting
from tui_labeler.engine.autolabelers import asking, pacing


def main(arguments: list[str]) -> int:
    """As :func:`tui_labeler.runner.main`."""
    asking.FIRST_WAIT, pacing.FIRST_PAUSE = 0.01, 0.01
    asking.LOOK_AGAIN = (0.1, 0.2)
    pacing.EARLY_STEADY, pacing.EARLY_GROWTH = 0.1, 2.0
    seconds = float((Path(arguments[0]) / "patience").read_text())
    connecting.ResourceDeployments = partial(connecting.ResourceDeployments, seconds=seconds)  # type: ignore[misc,assignment]
    return runner.main(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
