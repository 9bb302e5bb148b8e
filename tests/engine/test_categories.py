"""Categories: labels follow their names, and nothing is lost when two become one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import Bench, document, key, labels, number, saved, span, suggestions
from tui_labeler.domain.labels import Span, ToPlace
from tui_labeler.domain.projects import LONGEST_CATEGORY, Dataset, ProjectKind
from tui_labeler.engine.errors import InputError, NotFoundError
from tui_labeler.engine.ports import Change, Plan
from tui_labeler.engine.rows import to_row
from tui_labeler.engine.turns import Progress

if TYPE_CHECKING:
    from tui_labeler.engine.session import ProjectSession


async def person(session: ProjectSession, word: str, category: str = "Person") -> None:
    await session.labeling.add(number(session), key(session, category), span(word))


async def test_labels_follow_a_new_name(bench: Bench) -> None:
    session = await bench.create()
    await person(session, "Ann")
    await session.categories.rename(key(session, "Person"), "People")
    assert labels(session) == [("People", span("Ann"))]
    await session.categories.rename(key(session, "People"), "People")
    with pytest.raises(InputError, match="white space"):
        await session.categories.rename(key(session, "People"), "People ")
    with pytest.raises(InputError, match="already a category"):
        await session.categories.rename(key(session, "People"), "Place")
    with pytest.raises(InputError):
        await session.categories.rename(key(session, "People"), "  ")


async def test_names_are_taken_once(bench: Bench) -> None:
    session = await bench.create()
    with pytest.raises(InputError, match="already a category named 'Person'"):
        await session.categories.add("Person")
    with pytest.raises(InputError, match="white space"):
        await session.categories.add(" Firm ")
    with pytest.raises(InputError, match="needs a name"):
        await session.categories.add(" ")
    await session.categories.add("x" * LONGEST_CATEGORY)
    with pytest.raises(InputError, match="at most 1,000 characters, not 1,001"):
        await session.categories.add("x" * (LONGEST_CATEGORY + 1))
    with pytest.raises(NotFoundError, match="no entity named 'Firm'"):
        session.categories.by_name("Firm")
    with pytest.raises(NotFoundError):
        await session.categories.set("nothing", description="x")


async def test_deleting_takes_labels_drafts_and_suggestions_with_it(bench: Bench) -> None:
    session = await bench.create()
    await bench.add_model(session)
    await bench.autolabel(session)
    await person(session, "Ann")
    await session.labeling.save()
    await person(session, "Bob")
    gone = await session.categories.delete(key(session, "Person"))
    assert (gone.labels, gone.documents) == (2, 3)
    assert labels(session) == saved(session) == []
    assert session.labeling.drafts() == 0
    assert {item.category for item in suggestions(session)} == {key(session, "Place")}
    undone = await session.history.undo()
    assert undone is not None
    assert labels(session) == [("Person", span("Ann")), ("Person", span("Bob"))]
    assert saved(session) == [("Person", span("Ann"))]


async def test_merging_turns_labels_and_suggestions_over(bench: Bench) -> None:
    session = await bench.create(immediate=True)
    await bench.add_model(session)
    await bench.autolabel(session)
    await person(session, "met")
    merged = await session.categories.merge(key(session, "Person"), key(session, "Place"))
    assert (merged.labels, merged.suggestions) == (1, 9)
    assert labels(session) == [("Place", span("met"))]
    assert len(suggestions(session)) == 5
    with pytest.raises(NotFoundError):
        session.categories.by_name("Person")
    with pytest.raises(InputError):
        await session.categories.merge(key(session, "Place"), key(session, "Place"))


async def test_of_two_classes_that_become_one_a_document_keeps_one_label(bench: Bench) -> None:
    session = await bench.create(kind=ProjectKind.MULTI_LABEL, immediate=True)
    for name in ("Person", "Place"):
        await session.labeling.toggle(number(session), key(session, name))
    await session.categories.merge(key(session, "Person"), key(session, "Place"))
    assert labels(session) == saved(session) == [("Place", None)]


async def test_a_label_beside_one_that_was_removed_survives_a_merge(bench: Bench) -> None:
    session = await bench.create(immediate=True)
    await person(session, "Ann")
    await session.labeling.remove(number(session), document(session).active_labels[0].id)
    await person(session, "Ann")
    await session.categories.merge(key(session, "Person"), key(session, "Place"))
    assert labels(session) == saved(session) == [("Place", span("Ann"))]


async def test_what_waits_for_a_place_follows_its_category(bench: Bench) -> None:
    session = await bench.create(categories=("Person", "Place", "Firm"))
    place = number(session)
    items = [ToPlace(f"t{name}", key(session, name), "x", "gpt:r/d", "j") for name in ("Person", "Firm")]
    changes = [Change("to_place", f"{place}/{item.id}", None, to_row(item)) for item in items]
    await session.store.commit("runner", lambda state: Plan("x", changes))
    await session.categories.merge(key(session, "Person"), key(session, "Place"))
    await session.categories.delete(key(session, "Firm"))
    assert {item.category for item in document(session).to_place.values()} == {key(session, "Place")}
    await session.history.undo()
    assert len(document(session).to_place) == 2


async def test_counts_are_of_labels_documents_and_suggestions_by_set(bench: Bench) -> None:
    session = await bench.create()
    await bench.add_model(session)
    await bench.autolabel(session)
    await person(session, "Ann")
    await person(session, "Bob")
    await session.documents.set([number(session)], dataset=Dataset.TEST)
    count = session.categories.counts()[key(session, "Person")]
    assert (count.labels, count.documents, count.suggestions) == (2, 1, 7)
    test = session.categories.counts(Dataset.TEST)[key(session, "Person")]
    assert (test.labels, test.suggestions) == (2, 1)
    assert session.categories.counts(Dataset.TRAIN)[key(session, "Person")].labels == 0


async def test_what_is_not_given_stays_when_a_category_is_described(bench: Bench) -> None:
    session = await bench.create()
    await session.categories.set(key(session, "Person"), description="people", examples=["Ann"])
    changed = await session.categories.set(key(session, "Person"), color="#ff0000")
    assert (changed.description, changed.examples, changed.color) == ("people", ("Ann",), "#ff0000")


async def test_every_refusal_says_what_to_do(bench: Bench) -> None:
    session = await bench.create()
    categories = session.categories
    for refused in (
        categories.add(" "),
        categories.add("Person"),
        categories.rename(key(session, "Person"), "Place"),
        categories.merge(key(session, "Person"), key(session, "Person")),
        categories.set("nothing", description="x"),
    ):
        with pytest.raises(InputError) as caught:
            await refused
        assert caught.value.hint.endswith("."), caught.value.message


@pytest.mark.parametrize("name", ["person", "PERSON", "place"])
async def test_names_that_differ_by_case_alone_are_refused(bench: Bench, name: str) -> None:
    session = await bench.create()
    with pytest.raises(InputError, match="would differ by case alone"):
        await session.categories.add(name)
    made = await session.categories.add("Town")
    with pytest.raises(InputError, match="would differ by case alone"):
        await session.categories.rename(made.id, name)
    await session.categories.rename(key(session, "Person"), "PERSON")


async def labeled(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> ProjectSession:
    """Three documents with a label of ``Person`` each, and steps of one document."""
    monkeypatch.setattr("tui_labeler.engine.categories.BATCH", 1)
    session = await bench.create(immediate=True)
    for document_id in session.store.state.rows:
        await session.labeling.add(document_id, key(session, "Person"), Span(0, 1))
    return session


def people(session: ProjectSession) -> int:
    return session.categories.counts()[key(session, "Person")].labels


@pytest.mark.parametrize("into", [None, "Place"])
async def test_a_category_goes_step_by_step_and_one_undo_brings_all_back(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, into: str | None
) -> None:
    session = await labeled(bench, monkeypatch)
    before, count = session.store.seq, len(session.store.state.rows)
    person, progress = key(session, "Person"), Progress()
    if into is None:
        gone = await session.categories.delete(person, progress)
    else:
        gone = await session.categories.merge(person, key(session, into), progress)
    assert (gone.labels, gone.documents) == (count, count)
    assert session.store.seq - before == count == progress.done == progress.total
    assert person not in session.store.state.categories
    undone = await session.history.undo()
    assert undone is not None
    assert people(session) == count
    assert await session.history.redo() is not None
    assert person not in session.store.state.categories


async def test_a_category_that_is_stopped_on_its_way_stays_and_one_undo_brings_back_what_went(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await labeled(bench, monkeypatch)
    count = len(session.store.state.rows)
    gone = await session.categories.delete(key(session, "Person"), Stopped(after=1))
    assert gone.labels == 1
    assert people(session) == count - 1
    await session.history.undo()
    assert people(session) == count


@pytest.mark.parametrize("when", [1, 2, 3])
async def test_labels_that_others_make_behind_the_steps_go_with_the_last(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, when: int
) -> None:
    session = await labeled(bench, monkeypatch)
    commit, person = session.store.commit, key(session, "Person")
    first, *_ = session.store.state.rows
    calls: list[str] = []

    async def beside(actor: str, plan: Any) -> Any:
        calls.append(actor)
        if len(calls) == when:
            await session.labeling.add(first, person, Span(2, 3))
        return await commit(actor, plan)

    monkeypatch.setattr(session.store, "commit", beside)
    await session.categories.delete(person)
    whole = [session.store.state.whole(document_id) for document_id in session.store.state.rows]
    assert [label for document in whole for label in document.active_labels] == []


class Stopped(Progress):
    """Somebody stops it after so many documents."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self._after = after

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name == "done" and value and value >= self._after:
            self.stopped = True
