from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from tests.formats import strategies
from tests.realdata import real
from tui_labeler.domain.projects import Dataset, ProjectKind
from tui_labeler.engine.errors import FormatError
from tui_labeler.engine.formats import csv_labels, detect
from tui_labeler.engine.formats.csv_read import read
from tui_labeler.engine.formats.csv_write import write
from tui_labeler.engine.formats.model import FileDocument, FileLabel, LabelFile, Unit

NER, SINGLE, MULTI = ProjectKind.ENTITIES, ProjectKind.SINGLE_LABEL, ProjectKind.MULTI_LABEL


def classes(data: str | bytes) -> list[tuple[str, str | None, list[str]]]:
    file = read(data.encode() if isinstance(data, str) else data)
    return [(d.location, d.text, [each.category for each in d.labels]) for d in file.documents]


def refused(data: str) -> FormatError:
    with pytest.raises(FormatError) as caught:
        read(data.encode())
    assert caught.value.hint
    return caught.value


def rows(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("header", [("text", "label"), ("Content", "CATEGORY"), ("body", "Class")])
def test_columns_are_found_by_their_names_whatever_parts_them(
    separator: str, header: tuple[str, str]
) -> None:
    data = "\n".join(separator.join(row) for row in [header, ('"a, b; c"', "X"), ("d", "Y")])
    assert classes(data) == [("", "a, b; c", ["X"]), ("", "d", ["Y"])]
    assert csv_labels.FORMAT.sniff(data.encode(), "x.csv")


def test_the_order_of_columns_is_free_and_others_are_kept() -> None:
    file = read(b"label,foo,text,split\nA,x,one,train\n,y,two,Test\n")
    first, second = file.documents
    assert (first.text, first.labels, first.extra) == ("one", (FileLabel("A"),), {"foo": "x"})
    assert (second.dataset, second.labels, second.line) == (Dataset.TEST, (), 3)


def test_a_data_set_of_another_kind_is_just_a_column() -> None:
    assert read(b"text,label,dataset\nx,A,imdb\n").documents[0].extra == {"dataset": "imdb"}


def test_the_table_of_azure_machine_learning_names_documents_by_address() -> None:
    data = "Url,Label\nAmlDatastore://store/a/b.txt,X\nazureml://x/datastores/s/paths/c.txt,Y\n"
    assert classes(data) == [("a/b.txt", None, ["X"]), ("c.txt", None, ["Y"])]
    error = refused("Url,Label\nwasbs://x/y,A\n")
    assert (error.line, error.field) == (2, "Url")


def test_one_class_a_row_fits_both_kinds_and_several_only_one() -> None:
    assert (read(b"text,label\nx,A\n").kind, read(b"text,label\nx,A\n").fits) == (SINGLE, frozenset({MULTI}))
    assert (read(b"text,labels\nx,A\n").kind, read(b"text,labels\nx,A\n").fits) == (
        MULTI,
        frozenset({SINGLE}),
    )
    several = read(b"text,labels\nx,A|B\n")
    assert (several.kind, several.fits) == (MULTI, frozenset())


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("A|B", ["A", "B"]),
        ("A; B", ["A", "B"]),
        ('"A, B"', ["A", "B"]),
        ("A#B", ["A", "B"]),
        ('"A|B, C"', ["A", "B, C"]),
        ('"[""A"", ""B""]"', ["A", "B"]),
        ("[A]", ["[A]"]),
        ("C\\#", ["C#"]),
        ("A\\", ["A\\"]),
        ("A|A", ["A"]),
        ("", []),
    ],
)
def test_a_column_of_labels_is_parted(cell: str, names: list[str]) -> None:
    assert classes(f"text,labels\nx,{cell}\n") == [("", "x", names)]


def test_further_columns_and_rows_of_a_document_are_further_classes() -> None:
    assert classes("text,label_1,label_2\nx,A,B\ny,A,\n") == [("", "x", ["A", "B"]), ("", "y", ["A"])]
    assert classes("file,label\na,X\nb,Y\na,Z\n") == [("a", None, ["X", "Z"]), ("b", None, ["Y"])]


def test_joined_names_are_parted_where_each_stands_alone_too() -> None:
    file = read(b"text,label\nx,A\ny,A#B\nz,B\n")
    assert [[each.category for each in d.labels] for d in file.documents] == [["A"], ["A", "B"], ["B"]]
    assert "joined by #" in file.remarks[0]
    whole = read(b"text,label\nx,C#\ny,A\n")
    assert [[each.category for each in d.labels] for d in whole.documents] == [["C#"], ["A"]]
    assert "C# holds #" in whole.remarks[0]


