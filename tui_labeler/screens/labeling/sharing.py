"""What the keys for sharing do, and what the screen says of it by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import work

from tui_labeler.screens.base import reporting, tell
from tui_labeler.screens.labeling.base import LabelingBase
from tui_labeler.screens.sharing.sync_words import came_words, trouble_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_labeler.domain.labels import Span
    from tui_labeler.engine.background import Exchange, Standing
    from tui_labeler.engine.ports import Transaction


class SharingActions(LabelingBase):
    """Syncs on a person's word, and shows what a sync in the background has brought."""

    _trouble = ""
    """What was said of that which keeps labels from being shared."""

    def count_others(self, transactions: Sequence[Transaction]) -> None:
        """Counts what others decided of the suggestions that a review visits."""
        raise NotImplementedError

    # --- by itself ----------------------------------------------------------------------------------

    def take_standing(self, standing: Standing) -> None:
        """The project stands otherwise to those who share it: the title says so, and trouble is said once, as
        long as it lasts.
        """
        self.show_title()
        words, before = trouble_words(standing), self._trouble
        self._trouble = words
        is_over = self.message and self.message == before != words
        if is_over or (words and not before and not self.weighty_words()):
            self.say(words)

    def take_exchange(self, exchange: Exchange) -> None:
        """A sync in the background has brought something in."""
        self.count_others(exchange.shared.transactions)
        self.show_changes()
        self.show_title()
        if words := came_words(exchange):
            tell(self.app, words, title="From those who share the project")

    # --- on a person's word -------------------------------------------------------------------------

    @work(exclusive=True, group="sync")
    @reporting
    async def action_sync(self) -> None:
        """Syncs at once and tells what came of it."""
        from tui_labeler.screens.sharing.syncing import SyncScreen

        background = self.follower.background
        if background is None:
            return
        wants_conflicts = await self.app.push_screen_wait(SyncScreen(self.session, background))
        self.show_changes()
        self.refill()
        if wants_conflicts:
            self.action_conflicts()

    @work(exclusive=True, group="conflicts")
    @reporting
    async def action_conflicts(self) -> None:
        """Shows what two sides have made differently, for a decision; may end at the place of one."""
        from tui_labeler.screens.sharing.conflicts import ConflictsScreen

        background = self.follower.background
        if background is None or not background.is_on:
            self.say("Labels of this project are not shared: there is nobody to differ from.")
            return
        place = await self.app.push_screen_wait(ConflictsScreen(self.session, background))
        self.show_changes()
        if place is not None:
            self.show_place(place.document, place.span)

    def show_place(self, document: int, span: Span | None) -> None:
        """Opens a document with the cursor at a place."""
        raise NotImplementedError
