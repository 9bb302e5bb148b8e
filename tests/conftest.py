"""What every test relies on."""

from __future__ import annotations

import signal

import pytest

from tests.azurite import azurite
from tests.local_llm import azure_local_llm, local_llm

__all__ = ["azure_local_llm", "azurite", "local_llm"]


@pytest.fixture(scope="session", autouse=True)
def _hang_ups_end_children() -> None:
    """Whoever runs the tests may have let them ignore a hang-up (``nohup``), and children inherit that."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
