"""Which documents are listed, and in which order."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

from textual import work

from tui_labeler.domain.document_filters import Sort
from tui_labeler.engine.wording import counted
from tui_labeler.screens.base import reporting, tell
from tui_labeler.screens.dialogs import ChoiceScreen
from tui_labeler.screens.labeling.filter import FilterScreen
from tui_labeler.screens.labeling.search import DRAW_EVERY
from tui_labeler.screens.labeling.searching import SearchActions
from tui_labeler.screens.working import ask

if TYPE_CHECKING:
    from textual.events import Key
    from textual.worker import Worker

    from tui_labeler.screens.labeling.filter import FilterChoice

_SORTS = (
    ("n", Sort.NAME, "Name"),
    ("z", Sort.SIZE, "Size"),
    ("s", Sort.STATE, "State"),
    ("c", Sort.CONFIDENCE, "Document with the least confident suggestion first"),
)


class FilterActions(SearchActions):
    """What the keys for the list of documents do."""

    _in_texts = ""
    """The words that a filter looks for in the texts at the moment."""

    _filtering: Worker[None] | None = None

    def action_filter(self) -> None:
        """Which documents are listed; in a review, which suggestions it visits. Calls off a filter that
        is still looking through the texts."""
        if self._in_texts:
            self._call_off()
        elif self.reviewing:
            self.filter_suggestions()
        else:
            self._filtering = self._filter_documents()

    @property
    def is_looking_through(self) -> bool:
        """A filter looks through the texts."""
        return bool(self._in_texts)

    async def on_key(self, event: Key) -> None:
        """Calls off a filter that looks through the texts."""
        if self._in_texts and event.key in ("escape", "ctrl+g"):
            event.stop()
            event.prevent_default()
            self._call_off()

    def _call_off(self) -> None:
        assert self._filtering is not None
        self._filtering.cancel()
        self.say(f"Looking for “{self._in_texts}” was called off: the list is as it was.")

    @work
    async def _filter_documents(self) -> None:
        await self._ask_filter()

    @reporting
    async def _ask_filter(self) -> None:
        jobs = await self.session.jobs.list()
        categories = tuple(self.session.store.state.categories.values())
        # A list that is not narrowed to documents by their ids has lost what was found.
        narrowed, found = self.filter.ids, self._found_list
        chosen = await ask(
            self,
            FilterScreen(
                self.filter,
                categories,
                jobs,
                self.session.labeling.actor,
                found=found if found and narrowed is not None and narrowed <= found.ids else None,
                contents=self._contents if narrowed is not None else "",
            ),
        )
        if chosen is not None:
            await self._apply_filter(chosen)

    async def _apply_filter(self, chosen: FilterChoice) -> None:
        wanted, unreadable = chosen.filter, 0
        if chosen.contents:
            self._in_texts = chosen.contents
            try:
                found, unreadable = await self._look_into_texts(chosen)
            finally:
                self._in_texts = ""
            wanted = replace(wanted, ids=found)
        self._contents = chosen.contents
        self.list_documents(wanted, chosen.words)
        if unreadable:
            tell(self.app, f"{counted(unreadable, 'document')} can't be read.", title="Not looked into")

    async def _look_into_texts(self, chosen: FilterChoice) -> tuple[frozenset[int], int]:
        """The documents whose text holds the words, and how many could not be read."""
        among = self.session.documents.select(chosen.filter, self.sorting, as_seen=True)
        ids: set[int] = set()
        unreadable, said, clock = 0, 0.0, asyncio.get_running_loop().time
        async with aclosing(self.session.documents.search(chosen.contents, among)) as steps:
            async for step in steps:
                ids.update(found.row.id for found in step.found)
                unreadable = step.unreadable
                if clock() >= said + DRAW_EVERY:
                    said = clock()
                    self.say(
                        f"{counted(len(ids), 'document')} with “{chosen.contents}” so far, {step.looked:,} "
                        f"of {step.total:,} looked at. f calls it off."
                    )
        return frozenset(ids), unreadable

    @work
    async def action_sort(self) -> None:
        chosen = await self.app.push_screen_wait(
            ChoiceScreen(
                "Order of the documents", "", [(key, str(sort), words) for key, sort, words in _SORTS]
            )
        )
        if chosen is not None:
            self.sorting = Sort(chosen)
            self.refill()
