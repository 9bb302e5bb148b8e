"""Resources and deployments in words: rows of a list, and all there is to say of one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len

from tui_labeler.domain.resources import Capabilities, Deployment, Prices, Resource, ResourceKind, Structured
from tui_labeler.engine.deployments.endpoints import host, is_readable_on_the_way
from tui_labeler.engine.resources.resources import default_timeout
from tui_labeler.screens.widgets.cells import clean, clip, fit
from tui_labeler.screens.words import when, wrapped

if TYPE_CHECKING:
    from tui_labeler.engine.errors import LabelerError
    from tui_labeler.engine.ports import KeyState
    from tui_labeler.screens.widgets.glyphs import Glyphs
    from tui_labeler.screens.widgets.sheet import Line

KINDS = {ResourceKind.AZURE: "Azure OpenAI", ResourceKind.OPENAI: "OpenAI, or a server like it"}

SHORT_FORMS = {Structured.SCHEMA: "schema", Structured.JSON: "JSON", Structured.TEXT: "text"}

FORMS = {
    Structured.SCHEMA: "held to a JSON schema: the categories can't be others than yours",
    Structured.JSON: "held to JSON, not to a schema: answers are checked more",
    Structured.TEXT: "plain text: answers are read as well as they can be",
}

_FIGURES = 43
"""Cells of what stands behind the names."""

_LABEL = 16


def deployment_heading(width: int, signs: Glyphs) -> Line:
    """The heading over the rows of :func:`deployment_row`."""
    figures = f"{'answers':<9}{'logprobs':<10}{'time':>7}{'USD in / out':>17}"
    return ((fit("resource / deployment", width - _FIGURES, signs.more), ""), (figures, ""))


def deployment_row(
    resource: Resource, deployment: Deployment, prices: Prices | None, *, failed: bool = False
) -> Callable[[int, Glyphs], Line]:
    """A deployment with what it can do, or that its last try failed, and what it costs."""

    def paint(width: int, signs: Glyphs) -> Line:
        room = max(8, width - _FIGURES)
        owner = clip(clean(resource.name), max(4, room // 2), signs.more)
        name = fit(clean(deployment.name), max(4, room - cell_len(owner) - 3), signs.more)
        return (
            (f"{owner} / ", "dim"),
            (name, ""),
            *(((f"{'the last try failed':<26}", "bad"),) if failed else _abilities(deployment.capabilities)),
            (price_words(prices).rjust(17), "" if prices else "dim"),
        )

    return paint


def _abilities(able: Capabilities | None) -> Line:
    if able is None:
        return ((f"{'not tried yet':<26}", "dim"),)
    if able.batch_only:
        return ((f"{'batches only':<26}", "warn"),)
    form = SHORT_FORMS[able.structured]
    logprobs = "yes" if able.logprobs else "no"
    look = "good" if able.structured is Structured.SCHEMA else "warn"
    return ((f"{form:<9}", look), (f"{logprobs:<10}{able.seconds:>5.1f} s", ""))


def price_words(prices: Prices | None) -> str:
    """``2.50 / 10.00``, or ``-``."""
    return f"{prices.input:,.2f} / {prices.output:,.2f}" if prices else "-"


def about(
    resource: Resource,
    deployment: Deployment,
    key: KeyState | None,
    prices: Prices | None = None,
    problem: LabelerError | None = None,
) -> Callable[[int, Glyphs], Sequence[Line]]:
    """All there is to say of a deployment.

    ``prices`` are those it is reckoned with, wherever they are from; ``problem`` is what the last try met.
    """

    def build(width: int, signs: Glyphs) -> Sequence[Line]:
        lines: list[Line] = [
            ((f" {clean(deployment.name)}", "title"), (f" on {clean(resource.name)}", "dim")),
            *(_problem(problem, width) if problem is not None else ()),
            *_line("kind", _kind(resource), "", width),
            *_line("endpoint", resource.endpoint, "", width),
            *_line("texts go to", host(resource.endpoint), "", width),
        ]
        if is_readable_on_the_way(resource.endpoint):
            lines += _line("", "not encrypted: texts and key can be read on the way", "warn", width)
        if key is not None:
            lines += _line("sign-in", key.words, "" if key.found else "warn", width)
        if problem is not None and deployment.capabilities is None:
            lines += _line("tried", "it failed, as said above; t tries again", "bad", width)
        else:
            lines += _able(deployment.capabilities, width)
        lines += _line("prices", _prices(prices), "", width)
        context = f"{deployment.context:,} tokens" if deployment.context else "not given"
        lines += _line("context", context, "", width)
        seconds = deployment.timeout or default_timeout(resource)
        lines += _line("time-out", f"{seconds:g} s for an answer", "", width)
        return lines

    return build


def _problem(problem: LabelerError, width: int) -> list[Line]:
    words = wrapped(f"{problem.title}: {problem.message}", width, "bad", "   ")
    return [*words, *(wrapped(problem.hint, width, "", "   ") if problem.hint else ())]


def _kind(resource: Resource) -> str:
    if resource.kind is ResourceKind.OPENAI:
        return KINDS[resource.kind]
    style = f"API version {resource.api_version}" if resource.api_version else "v1 style"
    return f"{KINDS[resource.kind]}, {style}"


def _able(able: Capabilities | None, width: int) -> list[Line]:
    if able is None:
        return _line("tried", "not yet; t finds out what it can do, with a few tiny requests", "warn", width)
    if able.batch_only:
        told = "answers no single question: it is for batches, or its model does not chat"
        return [
            *_line("tried", f"{when(able.tested)}, {told}", "warn", width),
            *_line("answers", FORMS[able.structured], "", width),
        ]
    named = f" as {able.model}" if able.model else ""
    thinks = "yes: it thinks before it answers, which takes tokens" if able.reasoning else "no"
    logprobs = "yes: suggestions have a confidence from them" if able.logprobs else "no"
    return [
        *_line("tried", f"{when(able.tested)}, answered in {able.seconds:.1f} s{named}", "", width),
        *_line("answers", FORMS[able.structured], "", width),
        *_line("log-probs", logprobs, "", width),
        *_line("reasoning", thinks, "", width),
    ]


def _prices(prices: Prices | None) -> str:
    if prices is None:
        return "none is known; e sets them"
    cached = "" if prices.cached is None else f", cached {prices.cached:g}"
    dated = f" (list of {prices.as_of})" if prices.as_of else ""
    return f"USD for a million tokens: input {prices.input:g}, output {prices.output:g}{cached}{dated}"


def _line(label: str, words: str, look: str, width: int) -> list[Line]:
    """A label, and words that are wrapped beside it."""
    room = max(20, width - _LABEL)
    found = list(wrapped(clean(words), room, look, ""))
    return [((f"   {label if not n else '':<{_LABEL - 3}}", "dim"), *line) for n, line in enumerate(found)]
