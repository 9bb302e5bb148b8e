"""Documents that are given to two readers, each in a home of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.engine.sharing.homes import Pair
from tests.fakes import document
from tui_labeler.domain.readings import reading

if TYPE_CHECKING:
    from pathlib import Path


async def test_what_a_reader_had_not_saved_yet_is_part_of_the_reading(tmp_path: Path) -> None:
    ana, bo = await Pair(tmp_path, immediate=False).homes("Person")
    await bo.label("Person", 0, 3)
    await ana.session.readings.assign(["ana", "bo"], documents=[document(ana.session, "a.txt")])
    await ana.sync()
    await bo.sync()
    assert bo.labels() == [("Person", 0, 3)]
    assert not bo.session.rows[document(bo.session, "a.txt")].drafts
    await ana.label("Person", 8, 11)
    for home in (ana, bo):
        await home.session.readings.finish([document(home.session, "a.txt")])
    for home in (bo, ana, bo):
        await home.sync()
    for home in (ana, bo):
        whole = home.session.store.state.whole(document(home.session, "a.txt"))
        assert [label.span and label.span.start for label in reading(whole, "bo")] == [0]
        assert [label.span and label.span.start for label in reading(whole, "ana")] == [8]
        assert home.session.readings.both(whole.id) is not None


async def test_what_others_had_not_saved_stays_theirs(tmp_path: Path) -> None:
    ana, bo = await Pair(tmp_path, immediate=False).homes("Person")
    await bo.label("Person", 0, 3)
    await ana.session.readings.assign(["ana", "cleo"], documents=[document(ana.session, "a.txt")])
    await ana.sync()
    await bo.sync()
    (label,) = bo.session.store.state.whole(document(bo.session, "a.txt")).labels.values()
    assert (label.reader, label.draft is not None) == ("", True)


async def test_a_category_taken_back_brings_the_labels_of_finished_readings_back_to_all(
    tmp_path: Path,
) -> None:
    pair = Pair(tmp_path)
    ana, bo = await pair.homes("Person", "Town")
    cleo = await pair.home("cleo")
    await cleo.sync()
    await cleo.session.readings.assign(["ana", "bo"], documents=[document(cleo.session, "a.txt")])
    await cleo.sync()
    for home, start in ((ana, 0), (bo, 8)):
        await home.sync()
        await home.label("Person", start, start + 3)
        await home.session.readings.finish([document(home.session, "a.txt")])
        await home.sync()
    everybody = (cleo, ana, bo)

    async def sync() -> None:
        for home in (*everybody, *everybody):
            assert (await home.sync()).problems == ()

    def read() -> list[tuple[int, int]]:
        wholes = [home.session.store.state.whole(document(home.session, "a.txt")) for home in everybody]
        return [(len(reading(whole, "ana")), len(reading(whole, "bo"))) for whole in wholes]

    await sync()
    assert read() == [(1, 1)] * 3
    person = next(c.id for c in cleo.session.store.state.categories.values() if c.name == "Person")
    await cleo.session.categories.delete(person)
    await sync()
    assert read() == [(0, 0)] * 3
    undone = await cleo.session.history.undo()
    assert undone is not None
    assert undone.refused == 0
    await sync()
    assert read() == [(1, 1)] * 3
    assert [home.categories() for home in everybody] == [cleo.categories()] * 3
