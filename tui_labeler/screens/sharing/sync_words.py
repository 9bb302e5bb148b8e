"""How a project stands to those who share it, in words: a sign for the title, a report of a sync."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_labeler.engine.wording import counted, followed_words

if TYPE_CHECKING:
    from tui_labeler.engine.background import Exchange, Standing
    from tui_labeler.engine.documents.keeping import Kept
    from tui_labeler.engine.documents.reading import Synced

_NAMED = 5
"""Documents that a report names of a kind."""


def sign(standing: Standing) -> str:
    """A word or two for the first line; none where labels are not shared, or it is not known yet."""
    if not standing.is_shared:
        return ""
    if standing.conflicts:
        return f"conflict {standing.conflicts:,}"
    if standing.is_offline:
        return "offline"
    if standing.trouble is not None:
        return "not synced"
    if standing.unusable:
        return f"unreadable {standing.unusable:,}"
    if standing.pending:
        return f"pending {standing.pending:,}"
    return "synced" if standing.was_synced else ""


def trouble_words(standing: Standing) -> str:
    """Why labels wait, for the line under the text; empty where they do not."""
    if standing.trouble is None and standing.unusable:
        whose = counted(standing.unusable, "document is", "documents are")
        return f"The file of {whose} unreadable in the container: labels wait here. S says more."
    if standing.trouble is None:
        return ""
    if standing.is_offline:
        return "Offline: labels wait here, and go to the others by themselves. S says more."
    return "Labels are not synced. S says why."


def waiting_words(standing: Standing) -> str:
    """What becomes of that which is not shared yet; empty where nothing waits."""
    if not standing.pending:
        return ""
    what = counted(standing.pending, "document waits", "documents wait")
    return f"{what} here, safe on disk, for the next sync that succeeds."


def report_lines(exchange: Exchange, standing: Standing, *, is_shared: bool, drafts: int) -> list[str]:
    """What a sync did, for people, and what it left to be done."""
    found, shared = exchange.documents, exchange.shared
    lines = [
        f"Documents: {found.added:,} new, {found.changed:,} changed, {found.gone:,} gone, "
        f"{found.unchanged:,} unchanged."
    ]
    if is_shared:
        lines.append(
            f"Labels: {shared.downloaded:,} downloaded, {shared.uploaded:,} uploaded, {shared.unchanged:,} "
            f"unchanged, {counted(len(shared.conflicts), 'conflict')}."
        )
        lines += [shared.settings_words] if shared.settings_words else []
    else:
        lines.append("Labels stay in this home: the settings (O) share those of a folder.")
    lines += followed_lines(found)
    lines += kept_lines(exchange.kept)
    lines += [f"Note: {note}" for note in (*shared.notes, *found.warnings, *exchange.kept.notes)]
    lines += _some([f"{name} can't be read: {problem}" for name, problem in found.unreadable])
    lines += _some([f"{location}: {reason}" for location, reason in shared.problems])
    lines += [words] if (words := waiting_words(standing)) else []
    if drafts:
        what = counted(drafts, "draft decision is", "draft decisions are")
        lines.append(f"{what} not saved yet, and not shared: ctrl+s saves.")
    return lines


def kept_lines(kept: Kept) -> list[str]:
    """What was fetched for work without a line, and what is not here for it."""
    lines = []
    if kept.fetched:
        lines.append(f"{counted(kept.fetched, 'text')} fetched for offline work.")
    return [*lines, f"{kept.words}."] if kept.words else lines


def followed_lines(found: Synced) -> list[str]:
    """What became of labels whose text has changed."""
    lines = []
    if found.moved:
        lines.append(followed_words(found.moved))
    if found.stale:
        count = sum(labels for _, labels in found.stale)
        lines.append(f"{counted(count, 'label is', 'labels are')} on an earlier text: Q asks about each.")
        lines += _some([f"  {name}: {labels:,}" for name, labels in found.stale])
    return lines


def _some(lines: list[str]) -> list[str]:
    more = [f"  and {len(lines) - _NAMED:,} more"] if len(lines) > _NAMED else []
    return lines[:_NAMED] + more


def came_words(exchange: Exchange) -> str:
    """What a sync by itself has brought in, where a person should hear of it; else empty."""
    lines = [*exchange.shared.notes, *exchange.documents.notes, *exchange.kept.notes]
    if exchange.kept.notes and exchange.kept.words:
        lines.append(f"{exchange.kept.words}.")
    if exchange.documents.changed or exchange.documents.moved:
        lines += followed_lines(exchange.documents)
    return "\n".join(lines)
