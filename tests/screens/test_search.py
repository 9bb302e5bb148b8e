"""Words looked for in all documents, by keys."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from tests.fakes import document, make_project, write_documents
from tests.local_container import LocalContainer
from tests.screens.conftest import (
    LOANS,
    ONE,
    THREE,
    TWO,
    Opened,
    Running,
    paste,
    press,
    screen_of,
    screen_text,
    session_of,
)
from tui_labeler.engine.documents.searching import BATCH
from tui_labeler.engine.ports import Container
from tui_labeler.screens.labeling import search
from tui_labeler.screens.labeling.labeling import LabelingScreen
from tui_labeler.screens.labeling.search import SearchScreen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from textual.pilot import Pilot

    from tui_labeler.engine.ports import Blob
    from tui_labeler.engine.workbench import Workbench

MANY = {f"d{number:03}.txt": f"Letter {number} says nothing." for number in range(4 * BATCH)}
MANY["d000.txt"] = "The first bank."
MANY["d001.txt"] = "A bank, a BANK, a Bank."
MANY["d100.txt"] = "The last bank."


@dataclass
class Slow(LocalContainer):
    """A container that reads a document only when it is let."""

    inner: Container
    let: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    waiting: int = 0
    idle: asyncio.Event = field(default_factory=asyncio.Event)
    """Nobody waits for a document."""

    @property
    def address(self) -> str:
        return self.inner.address

    @property
    def is_remote(self) -> bool:
        return self.inner.is_remote

    async def close(self) -> None:
        await self.inner.close()

    def blobs(self) -> AsyncIterator[Blob]:
        return self.inner.blobs()

    async def read(self, name: str) -> bytes:
        self.waiting += 1
        self.idle.clear()
        try:
            await self.let.acquire()
        finally:
            self.waiting -= 1
            if not self.waiting:
                self.idle.set()
        return await self.inner.read(name)

    def give(self, documents: int) -> None:
        for _ in range(documents):
            self.let.release()


def searching(pilot: Pilot[None]) -> SearchScreen:
    assert isinstance(pilot.app.screen, SearchScreen), pilot.app.screen
    return pilot.app.screen


async def until(pilot: Pilot[None], so: Callable[[], bool]) -> None:
    while not so():
        await pilot.pause()
    await pilot.pause()


async def find(pilot: Pilot[None], words: str) -> None:
    """Gives words to the open search and waits for its end."""
    await paste(pilot, words)
    await until(pilot, lambda: not searching(pilot).is_searching)


def found(pilot: Pilot[None]) -> list[tuple[str, int]]:
    return [(one.row.location, one.hits) for one in searching(pilot).results.found]


@pytest.fixture
async def many(workbench: Workbench, tmp_path: Path) -> None:
    container = write_documents(tmp_path / "many", MANY)
    await (await make_project(workbench, container, name="Many", categories=["Lender"])).close()


def slow(pilot: Pilot[None]) -> Slow:
    """Makes the open project's container wait."""
    documents = session_of(pilot).documents
    container = documents._container = Slow(documents.container)
    return container


async def test_documents_with_hits_come_in_while_words_are_typed(opened: Opened) -> None:
    async with opened(THREE) as pilot:
        await press(pilot, "ctrl+f")
        await press(pilot, *"north b")
        await find(pilot, "ank")
        assert found(pilot) == [(ONE, 1), (TWO, 1)]
        shown = screen_text(pilot)
        assert "2 hits in 2 documents." in shown
        assert "3 of 3 documents looked at" in shown
        assert "Acme Ltd. of Leeds and North Bank. Acme Ltd. borrows" in shown
        await find(pilot, "s")
        assert found(pilot) == []
        assert "“north banks” is in no document." in screen_text(pilot)
        await press(pilot, "ctrl+s")
        assert "Nothing to list: “north banks” is in no document." in screen_text(pilot)
        await press(pilot, "enter")
        assert "Nothing to open: “north banks” is in no document." in screen_text(pilot)


async def test_enter_opens_the_document_at_its_first_hit_and_n_goes_on(opened: Opened) -> None:
    async with opened(THREE) as pilot:
        await press(pilot, "ctrl+f")
        await find(pilot, "MARY")
        await press(pilot, "enter")
        screen = screen_of(pilot)
        assert screen.shown == document(screen.session, TWO)
        assert screen.text.has_focus
        assert screen.text.cursor == LOANS[TWO].index("Mary")
        assert len(screen.text.found) == 2
        assert "“MARY”: 1 of 2" in screen_text(pilot)
        await press(pilot, "n")
        assert screen.text.cursor == LOANS[TWO].rindex("Mary")
        await press(pilot, "N")
        assert screen.text.cursor == LOANS[TWO].index("Mary")


