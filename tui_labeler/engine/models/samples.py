"""What a model learns from and is tested with."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from tui_labeler.domain.document_filters import Sort, in_order
from tui_labeler.domain.labels import Origin
from tui_labeler.domain.models import Split
from tui_labeler.domain.performance import Annotation
from tui_labeler.domain.projects import Dataset, ProjectKind
from tui_labeler.engine.documents.decoding import decode
from tui_labeler.engine.errors import NotFoundError
from tui_labeler.engine.ports import Sample
from tui_labeler.engine.wording import counted

if TYPE_CHECKING:
    from tui_labeler.domain.document_rows import DocumentRow
    from tui_labeler.domain.documents import Document
    from tui_labeler.domain.models import TrainOptions
    from tui_labeler.engine.ports import Container, State

NAMED = 10
"""Documents that a warning names; a job's result names all."""

UNLABELED_CHARACTERS = 3_000_000
"""Text without labels that training looks at, at most: more teaches the clusters little."""


@dataclass(frozen=True, slots=True)
class LabeledDocument:
    """A document whose labels count."""

    id: int
    location: str
    dataset: Dataset
    text: str
    annotations: tuple[Annotation, ...]
    from_suggestions: bool
    """Some label began as a suggestion that was accepted."""
    undecided: bool = False
    """Some suggestion waits for a decision: what it names counts as nothing."""

    @property
    def sample(self) -> Sample:
        return Sample(self.text, self.annotations)


def counts(kind: ProjectKind, document: Document) -> bool:
    """Whether a document's saved labels count for training: reviewed ones do with none."""
    if document.problem:
        return False
    if document.saved_labels:
        return True
    return document.reviewed is not None and kind is not ProjectKind.SINGLE_LABEL


def may_count(row: DocumentRow) -> bool:
    """Whether :func:`counts` can be true of a document, or it has labels that can't be used, as far as its
    short form tells: most documents of a big project need not be opened for it."""
    return bool(row.labels or row.drafts or row.reviewed or row.is_given)


class LabeledDocuments(NamedTuple):
    """What there is to learn from and to compare with, and what should be there and is not."""

    documents: list[LabeledDocument]
    """By location."""
    left_out: list[tuple[str, str]]
    """Location and reason of each document with labels that can't be used, by location."""

    @property
    def warnings(self) -> list[str]:
        """One sentence that names some of those left out; none where none is."""
        if not self.left_out:
            return []
        number = counted(len(self.left_out), "labeled document is", "labeled documents are")
        return [
            f"{number} left out, as the text is gone or another than the one that was labeled: "
            f"{_named([location for location, _ in self.left_out])}"
        ]

    @property
    def skipped(self) -> list[dict[str, str]]:
        """Those left out, for a job's result."""
        return [{"location": location, "reason": reason} for location, reason in self.left_out]


class Parts(NamedTuple):
    """What a training does with the documents that count."""

    train: list[LabeledDocument]
    test: list[LabeledDocument]
    unused: list[LabeledDocument]
    """Those that the split gives to neither: an automatic one draws from the training set alone."""

    @property
    def warnings(self) -> list[str]:
        """One sentence that names some of the unused documents, and one on those half reviewed; none where
        none is."""
        half = sum(document.undecided for document in (*self.train, *self.test))
        said = [undecided_words(half)] if half else []
        if not self.unused:
            return said
        number = counted(len(self.unused), "labeled document is", "labeled documents are")
        names = _named([document.location for document in self.unused])
        return [
            *said,
            f"{number} not used, as an automatic split draws from the training set, and not from the testing "
            f"set: {names}",
        ]


def undecided_words(documents: int) -> str:
    """What half-reviewed documents mean for training: a sentence without its full stop."""
    have = counted(documents, "document still has", "documents still have")
    return f"{have} undecided suggestions; what is not accepted there counts as nothing"


def _named(locations: Sequence[str]) -> str:
    more = f" and {len(locations) - NAMED:,} more" if len(locations) > NAMED else ""
    return ", ".join(locations[:NAMED]) + more


