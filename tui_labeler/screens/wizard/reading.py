"""A document to read: its text with the labels and suggestions it has."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.binding import Binding, BindingType

from tui_labeler.domain.labels import Label, Suggestion
from tui_labeler.engine.wording import counted
from tui_labeler.screens.base import reporting
from tui_labeler.screens.labeling.marks import shown_suggestions
from tui_labeler.screens.lines import KeyLine, TitleLine
from tui_labeler.screens.screen import Screen
from tui_labeler.screens.widgets.marks import Mark, MarkKind
from tui_labeler.screens.widgets.palette import color_index
from tui_labeler.screens.widgets.text_view import TextView

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.events import Click, MouseMove

    from tui_labeler.engine.session import ProjectSession


_SELECTING = ("select", "swap", "unselect")


class ReadText(TextView):
    """A text in which nothing can be done with a selection, so that there is none."""

    HELP: ClassVar[str] = """\
## Text

Move with `h j k l` or arrows, `w` `b` by words, `(` `)` by sentences, `{` `}` by paragraphs, `g` `G` to
the ends, `ctrl+d` `ctrl+u` by half pages. Digits before a key are a count; `12G` goes to line 12.
"""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in _SELECTING or any(str(given).startswith("move_end") for given in parameters):
            return False
        return super().check_action(action, parameters)

    def on_mouse_move(self, event: MouseMove) -> None:
        event.prevent_default()

    def on_click(self, event: Click) -> None:
        event.prevent_default()


class ReadScreen(Screen[None]):
    """Shows one document; nothing can be changed here."""

    HELP: ClassVar[str] = """\
## Reading a document

The document as it is, with the labels and suggestions that it has. `q` goes back.
"""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,escape", "leave", "Back", tooltip="Back to the list", id="reading.back"),
    ]

    keys_shown: ClassVar[list[str]] = [
        "reading.back",
        "text.page-down",
        "text.page-up",
        "text.top",
        "text.bottom",
    ]
    """Ids of the keys in the last line."""

    def __init__(self, session: ProjectSession, document_id: int) -> None:
        super().__init__()
        self._session = session
        self._document_id = document_id

    def compose(self) -> ComposeResult:
        yield TitleLine()
        yield ReadText(id="text")
        yield KeyLine()

    def on_mount(self) -> None:
        row = self._session.rows[self._document_id]
        title = self.query_one(TitleLine)
        title.left = row.location
        title.right = f"{counted(row.characters, 'character')}, {counted(row.text_records, 'text record')}"
        self.read()

    @work(exclusive=True)
    @reporting
    async def read(self) -> None:
        """Reads the text from the container."""
        found = await self._session.documents.text(self._document_id)
        self.query_one(TextView).set_document(found.text, self._marks(), key=self._document_id)

    def _marks(self) -> list[Mark]:
        state = self._session.store.state
        document = state.document(self._document_id)
        places = {key: number for number, key in enumerate(state.categories)}
        marks: list[Mark] = []
        items: tuple[tuple[MarkKind, Label | Suggestion, float | None], ...] = (
            *((MarkKind.LABEL, label, None) for label in document.active_labels),
            *(
                (MarkKind.SUGGESTION, suggestion, suggestion.confidence)
                for suggestion in shown_suggestions(self._session, document)
            ),
        )
        for kind, item, confidence in items:
            category = state.categories.get(item.category)
            if item.span is None or category is None:
                continue
            color = color_index(places[category.id], category.color)
            marks.append(
                Mark(item.id, item.span.start, item.span.end, category.name, kind, confidence, color)
            )
        return marks

    def action_leave(self) -> None:
        self.dismiss(None)
