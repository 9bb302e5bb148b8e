"""What a person makes of labels whose text has changed, or is gone, since they were made."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tui_labeler.domain.labels import in_the_way
from tui_labeler.engine.actions import CLEAR, KEEP
from tui_labeler.engine.changes import put_label
from tui_labeler.engine.labeling.rules import blocked, label_of
from tui_labeler.engine.ports import Change, Plan

if TYPE_CHECKING:
    from tui_labeler.domain.labels import Label, Span
    from tui_labeler.engine.documents.documents import Documents
    from tui_labeler.engine.labeling.labeling import Labeling
    from tui_labeler.engine.ports import ProjectStore, State, Transaction


@dataclass(frozen=True, slots=True)
class Earlier:
    """What a label was made on."""

    words: str
    around: str
    """The words in brackets, with some text before and behind them; line ends are spaces."""


_AROUND = 60
"""Characters of the text on either side."""


class LookingAgain:
    """Each call is one durable, undoable step."""

    def __init__(self, store: ProjectStore, labeling: Labeling, documents: Documents) -> None:
        self._store = store
        self._labeling = labeling
        self._documents = documents

    async def earlier(self, document_id: int, label: Label) -> Earlier | None:
        """What a label was made on, where that text is kept on this machine."""
        text = await self._documents.earlier(document_id, label.text_hash)
        if text is None or label.span is None or label.span.end > len(text):
            return None
        start, end = label.span.start, label.span.end
        words = text[start:end]
        around = f"{text[max(0, start - _AROUND) : start]}[{words}]{text[end : end + _AROUND]}"
        return Earlier(" ".join(words.split()), " ".join(around.split()))

    async def keep(self, document_id: int, label_id: str, span: Span | None = None) -> Transaction | None:
        """Says that a label holds for the text of today: where it is, or at ``span``.

        It applies at once, and it stays its maker's. ``None`` when it is gone, or is on this text already.
        Raises as :meth:`Labeling.add`.
        """

        def plan(state: State) -> Plan | None:
            document = state.document(document_id)
            label = label_of(document, label_id)
            wanted = span or label.span
            if not label.is_active or (not document.is_stale(label) and wanted == label.span):
                return None
            self._labeling.checked(state, document_id, label.category, wanted)
            others = [other for other in document.labels.values() if other.id != label_id]
            blocking = list(in_the_way(state.project.kind, others, label.category, wanted))
            blocking = [other for other in blocking if not document.is_stale(other)]
            if blocking:
                raise blocked(state, blocking)
            stamp = self._labeling.maker(state).stamp
            kept = replace(label, span=wanted, text_hash=document.text_hash, kept=stamp)
            return Plan(KEEP, [put_label(state, document, kept)])

        return await self._store.commit(self._labeling.actor, plan)

    async def clear(self, document_id: int) -> Transaction | None:
        """Removes all labels of a document: it is no longer in the container, say."""

        def plan(state: State) -> Plan:
            document = state.document(document_id)
            maker = self._labeling.maker(state)
            changes: list[Change] = []
            for label in document.active_labels:
                changes += maker.removal(state, document, label)
            return Plan(CLEAR, changes)

        return await self._store.commit(self._labeling.actor, plan)
