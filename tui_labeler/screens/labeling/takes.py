"""Who else has a document open, and taking one over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_labeler.screens.base import tell, tell_error
from tui_labeler.screens.labeling.base import LabelingBase

if TYPE_CHECKING:
    from tui_labeler.domain.document_rows import DocumentRow
    from tui_labeler.engine.takes.taking import TakesNews


class TakeActions(LabelingBase):
    """Shows what others have, and takes over what a person asks for."""

    def taker_name(self, row: DocumentRow) -> str:
        """Who else has a document, for the list."""
        take = self.taker(row)
        return "" if take is None else take.actor or "somebody"

    def take_takes(self, news: TakesNews) -> None:
        """Others have other documents than before."""
        self.documents.show_takers(news.locations)
        self.show_title()
        if news.trouble is not None:
            tell_error(self.app, news.trouble)
        if news.lost is not None:
            tell(
                self.app,
                f"{news.lost.location} is with {news.lost.words}. What you have decided in it stays.",
                title="Taken over",
                severity="warning",
            )

    def action_take_over(self) -> None:
        """Takes the document in view from whoever has it."""
        taking, row = self.session.taking, None if self.shown is None else self.session.rows.get(self.shown)
        take = None if row is None else self.taker(row)
        if taking is None or row is None or take is None:
            self.say("Nobody else has this document.")
            return
        taking.take_over()
        self.documents.show_takers([row.location])
        self.show_title()
        self.say(f"Taken over from {take.actor or 'somebody'}, who is told.")
