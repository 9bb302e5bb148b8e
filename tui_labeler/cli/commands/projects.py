"""Projects: make, list, show, delete."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING, Any

from tui_labeler.cli.output import InterruptionError, Report, error_fields
from tui_labeler.cli.parser import FORMATS, add_command, add_group, add_paging
from tui_labeler.cli.shapes import listed, skipped_items
from tui_labeler.cli.sides import conflict_lines
from tui_labeler.cli.tables import clipped, table
from tui_labeler.engine.wording import batches_going_on, counted, in_words

if TYPE_CHECKING:
    from tui_labeler.cli.context import Context
    from tui_labeler.engine.doctor.check import Check
    from tui_labeler.engine.session import ProjectSession, ProjectSummary
    from tui_labeler.engine.workbench import CreatedProject

KINDS = ("ner", "single", "multi")

NAME_COLUMNS = 40
"""Of a name in the table; --json says it whole."""


def register(parsers: Any) -> None:
    group = add_group(parsers, "project", "make, list, show, repair and delete projects")
    _register_create(group)
    parser = add_command(group, "list", list_projects, "list the projects of the home")
    add_paging(parser, "name")
    parser = add_command(group, "show", show, "show a project's categories and figures")
    parser.add_argument("project", metavar="NAME")
    parser = add_command(
        group,
        "repair",
        repair,
        "make what is missing of a project's files anew of what is left",
        details="Files of documents that are missing, broken or of an earlier day are made anew of the "
        "journal; the file that was there is kept beside as `.replaced`. Where the journal has lost "
        "its end, or is damaged behind the last checkpoint, the project goes on as of the last "
        "transaction that can be followed, and its history says what it lacks. A `project.json` that is "
        "gone or no JSON is made anew where the journal is whole and says what the project is; name the "
        "project by its id then, which `doctor` tells. What is wrong besides, and not for it to mend, is "
        "named (`not_repaired`, exit code 1): another kind than the project was made as, several categories "
        "of one name, records of jobs and models, and what was agreed on with the container.",
    )
    parser.add_argument("project", metavar="NAME")
    parser = add_command(
        group,
        "delete",
        delete,
        "delete a project; its documents in the container stay",
        details="Without --purge its state is moved to the home's `deleted` folder.",
    )
    parser.add_argument("project", metavar="NAME")
    parser.add_argument("--purge", action="store_true", help="remove journals and caches for good")
    parser.add_argument("--yes", action="store_true", help="do it without asking")


def _register_create(group: Any) -> None:
    parser = add_command(
        group,
        "create",
        create,
        "make a project from .txt documents",
        examples="""
            tui-labeler project create letters --kind ner --container ./letters --category Sender
            tui-labeler project create topics --kind multi --container ./texts --labels labels.json
            tui-labeler project create mails --kind single --container az://mails
        """,
    )
    parser.add_argument("name", metavar="NAME")
    parser.add_argument(
        "--kind",
        choices=KINDS,
        required=True,
        help="entities in the text, one class a document, or several classes a document",
    )
    parser.add_argument(
        "--container",
        metavar="WHERE",
        required=True,
        help="a folder; https://ACCOUNT.blob.core.windows.net/CONTAINER, az://CONTAINER, or a name under "
        "[containers] in settings.toml",
    )
    parser.add_argument(
        "--language",
        metavar="L",
        default="",
        help="of the documents (default: what the labels file says, else en-us)",
    )
    parser.add_argument(
        "--multilingual", action="store_true", help="documents may have languages of their own"
    )
    parser.add_argument("--description", metavar="T", default="")
    parser.add_argument("--labels", metavar="FILE", help="a labels file to import")
    parser.add_argument(
        "--labels-format", metavar="F", default="auto", help=f"{FORMATS} (default: found by its content)"
    )
    parser.add_argument(
        "--add-documents",
        action="store_true",
        help="with --labels: write texts of that file which match no document into the container",
    )
    parser.add_argument(
        "--share",
        action="store_true",
        help="keep labels in the folder too, for those who share it; joins their project of that name",
    )
    parser.add_argument(
        "--category", metavar="C", action="append", default=[], help="an entity or class (may be repeated)"
    )


async def create(context: Context) -> Report:
    from asyncio import CancelledError

    from tui_labeler.cli.commands.files import read_labels_file
    from tui_labeler.domain.projects import ProjectKind
    from tui_labeler.engine.workbench import NewProject

    options = context.options
    labels = None if options.labels is None else read_labels_file(options.labels)
    new = NewProject(
        name=options.name,
        kind=ProjectKind.from_short(options.kind),
        container=options.container,
        language=options.language,
        multilingual=options.multilingual,
        description=options.description,
        categories=tuple(options.category),
        share=options.share,
    )
    try:
        created = await context.workbench.create(
            new,
            labels=labels,
            labels_name=options.labels or "",
            labels_format=options.labels_format,
            add_documents=options.add_documents,
            progress=context.out.step,
            say=context.out.note,
        )
    except CancelledError:
        raise await _interrupted(context) from None
    try:
        return _created(created)
    finally:
        await created.session.close()


async def _interrupted(context: Context) -> InterruptionError:
    """What is there of a project whose making was interrupted."""
    name = context.options.name
    if any(project.name == name for project in await context.workbench.projects()):
        return InterruptionError(
            "The project is made, and its labels are not all read in and shared yet.",
            hint=f"`tui-labeler sync {name}` goes on.",
        )
    return InterruptionError(
        "No project was made.", hint="Run the command again; what was there before is as it was."
    )


def _created(created: CreatedProject) -> Report:
    from tui_labeler.cli.commands.syncing import conflict_items

    summary = created.session.summary()
    imported = created.imported
    unreadable = [{"location": name, "reason": problem} for name, problem in created.synced.unreadable]
    warnings = [
        *created.warnings,
        *(f"{item['location']} can't be read: {item['reason']}" for item in unreadable),
    ]
    if imported is not None and imported.skipped:
        left_out = counted(len(imported.skipped), "label or document", "labels or documents")
        warnings.append(f"left out of the labels file: {left_out}")
    fields = {
        **project_item(summary),
        "labels": sum(count for _, count in summary.categories),
        "warnings": warnings,
        "unreadable_documents": unreadable,
        "other_files": created.synced.skipped,
        "skipped": skipped_items(imported.skipped) if imported else [],
        "notes": skipped_items(imported.notes) if imported else [],
        "joined": created.joined,
        "conflicts": conflict_items(created.shared.conflicts) if created.shared else [],
    }
    project = summary.project
    lines = [
        f"Project {project.name} has {counted(summary.documents, 'document')} and "
        f"{counted(fields['labels'], 'label')}; {counted(fields['other_files'], 'other file')} left alone.",
        *(f"warning: {warning}" for warning in warnings),
        *listed("left out", fields["skipped"]),
        *listed("note", fields["notes"]),
        *(["Others work on this project: their labels and categories are here."] if created.joined else []),
        *(line for item in fields["conflicts"] for line in conflict_lines("conflict", item)),
        f"Open it with: tui-labeler open {quote(project.name)}",
    ]
    return Report(fields, lines)


async def list_projects(context: Context) -> Report:
    from tui_labeler.engine.errors import LabelerError

    items: list[dict[str, Any]] = []
    code = 0
    for project in await context.workbench.projects():
        try:
            session = await context.workbench.open(project.id)
        except LabelerError as error:
            items.append({"name": project.name, "kind": project.kind.short, "error": error_fields(error)})
            code = 1
            continue
        items.append(project_item(session.summary()))
        await session.close()
    for name, why in await context.workbench.broken():
        items.append({"name": name, "kind": "", "error": error_fields(why)})
        code = 1
    page = context.page(items, "name")
    rows = [
        [
            clipped(item["name"], NAME_COLUMNS),
            item["kind"],
            *(f"{item[key]:,}" for key in ("documents", "labeled", "auto_labeled", "unlabeled")),
            item["container"],
        ]
        if "error" not in item
        else [
            clipped(item["name"], NAME_COLUMNS),
            item["kind"],
            "",
            "",
            "",
            "",
            f"{item['error']['message']}",
        ]
        for item in page["items"]
    ]
    head = ["name", "kind", "documents", "labeled", "auto labeled", "unlabeled", "container"]
    lines = (
        table(head, rows) if rows else ["There is no project yet: `tui-labeler project create` makes one."]
    )
    return Report(page, lines, code)


async def show(context: Context) -> Report:
    from tui_labeler.engine.pen import standing_words

    async with context.project() as session:
        fields = {**_shown(session), "texts_missing": await session.documents.lacking()}
        handover = session.project.handover
    fields["handover"] = {
        "state": handover.phase.value,
        "pen": handover.pen.value if handover.pen else None,
        "since": handover.since or None,
    }
    lines = [
        f"{fields['name']}: {fields['project_kind']}, {fields['language']}"
        + (", multilingual" if fields["multilingual"] else ""),
        *([fields["description"]] if fields["description"] else []),
        f"container: {fields['container']}",
        *([words] if (words := standing_words(handover)) else []),
        f"{counted(fields['documents'], 'document')}: {fields['labeled']:,} labeled, "
        f"{fields['auto_labeled']:,} auto labeled, {fields['unlabeled']:,} unlabeled, "
        f"{fields['reviewed']:,} reviewed with nothing to label, "
        f"{fields['unreadable']:,} unreadable",
        "",
        *table(
            ["category", "labels", "suggestions", "description"],
            [
                [item["name"], f"{item['labels']:,}", f"{item['suggestions']:,}", item["description"]]
                for item in fields["categories"]
            ],
        ),
    ]
    if fields["texts_missing"]:
        what = counted(fields["texts_missing"], "text is", "texts are")
        lines.append(
            f"{what} not here for offline work; `tui-labeler sync {fields['name']}` fetches what it can."
        )
    if fields["drafts_pending"]:
        lines.append(f"{counted(fields['drafts_pending'], 'draft decision')} not saved yet.")
    return Report(fields, lines)


def _shown(session: ProjectSession) -> dict[str, Any]:
    fields = project_item(session.summary())
    counts = session.categories.counts()
    for item, (key, category) in zip(
        fields["categories"], session.store.state.categories.items(), strict=True
    ):
        item["suggestions"] = counts[key].suggestions
        item["examples"] = list(category.examples)
    return {**fields, "created": session.project.created}


async def repair(context: Context) -> Report:
    """What it can't mend is named, with who can: it is no reason to believe that all is well."""
    done = await context.workbench.repair(context.options.project)
    left = await _not_mended(context)
    items = [{"name": check.name, "detail": check.detail} for check in left]
    fields = {"name": context.options.project, "repaired": list(done), "not_repaired": items}
    nothing = "Nothing was done." if left else "Nothing is missing; nothing was done."
    lines = [*(done or [nothing]), *(f"not repaired: {check.name}: {check.detail}" for check in left)]
    return Report(fields, lines, 1 if left else 0)


