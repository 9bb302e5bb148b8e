"""Which labeled documents an evaluation compares a method with."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tui_labeler.domain.documents import DocumentState
from tui_labeler.domain.labels import Origin
from tui_labeler.engine.autolabelers.options import GptOptions
from tui_labeler.engine.errors import InputError
from tui_labeler.engine.models.samples import counts

if TYPE_CHECKING:
    from tui_labeler.domain.document_rows import DocumentRow
    from tui_labeler.domain.jobs import JobRequest
    from tui_labeler.engine.models.samples import LabeledDocument
    from tui_labeler.engine.ports import State

SPARED = 4
"""One labeled document in so many, at most, is kept from an evaluation for the examples of its prompts."""

LeftOut = dict[str, int]
"""How many documents are left out, by reason: ``training``, ``accepted``."""


def comparable(
    state: State, learned: frozenset[int] = frozenset(), *, accepted: bool = False
) -> tuple[list[DocumentRow], LeftOut]:
    """Documents that an evaluation may take, as far as the project alone tells: no text is read.

    ``learned`` are ids of documents that taught the model; ``accepted`` takes labels that began as
    suggestions too.
    """
    found: list[DocumentRow] = []
    left_out = {"training": 0, "accepted": 0}
    for row in state.rows.values():
        if row.problem or not (row.labels or row.state is DocumentState.REVIEWED):
            continue
        document = state.document(row.id)
        if not counts(state.project.kind, document):
            continue
        if row.id in learned:
            left_out["training"] += 1
        elif not accepted and any(label.origin is Origin.SUGGESTION for label in document.saved_labels):
            left_out["accepted"] += 1
        else:
            found.append(row)
    return found, left_out


def choose(
    documents: Sequence[LabeledDocument], learned: frozenset[int], *, accepted: bool
) -> tuple[list[LabeledDocument], LeftOut]:
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


def draw(
    chosen: Sequence[LabeledDocument], every: Sequence[LabeledDocument], request: JobRequest
) -> list[LabeledDocument]:
    """Those of ``chosen`` that are compared with: at most ``limit``, drawn with ``seed``.

    The prompts of a deployment show labeled passages, and never those of documents under evaluation. Where
    none of ``every`` were left for that, the figures would be of other prompts than a job's: some of
    ``chosen`` are kept for it.
    """
    most = len(chosen) - _spared(chosen, every, request)
    limit = request.options.get("limit")
    if limit is not None:
        most = min(most, int(limit))
    if most >= len(chosen):
        return list(chosen)
    return random.Random(int(request.options.get("seed", 0))).sample(list(chosen), most)


def _spared(chosen: Sequence[LabeledDocument], every: Sequence[LabeledDocument], request: JobRequest) -> int:
    if request.method is None or request.method.name != "gpt":
        return 0
    wanted = min(GptOptions.of(request.options).shots, len(chosen) // SPARED)
    return max(0, wanted - (len(every) - len(chosen)))


def nothing_to_compare(left_out: LeftOut, warnings: Sequence[str] = ()) -> InputError:
    """What to raise where no document is left for an evaluation."""
    reasons = []
    if left_out["training"]:
        reasons.append(f"{left_out['training']:,} taught the model")
    if left_out["accepted"]:
        reasons.append(f"{left_out['accepted']:,} have labels that began as suggestions")
    words = "There is no labeled document to evaluate with"
    words += f": {', '.join(reasons)}." if reasons else "."
    options = [
        option
        for reason, option in (("training", "--include-training"), ("accepted", "--include-accepted"))
        if left_out[reason]
    ]
    hint = "Label some documents by hand first, and save."
    if options:
        hint = f"Label more documents by hand, or include those ({', '.join(options)})."
    return InputError(words + "".join(f" {warning}." for warning in warnings), hint=hint)
