"""Screens with a line under what they show: it answers the last key, and nothing before it."""

from __future__ import annotations

from typing import Generic, TypeVar

from tui_labeler.screens.lines import StatusLine
from tui_labeler.screens.screen import Screen

Result = TypeVar("Result")


class AnsweringScreen(Screen[Result], Generic[Result]):
    """What a key brought stands in its :class:`StatusLine` until the next one is pressed."""

    def say(self, words: str) -> None:
        """Shows an answer; none for no words."""
        self.query_one(StatusLine).text = words

    def on_key(self) -> None:
        # Before the key does anything: what it has to say comes after this.
        self.say("")
