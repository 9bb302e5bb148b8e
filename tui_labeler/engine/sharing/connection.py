"""The record of a connection: in the container for everybody, and as it was last seen in this home.

Each step is written with the mark of what it was decided on, so that of two people one is first and the other
is told. What a process left half done is finished or taken back by whoever looks next.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tui_labeler.domain.handover import Doer, Handover, Phase, TakenBack
from tui_labeler.engine.actions import HANDED_OVER, TAKEN_IN, UNDO
from tui_labeler.engine.changes import put_project
from tui_labeler.engine.errors import (
    ContainerError,
    LockedError,
    NotFoundError,
    OutdatedError,
    RefusedError,
)
from tui_labeler.engine.ports import Plan
from tui_labeler.engine.sharing.connection_files import (
    instructions_file,
    read_record,
    read_register,
    record_file,
    register_file,
    written_instructions,
    written_record,
    written_register,
)

if TYPE_CHECKING:
    from tui_labeler.domain.handover import AmlProject
    from tui_labeler.engine.ports import ProjectStore, Shelf, State, Surroundings, Transaction

LEFT_AFTER = 900.0
"""Seconds, by the container's clock, after which nobody is taken to be at a step any more: a large export or
import has to get through."""


class Ledger:
    """Reads and writes one project's record."""

    def __init__(self, store: ProjectStore, shelf: Shelf, surroundings: Surroundings) -> None:
        self._store = store
        self._shelf = shelf
        self._around = surroundings
        self.is_busy = False
        """This very process is in the middle of a step."""
        self._seen: tuple[str, int, Transaction | None] = ("", 0, None)
        """When the labels from there came, how much of the history since was looked at, what was found."""

    @property
    def known(self) -> Handover:
        """As it was last seen."""
        return self._store.state.project.handover

    @property
    def _name(self) -> str:
        return record_file(self._store.state.project.id)

    def doer(self) -> Doer:
        around = self._around
        return Doer(around.actor, around.host, around.pid, around.session)

    async def fetched(self, etag: str | None = "") -> Handover:
        """The record as it is in the container, after what was interrupted was brought to an end.

        ``etag`` is that of a listing: nothing is fetched where it is known; ``None`` where there is no file.
        One that somebody removed leaves what was last seen. Raises ``ContainerError``, ``FormatError``.
        """
        known = self.known
        if etag is None or (etag and etag == known.etag):
            found = known
        else:
            try:
                data, mark = await self._shelf.get(self._name)
            except NotFoundError:
                found = replace(known, etag="")
            else:
                found = read_record(data, mark, self._name)
            await self.keep(found)
        if found.is_under_way and await self._is_left(found):
            found = await self.settled(found)
        return found

    async def keep(self, handover: Handover) -> None:
        """The last one seen: it holds offline, in every process of this home."""

        def plan(state: State) -> Plan | None:
            if state.project.handover == handover:
                return None
            return Plan(HANDED_OVER, [put_project(state, replace(state.project, handover=handover))])

        await self._store.commit(self._around.actor, plan)

    async def write(self, handover: Handover, on: Handover) -> Handover:
        """Writes what was decided ``on`` a record that was read.

        Raises ``LockedError`` where somebody was faster.
        """
        try:
            etag = await self._shelf.put(self._name, written_record(handover), etag=on.etag or None)
        except OutdatedError:
            if (there := await self._own(handover)) is not None:
                return there
            found = await self.fetched()
            raise LockedError(
                f"Somebody else was faster: the project is {found.phase}, by {found.by.actor or 'somebody'}.",
                hint="Look how it stands (`tui-labeler aml status`), then decide anew.",
                on_screen="Look how it stands, then decide anew.",
            ) from None
        written = replace(handover, etag=etag)
        await self.keep(written)
        return written

    async def _own(self, wanted: Handover) -> Handover | None:
        """What this process had written already: its answer was lost on the way."""
        try:
            data, etag = await self._shelf.get(self._name)
        except NotFoundError:
            return None
        found = read_record(data, etag, self._name)
        if replace(found, etag="") != replace(wanted, etag=""):
            return None
        await self.keep(found)
        return found

    def at(self, on: Handover, phase: Phase) -> Handover:
        """The record with another phase, from here and now on."""
        return on.arrived(phase, self._around.now(), self.doer())

    # --- what was taken back ------------------------------------------------------------------------

    async def taken_back(self) -> TakenBack | None:
        """Whether the last labels from there were taken back: in this home, or in another that has told."""
        taken = self.known.taken
        if taken is None:
            return None
        last = await self._last_turn(taken.time)
        if last is not None:
            return TakenBack(last.actor, is_here=True) if last.action == UNDO else None
        return TakenBack(taken.back_by, is_here=False) if taken.back_by else None

    async def tell(self, found: Handover) -> Handover:
        """Puts into the record that this home has taken the last labels back, or has done so no more.

        Where that can't be written, whoever looks next from this home tells it.
        """
        taken = found.taken
        if taken is None or found.is_under_way or not found.is_connected:
            return found
        last = await self._last_turn(taken.time)
        by = last.actor if last is not None and last.action == UNDO else ""
        if last is None or by == taken.back_by:
            return found
        try:
            return await self.write(replace(found, taken=replace(taken, back_by=by)), found)
        except (LockedError, ContainerError):
            return self.known

    async def _last_turn(self, since: str) -> Transaction | None:
        """The last undo or redo in this home of the labels that came in at a time; ``None`` for none."""
        await self._store.refresh()
        time, upto, found = self._seen if self._seen[0] == since else (since, 0, None)
        newest = upto
        async for transaction in self._store.history():
            newest = max(newest, transaction.seq)
            if transaction.time < time or transaction.seq <= upto:
                break
            if transaction.action == TAKEN_IN:
                found = None
                break
            if transaction.changes and transaction.note.get("action") == TAKEN_IN:
                found = transaction
                break
        self._seen = (since, newest, found)
        return found

    # --- what was interrupted -----------------------------------------------------------------------

    async def _is_left(self, found: Handover) -> bool:
        """Whether nobody is at it any more."""
        by = found.by
        if by.session == self._around.session:
            return not self.is_busy
        if by.host == self._around.host and by.pid and not self._around.is_alive(by.pid):
            return True
        # Elsewhere, or under the number of a process that lives: only time tells.
        dated = {blob.name: blob.age for blob in await self._shelf.dated(self._name)}
        age = dated.get(self._name)
        return age is None or abs(age) >= LEFT_AFTER

    async def settled(self, found: Handover) -> Handover:
        """Goes on with connecting, and back from switching, which is to be begun anew then."""
        if found.phase is Phase.CONNECTING:
            return await self.finish_connecting(found)
        return await self.write(found.taken_back(self._around.now(), self.doer()), found)

    async def finish_connecting(self, found: Handover) -> Handover:
        """Registers the pair for good, writes the instructions, opens labeling again.

        May be done twice. Raises ``RefusedError`` where the labeling project was joined with another.
        """
        assert found.terms is not None
        state = self._store.state
        project = state.project
        register = written_register(project, found.terms, found.token, found.by.actor, found.since)
        try:
            await self._shelf.put(register_file(found.terms.aml), register, etag=None)
        except OutdatedError:
            joined = await self.joined(found.terms.aml)
            if joined is None or joined[1] != found.token:
                await self.write(Handover(since=self._around.now(), by=self.doer()), found)
                raise once_for_all(found.terms.aml, joined[0] if joined else "another one") from None
        words = written_instructions(project, state.categories.values(), found.terms.instructions)
        await self.replace_file(instructions_file(project.id), words)
        return await self.write(self.at(found, Phase.HERE), found)

    async def joined(self, aml: AmlProject) -> tuple[str, str] | None:
        """The project that a labeling project was ever joined with, by name, and the connection's token."""
        name = register_file(aml)
        try:
            data, _ = await self._shelf.get(name)
        except NotFoundError:
            return None
        found = read_register(data, name)
        return str(found.get("project") or "another one"), str(found.get("token") or "")

    async def replace_file(self, name: str, content: bytes) -> None:
        """Writes a file of the hand-over's own, whatever it held."""
        for _ in range(3):
            etag: str | None = None
            try:
                there, etag = await self._shelf.get(name)
            except NotFoundError:
                pass
            else:
                if there == content:
                    return
            try:
                await self._shelf.put(name, content, etag=etag)
            except OutdatedError:
                continue
            return
        raise LockedError(f"Others write {name} all the time.", hint="Try again.")


def once_for_all(aml: AmlProject, project: str) -> RefusedError:
    """What is raised for a labeling project that was joined before."""
    return RefusedError(
        f"{aml.words} was joined with the project {project} before: a labeling project is joined once, and "
        "never again.",
        hint="Name another one: a new labeling project in Azure Machine Learning.",
    )
