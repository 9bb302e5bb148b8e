"""What a server tells of its answers, held against what they can be.

Source: the chat completions API lets a server leave ``usage`` out, and some compatible ones do.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tui_labeler.domain.jobs import Usage
from tui_labeler.engine.chat import Finish, Reply

if TYPE_CHECKING:
    from tui_labeler.engine.tokens import TokenCounter

A_TOKEN = 16
"""Characters that an answer may have for each token it was given: tokens of words have four or five, of white
space more."""

AT_LEAST = 4_096
"""Characters that every answer may have."""


def usage_told(reply: Reply, prompt_tokens: int, max_tokens: int, counter: TokenCounter) -> Usage:
    """What a reply used: as the server told it; what it did not, by this program's count, rather too high.

    ``prompt_tokens`` is that count for the question, ``max_tokens`` what the answer was given.
    """
    usage, estimated = reply.usage, 0
    if not usage.prompt_tokens:
        estimated += prompt_tokens
        usage = replace(usage, prompt_tokens=prompt_tokens)
    said = f"{reply.text}{reply.refusal}"
    if not usage.completion_tokens and (said or reply.thinks or not reply.usage.prompt_tokens):
        completion = max(1, len(reply.tokens), counter.at_most(said))
        if reply.thinks or reply.finish is Finish.LENGTH:
            # What was thought is not seen; a full answer has what it was given.
            completion = max_tokens
        completion = min(completion, max(max_tokens, 1))
        estimated += completion
        usage = replace(usage, completion_tokens=completion)
    return replace(usage, estimated_tokens=estimated) if estimated else usage


def bounded(reply: Reply, max_tokens: int) -> Reply:
    """The reply as far as so many tokens reach. What goes on behind that is no model's answer."""
    most = max(AT_LEAST, A_TOKEN * max_tokens)
    if len(reply.text) <= most and len(reply.refusal) <= most and len(reply.tokens) <= most:
        return reply
    return replace(
        reply,
        text=reply.text[:most],
        refusal=reply.refusal[:most],
        tokens=reply.tokens if len(reply.tokens) <= most else (),
        finish=Finish.OTHER if reply.finish is Finish.STOP else reply.finish,
    )