async def labeled_documents(
    state: State, container: Container, *, keep_texts: bool = True
) -> LabeledDocuments:
    """All documents that count, with their texts; ``keep_texts`` false reads and checks them only.

    One whose text changed since its labels were made is left out: they would cut the wrong words.
    Raises ``UnreachableError`` when the container is gone as a whole.
    """
    kind = state.project.kind
    found = LabeledDocuments([], [])
    for row in in_order(filter(may_count, state.rows.values()), Sort.NAME):
        document = state.document(row.id)
        labels = document.saved_labels
        if not counts(kind, document):
            if document.problem and labels:
                found.left_out.append((document.location, document.problem))
            continue
        try:
            decoded = decode(await container.read(document.location))
        except NotFoundError as error:
            found.left_out.append((document.location, error.message))
            continue
        stale = any(label.span and label.text_hash not in ("", decoded.text_hash) for label in labels)
        if decoded.problem or stale or decoded.text_hash != document.text_hash:
            reason = decoded.problem or "its text has changed since it was labeled"
            found.left_out.append((document.location, reason))
            continue
        found.documents.append(
            LabeledDocument(
                id=document.id,
                location=document.location,
                dataset=document.dataset,
                text=decoded.text if keep_texts else "",
                annotations=tuple((label.category, label.span) for label in labels),
                from_suggestions=any(label.origin is Origin.SUGGESTION for label in labels),
                undecided=bool(document.open_suggestions(kind)),
            )
        )
    return found


async def unlabeled_texts(
    state: State, container: Container, labeled: Sequence[LabeledDocument], seed: int
) -> list[str]:
    """Texts without labels, a random part of them where there are many."""
    known = {document.id for document in labeled}
    rows = [row for row in state.rows.values() if row.id not in known and not row.problem]
    rows = in_order(rows, Sort.NAME)
    random.Random(seed).shuffle(rows)
    texts: list[str] = []
    characters = 0
    for row in rows:
        if characters >= UNLABELED_CHARACTERS:
            break
        try:
            decoded = decode(await container.read(row.location))
        except NotFoundError:
            continue
        if not decoded.problem:
            texts.append(decoded.text)
            characters += len(decoded.text)
    return texts


def parts(documents: Sequence[LabeledDocument], options: TrainOptions) -> Parts:
    """Parts documents as the options say: at random, or by the set that each is in."""
    if options.ignore_sets:
        documents = [replace(document, dataset=Dataset.TRAIN) for document in documents]
    in_test = [document for document in documents if document.dataset is Dataset.TEST]
    if options.split is Split.AUTO:
        return Parts(*split(documents, options.test_percent, options.seed), in_test)
    return Parts([document for document in documents if document.dataset is Dataset.TRAIN], in_test, [])


def sets_words(options: TrainOptions) -> tuple[str, ...]:
    """A sentence without its full stop where the sets of documents are ignored; none where they count."""
    if not options.ignore_sets:
        return ()
    return ("the training and testing sets are ignored, as Azure Machine Learning has the pen",)


def split(
    documents: Sequence[LabeledDocument], percent: int, seed: int
) -> tuple[list[LabeledDocument], list[LabeledDocument]]:
    """Parts documents at random into training and testing, every category kept in the training part.

    Only documents assigned to the training set take part; those in the testing set stay out of both.
    Source: "How to train a custom model", Azure AI Language.
    """
    candidates = [document for document in documents if document.dataset is Dataset.TRAIN]
    random.Random(seed).shuffle(candidates)
    wanted = max(1, round(len(candidates) * percent / 100)) if len(candidates) > 1 else 0
    left: dict[str, int] = {}
    for document in candidates:
        for category in {category for category, _ in document.annotations}:
            left[category] = left.get(category, 0) + 1
    test: list[LabeledDocument] = []
    train: list[LabeledDocument] = []
    for document in candidates:
        categories = {category for category, _ in document.annotations}
        if len(test) < wanted and all(left[category] > 1 for category in categories):
            test.append(document)
            for category in categories:
                left[category] -= 1
        else:
            train.append(document)
    return train, test


def labels_version(documents: Sequence[LabeledDocument]) -> str:
    """A hash of which labels stand where: models, evaluations and exports name it."""
    digest = hashlib.sha256()
    for document in documents:
        digest.update(f"{document.location}\0".encode(errors="surrogateescape"))
        for category, span in sorted(document.annotations, key=str):
            digest.update(f"{category}:{span.start if span else ''}:{span.end if span else ''}\0".encode())
    return digest.hexdigest()[:16]


def tallies(documents: Sequence[LabeledDocument]) -> tuple[dict[str, int], dict[str, int]]:
    """Labels, and documents with at least one, a category."""
    labels: dict[str, int] = {}
    containing: dict[str, int] = {}
    for document in documents:
        for category, _ in document.annotations:
            labels[category] = labels.get(category, 0) + 1
        for category in {category for category, _ in document.annotations}:
            containing[category] = containing.get(category, 0) + 1
    return labels, containing
