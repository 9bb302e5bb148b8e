"""Making ``project.json`` anew of the journal, where nothing has to be guessed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tui_labeler.engine.adapters.store import asides
from tui_labeler.engine.adapters.store.files import PROJECT_FILE
from tui_labeler.engine.adapters.store.journal import Journal
from tui_labeler.engine.adapters.store.project_file import (
    check_id,
    project_in,
    read_project_file,
    shards_as_of,
)
from tui_labeler.engine.adapters.store.replaying import project_as_of
from tui_labeler.engine.errors import StorageError

if TYPE_CHECKING:
    from pathlib import Path

    from tui_labeler.engine.adapters.store.journal import Position
    from tui_labeler.engine.adapters.store.replaying import ProjectAsOf

Tables = dict[str, dict[str, Any]]


def with_project(folder: Path, tables: Tables, base: Position) -> tuple[Tables, list[str]]:
    """The tables of ``project.json`` as they are to be, and in sentences what is done for that.

    Categories that are missing come from the journal; where project or categories can't be used, all of them
    do. Raises ``StorageError`` where the journal does not hold them from its beginning.
    """
    found = project_as_of(Journal(folder / "journal"), base.seq)
    path = folder / PROJECT_FILE
    try:
        said = read_project_file(folder)
    except StorageError as error:
        done = _anew(folder, tables, found, error)
        aside = asides.keep(path)
        return done, [f"{path} is made anew of the journal; the file that was there is {aside.name} now."]
    check_id(folder, project_in(folder, tables))
    missing = found.missing_in({row["id"] for row in said.categories})
    if not missing:
        return tables, []
    rows = [*said.categories, *missing]
    ids = list(dict.fromkeys([*said.category_order, *(row["id"] for row in rows)]))
    rows.sort(key=lambda row: ids.index(row["id"]))
    names = ", ".join(repr(row["name"]) for row in missing)
    return _with(tables, rows, ids), [f"{path} has {names} again, made anew of the journal."]


def _anew(folder: Path, tables: Tables, found: ProjectAsOf, error: StorageError) -> Tables:
    if not found.is_whole:
        raise error
    done = _with(tables, [row for row in found.categories.values() if row], list(found.categories))
    try:
        project = project_in(folder, done)
    except StorageError:
        if found.project is None:
            raise error from None
        done["project"] = {"1": found.project}
        project = project_in(folder, done)
    check_id(folder, project)
    shards_as_of(folder, done)
    return done


def _with(tables: Tables, rows: list[dict[str, Any]], ids: list[str]) -> Tables:
    categories = {str(number): row for number, row in enumerate(rows, 1)}
    return {**tables, "categories": categories, "category_order": {"1": {"ids": ids}}}
