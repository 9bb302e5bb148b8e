"""Words looked for in the text in view, and in all documents."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from textual import work

from tui_labeler.domain.document_filters import DocumentFilter
from tui_labeler.screens.dialogs import InputScreen
from tui_labeler.screens.labeling.base import LabelingBase
from tui_labeler.screens.labeling.filter import FoundList
from tui_labeler.screens.labeling.search import Search, SearchScreen

if TYPE_CHECKING:
    from tui_labeler.screens.labeling.search import Chosen


class SearchActions(LabelingBase):
    """What the keys for searching do."""

    _searched = ""
    """The words that were looked for last in a text."""

    _found_words = ""
    """What was said of the place that was gone to last."""

    _search: Search | None = None
    """The search through all documents, as it was left."""

    _found_list: FoundList | None = None
    """What of it was listed."""

    _contents = ""
    """Words that the texts of the list hold, by its filter."""

    @work
    async def action_search(self) -> None:
        """Looks for words in the text; the same again goes to the next place."""
        words = await self.app.push_screen_wait(
            InputScreen(
                "Search in this text",
                "enter finds, n and N go on; ctrl+g there, or nothing here, ends it",
                self._searched,
                anew=True,
            )
        )
        if words is None:
            return
        self._searched = words.strip()
        if not self._searched:
            self.text.clear_found()
            self.say("")
            return
        if self._search is None or self._search.words != self._searched:
            self._search = Search(self._searched)
        self.find_again(forward=True)

    def find_again(self, *, forward: bool) -> None:
        """The next place of what was searched for."""
        found = self.text.find(self._searched, forward)
        self.text.focus()
        if found is None:
            self.say(f"“{self._searched}” is not in this text. ctrl+f finds it in all documents.")
        else:
            place = self.text.found.index(found) + 1
            self._say_found(self._searched, place)

    def _say_found(self, words: str, place: int) -> None:
        self._found_words = f"“{words}”: {place:,} of {len(self.text.found):,}"
        self.say(self._found_words)

    def on_text_view_search_changed(self) -> None:
        """The keys go from place to place as long as a search lasts."""
        if not self.text.found and self.message and self.message == self._found_words:
            self.say("")
        self.refresh_bindings()

    @work
    async def action_find_in_all(self) -> None:
        """Looks for words in all documents, as they are typed."""
        screen = SearchScreen(self.session, self._search or Search())
        chosen = await self.app.push_screen_wait(screen)
        self._search = screen.search
        if chosen is not None:
            self._take_found(chosen)

    def _take_found(self, chosen: Chosen) -> None:
        self._searched = chosen.words
        if chosen.listed is not None:
            words = f"“{chosen.words}”{', cut' * chosen.is_cut}"
            self.list_documents(DocumentFilter(ids=chosen.listed), words)
            self._found_list, self._contents = FoundList(chosen.listed, words), ""
        elif chosen.document is not None:
            self.open_document(chosen.document, partial(self._go_to_first, chosen.words))

    def _go_to_first(self, words: str) -> None:
        """To the first place of some words, with all of them marked."""
        if self.problem:
            return
        self.text.focus()
        self.text.find(words)
        if found := self.text.found:
            self.text.go_to(found[0].start, found[0].end)
            self._say_found(words, 1)
        else:
            self.say(f"“{words}” is not in this text any more.")

    def list_documents(self, wanted: DocumentFilter, words: str) -> None:
        """Lists the documents that a filter lets through, and shows the first if the one in view is not
        among them; ``words`` say what they are."""
        self.filter, self.filter_words = wanted, words
        self.refill()
        self.say("" if self.documents.rows else "No document is like that. f shows others.")
        if self.documents.rows and all(row.id != self.wanted for row in self.documents.rows):
            self.open_document(self.documents.rows[0].id)
