"""What projects, labeling and review look like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.fakes import (
    document,
    fixed_surroundings,
    home_workbench,
    make_project,
    suggest,
    to_place,
    write_documents,
)
from tests.screens.conftest import LOANS, ONE, TWO, press, settle, span_of
from tui_labeler.app import LabelerApp
from tui_labeler.domain.projects import Dataset, ProjectKind
from tui_labeler.screens.projects.projects import ProjectsScreen

if TYPE_CHECKING:
    from pathlib import Path

    from textual.pilot import Pilot

    from tui_labeler.engine.workbench import Workbench

SIZES = [(80, 24), (120, 40)]


async def fill(workbench: Workbench, folder: Path) -> None:
    """Two projects: entities with labels of both kinds and suggestions, and classes."""
    container = write_documents(folder / "texts", LOANS)
    session = await make_project(workbench, container, categories=["Borrower", "Lender", "Amount"])
    key = {category.name: category.id for category in session.store.state.categories.values()}
    await session.labeling.add(document(session, ONE), key["Borrower"], span_of(ONE, "Acme Ltd."))
    await session.labeling.save()
    await session.labeling.add(document(session, TWO), key["Amount"], span_of(TWO, "EUR 9,000"))
    await session.documents.set([document(session, TWO)], dataset=Dataset.TEST)
    await suggest(session, ONE, [("Lender", "North Bank", 0.97), ("Amount", "GBP 25,000", 0.55)])
    await suggest(session, TWO, [("Lender", "North Bank", 0.93)])
    await session.close()
    topics = await make_project(
        workbench, container, ProjectKind.MULTI_LABEL, name="Topics", categories=["Loan", "Letter"]
    )
    await suggest(topics, ONE, [("Loan", "", 0.9)])
    await topics.labeling.add(document(topics, ONE), topics.categories.by_name("Letter").id)
    await topics.close()


def looks(
    snap_compare: Any,
    folder: Path,
    size: tuple[int, int],
    project: str = "",
    *keys: str,
    review: bool = False,
    answered: bool = False,
) -> bool:
    """Compares the application with its picture, in a project after some keys.

    ``answered``: with words to place.
    """
    workbench = home_workbench(folder / "home", fixed_surroundings())
    app = LabelerApp(workbench)

    async def show(pilot: Pilot[None]) -> None:
        await fill(workbench, folder)
        if answered:
            session = await workbench.open("Loans")
            await to_place(session, TWO, [("Borrower", "Mary ONeil"), ("Lender", "The North Bank")])
            await session.close()
        if project:
            await app.open_project(project, review=review)
        elif isinstance(app.screen, ProjectsScreen):
            app.screen.load()
        await settle(pilot)
        await press(pilot, *keys)

    return bool(snap_compare(app, terminal_size=size, run_before=show))


def test_the_projects(snap_compare: Any, tmp_path: Path) -> None:
    assert looks(snap_compare, tmp_path, (80, 24))


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_labeling(snap_compare: Any, tmp_path: Path, size: tuple[int, int]) -> None:
    assert looks(snap_compare, tmp_path, size, "Loans", "w", "v", "w")


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_review(snap_compare: Any, tmp_path: Path, size: tuple[int, int]) -> None:
    assert looks(snap_compare, tmp_path, size, "Loans", "a", review=True)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_words_to_place(snap_compare: Any, tmp_path: Path, size: tuple[int, int]) -> None:
    assert looks(snap_compare, tmp_path, size, "Loans", "n", "n", "n", review=True, answered=True)


def test_classes(snap_compare: Any, tmp_path: Path) -> None:
    assert looks(snap_compare, tmp_path, (120, 40), "Topics")
