"""What both sides changed at once: shown to a person, or settled by a plain rule that is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.engine.sharing.homes import Home, Pair
from tests.fakes import category, document
from tui_labeler.domain.readings import reading

if TYPE_CHECKING:
    from pathlib import Path

    from tui_labeler.engine.sharing.conflicts import Side


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    return Pair(tmp_path)


async def both_sync(*homes: Home) -> None:
    for home in (*homes, *homes):
        await home.sync()


def all_labels(*homes: Home) -> list[list[tuple[str, int, int]]]:
    return [sorted(home.labels()) for home in homes]


async def merged_and_deleted(pair: Pair, first: str) -> tuple[Home, Home]:
    """Ana has merged Town into Person, and Bo has deleted it: whoever syncs first, the other hears of it."""
    ana, bo = await pair.homes()
    for location in ("a.txt", "b.txt"):
        await ana.label("Town", 0, 3, location)
    await both_sync(ana, bo)
    town, person = (category(ana.session, name) for name in ("Town", "Person"))
    await ana.session.categories.merge(town, person)
    await bo.session.categories.delete(town)
    order = (ana, bo) if first == "ana" else (bo, ana)
    await both_sync(*order)
    return order


@pytest.mark.parametrize("first", ["ana", "bo"])
@pytest.mark.parametrize("keeps", ["label", "removal"])
async def test_labels_of_a_category_that_one_merged_and_the_other_deleted_wait_for_a_person(
    pair: Pair, first: str, keeps: str
) -> None:
    one, other = await merged_and_deleted(pair, first)
    assert all_labels(one, other) == (
        [[("Person", 0, 3)], []] if first == "ana" else [[], [("Person", 0, 3)]]
    )
    assert await one.syncing.conflicts() == ()
    found = await other.syncing.conflicts()
    assert [conflict.location for conflict in found] == ["a.txt", "b.txt"]
    for conflict in found:
        assert "Town at 0..3" in conflict.reason
        assert "removed by bo" in conflict.reason
    for location in ("a.txt", "b.txt"):
        await other.resolve(location, "theirs" if (keeps == "label") is (first == "ana") else "ours")
    await both_sync(other, one)
    left = [("Person", 0, 3)] if keeps == "label" else []
    assert all_labels(one, other) == [left, left]
    assert await other.syncing.conflicts() == ()


async def test_undo_brings_the_labels_of_a_deleted_category_back_that_the_other_has_merged(
    pair: Pair,
) -> None:
    ana, bo = await merged_and_deleted(pair, "ana")
    undone = await bo.session.history.undo()
    assert undone is not None
    assert (undone.items, undone.refused) == (2, 0)
    await both_sync(bo, ana)
    assert all_labels(ana, bo) == [[("Person", 0, 3)]] * 2
    assert [await home.syncing.conflicts() for home in (ana, bo)] == [(), ()]


async def test_a_label_that_one_removed_is_still_to_be_had_where_the_other_has_merged_its_category(
    pair: Pair,
) -> None:
    ana, bo = await pair.homes()
    await ana.label("Town", 0, 3)
    await both_sync(ana, bo)
    await bo.unlabel(0)
    town, person = (category(ana.session, name) for name in ("Town", "Person"))
    await ana.session.categories.merge(town, person)
    await both_sync(ana, bo)
    await bo.resolve("a.txt", "theirs")
    await both_sync(bo, ana)
    assert all_labels(ana, bo) == [[("Person", 0, 3)]] * 2


async def test_a_conflict_inside_a_reading_is_its_readers_alone_until_all_readers_are_done(
    pair: Pair,
) -> None:
    ana, bo = await pair.homes("Person", "Town", "Firm")
    ids = [document(ana.session, "a.txt")]
    await ana.session.readings.assign(["ana", "bo"], documents=ids)
    await both_sync(ana, bo)
    await ana.label("Person", 0, 3)
    await both_sync(ana, bo)
    person, town, firm = (category(ana.session, name) for name in ("Person", "Town", "Firm"))
    await ana.session.categories.merge(person, town)
    await bo.session.categories.merge(person, firm)
    await both_sync(ana, bo)
    assert [await home.syncing.conflicts() for home in (ana, bo)] == [(), ()]
    for home in (ana, bo):
        await home.session.readings.finish(ids)
        await home.sync()
    (conflict,) = (await bo.sync()).conflicts
    assert conflict.reason.startswith("here Firm at 0..3 in ana's reading")
    await bo.resolve("a.txt", "theirs")
    await both_sync(bo, ana)
    wholes = [home.session.store.state.whole(ids[0]) for home in (ana, bo)]
    assert [[label.category for label in reading(whole, "ana")] for whole in wholes] == [[town]] * 2
    assert await bo.syncing.conflicts() == ()


# --- who reads a document ---------------------------------------------------------------------------


def read_by(home: Home, location: str = "a.txt") -> tuple[tuple[str, ...], list[tuple[str, str]]]:
    """Whom a home has a document with, and its labels: their reader and their words' first letters."""
    whole = home.session.store.state.whole(document(home.session, location))
    return whole.readers, sorted((label.reader, label.id[:2]) for label in whole.active_labels)


