"""What a server tells of its answers, held against what they can be.

Source: the chat completions API lets a server leave ``usage`` out, and some compatible ones do.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tui_labeler.domain.jobs import Usage
from tui_labeler.engine.autolabelers.prompts.parsing import LONGEST
from tui_labeler.engine.chat import Finish, Reply, UnansweredError

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
    """The reply as far as so many tokens reach. What goes on behind that is no model's answer.

    What was left out of its text stands in ``characters``.
    """
    most = min(LONGEST, max(AT_LEAST, A_TOKEN * max_tokens))
    if len(reply.text) <= most and len(reply.refusal) <= most and len(reply.tokens) <= most:
        return reply
    return replace(
        reply,
        text=reply.text[:most],
        refusal=reply.refusal[:most],
        tokens=reply.tokens if len(reply.tokens) <= most else (),
        characters=len(reply.text) if len(reply.text) > most else 0,
    )


def raise_if_too_long(reply: Reply) -> None:
    """Raises ``UnansweredError`` for an answer of which only the beginning was kept.

    The model is not asked to repair it: that it was long is nothing that its form could mend.
    """
    if reply.characters:
        raise UnansweredError(
            f"The answer has {reply.characters:,} characters; no more than {len(reply.text):,} are read.",
            reason="too_long",
            hint="Try another deployment, or see whether its server keeps to the length it is given.",
        )
