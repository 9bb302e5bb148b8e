"""Label files on a person's disk: of one file, or a folder of them for formats that are an archive."""

from __future__ import annotations

import io
import os
import shutil
import stat
import zipfile
from pathlib import Path, PurePosixPath

from tui_labeler.engine.errors import InputError, StorageError

MOST_FILES = 500_000
"""In a folder that is read as an archive."""

MOST_BYTES = 1_000_000_000
"""Of all files of such a folder."""

_WHEN = (1980, 1, 1, 0, 0, 0)
"""The first moment that a ZIP archive knows: the same folder gives the same bytes."""


def read_labels(name: str) -> bytes:
    """The bytes of a file, or a folder's files as a ZIP archive. Raises ``InputError``."""
    try:
        path = Path(name).expanduser()
        return _packed(path) if path.is_dir() else path.read_bytes()
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


def check_folder(path: Path, *, overwrite: bool) -> None:
    """Raises ``InputError`` where files can't be put into a folder without losing what is there."""
    try:
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


def write_folder(path: Path, files: dict[str, bytes], *, overwrite: bool) -> None:
    """Writes files into a folder; a new one is there whole or not at all.

    Raises ``InputError`` where it is in the way, ``StorageError`` when the disk refuses.
    """
    check_folder(path, overwrite=overwrite)
    is_new = not path.is_dir() or not any(path.iterdir())
    target = path.with_name(f".{path.name[:100]}.{os.getpid()}.tmp") if is_new else path
    try:
        target.mkdir(exist_ok=not is_new)
        for name, data in files.items():
            place = target / PurePosixPath(name)
            place.parent.mkdir(parents=True, exist_ok=True)
            _write_one(place, data)
        if is_new:
            if path.is_dir():
                path.rmdir()
            target.replace(path)
    except OSError as error:
        raise StorageError(
            f"{path}: {error.strerror}", hint="Free space, or choose another place."
        ) from error
    finally:
        if is_new:
            shutil.rmtree(target, ignore_errors=True)


def _write_one(path: Path, data: bytes) -> None:
    writing = path.with_name(f".{path.name[:100]}.{os.getpid()}.tmp")
    with writing.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    writing.replace(path)


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
