"""Taking back what a person did to labels that have followed their words since, in a text that changed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.builders import Bench, document, key, suggestions
from tests.engine.test_label_files import entities
from tests.far import FarContainer
from tui_labeler.domain.labels import Span, Suggestion
from tui_labeler.domain.projects import Dataset
from tui_labeler.domain.suggestion_filter import SuggestionFilter
from tui_labeler.engine.changes import drop_suggestion, put_label, put_suggestion
from tui_labeler.engine.documents.decoding import text_hash
from tui_labeler.engine.errors import RefusedError
from tui_labeler.engine.ports import Plan

if TYPE_CHECKING:
    from pathlib import Path

    from tui_labeler.engine.history.undone import Undone
    from tui_labeler.engine.ports import State
    from tui_labeler.engine.session import ProjectSession

OLD = b"Ann lives in Berlin, and Bo lives in Ghent."
MORE = b"Since May "
NAME = "a.txt"
ANN, BERLIN, GHENT = Span(0, 3), Span(13, 19), Span(37, 42)


@pytest.fixture
def far() -> FarContainer:
    return FarContainer({NAME: OLD})


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def opened(bench: Bench, far: FarContainer, actor: str, *, immediate: bool = True) -> ProjectSession:
    session = await bench.session(actor, immediate=immediate)
    session.documents._container = far
    return session


@pytest.fixture(params=[True, False], ids=["immediate", "drafts"])
async def ana(bench: Bench, far: FarContainer, request: pytest.FixtureRequest) -> ProjectSession:
    await bench.create({}, immediate=True)
    session = await opened(bench, far, "ana", immediate=request.param)
    await session.documents.sync()
    return session


async def put(session: ProjectSession, far: FarContainer, text: bytes) -> None:
    """Somebody uploads another text; both are kept here, and a sync reads the new one."""
    for data in (*far.texts.values(), text):
        far.kept[NAME, text_hash(data)] = data
    far.texts[NAME] = text
    await session.documents.sync()


def seen(session: ProjectSession, far: FarContainer) -> list[tuple[str, str]]:
    """Category and words of each label; in brackets where it is on another text than that of today."""
    found, names = document(session, NAME), session.store.state.categories
    text = far.texts[NAME].decode()
    items = []
    for label in sorted(found.active_labels, key=lambda item: item.span or ANN):
        assert label.span is not None
        words = text[label.span.start : label.span.end]
        items.append((names[label.category].name, f"({words})" if found.is_stale(label) else words))
    return items


async def undone(session: ProjectSession) -> Undone:
    came = await session.history.undo()
    assert came is not None
    return came


async def redone(session: ProjectSession) -> Undone:
    came = await session.history.redo()
    assert came is not None
    return came


async def add(session: ProjectSession, category: str, span: Span) -> None:
    await session.labeling.add(0, key(session, category), span)


async def propose(session: ProjectSession) -> None:
    """A person and a place, of a job, made on the text of today."""
    given = ("Person", ANN), ("Place", BERLIN)
    today = document(session, NAME).text_hash
    made = [
        Suggestion(f"s{at}", key(session, name), span, "gpt:r/d", "job9", 0.9, text_hash=today)
        for at, (name, span) in enumerate(given)
    ]

    def plan(state: State) -> Plan:
        target = state.document(0)
        return Plan("job.suggest", [put_suggestion(state, target, item) for item in made], job="job9")

    await session.store.commit("runner", plan)


def only(session: ProjectSession) -> str:
    (label,) = document(session, NAME).active_labels
    return label.id


async def test_a_label_that_has_followed_its_words_is_taken_back_and_made_again(
    ana: ProjectSession, far: FarContainer
) -> None:
    await add(ana, "Person", ANN)
    await put(ana, far, MORE + OLD)
    assert seen(ana, far) == [("Person", "Ann")]
    assert ((came := await undone(ana)).items, came.refused) == (1, 0)
    assert seen(ana, far) == []
    await redone(ana)
    assert seen(ana, far) == [("Person", "Ann")]
    assert document(ana, NAME).active_labels[0].span == Span(10, 13)
    await put(ana, far, b"Today: " + MORE + OLD)
    assert (await undone(ana)).items == 1
    assert seen(ana, far) == []


async def test_each_step_of_a_label_is_taken_back_after_its_text_has_changed_twice(
    ana: ProjectSession, far: FarContainer
) -> None:
    await add(ana, "Person", BERLIN)
    await put(ana, far, MORE + OLD)
    await ana.labeling.change(0, only(ana), category=key(ana, "Place"))
    await put(ana, far, b"Today: " + MORE + OLD)
    assert seen(ana, far) == [("Place", "Berlin")]
    await undone(ana)
    assert seen(ana, far) == [("Person", "Berlin")]
    await undone(ana)
    assert seen(ana, far) == []
    assert await ana.history.undo() is None


async def test_a_category_goes_back_at_the_place_of_today(ana: ProjectSession, far: FarContainer) -> None:
    await add(ana, "Person", BERLIN)
    await ana.labeling.save()
    await ana.labeling.change(0, only(ana), category=key(ana, "Place"))
    await put(ana, far, MORE + OLD)
    assert (await undone(ana)).refused == 0
    assert seen(ana, far) == [("Person", "Berlin")]
    await redone(ana)
    assert seen(ana, far) == [("Place", "Berlin")]


async def test_merged_categories_come_apart_at_the_places_of_today(
    ana: ProjectSession, far: FarContainer
) -> None:
    await add(ana, "Person", ANN)
    await add(ana, "Place", BERLIN)
    await ana.labeling.save()
    await ana.categories.merge(key(ana, "Person"), key(ana, "Place"))
    await put(ana, far, MORE + OLD)
    assert (await undone(ana)).refused == 0
    assert seen(ana, far) == [("Person", "Ann"), ("Place", "Berlin")]


async def test_a_saved_label_that_was_removed_comes_back_where_its_words_are(
    ana: ProjectSession, far: FarContainer
) -> None:
    await add(ana, "Person", ANN)
    await ana.labeling.save()
    await ana.labeling.remove(0, only(ana))
    await undone(ana)
    await redone(ana)
    await put(ana, far, MORE + OLD)
    await undone(ana)
    await ana.documents.sync()
    assert seen(ana, far) == [("Person", "Ann")]
    await undone(ana)


async def test_an_import_is_taken_back_and_done_again(ana: ProjectSession, far: FarContainer) -> None:
    given = [("Person", 0, 3), ("Place", 13, 6), ("Place", 37, 5)]
    data = entities((NAME, given), text=OLD.decode(), categories=("Person", "Place"))
    assert (await ana.label_files.read(data, "l.json")).labels == 3
    await put(ana, far, MORE + OLD)
    assert ((came := await undone(ana)).items, came.refused) == (3, 0)
    assert seen(ana, far) == []
    await redone(ana)
    assert seen(ana, far) == [("Person", "Ann"), ("Place", "Berlin"), ("Place", "Ghent")]


async def test_what_somebody_else_has_changed_since_its_words_moved_is_refused(
    bench: Bench, ana: ProjectSession, far: FarContainer
) -> None:
    await add(ana, "Person", ANN)
    await add(ana, "Place", GHENT)
    await ana.labeling.save()
    await ana.labeling.add_many(0, key(ana, "Place"), [BERLIN])
    await ana.labeling.save()
    await put(ana, far, MORE + OLD)
    bo = await opened(bench, far, "bo")
    for label in document(bo, NAME).active_labels:
        if label.span == Span(23, 29):
            await bo.labeling.change(0, label.id, category=key(bo, "Person"))
    before = seen(bo, far)
    assert ("Person", "Berlin") in before
    came = await ana.history.undoable()
    if came[0].action == "labels.save":
        with pytest.raises(RefusedError, match="changed again since"):
            await undone(ana)
    with pytest.raises(RefusedError, match="changed again since"):
        await undone(ana)
    assert seen(ana, far) == before


async def test_of_many_labels_only_what_somebody_else_has_changed_stays(
    bench: Bench, ana: ProjectSession, far: FarContainer
) -> None:
    await ana.labeling.add_many(0, key(ana, "Place"), [ANN, BERLIN, GHENT])
    await put(ana, far, MORE + OLD)
    await ana.labeling.save()
    bo = await opened(bench, far, "bo")
    await bo.labeling.remove(0, document(bo, NAME).active_labels[0].id)
    came = await undone(ana)
    if came.action == "labels.save":
        came = await undone(ana)
    assert (came.items, came.refused) == (2, 1)
    assert seen(ana, far) == []


async def test_a_label_that_somebody_set_elsewhere_on_the_new_text_is_refused(
    bench: Bench, ana: ProjectSession, far: FarContainer
) -> None:
    await ana.labeling.add(0, key(ana, "Person"), ANN)
    await ana.labeling.save()
    await put(ana, far, b"Since May Bo lives in Berlin.")
    bo = await opened(bench, far, "bo")
    await bo.looking_again.keep(0, only(bo), Span(10, 12))
    with pytest.raises(RefusedError, match="changed again since"):
        await undone(ana)
    assert seen(ana, far) == [("Person", "Bo")]


async def test_accepted_suggestions_wait_again_where_their_words_are(
    ana: ProjectSession, far: FarContainer
) -> None:
    await propose(ana)
    await ana.review.accept_matching(SuggestionFilter())
    await put(ana, far, MORE + OLD)
    assert ((came := await undone(ana)).items, came.refused) == (2, 0)
    assert seen(ana, far) == []
    assert [item.span for item in suggestions(ana, NAME)] == [Span(10, 13), Span(23, 29)]
    assert {item.text_hash for item in suggestions(ana, NAME)} == {text_hash(far.texts[NAME])}
    await redone(ana)
    assert seen(ana, far) == [("Person", "Ann"), ("Place", "Berlin")]


async def test_a_job_is_taken_back_with_the_labels_made_of_it(ana: ProjectSession, far: FarContainer) -> None:
    await propose(ana)
    await ana.review.accept(0, suggestions(ana, NAME)[0].id)
    await put(ana, far, MORE + OLD)
    came = await ana.history.undo_job("job9")
    assert (came.items, came.refused) == (2, 0)
    assert (seen(ana, far), suggestions(ana, NAME)) == ([], ())
    await put(ana, far, b"Today: " + MORE + OLD)
    await redone(ana)
    await ana.documents.sync()
    assert seen(ana, far) == [("Person", "Ann")]


async def test_what_a_job_had_replaced_comes_back_where_its_words_are(
    ana: ProjectSession, far: FarContainer
) -> None:
    await propose(ana)
    old = document(ana, NAME).suggestions

    def plan(state: State) -> Plan:
        target = state.document(0)
        new = replace(old["s0"], id="new", job="job10")
        gone = [drop_suggestion(state, target, item) for item in old]
        return Plan("job.suggest", [*gone, put_suggestion(state, target, new)], job="job10")

    await ana.store.commit("runner", plan)
    await put(ana, far, MORE + OLD)
    assert (await ana.history.undo_job("job10")).items
    assert [item.id for item in suggestions(ana, NAME)] == ["s0", "s1"]
    assert [item.span for item in suggestions(ana, NAME)] == [Span(10, 13), Span(23, 29)]


async def test_ends_go_back_where_the_words_between_them_are_today(
    ana: ProjectSession, far: FarContainer
) -> None:
    await add(ana, "Place", BERLIN)
    await ana.labeling.save()
    await ana.labeling.change(0, only(ana), span=Span(4, 19))
    await put(ana, far, MORE + OLD)
    assert seen(ana, far) == [("Place", "lives in Berlin")]
    await undone(ana)
    assert seen(ana, far) == [("Place", "Berlin")]
    while document(ana, NAME).active_labels:
        assert (await undone(ana)).refused == 0


async def test_ends_whose_words_are_gone_stay_as_they_are_and_it_says_why(
    ana: ProjectSession, far: FarContainer
) -> None:
    await add(ana, "Place", Span(4, 19))
    await ana.labeling.save()
    await ana.labeling.change(0, only(ana), span=BERLIN)
    await put(ana, far, b"Ann works in Berlin, and Bo lives in Ghent.")
    before = seen(ana, far)
    assert ("Place", "Berlin") in before
    with pytest.raises(RefusedError, match="the text has changed since"):
        await undone(ana)
    assert seen(ana, far) == before


async def test_the_history_knows_where_labels_went_once_the_earlier_text_is_no_longer_kept(
    ana: ProjectSession, far: FarContainer
) -> None:
    await add(ana, "Person", ANN)
    await put(ana, far, MORE + OLD)
    far.kept.clear()
    assert (await undone(ana)).items == 1
    assert seen(ana, far) == []


async def test_a_label_that_is_elsewhere_than_its_words_went_is_refused(
    ana: ProjectSession, far: FarContainer
) -> None:
    await add(ana, "Person", ANN)
    await put(ana, far, MORE + OLD)

    def plan(state: State) -> Plan:
        target = state.document(0)
        elsewhere = replace(target.active_labels[0], span=Span(6, 9))
        return Plan("labels.sync", [put_label(state, target, elsewhere)])

    await ana.store.commit("bo", plan)
    with pytest.raises(RefusedError, match="changed again since"):
        await undone(ana)
    assert seen(ana, far) == [("Person", "May")]


async def test_what_was_set_of_a_document_is_taken_back_once_it_was_read_again(
    bench: Bench, ana: ProjectSession, far: FarContainer
) -> None:
    await ana.documents.set([0], language="de")
    await put(ana, far, MORE + OLD)
    assert (await undone(ana)).items == 1
    now = document(ana, NAME)
    assert (now.language, now.text_hash) == ("", text_hash(MORE + OLD))
    await redone(ana)
    assert document(ana, NAME).language == "de"
    bo = await opened(bench, far, "bo")
    await bo.documents.set([0], dataset=Dataset.TEST)
    with pytest.raises(RefusedError, match="changed again since"):
        await undone(ana)
    now = document(ana, NAME)
    assert (now.language, now.dataset) == ("de", Dataset.TEST)
