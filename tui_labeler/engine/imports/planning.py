"""Checks a label file against a project, whole, before anything of it is brought in."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from tui_labeler.domain.documents import DocumentState
from tui_labeler.domain.labels import Stamp
from tui_labeler.engine import limits
from tui_labeler.engine.documents.carrying import MARK
from tui_labeler.engine.documents.reading import CONCURRENCY, fetch
from tui_labeler.engine.errors import InputError, LabelerError, UnreachableError
from tui_labeler.engine.formats.resolve import undeclared, with_all_categories
from tui_labeler.engine.imports.adding import additions, may_be_added
from tui_labeler.engine.imports.claiming import called
from tui_labeler.engine.imports.declaring import declaring
from tui_labeler.engine.imports.holding import Held, hold, needs_text
from tui_labeler.engine.imports.importing import Importing, file_source
from tui_labeler.engine.imports.incoming import Incoming, Tally
from tui_labeler.engine.imports.matching import Matching, Progress, text_hashes
from tui_labeler.engine.imports.plans import (
    Addition,
    Ambiguous,
    ImportPlan,
    Matched,
    Ready,
    Skipped,
    few_of,
    in_line_order,
    skipped_problem,
)
from tui_labeler.engine.ports.imports import BegunImport
from tui_labeler.engine.turns import in_turns
from tui_labeler.engine.wording import counted

if TYPE_CHECKING:
    from tui_labeler.domain.projects import ProjectKind
    from tui_labeler.engine.documents.documents import Documents
    from tui_labeler.engine.formats.model import FileDocument, Format, LabelFile
    from tui_labeler.engine.imports.claiming import Match
    from tui_labeler.engine.ports import ProjectStore, State, Surroundings

CHECKING = "checking labels"
"""What progress hears while the file's labels are held against the texts."""

NOT_THERE = "it is not in the container"
NO_SUCH_TEXT = "no document of the project has this name or this text"
NO_TEXT = "it has no name and no text there"
NO_WAY_TO_TELL = "the file says neither its name nor its text"


