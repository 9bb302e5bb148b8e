from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from sklearn.preprocessing import MultiLabelBinarizer

from tests.formats import strategies
from tests.realdata import real
from tui_labeler.domain.projects import Dataset, ProjectKind
from tui_labeler.engine.errors import FormatError
from tui_labeler.engine.formats import detect, jsonl
from tui_labeler.engine.formats.model import FileDocument, FileLabel, LabelFile, Unit

NER, SINGLE, MULTI = ProjectKind.ENTITIES, ProjectKind.SINGLE_LABEL, ProjectKind.MULTI_LABEL


def lines(*values: Any) -> bytes:
    return "".join(json.dumps(value) + "\n" for value in values).encode()


def read(*values: Any) -> LabelFile:
    return jsonl.read(lines(*values))


def refused(*values: Any) -> FormatError:
    with pytest.raises(FormatError) as caught:
        read(*values)
    assert caught.value.hint
    return caught.value


def cut(document: FileDocument) -> list[tuple[str, str]]:
    text = document.text or ""
    return [(each.category, text[each.start : each.start + each.length]) for each in document.labels]


def test_one_name_a_line_is_a_class_and_fits_several() -> None:
    file = read({"text": "x", "label": "A"}, {"text": "y", "label": None}, {"text": "z"})
    assert (file.kind, file.fits) == (SINGLE, frozenset({MULTI}))
    assert [[each.category for each in document.labels] for document in file.documents] == [["A"], [], []]


@pytest.mark.parametrize("key", ["label", "labels"])
def test_lists_of_names_are_several_classes(key: str) -> None:
    file = read({"text": "x", key: ["A", "B"]}, {"text": "y", key: []})
    assert (file.kind, file.fits) == (MULTI, frozenset())
    assert read({"text": "x", key: ["A"]}).fits == {SINGLE}
    assert [each.category for each in file.documents[0].labels] == ["A", "B"]


@pytest.mark.parametrize("key", ["spans", "entities"])
@pytest.mark.parametrize(
    "span",
    [
        {"start": 2, "end": 5, "label": "Name"},
        {"start_offset": 2, "end_offset": 5, "label": "Name", "id": 1},
        {"begin": 2, "end": 5, "type": "Name"},
        {"start": 2, "end": 5, "entity_group": "Name", "word": "Ann", "score": 0.5},
    ],
)
def test_spans_are_code_points_with_an_exclusive_end(key: str, span: dict[str, Any]) -> None:
    file = read({"text": "\U0001f6b2 Ann met", key: [span]})
    assert file.kind is NER
    assert cut(file.documents[0]) == [("Name", "Ann")]
    assert file.documents[0].labels[0].words == span.get("word", "")


@pytest.mark.parametrize("key", ["ner_tags", "tags", "labels"])
def test_tags_by_name_beside_tokens_are_labels_in_a_rebuilt_text(key: str) -> None:
    file = read({"id": "0", "tokens": ["EU", "rejects", "Peter", "B"], key: ["B-ORG", "O", "B-PER", "I-PER"]})
    (document,) = file.documents
    assert (file.kind, document.text, document.is_rebuilt) == (NER, "EU rejects Peter B", True)
    assert cut(document) == [("ORG", "EU"), ("PER", "Peter B")]
    assert document.extra == {"id": "0"}


def test_numbers_in_place_of_names_are_refused_with_what_to_do() -> None:
    error = refused({"tokens": ["a"], "ner_tags": ["O"]}, {"tokens": ["a"], "ner_tags": [3]})
    assert (error.line, error.field) == (2, "ner_tags[0]")
    assert "features['ner_tags'].feature.names" in error.hint
    error = refused({"text": "a", "label": 1})
    assert (error.line, error.field) == (1, "label")
    assert "int2str" in error.hint


def test_names_beside_numbers_are_taken() -> None:
    file = read({"text": "a", "label": 1, "label_text": "Good"})
    assert (file.kind, file.problems) == (SINGLE, ())
    assert file.documents[0].labels[0].category == "Good"


@pytest.mark.parametrize("key", jsonl.PLACES)
def test_a_document_s_name_language_and_data_set_are_read(key: str) -> None:
    (document,) = read(
        {key: "a.txt", "text": "x", "label": "A", "language": "de", "dataset": "test"}
    ).documents
    assert (document.location, document.language, document.dataset) == ("a.txt", "de", Dataset.TEST)
    assert document.extra == {}


def test_a_data_set_of_another_kind_is_just_a_column() -> None:
    (document,) = read({"text": "x", "label": "A", "dataset": "imdb", "language": 3}).documents
    assert (document.dataset, document.language) == (None, "")
    assert document.extra == {"dataset": "imdb", "language": 3}


