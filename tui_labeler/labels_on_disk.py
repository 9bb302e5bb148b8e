"""Label files on a person's disk: of one file, or a folder of them for formats that are an archive."""

from __future__ import annotations

import io
import os
import re
import secrets
import shutil
import stat
import zipfile
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from tui_labeler.engine.documents.names import name_of
from tui_labeler.engine.errors import InputError, StorageError
from tui_labeler.processes import HOST, is_alive

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import BinaryIO

    from tui_labeler.engine.session import ProjectSession

MOST_FILES = 500_000
"""In a folder that is read as an archive."""

MOST_BYTES = 1_000_000_000
"""Of one file, or of all files of such a folder."""

_STEP = 1 << 20
"""Bytes that are read at a time from what does not say how much it holds."""

_WHEN = (1980, 1, 1, 0, 0, 0)
"""The first moment that a ZIP archive knows: the same folder gives the same bytes."""


_LEFT = re.compile(r"\..*\.([0-9a-f]{8})-(\d{1,9})-[0-9a-f]{8}\.tmp", re.DOTALL)
"""What is being written, or was when its process ended."""


_ODD = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
)


def read_regular(path: Path) -> bytes:
    """The bytes of a file.

    Raises ``OSError``, and ``InputError`` for what may never end or never answer, or would fill the memory.
    """
    status = path.stat()
    mode = status.st_mode
    if not stat.S_ISREG(mode):
        what = next((words for is_one, words in _ODD if is_one(mode)), "a device")
        raise InputError(
            f"{path}: it is {what}, not a file.",
            hint="Name a file that can be read; what another program writes comes in through a file, or "
            "through standard input where - names it.",
            on_screen="Name a file that can be read.",
        )
    if status.st_size > MOST_BYTES:
        raise _too_much(str(path))
    return path.read_bytes()


def read_stream(stream: BinaryIO, name: str) -> bytes:
    """All that comes until the end. Raises ``InputError`` for more than a file may hold."""
    steps: list[bytes] = []
    size = 0
    while step := stream.read(_STEP):
        size += len(step)
        if size > MOST_BYTES:
            raise _too_much(name)
        steps.append(step)
    return b"".join(steps)


def _too_much(name: str) -> InputError:
    return InputError(
        f"{name}: it has more than {MOST_BYTES:,} bytes.",
        hint="Part it into several files; each can be read.",
    )


def read_labels(name: str) -> bytes:
    """The bytes of a file, or a folder's files as a ZIP archive. Raises ``InputError``."""
    try:
        path = Path(name).expanduser()
        return _packed(path) if path.is_dir() else read_regular(path)
    except (OSError, ValueError, RuntimeError) as error:
        reason = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
        raise InputError(f"{name}: {reason}", hint="Name a file or a folder that can be read.") from error


def _packed(folder: Path) -> bytes:
    """Links are not followed, and what is hidden is left where it is."""
    held = io.BytesIO()
    size = count = 0
    with zipfile.ZipFile(held, "w") as archive:
        for root, folders, names in os.walk(folder):
            folders[:] = sorted(inner for inner in folders if not inner.startswith("."))
            for name in sorted(names):
                path = Path(root) / name
                status = path.lstat()
                if name.startswith(".") or not stat.S_ISREG(status.st_mode):
                    continue
                size, count = size + status.st_size, count + 1
                if size > MOST_BYTES or count > MOST_FILES:
                    raise InputError(
                        f"{folder} holds more than {MOST_FILES:,} files or {MOST_BYTES:,} bytes.",
                        hint="Name the folder that holds the label files and nothing else, or part it.",
                    )
                entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _WHEN)
                archive.writestr(entry, path.read_bytes())
    return held.getvalue()


def is_folder_wanted(path: Path) -> bool:
    """Whether an archive is to be written as a folder of files: all but what is named as a ZIP file."""
    return path.suffix.lower() != ".zip"


_OPEN_FILES = re.compile(r"/dev(/fd)?|/proc/\d+(/task/\d+)?/fd")
"""Where the system itself keeps links to what is open: /dev/stdout, and what a shell puts for `>(gzip)`."""


def is_foreign_link(path: Path) -> bool:
    """Whether a file's name is a link that is not followed: all but those of the system to what is open."""
    return path.is_symlink() and not _OPEN_FILES.fullmatch(os.path.realpath(path.parent))


def _check_no_links(folder: Path, names: Iterable[str]) -> None:
    """Raises ``InputError`` where a link stands in the place of a folder that files are put into."""
    above = {inner for name in names for inner in PurePosixPath(name).parents}
    for path in sorted({folder} | {folder / inner for inner in above}):
        if path.is_symlink():
            raise InputError(
                f"{path} is a link, and links are not followed there.",
                hint="Name the folder that it leads to, or another.",
            )