class ImportPlanning:
    """Makes the plan for one file."""

    def __init__(
        self,
        store: ProjectStore,
        documents: Documents,
        surroundings: Surroundings,
        choices: Mapping[str, str],
        progress: Progress,
        *,
        add_documents: bool,
    ) -> None:
        self._store = store
        self._documents = documents
        self._around = surroundings
        self._choices = choices
        self._progress = progress
        self._add = add_documents
        self._tally = Tally()
        self._matched: list[Matched] = []
        self._ambiguous: list[Ambiguous] = []
        self._unmatched: list[Match] = []
        self._lines_left: frozenset[int] = frozenset()
        """Of the file, those of which something is left out: what stands there is not all that there was."""

    @property
    def _state(self) -> State:
        return self._store.state

    async def plan(self, known: Format, said: LabelFile, filename: str, data: bytes) -> ImportPlan:
        """Raises ``InputError`` for a choice that names no document, ``UnreachableError``."""
        file, problems = with_all_categories(said)
        tally = self._tally
        tally.notes += [Skipped("", remark) for remark in said.remarks]
        for problem in (*said.problems, *problems):
            (tally.skipped if problem.dropped else tally.notes).append(skipped_problem(problem))
        self._lines_left = frozenset(each.line for each in said.problems if each.dropped and each.line)
        self._check_choices(file)
        matching = Matching(
            self._store, self._documents.container, self._around.actor, self._choices, self._progress
        )
        matches = await matching.match(file.documents)
        found = [match async for match in in_turns(matches) if self._sorted_out(match)]
        self._say_untold(found)
        ready = await self._ready(found)
        kind = self._state.project.kind
        adding = additions(kind, self._unmatched, self._state, filename) if self._add else []
        for held in adding:
            self._say(held.match, held.held)
        new = _merged([addition for held in adding if (addition := held.addition) is not None])
        self._say_several(ready, new)
        unmatched = self._left_out({held.match.order for held in adding if held.is_whole})
        begun = BegunImport(filename, known.name, data, dict(self._choices), self._add)
        return await self._reckoned(known, file, begun, undeclared(said), ready, new, unmatched)

    def _check_choices(self, file: LabelFile) -> None:
        known: set[str] = set()
        for order, document in enumerate(file.documents if self._choices else ()):
            known |= {called(order, document), document.location, str(document.line or "")}
        for name, location in self._choices.items():
            if name not in known:
                raise InputError(
                    f"No document of the file is called {name!r} or begins there, to be {location}.",
                    hint="--match takes a name of the file, or the number of a line where a document begins.",
                    on_screen="Choose one that is in the list.",
                )
            if self._state.document_id(location) is None:
                raise InputError(
                    f"There is no document {location!r} in the project, which {name} is to be.",
                    hint="`tui-labeler documents PROJECT` lists them; the name is case-sensitive.",
                    on_screen="Choose one that is in the list.",
                )

    # --- matches ------------------------------------------------------------------------------------

    def _sorted_out(self, match: Match) -> bool:
        """Whether a document goes on to be held against its text; says what becomes of the others."""
        if match.document is not None:
            location = self._state.rows[match.document].location
            self._matched.append(Matched(match.called, location, match.how))
            return True
        if match.candidates:
            names = tuple(sorted(self._state.rows[key].location for key in match.candidates))
            self._ambiguous.append(Ambiguous(match.called, match.file.line, names, match.how))
            if match.rivals:
                reason = f"{names[0]} could be it, and {few_of(match.rivals)} of the file as well; say which"
            else:
                reason = f"{counted(len(names), 'document')} could be it: {few_of(names)}; say which"
            self._tally.skipped.append(Skipped(match.called, reason, match.file.line))
        else:
            self._unmatched.append(match)
        return False

    def _left_out(self, added: set[int]) -> tuple[Skipped, ...]:
        found: list[Skipped] = []
        for match in self._unmatched:
            if match.order in added:
                continue
            if match.file.text is None:
                reason = NOT_THERE if match.file.location else NO_WAY_TO_TELL
            elif match.twins:
                names = few_of(sorted(self._state.rows[number].location for number in match.twins))
                reason = (
                    f"it is not in the container; {names} has its text and is another document of the file"
                )
            elif match.file.location or match.file.text.strip():
                reason = NO_SUCH_TEXT
            else:
                reason = NO_TEXT
            found.append(Skipped(match.called, reason, match.file.line))
        return tuple(found)

    def _say_untold(self, matches: Sequence[Match]) -> None:
        """Of how many documents the file says nothing: there is nothing to label, or nobody has looked."""
        rows = (
            self._state.rows[match.document]
            for match in matches
            if match.document is not None
            and not (match.file.labels or match.file.suggestions)
            and not (match.file.is_reviewed or match.file.is_open)
        )
        count = sum(row.state is DocumentState.UNLABELED for row in rows)
        if count:
            self._tally.note(
                "",
                f"{counted(count, 'document')} without labels, of which the file does not say whether "
                f"anybody has looked: {'it stays' if count == 1 else 'they stay'} unlabeled",
            )

    def _say_several(self, ready: Sequence[Ready], new: Sequence[Addition]) -> None:
        """What the file says of one document in several places comes together, and that is said."""
        places: dict[str, list[FileDocument]] = {}
        for each in ready:
            places.setdefault(self._state.rows[each.document].location, []).append(each.file)
        for addition in new:
            places.setdefault(addition.location, []).extend(part.file for part in addition.parts)
        for location, files in places.items():
            if len(files) > 1:
                self._tally.note(
                    location,
                    f"the file speaks of it in {len(files)} places{_places(files)}; they are put together",
                )

    # --- labels against texts -----------------------------------------------------------------------

    async def _ready(self, matches: Sequence[Match]) -> list[Ready]:
        """In the file's order; texts are read several at a time, and only those that are needed."""
        found: list[Ready] = []
        for start in range(0, len(matches), CONCURRENCY):
            batch = matches[start : start + CONCURRENCY]
            await self._fetch_unread(batch)
            results = await asyncio.gather(*(self._held(match) for match in batch), return_exceptions=True)
            for match, result in zip(batch, results, strict=True):
                if isinstance(result, BaseException):
                    raise result
                held, text_hash = result
                if held is not None:
                    self._say(match, held)
                    assert match.document is not None
                    found.append(
                        Ready(
                            match.document,
                            match.order,
                            match.file,
                            held.labels,
                            held.suggestions,
                            text_hash,
                            self._is_empty(match.file),
                            held.has_odd_offsets,
                        )
                    )
            self._progress(CHECKING, min(start + CONCURRENCY, len(matches)))
        return found

    def _is_empty(self, file: FileDocument) -> bool:
        return file.is_reviewed and not file.labels and file.line not in self._lines_left

    async def _fetch_unread(self, batch: Sequence[Match]) -> None:
        """Those that were only listed, all at once: what is fetched is known from then on."""
        rows = [
            self._state.rows[match.document]
            for match in batch
            if match.document is not None and self._reads(match)
        ]
        unread = [row for row in rows if not row.is_read and not row.problem]
        if unread:
            await fetch(self._store, self._documents.container, self._around.actor, unread)

    def _reads(self, match: Match) -> bool:
        return needs_text(self._state.project.kind, match.file) or bool(match.file.text)

    async def _held(self, match: Match) -> tuple[Held | None, str]:
        """With the hash of the text that it was held against. Raises only for a container that can't be
        reached at all."""
        assert match.document is not None
        kind, file = self._state.project.kind, match.file
        document = self._state.document(match.document)
        if document.problem:
            return self._unreadable(match, document.problem)
        if not self._reads(match):
            return hold(kind, msgspec.structs.replace(file, text=None), ""), ""
        if file.text is not None and document.text_hash in text_hashes(file.text):
            return hold(kind, file, file.text.removeprefix(MARK)), document.text_hash
        try:
            read = await self._documents.text(match.document)
        except UnreachableError:
            raise
        except LabelerError as error:
            return self._unreadable(match, error.message)
        if read.changed:
            return self._unreadable(match, "its text is another than when the container was read; sync first")
        return hold(kind, file, read.text), read.text_hash

    def _unreadable(self, match: Match, reason: str) -> tuple[None, str]:
        self._tally.skipped.append(Skipped(match.called, reason, match.file.line))
        return None, ""

    def _say(self, match: Match, held: Held) -> None:
        """What there is to say of a document, by the name that the project has for it."""
        name = match.called if match.document is None else self._state.rows[match.document].location
        for problem in held.problems:
            said = skipped_problem(
                msgspec.structs.replace(problem, location=name, line=problem.line or match.file.line)
            )
            (self._tally.skipped if problem.dropped else self._tally.notes).append(said)
        for label in held.labels:
            for warning in limits.labeled_entity(label.span.length if label.span else 0):
                self._tally.note(name, f"{label.category}: {warning}")

    # --- what would come of it ----------------------------------------------------------------------

    async def _reckoned(
        self,
        known: Format,
        file: LabelFile,
        begun: BegunImport,
        only_used: tuple[str, ...],
        ready: Sequence[Ready],
        new: tuple[Addition, ...],
        unmatched: tuple[Skipped, ...],
    ) -> ImportPlan:
        """The import as it would be at this moment, and none of it done."""
        early = (*self._tally.skipped, *unmatched)
        tally = Tally([*self._tally.notes], [*early])
        of_new = [part for addition in new for part in addition.parts]
        incoming = Incoming(
            known.name, file_source(begun.filename), Stamp(self._around.actor, ""), tally, self._around
        )
        declared = declaring(file, only_used, [*ready, *of_new], incoming, self._state)
        ids = {
            str(change.after["name"]): change.key
            for change in declared
            if change.table == "category" and change.after is not None
        }
        incoming = replace(incoming, ids=ids)
        these = Importing(incoming, self._state)
        async for part in in_turns(ready):
            these.labels(part)
        return ImportPlan(
            filename=begun.filename,
            format=known.name,
            title=known.title,
            kind=file.kind,
            matched=tuple(self._matched),
            labels=tally.labels + sum(len(part.labels) for part in of_new),
            unchanged=tally.unchanged,
            meeting=tally.meeting,
            suggestions=tally.suggestions + sum(len(part.suggestions) for part in of_new),
            reviewed=tally.reviewed + sum(part.is_reviewed and not part.labels for part in of_new),
            categories=tuple(tally.categories),
            unmatched=unmatched,
            ambiguous=tuple(self._ambiguous),
            additions=new,
            can_add=sum(may_be_added(match) for match in self._unmatched),
            skipped=in_line_order(tally.skipped),
            notes=in_line_order(tally.notes),
            warnings=category_warnings(self._state, tally.categories),
            file=file,
            only_used=only_used,
            ready=tuple(ready),
            begun=begun,
            early=early,
            remarks=tuple(self._tally.notes),
        )


