from __future__ import annotations

import asyncio
import json
import shutil
import threading
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tests.engine.sharing.homes import ID, Home, Pair, meddled
from tests.fakes import category, document, open_ones, suggest
from tests.shelves import FakeShelf
from tui_labeler.domain.agreement import Take
from tui_labeler.domain.projects import Dataset, ProjectKind
from tui_labeler.engine.actions import SYNCED
from tui_labeler.engine.adapters.store.project_store import TinyProjectStore
from tui_labeler.engine.changes import put_document
from tui_labeler.engine.errors import (
    ContainerError,
    FormatError,
    LockedError,
    NotFoundError,
    RefusedError,
    UnreachableError,
)
from tui_labeler.engine.ports import Plan, State
from tui_labeler.engine.sharing import shared_file
from tui_labeler.engine.sharing.conflicts import open_conflicts
from tui_labeler.engine.sharing.pending import Pending
from tui_labeler.engine.sharing.project_form import claim_file, project_file
from tui_labeler.engine.sharing.shared_form import file_name, labels_folder
from tui_labeler.engine.sharing.synced import Tally
from tui_labeler.engine.sharing.syncing import Syncing
from tui_labeler.engine.sharing.tasks import tasks_of

if TYPE_CHECKING:
    from pathlib import Path

A_TXT = labels_folder(ID) + file_name("a.txt")


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    return Pair(tmp_path)


async def both_sync(*homes: Home) -> None:
    for home in (*homes, *homes):
        await home.sync()


# --- what goes to and fro ---------------------------------------------------------------------------


async def test_what_one_labels_the_other_sees_after_both_have_synced(pair: Pair) -> None:
    ana, bo = await pair.homes()
    await ana.label("Person", 0, 3)
    await bo.label("Town", 15, 19)
    await bo.label("Person", 8, 11, "b.txt")
    done = await ana.sync()
    assert (done.downloaded, done.uploaded, done.unchanged) == (0, 1, 0)
    done = await bo.sync()
    assert (done.downloaded, done.uploaded, done.unchanged) == (1, 2, 0)
    done = await ana.sync()
    assert (done.downloaded, done.uploaded, done.unchanged) == (2, 0, 0)
    for home in (ana, bo):
        assert home.labels() == [("Person", 0, 3), ("Town", 15, 19)]
        assert home.labels("b.txt") == [("Person", 8, 11)]
    assert pair.file_labels() == ana.labels()


async def test_labels_keep_their_makers_and_times(pair: Pair) -> None:
    ana, bo = await pair.homes()
    await ana.label("Person", 0, 3)
    await both_sync(ana, bo)
    (mine,) = ana.session.documents.find("a.txt").labels.values()
    assert bo.session.documents.find("a.txt").labels == {mine.id: mine}
    assert mine.made.actor == "ana"


async def test_all_that_is_said_of_a_document_is_shared(pair: Pair) -> None:
    ana, bo = await pair.homes()
    number = document(ana.session, "a.txt")
    await ana.session.documents.set([number], dataset=Dataset.TEST, language="de")
    await ana.session.labeling.set_reviewed(number)
    await ana.session.labeling.set_flag(number, "ask")
    await both_sync(ana, bo)
    found = bo.session.documents.find("a.txt")
    assert (found.dataset, found.language, found.flag) == (Dataset.TEST, "de", "ask")
    assert found.reviewed == ana.session.documents.find("a.txt").reviewed
    await bo.session.labeling.set_flag(document(bo.session, "a.txt"), "")
    await bo.session.documents.set([document(bo.session, "a.txt")], dataset=Dataset.TRAIN)
    await both_sync(bo, ana)
    assert ana.session.documents.find("a.txt").flag == ""
    assert ana.session.documents.find("a.txt").dataset is Dataset.TRAIN


async def test_suggestions_and_decisions_are_shared(pair: Pair) -> None:
    ana, bo = await pair.homes()
    await suggest(ana.session, "a.txt", [("Person", "Ann", 0.9), ("Town", "Rome", 0.5)])
    await both_sync(ana, bo)
    first, second = open_ones(bo.session, "a.txt")
    number = document(bo.session, "a.txt")
    await bo.session.review.accept(number, first)
    await bo.session.review.reject(number, second)
    await both_sync(bo, ana)
    assert ana.labels() == [("Person", 0, 3)]
    assert open_ones(ana.session, "a.txt") == []


async def test_drafts_stay_at_home_until_they_are_saved(tmp_path: Path) -> None:
    pair = Pair(tmp_path, immediate=False)
    ana, bo = await pair.homes()
    await ana.label("Person", 0, 3)
    done = await ana.sync()
    assert done.uploaded == 0
    assert A_TXT not in pair.stored.files
    await ana.session.labeling.save()
    await both_sync(ana, bo)
    assert bo.labels() == [("Person", 0, 3)]
    await ana.unlabel(0)
    await both_sync(ana, bo)
    assert bo.labels() == [("Person", 0, 3)]
    assert ana.labels() == []
    await ana.session.labeling.save()
    await both_sync(ana, bo)
    assert bo.labels() == []


async def test_a_draft_that_meets_what_came_in_is_a_conflict_and_the_same_is_none(tmp_path: Path) -> None:
    pair = Pair(tmp_path, immediate=False)
    ana, bo = await pair.homes()
    await bo.label("Person", 0, 3)
    await bo.label("Person", 8, 11)
    await bo.session.labeling.save()
    await bo.sync()
    await ana.label("Person", 0, 3)
    await ana.label("Town", 8, 14)
    done = await ana.sync()
    assert [conflict.location for conflict in done.conflicts] == ["a.txt"]
    assert ana.labels() == [("Person", 0, 3), ("Town", 8, 14)]
    assert ana.session.labeling.drafts() == 1
    assert len(pair.file()["labels"]) == 2
    await ana.resolve("a.txt", "theirs")
    await both_sync(ana, bo)
    assert ana.labels() == bo.labels() == [("Person", 0, 3), ("Person", 8, 11)]
    assert ana.session.labeling.drafts() == 0
    assert len(pair.file()["labels"]) == 2


