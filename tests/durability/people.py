"""A person at work who says of each decision that it is made, once it is; to be killed at any moment."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import random
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from tui_labeler.assembly import workbench
from tui_labeler.domain.labels import Span
from tui_labeler.domain.projects import Dataset
from tui_labeler.domain.suggestion_filter import SuggestionFilter
from tui_labeler.engine.errors import InputError, RefusedError
from tui_labeler.engine.reviewing.visiting import next_open

if TYPE_CHECKING:
    from tui_labeler.engine.ports import Transaction
    from tui_labeler.engine.session import ProjectSession

PROJECT = "Test"
Act = Callable[[], Awaitable[object]]


def digest(transaction: Transaction) -> str:
    """What a transaction says, in short."""
    return hashlib.sha256(msgspec.json.encode(transaction)).hexdigest()[:16]


class Person:
    """Does what people do, at random, and acknowledges each step on a pipe."""

    def __init__(self, session: ProjectSession, seed: int, acknowledgements: int) -> None:
        self._session = session
        self._random = random.Random(seed)
        self._acknowledgements = acknowledgements
        self._made: list[Transaction] = []
        self._number = 0

    async def work(self) -> None:
        """Until somebody kills the process."""
        store = self._session.store
        commit = store.commit

        async def noted(actor: str, plan: Any) -> Transaction | None:
            transaction = await commit(actor, plan)
            if transaction is not None:
                self._made.append(transaction)
            return transaction

        store.commit = noted  # type: ignore[method-assign]
        acts: list[Act] = [
            *[self._add] * 6, *[self._decide] * 6, self._remove, self._many, self._change, *[self._save] * 2,
            *[self._undo] * 2, self._redo, self._accept_all, self._mark, self._category, self._import,
            self._sync, self._fold,
        ]  # fmt: skip
        while True:
            act = self._random.choice(acts)
            try:
                await act()
            except (RefusedError, InputError):
                continue
            self._acknowledge(act.__name__)

    def _acknowledge(self, act: str) -> None:
        made, self._made = self._made, []
        line = {"act": act, "made": [[item.seq, digest(item)] for item in made]}
        os.write(self._acknowledgements, json.dumps(line).encode() + b"\n")

    # --- what people do -----------------------------------------------------------------------------

    def _document(self) -> int:
        return self._random.choice(list(self._session.rows))

    def _any_category(self) -> str:
        return self._random.choice(list(self._session.store.state.categories))

    def _span(self, document: int) -> Span:
        length = self._session.rows[document].characters
        start = self._random.randrange(max(1, length - 8))
        return Span(start, min(length, start + self._random.randint(1, 8)))

    async def _add(self) -> None:
        document = self._document()
        replacing = self._random.random() < 0.5
        span = self._span(document)
        await self._session.labeling.add(document, self._any_category(), span, replacing=replacing)

    async def _many(self) -> None:
        document = self._document()
        spans = [self._span(document) for _ in range(4)]
        await self._session.labeling.add_many(document, self._any_category(), spans)

    async def _remove(self) -> None:
        document = self._document()
        for label in self._session.store.state.document(document).active_labels[:1]:
            await self._session.labeling.remove(document, label.id)

    async def _change(self) -> None:
        document = self._document()
        for label in self._session.store.state.document(document).active_labels[-1:]:
            await self._session.labeling.change(document, label.id, category=self._any_category())

    async def _decide(self) -> None:
        found = next_open(
            self._session.store.state, (self._document(), ""), list(self._session.rows), SuggestionFilter()
        )
        if found is not None:
            decide = self._random.choice([self._session.review.accept, self._session.review.reject])
            await decide(found.document, found.item.id)

    async def _accept_all(self) -> None:
        documents = frozenset({self._document(), self._document()})
        await self._session.review.accept_matching(SuggestionFilter(documents=documents))

    async def _save(self) -> None:
        await self._session.labeling.save()

    async def _undo(self) -> None:
        await self._session.history.undo()

    async def _redo(self) -> None:
        await self._session.history.redo()

    async def _mark(self) -> None:
        await self._session.labeling.set_flag(self._document(), f"look {self._random.random()}")
        dataset = self._random.choice(list(Dataset))
        await self._session.documents.set([self._document()], dataset=dataset)

    async def _category(self) -> None:
        self._number += 1
        others = list(self._session.store.state.categories)
        made = await self._session.categories.add(f"C{os.getpid()}.{self._number}")
        if self._number % 2:
            await self._session.categories.merge(made.id, self._random.choice(others))

    async def _import(self) -> None:
        exported = await self._session.label_files.write()
        await self._session.label_files.read(exported.data, "labels.json")

    async def _sync(self) -> None:
        folder = Path(self._session.documents.container.address)
        text = f"Ann went to Rome {self._random.random()} times.\n" * self._random.randint(1, 5)
        name = f"new{self._random.randrange(20):02}.txt"
        # In one step: somebody else at work here is not to read half of it.
        made = folder / f".{name}.{os.getpid()}"
        await asyncio.to_thread(made.write_text, text)
        await asyncio.to_thread(made.replace, folder / name)
        await self._session.documents.sync()

    async def _fold(self) -> None:
        await self._session.store.checkpoint()


async def at_work(home: Path, seed: int, acknowledgements: int) -> None:
    """Opens the project and works in it without end."""
    session = await workbench(home).open(PROJECT)
    await Person(session, seed, acknowledgements).work()


async def dying_at(home: Path, seed: int, acknowledgements: int, number: int) -> None:
    """As :func:`at_work`, and dies in the middle of the ``number``-th write to a file that is no journal."""
    left = number
    write = os.write

    def mortal(descriptor: int, data: bytes) -> int:
        nonlocal left
        path = str(Path(f"/proc/self/fd/{descriptor}").readlink())
        if path.startswith(f"{home}/projects/") and not path.endswith(".jsonl"):
            left -= 1
            if not left:
                write(descriptor, bytes(data)[: len(data) // 2])
                os.kill(os.getpid(), signal.SIGKILL)
        return write(descriptor, data)

    os.write = mortal  # type: ignore[assignment]
    await at_work(home, seed, acknowledgements)
