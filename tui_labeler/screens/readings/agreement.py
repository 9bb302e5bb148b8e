"""How far suggestions agree with what people labeled before they saw them, and two readers of a document."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from tui_labeler.screens.compared_text import (
    SHOWN_DOCUMENTS,
    Sides,
    category_lines,
    differences,
    document_lines,
    figure_lines,
    outcome_words,
    section,
)
from tui_labeler.screens.lines import KeyLine, TitleLine
from tui_labeler.screens.readings.readers_text import reader_lines
from tui_labeler.screens.screen import Screen
from tui_labeler.screens.widgets.cells import clean
from tui_labeler.screens.widgets.sheet import Sheet
from tui_labeler.screens.words import wrapped

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tui_labeler.domain.agreement import Pairing
    from tui_labeler.engine.readings.agreeing import Agreed
    from tui_labeler.engine.reviewing.blind import BlindResult
    from tui_labeler.engine.session import ProjectSession
    from tui_labeler.screens.widgets.glyphs import Glyphs
    from tui_labeler.screens.widgets.sheet import Line

_SIDES = Sides("person", "suggestion")


class AgreementScreen(Screen[None]):
    """One document first, then all blind ones; nothing here changes anything."""

    HELP: ClassVar[str] = """\
## Agreement

In blind mode (project settings) suggestions are hidden while you label a document. When all of it is labeled,
`|` asks whether you are done, and shows them beside your labels, once and for all: from then on they are in
view in this document, and the comparison keeps what was labeled and suggested at that moment. Undo does not
take that back. A document that is not done yet does not count.

A document counts only if every label of it was made by a person, with no suggestion in view. So the figure
says how far suggestions agree with people whom they did not influence; labels that were accepted or made
beside suggestions would flatter it.

- **Entities** and **several classes**: F1 over exact matches, the same whichever side is taken as right.
- **One class**: Cohen's kappa, agreement beyond chance.

**Two readers** (`&` where texts are labeled, or `tui-labeler assign`). Documents count that both are done
with, settled or not: the readings stay as they were. Krippendorff's alpha is agreement beyond chance as well,
for any number of readers; its units are documents, classes of documents, or the characters of the texts. Of
more than two readers each pair has a line of its own.

`j` `k` scroll.
"""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,escape", "leave", "Back", tooltip="Back to the document", id="agreement.back"),
    ]

    def __init__(
        self, session: ProjectSession, result: BlindResult, readers: Agreed, location: str, text: str | None
    ) -> None:
        """``text`` is the document's, where it is the one that was labeled."""
        super().__init__()
        self._session = session
        self._result = result
        self._readers = readers
        self._location = location
        self._text = text

    def compose(self) -> ComposeResult:
        yield TitleLine()
        yield Sheet(id="page")
        yield KeyLine()

    def on_mount(self) -> None:
        title = self.query_one(TitleLine)
        title.left = f"{self._session.project.name} > Agreement"
        read = len(self._readers.compared.documents)
        blind = len(self._result.documents)
        counts = [f"{blind:,} blind"] * bool(blind or not read) + [f"{read:,} read by two"] * bool(read)
        title.right = ", ".join(counts)
        sheet = self.query_one(Sheet)
        sheet.show_page(self._page())
        sheet.focus()

    def action_leave(self) -> None:
        self.dismiss(None)

    def _page(self) -> Callable[[int, Glyphs], Sequence[Line]]:
        names = {key: item.name for key, item in self._session.store.state.categories.items()}
        result, readers = self._result, self._readers
        here, sides = self._here()

        def build(width: int, signs: Glyphs) -> Sequence[Line]:
            page: list[Line] = section(self._location)[1:]
            if here is None:
                page += wrapped(self._not_here(), width, "", "  ")
            else:
                page += wrapped(outcome_words(here, sides), width, "", "  ")
                page += document_lines(here, names, sides, self._text, width, signs)
            page += reader_lines(readers, names, width, signs)
            if not result.documents:
                return page
            page += section("All blind documents")
            page += figure_lines(result.agreement, _SIDES, width)
            page += [(), *category_lines(result.agreement, names, _SIDES, width, signs)]
            page += _documents(result.documents, width)
            return page

        return build

    def _here(self) -> tuple[tuple[Pairing, ...] | None, Sides]:
        """What there is to show of the document in view, and what the two sides of it are called."""
        read = (item for item in self._readers.compared.documents if item.location == self._location)
        if (both := next(read, None)) is not None:
            return both.lines, Sides(*(clean(name) for name in both.readers))
        blind = (lines for location, lines in self._result.documents if location == self._location)
        return next(blind, None), _SIDES

    def _not_here(self) -> str:
        document = self._session.documents.find(self._location)
        if document.is_open_to_all:
            return "Its text has changed since it was read by two: their places can't be compared."
        if document.readers:
            waiting = " and ".join(name for name in document.readers if name not in document.finishers)
            return f"Not counted: {waiting} not done with it. Both readings are shown then."
        return self._not_blind()

    def _not_blind(self) -> str:
        if self._session.project.settings.hide_until_labeled:
            return (
                "Not counted: some labels of it were made with suggestions in view, began as one, or come "
                "from a file."
            )
        return (
            "Not counted: it was not labeled in blind mode, which hides suggestions until you have labeled a "
            "document. The project settings (O) turn it on."
        )


def _documents(documents: Sequence[tuple[str, tuple[Pairing, ...]]], width: int) -> list[Line]:
    """Those with differences, the most first."""
    found = [(location, lines) for location, lines in documents if differences(lines)]
    found.sort(key=lambda item: (-differences(item[1]), item[0]))
    page: list[Line] = section("Documents with differences") if found else []
    for location, lines in found[:SHOWN_DOCUMENTS]:
        page.append((("  ", ""), (clean(location), "")))
        page += wrapped(outcome_words(lines, _SIDES), width, "dim", "    ")
    if len(found) > SHOWN_DOCUMENTS:
        page.append(((f"  and {len(found) - SHOWN_DOCUMENTS:,} more", "dim"),))
    return page
