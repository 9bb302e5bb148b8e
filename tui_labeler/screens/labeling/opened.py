"""The project that is open on the labeling screen, its document in view, and what keys are about."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TYPE_CHECKING

from textual.message import Message

from tui_labeler.domain.document_filters import DocumentFilter, Sort
from tui_labeler.domain.handover import Side
from tui_labeler.engine.errors import LabelerError
from tui_labeler.engine.pen import pen_words
from tui_labeler.engine.wording import in_lines
from tui_labeler.screens.labeling.marks import shown_suggestions
from tui_labeler.screens.labeling.review_progress import ReviewProgress
from tui_labeler.screens.looks import Looks
from tui_labeler.screens.screen import Screen
from tui_labeler.screens.widgets.category_pane import CategoryPane
from tui_labeler.screens.widgets.distribution import Distribution
from tui_labeler.screens.widgets.document_list import DocumentList
from tui_labeler.screens.widgets.text_view import TextView

if TYPE_CHECKING:
    from tui_labeler.domain.document_rows import DocumentRow
    from tui_labeler.domain.documents import Document
    from tui_labeler.domain.labels import Label, Suggestion
    from tui_labeler.engine.ports.takes import Take
    from tui_labeler.engine.session import ProjectSession
    from tui_labeler.screens.following import Follower

ROOMY = 110
"""Cells; on a screen that has fewer, lines are told in short."""


class OpenProject(Screen[None]):
    """One project, open, with one of its documents in view: what keys are about. Nothing is drawn here."""

    class Left(Message, namespace="labeling_screen"):
        """The person is done with this project."""

        def __init__(self, screen: OpenProject) -> None:
            super().__init__()
            self.screen = screen
            self.session = screen.session

    class Wanted(Message, namespace="labeling_screen"):
        """Another screen is wanted: ``what`` is the name of the application's method."""

        def __init__(
            self, session: ProjectSession, what: str, documents: frozenset[int] = frozenset()
        ) -> None:
            super().__init__()
            self.session = session
            self.what = what
            self.documents = documents
            """Ids of the selected documents."""

    clock: Callable[[], float] = staticmethod(monotonic)
    """Seconds, from any start."""

    def __init__(self, session: ProjectSession, follower: Follower, looks: Looks | None = None) -> None:
        super().__init__()
        self.sitting = self.progress = ReviewProgress(self.clock)
        """Of all suggestions, and of those that the filter of a review holds since it was set."""
        self.session = session
        self.looks = looks or Looks()
        self.follower = follower
        self.shown: int | None = None
        """The document whose text is in view."""
        self.wanted: int | None = None
        """The document that is being read, or is in view."""
        self.problem = ""
        """Why the document's text can't be shown."""
        self.keys: dict[str, str] = {}
        """Category ids by the key that labels with them."""
        self.brush: str | None = None
        """The category that is marked with until it is put down."""
        self.awaiting: tuple[str, Callable[[str], Awaitable[object]]] | None = None
        """What a category's key will do next, with the words for it."""
        self.editing: str | None = None
        """The label or suggestion whose boundaries are being moved."""
        self.current_class: str | None = None
        """In projects of classes: the category that ``a``, ``x`` and the like are about."""
        self.selecting = False
        """Something is selected in the text."""
        self.reviewing = False
        self.way_back: Callable[[], object] | None = None
        """Back to the comparison that the document in view was opened from."""
        self.filter = DocumentFilter()
        self.filter_words = ""
        self.sorting = Sort.NAME
        self.turn = asyncio.Lock()
        self._read_done = asyncio.Event()
        self.message = ""
        self.message_at = 0

    # --- the widgets --------------------------------------------------------------------------------

    @property
    def documents(self) -> DocumentList:
        return self.query_one(DocumentList)

    @property
    def text(self) -> TextView:
        return self.query_one(TextView)

    @property
    def pane(self) -> CategoryPane:
        return self.query_one(CategoryPane)

    @property
    def distribution(self) -> Distribution:
        return self.query_one(Distribution)

    # --- the document -------------------------------------------------------------------------------

    @property
    def has_classes(self) -> bool:
        return self.session.project.kind.is_classification

    @property
    def document(self) -> Document | None:
        """The document in view, as it is now; ``None``, and a problem that is shown, where the home can't
        give it: it is away, say, or a file was damaged meanwhile."""
        state = self.session.store.state
        if self.shown is None or self.shown not in state.rows:
            return None
        try:
            return state.document(self.shown)
        except LabelerError as error:
            self.take_problem(error)
            return None

    def take_problem(self, error: LabelerError) -> None:
        """The document in view can't be shown from here on."""
        self.problem = self.problem or f"{error.title}.\n\n{in_lines(error)}"

    @property
    def is_blind(self) -> bool:
        """Whether the suggestions of the document in view, if there are any, are hidden."""
        document = self.document
        return document is not None and document.hides_suggestions(self.session.project.settings)

    def item(self) -> Label | Suggestion | None:
        """The label or suggestion that keys are about: at the cursor, or of the current class."""
        document = self.document
        if document is None:
            return None
        if not self.has_classes:
            mark = self.text.current_mark
            return (document.labels.get(mark.id) or document.suggestions.get(mark.id)) if mark else None
        category = self.current_class
        if self.pane.has_focus and self.pane.current:
            category = self.pane.current
        for label in document.active_labels:
            if label.category == category:
                return label
        open_ones = shown_suggestions(self.session, document)
        return next((s for s in open_ones if s.category == category), None)

    def taker(self, row: DocumentRow) -> Take | None:
        """Who else has a document open to label it."""
        return None if self.session.taking is None else self.session.taking.holder(row.id)

    @property
    def is_read_only(self) -> bool:
        """Labels are made elsewhere, or the pen is on its way."""
        return self.session.project.handover.pen is not Side.HERE

    def read_only_words(self) -> str:
        """Why nothing can be labeled here, and what to do."""
        words = pen_words(self.session.project.handover, short=True)
        if self.is_narrow:
            words = words.replace("Azure Machine Learning", "AML")
        return f"{words} Labeling here is off: H."

    def read_only_sign(self) -> str:
        """The same in a few words, for where other words stand."""
        handover = self.session.project.handover
        return "off: AML has the pen" if handover.pen is Side.AML else f"off: {handover.phase}"

    @property
    def is_narrow(self) -> bool:
        """The screen is small: what matters is told in few words."""
        return self.size.width < ROOMY
