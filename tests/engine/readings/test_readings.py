"""Two people on one document on purpose: nobody sees the other's reading before both are done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.builders import TEXT, Bench, document, key, labels, number, saved, span, suggestions
from tui_labeler.domain.agreement import Outcome, Take
from tui_labeler.domain.document_filters import DocumentFilter
from tui_labeler.domain.documents import DocumentState
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.errors import InputError, RefusedError
from tui_labeler.engine.models.samples import labeled_documents

if TYPE_CHECKING:
    from tui_labeler.engine.session import ProjectSession

FIRST = "d0000.txt"


async def given(bench: Bench, kind: ProjectKind = ProjectKind.ENTITIES) -> tuple[ProjectSession, ...]:
    """A project whose first document is with ann and bob, as the lead, ann and bob see it."""
    lead = await bench.create(kind=kind)
    await lead.readings.assign(["bob", "ann"], documents=[number(lead)])
    return lead, await bench.session("ann"), await bench.session("bob")


async def read(session: ProjectSession, *found: tuple[str, str], done: bool = True) -> None:
    """Labels words of the first document, or classes, and is done with it."""
    await session.refresh()
    for category, words in found:
        where = None if session.project.kind.is_classification else span(words)
        await session.labeling.add(number(session), key(session, category), where)
    if done:
        await session.readings.finish([number(session)])


async def actions(session: ProjectSession, location: str = FIRST) -> list[tuple[str, str, str | None]]:
    found = session.history.entries(document=number(session, location))
    return [(entry.who, entry.action, entry.category) async for entry in found]


# --- nobody sees the other's ------------------------------------------------------------------------


async def test_a_reading_is_seen_by_its_reader_alone_until_both_are_done(bench: Bench) -> None:
    lead, ann, bob = await given(bench)
    await read(ann, ("Person", "Ann"), done=False)
    for other in (lead, bob):
        await other.refresh()
        assert labels(other) == []
        assert [what[:2] for what in await actions(other)] == [
            ("ana", "readings.give"),
            ("ana", "documents.sync"),
        ]
        assert other.readings.both(number(other)) is None
    assert labels(ann) == [("Person", span("Ann"))]
    assert ("ann", "label.add", "Person") in await actions(ann)

    await ann.readings.finish([number(ann)])
    await read(bob, ("Person", "Ann"), ("Place", "Rome"), done=False)
    await bob.refresh()
    assert bob.readings.both(number(bob)) is None
    assert ("ann", "label.add", "Person") not in await actions(bob)

    await bob.readings.finish([number(bob)])
    for person in (lead, ann, bob):
        await person.refresh()
        both = person.readings.both(number(person))
        assert both is not None
        assert both.readers == ("ann", "bob")
        assert [line.outcome for line in both.lines] == [Outcome.SAME, Outcome.SECOND_ONLY]
        assert {("ann", "label.add", "Person"), ("bob", "label.add", "Place")} <= set(await actions(person))


async def test_the_short_form_of_a_document_is_the_same_for_everybody_and_says_who_is_done(
    bench: Bench,
) -> None:
    lead, ann, bob = await given(bench)
    await read(ann, ("Person", "Ann"))
    for person in (lead, ann, bob):
        await person.refresh()
        row = person.rows[number(person)]
        assert (row.state, row.label_count, row.draft_count) == (DocumentState.UNLABELED, 0, 0)
        assert (row.readers, row.finishers, row.settled) == (("ann", "bob"), ("ann",), False)
        assert person.categories.counts()[key(person, "Person")].labels == 0
    # What was folded into the files, and read back, says the same.
    await ann.store.checkpoint()
    again = await bench.session("bob")
    assert again.rows == bob.rows
    assert labels(again) == []
    assert labels(await bench.session("ann")) == [("Person", span("Ann"))]


async def test_a_reading_is_no_draft_and_counts_for_nothing(bench: Bench) -> None:
    _, ann, bob = await given(bench)
    await read(ann, ("Person", "Ann"))
    assert ann.labeling.drafts() == 0
    assert saved(ann) == []
    exported = await ann.label_files.write("azure")
    assert (exported.documents, exported.labels) == (0, 0)
    found = await labeled_documents(ann.store.state, ann.documents.container)
    assert found.documents == []
    assert (await ann.training.preview()).documents == 0
    await read(bob, ("Person", "Ann"))
    assert saved(bob) == []


async def test_readers_see_no_suggestions_and_a_job_goes_on_replacing_them(bench: Bench) -> None:
    lead, ann, _ = await given(bench)
    await bench.add_model(lead)
    await bench.autolabel(lead)
    await ann.refresh()
    assert suggestions(ann) == suggestions(lead) == ()
    assert suggestions(ann, "d0001.txt") != ()
    assert lead.rows[number(lead)].suggestion_count == 0
    before = lead.store.state.whole(number(lead)).suggestions
    assert before
    await bench.autolabel(lead)
    assert len(lead.store.state.whole(number(lead)).suggestions) == len(before)
    await ann.labeling.add(number(ann), key(ann, "Person"), span("Ann"))
    assert not document(ann).active_labels[0].saw_suggestion


async def test_others_can_not_label_what_is_with_its_readers(bench: Bench) -> None:
    lead, ann, _ = await given(bench)
    with pytest.raises(RefusedError, match="ann and bob"):
        await lead.labeling.add(number(lead), key(lead, "Person"), span("Ann"))
    with pytest.raises(RefusedError, match="readers"):
        await ann.labeling.set_reviewed(number(ann))
    await read(ann, ("Person", "Ann"))
    with pytest.raises(RefusedError, match="done"):
        await ann.labeling.add(number(ann), key(ann, "Place"), span("Rome"))
    with pytest.raises(RefusedError, match="done"):
        await ann.labeling.remove(number(ann), document(ann).active_labels[0].id)


async def test_an_import_leaves_alone_what_is_with_its_readers(bench: Bench) -> None:
    lead, _, _ = await given(bench)
    place = number(lead, "d0001.txt")
    await lead.labeling.add(place, key(lead, "Person"), span("Ann"))
    await lead.labeling.save()
    data = (await lead.label_files.write("azure")).data.replace(b"d0001.txt", FIRST.encode())
    report = await lead.label_files.read(data, "labels.json")
    assert report.labels == 0
    assert any("ann and bob" in item.reason for item in report.skipped)
    assert saved(lead) == []


# --- giving -----------------------------------------------------------------------------------------


async def test_a_share_is_drawn_from_what_nobody_has_labeled_and_the_seed_repeats_it(bench: Bench) -> None:
    lead = await bench.create(21)
    await lead.labeling.add(number(lead), key(lead, "Person"), span("Ann"))
    done = await lead.readings.assign(["ann", "bob"], share=0.1, seed=3)
    assert (len(done.documents), done.candidates) == (2, 20)
    assert FIRST not in [location for location, _ in done.documents]
    await lead.history.undo()
    assert not any(row.readers for row in lead.rows.values())
    again = await lead.readings.assign(["ann", "bob"], share=0.1, seed=3)
    assert again.documents == done.documents
    other = await lead.readings.assign(["ann", "bob"], share=0.5, seed=4)
    assert other.candidates == 18
    assert not {location for location, _ in other.documents} & {location for location, _ in again.documents}


async def test_of_three_readers_each_pair_gets_documents(bench: Bench) -> None:
    lead = await bench.create(6)
    done = await lead.readings.assign(["eve", "ann", "bob"])
    pairs = [pair for _, pair in done.documents]
    assert sorted(pairs) == sorted([("ann", "bob"), ("ann", "eve"), ("bob", "eve")] * 2)


@pytest.mark.parametrize("readers", [["ann"], ["ann", "ann"], ["ann", " "], [], ["ann", "b\x1b]0;x\x07"]])
async def test_readers_are_two_names(bench: Bench, readers: list[str]) -> None:
    lead = await bench.create()
    with pytest.raises(InputError):
        await lead.readings.assign(readers)


async def test_what_is_labeled_or_given_is_not_given(bench: Bench) -> None:
    lead, _, _ = await given(bench)
    await lead.labeling.add(number(lead, "d0001.txt"), key(lead, "Person"), span("Ann"))
    every = [row.id for row in lead.documents.select()]
    done = await lead.readings.assign(["eve", "bob"], documents=every)
    assert done.documents == (("d0002.txt", ("bob", "eve")),)
    assert done.skipped == ((FIRST, "it is with ann and bob"), ("d0001.txt", "it is labeled"))
    with pytest.raises(RefusedError, match="labeled"):
        await lead.readings.assign(["eve", "bob"], documents=[number(lead, "d0001.txt")])


async def test_giving_is_not_undone_once_a_reader_has_begun(bench: Bench) -> None:
    lead, ann, _ = await given(bench)
    await read(ann, ("Person", "Ann"), done=False)
    with pytest.raises(RefusedError):
        await lead.history.undo()
    assert document(lead).readers == ("ann", "bob")


async def test_withdrawing_frees_a_document_and_its_undo_gives_the_reading_back(bench: Bench) -> None:
    lead, ann, _ = await given(bench)
    await read(ann, ("Person", "Ann"))
    await lead.readings.withdraw([number(lead)])
    await ann.refresh()
    assert labels(ann) == []
    assert not document(ann).readers
    await lead.labeling.add(number(lead), key(lead, "Person"), span("Bob"))
    await lead.history.undo()
    await lead.history.undo()
    await ann.refresh()
    assert labels(ann) == [("Person", span("Ann"))]
    assert document(ann).finishers == ("ann",)


# --- being done -------------------------------------------------------------------------------------


async def test_a_reader_goes_on_until_the_other_is_done_too(bench: Bench) -> None:
    _, ann, bob = await given(bench)
    await read(ann, ("Person", "Ann"))
    await ann.readings.reopen([number(ann)])
    await ann.labeling.add(number(ann), key(ann, "Place"), span("Rome"))
    await ann.readings.finish([number(ann)])
    assert await ann.readings.finish([number(ann)]) is None
    await read(bob)
    with pytest.raises(RefusedError, match="in view"):
        await bob.readings.reopen([number(bob)])
    both = bob.readings.both(number(bob))
    assert both is not None
    assert (len(both.first), len(both.second)) == (2, 0)


async def test_no_undo_changes_a_reading_that_is_done(bench: Bench) -> None:
    _, ann, bob = await given(bench)
    await read(ann, ("Person", "Ann"))
    await read(bob)
    with pytest.raises(RefusedError):
        await ann.history.undo()
    both = ann.readings.both(number(ann))
    assert both is not None
    assert both.first == ((key(ann, "Person"), span("Ann")),)


async def test_only_its_readers_are_done_with_a_document(bench: Bench) -> None:
    lead, ann, _ = await given(bench)
    with pytest.raises(RefusedError, match="not yours"):
        await lead.readings.finish([number(lead)])
    with pytest.raises(RefusedError, match="not yours"):
        await ann.readings.finish([number(ann, "d0001.txt")])


async def test_lists_are_filtered_by_what_is_to_read_and_to_adjudicate(bench: Bench) -> None:
    lead, ann, bob = await given(bench)

    def listed(session: ProjectSession, wanted: DocumentFilter) -> list[str]:
        return [row.location for row in session.documents.select(wanted)]

    assert listed(ann, DocumentFilter(to_read_by="ann")) == [FIRST]
    await read(ann)
    assert listed(ann, DocumentFilter(to_read_by="ann")) == []
    assert listed(lead, DocumentFilter(to_adjudicate=True)) == []
    await read(bob)
    await lead.refresh()
    assert (
        listed(lead, DocumentFilter(to_adjudicate=True))
        == listed(lead, DocumentFilter(given=True))
        == [FIRST]
    )


# --- adjudicating -----------------------------------------------------------------------------------


async def test_what_agrees_is_taken_and_the_last_choice_makes_the_labels(bench: Bench) -> None:
    lead, ann, bob = await given(bench)
    await read(ann, ("Person", "Ann"), ("Place", "Bob"))
    await read(bob, ("Person", "Ann"), ("Person", "Bob"), ("Place", "Rome"))
    await lead.refresh()
    place = number(lead)
    both = lead.readings.both(place)
    assert both is not None
    assert [line.outcome for line in both.differing] == [Outcome.OTHER_CATEGORY, Outcome.SECOND_ONLY]
    await lead.readings.choose(place, both.differing[0], Take.SECOND)
    assert saved(lead) == []
    assert len(lead.readings.both(place).undecided) == 1  # type: ignore[union-attr]
    await lead.readings.choose(place, both.differing[1], Take.NEITHER)
    assert saved(lead) == [("Person", span("Ann")), ("Person", span("Bob"))]
    made = document(lead).active_labels[0]
    assert (made.made.actor, made.draft, made.reader) == ("ana", None, "")
    assert lead.rows[place].state is DocumentState.LABELED
    # The readings stay for the figures, and are no labels of anybody any more.
    await ann.refresh()
    assert labels(ann) == saved(ann) == saved(lead)
    (kept,) = lead.readings.compared().documents
    assert (kept.first, kept.second) == (both.first, both.second)
    with pytest.raises(RefusedError, match="settled"):
        await ann.readings.choose(place, both.differing[1], Take.SECOND)

    await lead.history.undo()
    assert saved(lead) == []
    assert document(lead).settled is None
    await lead.readings.choose(place, both.differing[1], Take.BOTH)
    assert ("Place", span("Rome")) in saved(lead)


async def test_what_somebody_changed_after_it_was_settled_stays_when_it_is_settled_anew(bench: Bench) -> None:
    lead, ann, bob = await given(bench)
    await read(ann, ("Person", "Ann"), ("Place", "Rome"))
    await read(bob, ("Person", "Ann"), ("Place", "Rome"))
    await lead.refresh()
    await lead.readings.settle_agreeing([number(lead)])
    await bob.refresh()
    changed = next(label for label in document(bob).active_labels if label.span == span("Ann"))
    await bob.labeling.change(number(bob), changed.id, category=key(bob, "Place"))
    await bob.labeling.save()
    await lead.history.undo()
    await lead.readings.settle_agreeing([number(lead)])
    assert saved(lead) == [("Place", span("Ann")), ("Place", span("Rome"))]


async def test_readings_that_agree_are_settled_in_one_step_and_the_others_wait(bench: Bench) -> None:
    lead, ann, bob = await given(bench)
    await lead.readings.assign(["ann", "bob"])
    for person in (ann, bob):
        await read(person, ("Person", "Ann"))
        await person.readings.finish([number(person, "d0001.txt")])
    for person, word in ((ann, "Ann"), (bob, "Bob")):
        await person.refresh()
        place = number(person, "d0002.txt")
        await person.labeling.add(place, key(person, "Person"), span(word))
        await person.readings.finish([place])
    await lead.refresh()
    compared = lead.readings.compared()
    assert [item.location for item in compared.documents] == ["d0002.txt", FIRST, "d0001.txt"]
    await lead.readings.settle_agreeing([item.document for item in compared.documents])
    assert saved(lead) == [("Person", span("Ann"))]
    assert lead.rows[number(lead, "d0001.txt")].state is DocumentState.REVIEWED
    assert document(lead, "d0002.txt").settled is None
    await lead.history.undo()
    assert saved(lead) == []
    assert document(lead, "d0001.txt").reviewed is None


async def test_both_sides_of_an_overlap_can_not_be_taken(bench: Bench) -> None:
    lead, ann, bob = await given(bench)
    long = TEXT[: span("Bob").end]
    await ann.labeling.add(number(ann), key(ann, "Person"), span(long))
    await ann.readings.finish([number(ann)])
    await read(bob, ("Person", "Ann"), ("Person", "Bob"))
    await lead.refresh()
    both = lead.readings.both(number(lead))
    assert both is not None
    assert len(both.differing) == 2
    with pytest.raises(RefusedError, match="overlap"):
        await lead.readings.choose(number(lead), both.differing[0], Take.BOTH)
    await lead.readings.choose(number(lead), both.differing[0], Take.FIRST)
    with pytest.raises(RefusedError, match="overlap"):
        await lead.readings.choose(number(lead), both.differing[1], Take.SECOND)
    assert document(lead).settled is None


async def test_one_class_is_settled_and_a_choice_can_be_changed_before_the_last(bench: Bench) -> None:
    lead, ann, bob = await given(bench, ProjectKind.SINGLE_LABEL)
    await read(ann, ("Person", ""))
    await read(bob, ("Place", ""))
    await lead.refresh()
    both = lead.readings.both(number(lead))
    assert both is not None
    (place,) = both.differing
    with pytest.raises(RefusedError, match="one class"):
        await lead.readings.choose(number(lead), place, Take.BOTH)
    await lead.readings.choose(number(lead), place, Take.SECOND)
    assert saved(lead) == [("Place", None)]


async def test_a_category_that_goes_goes_from_the_readings_of_all(bench: Bench) -> None:
    lead, ann, bob = await given(bench)
    await read(ann, ("Person", "Ann"), ("Place", "Rome"))
    await read(bob, ("Person", "Ann"), done=False)
    await lead.refresh()
    await lead.categories.delete(key(lead, "Place"))
    await ann.refresh()
    assert labels(ann) == [("Person", span("Ann"))]
    await lead.categories.add("Human")
    await lead.categories.merge(key(lead, "Person"), key(lead, "Human"))
    for person in (ann, bob):
        await person.refresh()
        assert labels(person) == [("Human", span("Ann"))]


@pytest.mark.parametrize("into", [None, "Place"])
async def test_a_category_that_goes_counts_the_labels_of_readings_and_comes_back_with_them(
    bench: Bench, into: str | None
) -> None:
    lead, ann, bob = await given(bench)
    await read(ann, ("Person", "Ann"), ("Place", "Rome"))
    await read(bob, ("Person", "Ann"), ("Person", "Bob"))
    await lead.refresh()
    place, person = number(lead), key(lead, "Person")
    before = lead.store.state.whole(place).labels
    count = await lead.categories.touched(person)
    assert (count.labels, count.documents, count.in_readings) == (3, 1, 3)
    assert count.label_words == "3 labels (3 of them in readings)"
    assert lead.categories.counts()[person].labels == 0
    if into is None:
        done = await lead.categories.delete(person)
    else:
        done = await lead.categories.merge(person, key(lead, into))
    assert (done.labels, done.documents, done.in_readings) == (3, 1, 3)
    undone = await lead.history.undo()
    assert undone is not None
    assert (undone.documents, undone.refused) == ((place,), 0)
    assert lead.store.state.whole(place).labels == before
    again = await lead.history.redo()
    assert again is not None
    assert again.refused == 0
    await lead.history.undo()
    assert lead.store.state.whole(place).labels == before


async def test_a_category_that_comes_back_leaves_a_withdrawn_reading_withdrawn(bench: Bench) -> None:
    lead, ann, _ = await given(bench)
    await read(ann, ("Person", "Ann"))
    await lead.refresh()
    await lead.categories.delete(key(lead, "Person"))
    await ann.readings.withdraw([number(ann)])
    await lead.refresh()
    await lead.history.undo()
    assert labels(lead) == []
    assert lead.store.state.whole(number(lead)).active_labels == ()


async def test_nothing_is_settled_before_both_are_done(bench: Bench) -> None:
    lead, ann, _ = await given(bench)
    await read(ann, ("Person", "Ann"))
    await lead.refresh()
    with pytest.raises(RefusedError, match="done"):
        await lead.readings.settle_agreeing([number(lead)])
    assert lead.readings.compared().documents == ()
    assert lead.readings.compared().waiting == {1: 1}
