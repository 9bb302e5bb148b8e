"""Documents: list, show, change, read the container."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from tui_labeler.cli.output import Report
from tui_labeler.cli.parser import UsageError, add_command, add_group, add_paging
from tui_labeler.cli.tables import table
from tui_labeler.engine.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_labeler.cli.context import Context
    from tui_labeler.domain.document_filters import DocumentFilter
    from tui_labeler.domain.document_rows import DocumentRow
    from tui_labeler.domain.documents import Document
    from tui_labeler.engine.session import ProjectSession

STATES = ("unlabeled", "labeled", "auto-labeled", "reviewed", "unreadable")
FILTERS = (*STATES, "failed", "train", "test", "flagged", "given", "to-read", "to-adjudicate")
_MEANINGS = {
    "failed": "in the last job",
    "given": "to two readers, and not settled",
    "to-read": "by you",
    "to-adjudicate": "both readers are done",
}
_FILTER_WORDS = ", ".join(f"{name} ({_MEANINGS[name]})" if name in _MEANINGS else name for name in FILTERS)
SORTS = ("location", "size", "state", "confidence")


def register(parsers: Any) -> None:
    parser = add_command(
        parsers,
        "documents",
        list_documents,
        "list a project's documents",
        examples="""
            tui-labeler documents contracts --filter unlabeled
            tui-labeler documents contracts --search "Berlin" --json
            tui-labeler documents contracts --filter auto-labeled --sort confidence --limit 20
        """,
    )
    parser.add_argument("project", metavar="PROJECT")
    add_filter(parser)
    parser.add_argument("--category", metavar="C", help="with a label or suggestion of this category")
    parser.add_argument("--search", metavar="T", help="with these words in the name or in the text")
    parser.add_argument("--sort", choices=SORTS, default="location", help="default: location")
    add_paging(parser, "location")

    parser = add_command(parsers, "show", show, "show one document with its labels and suggestions")
    parser.add_argument("project", metavar="PROJECT")
    parser.add_argument("location", metavar="LOCATION", help="the document's name in the container")

    _register_set(add_group(parsers, "document", "change documents"))


def _register_set(group: Any) -> None:
    parser = add_command(
        group,
        "set",
        change,
        "put documents into a set, give them a language, mark them as reviewed",
        examples="tui-labeler document set contracts lease01.txt lease02.txt --dataset test",
    )
    parser.add_argument("project", metavar="PROJECT")
    parser.add_argument("locations", metavar="LOCATION", nargs="+")
    parser.add_argument("--dataset", choices=("train", "test"))
    parser.add_argument("--language", metavar="L", help="empty for the project's own")
    parser.add_argument(
        "--reviewed",
        action=argparse.BooleanOptionalAction,
        help="seen, and nothing to label; or take that back",
    )
    parser.add_argument("--flag", metavar="NOTE", help="a note for somebody; empty to take it away")
    parser.add_argument(
        "--done",
        action=argparse.BooleanOptionalAction,
        help="you are done with documents that were given to you and to somebody else; or go on with them",
    )


def add_filter(parser: argparse.ArgumentParser) -> None:
    """``--filter``: states are alternatives, all else must hold together."""
    parser.add_argument(
        "--filter",
        dest="filters",
        metavar="F",
        action="append",
        choices=FILTERS,
        default=[],
        help=f"{_FILTER_WORDS}; may be repeated",
    )


async def document_filter(
    session: ProjectSession, filters: Sequence[str], category: str | None = None
) -> DocumentFilter:
    """What ``--filter`` and ``--category`` let through. Raises ``NotFoundError``."""
    from tui_labeler.cli.shapes import DATASETS
    from tui_labeler.domain.document_filters import DocumentFilter
    from tui_labeler.domain.documents import DocumentState

    datasets = {DATASETS[name] for name in filters if name in DATASETS}
    return DocumentFilter(
        states=frozenset(DocumentState(name) for name in filters if name in STATES),
        category=None if category is None else session.categories.by_name(category).id,
        dataset=datasets.pop() if len(datasets) == 1 else None,
        ids=await _failed_in_last_job(session) if "failed" in filters else None,
        flagged="flagged" in filters,
        given="given" in filters,
        to_read_by=session.surroundings.actor if "to-read" in filters else "",
        to_adjudicate="to-adjudicate" in filters,
    )


async def _failed_in_last_job(session: ProjectSession) -> frozenset[int]:
    from tui_labeler.domain.jobs import JobKind

    for job in await session.jobs.list():
        if job.request.kind is JobKind.AUTOLABEL:
            return frozenset(failure.document for failure in job.failed)
    return frozenset()


async def list_documents(context: Context) -> Report:
    from tui_labeler.cli.shapes import document_item
    from tui_labeler.domain.document_filters import Sort

    options = context.options
    async with context.project() as session:
        wanted = await document_filter(session, options.filters, options.category)
        sort = Sort.NAME if options.sort == "location" else Sort(options.sort)
        rows = session.documents.select(wanted, sort)
        if options.search is not None:
            rows = await _search(context, session, options.search, rows)
        page = context.page([document_item(row, session.project) for row in rows], "location")
    return Report(page, document_lines(page["items"]))


async def _search(
    context: Context, session: ProjectSession, words: str, rows: list[DocumentRow]
) -> list[DocumentRow]:
    """Those with the words in their name or in their text, in the same order."""
    from tui_labeler.domain.finding import Wanted

    wanted = Wanted.of(words)
    ids = {row.id for row in rows if not words or wanted.is_in(row.location)}
    rest = [row for row in rows if row.id not in ids]
    unreadable = 0
    async for step in session.documents.search(words, rest):
        ids.update(found.row.id for found in step.found)
        unreadable = step.unreadable
    if unreadable:
        what = counted(unreadable, "document")
        context.out.note(f"{what} can't be read: only the names were searched.")
    return [row for row in rows if row.id in ids]


def document_lines(items: Sequence[dict[str, Any]]) -> list[str]:
    """Documents as a table for people."""
    if not items:
        return ["No document matches."]
    head = ["location", "set", "language", "characters", "state", "labels", "suggestions", ""]
    return table(
        head,
        [
            [
                item["location"],
                item["dataset"],
                item["language"],
                f"{item['characters']:,}",
                item["state"],
                f"{item['labels']:,}",
                f"{item['suggestions']:,}",
                item["problem"] or item["flag"] or _readers(item),
            ]
            for item in items
        ],
    )


def _readers(item: dict[str, Any]) -> str:
    """Who reads a document, and who of them is done."""
    if item["settled"] or not item["readers"]:
        return ""
    return ", ".join(f"{name} (done)" if name in item["done"] else name for name in item["readers"])


async def show(context: Context) -> Report:
    async with context.project() as session:
        document = session.documents.find(context.options.location)
        fields = await document_fields(session, document)
    return Report(fields, _shown_lines(fields))


async def document_fields(session: ProjectSession, document: Document) -> dict[str, Any]:
    """A document as ``show`` prints it; one that can't be read has no text, and says why."""
    from tui_labeler.cli.shapes import shown_document
    from tui_labeler.engine.errors import InputError

    try:
        read = await session.documents.text(document.id)
    except InputError as error:
        fields = shown_document(session, document, None, changed=False)
        return {**fields, "problem": fields["problem"] or error.message}
    return shown_document(session, document, read.text, changed=read.changed)