async def test_an_undo_after_a_sync_is_carried_to_the_other(pair: Pair) -> None:
    ana, bo = await pair.homes()
    await ana.label("Person", 0, 3)
    await both_sync(ana, bo)
    await ana.session.history.undo()
    await both_sync(ana, bo)
    assert ana.labels() == bo.labels() == []
    await ana.session.history.redo()
    await both_sync(ana, bo)
    assert ana.labels() == bo.labels() == [("Person", 0, 3)]


@pytest.mark.parametrize("pushed_first", [False, True])
async def test_a_label_that_no_action_removed_comes_back_and_nobody_loses_it(
    pair: Pair, pushed_first: bool
) -> None:
    ana, bo = await pair.homes()
    await ana.label("Person", 0, 3)
    await ana.label("Town", 8, 14)
    await both_sync(ana, bo)
    number = document(ana.session, "a.txt")

    def lose(documents: dict[str, Any]) -> None:
        labels = documents[str(number)]["labels"]
        del labels[next(key for key, row in labels.items() if row["span"]["start"] == 0)]

    def flag(state: State) -> Plan:
        return Plan("document.flag", [put_document(state, replace(state.whole(number), flag="look"))])

    store, syncing = await meddled(ana, lose)
    assert len(store.state.document(number).active_labels) == 1
    await store.commit("ana", flag)
    if pushed_first:
        await syncing.sync(pull=False)
        assert len(pair.file_labels()) == 2
    shared = await syncing.sync()
    assert "a.txt: 1 item that no action had removed here was missing" in " ".join(shared.notes)
    await bo.sync()
    assert bo.labels() == [("Person", 0, 3), ("Town", 8, 14)]
    assert len(store.state.document(number).active_labels) == 2
    assert (await syncing.sync()).notes == ()


@pytest.mark.parametrize("folded", [False, True])
async def test_what_goes_by_hand_from_a_document_that_nobody_works_on_comes_back_with_the_next_sync(
    pair: Pair, folded: bool
) -> None:
    ana, bo = await pair.homes()
    await ana.label("Person", 0, 3)
    await both_sync(ana, bo)
    number = document(ana.session, "a.txt")
    store, syncing = await meddled(ana, lambda documents: documents[str(number)]["labels"].clear())
    assert not store.state.document(number).active_labels
    if folded:
        # What is written elsewhere meanwhile must not take the file down as known.
        other = document(ana.session, "b.txt")
        flagged = replace(store.state.whole(other), flag="look")
        await store.commit("ana", lambda state: Plan("document.flag", [put_document(state, flagged)]))
        await store.checkpoint()
        folder = ana.base._folder.parent
        store = await TinyProjectStore.open(folder, ana.around.now, ana.around.new_id, "ana")
        syncing = Syncing(store, ana.shelf, ana.base, ana.around)
    shared = await syncing.sync()
    assert "a.txt: 1 item that no action had removed here was missing" in " ".join(shared.notes)
    assert len(store.state.document(number).active_labels) == 1
    await bo.sync()
    assert bo.labels() == [("Person", 0, 3)]
    # Looked at once: a sync with nothing changed opens no document.
    tally, marks, edited = Tally(), await ana.base.marks(), await store.edited()
    tally.listed = {mark.name: mark.etag for mark in marks.values() if mark.etag}
    assert edited
    assert await tasks_of(store, marks, await ana.base.project(), edited, tally) == []


async def test_a_label_whose_making_was_undone_before_an_earlier_sync_looked_is_removed(pair: Pair) -> None:
    ana, bo = await pair.homes()
    await ana.label("Person", 0, 3)
    await both_sync(ana, bo)
    await bo.label("Town", 8, 14)
    await bo.sync()
    await ana.session.history.undo()
    await ana.sync(pull=False)  # leaves the document, which others have changed, but has read the history
    await ana.sync()
    await bo.sync()
    assert ana.labels() == bo.labels() == [("Town", 8, 14)]


async def test_a_container_that_was_set_back_gets_all_labels_again(pair: Pair) -> None:
    ana, bo = await pair.homes()
    await ana.label("Person", 0, 3)
    await both_sync(ana, bo)
    earlier = dict(pair.stored.files)
    await bo.label("Town", 8, 14)
    await both_sync(bo, ana)
    for name, (content, _) in earlier.items():
        pair.stored.write(name, content)
    await ana.sync()
    assert len(pair.file()["labels"]) == 2
    await both_sync(bo, ana)
    assert ana.labels() == bo.labels() == [("Person", 0, 3), ("Town", 8, 14)]


async def test_what_came_in_is_in_the_history_and_nobody_undoes_it(pair: Pair) -> None:
    ana, bo = await pair.homes()
    await ana.label("Person", 0, 3)
    await both_sync(ana, bo)
    number = document(bo.session, "a.txt")
    entries = [entry async for entry in bo.session.history.entries(document=number)]
    assert entries[0].action == "labels.sync"
    assert await bo.session.history.undo() is None
    assert bo.labels() == [("Person", 0, 3)]


async def test_what_somebody_else_has_changed_since_is_not_undone(pair: Pair) -> None:
    ana, bo = await pair.homes()
    await ana.label("Person", 0, 3)
    await both_sync(ana, bo)
    await bo.unlabel(0)
    await both_sync(bo, ana)
    with pytest.raises(RefusedError):
        await ana.session.history.undo()
    assert ana.labels() == []


# --- how much is asked ------------------------------------------------------------------------------


async def test_a_sync_without_news_is_one_listing(pair: Pair) -> None:
    ana, bo = await pair.homes()
    await ana.label("Person", 0, 3)
    await both_sync(ana, bo)
    for home in (ana, bo):
        home.shelf.requests.clear()
        done = await home.sync()
        assert home.shelf.requests == {"list": 1}
        assert (done.downloaded, done.uploaded, done.unchanged) == (0, 0, 1)


async def test_only_what_has_changed_is_fetched_and_written(tmp_path: Path) -> None:
    pair = Pair(tmp_path)
    ana = await pair.home("ana", documents=40)
    await ana.session.categories.add("Person")
    for row in list(ana.session.rows.values()):
        await ana.label("Person", 0, 3, row.location)
    await ana.sync()
    bo = await pair.home("bo", documents=40)
    assert (await bo.sync()).downloaded == 40
    await bo.label("Person", 8, 11, "c.txt")
    bo.shelf.requests.clear()
    await bo.sync()
    assert bo.shelf.requests == {"list": 1, "put": 1}
    ana.shelf.requests.clear()
    await ana.sync()
    assert ana.shelf.requests == {"list": 1, "get": 1}