def test_a_row_of_entities_is_a_span() -> None:
    data = (
        "location,start,end,label,words,text\n"
        "a.txt,2,5,Name,Ann,\U0001f6b2 Ann met\na.txt,6,9,Verb,met,\nb.txt,,,,,nothing\n"
    )
    first, second = read(data.encode()).documents
    assert first.labels == (
        FileLabel("Name", 2, 3, Unit.CODE_POINT, words="Ann"),
        FileLabel("Verb", 6, 3, Unit.CODE_POINT, words="met"),
    )
    assert (first.text, second.text, second.labels) == ("\U0001f6b2 Ann met", "nothing", ())


def test_spans_may_be_lengths_and_documents_may_be_told_by_text_alone() -> None:
    file = read(b"text,begin,length,tag\nAnn met,0,3.0,Name\nAnn met,4,3,Verb\nBob,0,3,Name\n")
    assert [(d.text, [each.category for each in d.labels]) for d in file.documents] == [
        ("Ann met", ["Name", "Verb"]),
        ("Bob", ["Name"]),
    ]


@pytest.mark.parametrize(
    ("data", "line", "field"),
    [
        ("text,label\nx,A\ny,A,B\n", 3, ""),
        ('text,label\n"a\nb",A\ny\n', 4, ""),
        ('text,label\nx,A\n"y,B\n', 3, ""),
        ('text,label\n"x"y,A\n', 2, ""),
        ("first,second\nx,A\n", 1, ""),
        ("text,start,end,label\nx,a,1,A\n", 2, "start"),
        ("text,start,end,label\nx,0,,A\n", 2, "end"),
        ("text,start,end,label\nx,0,1.5,A\n", 2, "end"),
        ("text,start,end,label\nx,0,1,\n", 2, "label"),
        ("file,text,label\na,x,A\na,y,A\n", 3, "text"),
    ],
)
def test_what_is_wrong_is_named_by_line_and_column(data: str, line: int, field: str) -> None:
    error = refused(data)
    assert (error.line, error.field) == (line, field)


def test_a_label_of_nothing_is_left_out_and_said() -> None:
    file = read(b"text,label\nx,A\n,B\n,\n")
    assert len(file.documents) == 1
    assert [(p.line, p.dropped, "B is the label of no text" in p.reason) for p in file.problems] == [
        (3, True, True)
    ]


def test_labels_that_are_numbers_are_remarked_upon() -> None:
    assert "numbers" in read(b"text,label\nx,1\ny,0\n").remarks[0]
    assert classes("text,label,label_text\nx,1,Good\n") == [("", "x", ["Good"])]


def test_utf16_is_said() -> None:
    with pytest.raises(FormatError, match="UTF-16") as caught:
        read("text,label\nx,A\n".encode("utf-16"))
    assert "UTF-8" in caught.value.hint


def test_a_text_longer_than_the_library_s_limit_is_read() -> None:
    long = "x" * 200_000
    assert classes(f"text,label\n{long},A\n")[0][1] == long


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff\xfe", b'{"text": 1, "label": 2}', b"a,b\n", b"text\nx\n", b"label\nx\n", b'"text,label'],
)
def test_other_files_are_not_taken_for_tables_of_labels(data: bytes) -> None:
    assert not csv_labels.FORMAT.sniff(data, "x.csv")


def test_unknown_columns_come_back_but_for_names_that_mean_something() -> None:
    documents = (
        FileDocument("a", text="x", labels=(FileLabel("A"),), extra={"id": 7, "note": "=1+1", "Start": "2"}),
        FileDocument("b", text="y", extra={"$keys": ["id"], "meta": {"a": [1]}}),
    )
    written = write(LabelFile(SINGLE, documents=documents))
    assert rows(written.data) == [
        {"location": "a", "label": "A", "id": "7", "note": "=1+1", "meta": "", "text": "x"},
        {"location": "b", "label": "", "id": "", "note": "", "meta": '{"a":[1]}', "text": "y"},
    ]
    assert [p.field for p in written.problems] == ["Start"]
    assert read(written.data).documents[0].extra == {"id": "7", "note": "=1+1"}


def test_what_has_no_place_is_said() -> None:
    labels = (FileLabel("A"), FileLabel("B"))
    document = FileDocument("x", text="y", labels=labels, suggestions=(FileLabel("C"),))
    written = write(LabelFile(SINGLE, documents=(document, FileDocument(labels=labels[:1], text=""))))
    assert [(p.field, p.dropped) for p in written.problems] == [
        ("suggestions", True),
        ("labels[1]", True),
        ("text", True),
    ]


