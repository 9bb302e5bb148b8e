"""Taking back and doing again: one's own actions, item by item, over restarts, beside others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from tests.builders import (
    Bench,
    document,
    key,
    labels,
    number,
    saved,
    span,
    suggest,
    suggestions,
    whole,
    words_of,
)
from tui_labeler.domain.labels import Span
from tui_labeler.domain.projects import Dataset
from tui_labeler.domain.suggestion_filter import SuggestionFilter
from tui_labeler.engine.actions import ACTIONS
from tui_labeler.engine.errors import NotFoundError, RefusedError
from tui_labeler.engine.history.undone import items_of
from tui_labeler.engine.session import ProjectSession
from tui_labeler.engine.workbench import set_settings

Action = Callable[[ProjectSession], Awaitable[object]]


async def first_label(session: ProjectSession) -> str:
    return document(session).active_labels[0].id


async def add(session: ProjectSession) -> None:
    await session.labeling.add(number(session), key(session, "Person"), span("met"))


async def remove(session: ProjectSession) -> None:
    await session.labeling.remove(number(session), await first_label(session))


async def change(session: ProjectSession) -> None:
    await session.labeling.change(number(session), await first_label(session), span=Span(0, 7))


async def add_many(session: ProjectSession) -> None:
    await session.labeling.add_many(number(session), key(session, "Place"), [span("met"), span("went")])


async def replacing(session: ProjectSession) -> None:
    place = key(session, "Place")
    await session.labeling.add(number(session), place, Span(0, 9), replacing=True)


async def save(session: ProjectSession) -> None:
    await session.labeling.save()


async def review(session: ProjectSession) -> None:
    await session.labeling.set_reviewed(number(session, "d0002.txt"))


async def flag(session: ProjectSession) -> None:
    await session.labeling.set_flag(number(session), "look")


async def put_in_set(session: ProjectSession) -> None:
    await session.documents.set(list(session.rows), dataset=Dataset.TEST, language="de")


async def accept(session: ProjectSession) -> None:
    await session.review.accept(number(session), suggestions(session)[0].id)


async def accept_changed(session: ProjectSession) -> None:
    first = suggestions(session)[0]
    await session.review.accept(number(session), first.id, category=key(session, "Place"))


async def reject(session: ProjectSession) -> None:
    await session.review.reject(number(session), suggestions(session)[0].id)


async def accept_all(session: ProjectSession) -> None:
    await session.review.accept_matching(SuggestionFilter(min_confidence=0.5))


async def reject_all(session: ProjectSession) -> None:
    await session.review.reject_matching(SuggestionFilter())


async def add_category(session: ProjectSession) -> None:
    await session.categories.add("Firm", description="d")


async def describe(session: ProjectSession) -> None:
    await session.categories.set(key(session, "Person"), description="people", examples=["Ann", "Bob"])


async def rename(session: ProjectSession) -> None:
    await session.categories.rename(key(session, "Person"), "People")


async def merge(session: ProjectSession) -> None:
    await session.categories.merge(key(session, "Person"), key(session, "Place"))


async def delete(session: ProjectSession) -> None:
    await session.categories.delete(key(session, "Person"))


async def settings(session: ProjectSession) -> None:
    await set_settings(session, replace(session.project, description="new", language="fr"))


EVERY = [
    add, remove, change, add_many, replacing, save, review, flag, put_in_set, accept, accept_changed, reject,
    accept_all, reject_all, add_category, describe, rename, merge, delete, settings,
]  # fmt: skip


async def prepared(bench: Bench, *, immediate: bool = False) -> ProjectSession:
    """A label, saved; a draft; suggestions beside them."""
    session = await bench.create(immediate=immediate)
    await bench.add_model(session)
    await bench.add_model(session)
    await bench.autolabel(session)
    await session.labeling.add(number(session), key(session, "Person"), span("Ann"))
    await session.labeling.save()
    await session.labeling.add(number(session, "d0001.txt"), key(session, "Place"), span("Rome"))
    return session


@pytest.mark.parametrize("action", EVERY, ids=lambda action: action.__name__)
@pytest.mark.parametrize("reopened", [False, True], ids=["at once", "reopened"])
@pytest.mark.parametrize("immediate", [False, True], ids=["drafts", "immediate"])
async def test_every_action_is_taken_back_and_done_again(
    bench: Bench, action: Action, reopened: bool, immediate: bool
) -> None:
    if immediate and action is save:
        pytest.skip("nothing waits to be saved where each decision applies at once")
    session = await prepared(bench, immediate=immediate)
    before = whole(session)
    await action(session)
    after = whole(session)
    assert after != before
    for wanted, step in ((before, "undo"), (after, "redo"), (before, "undo"), (after, "redo")):
        if reopened:
            await session.store.checkpoint()
            session = await bench.session(immediate=immediate)
        done = await getattr(session.history, step)()
        assert done is not None
        assert done.refused == 0
        assert done.action in ACTIONS
        assert whole(session) == wanted


async def test_actions_are_taken_back_in_order_and_done_again_in_order(bench: Bench) -> None:
    session = await bench.create()
    states = [labels(session)]
    for word in ("Ann", "Bob", "Rome", "Oslo"):
        await session.labeling.add(number(session), key(session, "Person"), span(word))
        states.append(labels(session))
    for wanted in states[-2:0:-1]:
        await session.history.undo()
        assert labels(session) == wanted
    for wanted in states[2:]:
        await session.history.redo()
        assert labels(session) == wanted
    assert await session.history.redo() is None
    for _ in range(4):
        await session.history.undo()
    assert labels(session) == []


async def test_nothing_is_left_in_the_end(bench: Bench) -> None:
    session = await bench.create(categories=())
    assert await session.history.undo() is None
    assert await session.history.undoable() == ()
    await session.categories.add("A")
    assert [item.action for item in await session.history.undoable()] == ["category.add"]
    await session.history.undo()
    assert await session.history.undo() is None


async def test_a_new_action_ends_what_can_be_done_again(bench: Bench) -> None:
    session = await bench.create()
    await add(session)
    await session.history.undo()
    await flag(session)
    assert await session.history.redo() is None
    await session.history.undo()
    redone = await session.history.redo()
    assert redone is not None
    assert redone.action == "document.flag"


async def test_everybody_takes_back_their_own(bench: Bench) -> None:
    ana = await bench.create()
    bo = await bench.session("bo")
    await add(ana)
    await bo.labeling.add(number(bo), key(bo, "Place"), span("Rome"))
    await ana.history.undo()
    assert labels(ana) == [("Place", span("Rome"))]
    await bo.history.undo()
    assert labels(bo) == []


async def test_what_somebody_else_has_changed_since_is_refused(bench: Bench) -> None:
    ana = await bench.create(immediate=True)
    await flag(ana)
    await add(ana)
    bo = await bench.session("bo", immediate=True)
    await bo.labeling.change(number(bo), await first_label(bo), category=key(bo, "Place"))
    with pytest.raises(RefusedError, match="changed again since"):
        await ana.history.undo()
    assert labels(ana) == [("Place", span("met"))]
    undone = await ana.history.undo()
    assert undone is not None
    assert undone.action == "document.flag"


async def test_of_a_bulk_action_only_the_changed_items_are_refused(bench: Bench) -> None:
    ana = await prepared(bench, immediate=True)
    await accept_all(ana)
    bo = await bench.session("bo", immediate=True)
    theirs = document(bo, "d0002.txt").active_labels[0]
    await bo.labeling.change(number(bo, "d0002.txt"), theirs.id, category=key(bo, "Place"))
    undone = await ana.history.undo()
    assert undone is not None
    assert (undone.items, undone.refused) == (12, 2)
    assert labels(ana, "d0002.txt") == [("Place", span("Ann"))]
    assert words_of(suggestions(ana, "d0002.txt")) == ["Bob", "Rome", "Ann", "Oslo"]


async def test_a_label_does_not_come_back_under_a_newer_one(bench: Bench) -> None:
    ana = await prepared(bench, immediate=True)
    await remove(ana)
    bo = await bench.session("bo", immediate=True)
    await bo.labeling.add(number(bo), key(bo, "Place"), Span(0, 7))
    with pytest.raises(RefusedError):
        await ana.history.undo()
    assert labels(ana) == [("Place", Span(0, 7))]


async def test_labels_that_overlapped_before_come_back_as_they_were(bench: Bench) -> None:
    session = await bench.create({"a.txt": "Ann Bob"})
    data = AZURE_OVERLAP
    await session.label_files.read(data, "labels.json")
    before = labels(session, "a.txt")
    assert len(before) == 2
    await session.labeling.remove(number(session, "a.txt"), document(session, "a.txt").active_labels[0].id)
    await session.history.undo()
    assert labels(session, "a.txt") == before


AZURE_OVERLAP = b"""{
 "projectFileVersion": "2022-05-01", "stringIndexType": "Utf16CodeUnit",
 "metadata": {"projectKind": "CustomEntityRecognition", "projectName": "x", "multilingual": false,
  "language": "en-us", "storageInputContainerName": "c"},
 "assets": {"projectKind": "CustomEntityRecognition",
  "entities": [{"category": "Person"}, {"category": "Place"}],
  "documents": [{"location": "a.txt", "language": "en-us", "dataset": "Train", "entities": [
   {"regionOffset": 0, "regionLength": 7, "labels": [
    {"category": "Person", "offset": 0, "length": 3},
    {"category": "Place", "offset": 0, "length": 7}]}]}]}}"""


async def test_a_label_does_not_come_back_into_a_category_that_is_gone(bench: Bench) -> None:
    ana = await bench.create()
    await add(ana)
    await remove(ana)
    bo = await bench.session("bo")
    await bo.categories.delete(key(bo, "Person"))
    with pytest.raises(RefusedError):
        await ana.history.undo()
    assert labels(ana) == []
    assert saved(ana) == []


async def test_a_category_that_others_use_does_not_go(bench: Bench) -> None:
    ana = await bench.create(immediate=True)
    await add_category(ana)
    bo = await bench.session("bo", immediate=True)
    await bo.labeling.add(number(bo), key(bo, "Firm"), span("Bob"))
    with pytest.raises(RefusedError):
        await ana.history.undo()
    assert labels(ana) == [("Firm", span("Bob"))]
    assert (await ana.label_files.write()).labels == 1


async def test_deleting_a_category_again_spares_what_others_put_into_it(bench: Bench) -> None:
    ana = await bench.create(immediate=True)
    await add(ana)
    await delete(ana)
    await ana.history.undo()
    bo = await bench.session("bo", immediate=True)
    await bo.labeling.add(number(bo, "d0001.txt"), key(bo, "Person"), span("Bob"))
    redone = await ana.history.redo()
    assert redone is not None
    assert redone.refused == 1
    assert labels(ana, "d0001.txt") == [("Person", span("Bob"))]
    assert ana.categories.by_name("Person")


# --- jobs -------------------------------------------------------------------------------------------


async def test_a_whole_job_is_taken_back_and_done_again(bench: Bench) -> None:
    session = await bench.create(70)
    before = whole(session)
    await bench.add_model(session)
    job = await bench.autolabel(session)
    after = whole(session)
    assert job.suggestions == 350
    undone = await session.history.undo()
    assert undone is not None
    assert (undone.action, undone.items, len(undone.documents)) == ("job.suggest", 350, 70)
    assert whole(session) == before
    again = await session.history.redo()
    assert again is not None
    assert again.items == 350
    assert whole(session) == after
    await session.history.undo()
    assert whole(session) == before


async def test_labels_made_while_a_job_goes_on_are_taken_back_before_it(bench: Bench) -> None:
    session = await bench.create(200)

    async def label_meanwhile(texts: object) -> None:
        if not labels(session):
            return
        await session.labeling.set_flag(number(session), f"{len(model.seen)}")

    model = await bench.add_model(session, before=label_meanwhile)
    job = await bench.start(session)
    await add(session)
    await bench.run(job)
    await session.refresh()
    names = []
    while (undone := await session.history.undo()) is not None:
        names.append(undone.action)
    # The first look comes before the job's first answers: it is older than the job.
    assert names == [
        *["document.flag"] * 3, "job.suggest", "document.flag", "label.add",
    ]  # fmt: skip


async def test_taking_back_a_job_takes_what_i_made_of_it_and_spares_what_others_did(bench: Bench) -> None:
    ana = await bench.create()
    await bench.add_model(ana)
    job = await bench.autolabel(ana)
    await ana.review.accept(number(ana), suggestions(ana)[0].id)
    await ana.labeling.save()
    await ana.review.reject(number(ana), suggestions(ana)[0].id)
    bo = await bench.session("bo", immediate=True)
    await bo.review.accept(number(bo), suggestions(bo)[0].id)
    await bo.review.reject(number(bo), suggestions(bo)[0].id)
    undone = await ana.history.undo_job(job.id)
    assert undone.refused == 2
    assert suggestions(ana) == ()
    assert labels(ana) == [("Place", span("Rome"))]
    assert saved(ana) == [("Place", span("Rome"))]
    assert len(document(ana).suggestions) == 2


async def test_taking_back_a_job_twice_changes_nothing_more(bench: Bench) -> None:
    session = await bench.create()
    await bench.add_model(session)
    job = await bench.autolabel(session)
    await session.history.undo_job(job.id)
    before = session.store.seq
    again = await session.history.undo_job(job.id)
    assert (again.items, again.refused, session.store.seq) == (0, 0, before)
    with pytest.raises(NotFoundError, match="Nothing came of a job"):
        await session.history.undo_job("other")


async def test_what_a_job_had_replaced_comes_back_with_its_end(bench: Bench) -> None:
    session = await bench.create()
    await bench.add_model(session, "old", words={"Ann": "Person", "met": "Person"})
    await bench.add_model(session, "new")
    await bench.autolabel(session, model="old")
    job = await bench.autolabel(session, model="new")
    assert words_of(suggestions(session)) == ["Ann", "Bob", "Rome", "Ann", "Oslo"]
    await session.history.undo_job(job.id)
    assert words_of(suggestions(session)) == ["Ann", "met", "Ann"]


async def test_what_was_taken_back_itself_does_not_come_back_with_another_jobs_end(bench: Bench) -> None:
    session = await bench.create()
    await bench.add_model(session, "old", words={"met": "Person"})
    await bench.add_model(session, "new")
    first = await bench.autolabel(session, model="old")
    second = await bench.autolabel(session, "d0000.txt", model="new")
    await session.history.undo_job(first.id)
    await session.history.undo_job(second.id)
    assert suggestions(session) == ()


# --- the history as people read it -----------------------------------------------------------------


async def test_the_history_says_who_did_what_where(bench: Bench) -> None:
    ana = await bench.create(immediate=True)
    await bench.add_model(ana)
    job = await bench.autolabel(ana)
    bo = await bench.session("bo", immediate=True)
    await bo.review.accept(number(bo), suggestions(bo)[0].id)
    await bo.categories.rename(key(bo, "Place"), "Town")
    await bo.history.undo()
    entries = [entry async for entry in ana.history.entries()]
    assert [(entry.who, entry.action) for entry in entries[:4]] == [
        ("bo", "undo"),
        ("bo", "category.rename"),
        ("bo", "suggestion.accept"),
        ("ana", "job.suggest"),
    ]
    assert (entries[2].location, entries[2].category, entries[2].items) == ("d0000.txt", "Person", 1)
    assert (entries[3].location, entries[3].job, entries[3].items) == (None, job.id, 15)
    assert {entry.action for entry in entries} <= set(ACTIONS)
    mine = [entry async for entry in ana.history.entries(document=number(ana, "d0001.txt"))]
    assert [(entry.action, entry.items) for entry in mine] == [("job.suggest", 5), ("documents.sync", 1)]
    assert [entry.seq async for entry in ana.history.entries(limit=2)] == [entries[0].seq, entries[1].seq]


async def test_the_size_of_a_bulk_decision_is_that_of_its_undo(bench: Bench) -> None:
    session = await bench.create()
    await bench.add_model(session)
    await bench.autolabel(session)
    before = len(suggestions(session))
    await accept_all(session)
    found = await session.history.undoable()
    undone = await session.history.undo()
    assert undone is not None
    assert items_of(found) == undone.items == len(undone.suggestions) >= before


async def test_a_deleted_category_counts_its_labels_and_its_suggestions(bench: Bench) -> None:
    session = await bench.create()
    await bench.add_model(session)
    await bench.autolabel(session)
    person = key(session, "Person")
    for item in [s for s in suggestions(session) if s.category == person][:2]:
        await session.review.accept(number(session), item.id)
    count = session.categories.counts()[person]
    assert count.labels == 2
    assert count.suggestions > 2
    await session.categories.delete(person)
    found = await session.history.undoable()
    undone = await session.history.undo()
    assert undone is not None
    assert items_of(found) == undone.items == count.labels + count.suggestions


async def test_a_corrected_suggestion_is_named_so_in_the_history_and_by_undo(bench: Bench) -> None:
    session = await bench.create()
    (first, second) = await suggest(
        session, "d0000.txt", ("Person", span("Ann"), 0.9), ("Person", span("Rome"), 0.9)
    )
    await session.review.accept(number(session), first)
    await session.review.accept(number(session), second, category=key(session, "Place"))
    actions = [entry.action async for entry in session.history.entries(limit=2)]
    assert actions == ["suggestion.correct", "suggestion.accept"]
    undone = await session.history.undo()
    assert undone is not None
    assert ACTIONS[undone.action] == "correct and accept"
