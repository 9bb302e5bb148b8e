from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import given, settings

from tests.formats import strategies
from tests.realdata import real
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.errors import FormatError
from tui_labeler.engine.formats import brat, detect
from tui_labeler.engine.formats.model import FileCategory, FileDocument, FileLabel, LabelFile, Unit
from tui_labeler.engine.formats.resolve import to_code_points
from tui_labeler.labels_on_disk import read_labels

NER = ProjectKind.ENTITIES


def packed(**files: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return held.getvalue()


def read(ann: str, text: str = "x Ann\nmet") -> LabelFile:
    return brat.read(packed(**{"a.txt": text, "a.ann": ann}))


def cut(document: FileDocument) -> list[tuple[str, str]]:
    text = document.text or ""
    return [(each.category, text[each.start : each.start + each.length]) for each in document.labels]


def test_text_bound_annotations_are_labels_of_the_text_beside() -> None:
    (document,) = read("T1\tName 2 5\tAnn\r\n").documents
    assert (document.location, cut(document), document.labels[0].words) == ("a.txt", [("Name", "Ann")], "Ann")


def test_pieces_over_a_line_end_are_one_label_and_others_are_listed() -> None:
    file = read("T1\tName 2 5;6 9\tAnn met\nT2\tName 0 1;6 9\tx met\n")
    assert cut(file.documents[0]) == [("Name", "Ann\nmet")]
    assert [(p.location, p.field, p.line, p.dropped) for p in file.problems] == [("a.txt", "T2", 2, True)]
    assert "2 pieces" in file.problems[0].reason


def test_all_but_spans_is_left_out_with_a_word() -> None:
    file = read(
        "T1\tName 2 5\tAnn\n*\tEquiv T1 T1\n"
        "E1\tName:T1\nE2\tName:T1\nR1\tis Arg1:T1 Arg2:T1\n#1\tNote T1\tx\n"
    )
    said = [(p.field, p.line, p.reason) for p in file.problems]
    assert said == [
        ("*", 2, "equivalences have no place here: 1 left out"),
        ("E1", 3, "events have no place here: 2 left out"),
        ("R1", 5, "relations have no place here: 1 left out"),
        ("#1", 6, "notes have no place here: 1 left out"),
    ]


def test_the_configuration_names_entities() -> None:
    conf = "# x\n[entities]\nName\n\t!City  Arg:x\n[relations]\nis Arg1:Name\n"
    file = brat.read(packed(**{"annotation.conf": conf, "a.ann": ""}))
    assert [category.name for category in file.categories] == ["Name", "City"]
    assert [(d.location, d.text) for d in file.documents] == [("a.txt", None)]


@pytest.mark.parametrize(
    ("ann", "mark"),
    [
        ("T1\tName 2\tAnn", "T1"),
        ("T1 Name 2 5 Ann", "T1 Name 2 5 Ann"),
        ("T1\tName x 5\tAnn", "T1"),
        ("hello", "hello"),
    ],
)
def test_what_is_no_annotation_is_named_by_file_line_and_id(ann: str, mark: str) -> None:
    with pytest.raises(FormatError, match="is no annotation") as caught:
        read(f"\n{ann}\n")
    assert (caught.value.line, caught.value.field) == (2, f"a.ann {mark}")


@pytest.mark.parametrize("name", ["../a.ann", "/a.ann", "a/../b.ann", "C:/a.ann", "a\\b.ann"])
def test_names_that_lead_out_of_the_archive_are_refused(name: str) -> None:
    with pytest.raises(FormatError, match="leads out") as caught:
        brat.read(packed(**{name: ""}))
    assert caught.value.field == name


def test_what_is_no_archive_is_refused_with_what_to_name() -> None:
    for data in (b"T1\tName 0 1\tx\n", b"PK\x03\x04nothing", packed(**{"a.txt": "x"})):
        with pytest.raises(FormatError) as caught:
            brat.read(data)
        assert "folder" in caught.value.hint
    assert detect(b"T1\tName 0 1\tx\n", "a.ann") is brat.FORMAT


def test_a_text_that_nobody_has_labeled_is_said() -> None:
    file = brat.read(packed(**{"a.ann": "", "a.txt": "x", "b.txt": "y"}))
    assert [(p.location, p.dropped) for p in file.problems] == [("b.txt", True)]


def test_classes_are_refused_and_names_are_encoded_with_a_word() -> None:
    with pytest.raises(FormatError, match="not classes"):
        brat.write(LabelFile(ProjectKind.SINGLE_LABEL))
    label = FileLabel("Borrower Name", 0, 1, Unit.CODE_POINT)
    document = FileDocument("a", text="x", labels=(label,))
    written = brat.write(LabelFile(NER, categories=(FileCategory("50%20"),), documents=(document,)))
    assert [p.reason for p in written.problems] == [
        "50%20 is written as 50%2520",
        "Borrower Name is written as Borrower%20Name",
        "it is written as a.txt",
    ]
    again = brat.read(written.data)
    assert [category.name for category in again.categories] == ["50%20", "Borrower Name"]
    assert again.documents[0].labels[0].category == "Borrower Name"


def test_two_documents_can_not_have_one_name() -> None:
    documents = (FileDocument("a.txt", text="x"), FileDocument("a", text="y"), FileDocument("../b", text="z"))
    written = brat.write(LabelFile(NER, documents=documents))
    assert [(p.location, p.dropped) for p in written.problems] == [("a", True), ("../b", True)]


@settings(max_examples=40)
@given(strategies.files(NER))
def test_all_of_it_comes_back_as_it_was_written(file: LabelFile) -> None:
    written = brat.write(file)
    again = brat.read(written.data)
    assert not [problem for problem in written.problems if problem.dropped]
    assert not again.problems

    def said(of: LabelFile) -> list[object]:
        return [
            (f"{place.removesuffix('.txt')}.txt", text, labels) for place, text, labels in strategies.said(of)
        ]

    assert said(again) == said(file)
    assert {category.name for category in again.categories} == {category.name for category in file.categories}
    assert brat.write(file).data == written.data
    assert detect(written.data, "labels.zip") is brat.FORMAT
    for document in again.documents:
        assert not [p for p in to_code_points(NER, document, document.text or "").problems if p.dropped]


def test_real_files_are_read_and_every_span_cuts_the_words_that_they_state() -> None:
    file = brat.read(read_labels(str(real("interop", "brat"))))
    counted = {document.location: len(document.labels) for document in file.documents}
    assert counted == {
        "PMC2829055-00-TIAB.txt": 29,
        "PMID-19781662.txt": 35,
        "PMID-8641346.txt": 54,
        "esp.train-doc-1400.txt": 44,
        "esp.train-doc-46.txt": 104,
        "ned.train-doc-118.txt": 22,
    }
    for document in file.documents:
        assert [words for _, words in cut(document)] == [label.words for label in document.labels]
    by_name = {document.location: cut(document) for document in file.documents}
    assert by_name["esp.train-doc-1400.txt"][:3] == [
        ("PER", "Alejandro Toledo"),
        ("LOC", "Perú"),
        ("LOC", "Lima"),
    ]
    assert by_name["PMID-19781662.txt"][0] == ("Protein", "5-lipoxygenase")
    left = {(p.location, p.reason.split(" ", 1)[0]) for p in file.problems}
    assert left == {
        ("PMC2829055-00-TIAB.txt", "events"),
        ("PMID-19781662.txt", "equivalences"),
        ("PMID-19781662.txt", "events"),
        ("PMID-8641346.txt", "equivalences"),
        ("PMID-8641346.txt", "events"),
        ("PMID-8641346.txt", "attributes"),
    }


def test_words_that_are_not_in_their_place_are_told_with_mark_and_line() -> None:
    text = "Ann met Bob."
    lines = "T1\tName 0 3\tAnn\nR1\tknows Arg1:T1 Arg2:T7\nT7\tName 8 11\tBxb\n"
    file = read(lines, text)
    (problem,) = to_code_points(NER, file.documents[0], text).problems
    assert (problem.field, problem.line, problem.dropped) == ("T7", 3, True)


def test_one_annotation_file_alone_says_what_else_is_needed() -> None:
    with pytest.raises(FormatError, match=r"NAME\.ann and NAME\.txt") as caught:
        brat.read(b"T1\tPerson 0 3\tAnn\n")
    assert "into a folder" in caught.value.hint


def test_a_text_that_is_too_long_is_left_out_with_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brat, "READABLE_CHARACTERS", 10)
    monkeypatch.setattr(brat, "_TEXT_BYTES", 43)
    ann = "T1\tName 0 3\tAnn\n"
    texts = {"fits": "Ann " + "é" * 6, "long": "Ann " + "é" * 7, "longer": "Ann " + "x" * 40}
    files = {f"{name}.txt": text for name, text in texts.items()} | {f"{name}.ann": ann for name in texts}
    file = brat.read(packed(**files))
    assert [each.location for each in file.documents] == ["fits.txt"]
    said = {
        (each.location, each.dropped) for each in file.problems if "more than 10 characters" in each.reason
    }
    assert said == {("long.txt", True), ("longer.txt", True)}
    assert len(file.problems) == 2


