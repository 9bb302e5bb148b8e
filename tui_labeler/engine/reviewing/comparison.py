"""Two jobs over the same documents: what each answered, set against the other.

It works on the jobs' records, so that suggestions which a later job replaced, or a person decided on, are
still compared as they were answered.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_labeler.domain.agreement import Agreement, Outcome, Pairing, agreement, pairings

if TYPE_CHECKING:
    from tui_labeler.domain.jobs import Answer
    from tui_labeler.domain.labels import Span
    from tui_labeler.domain.performance import Annotation
    from tui_labeler.domain.projects import ProjectKind


@dataclass(frozen=True, slots=True)
class ComparedDocument:
    """One document as both jobs answered it."""

    document: int
    location: str
    text_hash: str
    lines: tuple[Pairing, ...]

    @property
    def differences(self) -> int:
        return sum(line.outcome is not Outcome.SAME for line in self.lines)

    @property
    def first_difference(self) -> Span | None:
        """Where they differ first; ``None`` for classes, and where they do not."""
        for line in self.lines:
            annotation = line.first or line.second
            if line.outcome is not Outcome.SAME and annotation:
                return annotation[1]
        return None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two jobs against each other."""

    agreement: Agreement
    documents: tuple[ComparedDocument, ...]
    """The most differences first, then in order of location."""
    only_first: int = 0
    """Documents that the second job did not answer."""
    only_second: int = 0
    other_text: int = 0
    """Documents whose text changed between the two: their places can't be compared."""


def compare(
    kind: ProjectKind, first: Iterable[Answer], second: Iterable[Answer], categories: Set[str]
) -> Comparison:
    """Compares the answers of two jobs in the ``categories`` (ids) that both were asked for."""
    ones = {answer.document: answer for answer in first}
    others = {answer.document: answer for answer in second}
    shared = ones.keys() & others.keys()
    same = [key for key in shared if ones[key].text_hash == others[key].text_hash]
    documents = [
        ComparedDocument(
            key,
            ones[key].location,
            ones[key].text_hash,
            pairings(kind, _annotations(ones[key], categories), _annotations(others[key], categories)),
        )
        for key in same
    ]
    documents.sort(key=lambda document: (-document.differences, document.location))
    return Comparison(
        agreement(kind, (document.lines for document in documents)),
        tuple(documents),
        len(ones) - len(shared),
        len(others) - len(shared),
        len(shared) - len(same),
    )


def _annotations(answer: Answer, categories: Set[str]) -> list[Annotation]:
    return [
        (proposal.category, proposal.span) for proposal in answer.proposals if proposal.category in categories
    ]
