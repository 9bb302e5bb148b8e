"""What a server tells of its answers, held against what they can be.

Source: the chat completions API lets a server leave ``usage`` out, and some compatible ones do.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tui_labeler.domain.jobs import Usage
from tui_labeler.engine.autolabelers.prompts.parsing import LONGEST
from tui_labeler.engine.deployments.chat import Finish, Reply, UnansweredError

if TYPE_CHECKING:
    from tui_labeler.engine.deployments.tokens import TokenCounter

A_TOKEN = 16
"""Characters that an answer may have for each token it was given: tokens of words have four or five, of white
space more."""

AT_LEAST = 4_096
"""Characters that every answer may have."""


TIMES = 16
"""What is so many times what is counted here, or so small a part of it, can't be: vocabularies differ by
less."""

HIDDEN = 20_000
"""Tokens that a server may add to a prompt."""

SOME = 64
"""Tokens by which short answers may differ."""


def usage_told(reply: Reply, prompt_tokens: int, max_tokens: int, counter: TokenCounter) -> Usage:
    """What a reply used: as the server told it; what it did not, by this program's count, rather too high.

    What the server told and can't be is not believed in silence: the larger of both is counted, and the
    answer is doubtful. ``prompt_tokens`` is this program's count for the question, ``max_tokens`` what the
    answer was given.
    """
    usage, estimated = reply.usage, 0
    sent, said = usage.prompt_tokens, usage.completion_tokens
    is_doubtful = bool(usage.doubtful_answers) or sent > TIMES * prompt_tokens + HIDDEN
    if sent * TIMES < prompt_tokens:
        is_doubtful = is_doubtful or sent > 0
        estimated += prompt_tokens
        sent = prompt_tokens
    seen = _seen(reply, max_tokens, counter)
    is_told = said > 0 or not (reply.text or reply.refusal or reply.thinks or not usage.prompt_tokens)
    is_doubtful = is_doubtful or said > 2 * max_tokens + SOME
    if not is_told or said * TIMES < seen - SOME:
        is_doubtful = is_doubtful or is_told
        if not is_told and (reply.thinks or reply.finish is Finish.LENGTH):
            # What was thought is not seen; a full answer has what it was given.
            seen = max(seen, max_tokens)
        said = max(1, seen)
        estimated += said
    return replace(
        usage,
        prompt_tokens=sent,
        completion_tokens=said,
        estimated_tokens=estimated,
        doubtful_answers=int(is_doubtful),
    )


def _seen(reply: Reply, max_tokens: int, counter: TokenCounter) -> int:
    """Tokens of what a reply says. No more than it was given, unless it has clearly not kept to that."""
    words = f"{reply.text}{reply.refusal}"
    tokens = max(len(reply.tokens), counter.at_most(words))
    if reply.characters:
        tokens = round(tokens * reply.characters / max(1, len(reply.text)))
    return tokens if tokens > 2 * max_tokens + SOME else min(tokens, max(max_tokens, 1))


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
