"""Homes that were set back, and what people write into a home's files by hand."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.engine.sharing.homes import Home, Pair, meddled, opened
from tests.fakes import category, document
from tui_labeler.domain.labels import Label, Origin, Span, Stamp
from tui_labeler.engine.changes import put_label, put_project
from tui_labeler.engine.doctor.projects import check_base
from tui_labeler.engine.errors import StorageError
from tui_labeler.engine.ports import Plan, ProjectStore, State
from tui_labeler.engine.rows import to_row
from tui_labeler.engine.sharing.pending import Pending

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    return Pair(tmp_path)


async def add(store: ProjectStore, number: int, label: Label) -> None:
    def plan(state: State) -> Plan:
        return Plan("label.add", [put_label(state, state.whole(number), label)])

    await store.commit("ana", plan)


def label_of(home: Home, name: str, start: int, end: int) -> Label:
    document_ = home.session.documents.find("a.txt")
    stamp = Stamp("ana", home.around.now())
    return Label(
        home.around.new_id(),
        category(home.session, name),
        Span(start, end),
        Origin.PERSON,
        stamp,
        document_.text_hash,
    )


@pytest.mark.parametrize("grown", [False, True])
async def test_labels_made_after_a_home_was_set_back_without_its_sync_reach_the_others(
    pair: Pair, tmp_path: Path, grown: bool
) -> None:
    ana, bo = await pair.homes()
    await ana.session.store.checkpoint()
    await ana.sync()
    journal, backup = ana.base._folder.parent / "journal", tmp_path / "backup"
    shutil.copytree(journal, backup)
    for start in (0, 8, 21):
        await ana.label("Person", start, start + 3)
        await ana.sync()
    # The other files are as they were then: no checkpoint was made since.
    shutil.rmtree(journal)
    backup.rename(journal)
    store, syncing = await opened(ana)
    number = document(ana.session, "a.txt")
    last = (await ana.base.project()).seq
    assert last is not None
    assert last > store.seq
    await add(store, number, label_of(ana, "Town", 30, 34))
    if grown:  # past the number that the last sync went up to
        other = document(ana.session, "b.txt")
        for start in range(30, 36):
            await add(store, other, label_of(ana, "Town", start, start + 1))
    assert (last < store.seq) is grown
    if not grown:
        assert await Pending(store, ana.base).count()
    await syncing.sync()
    await bo.sync()
    assert len(bo.labels()) == 4
    assert len(store.state.document(number).active_labels) == 4
    assert (await syncing.sync()).unchanged == 1 + grown


async def test_a_label_written_by_hand_into_a_document_that_was_never_shared_goes_out(pair: Pair) -> None:
    ana, bo = await pair.homes()
    await ana.sync()
    number = document(ana.session, "a.txt")
    row = to_row(label_of(ana, "Town", 15, 19))
    store, syncing = await meddled(
        ana, lambda documents: documents[str(number)].update(labels={row["id"]: row})
    )
    assert len(store.state.document(number).active_labels) == 1
    done = await syncing.sync()
    assert (done.uploaded, done.problems) == (1, ())
    await bo.sync()
    assert bo.labels() == [("Town", 15, 19)]
    assert (await syncing.sync()).unchanged == 1


async def test_the_doctor_sees_what_was_agreed_on_that_no_sync_can_read(pair: Pair) -> None:
    ana, _ = await pair.homes()
    project = ana.session.project
    shared = replace(project, settings=replace(project.settings, share_labels=True))
    await ana.session.store.commit("ana", lambda state: Plan("project.set", [put_project(state, shared)]))
    await ana.label("Person", 0, 3)
    await ana.sync()
    assert await check_base(ana.session) == []
    path = ana.base._folder / "documents" / "0000.json"
    found = json.loads(path.read_text())
    (row,) = found["documents"].values()
    row["base"]["label"] = dict.fromkeys(row["base"]["label"], 0)
    path.write_text(json.dumps(found))
    (check,) = await check_base(ana.session)
    assert not check.ok
    assert "0000.json, document" in check.detail
    assert "folder `sync`" in check.detail
    await ana.label("Town", 15, 19)
    with pytest.raises(StorageError, match="0000"):
        await ana.sync()
    shutil.rmtree(ana.base._folder)
    await ana.sync()
    assert len(pair.file_labels()) == 2


async def test_a_label_outside_the_text_that_was_written_by_hand_stays_at_home_and_is_told(
    pair: Pair,
) -> None:
    ana, bo = await pair.homes()
    await ana.label("Person", 0, 3)
    await ana.sync()
    before = pair.file()
    number = document(ana.session, "a.txt")
    row = to_row(label_of(ana, "Town", 15, 9999))
    store, syncing = await meddled(
        ana, lambda documents: documents[str(number)]["labels"].update({row["id"]: row})
    )
    for _ in range(2):
        ((location, reason),) = (await syncing.sync()).problems
        assert location == "a.txt"
        assert "outside the text" in reason
        assert "`documents/`" in reason
    assert pair.file() == before
    assert (await bo.sync()).problems == ()
    assert bo.labels() == [("Person", 0, 3)]
    assert len(store.state.document(number).active_labels) == 2
