"""Whether a project is whole, and its documents can be reached."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from tui_labeler.domain.handover import Side
from tui_labeler.engine.doctor.check import Check
from tui_labeler.engine.errors import LabelerError
from tui_labeler.engine.pen import standing_words
from tui_labeler.engine.wording import counted, in_words

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tui_labeler.engine.session import ProjectSession


async def check_project(session: ProjectSession) -> AsyncIterator[Check]:
    """All that is looked at in one project. Raises ``LabelerError`` for what no check of its own tells."""
    yield await check_container(session)
    for check in (*await check_texts(session), *check_pen_of(session)):
        yield check
    async for check in check_files(session):
        yield check


async def check_files(session: ProjectSession) -> AsyncIterator[Check]:
    """What is looked at in the project's own files alone. Raises as :func:`check_project`."""
    for look in (check_records, check_names, check_history, check_base):
        for check in await look(session):
            yield check


async def check_container(session: ProjectSession) -> Check:
    """Whether a project's documents can be reached. What fails is the check."""
    container = session.documents.container
    name = f"container of {session.project.name}"
    try:
        async for blob in container.blobs():
            if blob.is_document:
                await container.fetch(blob.name)
                return Check(name, True, f"{container.address} can be listed and read")
    except LabelerError as error:
        return Check(name, False, in_words(error))
    return Check(name, True, f"{container.address} holds no document", warning=True)


async def check_texts(session: ProjectSession) -> list[Check]:
    """A warning where texts that offline work needs are not on this machine."""
    missing = await session.documents.lacking()
    if not missing:
        return []
    what = counted(missing, "text is", "texts are")
    detail = (
        f"{what} not here for offline work; `tui-labeler sync {session.project.name}` fetches what it can, "
        "and says what it can't"
    )
    return [Check(f"offline texts of {session.project.name}", True, detail, warning=True)]


def check_pen_of(session: ProjectSession) -> list[Check]:
    """Who labels a project that is connected to Azure Machine Learning, as it was last seen."""
    handover = session.project.handover
    if not handover.is_connected:
        return []
    words = standing_words(handover)
    away = handover.pen is not Side.HERE
    todo = f" `tui-labeler aml status {session.project.name}` asks the container." if away else ""
    return [Check(f"hand-over of {session.project.name}", True, f"{words}{todo}", warning=away)]


async def check_records(session: ProjectSession) -> list[Check]:
    """A failed check for each job and model of a project whose records can't be read."""
    found = [("job", name, error) for name, error in await session.jobs.broken()]
    found += [("model", name, error) for name, error in await session.models.broken()]
    return [
        Check(f"{what} {name} of {session.project.name}", False, in_words(error))
        for what, name, error in found
    ]


async def check_base(session: ProjectSession) -> list[Check]:
    """A failed check where what was agreed on with the container can't be read: nothing is shared then."""
    if session.sharing is None or not session.sharing.is_on:
        return []
    try:
        await session.sharing.check_base()
    except LabelerError as error:
        return [Check(f"sharing of {session.project.name}", False, in_words(error))]
    return []


async def check_names(session: ProjectSession) -> list[Check]:
    """A failed check for each name that several categories have, as an edit by hand leaves it: files of
    labels tell them apart by nothing else."""
    project = session.project
    noun, nouns = project.kind.noun, project.kind.nouns
    by_name = groupby(sorted(row.name for row in session.store.state.categories.values()))
    times = [(name, len(list(same))) for name, same in by_name]
    return [
        Check(
            f"{nouns} of {project.name}",
            False,
            f"{counted(count, noun, nouns)} are named {name!r}, and label files take them for one; "
            "give one of them another name in the application, by what its labels are",
        )
        for name, count in times
        if count > 1
    ]


async def check_history(session: ProjectSession) -> list[Check]:
    """A failed check for each part that a project's history lacks without saying so, for categories that
    it holds and the project does not, and for another kind than it has."""
    name = session.project.name
    hint = (
        "the labels are whole; restore that file from a backup, or let "
        f"`tui-labeler project repair {session.project.id}` put down what the history lacks"
    )
    try:
        found = [
            Check(f"history of {name}", False, f"{words}; {hint}") for words in await session.store.lacking()
        ]
        lost = await session.store.lost_categories()
        if lost:
            words = (
                f"nobody has deleted {', '.join(map(repr, lost))}, and project.json lacks it; `tui-labeler "
                f"project repair {session.project.id}` makes it anew of the journal"
            )
            found.append(Check(f"{session.project.kind.nouns} of {name}", False, words))
        was, kind = await session.store.kind_in_history(), session.project.kind.value
        if was not in (None, kind):
            words = (
                f"its project.json says {kind!r}, and it was made as {was!r}: labels of one kind are left "
                "out by the other; nothing in the program changes it, so put it back in that file"
            )
            found.append(Check(f"kind of {name}", False, words))
        return found
    except LabelerError as error:
        return [Check(f"history of {name}", False, in_words(error))]
