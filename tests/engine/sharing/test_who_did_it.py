"""Who did what, and when, after it came over the container."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.engine.sharing.homes import Home, Pair
from tests.fakes import document, open_ones, suggest
from tui_labeler.engine.sharing.shared_form import file_name, labels_folder

if TYPE_CHECKING:
    from pathlib import Path

    from tui_labeler.engine.history.entries import Entry


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    return Pair(tmp_path)


async def both_sync(*homes: Home) -> None:
    for home in (*homes, *homes):
        await home.sync()


async def newest(home: Home) -> Entry:
    where = document(home.session, "a.txt")
    return await anext(aiter(home.session.history.entries(document=where)))


async def test_what_came_in_names_who_did_it_and_whose_sync_brought_it(pair: Pair) -> None:
    ana, bo = await pair.homes()
    await bo.label("Person", 0, 3)
    await both_sync(bo, ana)
    entry = await newest(ana)
    assert (entry.action, entry.who, entry.synced_by) == ("labels.sync", "bo", "ana")
    assert ((await newest(bo)).who, (await newest(bo)).synced_by) == ("bo", None)
    await suggest(ana.session, "a.txt", [("Town", "Rome", 0.9)])
    await both_sync(ana, bo)
    suggestion = next(iter(ana.session.documents.find("a.txt").suggestions.values()))
    entry = await newest(bo)
    assert (entry.synced_by, entry.who) == ("bo", f"model loans (job {suggestion.job})")
    where = document(bo.session, "a.txt")
    await bo.session.review.reject(where, open_ones(bo.session, "a.txt")[0])
    await both_sync(bo, ana)
    assert (await newest(ana)).who == "bo"
    await bo.session.labeling.set_flag(where, "look")
    await both_sync(bo, ana)
    assert (await newest(ana)).who == "others"


async def test_a_label_that_went_by_the_decision_of_another_names_them(pair: Pair) -> None:
    ana, bo = await pair.homes()
    await ana.label("Person", 0, 7)
    await ana.sync()
    await bo.label("Town", 4, 11)
    await bo.sync()
    await bo.resolve("a.txt", "ours")
    await both_sync(bo, ana)
    entry = await newest(ana)
    assert (entry.who, entry.synced_by) == ("bo", "ana")


async def test_a_label_that_was_undone_went_when_it_was_undone(pair: Pair) -> None:
    ana, bo = await pair.homes()
    await ana.label("Person", 0, 3)
    await both_sync(ana, bo)
    await ana.session.history.undo()
    undone = (await newest(ana)).time
    await bo.label("Town", 15, 19)
    await bo.sync()
    await both_sync(ana, bo)
    removed = [label.removed for label in bo.session.documents.find("a.txt").labels.values() if label.removed]
    assert [stamp.time for stamp in removed] == [undone]


async def test_decisions_that_the_container_has_lost_are_written_again(pair: Pair) -> None:
    ana, bo = await pair.homes()
    await suggest(ana.session, "a.txt", [("Person", "Ann", 0.9), ("Town", "Rome", 0.5)])
    await both_sync(ana, bo)
    name = labels_folder("pshared") + file_name("a.txt")
    earlier = pair.stored.files[name][0]
    where = document(ana.session, "a.txt")
    first, second = open_ones(ana.session, "a.txt")
    await ana.session.review.accept(where, first)
    await ana.session.review.reject(where, second)
    await both_sync(ana, bo)
    pair.stored.write(name, earlier)
    await both_sync(ana, bo)
    for home in (ana, bo):
        assert home.labels() == [("Person", 0, 3)]
        assert open_ones(home.session, "a.txt") == []
    assert sum("decision" in row for row in pair.file()["suggestions"]) == 2


async def test_a_decision_that_its_maker_has_taken_back_is_open_for_all(pair: Pair) -> None:
    ana, bo = await pair.homes()
    await suggest(ana.session, "a.txt", [("Person", "Ann", 0.9)])
    await both_sync(ana, bo)
    (only,) = open_ones(ana.session, "a.txt")
    await ana.session.review.accept(document(ana.session, "a.txt"), only)
    await both_sync(ana, bo)
    await ana.session.history.undo()
    await both_sync(ana, bo)
    for home in (ana, bo):
        assert open_ones(home.session, "a.txt") == [only]
