"""Words looked for in the texts of many documents, batch by batch."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_labeler.domain.document_rows import DocumentRow
from tui_labeler.domain.finding import Finder, Wanted
from tui_labeler.domain.labels import Span
from tui_labeler.engine.documents.reading import readable_text

if TYPE_CHECKING:
    from tui_labeler.engine.ports import Container

BATCH = 32
"""Documents read at the same time."""

BATCH_BYTES = 4 * 1024 * 1024
"""No batch is larger, unless it is one document."""

BEFORE, AFTER = 80, 200
"""Characters kept of what stands around a hit: more than a line of a terminal shows."""


@dataclass(frozen=True, slots=True)
class Passage:
    """The words of a hit and what stands around them, in one line: white space is a blank each."""

    before: str
    words: str
    after: str
    goes_back: bool
    """The text begins before it."""


@dataclass(frozen=True, slots=True)
class Found:
    """A document with hits."""

    row: DocumentRow
    hits: int
    first: Span
    """Where the first one stands."""
    passage: Passage
    """What stands around the first one."""


@dataclass(frozen=True, slots=True)
class Looked:
    """How far a search is."""

    looked: int
    """Documents done with, in the order they were given, the unreadable ones among them."""
    total: int
    unreadable: int
    found: tuple[Found, ...]
    """Those with hits that came to light in this step."""


async def search(
    container: Container, words: str, among: Sequence[DocumentRow], most: int | None = None
) -> AsyncGenerator[Looked, None]:
    """Looks for ``words`` whatever their case, compatibility form and white space.

    Each step is one batch, read and searched beside the event loop. Ends after ``most`` documents with
    hits. A document that can't be read is counted; raises ``UnreachableError`` when none of them can.
    Closing the iterator ends the search.
    """
    wanted = Wanted.of(words)
    looked = unreadable = hits = 0
    for batch in _batches(among):
        texts = await asyncio.gather(*(readable_text(container, row) for row in batch))
        results = await asyncio.to_thread(_find, wanted, batch, texts)
        found: list[Found] = []
        for text, result in zip(texts, results, strict=True):
            looked += 1
            unreadable += text is None
            if result is not None:
                found.append(result)
                if hits + len(found) == most:
                    break
        hits += len(found)
        yield Looked(looked, len(among), unreadable, tuple(found))
        if hits == most:
            return


def _batches(rows: Iterable[DocumentRow]) -> Iterator[list[DocumentRow]]:
    batch: list[DocumentRow] = []
    size = 0
    for row in rows:
        if batch and (len(batch) == BATCH or size + row.size > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(row)
        size += row.size
    if batch:
        yield batch


def _find(wanted: Wanted, rows: Sequence[DocumentRow], texts: Sequence[str | None]) -> Sequence[Found | None]:
    return [
        None if text is None or not wanted.is_in(text) else _found(wanted, row, text)
        for row, text in zip(rows, texts, strict=True)
    ]


def _found(wanted: Wanted, row: DocumentRow, text: str) -> Found | None:
    places = Finder(text).places(wanted)
    first = next(places, None)
    if first is None:
        return None
    return Found(row, 1 + sum(1 for _ in places), first, passage(text, first))


_SPACE = re.compile(r"\s+")


def passage(text: str, span: Span) -> Passage:
    """What stands at a place of a text. Words beyond ``AFTER`` characters are cut."""
    begin = max(0, span.start - BEFORE)
    before, words, after = (
        _SPACE.sub(" ", text[start:end])
        for start, end in (
            (begin, span.start),
            (span.start, min(span.end, span.start + AFTER)),
            (span.end, span.end + AFTER),
        )
    )
    return Passage(before.lstrip() if begin == 0 else before, words, after.rstrip(), begin > 0)
