"""The categories that an import adds, and what its file says of categories and of the project."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from tui_labeler.domain.labels import in_the_way
from tui_labeler.domain.projects import Category
from tui_labeler.engine.changes import put_category, put_project
from tui_labeler.engine.formats.azure_keys import METADATA, ROOT
from tui_labeler.engine.formats.keeping import (
    AZURE,
    of_format,
    project_extra,
    with_format,
)
from tui_labeler.engine.formats.merging import merged, merged_places
from tui_labeler.engine.imports.incoming import Incoming, Replaces, untouchable
from tui_labeler.engine.wording import counted

if TYPE_CHECKING:
    from tui_labeler.engine.formats.model import FileCategory, LabelFile
    from tui_labeler.engine.imports.plans import Ready
    from tui_labeler.engine.ports import Change, State


def declaring(
    file: LabelFile,
    only_used: Sequence[str],
    ready: Sequence[Ready],
    incoming: Incoming,
    state: State,
    *,
    replaces: Replaces | None = None,
) -> list[Change]:
    """Adds the categories that the project does not have, and what the file says of it and of the others.

    Of ``only_used``, the names that the file does not declare, those are added of which a label comes in.
    No label of a document that ``replaces`` names stands in the way of one.
    """
    tally = incoming.tally
    known = {category.name: category for category in state.categories.values()}
    coming = _coming(only_used, ready, state, replaces)
    # Most formats declare no category: that one of theirs is not declared says nothing.
    declares = len(only_used) < len(file.categories)
    undeclared = frozenset(only_used)
    changes: list[Change] = []
    for category in file.categories:
        if declares and category.name in undeclared:
            tally.note(
                "", f"categories: {category.name} is not declared; {_fate(category.name, known, coming)}"
            )
        if category.name in known:
            changes.append(put_category(state, _enriched(known[category.name], category, incoming)))
            continue
        if category.name in undeclared and not coming[category.name]:
            continue
        extra = with_format({}, incoming.format, category.extra)
        made = Category(incoming.around.new_id(), category.name, category.description, extra=extra)
        changes.append(put_category(state, made))
        tally.categories.append(category.name)
    extra = _project_extra(state.project.extra, file, incoming)
    changes.append(put_project(state, replace(state.project, extra=extra)))
    return changes


def _project_extra(old: Mapping[str, Any], file: LabelFile, incoming: Incoming) -> dict[str, Any]:
    say = partial(incoming.tally.note, "")
    if incoming.format != AZURE:
        kept = of_format(old, incoming.format)
        return with_format(old, incoming.format, merged_places(kept, file.extra, say))
    kept = of_format(old, AZURE)
    return with_format(old, AZURE, merged_places(kept, project_extra(file), say, (*ROOT, *METADATA)))


def _fate(name: str, known: Mapping[str, Category], coming: Mapping[str, int]) -> str:
    """What becomes of a category that the file does not declare."""
    if name in known:
        return "the project has it"
    if not coming[name]:
        return "not added, for none of its labels came in"
    return f"added, with {counted(coming[name], 'label')}"


def _coming(
    names: Sequence[str], ready: Sequence[Ready], state: State, replaces: Replaces | None
) -> Counter[str]:
    """How many labels and suggestions of categories that are new to the project will come in."""
    found: Counter[str] = Counter()
    if not names:
        return found
    wanted = frozenset(names)
    for each in ready:
        document = state.document(each.document) if each.document in state.rows else None
        if document is not None and untouchable(document, each):
            continue
        found.update(item.category for item in each.suggestions if item.category in wanted)
        new = [label for label in each.labels if label.category in wanted]
        if new:
            stays = document is not None and not (replaces and replaces(each, state))
            old = list(document.labels.values()) if document is not None and stays else []
            # No label of the project has a category that is new: its id can be any.
            found.update(
                label.category
                for label in new
                if not any(in_the_way(state.project.kind, old, "", label.span))
            )
    return found


def _enriched(old: Category, new: FileCategory, incoming: Incoming) -> Category:
    """A category of the project with what the file says of it besides its name."""

    def say(words: str) -> None:
        incoming.tally.note("", f"category {old.name}: {words}")

    if new.description and old.description and new.description != old.description:
        say("the description is another than the project's; that stays")
    extra = merged(of_format(old.extra, incoming.format), new.extra, say, ("description",))
    return replace(
        old,
        description=old.description or new.description,
        extra=with_format(old.extra, incoming.format, extra),
    )
