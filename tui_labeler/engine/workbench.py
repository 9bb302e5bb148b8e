"""All projects of a home: list, create, open, delete."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tui_labeler.domain.containers import holds_secret
from tui_labeler.domain.jobs import QuotaUse
from tui_labeler.domain.projects import LONGEST_PROJECT, Category, Project, ProjectKind
from tui_labeler.engine import limits
from tui_labeler.engine.actions import CREATED
from tui_labeler.engine.categories import check_name
from tui_labeler.engine.changes import put_category, put_project
from tui_labeler.engine.documents.reading import Progress, Synced, over_limits
from tui_labeler.engine.errors import (
    InputError,
    LabelerError,
    LockedError,
    RefusedError,
)
from tui_labeler.engine.finishing import finished_all_the_same
from tui_labeler.engine.first_contact import ShelfOf, first_contact, joining, shared_beside, taking_over
from tui_labeler.engine.formats import AUTO, read_file
from tui_labeler.engine.imports.journal import Say, unsaid
from tui_labeler.engine.label_files import Imported
from tui_labeler.engine.ports import Plan, Projects, ProjectStore, QuotaStore, State, Surroundings
from tui_labeler.engine.session import ProjectSession
from tui_labeler.engine.sharing.synced import Shared

if TYPE_CHECKING:
    from tui_labeler.engine.formats.model import LabelFile
    from tui_labeler.engine.resources.resources import Resources
    from tui_labeler.engine.sharing.joining import Claim

LANGUAGE = "en-us"

KINDS_IN_WORDS = {
    ProjectKind.ENTITIES: "entities: words in the text",
    ProjectKind.SINGLE_LABEL: "one class a document",
    ProjectKind.MULTI_LABEL: "several classes a document",
}
"""What is labeled in each kind, as a person chooses it."""

PATIENCE = 20.0
"""Seconds that a cancelled job may take to stop before its project is deleted."""


@dataclass(frozen=True, slots=True)
class NewProject:
    """What a person says of a project to be made."""

    name: str
    kind: ProjectKind
    container: str
    language: str = ""
    """Empty: what the labels file says, else ``en-us``."""
    multilingual: bool = False
    description: str = ""
    categories: tuple[str, ...] = ()
    descriptions: Mapping[str, str] = field(default_factory=dict)
    """By a category's name; label files hold none."""
    examples: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By a category's name."""
    share: bool = False
    """Keep labels in the folder, for those who share it; those of a container elsewhere always are."""


@dataclass(frozen=True, slots=True)
class CreatedProject:
    """A project that was made, open, and what there is to say of it."""

    session: ProjectSession
    synced: Synced
    imported: Imported | None
    warnings: tuple[str, ...]
    joined: bool = False
    """Others share a project of that name in the container, and this is it."""
    shared: Shared | None = None
    """What the first sync of labels did; ``None`` where there was none."""


Connect = Callable[[ProjectStore], ProjectSession]
"""Puts the adapters that a project asks for around its store."""


