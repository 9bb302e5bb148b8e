"""Labels whose text has changed, or is gone: kept, set elsewhere, removed; all of it undoable."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fakes import (
    category,
    document,
    fixed_surroundings,
    home_workbench,
    labels,
    make_project,
    write_documents,
)
from tui_labeler.domain.labels import Span
from tui_labeler.engine.errors import InputError
from tui_labeler.engine.labeling.rules import LabelInTheWayError

if TYPE_CHECKING:
    from pathlib import Path

    from tui_labeler.engine.session import ProjectSession

BEFORE, AFTER = "Ann met Bob in Rome.\n", "Yesterday Ann saw Bob.\n"


@pytest.fixture
async def changed(tmp_path: Path) -> ProjectSession:
    """A label on "Ann", and one on "Rome", of a text that is another by now."""
    folder = write_documents(tmp_path / "texts", {"a.txt": BEFORE, "b.txt": "Nobody.\n"})
    workbench = home_workbench(tmp_path / "home", fixed_surroundings())
    session = await make_project(workbench, folder, categories=["Person", "Town"])
    number = document(session, "a.txt")
    await session.labeling.add(number, category(session, "Person"), Span(0, 3))
    await session.labeling.add(number, category(session, "Town"), Span(15, 19))
    await session.labeling.save()
    write_documents(folder, {"a.txt": AFTER})
    await session.documents.sync()
    return session


def stale(session: ProjectSession) -> list[str]:
    found = session.documents.find("a.txt")
    return [label.id for label in found.active_labels if found.is_stale(label)]


def row_stale(session: ProjectSession) -> int:
    return session.rows[document(session, "a.txt")].stale


async def test_rows_count_labels_on_an_earlier_text(changed: ProjectSession) -> None:
    assert (len(stale(changed)), row_stale(changed)) == (2, 2)
    await changed.labeling.remove(document(changed, "a.txt"), stale(changed)[0])
    assert row_stale(changed) == 1


async def test_a_label_is_kept_where_it_is_and_undo_makes_it_stale_again(changed: ProjectSession) -> None:
    number, (first, second) = document(changed, "a.txt"), stale(changed)
    made = await changed.looking_again.keep(number, first)
    assert made is not None
    assert stale(changed) == [second]
    assert changed.documents.find("a.txt").labels[first].made.actor == "ana"
    assert changed.labeling.drafts() == 0, "it applies at once"
    assert await changed.looking_again.keep(number, first) is None
    await changed.history.undo()
    assert stale(changed) == [first, second]


async def test_a_label_is_set_elsewhere(changed: ProjectSession) -> None:
    number, (first, _) = document(changed, "a.txt"), stale(changed)
    await changed.looking_again.keep(number, first, Span(10, 13))
    assert ("Person", Span(10, 13)) in labels(changed, "a.txt")
    await changed.history.undo()
    assert ("Person", Span(0, 3)) in labels(changed, "a.txt")


async def test_a_place_that_is_taken_or_outside_is_refused(changed: ProjectSession) -> None:
    number, (first, second) = document(changed, "a.txt"), stale(changed)
    with pytest.raises(InputError, match="outside"):
        await changed.looking_again.keep(number, first, Span(20, 99))
    await changed.looking_again.keep(number, first, Span(10, 13))
    with pytest.raises(LabelInTheWayError):
        await changed.looking_again.keep(number, second, Span(12, 16))


async def test_what_it_was_made_on_is_told_where_it_is_kept(changed: ProjectSession) -> None:
    number, (first, _) = document(changed, "a.txt"), stale(changed)
    label = changed.documents.find("a.txt").labels[first]
    assert await changed.looking_again.earlier(number, label) is None, "a folder keeps no earlier text"


async def test_the_labels_of_a_document_that_is_gone_stay_until_they_are_removed(
    changed: ProjectSession, tmp_path: Path
) -> None:
    (tmp_path / "texts" / "a.txt").unlink()
    await changed.documents.sync()
    assert len(labels(changed, "a.txt")) == 2
    await changed.looking_again.clear(document(changed, "a.txt"))
    assert labels(changed, "a.txt") == []
    await changed.labeling.save()
    await changed.history.undo()
    await changed.history.undo()
    assert len(labels(changed, "a.txt")) == 2


async def test_rows_are_the_same_after_a_restart(changed: ProjectSession, tmp_path: Path) -> None:
    await changed.store.checkpoint()
    await changed.close()
    again = await home_workbench(tmp_path / "home", fixed_surroundings()).open("Loans")
    assert row_stale(again) == 2
