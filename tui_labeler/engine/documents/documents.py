"""The documents of a project: found in the container, listed, filtered, searched, read."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tui_labeler.domain.document_filters import DocumentFilter, Sort, in_order
from tui_labeler.domain.document_rows import DocumentRow
from tui_labeler.domain.documents import Document
from tui_labeler.engine.changes import put_document
from tui_labeler.engine.documents.keeping import Kept, keep_texts, lacking
from tui_labeler.engine.documents.keeping import Progress as KeepingProgress
from tui_labeler.engine.documents.moving_labels import earlier_text, stale_labels
from tui_labeler.engine.documents.names import typed
from tui_labeler.engine.documents.reading import Progress, Reading, Synced, fetch, read_text
from tui_labeler.engine.documents.searching import Looked, search
from tui_labeler.engine.errors import InputError, NotFoundError
from tui_labeler.engine.steps import in_steps

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tui_labeler.domain.projects import Dataset
    from tui_labeler.engine.ports import Change, Container, ProjectStore, State, Surroundings, Transaction
    from tui_labeler.engine.turns import Progress as SteppedProgress


@dataclass(frozen=True, slots=True)
class DocumentText:
    """A document's text as it is in the container at this moment."""

    text: str
    changed: bool
    """It is another text than the one that the labels were made on."""
    text_hash: str = ""
    """Of the raw bytes, as in :class:`~tui_labeler.domain.documents.Document`."""


def _silent(doing: str, count: int) -> None:
    """For whoever need not hear how far it is."""


def _untold(doing: str, done: int, total: int) -> None:
    """The same of keeping texts."""


class Documents:
    """Finds, lists and reads documents."""

    def __init__(self, store: ProjectStore, container: Container, surroundings: Surroundings) -> None:
        self._store = store
        self._container = container
        self._surroundings = surroundings
        self.seen: dict[int, str] = {}
        """The hash of each text that was opened to be labeled, by document."""
        self._ahead: set[int] = set()
        self._kept: Kept | None = None

    @property
    def container(self) -> Container:
        return self._container

    async def sync(self, progress: Progress = _silent) -> Synced:
        """Reads the container: new documents are added, changed ones read again, missing ones marked.

        Raises ``ContainerError``; what was committed until then stays, and the next call goes on.
        """
        # What a reading finds changed takes its earlier text with it.
        notes = await self.keep_labeled()
        synced = await Reading(self._store, self._container, self._surroundings, progress).run()
        if synced.moved:
            notes += await self.keep_labeled()
        return replace(synced, notes=(*notes, *synced.notes), warnings=(*synced.warnings, *notes))

    def stale_still(self, synced: Synced) -> Synced:
        """What a reading found, without labels that others brought to the text of today."""
        rows = ((name, self._known(name)) for name, _ in synced.stale)
        counted = ((name, len(stale_labels(document))) for name, document in rows if document)
        return replace(synced, stale=tuple((name, count) for name, count in counted if count))

    async def keep_labeled(self) -> tuple[str, ...]:
        """Keeps the texts that labels are on, where a change in the container would leave nothing of them.

        Returns what a person should know of that.
        """
        if self._container.is_remote:
            return ()
        return (await keep_texts(self._container, self._store.state)).notes

    async def keep(self, progress: KeepingProgress = _untold, *, again: bool = True) -> Kept:
        """Sees to it that the texts which offline work needs are here. See :func:`keep_texts`.

        Without ``again`` it is done only if something was missing when it was done last, or it never was.
        """
        if not self._container.is_remote:
            return Kept(notes=await self.keep_labeled() if again else ())
        if again or self._kept is None or self._kept.missing:
            self._kept = await keep_texts(self._container, self._store.state, progress)
            return self._kept
        return Kept()

    async def lacking(self) -> int:
        """How many texts offline work needs that are not here; nothing is asked of the container."""
        return len(await lacking(self._container, self._store.state)) if self._container.is_remote else 0

    def _known(self, location: str) -> Document | None:
        document_id = self._store.state.document_id(location)
        return None if document_id is None else self._store.state.document(document_id)

    # --- reading ------------------------------------------------------------------------------------

    async def text(self, document_id: int) -> DocumentText:
        """The text, read from the container. Raises ``NotFoundError``, ``ContainerError`` or
        ``InputError`` when the document can't be read any more."""
        document = self._store.state.document(document_id)
        decoded = await read_text(self._store, self._container, self._surroundings.actor, document)
        document = self._store.state.document(document_id)
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
        self._container.hold(self._store.state.document(document_id).location)
        found = await self.text(document_id)
        self.seen[document_id] = found.text_hash
        return found

    async def earlier(self, document_id: int, text_hash: str) -> str | None:
        """The text as it was when something was made on it; ``None`` where it is not kept."""
        return await earlier_text(self._container, self._store.state.document(document_id), text_hash)

    async def read_ahead(self, document_ids: Sequence[int]) -> None:
        """Reads the texts of documents that are likely to be opened next, several at a time, so that opening
        them waits for no line. Only of a container that is far; each is read ahead once.

        Raises ``ContainerError``; a document that can't be read says so when it is opened.
        """
        rows = self._store.state.rows
        fresh = [rows[key] for key in document_ids if key in rows and key not in self._ahead]
        if not self._container.is_remote or not fresh:
            return
        self._ahead |= {row.id for row in fresh}
        unread = [row for row in fresh if not row.is_read and not row.problem]
        is_done = False
        try:
            await fetch(self._store, self._container, self._surroundings.actor, unread)
            for row in fresh:
                if row.is_read and not row.problem:
                    await self._container.read(row.location)
            is_done = True
        finally:
            if not is_done:
                self._ahead -= {row.id for row in fresh}

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

    def select(
        self, wanted: DocumentFilter | None = None, sort: Sort = Sort.NAME, *, as_seen: bool = False
    ) -> list[DocumentRow]:
        """The documents that a filter lets through, in order.

        With ``as_seen`` both go by what people see: in blind mode a hidden suggestion makes no difference.
        """
        rows: Iterable[DocumentRow] = self._store.state.rows.values()
        if as_seen and self._store.state.project.settings.hide_until_labeled:
            seen = (self.as_seen(row) for row in rows)
            chosen = in_order((row for row in seen if wanted is None or wanted.matches(row)), sort)
            return [self._store.state.rows[row.id] for row in chosen]
        return in_order(rows if wanted is None else wanted.among(rows), sort)

    def as_seen(self, row: DocumentRow) -> DocumentRow:
        """A document's short form without what blind mode hides."""
        return row.as_seen(self._store.state.project.settings)

    def search(
        self, words: str, among: Sequence[DocumentRow], most: int | None = None
    ) -> AsyncGenerator[Looked, None]:
        """The documents whose text holds ``words``, as
        :func:`tui_labeler.engine.documents.searching.search` finds them."""
        return search(self._container, words, among, most)

    # --- changing -----------------------------------------------------------------------------------

    async def set(
        self,
        documents: Sequence[int],
        *,
        dataset: Dataset | None = None,
        language: str | None = None,
        progress: SteppedProgress | None = None,
    ) -> Transaction | None:
        """Puts documents into a set, or gives them a language; step by step, with one undo.

        Once ``progress`` was stopped the others stay as they are. Raises ``NotFoundError``.
        """

        def changes(state: State, document_id: int) -> list[Change]:
            document = state.document(document_id)
            changed = replace(
                document,
                dataset=dataset or document.dataset,
                language=document.language if language is None else language,
            )
            return [put_document(state, changed)]

        return await in_steps(self._store, self._surroundings, "document.set", documents, changes, progress)
