"""Label files in and out."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_labeler.cli.commands.models import add_saving, save_if_asked
from tui_labeler.cli.output import Report, nothing_done
from tui_labeler.cli.parser import add_command
from tui_labeler.cli.shapes import skipped_items
from tui_labeler.engine.errors import InputError, StorageError
from tui_labeler.engine.wording import counted

if TYPE_CHECKING:
    from tui_labeler.cli.context import Context
    from tui_labeler.engine.label_files import Imported

STANDARD = "-"
"""Standard input or output, in place of a file."""

LISTED = 50
"""Notes that people are shown; --json lists them all."""


def register(parsers: Any) -> None:
    parser = add_command(
        parsers,
        "import",
        import_labels,
        "import labels from a file; documents that are not in the container are left out and listed",
        examples="""
            tui-labeler import contracts labels.json
            curl -s https://example.com/labels.json | tui-labeler import contracts - --format azure
        """,
    )
    parser.add_argument("project", metavar="PROJECT")
    parser.add_argument("file", metavar="FILE", help="- for standard input")
    parser.add_argument("--format", metavar="F", default="auto", help="azure (default: found by its content)")
    parser = add_command(
        parsers,
        "export",
        export,
        "export the saved labels to a file",
        examples="""
            tui-labeler export contracts labels.json --format azure
            tui-labeler export contracts - --format azure | gzip > labels.json.gz
        """,
    )
    parser.add_argument("project", metavar="PROJECT")
    parser.add_argument(
        "file", metavar="FILE", help="- for standard output; the report is on standard error then"
    )
    parser.add_argument("--format", metavar="F", default="azure", help="azure (the default)")
    parser.add_argument("--overwrite", action="store_true", help="replace a file that is there")
    add_saving(parser)


async def import_labels(context: Context) -> Report:
    options = context.options
    async with context.project() as session:
        data = read_file(options.file)
        with nothing_done("No label was imported."):
            imported = await session.label_files.read(data, options.file, options.format)
        drafts = session.labeling.drafts()
    fields: dict[str, Any] = {
        "format": imported.format,
        "documents": imported.documents,
        "labels": imported.labels,
        "unchanged": imported.unchanged,
        "categories": list(imported.categories),
        "skipped": skipped_items(imported.skipped),
        "notes": skipped_items(imported.notes),
        "warnings": list(imported.warnings),
        "drafts_pending": drafts,
    }
    lines = [
        _imported(imported),
        *(f"warning: {warning}" for warning in imported.warnings),
        *listed("left out", fields["skipped"]),
        *listed("note", fields["notes"]),
    ]
    return Report(fields, lines, 1 if imported.skipped else 0)


def _imported(imported: Imported) -> str:
    documents = counted(imported.documents, "document")
    there = f"{counted(imported.unchanged, 'label')} there already"
    if not imported.labels and imported.unchanged:
        return f"Nothing is new: of the file, {there}, in {documents}."
    words = f"Imported: {counted(imported.labels, 'label')}; the file speaks of {documents}"
    return f"{words}, with {there}." if imported.unchanged else f"{words}."


async def export(context: Context) -> Report:
    options = context.options
    to_stdout = options.file == STANDARD
    if not to_stdout:
        check_target(Path(options.file), overwrite=options.overwrite)
    async with context.project() as session:
        await save_if_asked(context, session)
        exported = await session.label_files.write(options.format)
    if not to_stdout:
        write_file(Path(options.file), exported.data, overwrite=options.overwrite)
    fields: dict[str, Any] = {
        "file": options.file,
        "format": options.format,
        "documents": exported.documents,
        "labels": exported.labels,
        "skipped": skipped_items(exported.skipped),
        "notes": [],
        "drafts_pending": exported.drafts_pending,
    }
    lines = [
        f"Exported to {options.file}: {counted(exported.labels, 'label')} of "
        f"{counted(exported.documents, 'document')}.",
        *listed("left out", fields["skipped"]),
    ]
    raw = exported.data if to_stdout else None
    return Report(fields, lines, 1 if exported.skipped else 0, raw=raw)


def listed(word: str, items: list[dict[str, str]]) -> list[str]:
    """Notes for people, the first of them where there are many."""
    lines = [
        f"{word}: {item['location']}: {item['reason']}" if item["location"] else f"{word}: {item['reason']}"
        for item in items[:LISTED]
    ]
    if len(items) > LISTED:
        lines.append(f"and {len(items) - LISTED:,} more; --json lists them all")
    return lines


def read_file(name: str) -> bytes:
    """The bytes of a file that a person named, or of standard input. Raises ``InputError``."""
    if name == STANDARD:
        return sys.stdin.buffer.read()
    try:
        return Path(name).expanduser().read_bytes()
    except (OSError, ValueError) as error:
        reason = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
        raise InputError(f"{name}: {reason}", hint="Name a file that can be read, or - for input.") from error


def check_target(path: Path, *, overwrite: bool) -> None:
    """Raises ``InputError`` where a file can't be put."""
    try:
        if path.is_dir():
            raise InputError(f"{path} is a folder.", hint="Name a file in it.")
        if not path.parent.is_dir():
            raise InputError(f"There is no folder {path.parent}.", hint="Make it first, or name another.")
        if path.exists() and stat.S_ISREG(path.stat().st_mode) and not overwrite:
            raise InputError(
                f"{path} is there already.", hint="Name another file, or replace it with --overwrite."
            )
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: {error}", hint="Name another file.") from error


def write_file(path: Path, data: bytes, *, overwrite: bool) -> None:
    """Writes a file whole or not at all; to a device or a pipe, in one go.

    Raises ``InputError`` when it is there and is not to be overwritten, ``StorageError`` when the disk
    refuses.
    """
    target = path.resolve()
    try:
        if target.exists() and not stat.S_ISREG(target.stat().st_mode):
            target.write_bytes(data)
            return
        temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
        try:
            _write_durably(temporary, data)
            check_target(path, overwrite=overwrite)
            temporary.replace(target)
        finally:
            with suppress(FileNotFoundError):
                temporary.unlink()
    except OSError as error:
        raise StorageError(
            f"{path}: {error.strerror}", hint="Nothing was written. Free space, or choose another place."
        ) from error


def _write_durably(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
