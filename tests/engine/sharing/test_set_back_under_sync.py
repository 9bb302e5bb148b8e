"""A home that was set back to a backup under what it remembers of later syncs."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.engine.sharing.homes import Home, Pair
from tests.fakes import category
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.sharing.setting_back import NOTE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    return Pair(tmp_path)


@pytest.fixture(params=[False, True], ids=["in the journal", "in files"])
def is_folded(request: pytest.FixtureRequest) -> bool:
    """Whether the backup has its labels in the documents' files, or in the journal alone."""
    return bool(request.param)


async def kept(home: Home, *, is_folded: bool = False) -> Path:
    """A backup of a home, without ``sync/``."""
    if is_folded:
        await home.session.store.checkpoint()
    folder = home.base._folder.parent
    backup = folder.parent / f"{folder.name}.backup"
    shutil.copytree(folder, backup, ignore=shutil.ignore_patterns("sync"))
    return backup


async def set_back(pair: Pair, home: Home, backup: Path) -> Home:
    """The home with its backup in its place, but for ``sync/``, opened anew."""
    folder = home.base._folder.parent
    sync = folder.parent / f"{folder.name}.sync"
    (folder / "sync").rename(sync)
    shutil.rmtree(folder)
    shutil.copytree(backup, folder)
    sync.rename(folder / "sync")
    return await pair.reopened(home)


async def in_step(
    pair: Pair, before: Callable[[Home], Awaitable[None]], *, is_folded: bool = False
) -> tuple[Home, Home, Path]:
    """Both homes with what Ana had made ``before``, and a backup of hers."""
    ana, bo = await pair.homes("Person", "Town", "City")
    await before(ana)
    await ana.sync()
    await bo.sync()
    return ana, bo, await kept(ana, is_folded=is_folded)


async def both(ana: Home, bo: Home) -> tuple[str, ...]:
    """Syncs both until they are in step. Returns what was told to who was set back."""
    done = await ana.sync()
    await bo.sync()
    await ana.sync()
    return done.notes


async def three_people(home: Home) -> None:
    for location in ("a.txt", "b.txt"):
        await home.label("Person", 0, 3, location)
    await home.label("City", 15, 19, "b.txt")


async def test_what_others_removed_and_replaced_stays_so(pair: Pair, is_folded: bool) -> None:
    ana, bo, backup = await in_step(pair, three_people, is_folded=is_folded)
    await bo.unlabel(0)
    await bo.label("Town", 0, 3)
    await bo.unlabel(0, "b.txt")
    await bo.sync()
    await ana.sync()
    await ana.unlabel(15, "b.txt")
    await ana.label("Town", 15, 19, "b.txt")
    await ana.sync()
    await bo.sync()
    ana = await set_back(pair, ana, backup)
    assert ana.labels() == [("Person", 0, 3)]
    notes = await both(ana, bo)
    for home in (ana, bo):
        assert home.labels() == [("Town", 0, 3)]
        assert home.labels("b.txt") == [("Town", 15, 19)]
        assert await home.syncing.conflicts() == ()
    assert notes == (NOTE,)
    assert (await ana.sync()).notes == ()


@pytest.mark.parametrize("kind", [ProjectKind.SINGLE_LABEL, ProjectKind.MULTI_LABEL])
async def test_classes_that_others_replaced_and_removed_stay_so(tmp_path: Path, kind: ProjectKind) -> None:
    pair = Pair(tmp_path, kind)

    async def before(home: Home) -> None:
        await home.classify("Person")
        await home.classify("City", "b.txt")

    ana, bo, backup = await in_step(pair, before)
    await bo.unlabel(0)
    await bo.classify("Town")
    await bo.unlabel(0, "b.txt")
    await bo.sync()
    await ana.sync()
    ana = await set_back(pair, ana, backup)
    await both(ana, bo)
    for home in (ana, bo):
        assert home.labels() == [("Town", 0, 0)]
        assert home.labels("b.txt") == []
        assert await home.syncing.conflicts() == ()


