"""What an evaluation found, in lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tui_labeler.domain.jobs import Job
from tui_labeler.engine.wording import counted
from tui_labeler.screens.widgets.cells import clean, clip, fit
from tui_labeler.screens.words import heading, look_of, percent, wrapped

if TYPE_CHECKING:
    from tui_labeler.screens.widgets.glyphs import Glyphs
    from tui_labeler.screens.widgets.sheet import Line


def evaluation(job: Job, width: int, signs: Glyphs) -> list[Line]:
    """The figures of an evaluation: for the model with their intervals, then category by category."""
    result = job.result
    intervals = result.get("intervals", {})
    documents, chosen = result.get("documents", 0), result.get("chosen", 0)
    over = f"{documents:,} of {counted(chosen, 'labeled document')}"
    over = over if documents < chosen else counted(documents, "labeled document")
    lines: list[Line] = [heading(f"On {over}"), ()]
    for name, key in (("Precision", "precision"), ("Recall", "recall"), ("F1 score", "f1")):
        value = result.get(key)
        lines.append(
            (
                (f"  {name:<11}", ""),
                (percent(value), look_of(value)),
                (f"  {_interval(intervals.get(key))}", "dim"),
            )
        )
    if intervals.get("f1") is None:
        lines += [
            (),
            *wrapped("Too few documents to say how far off these figures may be.", width, "warn", "  "),
        ]
    if calibration := result.get("calibration"):
        error = percent(calibration["expected_calibration_error"]).strip()
        words = f"Confidence: {percent(calibration['confidence']).strip()} on the mean, "
        words += f"{percent(calibration['right']).strip()} were right (expected calibration error {error})."
        lines += [(), *wrapped(words, width, "", "  ")]
    lines += [(), ((_evaluation_heading(width), "dim"),)]
    per_category = intervals.get("per_category", {})
    for name, figures in sorted(result.get("per_category", {}).items(), key=lambda item: item[0].casefold()):
        lines.append(_evaluated(name, figures, per_category.get(name, {}), width, signs))
    if examples := result.get("examples"):
        words = f"The prompts showed {counted(examples, 'example')}, from labeled documents that are not "
        lines += [(), *wrapped(f"{words}among these.", width, "dim", "  ")]
    left_out = result.get("left_out", {})
    if any(left_out.values()):
        learned = counted(left_out.get("training", 0), "document")
        words = f"Left out: {learned} that the model learned from, "
        words += f"{left_out.get('accepted', 0)} with labels that began as suggestions."
        lines += [(), *wrapped(words, width, "dim", "  ")]
    return lines


def _name_width(width: int) -> int:
    return max(10, min(36, width - 50))


def _evaluation_heading(width: int) -> str:
    return f"  {'':<{_name_width(width)}}{'P':>7}{'R':>7}{'F1':>7}{'support':>9}  F1, 95 % interval"


def _evaluated(
    name: str, figures: Mapping[str, float], ends: Mapping[str, Sequence[float]], width: int, signs: Glyphs
) -> Line:
    shares = [float(figures.get(key, 0.0)) for key in ("precision", "recall", "f1")]
    return (
        (f"  {fit(clip(clean(name), _name_width(width), signs.more), _name_width(width))}", ""),
        *((f"{percent(share):>7}", look_of(share)) for share in shares),
        (f"{figures.get('support', 0):>9}", ""),
        (f"  {_interval(ends.get('f1'))}", "dim"),
    )


def _interval(ends: Sequence[float] | None) -> str:
    return f"{percent(ends[0]).strip()} to {percent(ends[1]).strip()}" if ends else ""
