"""Words looked for in all documents while they are typed."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.binding import Binding, BindingType

from tui_labeler.engine.documents.searching import Found, Looked
from tui_labeler.engine.errors import LabelerError
from tui_labeler.engine.wording import counted, in_words
from tui_labeler.screens.fields import Field
from tui_labeler.screens.lines import KeyLine, StatusLine, TitleLine
from tui_labeler.screens.screen import Screen
from tui_labeler.screens.widgets.found_list import FoundList

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from tui_labeler.domain.document_rows import DocumentRow
    from tui_labeler.engine.session import ProjectSession

MOST = 1000
"""Documents with hits that are kept; more are no list to read."""

PAUSE = 0.15
"""Seconds without a key after which the words are looked for."""

DRAW_EVERY = 0.25
"""Seconds between two drawings of what came in: each is sent over the line."""


@dataclass(slots=True)
class Search:
    """Words and what was found of them so far; outlives the screen, so that it can be gone back to."""

    words: str = ""
    found: list[Found] = field(default_factory=list)
    hits: int = 0
    """In the documents found, all together."""
    step: Looked | None = None
    """How far it is."""
    problem: str = ""
    """Why it could not go on."""
    over: bool = False
    cursor: int = 0
    """Where the person is in what was found."""

    @property
    def is_cut(self) -> bool:
        """There may be more documents with hits than are kept."""
        return len(self.found) >= MOST and self.step is not None and self.step.looked < self.step.total

    def take(self, step: Looked) -> None:
        self.step = step
        self.found.extend(step.found)
        self.hits += sum(found.hits for found in step.found)

    def summary(self) -> str:
        """What came of it, or comes of it so far."""
        if self.problem:
            return self.problem
        if self.is_cut:
            return f"Cut after {counted(len(self.found), 'document')} with hits."
        if self.found:
            return f"{counted(self.hits, 'hit')} in {counted(len(self.found), 'document')}."
        return f"“{self.words}” is in no document." if self.over else f"Looking for “{self.words}”…"

    def progress(self) -> str:
        """How many documents were looked at."""
        if self.step is None:
            return ""
        return f"{self.step.looked:,} of {counted(self.step.total, 'document')} looked at"


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a person wants of what was found."""

    words: str
    document: int | None = None
    """To be opened at its first hit."""
    listed: frozenset[int] | None = None
    """The documents to go through."""
    is_cut: bool = False
    """There may be more documents with hits than those."""


class WordsField(Field):
    """Takes the words; meanwhile its keys move in the list and open what was found."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Open", tooltip="Open the document at its first hit", id="search.open"),
        Binding("down", "screen.move(1)", "Down", tooltip="Next document found", id="search.down"),
        Binding("up", "screen.move(-1)", "Up", tooltip="Document found before", id="search.up"),
        Binding("pagedown", "screen.page(1.0)", "Page down", tooltip="One page down", id="search.page-down"),
        Binding("pageup", "screen.page(-1.0)", "Page up", tooltip="One page up", id="search.page-up"),
    ]

    def on_blur(self) -> None:
        """Whoever comes back types on; words of an earlier search are replaced by the first key."""
        self.select_on_focus = False


class SearchScreen(Screen["Chosen | None"]):
    """Looks through the texts of all documents and shows those with hits as they are found."""

    HELP: ClassVar[str] = """\
## Find in all documents

Type words: the documents that hold them come in below, each with its number of hits and its first one.
Capitals, white space and the form of a letter (a ligature, full width) do not matter. Typing on begins anew.