def test_a_file_of_annotations_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brat, "_ANN_BYTES", 20)
    with pytest.raises(FormatError, match=r"a\.ann has more than 20 bytes"):
        read("T1\tName 2 5\tAnn\n\n\n\n\n\n")


def test_annotations_of_one_file_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brat, "MOST_OF_ONE", 5)
    assert len(read(5 * "T1\tName 2 5\tAnn\n").documents[0].labels) == 5
    with pytest.raises(FormatError, match="more than 5 annotations in one file"):
        read(6 * "T1\tName 2 5\tAnn\n")


@pytest.mark.parametrize("line", ["T1\tName 2 5\tAnn\n", "T1\tName 0 1;2 5\tx Ann\n"])
def test_annotations_of_all_files_are_counted(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brat, "MOST", 5)
    files = {"a.txt": "x-Ann", "a.ann": 3 * line, "b.txt": "x-Ann"}
    brat.read(packed(**files, **{"b.ann": 2 * line}))
    with pytest.raises(FormatError, match="or 5 in all") as refused:
        brat.read(packed(**files, **{"b.ann": "\n#1\tnote\n" + 3 * line}))
    assert (refused.value.field, refused.value.line) == ("b.ann", 5)


def test_pieces_without_end_are_no_span() -> None:
    with pytest.raises(FormatError, match="is no annotation"):
        read("T1\tName " + ";".join(["0 1"] * 20_000) + "\tx\n")
