"""The steps of a hand-over to Azure Machine Learning, from connecting to disconnecting.

No service is called: the two sides meet in the container. Here stands who has the pen, the labels at the last
switch, and the instructions; from there come the JSON Lines that Azure Machine Learning exports.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tui_labeler.domain.handover import Handover, Phase, Side, Step, Taken, TakenBack, Terms, forbidden
from tui_labeler.domain.handover_needs import Facts, Need, needs
from tui_labeler.domain.jobs import JobKind
from tui_labeler.engine.errors import InputError, LabelerError
from tui_labeler.engine.handover.taking_in import FORMAT, Doing, HandoverError, TakenIn, TakingIn, Unclear
from tui_labeler.engine.label_files import NO_CHOICES, Exported
from tui_labeler.engine.sharing.connection import once_for_all
from tui_labeler.engine.sharing.connection_files import labels_file
from tui_labeler.engine.wording import counted

if TYPE_CHECKING:
    from tui_labeler.engine.jobs.jobs import Jobs
    from tui_labeler.engine.label_files import LabelFiles
    from tui_labeler.engine.ports import Blob, ProjectStore, Shelf, Surroundings
    from tui_labeler.engine.sharing.connection import Ledger
    from tui_labeler.engine.sharing.sharing import Sharing


@dataclass(frozen=True, slots=True)
class Switched:
    """What a switch did."""

    handover: Handover
    exported: Exported | None = None
    """The labels that were laid beside the instructions; where the pen went there."""
    taken: TakenIn | None = None
    """The labels that came back with it."""


def _silent(doing: str) -> None:
    """For whoever need not hear it."""


class HandingOver:
    """One project's connection to Azure Machine Learning."""

    def __init__(
        self,
        store: ProjectStore,
        shelf: Shelf,
        ledger: Ledger,
        sharing: Sharing,
        label_files: LabelFiles,
        jobs: Jobs,
        surroundings: Surroundings,
    ) -> None:
        self._store = store
        self.ledger = ledger
        self._sharing = sharing
        self._label_files = label_files
        self._taking_in = TakingIn(shelf, label_files)
        self._jobs = jobs
        self._around = surroundings

    @property
    def known(self) -> Handover:
        """As it was last seen: nothing is asked."""
        return self.ledger.known

    async def look(self) -> Handover:
        """As the container has it; what was interrupted is brought to an end first.

        A folder can't be connected: nothing is asked of it. Raises ``ContainerError``, ``FormatError``.
        """
        if not self._sharing.is_remote:
            return self.known
        return await self.ledger.tell(await self.ledger.fetched())

    def needs(self) -> tuple[Need, ...]:
        """The prerequisites, as they stand."""
        state = self._store.state
        project = state.project
        return needs(
            Facts(
                least=2 if project.kind.is_classification else 1,
                nouns=project.kind.nouns,
                is_blob=self._sharing.is_remote,
                container=project.container,
                documents=len(state.rows),
                categories=len(state.categories),
                multilingual=project.multilingual,
                language=project.language,
            )
        )

    # --- connecting ---------------------------------------------------------------------------------

    async def connect(self, terms: Terms) -> Handover:
        """Connects, for good: the labeling project can never be joined with another one.

        Labeling is off for the moment that it takes. Raises ``HandoverError`` for a prerequisite that is not
        met and for a step out of turn, ``RefusedError`` for a labeling project that was joined before or
        while a job labels, ``LockedError`` where somebody else was faster.
        """
        await self._store.refresh()
        self.check_needs()
        on = await self.ledger.fetched()
        self._check(on, Step.CONNECT)
        await self._check_jobs()
        joined = await self.ledger.joined(terms.aml)
        if joined is not None:
            raise once_for_all(terms.aml, joined[0])
        async with self._at_work():
            new = Handover(
                Phase.CONNECTING,
                terms,
                self._around.now(),
                self.ledger.doer(),
                token=self._around.new_id(),
            )
            return await self.ledger.finish_connecting(await self.ledger.write(new, on))

    def check_needs(self) -> None:
        """Raises ``HandoverError`` naming each prerequisite that is not met, and what to do about it."""
        missing = [need for need in self.needs() if not need.met]
        if missing:
            found = "; ".join(f"{need.name} ({need.detail})" for need in missing)
            raise HandoverError(
                f"It can't be connected yet: {found}.", hint=" ".join(need.todo for need in missing)
            )

    # --- switching ----------------------------------------------------------------------------------

    async def to_aml(self, doing: Doing = _silent) -> Switched:
        """Gives the pen away: what is here goes to everybody and into a file, then labeling here is off.

        Raises ``HandoverError`` for a step out of turn, and while jobs, drafts or conflicts of this home are
        open, naming them; ``LockedError`` where somebody else was faster.
        """
        on = await self._begin(Step.TO_AML)
        await self._check_jobs()
        self._check_drafts()
        doing("syncing labels")
        await self._sharing.sync()
        conflicts = await self._sharing.conflicts()
        if conflicts:
            names = ", ".join(dict.fromkeys(conflict.location for conflict in conflicts))
            raise HandoverError(
                f"{counted(len(conflicts), 'conflict waits', 'conflicts wait')} for a decision: {names}.",
                hint="Decide them first: `tui-labeler sync PROJECT --resolve LOCATION --take ours`.",
                on_screen="Decide them first (Y where texts are labeled).",
            )
        async with self._switching(on, Side.AML) as begun:
            doing("writing the labels for Azure Machine Learning")
            await self._check_jobs()
            exported = await self._label_files.write(FORMAT, in_text_order=True)
            exported.check_not_hollow()
            await self.ledger.replace_file(labels_file(self._store.state.project.id), exported.data)
            laid = replace(self.ledger.at(begun, Phase.AML), laid=self._around.now())
            done = await self.ledger.write(laid, begun)
        return Switched(done, exported)

    async def to_here(
        self,
        *,
        name: str = "",
        without_labels: bool = False,
        choices: Mapping[str, str] = NO_CHOICES,
        doing: Doing = _silent,
    ) -> Switched:
        """Takes the pen back, and with it the latest labels from there, or those of the file ``name``.

        ``choices`` say which document a row is, as in an import. Raises ``HandoverError`` for a step out of
        turn and where there is no such file, unless ``without_labels``; as an import does for a file that
        can't be read: then the pen stays there.
        """
        on = await self._begin(Step.TO_HERE)
        async with self._switching(on, Side.HERE) as begun:
            taken = None if without_labels else await self._taking_in.take_in(begun, name, doing, choices)
            known = begun if taken is None else replace(begun, taken=self._note(taken))
            done = await self.ledger.write(self.ledger.at(known, Phase.HERE), begun)
        return Switched(done, taken=taken)

    @asynccontextmanager
    async def _switching(self, on: Handover, towards: Side) -> AsyncIterator[Handover]:
        """Nobody has the pen meanwhile; what fails leaves it where it was."""
        async with self._at_work():
            begun = on.begun(towards, self._around.now(), self.ledger.doer())
            begun = await self.ledger.write(begun, on)
            try:
                yield begun
            except LabelerError:
                if self.ledger.known == begun:
                    await self.ledger.settled(begun)
                raise

    # --- labels from there --------------------------------------------------------------------------

    async def exports(self) -> tuple[Blob, ...]:
        """See :meth:`~tui_labeler.engine.handover.taking_in.TakingIn.exports`."""
        return await self._taking_in.exports(self.known)

    async def unclear(self, name: str = "", doing: Doing = _silent) -> Unclear:
        """Rows of the latest export, or of the file ``name``, that several documents answer to.

        Nothing is changed. Raises as :meth:`import_labels`, but for a step out of turn.
        """
        return await self._taking_in.unclear(self.known, name, doing)

    async def import_labels(
        self, name: str = "", doing: Doing = _silent, choices: Mapping[str, str] = NO_CHOICES
    ) -> TakenIn:
        """The latest labels from there, or those of the file ``name``, in the place of those that were here.

        ``choices`` say which document a row is, as in an import. Raises ``HandoverError`` for a step out of
        turn and where there is no such file; as an import does for a file that can't be read.
        """
        on = await self._begin(Step.IMPORT)
        taken = await self._taking_in.take_in(on, name, doing, choices)
        await self.ledger.write(replace(on, taken=self._note(taken)), on)
        return taken

    async def taken_back(self) -> TakenBack | None:
        """Whether an undo, here or in a home that has told, has taken back the last labels from there."""
        return await self.ledger.taken_back()

    def _note(self, taken: TakenIn) -> Taken:
        imported = taken.imported
        return Taken(taken.name, self._around.now(), imported.labels + imported.unchanged)

    # --- the end ------------------------------------------------------------------------------------

    async def check_disconnect(self) -> None:
        """Raises ``HandoverError`` where it can't be disconnected as things stand."""
        await self._begin(Step.DISCONNECT)

    async def disconnect(self, typed: str) -> Handover:
        """Ends the connection for ever; ``typed`` is the project's name, as a person typed it.

        Raises ``InputError`` for another name, ``HandoverError`` for a step out of turn.
        """
        on = await self._begin(Step.DISCONNECT)
        name = self._store.state.project.name
        if typed != name:
            raise InputError(
                f"{typed!r} is not the project's name: the connection stays.",
                hint=f"Disconnecting is for ever. Type the name {name!r} to confirm it.",
            )
        await self._sharing.sync()
        on = self.known if self.known.phase is Phase.HERE else await self._begin(Step.DISCONNECT)
        return await self.ledger.write(self.ledger.at(on, Phase.DISCONNECTED), on)

    # --- rules --------------------------------------------------------------------------------------

    async def _begin(self, step: Step) -> Handover:
        """The record as it is, where the step may be made. Raises ``HandoverError``."""
        await self._store.refresh()
        if not self._sharing.is_remote:
            self._check(self.known, step)
        on = await self.ledger.fetched()
        self._check(on, step)
        return on

    def check(self, step: Step) -> None:
        """By what was last seen: raises ``HandoverError`` where the step can't be made."""
        self._check(self.known, step)
        if step is Step.CONNECT:
            self.check_needs()

    def _check(self, on: Handover, step: Step) -> None:
        rule = forbidden(on, step, self._around.actor)
        if rule is not None:
            raise HandoverError(rule.message, hint=rule.todo, on_screen=rule.on_screen)

    async def _check_jobs(self) -> None:
        """Raises ``HandoverError`` while a job of this home makes suggestions."""
        jobs = await self._jobs.list()
        open_ = [job.id for job in jobs if job.request.kind is JobKind.AUTOLABEL and not job.state.is_over]
        if open_:
            raise HandoverError(
                f"{'A job labels' if len(open_) == 1 else 'Jobs label'} documents of the project: "
                f"{', '.join(open_)}.",
                hint="Wait for the end, or cancel first.",
            )

    def _check_drafts(self) -> None:
        """Raises ``HandoverError`` while somebody's decisions in this home are not saved."""
        drafts = {name: count for name, count in self._store.state.totals.drafts.items() if count}
        if drafts:
            whose = ", ".join(
                f"{counted(count, 'draft decision')} of {name}" for name, count in drafts.items()
            )
            raise HandoverError(
                f"Not saved yet: {whose}.",
                hint="Save first (`label`, `accept` and `export --save` do), or take them back.",
                on_screen="Save first (ctrl+s), or take them back.",
            )

    @asynccontextmanager
    async def _at_work(self) -> AsyncIterator[None]:
        self.ledger.is_busy = True
        try:
            yield
        finally:
            self.ledger.is_busy = False
