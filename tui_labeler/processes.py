"""Processes of this machine: which of them live, and names by which they are told from those of others."""

from __future__ import annotations

import hashlib
import os
import socket

HOST = hashlib.sha256(socket.gethostname().encode("utf-8", "replace")).hexdigest()[:8]
"""Of this machine: others may write into the same folder, and which of their processes live is not known."""


def is_alive(pid: int) -> bool:
    """Whether a process of this machine lives, whoever it belongs to."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
