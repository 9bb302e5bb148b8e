"""What is counted and not timed: nothing lost, nothing invented, no other error. Tests and tools keep it.

``python -m benchmarks.kept [--quick]`` runs them; a row says what each run has to end with.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.report import Row, print_rows

COMMAND = "python -m benchmarks.kept"
ROOT = Path(__file__).parents[1]
TEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "--timeout", "3600")


@dataclass(frozen=True, slots=True)
class Promise:
    what: str
    target: str
    arguments: tuple[str, ...]
    """Of the interpreter."""
    quick: tuple[str, ...] = ()
    """In their place for a short run."""
    given: dict[str, str] = field(default_factory=dict)
    """Variables of the environment in a long run."""


PROMISES = (
    Promise(
        "the program killed at random moments, at its terminal and at its commands",
        "200 kills, nothing missing",
        ("-m", "tests.durability.whole", "--kills", "200", "--seed", "1"),
        ("-m", "tests.durability.whole", "--kills", "10", "--seed", "1"),
    ),
    Promise(
        "people and jobs killed at random moments, without a terminal",
        "200 kills, nothing missing",
        ("-m", "tests.durability.harness", "--kills", "200"),
        ("-m", "tests.durability.harness", "--kills", "10"),
    ),
    Promise(
        "syncs broken off: the line cut, the server killed",
        "100 times, nothing missing",
        ("-m", "tests.durability.storms", "--times", "100"),
        ("-m", "tests.durability.storms", "--times", "5"),
    ),
    Promise(
        "four processes with 250 decisions each on one project",
        "1,000 decisions",
        (*TEST, "tests/durability/test_sharing.py"),
    ),
    Promise(
        "label files, mutated: a result or an error in words, none takes long",
        "100,000 files",
        ("-m", "tests.formats.fuzz", "--inputs", "100000", "--seed", "20261122"),
        ("-m", "tests.formats.fuzz", "--inputs", "2000", "--seed", "20261122"),
    ),
    Promise(
        "what else others wrote, mutated: settings, state, shared files, replies, answers",
        "100,000 inputs, ≤ 1 s for 1 MB",
        ("-m", "tests.hostile.readers", "--inputs", "100000", "--seed", "20261122", "--most", "1"),
        ("-m", "tests.hostile.readers", "--inputs", "2000", "--seed", "20261122", "--most", "1"),
    ),
    Promise(
        "a full disk, a home that may only be read, a newer version's, a clock that goes back",
        "said in words, what was there stays",
        (*TEST, "tests/terminal/test_bad_places.py"),
    ),
    Promise(
        "the terminal goes on 30 screens: closed, SIGHUP, SIGTERM",
        "nothing missing, the process ends",
        (*TEST, "tests/terminal/test_endings.py", "-k", "wherever"),
        given={"TUI_LABELER_ENDINGS": "all"},
    ),
    Promise(
        "terminals of any kind: 80x24, tmux, screen, TERM=linux, 16 colours, NO_COLOR, LANG=C, another size, "
        "stopped and resumed",
        "labels are made, and drawn as it can",
        (
            *TEST,
            *(f"tests/terminal/test_{name}.py" for name in ("kinds", "sizes", "multiplexers")),
        ),
    ),
    Promise(
        "a home: for its owner alone, repaired by hand, written by an older version",
        "0700 and 0600; what was repaired counts; it is migrated",
        (
            *TEST,
            "tests/cli/test_permissions.py",
            "tests/adapters/store/test_files.py",
            "tests/adapters/store/test_project_store.py",
            "-k",
            "umask or others_may or repaired or migrations",
        ),
    ),
    Promise(
        "a container's server that is gone or at fault",
        "said, work goes on, the next sync catches up",
        (*TEST, "tests/cli/test_blob_faults.py"),
    ),
    Promise(
        "every byte to the terminal, and of commands, where names and texts are hostile",
        "only words",
        (*TEST, "tests/terminal/test_hostile.py", "tests/cli/test_hostile_words.py"),
    ),
    Promise(
        "a document that gives orders to a model that obeys; a key that a server repeats",
        "at worst a suggestion on text that is there; the key nowhere",
        (
            *TEST,
            "tests/cli/test_prompt_injection.py",
            "tests/cli/test_gpt_jobs.py",
            "-k",
            "worst or keys",
        ),
    ),
    Promise(
        "archives that lead out or unpack to too much, formulas for a spreadsheet",
        "refused; text here",
        (*TEST, "tests/formats/test_archive.py", "tests/formats/test_csv.py"),
    ),
    Promise(
        "servers of language models that lie about their answers, or never end them",
        "told in words, memory bounded",
        (*TEST, "tests/hostile/test_servers.py", "tests/hostile/test_batches.py"),
    ),
    Promise(
        "models that are cut, changed, or pickles",
        "refused, nothing runs",
        (*TEST, "tests/adapters/estimators/test_files.py"),
    ),
    Promise(
        "two people on one container: what both made differently",
        "shown to a person, nothing overwritten",
        (*TEST, "tests/engine/sharing/test_merging_properties.py", "tests/terminal/test_sharing.py"),
    ),
    Promise(
        "a deployment's answers with three faults in ten, of all kinds",
        "labeled as without, or failed for the true reason",
        (*TEST, "tests/cli/test_gpt_jobs.py", "-k", "three_faults_in_ten"),
    ),
    Promise(
        "no kept answer is asked for again after a kill",
        "25 kills",
        (*TEST, "tests/cli/test_gpt_jobs.py", "-k", "kill"),
        given={"TUI_LABELER_KILLS": "25"},
    ),
    Promise(
        "2,500 spans with known places, as models copy them: exactly right, none invented",
        "≥ 99 %, none",
        (*TEST, "tests/engine/autolabelers/test_placing_planted.py"),
    ),
)


def kept(promise: Promise, *, quick: bool) -> Row:
    arguments = promise.quick if quick and promise.quick else promise.arguments
    given = {} if quick else promise.given
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, **given},
        capture_output=True,
        text=True,
        check=False,
    )
    said = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    last = re.sub(r"\s+", " ", said[-1].strip("= ")) if said else "nothing was said"
    variables = "".join(f"{name}={value} " for name, value in given.items())
    shown = " ".join(each for each in arguments if each not in TEST[2:])
    figure = f"{last} (`{variables}python {shown}`)".replace("|", "/")
    return Row(promise.what, COMMAND, figure, promise.target, done.returncode == 0 and "skipped" not in last)


def run(*, quick: bool = False) -> list[Row]:
    return [kept(promise, quick=quick) for promise in PROMISES]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    print_rows(run(quick=parser.parse_args().quick))
