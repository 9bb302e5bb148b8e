"""Two people on one document on purpose: giving documents to them, and how far they agree."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from tui_labeler.cli.output import Report
from tui_labeler.cli.parser import UsageError, add_command, not_negative
from tui_labeler.cli.tables import table
from tui_labeler.engine.wording import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tui_labeler.cli.context import Context
    from tui_labeler.engine.readings.agreeing import Figures


def register(parsers: Any) -> None:
    parser = add_command(
        parsers,
        "assign",
        assign,
        "give documents to two people, each to label them without the other",
        details="Neither sees what the other labels before both are done (`%` where texts are labeled, or "
        "`document set --done`). Then `agreement` says how far they agree, and adjudication makes labels of "
        "both. A share is drawn at random from the documents that nobody has labeled; of more than two "
        "readers, all pairs get about the same number.",
        examples="""
            tui-labeler assign contracts --readers ann,bob --share 10%
            tui-labeler assign contracts --readers ann,bob --document lease01.txt
            tui-labeler assign contracts --withdraw --document lease01.txt
        """,
    )
    parser.add_argument("project", metavar="PROJECT")
    parser.add_argument(
        "--readers", type=_names, metavar="A,B", help="who labels: names as in their settings, or logins"
    )
    parser.add_argument("--share", type=share, metavar="N%", help="so much of what nobody has labeled")
    parser.add_argument("--document", metavar="L", action="append", help="this one; may be repeated")
    parser.add_argument("--seed", type=not_negative, metavar="N", default=0, help="of the draw; default 0")
    parser.add_argument(
        "--withdraw", action="store_true", help="take them back; what the readers have labeled in them goes"
    )

    parser = add_command(
        parsers,
        "agreement",
        agreement,
        "how far two readers of the same documents agree",
        details="Documents count that both are done with: F1 over exact spans or classes, Cohen's kappa for "
        "classes, and Krippendorff's alpha (with the extra `agreement`), with what each rests on.",
        examples="tui-labeler agreement contracts --json",
    )
    parser.add_argument("project", metavar="PROJECT")


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",")]


def share(text: str) -> float:
    """A part of 1, of a percentage."""
    number = float(text.strip().removesuffix("%"))
    if not 0 < number <= 100:
        raise argparse.ArgumentTypeError(f"{text} is no share: from 1% to 100%")
    return number / 100


share.__name__ = "percentage"


async def assign(context: Context) -> Report:
    options = context.options
    _check(options)
    async with context.project() as session:
        ids = None
        if options.document is not None:
            ids = list(dict.fromkeys(session.documents.find(name).id for name in options.document))
        if options.withdraw:
            assert ids is not None
            await session.readings.withdraw(ids)
            locations = sorted(session.rows[key].location for key in ids)
            return Report({"withdrawn": locations}, [f"{counted(len(ids), 'document')} taken back."])
        given = await session.readings.assign(
            options.readers,
            documents=ids,
            share=1.0 if options.share is None else options.share,
            seed=options.seed,
        )
    items = [{"location": name, "readers": list(readers)} for name, readers in given.documents]
    skipped = [{"location": name, "reason": reason} for name, reason in given.skipped]
    lines = [f"{item['location']}  {', '.join(item['readers'])}" for item in items]
    lines += [f"left out: {name}: {reason}" for name, reason in given.skipped]
    of = "" if ids is not None else f" of {given.candidates:,} that nobody has labeled"
    lines.append(f"{counted(len(items), 'document')}{of} given to two people each.")
    fields = {
        "items": items,
        "documents": len(items),
        "candidates": given.candidates,
        "skipped": skipped,
    }
    return Report(fields, lines)


def _check(options: argparse.Namespace) -> None:
    """Raises ``UsageError`` for options that don't fit together."""
    if options.withdraw:
        if options.readers is not None or options.share is not None or options.document is None:
            raise UsageError(
                "--withdraw takes --document, and nothing else.", hint="Say which: --document L."
            )
        return
    if options.readers is None:
        raise UsageError("--readers is missing.", hint="Name two people, or more: --readers ann,bob.")
    if (options.share is None) is (options.document is None):
        raise UsageError(
            "Give --share or --document.", hint="A share is drawn at random: --share 10%; or --document L."
        )


