"""Threads that meet at a class's first use."""

from __future__ import annotations

import subprocess
import sys

import pytest

MEETING = """
import sys, threading
sys.setswitchinterval(1e-6)
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.rows import to_document
from tui_labeler.engine.errors import StorageError

together = threading.Barrier(8)
found = []

def read():
    together.wait()
    found.append(to_document({"id": 1, "location": "a.txt"}).location)

threads = [threading.Thread(target=read) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(*found)
"""


@pytest.mark.parametrize("attempt", range(6))
def test_threads_may_read_the_first_documents_together(attempt: int) -> None:
    done = subprocess.run([sys.executable, "-c", MEETING], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout.split()) == (0, ["a.txt"] * 8), done.stderr[-2000:]
