"""Takes: a document is labeled by one person at a time; two do not label the same one by accident.

Whoever opens a document to label takes it, and frees it by opening another, by leaving or by dying. A claim
is no lock: it stands where others see it, and people may take a document over. Documents that are given to
several readers are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from tui_labeler.engine.errors import LockedError
from tui_labeler.engine.ports.takes import Take
from tui_labeler.engine.typed import decode

if TYPE_CHECKING:
    from tui_labeler.domain.document_rows import DocumentRow
    from tui_labeler.domain.documents import Document


class Claim(NamedTuple):
    """A take as one found it."""

    take: Take
    age: float = 0.0
    """Seconds since it was written, by the clock that all of them go by."""


class TakenError(LockedError):
    """Somebody else has the document."""

    title = "Somebody else has this document"
    code = "taken"

    def __init__(self, location: str, by: Take) -> None:
        super().__init__(
            f"{location} is with {by.words}.",
            hint="U goes to the next one that nobody has labeled; ctrl+t takes this one over.",
        )
        self.by = by


def take_in(content: bytes) -> Take | None:
    """A take as it is written; ``None`` for what is none."""
    try:
        return decode(content, Take)
    except (msgspec.MsgspecError, ValueError):
        return None


def winner(claims: Iterable[Claim]) -> Take | None:
    """Who has a document that several claim: who took it over last, else who came first."""
    first = min(claims, key=_rank, default=None)
    return None if first is None else first.take


def _rank(claim: Claim) -> tuple[int, bool, float, str]:
    take = claim.take
    return -take.turn, not take.settled, -claim.age, take.session


def claimed(mine: Take, wanted: str, rivals: Sequence[Take], now: str, *, over: bool) -> Take:
    """What a session claims, given what others in the same home do at that moment.

    ``over``: it takes the document over. Nobody else claims anything while this is decided.
    """
    rivals = [take for take in rivals if take.location == wanted]
    nothing = msgspec.structs.replace(mine, location="", since="", turn=0, settled=False)
    if not wanted:
        return nothing
    last = max((take.turn for take in rivals), default=-1)
    if over:
        return msgspec.structs.replace(
            mine, location=wanted, since=now, turn=max(last, mine.turn) + 1, settled=True
        )
    if mine.location != wanted:
        if rivals:
            return nothing
        return msgspec.structs.replace(mine, location=wanted, since=now, turn=0, settled=True)
    return mine if winner(map(Claim, [mine, *rivals])) == mine else nothing


def is_shared_out(document: Document | DocumentRow) -> bool:
    """Several people label it on purpose: nobody has it alone."""
    return bool(document.readers)
