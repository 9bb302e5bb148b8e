"""Entities and classes: add, describe, rename, merge, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tui_labeler.cli.output import Report
from tui_labeler.cli.parser import UsageError, add_command, add_group
from tui_labeler.engine.wording import counted

if TYPE_CHECKING:
    import argparse

    from tui_labeler.cli.context import Context
    from tui_labeler.domain.projects import Category
    from tui_labeler.engine.session import ProjectSession


def register(parsers: Any) -> None:
    group = add_group(parsers, "category", "add, describe, rename, merge and delete entities or classes")
    parser = _command(
        group,
        "add",
        add,
        "add a category",
        "tui-labeler category add contracts Amount --description 'A sum of money' --example 'EUR 90'",
    )
    _described(parser)
    parser = _command(group, "set", change, "change a category's description and examples")
    _described(parser)
    parser = _command(group, "rename", rename, "give a category another name; its labels follow")
    parser.add_argument("--to", metavar="NEW", required=True)
    parser = _command(
        group,
        "merge",
        merge,
        "turn a category's labels into another's, and delete it",
        "tui-labeler category merge contracts Seller --to Supplier --yes",
    )
    parser.add_argument("--to", metavar="NEW", required=True, help="the category that is left")
    parser.add_argument("--yes", action="store_true", help="do it without asking")
    parser = _command(group, "delete", delete, "delete a category with its labels and suggestions")
    parser.add_argument("--yes", action="store_true", help="do it without asking")


def _command(group: Any, name: str, run: Any, summary: str, examples: str = "") -> argparse.ArgumentParser:
    parser = add_command(group, name, run, summary, examples=examples)
    parser.add_argument("project", metavar="PROJECT")
    parser.add_argument("name", metavar="NAME", help="the category's name")
    return parser


def _described(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--description", metavar="T")
    parser.add_argument(
        "--example",
        dest="examples",
        metavar="T",
        action="append",
        help="may be repeated; replaces the old ones",
    )


async def add(context: Context) -> Report:
    from tui_labeler.engine import limits

    options = context.options
    async with context.project() as session:
        made = await session.categories.add(
            options.name, description=options.description or "", examples=options.examples or ()
        )
        warnings = [*limits.category_name(made.name), *limits.categories(len(session.store.state.categories))]
        return _report(session, made, f"{made.name} is added.", warnings=warnings)


async def change(context: Context) -> Report:
    options = context.options
    if options.description is None and options.examples is None:
        raise UsageError("Nothing to change was given.", hint="Give --description or --example.")
    async with context.project() as session:
        category = session.categories.by_name(options.name)
        changed = await session.categories.set(
            category.id, description=options.description, examples=options.examples
        )
        return _report(session, changed, f"{changed.name} is changed.")


async def rename(context: Context) -> Report:
    from tui_labeler.engine import limits

    options = context.options
    async with context.project() as session:
        category = session.categories.by_name(options.name)
        renamed = await session.categories.rename(category.id, options.to)
        return _report(
            session,
            renamed,
            f"{options.name} is {renamed.name} from now on.",
            warnings=list(limits.category_name(renamed.name)),
        )


async def merge(context: Context) -> Report:
    from tui_labeler.engine.pen import check_turn_of_pen

    options = context.options
    async with context.project() as session:
        check_turn_of_pen(session.project)
        category = session.categories.by_name(options.name)
        into = session.categories.by_name(options.to)
        count = await session.categories.touched(category.id)
        context.out.consent(
            f"Merging turns {count.label_words} and {counted(count.suggestions, 'suggestion')} "
            f"of {category.name} into {into.name}, and deletes {category.name}.",
            yes=options.yes,
        )
        done = await session.categories.merge(category.id, into.id)
        return _report(
            session,
            into,
            f"Merged into {into.name}: {done.label_words} in {counted(done.documents, 'document')}.",
        )


async def delete(context: Context) -> Report:
    """An undo brings everything back, but nobody should need one: what would go is said first."""
    from tui_labeler.engine.pen import check_turn_of_pen

    options = context.options
    async with context.project() as session:
        check_turn_of_pen(session.project)
        category = session.categories.by_name(options.name)
        count = await session.categories.touched(category.id)
        if count.labels or count.suggestions:
            context.out.consent(
                f"Deleting {category.name} deletes {count.label_words} and "
                f"{counted(count.suggestions, 'suggestion')} in "
                f"{counted(count.documents, 'labeled document')}.",
                yes=options.yes,
            )
        await session.categories.delete(category.id)
    fields = {
        "category": category.name,
        "deleted": True,
        "labels": count.labels,
        "labels_in_readings": count.in_readings,
        "suggestions": count.suggestions,
    }
    return Report(fields, [f"{category.name} is deleted, with {count.label_words}; `undo` brings it back."])


def _report(
    session: ProjectSession, category: Category, words: str, *, warnings: list[str] | None = None
) -> Report:
    count = session.categories.counts()[category.id]
    fields = {
        "category": category.name,
        "description": category.description,
        "examples": list(category.examples),
        "labels": count.labels,
        "suggestions": count.suggestions,
        "warnings": warnings or [],
    }
    lines = [f"{words} Labels: {count.labels:,}; suggestions: {count.suggestions:,}."]
    return Report(fields, [*lines, *(f"warning: {warning}" for warning in warnings or ())])