async def _not_mended(context: Context) -> list[Check]:
    """What is wrong with the project's files still."""
    from tui_labeler.engine.doctor.check import Check
    from tui_labeler.engine.doctor.projects import check_files
    from tui_labeler.engine.errors import LabelerError

    try:
        session = await context.workbench.open(context.options.project)
        try:
            return [check async for check in check_files(session) if not check.ok]
        finally:
            await session.close()
    except LabelerError as error:
        return [Check(f"project {context.options.project}", False, in_words(error))]


async def delete(context: Context) -> Report:
    from tui_labeler.engine.deleting import holdings

    options = context.options
    where = "For good." if options.purge else "Its state is kept in the home's `deleted` folder."
    broken = dict(await context.workbench.broken())
    if options.project in broken:
        context.out.consent(
            f"The project {options.project} can't be read: {broken[options.project].message}. Deleting "
            f"it deletes all its state, whatever it holds. {where}",
            yes=options.yes,
        )
        await context.workbench.delete(options.project, purge=options.purge)
        fields = {"name": options.project, "deleted": True, "purged": options.purge}
        return Report(fields, [f"Project {options.project} is deleted. No documents are touched."])
    async with context.project() as session:
        project = session.project
        lost = "; ".join((await holdings(session)).words) or "what it knows of its documents"
    name = project.name
    context.out.consent(f"Deleting the project {name} deletes: {lost}. {where}", yes=options.yes)
    left = await context.workbench.delete(project.id, purge=options.purge)
    fields = {"name": name, "deleted": True, "purged": options.purge, "going_on": list(left)}
    lines = [f"Project {name} is deleted. The documents in its container are untouched."]
    return Report(fields, [*lines, *([batches_going_on(left)] if left else [])])


def project_item(summary: ProjectSummary) -> dict[str, Any]:
    """A project with its figures."""
    project = summary.project
    return {
        "name": project.name,
        "kind": project.kind.short,
        "project_kind": project.kind.value,
        "container": project.container,
        "language": project.language,
        "multilingual": project.multilingual,
        "description": project.description,
        "categories": [
            {"name": category.name, "description": category.description, "labels": labels}
            for category, labels in summary.categories
        ],
        "documents": summary.documents,
        **{state.value.replace("-", "_"): count for state, count in summary.states.items()},
        "drafts_pending": summary.drafts,
    }
