"""``label``: user-defined labels from a script."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tui_labeler.cli.output import Report
from tui_labeler.cli.parser import UsageError, add_command, not_negative, positive
from tui_labeler.engine.wording import counted

if TYPE_CHECKING:
    import argparse

    from tui_labeler.cli.context import Context
    from tui_labeler.domain.documents import Document
    from tui_labeler.domain.labels import Label, Span
    from tui_labeler.engine.session import ProjectSession

SHOWN = 10
"""Places of a word that an error names."""


def register(parsers: Any) -> None:
    parser = add_command(
        parsers,
        "label",
        label,
        "label a document, or take a label away",
        details="Offsets and lengths are code points.",
        examples="""
            tui-labeler label contracts lease01.txt --category Amount --text "EUR 1,200"
            tui-labeler label contracts lease01.txt --category Amount --offset 120 --length 9
            tui-labeler label tickets t07.txt --category Billing
            tui-labeler label contracts lease01.txt --remove --id k3v9x2mnpq
        """,
    )
    parser.add_argument("project", metavar="PROJECT")
    parser.add_argument("location", metavar="LOCATION")
    parser.add_argument("--category", metavar="C")
    parser.add_argument("--offset", type=not_negative, metavar="N")
    parser.add_argument("--length", type=positive, metavar="N")
    parser.add_argument("--text", metavar="WORDS", help="these words, where they stand in the text only once")
    parser.add_argument("--replace", action="store_true", help="take labels away that are in the way")
    parser.add_argument("--remove", action="store_true", help="take the label away")
    parser.add_argument("--id", metavar="ID", help="with --remove: the label's id, as `show` prints it")


async def label(context: Context) -> Report:
    from tui_labeler.cli.commands.documents import document_fields
    from tui_labeler.cli.taken import warn_of_takers

    options = context.options
    _check(options)
    async with context.project() as session:
        document = session.documents.find(options.location)
        await warn_of_takers(context, session, lambda row: row.id == document.id)
        if options.remove:
            gone = await _removable(session, document, options)
            made = await session.labeling.remove(document.id, gone.id)
        else:
            category = session.categories.by_name(options.category)
            span = await _span(session, document, options)
            made = await session.labeling.add(document.id, category.id, span, replacing=options.replace)
        fields = await document_fields(session, session.store.state.document(document.id))
    fields = {**fields, "changed": made is not None}
    if made is None:
        words = "It was gone already." if options.remove else "It was there already."
    else:
        words = "Label removed." if options.remove else "Label added."
    return Report(fields, [f"{words} {fields['location']} has {counted(len(fields['labels']), 'label')}."])


def _check(options: argparse.Namespace) -> None:
    """Raises ``UsageError`` for options that don't fit together."""
    if options.id is not None and not options.remove:
        raise UsageError("--id names the label to --remove.", hint="Add --remove.")
    if options.id is None and options.category is None:
        raise UsageError("--category is missing.", hint="Say what to label with: --category C.")
    if options.offset is not None and options.length is None and options.text is None:
        raise UsageError("--offset needs --length, or the words with --text.", hint="Add --length N.")
    if options.length is not None and options.offset is None:
        raise UsageError("--length needs --offset.", hint="Add --offset N.")
    if options.text == "":
        raise UsageError("--text is empty.", hint="Give the words to label.")


async def _span(session: ProjectSession, document: Document, options: argparse.Namespace) -> Span | None:
    """Where to label; nothing for a class.

    Raises ``InputError`` for words that stand in the text several times, or elsewhere, and
    ``NotFoundError`` for words that are not there.
    """
    from tui_labeler.domain.labels import Span
    from tui_labeler.engine.errors import ConflictError

    if options.text is None and options.offset is None:
        return None
    if session.project.kind.is_classification:
        # The engine refuses a span for a class, in words of its own.
        return Span(options.offset or 0, (options.offset or 0) + (options.length or 1))
    read = await session.documents.open(document.id)
    if read.changed:
        raise ConflictError(
            f"{document.location} has another text than when the container was read.",
            hint=f"Read it again: `tui-labeler sync {session.project.name}`.",
        )
    if options.text is None:
        return Span(options.offset, options.offset + options.length)
    start = _place(read.text, options, document.location)
    return Span(start, start + len(options.text))


def _place(text: str, options: argparse.Namespace, location: str) -> int:
    from tui_labeler.engine.errors import InputError, NotFoundError

    words = options.text
    if options.length is not None and options.length != len(words):
        raise UsageError(
            f"--length is {options.length}, and {words!r} has {counted(len(words), 'character')}.",
            hint="Leave --length out.",
        )
    places = _occurrences(text, words)
    if not places:
        raise NotFoundError(
            f"{words!r} is not in {location}.", hint="Case and white space must be as in the text."
        )
    shown = ", ".join(map(str, places[:SHOWN])) + (", ..." if len(places) > SHOWN else "")
    if options.offset is not None:
        if options.offset not in places:
            raise InputError(
                f"{words!r} does not stand at {options.offset} in {location}.",
                hint=f"It stands at {shown}.",
            )
        return int(options.offset)
    if len(places) > 1:
        raise InputError(
            f"{words!r} stands {len(places):,} times in {location}, at {shown}.",
            hint="Say which one with --offset.",
        )
    return places[0]


def _occurrences(text: str, words: str) -> list[int]:
    found: list[int] = []
    at = text.find(words)
    while at >= 0:
        found.append(at)
        at = text.find(words, at + 1)
    return found


async def _removable(session: ProjectSession, document: Document, options: argparse.Namespace) -> Label:
    """The label to remove, one that is gone already included. Raises ``NotFoundError``."""
    from tui_labeler.engine.errors import NotFoundError

    category = None if options.category is None else session.categories.by_name(options.category).id
    if options.id is not None:
        found = [item for key, item in document.labels.items() if key == options.id]
    else:
        span = await _span(session, document, options)
        if span is None and not session.project.kind.is_classification:
            raise UsageError(
                "Which label to take away is not said: a category may stand at many places.",
                hint="Add --text or --offset and --length, or name the label with --id, as `show` prints it.",
            )
        found = [item for item in document.labels.values() if item.span == span]
        # Words are those of today's text; numbers may be of a label on an earlier one, as `show` has it.
        here = [item for item in found if not document.is_stale(item)]
        found = here if here or options.text is not None else found
    found = [item for item in found if category in (None, item.category)]
    if not found:
        raise NotFoundError(
            f"{document.location} has no such label.",
            hint=f"`tui-labeler show {session.project.name} {document.location}` lists its labels.",
        )
    return next((item for item in found if item.is_active), found[0])
