"""A job through the batch API: its questions go out in files, and what comes back is kept as answers.

The documents are gone through in passes. A pass labels those whose answers are all there and gathers the
questions of the others; these are sent, waited for and kept, and the next pass goes on from there. What a
first answer asks for (a repair of its form, more room for its end) is asked in the batch of the next pass, at
the same price: a deployment for batches answers nothing else. What waits in a batch of another job is looked
for in each pass, and a document fails for it only when this job has nothing left to ask.

What is paid for is on disk at every moment: a file is journaled before a batch is made of it, and a batch
that nobody heard of again is found by its file. A crash leaves at most a file at the server that was not
journaled, and that costs nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from tui_labeler.engine.autolabelers.batching import Ledger
from tui_labeler.engine.autolabelers.in_batches import short
from tui_labeler.engine.deployments.batches import (
    CANCEL_SECONDS,
    BatchGoneError,
    BatchModel,
    BatchState,
    BatchStatus,
    BatchStoppedError,
    CrowdedError,
)
from tui_labeler.engine.deployments.chat import (
    BusyError,
    ResourceError,
    TroubleError,
    UnansweredError,
    UnsupportedError,
)
from tui_labeler.engine.finishing import finished
from tui_labeler.engine.ports import JobJournal
from tui_labeler.engine.runs.batch_results import collect
from tui_labeler.engine.runs.sent import BatchPace, Sent
from tui_labeler.engine.wording import counted

if TYPE_CHECKING:
    from tui_labeler.engine.autolabelers.batching import Draft
    from tui_labeler.engine.errors import LabelerError

T = TypeVar("T")

PATIENCE = 60
"""Looks in a row that meet nothing but trouble, before the job ends."""

UPLOADS = 5
"""Tries to send one file."""

LONGEST_WAIT = 60
"""Looks between two tries to begin a batch that the service has no room for."""

ALONE = 3
"""Tries of a file that has no other of the job beside it, before it is cut in two."""


@dataclass(slots=True)
class BatchRun:
    """One run of a job through the batch API, from what earlier runs left to its end."""

    journal: JobJournal
    model: BatchModel
    ledger: Ledger
    pace: BatchPace = field(default_factory=BatchPace)
    _sent: list[Sent] = field(default_factory=list)
    _misses: int = 0
    _gone: int = 0
    """Batches that were cancelled, and not by this program."""

    async def run(self, one_pass: Callable[[], Awaitable[T]]) -> T:
        """Goes through the documents until there is nothing left to ask; returns what the last pass does.

        ``one_pass`` labels with the ledger. A job whose cancel is asked for already only stops what is at
        the server, and is cancelled. Raises a ``LabelerError`` that ends the job; what is at the
        server then is taken up by the next run.
        """
        records = self.journal.preparation.get("batches", ())
        self._sent = [Sent(**record) for record in records]
        for sent in self._sent:
            self.ledger.attempts.update(sent.attempts)
            self.ledger.each = sent.each[0], sent.each[1]
        try:
            if self.journal.cancel_requested():
                raise asyncio.CancelledError
            return await self._rounds(one_pass)
        except asyncio.CancelledError:
            await self._stop(one_pass)
            raise
        except ResourceError as error:
            if any(sent.batch and not sent.collected for sent in self._sent):
                more = "What was sent before goes on: resume the job to collect it."
                error.hint = f"{error.hint} {more}".strip()
                error.on_screen = f"{error.on_screen} {more}".strip()
            raise
        finally:
            self.ledger.close()

    async def _rounds(self, one_pass: Callable[[], Awaitable[T]]) -> T:
        if self._sent:
            await self._settle(look_first=True)
            await self._pass(one_pass, gathers=False)
        while True:
            result = await self._pass(one_pass, gathers=True)
            if self.ledger.put_off and not (self.ledger.drafts or self.ledger.short):
                # No round of this job's own is left in which other jobs' batches could come back.
                result = await self._pass(one_pass, gathers=True, puts_off=False)
            if not self.ledger.drafts:
                if self.ledger.short:
                    raise self.ledger.spending.refusal()
                return result
            for draft in self.ledger.drafts:
                await self._send(draft)
            await self._settle(look_first=False)

    async def _pass(self, one_pass: Callable[[], Awaitable[T]], *, gathers: bool, puts_off: bool = True) -> T:
        await self.ledger.begin_pass(gathers=gathers and not self._gone, puts_off=puts_off)
        result = await one_pass()
        await self._forget_collected()
        if self._gone:
            were = counted(self._gone, "batch of the job was", "batches of the job were")
            raise BatchStoppedError(
                f"{were} cancelled at the service.",
                hint="Resume the job to ask what was not answered once more.",
            )
        return result

    # --- out ----------------------------------------------------------------------------------------

    async def _send(self, draft: Draft) -> None:
        rows = draft.file.rows
        await self._tell(f"batch: sending {counted(rows, 'question')}")
        number = self.journal.preparation.get("batches_made", 0) + 1
        name = f"{self.journal.job.id}-{number}"
        asked_before = {key: self.ledger.attempts[key] for key in draft.keys & self.ledger.attempts.keys()}
        sent = Sent(
            await self._uploaded(draft, name),
            rows,
            attempts=asked_before,
            each=self.ledger.each_of(draft.keys),
            out=short(draft.keys),
            keys=frozenset(draft.keys),
            name=name,
        )
        draft.file.close()
        # A file of its own: no batch can have been made of it before it is journaled.
        sent.unsure = False
        self._sent.append(sent)
        await self._save(number)
        await finished(self._begin(sent))

    async def _uploaded(self, draft: Draft, name: str) -> str:
        for number in range(1, UPLOADS + 1):
            try:
                return await self.model.upload(draft.file, name)
            except (BusyError, TroubleError) as error:
                if number == UPLOADS:
                    raise ResourceError(error.message, hint="Resume the job later.") from error
                await self._tell(f"batch: {error.message} Next try in {self.pace.every:g} s")
                await self.pace.wait(self.pace.every)
        raise AssertionError("unreachable")

    async def _begin(self, sent: Sent) -> None:
        """Makes a batch of a file, unless there is one; where the service has no room, another time."""
        try:
            state = await self.model.find(sent.file) if sent.unsure else None
            if state is None:
                sent.unsure = True
                state = await self.model.create(sent.file, sent.name or self.journal.job.id)
        except CrowdedError:
            sent.unsure = False
            self._put_off(sent)
        except BusyError:
            sent.unsure = False
        except TroubleError as error:
            self._missed(error)
        except (UnansweredError, UnsupportedError, BatchGoneError) as error:
            await self._drop(sent)
            raise ResourceError(f"The service makes no batch. {error.message}", hint=error.hint) from error
        else:
            sent.unsure, sent.batch, sent.state = False, state.id, state
            await self._save()

    def _put_off(self, sent: Sent) -> None:
        """Where only this file waits and there is no room for it, it may be too large by itself."""
        sent.tries += 1
        sent.pause = min(LONGEST_WAIT, 2 ** (sent.tries - 1)) - 1

    # --- waiting ------------------------------------------------------------------------------------

    async def _settle(self, *, look_first: bool) -> None:
        """Waits until every batch is over, and keeps what came of it."""
        while True:
            if look_first:
                for sent in [item for item in self._sent if not item.collected]:
                    await self._look(sent)
            look_first = True
            if all(sent.collected for sent in self._sent):
                return
            await self._tell(self._words())
            await self.pace.wait(self.pace.every)

    async def _look(self, sent: Sent) -> None:
        try:
            if not sent.batch:
                await self._try_again(sent)
                return
            sent.state = state = await self.model.state(sent.batch)
            if state.status is BatchStatus.FAILED:
                await self._failed(sent, state)
            elif state.status.is_over:
                await self._collect(sent, state)
            self._misses = 0
        except (BusyError, TroubleError) as error:
            self._missed(error)
        except BatchGoneError as error:
            await self._drop(sent)
            raise ResourceError(
                f"{error.message} What it has answered is lost.",
                hint="Resume the job to ask it again, which costs again.",
            ) from error

    async def _try_again(self, sent: Sent) -> None:
        if sent.pause:
            sent.pause -= 1
            return
        others = any(item.batch and not item.collected for item in self._sent)
        if sent.tries >= ALONE and not others and sent.rows > 1:
            # The next pass gathers its questions again, into smaller files.
            self.ledger.in_file = (sent.rows + 1) // 2
            await self._drop(sent)
            return
        await finished(self._begin(sent))

    async def _failed(self, sent: Sent, state: BatchState) -> None:
        if state.crowded:
            sent.batch, sent.state = "", None
            self._put_off(sent)
            await self._save()
            return
        await self._drop(sent)
        raise ResourceError(
            f"The service refuses the batch: {state.reason or 'it does not say why'}.",
            hint="Nothing of it was asked. Check that the deployment is one for batches.",
        )

    def _missed(self, error: LabelerError) -> None:
        self._misses += 1
        if self._misses >= PATIENCE:
            raise ResourceError(
                f"The batch can't be looked at. {error.message}",
                hint="It goes on without this program: resume the job within some days to collect it.",
            ) from error

    def _words(self) -> str:
        waiting = [sent for sent in self._sent if not sent.collected]
        answered = sum(sent.state.answered for sent in self._sent if sent.state)
        status = next((sent.state.status.words for sent in waiting if sent.state), "waiting for room")
        name = "batch" if len(self._sent) == 1 else f"{len(self._sent)} batches"
        rows = sum(sent.rows for sent in self._sent)
        words = f"{name}: {status}, {answered:,} of {rows:,} answered"
        trouble = " (the service can't be asked at the moment)" if self._misses else ""
        return f"{words}{trouble}; next look in {self.pace.every:g} s"

    async def _tell(self, words: str) -> None:
        answered = sum(sent.state.answered for sent in self._sent if sent.state)
        await self.journal.stage(words, answered, sum(sent.rows for sent in self._sent))

    # --- in -----------------------------------------------------------------------------------------

    async def _collect(self, sent: Sent, state: BatchState) -> None:
        await collect(self.model, state, sent.keys, self.ledger)
        self._gone += state.status is BatchStatus.CANCELLED and not sent.stopped
        sent.collected = True

    async def _forget_collected(self) -> None:
        """What is labeled, or failed in the job's own records, is needed no more."""
        collected = [sent for sent in self._sent if sent.collected]
        if not collected:
            return
        self._sent = [sent for sent in self._sent if not sent.collected]
        await self._save()
        for sent in collected:
            if sent.state is not None:
                await self._forget(sent.state)

    async def _forget(self, state: BatchState) -> None:
        # Left behind, they only take room: the service deletes them after some weeks.
        with suppress(BusyError, TroubleError, UnansweredError, ResourceError, BatchGoneError):
            await self.model.forget(state)

    async def _drop(self, sent: Sent) -> None:
        """Nothing will come of it: its file goes too."""
        self._sent.remove(sent)
        await self._save()
        answered = sent.state.files if sent.state is not None else ()
        await self._forget(BatchState(sent.batch, BatchStatus.FAILED, files=answered, sent=sent.file))

    async def _save(self, made: int | None = None) -> None:
        number = {} if made is None else {"batches_made": made}
        await self.journal.prepared({"batches": [sent.as_record() for sent in self._sent], **number})

    # --- cancel -------------------------------------------------------------------------------------

    async def _stop(self, one_pass: Callable[[], Awaitable[T]]) -> None:
        """Cancels what is at the server and labels with what was answered until then.

        Raises ``BatchStoppedError`` where that is not all of it: the server takes its time, or what was
        answered before is being labeled.
        """
        was_labeling = any(sent.collected for sent in self._sent)
        for sent in [item for item in self._sent if not item.collected]:
            with suppress(BusyError, TroubleError, ResourceError, BatchGoneError, TimeoutError):
                async with asyncio.timeout(CANCEL_SECONDS):
                    await self._cancel(sent)
            state = sent.state
            if state is not None and state.status.is_over and sent in self._sent:
                with suppress(BusyError, TroubleError, ResourceError, BatchGoneError):
                    await self._collect(sent, state)
        if was_labeling:
            raise BatchStoppedError(
                "What was answered is kept, and not all of it is labeled yet.",
                hint="Resume the job to label it, which costs nothing more.",
            )
        if any(sent.collected for sent in self._sent):
            await self._pass(one_pass, gathers=False)
        if self._sent:
            raise BatchStoppedError(
                f"{counted(len(self._sent), 'batch is', 'batches are')} not cancelled at the service yet; "
                "what is answered until then is paid for.",
                hint="Resume the job to collect it.",
            )

    async def _cancel(self, sent: Sent) -> None:
        if not sent.batch and sent.unsure:
            found = await self.model.find(sent.file)
            sent.batch = found.id if found else ""
        if not sent.batch:
            await self._drop(sent)
            return
        sent.stopped = True
        await self._save()
        sent.state = state = await self.model.cancel(sent.batch)
        sent.cancelling = True
        await (self._drop(sent) if state.status is BatchStatus.FAILED else self._save())
