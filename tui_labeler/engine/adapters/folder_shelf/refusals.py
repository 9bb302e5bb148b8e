"""What the system refuses, in words."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tui_labeler.engine.adapters.folder_shelf.names import LOCK, WRITING
from tui_labeler.engine.errors import ContainerError, UnreachableError, UnreadableError
from tui_labeler.held_folders import IsLinkError

NO_FILE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP, errno.ENXIO})
"""What systems say of a name that is no file's."""

_READ_ONLY = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})


@contextmanager
def refusals(root: Path, name: str) -> Iterator[None]:
    """Turns an ``OSError`` about a file of the container ``root`` into a ``ContainerError``."""
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else error
        what = f"{_refused(error) or name} in {root}: {reason}"
        if not root.is_dir():
            raise no_folder(root) from error
        if isinstance(error, IsLinkError):
            raise _is_a_link(Path(error.filename)) from error
        if error.errno in _READ_ONLY:
            raise ContainerError(
                what, hint="Ask the folder's owner for permission to write in it."
            ) from error
        raise ContainerError(what, hint="Check the disk or the mount.") from error


def refuse_closed(root: Path, error: PermissionError, name: str) -> None:
    """Raises ``UnreadableError`` where the container itself is open."""
    if os.access(root, os.R_OK | os.X_OK):
        raise UnreadableError(
            f"no permission to read {name} in {root}",
            hint="Ask whoever wrote it to let others read it (chmod a+r).",
        ) from error


def no_folder(path: Path) -> UnreachableError:
    """For a container that is not there."""
    return UnreachableError(f"there is no folder {path}", hint="Check the path, or the mount.")


def _refused(error: OSError) -> str:
    """Which of the shelf's own files it was; nothing where it was none of them."""
    path = Path(os.fsdecode(error.filename)) if error.filename else Path()
    return f"{path.parent.name}/{path.name}" if path.name in (LOCK, WRITING) else ""


def _is_a_link(path: Path) -> ContainerError:
    return ContainerError(
        f"{path} is a link, and links are not followed there",
        hint=f"Put a {'file' if path.name == LOCK else 'folder'} in its place.",
    )
