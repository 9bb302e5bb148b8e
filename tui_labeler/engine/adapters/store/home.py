"""A home folder: all projects, with one format version."""

from __future__ import annotations

import asyncio
import re
import shutil
from typing import TYPE_CHECKING

from tui_labeler.engine.adapters.store.checkpoint import write_project
from tui_labeler.engine.adapters.store.files import make_folder, storage_errors
from tui_labeler.engine.adapters.store.journal import START
from tui_labeler.engine.adapters.store.locks import FileLock
from tui_labeler.engine.adapters.store.migrations import bring_up_to_date, read_format
from tui_labeler.engine.adapters.store.project_store import TinyProjectStore
from tui_labeler.engine.adapters.store.shards import database, rows_of
from tui_labeler.engine.errors import InputError, NotFoundError
from tui_labeler.engine.rows import to_project, to_row

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tui_labeler.domain.projects import Project


class TinyProjects:
    """A :class:`~tui_labeler.engine.ports.Projects`: a folder each under ``projects/``."""

    def __init__(self, home: Path, now: Callable[[], str], new_id: Callable[[], str]) -> None:
        self.home = home
        self._now = now
        self._new_id = new_id

    def folder(self, project_id: str) -> Path:
        """The project's folder. Raises ``NotFoundError`` for an id that is none."""
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", project_id):
            raise NotFoundError(f"There is no project with the id {project_id!r}.")
        return self.home / "projects" / project_id

    def _all(self) -> list[tuple[Project, Path]]:
        if read_format(self.home) is None and not (self.home / "projects").is_dir():
            return []
        bring_up_to_date(self.home)
        found = []
        for path in sorted((self.home / "projects").glob("*/project.json")):
            for row in rows_of(database(path).table("project")):
                found.append((to_project(row), path.parent))
        return sorted(found, key=lambda pair: pair[0].name.casefold())

    async def list(self) -> tuple[Project, ...]:
        return tuple(project for project, _ in await asyncio.to_thread(self._all))

    async def create(self, project: Project) -> None:
        await asyncio.to_thread(self._create, project)

    def _create(self, project: Project) -> None:
        bring_up_to_date(self.home)
        with FileLock(self.home / "projects.lock").held():
            if any(known.name == project.name for known, _ in self._all()):
                raise InputError(
                    f"There is already a project named {project.name!r}.",
                    hint="Choose another name, or delete that project first.",
                )
            folder = self.folder(project.id)
            make_folder(folder)
            write_project(folder, to_row(project), (), START)

    async def open(self, name: str) -> TinyProjectStore:
        folder = await asyncio.to_thread(self._find, name)
        return await TinyProjectStore.open(folder, self._now, self._new_id)

    async def delete(self, name: str, *, purge: bool) -> None:
        folder = await asyncio.to_thread(self._find, name)
        await asyncio.to_thread(self._delete, folder, purge)

    def _find(self, name: str) -> Path:
        for project, folder in self._all():
            if name in (project.name, project.id):
                return folder
        raise NotFoundError(
            f"There is no project named {name!r} in {self.home}.",
            hint="`tui-labeler project list` shows the projects there are.",
        )

    def _delete(self, folder: Path, purge: bool) -> None:
        """Without ``purge`` the folder goes to ``deleted/``, from where a person can bring it back."""
        with FileLock(self.home / "projects.lock").held(), storage_errors(folder):
            if purge:
                shutil.rmtree(folder)
                return
            make_folder(self.home / "deleted")
            stamp = re.sub(r"[^0-9]", "", self._now())[:14]
            folder.rename(self.home / "deleted" / f"{folder.name}-{stamp}")
