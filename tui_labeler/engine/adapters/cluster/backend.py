"""joblib's backend for Dask, as a job needs it: one that hears of what is lost."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from joblib._dask import DaskDistributedBackend

if TYPE_CHECKING:
    from tui_labeler.engine.ports.cluster import Unread

Part = Sequence["Unread"]


class Feed:
    """Parts for one round, taken by whichever thread has room for more."""

    def __init__(self, parts: Iterator[tuple[int, Part]]) -> None:
        self._parts = parts
        self._lock = threading.Lock()
        self._closed = False

    def __iter__(self) -> Feed:
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


class LostError(Exception):
    """What workers had under way is gone, with them or with the scheduler."""


class HearingDask(DaskDistributedBackend):  # type: ignore[misc]
    """joblib's backend for Dask, which also hears of parts that Dask has given up.

    joblib's own waits for ever for those that ended in an error of Dask's, and takes the error of those that
    were lost for their result.
    """

    def effective_n_jobs(self, n_jobs: int) -> int:
        """At least two: what one could do joblib does itself, in this process, which has no text and no
        model.
        """
        threads: int = sum(self.client.ncores(workers=self.submit_kwargs.get("workers")).values())
        return max(2, threads)

    async def _collect(self) -> None:
        while self._continue:
            async for future, result in self.waiting_futures:
                done, callback = self._results.pop(future), self._callbacks.pop(future)
                if future.status == "error":
                    result = _GivenUp(result[1])
                elif future.status != "finished":
                    result = _GivenUp(LostError())
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
