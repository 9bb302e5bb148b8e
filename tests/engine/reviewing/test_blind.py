"""Blind mode: which labels count as uninfluenced, and what the comparison keeps."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.builders import Bench, document, key, number, span, suggestions
from tui_labeler.domain.agreement import Outcome
from tui_labeler.domain.documents import DocumentState
from tui_labeler.engine.errors import RefusedError
from tui_labeler.engine.jobs.counts import count_suggestions
from tui_labeler.engine.workbench import set_settings

if TYPE_CHECKING:
    from tui_labeler.engine.session import ProjectSession


async def turn_on(session: ProjectSession) -> None:
    settings = replace(session.project.settings, hide_until_labeled=True)
    await set_settings(session, replace(session.project, settings=settings))


async def hidden(bench: Bench) -> ProjectSession:
    """A project in blind mode, with suggestions in every document."""
    session = await bench.create()
    await bench.add_model(session)
    await bench.autolabel(session)
    await turn_on(session)
    return session


def hides(session: ProjectSession) -> bool:
    return document(session).hides_suggestions(session.project.settings)


async def test_every_label_until_the_comparison_is_blind_and_none_after_it(bench: Bench) -> None:
    session = await hidden(bench)
    place, person = number(session), key(session, "Person")
    await session.labeling.add(place, person, span("Ann"))
    await session.labeling.add(place, person, span("Bob"))
    assert hides(session)
    assert [(label.blind, label.saw_suggestion) for label in document(session).active_labels] == [
        (True, False),
        (True, False),
    ]
    await session.blind.reveal(place)
    assert not hides(session)
    await session.labeling.add(place, person, span("Rome"))
    late = document(session).active_labels[-1]
    assert (late.blind, late.saw_suggestion) == (False, True)
    changed = document(session).active_labels[0]
    await session.labeling.change(place, changed.id, category=key(session, "Place"))
    assert document(session).active_labels[0].saw_suggestion


async def test_the_comparison_keeps_what_was_labeled_and_suggested_then(bench: Bench) -> None:
    session = await hidden(bench)
    place = number(session)
    await session.labeling.add(place, key(session, "Place"), span("Ann"))
    await session.blind.reveal(place)
    before = (await session.blind.result()).agreement
    assert before.outcomes[Outcome.OTHER_CATEGORY] == 1
    assert before.documents == 1
    await session.labeling.remove(place, document(session).active_labels[0].id)
    for suggestion in suggestions(session):
        await session.review.accept(place, suggestion.id)
    assert (await session.blind.result()).agreement == before
    assert await session.blind.reveal(place) is None


async def test_what_was_seen_is_not_taken_back(bench: Bench) -> None:
    session = await hidden(bench)
    await session.labeling.add(number(session), key(session, "Person"), span("Ann"))
    await session.blind.reveal(number(session))
    undone = await session.history.undo()
    assert undone is not None
    assert undone.action == "label.add"
    assert not hides(session)
    assert (await (await bench.session()).blind.result()).agreement.documents == 1


async def test_an_unlabeled_document_is_not_compared_but_one_that_is_rightly_empty_is(bench: Bench) -> None:
    session = await hidden(bench)
    with pytest.raises(RefusedError, match="not labeled yet"):
        await session.blind.reveal(number(session))
    await session.labeling.set_reviewed(number(session))
    await session.blind.reveal(number(session))
    assert set((await session.blind.result()).agreement.outcomes) == {Outcome.SECOND_ONLY}


async def test_a_document_that_no_job_looked_at_is_not_compared(bench: Bench) -> None:
    session = await bench.create()
    await turn_on(session)
    await session.labeling.add(number(session), key(session, "Person"), span("Ann"))
    with pytest.raises(RefusedError, match="Nothing was suggested"):
        await session.blind.reveal(number(session))


async def test_a_job_that_found_nothing_is_an_answer_to_compare_with(bench: Bench) -> None:
    session = await bench.create()
    await bench.add_model(session, words={})
    await turn_on(session)
    await session.labeling.add(number(session), key(session, "Person"), span("Ann"))
    await bench.autolabel(session)
    await session.blind.reveal(number(session))
    assert (await session.blind.result()).agreement.outcomes == {Outcome.FIRST_ONLY: 1}


async def test_labels_made_in_view_of_suggestions_make_a_document_no_blind_one(bench: Bench) -> None:
    session = await bench.create()
    await bench.add_model(session)
    await bench.autolabel(session)
    place = number(session)
    await session.labeling.add(place, key(session, "Place"), span("Ann"))
    await turn_on(session)
    assert not hides(session)
    assert await session.blind.reveal(place) is None
    assert (await session.blind.result()).agreement.documents == 0


async def test_a_suggestion_that_is_accepted_unseen_makes_no_blind_label(bench: Bench) -> None:
    session = await hidden(bench)
    first = suggestions(session)[0]
    await session.review.accept(number(session), first.id)
    (label,) = document(session).active_labels
    assert (label.blind, label.saw_suggestion) == (False, True)
    assert not hides(session)


async def test_a_label_on_a_hidden_suggestion_changes_no_count_of_its_job(bench: Bench) -> None:
    session = await hidden(bench)
    jobs = await session.jobs.list()
    before = await count_suggestions(session.store.state, jobs)
    assert all(counts.to_review for counts in before.values())
    seen = session.documents.as_seen(session.rows[number(session)])
    await session.labeling.add(number(session), key(session, "Person"), span("Ann"))
    assert session.rows[number(session)].suggestions != ()
    assert await count_suggestions(session.store.state, jobs) == before
    after = session.documents.as_seen(session.rows[number(session)])
    assert (seen.state, seen.suggestions) == (DocumentState.UNLABELED, ())
    assert (after.state, after.suggestions) == (DocumentState.LABELED, ())
    await session.blind.reveal(number(session))
    assert await count_suggestions(session.store.state, jobs) != before
