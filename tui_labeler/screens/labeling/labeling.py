"""Data labeling: documents on the left, the text in the middle, what can be done with it on the right."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from tui_labeler.domain.jobs import JobKind
from tui_labeler.domain.labels import Label
from tui_labeler.engine.wording import JOB_STATES, counted
from tui_labeler.screens.base import tell
from tui_labeler.screens.labeling.bulk import BulkReviewActions
from tui_labeler.screens.labeling.categories import CategoriesScreen
from tui_labeler.screens.labeling.documents import DocumentActions
from tui_labeler.screens.labeling.entities import EntityActions
from tui_labeler.screens.labeling.files import FileActions
from tui_labeler.screens.labeling.keys import (
    AT_ENDS,
    DOCUMENT_KEYS,
    FROM_COMPARISON,
    IN_DISTRIBUTION,
    IN_PANE,
    IN_REVIEW,
    LABEL_KEYS,
    LISTED,
    PROJECT_KEYS,
    REVIEW_KEYS,
    SHOWN,
    WHILE_SEARCHING,
    WITH_SELECTION,
)
from tui_labeler.screens.labeling.no_text import NoTextActions
from tui_labeler.screens.labeling.readings import ReadingActions
from tui_labeler.screens.labeling.sharing import SharingActions
from tui_labeler.screens.labeling.stale import StaleActions
from tui_labeler.screens.labeling.takes import TakeActions
from tui_labeler.screens.lines import KeyLine, Notes, StatusLine, TitleLine
from tui_labeler.screens.screen import ModalScreen
from tui_labeler.screens.widgets.category_pane import CategoryPane
from tui_labeler.screens.widgets.distribution import Distribution
from tui_labeler.screens.widgets.document_list import DocumentList
from tui_labeler.screens.widgets.text_view import TextView

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult
    from textual.binding import BindingType

    from tui_labeler.domain.jobs import Job
    from tui_labeler.domain.labels import Span
    from tui_labeler.engine.session import ProjectSession
    from tui_labeler.screens.following import Follower, News
    from tui_labeler.screens.looks import Looks


_NOUNS = {JobKind.AUTOLABEL: "autolabeling", JobKind.TRAIN: "training", JobKind.EVALUATE: "evaluation"}


class LabelingScreen(
    NoTextActions,
    DocumentActions,
    ReadingActions,
    EntityActions,
    BulkReviewActions,
    FileActions,
    SharingActions,
    StaleActions,
    TakeActions,
):
    """One project, open: labeling by hand, and review of what autolabeling suggested."""

    HELP: ClassVar[str] = """\
## Data labeling

**Entities.** Select words (`v`, then move) and press the key beside a category. `B` and a category's key
take a brush: `enter` then labels the word at the cursor, again and again. `=` labels the same words
everywhere in the document. On a label `c` changes the category, `e` its ends, `d` removes it, `i` says where
it comes from. A solid rule is a label, a dotted one a suggestion; `*` is not saved yet. `_` gives a small
screen more text: labels are underlined, suggestions by dashes; the line below names the one at the cursor.
`\\` shows how labels and documents are spread over categories and both sets.

**Classes.** A category's key sets it. Where a document may have several, the key of one that it has takes it
away; where it has one, another key puts another in its place, and `d` takes it away. With more than nine,
`enter` finds one by a few letters of its name, and so does typing in the pane of categories: `C`, a few
letters, `enter`. Letters are keys again from then on; `U` goes to the next document without a class, where a
name begins at once if you are in that pane (`u` takes back there until its first letter is typed), and `/`
begins one where a class was set.

**Finding.** `/` looks for words in this text, `ctrl+f` in all documents while you type; `n` and `N` go
from one place to the next, in a review too, until `ctrl+g` or `esc` ends the search, another document is
opened, or a suggestion is decided.

**Review.** `r` goes through the suggestions: `a` accepts, `x` rejects, and the cursor goes on to the next
one by itself. `f` says which suggestions are visited (category, confidence, job, how the place was found) and
in which order. `M` accepts and `Z` rejects all that a filter holds, in all documents, after the count. `u`
takes anything back; `r` or `q` ends the review. What a model answered and was not found is *to place*: `+`
goes through the likely places, `a` sets it at one, or at what is selected, `x` drops it; `X` and `Z` drop
it with all else that they reject.

**Blind mode.** Suggestions stay hidden while you label a document: it looks like one that nothing was
suggested for. When all of it is labeled, `|` asks whether you are done, then shows the suggestions beside
your labels, with how far they agree in this document and in all that are done. A document with nothing to
label is done when it is marked with `m`. The settings (`O`) turn blind mode on, and off: all suggestions are
shown then.

**Two people on one document.** `&` gives a document, or those selected, to two people (`tui-labeler assign`
a share of all). Each labels it without seeing the other's labels, or any suggestion, and says `%` when all of
it is labeled. When both are done `|` shows how far they agree, and `W` goes through what differs.

**Beside others.** Opening a document takes it, so that nobody labels it at the same time by accident: others
see `@` before it and who has it, and `U` leaves it out. A decision on one that somebody else has is refused;
`ctrl+t` takes it over, and they are told. Leaving it frees it.

