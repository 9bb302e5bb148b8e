"""Words that were not found: set somewhere by a person, or dropped; each undone in one step."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.builders import TEXT, Bench, document, key, labels, number, saved, span, suggestions
from tui_labeler.domain.document_filters import DocumentFilter
from tui_labeler.domain.documents import DocumentState
from tui_labeler.domain.jobs import Job, Method
from tui_labeler.domain.labels import Placed, Span, ToPlace, Verdict
from tui_labeler.domain.projects import ProjectSettings
from tui_labeler.domain.suggestion_filter import SuggestionFilter
from tui_labeler.engine.errors import ConflictError, InputError, NotFoundError, RefusedError
from tui_labeler.engine.reviewing.inbox import Inbox
from tui_labeler.engine.reviewing.review import Decided
from tui_labeler.engine.reviewing.visiting import next_open
from tui_labeler.engine.workbench import set_settings

if TYPE_CHECKING:
    from pathlib import Path

    from tui_labeler.engine.session import ProjectSession

ALL = SuggestionFilter()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def labeled(bench: Bench, session: ProjectSession, *locations: str) -> Job:
    """A job of a deployment that finds Ann, and answers words that are not in the text."""
    said = [("Ann", "Person"), ("Bobby McGee of Tulsa", "Person")]
    entities = [{"text": words, "category": name, "before": ""} for words, name in said]
    bench.chat.says = lambda text: json.dumps({"entities": entities})
    rows = [row for row in session.documents.select() if not locations or row.location in locations]
    job = await session.jobs.autolabel(rows, Method("gpt", resource="r", deployment="d"))
    ended = await bench.run(job)
    await session.refresh()
    return ended


def words(session: ProjectSession, location: str = "d0000.txt") -> ToPlace:
    (item,) = document(session, location).open_to_place
    return item


async def reject_suggestions(session: ProjectSession, document_id: int) -> None:
    """Rejects what was found in a document, one by one; words to place stay."""
    for item in session.store.state.document(document_id).open_suggestions(session.project.kind):
        await session.review.reject(document_id, item.id)


async def test_what_was_not_found_counts_as_undecided(bench: Bench) -> None:
    session = await bench.create(2)
    job = await labeled(bench, session, "d0000.txt")
    row = session.rows[number(session)]
    assert job.unaligned == 1
    assert row.to_place == ((key(session, "Person"), 1),)
    assert session.store.state.totals.to_place == 1
    assert row.jobs == (job.id,)
    found = session.documents.select(DocumentFilter(to_place=True))
    assert [item.location for item in found] == ["d0000.txt"]


async def test_a_document_with_words_to_place_alone_is_auto_labeled_until_they_are_decided(
    bench: Bench,
) -> None:
    session = await bench.create(1)
    await labeled(bench, session)
    await reject_suggestions(session, 0)
    row = session.rows[0]
    assert (row.state, row.suggestion_count) == (DocumentState.AUTO_LABELED, 0)
    await session.placing.drop(0, words(session).id)
    row = session.rows[0]
    assert (row.state, row.to_place) == (DocumentState.UNLABELED, ())
    assert session.store.state.totals.to_place == 0


async def test_words_that_are_set_become_a_label_with_the_jobs_provenance(bench: Bench) -> None:
    session = await bench.create(1)
    job = await labeled(bench, session)
    item = words(session)
    await session.placing.place(0, item.id, span("Bob"))
    assert labels(session) == [("Person", span("Bob"))]
    (label,) = document(session).active_labels
    made = document(session).suggestions[label.suggestion or ""]
    assert (label.job, made.job, made.source) == (job.id, job.id, "gpt:r/d")
    assert made.placed is Placed.BY_HAND
    assert made.version == item.version != ""
    assert made.extra["answered"] == "Bobby McGee of Tulsa"
    assert made.decision is not None
    assert made.decision.verdict is Verdict.ACCEPTED
    await session.labeling.save()
    assert saved(session) == [("Person", span("Bob"))]


async def test_one_undo_takes_the_label_away_and_brings_the_words_back(bench: Bench) -> None:
    session = await bench.create(1)
    await labeled(bench, session)
    before = document(session)
    await session.placing.place(0, words(session).id, span("Bob"))
    undone = await session.history.undo()
    assert undone is not None
    assert (undone.action, len(undone.to_place)) == ("to_place.set", 1)
    after = document(session)
    assert (after.labels, after.suggestions, after.to_place) == (
        before.labels,
        before.suggestions,
        before.to_place,
    )
    await session.history.redo()
    assert labels(session) == [("Person", span("Bob"))]
    assert document(session).open_to_place == ()


async def test_dropping_is_recorded_and_undone(bench: Bench) -> None:
    session = await bench.create(1)
    await labeled(bench, session)
    item = words(session)
    await session.placing.drop(0, item.id)
    kept = document(session).to_place[item.id].decision
    assert kept is not None
    assert (kept.verdict, kept.stamp.actor) == (Verdict.REJECTED, "ana")
    assert session.labeling.drafts() == 0
    entries = [entry async for entry in session.history.entries(document=0, limit=1)]
    assert (entries[0].action, entries[0].who) == ("to_place.drop", "ana")
    await session.history.undo()
    assert words(session) == item


async def test_words_that_were_dropped_are_not_asked_about_again_by_the_same_method(bench: Bench) -> None:
    session = await bench.create(1)
    await labeled(bench, session)
    await session.placing.drop(0, words(session).id)
    await labeled(bench, session)
    assert document(session).open_to_place == ()
    assert len(suggestions(session)) == 2


async def test_deciding_twice_changes_nothing(bench: Bench) -> None:
    session = await bench.create(1)
    await labeled(bench, session)
    item = words(session).id
    await session.placing.place(0, item, span("Bob"))
    assert await session.placing.place(0, item, span("Rome")) is None
    assert await session.placing.drop(0, item) is None
    assert labels(session) == [("Person", span("Bob"))]


async def test_what_is_in_the_way_outside_of_the_text_or_unknown_is_refused(bench: Bench) -> None:
    session = await bench.create(1)
    await labeled(bench, session)
    item = words(session).id
    await session.labeling.add(0, key(session, "Place"), span("Bob"))
    with pytest.raises(RefusedError, match="in the way"):
        await session.placing.place(0, item, Span(6, 12))
    with pytest.raises(InputError):
        await session.placing.place(0, item, Span(0, len(TEXT) + 5))
    with pytest.raises(NotFoundError):
        await session.placing.place(0, "nothing", span("Rome"))
    with pytest.raises(NotFoundError):
        await session.placing.drop(0, "nothing")
    assert words(session).id == item


async def test_a_text_that_changed_since_it_was_shown_is_refused(bench: Bench) -> None:
    session = await bench.create(1)
    await labeled(bench, session)
    await session.documents.open(0)
    bench.write({"d0000.txt": "Something else altogether, and longer than it was before."})
    await session.documents.sync()
    with pytest.raises(ConflictError):
        await session.placing.place(0, words(session).id, Span(0, 3))


async def test_suggestions_come_before_words_to_place_and_documents_with_those_alone_are_visited(
    bench: Bench,
) -> None:
    session = await bench.create(2)
    await labeled(bench, session)
    state = session.store.state
    first, second = suggestions(session)
    walk = [(0, first.id), (0, second.id), (0, words(session).id)]
    for here, there in itertools.pairwise(walk):
        found = next_open(state, here, [0, 1], ALL)
        assert found is not None
        assert (found.document, found.item.id) == there
        back = next_open(state, there, [0, 1], ALL, backwards=True)
        assert back is not None
        assert (back.document, back.item.id) == here
    await reject_suggestions(session, 1)
    found = next_open(session.store.state, walk[-1], [0, 1], ALL)
    assert found is not None
    assert (found.document, found.item.id) == (1, words(session, "d0001.txt").id)


async def test_a_filter_of_jobs_and_categories_holds_words_to_place_and_one_of_confidence_does_not(
    bench: Bench,
) -> None:
    session = await bench.create(1)
    job = await labeled(bench, session)
    await reject_suggestions(session, 0)
    person = key(session, "Person")
    for wanted, left in (
        (SuggestionFilter(job=job.id, category=person), 1),
        (SuggestionFilter(category=key(session, "Place")), 0),
        (SuggestionFilter(max_confidence=0.5), 0),
        (SuggestionFilter(placed=Placed.FUZZY), 0),
    ):
        assert Inbox(session.store, wanted).left.suggestions == left
        assert len(session.review.documents(wanted)) == left


async def test_taking_a_job_back_takes_its_words_too(bench: Bench) -> None:
    session = await bench.create(1)
    job = await labeled(bench, session)
    await session.placing.place(0, words(session).id, span("Bob"))
    await session.history.undo_job(job.id)
    assert labels(session) == []
    assert document(session).to_place == {}


# --- many at once -------------------------------------------------------------------------------------


async def test_words_to_place_are_dropped_with_all_that_is_rejected_after_a_count(bench: Bench) -> None:
    session = await bench.create(3)
    await labeled(bench, session)
    count = await session.review.count(ALL, rejecting=True)
    assert await session.review.count(ALL) == Decided(6, 3)
    assert count == Decided(6, 3, words=3)
    assert await session.review.reject_matching(ALL) == count
    assert session.store.state.totals.to_place == 0
    undone = await session.history.undo()
    assert undone is not None
    assert undone.items == 9
    assert await session.review.count(ALL, rejecting=True) == count


async def test_words_of_one_document_are_named_by_ids_that_no_other_document_has(bench: Bench) -> None:
    session = await bench.create(2)
    await labeled(bench, session)
    wanted = SuggestionFilter(ids=frozenset({words(session).id}))
    assert await session.review.reject_matching(wanted) == Decided(0, 1, words=1)
    assert len(document(session, "d0001.txt").open_to_place) == 1


async def test_words_to_place_alone_are_held_by_a_placing_of_their_own(bench: Bench) -> None:
    session = await bench.create(2)
    job = await labeled(bench, session)
    wanted = SuggestionFilter(unplaced=True, job=job.id, category=key(session, "Person"))
    assert session.review.documents(wanted) == {0, 1}
    assert Inbox(session.store, wanted).left.suggestions == 2
    assert await session.review.accept_matching(wanted) == Decided(0, 0)
    assert await session.review.reject_matching(wanted) == Decided(0, 2, words=2)
    assert await session.review.count(ALL, rejecting=True) == Decided(4, 2)
    # The same method does not answer them a second time.
    await labeled(bench, session)
    assert session.store.state.totals.to_place == 0


@pytest.mark.parametrize(
    "wanted",
    [
        SuggestionFilter(max_confidence=1.0),
        SuggestionFilter(placed=Placed.FUZZY),
        SuggestionFilter(job="other"),
    ],
    ids=["confidence", "placing", "another job"],
)
async def test_words_to_place_stay_where_a_filter_does_not_hold_them(
    bench: Bench, wanted: SuggestionFilter
) -> None:
    session = await bench.create(1)
    await labeled(bench, session)
    await session.review.reject_matching(wanted)
    assert session.store.state.totals.to_place == 1


async def test_words_that_blind_mode_hides_are_not_dropped(bench: Bench) -> None:
    session = await bench.create(1)
    await labeled(bench, session)
    blind = replace(session.project, settings=ProjectSettings(hide_until_labeled=True))
    await set_settings(session, blind)
    shown = SuggestionFilter(shown_only=True)
    assert await session.review.count(shown, rejecting=True) == Decided(0, 0)
    await session.review.reject_matching(shown)
    assert session.store.state.totals.to_place == 1
