"""Words that a model answered and that were not found: a person sets them somewhere, or drops them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tui_labeler.domain.labels import Origin, Placed, Span, Suggestion, ToPlace, Verdict, in_the_way
from tui_labeler.engine.actions import DROP, PLACE
from tui_labeler.engine.changes import put, put_label, put_suggestion
from tui_labeler.engine.errors import NotFoundError, RefusedError
from tui_labeler.engine.ports import Change, Plan
from tui_labeler.engine.rows import to_row

if TYPE_CHECKING:
    from tui_labeler.domain.documents import Document
    from tui_labeler.domain.labels import Decision
    from tui_labeler.engine.labeling.labeling import Labeling
    from tui_labeler.engine.labeling.making import LabelMaker
    from tui_labeler.engine.ports import ProjectStore, State, Surroundings, Transaction


ANSWERED = "answered"
"""Key of a suggestion's ``extra``: the words that the model gave."""


class PlacingByHand:
    """Each call is one undoable step."""

    def __init__(self, store: ProjectStore, surroundings: Surroundings, labeling: Labeling) -> None:
        self._store = store
        self._surroundings = surroundings
        self._labeling = labeling

    async def place(self, document_id: int, item_id: str, span: Span) -> Transaction | None:
        """Sets the words at ``span``: they become an accepted suggestion of their job, with its label.

        ``None`` when that is decided already. Raises ``RefusedError`` when a label is in the way,
        ``NotFoundError`` when there is no such item, ``InputError`` for a span outside the text,
        ``ConflictError`` for a text that has changed since it was shown.
        """

        def plan(state: State) -> Plan | None:
            item = _item(state.document(document_id), item_id)
            if item.decision is not None:
                return None
            document = self._labeling.checked(state, document_id, item.category, span)
            if any(in_the_way(state.project.kind, document.labels.values(), item.category, span)):
                raise RefusedError(
                    "A label is in the way there.",
                    hint="Choose another place, or drop the words where they are labeled already.",
                )
            return Plan(PLACE, self._setting(state, document, item, span))

        return await self._store.commit(self._surroundings.actor, plan)

    def _setting(self, state: State, document: Document, item: ToPlace, span: Span) -> list[Change]:
        maker = self._labeling.maker(state)
        key = f"p{item.id}"
        label = replace(
            maker.label(document, item.category, span, origin=Origin.SUGGESTION),
            suggestion=key,
            job=item.job,
            blind=False,
            saw_suggestion=True,
        )
        suggestion = Suggestion(
            id=key,
            category=item.category,
            span=span,
            source=item.source,
            job=item.job,
            placed=Placed.BY_HAND,
            version=item.version,
            text_hash=document.text_hash,
            decision=maker.decision(document, Verdict.ACCEPTED, label.id),
            extra={ANSWERED: item.text},
        )
        decision = replace(maker.decision(document, Verdict.ACCEPTED, label.id), draft=False)
        return [
            put_label(state, document, label),
            put_suggestion(state, document, suggestion),
            _decided(state, document, item, decision),
        ]

    async def drop(self, document_id: int, item_id: str) -> Transaction | None:
        """The words are nowhere in the text; ``None`` when that is decided already.

        Raises ``NotFoundError``.
        """

        def plan(state: State) -> Plan | None:
            document = state.document(document_id)
            item = _item(document, item_id)
            if item.decision is not None:
                return None
            return Plan(DROP, [dropping(state, document, item, self._labeling.maker(state))])

        return await self._store.commit(self._surroundings.actor, plan)


def dropping(state: State, document: Document, item: ToPlace, maker: LabelMaker) -> Change:
    """The change that drops words. It makes and takes away no label: there is nothing to save."""
    decision = replace(maker.decision(document, Verdict.REJECTED), draft=False)
    return _decided(state, document, item, decision)


def _decided(state: State, document: Document, item: ToPlace, decision: Decision) -> Change:
    return put(state, "to_place", f"{document.id}/{item.id}", to_row(replace(item, decision=decision)))


def _item(document: Document, item_id: str) -> ToPlace:
    try:
        return document.to_place[item_id]
    except KeyError:
        raise NotFoundError(
            f"{document.location} has nothing to place with the id {item_id!r}.",
            hint="It may have been replaced by a newer job.",
        ) from None
