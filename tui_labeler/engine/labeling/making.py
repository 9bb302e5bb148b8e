"""Labels made and taken away, as changes of a transaction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tui_labeler.domain.labels import (
    Decision,
    Draft,
    DraftKind,
    Label,
    Origin,
    Span,
    Stamp,
    Verdict,
)
from tui_labeler.domain.projects import ProjectSettings
from tui_labeler.engine.changes import drop_label, put_label, put_suggestion
from tui_labeler.engine.ports import Change, Surroundings

if TYPE_CHECKING:
    from tui_labeler.domain.documents import Document
    from tui_labeler.engine.ports import State


@dataclass(frozen=True, slots=True)
class LabelMaker:
    """Makes labels and decisions on behalf of one person at one moment."""

    surroundings: Surroundings
    immediate: bool
    """Decisions apply at once, with no draft to save."""
    settings: ProjectSettings

    @property
    def stamp(self) -> Stamp:
        return Stamp(self.surroundings.actor, self.surroundings.now())

    def label(
        self, document: Document, category: str, span: Span | None, *, origin: Origin = Origin.PERSON
    ) -> Label:
        reader = self.surroundings.actor if document.is_given else ""
        hidden = document.hides_suggestions(self.settings)
        undecided = any(s.decision is None for s in document.suggestions.values())
        return Label(
            id=self.surroundings.new_id(),
            category=category,
            span=span,
            origin=origin,
            made=self.stamp,
            text_hash=document.text_hash,
            blind=hidden,
            saw_suggestion=document.blind is not None or (undecided and not hidden),
            reader=reader,
            # A reading is a draft as a whole, until its reader is done.
            draft=None if self.immediate or reader else Draft(DraftKind.ADD, self.surroundings.actor),
        )

    def removal(
        self, state: State, document: Document, label: Label, successor: str | None = None
    ) -> list[Change]:
        """Takes a label away: a draft vanishes, a saved label gets a mark or a tombstone.

        ``successor`` is the id of the label that takes its place. A suggestion that the label came from
        counts as rejected then: it was not right.
        """
        if label.draft and label.draft.kind is DraftKind.ADD:
            changes = [drop_label(state, document, label.id)]
            changes += [
                put_label(state, document, replace(other, draft=replace(other.draft, successor=successor)))
                for other in document.labels.values()
                if other.draft and other.draft.successor == label.id
            ]
        elif self.immediate or label.reader:
            changes = [put_label(state, document, replace(label, removed=self.stamp, draft=None))]
        else:
            draft = Draft(DraftKind.REMOVE, self.surroundings.actor, successor)
            changes = [put_label(state, document, replace(label, draft=draft))]
        source = document.suggestions.get(label.suggestion or "")
        if source and source.decision and source.decision.label == label.id:
            decision = self.decision(document, Verdict.REJECTED)
            changes.append(put_suggestion(state, document, replace(source, decision=decision)))
        return changes

    def decision(self, document: Document, verdict: Verdict, label: str | None = None) -> Decision:
        return Decision(
            verdict=verdict,
            stamp=self.stamp,
            draft=not self.immediate,
            label=label,
            revision=document.revision,
            text_hash=document.text_hash,
        )
