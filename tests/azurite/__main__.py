"""Installs the emulator where it is not there, or with ``--install``; ``--serve PORT`` runs it."""

from __future__ import annotations

import argparse
import signal
import sys

from tests.azurite import install, running, why_not


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.azurite", description=__doc__)
    parser.add_argument("--serve", metavar="PORT", type=int, help="run it there, in memory")
    parser.add_argument("--install", action="store_true", help="also where some version is there")
    options = parser.parse_args()
    if options.install or why_not():
        install()
    if options.serve is not None:
        with running(options.serve) as server:
            sys.stdout.write(f"{server.connection_string}\n")
            sys.stdout.flush()
            signal.sigwait({signal.SIGINT, signal.SIGTERM})
    return 0


if __name__ == "__main__":
    sys.exit(main())
