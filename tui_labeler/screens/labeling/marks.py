"""What the text and the panes show of a document, made from the state."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tui_labeler.domain.labels import Label, Suggestion
from tui_labeler.domain.projects import Dataset
from tui_labeler.screens.widgets.category_pane import CategoryLine, Choice
from tui_labeler.screens.widgets.distribution import Share
from tui_labeler.screens.widgets.marks import Mark, MarkKind, percent
from tui_labeler.screens.widgets.palette import colors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tui_labeler.domain.documents import Document
    from tui_labeler.domain.labels import Span, ToPlace
    from tui_labeler.domain.projects import Category
    from tui_labeler.engine.session import ProjectSession


def shown_suggestions(session: ProjectSession, document: Document) -> tuple[Suggestion, ...]:
    """The suggestions that people see; in blind mode none until they ask for them."""
    project = session.project
    if document.hides_suggestions(project.settings):
        return ()
    return document.open_suggestions(project.kind)


def shown_to_place(session: ProjectSession, document: Document) -> tuple[ToPlace, ...]:
    """The words to place that people see: as suggestions, in blind mode none until they ask for them."""
    if not document.to_place or document.hides_suggestions(session.project.settings):
        return ()
    return document.open_to_place


class MarkMaker:
    """Makes the marks of a document; those of labels that have not changed are made once.

    A document may have thousands of labels, and a key changes one.
    """

    def __init__(self) -> None:
        self._items: dict[str, Label | Suggestion] = {}
        self._marks: dict[str, Mark] = {}
        self._for: tuple[Mapping[str, Category], str] = {}, ""
        """What all marks depend on: the categories, and the text by its hash."""

    def marks(self, session: ProjectSession, document: Document) -> list[Mark]:
        """The labels and suggestions that have a place in the text, in no order."""
        categories = session.store.state.categories
        if categories is not self._for[0] or document.text_hash != self._for[1]:
            self._for, self._items, self._marks = (categories, document.text_hash), {}, {}
        items: dict[str, Label | Suggestion] = {
            label.id: label for label in document.labels.values() if label.is_active
        }
        items.update((suggestion.id, suggestion) for suggestion in shown_suggestions(session, document))
        before, self._items = self._items, items
        for key in before.keys() - items.keys():
            self._marks.pop(key, None)
        palette = colors(categories.values())
        for key, item in items.items():
            if before.get(key) is not item and item.span is not None:
                category = categories.get(item.category)
                name = category.name if category else item.category
                mark = _mark(item, item.span, name, palette.get(item.category, 0))
                is_stale = isinstance(item, Label) and document.is_stale(item)
                self._marks[key] = replace(mark, stale=True) if is_stale else mark
        return list(self._marks.values())


def _mark(item: Label | Suggestion, span: Span, name: str, color: int) -> Mark:
    is_label = isinstance(item, Label)
    return Mark(
        id=item.id,
        start=span.start,
        end=span.end,
        name=name,
        kind=MarkKind.LABEL if is_label else MarkKind.SUGGESTION,
        confidence=None if isinstance(item, Label) else item.confidence,
        color=color,
        draft=isinstance(item, Label) and item.draft is not None,
    )


def category_lines(
    session: ProjectSession, document: Document | None, keys: Mapping[str, str]
) -> list[CategoryLine]:
    """The pane's lines; ``keys`` are category ids by key."""
    key_of = {category: key for key, category in keys.items()}
    categories = session.store.state.categories
    palette = colors(categories.values())
    counts = session.categories.counts()
    classes = session.project.kind.is_classification and document is not None
    labels = {label.category: label for label in document.active_labels} if document and classes else {}
    open_ones = {s.category: s for s in shown_suggestions(session, document)} if document and classes else {}
    lines = []
    for key, category in categories.items():
        label, suggestion = labels.get(key), open_ones.get(key)
        lines.append(
            CategoryLine(
                id=key,
                name=category.name,
                key=key_of.get(key, ""),
                color=palette[key],
                labels=counts[key].labels,
                # In blind mode a count that falls would tell where a hidden suggestion is.
                suggestions=0 if session.project.settings.hide_until_labeled else counts[key].suggestions,
                choice=_choice(label, suggestion) if classes else None,
                confidence=suggestion.confidence if suggestion and not label else None,
                draft=label is not None and label.draft is not None,
            )
        )
    return lines


def _choice(label: Label | None, suggestion: Suggestion | None) -> Choice:
    if label is not None:
        return Choice.ACCEPTED if label.suggestion else Choice.CHECKED
    return Choice.SUGGESTED if suggestion is not None else Choice.OFF


def shares(session: ProjectSession) -> list[Share]:
    """Labels a category, training beside testing; for entities documents too.

    A class is one label a document: there both numbers are the same.
    """
    categories = session.store.state.categories
    palette = colors(categories.values())
    train, test = (session.categories.counts(dataset) for dataset in (Dataset.TRAIN, Dataset.TEST))
    same = session.project.kind.is_classification
    return [
        Share(
            category.name,
            train[key].labels,
            test[key].labels,
            palette[key],
            None if same else (train[key].documents, test[key].documents),
        )
        for key, category in categories.items()
    ]


def class_items(session: ProjectSession, document: Document) -> list[Label | Suggestion]:
    """What a document has of classes: its labels, then the suggestions that people see."""
    return [*document.active_labels, *shown_suggestions(session, document)]


def class_words(session: ProjectSession, document: Document) -> str:
    """The classes of a document, and those suggested, for the line under the text."""
    items = class_items(session, document)
    if len(items) == 1:
        return item_words(session, items[0], document)
    categories = session.store.state.categories
    names: dict[bool, list[str]] = {True: [], False: []}
    for item in items:
        name = categories[item.category].name if item.category in categories else item.category
        confidence = item.confidence if isinstance(item, Suggestion) else None
        told = name if confidence is None else f"{name} {percent(confidence).strip()}"
        names[isinstance(item, Label)].append(told)
    parts = [", ".join(names[True])] if names[True] else []
    parts += [f"suggested: {', '.join(names[False])}"] if names[False] else []
    return "; ".join(parts)


def item_words(
    session: ProjectSession, item: Label | Suggestion | None, document: Document | None = None
) -> str:
    """A label or suggestion in a few words, for the line under the text."""
    if item is None:
        return ""
    category = session.store.state.categories.get(item.category)
    name = category.name if category else item.category
    if isinstance(item, Suggestion):
        confidence = f" {percent(item.confidence)}" if item.confidence is not None else ""
        placed = f" ({item.placed})" if item.span is not None else ""
        return f"{name}{confidence}, suggested by {item.source}{placed}"
    draft = ", not saved" if item.draft else ""
    if document is not None and document.is_stale(item):
        return f"{name}, label by {item.made.actor}{draft}, on an earlier text: Q asks if it still holds"
    return f"{name}, label by {item.made.actor}{draft}"
