"""Which documents the list shows: a form over everything that documents can be told apart by."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from tui_labeler.domain.confidence import as_typed, up_to
from tui_labeler.domain.document_filters import DocumentFilter
from tui_labeler.domain.documents import DocumentState
from tui_labeler.domain.projects import Dataset
from tui_labeler.domain.text import folded
from tui_labeler.screens.fields import Cycle, FormField, in_field
from tui_labeler.screens.forms import FormScreen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.widget import Widget

    from tui_labeler.domain.jobs import Job
    from tui_labeler.domain.projects import Category

_STATES = (None, *DocumentState)
_SETS = (None, Dataset.TRAIN, Dataset.TEST)
_READINGS = ("any", "given", "yours to read", "to adjudicate")


@dataclass(frozen=True, slots=True)
class FilterChoice:
    """What a person chose; ``words`` says it in short."""

    filter: DocumentFilter
    contents: str
    """Words that the text must hold; looked for by whoever has the texts."""
    words: str
    """The whole in short."""


@dataclass(frozen=True, slots=True)
class FoundList:
    """Documents that a search found, which a filter can narrow."""

    ids: frozenset[int]
    words: str
    """What was looked for, as it is shown."""


class FilterScreen(FormScreen[FilterChoice]):
    """Asks which documents to show. Fields that are left alone let everything through."""

    TITLE = "Which documents?"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "apply", "Show", tooltip="Show these documents", id="filter.apply"),
        Binding("ctrl+r", "clear", "All", tooltip="Show all documents", id="filter.clear"),
        Binding("down", "app.focus_next", "Next", tooltip="Next field", id="filter.next", show=False),
        Binding("up", "app.focus_previous", "Back", tooltip="Field before", id="filter.back", show=False),
        Binding("ctrl+g,escape", "cancel", "Cancel", tooltip="Leave the list as it is", id="filter.cancel"),
    ]

    def __init__(
        self,
        current: DocumentFilter,
        categories: Sequence[Category],
        jobs: Sequence[Job],
        actor: str = "",
        *,
        found: FoundList | None = None,
        contents: str = "",
    ) -> None:
        """``actor`` is who asks: what is theirs to read can be listed. ``found`` is what a search left, and
        ``contents`` the words that texts hold, where the list is narrowed to that."""
        super().__init__()
        self._found = found
        self._contents = contents
        self._actor = actor
        self._current = current
        self._categories = (None, *categories)
        self._jobs = tuple(jobs)

    def fields(self) -> tuple[tuple[str, Widget], ...]:
        now = self._current
        state = next(iter(now.states), None) if len(now.states) == 1 else None
        chosen = next((c for c in self._categories if c is not None and c.id == now.category), None)
        jobs = [f"{job.id} ({_method(job)})" for job in self._jobs]
        job_ids = [job.id for job in self._jobs]
        among: tuple[tuple[str, Widget], ...] = ()
        if self._found is not None:
            size = f"{len(self._found.ids):,} found: {self._found.words}"
            among = (("Among", Cycle(("all documents", size), chosen=1, id="among")),)
        return (
            ("Name", FormField(now.name, "a part of it", id="name")),
            ("State", Cycle([_words(state) for state in _STATES], chosen=_STATES.index(state), id="state")),
            (
                "Category",
                Cycle(
                    ["any", *(c.name for c in self._categories if c is not None)],
                    chosen=self._categories.index(chosen),
                    id="category",
                ),
            ),
            (
                "Set",
                Cycle(("any", "training", "testing"), chosen=_SETS.index(now.dataset), id="dataset"),
            ),
            (
                "Job",
                Cycle(
                    ["any", *jobs], chosen=job_ids.index(now.job) + 1 if now.job in job_ids else 0, id="job"
                ),
            ),
            ("Failed in last job", Cycle(("any", "yes"), id="failed")),
            ("Confidence from", FormField(in_field(now.min_confidence), "0", id="low")),
            (
                "Confidence up to",
                FormField("" if now.max_confidence is None else as_typed(now.max_confidence), "1", id="high"),
            ),
            ("Flagged", Cycle(("any", "yes"), chosen=int(now.flagged), id="flagged")),
            ("Text holds", FormField(self._contents, "words", id="contents")),
            ("To place", Cycle(("any", "yes"), chosen=int(now.to_place), id="to-place")),
            (
                "Two readers",
                Cycle(
                    _READINGS,
                    chosen=3 if now.to_adjudicate else 2 if now.to_read_by else int(now.given),
                    id="readings",
                ),
            ),
            *among,
        )

    def _confidence(self, field: str) -> float | None:
        typed = self.typed(field)
        value = float(typed) if typed else None
        if value is not None and not 0 <= value <= 1:
            raise ValueError(typed)
        return value

    def action_apply(self) -> None:
        try:
            low, high = self._confidence("low"), self._confidence("high")
        except ValueError:
            self.complain("A confidence is a number between 0 and 1, for instance 0.8.")
            return
        state = _STATES[self.chosen("state")]
        category = self._categories[self.chosen("category")]
        job = self.chosen("job")
        readings = _READINGS[self.chosen("readings")]
        wanted = DocumentFilter(
            states=frozenset({state}) if state else frozenset(),
            category=category.id if category else None,
            dataset=_SETS[self.chosen("dataset")],
            job=self._jobs[job - 1].id if job else None,
            min_confidence=low,
            max_confidence=None if high is None else up_to(high),
            name=folded(self.typed("name")),
            flagged=bool(self.chosen("flagged")),
            to_place=bool(self.chosen("to-place")),
            given=readings == "given",
            to_read_by=self._actor if readings == "yours to read" else "",
            to_adjudicate=readings == "to adjudicate",
        )
        words = filter_words(wanted, category)
        if self.chosen("failed"):
            failed = next((job.failed for job in self._jobs), ())
            wanted = replace(wanted, ids=frozenset(failure.document for failure in failed))
            words.append("failed")
        if self._found is not None and self.chosen("among"):
            ids = self._found.ids if wanted.ids is None else self._found.ids & wanted.ids
            wanted = replace(wanted, ids=ids)
            words.insert(0, self._found.words)
        contents = self.typed("contents")
        if contents:
            words.append(f"“{contents}”")
        self.dismiss(FilterChoice(wanted, contents, ", ".join(words)))

    def action_clear(self) -> None:
        self.dismiss(FilterChoice(DocumentFilter(), "", ""))


def filter_words(wanted: DocumentFilter, category: Category | None) -> list[str]:
    """A filter in a few words."""
    words = [_words(state) for state in wanted.states]
    if category is not None:
        words.append(category.name)
    if wanted.dataset is not None:
        words.append("testing" if wanted.dataset is Dataset.TEST else "training")
    if wanted.job is not None:
        words.append(f"job {wanted.job}")
    if wanted.min_confidence is not None:
        words.append(f"from {wanted.min_confidence:g}")
    if wanted.max_confidence is not None:
        words.append(f"up to {as_typed(wanted.max_confidence)}")
    if wanted.to_place:
        words.append("to place")
    if wanted.given:
        words.append("given to readers")
    if wanted.to_read_by:
        words.append("yours to read")
    if wanted.to_adjudicate:
        words.append("to adjudicate")
    if wanted.flagged:
        words.append("flagged")
    if wanted.name:
        words.append(wanted.name)
    return words


def _words(state: DocumentState | None) -> str:
    return "any" if state is None else str(state).replace("-", " ")


def _method(job: Job) -> str:
    return job.request.method.source if job.request.method else str(job.request.kind)
