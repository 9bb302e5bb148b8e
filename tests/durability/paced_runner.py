"""A runner's process whose model and training are a test's.

It waits before it labels more documents than the file ``hold`` in the home says, until that file goes.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tests.builders import RuleEstimators, RuleModel
from tui_labeler import assembly, runner
from tui_labeler.domain.models import Features
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.autolabelers import trained

if TYPE_CHECKING:
    from tui_labeler.engine.ports import FittedModel, Progress, Sample

PACE = 0.002
"""Seconds a batch takes: so that a job lasts long enough to be met at work."""


class PacedEstimators(RuleEstimators):
    """Models that take their time."""

    def __init__(self, home: Path) -> None:
        super().__init__()
        self._home = home
        self._labeled = 0

    async def _wait(self, texts: Sequence[str]) -> None:
        self._labeled += len(texts)
        await asyncio.to_thread(self._pause)

    def _pause(self) -> None:
        time.sleep(PACE)
        with suppress(FileNotFoundError):
            while self._labeled > int((self._home / "hold").read_text()):
                time.sleep(PACE)

    async def train(
        self,
        kind: ProjectKind,
        samples: Sequence[Sample],
        unlabeled: Iterable[str],
        *,
        seed: int,
        features: Features,
        progress: Progress,
    ) -> FittedModel:
        await self._wait([])
        return await super().train(kind, samples, unlabeled, seed=seed, features=features, progress=progress)

    async def load(self, folder: str) -> FittedModel:
        model = await super().load(folder)
        assert isinstance(model, RuleModel)
        model.before = self._wait
        return model


def main(arguments: list[str]) -> int:
    """As :func:`tui_labeler.runner.main`."""
    trained.BATCH_DOCUMENTS = 2
    home = Path(arguments[0])
    assembly.estimators = lambda: PacedEstimators(home)
    return runner.main(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