async def test_what_others_renamed_merged_and_deleted_of_the_categories_stays_so(
    pair: Pair, is_folded: bool
) -> None:
    ana, bo, backup = await in_step(pair, three_people, is_folded=is_folded)
    await bo.session.categories.merge(category(bo.session, "City"), category(bo.session, "Town"))
    await bo.session.categories.rename(category(bo.session, "Person"), "Human")
    await bo.sync()
    await ana.sync()
    await bo.label("Human", 8, 11)
    await bo.sync()
    await ana.sync()
    ana = await set_back(pair, ana, backup)
    assert ana.categories() == ["Person", "Town", "City"]
    await both(ana, bo)
    for home in (ana, bo):
        assert home.categories() == ["Human", "Town"]
        assert home.labels() == [("Human", 0, 3), ("Human", 8, 11)]
        assert home.labels("b.txt") == [("Human", 0, 3), ("Town", 15, 19)]
        assert await home.syncing.conflicts() == ()


async def test_what_was_made_and_removed_since_the_backup_was_put_back_goes_out(
    pair: Pair, is_folded: bool
) -> None:
    ana, bo, backup = await in_step(pair, three_people, is_folded=is_folded)
    await bo.unlabel(0, "b.txt")
    await bo.sync()
    await ana.label("Town", 21, 25)
    await ana.sync()
    ana = await set_back(pair, ana, backup)
    await ana.unlabel(0)
    await ana.label("Town", 30, 33)
    await ana.session.categories.rename(category(ana.session, "Person"), "Human")
    await ana.session.categories.add("Ship")
    await both(ana, bo)
    for home in (ana, bo):
        assert home.categories() == ["Human", "Town", "City", "Ship"]
        assert home.labels() == [("Town", 21, 25), ("Town", 30, 33)]
        assert home.labels("b.txt") == [("City", 15, 19)]
        assert await home.syncing.conflicts() == ()


async def test_work_since_that_meets_what_others_made_is_a_conflict(pair: Pair) -> None:
    ana, bo, backup = await in_step(pair, three_people)
    await bo.unlabel(0)
    await bo.label("Town", 0, 3)
    await bo.sync()
    await ana.sync()
    ana = await set_back(pair, ana, backup)
    await ana.unlabel(0)
    await ana.label("City", 0, 3)
    await both(ana, bo)
    (conflict,) = await ana.syncing.conflicts()
    assert "City" in conflict.reason
    assert "Town" in conflict.reason
    assert bo.labels() == [("Town", 0, 3)]


async def test_fields_of_a_document_that_others_took_back_stay_so(pair: Pair) -> None:
    async def flagged(home: Home) -> None:
        await home.session.labeling.set_flag(home.session.documents.find("a.txt").id, "look again")

    ana, bo, backup = await in_step(pair, flagged)
    await bo.session.labeling.set_flag(bo.session.documents.find("a.txt").id, "")
    await bo.sync()
    await ana.sync()
    ana = await set_back(pair, ana, backup)
    await both(ana, bo)
    assert [home.session.documents.find("a.txt").flag for home in (ana, bo)] == ["", ""]


async def test_a_sync_that_is_broken_off_behind_the_setting_back_comes_to_the_same(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, bo, backup = await in_step(pair, three_people)
    await bo.unlabel(0)
    await bo.session.categories.rename(category(bo.session, "Person"), "Human")
    await bo.sync()
    await ana.sync()
    ana = await set_back(pair, ana, backup)
    put_project = ana.base.put_project

    async def breaks(agreed: object) -> None:
        raise OSError(28, "no space")

    monkeypatch.setattr(ana.base, "put_project", breaks)
    with pytest.raises(OSError, match="no space"):
        await ana.sync()
    monkeypatch.setattr(ana.base, "put_project", put_project)
    await ana.label("Town", 21, 25)
    await both(ana, bo)
    for home in (ana, bo):
        assert home.labels() == [("Town", 21, 25)]
        assert home.labels("b.txt") == [("Human", 0, 3), ("City", 15, 19)]
        assert await home.syncing.conflicts() == ()


async def test_without_the_time_of_the_last_sync_nothing_is_undone_without_a_question(pair: Pair) -> None:
    """A home of an earlier version does not say when that was."""
    ana, bo, backup = await in_step(pair, three_people)
    await bo.unlabel(0)
    await bo.label("Town", 0, 3)
    await bo.session.categories.rename(category(bo.session, "Person"), "Human")
    await bo.sync()
    await ana.sync()
    ana = await set_back(pair, ana, backup)
    await ana.base.put_project(replace(await ana.base.project(), at=""))
    await both(ana, bo)
    assert bo.labels() == [("Town", 0, 3)]
    assert bo.categories() == ["Human", "Town", "City"]
    assert [item.location for item in await ana.syncing.conflicts()] == ["project.json"]
