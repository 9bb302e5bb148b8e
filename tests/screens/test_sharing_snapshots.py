"""What syncing, conflicts and labels on an earlier text look like."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

import pytest

from tests.screens.conftest import ONE, THREE, TWO, screen_text
from tests.screens.sharing import Person, Team, at_rest, background_of, press_through
from tui_labeler.engine.errors import LabelerError

if TYPE_CHECKING:
    from pathlib import Path

    from textual.pilot import Pilot

NARROW, WIDE = (80, 24), (120, 40)
SIZES = [NARROW, WIDE]

Prepared = Callable[["Path"], Coroutine[Any, Any, Person]]


async def quiet(root: Path) -> Person:
    """Ana, with nothing to decide."""
    return await Team(root).person("ana")


async def at_odds(root: Path) -> Person:
    """Ana, whom Bo has contradicted in two documents and in what a category means."""
    team = Team(root)
    ana, bo = await team.person("ana"), await team.person("bo")
    for person, words in ((bo, "How much"), (ana, "A sum, with its currency")):
        session = await person.workbench.open("Loans")
        await session.categories.set(session.categories.by_name("Amount").id, description=words)
        await session.close()
    await bo.label(ONE, "Lender", "North Bank")
    await bo.label(TWO, "Borrower", "Mary O'Neil")
    await bo.label(THREE, "Amount", "Nothing")
    await ana.label(ONE, "Borrower", "North Bank", sharing=False)
    await ana.label(TWO, "Lender", "Mary", sharing=False)
    return ana


async def changed(root: Path) -> Person:
    """Ana, under whose labels a text has changed."""
    ana = await Team(root).person("ana")
    await ana.label(TWO, "Lender", "North Bank")
    await ana.label(TWO, "Amount", "EUR 9,000")
    (root / "texts" / TWO).write_text("The bank of the North lends Mary O'Neil EUR 9,000.\n")
    (root / "texts" / THREE).unlink()
    session = await ana.workbench.open("Loans")
    await session.documents.sync()
    await session.close()
    return ana


def looks(
    snap_compare: Any,
    root: Path,
    size: tuple[int, int],
    prepared: Prepared,
    *keys: str,
    shows: str,
    at: str = ONE,
    cut: bool = False,
    **options: Any,
) -> bool:
    """Compares the application with its picture after some keys; ``cut``: the line is down."""
    person = asyncio.run(prepared(root))
    if cut:
        person.shelf.fail_at = person.shelf.calls
    app = person.app(document=at, **options)

    async def show(pilot: Pilot[None]) -> None:
        await at_rest(pilot)
        if cut:
            try:
                await background_of(pilot).now()
            except LabelerError:
                await at_rest(pilot)
        await press_through(pilot, *keys)
        assert shows in screen_text(pilot), screen_text(pilot)

    return bool(snap_compare(app, terminal_size=size, run_before=show))


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_sync_and_what_it_did(snap_compare: Any, tmp_path: Path, size: tuple[int, int]) -> None:
    assert looks(snap_compare, tmp_path, size, at_odds, "S", shows="3 conflicts")


def test_a_sync_without_news(snap_compare: Any, tmp_path: Path) -> None:
    assert looks(snap_compare, tmp_path, NARROW, quiet, "S", shows="0 conflicts")


def test_a_sync_that_fails(snap_compare: Any, tmp_path: Path) -> None:
    assert looks(snap_compare, tmp_path, NARROW, at_odds, "S", shows="the line is cut", cut=True)


def test_offline(snap_compare: Any, tmp_path: Path) -> None:
    assert looks(snap_compare, tmp_path, NARROW, at_odds, shows="Offline: labels wait here", cut=True)


@pytest.mark.parametrize("size", [*SIZES, (60, 20)], ids=str)
def test_conflicts(snap_compare: Any, tmp_path: Path, size: tuple[int, int]) -> None:
    assert looks(snap_compare, tmp_path, size, at_odds, "S", "Y", "j", shows="“North Bank”")


def test_conflicts_in_ascii(snap_compare: Any, tmp_path: Path) -> None:
    assert looks(
        snap_compare, tmp_path, NARROW, at_odds, "S", "Y", "j", shows='"North Bank"', ascii_only=True
    )


def test_a_conflict_of_settings(snap_compare: Any, tmp_path: Path) -> None:
    assert looks(snap_compare, tmp_path, NARROW, at_odds, "S", "Y", shows="'How much'")


def test_the_last_conflict_was_decided(snap_compare: Any, tmp_path: Path) -> None:
    keys = ("S", "Y", "t", "o", "t")
    assert looks(snap_compare, tmp_path, NARROW, at_odds, *keys, shows="No conflict is left")


def test_no_conflict(snap_compare: Any, tmp_path: Path) -> None:
    assert looks(snap_compare, tmp_path, NARROW, quiet, "Y", shows="There is no conflict")


@pytest.mark.parametrize("size", [*SIZES, (140, 40)], ids=str)
def test_labels_on_an_earlier_text(snap_compare: Any, tmp_path: Path, size: tuple[int, int]) -> None:
    assert looks(snap_compare, tmp_path, size, changed, shows="Lender?", at=TWO)


def test_the_question_about_one(snap_compare: Any, tmp_path: Path) -> None:
    assert looks(snap_compare, tmp_path, NARROW, changed, "Q", shows="still hold?", at=TWO)


def test_where_one_is_to_be_set(snap_compare: Any, tmp_path: Path) -> None:
    keys = ("Q", "s", "v", "w")
    assert looks(snap_compare, tmp_path, NARROW, changed, *keys, shows="Q sets it on these", at=TWO)


def test_leaving_what_is_not_shared(snap_compare: Any, tmp_path: Path) -> None:
    assert looks(
        snap_compare, tmp_path, NARROW, at_odds, "q", shows="for the next sync", cut=True, sync_every=3600
    )