def test_what_labels_a_line_besides_is_said() -> None:
    file = read({"text": "x", "spans": [], "label": "A", "relations": [1]})
    assert [(p.field, p.line, p.dropped) for p in file.problems] == [
        ("label", 1, True),
        ("relations", 1, True),
    ]


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ({"label": "A"}, "text"),
        ({"text": 3, "label": "A"}, "text"),
        ({"text": "x", "label": {"a": 1}}, "label"),
        ({"text": "x", "label": ""}, "label"),
        ({"text": "x", "label": "A"}, ""),
        ({"text": "x", "spans": [[0, 1, "A"]]}, "spans[0]"),
        ({"text": "x", "spans": [{"start": 0, "end": 1}]}, "spans[0].label"),
        ({"text": "x", "spans": [{"start": 0, "label": "A"}]}, "spans[0].end"),
        ({"text": "x", "spans": [{"start": 0.5, "end": 1, "label": "A"}]}, "spans[0].start"),
        ({"tokens": ["a"], "ner_tags": ["O", "O"]}, "ner_tags"),
        ({"tokens": ["a"], "ner_tags": ["PER"]}, "ner_tags[0]"),
        ({"tokens": "a", "ner_tags": ["O"]}, "tokens"),
        ({"other": 1}, "text"),
    ],
)
def test_what_is_wrong_is_named_by_line_and_field(value: dict[str, Any], field: str) -> None:
    if not field:
        assert refused({"text": "x", "spans": []}, value).line == 2
        return
    first = {"text": "", "label": "A"} if "label" in value else {"text": "", "spans": []}
    error = refused(first, value)
    assert (error.line, error.field) == (2, field)


def test_a_list_of_objects_is_read_too() -> None:
    file = jsonl.read(json.dumps([{"text": "x", "label": "A"}, {"text": "y", "label": "B"}]).encode())
    assert [document.text for document in file.documents] == ["x", "y"]
    with pytest.raises(FormatError, match=r"\[1\]\.text"):
        jsonl.read(b'[{"text": "x", "label": "A"}, {"label": "B"}]')


def test_unknown_keys_come_back() -> None:
    value = {"location": "a", "id": 7, "text": "Ann", "meta": {"x": [1]}}
    for labels in (
        {"spans": [{"start": 0, "end": 3, "label": "Name", "score": 1}]},
        {"label": "A"},
        {"labels": ["A", "B"]},
    ):
        again = json.loads(jsonl.write(read(value | labels)).data)
        assert again == value | labels


def test_lines_are_not_broken_by_line_ends_of_any_alphabet() -> None:
    text = "a\u2028b\u2029c\x85d\r\ne\x0bf"
    data = jsonl.write(LabelFile(SINGLE, documents=(FileDocument("x", text=text),))).data
    assert len(data.decode().splitlines()) == 1
    assert jsonl.read(data).documents[0].text == text


def test_what_has_no_place_is_said() -> None:
    labels = (FileLabel("A"), FileLabel("B"))
    document = FileDocument("x", text="y", labels=labels, suggestions=(FileLabel("C"),))
    written = jsonl.write(LabelFile(SINGLE, documents=(document,)))
    assert [(p.field, p.dropped) for p in written.problems] == [("suggestions", True), ("labels[1]", True)]
    assert json.loads(written.data)["label"] == "A"


def test_offsets_in_another_unit_and_documents_without_text_can_not_be_written() -> None:
    label = FileLabel("A", 0, 1, Unit.UTF16)
    with pytest.raises(FormatError, match="not code points"):
        jsonl.write(LabelFile(NER, documents=(FileDocument("x", labels=(label,), text="y"),)))
    with pytest.raises(FormatError, match="text is needed"):
        jsonl.write(LabelFile(NER, documents=(FileDocument("x"),)))


@given(strategies.all_kinds())
def test_all_of_it_comes_back_as_it_was_written(file: LabelFile) -> None:
    written = jsonl.write(file)
    again = jsonl.read(written.data)
    assert written.problems == ()
    assert again.kind is file.kind
    assert strategies.said(again) == strategies.said(file)
    assert [(d.language, d.dataset) for d in again.documents] == [
        (d.language, d.dataset) for d in file.documents
    ]
    assert jsonl.write(again).data == written.data


@given(strategies.all_kinds())
def test_files_of_our_own_are_found_to_be_this_format(file: LabelFile) -> None:
    assert detect(jsonl.write(file).data, "labels.jsonl") is jsonl.FORMAT


@given(strategies.files(MULTI, largest=6))
def test_scikit_learn_takes_the_rows_as_they_are(file: LabelFile) -> None:
    rows = [json.loads(line) for line in jsonl.write(file).data.splitlines()]
    binarizer = MultiLabelBinarizer()
    matrix = binarizer.fit_transform([row["labels"] for row in rows])
    assert matrix.sum() == sum(len(document.labels) for document in file.documents)
    assert list(binarizer.inverse_transform(matrix)) == [
        tuple(sorted(each.category for each in document.labels)) for document in file.documents
    ]


def test_a_real_file_of_spans_is_read_whole() -> None:
    data = real("interop", "prodigy", "fashion_brands_eval_head.jsonl").read_bytes()
    file = jsonl.read(data)
    assert (len(file.documents), sum(len(each.labels) for each in file.documents)) == (400, 194)
    assert ("FASHION_BRAND", "Kenneth Cole") in [
        each for document in file.documents for each in cut(document)
    ]