@given(strategies.all_kinds())
def test_all_of_it_comes_back_as_it_was_written(file: LabelFile) -> None:
    written = write(file)
    again = read(written.data)
    assert written.problems == ()
    assert again.is_for(file.kind)
    assert strategies.said(again) == strategies.said(file)
    assert [(d.language, d.dataset) for d in again.documents] == [
        (d.language, d.dataset) for d in file.documents
    ]
    for document in again.documents:
        for label in document.labels:
            assert label.words == (document.text or "")[label.start : label.start + label.length]
    assert detect(written.data, "labels.csv") is csv_labels.FORMAT


@given(st.lists(st.text(st.characters(codec="utf-8"), min_size=1), min_size=1, unique=True))
def test_any_names_come_back_from_one_cell(names: list[str]) -> None:
    document = FileDocument("a", text="x", labels=tuple(map(FileLabel, names)))
    again = classes(write(LabelFile(MULTI, documents=(document,))).data)
    assert again == [("a", "x", [name for name in names if name.strip()])]


def test_scikit_learn_learns_from_the_table() -> None:
    texts = [
        ("good food", "Praise"),
        ("bad food", "Complaint"),
        ("good, good", "Praise"),
        ("so bad", "Complaint"),
    ]
    documents = tuple(
        FileDocument(f"{index}.txt", text=text, labels=(FileLabel(name),))
        for index, (text, name) in enumerate(texts)
    )
    table = rows(write(LabelFile(SINGLE, documents=documents)).data)
    vectors = CountVectorizer()
    model = LogisticRegression().fit(
        vectors.fit_transform([row["text"] for row in table]), [row["label"] for row in table]
    )
    assert list(model.predict(vectors.transform(["good", "bad"]))) == ["Praise", "Complaint"]


DOCCANO = "data_import__tests__data__text_classification__example"


def test_the_samples_of_another_tool_are_read() -> None:
    name = "data_export__pipeline__examples__text_classification__example.csv"
    data = real("interop", "doccano", name).read_bytes()
    assert detect(data, name) is csv_labels.FORMAT
    assert [(text, names) for _, text, names in classes(data)] == [
        ("Terrible customer service.", ["negative"]),
        ("Really great transaction.", ["positive"]),
        ("Great price.", ["positive"]),
    ]
    data = real("interop", "doccano", f"{DOCCANO}_out_of_order_columns.csv").read_bytes()
    assert [(text, names) for _, text, names in classes(data)] == [
        ("exampleA", ["positive"]),
        ("exampleB", []),
    ]
    file = read(real("interop", "doccano", f"{DOCCANO}.csv").read_bytes())
    assert [(p.line, p.dropped) for p in file.problems] == [(4, True)]


@pytest.mark.parametrize(
    ("name", "line", "reason"),
    [
        (f"{DOCCANO}.invalid.2.csv", 2, "3 values, and the header has 2"),
        ("data_import__tests__data__example.utf16.csv", None, "UTF-16"),
    ],
)
def test_samples_that_can_not_be_read_say_where_and_why(name: str, line: int | None, reason: str) -> None:
    with pytest.raises(FormatError, match=reason) as caught:
        read(real("interop", "doccano", name).read_bytes())
    assert caught.value.line == line


def test_a_real_table_of_ten_thousand_rows_is_read_whole() -> None:
    data = real("banking77", "train.csv").read_bytes()
    assert detect(data, "train.csv") is csv_labels.FORMAT
    file = read(data)
    assert (file.kind, len(file.documents)) == (SINGLE, 10003)
    assert len({each.category for document in file.documents for each in document.labels}) == 77
    assert file.documents[1].text == "What can I do if my card still hasn't arrived after 2 weeks?"


def test_rows_with_a_name_may_leave_the_text_to_the_container() -> None:
    file = read(b"location,text,start,end,label\na.txt,,0,3,Person\n")
    (document,) = file.documents
    assert (document.location, document.text) == ("a.txt", None)
    assert [(label.start, label.length) for label in document.labels] == [(0, 3)]


FORMULAS = (
    '=cmd|" /C calc"!A0',
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    '=HYPERLINK("http://127.0.0.1/?"&A1)',
    "\t=1",
    "\r=1",
)


@pytest.mark.parametrize("formula", FORMULAS)
def test_what_a_spreadsheet_takes_for_a_formula_is_text_that_stays_as_it_is(formula: str) -> None:
    document = FileDocument("a.txt", text=formula, labels=(FileLabel("=A1"),))
    written = write(LabelFile(SINGLE, documents=(document,)))
    (line,) = rows(written.data)
    assert (line["text"], line["label"]) == (formula, "=A1")
    assert classes(written.data) == [("a.txt", formula, ["=A1"])]
