"""Deciding on suggestions: one by one, and all that a filter holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import Bench, document, key, labels, number, saved, span, suggest, suggestions, words_of
from tui_labeler.domain.labels import Placed, Span, Suggestion, Verdict
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.domain.suggestion_filter import SuggestionFilter
from tui_labeler.engine.changes import put_suggestion
from tui_labeler.engine.errors import InputError, NotFoundError, RefusedError
from tui_labeler.engine.ports import Plan
from tui_labeler.engine.reviewing.inbox import Inbox
from tui_labeler.engine.reviewing.review import Decided, confidence_bound
from tui_labeler.engine.reviewing.visiting import next_open
from tui_labeler.engine.turns import Progress

if TYPE_CHECKING:
    from tui_labeler.engine.session import ProjectSession

ALL = SuggestionFilter()


async def autolabeled(bench: Bench, documents: int = 3) -> ProjectSession:
    session = await bench.create(documents)
    await bench.add_model(session)
    await bench.autolabel(session)
    return session


async def test_an_accepted_suggestion_becomes_a_label_with_its_origin(bench: Bench) -> None:
    session = await autolabeled(bench)
    first = suggestions(session)[0]
    await session.review.accept(number(session), first.id)
    (label,) = document(session).active_labels
    assert (label.category, label.span, label.suggestion, label.job) == (
        first.category,
        first.span,
        first.id,
        first.job,
    )
    assert label.saw_suggestion
    assert saved(session) == []
    assert session.labeling.drafts() == 1
    assert await session.review.accept(number(session), first.id) is None
    await session.labeling.save()
    assert saved(session) == [("Person", span("Ann"))]
    decision = document(session).suggestions[first.id].decision
    assert decision is not None
    assert (decision.verdict, decision.draft, decision.label) == (Verdict.ACCEPTED, False, label.id)


async def test_a_suggestion_is_accepted_with_another_category_and_span(bench: Bench) -> None:
    session = await autolabeled(bench)
    first = suggestions(session)[0]
    await session.review.accept(number(session), first.id, category=key(session, "Place"), span=Span(0, 7))
    assert labels(session) == [("Place", Span(0, 7))]
    assert "Ann" not in words_of(suggestions(session))[:1]


async def test_a_rejected_suggestion_is_gone_and_counts_as_a_draft(bench: Bench) -> None:
    session = await autolabeled(bench)
    first = suggestions(session)[0]
    await session.review.reject(number(session), first.id)
    assert first.id not in [item.id for item in suggestions(session)]
    assert session.labeling.drafts() == 1
    assert await session.review.reject(number(session), first.id) is None
    assert (await session.labeling.save()).rejected == 1


async def test_accepting_what_a_label_hides_is_refused(bench: Bench) -> None:
    session = await autolabeled(bench)
    first = suggestions(session)[0]
    await session.labeling.add(number(session), key(session, "Place"), span("Ann"))
    with pytest.raises(RefusedError, match="in the way"):
        await session.review.accept(number(session), first.id)
    with pytest.raises(NotFoundError):
        await session.review.accept(number(session), "nothing")
    with pytest.raises(NotFoundError):
        await session.review.reject(number(session), "nothing")


async def test_two_reviewers_do_not_decide_one_suggestion_twice(bench: Bench) -> None:
    ana = await autolabeled(bench)
    bo = await bench.session("bo")
    first = suggestions(ana)[0]
    await ana.review.accept(number(ana), first.id)
    assert await bo.review.reject(number(bo), first.id) is None
    assert labels(bo) == [("Person", span("Ann"))]


async def test_suggestions_without_a_confidence_pass_no_bound(bench: Bench) -> None:
    session = await bench.create()
    await suggest(
        session,
        "d0000.txt",
        ("Person", span("Ann"), 0.9),
        ("Person", span("Bob"), None),
        ("Place", span("Rome"), 0.2),
    )
    review = session.review
    assert (await review.count(ALL)).suggestions == 3
    assert (await review.count(SuggestionFilter(min_confidence=0.0))).suggestions == 2
    assert (await review.count(SuggestionFilter(max_confidence=1.0))).suggestions == 2
    assert (await review.count(SuggestionFilter(min_confidence=0.9, max_confidence=0.9))).suggestions == 1
    assert (await review.count(SuggestionFilter(max_confidence=0.2))).suggestions == 1


async def test_filters_hold_what_they_say(bench: Bench) -> None:
    session = await autolabeled(bench)
    ids = await suggest(session, "d0001.txt", ("Person", Span(4, 7), 0.5))
    review = session.review
    everything = await review.count(ALL)
    assert (everything.suggestions, everything.documents) == (16, 3)
    place = number(session, "d0001.txt")
    assert (await review.count(SuggestionFilter(documents=frozenset({place})))).suggestions == 6
    assert (await review.count(SuggestionFilter(category=key(session, "Place")))).suggestions == 6
    assert (await review.count(SuggestionFilter(job="job9"))).suggestions == 1
    assert (await review.count(SuggestionFilter(placed=Placed.FUZZY))).suggestions == 1
    assert (await review.count(SuggestionFilter(ids=frozenset(ids)))).suggestions == 1
    assert await review.count(SuggestionFilter(job="none")) == await review.count(
        SuggestionFilter(documents=frozenset())
    )


async def test_accepting_all_above_a_confidence_leaves_the_others(bench: Bench) -> None:
    session = await autolabeled(bench)
    await suggest(session, "d0001.txt", ("Place", Span(4, 7), 0.5))
    done = await session.review.accept_matching(SuggestionFilter(min_confidence=0.8))
    assert (done.suggestions, done.documents, done.skipped) == (15, 3, 0)
    assert [item.confidence for item in suggestions(session, "d0001.txt")] == [0.5]
    undone = await session.history.undo()
    assert undone is not None
    assert (undone.items, len(undone.documents)) == (15, 3)
    assert (await session.review.count(ALL)).suggestions == 16


async def test_of_suggestions_that_meet_the_most_confident_is_accepted(bench: Bench) -> None:
    session = await bench.create()
    await suggest(
        session,
        "d0000.txt",
        ("Person", Span(0, 7), 0.4),
        ("Person", Span(0, 3), 0.8),
        ("Place", Span(4, 7), None),
    )
    done = await session.review.accept_matching(ALL)
    assert (done.suggestions, done.skipped) == (2, 1)
    assert labels(session) == [("Person", Span(0, 3)), ("Place", Span(4, 7))]
    assert suggestions(session) == ()


async def test_one_class_is_accepted_where_only_one_can_be(bench: Bench) -> None:
    session = await bench.create(kind=ProjectKind.SINGLE_LABEL)
    place = number(session)
    made = [
        Suggestion("s1", key(session, "Person"), None, "model:a", "j1", 0.3),
        Suggestion("s2", key(session, "Place"), None, "model:b", "j2", 0.6),
    ]
    await session.store.commit(
        "runner",
        lambda state: Plan("x", [put_suggestion(state, state.document(place), item) for item in made]),
    )
    done = await session.review.accept_matching(ALL)
    assert (done.suggestions, done.skipped) == (1, 1)
    assert labels(session) == [("Place", None)]


async def test_rejecting_all_takes_everything_the_filter_holds(bench: Bench) -> None:
    session = await autolabeled(bench)
    done = await session.review.reject_matching(SuggestionFilter(category=key(session, "Place")))
    assert (done.suggestions, done.documents) == (6, 3)
    assert (await session.review.count(ALL)).suggestions == 9


async def test_a_count_by_the_short_form_is_that_of_the_documents(bench: Bench) -> None:
    session = await autolabeled(bench)
    await suggest(session, "d0001.txt", ("Person", Span(4, 7), 0.5))
    for category in (None, key(session, "Person"), key(session, "Place")):
        wanted = SuggestionFilter(category=category)
        opened = [found for _, found in session.review.matching(wanted)]
        count = await session.review.count(wanted)
        assert count == Decided(sum(map(len, opened)), len(opened))


async def test_a_bulk_decision_that_is_stopped_keeps_what_was_done_as_one_step(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui_labeler.engine.reviewing.review.BATCH", 4)
    session = await autolabeled(bench, 11)
    progress = Progress()
    commit = session.store.commit

    async def commit_and_stop(actor: str, plan: Any) -> Any:
        made = await commit(actor, plan)
        progress.stopped = progress.done == 4
        return made

    with monkeypatch.context() as patched:
        patched.setattr(session.store, "commit", commit_and_stop)
        done = await session.review.accept_matching(ALL, progress)
    assert (done.suggestions, done.documents) == (40, 8)
    assert (progress.done, progress.total) == (8, 11)
    undone = await session.history.undo()
    assert undone is not None
    assert undone.items == 40
    assert (await session.review.count(ALL)).suggestions == 55


async def test_bulk_decisions_over_many_documents_are_one_step(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui_labeler.engine.reviewing.review.BATCH", 4)
    session = await autolabeled(bench, 11)
    before = session.store.seq
    done = await session.review.accept_matching(ALL)
    assert (done.suggestions, done.documents) == (55, 11)
    assert session.store.seq == before + 3
    undone = await session.history.undo()
    assert undone is not None
    assert (undone.items, len(undone.documents)) == (55, 11)
    assert (await session.review.count(ALL)).suggestions == 55
    again = await session.history.redo()
    assert again is not None
    assert again.items == 55
    assert (await session.review.count(ALL)).suggestions == 0
    assert len(labels(session, "d0010.txt")) == 5


async def test_a_suggestion_on_another_text_is_not_accepted(bench: Bench) -> None:
    session = await autolabeled(bench)
    first = suggestions(session)[0]
    bench.write({"d0000.txt": "Xx " + "Ann met Bob.\n"})
    await session.documents.sync()
    with pytest.raises(RefusedError, match="has changed"):
        await session.review.accept(number(session), first.id)
    done = await session.review.accept_matching(ALL)
    assert (done.suggestions, done.documents, done.outdated) == (10, 2, 5)
    assert labels(session) == []
    await session.review.accept(number(session), first.id, span=Span(3, 6))
    assert labels(session) == [("Person", Span(3, 6))]


async def test_suggestions_of_a_document_that_is_gone_are_left(bench: Bench) -> None:
    session = await autolabeled(bench)
    (bench.documents / "d0000.txt").unlink()
    await session.documents.sync()
    done = await session.review.accept_matching(ALL)
    assert (done.documents, done.outdated) == (2, 5)
    with pytest.raises(RefusedError, match="no longer in the container"):
        await session.review.accept(number(session), suggestions(session)[0].id)


async def test_the_next_suggestion_is_found_over_document_ends_and_round(bench: Bench) -> None:
    session = await autolabeled(bench)
    order = [number(session, f"d{item:04}.txt") for item in (0, 1, 2)]
    walk: list[tuple[int, str]] = []
    here: tuple[int, str] | None = None
    for _ in range(16):
        found = next_open(session.store.state, here, order, ALL)
        assert found is not None
        assert found.went_round is (len(walk) == 15)
        here = (found.document, found.item.id)
        walk.append(here)
    assert len(set(walk[:15])) == 15
    assert walk[15] == walk[0]
    assert [place for place, _ in walk[:15]] == [place for place in order for _ in range(5)]
    back: list[tuple[int, str]] = []
    for _ in range(15):
        found = next_open(session.store.state, here, order, ALL, backwards=True)
        assert found is not None
        assert found.went_round is (not back)
        here = (found.document, found.item.id)
        back.append(here)
    assert back == [walk[index] for index in range(14, -1, -1)]


async def test_the_next_of_several_that_start_together_is_not_skipped(bench: Bench) -> None:
    session = await bench.create()
    await suggest(
        session,
        "d0000.txt",
        ("Place", Span(0, 3), 0.9),
        ("Person", Span(0, 7), 0.9),
        ("Person", Span(8, 11), 0.9),
    )
    order = [number(session)]
    ids = [item.id for item in suggestions(session)]
    walk = [ids[0]]
    for _ in range(2):
        found = next_open(session.store.state, (order[0], walk[-1]), order, ALL)
        assert found is not None
        walk.append(found.item.id)
    assert walk == ids


async def test_after_a_decision_the_next_one_follows_in_the_text(bench: Bench) -> None:
    session = await autolabeled(bench)
    order = [number(session)]
    second = suggestions(session)[1]
    await session.review.accept(order[0], second.id)
    found = next_open(session.store.state, (order[0], second.id), order, ALL)
    assert found is not None
    assert isinstance(found.item, Suggestion)
    assert found.item.span == span("Rome")


async def test_there_is_no_next_where_nothing_is_left(bench: Bench) -> None:
    session = await autolabeled(bench)
    await session.review.reject_matching(ALL)
    order = list(session.rows)
    assert next_open(session.store.state, None, order, ALL) is None
    assert next_open(session.store.state, (order[0], "gone"), order, ALL) is None
    assert next_open(session.store.state, None, [], ALL) is None


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_a_bound_outside_zero_and_one_is_refused(value: float) -> None:
    with pytest.raises(InputError):
        confidence_bound(value, "--min-confidence")
    assert confidence_bound(None, "x") is None
    assert confidence_bound(1.0, "x") == 1.0


async def test_the_documents_of_a_filter_hold_a_match(bench: Bench) -> None:
    session = await bench.create()
    await suggest(session, "d0000.txt", ("Person", span("Ann"), 0.9), ("Place", span("Rome"), 0.2))
    await suggest(session, "d0001.txt", ("Person", span("Bob"), 0.3))
    person = key(session, "Person")
    first, second = number(session, "d0000.txt"), number(session, "d0001.txt")
    for wanted, held in (
        (ALL, {first, second}),
        (SuggestionFilter(category=person), {first, second}),
        (SuggestionFilter(max_confidence=0.25), {first}),
        (SuggestionFilter(category=person, max_confidence=0.25), set()),
        (SuggestionFilter(category=person, max_confidence=0.5), {second}),
        (SuggestionFilter(placed=Placed.EXACT), set()),
        (SuggestionFilter(placed=Placed.FUZZY), {first, second}),
    ):
        assert session.review.documents(wanted) == held, wanted


async def test_the_least_confident_come_first_in_a_document_and_back_again(bench: Bench) -> None:
    session = await bench.create()
    ids = await suggest(
        session,
        "d0000.txt",
        ("Person", span("Ann"), 0.9),
        ("Person", span("Bob"), None),
        ("Place", span("Rome"), 0.2),
    )
    place = number(session)

    def after(last: str, *, backwards: bool = False) -> str:
        found = next_open(
            session.store.state, (place, last), [place], ALL, backwards=backwards, least_confident_first=True
        )
        assert found is not None
        return found.item.id

    assert [after(""), after(ids[2]), after(ids[0])] == [ids[2], ids[0], ids[1]]
    assert after(ids[1], backwards=True) == ids[0]
    assert after(ids[1]) == ids[2]


async def test_what_a_filter_holds_is_counted_on_as_decisions_are_made(bench: Bench) -> None:
    session = await bench.create()
    ids = await suggest(session, "d0000.txt", ("Person", span("Ann"), 0.9), ("Place", span("Rome"), 0.2))
    await suggest(session, "d0001.txt", ("Person", span("Bob"), 0.3))
    inbox = Inbox(session.store, SuggestionFilter(category=key(session, "Person")))
    assert (inbox.left.suggestions, inbox.left.documents) == (2, 2)
    await session.review.reject(number(session), ids[1])
    assert (inbox.left.suggestions, inbox.left.documents) == (2, 2)
    await session.review.accept(number(session), ids[0])
    assert (inbox.left.suggestions, inbox.left.documents) == (1, 1)
    await session.history.undo()
    assert (inbox.left.suggestions, inbox.left.documents) == (2, 2)
