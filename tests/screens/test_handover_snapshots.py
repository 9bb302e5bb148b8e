"""What handing labeling over to Azure Machine Learning looks like."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.fakes import suggest
from tests.screens.conftest import ONE, TWO, paste, screen_of, screen_text
from tests.screens.sharing import Person, Team, at_rest, press_through
from tui_labeler.domain.handover import AmlProject, Terms
from tui_labeler.engine.changes import put_project
from tui_labeler.engine.ports import Plan
from tui_labeler.screens.handover import words as handover_words

if TYPE_CHECKING:
    from pathlib import Path

    from textual.pilot import Pilot

    from tui_labeler.engine.session import ProjectSession

NARROW, WIDE = (80, 24), (120, 40)
SIZES = [NARROW, WIDE]
SINCE = "2026-03-04T05:06:07.000Z"
TERMS = Terms(
    AmlProject("6f1e2c55-9d0a-4b7e-8a31-0c7d1c0a9b42", "loans-rg", "labeling", "loans-2026"),
    vendor=True,
    prefix="Labeling/",
    instructions="Label each party once.",
    switchers=("ana", "bo"),
)

Prepared = Callable[["Path"], Coroutine[Any, Any, Person]]


async def unconnected(root: Path) -> Person:
    return await Team(root).person("ana")


async def in_a_folder(root: Path) -> Person:
    """Documents where nothing of Azure reaches them."""
    return await Team(root).person("ana", is_remote=False)


async def _dated(session: ProjectSession) -> None:
    """The connection as if it stood so since a certain day."""
    assert session.handover is not None
    known = session.handover.known
    taken = replace(known.taken, time=SINCE) if known.taken else None
    await session.handover.ledger.write(replace(known, since=SINCE, taken=taken), known)


async def connected(root: Path) -> Person:
    ana = await Team(root).person("ana")
    await ana.label(ONE, "Lender", "North Bank")
    session = await ana.workbench.open("Loans")
    assert session.handover is not None
    await session.handover.connect(TERMS)
    await _dated(session)
    await session.close()
    return ana


def _row(location: str, *labels: tuple[str, int, int, float]) -> bytes:
    row = {
        "image_url": f"AmlDatastore://workspaceblobstore/{location}",
        "label": [{"label": name, "offsetStart": start, "offsetEnd": end} for name, start, end, _ in labels],
        "label_confidence": [share for *_, share in labels],
    }
    return json.dumps(row).encode() + b"\n"


async def away(root: Path) -> Person:
    """Azure Machine Learning has the pen, and has exported labels, not all of which can be used."""
    ana = await connected(root)
    session = await ana.workbench.open("Loans")
    await suggest(session, ONE, [("Borrower", "Acme Ltd.", 0.9)])
    assert session.handover is not None
    await session.handover.to_aml()
    await _dated(session)
    await session.close()
    ana.shelf.stored.write("Labeling/first.jsonl", _row(TWO, ("Lender", 0, 10, 1.0)))
    ana.shelf.stored.now += 7_500
    ana.shelf.stored.write(
        "Labeling/second.jsonl",
        _row(ONE, ("Borrower", 90_000, 90_010, 1.0))
        + _row(TWO, ("Lender", 0, 10, 1.0), ("Amount", 11, 16, 0.4)),
    )
    ana.shelf.stored.now += 240
    return ana


@pytest.fixture(autouse=True)
def _same_everywhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Times are shown in the time zone of the reader; when labels came in, is when the test ran."""
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setattr(handover_words, "clock", lambda _: "09:00:00")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def looks(
    snap_compare: Any,
    root: Path,
    size: tuple[int, int],
    prepared: Prepared,
    *keys: str,
    shows: str,
) -> bool:
    """Compares the application with its picture after some keys; ``'word`` is pasted."""
    app = asyncio.run(prepared(root)).app(document=ONE)

    async def show(pilot: Pilot[None]) -> None:
        await at_rest(pilot)
        await _name_container(screen_of(pilot).session)
        for key in keys:
            if key.startswith("'"):
                await paste(pilot, key[1:])
            else:
                await press_through(pilot, key)
        assert shows in " ".join(screen_text(pilot).split()), screen_text(pilot)

    return bool(snap_compare(app, terminal_size=size, run_before=show))


async def _name_container(session: ProjectSession) -> None:
    """A name that is the same wherever the tests run; the texts are where they are."""
    is_far = session.sharing is not None and session.sharing.is_remote
    name = "https://loans.blob.core.windows.net/letters" if is_far else "/home/ana/letters"
    await session.store.commit(
        "ana",
        lambda state: (
            Plan("project.settings", [put_project(state, replace(state.project, container=name))])
            if not state.project.handover.is_connected
            else None
        ),
    )


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_what_connecting_needs(snap_compare: Any, tmp_path: Path, size: tuple[int, int]) -> None:
    assert looks(snap_compare, tmp_path, size, unconnected, "H", shows="[x] language")


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_what_is_missing_and_a_key_that_is_off(
    snap_compare: Any, tmp_path: Path, size: tuple[int, int]
) -> None:
    assert looks(snap_compare, tmp_path, size, in_a_folder, "H", "c", shows="It can't be connected yet")


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_form_of_a_connection(snap_compare: Any, tmp_path: Path, size: tuple[int, int]) -> None:
    assert looks(snap_compare, tmp_path, size, unconnected, "H", "c", "'a/b", "ctrl+s", shows="is a name of")


def test_what_is_confirmed(snap_compare: Any, tmp_path: Path) -> None:
    keys = ("H", "c", "'loans-2026", "down", "'ws", "down", "'rg", "down", "'11-22", "ctrl+s")
    assert looks(snap_compare, tmp_path, NARROW, unconnected, *keys, shows="never be joined")


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_connected(snap_compare: Any, tmp_path: Path, size: tuple[int, int]) -> None:
    assert looks(snap_compare, tmp_path, size, connected, "H", shows="Labels are made here")


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_pen_is_there(snap_compare: Any, tmp_path: Path, size: tuple[int, int]) -> None:
    assert looks(snap_compare, tmp_path, size, away, "H", shows="has the pen since 2026-03-04")


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_labels_came_in_with_problems(snap_compare: Any, tmp_path: Path, size: tuple[int, int]) -> None:
    assert looks(snap_compare, tmp_path, size, away, "H", "i", shows="none that is here is removed")


def test_how_to_switch_back(snap_compare: Any, tmp_path: Path) -> None:
    assert looks(snap_compare, tmp_path, NARROW, away, "H", "s", shows="Take no labels")


def test_the_name_of_a_disconnection_is_wrong(snap_compare: Any, tmp_path: Path) -> None:
    keys = ("H", "D", "'loans", "enter")
    assert looks(snap_compare, tmp_path, NARROW, connected, *keys, shows="not the project's name")


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_texts_while_the_pen_is_there(snap_compare: Any, tmp_path: Path, size: tuple[int, int]) -> None:
    assert looks(snap_compare, tmp_path, size, away, "m", shows="Labeling here is off: H.")


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_review_while_the_pen_is_there(snap_compare: Any, tmp_path: Path, size: tuple[int, int]) -> None:
    assert looks(snap_compare, tmp_path, size, away, "r", shows="off: AML has the pen")
