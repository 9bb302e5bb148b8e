"""Texts that are kept here: those of a remote container for work without a line, those that labels are on
for the labels to follow a change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_labeler.engine.documents.reading import fetching
from tui_labeler.engine.errors import UnreachableError
from tui_labeler.engine.ports import Blob
from tui_labeler.engine.wording import counted

if TYPE_CHECKING:
    from tui_labeler.engine.ports import Container, State

KEEPING = "keeping texts for offline work"

Progress = Callable[[str, int, int], None]
"""Hears :data:`KEEPING`, how many texts are done, and of how many."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What there is of texts for work without a line."""

    fetched: int = 0
    missing: int = 0
    """Texts that offline work needs, and that are not here."""
    why: str = ""
    """They are not here, in words."""
    notes: tuple[str, ...] = ()
    """What a person should know of keeping texts; each is told once."""

    @property
    def words(self) -> str:
        """For people; empty where nothing is missing."""
        if not self.missing:
            return ""
        what = counted(self.missing, "text is", "texts are")
        return f"{what} not here for offline work" + f": {self.why}" * bool(self.why)


def known_text(state: State, location: str) -> str:
    """The hash of a document's text as the project knows it; empty where it knows none."""
    document_id = state.document_id(location)
    return "" if document_id is None else state.document(document_id).text_hash


def needed_texts(state: State, taken: Iterable[str] = ()) -> Iterator[tuple[str, str]]:
    """Location and hash of every text with labels, drafts or anything undecided, of earlier ones as well.

    So is that of each document that somebody has ``taken``.

    An earlier text is needed as long as a label on it is not on the text of today.
    """
    for location in taken:
        if text_hash := known_text(state, location):
            yield location, text_hash
    for row in list(state.rows.values()):
        if row.id not in state.rows:
            continue  # taken back while somebody went through them
        if row.labels or row.suggestions or row.drafts or row.to_place or row.flag or row.readers:
            document = state.whole(row.id)
            labels = (label for label in document.labels.values() if not label.removed)
            for text_hash in {document.text_hash, *(label.text_hash for label in labels)} - {""}:
                yield row.location, text_hash


def labeled_texts(state: State) -> Iterator[tuple[str, str]]:
    """Location and hash of every text that a label is on at some place of it."""
    if state.project.kind.is_classification:
        return
    for row in list(state.rows.values()):
        if (row.labels or row.drafts or row.readers) and row.id in state.rows:
            labels = (label for label in state.whole(row.id).labels.values() if label.span)
            for text_hash in {label.text_hash for label in labels if not label.removed} - {""}:
                yield row.location, text_hash


async def lacking(container: Container, state: State) -> tuple[str, ...]:
    """The documents whose text of today is needed and not here; what is gone can't be had by anybody."""
    found = dict.fromkeys(
        name for name, text_hash in await container.lacking() if _is_there(state, name, text_hash)
    )
    return tuple(found)


def _is_there(state: State, name: str, text_hash: str) -> bool:
    number = state.document_id(name)
    return number is not None and not state.rows[number].problem and known_text(state, name) == text_hash


async def keep_texts(
    container: Container, state: State, progress: Progress = lambda doing, done, total: None
) -> Kept:
    """Fetches the texts that offline work needs and that are not here, several at a time.

    May be cancelled at any moment; the next call goes on. A line that breaks, or a disk that refuses, is told
    in the result.
    """
    had_refused = bool(container.refusal)
    names = await lacking(container, state)
    if not names:
        return Kept(notes=container.notes())
    why, fetched = "", 0
    # A disk that has refused is tried with one text, before many are fetched for nothing.
    for part in (names[:1], names[1:]) if had_refused else (names,):
        try:
            async with aclosing(fetching(container, [Blob(name, 0, "") for name in part])) as texts:
                async for _ in texts:
                    if container.refusal:
                        break
                    fetched += 1
                    progress(KEEPING, fetched, len(names))
        except UnreachableError as error:
            why = error.message
        if why or container.refusal:
            break
    why = why or container.refusal
    missing = len(await lacking(container, state)) if not container.refusal else len(names) - fetched
    return Kept(fetched, missing, why or "their texts could not be read", container.notes())