async def test_a_hit_at_the_very_beginning_is_the_first(opened: Opened) -> None:
    async with opened(ONE) as pilot:
        await press(pilot, "G", "ctrl+f")
        await find(pilot, "loan")
        await press(pilot, "enter")
        assert screen_of(pilot).text.cursor == 0


async def test_the_list_is_moved_in_while_words_are_typed_and_by_its_own_keys(opened: Opened) -> None:
    async with opened(THREE) as pilot:
        await press(pilot, "ctrl+f")
        await find(pilot, "bank")
        await press(pilot, "down", "down", "up", "down")
        assert searching(pilot).results.cursor == 1
        await press(pilot, "tab", "k")
        assert searching(pilot).results.cursor == 0
        await press(pilot, "slash", "x")
        assert "bankx" in screen_text(pilot)
        await press(pilot, "backspace", "tab")
        await until(pilot, lambda: not searching(pilot).is_searching)
        await press(pilot, "j", "enter")
        assert screen_of(pilot).shown == document(session_of(pilot), TWO)


@pytest.mark.parametrize("keys", [("escape",), ("ctrl+g",), ("tab", "q")], ids=str)
async def test_leaving_goes_back_to_the_text_as_it_was(opened: Opened, keys: tuple[str, ...]) -> None:
    async with opened(THREE) as pilot:
        await press(pilot, "w", "ctrl+f")
        await find(pilot, "bank")
        await press(pilot, *keys)
        screen = screen_of(pilot)
        assert screen.shown == document(screen.session, THREE)
        assert (screen.text.cursor, screen.text.found) == (LOANS[THREE].index("of"), [])


async def test_letters_of_the_screens_keys_are_words_to_find(opened: Opened) -> None:
    async with opened(THREE) as pilot:
        await press(pilot, "ctrl+f")
        await press(pilot, *"q/j ?:")
        await until(pilot, lambda: searching(pilot).search.words == "q/j ?:")


async def test_a_search_is_as_it_was_left_when_it_is_opened_again(opened: Opened) -> None:
    async with opened(THREE) as pilot:
        await press(pilot, "ctrl+f")
        await find(pilot, "bank")
        await press(pilot, "down", "enter", "ctrl+f")
        screen = searching(pilot)
        assert not screen.is_searching
        assert (len(screen.results.found), screen.results.cursor) == (2, 1)
        assert "2 hits in 2 documents." in screen_text(pilot)
        await find(pilot, "mary")
        assert screen.search.words == "mary"


async def test_ctrl_r_looks_anew(opened: Opened, container: Path) -> None:
    async with opened(THREE) as pilot:
        await press(pilot, "ctrl+f")
        await find(pilot, "bank")
        (container / THREE).write_text("A bank after all.", encoding="utf-8")
        await press(pilot, "ctrl+r")
        await until(pilot, lambda: not searching(pilot).is_searching)
        assert [name for name, _ in found(pilot)] == [ONE, TWO, THREE]


async def test_words_that_are_not_in_the_text_are_looked_for_in_all_documents(opened: Opened) -> None:
    async with opened(THREE) as pilot:
        await press(pilot, "/")
        await paste(pilot, "mary")
        await press(pilot, "enter")
        assert "ctrl+f finds it in all documents" in screen_text(pilot)
        await press(pilot, "ctrl+f")
        await until(pilot, lambda: not searching(pilot).is_searching)
        assert found(pilot) == [(TWO, 2)]


async def test_the_documents_found_become_those_that_the_list_shows(opened: Opened) -> None:
    async with opened(THREE) as pilot:
        await press(pilot, "ctrl+f")
        await find(pilot, "bank")
        await press(pilot, "ctrl+s")
        assert [row.location for row in screen_of(pilot).documents.rows] == [ONE, TWO]
        assert "2 of 3 documents (“bank”)" in screen_text(pilot)
        assert screen_of(pilot).shown == document(session_of(pilot), ONE)


async def test_a_filter_narrows_the_documents_found_until_all_are_asked_for(opened: Opened) -> None:
    async with opened(THREE, size=(80, 24)) as pilot:
        await press(pilot, "ctrl+f")
        await find(pilot, "bank")
        await press(pilot, "ctrl+s", "f")
        assert "2 found: “bank”" in screen_text(pilot)
        await paste(pilot, "agreement2")
        await press(pilot, "ctrl+s")
        assert [row.location for row in screen_of(pilot).documents.rows] == [TWO]
        assert "(“bank”, agreement2)" in screen_text(pilot)
        await press(pilot, "f", *["backspace"] * 10, "ctrl+s")
        assert [row.location for row in screen_of(pilot).documents.rows] == [ONE, TWO]
        await press(pilot, "f", "up", "left", "ctrl+s")
        assert [row.location for row in screen_of(pilot).documents.rows] == [ONE, TWO, THREE]
        await press(pilot, "f")
        assert "found" not in screen_text(pilot)


