"""Lists under a job: documents that failed and why, and what was answered and could not be used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_labeler.engine.jobs.failures import REASONS, reasons
from tui_labeler.engine.wording import counted, unused_words
from tui_labeler.screens.widgets.cells import clean, clip_middle, fit
from tui_labeler.screens.words import heading, wrapped

if TYPE_CHECKING:
    from tui_labeler.domain.jobs import Job
    from tui_labeler.screens.widgets.glyphs import Glyphs
    from tui_labeler.screens.widgets.sheet import Line

SHOWN = 200
"""Lines of a list; the rest is counted."""


def failures(job: Job, width: int, signs: Glyphs) -> list[Line]:
    """The documents that failed, under a heading that counts them."""
    lines = [heading(f"{counted(len(job.failed), 'document')} failed"), *_reasons(job, width)]
    name_width = max(12, min(32, width // 3))
    for failure in job.failed[:SHOWN]:
        name = fit(clip_middle(clean(failure.location), name_width, signs.more), name_width)
        reason = REASONS.get(failure.error, "")
        words = clean(f"{reason}: {failure.message}" if reason else failure.message)
        first, *rest = wrapped(words, width, "", " " * (name_width + 5))
        lines += [((f"  {signs.times} ", "bad"), (f"{name} ", ""), first[1]), *rest]
    if len(job.failed) > SHOWN:
        lines.append(((f"  and {len(job.failed) - SHOWN:,} more", "dim"),))
    return lines


def _reasons(job: Job, width: int) -> list[Line]:
    """How many failed why; nothing where there is one reason, which each document tells."""
    if len({item.error for item in job.failed}) < 2:
        return []
    return wrapped(reasons(job.failed), width, "", "  ")


def not_used(job: Job, width: int, signs: Glyphs) -> list[Line]:
    """What was answered of labeled documents and is neither suggested nor to place."""
    documents = counted(len(job.notes), "document")
    lines = [heading(f"{counted(job.unused, 'answered item')} in {documents} could not be used")]
    name_width = max(12, min(32, width // 3))
    items = [(note.location, item) for note in job.notes for item in note.unused]
    for location, item in items[:SHOWN]:
        name = fit(clip_middle(clean(location), name_width, signs.more), name_width)
        first, *rest = wrapped(clean(unused_words(item)), width, "", " " * (name_width + 5))
        lines += [(("  ! ", "warn"), (f"{name} ", ""), first[1]), *rest]
    if len(items) > SHOWN:
        lines.append(((f"  and {len(items) - SHOWN:,} more", "dim"),))
    return lines
