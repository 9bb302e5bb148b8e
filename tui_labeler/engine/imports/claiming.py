"""Documents of a label file that are after the same document of the project: who has it, and who must ask.

A name is a claim: what another name of the file is matched with is not taken for a document of its own name
because the texts are the same. What no name settles and several names are after, people settle.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from tui_labeler.engine.documents.names import added_as
from tui_labeler.engine.formats.model import FileDocument


class How(StrEnum):
    """What a document was matched by."""

    NAME = "name"
    PART_OF_NAME = "part of the name"
    """Its last part, with or without ``.txt``."""
    CONTENT = "content"
    """The text, byte for byte."""
    NORMALISED = "normalised content"
    """The text, but for white space, line ends, a byte order mark or composition."""
    CHOSEN = "choice"
    """Somebody said so."""

    @property
    def is_by_text(self) -> bool:
        return self in (How.CONTENT, How.NORMALISED)


@dataclass(frozen=True, slots=True)
class Match:
    """A document of a file, and the project's that it is."""

    order: int
    """Its place in the file, counted from 0."""
    file: FileDocument
    document: int | None = None
    how: How = How.NAME
    candidates: tuple[int, ...] = ()
    """Where several answer to it, or it is not alone in answering to one, and none was chosen."""
    rivals: tuple[str, ...] = ()
    """What others of the file are called that the one candidate answers to as well."""
    twins: tuple[int, ...] = ()
    """Of the project, those that have its text and are others of the file by their names."""

    @property
    def called(self) -> str:
        """What people know it by: its name in the file, else where it stands."""
        return called(self.order, self.file)


def called(order: int, file: FileDocument) -> str:
    """What people know a document of a file by."""
    if file.location:
        return file.location
    return f"line {file.line}" if file.line else f"document {order + 1}"


def uncontested(matches: Sequence[Match], location_of: Callable[[int], str]) -> list[Match]:
    """One for each of ``matches``: those that may have what they were matched with, and the others open.

    A name that fits whole, a choice, and the name that a document gets when it is written from the file
    are claims. What stands under another name and shares no more than the text with a claimed document is
    none of the project's; where several names share a text or a part of a name with one, each is asked about.
    """
    claims: dict[int, set[str]] = {}
    for match in matches:
        if match.document is not None and match.how in (How.NAME, How.CHOSEN):
            claims.setdefault(match.document, set()).add(match.called)
    found = [_without_claimed(match, claims) for match in matches]
    made: dict[int, set[str]] = {}
    for match in found:
        if match.document is None or not match.how.is_by_text or not match.file.location:
            continue
        if location_of(match.document) == added_as(match.file.location):
            made.setdefault(match.document, set()).add(match.called)
    claims = {number: names for number, names in made.items() if len(names) == 1}
    return _asked([_without_claimed(match, claims) for match in found])


def _without_claimed(match: Match, claims: Mapping[int, set[str]]) -> Match:
    """A match by text, without what another name of the file claims."""
    if not match.how.is_by_text or not match.file.location:
        return match
    ids = match.candidates if match.document is None else (match.document,)
    left = tuple(number for number in ids if not claims.get(number, set()) - {match.called})
    if len(left) == len(ids):
        return match
    if not left:
        return Match(match.order, match.file, twins=ids)
    return (
        replace(match, document=left[0], candidates=()) if len(left) == 1 else replace(match, candidates=left)
    )


def _asked(matches: Sequence[Match]) -> list[Match]:
    """Leaves open what shares a text or a part of its name with a document that another name is too.

    Files of two folders may be called the same: which of them a document is, only people know.
    """
    names: dict[int, dict[str, None]] = {}
    for match in matches:
        if match.document is not None and match.file.location:
            names.setdefault(match.document, {})[match.called] = None
    found: list[Match] = []
    for match in matches:
        weak = match.file.location and match.how not in (How.NAME, How.CHOSEN)
        if weak and match.document is not None:
            rivals = tuple(name for name in names[match.document] if name != match.called)
            if rivals:
                match = replace(match, document=None, candidates=(match.document,), rivals=rivals)
        found.append(match)
    return found
