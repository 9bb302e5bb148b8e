"""A conflict that nobody has decided, while the text under its labels changes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.engine.sharing.homes import TEXT, Home, Pair
from tui_labeler.engine.adapters.folder import FolderContainer
from tui_labeler.engine.adapters.kept_folder import KeptFolder
from tui_labeler.engine.adapters.text_cache import TextCache
from tui_labeler.engine.documents.keeping import labeled_texts

if TYPE_CHECKING:
    from tui_labeler.engine.sharing.conflicts import Side


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    return Pair(tmp_path)


async def both_sync(*homes: Home) -> None:
    for home in (*homes, *homes):
        await home.sync()


def ids(home: Home) -> list[str]:
    return sorted(label.id for label in home.session.documents.find("a.txt").active_labels)


async def with_text_open(home: Home) -> None:
    """The texts of a document that is open are kept, so that labels follow their words."""
    documents, store = home.session.documents, home.session.store
    inner = FolderContainer(Path(store.state.project.container))
    cache = TextCache(home.base._folder.parent / "cache", 1_000_000)
    documents._container = KeptFolder(inner, cache, lambda: labeled_texts(store.state))
    await documents.open(0)


async def changed(text: str, pair: Pair, *homes: Home) -> None:
    (pair.root / "documents" / "a.txt").write_text(text)
    for home in homes:
        await home.session.documents.sync()


async def met_on_a_changed_text(pair: Pair) -> tuple[Home, Home]:
    """Bo holds a town of Ana's, and on an earlier text a person of their own with the same words.

    Ana has been asked about the two, and has decided nothing, when the container gets what Bo holds.
    """
    ana, bo = await pair.homes()
    for home in (ana, bo):
        await with_text_open(home)
    await ana.label("Town", 15, 19)
    await ana.sync()
    await bo.label("Person", 12, 19)
    assert (await bo.sync()).conflicts
    await changed(f"Once upon a time {TEXT}", pair, bo)
    await bo.sync()
    await ana.session.documents.sync()
    assert (await ana.sync()).conflicts
    await changed(f"Once upon a time {TEXT}".replace(" in ", " at "), pair, ana, bo)
    await bo.sync()
    return ana, bo


async def test_it_is_still_there_once_one_of_its_labels_is_the_same_on_both_sides(pair: Pair) -> None:
    ana, bo = await met_on_a_changed_text(pair)
    for _ in range(3):
        (conflict,) = (await ana.sync()).conflicts
        assert "Person at 29..36 by bo" in conflict.reason
        assert not (await bo.sync()).conflicts
    reopened = await pair.reopened(ana)
    assert len(await reopened.syncing.conflicts()) == 1


@pytest.mark.parametrize(("take", "left"), [("ours", 1), ("theirs", 2)])
async def test_both_hold_the_same_once_it_is_decided(pair: Pair, take: Side, left: int) -> None:
    ana, bo = await met_on_a_changed_text(pair)
    await ana.sync()
    await ana.resolve("a.txt", take)
    await both_sync(ana, bo)
    assert ids(ana) == ids(bo)
    assert len(ids(ana)) == left
    assert not await ana.syncing.conflicts()


async def test_what_both_sides_hold_alike_is_none_where_the_last_word_with_the_container_is_lost(
    pair: Pair,
) -> None:
    ana, bo = await met_on_a_changed_text(pair)
    await ana.sync()
    await ana.resolve("a.txt", "theirs")
    await both_sync(ana, bo)
    for path in sorted((pair.root / "bo").rglob("sync/**/*.json")):
        path.unlink()
    assert not (await (await pair.reopened(bo)).sync()).conflicts
