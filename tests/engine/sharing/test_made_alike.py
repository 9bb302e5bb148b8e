"""Labels that two people made alike: one of them while both hold, the other's where one takes theirs back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.engine.sharing.homes import Home, Pair
from tests.fakes import suggest
from tui_labeler.domain.labels import Verdict
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.errors import RefusedError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    return Pair(tmp_path)


async def both_sync(*homes: Home) -> None:
    for home in (*homes, *homes):
        await home.sync()


def makers(home: Home) -> list[str]:
    return [label.made.actor for label in home.session.documents.find("a.txt").active_labels]


async def test_when_its_maker_takes_it_back_the_others_stays(pair: Pair) -> None:
    ana, bo = await pair.homes()
    await ana.label("Person", 0, 3)
    await bo.label("Person", 0, 3)
    await both_sync(ana, bo)
    assert makers(ana) == makers(bo) == ["ana"]
    await ana.session.history.undo()
    assert makers(ana) == ["bo"]
    await both_sync(ana, bo)
    assert ana.labels() == bo.labels() == [("Person", 0, 3)]
    assert makers(ana) == makers(bo) == ["bo"]


async def test_a_redo_makes_one_of_them_again(pair: Pair) -> None:
    ana, bo = await pair.homes()
    await ana.label("Person", 0, 3)
    await bo.label("Person", 0, 3)
    await both_sync(ana, bo)
    await ana.session.history.undo()
    await ana.session.history.redo()
    assert makers(ana) == ["ana"]
    await both_sync(ana, bo)
    assert makers(ana) == makers(bo) == ["ana"]


async def test_whoever_made_the_one_that_gave_way_takes_nothing_from_the_other(pair: Pair) -> None:
    ana, bo = await pair.homes()
    await ana.label("Person", 0, 3)
    await bo.label("Person", 0, 3)
    await both_sync(ana, bo)
    with pytest.raises(RefusedError):
        await bo.session.history.undo()
    assert makers(bo) == ["ana"]


async def test_when_both_have_taken_it_back_it_is_gone(pair: Pair) -> None:
    ana, bo = await pair.homes()
    await ana.label("Person", 0, 3)
    await bo.label("Person", 0, 3)
    await both_sync(ana, bo)
    await ana.session.history.undo()
    await both_sync(ana, bo)
    await bo.session.history.undo()
    await both_sync(ana, bo)
    assert ana.labels() == bo.labels() == []


async def test_removing_it_on_purpose_removes_it_for_both(pair: Pair) -> None:
    ana, bo = await pair.homes()
    await ana.label("Person", 0, 3)
    await bo.label("Person", 0, 3)
    await both_sync(ana, bo)
    await ana.unlabel(0)
    await both_sync(ana, bo)
    assert ana.labels() == bo.labels() == []


async def test_drafts_that_were_saved_are_taken_back_step_by_step(tmp_path: Path) -> None:
    ana, bo = await Pair(tmp_path, immediate=False).homes()
    for home in (ana, bo):
        await home.label("Person", 0, 3)
        await home.session.labeling.save()
    await both_sync(ana, bo)
    await ana.session.history.undo()
    await ana.session.history.undo()
    assert makers(ana) == ["bo"]
    await both_sync(ana, bo)
    assert makers(ana) == makers(bo) == ["bo"]


async def test_a_class_that_two_gave_stays_too(tmp_path: Path) -> None:
    ana, bo = await Pair(tmp_path, ProjectKind.SINGLE_LABEL).homes()
    await ana.classify("Person")
    await bo.classify("Person")
    await both_sync(ana, bo)
    await ana.session.history.undo()
    await both_sync(ana, bo)
    assert makers(ana) == makers(bo) == ["bo"]


async def test_a_suggestion_that_two_accepted_stays_accepted_by_the_other(pair: Pair) -> None:
    ana, bo = await pair.homes()
    await suggest(ana.session, "a.txt", [("Person", "Ann", 0.9)])
    await both_sync(ana, bo)
    for home in (ana, bo):
        found = home.session.documents.find("a.txt")
        (item,) = found.suggestions.values()
        await home.session.review.accept(found.id, item.id)
    await both_sync(ana, bo)
    assert len(ana.labels()) == 1
    await ana.session.history.undo()
    await both_sync(ana, bo)
    for home in (ana, bo):
        found = home.session.documents.find("a.txt")
        (decided,) = [item.decision for item in found.suggestions.values()]
        assert decided is not None
        assert (decided.verdict, decided.stamp.actor) == (Verdict.ACCEPTED, "bo")
        assert [label.id for label in found.active_labels] == [decided.label]
