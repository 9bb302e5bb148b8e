"""What every test relies on."""

from __future__ import annotations

import signal

import pytest
from hypothesis import HealthCheck, settings

from tests.azurite import azurite
from tests.local_llm import azure_local_llm, local_llm

__all__ = ["azure_local_llm", "azurite", "local_llm"]

# The same examples in every run, and no verdict by the clock: a busy machine is slow.
settings.register_profile(
    "repeatable", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("fuzz", settings.get_profile("repeatable"), derandomize=False, max_examples=5000)
settings.load_profile("repeatable")


@pytest.fixture(scope="session", autouse=True)
def _hang_ups_end_children() -> None:
    """Whoever runs the tests may have let them ignore a hang-up (``nohup``), and children inherit that."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
