"""The marks that the text shows: right, and made anew only where something changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.builders import Bench, document, key, number, span
from tui_labeler.screens.labeling.marks import MarkMaker

if TYPE_CHECKING:
    from pathlib import Path


async def test_marks_are_made_anew_only_for_what_changed(tmp_path: Path) -> None:
    session = await Bench(tmp_path).create()
    for word in ("Ann", "Bob"):
        await session.labeling.add(number(session), key(session, "Person"), span(word))
    maker = MarkMaker()
    ann, bob = maker.marks(session, document(session))
    await session.labeling.change(number(session), bob.id, category=key(session, "Place"))
    first, second = maker.marks(session, document(session))
    assert first is ann
    assert second.name == "Place"
    assert second.color != bob.color
    await session.categories.rename(key(session, "Person"), "Human")
    assert [mark.name for mark in maker.marks(session, document(session))] == ["Human", "Place"]
