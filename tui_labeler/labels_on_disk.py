"""Label files on a person's disk: of one file, or a folder of them for formats that are an archive."""

from __future__ import annotations

import io
import os
import re
import stat
import zipfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from tui_labeler.bounded import NoFileError, TooLargeError, read_file
from tui_labeler.engine.documents.names import name_of
from tui_labeler.engine.errors import InputError, StorageError
from tui_labeler.held_folders import HeldFolder, IsLinkError, held
from tui_labeler.packed_folders import packed
from tui_labeler.whole_files import put, remove_all, remove_left, sync_names, while_written

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import BinaryIO

    from tui_labeler.engine.session import ProjectSession

MOST_FILES = 500_000
"""In a folder that is read as an archive."""

MOST_BYTES = 1_000_000_000
"""Of one file, or of all files of such a folder."""

_STEP = 1 << 20
"""Bytes that are read at a time from what does not say how much it holds."""

_ODD = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
)


def read_regular(path: Path) -> bytes:
    """The bytes of a file.

    Raises ``OSError``, and ``InputError`` for what may never end or never answer, or would fill the memory.
    """
    try:
        return read_file(path, MOST_BYTES)
    except NoFileError as error:
        what = next((words for is_one, words in _ODD if is_one(error.mode)), "a device")
        raise InputError(
            f"{path}: it is {what}, not a file.",
            hint="Name a file that can be read; what another program writes comes in through a file, or "
            "through standard input where - names it.",
            on_screen="Name a file that can be read.",
        ) from None
    except TooLargeError:
        raise _too_much(str(path)) from None


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
    if not name:  # for a path that is the folder that one is in
        raise InputError("The name of the file is empty.", hint="Name a file or a folder that can be read.")
    try:
        path = Path(name).expanduser()
        return packed(path, MOST_FILES, MOST_BYTES) if path.is_dir() else read_regular(path)
    except (OSError, ValueError, RuntimeError) as error:
        reason = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
        raise InputError(f"{name}: {reason}", hint="Name a file or a folder that can be read.") from error


def is_folder_wanted(path: Path) -> bool:
    """Whether an archive is to be written as a folder of files: all but what is named as a ZIP file."""
    return path.suffix.lower() != ".zip"


_OPEN_FILES = re.compile(r"/dev(/fd)?|/proc/\d+(/task/\d+)?/fd")
"""Where the system itself keeps links to what is open: /dev/stdout, and what a shell puts for `>(gzip)`."""


def is_foreign_link(path: Path) -> bool:
    """Whether a file's name is a link that is not followed: all but those of the system to what is open."""
    return path.is_symlink() and not _OPEN_FILES.fullmatch(os.path.realpath(path.parent))


def keeps_open_files(folder: HeldFolder) -> bool:
    """Whether a folder that is held is one of those."""
    place = os.path.realpath(folder.path)
    return bool(_OPEN_FILES.fullmatch(place)) and os.path.samestat(os.stat(place), os.fstat(folder.handle))  # noqa: PTH116 - as the line above


def _check_no_links(folder: Path, names: Iterable[str]) -> None:
    """Raises ``InputError`` where a link stands in the place of a folder that files are put into."""
    above = {inner for name in names for inner in PurePosixPath(name).parents}
    for path in sorted({folder} | {folder / inner for inner in above}):
        if path.is_symlink():
            raise _is_link(path)


def _is_link(path: Path) -> InputError:
    return InputError(
        f"{path} is a link, and links are not followed there.",
        hint="Name the folder that it leads to, or another.",
    )


def _not_empty(path: Path) -> InputError:
    return InputError(
        f"{path} is there already, and not empty.",
        hint="Name another folder, or let files in it be replaced with --overwrite.",
        on_screen="Name another folder.",
    )


def check_folder(path: Path, *, overwrite: bool) -> None:
    """Raises ``InputError`` where files can't be put into a folder without losing what is there."""
    try:
        _check_no_links(path, ())
        if path.is_dir():
            if any(path.iterdir()) and not overwrite:
                raise _not_empty(path)
        elif path.exists():
            raise InputError(f"{path} is a file.", hint="Name a folder, or a file that ends in .zip.")
        elif not path.parent.is_dir():
            raise InputError(f"There is no folder {path.parent}.", hint="Make it first, or name another.")
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: {error}", hint="Name another folder.") from error


def check_takes_labels(path: Path) -> None:
    """Raises ``InputError`` for what labels are never written to, ``OSError`` where that can't be seen.

    Character devices and pipes take them: /dev/null, /dev/stdout, what a shell puts for `>(gzip)`.
    """
    if is_foreign_link(path) or not path.exists():
        return
    mode = path.stat().st_mode
    if stat.S_ISSOCK(mode) or stat.S_ISBLK(mode):
        what = "a socket" if stat.S_ISSOCK(mode) else "a disk"
        raise InputError(f"{path}: it is {what}, not a file.", hint="Name a file, or - for standard output.")


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


def write_folder(
    path: Path, files: dict[str, bytes], *, overwrite: bool, without: Iterable[str] = ()
) -> None:
    """Writes files into a folder; a new one is there whole or not at all.

    Files named in ``without`` are removed once all others are written.

    Folders are held open from the one that it stands in downwards: a link that somebody puts in the place of
    one meanwhile leads nothing elsewhere.

    Raises ``InputError`` where it is in the way, ``StorageError`` when the disk refuses.
    """
    check_folder(path, overwrite=overwrite)
    _check_no_links(path, files)
    # Somebody is in the folder that they name so: it stays the same one.
    stays = path.name in ("", "..")
    place = path.resolve() if stays else path.absolute()
    try:
        with held(place.parent) as above:
            remove_left(above)
            is_filled = _is_filled(above, place.name)
            if is_filled and not overwrite:
                raise _not_empty(path)
            if is_filled or stays:
                with above.below([place.name]) as folder:
                    _write_into(folder, files)
                    for name in without:
                        folder.remove(name)
                    sync_names(folder)
            else:
                _write_new(above, place.name, files)
    except IsLinkError as error:
        raise _is_link(Path(error.filename)) from error
    except OSError as error:
        raise StorageError(
            f"{path}: {error.strerror}", hint="Free space, or choose another place."
        ) from error


def _is_filled(above: HeldFolder, name: str) -> bool:
    try:
        with above.below([name]) as folder:
            return any(folder.entries())
    except FileNotFoundError:
        return False


def _write_new(above: HeldFolder, name: str, files: dict[str, bytes]) -> None:
    writing = while_written(name)
    try:
        with above.below([writing], make=True) as folder:
            _write_into(folder, files)
        # It takes the place of an empty folder too: rename(2).
        above.replace(writing, name)
        sync_names(above)
    finally:
        remove_all(above, writing)


def _write_into(folder: HeldFolder, files: dict[str, bytes]) -> None:
    inside: dict[tuple[str, ...], list[str]] = {}
    for name in files:
        inside.setdefault(PurePosixPath(name).parent.parts, []).append(name)
    for parts, names in inside.items():
        with folder.below(parts, make=True) as within:
            remove_left(within)
            for name in names:
                put(within, PurePosixPath(name).name, files[name])
            sync_names(within)


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
