"""A :class:`~tui_labeler.engine.ports.cluster.Cluster` of Dask workers, through joblib's backend for Dask.

Needs the extra ``dask``. Whoever can reach a scheduler runs programs on its workers, and what comes back from
it is unpickled here: a cluster is trusted as much as this machine.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import AsyncIterator, Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import dask.config
from distributed import Client, Future
from distributed.client import ClosedClientError
from distributed.scheduler import KilledWorker
from joblib import Parallel, delayed, parallel_config
from joblib._dask import DaskDistributedBackend

from tui_labeler import __version__
from tui_labeler.engine.adapters.cluster.work import label_part, version
from tui_labeler.engine.errors import OutsideError

if TYPE_CHECKING:
    from tui_labeler.domain.jobs import Answer, DocumentFailure
    from tui_labeler.engine.ports import Container
    from tui_labeler.engine.ports.cluster import Order, Unread

Part = Sequence["Unread"]
Labeled = tuple[int, "list[Answer | DocumentFailure]"]

CONNECT = 10.0
"""Seconds to wait for the scheduler."""

START = 60.0
"""Seconds to wait for a first worker: those that are started with the scheduler need some."""

LOSSES = 3
"""Times that all that was under way may be lost, one after the other, with nothing done in between."""

HINT = "Start the scheduler and its workers (docs/scaling.md), then `job resume`."


class DaskCluster:
    """Workers of one scheduler. Made by :meth:`connect`."""

    def __init__(self, client: Any, address: str, open_container: Callable[[str], Container]) -> None:
        self._client = client
        self._address = address
        self._open_container = open_container

    @classmethod
    async def connect(cls, address: str, open_container: Callable[[str], Container]) -> DaskCluster:
        """``open_container`` runs on the workers, and is sent there by name.

        Raises ``OutsideError`` without scheduler, without workers, and where a worker can't do the work.
        """
        try:
            client = await asyncio.to_thread(Client, address, timeout=CONNECT, set_as_default=False)
        except TypeError as error:
            # What Dask says of certificates that it was not given, and of protocols that are not installed.
            raise OutsideError(
                f"The scheduler at {address} can't be reached that way: {error}",
                hint="For tls://, tell Dask the certificates of the client (docs/scaling.md).",
            ) from error
        except (OSError, ValueError) as error:
            raise OutsideError(
                f"The scheduler at {address} can't be reached: {error}",
                hint="Start it, or correct --scheduler: for instance tcp://10.0.0.5:8786.",
            ) from error
        cluster = cls(client, address, open_container)
        try:
            with cluster._hearing():
                await asyncio.to_thread(cluster._check_workers)
        except BaseException:
            await cluster.close()
            raise
        return cluster

    def _check_workers(self) -> None:
        with suppress(TimeoutError):
            self._client.wait_for_workers(1, timeout=START)
        if not self.workers:
            raise OutsideError(f"The scheduler at {self._address} has no workers.", hint=HINT)
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
            why = f": {error}" if str(error) else ""
            raise OutsideError(
                f"The scheduler at {self._address} does not answer any more{why}", hint=HINT
            ) from error

    @property
    def workers(self) -> int:
        with self._hearing():
            return sum(self._client.ncores().values())

    async def label(
        self, order: Order, parts: Iterable[Part]
    ) -> AsyncIterator[Sequence[Answer | DocumentFailure]]:
        under_way: dict[int, Part] = {}
        fresh = enumerate(parts)
        losses = 0
        while True:
            feed = _Feed(itertools.chain(list(under_way.items()), _noted(fresh, under_way)))
            try:
                async for number, found in self._round(order, feed):
                    # A part may have been done twice, by a worker that was taken for lost.
                    if under_way.pop(number, None) is not None:
                        losses = 0
                        yield found
            except _LostError as error:
                losses += 1
                if losses == LOSSES or self._client.status != "running":
                    raise OutsideError(
                        f"The cluster at {self._address} has lost what it was given: {error}", hint=HINT
                    ) from error
                continue
            return

    async def _round(self, order: Order, feed: _Feed) -> AsyncIterator[Labeled]:
        """The parts of a feed, as they are done. Raises ``_LostError`` when parts were given up."""
        loop = asyncio.get_running_loop()
        # joblib's generator belongs to the thread that began it.
        thread = ThreadPoolExecutor(1, thread_name_prefix="cluster")
        try:
            done = await loop.run_in_executor(thread, self._begin, order, feed)
            while (labeled := await loop.run_in_executor(thread, next, done, None)) is not None:
                yield labeled
        except KilledWorker as error:
            raise OutsideError(
                f"Workers of {self._address} ended again and again while they labeled: {error}",
                hint="Look into the workers' logs: memory may be too small. Then `job resume`.",
            ) from error
        except _NoWorkersError as error:
            raise OutsideError(f"The scheduler at {self._address} has no workers.", hint=HINT) from error
        except TimeoutError as error:
            why = f": {error}" if str(error) else ""
            raise OutsideError(
                f"A worker of {self._address} has waited in vain{why}",
                hint="Look into the workers' logs for what did not answer. Then `job resume`.",
            ) from error
        except (OSError, ClosedClientError) as error:
            # The scheduler has closed its end, or a worker has no room to work in.
            raise _LostError(str(error)) from error
        finally:
            feed.close()
            # What is under way is nobody's any more; a thread that waits for it hears so.
            await asyncio.to_thread(self._give_up)
            thread.shutdown(wait=False, cancel_futures=True)

    def _begin(self, order: Order, feed: _Feed) -> Generator[Labeled, None, None]:
        # Sent once, as a task: whichever worker needs it has it made where it is, and again when it is lost.
        with dask.config.set({"distributed.admin.large-graph-warning-threshold": "16GB"}):
            held = self._client.submit(_itself, order, pure=False)
        backend = _HearingDask(client=self._client, wait_for_workers_timeout=START)
        with parallel_config(backend=backend):
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


def _itself(order: Order) -> Order:
    return order


def _noted(parts: Iterator[tuple[int, Part]], under_way: dict[int, Part]) -> Iterator[tuple[int, Part]]:
    for number, part in parts:
        under_way[number] = part
        yield number, part


class _Feed:
    """Parts for one round, taken by whichever thread has room for more."""

    def __init__(self, parts: Iterator[tuple[int, Part]]) -> None:
        self._parts = parts
        self._lock = threading.Lock()
        self._closed = False

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> tuple[int, Part]:
        with self._lock:
            if self._closed:
                raise StopIteration
            return next(self._parts)

    def close(self) -> None:
        """From here on there is nothing more: what was not taken stays for another round."""
        with self._lock:
            self._closed = True


class _LostError(Exception):
    """What workers had under way is gone, with them or with the scheduler."""


class _NoWorkersError(Exception):
    """There is nobody to do the work."""


class _HearingDask(DaskDistributedBackend):  # type: ignore[misc]
    """joblib's backend for Dask, which also hears of parts that Dask has given up.

    joblib's own waits for ever for those that ended in an error of Dask's, and takes the error of those that
    were lost for their result.
    """

    def effective_n_jobs(self, n_jobs: int) -> int:
        """Waits for a first worker; a time-out here is that there is none, and elsewhere the work's own.

        At least two: what one could do joblib does itself, in this process, which has no text and no model.
        """
        try:
            return max(2, int(super().effective_n_jobs(n_jobs)))
        except TimeoutError as error:
            raise _NoWorkersError(str(error)) from error

    async def _collect(self) -> None:
        while self._continue:
            async for future, result in self.waiting_futures:
                done, callback = self._results.pop(future), self._callbacks.pop(future)
                if future.status == "error":
                    result = _GivenUp(result[1])
                elif future.status != "finished":
                    result = _GivenUp(_LostError(str(result)))
                done.set_result(result)
                callback(result)
            await asyncio.sleep(0.01)

    def retrieve_result_callback(self, out: Any) -> Any:
        if isinstance(out, _GivenUp):
            raise out.error
        return super().retrieve_result_callback(out)


class _GivenUp:
    def __init__(self, error: BaseException) -> None:
        self.error = error
