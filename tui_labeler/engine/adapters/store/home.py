"""A home folder: all projects, with one format version."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from contextlib import ExitStack
from typing import TYPE_CHECKING

from tui_labeler.engine.adapters.store.document_shards import DocumentShards
from tui_labeler.engine.adapters.store.files import (
    is_gone,
    make_folder,
    names_in,
    storage_errors,
    sync_folder,
)
from tui_labeler.engine.adapters.store.journal import START, Journal
from tui_labeler.engine.adapters.store.locks import FileLock, is_held
from tui_labeler.engine.adapters.store.migrations import bring_up_to_date, read_format
from tui_labeler.engine.adapters.store.project_file import check_id, project_in, tables_in, write_project
from tui_labeler.engine.adapters.store.project_store import TinyProjectStore
from tui_labeler.engine.adapters.store.repairing import Repair
from tui_labeler.engine.errors import InputError, LabelerError, NotFoundError, StorageError
from tui_labeler.engine.finishing import finished
from tui_labeler.engine.rows import to_row

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tui_labeler.domain.projects import Project


def _project(folder: Path) -> Project:
    """Raises ``StorageError`` for a folder that holds no project, or one of another id."""
    project = project_in(folder, tables_in(folder))
    check_id(folder, project)
    return project


MAKING = "making.lock"
"""Held by whoever makes a project; not there once it is made."""


class TinyProjects:
    """A :class:`~tui_labeler.engine.ports.Projects`: a folder each under ``projects/``."""

    def __init__(
        self, home: Path, now: Callable[[], str], new_id: Callable[[], str], viewer: str = ""
    ) -> None:
        """``viewer`` is who looks at the projects; empty for what works on its own."""
        self.home = home
        self._viewer = viewer
        self._now = now
        self._new_id = new_id
        self._begun: dict[str, FileLock] = {}

    def folder(self, project_id: str) -> Path:
        """The project's folder. Raises ``NotFoundError`` for an id that is none."""
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", project_id):
            raise NotFoundError(f"There is no project with the id {project_id!r}.")
        return self.home / "projects" / project_id

    def _all(self) -> list[tuple[Project, Path]]:
        """The projects that can be read, by name."""
        return self._read()[0]

    def _read(self) -> tuple[list[tuple[Project, Path]], list[tuple[str, StorageError]]]:
        """All projects, and those that can't be read: one that is damaged takes no other with it."""
        if read_format(self.home) is None and not (self.home / "projects").is_dir():
            return [], []
        bring_up_to_date(self.home)
        found: list[tuple[Project, Path]] = []
        broken: list[tuple[str, StorageError]] = []
        folder = self.home / "projects"
        with storage_errors(folder):
            # Listing says when it may not: a glob would only find nothing.
            names = sorted(entry.name for entry in os.scandir(folder)) if folder.exists() else []
        for name in names:
            try:
                if is_gone(folder / name):
                    continue
                found.append((_project(folder / name), folder / name))
            except StorageError as error:
                broken.append((name, error))
        return sorted(found, key=lambda pair: pair[0].name.casefold()), broken

    async def list(self) -> tuple[Project, ...]:
        return tuple(project for project, _ in await asyncio.to_thread(self._all))

    async def broken(self) -> tuple[tuple[str, LabelerError], ...]:
        return tuple((await asyncio.to_thread(self._read))[1])

    async def leftovers(self) -> tuple[str, ...]:
        return tuple(str(folder) for folder in await asyncio.to_thread(self._leftovers))

    def _leftovers(self) -> tuple[Path, ...]:
        folder = self.home / "projects"
        return tuple(folder / name for name in names_in(folder) if is_gone(folder / name))

    async def strays(self) -> tuple[str, ...]:
        return tuple(str(path) for path in await asyncio.to_thread(self._strays))

    def _strays(self) -> tuple[Path, ...]:
        folder = self.home / "projects"
        return tuple(
            part.folder / stray
            for name in names_in(folder)
            if (folder / name).is_dir()
            for part in (DocumentShards(folder / name), Journal(folder / name / "journal"))
            for stray in part.strays()
        )

    async def find(self, name: str) -> Project:
        return _project(await asyncio.to_thread(self._find, name))

    def place(self, project_id: str) -> Path:
        """Where a project is at the moment: one that was begun here is elsewhere until it is published."""
        return self._making(project_id) if project_id in self._begun else self.folder(project_id)

    async def begin(self, project: Project) -> TinyProjectStore:
        folder = self._making(project.id)
        try:
            await finished(asyncio.to_thread(self._begin, project))
            return await TinyProjectStore.open(folder, self._now, self._new_id, self._viewer)
        except (LabelerError, asyncio.CancelledError):
            # Whoever tries again in this process would wait for its lock.
            if project.id in self._begun:
                await self.discard(project.id)
            raise

    def _making(self, project_id: str) -> Path:
        return self.home / "making" / self.folder(project_id).name

    def _begin(self, project: Project) -> None:
        """Its lock says that somebody is at it; what others left behind unfinished is cleared away."""
        bring_up_to_date(self.home)
        folder = self._making(project.id)
        with FileLock(self.home / "projects.lock").held():
            self._check_free(project.name)
            for left in (self.home / "making").glob("*"):
                if left.is_dir() and not is_held(left / MAKING):
                    with storage_errors(left):
                        shutil.rmtree(left)
            row = to_row(project)
            make_folder(folder)
            lock = FileLock(folder / MAKING)
            lock.acquire()
            self._begun[project.id] = lock
            try:
                write_project(folder, row, (), START)
            except LabelerError:
                self._discard(project.id)
                raise

    def _check_free(self, name: str) -> None:
        if any(known.name == name for known, _ in self._all()):
            raise InputError(
                f"There is already a project named {name!r}.",
                hint="Choose another name, or delete that project first.",
            )

    async def publish(self, project_id: str) -> None:
        await asyncio.to_thread(self._publish, project_id)

    def _publish(self, project_id: str) -> None:
        made = self._making(project_id)
        with FileLock(self.home / "projects.lock").held():
            self._check_free(_project(made).name)
            make_folder(self.home / "projects")
            with storage_errors(made):
                made.rename(self.folder(project_id))
                sync_folder(self.home / "projects")
        self._begun.pop(project_id).release()
        (self.folder(project_id) / MAKING).unlink(missing_ok=True)

    async def discard(self, project_id: str) -> None:
        await asyncio.to_thread(self._discard, project_id)

    def _discard(self, project_id: str) -> None:
        with storage_errors(self._making(project_id)):
            shutil.rmtree(self._making(project_id))
        self._begun.pop(project_id).release()

    async def open(self, name: str) -> TinyProjectStore:
        folder = await asyncio.to_thread(self._find, name)
        return await TinyProjectStore.open(folder, self._now, self._new_id, self._viewer)

    async def repair(self, name: str, actor: str) -> tuple[str, ...]:
        folder = await asyncio.to_thread(self._find, name, broken_too=True)
        repair = Repair(folder, actor, self._now(), self._new_id())
        return await finished(asyncio.to_thread(repair.carry_out))

    async def delete(self, name: str, *, purge: bool) -> None:
        folder = await asyncio.to_thread(self._find, name, broken_too=True)
        await asyncio.to_thread(self._delete, folder, purge)

    def _find(self, name: str, *, broken_too: bool = False) -> Path:
        found, broken = self._read()
        for project, folder in found:
            if name in (project.name, project.id):
                return folder
        for folder_name, error in broken:
            if name == folder_name:
                if broken_too:
                    return self.home / "projects" / folder_name
                raise error
        hint = "`tui-labeler project list` shows the projects there are."
        if broken:
            hint += f" {len(broken)} of them can't be read; `tui-labeler doctor` says why."
        raise NotFoundError(f"There is no project named {name!r} in {self.home}.", hint=hint)

    def _delete(self, folder: Path, purge: bool) -> None:
        """Without ``purge`` the folder stays in ``deleted/``, from where a person can bring it back.

        Its runners' locks come first: a runner that wrote its last event still reads; then those of whoever
        commits. Moving it is one step, so that nobody meets half a project, whatever happens to the process.
        """
        stamp = re.sub(r"[^0-9]", "", self._now())[:14]
        aside = self.home / "deleted" / f"{folder.name}-{stamp}"
        with ExitStack() as locks, storage_errors(folder):
            for request in folder.glob("jobs/*/request.json"):
                locks.enter_context(FileLock(request.with_name("lock")).held())
            for name in ("checkpoint.lock", "lock"):
                locks.enter_context(FileLock(folder / name, project=folder).held())
            locks.enter_context(FileLock(self.home / "projects.lock").held())
            make_folder(aside.parent)
            folder.rename(aside)
            if purge:
                shutil.rmtree(aside)
            for changed in (aside.parent, folder.parent):
                sync_folder(changed)
