"""Reading a container: what is there, what is new or changed, and its text.

A folder's files are read as they are listed. What lies behind a line is listed first and registered at
once, its size known and its text not; then the texts are fetched, several at a time. Whatever ends it, a
broken line or a person, what was done stays, and the next time goes on from there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from tui_labeler.domain.document_rows import DocumentRow
from tui_labeler.domain.documents import Document
from tui_labeler.engine import limits
from tui_labeler.engine.actions import DOCUMENTS_READ
from tui_labeler.engine.changes import put_document
from tui_labeler.engine.documents.decoding import Decoded, decode
from tui_labeler.engine.documents.moving_labels import is_left_behind, move_labels
from tui_labeler.engine.errors import LabelerError, NotFoundError, UnreachableError
from tui_labeler.engine.ports import Blob, Change, Plan
from tui_labeler.engine.turns import in_turns

if TYPE_CHECKING:
    from tui_labeler.engine.ports import Container, ProjectStore, State, Surroundings

BATCH = 500
"""Documents a transaction while the container is read."""

BATCH_BYTES = 16 * 1024 * 1024
"""Texts that wait to be registered are no longer than that together, but for the last one."""

CONCURRENCY = 16
"""Texts fetched at the same time."""

GONE = "it is no longer in the container"

BREATH = 100
"""Documents of a listing that are looked at before others get their turn."""

LISTED, READ = "listing documents", "reading documents"

Progress = Callable[[str, int], None]
"""Hears what is being done (:data:`LISTED` or :data:`READ`), and with how many documents it is done."""


@dataclass(frozen=True, slots=True)
class Synced:
    """What reading the container found."""

    added: int = 0
    changed: int = 0
    """Their text is another than before."""
    gone: int = 0
    unchanged: int = 0
    skipped: int = 0
    """Subfolders and files that are no documents."""
    unreadable: tuple[tuple[str, str], ...] = ()
    """Location and problem of each document that can't be read."""
    warnings: tuple[str, ...] = ()
    """The service's limits that the container, or what is new or changed in it, breaks; and ``notes``."""
    notes: tuple[str, ...] = ()
    """What a person should know of the container itself; each is told once."""
    moved: int = 0
    """Labels that followed their words into a changed text."""
    stale: tuple[tuple[str, int], ...] = ()
    """Location and labels that are on an earlier text, and whose words are not surely in the one of today."""


@dataclass(slots=True)
class Tally:
    """What has been found so far."""

    added: int = 0
    changed: int = 0
    gone: int = 0
    unchanged: int = 0
    skipped: int = 0
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    read: list[tuple[str, int]] = field(default_factory=list)
    """Location and characters of the documents that are new or changed."""
    warnings: tuple[str, ...] = ()
    moved: int = 0
    stale: list[tuple[str, int]] = field(default_factory=list)

    def result(self) -> Synced:
        return Synced(
            self.added,
            self.changed,
            self.gone,
            self.unchanged,
            self.skipped,
            tuple(sorted(self.unreadable)),
            self.warnings,
            moved=self.moved,
            stale=tuple(sorted(self.stale)),
        )