**Saving.** Every decision is on disk at once, as a draft of yours; `ctrl+s` makes the drafts labels.

**Sharing.** Saved labels of a container in Blob storage, or of a folder whose settings (`O`) say so, go to
everybody who has the project, and theirs come here, by themselves. The first line says how that stands:
`synced`, `pending 12` (documents others don't have yet), `offline`, `conflict 1`. `S` syncs at once and says
what was done; `Y` shows what you and others made differently, for a decision.

**Azure Machine Learning.** `H` connects the project with a labeling project there, switches who labels, and
takes labels back. While it has the pen, the first line says so and keys that label are off.

**Texts that change.** Labels follow their words into the new text where those are surely there. The others
carry a `?`, in the text and in the list: `Q` goes from one to the next and asks whether it holds where it is,
belongs elsewhere, or goes. Labels of a document that is gone stay until `Q` there says otherwise.
"""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012 - Textual's own name

    BINDINGS: ClassVar[list[BindingType]] = [*LABEL_KEYS, *REVIEW_KEYS, *DOCUMENT_KEYS, *PROJECT_KEYS]

    def __init__(
        self,
        session: ProjectSession,
        follower: Follower,
        *,
        document: int | None = None,
        review: bool = False,
        looks: Looks | None = None,
    ) -> None:
        super().__init__(session, follower, looks)
        self._first = document
        self._review_first = review
        self._at_work: frozenset[str] = frozenset()
        self._was_away = False

    def compose(self) -> ComposeResult:
        yield TitleLine()
        with Horizontal(id="work"):
            yield DocumentList(id="documents")
            with Vertical(id="middle"):
                yield TextView(id="text")
                yield Static(id="unreadable", markup=False)
            with Vertical(id="activity"):
                yield CategoryPane(id="categories")
                yield Distribution(id="distribution")
                yield Notes(id="about")
        yield StatusLine()
        yield KeyLine()

    # --- coming and going ---------------------------------------------------------------------------

    def on_mount(self) -> None:
        self.distribution.can_focus = False
        self.follower.news.subscribe(self, self._take_news)
        self.follower.stood.subscribe(self, self.take_standing)
        self.follower.came.subscribe(self, self.take_exchange)
        self.follower.taken.subscribe(self, self.take_takes)
        self.set_class(self.has_classes, "-classes")
        self.text.compact = self.looks.compact
        self.text.focus()
        self.call_after_refresh(self._start)

    def on_unmount(self) -> None:
        self.follower.forget(self)

    def _start(self) -> None:
        self.documents.as_seen = self.session.documents.as_seen
        self.documents.actor = self.session.labeling.actor
        self.documents.taker = self.taker_name
        self.assign_keys()
        self.take_digits()
        self.refill()
        self.mark_seen()
        if self._review_first:
            self.start_review(at=self._first)
        # A review may have none to list; then the first of all is opened.
        rows = self.documents.rows or self.session.documents.select()
        if self._first is not None and self.wanted != self._first:
            self.open_document(self._first)
        elif self.wanted is None and rows:
            self.open_document(rows[0].id)
        elif not rows:
            self.show_document()
            self.say("No .txt file at the container's root: add some, then R.")

    def on_screen_resume(self) -> None:
        if self.has_started:
            self.show_changes()
            self.show_title()
            self.show_status()

    def show_place(
        self, document: int, span: Span | None, way_back: Callable[[], object] | None = None
    ) -> None:
        """Opens a document with the cursor at a place. The key that leaves takes the ``way_back`` to the
        comparison that led here, as long as the document is in view."""

        def go() -> None:
            if span is not None and not self.problem:
                self.text.go_to(span.start, span.end)
            if way_back is not None:
                self.say("q goes back to the comparison.")

        self.focus_text()
        self.open_document(document, go)
        self.way_back = way_back
        self.refresh_bindings()

    def _take_news(self, news: News) -> None:
        """What other processes did, and how jobs go on. It waits for this screen where another hides it."""
        self.count_others(news.transactions)
        over = [job for job in news.jobs if job.id in self._at_work and job.state.is_over]
        self._at_work = frozenset(job.id for job in news.running)
        was_away, self._was_away = self._was_away, self.follower.is_away
        if not self._is_in_view:
            self.stir()
            return
        if was_away and not self._was_away and self.problem:
            self.read_again()
        self.show_changes(news.transactions)
        self.show_title()
        self.show_status()
        for job in over:
            self._tell_end(job)

    @property
    def _is_in_view(self) -> bool:
        """Nothing but dialogs is above this screen; those for jobs and models tell of a job themselves."""
        stack = self.app.screen_stack
        return self in stack and all(isinstance(s, ModalScreen) for s in stack[stack.index(self) + 1 :])

    def _tell_end(self, job: Job) -> None:
        words = f"It {JOB_STATES[job.state]}"
        if job.suggestions:
            waiting = sum(job.id in row.jobs for row in self.session.rows.values())
            words += (
                f", with {counted(job.suggestions, 'suggestion')}; {counted(waiting, 'document')} to review"
            )
        title = f"The {_NOUNS[job.request.kind]} is over"
        tell(self.app, f"{words}.\n{job.message}\n{job.on_screen}".strip(), title=title)

    # --- keys and widgets ---------------------------------------------------------------------------

    @property
    def letters_shown(self) -> str:
        """What letters do at the moment, where they are no keys; for the last line."""
        return "Find" if self.pane.naming else ""

    @property
    def keys_named(self) -> dict[str, str]:
        """Keys, by id, that the last line calls otherwise at the moment."""
        if self.editing is not None:
            return AT_ENDS
        named = IN_REVIEW if self.reviewing else {}
        if self.text.found:
            named = named | WHILE_SEARCHING
        if self._is_in_pane_of_many:
            named = named | IN_PANE
        if self.distribution.has_focus:
            return named | IN_DISTRIBUTION
        return named | FROM_COMPARISON if self.way_back is not None else named

    @property
    def _is_in_pane_of_many(self) -> bool:
        return self.pane.narrows and self.pane.has_focus

    @property
    def keys_shown(self) -> list[str]:
        """Ids of the keys in the last line."""
        if self.problem or not self.session.rows:
            return SHOWN["no text"]
        if self.editing is not None:
            return SHOWN["ends" if isinstance(self.edited(), Label) else "ends of a suggestion"]
        if self.documents.has_focus:
            return SHOWN["list"]
        if self.distribution.has_focus:
            return SHOWN["distribution"]
        if self.letters_shown:
            return SHOWN[f"names: {self.pane.stage.name}"]
        if self._is_in_pane_of_many and not self.is_read_only:
            return SHOWN["pane of many"]
        if self.is_read_only:
            return SHOWN["read only"]
        classes = "suggested classes" if self.open_here else "classes"
        shown = SHOWN["review" if self.reviewing else classes if self.has_classes else "entities"]
        if not self.words_here:
            shown = [name for name in shown if name != "review.place"]
        if self.pane.narrows and not self.reviewing:
            # Most classes have no key of their own.
            shown = [*LISTED, *(name for name in shown if name not in LISTED)]
        if self.text.found:
            shown = [*WHILE_SEARCHING, *(name for name in shown if name not in WHILE_SEARCHING)]
        if self.way_back is not None:
            shown = [*FROM_COMPARISON, *(name for name in shown if name not in FROM_COMPARISON)]
        row = None if self.shown is None else self.session.rows.get(self.shown)
        if self.selecting and not self.has_classes:
            shown = [*WITH_SELECTION, *(name for name in shown if name not in WITH_SELECTION)]
        elif row is not None and row.is_given and row.waits_for_adjudication:
            shown = ["project.adjudicate", *shown]
        elif row is not None and row.is_given and self.session.labeling.actor in row.readers:
            shown = ["document.done", *shown]
        return shown

    def on_document_list_opened(self, event: DocumentList.Opened) -> None:
        self.open_document(event.row.id)
        self.text.focus()

    async def on_category_pane_picked(self, event: CategoryPane.Picked) -> None:
        """Labels with the category, or takes it as the brush where nothing is selected."""
        if self.has_classes or self.awaiting or self.text.selection or self.is_read_only:
            event.view.end_name()
            await self.take_category(event.category_id)
        else:
            self.hold_brush(event.category_id)
            self.say("")
            self.text.focus()

    def on_name_typing_name_changed(self) -> None:
        if self.pane.naming:
            self.message = ""
        self.show_status()

    def on_text_view_mark_entered(self) -> None:
        self.show_status()

    def on_text_view_count_changed(self) -> None:
        self.show_status()

    def on_document_list_count_changed(self) -> None:
        self.show_status()

    def on_text_view_cursor_moved(self) -> None:
        # Where the cursor is, not where it was when this was sent: a message may have come in between.
        if self.message and self.text.cursor != self.message_at:
            self.message = ""
        self.show_status()

    def on_text_view_selection_changed(self, event: TextView.SelectionChanged) -> None:
        if self.selecting is not (event.span is not None):
            self.selecting = event.span is not None
            self.refresh_bindings()
        self.leave_dropped_edit()
        self.withdraw_offer()
        self.show_status()

    def on_descendant_blur(self) -> None:
        """On a narrow screen the list is there only while it is worked in; so is the distribution alone."""
        if not self.documents.has_focus:
            self.remove_class("-documents")
        if not self.distribution.has_focus:
            self.remove_class("-distribution")
            self.distribution.can_focus = False

    def action_categories(self) -> None:
        """To the pane of categories, or back to the text. Where there are many classes a name begins."""
        if self.pane.has_focus:
            self.text.focus()
            return
        self.pane.focus()
        if not self.is_read_only:
            self.pane.begin_name()

    def action_distribution(self) -> None:
        """The distribution alone in the pane, or the categories again."""
        if self.distribution.has_focus:
            self.text.focus()
        else:
            self.set_class(True, "-distribution")
            self.distribution.can_focus = True
            self.distribution.focus()

    @work
    async def action_edit_categories(self) -> None:
        await self.app.push_screen_wait(CategoriesScreen(self.session))
        self.show_changes()
