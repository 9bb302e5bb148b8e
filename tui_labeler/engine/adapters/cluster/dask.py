"""A :class:`~tui_labeler.engine.ports.cluster.Cluster` of Dask workers, through joblib's backend for Dask.

Needs the extra ``dask``. Whoever can reach a scheduler runs programs on its workers, and what comes back from
it is unpickled here: a cluster is trusted as much as this machine.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import aclosing, contextmanager, suppress
from typing import TYPE_CHECKING, Any

import dask.config
from distributed import Future
from distributed.client import ClosedClientError
from distributed.scheduler import KilledWorker
from joblib import Parallel, delayed, parallel_config

from tui_labeler import __version__
from tui_labeler.engine.adapters.cluster.backend import Feed, HearingDask, LostError, Part
from tui_labeler.engine.adapters.cluster.connecting import Patience, connected
from tui_labeler.engine.adapters.cluster.work import Labeled, label_part, version
from tui_labeler.engine.adapters.cluster.workers import Doubts, Watch, workers_needed
from tui_labeler.engine.errors import OutsideError

if TYPE_CHECKING:
    from tui_labeler.domain.jobs import Answer, DocumentFailure
    from tui_labeler.engine.ports import Container
    from tui_labeler.engine.ports.cluster import Giver, Order

LOSSES = 3
"""Times that all that was under way may be lost, one after the other, with nothing done in between."""

PATIENCE = Patience()


class DaskCluster:
    """Workers of one scheduler. Made by :meth:`connect`."""

    def __init__(
        self, client: Any, address: str, open_container: Callable[[str], Container], patience: Patience
    ) -> None:
        self._client = client
        self._address = address
        self._open_container = open_container
        self._patience = patience

    @classmethod
    async def connect(
        cls, address: str, open_container: Callable[[str], Container], patience: Patience = PATIENCE
    ) -> DaskCluster:
        """``open_container`` runs on the workers, and is sent there by name.

        Raises ``OutsideError`` without scheduler, without workers, and where a worker can't do the work.
        """
        cluster = cls(await connected(address, patience), address, open_container, patience)
        try:
            with cluster._hearing():
                await asyncio.to_thread(cluster._check_workers)
        except BaseException:
            await cluster.close()
            raise
        return cluster

    def _check_workers(self) -> None:
        start = self._patience.start
        with suppress(TimeoutError):
            self._client.wait_for_workers(1, timeout=start)
        if not self._client.ncores():
            raise workers_needed(
                f"The scheduler at {self._address} has no workers, and none came within {start:g} seconds."
            )
        for worker, found in self._client.run(version, on_error="return").items():
            if found != __version__:
                there = f"version {found}" if isinstance(found, str) else f"no such program ({found})"
                raise OutsideError(
                    f"The worker {worker} has {there}; the job needs tui-labeler {__version__} there.",
                    hint="Install the same version, with the extra `dask`, on all machines of the cluster.",
                )

    @contextmanager
    def _hearing(self) -> Iterator[None]:
        """Raises ``OutsideError`` where the scheduler is gone since it was connected."""
        try:
            yield
        except OSError as error:
            raise self._left() from error

    def _left(self) -> OutsideError:
        return workers_needed(f"The scheduler at {self._address} does not answer any more.")

    async def label(
        self, order: Order, parts: Iterable[Part], giver: Giver
    ) -> AsyncIterator[Sequence[Answer | DocumentFailure]]:
        under_way: dict[int, Part] = {}
        fresh = enumerate(parts)
        losses = 0
        doubts = Doubts()
        watch = Watch(self._client, self._address, self._patience, doubts, giver)
        while True:
            feed = Feed(itertools.chain(list(under_way.items()), _noted(fresh, under_way)))
            try:
                async with aclosing(self._round(order, feed, watch)) as round_:
                    async for labeled in round_:
                        # A part may have been done twice, by a worker that was taken for lost.
                        if labeled.number not in under_way:
                            continue
                        found = await _judged(labeled, doubts, watch, giver)
                        del under_way[labeled.number]
                        losses = 0
                        yield found
            except _OthersError:
                continue
            except LostError as error:
                losses += 1
                if self._client.status != "running":
                    raise self._left() from error
                if losses == LOSSES:
                    why = f": {error}" if str(error) else ""
                    raise workers_needed(
                        f"The cluster at {self._address} has lost what it was given, again and again{why}."
                    ) from error
                continue
            return

    async def _round(self, order: Order, feed: Feed, watch: Watch) -> AsyncGenerator[Labeled, None]:
        """The parts of a feed, as they are done. Raises ``LostError`` when parts were given up."""
        loop = asyncio.get_running_loop()
        # joblib's generator belongs to the thread that began it.
        thread = ThreadPoolExecutor(1, thread_name_prefix="cluster")
        done: Generator[Labeled, None, None] | None = None
        try:
            among = await watch.first()
            done = await watch.until(loop.run_in_executor(thread, self._begin, order, feed, among), among)
            while True:
                labeled = await watch.until(loop.run_in_executor(thread, next, done, None), among)
                if labeled is None:
                    return
                yield labeled
        except KilledWorker as error:
            raise OutsideError(
                f"Workers of {self._address} ended again and again while they labeled.",
                hint="Look into the workers' logs: memory may be too small.",
                on_screen="Look into the workers' logs: memory may be too small. Then press R.",
            ) from error
        except TimeoutError as error:
            why = f": {error}" if str(error) else ""
            raise OutsideError(
                f"A worker of {self._address} has waited in vain{why}",
                hint="Look into the workers' logs for what did not answer.",
                on_screen="Look into the workers' logs for what did not answer. Then press R.",
            ) from error
        except (OSError, ClosedClientError) as error:
            # The scheduler has closed its end, or a worker has no room to work in.
            raise LostError(str(error)) from error
        finally:
            feed.close()
            # What is under way is nobody's any more; a thread that waits for it hears so.
            await asyncio.to_thread(self._give_up)
            if done is not None:
                thread.submit(_ended, done)
            thread.shutdown(wait=False)

    def _begin(self, order: Order, feed: Feed, among: Sequence[str]) -> Generator[Labeled, None, None]:
        # Sent once, as a task: whichever worker needs it has it made where it is, and again when it is lost.
        with dask.config.set({"distributed.admin.large-graph-warning-threshold": "16GB"}):
            held = self._client.submit(_itself, order, pure=False)
        # Those that come later are asked too, unless some that are there are not to be.
        chosen = {"workers": list(among)} if set(among) != set(self._client.ncores()) else {}
        with parallel_config(backend=HearingDask(client=self._client, **chosen)):
            run = Parallel(
                n_jobs=-1, return_as="generator_unordered", batch_size=1, pre_dispatch="2 * n_jobs"
            )
            work = delayed(label_part)
            done: Generator[Labeled, None, None] = run(
                work(self._open_container, held, number, part) for number, part in feed
            )
            return done

    def _give_up(self) -> None:
        client = self._client
        with suppress(CancelledError, TimeoutError, OSError, ClosedClientError):
            client.cancel([Future(key, client) for key in list(client.futures)], asynchronous=False)

    async def close(self) -> None:
        await asyncio.to_thread(self._client.close)


async def _judged(
    labeled: Labeled, doubts: Doubts, watch: Watch, giver: Giver
) -> list[Answer | DocumentFailure]:
    """What becomes of a part's documents.

    Raises ``_OthersError`` when it is to be done by other workers: the one that had it does not see what
    there is.
    """
    if labeled.refusal:
        doubts.refused[labeled.address] = labeled
        raise _OthersError
    missed = [(unread, await giver.is_gone(unread)) for unread in labeled.missed]
    if not all(gone for _, gone in missed) and labeled.address not in doubts.missed:
        doubts.missed[labeled.address] = labeled
        if set(doubts.best(await watch.there())) - {labeled.address}:
            raise _OthersError
    return [
        *labeled.results,
        *(labeled.as_gone(unread) if gone else labeled.as_missed(unread) for unread, gone in missed),
    ]


def _itself(order: Order) -> Order:
    return order


def _noted(parts: Iterator[tuple[int, Part]], under_way: dict[int, Part]) -> Iterator[tuple[int, Part]]:
    for number, part in parts:
        under_way[number] = part
        yield number, part


def _ended(done: Generator[Labeled, None, None]) -> None:
    """Nobody asks for more of it: in its own thread, as joblib has it."""
    with suppress(LostError, OSError, ClosedClientError, CancelledError):
        done.close()


class _OthersError(Exception):
    """What is under way is to be done by other workers."""
