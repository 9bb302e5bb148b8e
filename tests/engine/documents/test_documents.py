"""Finding, listing and reading documents."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import TEXT, Bench, document, key, labels, number, span, whole
from tui_labeler.domain.document_filters import DocumentFilter, Sort
from tui_labeler.domain.documents import DocumentState
from tui_labeler.domain.projects import Dataset
from tui_labeler.engine.adapters.folder import FolderContainer
from tui_labeler.engine.documents.reading import GONE, Synced
from tui_labeler.engine.errors import ContainerError, InputError, NotFoundError
from tui_labeler.engine.turns import Progress

if TYPE_CHECKING:
    from tui_labeler.engine.session import ProjectSession


def figures(synced: Synced) -> tuple[int, int, int, int]:
    return synced.added, synced.changed, synced.gone, synced.unchanged


async def test_a_sync_finds_new_changed_and_missing_documents(bench: Bench) -> None:
    session = await bench.create()
    assert figures(await session.documents.sync()) == (0, 0, 0, 3)
    bench.write({"d0001.txt": "another text", "new.txt": "new"})
    (bench.documents / "d0002.txt").unlink()
    assert figures(await session.documents.sync()) == (1, 1, 1, 1)
    assert document(session, "d0001.txt").characters == 12
    assert session.rows[number(session, "d0002.txt")].state is DocumentState.UNREADABLE
    assert document(session, "d0002.txt").problem == GONE
    assert figures(await session.documents.sync()) == (0, 0, 1, 3)


async def test_a_document_that_comes_back_has_its_labels_still(bench: Bench) -> None:
    session = await bench.create()
    await session.labeling.add(number(session), key(session, "Person"), span("Ann"))
    (bench.documents / "d0000.txt").unlink()
    await session.documents.sync()
    assert labels(session) == [("Person", span("Ann"))]
    bench.write({"d0000.txt": TEXT})
    assert figures(await session.documents.sync()) == (0, 0, 0, 3)
    assert document(session).problem == ""
    assert session.rows[number(session)].state is DocumentState.LABELED


async def test_unreadable_documents_are_listed_with_their_reason(bench: Bench) -> None:
    texts: dict[str, str | bytes] = {
        "bad.txt": b"\xff\x00\xff",
        "empty.txt": b"",
        "good.txt": "good",
        "x.md": "x",
    }
    session = await bench.create(texts)
    synced = await session.documents.sync()
    assert [location for location, _ in synced.unreadable] == ["bad.txt", "empty.txt"]
    assert all(reason for _, reason in synced.unreadable)
    assert synced.skipped == 1
    assert session.rows[number(session, "good.txt")].state is DocumentState.UNLABELED
    bench.write({"bad.txt": "mended"})
    await session.documents.sync()
    assert session.rows[number(session, "bad.txt")].state is DocumentState.UNLABELED


class Denying(FolderContainer):
    """A container with a document that may not be read, for a while."""

    denied: frozenset[str] = frozenset({"d0001.txt"})

    async def read(self, name: str) -> bytes:
        if name in type(self).denied:
            raise ContainerError(f"no permission to read {name}")
        return await super().read(name)


async def test_one_document_that_can_not_be_read_does_not_stop_the_others(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await bench.create()
    session.documents._container = Denying(bench.documents)
    bench.write({"d0001.txt": "new text", "d0009.txt": "new"})
    synced = await session.documents.sync()
    assert figures(synced) == (1, 0, 0, 3)
    assert synced.unreadable == (("d0001.txt", "no permission to read d0001.txt"),)
    # Its permissions are mended, which a listing does not show.
    monkeypatch.setattr(Denying, "denied", frozenset())
    assert figures(await session.documents.sync()) == (0, 1, 0, 3)
    assert document(session, "d0001.txt").problem == ""


async def test_a_container_that_is_gone_is_told_and_changes_nothing(bench: Bench) -> None:
    session = await bench.create()
    before = whole(session)
    bench.documents.rename(bench.root / "away")
    with pytest.raises(ContainerError):
        await session.documents.sync()
    assert whole(session) == before


async def test_many_documents_are_taken_in_batches(bench: Bench) -> None:
    heard: list[tuple[str, int]] = []

    def hear(doing: str, count: int) -> None:
        heard.append((doing, count))

    session = await bench.create({})
    bench.write({f"d{item:04}.txt": f"text {item}" for item in range(2500)})
    before = session.store.seq
    assert figures(await session.documents.sync(hear)) == (2500, 0, 0, 0)
    assert heard == [("reading documents", count) for count in range(1, 2501)]
    assert session.store.seq == before + 5
    assert figures(await session.documents.sync()) == (0, 0, 0, 2500)
    for path in list(bench.documents.iterdir())[:1200]:
        path.unlink()
    before = session.store.seq
    assert figures(await session.documents.sync()) == (0, 0, 1200, 1300)
    assert session.store.seq == before + 3
    assert whole(await bench.session()) == whole(session)


async def test_two_syncs_at_once_add_each_document_once(bench: Bench) -> None:
    ana = await bench.create({})
    bo = await bench.session("bo")
    bench.write({f"d{item:04}.txt": "text" for item in range(20)})
    stale = bo.store.state
    await ana.documents.sync()
    assert not stale.rows
    await bo.documents.sync()
    assert len(bo.rows) == 20
    assert len({row.location for row in bo.rows.values()}) == 20


async def test_text_is_read_as_it_is_stored(bench: Bench) -> None:
    text = "one\r\ntwo\rthree\u2028four\n\n"
    session = await bench.create({"a.txt": b"\xef\xbb\xbf" + text.encode()})
    read = await session.documents.text(number(session, "a.txt"))
    assert (read.text, read.changed) == (text, False)
    bench.write({"a.txt": "other"})
    assert (await session.documents.text(number(session, "a.txt"))).changed
    bench.write({"a.txt": b"\xff"})
    with pytest.raises(InputError, match=r"a\.txt"):
        await session.documents.text(number(session, "a.txt"))
    (bench.documents / "a.txt").unlink()
    with pytest.raises(NotFoundError):
        await session.documents.text(number(session, "a.txt"))


async def test_odd_names_are_documents_like_others(bench: Bench) -> None:
    names = ["[red]x.txt", "\x1b[31m.txt", "a\nb.txt", "ü\u202e.txt", " .txt", "=1+1.txt"]
    session = await bench.create(dict.fromkeys(names, "text"))
    (bench.documents / os.fsdecode(b"\xff.txt")).write_bytes(b"text")
    await session.documents.sync()
    assert len(session.rows) == 7
    assert whole(await bench.session()) == whole(session)


async def test_documents_are_filtered_and_sorted(bench: Bench) -> None:
    session = await bench.create(
        {"b.txt": "Ann", "a.txt": "Ann met Bob", "C.txt": "nobody", "d.txt": b"\xff"}
    )
    await bench.add_model(session, confidence=0.7)
    await bench.autolabel(session, "a.txt")
    await bench.add_model(session, "sure", confidence=0.95)
    await bench.autolabel(session, "b.txt", model="sure")
    await session.labeling.set_flag(number(session, "C.txt"), "look")
    await session.documents.set([number(session, "b.txt")], dataset=Dataset.TEST)

    def names(wanted: DocumentFilter | None = None, sort: Sort = Sort.NAME) -> list[str]:
        return [row.location for row in session.documents.select(wanted, sort)]

    assert names() == ["C.txt", "a.txt", "b.txt", "d.txt"]
    assert names(sort=Sort.SIZE) == ["d.txt", "b.txt", "C.txt", "a.txt"]
    assert names(sort=Sort.CONFIDENCE)[:2] == ["a.txt", "b.txt"]
    assert names(sort=Sort.STATE) == ["C.txt", "a.txt", "b.txt", "d.txt"]
    assert names(DocumentFilter(states=frozenset({DocumentState.AUTO_LABELED}))) == ["a.txt", "b.txt"]
    assert names(DocumentFilter(max_confidence=0.8)) == ["a.txt"]
    assert names(DocumentFilter(min_confidence=0.8)) == ["b.txt"]
    assert names(DocumentFilter(category=key(session, "Person"))) == ["a.txt", "b.txt"]
    assert names(DocumentFilter(category=key(session, "Place"))) == []
    assert names(DocumentFilter(dataset=Dataset.TEST)) == ["b.txt"]
    assert names(DocumentFilter(flagged=True)) == ["C.txt"]
    assert names(DocumentFilter(name="c.")) == ["C.txt"]
    assert names(DocumentFilter(ids=frozenset())) == []


async def test_a_summary_adds_up(bench: Bench) -> None:
    session: ProjectSession = await bench.create()
    await session.labeling.add(number(session), key(session, "Person"), span("Ann"))
    await session.labeling.set_reviewed(number(session, "d0001.txt"))
    summary = session.summary()
    assert summary.documents == 3
    assert (summary.states[DocumentState.LABELED], summary.states[DocumentState.REVIEWED]) == (1, 1)
    assert [(item.name, count) for item, count in summary.categories] == [("Person", 1), ("Place", 0)]
    assert summary.drafts == 1


class StoppedAfter(Progress):
    """Is stopped by a person once so many documents, or parts of an action, are done."""

    def __init__(self, most: int) -> None:
        self.most = most
        super().__init__()

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name == "done" and value >= self.most:
            super().__setattr__("stopped", True)


async def in_testing(bench: Bench, monkeypatch: pytest.MonkeyPatch, progress: Progress) -> ProjectSession:
    """Five documents on their way to the testing set, two in a step."""
    monkeypatch.setattr("tui_labeler.engine.steps.BATCH", 2)
    session = await bench.create({f"d{place}.txt": "Ann" for place in range(5)})
    await session.documents.set(sorted(session.rows), dataset=Dataset.TEST, progress=progress)
    return session


def in_the_set(session: ProjectSession) -> int:
    return sum(row.dataset is Dataset.TEST for row in session.rows.values())


async def test_many_documents_change_step_by_step_and_one_undo_takes_all_back(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await in_testing(bench, monkeypatch, progress := Progress())
    assert (progress.done, progress.total, in_the_set(session)) == (5, 5, 5)
    actions = [made.action async for made in session.store.history()]
    assert actions.count("document.set") == 3
    await session.history.undo()
    assert in_the_set(session) == 0


async def test_a_change_of_many_documents_that_is_stopped_leaves_the_others(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await in_testing(bench, monkeypatch, StoppedAfter(2))
    assert in_the_set(session) == 2
    await session.history.undo()
    assert in_the_set(session) == 0


async def test_an_undo_that_is_stopped_is_done_again_and_then_taken_back_as_a_whole(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await in_testing(bench, monkeypatch, Progress())
    undone = await session.history.undo(progress=StoppedAfter(1))
    assert undone is not None
    assert undone.stopped
    assert in_the_set(session) == 4
    await session.history.redo()
    assert in_the_set(session) == 5
    undone = await session.history.undo()
    assert undone is not None
    assert (undone.stopped, undone.refused, in_the_set(session)) == (False, 0, 0)