async def test_documents_without_anything_to_share_have_no_file(pair: Pair) -> None:
    ana, _ = await pair.homes()
    await ana.sync()
    assert set(pair.stored.files) == {claim_file("Loans"), project_file(ID)}


async def test_pulling_alone_writes_nothing_and_pushing_alone_takes_nothing(pair: Pair) -> None:
    ana, bo = await pair.homes()
    await ana.label("Person", 0, 3)
    await ana.sync()
    await bo.label("Town", 15, 19)
    await bo.label("Person", 0, 3, "b.txt")
    bo.shelf.requests.clear()
    done = await bo.sync(pull=False)
    assert (done.uploaded, done.waiting) == (1, 1)
    assert bo.labels() == [("Town", 15, 19)]
    assert pair.file_labels() == [("Person", 0, 3)]
    done = await bo.sync(push=False)
    assert (done.uploaded, done.downloaded) == (0, 1)
    assert bo.labels() == [("Person", 0, 3), ("Town", 15, 19)]
    assert pair.file_labels() == [("Person", 0, 3)]
    await both_sync(bo, ana)
    assert pair.file_labels() == ana.labels() == bo.labels()


# --- conflicts --------------------------------------------------------------------------------------


async def in_conflict(pair: Pair) -> tuple[Home, Home]:
    """Ana's is in the container; bo has synced and is asked."""
    ana, bo = await pair.homes()
    await ana.label("Person", 0, 7)
    await ana.sync()
    await bo.label("Town", 4, 11)
    await bo.label("Town", 15, 19)
    done = await bo.sync()
    assert [conflict.location for conflict in done.conflicts] == ["a.txt"]
    return ana, bo


async def test_a_conflict_is_told_in_words_and_overwrites_nothing(pair: Pair) -> None:
    ana, bo = await in_conflict(pair)
    (conflict,) = (await bo.sync()).conflicts
    assert "Town at 4..11 by bo" in conflict.reason
    assert "Person at 0..7 by ana" in conflict.reason
    assert bo.labels() == [("Town", 4, 11), ("Town", 15, 19)]
    assert pair.file_labels() == [("Person", 0, 7), ("Town", 15, 19)]
    assert (await ana.sync()).conflicts == ()
    assert ana.labels() == [("Person", 0, 7), ("Town", 15, 19)]


@pytest.mark.parametrize("take", ["ours", "theirs"])
async def test_a_conflict_is_decided_and_the_others_hear_of_it(pair: Pair, take: Any) -> None:
    ana, bo = await in_conflict(pair)
    (decided,) = await bo.resolve("a.txt", take)
    assert decided.location == "a.txt"
    await both_sync(bo, ana)
    expected = [("Town", 4, 11) if take == "ours" else ("Person", 0, 7), ("Town", 15, 19)]
    assert sorted(ana.labels()) == sorted(bo.labels()) == sorted(pair.file_labels()) == sorted(expected)
    assert await bo.syncing.conflicts() == ()
    assert await ana.syncing.conflicts() == ()
    tombs = [label for label in ana.session.documents.find("a.txt").labels.values() if label.removed]
    assert len(tombs) == 1
    with pytest.raises(NotFoundError, match="no conflict"):
        await bo.resolve("a.txt", take)


async def test_one_of_several_conflicts_is_decided_by_its_id(pair: Pair) -> None:
    ana, bo = await pair.homes()
    number = document(ana.session, "a.txt")
    await ana.session.labeling.set_flag(number, "ana's")
    await ana.label("Person", 0, 3)
    await ana.sync()
    await bo.session.labeling.set_flag(document(bo.session, "a.txt"), "bo's")
    await bo.label("Town", 0, 3)
    conflicts = (await bo.sync()).conflicts
    assert {"flag"} < {conflict.id for conflict in conflicts}
    await bo.resolve("a.txt", "theirs", "flag")
    assert len(await bo.syncing.conflicts()) == 1
    await bo.resolve("a.txt", "ours")
    await both_sync(bo, ana)
    assert ana.labels() == [("Town", 0, 3)]
    assert ana.session.documents.find("a.txt").flag == "ana's"


async def test_a_conflict_goes_by_itself_once_both_say_the_same(pair: Pair) -> None:
    ana, bo = await in_conflict(pair)
    await ana.unlabel(0)
    await ana.sync()
    assert (await bo.sync()).conflicts == ()
    await both_sync(ana, bo)
    assert ana.labels() == bo.labels() == [("Town", 4, 11), ("Town", 15, 19)]


async def test_a_conflict_does_not_hold_up_what_is_done_elsewhere_in_the_document(pair: Pair) -> None:
    ana, bo = await in_conflict(pair)
    await bo.label("Person", 26, 29)
    done = await bo.sync()
    assert len(done.conflicts) == 1
    await ana.sync()
    assert ("Person", 26, 29) in ana.labels()


async def test_two_classes_for_one_document_are_a_conflict(tmp_path: Path) -> None:
    pair = Pair(tmp_path, ProjectKind.SINGLE_LABEL)
    ana, bo = await pair.homes("x", "y")
    await ana.classify("x")
    await bo.classify("y")
    await ana.sync()
    assert len((await bo.sync()).conflicts) == 1
    await bo.resolve("a.txt", "ours")
    await both_sync(bo, ana)
    assert ana.labels() == bo.labels() == [("y", 0, 0)]


# --- categories and settings ------------------------------------------------------------------------


async def test_categories_and_settings_are_shared(pair: Pair) -> None:
    ana, bo = await pair.homes()
    assert bo.categories() == ["Person", "Town"]
    await bo.session.categories.rename(category(bo.session, "Town"), "Place")
    await ana.session.categories.set(category(ana.session, "Town"), description="a town", examples=["Rome"])
    await both_sync(ana, bo)
    for home in (ana, bo):
        assert home.categories() == ["Person", "Place"]
        assert home.session.categories.by_name("Place").description == "a town"


