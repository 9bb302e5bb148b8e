"""How the labeling screen shows the state: the open document, the list, the panes, the lines of words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import work
from textual.binding import Binding

from tui_labeler.domain.jobs import JobKind
from tui_labeler.screens.base import reporting
from tui_labeler.screens.commands import bound_keys, first_key
from tui_labeler.screens.handover.words import pen_sign
from tui_labeler.screens.labeling.keys import LABEL_KEYS, category_keys
from tui_labeler.screens.labeling.marks import (
    MarkMaker,
    category_lines,
    class_words,
    item_words,
    shares,
)
from tui_labeler.screens.labeling.opened import OpenProject
from tui_labeler.screens.labeling.title_words import (
    about_words,
    listed_words,
    owner_words,
    running_words,
    selected_words,
)
from tui_labeler.screens.lines import KeyLine, Notes, StatusLine, TitleLine
from tui_labeler.screens.narrowing import MANY
from tui_labeler.screens.sharing.sync_words import sign
from tui_labeler.screens.widgets.name_typing import Naming

if TYPE_CHECKING:
    from tui_labeler.domain.document_rows import DocumentRow
    from tui_labeler.engine.ports import Transaction
    from tui_labeler.engine.session import ProjectSession
    from tui_labeler.screens.following import Follower
    from tui_labeler.screens.looks import Looks
    from tui_labeler.screens.widgets.marks import Mark

HIDDEN = "Blind mode hides what there is to decide. Label all of this, then | shows it."
"""What a key for suggestions says in a document that is still labeled blindly."""

NOTHING_SUGGESTED = "Blind mode is on; nothing is suggested in this project yet."
"""What it says, and ``|``, where there is nothing to hide in any document."""

_MANY_ROWS = 200
"""More changed rows than this are given to the list in one go."""


class LabelingView(OpenProject):
    """Draws what is open and in view, and only what differs."""

    def __init__(self, session: ProjectSession, follower: Follower, looks: Looks | None = None) -> None:
        super().__init__(session, follower, looks)
        self.marks = MarkMaker()
        self._seen = -1
        self._row_count = 0
        self._blind_mode = False
        """What the list was drawn by."""
        self._nothing_suggested = False
        self._keys_told: tuple[object, ...] = ()
        """What the line of keys was last told: which there are, whether one may label or decide."""
        self._held: int | None = None
        """A document that the filter was last seen to let through."""

    # --- what blind mode hides ----------------------------------------------------------------------

    @property
    def nothing_suggested(self) -> bool:
        """Whether it is known that blind mode hides nothing, in no document."""
        jobs = self.follower.jobs
        return self._nothing_suggested and all(job.request.kind is not JobKind.AUTOLABEL for job in jobs)

    @work(exclusive=True, group="hidden")
    @reporting
    async def _look_for_suggestions(self) -> None:
        self._nothing_suggested = not await self.session.blind.is_anything_suggested()
        self.show_status()

    @property
    def hidden_words(self) -> str:
        """Why there is nothing to decide in a document that is labeled blindly."""
        return NOTHING_SUGGESTED if self.nothing_suggested else HIDDEN

    # --- what the screen shows ----------------------------------------------------------------------

    def show_changes(self, transactions: Sequence[Transaction] = ()) -> None:
        """Brings the screen in line with the state; only what differs is drawn.

        ``transactions`` are those known to be new. Where others came in between, every row is compared.
        """
        seq, seen = self.session.store.seq, self._seen
        if seq == seen:
            return
        self.stir()
        self._seen = seq
        tables = {change.table for transaction in transactions for change in transaction.changes}
        known = {transaction.seq for transaction in transactions} >= set(range(seen + 1, seq + 1))
        if known:
            touched = {
                int(change.key.partition("/")[0])
                for transaction in transactions
                for change in transaction.changes
                if change.table not in ("project", "category")
            }
            self._show_rows(touched)
        else:
            rows = self.session.rows
            self._show_rows({row.id for row in self.documents.rows if rows.get(row.id) is not row})
        if self.session.project.settings.hide_until_labeled is not self._blind_mode:
            self.refill()
        if self._nothing_suggested and (not known or tables & {"suggestion", "to_place"}):
            self._nothing_suggested = False
            self._look_for_suggestions()
        if not known or "category" in tables:
            self.assign_keys()
        self.show_document()

    def _show_rows(self, touched: set[int]) -> None:
        rows = self.session.rows
        listed = len(self.documents.rows)
        if any(document_id not in rows for document_id in touched):
            self.documents.set_rows([rows[row.id] for row in self.documents.rows if row.id in rows])
        elif len(touched) > _MANY_ROWS:
            self.documents.renew(rows)
        else:
            self.documents.update_rows(rows[document_id] for document_id in touched)
        if len(rows) != self._row_count and listed:
            self.refill()
        self._row_count = len(rows)

    @property
    def has_started(self) -> bool:
        """The state was shown once."""
        return self._seen >= 0

    def stir(self) -> None:
        """Has what others don't have yet counted anew, where something was done."""
        if self.session.store.seq != self._seen and self.follower.background is not None:
            self.follower.background.stirred()

    def mark_seen(self) -> None:
        """What is on the screen is the state as of now."""
        self._seen = self.session.store.seq

    def refill(self) -> None:
        """Lists the documents anew, as the filter and the order say."""
        was_blind, self._blind_mode = self._blind_mode, self.session.project.settings.hide_until_labeled
        if self._blind_mode and not was_blind:
            self._look_for_suggestions()
        self.documents.set_rows(self.session.documents.select(self.filter, self.sorting, as_seen=True))
        self._row_count = len(self.session.rows)
        if self.wanted is not None:
            self.documents.go_to(self.wanted)
        self.show_title()

    def assign_keys(self) -> None:
        """Gives the categories their keys."""
        # All that mean something anywhere on this screen, wherever the focus is at the moment.
        places = (self.app, self, self.text, self.documents, self.pane)
        taken = bound_keys((binding for place in places for binding in place.BINDINGS), self.app._keymap)
        self.keys = category_keys(self.session.store.state.categories, taken)
        undo = [key for key in LABEL_KEYS if isinstance(key, Binding) and key.id == "label.undo"]
        self.pane.reserved = "".join(key for key in bound_keys(undo, self.app._keymap) if len(key) == 1)
        shown = [key for key in self.app.BINDINGS if isinstance(key, Binding) and key.id in KeyLine.ALWAYS]
        self.pane.kept = frozenset(bound_keys(shown, self.app._keymap))
        self.distribution.key = first_key(self.app, LABEL_KEYS, "label.distribution")
        if self.brush not in self.session.store.state.categories:
            self.brush = None

    def show_document(self) -> None:
        """Shows what is known of the document, and the totals that it changes."""
        document = self.document
        if document is not None and not self.problem:
            self.text.set_marks(self.all_marks())
        self.pane.narrows = self.has_classes and len(self.session.store.state.categories) > MANY
        if not self.pane.narrows:
            self.pane.end_name()
        self.pane.set_categories(category_lines(self.session, document, self.keys), of=self.shown)
        self.pane.brush = self.current_class if self.has_classes else self.brush
        unit = "labels = documents" if self.has_classes else "labels"
        self.distribution.set_shares(shares(self.session), unit)
        self.query_one("#about", Notes).text = self.about()
        self.show_title()
        self.show_status()

    def on_resize(self) -> None:
        """What is told in short on a small screen is told in full on a larger one."""
        if self.has_started:
            self.show_title()
            self.show_status()

    def all_marks(self) -> list[Mark]:
        """What is drawn in the text of the document in view."""
        document = self.document
        return self.marks.marks(self.session, document) if document else []

    @property
    def open_here(self) -> bool:
        """Whether the document in view has something to decide."""
        return False

    @property
    def keys_shown(self) -> list[str]:
        """Ids of the keys in the last line."""
        return []

    def placing_words(self) -> str:
        """The words that are being placed, with what can be done; empty when none are."""
        return ""

    def to_place_line(self) -> str:
        """What a model answered for the document in view, and is to place: what is in hand, or the first."""
        return ""

    def about(self) -> str:
        """The document in a few lines."""
        row = None if self.shown is None else self.session.rows.get(self.shown)
        if row is None:
            return ""
        actor, blind = self.session.labeling.actor, self.is_blind
        length = None if self.problem else len(self.text.text)
        waiting = self.to_place_line()
        return about_words(row, self.session.project, actor, blind=blind, to_place=waiting, length=length)

    def show_title(self) -> None:
        title = self.query_one(TitleLine)
        parts = [self.session.project.name]
        row = None if self.shown is None else self.session.rows.get(self.shown)
        if row is not None:
            parts.append(row.location)
        title.left = " > ".join(parts)
        drafts = 0 if self.follower.deleted else self.session.labeling.drafts()
        right = [pen_sign(self.session.project.handover), sign(self.follower.standing)]
        right += [f"{drafts:,} unsaved"] if drafts else []
        if row is not None:
            actor, taker = self.session.labeling.actor, self.taker(row)
            right.append(owner_words(row, actor, taker, short=self.is_narrow))
        right.append(running_words(self.follower.jobs, short=self.is_narrow))
        title.right = title.fitting(
            *("  ".join(part for part in (*right, *counts) if part) for counts in self._counts())
        )
        # Which keys there are goes by the document in view too, and it comes into view later than a key asks.
        keys = tuple(self.keys_shown), self.is_read_only, self.open_here
        if keys != self._keys_told:
            self._keys_told = keys
            self.refresh_bindings()

    def _counts(self) -> Sequence[Sequence[str]]:
        """How many documents are selected, and listed; where some are, in ever fewer words."""
        rows, listed = self.session.rows, self._listed_words()
        chosen = [rows[key] for key in self.documents.selected if key in rows]
        if not chosen:
            return [[listed]]
        selected, short = selected_words(chosen), selected_words(chosen, short=True)
        forms = [[selected, listed]]
        if len(chosen) == len(rows) == self.listed_count:
            # The number of those listed is told by that of those selected.
            forms += [[f"all {selected}"], [f"all {short}"]]
        return [*forms, [short, listed], [short]]

    def _listed_words(self) -> str:
        """How many documents are listed, and by which filter."""
        holds_none = bool(self.filter_words and self.documents.rows) and not self._holds_some()
        return listed_words(
            self.listed_count,
            len(self.session.rows),
            self.filter_words,
            holds_none=holds_none,
            short=self.is_narrow,
        )

    @property
    def listed_count(self) -> int:
        """The documents that the title counts."""
        return len(self.documents.rows)

    def _holds_some(self) -> bool:
        """Whether the filter lets any of the documents through that it let through when they were listed."""
        known = self.session.rows.get(self._held) if self._held is not None else None
        if known is None or not self._lets_through(known):
            # The list itself stays: what was decided can still be looked at and taken back.
            self._held = next((row.id for row in self.documents.rows if self._lets_through(row)), None)
        return self._held is not None

    def _lets_through(self, row: DocumentRow) -> bool:
        return self.filter.matches(self.session.documents.as_seen(row))

    def say(self, words: str) -> None:
        """Shows a message under the text until the cursor moves or the next one comes."""
        self.message = words
        self.message_at = self.text.cursor
        self.show_status()

    def show_status(self) -> None:
        line, weighty, count = (
            self.query_one(StatusLine),
            self.weighty_words(),
            self.text.count or self.documents.count,
        )
        line.text = weighty or self.status_words()
        line.whole = not count and (bool(weighty) or line.text == self.read_only_words())
        line.right = f"count {count}" if count else self._figures(line.text)
        line.spare = self._place_words()

    def _figures(self, shown: str) -> str:
        """How far the review is; while nothing can be decided, why, unless the line says that itself."""
        if not self.is_read_only:
            return self.progress_words()
        return "" if shown == self.read_only_words() else self.read_only_sign()

    def _place_words(self) -> str:
        number, last = self.text.line
        return "" if self.problem or self.shown is None else f"line {number:,} of {last:,}"

    def _finding_words(self) -> str:
        """What of the keys is a class's name at the moment."""
        match self.pane.stage:
            case Naming.BY_ITSELF:
                undo = self.pane.reserved[:1]
                keys = f"{undo} and capitals" if undo else "Capitals"
                return f"Finding: small letters are a name, / begins any. {keys} are keys."
            case Naming.LETTERS:
                return "Finding: letters are a class's name, digits set one; / begins any name."
            case _:
                return "Finding: you type a class's name. enter sets it, ctrl+g ends the name."

    def weighty_words(self) -> str:
        """What has to be read before anything else: a question, a message, a mode."""
        if self.follower.deleted:
            return "This project was deleted. q goes to the projects."
        if self.follower.is_away:
            return "The home folder is away: nothing can be saved until it is back."
        if self.awaiting is not None:
            return self.message or self.awaiting[0]
        if self.message:
            return self.message
        if self.pane.naming:
            return self._finding_words()
        if self.editing is not None:
            return "Ends: > < by words, . , by characters, o other end. enter applies, e leaves."
        if words := self.placing_words():
            return words
        if not self.session.store.state.categories:
            return f"There is no {self.session.project.kind.noun} to label with yet: K adds one."
        if self.brush is not None:
            name = self.session.store.state.categories[self.brush].name
            if self.selecting:
                return f"Brush: {name}. enter labels what is selected, = all such places."
            return f"Brush: {name}. enter labels, B puts the brush down."
        if self.selecting and self.has_classes:
            return "A class holds for the whole document, whatever is selected: press its key."
        if self.selecting:
            return "Selected. Press a category's key, = for all such places, enter for the list."
        return ""

    def status_words(self) -> str:
        """The label or suggestion at the cursor."""
        item, document = self.item(), self.document
        words = item_words(self.session, item, document)
        if self.has_classes and item is None and document is not None:
            words = class_words(self.session, document)
        more = len(self.text.marks_at(self.text.cursor)) - 1
        # Rules that overlap are stacked; underlines lie upon each other.
        if words and more > 0 and self.looks.compact:
            return f"{words} (+{more} here)"
        if not words and self.is_read_only:
            return self.read_only_words()
        return words or self._hidden_words()

    def _hidden_words(self) -> str:
        if not self.is_blind:
            return ""
        hidden = "Blind mode hides suggestions here: label all of it, then | shows them."
        return NOTHING_SUGGESTED if self.nothing_suggested else hidden

    def progress_words(self) -> str:
        """How far the review is; empty when there is none."""
        return ""
