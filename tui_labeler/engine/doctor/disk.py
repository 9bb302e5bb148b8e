"""Whether a disk keeps what is written: its locks, its kind, how fast it syncs, its room."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from tui_labeler.domain.text import safe
from tui_labeler.engine.doctor.check import Check

LEAST_FREE = 200 * 1024 * 1024
"""Bytes; a project of 100,000 documents takes about this much."""

SLOW_SYNC = 0.05
"""Seconds; each decision waits for one such write."""

DOUBTFUL = ("nfs", "cifs", "smb", "fuse", "afs", "9p", "ceph", "gluster", "lustre", "virtiofs", "vboxsf")
"""Kinds of file system whose locks may not hold between machines."""

_TRY_LOCK = """
import fcntl, sys
with open(sys.argv[1], "r+") as file:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(7)
"""
"""What another process does: it ends with 7 when the lock is refused, as it should be."""

_REFUSED = 7


def check_locks(folder: Path) -> Check:
    """A lock that is held in this folder must be refused to another process. Raises ``OSError``."""
    path = folder / "lock"
    path.touch()
    with path.open("r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        other = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _TRY_LOCK, str(path)], capture_output=True, check=False
        )
    if other.returncode == _REFUSED:
        return Check("file locks", True, "a lock that one process holds is refused to another")
    detail = "locks do not hold here: two processes could write at once; choose a local disk with --home"
    return Check("file locks", False, detail)


def check_file_system(place: Path) -> Check:
    """A warning where locks may not hold between machines."""
    kind = file_system(place, _mounts())
    doubtful = any(kind == name or kind.startswith(name) for name in DOUBTFUL)
    note = "; between machines its locks may not hold: use the home from one machine only" if doubtful else ""
    return Check("file system", True, f"{safe(kind) or 'unknown'}{note}", warning=doubtful)


def _mounts() -> str:
    try:
        return Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def file_system(place: Path, mounts: str) -> str:
    """The kind of file system that ``place`` is on, by the lines of ``/proc/self/mounts``."""
    best: tuple[int, str] = (-1, "")
    for line in mounts.splitlines():
        parts = line.split(" ")
        if len(parts) < 3:
            continue
        # Source of the escapes: getmntent(3).
        point = Path(parts[1].replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\"))
        if place.resolve().is_relative_to(point) and len(point.parts) >= best[0]:
            best = (len(point.parts), parts[2])
    return best[1]


def check_durable_writes(folder: Path) -> Check:
    """How long it takes until a few bytes are on the disk of this folder. Raises ``OSError``."""
    times = []
    with (folder / "sync").open("wb", buffering=0) as file:
        for _ in range(10):
            began = time.perf_counter()
            file.write(b"x" * 200)
            os.fsync(file.fileno())
            times.append(time.perf_counter() - began)
    median = sorted(times)[len(times) // 2]
    slow = median > SLOW_SYNC
    note = "; every decision waits for that, so a faster disk helps" if slow else ""
    return Check("durable writes", True, f"{median * 1000:.1f} ms each (median of 10){note}", warning=slow)


def check_space(place: Path) -> Check:
    """Whether a large project has room."""
    free = shutil.disk_usage(place).free
    enough = free >= LEAST_FREE
    note = "" if enough else f"; less than {LEAST_FREE // 1024**2} MB: free some"
    return Check("free space", enough, f"{free / 1024**2:,.0f} MB{note}")
