"""Labels follow their words when a text in a remote container has changed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import Bench
from tests.engine.paper import Paper, cut, paper
from tests.fakes import suggest
from tests.far import FarContainer
from tui_labeler.domain.labels import Label, Span, Suggestion
from tui_labeler.domain.suggestion_filter import SuggestionFilter
from tui_labeler.engine.changes import put_document, put_label
from tui_labeler.engine.documents.decoding import text_hash
from tui_labeler.engine.documents.reading import Reading
from tui_labeler.engine.errors import RefusedError, UnreachableError
from tui_labeler.engine.formats.model import FileDocument
from tui_labeler.engine.labeling.rules import LabelInTheWayError
from tui_labeler.engine.ports import Plan

if TYPE_CHECKING:
    from pathlib import Path

    from tui_labeler.engine.ports import State
    from tui_labeler.engine.session import ProjectSession

__all__ = ["paper"]

OLD = b"Ann lives in Berlin, and Bo lives in Ghent."


@pytest.fixture
def far() -> FarContainer:
    return FarContainer({"a.txt": OLD})


@pytest.fixture
async def session(tmp_path: Path, far: FarContainer) -> ProjectSession:
    session = await Bench(tmp_path).create({}, immediate=True)
    session.documents._container = far
    await session.documents.sync()
    person, place = (session.categories.by_name(name).id for name in ("Person", "Place"))
    await session.documents.open(0)
    await session.labeling.add(0, person, Span(0, 3))
    await session.labeling.add(0, place, Span(13, 19))
    await session.labeling.add(0, place, Span(37, 42))
    return session


def change(far: FarContainer, text: bytes) -> None:
    """Somebody uploads another text; both are kept here."""
    for data in (*far.texts.values(), text):
        far.kept["a.txt", text_hash(data)] = data
    far.texts["a.txt"] = text


async def put_beside(session: ProjectSession, **other: Any) -> None:
    """Another label like the first, but for what is given; nobody could make it so."""

    def plan(state: State) -> Plan:
        document = state.whole(0)
        first = document.active_labels[0]
        return Plan("label.add", [put_label(state, document, replace(first, id="second", **other))])

    await session.store.commit("ana", plan)


def labeled(session: ProjectSession, far: FarContainer) -> list[str]:
    """The words under the labels that are on the text of today."""
    text = far.texts["a.txt"].decode()
    document = session.store.state.document(0)
    return [
        text[label.span.start : label.span.end]
        for label in document.active_labels
        if label.span and label.text_hash == document.text_hash
    ]


async def test_labels_whose_words_are_still_there_move_and_the_rest_is_told(
    session: ProjectSession, far: FarContainer
) -> None:
    change(far, b"Since May Ann lives in Berlin, and Bo lives in Aalst.")
    synced = await session.documents.sync()
    assert (synced.changed, synced.moved, synced.stale) == (1, 2, (("a.txt", 1),))
    assert labeled(session, far) == ["Ann", "Berlin"]
    again = await session.documents.sync()
    assert (again.moved, again.stale) == (0, (("a.txt", 1),))


async def test_a_label_keeps_who_made_it_and_the_move_stands_in_the_history(
    session: ProjectSession, far: FarContainer
) -> None:
    before = {label.id: label.made for label in session.store.state.document(0).active_labels}
    change(far, b"Since May " + OLD)
    await session.documents.sync()
    after = session.store.state.document(0).active_labels
    assert {label.id: label.made for label in after} == before
    assert [label.span for label in after] == [Span(10, 13), Span(23, 29), Span(47, 52)]
    newest = await anext(session.store.history())
    assert newest.action == "labels.move"


async def test_a_text_that_comes_back_brings_its_labels_back(
    session: ProjectSession, far: FarContainer
) -> None:
    change(far, b"Nothing of it.")
    assert (await session.documents.sync()).stale == (("a.txt", 3),)
    assert labeled(session, far) == []
    change(far, OLD)
    synced = await session.documents.sync()
    assert synced.stale == ()
    assert labeled(session, far) == ["Ann", "Berlin", "Ghent"]


async def test_without_the_earlier_text_nothing_moves_and_nothing_is_lost(
    session: ProjectSession, far: FarContainer
) -> None:
    change(far, b"Since May " + OLD)
    far.kept.clear()
    synced = await session.documents.sync()
    assert (synced.moved, synced.stale) == (0, (("a.txt", 3),))
    assert len(session.store.state.document(0).active_labels) == 3


async def test_a_label_moves_into_no_other(session: ProjectSession, far: FarContainer) -> None:
    person, place = (session.categories.by_name(name).id for name in ("Person", "Place"))
    first = b"Report of today. Bob Smith signed the lease agreement."
    second = b"A much longer heading stands here now.\n" + first.replace(b"Smith", b"Brown")
    for label in session.store.state.document(0).active_labels:
        await session.labeling.remove(0, label.id)
    for text, category, span in ((first, person, Span(17, 26)), (second, place, Span(56, 59))):
        change(far, text)
        await session.documents.sync()
        await session.documents.open(0)
        await session.labeling.add(0, category, span)
    change(far, first)
    assert (await session.documents.sync()).stale == (("a.txt", 1),)
    assert labeled(session, far) == ["Bob Smith"]


async def test_labels_that_met_before_move_together(session: ProjectSession, far: FarContainer) -> None:
    await put_beside(session, span=Span(0, 9))
    change(far, b"Since May " + OLD)
    assert (await session.documents.sync()).moved == 4
    assert labeled(session, far) == ["Ann", "Ann lives", "Berlin", "Ghent"]


async def test_a_rejected_suggestion_goes_along_with_its_words(
    session: ProjectSession, far: FarContainer
) -> None:
    await suggest(session, "a.txt", [("Person", "Bo", 0.9)])
    (made,) = session.store.state.document(0).suggestions
    await session.review.reject(0, made)
    change(far, b"Since May " + OLD)
    await session.documents.sync()
    rejected = session.store.state.whole(0).suggestions[made]
    assert (rejected.span, rejected.text_hash) == (Span(35, 37), text_hash(far.texts["a.txt"]))
    await session.history.undo()
    (open_one,) = session.store.state.document(0).open_suggestions(session.project.kind)
    assert open_one.span == Span(35, 37)


async def test_suggestions_follow_where_no_label_does(session: ProjectSession, far: FarContainer) -> None:
    for label in session.store.state.document(0).active_labels:
        await session.labeling.remove(0, label.id)
    await suggest(session, "a.txt", [("Person", "Bo", 0.9), ("Person", "Ann", 0.9)])
    first, second = session.store.state.document(0).suggestions
    await session.review.reject(0, first)
    change(far, b"Since May " + OLD)
    await session.documents.sync()
    found = session.store.state.document(0).suggestions
    assert [found[key].span for key in (first, second)] == [Span(35, 37), Span(10, 13)]


async def test_what_is_on_the_same_words_goes_together(session: ProjectSession, far: FarContainer) -> None:
    await suggest(session, "a.txt", [("Person", "Berlin", 0.9), ("Place", "Berlin", 0.8)])
    await put_beside(session, span=Span(13, 19), reader="bo")
    change(far, b"Berlin has rain, and Ann left.")
    await session.documents.sync()
    document = session.store.state.whole(0)
    items: list[Label | Suggestion] = [*document.labels.values(), *document.suggestions.values()]
    assert [item.span for item in items if not document.earlier_text(item)].count(Span(0, 6)) == 4


async def test_suggestions_follow_at_the_next_sync_where_the_line_broke(
    session: ProjectSession, far: FarContainer
) -> None:
    for label in session.store.state.document(0).active_labels:
        await session.labeling.remove(0, label.id)
    await suggest(session, "a.txt", [("Person", "Bo", 0.9)])
    change(far, b"Since May " + OLD)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Reading, "_move_labels", broken_off)
        with pytest.raises(UnreachableError):
            await session.documents.sync()
    await session.documents.sync()
    (found,) = session.store.state.document(0).open_suggestions(session.project.kind)
    assert found.span == Span(35, 37)


async def broken_off(_: Reading) -> None:
    raise UnreachableError("the line is down")


async def test_suggestions_on_a_text_are_not_accepted_where_none_is_known(
    session: ProjectSession, far: FarContainer
) -> None:
    await suggest(session, "a.txt", [("Person", "Bo", 0.9)])

    def unread(state: State) -> Plan:
        document = state.whole(0)
        return Plan("documents.sync", [put_document(state, replace(document, text_hash=""))])

    await session.store.commit("ana", unread)
    done = await session.review.accept_matching(SuggestionFilter())
    assert (done.suggestions, done.outdated) == (0, 1)
    (found,) = session.store.state.document(0).open_suggestions(session.project.kind)
    with pytest.raises(RefusedError):
        await session.review.accept(0, found.id)


async def test_suggestions_that_stay_behind_are_not_accepted_and_are_counted(
    session: ProjectSession, far: FarContainer
) -> None:
    await suggest(session, "a.txt", [("Person", "Bo", 0.9)])
    change(far, b"Nothing of it.")
    await session.documents.sync()
    done = await session.review.accept_matching(SuggestionFilter())
    assert (done.suggestions, done.skipped, done.outdated) == (0, 0, 1)


async def test_a_file_suggests_other_words_where_an_earlier_suggestion_of_it_stood(
    session: ProjectSession, far: FarContainer, paper: Paper
) -> None:
    async def suggested(words: str) -> int:
        text = far.texts["a.txt"].decode()
        file = FileDocument("a.txt", suggestions=(cut("Person", words, text),))
        return (await session.label_files.read(paper.says(file), "x.paper")).suggestions

    assert await suggested("Bo") == 1
    await session.review.reject_matching(SuggestionFilter())
    change(far, OLD.replace(b"and Bo", b"and Al, and Bo"))
    await session.documents.sync()
    assert [await suggested(words) for words in ("Al", "Bo", "Al")] == [1, 0, 0]


# --- the same span of another text --------------------------------------------------------------------


async def test_a_label_on_an_earlier_text_is_in_the_way_and_is_not_the_one_that_is_made(
    session: ProjectSession, far: FarContainer
) -> None:
    person = session.categories.by_name("Person").id
    change(far, b"Bo! Nothing else of it.")
    await session.documents.sync()
    await session.documents.open(0)
    with pytest.raises(LabelInTheWayError):
        await session.labeling.add(0, person, Span(0, 3))
    assert await session.labeling.add(0, person, Span(0, 3), replacing=True) is not None
    assert labeled(session, far) == ["Bo!"]
    assert await session.labeling.add(0, person, Span(0, 3)) is None


async def test_two_categories_that_become_one_keep_labels_on_other_words(
    session: ProjectSession, far: FarContainer
) -> None:
    person, place = (session.categories.by_name(name).id for name in ("Person", "Place"))
    change(far, b"Bo! Nothing else of it.")
    await session.documents.sync()
    await put_beside(session, category=place, text_hash=session.store.state.document(0).text_hash)
    await session.categories.merge(person, place)
    assert len(session.store.state.document(0).active_labels) == 4


async def test_a_file_brings_what_is_there_on_an_earlier_text_alone(
    session: ProjectSession, far: FarContainer, paper: Paper
) -> None:
    text = "Bo! Nothing else of it."
    change(far, text.encode())
    await session.documents.sync()
    file = FileDocument("a.txt", labels=(cut("Person", "Bo!", text),))
    imported = await session.label_files.read(paper.says(file), "x.paper")
    assert (imported.unchanged, imported.labels) == (0, 0)
    assert [problem.reason for problem in imported.skipped] == [
        "Person meets the project's own label Person on an earlier text"
    ]


async def test_moving_fetches_nothing_of_its_own(session: ProjectSession, far: FarContainer) -> None:
    change(far, b"Since May Ann lives in Aalst.")
    far.fetched.clear()
    await session.documents.sync()
    assert far.fetched == ["a.txt"]
    await session.documents.sync()
    assert far.fetched == ["a.txt"]


async def test_nobody_hears_how_many_labels_of_another_reading_have_moved_or_stayed_behind(
    tmp_path: Path, far: FarContainer
) -> None:
    bench = Bench(tmp_path)
    ana = await bench.create({}, immediate=True)
    ana.documents._container = far
    await ana.documents.sync()
    await ana.readings.assign(["ana", "bo"], documents=[0])
    person, place = (ana.categories.by_name(name).id for name in ("Person", "Place"))
    for category, start, end in ((person, 0, 3), (place, 13, 19), (place, 37, 42)):
        await ana.labeling.add(0, category, Span(start, end))
    bo = await bench.session("bo", immediate=True)
    bo.documents._container = far
    change(far, b"Since May Ann lives in Berlin, and Bo lives in Aalst.")
    synced = await bo.documents.sync()
    assert (synced.changed, synced.moved, synced.stale) == (1, 0, ())
    assert [entry.action async for entry in bo.history.entries()].count("labels.move") == 0
    # They have moved all the same, and their own reader hears of what stayed behind.
    again = await ana.documents.sync()
    assert (again.moved, again.stale) == (0, (("a.txt", 1),))
    assert labeled(ana, far) == ["Ann", "Berlin"]