class Workbench:
    """The projects of one home, for one person."""

    def __init__(
        self,
        projects: Projects,
        quota: QuotaStore,
        connect: Connect,
        check_container: Callable[[str], str],
        surroundings: Surroundings,
        resources: Resources,
        *,
        container_notes: Callable[[str], tuple[str, ...]] = lambda address: (),
        shelf_of: ShelfOf | None = None,
    ) -> None:
        """``check_container`` makes of what was typed the address to store, or raises ``InputError``;
        ``container_notes`` tells what a person should know of such an address. Without
        ``shelf_of`` nothing is shared."""
        self._projects = projects
        self._connect = connect
        self._check_container = check_container
        self._container_notes = container_notes
        self._shelf_of = shelf_of
        self.quota_store = quota
        self.resources = resources
        self.surroundings = surroundings

    async def projects(self) -> tuple[Project, ...]:
        """Sorted by name."""
        return await self._projects.list()

    async def broken(self) -> tuple[tuple[str, LabelerError], ...]:
        """Projects that can't be read: the folder's name and why."""
        return await self._projects.broken()

    async def leftovers(self) -> tuple[str, ...]:
        """Folders among those of projects that hold no state of any; they may be removed."""
        return await self._projects.leftovers()

    async def strays(self) -> tuple[str, ...]:
        """Files among those of the projects' state that are not of the program, and that it does not read."""
        return await self._projects.strays()

    async def find(self, name: str) -> Project:
        """The project of that name or id, without its documents. Raises ``NotFoundError``."""
        return await self._projects.find(name)

    async def open(self, name: str) -> ProjectSession:
        """Raises ``NotFoundError``."""
        return self._connect(await self._projects.open(name))

    async def repair(self, name: str) -> tuple[str, ...]:
        """Makes what is missing of a project's files anew of what is left; returns what was done.

        Raises ``StorageError`` where it is held nowhere else, ``LockedError``, ``NotFoundError``.
        """
        return await self._projects.repair(name, self.surroundings.actor)

    async def create(
        self,
        new: NewProject,
        *,
        labels: bytes | None = None,
        labels_name: str = "",
        labels_format: str = AUTO,
        add_documents: bool = False,
        progress: Progress = lambda doing, count: None,
        say: Say = unsaid,
    ) -> CreatedProject:
        """Makes a project, reads its container and, with ``labels``, imports a labels file.

        With ``add_documents``, texts of that file which match no document become new ones in the container;
        they are written once the project is there, so that whoever opens it goes on where the process dies.

        Nobody sees it before it is whole: when anything fails, or the process dies, there is none; only
        sharing its labels, which comes last, goes on with the next sync. Raises
        ``InputError`` for a name or file that can't be used, ``ContainerError`` for a container that can't be
        read.
        """
        warnings = _name_warnings(new.name)
        file = read_file(labels, labels_name, labels_format)[1] if labels is not None else None
        _check(new, file, labels_name)
        container = self._check_container(new.container)
        warnings += tuple(_damaged_words(name, error) for name, error in await self.broken())
        project, joined, unclaimed = await self._joining(self._named(new, file, container), share=new.share)
        session = self._connect(await self._projects.begin(project))
        try:
            if joined is not None and joined.categories:
                taking = partial(taking_over, joined.categories)
                await session.store.commit(self.surroundings.actor, taking)
            synced = await session.documents.sync(progress)
            imported, intended = None, False
            if labels is not None:
                plan = await session.label_files.plan(
                    labels, labels_name, labels_format, add_documents=add_documents, progress=progress
                )
                begun = replace(plan.begun, group=self.surroundings.new_id())
                intended = bool(plan.additions) and await session.label_files.journal.intend(begun)
                if not intended:
                    imported = await session.label_files.apply(plan, progress, say=say)
            await session.store.commit(self.surroundings.actor, partial(self._declaring, new))
            await session.store.checkpoint()
            await session.close()
            await finished_all_the_same(self._projects.publish(project.id))
        except (LabelerError, asyncio.CancelledError):
            await session.close()  # waits for what is being written
            await self._projects.discard(project.id)
            raise
        made = await self.open(project.id)
        if intended:
            imported = await self._with_texts(made, progress, say)
        shared, notes = await first_contact(made, progress)
        warnings += (*unclaimed, *notes, *self._container_notes(project.container))
        # Of what is there now: a labels file may have brought documents since the container was read.
        warnings += (*over_limits(made.store.state), *synced.notes)
        # The second session of the two that make it finds the same disk.
        warnings = tuple(dict.fromkeys((*warnings, *_category_warnings(made))))
        return CreatedProject(made, synced, imported, warnings, joined is not None, shared)

    def _named(self, new: NewProject, file: LabelFile | None, container: str) -> Project:
        """The project that was asked for; what a person left open is as the labels file says."""
        return Project(
            id=f"p{self.surroundings.new_id()}",
            name=new.name,
            kind=new.kind,
            container=container,
            language=new.language or (file.language if file else "") or LANGUAGE,
            multilingual=new.multilingual or bool(file and file.multilingual),
            description=new.description or (file.description if file else ""),
            created=self.surroundings.now(),
        )

    async def _with_texts(self, made: ProjectSession, progress: Progress, say: Say) -> Imported:
        """The labels file that brings new documents; there is no project where they can't be written."""
        try:
            return await made.label_files.journal.carry_out(progress, say)
        except (asyncio.CancelledError, LockedError):
            await made.close()
            raise
        except LabelerError:
            await made.close()
            await self._projects.delete(made.project.id, purge=True)
            raise

    async def _joining(
        self, project: Project, *, share: bool
    ) -> tuple[Project, Claim | None, tuple[str, ...]]:
        """As :func:`~tui_labeler.engine.first_contact.joining`; nothing is shared without shelves."""
        if self._shelf_of is None:
            return project, None, ()
        async with self._shelf_of(project.container) as (shelf, is_remote):
            if not is_remote and not share:
                return project, None, await shared_beside(shelf, project.name)
            project = replace(project, settings=replace(project.settings, share_labels=not is_remote))
            return await joining(project, shelf, self._maker, self._projects)

    @property
    def _maker(self) -> str:
        """Who claims names in containers, for themselves to know again."""
        return f"{self.surroundings.actor}@{self.surroundings.host}"

    def _declaring(self, new: NewProject, state: State) -> Plan:
        """The categories that a project is made with, and the mark that it is made: undo ends there.

        The project itself stands there too, as the journal is what its own file is made anew of.
        """
        categories = list(state.categories.values())
        known = {category.name for category in categories}
        categories += [
            Category(self.surroundings.new_id(), name) for name in new.categories if name not in known
        ]
        wanted = [
            replace(
                category,
                description=new.descriptions.get(category.name, category.description),
                examples=new.examples.get(category.name, category.examples),
            )
            for category in categories
        ]
        changed = [category for category in wanted if state.categories.get(category.id) != category]
        made = put_project(state, state.project)._replace(before=None)
        return Plan(CREATED, [made, *(put_category(state, category) for category in changed)], is_event=True)

    async def delete(self, name: str, *, purge: bool = False) -> tuple[str, ...]:
        """Without ``purge`` the project's folder is kept aside.

        Jobs at work are cancelled first, and what ended ones have left at a service is stopped there. One
        that can't be read is deleted by its id, as it is. Returns the ids of batches that could not be
        stopped. Raises ``NotFoundError``, or ``RefusedError`` when a job does not stop.
        """
        if name in {broken for broken, _ in await self.broken()}:
            await self._projects.delete(name, purge=purge)
            return ()
        session = await self.open(name)
        running = [job for job in await session.jobs.list() if not job.state.is_over]
        for job in running:
            await session.jobs.cancel(job.id)
        for job in running:
            await self._wait_for(session, job.id)
        left = [key for job in await session.jobs.list() for key in await session.jobs.stop_batches(job.id)]
        await self._projects.delete(name, purge=purge)
        return tuple(left)

    async def _wait_for(self, session: ProjectSession, job_id: str) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                async for _ in session.jobs.follow(job_id):
                    pass
        except TimeoutError:
            raise RefusedError(
                f"Job {job_id} of the project is still at work.", hint="Wait for it to stop, then try again."
            ) from None

    async def quota(self) -> QuotaUse:
        return await self.quota_store.usage()


