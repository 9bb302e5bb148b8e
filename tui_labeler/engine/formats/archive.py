"""Files of several files: ZIP archives, whose names lead nowhere else and whose size is bounded."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from tui_labeler.engine.errors import FormatError

MOST_FILES = 500_000
MOST_BYTES = 1_000_000_000
"""Of all files of an archive, unpacked."""
ALWAYS, RATIO = 100_000_000, 100
"""Bytes that any archive may unpack to, and beyond those how many times its own size.

Text in human languages deflates to a third, markup and logs of one pattern to a tenth or a twentieth; equal
lines alone go as far as deflate does, which is 1,032 to 1.
"""
_WHEN = (1980, 1, 1, 0, 0, 0)
"""The first moment that a ZIP archive knows: the same files give the same bytes."""
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""How files of an archive may be packed: as every tool packs them."""
_DRIVE = re.compile(r"[A-Za-z]:")
_BROKEN = (
    zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, OSError, IndexError,
)  # fmt: skip
"""What reading an archive raises that is broken, encrypted, or packed in an odd way."""
PACK = "Name the folder that holds the files, or pack it as a ZIP archive without a password."


def leads_out(name: str) -> bool:
    """Whether a name in an archive is no plain path below it."""
    parts = name.split("/")
    return (
        "\\" in name or "\0" in name or bool(_DRIVE.match(name)) or any(p in ("", ".", "..") for p in parts)
    )


def most_unpacked(size: int) -> int:
    """Bytes that something packed in ``size`` bytes may unpack to."""
    return min(MOST_BYTES, max(ALWAYS, RATIO * size))


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What was taken out of an archive."""

    files: dict[str, bytes]
    too_large: dict[str, int]
    """Files that hold more than they may, each with the bytes that it may; none was unpacked whole."""


def unpacked(data: bytes, most: Callable[[str], int | None]) -> Unpacked:
    """The files by name, hidden ones left out.

    ``most`` says how many bytes a file may hold; one for which it says ``None`` is left where it is. What is
    counted is what comes out, whatever the archive says of it. Raises ``FormatError``, also for more than
    :func:`most_unpacked`.
    """
    if data[:2] != b"PK":
        raise FormatError("this is no ZIP archive", hint=PACK)
    left = most_unpacked(len(data))
    found = Unpacked({}, {})
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for entry in _entries(archive):
                limit = most(entry.filename)
                if limit is None:
                    continue
                content = _content(archive, entry, min(limit, left))
                if content is not None:
                    found.files[entry.filename] = content
                    left -= len(content)
                elif limit <= left:
                    found.too_large[entry.filename] = limit
                else:
                    raise FormatError(
                        f"unpacks to more than {most_unpacked(len(data)):,} bytes",
                        hint="Part it into several archives, or name the folder that holds the files.",
                    )
            return found
    except _BROKEN as error:
        raise FormatError(f"the ZIP archive can't be read: {error}", hint=PACK) from error


def _entries(archive: zipfile.ZipFile) -> Iterator[zipfile.ZipInfo]:
    """The files that are not hidden. Raises ``FormatError`` where one can't be taken out."""
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    if len(entries) > MOST_FILES:
        raise FormatError(f"holds more than {MOST_FILES:,} files", hint=PACK)
    seen: set[str] = set()
    for entry in entries:
        name = entry.filename
        if leads_out(name) or name in seen:
            reason = "is there twice" if name in seen else "leads out of the archive"
            raise FormatError(f"{name!r} {reason}", field=name, hint=PACK)
        if entry.compress_type not in _PACKED:
            raise FormatError(f"{name!r} is packed in an odd way", field=name, hint=PACK)
        if not any(part.startswith((".", "__MACOSX")) for part in name.split("/")):
            seen.add(name)
            yield entry


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int) -> bytes | None:
    """What a file holds; ``None`` where that is more than ``most`` bytes, of which no more are unpacked."""
    if entry.file_size > most:
        return None
    with archive.open(entry) as file:
        content = file.read(most + 1)
    return content if len(content) <= most else None


def packed(files: Mapping[str, bytes]) -> bytes:
    """An archive of the files, in their order: the same files give the same bytes."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, _WHEN)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    return held.getvalue()
