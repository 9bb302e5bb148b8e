"""What two sides have made differently: one beside the other, decided with one key."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.binding import Binding, BindingType

from tui_labeler.engine.actions import DECIDE
from tui_labeler.engine.errors import LabelerError
from tui_labeler.engine.sharing.decisions import decision_of
from tui_labeler.engine.wording import counted
from tui_labeler.screens.answering import AnsweringScreen
from tui_labeler.screens.base import reporting, tell
from tui_labeler.screens.lines import KeyLine, StatusLine, TitleLine
from tui_labeler.screens.places import Place
from tui_labeler.screens.sharing.conflicts_text import first_place, in_short, page, place_of, widest
from tui_labeler.screens.widgets.cells import clean, clip_middle, fit
from tui_labeler.screens.widgets.picker import Choice, Picker
from tui_labeler.screens.widgets.sheet import Sheet
from tui_labeler.screens.words import wrapped

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tui_labeler.engine.background import Background
    from tui_labeler.engine.session import ProjectSession
    from tui_labeler.engine.sharing.conflicts import LabelConflict, Side
    from tui_labeler.engine.sharing.decisions import Decision
    from tui_labeler.screens.widgets.glyphs import Glyphs
    from tui_labeler.screens.widgets.sheet import Line

_NAME = 34
"""Cells for a document's name, at most."""

NONE_LEFT = "No conflict is left. The others hear of what was decided with the next sync."
NONE = "There is no conflict: everything that two sides have changed could be merged."


