"""Small builders for what a transaction changes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tui_labeler.domain.documents import Document
from tui_labeler.engine.ports import Change
from tui_labeler.engine.rows import document_header, to_row

if TYPE_CHECKING:
    from tui_labeler.domain.labels import Label, Suggestion
    from tui_labeler.domain.projects import Category, Project
    from tui_labeler.engine.ports import State


def put(state: State, table: str, key: str, after: dict[str, Any] | None) -> Change:
    """Sets an item, or removes it with ``None``."""
    return Change(table, key, state.raw(table, key), after)


def put_label(state: State, document: Document, label: Label) -> Change:
    return put(state, "label", f"{document.id}/{label.id}", to_row(label))


def drop_label(state: State, document: Document, label_id: str) -> Change:
    return put(state, "label", f"{document.id}/{label_id}", None)


def put_suggestion(state: State, document: Document, suggestion: Suggestion) -> Change:
    key, after = f"{document.id}/{suggestion.id}", to_row(suggestion)
    # Of a job, most are new: what was there before need not be looked for.
    if suggestion.id not in document.suggestions:
        return Change("suggestion", key, None, after)
    return put(state, "suggestion", key, after)


def drop_suggestion(state: State, document: Document, suggestion_id: str) -> Change:
    return put(state, "suggestion", f"{document.id}/{suggestion_id}", None)


def put_document(state: State, document: Document) -> Change:
    """Sets what is known of a document apart from its labels and suggestions."""
    return put(
        state,
        "document",
        str(document.id),
        document_header(to_row(replace(document, labels={}, suggestions={}, to_place={}))),
    )


def put_category(state: State, category: Category) -> Change:
    return put(state, "category", category.id, to_row(category))


def put_project(state: State, project: Project) -> Change:
    return put(state, "project", project.id, to_row(project))
