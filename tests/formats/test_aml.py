from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from tests.formats import strategies
from tests.realdata import real
from tui_labeler.domain.projects import Dataset, ProjectKind
from tui_labeler.engine.documents.decoding import decode
from tui_labeler.engine.errors import FormatError
from tui_labeler.engine.formats import aml, azure, detect
from tui_labeler.engine.formats.model import FileCategory, FileDocument, FileLabel, LabelFile, Unit

NER, SINGLE, MULTI = ProjectKind.ENTITIES, ProjectKind.SINGLE_LABEL, ProjectKind.MULTI_LABEL
URL = "AmlDatastore://store/a.txt"
SPAN = {"label": "Name", "offsetStart": 2, "offsetEnd": 5}


def lines(*values: Any) -> bytes:
    return "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values).encode()


def row(label: Any, share: Any = 1.0, url: str = URL, **more: Any) -> dict[str, Any]:
    return {"image_url": url, "label": label, "label_confidence": share, **more}


def refused(*values: Any) -> FormatError:
    with pytest.raises(FormatError) as caught:
        aml.read(lines(*values))
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("AmlDatastore://store/texts/1.txt", "texts/1.txt"),
        ("amldatastore://store//1.txt", "1.txt"),
        (
            "azureml://subscriptions/0/resourcegroups/g/workspaces/w/datastores/store/paths/a/datastores/b.txt",
            "a/datastores/b.txt",
        ),
        ("azureml://datastores/store/paths/b.txt", "b.txt"),
        ("https://account.blob.core.windows.net/box/a/b.txt?sv=1", "a/b.txt"),
        ("plain.txt", "plain.txt"),
        ("/in/folders.txt", "in/folders.txt"),
        ("AmlDatastore://store/Zoë %20.txt", "Zoë %20.txt"),
    ],
)
def test_the_name_is_what_stands_behind_the_datastore(url: str, location: str) -> None:
    (document,) = aml.read(lines(row("A", url=url))).documents
    assert document.location == location


@pytest.mark.parametrize(
    "url", ["AmlDatastore://store", "wasbs://x/y.txt", "azureml:1", "/", "azureml://a/b"]
)
def test_an_address_of_another_kind_is_refused_with_its_line(url: str) -> None:
    if url == "azureml:1":
        assert aml.read(lines(row("A", url=url))).documents[0].location == url
        return
    error = refused(row("A"), row("A", url=url))
    assert (error.line, error.field) == (2, "image_url")
    assert "AmlDatastore://<datastore>/<path>" in error.hint


def test_spans_are_code_points_with_an_exclusive_end() -> None:
    file = aml.read(lines(row([SPAN], [1.0])))
    assert file.kind is NER
    assert file.documents[0].labels == (FileLabel("Name", 2, 3, Unit.CODE_POINT),)


def test_the_three_kinds_are_told_by_their_labels() -> None:
    assert aml.read(lines(row("A"), row(None, None, "b.txt"))).kind is SINGLE
    assert aml.read(lines(row([], []), row(["A", "B"], [1.0, 1.0], "b.txt"))).kind is MULTI
    assert aml.read(lines(row([], []), row([SPAN], [1], "b.txt"))).kind is NER


def test_a_file_says_which_other_kinds_it_fits() -> None:
    assert aml.read(lines(row("A"))).fits == {MULTI}
    assert aml.read(lines(row(["A"], [1.0]))).fits == {SINGLE}
    assert aml.read(lines(row(["A", "B"], [1.0, 1.0]))).fits == frozenset()
    assert aml.read(lines(row([], []))).fits == {SINGLE, MULTI}
    assert aml.read(lines(row([SPAN], [1.0]))).fits == frozenset()


def test_what_a_model_is_less_than_sure_of_is_a_suggestion() -> None:
    file = aml.read(lines(row([SPAN, SPAN | {"offsetEnd": 9}], [1.0, 0.75])))
    assert file.documents[0].labels == (FileLabel("Name", 2, 3, Unit.CODE_POINT),)
    assert file.documents[0].suggestions == (FileLabel("Name", 2, 7, Unit.CODE_POINT, confidence=0.75),)
    (document,) = aml.read(lines(row("A", 0.5))).documents
    assert (document.labels, document.suggestions) == ((), (FileLabel("A", confidence=0.5),))


