"""What goes with a category that is deleted or merged into another, one document after the other."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tui_labeler.engine.changes import put, put_label, put_suggestion
from tui_labeler.engine.errors import NotFoundError
from tui_labeler.engine.ports import Change, Plan
from tui_labeler.engine.rows import to_row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_labeler.domain.document_rows import DocumentRow
    from tui_labeler.domain.labels import Label, Span, Stamp
    from tui_labeler.domain.projects import Category
    from tui_labeler.engine.labeling.labeling import Labeling
    from tui_labeler.engine.ports import ProjectStore, State, Transaction


class Going:
    """A category that goes from one document after the other, and what went with it."""

    def __init__(self, category_id: str, into: str | None, labeling: Labeling) -> None:
        self._category = category_id
        self._into = into
        self._labeling = labeling
        self._seen: dict[int, DocumentRow] = {}
        """The short form of each document behind its step: another one says that it changed since."""
        self._changed: set[int] = set()
        """Documents of the step that is made: their short form is known once it is."""
        self.committed = False
        self.labels = self.suggestions = self.documents = self.in_readings = 0

    def step(self, shell: Plan, ids: Sequence[int], last: bool, state: State) -> Plan:
        by_id(state, self._category)
        if self._into is not None:
            by_id(state, self._into)
        if last:
            # What others did meanwhile to documents that were looked at, and those that came.
            ids = [key for key, row in state.rows.items() if row is not self._seen.get(key)]
        self._changed = set()
        changes = [change for key in ids if key in state.rows for change in self._from(state, key)]
        if last:
            changes.append(put(state, "category", self._category, None))
        return Plan(shell.action, changes, group=shell.group, note=shell.note)

    def _from(self, state: State, document_id: int) -> list[Change]:
        stamp = self._labeling.maker(state).stamp
        found = without(state, stamp, document_id, self._category, self._into)
        labels = labels_of(state, document_id, self._category)
        self.labels += len(labels)
        self.in_readings += sum(bool(label.reader) for label in labels)
        self.suggestions += sum(change.table == "suggestion" for change in found)
        self.documents += bool(found)
        if found:
            self._changed.add(document_id)
        else:
            self._seen[document_id] = state.rows[document_id]
        return found

    def after(self, done: Transaction | None, store: ProjectStore) -> None:
        """A step was made; ``done`` is ``None`` where there was nothing to change."""
        if done is not None:
            self.committed = True
        if done is None or store.seq == done.seq:
            rows = store.state.rows
            self._seen.update((key, rows[key]) for key in self._changed if key in rows)


def labels_of(state: State, document_id: int, category_id: str) -> list[Label]:
    """One document's active labels of a category, those of all readings too."""
    return [label for label in state.whole(document_id).active_labels if label.category == category_id]


def without(state: State, stamp: Stamp, document_id: int, category_id: str, into: str | None) -> list[Change]:
    """One document's changes when a category goes; hidden labels, readings of others and decided suggestions
    included."""
    document = state.whole(document_id)
    changes: list[Change] = []

    def place(label: Label) -> tuple[str, Span | None, str]:
        return label.reader, label.span, document.earlier_text(label)

    active = (label for label in document.labels.values() if label.category == into and label.is_active)
    taken = {place(label) for label in active}
    for label in document.labels.values():
        if label.category != category_id:
            continue
        if into is not None and not (label.is_active and place(label) in taken):
            changes.append(put_label(state, document, replace(label, category=into)))
            if label.is_active:
                taken.add(place(label))
        elif label.removed is None:
            changes.append(put_label(state, document, replace(label, removed=stamp, draft=None)))
    for suggestion in document.suggestions.values():
        if suggestion.category == category_id:
            if into is not None:
                changes.append(put_suggestion(state, document, replace(suggestion, category=into)))
            else:
                changes.append(put(state, "suggestion", f"{document.id}/{suggestion.id}", None))
    for item in document.to_place.values():
        if item.category == category_id:
            after = to_row(replace(item, category=into)) if into is not None else None
            changes.append(put(state, "to_place", f"{document.id}/{item.id}", after))
    return changes


def by_id(state: State, category_id: str) -> Category:
    """Raises ``NotFoundError``."""
    try:
        return state.categories[category_id]
    except KeyError:
        raise NotFoundError(
            f"There is no {state.project.kind.noun} with the id {category_id!r}.",
            hint="Somebody may have deleted it: choose among those there are.",
        ) from None
