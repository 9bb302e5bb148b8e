"""What both sides changed at once: shown to a person, or settled by a plain rule that is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.engine.sharing.homes import Home, Pair
from tests.fakes import category, document
from tui_labeler.domain.readings import reading

if TYPE_CHECKING:
    from pathlib import Path


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
        assert (
            "here Town at 0..3 by ana" in conflict.reason
            or "container Town at 0..3 by ana" in conflict.reason
        )
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
