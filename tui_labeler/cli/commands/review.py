"""Decisions on many suggestions, taking back, and what happened."""

from __future__ import annotations

import argparse
from shlex import quote
from typing import TYPE_CHECKING, Any

from tui_labeler.cli.output import Report
from tui_labeler.cli.parser import UsageError, add_command, add_paging
from tui_labeler.cli.tables import table
from tui_labeler.engine.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tui_labeler.cli.context import Context
    from tui_labeler.domain.suggestion_filter import SuggestionFilter
    from tui_labeler.engine.reviewing.review import Decided
    from tui_labeler.engine.session import ProjectSession

PLACED = ("exact", "folded", "fuzzy", "ambiguous")

TO_PLACE = "to-place"
"""Of words that were found nowhere: they can be rejected, which drops them."""


DROPPED_TOO = (
    " Answers that were not found in the text (`to_place` of `show`) are dropped where the options hold them "
    "too: those that ask for a confidence, or for another placing than to-place, do not."
)


def register(parsers: Any) -> None:
    for name, run, word, last in (
        ("accept", accept, "make labels of", "--all --json"),
        ("reject", reject, "turn down", "--placed to-place --dry-run"),
    ):
        parser = add_command(
            parsers,
            name,
            run,
            f"{word} the suggestions that the options hold",
            details="All options must hold together; --all stands for no condition. One undo takes it back."
            + ("" if name == "accept" else DROPPED_TOO),
            examples=f"""
                tui-labeler {name} contracts {"--min" if name == "accept" else "--max"}-confidence 0.9
                tui-labeler {name} contracts --document lease01.txt --category Amount
                tui-labeler {name} contracts {last}
            """,
        )
        _add_conditions(parser, PLACED if name == "accept" else (*PLACED, TO_PLACE))
    parser = add_command(
        parsers,
        "undo",
        undo,
        "take back your last action, or all that came of a job",
        details="A job that is still at work goes on: what it suggests after that stays, and `job_at_work` "
        "is true. `job cancel` stops it.",
        examples="""
            tui-labeler undo contracts
            tui-labeler undo contracts --job k3v9x2mnpq
        """,
    )
    parser.add_argument("project", metavar="PROJECT")
    parser.add_argument("--job", metavar="ID", help="its suggestions, and the labels you accepted from them")
    parser = add_command(parsers, "history", history, "list what happened and who did it, newest first")
    parser.add_argument("project", metavar="PROJECT")
    parser.add_argument("--document", metavar="LOCATION", help="only what happened to this document")
    add_paging(parser, "seq")


