"""Whatever the texts look like, what a format has written is found to be of it, and says the same."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from tests.formats.strategies import files, said
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.formats import FORMATS, detect, read_file
from tui_labeler.engine.formats.model import FileCategory, FileDocument, FileLabel, LabelFile, Unit
from tui_labeler.engine.formats.resolve import to_code_points

if TYPE_CHECKING:
    from tui_labeler.engine.formats.model import Format

NER, MANY = ProjectKind.ENTITIES, ProjectKind.MULTI_LABEL
SAME = {"aml-conll": "conll"}
"""Formats that are read as another."""
NAMELESS = frozenset({"spacy", "fasttext", "aml-conll"})
REBUILT = frozenset({"conll", "aml-conll", "fasttext"})
POINTS = [known for known in FORMATS.values() if known.name != "azure"]
"""The service's own format counts otherwise, and knows itself by its keys."""


def entity(text: str, words: str, name: str = "Name") -> FileDocument:
    return FileDocument(
        "a.txt", labels=(FileLabel(name, text.index(words), len(words), Unit.CODE_POINT),), text=text
    )


def of(kind: ProjectKind, *documents: FileDocument) -> LabelFile:
    used = dict.fromkeys(label.category for each in documents for label in each.labels)
    return LabelFile(kind, categories=tuple(map(FileCategory, used)), documents=documents)


def checked(known: Format, file: LabelFile) -> None:
    written = known.write(file)
    name = f"labels{known.extensions[0]}"
    assert detect(written.data, name).name == SAME.get(known.name, known.name)
    assert detect(written.data, "-").name == SAME.get(known.name, known.name)
    _, read = read_file(written.data, name)
    assert not any(problem.dropped for problem in read.problems), read.problems
    if known.name in REBUILT or any(problem.dropped for problem in written.problems):
        return
    wanted, found = said(file), said(read)
    if known.name in NAMELESS:
        wanted = [("", text, labels) for _, text, labels in wanted]
    if not known.carries_text:
        wanted = [(place, None, labels) for place, _, labels in wanted]
    assert found == wanted
    for before, after in zip(file.documents, read.documents, strict=True):
        held = to_code_points(file.kind, after, before.text or "")
        assert not any(problem.dropped for problem in held.problems), held.problems


@pytest.mark.parametrize("known", POINTS, ids=lambda known: known.name)
@settings(max_examples=30)
@given(data=st.data())
@example(data=None).via("a path, and what other formats begin with")
def test_what_is_written_is_found_and_says_the_same(known: Format, data: st.DataObject | None) -> None:
    if data is None:
        paths = "C:\\new\\table is Ann's path"
        for text, words in (
            (paths, "C:\\new\\table"),
            ("see __label__foo and Bob", "Bob"),
            ("__label__foo", "__label__foo"),
            ("a O\nb B-ORG\nBob O", "Bob"),
            ("text,label\nBob,x", "Bob"),
            ('{"text": "Bob", "label": []}', "Bob"),
        ):
            if text.startswith("__label__") and known.name == "aml-conll":
                continue  # a file that is nothing but tokens like this one is of fastText, for all that shows
            if NER in known.kinds:
                checked(known, of(NER, entity(text, words)))
            elif "__label__" not in text:
                checked(known, of(MANY, FileDocument("a.txt", labels=(FileLabel("A"),), text=text)))
        return
    kind = data.draw(st.sampled_from(sorted(known.kinds)))
    file = data.draw(files(kind))
    if known.name == "fasttext":
        # Without any label a file of its kind is one of plain lines, and nothing tells it from others.
        assume(any(each.labels for each in file.documents))
        assume(not any("__label__" in (each.text or "") for each in file.documents))
    elif known.name == "brat":
        # What has another name there gets it behind its own, and that is said.
        file = replace(
            file,
            documents=tuple(
                msgspec.structs.replace(each, location=f"{at}.txt") for at, each in enumerate(file.documents)
            ),
        )
    if known.name == "aml-conll":
        assume(any("__label__" not in (each.text or "") for each in file.documents))
    if known.name in REBUILT:
        assume(all((each.text or "").strip() for each in file.documents))
    checked(known, file)
