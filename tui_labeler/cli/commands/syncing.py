"""Reading the container, and sharing labels with those who work on it."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tui_labeler.cli.output import Report
from tui_labeler.cli.parser import UsageError, add_command
from tui_labeler.cli.sides import conflict_lines
from tui_labeler.engine.wording import counted, followed_words

if TYPE_CHECKING:
    from tui_labeler.cli.context import Context
    from tui_labeler.engine.documents.keeping import Kept
    from tui_labeler.engine.documents.reading import Synced
    from tui_labeler.engine.session import ProjectSession
    from tui_labeler.engine.sharing.conflicts import LabelConflict
    from tui_labeler.engine.sharing.publishing import Published
    from tui_labeler.engine.sharing.sharing import Sharing
    from tui_labeler.engine.sharing.synced import Shared


def register(parsers: Any) -> None:
    parser = add_command(
        parsers,
        "sync",
        sync,
        "read the container, and share labels with those who work on it too",
        details="Finds new, changed and missing documents. Labels of a container in Blob storage are shared "
        "with everybody who has a project of that name on it; in a folder they are once --share was given. "
        "What two people have made differently is a conflict: it is listed, both sides stay as they are, "
        "and --resolve decides it.",
        examples="""
            tui-labeler sync contracts
            tui-labeler sync contracts --resolve lease01.txt --take theirs
        """,
    )
    parser.add_argument("project", metavar="PROJECT")
    parser.add_argument("--pull", action="store_true", help="only read; write nothing to the container")
    parser.add_argument(
        "--push", action="store_true", help="only write; what others have changed waits to be pulled"
    )
    parser.add_argument(
        "--share",
        action=argparse.BooleanOptionalAction,
        help="keep labels in the folder, for those who share it; or leave it at that",
    )
    parser.add_argument(
        "--publish", action="store_true", help="write the Azure labels file, labels.json, into the container"
    )
    parser.add_argument(
        "--resolve",
        metavar="LOCATION",
        help="decide the conflicts of a document (project.json: of categories and settings), then sync",
    )
    parser.add_argument("--take", choices=("ours", "theirs"), help="the side that --resolve lets stand")
    parser.add_argument("--id", metavar="ID", help="of one conflict, where --resolve is not to decide all")


async def sync(context: Context) -> Report:
    options = context.options
    if (options.resolve is None) is not (options.take is None):
        raise UsageError("--resolve and --take go together.", hint="Say which side stands: ours or theirs.")
    if options.id is not None and options.resolve is None:
        raise UsageError("--id names a conflict.", hint="Give --resolve and --take with it.")
    pull, push = options.pull or not options.push, options.push or not options.pull
    async with context.project() as session:
        sharing = _sharing(session)
        drafts = session.labeling.drafts()
        if options.share is not None:
            await sharing.share(on=options.share)
        resolved: tuple[LabelConflict, ...] = ()
        if options.resolve is not None:
            resolved = await sharing.resolve(_location(session, options.resolve), options.take, options.id)
        synced = await _documents(context, session, pull=pull)
        shared = await sharing.sync(
            pull=pull,
            push=push,
            progress=lambda done, total: context.out.step("syncing labels", done, total),
        )
        synced = session.documents.stale_still(synced)
        pending = await sharing.pending()
        shared = replace(shared, conflicts=await sharing.quoted(shared.conflicts))
        kept = await session.documents.keep(context.out.step)
        published = await sharing.publish() if options.publish else None
        await session.store.checkpoint()
        is_shared = sharing.is_on
    return _report(synced, shared, resolved, published, kept, drafts, pending, is_shared=is_shared)


def _sharing(session: ProjectSession) -> Sharing:
    if session.sharing is None:
        raise UsageError("The project's labels can't be shared.", hint="Open it from its home.")
    return session.sharing


def _location(session: ProjectSession, given: str) -> str:
    """As the container has it: a shell may spell a name that is not UTF-8 in another way."""
    from tui_labeler.engine.sharing.project_form import FILE

    return given if given == FILE else session.documents.find(given).location


async def _documents(context: Context, session: ProjectSession, *, pull: bool) -> Synced:
    from tui_labeler.engine.documents.reading import Synced

    if not pull:
        return Synced(unchanged=len(session.rows))
    return await session.documents.sync(context.out.step)


def conflict_items(conflicts: tuple[LabelConflict, ...]) -> list[dict[str, Any]]:
    return [
        {
            "location": conflict.location,
            "id": conflict.id,
            "reason": conflict.reason,
            "ours": [line.words for line in conflict.ours],
            "theirs": [line.words for line in conflict.theirs],
        }
        for conflict in conflicts
    ]


def _report(
    synced: Synced,
    shared: Shared,
    resolved: tuple[LabelConflict, ...],
    published: Published | None,
    kept: Kept,
    drafts: int,
    pending: int,
    *,
    is_shared: bool,
) -> Report:
    problems = [{"location": location, "reason": reason} for location, reason in shared.problems]
    fields = {
        "downloaded": synced.added + synced.changed + shared.downloaded,
        "uploaded": shared.uploaded + (published is not None and published.written),
        "unchanged": synced.unchanged,
        "conflicts": conflict_items(shared.conflicts),
        "resolved": conflict_items(resolved),
        "added": synced.added,
        "changed": synced.changed,
        "gone": synced.gone,
        "other_files": synced.skipped,
        "unreadable_documents": [
            {"location": name, "reason": problem} for name, problem in synced.unreadable
        ],
        "labels": {
            "shared": is_shared,
            "downloaded": shared.downloaded,
            "uploaded": shared.uploaded,
            "unchanged": shared.unchanged,
            "waiting": shared.waiting,
            "pending": pending,
            "problems": problems,
            "notes": list(shared.notes),
            "paused": shared.paused or None,
        },
        "settings": {"downloaded": shared.settings_in, "uploaded": shared.settings_out},
        "published": _published(published),
        "moved_labels": synced.moved,
        "stale_labels": [{"location": name, "labels": count} for name, count in synced.stale],
        "offline": kept_item(kept),
        "warnings": [*synced.warnings, *kept.notes],
        "drafts_pending": drafts,
    }
    return Report(fields, _lines(fields, synced, shared, kept), 1 if problems else 0)


def kept_item(kept: Kept) -> dict[str, Any]:
    """What there is of texts for work without a line."""
    return {
        "fetched": kept.fetched,
        "missing": kept.missing,
        "reason": kept.why if kept.missing else None,
    }


def _published(published: Published | None) -> dict[str, Any] | None:
    if published is None:
        return None
    exported = published.exported
    return {
        "name": published.name,
        "written": published.written,
        "kept": published.kept or None,
        "documents": exported.documents,
        "labels": exported.labels,
        "skipped": [{"location": item.location, "reason": item.reason} for item in exported.skipped],
    }


def _lines(fields: dict[str, Any], synced: Synced, shared: Shared, kept: Kept) -> list[str]:
    lines = [
        f"{synced.added:,} new, {synced.changed:,} changed, {synced.gone:,} gone, "
        f"{synced.unchanged:,} unchanged {'document' if synced.unchanged == 1 else 'documents'}; "
        f"{counted(synced.skipped, 'other file')} left alone.",
        *(f"warning: {warning}" for warning in fields["warnings"]),
        *(f"{name} can't be read: {problem}" for name, problem in synced.unreadable),
        *[followed_words(synced.moved)] * bool(synced.moved),
        *(
            f"{name} has another text than {counted(count, 'label')} of it: look at "
            + ("it, remove and set it" if count == 1 else "them, remove and set them")
            for name, count in synced.stale
        ),
    ]
    if shared.paused:
        lines.append(f"Labels were left as they are on both sides. {shared.paused}")
    elif fields["labels"]["shared"]:
        lines.append(
            f"Labels: {shared.downloaded:,} taken from the container, {shared.uploaded:,} written to it, "
            f"{shared.unchanged:,} unchanged."
        )
        lines += [shared.settings_words] if shared.settings_words else []
    if shared.waiting:
        what = counted(shared.waiting, "document that others changed", "documents that others changed")
        lines.append(f"{what} not written: pull first.")
    if kept.fetched:
        lines.append(f"{counted(kept.fetched, 'text')} fetched for offline work.")
    if kept.words:
        lines.append(f"{kept.words}. The next sync tries again.")
    lines += [f"note: {note}" for note in shared.notes]
    lines += [f"{location}: {reason}" for location, reason in shared.problems]
    if fields["labels"]["pending"]:
        what = counted(fields["labels"]["pending"], "document waits", "documents wait")
        lines.append(f"{what} here for a later sync: the container does not hold what you have of it.")
    lines += [line for item in fields["resolved"] for line in conflict_lines("decided", item)]
    lines += [line for item in fields["conflicts"] for line in conflict_lines("conflict", item)]
    if shared.conflicts:
        lines.append("Decide with --resolve LOCATION --take ours or theirs.")
    published = fields["published"]
    if published is not None:
        state = "written" if published["written"] else "as it was"
        lines.append(f"{published['name']}: {counted(published['labels'], 'label')}, {state}.")
        lines += [f"left out: {item['location']}: {item['reason']}" for item in published["skipped"]]
    if fields["drafts_pending"]:
        lines.append(f"{counted(fields['drafts_pending'], 'draft decision')} not saved yet, and not shared.")
    return lines
