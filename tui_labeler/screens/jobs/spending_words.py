"""How tokens and money are written on screens."""

from __future__ import annotations

from math import isfinite, nan
from typing import TYPE_CHECKING

from tui_labeler.domain.jobs import Job, Usage
from tui_labeler.engine.autolabelers.options import GptOptions
from tui_labeler.engine.errors import InputError
from tui_labeler.engine.wording import about as about_usage
from tui_labeler.engine.wording import doubtful, may_be_charged, money
from tui_labeler.screens.words import duration

if TYPE_CHECKING:
    from tui_labeler.domain.resources import Prices
    from tui_labeler.engine.autolabelers.work import JobEstimate, Range

NO_PRICE = "no price is known"


def usd(amount: float) -> str:
    """``12.40 USD``; small sums with as many digits as say something."""
    return f"{money(amount)} USD"


def usd_between(ends: Range | None) -> str:
    """``0.120 to 0.350 USD``."""
    if ends is None:
        return NO_PRICE
    low, high = usd(ends.low), usd(ends.high)
    return low if low == high else f"{low.removesuffix(' USD')} to {high}"


def about(number: float) -> int:
    """A number with two digits that mean something."""
    whole = round(number)
    step: int = 10 ** max(0, len(str(whole)) - 2)
    return round(whole / step) * step


def tokens_between(ends: Range) -> str:
    """``12,000 to 15,000``."""
    low, high = about(ends.low), about(ends.high)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def time_between(ends: Range | None) -> str:
    """``2 min 10 s to 5 min 00 s``."""
    if ends is None:
        return "unknown before the first answers"
    low, high = duration(ends.low), duration(ends.high)
    return low if low == high else f"{low} to {high}"


def estimate_words(told: JobEstimate) -> str:
    """Tokens and price of an estimate in a few words."""
    low = told.prompt_tokens.low + told.completion_tokens.low
    high = told.prompt_tokens.high + told.completion_tokens.high
    middle = about((low + high) / 2)
    price = "" if told.cost is None else f", {usd_between(told.cost)}"
    return f"about {middle:,} tokens{price}"


def budget_words(options: GptOptions) -> str:
    """What a job may spend."""
    limits = []
    if options.budget_usd is not None:
        limits.append(usd(options.budget_usd))
    if options.budget_tokens is not None:
        limits.append(f"{options.budget_tokens:,} tokens")
    return " and ".join(limits)


def price_words(prices: Prices | None) -> str:
    """What a million tokens cost."""
    if prices is None:
        return NO_PRICE
    dated = f", list of {prices.as_of}" if prices.as_of else ""
    return f"USD for a million tokens: {prices.input:g} in, {prices.output:g} out{dated}"


def total(usage: Usage) -> int:
    return usage.prompt_tokens + usage.completion_tokens


def spent_words(job: Job) -> str:
    """What a job has spent, and of which budget."""
    options = GptOptions.of(job.request.options)
    roughly = about_usage(job.usage)
    words = NO_PRICE if job.cost is None else f"{roughly}{usd(job.cost)}"
    if options.budget_usd is not None:
        words += f" of {usd(options.budget_usd)}"
    if options.budget_tokens is not None:
        words += f"; {roughly}{total(job.usage):,} of {options.budget_tokens:,} tokens"
    more = [doubtful(job.usage.doubtful_answers), charged_words(job)]
    return "; ".join([words, *filter(None, more)])


def charged_words(job: Job) -> str:
    """What its requests without an answer may cost; empty where there are none."""
    return may_be_charged(job.unanswered, job.unanswered_usage, job.unanswered_cost)


def read_budget(words: str) -> tuple[float | None, int | None]:
    """USD and tokens that a person typed: ``2.50``, ``2.50 USD``, ``100000 tokens``, both, or nothing.

    Raises ``InputError``.
    """
    usd_limit: float | None = None
    tokens: int | None = None
    for part in words.replace(" and ", ";").replace("&", ";").split(";"):
        text = part.strip().lower().lstrip("$").replace(",", "").replace("_", "")
        if not text:
            continue
        for unit in ("tokens", "token", "t"):
            if text.endswith(unit):
                tokens = _whole(text.removesuffix(unit), part)
                break
        else:
            usd_limit = _number(text.removesuffix("usd").removesuffix("$"), part)
    return usd_limit, tokens


def _number(text: str, given: str) -> float:
    try:
        found = float(text.strip())
    except ValueError:
        found = nan
    if not isfinite(found):
        raise InputError(f"{given.strip()!r} is no budget.", hint="Write 2.50, or 100000 tokens.")
    return found


def _whole(text: str, given: str) -> int:
    number = text.strip()
    factor = 1
    for sign, worth in (("k", 1_000), ("m", 1_000_000)):
        if number.endswith(sign):
            number, factor = number[:-1], worth
    return round(_number(number, given) * factor)