class ConflictsScreen(AnsweringScreen["Place | None"]):
    """The result is the place that a person wants to see in its document."""

    HELP: ClassVar[str] = """\
## Conflicts

Somebody else has changed what you have changed too, and both can't stand: a category here and another
there, two labels that overlap, a label removed on one side and mended on the other. Both sides stay as they
are until somebody decides; all else is merged.

`o` takes what this home holds, `t` what the container holds, `n` skips to the next one. `enter` shows the
place in its document; there both can be mended by hand as well. What gives way leaves its trace in the
history. The decision reaches the others with the next sync. `u` takes your last decision back, after a sync
too: the conflict is open again, and the others have theirs back.
"""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "take('ours')", "Take ours", tooltip="What this home holds stands", id="conflict.ours"),
        Binding(
            "t",
            "take('theirs')",
            "Take theirs",
            tooltip="What the container holds stands",
            id="conflict.theirs",
        ),
        Binding("u", "undo", "Undo", tooltip="Take your last decision back", id="conflict.undo"),
        Binding("n", "skip(1)", "Skip", tooltip="To the next conflict", id="conflict.next"),
        Binding("N", "skip(-1)", "Back", tooltip="To the conflict before", id="conflict.back", show=False),
        Binding("q,ctrl+g,escape", "leave", "Back", tooltip="Back to the document", id="conflict.leave"),
    ]

    def __init__(self, session: ProjectSession, background: Background) -> None:
        super().__init__()
        self._session = session
        self._background = background
        self._conflicts: dict[str, LabelConflict] = {}
        self._text: str | None = None
        self._decided = 0
        self._is_deciding = False

    def compose(self) -> ComposeResult:
        yield TitleLine()
        yield Picker(id="conflicts")
        yield Sheet(id="sides")
        yield StatusLine()
        yield KeyLine()

    def on_mount(self) -> None:
        self.query_one(TitleLine).left = f"{self._session.project.name} > Conflicts"
        self.query_one(Picker).focus()
        self._load()

    # --- what is shown ------------------------------------------------------------------------------

    @work(exclusive=True, group="load")
    @reporting
    async def _load(self) -> None:
        await self._show_conflicts()

    async def _show_conflicts(self, decided: Decision | None = None) -> None:
        """Lists them anew; the cursor goes to the one that was ``decided`` where it is open again."""
        sharing = self._session.sharing
        found = await sharing.conflicts() if sharing is not None else ()
        self._conflicts = {f"{conflict.location}\0{conflict.id}": conflict for conflict in found}
        name = min(_NAME, widest([place_of(conflict) for conflict in found]) + 1)
        picker = self.query_one(Picker)
        again = next((key for key, item in self._conflicts.items() if self._is_about(decided, item)), None)
        picker.set_rows(
            [Choice(key, _row(item, name)) for key, item in self._conflicts.items()], cursor=again
        )
        if again is not None:
            place = place_of(self._conflicts[again])
            self.say(f"Taken back: the conflict in {place} is open again.")
        self.query_one(TitleLine).right = counted(len(found), "conflict")
        self.set_class(not found, "-none")
        self.refresh_bindings()
        await self._show_sides()

    def _is_about(self, decision: Decision | None, conflict: LabelConflict) -> bool:
        if decision is None or conflict.id not in {key.id for key in decision.keys}:
            return False
        if conflict.is_of_project:
            return decision.document is None
        return self._session.documents.find(conflict.location).id == decision.document

    async def _show_sides(self) -> None:
        conflict = self._current
        self._text, text_hash = None, ""
        if conflict is not None and not conflict.is_of_project:
            document = self._session.documents.find(conflict.location)
            text_hash = document.text_hash
            try:
                found = await self._session.documents.text(document.id)
                self._text, text_hash = found.text, found.text_hash
            except LabelerError as error:
                tell(self.app, error.message, title=error.title, severity="warning")
        if conflict is self._current:
            self.query_one(Sheet).show_page(self._page(conflict, self._text, text_hash))

    def _page(
        self, conflict: LabelConflict | None, text: str | None, text_hash: str
    ) -> Callable[[int, Glyphs], Sequence[Line]]:
        def build(width: int, signs: Glyphs) -> Sequence[Line]:
            if conflict is None:
                return wrapped(NONE_LEFT if self._decided else NONE, width)
            return page(conflict, text, text_hash, width, signs)

        return build

    @property
    def _current(self) -> LabelConflict | None:
        return self._conflicts.get(self.query_one(Picker).current or "")

    # --- keys ---------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return None if action in ("take", "skip") and not self._conflicts else True

    def on_picker_highlighted(self) -> None:
        self._look()

    @work(exclusive=True, group="load")
    @reporting
    async def _look(self) -> None:
        await self._show_sides()

    def on_picker_chosen(self) -> None:
        conflict = self._current
        if conflict is None or conflict.is_of_project:
            return
        document = self._session.documents.find(conflict.location)
        self.dismiss(Place(document.id, first_place(conflict)))

    def action_skip(self, step: int) -> None:
        """To the next one, round the end of the list."""
        picker = self.query_one(Picker)
        if picker.row_count:
            picker.move_to((picker.cursor + step) % picker.row_count)

    @work(group="decide")
    @reporting
    async def action_take(self, take: Side) -> None:
        """Decides the conflict at the cursor; the cursor is at the next one then."""
        conflict = self._current
        if conflict is None or self._is_deciding:
            return
        self._is_deciding = True
        try:
            await self._background.resolve(conflict.location, take, conflict.id)
            self._decided += 1
            side = "yours stands" if take == "ours" else "theirs stands"
            self.say(f"Decided in {place_of(conflict)}: {side}.")
        finally:
            self._is_deciding = False
            await self._show_conflicts()

    @work(group="decide")
    @reporting
    async def action_undo(self) -> None:
        """Takes the last decision back, if that is what this person did last; the cursor goes there."""
        history = self._session.history
        found = await history.undoable()
        if not found or found[0].action != DECIDE:
            self.say("You have decided nothing here that could be taken back.")
            return
        if self._is_deciding:
            return
        self._is_deciding, taken_back = True, None
        try:
            await history.undo()
            taken_back = decision_of(found[0])
            self.say("Taken back.")
        finally:
            self._is_deciding = False
            self._background.stirred()
            self._background.soon()
            await self._show_conflicts(taken_back)

    def action_leave(self) -> None:
        self.dismiss(None)


def _row(conflict: LabelConflict, name: int) -> Callable[[int, Glyphs], Line]:
    def paint(width: int, signs: Glyphs) -> Line:
        place = fit(clip_middle(clean(place_of(conflict)), name - 1, signs.more), name)
        room = max(8, (width - name - 3) // 2)
        ours, theirs = (
            fit(clean(in_short(side)), room, signs.more) for side in (conflict.ours, conflict.theirs)
        )
        return (place, ""), (ours, ""), (f" {signs.column} ", "dim"), (theirs, "")

    return paint
