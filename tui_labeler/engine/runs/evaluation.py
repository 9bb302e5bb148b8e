"""Evaluating a method on documents that are labeled already, before it is let loose on the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tui_labeler.domain.jobs import DocumentFailure
from tui_labeler.domain.performance import measure
from tui_labeler.engine.autolabelers.spending import BudgetError
from tui_labeler.engine.errors import InputError
from tui_labeler.engine.models.compared import choose, draw, nothing_to_compare
from tui_labeler.engine.models.figures import names_of, performance_figures
from tui_labeler.engine.models.intervals import intervals
from tui_labeler.engine.models.samples import (
    LabeledDocument,
    LabeledDocuments,
    labeled_documents,
    labels_version,
)
from tui_labeler.engine.ports import Container, JobJournal, ProjectStore
from tui_labeler.engine.runs.evaluated import Evaluated, Progress
from tui_labeler.engine.wording import counted

if TYPE_CHECKING:
    from tui_labeler.engine.runs.training import Tested


class PartlyMeasuredError(BudgetError):
    """An evaluation met the end of its budget; what was answered until then is measured."""

    def __init__(self, stopped: BudgetError, result: dict[str, Any]) -> None:
        super().__init__(stopped.message, hint=stopped.hint)
        self.result = result


@dataclass(frozen=True, slots=True)
class EvaluationRun:
    """Compares a method with the labels; changes nothing.

    Options: ``limit`` (documents at most, a seeded choice), ``seed``, ``include_accepted`` (documents with
    labels that began as suggestions), ``include_training`` (documents that the model learned from); those of
    :class:`~tui_labeler.engine.autolabelers.options.GptOptions` where a deployment is evaluated.
    """

    store: ProjectStore
    container: Container
    journal: JobJournal
    method: Evaluated

    async def run(self) -> dict[str, Any]:
        """The job's result.

        Raises ``InputError`` when no document is left to compare with, ``PartlyMeasuredError`` with a result
        where the budget ended it.
        """
        options = self.journal.job.request.options
        await self.journal.stage("reading the labeled documents", 0, 100)
        found = await labeled_documents(self.store.state, self.container)
        learned = frozenset() if options.get("include_training") else self.method.learned
        chosen, left_out = choose(found.documents, learned, accepted=bool(options.get("include_accepted")))
        if not chosen:
            raise nothing_to_compare(left_out, found.warnings)
        chosen = draw(chosen, found.documents, self.journal.job.request)
        if options.get("limit") is None:
            await self.journal.failed(self._unread(found))
        progress = self._progress(len(chosen))
        await progress(0.0)
        tested = await self.method.test(chosen, found.documents, progress)
        if not tested.documents:
            failed = self.journal.job.failed
            why = f" {failed[0].location}: {failed[0].message}" if failed else ""
            raise InputError(f"No document could be labeled.{why}")
        await self.journal.stage("measuring", 95, 100)
        result = self._result(tested, found, chosen, left_out)
        await self.journal.stage("done", 100, 100)
        if self.method.stopped is not None:
            raise PartlyMeasuredError(self.method.stopped, result)
        return result

    def _unread(self, found: LabeledDocuments) -> list[DocumentFailure]:
        """Documents with labels that belong to the comparison, and whose text is not there to be labeled."""
        ids = {row.location: row.id for row in self.store.state.rows.values()}
        return [
            DocumentFailure(ids[location], location, "unreadable", reason)
            for location, reason in found.left_out
        ]

    def _result(
        self,
        tested: Tested,
        found: LabeledDocuments,
        chosen: Sequence[LabeledDocument],
        left_out: dict[str, int],
    ) -> dict[str, Any]:
        kind = self.store.state.project.kind
        performance = measure(kind, *tested)
        names = names_of(self.store.state, dict(self.method.categories))
        failed = self.journal.job.failed
        seed = int(self.journal.job.request.options.get("seed", 0))
        ends = intervals(kind, tested.documents, performance, names, seed)
        partly = []
        if self.method.stopped is not None:
            answered = f"{len(tested.documents):,} of {counted(len(chosen), 'document')}"
            partly = [f"measured on {answered} only, since the budget ended it: partial figures"]
        return {
            "model": self.method.name,
            **performance_figures(performance, names),
            "documents": len(tested.documents),
            "chosen": len(chosen) + sum(item.error == "unreadable" for item in failed),
            "failed": [
                {"location": item.location, "error": item.error, "message": item.message} for item in failed
            ],
            "left_out": left_out,
            "skipped": found.skipped,
            "partial": bool(partly),
            "warnings": [*partly, *found.warnings, *self.method.warnings],
            "intervals": ends,
            "labels_version": labels_version(chosen),
            **self.method.figures(),
        }

    def _progress(self, documents: int) -> Progress:
        words = f"labeling {counted(documents, 'document')}"

        async def tell(share: float) -> None:
            await self.journal.stage(words, 10 + round(80 * share), 100)

        return tell
