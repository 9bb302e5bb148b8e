"""Documents that a label file brings with it: what they are called, and how they get into the container."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_labeler.engine.documents.decoding import decode
from tui_labeler.engine.documents.names import added_as, made_safe
from tui_labeler.engine.errors import ConflictError, NotFoundError, OutdatedError
from tui_labeler.engine.formats.model import FormatProblem
from tui_labeler.engine.imports.claiming import Match
from tui_labeler.engine.imports.holding import Held, hold
from tui_labeler.engine.imports.plans import Addition, Ready, few_of
from tui_labeler.engine.ports import Blob

if TYPE_CHECKING:
    from tui_labeler.domain.projects import ProjectKind
    from tui_labeler.engine.documents.decoding import Decoded
    from tui_labeler.engine.ports import Container, State

TRIES = 100
"""Names that are tried one after the other where others write into the container too."""


@dataclass(frozen=True, slots=True)
class Adding:
    """A document of the file that has no match, as it would come in."""

    match: Match
    held: Held
    addition: Addition | None
    """``None`` where it can't be written."""

    @property
    def is_whole(self) -> bool:
        return self.addition is not None


def may_be_added(match: Match) -> bool:
    """Whether the file holds its text, and nothing of the project could be it."""
    return bool(match.file.text and match.file.text.strip("\ufeff")) and not match.candidates


def additions(kind: ProjectKind, matches: Sequence[Match], state: State, filename: str) -> list[Adding]:
    """Those of ``matches`` that can be written into the container, each under a name of its own.

    Texts that are the same are one document where the file has one name for them or none at all.
    """
    taken = {row.location.casefold() for row in state.rows.values()}
    called = _called(matches)
    names: dict[tuple[str, str], str] = {}
    found: list[Adding] = []
    for match in matches:
        if not may_be_added(match):
            continue
        text = match.file.text or ""
        try:
            content = text.encode()
        except UnicodeEncodeError:
            found.append(
                _left_out(match, "its text holds half a surrogate pair, which no UTF-8 file can hold")
            )
            continue
        several = called.get(text, ())
        if len(several) > 1 and not match.file.location:
            reason = f"{len(several)} documents of the file have this text: {few_of(several)}"
            found.append(_left_out(match, reason))
            continue
        decoded = decode(content)
        if decoded.problem:
            found.append(_left_out(match, decoded.problem))
            continue
        held = hold(kind, match.file, decoded.text)
        key = (text, match.file.location or "".join(several))
        name = names.get(key) or free_name(_base_name(key[1], match, filename), taken)
        names[key] = name
        taken.add(name.casefold())
        part = Ready(
            -1,
            match.order,
            match.file,
            held.labels,
            held.suggestions,
            decoded.text_hash,
            match.file.is_reviewed and not match.file.labels,
        )
        found.append(Adding(match, held, Addition(name, content, (part,))))
    return found


def _left_out(match: Match, reason: str) -> Adding:
    problem = FormatProblem(match.file.location, "text", reason, dropped=True)
    return Adding(match, Held((), (), (problem,)), None)


def _called(matches: Sequence[Match]) -> dict[str, tuple[str, ...]]:
    """The names that the file has for a text."""
    found: dict[str, dict[str, None]] = {}
    for match in matches:
        if match.file.location:
            found.setdefault(match.file.text or "", {})[match.file.location] = None
    return {text: tuple(names) for text, names in found.items()}


def _base_name(location: str, match: Match, filename: str) -> str:
    """What a document is to be called, without ``.txt``: its name in the file made safe, else the file's
    with a number."""
    if location:
        return added_as(location)[: -len(".txt")]
    stem = filename.replace("\\", "/").rpartition("/")[2].partition(".")[0]
    return f"{made_safe(stem)}-{match.file.line or match.order + 1:05}"


def free_name(base: str, taken: set[str]) -> str:
    """``base.txt``, or the first of ``base-2.txt`` ... that is not taken, whatever its case."""
    name, number = f"{base}.txt", 1
    while name.casefold() in taken:
        number += 1
        name = f"{base}-{number}.txt"
    return name


async def write_new(container: Container, addition: Addition) -> tuple[Blob, Decoded]:
    """Writes a document, and says under which name: nothing that is there is ever replaced.

    Raises ``ContainerError``.
    """
    decoded = decode(addition.content)
    base = addition.location[: -len(".txt")]
    taken: set[str] = set()
    for _ in range(TRIES):
        name = free_name(base, taken)
        try:
            mark = await container.add(name, addition.content)
        except OutdatedError:
            try:
                there, mark = await container.fetch(name)
            except NotFoundError:
                there, mark = b"", ""
            if there != addition.content:
                taken.add(name.casefold())
                continue
        return Blob(name, len(addition.content), mark), decoded
    raise ConflictError(
        f"All names like {addition.location} are taken in {container.address}.",
        hint="Give the document another name in the file.",
    )