def _confidence(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is no confidence; it lies between 0 and 1")
    return value


# argparse names the type in its message when the text is no number at all.
_confidence.__name__ = "number"


def _add_conditions(parser: argparse.ArgumentParser, placed: tuple[str, ...]) -> None:
    parser.add_argument("project", metavar="PROJECT")
    parser.add_argument("--document", metavar="LOCATION", action="append", default=[], help="may be repeated")
    parser.add_argument("--category", metavar="C", action="append", default=[], help="may be repeated")
    parser.add_argument("--min-confidence", type=_confidence, metavar="X", help="0 to 1, X included")
    parser.add_argument("--max-confidence", type=_confidence, metavar="X", help="0 to 1, X included")
    parser.add_argument("--job", metavar="ID", help="suggestions of this job")
    parser.add_argument("--placed", choices=placed, help="how its place in the text was found")
    parser.add_argument("--id", dest="ids", metavar="ID", action="append", default=[], help="may be repeated")
    parser.add_argument("--all", action="store_true", help="all open suggestions")
    parser.add_argument("--dry-run", action="store_true", help="count them, and change nothing")


async def accept(context: Context) -> Report:
    from tui_labeler.engine.pen import check_turn_of_pen

    async with context.project() as session:
        wanted = await _wanted(context, session, rejecting=False)
        if context.options.dry_run:
            return _would(await session.review.count(wanted), "accepted")
        check_turn_of_pen(session.project)
        await _warn(context, session, wanted)
        decided = await session.review.accept_matching(wanted)
    return _decided(decided, "accepted")


async def reject(context: Context) -> Report:
    from tui_labeler.engine.pen import check_turn_of_pen

    async with context.project() as session:
        wanted = await _wanted(context, session, rejecting=True)
        if context.options.dry_run:
            return _would(await session.review.count(wanted, rejecting=True), "rejected")
        check_turn_of_pen(session.project)
        await _warn(context, session, wanted)
        decided = await session.review.reject_matching(wanted)
    return _decided(decided, "rejected")


async def _warn(context: Context, session: ProjectSession, wanted: SuggestionFilter) -> None:
    """Of documents with suggestions that somebody has open."""
    from tui_labeler.cli.taken import warn_of_takers

    await warn_of_takers(
        context,
        session,
        lambda row: bool(row.suggestions) and (wanted.documents is None or row.id in wanted.documents),
    )


def _decided(decided: Decided, word: str) -> Report:
    fields = {
        word: decided.suggestions,
        "documents": decided.documents,
        "skipped": decided.skipped,
        "outdated": decided.outdated,
    }
    if word == "rejected":
        fields["dropped"] = decided.words
    skipped = f"; left open, for another is in the place: {decided.skipped:,}" if decided.skipped else ""
    lines = [f"{_which(decided)} {word}{skipped}."]
    if decided.outdated:
        which = counted(decided.outdated, "suggestion is", "suggestions are")
        lines.append(f"{which} left open: the text has changed since, or can't be read; label it anew.")
    return Report(fields, lines)


def _would(found: Decided, word: str) -> Report:
    """What a bulk decision would take, and nothing of it is done."""
    fields = {
        "dry_run": True,
        word: 0,
        "documents": 0,
        "skipped": 0,
        "outdated": 0,
        "held": {"suggestions": found.suggestions, "words": found.words, "documents": found.documents},
    }
    return Report(fields, [f"{_which(found)} would be {word}. Nothing was changed."])


def _which(decided: Decided) -> str:
    words = f" and {counted(decided.words, 'answer')} to place" if decided.words else ""
    return f"{counted(decided.suggestions, 'suggestion')}{words} in {counted(decided.documents, 'document')}"


async def _wanted(context: Context, session: ProjectSession, *, rejecting: bool) -> SuggestionFilter:
    """Raises ``UsageError`` without any condition, ``NotFoundError`` for what is named and not there."""
    from dataclasses import replace

    from tui_labeler.domain.labels import Placed
    from tui_labeler.domain.suggestion_filter import SuggestionFilter
    from tui_labeler.engine.reviewing.visiting import waiting

    options = context.options
    conditions = (
        *(options.document, options.category, options.ids, options.job, options.placed),
        *(bound is not None for bound in (options.min_confidence, options.max_confidence)),
    )
    if not options.all and not any(conditions):
        raise UsageError("No condition was given.", hint="Say which suggestions, or --all of them.")
    if options.job is not None and all(options.job not in row.jobs for row in session.rows.values()):
        # Its records may be deleted; without suggestions it should at least be known.
        await session.jobs.get(options.job)
    documents = frozenset(session.documents.find(location).id for location in options.document)
    categories = {session.categories.by_name(name).id for name in options.category}
    wanted = SuggestionFilter(
        documents=documents or None,
        category=next(iter(categories)) if len(categories) == 1 else None,
        min_confidence=options.min_confidence,
        max_confidence=options.max_confidence,
        job=options.job,
        placed=None if options.placed in (None, TO_PLACE) else Placed(options.placed),
        unplaced=options.placed == TO_PLACE,
        ids=frozenset(options.ids) or None,
    )
    if options.ids:
        _check_ids(session, wanted, options.ids, rejecting=rejecting)
    if len(categories) > 1:
        # One bulk decision, so that one undo takes it back: the suggestions are named by their ids.
        found = frozenset(
            item.id
            for document in documents or session.rows
            for item in waiting(session.store.state, document, wanted)
            if item.category in categories
        )
        wanted = replace(wanted, ids=found)
    return wanted


def _check_ids(session: ProjectSession, wanted: SuggestionFilter, ids: list[str], *, rejecting: bool) -> None:
    """A suggestion that is decided already is no mistake; one that never was is."""
    from tui_labeler.domain.suggestion_filter import SuggestionFilter
    from tui_labeler.engine.errors import NotFoundError

    by_id = SuggestionFilter(documents=wanted.documents, ids=wanted.ids)
    missing = set(ids) - {s.id for _, found in session.review.matching(by_id) for s in found}
    if missing:
        missing -= set(_all_ids(session, wanted, words=rejecting))
    if missing:
        raise NotFoundError(
            f"There is no suggestion {', '.join(sorted(missing))}.",
            hint="`tui-labeler show` lists a document's suggestions with their ids.",
        )


def _all_ids(session: ProjectSession, wanted: SuggestionFilter, *, words: bool) -> Iterator[str]:
    state = session.store.state
    for document_id in wanted.documents or state.rows:
        document = state.document(document_id)
        yield from document.suggestions
        if words:
            yield from document.to_place


async def undo(context: Context) -> Report:
    from tui_labeler.engine.actions import ACTIONS

    async with context.project() as session:
        job = context.options.job
        undone = await (session.history.undo() if job is None else session.history.undo_job(job))
        rows = session.rows
        locations = sorted(rows[key].location for key in undone.documents if key in rows) if undone else []
        at_work = undone is not None and undone.job != "" and await session.jobs.is_at_work(undone.job)
    fields: dict[str, Any]
    if undone is None:
        fields = {"undone": 0, "action": None, "documents": [], "refused": 0, "left_in_container": 0}
        fields |= {"job_id": None, "job_at_work": False}
        return Report(fields, ["Nothing of yours is left to take back."])
    fields = {
        "undone": undone.items,
        "action": undone.action,
        "documents": locations,
        "refused": undone.refused,
        "left_in_container": undone.left,
        "job_id": undone.job or None,
        "job_at_work": at_work,
    }
    more = [_more_to_come(context.options.project, undone.job)] if at_work else []
    refused = f"; changed since and left: {undone.refused:,}" if undone.refused else ""
    if not undone.items:
        return Report(fields, [f"Nothing is left of job {job}: {_gone(undone.gone_by)}{refused}.", *more])
    action = ACTIONS.get(undone.action, undone.action)
    changes = f"{counted(undone.items, 'change')} in {counted(len(locations), 'document')}"
    left = f"; {undone.left_words}" if undone.left else ""
    return Report(fields, [f"Taken back: {action} ({changes}{refused}){left}.", *more])


def _more_to_come(project: str, job: str) -> str:
    return (
        f"The job is still at work, and what it suggests from here on stays: `tui-labeler job cancel "
        f"{quote(project)} {job}` stops it; then take back once more what came until then."
    )


def _gone(action: str) -> str:
    """Why nothing is left of a job; ``action`` took the last of its suggestions away."""
    reasons = {
        "suggestions.delete": "training a model deleted its suggestions",
        "job.suggest": "another job replaced its suggestions",
        "undo": "it was taken back already",
    }
    return reasons.get(action, "what came of it has been decided on, or deleted, since")


async def history(context: Context) -> Report:
    from tui_labeler.cli.sides import decided_lines
    from tui_labeler.engine.actions import action_words

    options = context.options
    async with context.project() as session:
        document = None if options.document is None else session.documents.find(options.document).id
        items = [
            {
                "seq": entry.seq,
                "time": entry.time,
                "who": entry.who,
                "synced_by": entry.synced_by,
                "action": entry.action,
                "of": entry.of,
                "location": entry.location,
                "category": entry.category,
                "job": entry.job,
                "model": entry.model,
                "changes": entry.items,
                "decided": entry.decided,
                "lacks": entry.lacks,
            }
            async for entry in session.history.entries(document=document)
        ]
    page = context.page(items, "seq")
    rows = [
        [
            item["time"],
            item["who"] + (f" (synced by {item['synced_by']})" if item["synced_by"] else ""),
            action_words(item["action"], item["of"]),
            item["location"] or "",
            item["category"] or "",
            item["job"] or "",
            item["model"] or "",
            f"{item['changes']:,}",
        ]
        for item in page["items"]
    ]
    columns = ["time", "who", "action", "document", "category", "job", "model", "changes"]
    head, *lines = table(columns, rows)
    shown = [head]
    for item, line in zip(page["items"], lines, strict=True):
        shown.append(line)
        if item["lacks"]:
            shown.append("  lost: transactions {} to {}".format(*item["lacks"]))
        if item["decided"] and item["of"] is None:
            shown += decided_lines(item["decided"])
    return Report(page, shown)
