"""What two people decided differently: readings that they settled, labels that they looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.engine.sharing.homes import TEXT, Home, Pair
from tests.fakes import category, document
from tui_labeler.domain.agreement import Take
from tui_labeler.domain.labels import Span
from tui_labeler.engine.errors import RefusedError

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


# --- readings that two have settled -----------------------------------------------------------------


async def read_by_both(pair: Pair) -> tuple[Home, Home]:
    """Both have Ann; Bo alone has Rome, and Ana alone Oslo."""
    ana, bo = await pair.homes()
    where = document(ana.session, "a.txt")
    await ana.session.readings.assign(["ana", "bo"], documents=[where])
    await both_sync(ana, bo)
    for home, town in ((ana, 41), (bo, 15)):
        await home.label("Person", 0, 3)
        await home.label("Town", town, town + 4)
        await home.session.readings.finish([where])
    await both_sync(ana, bo)
    return ana, bo


async def choose(home: Home, place: int, take: Take) -> None:
    where = document(home.session, "a.txt")
    both = home.session.readings.both(where)
    assert both is not None
    await home.session.readings.choose(where, both.differing[place], take)


ROME, OSLO, ANN = ("Town", 15, 19), ("Town", 41, 45), ("Person", 0, 3)


@pytest.mark.parametrize(("take", "expected"), [("theirs", [ANN]), ("ours", [ANN, ROME, OSLO])])
async def test_labels_of_a_settlement_stand_or_fall_with_its_choices(
    pair: Pair, take: Any, expected: list[Any]
) -> None:
    ana, bo = await read_by_both(pair)
    for place in (0, 1):
        await choose(ana, place, Take.NEITHER)
        await choose(bo, place, Take.BOTH)
    await ana.sync()
    (conflict,) = (await bo.sync()).conflicts
    assert bo.labels() == sorted([ANN, ROME, OSLO], key=lambda label: label[1])
    assert pair.file_labels()[:1] == [ANN]
    assert conflict.id
    await bo.resolve("a.txt", take)
    await both_sync(bo, ana)
    assert all_labels(ana, bo) == [sorted(expected)] * 2
    found = [home.session.documents.find("a.txt") for home in (ana, bo)]
    assert found[0].choices == found[1].choices
    assert found[0].settled == found[1].settled
    assert found[0].settled is not None
    assert found[0].settled.actor == ("ana" if take == "theirs" else "bo")
    assert (await bo.sync()).conflicts == (await ana.sync()).conflicts == ()


async def test_a_settlement_whose_choices_somebody_changes_meanwhile_is_a_conflict(pair: Pair) -> None:
    ana, bo = await read_by_both(pair)
    await choose(ana, 0, Take.SECOND)
    await both_sync(ana, bo)
    await choose(bo, 1, Take.FIRST)
    await choose(ana, 0, Take.NEITHER)
    await bo.sync()
    (conflict,) = (await ana.sync()).conflicts
    await ana.resolve("a.txt", "ours", conflict.id)
    await both_sync(ana, bo)
    for home in (ana, bo):
        found = home.session.documents.find("a.txt")
        assert found.saved_labels == ()
        assert found.settled is None
        assert [choice.take for choice in found.choices] == [Take.NEITHER]


async def test_a_document_that_both_found_empty_is_reviewed_by_whoever_stands(pair: Pair) -> None:
    ana, bo = await pair.homes()
    where = document(ana.session, "a.txt")
    await ana.session.readings.assign(["ana", "bo"], documents=[where])
    await both_sync(ana, bo)
    await ana.label("Person", 0, 3)
    for home in (ana, bo):
        await home.session.readings.finish([where])
    await both_sync(ana, bo)
    await choose(ana, 0, Take.FIRST)
    await choose(bo, 0, Take.NEITHER)
    await ana.sync()
    await bo.sync()
    await bo.resolve("a.txt", "theirs")
    await both_sync(bo, ana)
    for home in (ana, bo):
        assert home.labels() == [ANN]
        assert home.session.documents.find("a.txt").reviewed is None


async def test_both_adjudications_are_told_place_by_place(pair: Pair) -> None:
    ana, bo = await read_by_both(pair)
    for place in (0, 1):
        await choose(ana, place, Take.SECOND if place else Take.NEITHER)
        await choose(bo, place, Take.BOTH)
    await ana.sync()
    (conflict,) = (await bo.sync()).conflicts
    told = conflict.quoted(TEXT, bo.session.documents.find("a.txt").text_hash)
    ours, theirs = ([line.words for line in side] for side in (told.ours, told.theirs))
    assert ours[0].startswith("takes both: ana has nothing, bo has Town at 15..19, by bo (")
    assert ours[0].endswith("): “Rome”")
    assert theirs[0].startswith("takes neither: ana has nothing, bo has Town at 15..19, by ana (")
    assert theirs[1].startswith("takes bo's: nothing (and not ana's: Town at 41..45), by ana (")
    assert theirs[1].endswith("): “Oslo”")
    assert any(line.startswith("settled by bo") for line in ours)
    assert any(line.startswith("Town at 41..45 by bo") for line in ours)
    assert not any(line.startswith("Town at") for line in theirs)


# --- labels that one has looked at and the other removed --------------------------------------------

CHANGED = "Ann met Bob in R0me. Then Ann went on to Oslo.\n"


async def stale_town(pair: Pair) -> tuple[Home, Home]:
    """Both have Rome, and the text says something else by now."""
    ana, bo = await pair.homes()
    await ana.label("Town", 15, 19)
    await both_sync(ana, bo)
    (pair.root / "documents" / "a.txt").write_text(CHANGED)
    for home in (ana, bo):
        await home.session.documents.sync()
    await both_sync(ana, bo)
    return ana, bo


async def set_to_oslo(home: Home) -> None:
    found = home.session.documents.find("a.txt")
    (label,) = found.active_labels
    await home.session.looking_again.keep(found.id, label.id, Span(41, 45))


@pytest.mark.parametrize(("take", "expected"), [("ours", [OSLO]), ("theirs", [])])
async def test_a_label_that_one_has_set_elsewhere_and_the_other_removed_is_a_conflict(
    pair: Pair, take: Any, expected: list[Any]
) -> None:
    ana, bo = await stale_town(pair)
    await bo.unlabel(15)
    await set_to_oslo(ana)
    await bo.sync()
    (conflict,) = (await ana.sync()).conflicts
    assert "41..45" in conflict.reason
    assert "removed by bo" in conflict.reason
    assert ana.labels() == [OSLO]
    await ana.resolve("a.txt", take)
    await both_sync(ana, bo)
    assert all_labels(ana, bo) == [expected, expected]


async def test_a_removal_of_what_was_set_elsewhere_before_is_no_conflict(pair: Pair) -> None:
    ana, bo = await stale_town(pair)
    await set_to_oslo(ana)
    await both_sync(ana, bo)
    await bo.unlabel(41)
    await both_sync(bo, ana)
    assert (await ana.sync()).conflicts == ()
    assert all_labels(ana, bo) == [[], []]


async def test_two_who_say_the_same_of_a_label_are_not_at_odds(pair: Pair) -> None:
    ana, bo = await stale_town(pair)
    await set_to_oslo(ana)
    await set_to_oslo(bo)
    await both_sync(ana, bo)
    assert (await ana.sync()).conflicts == (await bo.sync()).conflicts == ()
    assert all_labels(ana, bo) == [[OSLO], [OSLO]]
    kept = [home.session.documents.find("a.txt").active_labels[0].kept for home in (ana, bo)]
    assert kept[0] is not None
    assert kept[0] == kept[1]


# --- decisions that are taken back ------------------------------------------------------------------

OURS, THEIRS = ("Town", 4, 11), ("Person", 0, 7)


async def in_conflict(pair: Pair) -> tuple[Home, Home]:
    """Ana's Person is in the container, Bo's Town meets it."""
    ana, bo = await pair.homes()
    await ana.label("Person", 0, 7)
    await ana.sync()
    await bo.label("Town", 4, 11)
    await bo.sync()
    return ana, bo


async def undo(home: Home) -> str:
    undone = await home.session.history.undo()
    return undone.action if undone else ""


@pytest.mark.parametrize("synced", [False, True])
@pytest.mark.parametrize("take", ["ours", "theirs"])
async def test_a_decision_is_one_step_and_taking_it_back_opens_the_conflict_on_both_sides(
    pair: Pair, take: Any, synced: bool
) -> None:
    ana, bo = await in_conflict(pair)
    await bo.resolve("a.txt", take)
    if synced:
        await both_sync(bo, ana)
        assert all_labels(ana, bo) == [[OURS if take == "ours" else THEIRS]] * 2
    assert await undo(bo) == "conflict.decide"
    assert bo.labels() == [OURS]
    (conflict,) = await bo.syncing.conflicts()
    assert "Person at 0..7 by ana" in conflict.reason
    assert "removed" not in conflict.reason, "who decided has removed nothing"
    await both_sync(bo, ana)
    assert [told.reason for told in await bo.syncing.conflicts()] == [conflict.reason]
    assert (bo.labels(), ana.labels(), pair.file_labels()) == ([OURS], [THEIRS], [THEIRS])
    assert len((await bo.sync()).conflicts) == 1
    assert (await ana.sync()).conflicts == ()
    redone = await bo.session.history.redo()
    assert redone is not None
    await both_sync(bo, ana)
    assert all_labels(ana, bo) == [[OURS if take == "ours" else THEIRS]] * 2
    assert await bo.syncing.conflicts() == ()
    assert await undo(bo) == "conflict.decide"
    await bo.resolve("a.txt", "theirs")
    await both_sync(bo, ana)
    assert all_labels(ana, bo) == [[THEIRS]] * 2


@pytest.mark.parametrize("take", ["ours", "theirs"])
async def test_a_decision_that_changes_nothing_here_is_taken_back_too(pair: Pair, take: Any) -> None:
    ana, bo = await pair.homes()
    for home, note in ((ana, "ana's"), (bo, "bo's")):
        await home.session.labeling.set_flag(document(home.session, "a.txt"), note)
        await home.sync()
    await bo.resolve("a.txt", take)
    await both_sync(bo, ana)
    assert await undo(bo) == "conflict.decide"
    await both_sync(bo, ana)
    flags = [home.session.documents.find("a.txt").flag for home in (ana, bo)]
    assert flags == ["ana's", "bo's"]
    assert len(await bo.syncing.conflicts()) == 1
    assert await bo.session.history.redo()
    await both_sync(bo, ana)
    decided = "bo's" if take == "ours" else "ana's"
    assert [home.session.documents.find("a.txt").flag for home in (ana, bo)] == [decided] * 2


async def test_a_decision_on_what_somebody_has_changed_since_stays(pair: Pair) -> None:
    ana, bo = await in_conflict(pair)
    await bo.resolve("a.txt", "ours")
    await both_sync(bo, ana)
    await ana.unlabel(4)
    await both_sync(ana, bo)
    with pytest.raises(RefusedError):
        await undo(bo)
    await both_sync(bo, ana)
    assert all_labels(ana, bo) == [[], []]
    assert await bo.syncing.conflicts() == ()


async def test_a_decision_stands_in_the_history_with_what_gave_way_and_its_maker(pair: Pair) -> None:
    _, bo = await in_conflict(pair)
    await bo.resolve("a.txt", "theirs")
    entries = [entry async for entry in bo.session.history.entries(document=document(bo.session, "a.txt"))]
    assert (entries[0].action, entries[0].who, entries[0].location) == ("conflict.decide", "bo", "a.txt")
    assert entries[0].decided is not None
    stands, _, gave_way = entries[0].decided.partition("gave way")
    assert "Person at 0..7 by ana" in stands
    assert "Town at 4..11 by bo" in gave_way


@pytest.mark.parametrize("take", ["ours", "theirs"])
async def test_a_settlement_that_was_decided_is_open_again_after_an_undo(pair: Pair, take: Any) -> None:
    ana, bo = await read_by_both(pair)
    for place in (0, 1):
        await choose(ana, place, Take.NEITHER)
        await choose(bo, place, Take.BOTH)
    await ana.sync()
    await bo.sync()
    await bo.resolve("a.txt", take)
    await both_sync(bo, ana)
    await undo(bo)
    await both_sync(bo, ana)
    assert all_labels(ana, bo) == [[ANN], sorted([ANN, ROME, OSLO])]
    assert len(await bo.syncing.conflicts()) == 1


@pytest.mark.parametrize("take", ["ours", "theirs"])
async def test_a_decision_on_a_category_is_taken_back(pair: Pair, take: Any) -> None:
    ana, bo = await pair.homes()
    for home in (ana, bo):
        await home.session.categories.set(category(home.session, "Town"), description=home.around.actor)
        await home.sync()
    await bo.resolve("project.json", take)
    await both_sync(bo, ana)
    await undo(bo)
    await both_sync(bo, ana)
    told = [home.session.categories.by_name("Town").description for home in (ana, bo)]
    assert told == ["ana", "bo"]
    assert len(await bo.syncing.conflicts()) == 1
