"""A document with a great many labels: what an action costs grows with their number, not its square."""

from __future__ import annotations

import asyncio
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes import document, fixed_surroundings, home_workbench, labels, make_project, write_documents
from tui_labeler.domain.labels import Label, Origin, Span, Stamp, Suggestion, in_the_way
from tui_labeler.domain.occupied import Occupied
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.domain.suggestion_filter import SuggestionFilter
from tui_labeler.engine.changes import put_suggestion
from tui_labeler.engine.ports import Plan
from tui_labeler.engine.rows import to_document, to_row, with_items

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    from tui_labeler.engine.ports import State
    from tui_labeler.engine.session import ProjectSession

SHORT, LONG = 100, 400
"""Four times as many labels: work that grows with the square grows by sixteen."""


@contextmanager
def counted_calls() -> Iterator[list[int]]:
    """Calls of functions in this thread: what is done, however fast the machine is."""
    calls = [0]

    def count(_frame: object, event: str, _arg: object) -> None:
        calls[0] += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        yield calls
    finally:
        sys.setprofile(None)


async def project_of(folder: Path, words: int) -> ProjectSession:
    container = write_documents(folder / "texts", {"a.txt": "word " * words})
    return await make_project(
        home_workbench(folder / "home", fixed_surroundings()), container, categories=["Thing"]
    )


def places(words: int) -> list[Span]:
    return [Span(5 * number, 5 * number + 4) for number in range(words)]


async def label_all(session: ProjectSession, words: int) -> None:
    category = next(iter(session.store.state.categories))
    await session.labeling.add_many(document(session, "a.txt"), category, places(words))


async def suggest_all(session: ProjectSession, words: int) -> None:
    category = next(iter(session.store.state.categories))

    def plan(state: State) -> Plan:
        of = state.document(document(session, "a.txt"))
        made = (
            Suggestion(f"s{number}", category, span, "model:m", "j1")
            for number, span in enumerate(places(words))
        )
        return Plan("job.suggest", [put_suggestion(state, of, each) for each in made], job="j1")

    await session.store.commit("job", plan)


async def accept_all(session: ProjectSession) -> None:
    await session.review.accept_matching(SuggestionFilter())


async def reject_all(session: ProjectSession) -> None:
    await session.review.reject_matching(SuggestionFilter())


async def undo(session: ProjectSession) -> None:
    await session.history.undo()


async def redo(session: ProjectSession) -> None:
    await session.history.redo()


async def save(session: ProjectSession) -> None:
    await session.labeling.save()


STEPS: dict[str, list[Callable[[ProjectSession], Awaitable[None]]]] = {
    "label all, undo, redo, save, undo": [undo, redo, save, undo],
    "accept all, undo, reject all, save": [accept_all, undo, reject_all, save],
}


@pytest.mark.parametrize("steps", STEPS.values(), ids=STEPS.keys())
async def test_actions_on_many_labels_cost_as_much_a_label_as_on_few(tmp_path: Path, steps: Any) -> None:
    calls: dict[int, list[int]] = {}
    for words in (SHORT, LONG):
        session = await project_of(tmp_path / str(words), words)
        begin = suggest_all if accept_all in steps else label_all
        with counted_calls() as count:
            await begin(session, words)
        costs = [count[0]]
        for step in steps:
            with counted_calls() as count:
                await step(session)
            costs.append(count[0])
        calls[words] = costs
        await session.close()
    growth = [many / few for few, many in zip(calls[SHORT], calls[LONG], strict=True)]
    assert max(growth) < 1.5 * LONG / SHORT, growth


async def test_others_have_turns_while_many_labels_are_made(tmp_path: Path) -> None:
    session = await project_of(tmp_path, 2000)
    turns = 0

    async def beside() -> None:
        nonlocal turns
        while True:
            # Turns before anything is on disk: while it is worked out what to do.
            turns += session.store.seq == before
            await asyncio.sleep(0)

    before = session.store.seq
    task = asyncio.create_task(beside())
    real = type(session.store.state).raw
    asked: list[int] = []

    def raw(state: Any, table: str, key: str) -> Any:
        asked.append(turns)
        return real(state, table, key)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(session.store.state), "raw", raw)
        await label_all(session, 2000)
    task.cancel()
    assert asked[-1] - asked[0] >= 9
    assert len(labels(session, "a.txt")) == 2000
    await session.close()


def test_items_of_a_document_are_copied_once_however_many_change() -> None:
    class Copied(dict[str, Label]):
        copies = 0

        def keys(self) -> Any:
            type(self).copies += 1
            return super().keys()

        def __iter__(self) -> Any:
            type(self).copies += 1
            return super().__iter__()

    stamp = Stamp("ana", "2026-01-01T00:00:00Z")
    one = Label("l0", "c", Span(0, 1), Origin.PERSON, stamp)
    row = {"id": 1, "location": "a.txt", "size": 1, "text_hash": "", "labels": {"l0": to_row(one)}}
    whole = to_document(row)
    object.__setattr__(whole, "labels", Copied(whole.labels))
    changed = {
        ("labels", f"l{n}"): to_row(Label(f"l{n}", "c", None, Origin.PERSON, stamp)) for n in range(50)
    }
    assert len(with_items(whole, changed, 2).labels) == 50
    assert Copied.copies <= 2


SPANS = st.builds(lambda start, length: Span(start, start + length), st.integers(0, 30), st.integers(1, 8))


@given(st.lists(SPANS, max_size=8), st.lists(SPANS, max_size=12))
def test_what_is_occupied_is_what_would_be_in_the_way(there: list[Span], asked: list[Span]) -> None:
    stamp = Stamp("ana", "2026-01-01T00:00:00Z")
    known = [Label(f"l{n}", "c", span, Origin.PERSON, stamp) for n, span in enumerate(there)]
    taken = Occupied(ProjectKind.ENTITIES, known)
    for number, span in enumerate(asked):
        expected = any(in_the_way(ProjectKind.ENTITIES, known, "c", span))
        assert taken.meets("c", span) is expected
        if not expected:
            known.append(Label(f"n{number}", "c", span, Origin.PERSON, stamp))
            taken.add(known[-1])
