"""Choices made in the application, written into a person's ``settings.toml``: one line, and nothing else."""

from __future__ import annotations

import json
import os
import re
import tempfile
import tomllib
from pathlib import Path

from tui_labeler.engine.errors import InputError, StorageError
from tui_labeler.engine.toml_files import LONGEST

_TABLE = re.compile(r"\s*\[")
_REMARK = re.compile(r"\s*(#.*)?$")
_VALUE = r"(?:\"(?:[^\"\\]|\\.)*\"|'[^']*'|[^\s#\"']+)"


def remember(home: Path, key: str, value: str | bool) -> None:
    """Sets a key of ``settings.toml`` in ``home``, which is made when it is not there. All other lines stay.

    What would be written is read first: raises ``InputError`` when it would not say what was asked for (the
    file is no TOML, or has the key in a form of its own), ``StorageError`` when it can't be written. The
    file is then as it was.
    """
    path = home / "settings.toml"
    line = f"{key} = {json.dumps(value, ensure_ascii=False)}"
    refused = InputError(f"{path} could not take {line!r}.", hint="Write that line into it yourself.")
    try:
        text = _read(path)
        if len(text) > LONGEST:
            raise refused
        before = tomllib.loads(text)
        if before.get(key) == value:
            return
        after = changed(text, key, line)
        if tomllib.loads(after) != {**before, key: value}:
            raise refused
        _write(path, after)
    except (ValueError, RecursionError) as error:  # no TOML, no UTF-8, too deep, too long a number
        raise refused from error
    except OSError as error:
        raise StorageError(
            f"{path}: {error.strerror or error}",
            hint="The choice holds until the program ends. Make the home writable to keep it.",
        ) from error


def changed(text: str, key: str, line: str) -> str:
    """The text of a settings file with one line in the place of the key's own, or before the first table."""
    own = re.compile(
        rf"(\s*)(?:{re.escape(key)}|\"{re.escape(key)}\"|'{re.escape(key)}')\s*=\s*{_VALUE}(\s*(?:#.*)?)$"
    )
    end = "\r\n" if "\r\n" in text else "\n"
    lines = text.splitlines(keepends=True)
    head = next((place for place, found in enumerate(lines) if _TABLE.match(found)), len(lines))
    for place, found in enumerate(lines[:head]):
        bare = found.rstrip("\r\n")
        if match := own.match(bare):
            lines[place] = f"{match[1]}{line}{match[2]}{found[len(bare) :]}"
            return "".join(lines)
    # What stands right above a table is about the table.
    while head and head < len(lines) and _REMARK.match(lines[head - 1].rstrip("\r\n")):
        head -= 1
    if head and not lines[head - 1].endswith("\n"):
        lines[head - 1] += end
    return "".join([*lines[:head], line + end, *lines[head:]])


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return ""


def _write(path: Path, text: str) -> None:
    """Whole or not at all; only for its owner, unless the person has opened it to others."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    real = path.resolve()
    mode = real.stat().st_mode & 0o777 if real.exists() else 0o600
    handle, name = tempfile.mkstemp(dir=real.parent, prefix=".settings.")
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(real)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
