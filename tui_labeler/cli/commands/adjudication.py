"""``adjudicate``: labels of what two readers have labeled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tui_labeler.cli.output import Report
from tui_labeler.cli.parser import UsageError, add_command, positive
from tui_labeler.engine.wording import counted

if TYPE_CHECKING:
    import argparse

    from tui_labeler.cli.context import Context
    from tui_labeler.domain.performance import Annotation
    from tui_labeler.engine.readings.two_readings import TwoReadings
    from tui_labeler.engine.session import ProjectSession


def register(parsers: Any) -> None:
    parser = add_command(
        parsers,
        "adjudicate",
        adjudicate,
        "make labels of what two readers have labeled",
        details="Without more, lists what is to settle: documents that both readers are done with, with the "
        "places where they differ. What both have alike is taken as it is; with the last place that is "
        "decided a document has its labels. `undo` takes it back.",
        examples="""
            tui-labeler adjudicate contracts --json
            tui-labeler adjudicate contracts --agreeing
            tui-labeler adjudicate contracts --document lease01.txt --place 2 --take first
        """,
    )
    parser.add_argument("project", metavar="PROJECT")
    parser.add_argument("--agreeing", action="store_true", help="settle all documents without a difference")
    parser.add_argument("--document", metavar="L", help="decide places of this one, as --take says")
    parser.add_argument("--take", choices=("first", "second", "both", "neither"), help="of the two readers")
    parser.add_argument(
        "--place",
        type=positive,
        metavar="N",
        help="this one, as they are listed; else all that are undecided",
    )


async def adjudicate(context: Context) -> Report:
    options = context.options
    _check_choice(options)
    async with context.project() as session:
        before = sum(row.settled for row in session.rows.values())
        if options.agreeing:
            found = session.readings.compared().documents
            agreeing = [item.document for item in found if not item.differing and item.settled is None]
            await session.readings.settle_agreeing(agreeing)
        elif options.document is not None:
            await _choose(session, options)
        settled = sum(row.settled for row in session.rows.values()) - before
        compared = session.readings.compared()
        items = [await _to_settle(session, item) for item in compared.documents if item.settled is None]
    fields = {"items": items, "settled": settled, "waiting": sum(compared.waiting.values())}
    lines = [f"{counted(settled, 'document')} settled."] * bool(options.agreeing or options.document)
    for item in items:
        differ = counted(len(item["places"]), "difference")
        lines.append(
            f"{item['location']}  ({' and '.join(item['readers'])}): {differ}, {item['same']:,} the same"
        )
        lines += [_place_line(place) for place in item["places"]]
    return Report(fields, lines or ["Nothing is to settle."])


def _check_choice(options: argparse.Namespace) -> None:
    """Raises ``UsageError`` for options that don't fit together."""
    if (options.document is None) is not (options.take is None):
        raise UsageError("--document and --take go together.", hint="Say which document, and which side.")
    if options.place is not None and options.document is None:
        raise UsageError("--place is one of a document.", hint="Give --document and --take with it.")
    if options.agreeing and options.document is not None:
        raise UsageError("--agreeing takes no document.", hint="It settles all without a difference.")


async def _choose(session: ProjectSession, options: argparse.Namespace) -> None:
    from tui_labeler.domain.agreement import Take

    document = session.documents.find(options.document)
    both = session.readings.both(document.id)
    if both is None or both.settled:
        # It says why.
        await session.readings.settle_agreeing([document.id])
        return
    places = both.undecided
    if options.place is not None:
        if options.place > len(both.differing):
            raise UsageError(
                f"{both.location} has {counted(len(both.differing), 'place')} where the readers differ.",
                hint="`tui-labeler adjudicate PROJECT` lists them.",
            )
        places = (both.differing[options.place - 1],)
    for place in places:
        await session.readings.choose(document.id, place, Take(options.take))


async def _to_settle(session: ProjectSession, both: TwoReadings) -> dict[str, Any]:
    from tui_labeler.engine.errors import LabelerError

    try:
        text = (await session.documents.text(both.document)).text
    except LabelerError:
        text = None
    names = {key: category.name for key, category in session.store.state.categories.items()}

    def side(annotation: Annotation | None) -> dict[str, Any] | None:
        if annotation is None:
            return None
        category, span = annotation
        if span is None:
            return {"category": names.get(category, category)}
        words = None if text is None else text[span.start : span.end]
        return {
            "category": names.get(category, category),
            "offset": span.start,
            "length": span.length,
            "text": words,
        }

    taken = {choice.place: choice.take.value for choice in both.choices}
    return {
        "location": both.location,
        "readers": list(both.readers),
        "same": len(both.lines) - len(both.differing),
        "places": [
            {
                "place": number,
                "outcome": place.outcome.value,
                "first": side(place.first),
                "second": side(place.second),
                "taken": taken.get((place.first, place.second)),
            }
            for number, place in enumerate(both.differing, 1)
        ],
    }


def _place_line(place: dict[str, Any]) -> str:
    def words(side: dict[str, Any] | None) -> str:
        if side is None:
            return "nothing"
        return side["category"] if side.get("text") is None else f"{side['category']} {side['text']!r}"

    taken = f"  taken: {place['taken']}" if place["taken"] else ""
    return f"  {place['place']}. {words(place['first'])} - {words(place['second'])}{taken}"