async def test_two_categories_of_one_name_become_one_with_all_labels(pair: Pair) -> None:
    ana, bo = await pair.homes()
    await ana.session.categories.add("Firm")
    await bo.session.categories.add("Firm", description="a company")
    await ana.label("Firm", 0, 3)
    await bo.label("Firm", 8, 11)
    await both_sync(ana, bo)
    for home in (ana, bo):
        assert home.categories() == ["Person", "Town", "Firm"]
        assert home.labels() == [("Firm", 0, 3), ("Firm", 8, 11)]
        assert home.session.categories.by_name("Firm").description == "a company"


async def test_a_name_that_both_gave_stays_with_theirs(pair: Pair) -> None:
    ana, bo = await pair.homes()
    await ana.session.categories.add("Place")
    await bo.session.categories.rename(category(bo.session, "Town"), "Place")
    await both_sync(ana, bo)
    assert ana.categories() == bo.categories() == ["Person", "Town", "Place"]


async def test_a_deleted_category_goes_everywhere(pair: Pair) -> None:
    ana, bo = await pair.homes()
    await ana.label("Town", 0, 3)
    await both_sync(ana, bo)
    await ana.session.categories.delete(category(ana.session, "Town"))
    await both_sync(ana, bo)
    assert ana.categories() == bo.categories() == ["Person"]
    assert bo.labels() == []


async def test_a_category_that_somebody_still_uses_comes_back_with_its_labels(pair: Pair) -> None:
    ana, bo = await pair.homes()
    await ana.session.categories.delete(category(ana.session, "Town"))
    await bo.label("Town", 15, 19)
    await both_sync(ana, bo)
    assert sorted(ana.categories()) == sorted(bo.categories()) == ["Person", "Town"]
    assert ana.labels() == bo.labels() == [("Town", 15, 19)]


async def test_a_category_that_others_have_used_since_is_not_deleted_and_one_sync_says_so(pair: Pair) -> None:
    ana, bo = await pair.homes()
    await ana.session.categories.delete(category(ana.session, "Town"))
    await bo.label("Town", 15, 19)
    await bo.sync()
    done = await ana.sync()
    assert done.problems == ()
    assert done.notes == ("The entity 'Town' was deleted by ana, and bo still uses it: it stays.",)
    assert ana.labels() == [("Town", 15, 19)]
    for home in (bo, ana):
        done = await home.sync()
        assert (done.problems, sorted(home.categories())) == ((), ["Person", "Town"])
        assert home.labels() == [("Town", 15, 19)]
        assert await Pending(home.session.store, home.base).count() == 0


@pytest.mark.parametrize("who", ["ana", "bo"])
async def test_two_categories_that_are_merged_into_each_other_both_stay_after_one_sync(
    pair: Pair, who: str
) -> None:
    ana, bo = await pair.homes()
    maker = ana if who == "ana" else bo
    await maker.label("Person", 0, 3)
    await maker.label("Town", 15, 19)
    await both_sync(ana, bo)
    for home, one, other in ((ana, "Person", "Town"), (bo, "Town", "Person")):
        gone, into = (category(home.session, name) for name in (one, other))
        await home.session.categories.merge(gone, into)
    await ana.sync()
    done = await bo.sync()
    assert done.problems == ()
    assert len(done.notes) == 2
    for deleter, name in (("ana", "Person"), ("bo", "Town")):
        (told,) = [note for note in done.notes if f"{name!r} was deleted by {deleter}" in note]
        assert told.endswith("it stays.")
        assert f"and {deleter} still uses" not in told
    for home in (ana, bo):
        assert (await home.sync()).problems == ()
        assert home.labels() == [("Town", 0, 3), ("Person", 15, 19)]
        assert sorted(home.categories()) == ["Person", "Town"]


async def test_a_category_that_only_a_pull_misses_is_here_again_with_its_labels(pair: Pair) -> None:
    ana, bo = await pair.homes()
    await ana.session.categories.delete(category(ana.session, "Town"))
    await bo.label("Town", 15, 19)
    await bo.sync()
    assert (await ana.sync(push=False)).problems == ()
    for home in (ana, bo):
        assert (await home.sync()).problems == ()
        assert home.labels() == [("Town", 15, 19)]


async def test_a_label_whose_category_is_not_there_yet_waits_without_bad_advice(pair: Pair) -> None:
    ana, bo = await pair.homes()
    await bo.label("Town", 15, 19)
    await bo.sync()
    found = json.loads(pair.stored.files[A_TXT][0])
    found["labels"][0]["category"] = "x9q"
    pair.stored.write(A_TXT, json.dumps(found).encode())
    ((_, reason),) = (await ana.sync()).problems
    assert "a category that the project does not have" in reason
    assert "x9q" not in reason
    assert "remove" not in reason


async def test_categories_and_settings_that_go_to_and_fro_are_told(pair: Pair) -> None:
    ana, bo = await pair.homes()
    categories = ana.session.categories

    async def change(number: int) -> None:
        if number == 0:
            await categories.add("Date")
        elif number == 1:
            await categories.rename(category(ana.session, "Date"), "Day")
        else:
            await categories.delete(category(ana.session, "Day"))

    for number in range(3):
        await change(number)
        out, in_ = await ana.sync(), await bo.sync()
        assert (out.settings_in, out.settings_out, out.settings_words) == (
            False,
            True,
            "Categories and settings: written to the container.",
        )
        assert (in_.settings_in, in_.settings_out, in_.settings_words) == (
            True,
            False,
            "Categories and settings: taken from the container.",
        )
        for home in (ana, bo):
            assert (await home.sync()).settings_words == ""


async def test_whoever_deleted_a_category_that_comes_back_hears_who_uses_it(pair: Pair) -> None:
    ana, bo = await pair.homes()
    eve = await pair.home("eve")
    await eve.sync()
    await ana.session.categories.delete(category(ana.session, "Town"))
    await bo.label("Town", 15, 19)
    told = "The entity 'Town' was deleted by ana, and bo still uses it: it stays."
    assert (await ana.sync()).notes == ()
    assert (await eve.sync()).notes == ()
    assert (await bo.sync()).notes == (told,)
    assert (await ana.sync()).notes == (await eve.sync()).notes == (told,)
    for home in (ana, eve):
        entries = [entry async for entry in home.session.history.entries()]
        (back,) = [entry for entry in entries if entry.action == "project.sync" and entry.who == "bo"]
        assert back.synced_by == home.around.actor
    entries = [entry async for entry in eve.session.history.entries()]
    assert [entry.who for entry in entries if entry.action == "project.sync"][:2] == ["bo", "ana"]
    for home in (ana, bo, eve, await pair.home("kim")):
        assert (await home.sync()).notes == ()
        assert home.labels() == [("Town", 15, 19)]


