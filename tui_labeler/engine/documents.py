"""The documents of a project: found in the container, listed, filtered, searched, read."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from tui_labeler.domain.documents import Document, DocumentFilter, DocumentRow, Sort, sort_key
from tui_labeler.engine import limits
from tui_labeler.engine.changes import put_document
from tui_labeler.engine.decoding import Decoded, decode
from tui_labeler.engine.document_names import typed
from tui_labeler.engine.errors import InputError, LabelerError, NotFoundError
from tui_labeler.engine.ports import Blob, Change, Plan
from tui_labeler.engine.searching import Looked, search

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tui_labeler.domain.projects import Dataset
    from tui_labeler.engine.ports import Container, ProjectStore, State, Surroundings, Transaction

BATCH = 500
"""Documents a transaction while the container is read."""

GONE = "it is no longer in the container"


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
    """The service's limits that the container, or what is new or changed in it, breaks."""


@dataclass(frozen=True, slots=True)
class DocumentText:
    """A document's text as it is in the container at this moment."""

    text: str
    changed: bool
    """It is another text than the one that the labels were made on."""
    text_hash: str = ""
    """Of the raw bytes, as in :class:`~tui_labeler.domain.documents.Document`."""


class Documents:
    """Finds, lists and reads documents."""

    def __init__(self, store: ProjectStore, container: Container, surroundings: Surroundings) -> None:
        self._store = store
        self._container = container
        self._surroundings = surroundings
        self.seen: dict[int, str] = {}
        """The hash of each text that was opened to be labeled, by document."""

    @property
    def container(self) -> Container:
        return self._container

    async def sync(self, progress: Callable[[int], None] | None = None) -> Synced:
        """Reads the container: new documents are added, changed ones read again, missing ones marked.

        ``progress`` hears how many have been looked at. Raises ``ContainerError``; what was committed
        until then stays, and the next call goes on.
        """
        await self._store.refresh()
        tally = _SyncTally()
        batch: list[tuple[Blob, Decoded]] = []
        seen: set[str] = set()
        async for blob in self._container.blobs():
            if not blob.is_document:
                tally.skipped += 1
                continue
            seen.add(blob.name)
            known = self._known(blob.name)
            if known and known.etag == blob.etag and known.problem != GONE:
                tally.unchanged += 1
                if known.problem:
                    tally.unreadable.append((known.location, known.problem))
            else:
                batch.append((blob, await self._read(blob.name)))
                if len(batch) >= BATCH:
                    await self._register(batch, tally)
                    batch = []
            if progress:
                progress(len(seen))
        await self._register(batch, tally)
        await self._mark_gone(seen, tally)
        tally.warnings += (
            *limits.documents(len(seen)),
            *limits.long_documents(tally.read),
            *limits.document_names([name for name, _ in tally.read]),
        )
        return tally.result()

    def _known(self, location: str) -> Document | None:
        document_id = self._store.state.document_id(location)
        return None if document_id is None else self._store.state.document(document_id)

    async def _read(self, location: str) -> Decoded:
        """One document that can't be had is its own trouble: the others are read."""
        try:
            return decode(await self._container.read(location))
        except NotFoundError:
            return Decoded("", GONE, "")
        except LabelerError as error:
            return Decoded("", error.message, "")

    async def _register(self, batch: Sequence[tuple[Blob, Decoded]], tally: _SyncTally) -> None:
        if batch:
            await self._store.commit(self._surroundings.actor, partial(_registering, batch, tally))

    async def _mark_gone(self, seen: set[str], tally: _SyncTally) -> None:
        missing = [row for row in self._store.state.rows.values() if row.location not in seen]
        tally.gone = len(missing)
        fresh = [row.id for row in missing if row.problem != GONE]
        for start in range(0, len(fresh), BATCH):
            plan = partial(_marking_gone, fresh[start : start + BATCH])
            await self._store.commit(self._surroundings.actor, plan)

    # --- reading ------------------------------------------------------------------------------------

    async def text(self, document_id: int) -> DocumentText:
        """The text, read from the container. Raises ``NotFoundError``, ``ContainerError`` or
        ``InputError`` when the document can't be read any more."""
        document = self._store.state.document(document_id)
        decoded = decode(await self._container.read(document.location))
        if decoded.problem:
            raise InputError(
                f"{document.location}: {decoded.problem}.",
                hint="Repair the file, then read the container again: "
                f"`tui-labeler sync {self._store.state.project.name}`.",
                on_screen="Repair the file, then read the container again (R where texts are labeled).",
            )
        return DocumentText(decoded.text, decoded.text_hash != document.text_hash, decoded.text_hash)

    async def open(self, document_id: int) -> DocumentText:
        """The text for somebody who labels it: labels are refused while the project knows another.

        Raises as :meth:`text`.
        """
        found = await self.text(document_id)
        self.seen[document_id] = found.text_hash
        return found

    def find(self, location: str) -> Document:
        """The document of that name, as the container has it or as a shell gives it.

        Raises ``NotFoundError``.
        """
        document = self._known(location) or self._known(typed(location))
        if document is None:
            raise NotFoundError(
                f"There is no document {location!r} in the project.",
                hint="`tui-labeler documents PROJECT` lists them; the name is case-sensitive.",
            )
        return document

    # --- listing ------------------------------------------------------------------------------------

    def select(self, wanted: DocumentFilter | None = None, sort: Sort = Sort.NAME) -> list[DocumentRow]:
        """The documents that a filter lets through, in order."""
        rows: Iterable[DocumentRow] = self._store.state.rows.values()
        if wanted is not None:
            rows = (row for row in rows if wanted.matches(row))
        return sorted(rows, key=partial(sort_key, sort))

    def search(
        self, words: str, among: Sequence[DocumentRow], most: int | None = None
    ) -> AsyncGenerator[Looked, None]:
        """The documents whose text holds ``words``, as :func:`tui_labeler.engine.searching.search` finds
        them."""
        return search(self._container, words, among, most)

    # --- changing -----------------------------------------------------------------------------------

    async def set(
        self,
        documents: Sequence[int],
        *,
        dataset: Dataset | None = None,
        language: str | None = None,
    ) -> Transaction | None:
        """Puts documents into a set, or gives them a language. Raises ``NotFoundError``."""

        def plan(state: State) -> Plan:
            changes: list[Change] = []
            for document_id in documents:
                document = state.document(document_id)
                changed = replace(
                    document,
                    dataset=dataset or document.dataset,
                    language=document.language if language is None else language,
                )
                changes.append(put_document(state, changed))
            return Plan("document.set", changes)

        return await self._store.commit(self._surroundings.actor, plan)


