"""What labels the documents, a trained model or a deployment, as options; and what it costs, in words."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from tui_labeler.cli.parser import UsageError, not_negative, positive
from tui_labeler.engine.wording import counted, doubtful, may_be_charged, money

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_labeler.engine.autolabelers.options import GptOptions
    from tui_labeler.engine.autolabelers.work import JobEstimate, Range

OF_GPT = ("deployment", "budget", "budget_tokens", "concurrency", "examples", "samples")
"""Options that only a deployment takes."""

COSTS = (
    "With --resource the documents' texts are sent to that server; its name is said before. A deployment "
    "that was not tried yet is tried first."
)


def add_method(parser: argparse.ArgumentParser) -> None:
    """``--model``, or ``--resource`` with all that goes with it."""
    parser.add_argument("--model", metavar="NAME", help="a trained model of the project")
    parser.add_argument("--resource", metavar="R", help="or a server with language models (`resource list`)")
    parser.add_argument(
        "--deployment", metavar="D", help="on that resource; may be left out where it has one only"
    )
    add_budget(parser)
    parser.add_argument(
        "--concurrency", type=positive, metavar="N", help="documents under way at once, at most (default: 8)"
    )
    parser.add_argument(
        "--examples",
        type=not_negative,
        metavar="N",
        help="labeled passages shown as examples, at most (default: 8)",
    )
    parser.add_argument(
        "--samples",
        type=positive,
        metavar="N",
        help="answers to each question; their agreement is the confidence (default: 1)",
    )


def add_budget(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--budget", type=usd, metavar="USD", help="stop when a deployment has cost so much (exit code 4)"
    )
    parser.add_argument("--budget-tokens", type=positive, metavar="N", help="the same in tokens, in and out")


def usd(text: str) -> float:
    """A number above 0."""
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is no sum of money to spend")
    return number


usd.__name__ = "number"


def check_method(options: argparse.Namespace) -> None:
    """Raises ``UsageError`` unless one method was given, and nothing that does not fit it."""
    if (options.model is None) == (options.resource is None):
        raise UsageError(
            "One of --model and --resource says what labels.",
            hint="`models PROJECT` lists trained models, `resource list` servers with language models.",
        )
    if options.model is not None:
        for name in OF_GPT:
            if getattr(options, name) is not None:
                option = f"--{name.replace('_', '-')}"
                raise UsageError(f"{option} goes with --resource, not with --model.", hint="Leave it out.")


# --- in words -----------------------------------------------------------------------------------------


def estimate_fields(estimate: JobEstimate, options: GptOptions) -> dict[str, Any]:
    """An estimate for ``--json``; each figure is a pair, the least and the most."""
    from tui_labeler.engine.autolabelers.estimate import crossing
    from tui_labeler.engine.autolabelers.spending import Budget

    budget = Budget(options.budget_usd, options.budget_tokens)
    return {
        "questions": _pair(estimate.questions),
        "answered": estimate.answered,
        "at_service": estimate.waiting,
        "under_way": estimate.under_way,
        "prompt_tokens": _pair(estimate.prompt_tokens),
        "completion_tokens": _pair(estimate.completion_tokens),
        "cost": None
        if estimate.cost is None
        else [round(estimate.cost.low, 6), round(estimate.cost.high, 6)],
        "seconds": None if estimate.seconds is None else _pair(estimate.seconds),
        "crosses_budget": None if budget == Budget() else crossing(estimate, budget).value,
        "batch": options.batch,
        "notes": list(estimate.notes),
    }


def _pair(found: Range) -> list[int]:
    return [round(found.low), round(found.high)]


def estimate_words(fields: dict[str, Any]) -> str:
    """``about 2,000 to 3,000 tokens in, 100 to 400 out, 0.01 to 0.02 USD, 3 to 9 s``."""
    answered = fields["answered"]
    if answered and not fields["questions"][1]:
        return f"nothing: {counted(answered, 'question is', 'questions are')} answered already"
    parts = [f"about {_span(fields['prompt_tokens'])} tokens in", f"{_span(fields['completion_tokens'])} out"]
    cost = fields["cost"]
    parts.append("price unknown" if cost is None else f"{money(cost[0])} to {money(cost[1])} USD")
    if fields["seconds"] is not None:
        parts.append(f"{_span(fields['seconds'])} s")
    elif fields["batch"]:
        parts.append("within 24 hours")
    else:
        parts.append("time unknown before the first answers")
    free = f" (beside {counted(answered, 'question')} answered already, which cost nothing)"
    return ", ".join(parts) + (free if answered else "")


def terms_words(options: GptOptions) -> str:
    """What the job may spend at most, in words."""
    limits = [] if options.budget_usd is None else [f"{money(options.budget_usd)} USD"]
    limits += [] if options.budget_tokens is None else [f"{options.budget_tokens:,} tokens"]
    return f"Its budget: {' and '.join(limits)}." if limits else "No budget limits it."


def budget_words(fields: dict[str, Any]) -> str:
    """Whether the budget will do; empty where there is none."""
    words = {"no": "That is within the budget.", "maybe": "That may be more than the budget: it stops there."}
    words["yes"] = "That is more than the budget: the job will stop there."
    return words.get(fields["crosses_budget"] or "", "")


def _span(pair: Sequence[int]) -> str:
    low, high = pair
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def usage_words(usage: dict[str, int], cost: float | None) -> str:
    """What was used; empty where nothing was."""
    if not usage["prompt_tokens"] and not usage["completion_tokens"]:
        return ""
    cached, thought = usage.get("cached_tokens", 0), usage.get("reasoning_tokens", 0)
    given = f"{counted(usage['prompt_tokens'], 'token')} in" + (f" ({cached:,} cached)" if cached else "")
    said = f"{usage['completion_tokens']:,} out" + (f" ({thought:,} thought)" if thought else "")
    roughly = "about " if usage.get("estimated_tokens") else ""
    price = "price unknown" if cost is None else f"{roughly}{money(cost)} USD"
    told = " (the server did not tell all of it)" if roughly else ""
    doubts = doubtful(usage.get("doubtful_answers", 0))
    return f"{roughly}{given}, {said}, {price}{told}{f'; {doubts}' if doubts else ''}"


def charged_words(fields: dict[str, Any]) -> str:
    """What requests without an answer may cost, of a job's fields; empty where there are none."""
    from tui_labeler.domain.jobs import Usage

    most = fields.get("unanswered_usage") or {}
    usage = Usage(most.get("prompt_tokens", 0), most.get("completion_tokens", 0))
    return may_be_charged(fields.get("unanswered_requests", 0), usage, fields.get("unanswered_cost"))
