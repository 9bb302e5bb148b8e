"""What the list of documents says of one, in columns: as many as its width has room for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_labeler.domain.document_rows import DocumentRow
from tui_labeler.domain.documents import DocumentState
from tui_labeler.domain.projects import Dataset
from tui_labeler.screens.widgets.bidi import in_order
from tui_labeler.screens.widgets.cells import clean, clip_middle, fit, short

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_labeler.screens.widgets.glyphs import Glyphs

_ROOMY, _WIDE, _WIDER = 48, 64, 84
"""From these widths on there is room between the numbers, for the state in words, and for the sizes."""


def state_sign(row: DocumentRow, glyphs: Glyphs, actor: str = "") -> str:
    """The sign of a document's state; a flag stands in front of it."""
    if row.is_given and not row.problem:
        if row.waits_for_adjudication:
            return glyphs.to_adjudicate
        return glyphs.to_read if row.is_to_read(actor) else glyphs.dot
    return {
        DocumentState.UNLABELED: glyphs.unlabeled,
        DocumentState.LABELED: glyphs.labeled,
        DocumentState.AUTO_LABELED: glyphs.auto_labeled,
        DocumentState.REVIEWED: glyphs.reviewed,
        DocumentState.UNREADABLE: glyphs.unreadable,
    }[row.state]


def columns(
    width: int,
    glyphs: Glyphs,
    row: DocumentRow | None,
    taker: str = "",
    *,
    records: bool,
    tokens: Callable[[DocumentRow], int] | None,
) -> str:
    """One line: the document's name and what there is room for; without a row, the heading."""
    number = 6 if width >= _ROOMY else 4
    figures = (
        (_count(row, glyphs, number - 1), _suggested(row, glyphs, number - 1))
        if row
        else (glyphs.label * 2, glyphs.suggestion * 2)
    )
    right = [(figure, number) for figure in figures]
    if width >= _WIDER or records:
        right.append((f"{row.text_records:,}" if row else "records", 9))
    if tokens is not None:
        known = tokens(row) if row else 0
        right.append(("~tokens" if row is None else f"{known:,}" if known else "", 9))
    if width >= _WIDER:
        about = "" if row is None or row.is_read else "~"
        right.append((f"{about}{row.characters:,}" if row else "characters", 12))
    # What has more signs than most takes cells of what stands before it: a gap there is always.
    right = [(text, max(cells, len(text) + 1)) for text, cells in right]
    words = ""
    if width >= _WIDE:
        said = f"{clean(taker)} has it" if taker else _state_words(row) if row else "state"
        words = fit(said, 20, glyphs.more)
    name_width = max(1, width - 6 - sum(cells for _, cells in right) - len(words) - bool(words))
    flag = glyphs.flag if row and row.flag else " "
    name = in_order(clip_middle(clean(row.location), name_width, glyphs.more)) if row else "document"
    line = f"    {flag} {fit(name, name_width, glyphs.more)}" + f" {words}" * bool(words)
    return fit(line + "".join(text.rjust(cells) for text, cells in right), width, "")


def _count(row: DocumentRow, glyphs: Glyphs, cells: int) -> str:
    """Labels; signs say that some are on an earlier text, or not saved."""
    stale, draft = glyphs.stale * bool(row.stale), glyphs.draft * bool(row.draft_count)
    return f"{_figure(row.label_count, cells)}{stale}{draft}"


def _suggested(row: DocumentRow, glyphs: Glyphs, cells: int) -> str:
    """Open suggestions; a sign says that words are to place as well."""
    return f"{_figure(row.suggestion_count, cells)}{glyphs.to_place if row.to_place else ''}"


def _figure(count: int, cells: int) -> str:
    """Whole where that has room, nothing for none."""
    whole = f"{count:,}" if count else ""
    return whole if len(whole) <= cells else short(count, 3)


def _state_words(row: DocumentRow) -> str:
    if row.is_given and not row.problem:
        return clean("to adjudicate" if row.waits_for_adjudication else f"with {', '.join(row.readers)}")
    return f"{str(row.state).replace('-', ' ')}{', test' if row.dataset is Dataset.TEST else ''}"
