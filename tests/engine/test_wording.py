"""Words that stand in many messages."""

from __future__ import annotations

import pytest

from tui_labeler.engine.errors import InputError
from tui_labeler.engine.wording import in_lines, in_words


@pytest.mark.parametrize(
    ("message", "hint", "line"),
    [
        ("It is gone", "", "It is gone"),
        ("It is gone.", "Look again.", "It is gone. Look again."),
        ("It is gone", "Look again.", "It is gone. Look again."),
        ("Is it gone?", "Look again.", "Is it gone? Look again."),
    ],
)
def test_an_errors_message_and_hint_are_sentences(message: str, hint: str, line: str) -> None:
    error = InputError(message, hint=hint)
    assert in_words(error) == line
    assert in_lines(error).split("\n") == [message, *([hint] if hint else [])]
