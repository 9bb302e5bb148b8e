"""Labels by hand: drafts, saving, and what is in the way."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.builders import TEXT, Bench, document, key, labels, number, saved, span, suggestions, words_of
from tui_labeler.domain.documents import DocumentState
from tui_labeler.domain.labels import Span
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.errors import InputError, NotFoundError, RefusedError
from tui_labeler.engine.labeling import labeling
from tui_labeler.engine.labeling.rules import LabelInTheWayError

if TYPE_CHECKING:
    from tui_labeler.engine.session import ProjectSession


async def ann(session: ProjectSession, location: str = "d0000.txt") -> None:
    await session.labeling.add(number(session, location), key(session, "Person"), span("Ann"))


async def test_a_label_is_a_draft_until_it_is_saved(bench: Bench) -> None:
    session = await bench.create()
    await ann(session)
    assert labels(session) == [("Person", span("Ann"))]
    assert saved(session) == []
    assert session.labeling.drafts() == 1
    assert session.rows[number(session)].state is DocumentState.LABELED
    done = await session.labeling.save()
    assert (done.labels, done.removed, done.rejected, done.documents) == (1, 0, 0, 1)
    assert saved(session) == [("Person", span("Ann"))]
    assert session.labeling.drafts() == 0


async def test_each_decision_applies_at_once_where_that_is_asked_for(bench: Bench) -> None:
    session = await bench.create(immediate=True)
    await ann(session)
    assert saved(session) == [("Person", span("Ann"))]
    assert session.labeling.drafts() == 0
    await session.labeling.remove(number(session), document(session).active_labels[0].id)
    assert saved(session) == labels(session) == []


async def test_a_removed_saved_label_counts_until_that_is_saved(bench: Bench) -> None:
    session = await bench.create()
    await ann(session)
    await session.labeling.save()
    await session.labeling.remove(number(session), document(session).active_labels[0].id)
    assert labels(session) == []
    assert saved(session) == [("Person", span("Ann"))]
    assert session.labeling.drafts() == 1
    assert (await session.labeling.save()).removed == 1
    assert saved(session) == []
    assert [item.removed is not None for item in document(session).labels.values()] == [True]


async def test_a_removed_draft_is_as_if_it_had_never_been(bench: Bench) -> None:
    session = await bench.create()
    await ann(session)
    await session.labeling.remove(number(session), document(session).active_labels[0].id)
    assert document(session).labels == {}
    assert session.labeling.drafts() == 0


async def test_saving_applies_ones_own_drafts_alone(bench: Bench) -> None:
    ana = await bench.create()
    bo = await bench.session("bo")
    await ann(ana)
    await bo.labeling.add(number(bo), key(bo, "Place"), span("Rome"))
    assert (await bo.labeling.save()).labels == 1
    assert saved(bo) == [("Place", span("Rome"))]
    await ana.refresh()
    assert ana.labeling.drafts() == 1
    assert bo.summary().drafts == 1
    await ana.labeling.save()
    assert len(saved(ana)) == 2


@pytest.mark.parametrize("documents", [4, 5])
async def test_all_that_waits_is_saved_however_many_batches_that_takes(
    documents: int, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(labeling, "BATCH", 2)
    session = await bench.create(documents)
    rows = session.documents.select()
    for row in rows:
        await ann(session, row.location)
    done = await session.labeling.save()
    assert (done.labels, done.documents) == (documents, documents)
    assert session.labeling.drafts() == 0
    lines = [
        json.loads(line)
        for segment in sorted((await bench.project_folder()).glob("journal/*.jsonl"))
        for line in segment.read_bytes().splitlines()
    ]
    written = [change for line in lines if line["action"] == "labels.save" for change in line["changes"]]
    assert sorted(key.partition("/")[0] for _, key, _, _ in written) == [str(row.id) for row in rows]
    assert all("draft" in before and "draft" not in after for _, _, before, after in written)
    again = await bench.session()
    assert all(saved(again, row.location) == [("Person", span("Ann"))] for row in rows)


async def test_a_label_that_is_there_is_not_made_twice(bench: Bench) -> None:
    session = await bench.create()
    await ann(session)
    assert await session.labeling.add(number(session), key(session, "Person"), span("Ann")) is None
    assert len(labels(session)) == 1


async def test_an_overlap_is_refused_with_the_label_in_the_way_and_can_be_replaced(bench: Bench) -> None:
    session = await bench.create()
    await ann(session)
    await session.labeling.save()
    wide = Span(0, 7)
    with pytest.raises(LabelInTheWayError, match=r"Person at 0\.\.3") as caught:
        await session.labeling.add(number(session), key(session, "Place"), wide)
    assert [label.span for label in caught.value.labels] == [span("Ann")]
    await session.labeling.add(number(session), key(session, "Place"), wide, replacing=True)
    assert labels(session) == [("Place", wide)]
    assert saved(session) == [("Person", span("Ann"))]
    await session.labeling.save()
    assert saved(session) == [("Place", wide)]


async def test_labels_may_touch(bench: Bench) -> None:
    session = await bench.create()
    await session.labeling.add(number(session), key(session, "Person"), Span(0, 3))
    await session.labeling.add(number(session), key(session, "Place"), Span(3, 7))
    assert len(labels(session)) == 2


async def test_the_same_label_in_another_category_is_in_the_way(bench: Bench) -> None:
    session = await bench.create()
    await ann(session)
    with pytest.raises(LabelInTheWayError):
        await session.labeling.add(number(session), key(session, "Place"), span("Ann"))


async def test_a_single_class_is_replaced(bench: Bench) -> None:
    session = await bench.create(kind=ProjectKind.SINGLE_LABEL, categories=("A", "B"))
    await session.labeling.add(number(session), key(session, "A"))
    await session.labeling.save()
    await session.labeling.add(number(session), key(session, "B"))
    assert labels(session) == [("B", None)]
    await session.labeling.save()
    assert saved(session) == [("B", None)]
    assert await session.labeling.toggle(number(session), key(session, "B")) is None
    assert saved(session) == labels(session) == [("B", None)]


async def test_one_of_many_classes_is_set_and_taken_away(bench: Bench) -> None:
    session = await bench.create(kind=ProjectKind.MULTI_LABEL, categories=("A", "B"))
    for name in ("A", "B"):
        await session.labeling.toggle(number(session), key(session, name))
    assert sorted(labels(session)) == [("A", None), ("B", None)]
    await session.labeling.toggle(number(session), key(session, "A"))
    assert labels(session) == [("B", None)]


async def test_all_occurrences_are_labeled_but_those_that_are_taken(bench: Bench) -> None:
    session = await bench.create()
    await session.labeling.add(number(session), key(session, "Place"), span("Ann", nth=1))
    spans = [span("Ann"), span("Ann", nth=1), span("Ann"), span("Bob")]
    await session.labeling.add_many(number(session), key(session, "Person"), spans)
    assert labels(session) == [
        ("Person", span("Ann")),
        ("Person", span("Bob")),
        ("Place", span("Ann", nth=1)),
    ]
    undone = await session.history.undo()
    assert undone is not None
    assert undone.items == 2
    assert labels(session) == [("Place", span("Ann", nth=1))]


async def test_a_label_changes_its_category_and_its_span(bench: Bench) -> None:
    session = await bench.create()
    await ann(session)
    await session.labeling.save()
    place = number(session)
    await session.labeling.change(
        place, document(session).active_labels[0].id, category=key(session, "Place")
    )
    await session.labeling.change(place, document(session).active_labels[0].id, span=Span(0, 7))
    assert labels(session) == [("Place", Span(0, 7))]
    assert saved(session) == [("Person", span("Ann"))]
    await session.labeling.save()
    assert saved(session) == [("Place", Span(0, 7))]


async def test_a_label_does_not_grow_into_another(bench: Bench) -> None:
    session = await bench.create()
    await ann(session)
    await session.labeling.add(number(session), key(session, "Person"), span("Bob"))
    first = document(session).active_labels[0].id
    with pytest.raises(LabelInTheWayError):
        await session.labeling.change(number(session), first, span=Span(0, 10))
    assert labels(session)[0] == ("Person", span("Ann"))


@pytest.mark.parametrize("kind", [ProjectKind.ENTITIES, ProjectKind.SINGLE_LABEL])
async def test_what_does_not_fit_the_project_is_refused(bench: Bench, kind: ProjectKind) -> None:
    session = await bench.create(kind=kind)
    place, person = number(session), key(session, "Person")
    wrong = None if kind is ProjectKind.ENTITIES else span("Ann")
    with pytest.raises(InputError):
        await session.labeling.add(place, person, wrong)
    with pytest.raises(NotFoundError):
        await session.labeling.add(place, "nothing", span("Ann"))
    with pytest.raises(NotFoundError):
        await session.labeling.add(999, person, span("Ann"))
    with pytest.raises(NotFoundError):
        await session.labeling.remove(place, "nothing")
    assert document(session).labels == {}


async def test_a_span_outside_the_text_is_refused(bench: Bench) -> None:
    session = await bench.create({"a.txt": "short"})
    with pytest.raises(InputError, match=r"3\.\.6 is outside a\.txt, which has 5 characters"):
        await session.labeling.add(number(session, "a.txt"), key(session, "Person"), Span(3, 6))


async def test_an_unreadable_document_is_not_labeled(bench: Bench) -> None:
    session = await bench.create({"a.txt": b"\xff\xfe\x00"}, kind=ProjectKind.SINGLE_LABEL)
    with pytest.raises(RefusedError, match="can't be labeled"):
        await session.labeling.add(number(session, "a.txt"), key(session, "Person"))


async def test_reviewed_and_flagged_are_marks_of_a_document(bench: Bench) -> None:
    session = await bench.create()
    place = number(session)
    await session.labeling.set_reviewed(place)
    await session.labeling.set_flag(place, "  ask  ")
    assert (session.rows[place].state, session.rows[place].flag) == (DocumentState.REVIEWED, "ask")
    assert await session.labeling.set_reviewed(place) is None
    await ann(session)
    assert session.rows[place].state is DocumentState.LABELED
    await session.history.undo()
    await session.labeling.set_reviewed(place, reviewed=False)
    await session.labeling.set_flag(place, "")
    assert (session.rows[place].state, session.rows[place].flag) == (DocumentState.UNLABELED, "")


async def test_only_what_is_empty_and_can_be_read_is_marked_as_reviewed_all_or_none(bench: Bench) -> None:
    session = await bench.create({"a.txt": TEXT, "b.txt": TEXT, "c.txt": b"\xff\xfe\x00"})
    empty, labeled, broken = (number(session, f"{name}.txt") for name in "abc")
    await session.labeling.add(labeled, key(session, "Person"), span("Ann"))
    for other, why in ((labeled, "b.txt has labels"), (broken, "c.txt can't be marked as reviewed")):
        with pytest.raises(RefusedError, match=why):
            await session.labeling.set_reviewed([empty, other])
    assert not any(row.reviewed for row in session.rows.values())
    await session.history.undo()
    await session.labeling.set_reviewed([empty, labeled])
    # Labeled later, the mark can still be taken back.
    await session.labeling.add(labeled, key(session, "Person"), span("Ann"))
    await session.labeling.set_reviewed(labeled, reviewed=False)
    assert [key for key, row in session.rows.items() if row.reviewed] == [empty]


async def test_user_labels_win_and_a_hidden_suggestion_comes_back(bench: Bench) -> None:
    session = await bench.create()
    await bench.add_model(session)
    await bench.autolabel(session)
    assert words_of(suggestions(session)) == ["Ann", "Bob", "Rome", "Ann", "Oslo"]
    await session.labeling.add(number(session), key(session, "Place"), Span(2, 8))
    assert words_of(suggestions(session)) == ["Bob", "Rome", "Ann", "Oslo"]
    await session.labeling.remove(number(session), document(session).active_labels[0].id)
    assert words_of(suggestions(session)) == ["Ann", "Bob", "Rome", "Ann", "Oslo"]


@pytest.mark.parametrize(
    ("kind", "left"), [(ProjectKind.SINGLE_LABEL, 0), (ProjectKind.MULTI_LABEL, 1)], ids=["single", "multi"]
)
async def test_a_class_hides_suggestions_as_its_kind_says(bench: Bench, kind: ProjectKind, left: int) -> None:
    session = await bench.create(kind=kind)
    await bench.add_model(session)
    await bench.autolabel(session)
    before = len(suggestions(session))
    assert before == left + 1
    await session.labeling.add(number(session), key(session, "Person"))
    assert len(suggestions(session)) == left
    await session.labeling.remove(number(session), document(session).active_labels[0].id)
    assert len(suggestions(session)) == before


async def test_a_label_that_came_of_a_suggestion_counts_as_rejected_when_it_goes(bench: Bench) -> None:
    session = await bench.create()
    await bench.add_model(session)
    await bench.autolabel(session)
    await session.review.accept(number(session), suggestions(session)[0].id)
    await session.labeling.remove(number(session), document(session).active_labels[0].id)
    assert words_of(suggestions(session)) == ["Bob", "Rome", "Ann", "Oslo"]
    await bench.autolabel(session)
    assert words_of(suggestions(session)) == ["Bob", "Rome", "Ann", "Oslo"]


async def test_a_mended_suggestion_keeps_where_it_came_from(bench: Bench) -> None:
    session = await bench.create()
    await bench.add_model(session)
    await bench.autolabel(session)
    first = suggestions(session)[0]
    await session.review.accept(number(session), first.id)
    await session.labeling.change(number(session), document(session).active_labels[0].id, span=Span(0, 7))
    (label,) = document(session).active_labels
    assert (label.origin.value, label.suggestion, label.job) == ("suggestion", first.id, first.job)


@pytest.mark.parametrize("kind", [ProjectKind.ENTITIES, ProjectKind.SINGLE_LABEL, ProjectKind.MULTI_LABEL])
async def test_a_changed_label_is_one_change_to_save(bench: Bench, kind: ProjectKind) -> None:
    session = await bench.create(kind=kind)
    where = None if kind.is_classification else span("Ann")
    await session.labeling.add(number(session), key(session, "Person"), where)
    await session.labeling.save()
    for name in ("Place", "Person", "Place"):
        label = document(session).active_labels[0]
        await session.labeling.change(number(session), label.id, category=key(session, name))
        assert session.labeling.drafts() == 1
    await session.labeling.remove(number(session), document(session).active_labels[0].id)
    assert session.labeling.drafts() == 1
    await session.history.undo()
    assert labels(session) == [("Place", where)]
    assert session.labeling.drafts() == 1
    await session.labeling.save()
    assert saved(session) == [("Place", where)]
    assert session.labeling.drafts() == 0


async def test_a_label_may_take_the_place_of_those_it_grows_into_in_one_step(bench: Bench) -> None:
    session = await bench.create()
    await ann(session)
    await session.labeling.add(number(session), key(session, "Place"), span("Rome"))
    first = document(session).active_labels[0]
    whole = Span(span("Ann").start, span("Rome").end)
    with pytest.raises(LabelInTheWayError):
        await session.labeling.change(number(session), first.id, span=whole)
    await session.labeling.change(number(session), first.id, span=whole, replacing=True)
    assert labels(session) == [("Person", whole)]
    await session.history.undo()
    assert labels(session) == [("Person", span("Ann")), ("Place", span("Rome"))]
