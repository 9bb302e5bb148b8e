"""Trainings that are killed: whoever started them, their runners, or both."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tests.durability.looking import expect
from tests.durability.whole.ground import LETTERS
from tests.durability.whole.jobs import folders, start, strike_keys, to_its_end
from tests.durability.whole.screen import Chain
from tests.durability.whole.snapshot import Snapshot, Text

if TYPE_CHECKING:
    from tests.durability.whole.rounds import Rounds


def train(rounds: Rounds) -> None:
    """A model is there in the end, once; suggestions that nobody decided are gone then, and nothing else."""
    before = rounds.ground.snapshot()
    command = ("train", LETTERS, "--model", "trained", "--yes")
    job_id = start(rounds, "training", *command)
    _check_training(rounds, before, job_id, "trained")


def train_by_keys(rounds: Rounds) -> None:
    """The same from the terminal, a new model each time."""
    before = rounds.ground.snapshot()
    jobs, shown = folders(rounds), [0]
    strike = rounds.drawn_command((0.0, 1.5))
    with (
        rounds.at_risk(strike, "training by keys"),
        rounds.terminal("open", LETTERS, ending=strike.ending) as it,
    ):
        it.until("documents")
        it.press("T").until("Start training")
        key = "s"
        if before.drafts:
            it.press(key).until("Train without them")
            key = "t"
        if any(text.open for text in before.texts.values()):
            it.press(key).until("Train now?")
            key = "y"
        strike_keys(rounds, it, key, strike, shown)
    new = [folder.name for folder in folders(rounds) - jobs]
    _check_training(rounds, before, new[0] if new else None, "")


def _check_training(rounds: Rounds, before: Snapshot, job_id: str | None, name: str) -> None:
    if job_id is None:
        rounds.look(Chain(before))
        return
    to_its_end(rounds, job_id)
    models = [item["model"] for item in rounds.tool("models", LETTERS)["items"]]
    (request,) = rounds.home.glob(f"projects/*/jobs/{job_id}/request.json")
    learned = name or next(word for word in models if word in request.read_text())
    expect(Counter(models)[learned] == 1, f"the models are {models}")
    left = {place: Text(text.labels, frozenset(), text.rejected) for place, text in before.texts.items()}
    rounds.look(Chain(Snapshot(left)))
