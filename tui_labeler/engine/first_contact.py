"""A project that is being made meets its container: whose it is there already, and the first sync."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import TYPE_CHECKING

from tui_labeler.domain.projects import Category, Project
from tui_labeler.engine.actions import PROJECT_SYNCED
from tui_labeler.engine.background import LABELS
from tui_labeler.engine.changes import put_category
from tui_labeler.engine.errors import ContainerError, InputError, LabelerError, UnreachableError
from tui_labeler.engine.ports import Plan, Projects, Shelf, State
from tui_labeler.engine.sharing.joining import Claim, claim, is_claimed
from tui_labeler.engine.sharing.project_form import with_items

if TYPE_CHECKING:
    from tui_labeler.engine.documents.reading import Progress
    from tui_labeler.engine.session import ProjectSession
    from tui_labeler.engine.sharing.synced import Shared

ShelfOf = Callable[[str], AbstractAsyncContextManager[tuple[Shelf, bool]]]
"""The small files beside the documents at a stored address, and whether those are elsewhere."""


async def joining(
    project: Project, shelf: Shelf, maker: str, projects: Projects
) -> tuple[Project, Claim | None, tuple[str, ...]]:
    """The project as others have made it in the container already, if they have; and what to warn of.

    ``maker`` claims its name there; ``projects`` are those of the home. Raises ``UnreachableError``, and
    ``InputError`` for one that the home has.
    """
    try:
        found = await claim(shelf, project.name, project.kind, project.id, maker)
    except UnreachableError:
        raise
    except ContainerError as error:
        # It may be read: who only wants to look may have the project, and the first sync that can
        # write asks again whose the name is.
        return project, None, (f"the project can't be shared from here: {error.message}",)
    if found.id == project.id:
        return project, None, ()
    for known in await projects.list():
        if known.id == found.id:
            raise InputError(
                f"This home has the shared project {project.name!r} already, as {known.name!r}.",
                hint=f"Open that one: `tui-labeler open {known.name}`.",
                on_screen="Open that one.",
            )
    project = replace(project, id=found.id)
    # An own claim that was not followed up is no joining.
    return (
        with_items(project, found.shared.items) if found.shared else project,
        found if found.joined else None,
        (),
    )


def taking_over(categories: Sequence[Category], state: State) -> Plan:
    """The categories that others have."""
    return Plan(PROJECT_SYNCED, [put_category(state, category) for category in categories])


async def shared_beside(shelf: Shelf, name: str) -> tuple[str, ...]:
    """What to say of a project of that name which others share, where a new one stays apart from it."""
    try:
        taken = await is_claimed(shelf, name)
    except LabelerError:
        # Only a project that is to be shared needs what others share.
        return ()
    words = (
        f"others share a project {name!r} there, and this one stays apart; one that is made to be shared "
        "(--share, or the form's field for labels) joins theirs"
    )
    return (words,) if taken else ()


async def first_contact(made: ProjectSession, progress: Progress) -> tuple[Shared | None, tuple[str, ...]]:
    """Shares the labels of a project that was made, and keeps its texts here; closes it where that fails."""
    try:
        shared, notes = await _first_sync(made, progress)
        kept = await made.documents.keep(lambda doing, done, total: progress(doing, done))
    except (LabelerError, asyncio.CancelledError):
        await made.close()
        raise
    return shared, (*notes, *kept.notes, *([kept.words] if kept.words else []))


async def _first_sync(session: ProjectSession, progress: Progress) -> tuple[Shared | None, tuple[str, ...]]:
    """The project is made; labels that can't be shared yet are no reason to have none."""
    if session.sharing is None or not session.sharing.is_on:
        return None, ()
    try:
        shared = await session.sharing.sync(progress=lambda done, total: progress(LABELS, done))
    except LabelerError as error:
        return None, (f"labels could not be synced: {error.message} {error.hint}".rstrip(),)
    await session.store.checkpoint()
    return shared, (f"labels were not taken: {shared.paused}",) if shared.paused else ()