@pytest.mark.parametrize("first", ["ana", "bo"])
@pytest.mark.parametrize("keeps", ["readers", "label"])
async def test_a_document_that_one_labeled_and_the_other_gave_to_readers_waits_for_a_person(
    pair: Pair, first: str, keeps: str
) -> None:
    ana, bo = await pair.homes()
    await bo.label("Town", 15, 19)
    await ana.session.readings.assign(["ana", "bo"], documents=[document(ana.session, "a.txt")])
    await ana.label("Person", 0, 3)
    one, other = (ana, bo) if first == "ana" else (bo, ana)
    await both_sync(one, other)
    assert read_by(ana) == (("ana", "bo"), [("ana", "an")])
    assert read_by(bo) == ((), [("", "bo")])
    (conflict,) = await other.syncing.conflicts()
    given = "with ana, bo; ana's reading, which goes if the other side is taken"
    assert conflict.id == "readers"
    assert given in conflict.reason
    assert "Person" not in conflict.reason
    assert "Town at 15..19 by bo" in conflict.reason
    await other.resolve("a.txt", "theirs" if (keeps == "readers") is (first == "ana") else "ours")
    await both_sync(other, one)
    expected = (("ana", "bo"), [("ana", "an")]) if keeps == "readers" else ((), [("", "bo")])
    assert [read_by(home) for home in (ana, bo)] == [expected] * 2
    assert [await home.syncing.conflicts() for home in (ana, bo)] == [(), ()]


async def given_to_others(pair: Pair) -> tuple[Home, Home]:
    """Ana gave a document to Ana and Cleo, Bo gave it to Bo and Cleo, and both have begun."""
    ana, bo = await pair.homes()
    for home in (ana, bo):
        await home.session.readings.assign(
            [home.around.actor, "cleo"], documents=[document(home.session, "a.txt")]
        )
        await home.label("Person", 0, 3)
    await both_sync(ana, bo)
    return ana, bo


@pytest.mark.parametrize("take", ["ours", "theirs"])
async def test_of_readers_given_differently_the_side_taken_stays_whole_and_nothing_of_the_other(
    pair: Pair, take: Side
) -> None:
    ana, bo = await given_to_others(pair)
    (conflict,) = await bo.syncing.conflicts()
    assert conflict.reason == (
        "here with bo, cleo; bo's reading, which goes if the other side is taken – "
        "in the container with ana, cleo; ana's reading, which goes if the other side is taken"
    )
    before = read_by(bo)
    await bo.resolve("a.txt", take)
    who = "bo" if take == "ours" else "ana"
    expected = ((who, "cleo"), [(who, who[:2])])
    assert read_by(bo) == expected
    # Taken back it is open again, with all that either side has; done again it is decided.
    assert await bo.session.history.undo() is not None
    assert (read_by(bo), len(await bo.syncing.conflicts())) == (before, 1)
    await both_sync(ana, bo)
    assert (read_by(ana), read_by(bo)) == ((("ana", "cleo"), [("ana", "an")]), before)
    await bo.resolve("a.txt", take)
    await both_sync(bo, ana)
    assert [read_by(home) for home in (ana, bo)] == [expected] * 2
    assert await ana.syncing.conflicts() == ()


async def test_what_a_reader_makes_after_their_reading_gave_way_elsewhere_is_shown_too(pair: Pair) -> None:
    ana, bo = await given_to_others(pair)
    await bo.resolve("a.txt", "ours")
    await bo.sync()
    await ana.label("Town", 15, 19)
    (conflict,) = (await ana.sync()).conflicts
    assert "ana's reading, which goes" in conflict.reason
    await ana.resolve("a.txt", "theirs")
    await both_sync(ana, bo)
    assert [read_by(home) for home in (ana, bo)] == [(("bo", "cleo"), [("bo", "bo")])] * 2


async def test_a_document_taken_back_while_a_reader_labels_it_waits_for_a_person(pair: Pair) -> None:
    ana, bo = await pair.homes()
    ids = [document(ana.session, "a.txt")]
    await ana.session.readings.assign(["ana", "bo"], documents=ids)
    await bo.sync()
    await both_sync(ana, bo)
    await bo.label("Person", 0, 3)
    await both_sync(bo, ana)
    await ana.session.readings.withdraw(ids)
    await bo.label("Town", 15, 19)
    await both_sync(bo, ana)
    (conflict,) = await ana.syncing.conflicts()
    assert "bo's reading, which goes" in conflict.reason
    await ana.resolve("a.txt", "theirs")
    await both_sync(ana, bo)
    assert [read_by(home) for home in (ana, bo)] == [(("ana", "bo"), [("bo", "bo"), ("bo", "bo")])] * 2


async def test_a_document_taken_back_that_its_reader_left_as_it_was_is_taken_back(pair: Pair) -> None:
    ana, bo = await pair.homes()
    ids = [document(ana.session, "a.txt")]
    await ana.session.readings.assign(["ana", "bo"], documents=ids)
    await both_sync(ana, bo)
    await bo.label("Person", 0, 3)
    await both_sync(bo, ana)
    await ana.session.readings.withdraw(ids)
    await both_sync(ana, bo)
    assert [read_by(home) for home in (ana, bo)] == [((), [])] * 2
    assert await bo.syncing.conflicts() == ()
