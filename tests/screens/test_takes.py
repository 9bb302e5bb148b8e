"""Two people in one project: who has a document is seen, and nobody labels it beside them by accident."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.fakes import document, fixed_surroundings, home_workbench, labels
from tests.screens.conftest import (
    ONE,
    THREE,
    TWO,
    Running,
    press,
    screen_of,
    screen_text,
    session_of,
    settle,
    span_of,
)

if TYPE_CHECKING:
    from pathlib import Path

    from textual.pilot import Pilot

    from tui_labeler.engine.session import ProjectSession
    from tui_labeler.engine.workbench import Workbench

pytestmark = pytest.mark.usefixtures("loans")


def beside_others(home: Path, actor: str) -> Workbench:
    around = replace(fixed_surroundings(actor), session=f"s{actor}", host="host7", pid=4711)
    return home_workbench(home, around, takes=True)


@pytest.fixture
async def bob(home: Path, loans: None) -> AsyncIterator[ProjectSession]:
    session = await beside_others(home, "bob").open("Loans")
    yield session
    assert session.taking is not None
    await session.taking._near.close()
    await session.close()


async def has(session: ProjectSession, location: str | None) -> None:
    """Somebody goes to a document, or leaves the last one."""
    assert session.taking is not None
    session.taking.want(None if location is None else document(session, location))
    await session.taking.look_near()


async def look(pilot: Pilot[None]) -> None:
    taking = session_of(pilot).taking
    assert taking is not None
    await taking.look_near()
    await settle(pilot)


@asynccontextmanager
async def at(
    running: Running, home: Path, location: str, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[Pilot[None]]:
    """Ana has the project open at a document."""
    async with running(
        workbench=beside_others(home, "ana"), open_project="Loans", document=location, size=size
    ) as pilot:
        await look(pilot)
        yield pilot


@pytest.mark.parametrize("size", [(120, 40), (80, 24)], ids=["large", "small"])
async def test_who_has_a_document_is_seen_in_the_list_and_in_the_title(
    running: Running, home: Path, bob: ProjectSession, size: tuple[int, int]
) -> None:
    await has(bob, TWO)
    async with at(running, home, ONE, size) as pilot:
        rows = [line for line in screen_text(pilot).splitlines() if "agreement" in line]
        await press(pilot, "D")
        rows = screen_text(pilot).splitlines()
        assert any("@" in line and TWO[:8] in line for line in rows[1:])
        await press(pilot, "D", "right_square_bracket")
        title = screen_text(pilot).splitlines()[0]
        assert "with bob" in title
        assert ("ctrl+t" in title) is (size[0] > 100)
        await has(bob, None)
        await look(pilot)
        assert "with bob" not in screen_text(pilot)
        assert bob.taking is not None
        await bob.taking.look_near()
        assert [take.actor for take in bob.taking.held.values()] == ["ana"]


async def test_a_decision_is_refused_and_a_key_takes_the_document_over(
    running: Running, home: Path, bob: ProjectSession
) -> None:
    await has(bob, TWO)
    async with at(running, home, TWO) as pilot:
        await press(pilot, "v", "1")
        text = screen_text(pilot)
        assert "Somebody else has this document" in text
        assert f"{TWO} is with bob on host7 since" in " ".join(text.split())
        assert labels(session_of(pilot), TWO) == []
        await press(pilot, "m", "t", "ctrl+x")
        assert labels(session_of(pilot), TWO) == []
        assert session_of(pilot).documents.find(TWO).reviewed is None
        await press(pilot, "ctrl+t")
        assert "Taken over from bob, who is told." in screen_text(pilot)
        await press(pilot, "1")
        assert len(labels(session_of(pilot), TWO)) == 1
        await look(pilot)
        assert bob.taking is not None
        await bob.taking.look_near()
        assert bob.taking.has == ""
        await press(pilot, "right_square_bracket", "ctrl+t")
        assert "Nobody else has this document." in screen_text(pilot)


async def test_who_had_a_document_is_told_when_it_is_taken_over_and_keeps_what_was_done(
    running: Running, home: Path, bob: ProjectSession
) -> None:
    async with at(running, home, TWO) as pilot:
        await press(pilot, "v", "1")
        await has(bob, TWO)
        assert bob.taking is not None
        bob.taking.take_over()
        await bob.taking.look_near()
        await look(pilot)
        words = " ".join(screen_text(pilot).split())
        assert "Taken over" in words
        (toast,) = pilot.app._notifications
        assert "What you have decided in it stays." in toast.message
        await press(pilot, "ctrl+x", "d")
        assert len(labels(session_of(pilot), TWO)) == 1
        await press(pilot, "ctrl+s")
        assert len(session_of(pilot).documents.find(TWO).saved_labels) == 1


async def test_the_next_unlabeled_document_is_one_that_nobody_else_has(
    running: Running, home: Path, bob: ProjectSession
) -> None:
    await has(bob, TWO)
    async with at(running, home, ONE) as pilot:
        await press(pilot, "U")
        assert screen_of(pilot).shown == document(bob, THREE)
        await press(pilot, "m", "U")
        assert screen_of(pilot).shown == document(bob, ONE)
        await press(pilot, "m", "U")
        assert "but for 1 document that others have" in screen_text(pilot)


async def test_leaving_the_project_frees_the_document(
    running: Running, home: Path, bob: ProjectSession
) -> None:
    assert bob.taking is not None
    async with at(running, home, TWO) as pilot:
        await bob.taking.look_near()
        assert list(bob.taking.held) == [TWO]
        await press(pilot, "q")
        await bob.taking.look_near()
        assert list(bob.taking.held) == []


async def test_a_name_that_others_gave_themselves_is_shown_and_never_sent_to_the_terminal(
    running: Running, home: Path, loans: None
) -> None:
    odd = await beside_others(home, "\x1b[31m[red]x").open("Loans")
    await has(odd, TWO)
    async with at(running, home, TWO) as pilot:
        await press(pilot, "v", "1")
        text = screen_text(pilot)
        assert "\x1b" not in text
        assert "[red]x" in text
    assert odd.taking is not None
    await odd.taking._near.close()
    await odd.close()


async def test_the_list_and_the_title_say_it_where_there_is_room(
    running: Running, home: Path, bob: ProjectSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui_labeler.engine.ports.takes.clock", lambda time: "14:03:10")
    await has(bob, TWO)
    async with at(running, home, TWO, (240, 40)) as pilot:
        title, _, one, two, *_ = screen_text(pilot).splitlines()
        assert [part.strip() for part in title.split("  ")[-2:]] == [
            "with bob since 14:03:10: ctrl+t takes over",
            "3 documents",
        ]
        assert one.startswith("·     agreement1.txt ")
        assert two.startswith("·>@   agreement2.txt ")
        assert "@" not in one


async def test_labels_on_an_earlier_text_are_asked_about_once_nobody_else_has_the_document(
    running: Running, home: Path, container: Path, bob: ProjectSession
) -> None:
    lender = bob.categories.by_name("Lender").id
    await bob.labeling.add(document(bob, TWO), lender, span_of(TWO, "Mary O'Neil"))
    await bob.labeling.save()
    (container / TWO).write_text("Somebody borrows something. This is another text altogether.\n")
    await bob.documents.sync()
    await has(bob, TWO)
    async with at(running, home, TWO) as pilot:
        await press(pilot, "Q")
        assert "Somebody else has this document" in screen_text(pilot)
        await press(pilot, "ctrl+x", "ctrl+t", "Q")
        assert "Does Lender by bob still hold?" in screen_text(pilot)
