"""Labels go out of one project in each format and into another over the same texts: they are the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.builders import Bench, saved
from tui_labeler.domain.labels import Span
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.formats import FORMATS, azure
from tui_labeler.engine.formats.model import FileCategory, FileDocument, FileLabel, FileRegion, LabelFile
from tui_labeler.engine.formats.resolve import ResolvedLabel, to_utf16

if TYPE_CHECKING:
    from pathlib import Path

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
