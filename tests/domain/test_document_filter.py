"""Which documents a filter lets through, one by one and of many at once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.screens.widgets.test_document_list import ROW
from tui_labeler.domain.document_filters import DocumentFilter
from tui_labeler.domain.documents import DocumentState

ROWS = [
    replace(ROW, id=number, location=f"{'letter' if number % 3 else 'deed'}-{number}.txt", state=state)
    for number, state in enumerate([*DocumentState] * 4)
]
UNLABELED = frozenset({DocumentState.UNLABELED})


@pytest.mark.parametrize(
    ("wanted", "left"),
    [
        (DocumentFilter(), 20),
        (DocumentFilter(states=UNLABELED), 4),
        (DocumentFilter(states=UNLABELED | {DocumentState.REVIEWED}), 8),
        (DocumentFilter(states=UNLABELED, name="deed"), 2),
        (DocumentFilter(ids=frozenset({1, 2, 99})), 2),
        (DocumentFilter(flagged=True), 0),
    ],
)
def test_of_many_at_once_the_same_are_let_through_as_one_by_one(wanted: DocumentFilter, left: int) -> None:
    found = list(wanted.among(ROWS))
    assert found == [row for row in ROWS if wanted.matches(row)]
    assert len(found) == left
