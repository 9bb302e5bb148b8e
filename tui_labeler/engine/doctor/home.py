"""Whether state is safe in the home folder."""

from __future__ import annotations

import errno
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tui_labeler.domain.text import safe
from tui_labeler.engine.doctor.check import Check
from tui_labeler.engine.doctor.disk import check_durable_writes, check_file_system, check_locks, check_space
from tui_labeler.engine.ports.state import HOME_FORMAT


def check_home(home: Path) -> list[Check]:
    """Whether state is safe here. Nothing is left behind; a home that is not there is not made."""
    try:
        place = next((path for path in (home, *home.parents) if path.exists()), Path("/"))
        is_folder = place.is_dir()
    except OSError as error:
        detail = (
            f"{home} can't be looked at: {error.strerror}; make it accessible, or choose another with --home"
        )
        return [Check("home", False, detail)]
    if not is_folder:
        return [Check("home", False, f"{place} is a file; name a folder with --home")]
    try:
        with tempfile.TemporaryDirectory(prefix=".doctor-", dir=place) as folder:
            checks = [
                _writable(home, place),
                *_private(home),
                check_locks(Path(folder)),
                check_file_system(place),
                check_durable_writes(Path(folder)),
            ]
    except OSError as error:
        # Where nothing can ever be made, as in /proc, the system says of the new name that it is not there.
        reason = "no folder can be made in it" if error.errno == errno.ENOENT else error.strerror
        detail = f"{place} can't be written: {reason}; make it writable, or choose another with --home"
        return [Check("home", False, detail)]
    return [*checks, check_space(place), _format(home)]


def _writable(home: Path, place: Path) -> Check:
    made = "" if place == home else "; it will be made when it is needed"
    return Check("home", True, f"{home} can be written{made}")


def _private(home: Path) -> Iterator[Check]:
    """Labels and journals are for their owner alone."""
    if not home.exists():
        return
    open_to_others = [path for path in _state_files(home) if path.lstat().st_mode & 0o077]
    shown = ", ".join(safe(str(path)) for path in open_to_others[:3])
    more = f" and {len(open_to_others) - 3} more" if len(open_to_others) > 3 else ""
    if open_to_others:
        detail = f"others may use {shown}{more}; mend it with: chmod -R go-rwx {safe(str(home))}"
        yield Check("permissions", False, detail)
    else:
        yield Check("permissions", True, "files and folders are their owner's alone")


def _state_files(home: Path) -> Iterator[Path]:
    yield home
    for top in ("home.json", "quota.json", "resources.json", "projects", "deleted"):
        path = home / top
        if path.is_dir():
            yield path
            yield from (found for found in path.rglob("*") if not found.is_symlink())
        elif path.exists():
            yield path


def _format(home: Path) -> Check:
    path = home / "home.json"
    if not path.exists():
        return Check("home format", True, "the home holds nothing yet")
    mend = f'write {{"format": {HOME_FORMAT}}} into it if the home was made by this version'
    try:
        number = json.loads(path.read_bytes())["format"]
    except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
        return Check("home format", False, f"{path} can't be read: {error}; {mend}")
    if type(number) is not int or number < 1:
        said = safe(repr(number)[:40])
        return Check("home format", False, f"{path} says {said}, which is no format; {mend}")
    newer = number > HOME_FORMAT
    note = f", of a newer version: this one knows formats up to {HOME_FORMAT}; update tui-labeler"
    return Check("home format", not newer, f"format {number}{note * newer}")