async def test_words_that_a_filter_looked_for_in_texts_are_still_in_its_form(opened: Opened) -> None:
    async with opened(TWO) as pilot:
        await press(pilot, "f", *["down"] * 9)
        await paste(pilot, "Leeds")
        await press(pilot, "ctrl+s")
        assert [row.location for row in screen_of(pilot).documents.rows] == [ONE]
        await press(pilot, "f")
        assert "Leeds" in "\n".join(screen_text(pilot).splitlines()[5:])
        await press(pilot, "ctrl+s")
        assert [row.location for row in screen_of(pilot).documents.rows] == [ONE]


async def test_documents_that_cannot_be_read_are_counted(opened: Opened, container: Path) -> None:
    async with opened(TWO) as pilot:
        (container / ONE).write_bytes(b"\xff\xfe bank")
        (container / THREE).unlink()
        await press(pilot, "ctrl+f")
        await find(pilot, "bank")
        assert found(pilot) == [(TWO, 1)]
        assert "1 hit in 1 document." in screen_text(pilot)
        assert "3 documents, 2 can't be read" in screen_text(pilot)


async def test_a_container_that_is_gone_is_said_and_words_can_be_typed_on(
    opened: Opened, container: Path, tmp_path: Path
) -> None:
    async with opened(TWO) as pilot:
        shutil.move(container, tmp_path / "elsewhere")
        await press(pilot, "ctrl+f")
        await find(pilot, "bank")
        assert "there is no folder" in screen_text(pilot)
        shutil.move(tmp_path / "elsewhere", container)
        await find(pilot, " lends")
        assert found(pilot) == [(TWO, 1)]


async def test_a_document_that_lost_the_words_meanwhile_says_so(opened: Opened, container: Path) -> None:
    async with opened(THREE) as pilot:
        await press(pilot, "ctrl+f")
        await find(pilot, "mary")
        (container / TWO).write_text("Somebody else.", encoding="utf-8")
        await press(pilot, "enter")
        assert "“mary” is not in this text any more." in screen_text(pilot)


async def test_keys_are_answered_while_a_slow_container_is_looked_through(
    running: Running, many: None
) -> None:
    async with running(open_project="Many", document="d050.txt") as pilot:
        container = slow(pilot)
        await press(pilot, "ctrl+f")
        await paste(pilot, "bank")
        await until(pilot, lambda: container.waiting == BATCH)
        container.give(BATCH)
        await until(pilot, lambda: len(found(pilot)) == 2 and container.waiting == BATCH)
        assert found(pilot) == [("d000.txt", 1), ("d001.txt", 3)]
        await press(pilot, "down")
        assert searching(pilot).results.cursor == 1
        assert searching(pilot).is_searching
        await until(pilot, lambda: "32 of 128 documents looked at" in screen_text(pilot))
        assert "4 hits in 2 documents." in screen_text(pilot)
        container.give(4 * BATCH)
        await until(pilot, lambda: not searching(pilot).is_searching)
        assert [name for name, _ in found(pilot)] == ["d000.txt", "d001.txt", "d100.txt"]
        assert searching(pilot).results.cursor == 1
        await press(pilot, "enter")
        assert screen_of(pilot).shown == document(session_of(pilot), "d001.txt")


async def test_typing_on_calls_off_the_search_before(running: Running, many: None) -> None:
    async with running(open_project="Many", document="d050.txt") as pilot:
        container = slow(pilot)
        await press(pilot, "ctrl+f")
        await paste(pilot, "bank")
        await until(pilot, lambda: container.waiting == BATCH)
        await press(pilot, *", a b")
        await until(
            pilot, lambda: searching(pilot).search.words == "bank, a b" and container.waiting == BATCH
        )
        container.give(len(MANY))
        await until(pilot, lambda: not searching(pilot).is_searching)
        assert found(pilot) == [("d001.txt", 1)]
        assert container.let._value == 0


