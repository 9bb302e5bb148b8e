"""Two jobs against each other, from their records."""

from __future__ import annotations

import pytest

from tests.builders import Bench, document, key, number, span
from tui_labeler.domain.agreement import Outcome
from tui_labeler.domain.jobs import Answer, Proposal
from tui_labeler.domain.labels import Span
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.errors import InputError
from tui_labeler.engine.reviewing.comparison import compare

NER = ProjectKind.ENTITIES
BOTH = {"a", "b"}


def answer(number: int, *found: tuple[str, int, int], text_hash: str = "h") -> Answer:
    proposals = tuple(Proposal(category, Span(start, end)) for category, start, end in found)
    return Answer(number, f"d{number}.txt", text_hash, 100, proposals)


def test_documents_with_the_most_differences_come_first() -> None:
    first = [answer(1, ("a", 0, 4)), answer(2, ("a", 0, 4), ("b", 6, 9)), answer(3, ("a", 0, 4))]
    second = [answer(1, ("a", 0, 4)), answer(2, ("b", 0, 4), ("b", 6, 8)), answer(3, ("a", 0, 5))]
    found = compare(NER, first, second, BOTH)
    assert [(item.location, item.differences) for item in found.documents] == [
        ("d2.txt", 2),
        ("d3.txt", 1),
        ("d1.txt", 0),
    ]
    assert found.documents[0].first_difference == Span(0, 4)
    assert found.documents[2].first_difference is None
    assert found.agreement.outcomes == {
        Outcome.SAME: 1,
        Outcome.OTHER_CATEGORY: 1,
        Outcome.OTHER_ENDS: 2,
    }


def test_only_what_both_answered_on_the_same_text_is_compared() -> None:
    first = [answer(1, ("a", 0, 4)), answer(2), answer(4, ("a", 0, 4))]
    second = [answer(1, ("a", 0, 4), text_hash="new"), answer(3), answer(4, ("a", 0, 4)), answer(5)]
    found = compare(NER, first, second, BOTH)
    assert [item.document for item in found.documents] == [4]
    assert (found.only_first, found.only_second, found.other_text) == (1, 2, 1)


def test_categories_that_one_was_not_asked_for_are_no_difference() -> None:
    found = compare(NER, [answer(1, ("a", 0, 4))], [answer(1, ("a", 0, 4), ("b", 6, 9))], {"a"})
    assert found.agreement.agreeing == 1


async def test_answers_are_compared_though_their_suggestions_were_replaced_or_decided_on(
    bench: Bench,
) -> None:
    session = await bench.create(2)
    await bench.add_model(session, "one", words={"Ann": "Person", "Rome": "Place"})
    await bench.add_model(session, "two", words={"Ann": "Place"})
    first = await bench.autolabel(session, model="one")
    open_one = document(session).open_suggestions(session.project.kind)[0]
    await session.review.reject(number(session), open_one.id)
    second = await bench.autolabel(session, model="two")
    found = await session.jobs.compare(first.id, second.id)
    assert found.agreement.documents == 2
    assert set(found.agreement.outcomes) == {Outcome.OTHER_CATEGORY, Outcome.FIRST_ONLY}
    assert found.documents[0].first_difference == span("Ann")
    assert set(found.agreement.categories) == {key(session, "Person"), key(session, "Place")}


async def test_jobs_without_a_document_in_common_are_not_compared(bench: Bench) -> None:
    session = await bench.create(2)
    await bench.add_model(session)
    first = await bench.autolabel(session, "d0000.txt")
    second = await bench.autolabel(session, "d0001.txt")
    with pytest.raises(InputError, match="no document in common"):
        await session.jobs.compare(first.id, second.id)
