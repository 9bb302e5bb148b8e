"""Making ``project.json`` anew of the journal, where nothing has to be guessed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tui_labeler.engine.adapters.store import asides
from tui_labeler.engine.adapters.store.document_shards import DocumentShards
from tui_labeler.engine.adapters.store.files import PROJECT_FILE
from tui_labeler.engine.adapters.store.index import known_to
from tui_labeler.engine.adapters.store.journal import START, Journal
from tui_labeler.engine.adapters.store.project_file import (
    check_id,
    no_project,
    place_of,
    project_in,
    read_project_file,
    shards_as_of,
    tables_in,
)
from tui_labeler.engine.adapters.store.replaying import project_as_of
from tui_labeler.engine.adapters.store.shards import signature
from tui_labeler.engine.adapters.store.survey import survey
from tui_labeler.engine.errors import StorageError

if TYPE_CHECKING:
    from pathlib import Path

    from tui_labeler.engine.adapters.store.journal import Position
    from tui_labeler.engine.adapters.store.replaying import ProjectAsOf

Tables = dict[str, dict[str, Any]]


def own_file(folder: Path) -> tuple[Tables, Position, list[str]]:
    """The tables of ``project.json`` as they are to be, their place, and in sentences what is done.

    Raises ``StorageError`` where the journal does not hold what is missing.
    """
    try:
        tables = tables_in(folder)
        marks = list(tables.get("checkpoint", {}).values())
        if not marks:
            raise no_project(folder)
    except StorageError as error:
        if isinstance(error.__cause__, OSError):
            raise
        return _all_anew(folder, error)
    base = place_of(folder, marks[0])
    return _with_project(folder, tables, base)


def _all_anew(folder: Path, error: StorageError) -> tuple[Tables, Position, list[str]]:
    """All of the file, which is gone or says nothing.

    The index says how far the files of documents go; without it all is done again that the journal holds,
    over what somebody has edited in them since.
    """
    path, journal, shards = folder / PROJECT_FILE, Journal(folder / "journal"), DocumentShards(folder)
    seen = survey(journal, known_to(folder / "index.json") or 0)
    place = START if seen.place is None else seen.place
    found, latest = project_as_of(journal, place.seq), project_as_of(journal, seen.highest)
    project = found.project or latest.project
    if project is None or not latest.is_whole:
        lost = (
            "does not say what the project is: name, kind, container, language, description and settings "
            "stand in that file alone"
            if project is None
            else "lacks a part, so that categories and settings are not certain"
        )
        raise StorageError(
            f"{error.message}. The journal {lost}.",
            hint="Restore that one file from a backup. What was done since is read from the journal.",
        ) from error
    marks = {number: signature(shards.path(number)) for number in shards.numbers()}
    tables: Tables = {
        "checkpoint": {"1": place.stored},
        "project": {"1": project},
        # Which of them others than the program have written is not known any more: a sync looks at all.
        "edited": {str(number): {"as": "-".join(map(str, mark))} for number, mark in marks.items() if mark},
    }
    tables = _with(tables, [row for row in found.categories.values() if row], list(found.categories))
    check_id(folder, project_in(folder, tables))
    kept = f"; the file that was there is {asides.keep(path).name} now" if path.exists() else ""
    return tables, place, [f"{path} is made anew of the journal{kept}."]


def _with_project(folder: Path, tables: Tables, base: Position) -> tuple[Tables, Position, list[str]]:
    """As :func:`own_file`, of a file that names a place.

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
        return (
            done,
            base,
            [f"{path} is made anew of the journal; the file that was there is {aside.name} now."],
        )
    check_id(folder, project_in(folder, tables))
    missing = found.missing_in({row["id"] for row in said.categories})
    if not missing:
        return tables, base, []
    rows = [*said.categories, *missing]
    ids = list(dict.fromkeys([*said.category_order, *(row["id"] for row in rows)]))
    rows.sort(key=lambda row: ids.index(row["id"]))
    names = ", ".join(repr(row["name"]) for row in missing)
    return _with(tables, rows, ids), base, [f"{path} has {names} again, made anew of the journal."]


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
