"""Handing labeling over to Azure Machine Learning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tui_labeler.cli.commands.files import (
    add_match,
    ambiguous_items,
    chosen_documents,
    match_example,
    read_file,
)
from tui_labeler.cli.output import Report
from tui_labeler.cli.parser import UsageError, add_command, add_group
from tui_labeler.cli.shapes import skipped_items
from tui_labeler.domain.handover_needs import CONFIRMED, PERMANENT, PREFIX
from tui_labeler.engine.errors import InputError, UnreachableError
from tui_labeler.engine.wording import counted

if TYPE_CHECKING:
    import argparse

    from tui_labeler.cli.context import Context
    from tui_labeler.domain.handover import Handover, TakenBack, Terms
    from tui_labeler.engine.handover.handing_over import HandingOver
    from tui_labeler.engine.handover.taking_in import TakenIn
    from tui_labeler.engine.ports import Blob
    from tui_labeler.engine.session import ProjectSession


def register(parsers: Any) -> None:
    group = add_group(parsers, "aml", "hand labeling over to Azure Machine Learning, and take it back")
    _register_connect(group)
    parser = _command(group, "status", status, "say who has the pen, and what a connection needs")
    parser = _command(
        group,
        "switch",
        switch,
        "give the pen to Azure Machine Learning, or take it back with the latest labels",
        details=(
            "While Azure Machine Learning has the pen, labels here are read-only in every home; training, "
            "evaluating, exporting and reading go on."
        ),
    )
    parser.add_argument("--to", choices=("aml", "here"), required=True, help="who labels from here on")
    _add_file(parser, "with --to here: the file to take labels from")
    add_match(parser)
    parser.add_argument(
        "--without-labels", action="store_true", help="with --to here: take the pen back, and no labels"
    )
    parser = _command(
        group,
        "import",
        import_labels,
        "take in the latest labels of Azure Machine Learning while it has the pen",
        details="In the documents that they are of, they take the place of the labels here; undo brings "
        "those back. Where several documents could be it, none is guessed: they are listed, and --match says "
        "which.",
    )
    _add_file(parser, "the file to take labels from")
    add_match(parser)
    parser = _command(
        group,
        "disconnect",
        disconnect,
        "end the connection for ever; labels are made here before",
        details="The labeling project can never be joined again, with this project or another.",
    )
    parser.add_argument("--confirm", metavar="NAME", help="the project's name, to confirm it")


def _command(group: Any, name: str, run: Any, summary: str, *, details: str = "") -> argparse.ArgumentParser:
    parser = add_command(group, name, run, summary, details=details)
    parser.add_argument("project", metavar="PROJECT")
    return parser


def _register_connect(group: Any) -> None:
    parser = add_command(
        group,
        "connect",
        connect,
        "connect a project on a blob container with a labeling project, once and for all",
        details="No service is called: the two sides meet in the container.",
        examples="""
            tui-labeler aml connect contracts --name contracts-aml --workspace ws --resource-group rg \\
                --subscription 00000000-0000-0000-0000-000000000000
            tui-labeler aml switch contracts --to aml
            tui-labeler aml switch contracts --to here
        """,
    )
    parser.add_argument("project", metavar="PROJECT")
    parser.add_argument("--name", required=True, help="of the labeling project in Azure Machine Learning")
    parser.add_argument("--workspace", required=True, metavar="NAME")
    parser.add_argument("--resource-group", required=True, metavar="NAME")
    parser.add_argument("--subscription", required=True, metavar="ID")
    parser.add_argument(
        "--prefix",
        default=PREFIX,
        metavar="P",
        help=f"what names of its exports in the container begin with (default: {PREFIX}; '' for any)",
    )
    parser.add_argument(
        "--vendor", action="store_true", help="labeling companies from the Azure Marketplace do it"
    )
    words = parser.add_mutually_exclusive_group()
    words.add_argument("--instructions", metavar="TEXT", default="", help="for those who label there")
    words.add_argument("--instructions-file", metavar="FILE", help="the same, from a text file")
    parser.add_argument(
        "--switcher",
        action="append",
        default=[],
        metavar="NAME",
        help="who may switch and disconnect; may be given again (default: everybody)",
    )
    parser.add_argument(
        "--yes", action="store_true", help="agree to what is permanent, and confirm what can't be checked"
    )


def _add_file(parser: argparse.ArgumentParser, words: str) -> None:
    parser.add_argument(
        "--file", metavar="NAME", default="", help=f"{words}, by its name in the container (default: newest)"
    )


def handing_over(session: ProjectSession) -> HandingOver:
    """Raises ``InputError`` where the project has no container that could be asked."""
    if session.handover is None:
        raise InputError("The project can't be handed over.", hint="Open it from its home.")
    return session.handover


# --- commands ---------------------------------------------------------------------------------------


async def connect(context: Context) -> Report:
    options = context.options
    terms = _terms(options)
    async with context.project() as session:
        handover = handing_over(session)
        handover.check_needs()
        if not options.yes:
            context.out.note(PERMANENT)
            context.out.note("Only you can check these:")
            for fact in CONFIRMED:
                context.out.note(f"  {fact}")
            context.out.consent("Is all of this so, and connect for good?", yes=False)
        made = await handover.connect(terms)
        fields = _fields(session, made)
    return Report(fields, [*_lines(made), f"Instructions: {fields['instructions_file']}"])


def _terms(options: argparse.Namespace) -> Terms:
    from tui_labeler.domain.handover import AmlProject, Terms

    words = options.instructions
    if options.instructions_file:
        try:
            words = read_file(options.instructions_file).decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise InputError(
                f"{options.instructions_file} is no UTF-8 text: {error.reason}.", hint="Save it as UTF-8."
            ) from error
    try:
        aml = AmlProject(options.subscription, options.resource_group, options.workspace, options.name)
    except ValueError as error:
        raise UsageError(f"{error}.", hint="Write the names as the Azure portal shows them.") from error
    return Terms(aml, options.vendor, options.prefix, words, tuple(dict.fromkeys(options.switcher)))


async def status(context: Context) -> Report:
    async with context.project() as session:
        handover = handing_over(session)
        trouble = ""
        exports: tuple[Blob, ...] = ()
        try:
            found = await handover.look()
            exports = await handover.exports() if found.is_connected else ()
        except UnreachableError as error:
            found, trouble = handover.known, error.message
        needs = handover.needs()
        back = await handover.taken_back()
        fields = _fields(session, found, back=back)
    fields |= {
        "prerequisites": [
            {"name": need.name, "ok": need.met, "detail": need.detail, "todo": need.todo} for need in needs
        ],
        "to_confirm": list(CONFIRMED),
        "exports": [{"name": blob.name, "bytes": blob.size, "age_seconds": blob.age} for blob in exports],
        "offline": trouble or None,
    }
    lines = [*([f"The container can't be asked; as last seen: {trouble}"] if trouble else [])]
    lines += _lines(found, back=back)
    if not found.is_connected:
        lines += [
            f"{'ok     ' if need.met else 'missing'}  {need.name}: {need.detail}"
            + ("" if need.met else f". {need.todo}")
            for need in needs
        ]
        lines += [f"to check  {fact}" for fact in CONFIRMED]
    lines += [f"export: {blob.name} ({blob.size:,} bytes)" for blob in exports[:10]]
    return Report(fields, lines)


async def switch(context: Context) -> Report:
    options = context.options
    if options.to == "aml" and (options.file or options.match or options.without_labels):
        raise UsageError("--file, --match and --without-labels go with --to here.", hint="Leave them out.")
    if (options.file or options.match) and options.without_labels:
        raise UsageError(
            "--file and --match are about labels, and --without-labels wants none.", hint="Leave it out."
        )
    async with context.project() as session:
        handover = handing_over(session)
        if options.to == "aml":
            done = await handover.to_aml(context.out.note)
        else:
            done = await handover.to_here(
                name=options.file,
                without_labels=options.without_labels,
                choices=chosen_documents(session, options.match),
                doing=context.out.note,
            )
        back = await handover.taken_back()
        fields = _fields(session, done.handover, back=back)
    lines = _lines(done.handover, back=back)
    exported = done.exported
    if exported is not None:
        fields["exported"] = {
            "labels": exported.labels,
            "documents": exported.documents,
            "skipped": skipped_items(exported.skipped),
        }
        lines.append(f"{counted(exported.labels, 'label')} written to {fields['labels_file']}.")
        lines += [f"left out: {item.location}: {item.reason}" for item in exported.skipped]
    code = 1 if exported is not None and exported.skipped else 0
    if done.taken is not None:
        fields["taken"] = taken_fields(done.taken)
        lines += taken_lines(done.taken)
        lines += _way_out(done.taken, f"aml switch {session.project.name} --to here", "; switch there first")
        code = 1 if done.taken.imported.skipped else 0
    return Report(fields, lines, code)


async def import_labels(context: Context) -> Report:
    options = context.options
    async with context.project() as session:
        handover = handing_over(session)
        choices = chosen_documents(session, options.match)
        taken = await handover.import_labels(options.file, context.out.note, choices)
        fields = {**_fields(session, session.project.handover), "taken": taken_fields(taken)}
    lines = [*taken_lines(taken), *_way_out(taken, f"aml import {session.project.name}")]
    return Report(fields, lines, 1 if taken.imported.skipped else 0)


async def disconnect(context: Context) -> Report:
    options = context.options
    async with context.project() as session:
        handover = handing_over(session)
        await handover.check_disconnect()
        typed = options.confirm
        if typed is None:
            typed = context.out.typed(
                "Disconnecting is for ever: the labeling project can never be joined again, and its labels "
                f"there are out of reach. Type the project's name ({session.project.name}) to confirm it:",
                "Confirm it with --confirm and the project's name.",
            )
        done = await handover.disconnect(typed)
        back = await handover.taken_back()
        fields = _fields(session, done, back=back)
    return Report(fields, _lines(done, back=back))


# --- words and fields -------------------------------------------------------------------------------


def _fields(session: ProjectSession, found: Handover, *, back: TakenBack | None = None) -> dict[str, Any]:
    from tui_labeler.engine.sharing.connection_files import instructions_file, labels_file

    terms, taken = found.terms, found.taken
    aml = terms.aml if terms else None
    return {
        "project": session.project.name,
        "state": found.phase.value,
        "pen": found.pen.value if found.pen else None,
        "since": found.since or None,
        "by": found.by.actor or None,
        "aml": {
            "name": aml.name,
            "workspace": aml.workspace,
            "resource_group": aml.resource_group,
            "subscription": aml.subscription,
        }
        if aml
        else None,
        "vendor": terms.vendor if terms else None,
        "prefix": terms.prefix if terms else None,
        "switchers": list(terms.switchers) if terms else [],
        "imported": {
            "name": taken.name,
            "time": taken.time,
            "labels": taken.labels,
            "taken_back": back is not None,
            "taken_back_by": back.by if back else None,
        }
        if taken
        else None,
        "instructions_file": instructions_file(session.project.id) if terms else None,
        "labels_file": labels_file(session.project.id) if found.is_laid else None,
    }


def taken_fields(taken: TakenIn) -> dict[str, Any]:
    """The same for ``--json``."""
    imported = taken.imported
    return {
        "file": taken.name,
        "documents": imported.documents,
        "labels": imported.labels,
        "unchanged": imported.unchanged,
        "removed": taken.removed,
        "unlabeled": taken.unlabeled,
        "suggestions": imported.suggestions,
        "kept": taken.kept,
        "categories": list(imported.categories),
        "ambiguous": ambiguous_items(imported.ambiguous),
        "skipped": skipped_items(imported.skipped),
        "notes": skipped_items(imported.notes),
    }


def taken_lines(taken: TakenIn) -> list[str]:
    """What came from Azure Machine Learning, for people."""
    from tui_labeler.cli.shapes import listed

    imported = taken.imported
    return [
        taken.words,
        *listed("left out", skipped_items(imported.skipped)),
        *listed("note", skipped_items(imported.notes)),
    ]


def _way_out(taken: TakenIn, command: str, words: str = "") -> list[str]:
    """How to say which document a row is that several answer to."""
    return [
        f"Say which document it is, for instance `{command} {match_example(item)}`{words}."
        for item in taken.imported.ambiguous[:1]
    ]


def _lines(found: Handover, *, back: TakenBack | None = None) -> list[str]:
    from tui_labeler.engine.wording import clock

    since = f" since {clock(found.since)}" if found.since else ""
    by = f", by {found.by.actor}" if found.by.actor else ""
    lines = [f"State: {found.phase}{since}{by}."]
    if found.terms:
        lines.append(f"Azure Machine Learning: {found.terms.aml.words}.")
    if found.taken:
        undone = f"; {back.words}" if back else ""
        lines.append(f"Last labels from there: {found.taken.name}, {clock(found.taken.time)}{undone}.")
    return lines
