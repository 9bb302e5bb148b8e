"""Which suggestions a review visits, or a decision on many of them takes: a form."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from tui_labeler.domain.confidence import as_typed, up_to
from tui_labeler.domain.labels import Placed
from tui_labeler.domain.suggestion_filter import SuggestionFilter
from tui_labeler.domain.text import folded
from tui_labeler.engine.errors import InputError
from tui_labeler.engine.reviewing.review import confidence_bound
from tui_labeler.engine.wording import in_words
from tui_labeler.screens.fields import Cycle, FormField, in_field
from tui_labeler.screens.forms import FormScreen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from textual.widget import Widget

    from tui_labeler.domain.projects import Category

_PLACED = (None, *(placed for placed in Placed if placed is not Placed.BY_HAND))
_TO_PLACE = "to place"
"""The choice behind those: words that were found nowhere."""


@dataclass(frozen=True, slots=True)
class ReviewChoice:
    """What a person chose of the suggestions."""

    filter: SuggestionFilter = field(default_factory=SuggestionFilter)
    """Without its documents: ``name`` says which."""
    name: str = ""
    """Part of the document's name, case folded."""
    least_confident_first: bool = False

    def words(self, categories: Mapping[str, Category]) -> str:
        """The choice in short; empty when it holds all suggestions."""
        wanted = self.filter
        category = categories.get(wanted.category or "")
        parts = [category.name] if category else []
        if wanted.min_confidence is not None:
            parts.append(f"from {wanted.min_confidence:g}")
        if wanted.max_confidence is not None:
            parts.append(f"up to {as_typed(wanted.max_confidence)}")
        if wanted.job is not None:
            parts.append(f"job {wanted.job}")
        if wanted.placed is not None:
            parts.append(str(wanted.placed))
        if wanted.unplaced:
            parts.append(_TO_PLACE)
        if self.name:
            parts.append(self.name)
        return ", ".join(parts)


class ReviewFilterScreen(FormScreen[ReviewChoice]):
    """Asks which suggestions. Fields that are left alone let everything through."""

    HELP: ClassVar[str] = """\
## Which suggestions?

All conditions must hold together. Suggestions without a confidence pass no bound of confidence. A confidence
is shown cut after two digits, and both bounds go by what is shown: *up to* 0.86 holds all that show .86, be
they 0.8601 or 0.8699. *Place found* says how the words of the suggestion were found in the text: *exact*;
*folded*, but for white space and the case of letters; *fuzzy*, nearly; *ambiguous*, at one of several places;
*to place*, nowhere: such words can be rejected, which drops them, and not accepted.
*Least confident document first* takes the document with the least confident suggestion first, and in each
document the least confident one; it finishes a document before it goes to the next.
"""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "apply", "Take", tooltip="Take these suggestions", id="review-filter.apply"),
        Binding("ctrl+r", "clear", "All", tooltip="Take all suggestions", id="review-filter.clear"),
        Binding("down", "app.focus_next", "Next", tooltip="Next field", id="review-filter.next", show=False),
        Binding(
            "up", "app.focus_previous", "Back", tooltip="Field before", id="review-filter.back", show=False
        ),
        Binding("ctrl+g,escape", "cancel", "Cancel", tooltip="Leave it as it is", id="review-filter.cancel"),
    ]

    def __init__(
        self,
        title: str,
        current: ReviewChoice,
        categories: Sequence[Category],
        jobs: Sequence[tuple[str, str]],
        *,
        ordered: bool = True,
    ) -> None:
        """``jobs`` are ids, each with words for it; ``ordered`` asks for the order too."""
        super().__init__()
        self._title = title
        self._current = current
        self._categories = (None, *categories)
        self._jobs = tuple(jobs)
        self._ordered = ordered

    @property
    def heading(self) -> str:
        return self._title

    def fields(self) -> tuple[tuple[str, Widget], ...]:
        now = self._current.filter
        names = ["any", *(category.name for category in self._categories if category is not None)]
        ids = [category.id if category else None for category in self._categories]
        jobs = [None, *(job for job, _ in self._jobs)]
        order: tuple[tuple[str, Widget], ...] = (
            (
                "Order",
                Cycle(
                    ("by document", "least confident document first"),
                    chosen=int(self._current.least_confident_first),
                    id="order",
                ),
            ),
        )
        return (
            ("Confidence from", FormField(in_field(now.min_confidence), "0", id="low")),
            (
                "Confidence up to",
                FormField("" if now.max_confidence is None else as_typed(now.max_confidence), "1", id="high"),
            ),
            ("Category", Cycle(names, chosen=_place(ids, now.category), id="category")),
            (
                "Job",
                Cycle(["any", *(words for _, words in self._jobs)], chosen=_place(jobs, now.job), id="job"),
            ),
            (
                "Place found",
                Cycle(
                    [*(str(placed or "any") for placed in _PLACED), _TO_PLACE],
                    chosen=len(_PLACED) if now.unplaced else _PLACED.index(now.placed),
                    id="placed",
                ),
            ),
            ("Document's name", FormField(self._current.name, "a part of it", id="name")),
            *(order if self._ordered else ()),
        )

    def action_apply(self) -> None:
        try:
            low, high = confidence(self.typed("low")), confidence(self.typed("high"))
        except InputError as error:
            self.complain(in_words(error))
            return
        if low is not None and high is not None and low > high:
            self.complain("No confidence lies from the higher to the lower one.")
            return
        category = self._categories[self.chosen("category")]
        job, placed = self.chosen("job"), self.chosen("placed")
        self.dismiss(
            ReviewChoice(
                filter=SuggestionFilter(
                    category=category.id if category else None,
                    min_confidence=low,
                    max_confidence=None if high is None else up_to(high),
                    job=self._jobs[job - 1][0] if job else None,
                    placed=_PLACED[placed] if placed < len(_PLACED) else None,
                    unplaced=placed == len(_PLACED),
                ),
                name=folded(self.typed("name")),
                least_confident_first=bool(self.chosen("order")) if self._ordered else False,
            )
        )

    def action_clear(self) -> None:
        self.dismiss(ReviewChoice())


def confidence(typed: str) -> float | None:
    """A bound as a person types it: ``0.9`` or ``90%``; ``None`` for nothing. Raises ``InputError``."""
    if not typed:
        return None
    try:
        value = float(typed.rstrip("%"))
    except ValueError:
        raise InputError(f"{typed!r} is no number.", hint="For instance 0.9.") from None
    return confidence_bound(value / 100 if typed.endswith("%") else value, "The confidence")


def _place(values: Sequence[str | None], value: str | None) -> int:
    return values.index(value) if value in values else 0