def check_folder(path: Path, *, overwrite: bool) -> None:
    """Raises ``InputError`` where files can't be put into a folder without losing what is there."""
    try:
        _check_no_links(path, ())
        if path.is_dir():
            if any(path.iterdir()) and not overwrite:
                raise InputError(
                    f"{path} is there already, and not empty.",
                    hint="Name another folder, or let files in it be replaced with --overwrite.",
                    on_screen="Name another folder.",
                )
        elif path.exists():
            raise InputError(f"{path} is a file.", hint="Name a folder, or a file that ends in .zip.")
        elif not path.parent.is_dir():
            raise InputError(f"There is no folder {path.parent}.", hint="Make it first, or name another.")
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: {error}", hint="Name another folder.") from error


def check_no_document(session: ProjectSession, paths: Iterable[Path]) -> None:
    """Raises ``InputError`` where a file would take the place of a document of the project."""
    if session.documents.container.is_remote:
        return
    folder = os.path.realpath(Path(session.project.container).expanduser())
    for path in map(Path.expanduser, paths):
        # By its name: what is written takes the place of a link, not of what that leads to.
        parent, name = os.path.realpath(path.parent), path.name
        if parent == folder and session.store.state.document_id(name_of(os.fsencode(name))) is not None:
            raise InputError(
                f"{path} is a document of the project: an export would take its place.",
                hint="Name a place outside the container.",
            )


def write_folder(path: Path, files: dict[str, bytes], *, overwrite: bool) -> None:
    """Writes files into a folder; a new one is there whole or not at all.

    Raises ``InputError`` where it is in the way, ``StorageError`` when the disk refuses.
    """
    check_folder(path, overwrite=overwrite)
    _check_no_links(path, files)
    remove_leftovers(path.absolute().parent)
    if path.is_dir():
        for inner in {path / PurePosixPath(name).parent for name in files}:
            remove_leftovers(inner)
    is_new = not path.is_dir() or not any(path.iterdir())
    target = _while_written(path) if is_new else path
    try:
        target.mkdir(exist_ok=not is_new)
        for name, data in files.items():
            place = target / PurePosixPath(name)
            place.parent.mkdir(parents=True, exist_ok=True)
            _put(place, data)
        inside = {target / above for name in files for above in PurePosixPath(name).parents}
        for within in inside | {target}:
            _sync_names(within)
        if is_new:
            if path.is_dir():
                path.rmdir()
            target.replace(path)
            _sync_names(path.absolute().parent)
    except OSError as error:
        raise StorageError(
            f"{path}: {error.strerror}", hint="Free space, or choose another place."
        ) from error
    finally:
        if is_new:
            shutil.rmtree(target, ignore_errors=True)


def write_whole(path: Path, data: bytes, check: Callable[[], object] = lambda: None) -> None:
    """Puts ``data`` in the place of ``path``: it holds what it held, or all of them, whatever happens.

    ``check`` has the last word before. Raises ``OSError``.
    """
    _put(path, data, check)
    _sync_names(path.absolute().parent)


def _sync_names(folder: Path) -> None:
    """Puts what was renamed in a folder on the disk; not every file system can, and then nothing does."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _put(path: Path, data: bytes, check: Callable[[], object] = lambda: None) -> None:
    """As :func:`write_whole`, but for the names in the folder."""
    writing = _while_written(path)
    try:
        with writing.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        check()
        writing.replace(path)
    finally:
        writing.unlink(missing_ok=True)


def _while_written(path: Path) -> Path:
    """What a file or a folder is called until it is whole: that tells whose it is, if it is left."""
    return path.with_name(f".{path.name[:40]}.{HOST}-{os.getpid()}-{secrets.token_hex(4)}.tmp")


def remove_leftovers(folder: Path) -> None:
    """Removes what processes of this machine left in a folder that were killed while they wrote there.

    What belongs to a living one, or to another machine, stays; so does what can't be removed.
    """
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            found = _LEFT.fullmatch(entry.name)
            if found is None or found.group(1) != HOST or is_alive(int(found.group(2))):
                continue
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
            else:
                with suppress(OSError):
                    Path(entry.path).unlink()


def unpacked(data: bytes) -> dict[str, bytes]:
    """The files of an archive that this program has made, by name.

    Raises ``ValueError`` for a name that leads elsewhere.
    """
    found: dict[str, bytes] = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for entry in archive.infolist():
            parts = entry.filename.split("/")
            if any(part in ("", ".", "..") or "\\" in part for part in parts):
                raise ValueError(f"{entry.filename!r} leads out of the folder")
            found[entry.filename] = archive.read(entry)
    return found
