"""What every test relies on."""

from __future__ import annotations

import gc
import os
import signal
import sys

import pytest
from hypothesis import HealthCheck, settings

from tests.azurite import azurite
from tests.local_llm import azure_local_llm, local_llm

__all__ = ["azure_local_llm", "azurite", "local_llm"]

# Groups of tests are handed to processes one by one, in the order in which they are collected: those that
# take longest go first, so that no process works on one of them alone at the end.
LONGEST_FIRST = ("tests/screens/test_every_screen.py", "tests/terminal/", "tests/durability/", "tests/cli/")

# What tests of a file share is made once where they stay together; these share nothing, and are many.
APART = ("tests/screens/test_every_screen.py",)
GROUPS = 8

# The program is started hundreds of times. Where this is set, each start would compile all of it anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# The same examples in every run, and no verdict by the clock: a busy machine is slow.
settings.register_profile(
    "repeatable", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("fuzz", settings.get_profile("repeatable"), derandomize=False, max_examples=5000)
settings.load_profile("repeatable")


def pytest_collection_finish() -> None:
    """Looking for cycles takes a quarter of the time of a run whose applications come and go by the thousand:
    what was imported stays anyway, and the rest is looked through less often."""
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)


@pytest.fixture(scope="session", autouse=True)
def _hang_ups_end_children() -> None:
    """Whoever runs the tests may have let them ignore a hang-up (``nohup``), and children inherit that."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        found = (at for at, part in enumerate(LONGEST_FIRST) if item.nodeid.startswith(part))
        return next(found, len(LONGEST_FIRST))

    items.sort(key=place)
    for at, item in enumerate(items):
        file = item.nodeid.partition("::")[0]
        item.add_marker(pytest.mark.xdist_group(f"{file}-{at % GROUPS}" if file in APART else file))