class Reading:
    """One reading of a container."""

    def __init__(
        self, store: ProjectStore, container: Container, surroundings: Surroundings, progress: Progress
    ) -> None:
        self._store = store
        self._container = container
        self._actor = surroundings.actor
        self._progress = progress
        self._tally = Tally()
        self._seen: set[str] = set()
        self._to_fetch: dict[str, Blob] = {}
        self._with_stale: list[str] = []
        """Documents that had labels on an earlier text before this reading, or may have them after it."""

    async def run(self) -> Synced:
        """Raises ``ContainerError``."""
        await self._store.refresh()
        await self._list()
        await self._fetch()
        await self._mark_gone()
        await self._move_labels()
        notes = self._container.notes()
        self._tally.warnings += (*_over_limits(len(self._seen), self._tally.read), *notes)
        return replace(self._tally.result(), notes=notes)

    async def _list(self) -> None:
        batch: list[tuple[Blob, Decoded]] = []
        async for blob in self._container.blobs():
            if not blob.is_document:
                self._tally.skipped += 1
                continue
            self._seen.add(blob.name)
            if len(self._seen) % BREATH == 0:
                await asyncio.sleep(0)
            known = self._known(blob.name)
            if known and (known.etag != blob.etag or is_left_behind(known)):
                self._with_stale.append(blob.name)
            if known and known.etag == blob.etag and known.problem != GONE:
                self._tally.unchanged += 1
                if known.problem:
                    self._tally.unreadable.append((known.location, known.problem))
            elif self._container.is_remote:
                self._to_fetch[blob.name] = blob
                if known is None:
                    batch.append((blob, Decoded("", "", "")))
            else:
                batch.append((blob, await self._read(blob.name)))
            if len(batch) >= BATCH:
                await self._register(batch)
                batch = []
            self._progress(LISTED if self._container.is_remote else READ, len(self._seen))
        await self._register(batch)

    async def _register(self, batch: Sequence[tuple[Blob, Decoded]]) -> None:
        if batch:
            await self._store.commit(self._actor, partial(registering, batch, self._tally))

    def _known(self, location: str) -> Document | None:
        document_id = self._store.state.document_id(location)
        return None if document_id is None else self._store.state.whole(document_id)

    async def _read(self, location: str) -> Decoded:
        """One document that can't be had is its own trouble: the others are read."""
        try:
            return decode(await self._container.read(location))
        except NotFoundError:
            return Decoded("", GONE, "")
        except LabelerError as error:
            return Decoded("", error.message, "")

    async def _fetch(self) -> None:
        """What was fetched before something ends it is registered all the same."""
        batch: list[tuple[Blob, Decoded]] = []
        done = held = 0
        try:
            async for fetched in fetching(self._container, self._to_fetch.values()):
                batch.append(fetched)
                done += 1
                held += fetched[0].size
                self._progress(READ, done)
                if len(batch) >= BATCH or held >= BATCH_BYTES:
                    ready, batch, held = batch, [], 0
                    await self._register(ready)
        finally:
            await self._register(batch)

    async def _mark_gone(self) -> None:
        rows = list(self._store.state.rows.values())
        missing = [row async for row in in_turns(rows) if row.location not in self._seen]
        self._tally.gone = len(missing)
        fresh = [row.id for row in missing if row.problem != GONE]
        for start in range(0, len(fresh), BATCH):
            await self._store.commit(self._actor, partial(_marking_gone, fresh[start : start + BATCH]))

    async def _move_labels(self) -> None:
        for name in self._with_stale:
            document = self._known(name)
            if document is None or not is_left_behind(document):
                continue
            left = await move_labels(self._store, self._container, self._actor, document.id)
            self._tally.moved += left.moved
            if left.stale:
                self._tally.stale.append((name, left.stale))


def over_limits(state: State) -> tuple[str, ...]:
    """The service's limits that the documents break which are in the container, new ones and known ones."""
    there = [(row.location, row.characters) for row in state.rows.values() if row.problem != GONE]
    return _over_limits(len(there), there)


def _over_limits(count: int, texts: Sequence[tuple[str, int]]) -> tuple[str, ...]:
    """Of ``count`` documents in all, and of ``texts`` (location and characters) each by itself."""
    return (
        *limits.documents(count),
        *limits.long_documents(texts),
        *limits.document_names([name for name, _ in texts]),
    )


