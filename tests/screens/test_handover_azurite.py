"""The life of a connection by keys, on a container in Blob storage."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from tests.screens.conftest import LOANS, ONE, TWO, paste, screen_text
from tui_labeler.app import LabelerApp
from tui_labeler.assembly import workbench
from tui_labeler.domain.handover import Phase
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.workbench import NewProject
from tui_labeler.screens.handover.handover import HandoverScreen
from tui_labeler.screens.labeling.labeling import LabelingScreen

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest
    from textual.pilot import Pilot

    from tests.azurite import Azurite

PATIENCE = 30.0
"""Seconds for what asks the container."""


async def until(pilot: Pilot[None], is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not is_so():
            await pilot.pause(0.02)
    await pilot.pause()


def phase(pilot: Pilot[None]) -> Phase:
    screen = next(screen for screen in pilot.app.screen_stack if isinstance(screen, LabelingScreen))
    return screen.session.project.handover.phase


async def reach(pilot: Pilot[None], wanted: Phase, *keys: str) -> None:
    """Presses keys, and waits for what comes of them."""
    for key in keys:
        await pilot.press(key)
        await pilot.pause()
    await until(pilot, lambda: phase(pilot) is wanted and is_idle(pilot))


def is_idle(pilot: Pilot[None]) -> bool:
    screen = pilot.app.screen
    return isinstance(screen, HandoverScreen) and screen.check_action("look", ()) is True


async def test_the_whole_life_by_keys(
    azurite: Azurite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", azurite.connection_string)
    async with azurite.new_container() as blobs:
        for name, text in LOANS.items():
            await blobs.upload_blob(name, text.encode())
        bench = workbench(tmp_path / "home")
        address = f"az://{blobs.container_name}"
        made = await bench.create(
            NewProject("Loans", ProjectKind.ENTITIES, address, categories=("Borrower", "Lender"))
        )
        await made.session.close()
        app = LabelerApp(bench, open_project="Loans", document=ONE, sync_every=0)
        async with app.run_test(size=(80, 24), notifications=True) as pilot:
            await until(
                pilot, lambda: isinstance(app.screen, LabelingScreen) and app.screen.shown is not None
            )
            await pilot.press("H")
            await until(pilot, lambda: is_idle(pilot))
            await pilot.press("c")
            await pilot.pause()
            for words in ("loans-aml", "ws", "people", "11-22"):
                await paste(pilot, words)
                await pilot.press("down")
            await reach(pilot, Phase.HERE, "ctrl+s", "y")
            await reach(pilot, Phase.AML, "s", "y")
            row = {
                "image_url": f"AmlDatastore://store/{TWO}",
                "label": [{"label": "Lender", "offsetStart": 0, "offsetEnd": 10}],
                "label_confidence": [1.0],
            }
            await blobs.upload_blob("Labeling/export/labels.jsonl", json.dumps(row))
            await reach(pilot, Phase.AML, "r")
            assert "Labeling/export/labels.jsonl" in screen_text(pilot)
            await reach(pilot, Phase.HERE, "s", "l")
            assert "1 new label" in screen_text(pilot)
            await pilot.press("D")
            await pilot.pause()
            await paste(pilot, "Loans")
            await reach(pilot, Phase.DISCONNECTED, "enter")
            assert "Disconnected" in screen_text(pilot)
