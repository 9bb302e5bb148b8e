"""What the screens have in common: how errors reach a person, and how outside text is shown."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from textual.dom import DOMNode

from tui_labeler.engine.errors import ConflictError, InputError, LabelerError
from tui_labeler.engine.wording import counted, in_lines
from tui_labeler.labels_on_disk import read_labels, read_regular, unpacked, write_folder
from tui_labeler.screens.widgets.bidi import in_order
from tui_labeler.screens.widgets.cells import clean
from tui_labeler.whole_files import remove_leftovers, write_whole

if TYPE_CHECKING:
    from textual.app import App
    from textual.notifications import SeverityLevel

    from tui_labeler.engine.labeling.labeling import Saved

P = ParamSpec("P")
T = TypeVar("T")
N = TypeVar("N", bound=DOMNode)

_SECONDS = 8.0

_SECONDS_IN_PASSING = 4.0
"""For what is only said in passing, where it covers much of a small screen."""

_SMALL = 30
"""Rows of a screen on which a message covers much."""


def tell(app: App[Any], message: str, *, title: str = "", severity: SeverityLevel = "information") -> None:
    """Shows a message for a few seconds. Text from outside is made safe, nothing in it is markup."""
    lines = "\n".join(in_order(clean(line)) for line in message.split("\n"))
    in_passing = severity == "information" and app.size.height < _SMALL
    seconds = _SECONDS_IN_PASSING if in_passing else _SECONDS
    app.notify(lines, title=in_order(clean(title)), severity=severity, timeout=seconds, markup=False)


def tell_error(app: App[Any], error: LabelerError) -> None:
    """Shows an error in the words that it has everywhere: what happened, to what, what to do next."""
    tell(app, in_lines(error), title=error.title, severity="error")


def reporting(
    method: Callable[Concatenate[N, P], Awaitable[T]],
) -> Callable[Concatenate[N, P], Coroutine[Any, Any, T | None]]:
    """Makes a ``LabelerError`` of a widget's coroutine a message; the coroutine then gives ``None``."""

    @wraps(method)
    async def run(node: N, /, *args: P.args, **kwargs: P.kwargs) -> T | None:
        try:
            return await method(node, *args, **kwargs)
        except LabelerError as error:
            tell_error(node.app, error)
            return None

    return run


def saved_words(saved: Saved) -> str:
    """What saving did."""
    parts = [counted(saved.labels, "label")]
    if saved.removed:
        parts.append(f"{saved.removed:,} removed")
    if saved.rejected:
        parts.append(f"{saved.rejected:,} rejected")
    return f"{', '.join(parts)} in {counted(saved.documents, 'document')}"


async def read_file(path: str) -> bytes:
    """The bytes of a file that a person named. Raises ``InputError``."""
    try:
        return await asyncio.to_thread(_read, path)
    except (OSError, ValueError, RuntimeError) as error:
        raise InputError(f"{path}: {_reason(error)}", hint="Check the path.") from error


async def read_labels_file(path: str) -> bytes:
    """The bytes of a label file, or of a folder of them as a ZIP archive. Raises ``InputError``."""
    return await asyncio.to_thread(read_labels, path)


def whole_path(named: str) -> Path:
    """Where what a person named is, for whoever looks for it later."""
    return Path(named).expanduser().absolute()


async def write_label_files(path: str, files: Mapping[str, bytes] | None, data: bytes | None) -> None:
    """Writes files, or those of an archive, into a new folder. Raises ``InputError``, ``StorageError``."""

    def write() -> None:
        found = dict(files) if files is not None else unpacked(data or b"")
        write_folder(Path(path).expanduser(), found, overwrite=False)

    try:
        await asyncio.to_thread(write)
    except (ValueError, RuntimeError) as error:
        raise InputError(f"{path}: {error}", hint="Check the path.") from error


async def write_file(path: str, data: bytes, *, overwrite: bool) -> None:
    """Writes a file whole or not at all. Raises ``InputError``; ``ConflictError`` when it is there."""
    try:
        await asyncio.to_thread(_write, path, data, overwrite)
    except FileExistsError as error:
        raise ConflictError(
            f"{path} is there already.", hint="Choose another name, or overwrite it."
        ) from error
    except (OSError, ValueError, RuntimeError) as error:
        raise InputError(f"{path}: {_reason(error)}", hint="Check the path.") from error


async def find_file(named: str, beside: str) -> str:
    """Where a file that a person named is: in the working directory, else in the folder ``beside``.

    Raises ``InputError`` that says where it was looked for.
    """
    try:
        places = await asyncio.to_thread(_places, named, beside)
    except (OSError, ValueError, RuntimeError) as error:
        raise InputError(f"{named}: {_reason(error)}", hint="Check the path.") from error
    for place, there in places.items():
        if there:
            return str(place)
    raise InputError(
        f"There is no labels file {' or '.join(str(place) for place in places)}.",
        hint="Check the path.",
    )


def _places(named: str, beside: str) -> dict[Path, bool]:
    """Each place to look at, and whether there is something."""
    places = (Path(named).expanduser().absolute(), (Path(beside).expanduser() / named).absolute())
    return {place: place.exists() for place in places}


def _read(path: str) -> bytes:
    return read_regular(Path(path).expanduser())


def _write(named: str, data: bytes, overwrite: bool) -> None:
    path = Path(named).expanduser()
    if (path.exists() or path.is_symlink()) and not overwrite:
        raise FileExistsError(path)
    remove_leftovers(path.absolute().parent)
    write_whole(path, data)


def _reason(error: BaseException) -> str:
    return getattr(error, "strerror", None) or str(error)
