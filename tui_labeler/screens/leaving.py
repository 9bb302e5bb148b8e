"""The question that leaving asks where decisions are not saved yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tui_labeler.engine.errors import DeletedError, SetBackError, StorageError
from tui_labeler.engine.wording import counted
from tui_labeler.screens.base import saved_words, tell
from tui_labeler.screens.dialogs import ChoiceScreen
from tui_labeler.screens.working import ask

if TYPE_CHECKING:
    from textual.app import App
    from textual.screen import Screen

    from tui_labeler.engine.background import Background
    from tui_labeler.engine.session import ProjectSession


async def may_leave(app: App[Any], session: ProjectSession, background: Background | None = None) -> bool:
    """Whether to go; asks only when this person's drafts wait, or what others don't have yet can't be shared.

    To be awaited in a worker. Of a project that somebody deleted nothing waits. Raises
    ``LabelerError`` when saving was chosen and failed.
    """
    here = app.screen
    try:
        await session.refresh()
    except DeletedError:
        return True
    except SetBackError:
        return await _without_drafts(here, session) and here.is_active
    except StorageError:
        pass  # what is known has been told, and leaving must be possible
    leaves = await _with_drafts(here, session) and await _with_unshared(here, background)
    # Who has opened something else meanwhile wants to be there.
    return leaves and here.is_active


async def _with_drafts(here: Screen[Any], session: ProjectSession) -> bool:
    drafts = session.labeling.drafts()
    if not drafts:
        return True
    answer = await ask(
        here,
        ChoiceScreen(
            f"{counted(drafts, 'draft decision')} {'is' if drafts == 1 else 'are'} not saved",
            "Drafts are on disk and wait for you. Training and export use saved labels only.",
            [
                ("s", "save", "Save labels, then leave"),
                ("l", "leave", "Leave them as drafts"),
                ("q", "stay", "Stay here"),
            ],
        ),
    )
    if answer == "save":
        tell(here.app, saved_words(await session.labeling.save()), title="Labels saved")
    return answer in ("save", "leave")


async def _without_drafts(here: Screen[Any], session: ProjectSession) -> bool:
    """Of a project that was set back on the disk: nothing is saved before it is opened again."""
    drafts = session.labeling.drafts()
    if not drafts:
        return True
    answer = await ask(
        here,
        ChoiceScreen(
            f"{counted(drafts, 'draft decision')} can't be saved from here",
            "The project on the disk was set back to a backup meanwhile, or repaired. What it holds now "
            "counts; what was decided since that backup is not in it.",
            [("l", "leave", "Leave"), ("q", "stay", "Stay here")],
        ),
    )
    return answer == "leave"


async def _with_unshared(here: Screen[Any], background: Background | None) -> bool:
    """Shares what waits; asks where that takes too long or is refused."""
    if background is None or not background.is_on:
        return True
    try:
        pending = await background.count()
    except DeletedError:
        return True
    if not pending:
        return True
    if not background.works_by_itself:
        tell(here.app, f"{counted(pending, 'document')} not shared yet: S syncs.", title="Not shared")
        return True
    # Loaded when there is something to share: most projects are left without.
    from tui_labeler.screens.sharing.syncing import LastSyncScreen

    return await ask(here, LastSyncScreen(background, pending)) is True