async def fetching(
    container: Container, blobs: Iterable[Blob], concurrency: int = CONCURRENCY
) -> AsyncGenerator[tuple[Blob, Decoded], None]:
    """The texts of blobs, as they come; each blob with the mark of what came.

    Raises ``UnreachableError`` once the container is out of reach. What is on its way then, or when the
    iterator is closed, is given up.
    """
    waiting = iter(blobs)
    at_work: set[asyncio.Task[tuple[Blob, Decoded]]] = set()
    try:
        while True:
            for blob in waiting:
                at_work.add(asyncio.ensure_future(_fetched(container, blob)))
                if len(at_work) >= concurrency:
                    break
            if not at_work:
                return
            done, _ = await asyncio.wait(at_work, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                at_work.discard(task)
                yield task.result()
    finally:
        # Those that were done at the same time are among them: what they ended with is nobody's any more.
        for task in at_work:
            task.cancel()
        await asyncio.gather(*at_work, return_exceptions=True)


async def _fetched(container: Container, blob: Blob) -> tuple[Blob, Decoded]:
    try:
        data, etag = await container.fetch(blob.name)
    except UnreachableError:
        raise
    except NotFoundError:
        return blob, Decoded("", GONE, "")
    except LabelerError as error:
        return blob, Decoded("", error.message, "")
    return replace(blob, etag=etag, size=len(data)), decode(data)


async def fetch(
    store: ProjectStore, container: Container, actor: str, documents: Sequence[DocumentRow]
) -> None:
    """Fetches documents that were only listed, and registers what came. Raises as :func:`fetching`."""
    batch: list[tuple[Blob, Decoded]] = []
    try:
        async for fetched in fetching(container, [Blob(row.location, row.size, "") for row in documents]):
            batch.append(fetched)
    finally:
        if batch:
            await store.commit(actor, partial(registering, batch, Tally()))


async def readable_text(container: Container, row: DocumentRow) -> str | None:
    """A document's text; ``None`` where it can't be read. Raises ``UnreachableError``."""
    if row.problem:
        return None
    try:
        decoded = decode(await container.read(row.location))
    except UnreachableError:
        raise
    except LabelerError:
        return None
    return None if decoded.problem else decoded.text


async def read_text(
    store: ProjectStore, container: Container, actor: str, document: Document | DocumentRow
) -> Decoded:
    """A document's text; one that was only listed is fetched, and from then on known.

    Raises ``NotFoundError`` or ``ContainerError``.
    """
    if document.is_read:
        return decode(await container.read(document.location))
    data, etag = await container.fetch(document.location)
    decoded = decode(data)
    blob = Blob(document.location, len(data), etag)
    await store.commit(actor, partial(registering, [(blob, decoded)], Tally()))
    return decoded


def registering(batch: Sequence[tuple[Blob, Decoded]], tally: Tally, state: State) -> Plan:
    """What is known of documents from here on. A text without hash and problem is one that was not read."""
    changes: list[Change] = []
    new_id = max(state.rows, default=-1) + 1
    for blob, decoded in batch:
        known_id = state.document_id(blob.name)
        old = state.document(known_id) if known_id is not None else Document(new_id, blob.name)
        if known_id is None:
            new_id += 1
        is_read = bool(decoded.text_hash or decoded.problem)
        if is_read:
            _count(blob, decoded, old, known_id is None, tally)
        new = replace(
            old,
            size=blob.size,
            # Without content there is nothing that the mark could vouch for: it is read again next time.
            etag=blob.etag if decoded.text_hash else "",
            characters=_characters(blob, decoded, old),
            text_hash=decoded.text_hash or old.text_hash,
            problem=decoded.problem,
        )
        changes.append(put_document(state, new))
    return Plan(DOCUMENTS_READ, changes)


def _count(blob: Blob, decoded: Decoded, old: Document, is_new: bool, tally: Tally) -> None:
    if is_new or not old.is_read:
        tally.added += 1
    elif decoded.text_hash and old.text_hash != decoded.text_hash:
        tally.changed += 1
    else:
        tally.unchanged += 1
    tally.read.append((blob.name, len(decoded.text)))
    if decoded.problem:
        tally.unreadable.append((blob.name, decoded.problem))


def _characters(blob: Blob, decoded: Decoded, old: Document) -> int:
    """Of a text that was not read: as many as it has bytes, which is the most that it can have."""
    if decoded.text_hash:
        return len(decoded.text)
    return blob.size if not decoded.problem and not old.text_hash else old.characters


def _marking_gone(ids: Sequence[int], state: State) -> Plan:
    changes = [put_document(state, replace(state.document(i), problem=GONE)) for i in ids]
    return Plan(DOCUMENTS_READ, changes)
