"""Evaluating a method on documents that are labeled already, before it is let loose on the rest."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tui_labeler.domain.performance import Counts, Performance, TestedDocument, measure
from tui_labeler.engine.errors import InputError
from tui_labeler.engine.figures import names_of, performance_figures
from tui_labeler.engine.models import TodaysModel, find_model, todays_ids
from tui_labeler.engine.ports import Container, JobJournal, ModelStore, ProjectStore
from tui_labeler.engine.samples import LabeledDocument, labeled_documents, labels_version
from tui_labeler.engine.training_run import tested_documents
from tui_labeler.engine.wording import counted

if TYPE_CHECKING:
    from tui_labeler.domain.projects import ProjectKind

LEVEL = 0.95

FEWEST = 5
"""Documents below which a bootstrap has too little to draw from; a choice of this program."""

RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class EvaluationRun:
    """Compares a trained model with the labels; changes nothing.

    Options: ``limit`` (documents at most, a seeded choice), ``seed``, ``include_accepted`` (documents with
    labels that began as suggestions), ``include_training`` (documents that the model learned from).
    """

    store: ProjectStore
    container: Container
    journal: JobJournal
    models: ModelStore

    async def run(self) -> dict[str, Any]:
        """The job's result. Raises ``InputError`` when no document is left to compare with."""
        request = self.journal.job.request
        options = request.options
        name = request.method.model if request.method else ""
        card = await find_model(self.models, name)
        await self.journal.stage("reading the labeled documents", 0, 100)
        found = await labeled_documents(self.store.state, self.container)
        learned = frozenset() if options.get("include_training") else frozenset(card.train_documents)
        chosen, left_out = choose(found.documents, learned, accepted=bool(options.get("include_accepted")))
        if not chosen:
            raise InputError(
                f"There is no labeled document to evaluate with: {left_out['training']} taught the model, "
                f"{left_out['accepted']} have labels that began as suggestions."
                + "".join(f" {warning}." for warning in found.warnings),
                hint="Label more documents by hand, or include those "
                "(--include-training, --include-accepted).",
            )
        limit = options.get("limit")
        seed = int(options.get("seed", 0))
        if limit is not None and limit < len(chosen):
            chosen = random.Random(seed).sample(chosen, int(limit))
        await self.journal.stage(f"labeling {counted(len(chosen), 'document')}", 10, 100)
        ids = todays_ids(card, self.store.state.categories)
        model = TodaysModel(await self.models.load(name), ids)
        tested = await tested_documents(model, chosen)
        kind = self.store.state.project.kind
        performance = measure(kind, *tested)
        names = names_of(self.store.state, dict(card.categories))
        await self.journal.stage("measuring", 95, 100)
        ends = intervals(kind, tested.documents, performance, names, seed)
        await self.journal.stage("done", 100, 100)
        return {
            "model": name,
            **performance_figures(performance, names),
            "documents": len(chosen),
            "left_out": left_out,
            "skipped": found.skipped,
            "warnings": found.warnings,
            "intervals": ends,
            "labels_version": labels_version(chosen),
            "usage": {"prompt_tokens": 0, "completion_tokens": 0},
            "cost": None,
        }


def choose(
    documents: Sequence[LabeledDocument], learned: frozenset[int], *, accepted: bool
) -> tuple[list[LabeledDocument], dict[str, int]]:
    """The documents of an honest evaluation, and how many are left out for which reason.

    A model knows the documents it learned from, and people follow suggestions: both would flatter it.
    """
    chosen: list[LabeledDocument] = []
    left_out = {"training": 0, "accepted": 0}
    for document in documents:
        if document.id in learned:
            left_out["training"] += 1
        elif document.from_suggestions and not accepted:
            left_out["accepted"] += 1
        else:
            chosen.append(document)
    return chosen, left_out


def intervals(
    kind: ProjectKind,
    tested: Sequence[TestedDocument],
    performance: Performance,
    names: dict[str, str],
    seed: int,
) -> dict[str, Any]:
    """95 % intervals of precision, recall and F1, for the model and a category.

    A percentile bootstrap over documents (Efron and Tibshirani, 1993): spans of one document are not
    independent, documents are. Fewer than ``FEWEST`` documents say nothing of how others would vary: then
    there are none (``None``).
    """
    if len(tested) < FEWEST:
        return {"level": LEVEL, "precision": None, "recall": None, "f1": None, "per_category": {}}
    parts = [measure(kind, [document]).per_category for document in tested]
    generator = random.Random(seed)
    found: dict[str, list[Counts]] = {key: [] for key in ("", *performance.per_category)}
    for _ in range(RESAMPLES):
        sample = generator.choices(parts, k=len(parts))
        sums: dict[str, list[int]] = {}
        for part in sample:
            for key, counts in part.items():
                line = sums.setdefault(key, [0, 0, 0])
                line[0] += counts.true_positives
                line[1] += counts.false_positives
                line[2] += counts.false_negatives
        total = Counts(*(sum(column) for column in zip(*sums.values(), strict=True))) if sums else Counts()
        found[""].append(total)
        for key in performance.per_category:
            found[key].append(Counts(*sums.get(key, (0, 0, 0))))
    return {
        "level": LEVEL,
        **_ends(found.pop("")),
        "per_category": {names.get(key, key): _ends(samples) for key, samples in found.items()},
    }


def _ends(samples: Sequence[Counts]) -> dict[str, list[float]]:
    return {
        "precision": _percentiles([counts.precision for counts in samples]),
        "recall": _percentiles([counts.recall for counts in samples]),
        "f1": _percentiles([counts.f1 for counts in samples]),
    }


def _percentiles(values: Sequence[float]) -> list[float]:
    ordered = sorted(values)
    last = len(ordered) - 1
    return [round(ordered[round(last * 0.025)], 4), round(ordered[round(last * 0.975)], 4)]
