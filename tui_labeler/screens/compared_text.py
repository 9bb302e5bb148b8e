"""What is written of two readings of the same documents: pairings, counts, categories; without any widget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_labeler.domain.agreement import Agreement, Outcome, Pairing
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.wording import counted
from tui_labeler.screens.widgets.cells import clean, clip, clip_middle, fit
from tui_labeler.screens.words import heading, look_of, percent, wrapped

if TYPE_CHECKING:
    from tui_labeler.domain.labels import Span
    from tui_labeler.screens.widgets.glyphs import Glyphs
    from tui_labeler.screens.widgets.sheet import Line

SHOWN_DOCUMENTS = 200
"""Documents that a page lists; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Sides:
    """What the two readings are called."""

    first: str
    second: str

    def outcome(self, outcome: Outcome) -> str:
        """An outcome in words."""
        if outcome is Outcome.FIRST_ONLY:
            return f"only {self.first}"
        return f"only {self.second}" if outcome is Outcome.SECOND_ONLY else str(outcome)


def category_name(names: Mapping[str, str], category: str) -> str:
    return names.get(category, "(deleted)")


def differences(lines: Sequence[Pairing]) -> int:
    """How many places of a document the two have differently."""
    return sum(line.outcome is not Outcome.SAME for line in lines)


def outcome_words(lines: Sequence[Pairing], sides: Sides) -> str:
    """How often each outcome occurs, in words."""
    counts = {outcome: sum(line.outcome is outcome for line in lines) for outcome in Outcome}
    return _counted_outcomes(counts, sides)


def _counted_outcomes(counts: Mapping[Outcome, int], sides: Sides) -> str:
    parts = [f"{counts[outcome]:,} {sides.outcome(outcome)}" for outcome in Outcome if counts.get(outcome)]
    return ", ".join(parts) or "neither has anything"


def document_lines(
    lines: Sequence[Pairing],
    names: Mapping[str, str],
    sides: Sides,
    text: str | None,
    width: int,
    signs: Glyphs,
) -> list[Line]:
    """The pairings of one document; ``text`` is what the spans are in, where it is known."""
    spans = any((line.first or line.second or ("", None))[1] for line in lines)
    name_width = max(10, min(22, (width - 24) // 4))
    # The longest outcome has its room where there is enough for the words too.
    outcome_width = 26 if width >= 100 else 23
    text_width = max(8, width - 2 * name_width - 5 - outcome_width) if spans else 0
    titles = f"  {fit('text', text_width)} " if spans else "  "
    titles += f"{fit(sides.first, name_width - 1, signs.more)}  {fit(sides.second, name_width, signs.more)} "
    page: list[Line] = [((f"{titles}outcome", "dim"),)]
    for line in lines:
        words = f"  {fit(words_of(line, text, text_width, signs), text_width)} " if spans else "  "
        same = line.outcome is Outcome.SAME
        first, second = (
            fit(clean(category_name(names, side[0])) if side else "-", name_width, signs.more)
            for side in (line.first, line.second)
        )
        page.append(
            (
                (words, ""),
                (f"{first} ", ""),
                (f"{second} ", ""),
                (
                    f"{signs.check if same else signs.times} {sides.outcome(line.outcome)}",
                    "good" if same else "bad",
                ),
            )
        )
    return page


def words_of(line: Pairing, text: str | None, width: int, signs: Glyphs) -> str:
    """What stands at the place; both where the ends differ."""
    found = dict.fromkeys(side[1] for side in (line.first, line.second) if side and side[1])
    share = width if len(found) < 2 else max(4, (width - 3) // 2)
    return " / ".join(clip_middle(_of(span, text), share, signs.more) for span in found)


def _of(span: Span, text: str | None) -> str:
    if text is None or span.end > len(text):
        return f"{span.start}..{span.end}"
    return clean(" ".join(text[span.start : span.end].split()))


def figure_lines(found: Agreement, sides: Sides, width: int) -> list[Line]:
    """The one figure that stands for all documents, what it is, and what it rests on."""
    over = f"over {counted(found.documents, 'document')}, {found.agreeing:,} of them without a difference"
    lines: list[Line] = []
    if found.kind is ProjectKind.SINGLE_LABEL:
        value = "not to be had: chance alone would agree" if found.kappa is None else f"{found.kappa:.2f}"
        share = found.agreeing / found.documents if found.documents else None
        lines.append((("  Cohen's kappa  ", ""), (value, look_of(found.kappa) if found.kappa else "warn")))
        lines.append((("  same class     ", ""), (percent(share).strip(), look_of(share))))
        lines += wrapped(f"{over}. Kappa is 1 for full agreement, 0 for what chance gives.", width, "", "  ")
    else:
        what = "exact spans" if found.kind is ProjectKind.ENTITIES else "classes"
        lines.append(((f"  F1 of {what}  ", ""), (percent(found.f1).strip(), look_of(found.f1))))
        right = "the ends and the category" if found.kind is ProjectKind.ENTITIES else "the class"
        lines += wrapped(f"{over}. Only what has {right} in common counts as the same.", width, "", "  ")
    lines += wrapped(_counted_outcomes(found.outcomes, sides), width, "", "  ")
    return lines


def category_lines(
    found: Agreement, names: Mapping[str, str], sides: Sides, width: int, signs: Glyphs
) -> list[Line]:
    """Each category: how often each outcome names it, and its F1; the least agreed on first.

    Under ``+`` and a side's name stands what only that side has.
    """
    name_width = max(10, min(30, width - 65))
    titles = f"  {fit('category', name_width)}{'F1':>7}{'same':>7}{'other':>7}{'ends':>7}{'both':>7}"
    only = "".join(f"{clip('+' + clean(side), 12, signs.more):>13}" for side in (sides.first, sides.second))
    page: list[Line] = [((titles + only, "dim"),)]
    for category, counts in sorted(found.categories.items(), key=lambda item: (item[1].f1, item[0])):
        kinds = found.kinds.get(category, {})
        tail = "".join(
            f"{kinds.get(outcome, 0) or '':>7}"
            for outcome in (
                Outcome.SAME,
                Outcome.OTHER_CATEGORY,
                Outcome.OTHER_ENDS,
                Outcome.OTHER_BOTH,
            )
        )
        tail += "".join(
            f"{kinds.get(outcome, 0) or '':>13}" for outcome in (Outcome.FIRST_ONLY, Outcome.SECOND_ONLY)
        )
        page.append(
            (
                (f"  {fit(clean(category_name(names, category)), name_width, signs.more)}", ""),
                (f"{percent(counts.f1):>7}", look_of(counts.f1)),
                (tail, ""),
            )
        )
    return page


def section(words: str) -> list[Line]:
    """A heading with an empty line before it."""
    return [(), heading(clean(words))]