def _shown_lines(fields: dict[str, Any]) -> list[str]:
    from tui_labeler.domain.confidence import cut

    lines = [f"{fields['location']}  ({fields['state']}, {fields['dataset']}, {fields['language']})"]
    if fields["problem"]:
        lines.append(f"It can't be read: {fields['problem']}")
    if fields["text_changed"]:
        lines.append(
            "Its text has changed since it was labeled, and training leaves it out: read it anew with "
            "`tui-labeler sync`, check its labels, remove and set those that moved."
        )
    if fields["text"] is not None:
        lines += ["", *(line.removesuffix("\r") for line in fields["text"].split("\n")), ""]
    for label in fields["labels"]:
        lines.append(f"label       {label['category']}{_where(label)}  [{label['id']}]")
    for item in fields["suggestions"]:
        confidence = "" if item["confidence"] is None else f"  {cut(item['confidence'])}"
        said = f"{confidence}{_placed(item)}  {item['source']}  [{item['id']}]"
        lines.append(f"suggestion  {item['category']}{_where(item)}{said}")
    lines += [f"to place    {item['category']}  {item['text']!r}" for item in fields["to_place"]]
    return lines


def _placed(item: dict[str, Any]) -> str:
    """How its words were found in the text; nothing for a class."""
    if item["placed"] is None:
        return ""
    which = f", {item['place']:,} of {item['places']:,}" if item["places"] > 1 else ""
    return f"  {item['placed']}{which}"


def _where(item: dict[str, Any]) -> str:
    if "offset" not in item:
        return ""
    words = "" if item["text"] is None else f"  {item['text']!r}"
    if item["text_changed"]:
        words = "  (the text has changed since)"
    return f"  {item['offset']}..{item['offset'] + item['length']}{words}"


async def change(context: Context) -> Report:
    from tui_labeler.cli.shapes import DATASETS, document_item

    options = context.options
    wanted = (options.dataset, options.language, options.reviewed, options.flag, options.done)
    if all(value is None for value in wanted):
        raise UsageError(
            "Nothing to change was given.", hint="Give --dataset, --language, --reviewed, --flag or --done."
        )
    async with context.project() as session:
        ids = list(dict.fromkeys(session.documents.find(location).id for location in options.locations))
        if options.reviewed is not None:
            # First: it may be refused, and nothing else is changed then.
            await session.labeling.set_reviewed(ids, reviewed=options.reviewed)
        if options.dataset is not None or options.language is not None:
            dataset = None if options.dataset is None else DATASETS[options.dataset]
            await session.documents.set(ids, dataset=dataset, language=options.language)
        if options.flag is not None:
            await session.labeling.set_flag(ids, options.flag)
        if options.done is not None:
            await (session.readings.finish(ids) if options.done else session.readings.reopen(ids))
        rows = sorted((session.rows[key] for key in ids), key=lambda row: row.location)
        items = [document_item(row, session.project) for row in rows]
    return Report({"items": items, "total": len(items), "next_after": None}, document_lines(items))
