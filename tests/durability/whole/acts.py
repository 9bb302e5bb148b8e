"""All that is done while the program is killed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tests.durability.whole import jobs, together, trainings
from tests.durability.whole.by_command import (
    decide,
    import_by_keys,
    import_labels,
    label,
    read_container,
    undo,
)
from tests.durability.whole.by_keys import labeling, reviewing
from tests.durability.whole.rounds import Rounds


@dataclass(frozen=True)
class Act:
    """Something that is done in a round."""

    do: Callable[[Rounds], None]
    weight: int
    """How often, against the others."""
    possible: Callable[[Rounds], object] = lambda rounds: True


def _has_suggestions(rounds: Rounds) -> bool:
    return sum(len(text.open) for text in rounds.ground.snapshot().texts.values()) > 3


def _has_storage(rounds: Rounds) -> bool:
    return rounds.ground.storage is not None


ACTS: Mapping[str, Act] = {
    "labeling": Act(labeling, 6),
    "reviewing": Act(reviewing, 5, _has_suggestions),
    "label": Act(label, 2),
    "undo": Act(undo, 1),
    "decide": Act(decide, 1, _has_suggestions),
    "read-container": Act(read_container, 2),
    "import": Act(import_labels, 2),
    "import-by-keys": Act(import_by_keys, 2),
    "autolabel": Act(jobs.autolabel, 3),
    "autolabel-by-keys": Act(jobs.autolabel_by_keys, 1),
    "deployment": Act(jobs.ask_deployment, 3),
    "train": Act(trainings.train, 1),
    "train-by-keys": Act(trainings.train_by_keys, 1),
    "sync": Act(together.BY_PROJECT["sync"], 1),
    "sync-by-keys": Act(together.BY_PROJECT["sync-by-keys"], 1),
    "sync-storage": Act(together.BY_PROJECT["sync-storage"], 1, _has_storage),
    "sync-storage-by-keys": Act(together.BY_PROJECT["sync-storage-by-keys"], 1, _has_storage),
}


def possible(rounds: Rounds, names: Sequence[str]) -> list[str]:
    """Which of the acts can be done now."""
    return [name for name in names if ACTS[name].possible(rounds)]