def test_names_joined_by_commas_are_suggestions_and_never_one_label() -> None:
    file = aml.read(lines(row("Comedy,Drama,War", [0.9, 0.5, 0.25])))
    (document,) = file.documents
    assert (file.kind, document.labels) == (MULTI, ())
    assert document.suggestions == (FileLabel("Comedy", confidence=0.9), FileLabel("Drama", confidence=0.5))
    (problem,) = file.problems
    assert (problem.line, problem.location, problem.dropped) == (1, "a.txt", True)
    assert "War 0.25" in problem.reason


def test_joined_names_that_match_no_confidence_are_left_out_and_said() -> None:
    file = aml.read(lines(row("a,b", [0.9])))
    assert file.documents[0].suggestions == ()
    assert "1 confidences stand beside 2 names" in file.problems[0].reason
    assert file.problems[0].dropped


def test_a_sure_name_with_commas_is_one_class() -> None:
    (document,) = aml.read(lines(row("Comedy,Drama", 1))).documents
    assert document.labels == (FileLabel("Comedy,Drama"),)


@pytest.mark.parametrize(
    ("value", "field"),
    [
        (row(3), "label"),
        (row([3], [1.0]), "label[0]"),
        (row([SPAN, "A"], [1.0, 1.0]), "label"),
        (row([SPAN | {"offsetStart": "2"}], [1.0]), "label[0].offsetStart"),
        (row([{"label": "A"}], [1.0]), "label[0].offsetStart"),
        (row("A", 1.5), "label_confidence"),
        (row("A", "sure"), "label_confidence"),
        (row("A", True), "label_confidence"),
        (row(["A"], [1.0, 1.0]), "label_confidence"),
        (row(""), "label"),
        ({"label": "A"}, "image_url"),
    ],
)
def test_what_is_wrong_is_named_by_line_and_field(value: dict[str, Any], field: str) -> None:
    error = refused(row(None, None, "first.txt"), value)
    assert (error.line, error.field) == (2, field)


def test_a_document_stands_on_one_line_and_all_lines_are_of_one_kind() -> None:
    assert "a.txt is there on line 1 already" in refused(row("A"), row("B")).message
    error = refused(row("A"), row(["B"], [1.0], "b.txt"))
    assert (error.line, error.field) == (2, "label")
    assert "on line 1 it is one name" in error.message


def test_what_is_no_json_is_named_by_its_line() -> None:
    with pytest.raises(FormatError, match="line 2: column 3") as caught:
        aml.read(lines(row("A")) + b'{ "image_url\n')
    assert caught.value.line == 2
    with pytest.raises(FormatError, match="line 3") as caught:
        aml.read(lines(row("A")) + b'\n{"a": "\xff"}\n')
    assert "UTF-8" in caught.value.hint


def test_unknown_columns_and_keys_come_back_in_their_order() -> None:
    for value in (
        row([SPAN | {"by": 1}], [1.0], label_date="2026-01-01", image_details={"format": "txt"}),
        {"label_date": "x", "label": "A", "image_url": "plain.txt"},
        row(["A", "B"], [1.0, 1.0], "azureml://subscriptions/0/datastores/s/paths/x.txt"),
        row([], []),
        {"image_url": URL, "label": None},
        row(None, None),
    ):
        data = lines(value)
        written = aml.write(aml.read(data)).data
        assert list(json.loads(written).items()) == list(value.items())


def test_new_documents_lie_where_the_others_do() -> None:
    file = aml.read(lines(row("A"), row("A", url="AmlDatastore://store/b.txt"), row("B", url="c.txt")))
    more = (*file.documents, FileDocument("d.txt", labels=(FileLabel("A"),)))
    written = aml.write(LabelFile(SINGLE, documents=more))
    assert json.loads(written.data.splitlines()[-1])["image_url"] == "AmlDatastore://store/d.txt"
    assert written.problems == ()


def test_without_a_known_datastore_the_workspace_s_own_is_named_and_said() -> None:
    documents = (FileDocument("a.txt", labels=(FileLabel("A"),)),)
    written = aml.write(LabelFile(SINGLE, documents=documents))
    assert json.loads(written.data) == row("A", url="AmlDatastore://workspaceblobstore/a.txt")
    assert "workspaceblobstore" in written.problems[0].reason
    told = aml.write(LabelFile(SINGLE, documents=documents, settings={"amlDatastore": "mine"}))
    assert (json.loads(told.data), told.problems) == (row("A", url="AmlDatastore://mine/a.txt"), ())