async def agreement(context: Context) -> Report:
    async with context.project() as session:
        found = await session.agreeing.result()
        names = {key: category.name for key, category in session.store.state.categories.items()}
    fields = {
        **_figures(found.figures, names),
        "settled": sum(item.settled is not None for item in found.compared.documents),
        "waiting": sum(found.compared.waiting.values()),
        "text_changed": list(found.compared.stale),
        "pairs": [{"readers": list(pair.readers), **_figures(pair.figures, names)} for pair in found.pairs],
        "items": [
            {
                "location": item.location,
                "readers": list(item.readers),
                "differences": len(item.differing),
                "undecided": 0 if item.settled else len(item.undecided),
                "settled": item.settled is not None,
            }
            for item in found.compared.documents
        ],
    }
    return Report(fields, _agreement_lines(fields))


def _figures(figures: Figures, names: Mapping[str, str]) -> dict[str, Any]:
    from tui_labeler.domain.agreement import Outcome

    found, alpha = figures.agreement, figures.alpha
    return {
        "documents": found.documents,
        "agreeing": found.agreeing,
        "f1": found.f1,
        "kappa": figures.kappa,
        "alpha": alpha.value,
        "alpha_unit": alpha.unit,
        "alpha_units": alpha.units,
        "alpha_every": alpha.every,
        "alpha_problem": alpha.problem or None,
        "per_category": {
            names.get(key, key): {
                "f1": counts.f1,
                "kappa": figures.kappas.get(key),
                "same": found.kinds.get(key, {}).get(Outcome.SAME, 0),
                "different": sum(
                    number
                    for outcome, number in found.kinds.get(key, {}).items()
                    if outcome is not Outcome.SAME
                ),
            }
            for key, counts in found.categories.items()
        },
    }


def _agreement_lines(fields: dict[str, Any]) -> list[str]:
    waiting = counted(fields["waiting"], "document is", "documents are")
    if not fields["documents"]:
        return [f"No document has two finished readings; {waiting} with its readers."]
    lines: list[str] = []
    pairs = fields["pairs"] if len(fields["pairs"]) > 1 else []
    for name, item in [("all", fields), *((", ".join(pair["readers"]), pair) for pair in pairs)]:
        shown = name if pairs else ", ".join(fields["pairs"][0]["readers"])
        lines.append(
            f"{shown}: {counted(item['documents'], 'document')}, {item['agreeing']:,} without a difference"
        )
        figures = [f"F1 {_number(item['f1'])}"]
        figures += [f"Cohen's kappa {_number(item['kappa'])}"] * (item["kappa"] is not None)
        of = f"{item['alpha_units']:,} × {item['alpha_unit']}"
        figures.append(f"Krippendorff's alpha {_number(item['alpha'])} ({of})")
        lines.append(f"  {', '.join(figures)}")
    if fields["alpha_problem"]:
        lines.append(f"  {fields['alpha_problem']}")
    head = ["category", "F1", "kappa", "same", "different"]
    rows = [
        [name, _number(item["f1"]), _number(item["kappa"]), f"{item['same']:,}", f"{item['different']:,}"]
        for name, item in fields["per_category"].items()
    ]
    lines += ["", *table(head, rows)] if rows else []
    differing = [item for item in fields["items"] if item["differences"]]
    lines += [""] * bool(differing)
    lines += [
        f"{item['location']}: {counted(item['differences'], 'difference')}"
        f"{', settled' if item['settled'] else ''}"
        for item in differing
    ]
    if fields["text_changed"]:
        lines.append(f"left out, as the text has changed: {', '.join(fields['text_changed'])}")
    lines += [f"{waiting} still with readers."] * bool(fields["waiting"])
    return lines


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
