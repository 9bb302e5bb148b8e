"""Prediction on all cores.

Batches that are large enough go to worker processes, which read the model's files once and keep it. A worker
ends with its parent, however that ends.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from typing import TYPE_CHECKING, Any, Protocol

import joblib

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LARGE = 150_000
"""Characters in a batch that is worth parting."""

STARTED = 2_000_000
"""Characters in all before workers are started: that takes as long as predicting so much."""

PIECES = 4
"""Pieces a worker gets, one after the other: texts differ in cost."""


def cores_here() -> int:
    """How many this process may use."""
    return int(joblib.cpu_count())


class Predictor(Protocol):
    """What predicts in a worker."""

    def predict_now(self, texts: Sequence[str]) -> list[Any]: ...

    def save(self, folder: str) -> None: ...


class Pool:
    """Spreads one model's predictions over the cores."""

    def __init__(self, model: Predictor, load: Callable[[str], Predictor], cores: int | None = None) -> None:
        self._model = model
        self._load = load
        self._cores = cores_here() if cores is None else cores
        self._seen = 0
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._lock = threading.Lock()

    def predict(self, texts: Sequence[str]) -> list[Any]:
        """In the order of ``texts``, whichever way it is done."""
        size = sum(map(len, texts))
        with self._lock:
            self._seen += size
            alone = self._cores < 2 or len(texts) < 2 or size < LARGE or self._seen < STARTED
            if not alone and self._folder is None:
                self._folder = tempfile.TemporaryDirectory(prefix="tui-labeler-model-")
                self._model.save(self._folder.name)
        if alone or self._folder is None:
            return self._model.predict_now(texts)
        run = joblib.Parallel(
            n_jobs=self._cores, backend="loky", batch_size=1, initializer=_end_with, initargs=(os.getpid(),)
        )
        work = joblib.delayed(_predict)
        pieces = pieces_of(texts, size // (self._cores * PIECES))
        return [
            found
            for part in run(work(self._load, self._folder.name, piece) for piece in pieces)
            for found in part
        ]


def pieces_of(texts: Sequence[str], size: int) -> list[Sequence[str]]:
    """Runs of texts of about ``size`` characters each."""
    pieces: list[Sequence[str]] = []
    begin = held = 0
    for index, text in enumerate(texts):
        held += len(text)
        if held >= size:
            pieces.append(texts[begin : index + 1])
            begin, held = index + 1, 0
    return [*pieces, texts[begin:]] if begin < len(texts) else pieces


_loaded: dict[str, Predictor] = {}
"""The model that this worker holds, by its folder."""


def _predict(load: Callable[[str], Predictor], folder: str, texts: Sequence[str]) -> list[Any]:
    if folder not in _loaded:
        _loaded.clear()
        _loaded[folder] = load(folder)
    return _loaded[folder].predict_now(texts)


def _end_with(parent: int) -> None:
    """Ends this worker soon after its parent is gone, even when that was killed."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
