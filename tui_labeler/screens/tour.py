"""The first steps, in four screens: shown once to a person without a project, and whenever they ask."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from tui_labeler.screens.dialogs import plain
from tui_labeler.screens.lines import KeyLine, TitleLine
from tui_labeler.screens.screen import ModalScreen

if TYPE_CHECKING:
    from textual.app import ComposeResult

KeyOf = Callable[[str], str]
"""The key that is bound to a binding's id, as it is shown."""


def pages(key: KeyOf) -> tuple[tuple[str, str], ...]:
    """Title and words of each screen, with the keys as they are bound."""
    return (
        (
            "Projects",
            f"""\
tui-labeler marks words and classes in texts. You do it by keyboard, or have
it done and look it through.

A project is a folder of .txt files and the categories that you label with.
Press {key("projects.new")} in the list of projects to make one. Nothing in the folder is
changed: labels are kept beside it, in a home of your own.

Everywhere:

  {key("app.help"):>6}   what the keys do where you are
  {key("app.palette"):>6}   all commands, found by a part of their name
  {key("project.leave"):>6}   back to where you came from
""",
        ),
        (
            "Labeling",
            f"""\
Documents are on the left, the text in the middle, categories on the right.
Each category has a key beside it.

  {key("text.word"):>6}   to the next word; {key("text.word-back")} goes back
  {key("text.select"):>6}   select; move on to select more words
   1 - 9   label what is selected with the category of that key
  {key("label.all"):>6}   label the same words everywhere in the document
  {key("document.unlabeled"):>6}   to the next document without a label
  {key("label.undo"):>6}   take back what you did last, whenever that was

Every decision is on disk at once, as a draft of yours. {key("label.save")} makes the
drafts labels: they count from then on.
""",
        ),
        (
            "Having it done",
            f"""\
After a few dozen documents a model can learn from your labels.

  {key("project.train"):>6}   train a model
  {key("project.models"):>6}   see how well it does, and what to label next
  {key("project.autolabel"):>6}   have documents labeled by it, as a job
  {key("project.jobs"):>6}   the jobs; they go on when you leave the program

What a job finds are suggestions. They never replace a label of yours, and
count for nothing until you have accepted them.
""",
        ),
        (
            "Review",
            f"""\
A solid rule under words is a label, a dotted one is a suggestion, with its
confidence.

  {key("review.toggle"):>6}   start the review, or end it
  {key("review.accept"):>6}   accept; the cursor goes to the next by itself
  {key("review.reject"):>6}   reject
  {key("label.change"):>6}   another category; {key("label.edit")} moves the ends
  {key("review.accept-many"):>6}   accept many at once, after a count
  {key("project.export"):>6}   write the saved labels to a file

To see this again: {key("app.palette")}, then type "tour".
""",
        ),
    )


class TourScreen(ModalScreen[None]):
    """Goes through the pages; one key leaves from each of them."""

    HELP: ClassVar[str] = (
        "## First steps\n\nFour screens on what the program does and which keys matter most."
    )

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("l,right,space,enter", "page(1)", "Next", tooltip="The next screen", id="tour.next"),
        Binding("h,left", "page(-1)", "Back", tooltip="The screen before", id="tour.back"),
        Binding("q,escape,ctrl+g", "close", "Leave", tooltip="Leave the first steps", id="tour.close"),
        Binding("j,down", "line(1)", "Down", tooltip="One line down", id="tour.down", show=False),
        Binding("k,up", "line(-1)", "Up", tooltip="One line up", id="tour.up", show=False),
    ]

    def __init__(self, key: KeyOf) -> None:
        super().__init__()
        self._pages = pages(key)
        self._page = 0

    def compose(self) -> ComposeResult:
        yield TitleLine()
        with VerticalScroll(can_focus=False):
            yield Static(id="tour-page")
        yield KeyLine()

    def on_mount(self) -> None:
        self._show()

    def _show(self) -> None:
        title, words = self._pages[self._page]
        line = self.query_one(TitleLine)
        line.left = f"First steps: {title}"
        line.right = f"{self._page + 1} of {len(self._pages)}"
        self.query_one("#tour-page", Static).update(plain(words))
        self.query_one(VerticalScroll).scroll_home(animate=False)

    def action_page(self, step: int) -> None:
        """The end leads out, the beginning nowhere."""
        if self._page + step >= len(self._pages):
            self.dismiss(None)
        elif self._page + step >= 0:
            self._page += step
            self._show()

    def action_line(self, lines: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)

    def action_close(self) -> None:
        self.dismiss(None)