def suggested_name(container: str) -> str:
    """A name for a project on a container as it was typed: the last part of its path, and nothing behind.

    Empty for what holds a secret where no address has one.
    """
    if holds_secret(container) and not container.strip().lower().startswith(("http://", "https://")):
        return ""
    if "://" not in container:
        return Path(container).expanduser().absolute().name
    parts = urlsplit(container)
    last = parts.path.rstrip("/").rpartition("/")[2] or parts.netloc
    return "" if holds_secret(last) else last


def _damaged_words(name: str, error: LabelerError) -> str:
    """Nobody knows any more what it was called, nor where its documents are."""
    return (
        f"The project in the home's folder {name} can't be read, and may be one of this container: "
        f"{error.message}. Its labels are still there; `tui-labeler doctor` says what to do."
    )


def _name_warnings(name: str) -> tuple[str, ...]:
    """What may become of such a name. Raises ``InputError`` for one that no project can have."""
    warnings = limits.project_name(name)
    if not name.strip() or name != name.strip():
        raise InputError(
            "A project needs a name, without white space around it.",
            hint="Give it one of letters, digits, `_`, `.` and `-`.",
        )
    if len(name) > LONGEST_PROJECT:
        raise InputError(
            f"A project's name has at most {LONGEST_PROJECT:,} characters, not {len(name):,}.",
            hint="Put what more there is to say into its description.",
        )
    return warnings


def _check(new: NewProject, file: LabelFile | None, filename: str) -> None:
    """Raises ``InputError`` for labels of another kind, and for categories that can't be."""
    if file is not None and not file.is_for(new.kind):
        raise InputError(
            f"{filename} holds labels of a {file.kind} project, not of a {new.kind} one.",
            hint=f"Create the project with --kind {file.kind.short}.",
            on_screen=f"Choose the other kind: {KINDS_IN_WORDS[file.kind]}.",
        )
    if len({name.strip() for name in new.categories}) != len(new.categories):
        raise InputError("A category was named twice.", hint="Name each one once.")
    for name in new.categories:
        check_name(name)


def _category_warnings(made: ProjectSession) -> tuple[str, ...]:
    declared = [category.name for category in made.store.state.categories.values()]
    each = (warning for name in declared for warning in limits.category_name(name))
    return (*limits.categories(len(declared)), *each)


async def set_settings(session: ProjectSession, project: Project) -> None:
    """Changes a project's description, language or settings; an undoable step.

    How it stands to Azure Machine Learning stays as it is: that may have changed while people thought. Raises
    ``PenError`` while labels are made there, ``PlainError`` for what would break the connection.
    """

    def plan(state: State) -> Plan:
        changed = replace(project, handover=state.project.handover)
        return Plan("project.settings", [put_project(state, changed)])

    await session.store.commit(session.surroundings.actor, plan)
