"""What the training screen says: the rows of its form, and what training works with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tui_labeler.domain.models import Features, LabelOrigin, ModelCard, Split, TrainOptions
from tui_labeler.engine.models.samples import undecided_words
from tui_labeler.engine.wording import counted
from tui_labeler.screens.widgets.cells import clean
from tui_labeler.screens.widgets.picker import Choice
from tui_labeler.screens.words import heading, percent, when, wrapped

if TYPE_CHECKING:
    from tui_labeler.engine.jobs.training import TrainingPlan, TrainingPreview
    from tui_labeler.screens.widgets.glyphs import Glyphs
    from tui_labeler.screens.widgets.sheet import Line

SHOWN = 200
"""Documents left out that are listed; the rest is counted."""

NO_TEST_SET = "put a labeled document into the testing set first"
SETS_IGNORED = "the sets are ignored while Azure Machine Learning has the pen"

ORIGINS = {
    LabelOrigin.HERE: "those here, as they are",
    LabelOrigin.AML: "the latest of Azure Machine Learning, taken in first",
}
"""Whose labels are learned from, in words."""

FEATURES = {
    Features.AUTO: "automatic: embeddings too in English, where installed",
    Features.WORDS: "words alone",
    Features.EMBEDDINGS: "words, sentence embeddings or both",
}
"""What a model of classes may go by, in words."""


@dataclass(frozen=True, slots=True)
class Form:
    """What has been filled in."""

    name: str
    split: Split = Split.AUTO
    test_percent: int = 20
    seed: int = 0
    origin: LabelOrigin = LabelOrigin.HERE
    features: Features = Features.AUTO

    def options(self, *, overwrite: bool) -> TrainOptions:
        """The options to train with."""
        return TrainOptions(
            self.name,
            self.split,
            self.test_percent,
            self.seed,
            overwrite,
            label_origin=self.origin,
            features=self.features,
        )

    def other_features(self) -> Form:
        """The form with the next choice of features."""
        every = list(FEATURES)
        return replace(self, features=every[(every.index(self.features) + 1) % len(every)])


def free_name(taken: Mapping[str, ModelCard]) -> str:
    """The first of ``model-1``, ``model-2``, ... that no model has."""
    number = 1
    while f"model-{number}" in taken:
        number += 1
    return f"model-{number}"


def form_rows(
    form: Form, cards: Mapping[str, ModelCard], preview: TrainingPreview, *, classes: bool
) -> list[Choice]:
    """The rows of the form, with what is chosen in each. Models of ``classes`` have features to choose."""
    automatic = form.split is Split.AUTO
    card = cards.get(form.name)
    name = form.name + (", a new model" if card is None else f", overwrites the one of {when(card.created)}")
    manual = f"by the set of each document, {preview.test_documents:,} to test with"
    rows = [
        ("model", "Model", name, False),
        ("auto", _radio("Automatic split", automatic), "at random, every class kept represented", False),
        ("percent", "      to test with", f"{form.test_percent} % of the documents", not automatic),
        ("seed", "      seed", f"{form.seed}", not automatic),
        (
            "manual",
            _radio("Manual split", not automatic),
            manual if preview.manual_split else SETS_IGNORED if preview.sets_ignored else NO_TEST_SET,
            not preview.manual_split,
        ),
        ("start", "Start training", "", not preview.labels),
    ]
    if classes:
        rows.insert(1, ("features", "Goes by", FEATURES[form.features], False))
    if preview.sets_ignored:
        rows.insert(1, ("origin", "Labels", ORIGINS[form.origin], False))
    return [Choice(key, _row(title, words), disabled) for key, title, words, disabled in rows]


def _radio(words: str, chosen: bool) -> str:
    return f"({'x' if chosen else ' '}) {words}"


def _row(title: str, words: str) -> Callable[[int, Glyphs], Line]:
    return lambda width, signs: ((f"{title:<22}", ""), (clean(words), "title"))


def about(
    preview: TrainingPreview, plan: TrainingPlan | None, problem: str
) -> Callable[[int, Glyphs], Sequence[Line]]:
    """What there is to learn from, and what training will do with it.

    ``plan`` is ``None`` while the documents are being read; ``problem`` is how the last training ended, or
    why they can't be read.
    """

    def build(width: int, signs: Glyphs) -> Sequence[Line]:
        lines: list[Line] = []
        if problem:
            lines += [(), *wrapped(problem, width, "bad", "  ")]
        lines += [(), heading("What it learns from"), ()]
        for words, look in _facts(preview, plan, problem):
            lines += wrapped(words, width, look, "  ")
        return lines + _left_out(plan, width) if plan else lines

    return build


def _facts(preview: TrainingPreview, plan: TrainingPlan | None, problem: str) -> Iterator[tuple[str, str]]:
    labels, documents = counted(preview.labels, "saved label"), counted(preview.documents, "document")
    yield f"{labels} in {documents}.", ""
    if not preview.labels:
        yield "There is nothing to learn from: label some documents and save, or import labels.", "bad"
    elif plan is not None:
        yield plan.summary, "title"
    elif not problem:
        yield "Reading the documents, to see which can be used...", "dim"
    if preview.sets_ignored:
        yield (
            "! The training and testing sets are ignored: Azure Machine Learning has the pen. Documents are "
            "parted at random.",
            "warn",
        )
    if plan is not None and plan.unused:
        unused = counted(plan.unused, "document is", "documents are")
        yield (
            f"! {unused} not used: in the testing set, and an automatic split draws from the training set. "
            "A manual split tests with them.",
            "warn",
        )
    if plan is not None and plan.left_out:
        number = counted(len(plan.left_out), "document is", "documents are")
        yield f"! {number} left out; the reasons are below.", "warn"
    if preview.drafts:
        yield (
            f"! Drafts of yours: {preview.drafts:,}. Training sees saved labels only: ctrl+s saves them.",
            "warn",
        )
    if preview.undecided:
        yield f"! {undecided_words(preview.undecided)}.", "warn"
    if preview.deleted_suggestions:
        number = counted(preview.deleted_suggestions, "suggestion")
        yield (
            f"! {number} that nobody has accepted will be deleted by training.",
            "warn",
        )


def _left_out(plan: TrainingPlan, width: int) -> list[Line]:
    """The documents that can't be used, each with its reason."""
    if not plan.left_out:
        return []
    lines: list[Line] = [(), heading("Left out"), ()]
    for location, reason in plan.left_out[:SHOWN]:
        lines += wrapped(f"{location}: {reason}", width, "", "  ")
    if len(plan.left_out) > SHOWN:
        lines += wrapped(f"and {len(plan.left_out) - SHOWN:,} more", width, "dim", "  ")
    return lines


def consequences(form: Form, cards: Mapping[str, ModelCard], preview: TrainingPreview) -> str:
    """What can't be taken back, for a question; empty when there is nothing of the kind."""
    words: list[str] = []
    card = cards.get(form.name)
    if card is not None:
        f1 = percent(card.performance.f1).strip()
        words.append(f"The model {form.name} of {when(card.created)} (F1 {f1}) will be replaced for good.")
    if preview.deleted_suggestions:
        number = counted(preview.deleted_suggestions, "suggestion")
        words.append(f"{number} that nobody has accepted will be deleted, in all documents.")
    if preview.undecided:
        words.append(f"{undecided_words(preview.undecided)}.")
    return "\n".join(words)
