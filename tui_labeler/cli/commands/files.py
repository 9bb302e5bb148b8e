"""Labels from files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_labeler.cli.commands import exports
from tui_labeler.cli.commands.exports import STANDARD
from tui_labeler.cli.output import Report, nothing_done
from tui_labeler.cli.parser import FORMATS, add_command
from tui_labeler.cli.shapes import listed, skipped_items
from tui_labeler.engine.errors import InputError
from tui_labeler.engine.wording import counted
from tui_labeler.labels_on_disk import read_labels, read_regular, read_stream

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from tui_labeler.cli.context import Context
    from tui_labeler.engine.imports.plans import Ambiguous, Imported, ImportPlan
    from tui_labeler.engine.session import ProjectSession


FINISHED_NEXT = "It is finished when the project is opened next."


def register(parsers: Any) -> None:
    _register_import(parsers)
    exports.register(parsers)


def _register_import(parsers: Any) -> None:
    parser = add_command(
        parsers,
        "import",
        import_labels,
        "import labels from a file; documents that are not in the container are left out and listed",
        details="Documents are found by their name, else by their text. Where several could be it, none is "
        "guessed: they are listed, and --match says which.",
        examples="""
            tui-labeler import contracts labels.json
            tui-labeler import contracts annotations.jsonl --dry-run
            tui-labeler import contracts annotations.jsonl --match 17=letter03.txt
            tui-labeler import contracts corpus.conll --add-documents
            curl -s https://example.com/labels.json | tui-labeler import contracts - --format azure
        """,
    )
    parser.add_argument("project", metavar="PROJECT")
    parser.add_argument("file", metavar="FILE", help="a file, a folder of files, or - for standard input")
    parser.add_argument(
        "--format", metavar="F", default="auto", help=f"{FORMATS} (default: found by its content)"
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would change, and change nothing")
    add_match(parser)
    parser.add_argument(
        "--add-documents",
        action="store_true",
        help="write texts of the file that match no document into the container, as new documents",
    )


def add_match(parser: argparse.ArgumentParser) -> None:
    """The option that says which document one of a file is."""
    parser.add_argument(
        "--match",
        metavar="NAME=LOCATION",
        action="append",
        default=[],
        help="which document one of the file is: its name or line there, and a location (may be repeated)",
    )


async def import_labels(context: Context) -> Report:
    options = context.options
    async with context.project() as session:
        data = read_labels_file(options.file)
        choices = chosen_documents(session, options.match)
        with nothing_done("No label was imported."):
            plan = await session.label_files.plan(
                data,
                options.file,
                options.format,
                choices=choices,
                add_documents=options.add_documents,
                progress=context.out.step,
            )
            if options.dry_run:
                return _planned(plan, session.labeling.drafts())
        with nothing_done("The import was stopped.", hint=FINISHED_NEXT):
            imported = await session.label_files.apply(plan, context.out.step, say=context.out.note)
        drafts = session.labeling.drafts()
    fields: dict[str, Any] = {
        "format": imported.format,
        "documents": imported.documents,
        "labels": imported.labels,
        "unchanged": imported.unchanged,
        "suggestions": imported.suggestions,
        "reviewed": imported.reviewed,
        "categories": list(imported.categories),
        "added": list(imported.added),
        "matched_by": {how.value: count for how, count in imported.matched_by.items()},
        "ambiguous": ambiguous_items(imported.ambiguous),
        "skipped": skipped_items(imported.skipped),
        "notes": skipped_items(imported.notes),
        "warnings": list(imported.warnings),
        "drafts_pending": drafts,
    }
    lines = [
        _imported(imported),
        *_listed_all(fields),
        *_way_out(imported.ambiguous, plan.can_add if not options.add_documents else 0),
    ]
    return Report(fields, lines, 1 if imported.skipped else 0)


def chosen_documents(session: ProjectSession, given: Sequence[str]) -> dict[str, str]:
    """What ``--match`` says, ``NAME=LOCATION``, either of which may hold ``=``. Raises ``InputError``."""
    found: dict[str, str] = {}
    for choice in given:
        parts = choice.split("=")
        if len(parts) < 2 or not parts[0]:
            raise InputError(
                f"--match {choice}: this is no NAME=LOCATION.", hint="For instance --match 17=letter03.txt"
            )
        splits = [("=".join(parts[:at]), "=".join(parts[at:])) for at in range(1, len(parts))]
        there = (pair for pair in splits if session.store.state.document_id(pair[1]) is not None)
        name, location = next(there, splits[0])
        if found.setdefault(name, location) != location:
            raise InputError(
                f"--match says of {name} that it is {found[name]} and that it is {location}.",
                hint="Say one of them.",
            )
    return found


def ambiguous_items(items: Sequence[Ambiguous]) -> list[dict[str, Any]]:
    """The same for ``--json``."""
    return [
        {
            "name": item.called,
            "line": item.line or None,
            "candidates": list(item.candidates),
            "by": item.how.value,
        }
        for item in items
    ]


def _listed_all(fields: dict[str, Any]) -> list[str]:
    return [
        *(f"warning: {warning}" for warning in fields["warnings"]),
        *listed("left out", fields["skipped"]),
        *listed("note", fields["notes"]),
    ]


def match_example(item: Ambiguous) -> str:
    """How to say which document one of a file is."""
    return f"--match {item.line or item.called}={item.candidates[0]}"


def _way_out(ambiguous: Sequence[Ambiguous], can_add: int) -> list[str]:
    lines = []
    if ambiguous:
        lines.append(f"Say which document it is, for instance {match_example(ambiguous[0])}")
    if can_add:
        lines.append(f"--add-documents would bring {counted(can_add, 'text')} into the container.")
    return lines


def _planned(plan: ImportPlan, drafts: int) -> Report:
    """What an import would do."""
    fields: dict[str, Any] = {
        "dry_run": True,
        "format": plan.format,
        "kind": plan.kind.short,
        "documents": plan.documents,
        "labels": plan.labels,
        "unchanged": plan.unchanged,
        "meeting": plan.meeting,
        "suggestions": plan.suggestions,
        "reviewed": plan.reviewed,
        "categories": list(plan.categories),
        "added": [addition.location for addition in plan.additions],
        "can_add": plan.can_add,
        "matched_by": {how.value: count for how, count in plan.matched_by.items()},
        "ambiguous": ambiguous_items(plan.ambiguous),
        "unmatched": skipped_items(plan.unmatched),
        "skipped": skipped_items(plan.skipped),
        "notes": skipped_items(plan.notes),
        "warnings": list(plan.warnings),
        "drafts_pending": drafts,
    }
    words = [
        f"{counted(plan.labels, 'new label')}",
        f"{plan.unchanged:,} there already",
        *([f"{plan.meeting:,} that meet others"] if plan.meeting else []),
        *([counted(plan.suggestions, "new suggestion")] if plan.suggestions else []),
        *([f"{counted(plan.reviewed, 'document')} reviewed, with nothing to label"] if plan.reviewed else []),
    ]
    how = ", ".join(f"{count:,} by {how}" for how, count in plan.matched_by.items())
    lines = [
        f"{plan.title}: {', '.join(words)}; nothing was changed.",
        f"The file speaks of {counted(plan.documents, 'document')}" + (f" ({how})." if how else "."),
        *([f"New categories: {', '.join(plan.categories)}"] if plan.categories else []),
        *([f"New documents: {counted(len(plan.additions), 'text')}"] if plan.additions else []),
        *_listed_all(fields),
        *_way_out(plan.ambiguous, 0 if plan.additions else plan.can_add),
    ]
    return Report(fields, lines, 1 if plan.skipped else 0)


def _imported(imported: Imported) -> str:
    documents = counted(imported.documents, "document")
    there = f"{counted(imported.unchanged, 'label')} there already"
    if not imported.labels and not imported.suggestions and not imported.reviewed and imported.unchanged:
        return f"Nothing is new: of the file, {there}, in {documents}."
    what = [counted(imported.labels, "label")]
    if imported.suggestions:
        what.append(counted(imported.suggestions, "suggestion"))
    if imported.reviewed:
        what.append(f"{counted(imported.reviewed, 'document')} reviewed, with nothing to label")
    if imported.added:
        what.append(counted(len(imported.added), "new document"))
    words = f"Imported: {', '.join(what)}; the file speaks of {documents}"
    return f"{words}, with {there}." if imported.unchanged else f"{words}."


def read_file(name: str) -> bytes:
    """The bytes of a file that a person named, or of standard input. Raises ``InputError``."""
    if name == STANDARD:
        return read_stream(sys.stdin.buffer, "standard input")
    try:
        return read_regular(Path(name).expanduser())
    except (OSError, ValueError) as error:
        reason = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
        raise InputError(f"{name}: {reason}", hint="Name a file that can be read, or - for input.") from error


def read_labels_file(name: str) -> bytes:
    """The same of label files, of which there may be a folder. Raises ``InputError``."""
    return read_file(name) if name == STANDARD else read_labels(name)
