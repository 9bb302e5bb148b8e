"""Kills the real program and looks whether anything that it showed as made is missing.

``python -m tests.durability.whole --kills 200 --seed 1`` works in a folder of its own and prints what it
found; it ends with 1 when something was lost. ``--fault NAME`` puts a fault into the program, which must be
found.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

from tests.durability.looking import LostError
from tests.durability.whole.acts import ACTS, possible
from tests.durability.whole.faults import FAULTS
from tests.durability.whole.ground import ground
from tests.durability.whole.rounds import Rounds


def main(arguments: list[str]) -> int:
    """Ends with 0 when nothing was lost."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fault", choices=sorted(FAULTS), default="")
    parser.add_argument("--act", choices=sorted(ACTS), action="append", help="only these")
    parser.add_argument("--no-storage", action="store_true", help="without an emulator of Blob storage")
    parser.add_argument("--keep", type=Path, help="where the folder is made, and stays")
    given = parser.parse_args(arguments)
    # Whoever started this may ignore hang-ups (``nohup``), and children inherit that.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    folder = tempfile.mkdtemp(dir=given.keep) if given.keep else ""
    with (
        tempfile.TemporaryDirectory() as temporary,
        ground(Path(folder or temporary).resolve(), storage=not given.no_storage) as it,
    ):
        rounds = Rounds(it, random.Random(given.seed), given.fault)
        return run(rounds, given.kills, given.act or list(ACTS), given.seed)


def run(rounds: Rounds, kills: int, names: list[str], seed: int) -> int:
    began = time.monotonic()
    try:
        while rounds.kills < kills:
            chosen = possible(rounds, names)
            name = rounds.draw.choices(chosen, [ACTS[each].weight for each in chosen])[0]
            ACTS[name].do(rounds)
    except (AssertionError, OSError) as error:
        if not isinstance(error, LostError):
            traceback.print_exc()
        print(f"LOST (seed {seed}) while {rounds.doing}: {error}")  # noqa: T201
        return 1
    finally:
        for name, count in sorted(rounds.counts.items()):
            print(f"{count:6} {name}")  # noqa: T201
        print(f"{time.monotonic() - began:.1f} s")  # noqa: T201
    print(f"{rounds.kills} kills, seed {seed}: nothing was lost")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
