"""Which document of the project each document of a label file is.

By its name; else by its text, byte for byte; else by its text with white space, line ends and composition
aside. Where several documents answer to it, or several of the file share no more than the last part of their
names, a person chooses: none is guessed. What another name of the file has is no match by text. Texts are
read only for what no name and no hash settles.
"""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import unquote

from tui_labeler.engine.documents.carrying import text_key
from tui_labeler.engine.documents.decoding import UTF8_MARK, text_hash
from tui_labeler.engine.documents.names import added_as
from tui_labeler.engine.documents.reading import CONCURRENCY, fetch, readable_text
from tui_labeler.engine.imports.claiming import How, Match, called, uncontested
from tui_labeler.engine.turns import in_turns

if TYPE_CHECKING:
    from tui_labeler.domain.document_rows import DocumentRow
    from tui_labeler.engine.formats.model import FileDocument
    from tui_labeler.engine.ports import Container, ProjectStore, State

Progress = Callable[[str, int], None]
"""Hears what is being done, and with how many documents it is done."""

COMPARING = "comparing texts"
"""What :data:`Progress` hears while texts of the container are read to find those of the file."""

STEP = 500
"""Documents that are read before it is said how far that is."""


def text_hashes(text: str) -> tuple[str, ...]:
    """The hashes that a document with this text may have: with and without a byte order mark."""
    raw = text.encode("utf-8", "surrogatepass")
    return text_hash(raw), text_hash(UTF8_MARK + raw)


class Matching:
    """Matches one file's documents to a project's."""

    def __init__(
        self,
        store: ProjectStore,
        container: Container,
        actor: str,
        choices: Mapping[str, str],
        progress: Progress,
    ) -> None:
        """``choices`` are locations by what a document is called in the file, or by its line."""
        self._store = store
        self._container = container
        self._actor = actor
        self._choices = choices
        self._progress = progress
        self._loose: dict[str, list[int]] | None = None

    @property
    def _state(self) -> State:
        return self._store.state

    async def match(self, documents: Sequence[FileDocument]) -> list[Match]:
        """One match for each, in the file's order. Raises ``UnreachableError``."""
        found = [self._by_name(order, file) async for order, file in in_turns(enumerate(documents))]
        for find in (self._by_hash, self._by_letters):
            # Names that leave a choice are no reason not to look at the texts, which may settle it.
            open_ = [match for match in found if _is_open(match)]
            if open_:
                for match in await find(open_):
                    found[match.order] = match
        return uncontested(found, lambda number: self._state.rows[number].location)

    # --- by name ------------------------------------------------------------------------------------

    def _by_name(self, order: int, file: FileDocument) -> Match:
        chosen = self._chosen(order, file)
        if chosen is not None:
            return Match(order, file, chosen, How.CHOSEN)
        if not file.location:
            return Match(order, file)
        exact = self._state.document_id(file.location)
        if exact is not None:
            return Match(order, file, exact)
        like = self._named_like(file.location)
        if len(like) == 1 and not file.text:
            return Match(order, file, like[0], How.PART_OF_NAME)
        return Match(order, file, candidates=tuple(like) if len(like) > 1 else ())

    def _chosen(self, order: int, file: FileDocument) -> int | None:
        for name in (called(order, file), file.location, str(file.line) if file.line else ""):
            if name and name in self._choices:
                return self._state.document_id(self._choices[name])
        return None

    def _named_like(self, location: str) -> list[int]:
        if self._loose is None:
            self._loose = {}
            for row in self._state.rows.values():
                self._loose.setdefault(_loose(row.location), []).append(row.id)
        return self._loose.get(_loose(location)) or self._loose.get(_loose(unquote(location)), [])

    # --- by content ---------------------------------------------------------------------------------

    async def _by_hash(self, matches: Sequence[Match]) -> list[Match]:
        wanted = {key for match in matches for key in text_hashes(match.file.text or "")}
        await self._read_unread()
        known: dict[str, list[int]] = {}
        async for row in in_turns(list(self._state.rows.values())):
            stored = self._state.raw("document", str(row.id)) or {}
            key = stored.get("text_hash", "")
            if key in wanted and not row.problem:
                known.setdefault(key, []).append(row.id)
        found: list[Match] = []
        for match in matches:
            ids = [number for key in text_hashes(match.file.text or "") for number in known.get(key, ())]
            found.append(self._settled(match, ids, How.CONTENT))
        return found

    async def _read_unread(self) -> None:
        """Documents that were only listed have no hash: what is fetched is known from then on."""
        unread = [row for row in self._state.rows.values() if not row.is_read and not row.problem]
        for start in range(0, len(unread), STEP):
            self._progress(COMPARING, start)
            await fetch(self._store, self._container, self._actor, unread[start : start + STEP])

    async def _by_letters(self, matches: Sequence[Match]) -> list[Match]:
        """Reads every text that there is, and keeps of each no more than whether it is one of those."""
        wanted = {
            (match.file.is_rebuilt, text_key(match.file.text or "", is_rebuilt=match.file.is_rebuilt))
            for match in matches
        }
        forms = sorted({is_rebuilt for is_rebuilt, _ in wanted})
        known: dict[tuple[bool, str], list[int]] = {}
        done = 0
        async for row, text in texts(self._container, self._state.rows.values()):
            for is_rebuilt in forms:
                key = (is_rebuilt, text_key(text, is_rebuilt=is_rebuilt))
                if key in wanted:
                    known.setdefault(key, []).append(row.id)
            done += 1
            self._progress(COMPARING, done)
        found: list[Match] = []
        for match in matches:
            key = (match.file.is_rebuilt, text_key(match.file.text or "", is_rebuilt=match.file.is_rebuilt))
            found.append(self._settled(match, sorted(known.get(key, ())), How.NORMALISED))
        return found

    def _settled(self, match: Match, ids: Sequence[int], how: How) -> Match:
        """Of several with this text, the one whose name is like the file's, if there is just one."""
        if not ids:
            return match
        if len(ids) > 1 and match.file.location:
            made = self._state.document_id(added_as(match.file.location))
            named = [made] if made in ids else self._named_like(match.file.location)
            ids = [number for number in ids if number in named] or ids
        if len(ids) == 1:
            return Match(match.order, match.file, ids[0], how)
        return Match(match.order, match.file, None, how, tuple(ids))


def _is_open(match: Match) -> bool:
    """Whether the text may tell which document it is; several with the same bytes leave no more to tell."""
    return match.document is None and bool(match.file.text) and match.how is not How.CONTENT


def _loose(location: str) -> str:
    """A name's last part, without ``.txt`` and in one composition."""
    last = location.replace("\\", "/").rstrip("/").rpartition("/")[2]
    stem = last[:-4] if last.lower().endswith(".txt") else last
    return unicodedata.normalize("NFC", stem)


async def texts(container: Container, rows: Iterable[DocumentRow]) -> AsyncIterator[tuple[DocumentRow, str]]:
    """The texts of documents that can be read, several at a time; others are left out.

    Raises ``UnreachableError``.
    """
    batch: list[DocumentRow] = []
    for row in [*(row for row in rows if not row.problem), None]:
        if row is not None:
            batch.append(row)
        if batch and (row is None or len(batch) >= CONCURRENCY):
            for one, text in zip(
                batch, await asyncio.gather(*(readable_text(container, each) for each in batch)), strict=True
            ):
                if text is not None:
                    yield one, text
            batch = []
