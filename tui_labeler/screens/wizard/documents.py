"""Fourth step: which documents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.binding import Binding, BindingType

from tui_labeler.domain.document_filters import DocumentFilter
from tui_labeler.domain.document_rows import DocumentRow
from tui_labeler.domain.documents import DocumentState
from tui_labeler.engine.gpt.forecast import Forecast, forecast
from tui_labeler.engine.resources.resources import find_deployment
from tui_labeler.engine.turns import BATCH, in_turns
from tui_labeler.engine.wording import counted
from tui_labeler.screens.base import reporting
from tui_labeler.screens.dialogs import InputScreen
from tui_labeler.screens.jobs.spending_words import about
from tui_labeler.screens.widgets.document_list import DocumentList
from tui_labeler.screens.wizard.reading import ReadScreen
from tui_labeler.screens.wizard.step import Choices, Step

if TYPE_CHECKING:
    from textual.widget import Widget

    from tui_labeler.engine.resources.resources import Resources
    from tui_labeler.engine.session import ProjectSession

READABLE = frozenset(DocumentState) - {DocumentState.UNREADABLE}

FILTERS: dict[str, frozenset[DocumentState]] = {
    "unlabeled": frozenset({DocumentState.UNLABELED}),
    "all": READABLE,
    "labeled": frozenset({DocumentState.LABELED}),
    "auto-labeled": frozenset({DocumentState.AUTO_LABELED}),
    "reviewed": frozenset({DocumentState.REVIEWED}),
}
"""What `f` goes through. A document that can't be read can't be labeled and is never listed."""


class DocumentsStep(Step):
    """Lists documents with their text records; ``space`` selects, the total runs along."""

    HELP: ClassVar[str] = """\
## Autolabel, step 4: documents

The list starts with the unlabeled documents: `f` goes on to all, labeled, auto-labeled and reviewed ones,
`/` keeps those whose name holds some words. `space` selects a document, `v` a range, `*` all that are
listed, or none. `enter` opens a document for reading.

A text record is every 1,000 characters begun: a document of 8,921 characters has 9. Documents with labels
may be selected: your labels always win over suggestions. A new job replaces the undecided suggestions of
its categories.

For GPT, `~tokens` are about those that the document takes, with instructions, examples and answer.
"""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "filter", "Filter", tooltip="Unlabeled, all, labeled, ...", id="wizard.filter"),
        Binding(
            "slash", "name", "By name", tooltip="List only names that hold some words", id="wizard.by-name"
        ),
    ]

    called = "Documents"

    keys_shown: ClassVar[list[str]] = [
        *("wizard.next", "wizard.back", "list.select", "list.all"),
        *("wizard.filter", "wizard.by-name", "list.open"),
    ]
    """Ids of the keys in the last line."""

    def __init__(self, session: ProjectSession, choices: Choices, resources: Resources) -> None:
        super().__init__(session, choices, resources)
        self._forecast: Forecast | None = None

    def body(self) -> Iterable[Widget]:
        yield DocumentList(id="documents", records=True, tokens=self.choices.is_gpt)

    def started(self) -> None:
        documents = self.query_one(DocumentList)
        known = self.session.rows.keys()
        documents.as_seen = self.session.documents.as_seen
        documents.select(self.choices.documents & known)
        self._add_up()
        self._list()
        if self.choices.document is not None:
            documents.go_to(self.choices.document)
        documents.focus()
        if self.choices.is_gpt:
            self.reckon()

    @work(exclusive=True, group="reckon")
    @reporting
    async def reckon(self) -> None:
        """Finds out how many tokens documents have, from some of those that are listed."""
        chosen = self.choices
        deployment = find_deployment(await self.resources.get(chosen.resource), chosen.deployment)
        known = self.session.store.state.categories
        keys = [key for key in known if chosen.categories is None or key in chosen.categories]
        documents = self.query_one(DocumentList)
        self._forecast = await forecast(
            self.session, documents.rows, chosen.labeler, keys, deployment, None, chosen.options
        )
        documents.show_tokens(lambda row: self._tokens([row]))
        self._add_up()

    def _tokens(self, rows: Sequence[DocumentRow]) -> int:
        return about(self._forecast.tokens(rows)) if self._forecast and rows else 0

    def _list(self) -> None:
        wanted = DocumentFilter(states=FILTERS[self.choices.shown], name=self.choices.part_of_name.casefold())
        rows = self.session.documents.select(wanted)
        documents = self.query_one(DocumentList)
        current = documents.current
        documents.set_rows(rows, keep_cursor=current is not None and wanted.matches(current))
        self._tell()

    @work(exclusive=True, group="total")
    async def _add_up(self) -> None:
        """The running total of what is selected; of very many documents their number first."""
        rows = self.session.rows
        chosen = [rows[key] for key in self.query_one(DocumentList).selected if key in rows]
        if len(chosen) > BATCH:
            self.say_right(f"selected: {counted(len(chosen), 'document')}")
        records, all_read = 0, True
        async for row in in_turns(chosen):
            records += row.text_records
            all_read = all_read and row.is_read
        about = "" if all_read else "about "
        total = f"{counted(len(chosen), 'document')}, {about}{counted(records, 'text record')}"
        if self._forecast is not None:
            total += f", ~{self._tokens(chosen):,} tokens"
        self.say_right(f"selected: {total}")

    def _tell(self) -> None:
        """What is listed, and the document at the cursor."""
        documents = self.query_one(DocumentList)
        named = f" with {self.choices.part_of_name!r} in the name" if self.choices.part_of_name else ""
        kind = "" if self.choices.shown == "all" else f"{self.choices.shown} "
        words = counted(len(documents.rows), f"{kind}document") + (named or ("" if kind else " in all"))
        row = documents.current
        if row is not None:
            words += f"; {row.location}"
        elif not named:
            words += "; f shows others"
        known = self.session.rows
        if documents.rows and not any(key in known for key in documents.selected):
            words = f"space selects, * all; {words}"
        self.say(words)

    def on_document_list_moved(self, event: DocumentList.Moved) -> None:
        self.choices = replace(self.choices, document=event.row.id)
        self._tell()

    def on_document_list_selection_changed(self) -> None:
        self.choices = self.collect()
        self._add_up()
        self._tell()

    def on_document_list_opened(self, event: DocumentList.Opened) -> None:
        self.app.push_screen(ReadScreen(self.session, event.row.id))

    def action_filter(self) -> None:
        names = list(FILTERS)
        shown = names[(names.index(self.choices.shown) + 1) % len(names)]
        self.choices = replace(self.choices, shown=shown)
        self._list()

    @work(exclusive=True, group="name")
    @reporting
    async def action_name(self) -> None:
        label = "List only documents whose name holds (empty for all):"
        words = await self.app.push_screen_wait(InputScreen("By name", label, self.choices.part_of_name))
        if words is not None:
            self.choices = replace(self.choices, part_of_name=words.strip())
            self._list()

    def collect(self) -> Choices:
        return replace(self.choices, documents=frozenset(self.query_one(DocumentList).selected))

    def obstacle(self) -> str:
        if self.choices.documents:
            return ""
        return "Select at least one document: space selects, * selects all that are listed."
