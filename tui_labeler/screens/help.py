"""Help for where one is: the words of the widget and the screen, and the keys as they are bound now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding, BindingType

from tui_labeler.screens.commands import told
from tui_labeler.screens.help_page import help_page
from tui_labeler.screens.lines import KeyLine, TitleLine
from tui_labeler.screens.screen import ModalScreen
from tui_labeler.screens.widgets.sheet import Sheet

if TYPE_CHECKING:
    from textual.app import App, ComposeResult
    from textual.binding import ActiveBinding
    from textual.screen import Screen


def help_text(app: App[Any], screen: Screen[Any]) -> str:
    """Markdown on the focused widget, what it stands in, and the screen, then a table of the keys."""
    words: list[str] = []
    for node in (*(screen.focused.ancestors_with_self if screen.focused else (screen,)),):
        own = getattr(node, "HELP", None)
        if own and own not in words:
            words.append(own)
    words.reverse()
    return "\n\n".join([*words, key_table(app, list(screen.active_bindings.values()))])


def key_table(app: App[Any], active: list[ActiveBinding]) -> str:
    """The keys as a Markdown table, each action once."""
    keys: dict[tuple[int, str], list[str]] = {}
    meanings: dict[tuple[int, str], str] = {}
    for item, _, words in told(active):
        known = (id(item.node), item.binding.action)
        keys.setdefault(known, []).append(app.get_key_display(item.binding))
        meanings.setdefault(known, words)
    lines = ["## Keys", "", "| keys | what they do |", "| --- | --- |"]
    for known, words in meanings.items():
        shown = " ".join(f"`{_cell(key)}`" for key in keys[known])
        lines.append(f"| {shown} | {_cell(words)} |")
    palette = next((item.binding for item in active if item.binding.id == "app.palette"), None)
    if palette is not None:
        key = _cell(app.get_key_display(palette))
        lines += ["", f"`{key}` finds any of these by a part of its name. Other screens have others."]
    return "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


class HelpScreen(ModalScreen[None]):
    """Shows help over the screen that it is about."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,escape,question_mark", "close", "Back", tooltip="Close the help", id="help.close"),
        Binding("j,down", "line(1)", "Down", tooltip="One line down", id="help.down", show=False),
        Binding("k,up", "line(-1)", "Up", tooltip="One line up", id="help.up", show=False),
        Binding("space,pagedown,ctrl+d", "page(1)", "Page", tooltip="A page on", id="help.page"),
        Binding("b,pageup,ctrl+u", "page(-1)", "Page back", tooltip="A page back", id="help.page-back"),
    ]

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def compose(self) -> ComposeResult:
        title = TitleLine()
        title.left = "Help"
        yield title
        yield Sheet()
        yield KeyLine()

    def on_mount(self) -> None:
        sheet = self.query_one(Sheet)
        sheet.can_focus = False
        sheet.show_page(help_page(self._text))

    def action_close(self) -> None:
        self.dismiss(None)

    def action_line(self, lines: int) -> None:
        self.query_one(Sheet).action_scroll(lines)

    def action_page(self, pages: int) -> None:
        sheet = self.query_one(Sheet)
        sheet.action_scroll(pages * max(1, sheet.view_size.height - 2))