async def test_a_category_whose_deletion_was_undone_comes_back_without_a_word(pair: Pair) -> None:
    ana, bo = await pair.homes()
    await ana.label("Town", 15, 19)
    await both_sync(ana, bo)
    await ana.session.categories.delete(category(ana.session, "Town"))
    await both_sync(ana, bo)
    assert bo.categories() == ["Person"]
    await ana.session.history.undo()
    for home in (ana, bo, ana, bo):
        assert (await home.sync()).notes == ()
    assert sorted(bo.categories()) == ["Person", "Town"]
    assert bo.labels() == [("Town", 15, 19)]


async def test_a_category_that_one_deletes_and_another_describes_stays_and_both_hear_of_it(
    pair: Pair,
) -> None:
    ana, bo = await pair.homes()
    await ana.session.categories.delete(category(ana.session, "Town"))
    await ana.sync()
    await bo.session.categories.set(category(bo.session, "Town"), description="a place")
    told = ("The entity 'Town' was deleted by ana, and bo still uses it: it stays.",)
    assert (await bo.sync()).notes == told
    assert (await ana.sync()).notes == told
    assert ana.session.categories.by_name("Town").description == "a place"


@pytest.mark.parametrize(
    "deleted",
    [[], "no", {"x": 1}, {"x": {"name": 1}}, {"x": {"name": "n", "actor": "a", "time": "", "kept_by": 3}}],
)
async def test_what_is_told_of_deleted_categories_is_read_with_care(pair: Pair, deleted: Any) -> None:
    ana, bo = await pair.homes()
    found = json.loads(pair.stored.files[project_file(ID)][0])
    pair.stored.write(project_file(ID), json.dumps(found | {"deleted": deleted}).encode())
    await ana.session.categories.delete(category(ana.session, "Town"))
    await both_sync(ana, bo)
    assert bo.categories() == ["Person"]
    (row,) = [
        row
        for row in json.loads(pair.stored.files[project_file(ID)][0])["deleted"].values()
        if isinstance(row, dict) and row.get("name") == "Town"
    ]
    assert row["actor"] == "ana"


async def test_the_classes_of_a_document_stand_in_one_order_everywhere(tmp_path: Path) -> None:
    pair = Pair(tmp_path, ProjectKind.MULTI_LABEL)
    ana, bo = await pair.homes("X", "Z")
    await bo.classify("Z")
    await ana.classify("X")
    await both_sync(ana, bo)
    assert ana.labels() == bo.labels() == [("Z", 0, 0), ("X", 0, 0)]


@pytest.mark.parametrize("take", ["ours", "theirs"])
async def test_two_descriptions_of_one_category_are_a_conflict(pair: Pair, take: Any) -> None:
    ana, bo = await pair.homes()
    await ana.session.categories.set(category(ana.session, "Town"), description="ana's")
    await bo.session.categories.set(category(bo.session, "Town"), description="bo's")
    await ana.sync()
    (conflict,) = (await bo.sync()).conflicts
    assert conflict.location == "project.json"
    await bo.resolve("project.json", take)
    await both_sync(bo, ana)
    expected = "bo's" if take == "ours" else "ana's"
    for home in (ana, bo):
        assert home.session.categories.by_name("Town").description == expected


# --- what is broken ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff", b"[]", b'{"version": 99}', b'{"version": 1, "location": "b.txt"}']
)
async def test_a_broken_file_is_that_documents_problem_and_takes_no_label(pair: Pair, content: bytes) -> None:
    ana, bo = await pair.homes()
    await ana.label("Person", 0, 3)
    await ana.label("Person", 0, 3, "b.txt")
    await both_sync(ana, bo)
    pair.stored.write(A_TXT, content)
    await ana.label("Town", 15, 19)
    await ana.label("Town", 15, 19, "b.txt")
    done = await ana.sync()
    assert [location for location, _ in done.problems] == ["a.txt"]
    assert ana.labels() == [("Person", 0, 3), ("Town", 15, 19)]
    assert pair.stored.files[A_TXT][0] == content
    assert len(pair.file_labels("b.txt")) == 2
    ana.shelf.requests.clear()
    assert (await ana.sync()).problems == done.problems
    assert ana.shelf.requests == {"list": 1}
    # Mended by hand, or removed, it is merged again.
    del pair.stored.files[A_TXT]
    assert (await ana.sync()).problems == ()
    assert (await bo.sync()).problems == ()
    assert bo.labels() == ana.labels() == pair.file_labels()


async def test_a_file_that_nobody_can_read_holds_up_no_other_document(pair: Pair) -> None:
    ana, bo = await pair.homes()
    await ana.label("Person", 0, 3)
    await ana.sync()
    pair.stored.write(A_TXT, b"too large")
    pair.stored.closed.add(A_TXT)
    await ana.label("Town", 15, 19)
    await ana.label("Town", 15, 19, "b.txt")
    done = await ana.sync()
    assert [location for location, _ in done.problems] == ["a.txt"]
    assert "99 bytes" in done.problems[0][1]
    assert ana.labels() == [("Person", 0, 3), ("Town", 15, 19)]
    assert pair.stored.files[A_TXT][0] == b"too large"
    await bo.sync()
    assert bo.labels("b.txt") == [("Town", 15, 19)]
    ana.shelf.requests.clear()
    assert (await ana.sync()).problems == done.problems
    assert ana.shelf.requests == {"list": 1}
    pair.stored.closed.clear()
    del pair.stored.files[A_TXT]
    await both_sync(ana, bo)
    assert bo.labels() == ana.labels() == pair.file_labels()


