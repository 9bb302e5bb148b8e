"""What ``project.json`` says: the project, its categories, and of when the documents' files are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, TypeVar

import msgspec

from tui_labeler.domain.projects import Category, Project
from tui_labeler.engine.adapters.store.files import PROJECT_FILE, check_there, make_folder, storage_errors
from tui_labeler.engine.adapters.store.journal import Position
from tui_labeler.engine.adapters.store.shards import BY_HAND, AtomicJSONStorage
from tui_labeler.engine.errors import StorageError
from tui_labeler.engine.typed import convert

if TYPE_CHECKING:
    from pathlib import Path

T = TypeVar("T")

_Count = Annotated[int, msgspec.Meta(ge=0)]


class ProjectFile(NamedTuple):
    """The content of the file, each part of it looked at; rows as they are stored."""

    project: dict[str, Any]
    categories: list[dict[str, Any]]
    category_order: list[str]
    place: Position
    """Up to where in the journal the documents' files hold everything."""
    shards: dict[int, int] | None
    """As :func:`shards_as_of`."""


def read_project_file(folder: Path) -> ProjectFile:
    """Raises ``StorageError`` for a file that can't be used, ``DeletedError`` where there is no project."""
    # Read once: another process may replace the file between two looks at it.
    tables = tables_in(folder)
    parts = ("checkpoint", "categories", "category_order")
    marks, categories, order = (list(tables.get(part, {}).values()) for part in parts)
    if not marks:
        raise no_project(folder)
    project_in(folder, tables)
    for row in categories:
        _converted(folder, "categories", row, Category)
    ids = _converted(folder, "category_order", order[0].get("ids"), list[str]) if order else []
    (project,) = tables["project"].values()
    return ProjectFile(project, categories, ids, place_of(folder, marks[0]), shards_as_of(folder, tables))


def tables_in(folder: Path) -> dict[str, dict[str, Any]]:
    """The rows of the file, as they are stored; none where it is not there. Raises ``StorageError``."""
    hint = f"{repairing(folder)} Otherwise: {BY_HAND}"
    return AtomicJSONStorage(folder / PROJECT_FILE, hint).read() or {}


def project_in(folder: Path, tables: Mapping[str, Mapping[str, Any]]) -> Project:
    """Raises ``StorageError`` that names the file, ``DeletedError`` where there is no project."""
    rows = list(tables.get("project", {}).values())
    if len(rows) != 1:
        raise no_project(folder)
    return _converted(folder, "project", rows[0], Project)


def no_project(folder: Path) -> StorageError:
    """For a file that is not there, or holds no project. Raises ``DeletedError`` where nothing is there."""
    check_there(folder)
    path = folder / PROJECT_FILE
    with storage_errors(path):
        is_missing = not path.exists()
    if is_missing:
        return StorageError(
            f"{path} is missing",
            hint=f"{repairing(folder)} Otherwise restore that one file from a backup. The journal and the "
            "files of documents beside it are to stay: what was done since the backup is read from them.",
        )
    return StorageError(f"{path} holds no project", hint=f"{repairing(folder)} Otherwise: {BY_HAND}")


def repairing(folder: Path) -> str:
    """What may make a project's own file anew."""
    return (
        f"`tui-labeler project repair {folder.name}` makes it anew where the journal says what the project "
        "is, and tells what is lost where it does not."
    )


def check_id(folder: Path, project: Project) -> None:
    """Raises ``StorageError`` where the project's id is not the name of its folder."""
    if project.id != folder.name:
        raise StorageError(
            f"{folder / PROJECT_FILE}, project: the id is {project.id!r}, and the folder is named "
            f"{folder.name!r}",
            hint=f"Write {folder.name!r} as the id into that file, or restore it from a backup.",
        )


def shards_as_of(folder: Path, tables: Mapping[str, Mapping[str, Any]]) -> dict[int, int] | None:
    """The shards that there are as of a checkpoint, each with the transaction it was last written at.

    That is 0 where it is not known: the file is of an earlier version of the program, or holds no document.
    ``None`` where the whole of ``project.json`` is of such a version. Raises ``StorageError``.
    """
    if "shards" not in tables:
        return None
    rows = _numbered(folder, "shards", tables["shards"], _Count)
    try:
        return {number: row["seq"] for number, row in rows.items()}
    except KeyError as error:
        raise StorageError(f"{folder / PROJECT_FILE}, shards: {error} is missing", hint=BY_HAND) from error


def edited_in(folder: Path, tables: Mapping[str, Mapping[str, Any]]) -> dict[int, str]:
    """Shards that others than the program have written, with what each was like when that was noticed.

    Raises ``StorageError``.
    """
    rows = _numbered(folder, "edited", tables.get("edited", {}), str)
    return {number: row.get("as", "") for number, row in rows.items()}


def place_of(folder: Path, row: dict[str, Any]) -> Position:
    """Raises ``StorageError`` that names the file."""
    counts = _converted(folder, "checkpoint", row, dict[str, _Count])
    try:
        return Position(counts["segment"], counts["offset"], counts["seq"])
    except KeyError as error:
        raise StorageError(
            f"{folder / PROJECT_FILE}, checkpoint: {error} is missing", hint=BY_HAND
        ) from error


def _numbered(folder: Path, table: str, value: Any, kind: Any) -> dict[int, dict[str, Any]]:
    """Rows of values of one kind, by the numbers of the shards that they are of."""
    rows = _converted(folder, table, value, dict[str, dict[str, kind]])
    try:
        return {int(number): row for number, row in rows.items()}
    except ValueError as error:
        raise StorageError(f"{folder / PROJECT_FILE}, {table}: {error}", hint=BY_HAND) from error


def _converted(folder: Path, table: str, value: Any, kind: type[T]) -> T:
    try:
        return convert(value, kind)
    except (msgspec.ValidationError, ValueError) as error:
        hint = BY_HAND
        if table in ("categories", "category_order"):
            repair = f"`tui-labeler project repair {folder.name}`"
            hint = f"{repair} makes them anew where the journal holds them all. Otherwise: {BY_HAND}"
        raise StorageError(f"{folder / PROJECT_FILE}, {table}: {error}", hint=hint) from error


def write_project(
    folder: Path,
    project: dict[str, Any],
    categories: Sequence[dict[str, Any]],
    position: Position,
    category_order: Sequence[str] = (),
    shards: Mapping[int, int] | None = None,
    edited: Mapping[int, str] | None = None,
) -> None:
    """Writes the file; ``shards`` as :func:`shards_as_of`, ``edited`` as :func:`edited_in`.

    Raises ``StorageError``.
    """
    make_folder(folder)
    AtomicJSONStorage(folder / PROJECT_FILE).write(
        {
            "checkpoint": {"1": position.stored},
            "project": {"1": project},
            "categories": {str(number): row for number, row in enumerate(categories, 1)},
            "category_order": {"1": {"ids": list(category_order)}},
            "shards": shard_rows(shards or {}),
            "edited": {str(number): {"as": mark} for number, mark in sorted((edited or {}).items())},
        }
    )


def shard_rows(shards: Mapping[int, int]) -> dict[str, dict[str, int]]:
    """How :func:`shards_as_of` is stored."""
    return {str(number): {"seq": seq} for number, seq in sorted(shards.items())}
