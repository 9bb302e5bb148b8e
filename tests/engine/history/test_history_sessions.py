"""Taking back across sessions: nothing gets stuck, and what was taken back with its job stays so."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.builders import Bench, document, key, labels, number, span, suggestions, whole, words_of
from tui_labeler.domain.documents import Document
from tui_labeler.domain.labels import Suggestion
from tui_labeler.domain.suggestion_filter import SuggestionFilter
from tui_labeler.engine.changes import drop_suggestion, put_suggestion
from tui_labeler.engine.errors import LabelerError, RefusedError
from tui_labeler.engine.ports import Change, Plan, State

if TYPE_CHECKING:
    from tui_labeler.engine.history.undone import Undone
    from tui_labeler.engine.session import ProjectSession

ALL = SuggestionFilter()
FIRST, SECOND = "d0000.txt", "d0001.txt"


async def fresh(bench: Bench, actor: str = "ana") -> ProjectSession:
    """A session of its own, as each call of the command line has."""
    return await bench.session(actor, immediate=True)


async def label(bench: Bench, location: str, word: str, actor: str = "ana") -> None:
    session = await fresh(bench, actor)
    await session.labeling.add(number(session, location), key(session, "Person"), span(word))


async def undo(bench: Bench, actor: str = "ana") -> Undone | None:
    return await (await fresh(bench, actor)).history.undo()


async def delete_suggestions(session: ProjectSession) -> None:
    """As training does."""

    def plan(state: State) -> Plan:
        documents = [state.document(row) for row in state.rows]
        gone = [(d, s) for d in documents for s in d.suggestions.values() if s.decision is None]
        return Plan("suggestions.delete", [drop_suggestion(state, d, s.id) for d, s in gone])

    await session.store.commit(session.labeling.actor, plan)


async def labeled_and_accepted(bench: Bench) -> str:
    """A label in one document, then a job over another one whose suggestions are all accepted; its id."""
    session = await bench.create(2, immediate=True)
    await bench.add_model(session)
    await label(bench, FIRST, "met")
    job = await bench.autolabel(session, SECOND)
    await (await fresh(bench)).review.accept_matching(ALL)
    return job.id


async def test_after_a_job_was_taken_back_undo_goes_on_to_what_was_before_it(bench: Bench) -> None:
    job = await labeled_and_accepted(bench)
    await (await fresh(bench)).history.undo_job(job)
    undone = await undo(bench)
    assert undone is not None
    assert undone.action == "label.add"
    session = await fresh(bench)
    assert labels(session, FIRST) == labels(session, SECOND) == []
    assert await undo(bench) is None


async def test_what_was_refused_once_does_not_keep_later_sessions_from_the_action_before(
    bench: Bench,
) -> None:
    await bench.create(2, immediate=True)
    await label(bench, SECOND, "Bob")
    await label(bench, FIRST, "Ann")
    bo = await fresh(bench, "bo")
    await bo.labeling.remove(number(bo, FIRST), document(bo, FIRST).active_labels[0].id)
    with pytest.raises(RefusedError, match="changed again since"):
        await undo(bench)
    undone = await undo(bench)
    assert undone is not None
    session = await fresh(bench)
    assert labels(session, SECOND) == []
    assert await undo(bench) is None
    entries = [entry async for entry in session.history.entries(limit=2)]
    assert [(entry.action, entry.of, entry.items) for entry in entries] == [
        ("undo", "label.add", 1),
        ("undo", "label.add", 0),
    ]


async def test_redo_leaves_out_what_undo_was_refused_for(bench: Bench) -> None:
    await bench.create(2, immediate=True)
    await label(bench, SECOND, "Bob")
    await label(bench, FIRST, "Ann")
    bo = await fresh(bench, "bo")
    await bo.labeling.remove(number(bo, FIRST), document(bo, FIRST).active_labels[0].id)
    with pytest.raises(RefusedError):
        await undo(bench)
    await undo(bench)
    redone = await (await fresh(bench)).history.redo()
    assert redone is not None
    session = await fresh(bench)
    assert (labels(session, FIRST), labels(session, SECOND)) == ([], [("Person", span("Bob"))])
    assert await session.history.redo() is None


async def test_a_refused_redo_is_refused_once(bench: Bench) -> None:
    await bench.create(2, immediate=True)
    await label(bench, SECOND, "Bob")
    await label(bench, FIRST, "Ann")
    await undo(bench)
    await undo(bench)
    bo = await fresh(bench, "bo")
    await bo.labeling.add(number(bo, SECOND), key(bo, "Place"), span("Bob"))
    with pytest.raises(RefusedError, match="Doing again"):
        await (await fresh(bench)).history.redo()
    assert await (await fresh(bench)).history.redo() is not None
    assert labels(await fresh(bench), FIRST) == [("Person", span("Ann"))]


async def test_a_job_is_done_again_with_what_was_made_of_it(bench: Bench) -> None:
    job = await labeled_and_accepted(bench)
    before = whole(await fresh(bench))
    await (await fresh(bench)).history.undo_job(job)
    await (await fresh(bench)).history.redo()
    assert whole(await fresh(bench)) == before
    undone = await undo(bench)
    assert undone is not None
    assert undone.action == "suggestion.accept_all"


async def test_a_label_of_a_job_that_was_taken_back_does_not_come_back(bench: Bench) -> None:
    job = await labeled_and_accepted(bench)
    session = await fresh(bench)
    await session.labeling.remove(number(session, SECOND), document(session, SECOND).active_labels[0].id)
    await (await fresh(bench)).history.undo_job(job)
    undone = await undo(bench)
    assert undone is not None
    assert undone.action == "label.add"
    assert labels(await fresh(bench), SECOND) == []


async def test_suggestions_deleted_at_training_do_not_come_back_once_their_job_was_taken_back(
    bench: Bench,
) -> None:
    session = await bench.create(2, immediate=True)
    await bench.add_model(session)
    job = await bench.autolabel(session)
    await session.review.accept(number(session), suggestions(session)[0].id)
    await delete_suggestions(session)
    await (await fresh(bench)).history.undo_job(job.id)
    assert await undo(bench) is None
    session = await fresh(bench)
    assert (suggestions(session), labels(session)) == ((), [])


async def test_taking_a_job_back_takes_what_its_suggestions_were_changed_into(bench: Bench) -> None:
    job = await labeled_and_accepted(bench)
    session = await fresh(bench)
    made = document(session, SECOND).active_labels[0]
    await session.labeling.change(number(session, SECOND), made.id, category=key(session, "Place"))
    await (await fresh(bench)).history.undo_job(job)
    assert labels(await fresh(bench), SECOND) == []


async def test_taking_back_a_job_with_nothing_left_says_what_became_of_it(bench: Bench) -> None:
    session = await bench.create(2, immediate=True)
    await bench.add_model(session)
    job = await bench.autolabel(session)
    await delete_suggestions(session)
    undone = await (await fresh(bench)).history.undo_job(job.id)
    assert (undone.items, undone.gone_by) == (0, "suggestions.delete")
    assert await undo(bench) is None
    assert suggestions(await fresh(bench)) == ()


async def test_others_undo_nothing_back_to_life_of_a_job_that_was_taken_back(bench: Bench) -> None:
    session = await bench.create(2, immediate=True)
    await bench.add_model(session)
    job = await bench.autolabel(session)
    bo = await fresh(bench, "bo")
    await bo.review.accept(number(bo), suggestions(bo)[0].id)
    await (await fresh(bench)).history.undo_job(job.id)
    assert labels(await fresh(bench)) == [("Person", span("Ann"))]
    undone = await undo(bench, "bo")
    assert undone is not None
    after = await fresh(bench)
    assert (labels(after), words_of(suggestions(after))) == ([], [])


# --- any order ---------------------------------------------------------------------------------------


class Play:
    """Two people, each step in a session of its own, and what must hold after each."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.jobs: list[str] = []
        self.taken: dict[str, set[str]] = {}
        """Jobs that were taken back, by whom."""

    async def step(self, actor: str, kind: str, choice: random.Random) -> None:
        session = await fresh(self.bench, actor)
        try:
            await getattr(self, kind)(session, choice)
        except LabelerError:
            if kind not in ("label", "undo", "redo", "undo_job", "accept"):
                raise
        await self.check()

    async def label(self, session: ProjectSession, choice: random.Random) -> None:
        where = span(choice.choice(["Ann", "Bob", "met", "Then", "went"]))
        place = number(session, choice.choice([FIRST, SECOND]))
        await session.labeling.add(place, key(session, "Place"), where, replacing=choice.random() < 0.5)

    async def remove(self, session: ProjectSession, choice: random.Random) -> None:
        found = [(d.id, item.id) for d in self.documents(session) for item in d.active_labels]
        if found:
            await session.labeling.remove(*choice.choice(found))

    async def change(self, session: ProjectSession, choice: random.Random) -> None:
        found = [(d.id, item.id) for d in self.documents(session) for item in d.active_labels]
        if found:
            await session.labeling.change(*choice.choice(found), category=key(session, "Person"))

    async def accept(self, session: ProjectSession, choice: random.Random) -> None:
        found = [(d.id, s.id) for d in self.documents(session) for s in d.suggestions.values()]
        if found:
            await session.review.accept(*choice.choice(found))

    async def accept_all(self, session: ProjectSession, choice: random.Random) -> None:
        await session.review.accept_matching(ALL)

    async def reject(self, session: ProjectSession, choice: random.Random) -> None:
        found = [(d.id, s.id) for d in self.documents(session) for s in d.suggestions.values()]
        if found:
            await session.review.reject(*choice.choice(found))

    async def delete(self, session: ProjectSession, choice: random.Random) -> None:
        await delete_suggestions(session)

    async def suggest(self, session: ProjectSession, choice: random.Random) -> None:
        """A job: its suggestions take the place of the undecided ones that there are."""
        job = f"job{len(self.jobs)}"
        self.jobs.append(job)
        words = choice.sample(["Ann", "Bob", "Rome", "Oslo"], 2)
        person = key(session, "Person")

        def plan(state: State) -> Plan:
            changes: list[Change] = []
            for row in state.rows:
                target = state.document(row)
                old = [s for s in target.suggestions.values() if s.decision is None]
                changes += [drop_suggestion(state, target, s.id) for s in old]
                for word in words:
                    new = Suggestion(f"{job}{word}{row}", person, span(word), "model:m", job, 0.9)
                    changes.append(put_suggestion(state, target, new))
            return Plan("job.suggest", changes, group=job, job=job)

        await session.store.commit(session.labeling.actor, plan)

    async def undo_job(self, session: ProjectSession, choice: random.Random) -> None:
        if self.jobs:
            job = choice.choice(self.jobs)
            await session.history.undo_job(job)
            self.taken.setdefault(job, set()).add(session.labeling.actor)

    async def undo(self, session: ProjectSession, choice: random.Random) -> None:
        found = await session.history.undoable()
        job = found[0].job if found and found[0].action == "job.suggest" else ""
        try:
            await session.history.undo()
        finally:
            if job:
                self.taken.setdefault(job, set()).add(session.labeling.actor)

    async def redo(self, session: ProjectSession, choice: random.Random) -> None:
        done = await session.history.redo()
        if done is not None:
            newest = await anext(aiter(session.store.history()))
            self.taken.pop(newest.job, None)

    def documents(self, session: ProjectSession) -> list[Document]:
        return [document(session, FIRST), document(session, SECOND)]

    async def check(self) -> None:
        """Nothing of a job that was taken back is open, and nothing that its taker made of it is there."""
        for found in self.documents(await fresh(self.bench)):
            for item in found.suggestions.values():
                assert item.decision is not None or item.job not in self.taken
            for made in found.active_labels:
                assert made.made.actor not in self.taken.get(made.job or "", ())

    async def empty(self, actor: str) -> None:
        """Undo comes to an end: each action is taken back, or refused, once."""
        actions = [item async for item in (await fresh(self.bench)).store.history()]
        for _ in range(len(actions) + 1):
            try:
                if await undo(self.bench, actor) is None:
                    return
            except RefusedError:
                continue
        pytest.fail(f"undo of {actor} goes on for ever")


KINDS = [
    "label", "label", "remove", "change", "accept", "accept_all", "reject", "delete", "suggest", "suggest",
    "undo_job", "undo", "undo", "redo",
]  # fmt: skip


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["ana", "bo"]), st.sampled_from(KINDS)), min_size=4, max_size=16
    ),
    seed=st.integers(0, 1000),
)
def test_in_any_order_undo_ends_and_jobs_that_were_taken_back_stay_away(
    steps: list[tuple[str, str]], seed: int
) -> None:
    async def play(folder: Path) -> None:
        bench = Bench(folder)
        await bench.create(2, immediate=True)
        game = Play(bench)
        choice = random.Random(seed)
        for actor, kind in steps:
            await game.step(actor, kind, choice)
        for actor in ("ana", "bo"):
            await game.empty(actor)
            await game.check()

    with TemporaryDirectory() as folder:
        asyncio.run(play(Path(folder)))
