"""Words are looked for in the texts of all documents, batch by batch."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.local_container import LocalContainer
from tui_labeler.domain.document_rows import DocumentRow
from tui_labeler.domain.documents import DocumentState
from tui_labeler.domain.labels import Span
from tui_labeler.domain.projects import Dataset
from tui_labeler.engine.documents.searching import AFTER, BATCH, BATCH_BYTES, BEFORE, passage, search
from tui_labeler.engine.errors import ContainerError, NotFoundError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.builders import Bench
    from tui_labeler.engine.documents.searching import Found, Looked
    from tui_labeler.engine.ports import Blob


@dataclass
class Shelf(LocalContainer):
    """A container in memory that tells how many of its texts are held at once."""

    texts: dict[str, str]
    gate: asyncio.Event | None = None
    """Nothing is read before it is set."""
    begun: list[str] = field(default_factory=list)
    full: asyncio.Event = field(default_factory=asyncio.Event)
    """As many are read as will be at once."""
    most: int = 0
    _now: int = 0
    address: str = "memory"
    is_remote: bool = False

    async def blobs(self) -> AsyncIterator[Blob]:
        for _ in ():
            yield _

    async def read(self, name: str) -> bytes:
        self.begun.append(name)
        if len(self.begun) == BATCH:
            self.full.set()
        self._now += 1
        self.most = max(self.most, self._now)
        try:
            if self.gate:
                await self.gate.wait()
            await asyncio.sleep(0)
            text = self.texts[name]
        finally:
            self._now -= 1
        if text == "gone":
            raise NotFoundError(name)
        if text == "broken":
            raise ContainerError(name)
        if text == "no folder":
            raise UnreachableError("the folder is gone")
        return text.encode()


def shelf(*texts: str, gate: asyncio.Event | None = None) -> tuple[Shelf, list[DocumentRow]]:
    names = [f"d{number:05}.txt" for number in range(len(texts))]
    rows = [row(number, name, len(texts[number])) for number, name in enumerate(names)]
    return Shelf(dict(zip(names, texts, strict=True)), gate), rows


def row(number: int, name: str, size: int = 0, problem: str = "") -> DocumentRow:
    state = DocumentState.UNREADABLE if problem else DocumentState.UNLABELED
    nothing = ((), (), (), ())
    return DocumentRow(
        number, name, "", Dataset.TRAIN, size, size, state, "", *nothing, None, None, problem
    )  # fmt: skip


async def steps(
    container: Shelf, words: str, rows: list[DocumentRow], most: int | None = None
) -> list[Looked]:
    return [step async for step in search(container, words, rows, most)]


def found(steps: list[Looked]) -> list[Found]:
    return [one for step in steps for one in step.found]


async def test_documents_come_in_batches_with_their_hits_and_the_first_place() -> None:
    texts = ["nothing"] * (2 * BATCH + 3)
    texts[1], texts[BATCH] = "a Bank and a bank", "The  BANK"
    container, rows = shelf(*texts)
    told = await steps(container, "bank", rows)
    assert [step.looked for step in told] == [BATCH, 2 * BATCH, 2 * BATCH + 3]
    assert {step.total for step in told} == {2 * BATCH + 3}
    assert [[one.row.id for one in step.found] for step in told] == [[1], [BATCH], []]
    assert [(one.hits, one.first) for one in found(told)] == [(2, Span(2, 6)), (1, Span(5, 9))]
    assert container.most == BATCH


async def test_the_first_hits_are_told_before_the_next_documents_are_read() -> None:
    container, rows = shelf(*["bank"] * (3 * BATCH))
    async with aclosing(search(container, "bank", rows)) as told:
        step = await anext(told)
        assert (step.looked, len(step.found)) == (BATCH, BATCH)
        assert len(container.begun) == BATCH
    assert len(container.begun) == BATCH


async def test_a_search_that_waits_for_its_container_is_cancelled_at_once() -> None:
    container, rows = shelf(*["bank"] * (3 * BATCH), gate=asyncio.Event())
    task = asyncio.create_task(steps(container, "bank", rows))
    await container.full.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert container._now == 0
    assert len(container.begun) == BATCH


async def test_large_documents_are_not_held_together() -> None:
    container, rows = shelf(*["bank"] * 8)
    large = [row(one.id, one.location, BATCH_BYTES // 2) for one in rows]
    assert len(found(await steps(container, "bank", large))) == 8
    assert container.most == 2
    huge = [row(one.id, one.location, 2 * BATCH_BYTES) for one in rows]
    container.most = 0
    assert len(found(await steps(container, "bank", huge))) == 8
    assert container.most == 1


async def test_documents_that_cannot_be_read_are_counted_and_the_others_searched() -> None:
    container, rows = shelf("bank", "gone", "broken", "", "bank", "known to be none")
    rows[5] = row(5, "d00005.txt", problem="the document is UTF-16")
    told = await steps(container, "bank", rows)
    assert (told[-1].unreadable, told[-1].looked) == (4, 6)
    assert [one.row.id for one in found(told)] == [0, 4]
    assert "d00005.txt" not in container.begun


async def test_a_container_that_is_gone_is_said_and_not_counted() -> None:
    container, rows = shelf("bank", "no folder", "bank")
    with pytest.raises(UnreachableError):
        await steps(container, "bank", rows)


async def test_a_search_ends_with_as_many_documents_as_are_wanted() -> None:
    container, rows = shelf(*["none", "bank"] * (2 * BATCH))
    told = await steps(container, "bank", rows, most=3)
    assert [one.row.id for one in found(told)] == [1, 3, 5]
    assert (told[-1].looked, told[-1].total) == (6, 4 * BATCH)
    assert len(container.begun) == BATCH


@pytest.mark.parametrize(
    ("text", "words", "raw"),
    [
        ("Die STRASSE hier", "straße", "STRASSE"),
        ("ﬁne eﬃcient", "fic", "ﬃc"),
        ("\U0001f600 Cafe\u0301 x", "CAFÉ", "Cafe\u0301"),
        ("half \uff76\uff9e width", "ガ", "\uff76\uff9e"),
        ("North\r\n  Bank", "north bank", "North\r\n  Bank"),
    ],
)
async def test_the_place_is_one_of_the_raw_text_whatever_folding_does(
    text: str, words: str, raw: str
) -> None:
    container, rows = shelf(text)
    (one,) = found(await steps(container, words, rows))
    assert text[one.first.start : one.first.end] == raw


async def test_no_words_find_nothing_and_words_are_no_pattern() -> None:
    container, rows = shelf("a.c", "abc", "(x")
    assert found(await steps(container, "  ", rows)) == []
    assert [one.row.id for one in found(await steps(container, "a.c", rows))] == [0]
    assert [one.row.id for one in found(await steps(container, "(", rows))] == [2]


def test_a_passage_is_one_line_around_the_words() -> None:
    text = "First line.\n\nThe North\r\n Bank\tlends.  \n"
    start = text.index("North")
    made = passage(text, Span(start, text.index("\tlends")))
    assert (made.before, made.words, made.after) == ("First line. The ", "North Bank", " lends.")
    assert not made.goes_back


@given(st.text(min_size=1, max_size=500), st.data())
def test_a_passage_holds_no_more_than_lines_show(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    made = passage(text * 3, Span(start, end))
    assert len(made.before) <= BEFORE
    assert max(len(made.words), len(made.after)) <= AFTER
    assert not set("\n\r\t") & set(made.before + made.words + made.after)


async def test_a_project_is_searched_as_its_container_is_at_the_moment(bench: Bench) -> None:
    session = await bench.create(
        {"a.txt": "The ＢＡＮＫ lends", "b.txt": "none", "c.txt": b"\xff", "d.txt": "bank"}
    )
    (bench.documents / "d.txt").unlink()
    told = [step async for step in session.documents.search("Bank", session.documents.select())]
    assert [one.row.location for one in found(told)] == ["a.txt"]
    assert told[-1].unreadable == 2
