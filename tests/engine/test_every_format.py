"""Labels go out of one project in each format and into another over the same texts: they are the same."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.builders import Bench, saved
from tests.fakes import document, suggest
from tui_labeler.domain.labels import Span
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.errors import FormatError
from tui_labeler.engine.formats import FORMATS, azure
from tui_labeler.engine.formats.model import FileCategory, FileDocument, FileLabel, FileRegion, LabelFile
from tui_labeler.engine.formats.resolve import ResolvedLabel, to_utf16
from tui_labeler.engine.workbench import set_settings

if TYPE_CHECKING:
    from pathlib import Path

    from tui_labeler.engine.session import ProjectSession

NER = ProjectKind.ENTITIES
TEXTS = {
    "plain.txt": "Ann Lee met Bob in Rome. Then she went on to Oslo.\n",
    "crlf.txt": "Customer\r\n\r\nJonas Lind\r\nBike: Brompton, 12 June 2025\r\n",
    "emoji.txt": "\U0001f6b2\U0001f468\u200d\U0001f469\u200d\U0001f467 "
    "Priya Raman left a bike, 45 EUR \U0001f44d\U0001f3fd.",
    "marks.txt": "Zoe\u0308 Brandt, Oko\u0300o\u0301, שלום עולם, and 東京に行く。",
    "breaks.txt": " one\u2028two\x0bthree\x85four\tfive\u00a0six ",
}
WORDS = {
    "plain.txt": ("Ann Lee", "Rome"),
    "crlf.txt": ("Jonas Lind", "12 June 2025"),
    "emoji.txt": ("Priya Raman", "45 EUR", "\U0001f44d\U0001f3fd"),
    "marks.txt": ("Zoe\u0308 Brandt", "שלום עולם", "東京"),
    "breaks.txt": ("two", "five\u00a0six"),
}
NAMES = ("Person", "Borrower Place")


def given(kind: ProjectKind) -> bytes:
    """An Azure labels file over the texts."""
    documents = []
    for location, text in TEXTS.items():
        labels: tuple[FileLabel, ...] = tuple(map(FileLabel, NAMES[: 1 + (kind is ProjectKind.MULTI_LABEL)]))
        regions: tuple[FileRegion, ...] = ()
        if kind is NER:
            spans = [(text.index(words), len(words)) for words in WORDS[location]]
            labels, regions = to_utf16(
                [
                    ResolvedLabel(NAMES[index % 2], Span(start, start + length))
                    for index, (start, length) in enumerate(spans)
                ],
                (),
                text,
            )
        documents.append(FileDocument(location, labels=labels, regions=regions))
    categories = tuple(map(FileCategory, NAMES))
    return azure.write(LabelFile(kind, categories=categories, documents=tuple(documents))).data


@pytest.mark.parametrize("kind", ProjectKind)
@pytest.mark.parametrize("name", FORMATS)
async def test_labels_come_out_of_a_file_on_the_words_that_they_went_in_with(
    tmp_path: Path, name: str, kind: ProjectKind
) -> None:
    if kind not in FORMATS[name].kinds:
        return
    one, other = Bench(tmp_path / "one"), Bench(tmp_path / "other")
    first = await one.create(TEXTS, kind=kind, categories=())
    await first.label_files.read(given(kind), "labels.json")
    written = await first.label_files.write(name)
    assert written.skipped == ()
    second = await other.create(TEXTS, kind=kind, categories=())
    read = await second.label_files.read(written.data, "labels", name)
    assert read.skipped == ()
    for location in TEXTS:
        if kind is NER:
            assert len(saved(first, location)) == len(WORDS[location])
        assert sorted(saved(second, location), key=str) == sorted(saved(first, location), key=str)
        assert saved(first, location)
    again = await second.label_files.read(written.data, "labels", name)
    assert (again.labels, again.skipped) == (0, ())


@pytest.mark.parametrize("kind", ProjectKind)
async def test_suggestions_go_out_as_predictions_and_come_in_as_suggestions(
    tmp_path: Path, kind: ProjectKind
) -> None:
    first = await Bench(tmp_path / "one").create(TEXTS, kind=kind, categories=NAMES)
    await first.label_files.read(given(kind), "labels.json")
    words = {"emoji.txt": "left", "breaks.txt": "one"} if kind is NER else {"late.txt": ""}
    if kind is not NER:
        first = await Bench(tmp_path / "late").create(
            {**TEXTS, "late.txt": "Late."}, kind=kind, categories=NAMES
        )
    for location, said in words.items():
        await suggest(first, location, [(NAMES[1], said, 0.75), (NAMES[0], said, None)][: 1 + (kind is NER)])
    plain = await first.label_files.write("labelstudio")
    assert (plain.suggestions, b"predictions" in plain.data) == (0, False)
    written = await first.label_files.write("labelstudio", suggestions=True)
    assert (written.suggestions, written.skipped) == (4 if kind is NER else 1, ())
    texts = {key: (await first.documents.text(document(first, key))).text for key in words}
    second = await Bench(tmp_path / "other").create({**TEXTS, **texts}, kind=kind, categories=NAMES)
    read = await second.label_files.read(written.data, "labels.json")
    assert (read.suggestions, read.skipped) == (written.suggestions, ())
    for location in texts:
        assert open_in(second, location) == open_in(first, location) != []
        assert saved(second, location) == saved(first, location)
        assert second.documents.find(location).reviewed is None


def open_in(session: ProjectSession, location: str) -> list[tuple[str, Span | None, float | None]]:
    """Category, span and confidence of what waits for a decision."""
    names = session.store.state.categories
    kind = session.project.kind
    found = session.documents.find(location).open_suggestions(kind)
    return sorted(((names[x.category].name, x.span, x.confidence) for x in found), key=str)


async def test_blind_mode_keeps_suggestions_out_of_a_file_too(tmp_path: Path) -> None:
    session = await Bench(tmp_path).create(TEXTS, kind=NER, categories=NAMES)
    await suggest(session, "plain.txt", [(NAMES[0], "Bob", 0.5)])
    settings = replace(session.project.settings, hide_until_labeled=True)
    await set_settings(session, replace(session.project, settings=settings))
    written = await session.label_files.write("labelstudio", suggestions=True)
    assert (written.suggestions, written.documents) == (0, 0)


@pytest.mark.parametrize("name", sorted(FORMATS.keys() - {"labelstudio"}))
async def test_a_format_without_a_place_for_suggestions_refuses_them(tmp_path: Path, name: str) -> None:
    kind = next(each for each in ProjectKind if each in FORMATS[name].kinds)
    session = await Bench(tmp_path).create(TEXTS, kind=kind, categories=NAMES)
    with pytest.raises(FormatError, match="no place for suggestions"):
        await session.label_files.write(name, suggestions=True)