def test_what_has_no_place_is_said_by_document() -> None:
    document = FileDocument(
        "a.txt",
        "de",
        Dataset.TEST,
        labels=(FileLabel("A"), FileLabel("B"), FileLabel("A", 0, 1, Unit.CODE_POINT)),
        suggestions=(FileLabel("B", confidence=0.5),),
        extra={"image_url": URL},
    )
    categories = (FileCategory("A", "what it is"), FileCategory("C"))
    written = aml.write(LabelFile(SINGLE, documents=(document,), categories=categories))
    assert [(p.location, p.field, p.dropped) for p in written.problems] == [
        ("", "categories[0]", False),
        ("", "categories[1]", False),
        ("a.txt", "language", False),
        ("a.txt", "dataset", False),
        ("a.txt", "suggestions", True),
        ("a.txt", "labels[1]", True),
        ("a.txt", "labels[2]", True),
    ]
    assert json.loads(written.data)["label"] == "A"


def test_offsets_in_another_unit_are_no_spans_to_write() -> None:
    document = FileDocument("a.txt", labels=(FileLabel("A", 0, 1, Unit.UTF16),))
    with pytest.raises(FormatError, match="not code points"):
        aml.write(LabelFile(NER, documents=(document,)))


@given(strategies.all_kinds())
def test_labels_come_back_as_they_were_written(file: LabelFile) -> None:
    written = aml.write(file)
    again = aml.read(written.data)
    assert not any(problem.dropped for problem in written.problems)
    assert again.is_for(file.kind) or not any(document.labels for document in file.documents)
    assert [(d.location, d.labels) for d in again.documents] == [
        (d.location, d.labels) for d in file.documents
    ]
    assert aml.write(again).data == written.data or again.kind is not file.kind


FILES = {
    "aml_ner.jsonl": ("ner_labels.json", NER),
    "aml_multiclass.jsonl": ("single_label.json", SINGLE),
    "aml_multilabel.jsonl": ("multi_label.json", MULTI),
}


@pytest.mark.parametrize(("name", "twin", "kind"), [(name, *rest) for name, rest in FILES.items()])
def test_real_files_say_the_same_as_the_labels_file_beside_them(
    name: str, twin: str, kind: ProjectKind
) -> None:
    path = real("azure-examples", name)
    data = path.read_bytes()
    assert detect(data, name) is aml.FORMAT
    file, other = aml.read(data), azure.read(real("azure-examples", twin).read_bytes())
    assert file.kind is kind
    counts = {d.location: len(d.labels) for d in other.documents}
    for document in file.documents:
        assert len(document.labels) == counts[document.location]
    assert [json.loads(line) for line in aml.write(file).data.splitlines()] == [
        json.loads(line) for line in data.splitlines()
    ]


def test_the_spans_of_a_real_file_cut_the_right_words() -> None:
    path = real("azure-examples", "aml_ner.jsonl")
    words = {}
    for document in aml.read(path.read_bytes()).documents:
        text = decode((path.parent / "docs" / document.location).read_bytes()).text
        words[document.location] = [text[each.start : each.start + each.length] for each in document.labels]
    assert words["ticket01.txt"] == ["Maria Okafor", "Trek Domane", "3 May 2025", "84.50 EUR"]
    assert words["ticket02.txt"] == ["Jonas Lindqvist", "Brompton C Line", "12 June 2025", "120.00 EUR"]
    assert words["ticket03.txt"] == ["Priya Raman", "Gazelle CityZen", "1 July 2025", "45.00 EUR"]
    assert words["ticket04.txt"][0].endswith("Brandt")


@pytest.mark.parametrize("kind", ["multiclass", "multilabel", "ner"])
def test_rows_made_up_from_the_service_s_own_reader_are_read(kind: str) -> None:
    data = real("interop", "azureml-jsonl", f"constructed_{kind}.jsonl").read_bytes()
    assert detect(data, "labeledDatapoints_1.jsonl") is aml.FORMAT
    file = aml.read(data)
    assert [json.loads(line) for line in aml.write(file).data.splitlines()] == [
        json.loads(line) for line in data.splitlines()
    ]
    assert file.documents[0].labels
