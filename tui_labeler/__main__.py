"""``python -m tui_labeler`` is the ``tui-labeler`` command."""

import sys

from tui_labeler.last_resort import guard


def main() -> int:
    """Runs the command that the process was started with. Returns its exit code."""
    guard()
    from tui_labeler.cli.main import main

    return main()


if __name__ == "__main__":
    sys.exit(main())
