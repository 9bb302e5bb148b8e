"""Two jobs on the same documents: where they differ, the documents with the most differences first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.binding import Binding, BindingType

from tui_labeler.engine.errors import LabelerError
from tui_labeler.engine.wording import counted
from tui_labeler.screens.base import tell
from tui_labeler.screens.compared_text import (
    Sides,
    category_lines,
    document_lines,
    figure_lines,
    outcome_words,
    section,
)
from tui_labeler.screens.jobs import text as jobs_text
from tui_labeler.screens.lines import KeyLine, Notes, TitleLine
from tui_labeler.screens.places import Compared, Place
from tui_labeler.screens.screen import Screen
from tui_labeler.screens.widgets.cells import clean, clip_middle, fit
from tui_labeler.screens.widgets.picker import Choice, Picker
from tui_labeler.screens.widgets.sheet import Sheet
from tui_labeler.screens.words import when, wrapped

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tui_labeler.engine.reviewing.comparison import ComparedDocument, Comparison
    from tui_labeler.engine.session import ProjectSession
    from tui_labeler.screens.widgets.glyphs import Glyphs
    from tui_labeler.screens.widgets.sheet import Line

_SIDES = Sides("A", "B")


class ComparisonScreen(Screen["Place | None"]):
    """The result is the place that a person wants to see in its document."""

    HELP: ClassVar[str] = """\
## Comparison of two jobs

What both jobs answered for the same documents, taken from their records: suggestions that were replaced,
accepted or rejected since count as they were answered. Only documents that both answered, on the same text,
and only categories that both were asked for are compared.

The list has the documents with the most differences first. Below it is the document at the cursor, then all
documents together. `enter` opens the document at the first difference, where `q` comes back to this list;
`tab` goes between list and page.

The figures say how far the jobs agree with each other, not which one is right.
"""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,escape", "leave", "Back", tooltip="Back to the jobs", id="comparison.back"),
    ]

    keys_shown: ClassVar[list[str]] = ["list.choose", "comparison.back"]
    """Ids of the keys in the last line."""

    keys_named: ClassVar[dict[str, str]] = {"list.choose": "Open the document"}
    """What the last line calls one of them here."""

    def __init__(self, session: ProjectSession, compared: Compared, at: int | None = None) -> None:
        """``at`` is the document that the cursor begins at, by default the first."""
        super().__init__()
        self._session = session
        self._compared = compared
        self._jobs = (compared.first, compared.second)
        self._found = compared.found
        self._at = at
        self._documents = {str(item.document): item for item in compared.found.documents}
        self._text: str | None = None

    def compose(self) -> ComposeResult:
        yield TitleLine()
        yield Notes(id="compared-jobs")
        yield Picker(id="compared-documents")
        yield Sheet(id="comparison")
        yield KeyLine()

    def on_mount(self) -> None:
        title = self.query_one(TitleLine)
        title.left = f"{self._session.project.name} > Jobs > Comparison"
        found = self._found.agreement
        title.right = f"{found.documents - found.agreeing:,} of {counted(found.documents, 'document')} differ"
        self.query_one(Notes).text = "\n".join(
            f" {side}: job {job.id}, {jobs_text.subject(job)}, {when(job.request.created)}"
            for side, job in zip("AB", self._jobs, strict=True)
        )
        rows = [Choice(key, _row(item)) for key, item in self._documents.items()]
        self.query_one(Picker).set_rows(rows, _heading, cursor=None if self._at is None else str(self._at))
        self.query_one(Picker).focus()

    def on_picker_highlighted(self, event: Picker.Highlighted) -> None:
        self._read(event.key)

    def on_picker_chosen(self, event: Picker.Chosen) -> None:
        item = self._documents[event.key]
        if item.document in self._session.rows:
            span = item.first_difference if self._is_current(item) else None
            self.dismiss(Place(item.document, span, self._compared))
        else:
            tell(self.app, f"{item.location} is not in the project any more.", title="Nothing to open")

    def action_leave(self) -> None:
        self.dismiss(None)

    def _is_current(self, item: ComparedDocument) -> bool:
        """Whether the document has the text that the jobs answered."""
        rows, state = self._session.rows, self._session.store.state
        return item.document in rows and state.document(item.document).text_hash == item.text_hash

    @work(exclusive=True)
    async def _read(self, key: str) -> None:
        """Reads the document's text, to show what the spans cover."""
        item = self._documents[key]
        self._text = None
        if self._is_current(item):
            try:
                self._text = (await self._session.documents.text(item.document)).text
            except LabelerError as error:
                tell(self.app, error.message, title=error.title, severity="warning")
        self.query_one(Sheet).show_page(self._page(item))

    def _page(self, item: ComparedDocument) -> Callable[[int, Glyphs], Sequence[Line]]:
        names = {key: category.name for key, category in self._session.store.state.categories.items()}
        text, found = self._text, self._found

        def build(width: int, signs: Glyphs) -> Sequence[Line]:
            page: list[Line] = section(item.location)[1:]
            page += wrapped(outcome_words(item.lines, _SIDES), width, "", "  ")
            page += document_lines(item.lines, names, _SIDES, text, width, signs)
            page += section("All documents")
            page += figure_lines(found.agreement, _SIDES, width)
            page += wrapped(_left_out(found), width, "dim", "  ")
            return [*page, (), *category_lines(found.agreement, names, _SIDES, width, signs)]

        return build


def _left_out(found: Comparison) -> str:
    parts = [
        f"{counted(count, 'document')} {words}"
        for count, words in (
            (found.only_first, "answered by A only"),
            (found.only_second, "answered by B only"),
            (found.other_text, "whose text changed between the two"),
        )
        if count
    ]
    return f"Left out: {', '.join(parts)}." if parts else "Both answered the same documents."


def _width(width: int) -> int:
    return max(12, min(60, width - 28))


def _heading(width: int, signs: Glyphs) -> Line:
    return ((fit(f"{'document':<{_width(width)}}{'differences':>13}{'same':>9}", width, signs.more), ""),)


def _row(item: ComparedDocument) -> Callable[[int, Glyphs], Line]:
    def paint(width: int, signs: Glyphs) -> Line:
        name = fit(clip_middle(clean(item.location), _width(width) - 1, signs.more), _width(width))
        differences = item.differences
        return (
            (name, ""),
            (f"{differences or '':>13}", "bad"),
            (f"{len(item.lines) - differences:>9}", ""),
        )

    return paint
