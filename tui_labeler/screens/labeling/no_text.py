"""Keys that label, where the document in view can't be read: each says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.actions import parse
from textual.binding import Binding

from tui_labeler.screens.commands import bound_keys
from tui_labeler.screens.labeling.base import NO_TEXT, LabelingBase
from tui_labeler.screens.widgets.document_list import DocumentList
from tui_labeler.screens.widgets.text_keys import CaretKeys

if TYPE_CHECKING:
    from textual.events import Key

_LABELING = frozenset(
    {
        *("label", "brush", "label_identical", "replace", "change", "edit", "remove", "next_mark", "place"),
        *("accept", "reject", "accept_all", "reject_all"),
    }
)
"""Actions on labels and suggestions in the text."""

_SELECTING = [
    key
    for key in CaretKeys.BINDINGS
    if isinstance(key, Binding) and key.id in ("text.select", "text.characters")
]


class NoTextActions(LabelingBase):
    """What keys for the text do where there is none."""

    async def on_key(self, event: Key) -> None:
        in_list = isinstance(self.focused, DocumentList)
        if not self.problem or self.is_read_only or in_list or not self._is_about_text(event):
            return
        event.stop()
        event.prevent_default()
        self.answer(NO_TEXT)

    def _is_about_text(self, event: Key) -> bool:
        """Whether a key labels, or selects what is to be labeled; the text itself, hidden, takes no keys."""
        active = self.active_bindings.get(event.key)
        if active is not None and active.node is self:
            _, action, _ = parse(active.binding.action)
            return action in _LABELING
        return event.character in self.keys or bool(
            {event.key, event.character} & bound_keys(_SELECTING, self.app._keymap)
        )