async def test_leaving_calls_off_the_search(running: Running, many: None) -> None:
    async with running(open_project="Many", document="d050.txt") as pilot:
        container = slow(pilot)
        await press(pilot, "ctrl+f")
        await paste(pilot, "bank")
        await until(pilot, lambda: container.waiting == BATCH)
        await press(pilot, "escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, LabelingScreen))
        await until(pilot, lambda: container.waiting == 0)
        assert not [worker for worker in pilot.app.workers if worker.group == "finding"]


async def test_enter_before_anything_is_found_opens_the_first_hit_when_it_comes(
    running: Running, many: None
) -> None:
    async with running(open_project="Many", document="d050.txt") as pilot:
        container = slow(pilot)
        await press(pilot, "ctrl+f")
        await paste(pilot, "last bank")
        await press(pilot, "enter")
        await until(pilot, lambda: container.waiting == BATCH)
        assert "The first hit opens as soon as it is found." in screen_text(pilot)
        container.give(len(MANY) + 1)
        await until(pilot, lambda: isinstance(pilot.app.screen, LabelingScreen))
        await until(pilot, lambda: screen_of(pilot).shown == document(session_of(pilot), "d100.txt"))
        assert screen_of(pilot).text.cursor == MANY["d100.txt"].index("last")


async def test_no_more_documents_are_kept_than_a_person_reads(
    running: Running, many: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "MOST", 20)
    async with running(open_project="Many", document="d050.txt") as pilot:
        await press(pilot, "ctrl+f")
        await find(pilot, "letter")
        assert len(found(pilot)) == 20
        assert "Cut after 20 documents with hits." in screen_text(pilot)
        assert "22 of 128 documents looked at" in screen_text(pilot)
        await press(pilot, "ctrl+s")
        assert "20 of 128 documents (“letter”, cut)" in screen_text(pilot)


HOSTILE = "\x1b]0;owned\x07 [@click=app.quit]bank[/] \u202egnp\u202c \x9b31m bank"


async def test_names_and_texts_are_words_and_nothing_else(
    running: Running, workbench: Workbench, tmp_path: Path
) -> None:
    name = "a\x1b[2J [red]bank\u202e.txt"
    container = write_documents(tmp_path / "hostile", {name: HOSTILE})
    await (await make_project(workbench, container, name="Hostile")).close()
    async with running(open_project="Hostile") as pilot:
        await press(pilot, "ctrl+f")
        await find(pilot, "click=app.quit]bank")
        shown = screen_text(pilot)
        assert "[@click=app.quit]bank[/]" in shown
        assert "[red]bank" in shown
        assert not set("\x1b\x07\x9b\u202e\u202c") & set(shown)
        searching(pilot).query_one("#search-words").value = "\x1b]0;owned\x07"  # type: ignore[attr-defined]
        await until(pilot, lambda: searching(pilot).search.words.startswith("\x1b"))
        await until(pilot, lambda: not searching(pilot).is_searching)
        assert len(found(pilot)) == 1
        assert not set("\x1b\x07") & set(screen_text(pilot))
        await press(pilot, "enter")
        assert screen_of(pilot).text.cursor == 0


async def test_the_application_ends_while_it_searches(running: Running, many: None) -> None:
    async with running(open_project="Many", document="d050.txt") as pilot:
        container = slow(pilot)
        await press(pilot, "ctrl+f")
        await paste(pilot, "bank")
        await until(pilot, lambda: container.waiting == BATCH)
        container.give(BATCH)
        pilot.app.exit()
    await asyncio.wait_for(container.idle.wait(), 10)
    assert pilot.app.return_code == 0


# --- the filter's words -----------------------------------------------------------------------------------


async def test_a_filter_that_looks_into_the_texts_says_how_far_it_is(running: Running, many: None) -> None:
    async with running(open_project="Many", document="d050.txt") as pilot:
        container = slow(pilot)
        await press(pilot, "f", *["down"] * 9)
        await paste(pilot, "bank")
        await press(pilot, "ctrl+s")
        container.give(BATCH)
        await until(
            pilot, lambda: "2 documents with “bank” so far, 32 of 128 looked at." in screen_text(pilot)
        )
        await press(pilot, "w")
        container.give(len(MANY))
        await until(pilot, lambda: len(screen_of(pilot).documents.rows) == 3)


@pytest.mark.parametrize("key", ["f", "escape", "ctrl+g"])
async def test_a_filter_that_looks_into_the_texts_is_called_off(
    running: Running, many: None, key: str
) -> None:
    async with running(open_project="Many", document="d050.txt") as pilot:
        container = slow(pilot)
        await press(pilot, "f", *["down"] * 9)
        await paste(pilot, "bank")
        await press(pilot, "ctrl+s")
        await until(pilot, lambda: container.waiting == BATCH)
        await press(pilot, key)
        await until(pilot, lambda: container.waiting == 0)
        assert "Looking for “bank” was called off: the list is as it was." in screen_text(pilot)
        assert len(screen_of(pilot).documents.rows) == len(MANY)
        await press(pilot, "f")
        assert "Which documents?" in screen_text(pilot)


async def test_a_filter_says_what_it_could_not_look_into(opened: Opened, container: Path) -> None:
    async with opened(TWO) as pilot:
        (container / ONE).unlink()
        await press(pilot, "f", *["down"] * 9)
        await paste(pilot, "bank")
        await press(pilot, "ctrl+s")
        await until(pilot, lambda: len(screen_of(pilot).documents.rows) == 1)
        assert "1 document can't be read." in screen_text(pilot)
