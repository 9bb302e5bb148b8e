"""A project's sharing, as screens and commands work with it."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from tui_labeler.engine.changes import put_project
from tui_labeler.engine.errors import ContainerError, InputError, LabelerError, UnreachableError
from tui_labeler.engine.ports import Plan
from tui_labeler.engine.sharing.conflicts import LabelConflict, Side, open_conflicts, resolve
from tui_labeler.engine.sharing.decisions import Decisions
from tui_labeler.engine.sharing.joining import claim_own
from tui_labeler.engine.sharing.pending import Pending
from tui_labeler.engine.sharing.publishing import Published, publish
from tui_labeler.engine.sharing.synced import Shared
from tui_labeler.engine.sharing.syncing import Progress, Syncing

if TYPE_CHECKING:
    from collections.abc import Iterable, Set

    from tui_labeler.engine.documents.documents import Documents
    from tui_labeler.engine.label_files import LabelFiles
    from tui_labeler.engine.ports import ProjectStore, Shelf, State, Surroundings, Transaction
    from tui_labeler.engine.ports.sharing import SyncBase


class Sharing:
    """Labels in the container, for everybody. In a folder they are there only where the project says so."""

    def __init__(
        self,
        store: ProjectStore,
        shelf: Shelf,
        base: SyncBase,
        documents: Documents,
        label_files: LabelFiles,
        surroundings: Surroundings,
        *,
        is_remote: bool,
    ) -> None:
        self._store = store
        self._shelf = shelf
        self._base = base
        self._documents = documents
        self._label_files = label_files
        self._surroundings = surroundings
        self._is_remote = is_remote
        self._syncing = Syncing(store, shelf, base, surroundings)
        self._pending = Pending(store, base)
        self._decisions = Decisions(store, base, surroundings)
        self.turns = 0
        """How often a conflict was decided, or a decision taken back, since the project was opened."""
        self.ledger = self._syncing.ledger

    @property
    def is_remote(self) -> bool:
        """The container is no folder on this machine: labels are always shared, over a line."""
        return self._is_remote

    @property
    def is_on(self) -> bool:
        return self._is_remote or self._store.state.project.settings.share_labels

    async def sync(self, *, pull: bool = True, push: bool = True, progress: Progress | None = None) -> Shared:
        """Does nothing where labels are not shared. Raises as :meth:`Syncing.sync`.

        Where the container may be read and refuses to be written, what others have made is taken all the
        same; then the refusal is raised.
        """
        if not self.is_on:
            return Shared()
        try:
            return await self._syncing.sync(pull=pull, push=push, progress=progress)
        except UnreachableError:
            raise
        except ContainerError as error:
            if pull and push:
                await self._syncing.sync(pull=True, push=False, progress=progress)
                raise _only_read(error, self._store.state.project.name) from error
            raise

    async def pending(self) -> int:
        """How many documents (categories and settings count as one) the container does not hold as they are
        here; nothing is asked of the container. Drafts don't count, nor does what is in conflict."""
        return await self._pending.count() if self.is_on else 0

    async def unusable(self) -> int:
        """How many documents have a file in the container that the last sync could not use."""
        return len((await self._base.project()).broken) if self.is_on else 0

    async def check_base(self) -> None:
        """Reads all that was agreed on with the container. Raises ``StorageError``."""
        await self._base.project()
        for number in sorted(await self._base.marks()):
            await self._base.agreed([number])

    async def conflicts(self) -> tuple[LabelConflict, ...]:
        """What waits for a person; nothing is asked of the container."""
        return await open_conflicts(self._store, self._base, self._surroundings.actor)

    async def quoted(self, conflicts: Iterable[LabelConflict]) -> tuple[LabelConflict, ...]:
        """With the words that they are about, where the documents' texts can be read."""
        return tuple([await self._quoted(conflict) for conflict in conflicts])

    async def _quoted(self, conflict: LabelConflict) -> LabelConflict:
        number = self._store.state.document_id(conflict.location)
        if number is None or not any(line.spans for line in (*conflict.ours, *conflict.theirs)):
            return conflict
        try:
            found = await self._documents.text(number)
        except LabelerError:
            return conflict
        return conflict.quoted(found.text, found.text_hash)

    async def resolve(self, location: str, take: Side, item: str | None = None) -> tuple[LabelConflict, ...]:
        """See :func:`~tui_labeler.engine.sharing.conflicts.resolve`."""
        decided = await resolve(
            self._store, self._base, self._surroundings, location, take, item, self._quoted
        )
        self._turned()
        return decided

    async def turn(self, made: Transaction, plan: Plan, later: Set[str]) -> Transaction | None:
        """See :meth:`~tui_labeler.engine.sharing.decisions.Decisions.turn`."""
        try:
            return await self._decisions.turn(made, plan, later)
        finally:
            self._turned()

    def _turned(self) -> None:
        self._pending.forget()
        self.turns += 1

    async def share(self, *, on: bool) -> None:
        """Keeps labels in the folder from the next sync on, or leaves them where they are.

        Raises ``InputError`` where the folder holds another project of that name, and for a container that is
        no folder: its labels are always shared.
        """
        project = self._store.state.project
        if self._is_remote:
            if not on:
                raise InputError(
                    "Labels of a container in Blob storage are always shared.",
                    hint="Copy the documents into a folder to keep labels to yourself.",
                )
            return
        if on and not project.settings.share_labels:
            await claim_own(self._shelf, project.name, project.kind, project.id)

        def plan(state: State) -> Plan:
            settings = replace(state.project.settings, share_labels=on)
            return Plan("project.settings", [put_project(state, replace(state.project, settings=settings))])

        await self._store.commit(self._surroundings.actor, plan)

    async def publish(self) -> Published:
        """Writes the Azure labels file at the container's root. Raises as :meth:`LabelFiles.write`, and as
        :meth:`Exported.check_not_hollow`."""
        exported = await self._label_files.write("azure", in_text_order=True)
        exported.check_not_hollow()
        return await publish(self._shelf, self._store.state.project.id, exported, self._surroundings.now())


def _only_read(refused: ContainerError, name: str) -> ContainerError:
    """The refusal to write, for people who may read: what they have, and how they go on."""
    taken = "What others have made was taken; labels made here wait."
    command = f"`tui-labeler sync {shlex.quote(name)} --pull` only reads, and is not refused."
    return ContainerError(
        refused.message,
        hint=f"{taken} {command} {refused.hint}".rstrip(),
        on_screen=f"{taken} {refused.on_screen}".rstrip(),
    )
