"""Two people on one document on purpose: giving documents to them, and how far they agree."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from tui_labeler.cli.output import Report
from tui_labeler.cli.parser import UsageError, add_command, not_negative
from tui_labeler.engine.wording import counted

if TYPE_CHECKING:
    from tui_labeler.cli.context import Context


def register(parsers: Any) -> None:
    parser = add_command(
        parsers,
        "assign",
        assign,
        "give documents to two people, each to label them without the other",
        details="Neither sees what the other labels before both are done (`%%` where texts are labeled, or "
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
