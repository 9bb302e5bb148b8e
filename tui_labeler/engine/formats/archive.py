"""Files of several files: ZIP archives, whose names lead nowhere else and whose size is bounded."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Mapping

from tui_labeler.engine.errors import FormatError

MOST_FILES = 500_000
MOST_BYTES = 1_000_000_000
"""Of all files of an archive, unpacked."""
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


def unpacked(data: bytes) -> dict[str, bytes]:
    """The files by name, hidden ones left out. Raises ``FormatError``."""
    if data[:2] != b"PK":
        raise FormatError("this is no ZIP archive", hint=PACK)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if len(entries) > MOST_FILES or sum(entry.file_size for entry in entries) > MOST_BYTES:
                raise FormatError(f"holds more than {MOST_FILES:,} files or {MOST_BYTES:,} bytes", hint=PACK)
            found: dict[str, bytes] = {}
            for entry in entries:
                name = entry.filename
                if leads_out(name) or name in found:
                    reason = "is there twice" if name in found else "leads out of the archive"
                    raise FormatError(f"{name!r} {reason}", field=name, hint=PACK)
                if entry.compress_type not in _PACKED:
                    raise FormatError(f"{name!r} is packed in an odd way", field=name, hint=PACK)
                if not any(part.startswith((".", "__MACOSX")) for part in name.split("/")):
                    found[name] = archive.read(entry)
            return found
    except _BROKEN as error:
        raise FormatError(f"the ZIP archive can't be read: {error}", hint=PACK) from error


def packed(files: Mapping[str, bytes]) -> bytes:
    """An archive of the files, in their order: the same files give the same bytes."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, _WHEN)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    return held.getvalue()
