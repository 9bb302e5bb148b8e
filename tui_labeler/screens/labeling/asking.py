"""Asking for a category: by its key, or by name from the list of all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import work

from tui_labeler.screens.choosing import chooser
from tui_labeler.screens.labeling.base import LabelingBase

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


class CategoryQuestions(LabelingBase):
    """What keys ask for that need a category."""

    _asked = ""
    """What the list of names is asked with, while a category is awaited."""
    _asked_by = ""
    """The id of the key that asks for the category."""

    async def take_category(self, category: str) -> None:
        """What choosing a category does."""
        raise NotImplementedError

    def ask_category(
        self, words: str, step: Callable[[str], Awaitable[object]], *, title: str, by: str
    ) -> None:
        """The next category key will be the answer.

        The key with the id ``by`` asked; once more it opens the list of names, under ``title``.
        """
        if not self.session.store.state.categories:
            self.say("")
            return
        self.awaiting = words, step
        self._asked, self._asked_by, self.message = title, by, ""
        self.take_digits()
        self.show_status()

    def choose_by_name(self, title: str) -> None:
        """Offers all categories by name, those without a key too."""
        self._choose_by_name(title)

    @work
    async def _choose_by_name(self, title: str) -> None:
        if not self.session.store.state.categories:
            self.put_down()
            self.show_status()
            return
        key_of = {category: key for key, category in self.keys.items()}
        choices = [
            (key_of.get(category.id, ""), category.id, category.name)
            for category in self.session.store.state.categories.values()
        ]
        item = self.item()
        at = item.category if item else None
        chosen = await self.app.push_screen_wait(chooser(title, "", choices, at=at))
        if chosen is not None:
            await self.take_category(chosen)
        else:
            self.put_down()
            self.show_status()
