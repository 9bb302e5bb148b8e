"""Exact token counts of OpenAI's models: the extra ``tokens``, whose package holds the vocabularies itself.

Loading a vocabulary takes about a second and 60 MB, so that runners and commands do it, never the process
that draws.
"""

from __future__ import annotations

import re
from importlib.util import find_spec

from tui_labeler.engine.deployments.tokens import TokenCounter

_VOCABULARIES = (
    (r"(chatgpt-4o|gpt-4o|gpt-4\.1|gpt-4\.5|gpt-5|o1|o3|o4)([-.].*)?", "o200k_base"),
    (r"(gpt-4|gpt-3\.5-turbo|gpt-35-turbo)(-.*)?", "cl100k_base"),
    (r"gpt-oss(-.*)?", "o200k_harmony"),
)
"""Patterns of models' names. Source: the table of tiktoken 0.14."""


def vocabulary_of(model: str) -> str | None:
    """The vocabulary of a model, by the name that its server gives it; ``None`` where it is not known."""
    return next((name for pattern, name in _VOCABULARIES if re.fullmatch(pattern, model.lower())), None)


def exact_counter(model: str) -> TokenCounter | None:
    """Counts as the model does; ``None`` where its vocabulary is not known or the extra is not there."""
    vocabulary = vocabulary_of(model)
    if vocabulary is None or find_spec("toktok") is None:
        return None

    def count(text: str) -> int:
        import toktok

        (tokens,) = toktok.batch_count([text], vocabulary, threads=1)
        return int(tokens)

    return TokenCounter(count, is_estimate=False, name=vocabulary)