async def test_a_file_of_more_labels_than_a_document_has_is_that_documents_problem(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, bo = await pair.homes()
    await ana.label("Person", 0, 3)
    await ana.label("Town", 15, 19)
    await ana.label("Person", 0, 3, "b.txt")
    await ana.sync()
    monkeypatch.setattr("tui_labeler.engine.sharing.shared_file.MOST", 1)
    done = await bo.sync()
    assert [location for location, _ in done.problems] == ["a.txt"]
    assert "2 labels and suggestions, and no more than 1" in done.problems[0][1]
    assert (bo.labels(), bo.labels("b.txt")) == ([], [("Person", 0, 3)])


async def test_more_labels_than_others_can_read_are_not_written(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, _ = await pair.homes()
    monkeypatch.setattr("tui_labeler.engine.sharing.shared_file.MOST", 1)
    await ana.label("Person", 0, 3, "b.txt")
    await ana.label("Person", 0, 3)
    await ana.sync()
    await ana.label("Town", 15, 19)
    done = await ana.sync()
    assert [location for location, _ in done.problems] == ["a.txt"]
    assert "2 labels and suggestions, and no more than 1" in done.problems[0][1]
    assert pair.file_labels() == [("Person", 0, 3)]


async def test_very_many_labels_come_in_by_several_transactions_and_others_get_their_turn(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui_labeler.engine.sharing.syncing.MERGED", 3)
    monkeypatch.setattr("tui_labeler.engine.sharing.syncing.LONG", 10)
    monkeypatch.setattr("tui_labeler.engine.turns.TURN", 0)
    ana, bo = await pair.homes()
    for location in ("a.txt", "b.txt"):
        await ana.label("Person", 0, 3, location)
        await ana.label("Town", 15, 19, location)
    await ana.sync()
    read_in: set[str] = set()
    read = shared_file.read

    def noting(data: bytes, kind: ProjectKind) -> Any:
        read_in.add(threading.current_thread().name)
        return read(data, kind)

    monkeypatch.setattr("tui_labeler.engine.sharing.syncing.read", noting)
    done = await bo.sync()
    assert [len(each.changes) for each in done.transactions if each.action == SYNCED] == [2, 2]
    assert threading.main_thread().name not in read_in
    assert read_in


async def test_a_file_that_nobody_can_write_holds_up_no_other_document(pair: Pair) -> None:
    ana, bo = await pair.homes()
    pair.stored.closed.add(A_TXT)
    await ana.label("Person", 0, 3)
    await ana.label("Person", 0, 3, "b.txt")
    for _ in range(2):
        done = await ana.sync()
        assert [location for location, _ in done.problems] == ["a.txt"]
        assert "is a folder" in done.problems[0][1]
        assert await Pending(ana.session.store, ana.base).count() == 1
    await bo.sync()
    assert (bo.labels(), bo.labels("b.txt")) == ([], [("Person", 0, 3)])
    pair.stored.closed.clear()
    await both_sync(ana, bo)
    assert bo.labels() == [("Person", 0, 3)]


async def test_a_label_beside_a_broken_file_waits_and_goes_out_once_that_is_gone(pair: Pair) -> None:
    ana, bo = await pair.homes()
    pair.stored.write(A_TXT, b"{")
    await ana.label("Person", 0, 3)
    pending = Pending(ana.session.store, ana.base)
    for _ in range(2):
        assert [location for location, _ in (await ana.sync()).problems] == ["a.txt"]
        assert await pending.count() == await Pending(ana.session.store, ana.base).count() == 1
    assert (await ana.sync()).unchanged == 0
    del pair.stored.files[A_TXT]
    assert (await ana.sync()).uploaded == 1
    assert await pending.count() == 0
    assert (await bo.sync()).problems == ()
    assert bo.labels() == pair.file_labels() == [("Person", 0, 3)]


async def test_a_label_waits_beside_a_file_that_names_a_category_that_is_not_there(pair: Pair) -> None:
    ana, bo = await pair.homes()
    await bo.label("Town", 15, 19)
    await bo.sync()
    found = pair.file()
    found["labels"][0]["category"] = "nowhere"
    pair.stored.write(A_TXT, json.dumps(found).encode())
    await ana.label("Person", 0, 3)
    done = await ana.sync()
    assert [location for location, _ in done.problems] == ["a.txt"]
    assert await Pending(ana.session.store, ana.base).count() == 1
    del pair.stored.files[A_TXT]
    await both_sync(ana, bo)
    assert ana.labels() == bo.labels() == [("Person", 0, 3), ("Town", 15, 19)]


async def test_a_file_of_a_later_version_asks_for_a_later_program(pair: Pair) -> None:
    ana, _ = await pair.homes()
    pair.stored.write(A_TXT, b'{"version": 99}')
    ((_, reason),) = (await ana.sync()).problems
    assert "Update tui-labeler" in reason
    assert "remove" not in reason


async def test_labels_outside_the_text_or_of_no_category_are_refused(pair: Pair) -> None:
    ana, bo = await pair.homes()
    await ana.label("Person", 0, 3)
    await ana.sync()
    found = pair.file()
    found["labels"][0]["span"] = {"start": 0, "end": 9999}
    pair.stored.write(A_TXT, json.dumps(found).encode())
    assert [location for location, _ in (await bo.sync()).problems] == ["a.txt"]
    found["labels"][0] |= {"span": {"start": 0, "end": 3}, "category": "nowhere"}
    pair.stored.write(A_TXT, json.dumps(found).encode())
    assert [location for location, _ in (await bo.sync()).problems] == ["a.txt"]
    assert bo.labels() == []


async def test_a_file_of_a_document_that_is_not_here_is_left_alone(pair: Pair) -> None:
    ana, _ = await pair.homes()
    pair.stored.write(labels_folder(ID) + file_name("gone.txt"), b"whatever")
    done = await ana.sync()
    assert done.problems == ()
    assert done.downloaded == 0


async def test_keys_of_a_later_version_survive(pair: Pair) -> None:
    ana, bo = await pair.homes()
    await ana.label("Person", 0, 3)
    await both_sync(ana, bo)
    found = pair.file()
    found["weather"] = "fine"
    found["labels"][0]["mood"] = {"of": "ana"}
    pair.stored.write(A_TXT, json.dumps(found).encode())
    await ana.label("Town", 15, 19)
    await both_sync(ana, bo)
    await bo.label("Person", 8, 11)
    await both_sync(bo, ana)
    assert pair.file()["weather"] == "fine"
    assert [row.get("mood") for row in pair.file()["labels"]] == [{"of": "ana"}, None, None]


async def test_a_broken_project_file_is_said_and_nothing_is_written(pair: Pair) -> None:
    ana, _ = await pair.homes()
    await ana.label("Person", 0, 3)
    pair.stored.write(project_file(ID), b"{}")
    before = dict(pair.stored.files)
    with pytest.raises(FormatError, match=r"project\.json"):
        await ana.sync()
    assert pair.stored.files == before
    assert ana.labels() == [("Person", 0, 3)]


async def test_a_base_that_was_lost_costs_nothing_but_work(pair: Pair, tmp_path: Path) -> None:
    ana, bo = await pair.homes()
    await ana.label("Person", 0, 3)
    await both_sync(ana, bo)
    forget(tmp_path)
    await ana.label("Town", 15, 19)
    await bo.label("Person", 8, 11)
    await bo.unlabel(0)
    await both_sync(bo, ana)
    assert ana.labels() == bo.labels() == [("Person", 8, 11), ("Town", 15, 19)]


def forget(root: Path) -> None:
    shutil.rmtree(root / "ana" / "projects" / ID / "sync")


# --- others at the same time, and lines that break --------------------------------------------------


async def test_somebody_who_is_faster_is_merged_with(pair: Pair) -> None:
    ana, bo = await pair.homes()
    await ana.label("Person", 0, 3)
    await bo.label("Town", 15, 19)
    content: list[bytes] = []
    await bo.sync()
    theirs = pair.stored.files.pop(A_TXT)[0]

    def faster(name: str) -> None:
        if name == A_TXT and not content:
            content.append(theirs)
            pair.stored.write(A_TXT, theirs)

    ana.shelf.on_put = faster
    await ana.sync()
    assert pair.file_labels() == ana.labels() == [("Person", 0, 3), ("Town", 15, 19)]


async def test_one_who_is_always_faster_is_given_up_on_with_nothing_lost(pair: Pair) -> None:
    ana, bo = await pair.homes()
    await bo.label("Town", 15, 19)
    await bo.sync()
    theirs = pair.stored.files[A_TXT][0]
    await ana.label("Person", 0, 3)

    def faster(name: str) -> None:
        if name == A_TXT:
            pair.stored.write(A_TXT, theirs)

    ana.shelf.on_put = faster
    with pytest.raises(RefusedError, match="all the time"):
        await ana.sync()
    ana.shelf.on_put = None
    await ana.sync()
    assert pair.file_labels() == [("Person", 0, 3), ("Town", 15, 19)]


@pytest.mark.parametrize("batch", [1, 250])
@pytest.mark.parametrize("written_though", [False, True])
async def test_a_line_that_breaks_at_any_call_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written_though: bool, batch: int
) -> None:
    monkeypatch.setattr("tui_labeler.engine.sharing.syncing.BATCH", batch)
    pair = Pair(tmp_path)
    ana, bo = await pair.homes()
    await ana.label("Person", 0, 3)
    await ana.sync()
    cut = 0
    step = 0
    while True:
        step += 1
        # Both do something new each time, on documents that both have.
        place = (step * 4) % 40
        await bo.session.labeling.set_flag(document(bo.session, "b.txt"), f"bo {step}")
        await bo.label("Town", place, place + 2)
        await ana.label("Person", place, place + 2, "b.txt")
        await ana.sync()
        bo.shelf.requests.clear()
        bo.shelf.fail_at, bo.shelf.written_though = cut, written_though
        try:
            await bo.sync()
        except UnreachableError:
            cut += 1
        else:
            break
        finally:
            bo.shelf.fail_at = None
        await both_sync(bo, ana)
        assert bo.labels() == ana.labels() == pair.file_labels()
        assert bo.labels("b.txt") == ana.labels("b.txt") == pair.file_labels("b.txt")
        assert ana.session.documents.find("b.txt").flag == f"bo {step}"
        assert await ana.syncing.conflicts() == await bo.syncing.conflicts() == ()
    assert cut >= 4


@pytest.mark.parametrize("batch", [4, 250])
async def test_a_cancelled_sync_goes_on_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr("tui_labeler.engine.sharing.syncing.BATCH", batch)
    pair = Pair(tmp_path)
    ana = await pair.home("ana", documents=30)
    await ana.session.categories.add("Person")
    for row in list(ana.session.rows.values()):
        await ana.label("Person", 0, 3, row.location)
    for stop_at in (1, 5, 10):
        task = asyncio.ensure_future(ana.sync())
        ana.shelf.requests.clear()
        ana.shelf.on_put = partial(cancel_at, ana.shelf, task, stop_at)
        with pytest.raises(asyncio.CancelledError):
            await task
    ana.shelf.on_put = None
    await ana.sync()
    bo = await pair.home("bo", documents=30)
    assert (await bo.sync()).downloaded == 30
    assert all(bo.labels(row.location) == [("Person", 0, 3)] for row in bo.session.rows.values())


async def test_batches_beside_each_other_come_in_in_order_and_progress_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui_labeler.engine.sharing.syncing.BATCH", 4)
    pair = Pair(tmp_path)
    ana = await pair.home("ana", documents=30)
    await ana.session.categories.add("Person")
    for row in list(ana.session.rows.values()):
        await ana.label("Person", 0, 3, row.location)
    told: list[tuple[int, int]] = []
    await ana.syncing.sync(progress=lambda done, of: told.append((done, of)))
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told == [(done, 30) for done in range(1, 31)]
    bo = await pair.home("bo", documents=30)
    told.clear()
    done = await bo.syncing.sync(progress=lambda done, of: told.append((done, of)))
    assert told == [(done, 30) for done in range(1, 31)]
    seqs = [transaction.seq for transaction in done.transactions]
    assert len(seqs) == 8
    assert seqs == sorted(seqs)


def cancel_at(shelf: FakeShelf, task: asyncio.Future[Any], call: int, _: str) -> None:
    if shelf.requests["put"] == call:
        task.cancel()


async def test_one_home_syncs_a_project_once_at_a_time(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui_labeler.engine.adapters.store.sync_base.PATIENCE", 0.02)
    ana, _ = await pair.homes()
    async with ana.base.held():
        with pytest.raises(LockedError):
            await ana.sync()


async def test_a_container_that_may_only_be_read_is_pulled_from(pair: Pair) -> None:
    ana, bo = await pair.homes()
    await ana.label("Person", 0, 3)
    await ana.sync()
    await bo.label("Town", 15, 19)

    class ReadOnly(FakeShelf):
        async def put(self, name: str, content: bytes, *, etag: str | None) -> str:
            raise ContainerError("it may not be written")

    bo.syncing._shelf = ReadOnly(pair.stored)
    with pytest.raises(ContainerError):
        await bo.sync()
    assert bo.labels() == [("Person", 0, 3), ("Town", 15, 19)]
    bo.syncing._shelf = bo.shelf
    await bo.sync()
    assert pair.file_labels() == bo.labels()


# --- two people on one document on purpose ----------------------------------------------------------


async def read_by_both(pair: Pair) -> tuple[Home, Home]:
    """``a.txt`` is with both, and each has labeled it: words that overlap, and one that is the same."""
    ana, bo = await pair.homes()
    await ana.session.readings.assign(["ana", "bo"], documents=[document(ana.session, "a.txt")])
    await both_sync(ana, bo)
    await ana.label("Person", 0, 11)
    await ana.label("Town", 15, 19)
    await bo.label("Person", 0, 3)
    await bo.label("Town", 15, 19)
    return ana, bo


async def test_readings_go_to_the_other_machine_without_conflict_and_unseen(pair: Pair) -> None:
    ana, bo = await read_by_both(pair)
    await both_sync(ana, bo)
    assert (await ana.sync()).conflicts == (await bo.sync()).conflicts == ()
    assert ana.labels() == [("Person", 0, 11), ("Town", 15, 19)]
    assert bo.labels() == [("Person", 0, 3), ("Town", 15, 19)]
    for home in (ana, bo):
        entries = [entry async for entry in home.session.history.entries(document=0)]
        other = "bo" if home is ana else "ana"
        assert not any(entry.who == other and entry.category for entry in entries)
        assert home.session.readings.both(document(home.session, "a.txt")) is None
    assert len(pair.file()["labels"]) == 4


async def test_who_is_done_is_merged_and_opens_the_readings_on_both_machines(pair: Pair) -> None:
    ana, bo = await read_by_both(pair)
    for home in (ana, bo):
        await home.session.readings.finish([document(home.session, "a.txt")])
    await both_sync(ana, bo)
    seen = [home.session.readings.both(document(home.session, "a.txt")) for home in (ana, bo)]
    assert seen[0] is not None
    assert seen[0] == seen[1]
    assert (len(seen[0].lines), len(seen[0].differing)) == (2, 1)


async def test_choices_of_two_people_are_merged_and_settled_once(pair: Pair) -> None:
    ana, bo = await pair.homes()
    where = document(ana.session, "a.txt")
    await ana.session.readings.assign(["ana", "bo"], documents=[where])
    await both_sync(ana, bo)
    for home, starts in ((ana, (0, 8)), (bo, (15,))):
        for start in starts:
            await home.label("Person", start, start + 3)
        await home.session.readings.finish([where])
    await both_sync(ana, bo)
    both = ana.session.readings.both(where)
    assert both is not None
    first, second, third = both.differing
    await ana.session.readings.choose(where, first, Take.FIRST)
    await bo.session.readings.choose(where, second, Take.FIRST)
    await both_sync(ana, bo)
    assert (await ana.sync()).conflicts == ()
    await ana.session.readings.choose(where, third, Take.NEITHER)
    await both_sync(ana, bo)
    assert ana.labels() == bo.labels() == [("Person", 0, 3), ("Person", 8, 11)]
    assert (await bo.sync()).conflicts == ()


async def test_a_place_that_two_people_settle_differently_is_a_conflict(pair: Pair) -> None:
    ana, bo = await pair.homes()
    where = document(ana.session, "a.txt")
    await ana.session.readings.assign(["ana", "bo"], documents=[where])
    await both_sync(ana, bo)
    await ana.label("Person", 0, 3)
    await ana.label("Person", 8, 11)
    for home in (ana, bo):
        await home.session.readings.finish([where])
    await both_sync(ana, bo)
    both = ana.session.readings.both(where)
    assert both is not None
    await ana.session.readings.choose(where, both.differing[0], Take.FIRST)
    await bo.session.readings.choose(where, both.differing[0], Take.NEITHER)
    await ana.sync()
    (conflict,) = (await bo.sync()).conflicts
    assert conflict.id == "choices"
    assert "takes neither: ana has" in conflict.reason
    await bo.resolve("a.txt", "theirs")
    await both_sync(ana, bo)
    choices = [home.session.documents.find("a.txt").choices for home in (ana, bo)]
    assert choices[0] == choices[1]
    assert choices[0][0].take is Take.FIRST


async def test_a_conflict_inside_a_reading_is_shown_to_its_reader_alone(pair: Pair) -> None:
    ana, bo = await pair.homes()
    where = document(ana.session, "a.txt")
    await ana.session.readings.assign(["ana", "bo"], documents=[where])
    await both_sync(ana, bo)
    await ana.label("Person", 0, 3)
    await ana.sync()
    data = pair.file()
    (label,) = data["labels"]
    assert label["reader"] == "ana"
    await bo.sync()
    assert bo.labels() == []
    # Ana labels the same words at two machines, in two ways.
    await ana.label("Town", 15, 19)
    content = {**data, "labels": [label, {**label, "id": "elsewhere1", "span": {"start": 13, "end": 19}}]}
    pair.stored.write(A_TXT, json.dumps(content).encode())
    assert (await bo.sync()).conflicts == ()
    (conflict,) = (await ana.sync()).conflicts
    assert "15..19" in conflict.reason
    assert "13..19" in conflict.reason
    assert await open_conflicts(ana.session.store, ana.base, "bo") == ()


async def test_what_became_of_a_name_that_two_gave_is_said_once_to_whom_it_happened(pair: Pair) -> None:
    ana, bo = await pair.homes()
    await ana.session.categories.add("Place")
    await ana.session.categories.add("Firm")
    await bo.session.categories.rename(category(bo.session, "Town"), "Place")
    await bo.session.categories.add("Firm")
    assert (await ana.sync()).notes == ()
    renamed, one = (await bo.sync()).notes
    assert "yours is called 'Town' again" in renamed
    assert "Others have made the entity 'Firm' too: both are one" in one
    assert (await bo.sync()).notes == (await ana.sync()).notes == ()
