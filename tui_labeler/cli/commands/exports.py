"""Labels to files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_labeler.cli.output import Report
from tui_labeler.cli.parser import FORMATS, UsageError, add_command, not_negative
from tui_labeler.cli.saving import add_saving, save_if_asked
from tui_labeler.cli.shapes import listed, skipped_items
from tui_labeler.cli.targets import check_target, put_file
from tui_labeler.engine.errors import InputError
from tui_labeler.engine.wording import counted
from tui_labeler.labels_on_disk import (
    check_folder,
    check_no_document,
    is_folder_wanted,
    unpacked,
    write_folder,
)

if TYPE_CHECKING:
    from tui_labeler.cli.context import Context
    from tui_labeler.engine.exports.exporting import Exported

STANDARD = "-"
"""Standard input or output, in place of a file."""


def register(parsers: Any) -> None:
    parser = add_command(
        parsers,
        "export",
        export,
        "export the saved labels to a file",
        examples="""
            tui-labeler export contracts labels.json --format azure
            tui-labeler export contracts - --format azure | gzip > labels.json.gz
            tui-labeler export contracts corpus --format conll --split 80/10/10 --seed 7
        """,
    )
    parser.add_argument("project", metavar="PROJECT")
    parser.add_argument(
        "file",
        metavar="FILE",
        help="- for standard output, the report is on standard error then; a folder for --split and for "
        "formats of several files, which a name in .zip makes one",
    )
    parser.add_argument("--format", metavar="F", default="azure", help=f"{FORMATS} (default: azure)")
    parser.add_argument(
        "--suggestions",
        action="store_true",
        help="with --format labelstudio: write undecided suggestions too, as predictions",
    )
    parser.add_argument(
        "--overwrite",
        action="store_true",
        help="replace what is there; with --split, parts of an earlier split that are not replaced go",
    )
    parser.add_argument(
        "--split",
        metavar="SHARES",
        help="for training: 80/10/10 (train, dev, test), 80/20 (train, test) or `sets` (as they are), into "
        "the folder FILE, with a data card",
    )
    parser.add_argument("--seed", type=not_negative, default=0, metavar="N", help="of the split (default: 0)")
    add_saving(parser)


async def export(context: Context) -> Report:
    from tui_labeler.engine.formats import format_named

    options = context.options
    if options.split is not None:
        return await export_split(context)
    to_stdout = options.file == STANDARD
    path = local_path(options.file)
    as_folder = not to_stdout and format_named(options.format).is_archive and is_folder_wanted(path)
    if as_folder:
        check_folder(path, overwrite=options.overwrite)
    elif not to_stdout:
        check_target(path, overwrite=options.overwrite)
    async with context.project() as session:
        await save_if_asked(context, session)
        exported = await session.label_files.write(options.format, suggestions=options.suggestions)
        files = unpacked(exported.data) if as_folder else {}
        if not to_stdout:
            check_no_document(session, [path / name for name in files] if as_folder else [path])
    if not to_stdout and path.exists():
        exported.check_not_hollow()
    if as_folder:
        write_folder(path, files, overwrite=options.overwrite)
    elif not to_stdout:
        await put_file(path, exported.data, overwrite=options.overwrite)
    fields: dict[str, Any] = {
        "file": options.file,
        "format": options.format,
        "documents": exported.documents,
        "labels": exported.labels,
        "suggestions": exported.suggestions,
        "skipped": skipped_items(exported.skipped),
        "notes": skipped_items(exported.notes),
        "drafts_pending": exported.drafts_pending,
    }
    lines = [
        f"Exported to {options.file}: {_what(exported)} of {counted(exported.documents, 'document')}.",
        *listed("left out", fields["skipped"]),
        *listed("note", fields["notes"]),
    ]
    raw = exported.data if to_stdout else None
    return Report(fields, lines, 1 if exported.skipped else 0, raw=raw)


def _what(exported: Exported) -> str:
    labels = counted(exported.labels, "label")
    return f"{labels} and {counted(exported.suggestions, 'suggestion')}" if exported.suggestions else labels


async def export_split(context: Context) -> Report:
    """A folder with a file for each part of a split, and a data card; parts of an earlier one go."""
    from tui_labeler.cli.earlier_parts import earlier_parts
    from tui_labeler.engine.exports.splitting import shares

    options = context.options
    if options.file == STANDARD:
        raise UsageError("--split writes several files.", hint="Name a folder.")
    if options.suggestions:
        raise UsageError(
            "--split is for training, which takes labels alone.", hint="Leave --suggestions out."
        )
    wanted = shares(options.split, options.seed)
    path = local_path(options.file)
    check_folder(path, overwrite=options.overwrite)
    async with context.project() as session:
        await save_if_asked(context, session)
        exported = await session.label_files.write_split(options.format, wanted, session.agreeing)
        earlier = earlier_parts(path, exported.files)
        check_no_document(session, [path / name for name in (*exported.files, *earlier.ours)])
    write_folder(path, dict(exported.files), overwrite=options.overwrite, without=earlier.ours)
    parts = {
        part.value: {"documents": each.documents, "labels": each.labels}
        for part, each in exported.parts.items()
    }
    fields: dict[str, Any] = {
        "file": options.file,
        "format": options.format,
        "split": wanted.words,
        "seed": None if wanted.keeps_sets else wanted.seed,
        "files": sorted(exported.files),
        "removed": list(earlier.ours),
        "documents": exported.documents,
        "labels": exported.labels,
        "parts": parts,
        "duplicates": exported.card.duplicates,
        "labels_version": exported.card.labels_version,
        "skipped": skipped_items(exported.skipped),
        "notes": skipped_items((*exported.notes, *earlier.notes)),
        "drafts_pending": exported.card.drafts,
    }
    lines = [
        f"Exported to {options.file}: {counted(exported.labels, 'label')} of "
        f"{counted(exported.documents, 'document')}.",
        *(
            f"  {name}: {counted(part['documents'], 'document')}, {counted(part['labels'], 'label')}"
            for name, part in parts.items()
        ),
        *(f"Removed: {name}, a part of the split that was there before." for name in earlier.ours),
        *listed("left out", fields["skipped"]),
        *listed("note", fields["notes"]),
    ]
    return Report(fields, lines, 1 if exported.skipped else 0)


def local_path(name: str) -> Path:
    """The path that a person typed.

    Raises ``UsageError`` where it is empty, as a shell's variable that is not set is, and ``InputError`` for
    a home that is nobody's.
    """
    if not name:
        raise UsageError("The name of the file is empty.", hint="Name one; . is the folder that you are in.")
    try:
        return Path(name).expanduser()
    except RuntimeError as error:
        raise InputError(f"{name}: {error}", hint="Name another file.") from error