`up` and `down` move in the list while you type, `enter` opens the document at its first hit, where `n` and
`N` go on until `ctrl+g`. `ctrl+s` makes the documents found those that the project's list shows. `tab` goes
to the list, `/` back to the words. Opened again, the search is as it was left; `ctrl+r` looks anew.
"""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "list", "List these", tooltip="List only the documents found", id="search.list"),
        Binding("ctrl+r", "again", "Anew", tooltip="Look through the documents anew", id="search.again"),
        Binding("slash", "words", "Words", tooltip="Back to the words", id="search.words", show=False),
        Binding("q", "leave", "Back", tooltip="Back to the text", id="search.back", show=False),
        Binding("ctrl+g,escape", "leave", "Back", tooltip="Back to the text", id="search.leave"),
    ]

    keys_shown: ClassVar[list[str]] = [
        "search.open",
        "list.open",
        "search.down",
        "search.up",
        "search.list",
        "search.again",
        "search.leave",
    ]
    """Ids of the keys in the last line."""

    def __init__(self, session: ProjectSession, search: Search) -> None:
        super().__init__()
        self.search = search
        """What is shown; whoever gave it takes it from here again."""
        self._session = session
        self._wanted = search.words
        self._asked = asyncio.Event()
        self.is_searching = False
        """Words were typed that the documents are still looked through for."""
        self._opens = False
        """The first document is opened as soon as it is found."""
        self._among: Sequence[DocumentRow] = ()
        """All documents in order; sorting 100,000 is too much for every key."""
        self._among_at = -1
        # Held on to: a search that is being called off may come to its next line after they are gone.
        self._title = TitleLine()
        self._status = StatusLine()
        self.results = FoundList(id="found")

    def compose(self) -> ComposeResult:
        yield self._title
        words = WordsField(self._wanted, "words to find in all documents", id="search-words")
        words.select_on_focus = True
        yield words
        yield self._status
        yield self.results
        yield KeyLine()

    def on_mount(self) -> None:
        self._title.left = f"{self._session.project.name} > Find in all documents"
        self.query_one(Field).focus()
        self.results.show(self.search.found, self.search.cursor)
        self._draw()
        self._drawing = self.set_interval(DRAW_EVERY, self._draw, pause=True)
        self._at_work = self._serve()
        if self._wanted and not self.search.over:
            self._ask(self._wanted)

    # --- searching ----------------------------------------------------------------------------------

    def on_input_changed(self, event: Field.Changed) -> None:
        words = event.value.strip()
        if words != self._wanted:
            self._ask(words)

    def _ask(self, words: str) -> None:
        self._wanted = words
        self._opens = False
        self.is_searching = True
        self._drawing.resume()
        self._asked.set()

    @work(group="finding", exclusive=True)
    async def _serve(self) -> None:
        """Looks for what was asked for last, and calls off what it was at."""
        async with asyncio.TaskGroup() as tasks:
            at_work: asyncio.Task[None] | None = None
            while await self._asked.wait():
                self._asked.clear()
                if at_work is not None:
                    at_work.cancel()
                at_work = tasks.create_task(self._look(self._wanted))

    async def _look(self, words: str) -> None:
        await asyncio.sleep(PAUSE)
        search = self.search = Search(words)
        if self.results.is_attached:
            self.results.show(search.found, 0)
        self._draw()
        try:
            if words:
                await self._follow(search)
        except LabelerError as error:
            search.problem = f"{error.title}: {in_words(error)}"
        search.over = True
        self.is_searching = False
        self._drawing.pause()
        self._draw()

    async def _follow(self, search: Search) -> None:
        if self._among_at != self._session.store.seq:
            self._among, self._among_at = self._session.documents.select(), self._session.store.seq
        async with aclosing(self._session.documents.search(search.words, self._among, MOST)) as steps:
            async for step in steps:
                first = bool(step.found) and not search.found
                search.take(step)
                if first:
                    self._draw()
                    if self._opens:
                        self.action_open()

    def _draw(self) -> None:
        """Shows what has come in; what has not changed is not drawn."""
        search, status = self.search, self._status
        if not all(widget.is_attached for widget in (self._title, status, self.results)):
            return
        unreadable = search.step.unreadable if search.step else 0
        words = f", {unreadable:,} can't be read" if unreadable else ""
        self._title.right = counted(len(self._session.rows), "document") + words
        if self.results.found is search.found:
            self.results.show(search.found)
        if not self._wanted:
            status.text, status.right = "Type words; documents that hold them come in as they are found.", ""
        elif self._opens and not search.found and not search.over:
            status.text, status.right = "The first hit opens as soon as it is found.", search.progress()
        else:
            status.text, status.right = search.summary(), search.progress()

    # --- keys ---------------------------------------------------------------------------------------

    def on_input_submitted(self, event: Field.Submitted) -> None:
        event.stop()
        self.action_open()

    def on_found_list_opened(self) -> None:
        self.action_open()

    def action_open(self) -> None:
        """Opens the document at the cursor; for words that were just typed the first that is found."""
        found, words = self.search.found, self.search.words
        if words == self._wanted and not self._asked.is_set() and found:
            self._end(Chosen(words, document=found[self.results.cursor].row.id))
        elif self._wanted and self.is_searching:
            self._opens = True
            self._draw()
        else:
            self._say_that_nothing_is_found("open")

    def action_list(self) -> None:
        """Goes through the documents found with the keys for documents."""
        found = self.search.found
        if self.search.words == self._wanted and found:
            listed = frozenset(one.row.id for one in found)
            self._end(Chosen(self._wanted, listed=listed, is_cut=self.search.is_cut))
        else:
            self._say_that_nothing_is_found("list")

    def _say_that_nothing_is_found(self, verb: str) -> None:
        """A key that has nothing to act on says so; the next words take that away."""
        if not self._wanted:
            words = f"Nothing to {verb} yet: type words first."
        elif self.is_searching:
            words = f"Nothing to {verb} yet: “{self._wanted}” is still looked for."
        else:
            words = f"Nothing to {verb}: “{self._wanted}” is in no document."
        self._status.text, self._status.right = self.search.problem or words, ""

    def action_again(self) -> None:
        self._ask(self._wanted)

    def action_move(self, rows: int) -> None:
        self._opens = False
        self.results.action_move(rows)

    def action_page(self, pages: float) -> None:
        self._opens = False
        self.results.action_page(pages)

    def action_words(self) -> None:
        self.query_one(Field).focus()

    def action_leave(self) -> None:
        self._end(None)

    def _end(self, chosen: Chosen | None) -> None:
        if self.is_current:
            self.search.cursor = self.results.cursor
            self._drawing.stop()
            self._at_work.cancel()
            self.dismiss(chosen)