class _SyncTally:
    def __init__(self) -> None:
        self.added = self.changed = self.gone = self.unchanged = self.skipped = 0
        self.unreadable: list[tuple[str, str]] = []
        self.read: list[tuple[str, int]] = []
        """Location and characters of the documents that are new or changed."""
        self.warnings: tuple[str, ...] = ()

    def result(self) -> Synced:
        return Synced(
            self.added,
            self.changed,
            self.gone,
            self.unchanged,
            self.skipped,
            tuple(sorted(self.unreadable)),
            self.warnings,
        )


def _registering(batch: Sequence[tuple[Blob, Decoded]], tally: _SyncTally, state: State) -> Plan:
    changes: list[Change] = []
    new_id = max(state.rows, default=-1) + 1
    for blob, decoded in batch:
        known_id = state.document_id(blob.name)
        old = state.document(known_id) if known_id is not None else Document(new_id, blob.name)
        if known_id is None:
            new_id += 1
            tally.added += 1
        elif decoded.text_hash and old.text_hash != decoded.text_hash:
            tally.changed += 1
        else:
            tally.unchanged += 1
        tally.read.append((blob.name, len(decoded.text)))
        if decoded.problem:
            tally.unreadable.append((blob.name, decoded.problem))
        new = replace(
            old,
            size=blob.size,
            # Without content there is nothing that the mark could vouch for: it is read again next time.
            etag=blob.etag if decoded.text_hash else "",
            characters=len(decoded.text) if decoded.text_hash else old.characters,
            text_hash=decoded.text_hash or old.text_hash,
            problem=decoded.problem,
        )
        changes.append(put_document(state, new))
    return Plan("documents.sync", changes)


def _marking_gone(ids: Sequence[int], state: State) -> Plan:
    changes = [put_document(state, replace(state.document(i), problem=GONE)) for i in ids]
    return Plan("documents.sync", changes)
