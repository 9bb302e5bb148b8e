from __future__ import annotations

from tests.hostile.readers import patient
from tui_labeler.domain.projects import Dataset, ProjectKind
from tui_labeler.engine.formats.model import FileCategory, FileDocument, FileLabel, FileRegion, LabelFile
from tui_labeler.engine.formats.writing import DATASET, DESCRIPTIONS, LANGUAGE, UNUSED, classes, unheld


def said(
    *documents: FileDocument, holds: tuple[str, ...] = (), categories: tuple[str, ...] = ()
) -> list[str]:
    file = LabelFile(
        ProjectKind.MULTI_LABEL,
        categories=tuple(FileCategory(name, f"what {name} is") for name in categories),
        documents=documents,
    )
    return [f"{p.location or 'file'}: {p.reason}" for p in unheld(file, holds)]


def test_one_language_of_all_documents_is_said_once_and_several_by_document() -> None:
    one, other = FileDocument("a", "de"), FileDocument("b", "en")
    assert said(one, FileDocument("b", "de")) == ["file: the language of all documents (de) has no place"]
    assert said(one, other) == ["a: its language (de) has no place", "b: its language (en) has no place"]
    assert said(one) == ["a: its language (de) has no place"]
    assert said(FileDocument("a"), FileDocument("b")) == said(one, other, holds=(LANGUAGE,)) == []


def test_testing_documents_are_said_and_training_ones_need_not_be() -> None:
    documents = FileDocument("a", dataset=Dataset.TRAIN), FileDocument("b", dataset=Dataset.TEST)
    assert said(*documents) == ["b: its data set (Test) has no place"]
    assert said(*documents, holds=(DATASET,)) == []


def test_descriptions_and_categories_of_no_label_are_said() -> None:
    document = FileDocument("a", labels=(FileLabel("A"),))
    assert said(document, categories=("A", "B"), holds=(DESCRIPTIONS,)) == [
        "file: B is in no label and has no place"
    ]
    assert said(document, categories=("A",), holds=(UNUSED,)) == ["file: the description of A has no place"]


def test_parts_that_were_labeled_are_said_where_they_are_not_all() -> None:
    assert said(FileDocument("a", regions=(FileRegion(0, 5),))) == []
    assert said(FileDocument("a", regions=(FileRegion(2, 5),))) == [
        "a: which parts of it were labeled has no place"
    ]


def test_very_many_classes_of_one_document_are_written_soon() -> None:
    many = FileDocument("a.txt", labels=tuple(FileLabel(f"C{number}") for number in range(100_000)))
    with patient():
        assert len(classes(many, [])) == 100_000