def category_warnings(state: State, added: Sequence[str]) -> tuple[str, ...]:
    """The service's limits that categories break, those included that are not there yet."""
    names = {category.name for category in state.categories.values()} | set(added)
    return (
        *limits.categories(len(names)),
        *(warning for name in added for warning in limits.category_name(name)),
    )


def _merged(new: Sequence[Addition]) -> tuple[Addition, ...]:
    """One document for each name, however often the file speaks of it."""
    found: dict[str, Addition] = {}
    for addition in new:
        before = found.get(addition.location)
        parts = (*before.parts, *addition.parts) if before else addition.parts
        found[addition.location] = replace(before or addition, parts=parts)
    return tuple(found.values())


def _places(files: Sequence[FileDocument]) -> str:
    lines = [f"{file.line:,}" for file in files if file.line]
    return f", lines {few_of(lines)}" if len(lines) == len(files) else ""


def check_kind(kind: ProjectKind, file: LabelFile, filename: str, project: str) -> None:
    """Raises ``InputError`` for a file of another kind than the project."""
    if not file.is_for(kind):
        raise InputError(
            f"{filename} holds labels of a {file.kind} project, and {project} is {kind}.",
            hint="Make a project of that kind for it (`project create --labels`).",
            on_screen="Make a project of that kind for it: n in the list of projects asks for the file.",
        )
