from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings

from tests.formats import strategies
from tests.realdata import real
from tui_labeler.domain.projects import Dataset, ProjectKind
from tui_labeler.engine.errors import FormatError
from tui_labeler.engine.formats import FORMATS, detect, doccano, read_file
from tui_labeler.engine.formats.model import FileDocument, FileLabel, LabelFile

NER, SINGLE, MULTI = ProjectKind.ENTITIES, ProjectKind.SINGLE_LABEL, ProjectKind.MULTI_LABEL
IMPORTED, EXPORTED, TESTED = (
    "data_import__pipeline__examples__",
    "data_export__pipeline__examples__",
    "data_import__tests__data__",
)


def read(*values: Any) -> LabelFile:
    return doccano.read("".join(json.dumps(value) + "\n" for value in values).encode())


def cut(file: LabelFile) -> list[tuple[str, str]]:
    return [
        (label.category, (document.text or "")[label.start : label.start + label.length])
        for document in file.documents
        for label in document.labels
    ]


def sample(name: str) -> tuple[str, LabelFile]:
    known, file = read_file(real("interop", "doccano", name).read_bytes(), name)
    return known.name, file


@pytest.mark.parametrize("key", ["label", "labels", "column_label", "entities"])
def test_spans_are_lists_of_start_end_and_name(key: str) -> None:
    value = {"text": "\U0001f6b2 Ann met", key: [[2, 5, "Name"]]}
    file = read(value)
    assert (file.kind, file.fits, cut(file)) == (NER, frozenset(), [("Name", "Ann")])
    assert detect(json.dumps(value).encode(), "x.jsonl") is doccano.FORMAT


def test_spans_are_objects_and_relations_are_left_out_with_a_word() -> None:
    entity = {"id": 7, "start_offset": 0, "end_offset": 3, "label": "Name"}
    file = read({"text": "Ann met", "entities": [entity], "relations": [{"id": 1}, {"id": 2}]})
    assert cut(file) == [("Name", "Ann")]
    assert [(p.field, p.line, p.dropped) for p in file.problems] == [("relations", 1, True)]
    assert "2 left out" in file.problems[0].reason
    assert json.loads(doccano.write(file).data) == {"text": "Ann met", "entities": [entity]}


def test_names_are_classes_and_fit_one_a_document() -> None:
    file = read({"text": "x", "label": ["A"]}, {"text": "y", "label": []})
    assert file.kind is MULTI
    assert file.fits == {SINGLE}
    assert read({"text": "x", "label": ["A", "B"]}).fits == frozenset()


def test_where_nothing_is_labeled_every_kind_fits() -> None:
    file = read({"text": "x", "label": []})
    assert {kind for kind in ProjectKind if file.is_for(kind)} == set(ProjectKind)


def test_classes_beside_spans_are_left_out_with_a_word() -> None:
    file = read({"text": "x", "entities": [], "cats": ["A"]}, {"text": "yz", "entities": [[0, 1, "N"]]})
    assert cut(file) == [("N", "y")]
    assert [(p.field, p.line, p.dropped) for p in file.problems] == [("cats[0]", 1, True)]


@pytest.mark.parametrize(
    "value",
    [{"filename": "a.txt"}, {"meta": {"location": "a.txt"}}, {"meta": {"file_name": "a.txt", "x": 1}}],
)
def test_a_document_s_name_is_found_in_a_column_or_in_meta(value: dict[str, Any]) -> None:
    row = {"id": 3, "text": "x", "label": ["A"], "Comments": ["c"], "wiki": {"x": [1]}}
    (document,) = read(row | value).documents
    assert document.location == "a.txt"
    again = json.loads(doccano.write(LabelFile(MULTI, documents=(document,))).data)
    assert {key: again[key] for key in row} == row
    assert doccano.read(json.dumps(again).encode()).documents[0].location == "a.txt"


def test_language_and_data_set_are_columns() -> None:
    (document,) = read({"text": "x", "label": [], "meta": {"language": "de", "dataset": "Test"}}).documents
    assert (document.language, document.dataset, document.extra) == ("de", Dataset.TEST, {})


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ({"label": []}, "text"),
        ({"text": 3, "label": []}, "text"),
        ({"text": "x", "label": [[0, 1]]}, "label[0]"),
        ({"text": "x", "label": [[0, "1", "A"]]}, "label[0][1]"),
        ({"text": "x", "label": [[0, 1, ""]]}, "label[0][2]"),
        ({"text": "x", "label": [3]}, "label[0]"),
        ({"text": "x", "entities": [{"start_offset": 0, "label": "A"}]}, "entities[0].end_offset"),
        ({"filename": "a.PNG", "label": ["cat"]}, "filename"),
    ],
)
def test_what_is_wrong_is_named_by_line_and_field(value: dict[str, Any], field: str) -> None:
    with pytest.raises(FormatError) as caught:
        read({"text": "x", "label": []}, value)
    assert (caught.value.line, caught.value.field) == (2, field)
    assert caught.value.hint


@settings(max_examples=40)
@given(strategies.all_kinds())
def test_all_of_it_comes_back_as_it_was_written(file: LabelFile) -> None:
    written = doccano.write(file)
    again = doccano.read(written.data)
    assert written.problems == ()
    assert again.is_for(file.kind)
    assert strategies.said(again) == strategies.said(file)
    assert [(d.language, d.dataset) for d in again.documents] == [
        (d.language, d.dataset) for d in file.documents
    ]
    assert detect(written.data, "labels.jsonl") is doccano.FORMAT


def test_what_has_no_place_is_said() -> None:
    document = FileDocument("x", text="y", labels=(FileLabel("A"), FileLabel("B")))
    written = doccano.write(LabelFile(SINGLE, documents=(document,)))
    assert [(p.field, p.dropped) for p in written.problems] == [("labels[1]", True)]


NEWS = [("ORG", "EU"), ("PERSON", "Peter Blackburn"), ("PERSON", "Obama")]
GOOGLE = [
    ("ORG", "Google"),
    ("DATE", "September 4, 1998"),
    ("PERSON", "Larry Page"),
    ("PERSON", "Sergey Brin"),
]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (f"{IMPORTED}sequence_labeling__example.jsonl", NEWS),
        (f"{EXPORTED}sequence_labeling__example.jsonl", [NEWS[0], ("MISC", "German"), *NEWS[1:]]),
        (f"{IMPORTED}relation_extraction__example.jsonl", GOOGLE),
        (f"{EXPORTED}relation_extraction__example.jsonl", GOOGLE),
        (f"{TESTED}relation_extraction__example.jsonl", GOOGLE),
        (f"{TESTED}sequence_labeling__example_overlapping.jsonl", [("LOC", "e"), ("LOC", "e")]),
        (
            f"{IMPORTED}intent_detection__example.jsonl",
            [("City", "Find a flight from Memphis"), ("City", "Tacoma"), ("City", "Los Angeles")],
        ),
        (
            f"{EXPORTED}intent_detection__example.jsonl",
            [("City", "Find a flight from Memphis"), ("City", "Tacoma"), ("City", "Los Angeles")],
        ),
    ],
)
def test_spans_of_the_samples_cut_the_right_words(name: str, words: list[tuple[str, str]]) -> None:
    known, file = sample(name)
    assert (known, file.kind, cut(file)) == ("doccano", NER, words)


REVIEWS = [
    ("Terrible customer service.", "negative"),
    ("Really great transaction.", "positive"),
    ("Great price.", "positive"),
]
GREETINGS = [
    ("Hello!", "こんにちは！"),
    ("Good morning.", "おはようございます。"),
    ("See you.", "さようなら。"),
]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (f"{IMPORTED}text_classification__example.json", REVIEWS),
        (f"{IMPORTED}text_classification__example.jsonl", REVIEWS),
        (f"{EXPORTED}text_classification__example.json", REVIEWS),
        (f"{EXPORTED}text_classification__example.jsonl", REVIEWS),
        (f"{IMPORTED}sequence_to_sequence__example.json", GREETINGS),
        (f"{IMPORTED}sequence_to_sequence__example.jsonl", GREETINGS),
        (f"{EXPORTED}sequence_to_sequence__example.json", GREETINGS),
        (f"{EXPORTED}sequence_to_sequence__example.jsonl", GREETINGS),
    ],
)
def test_classes_of_the_samples_are_read(name: str, said: list[tuple[str, str]]) -> None:
    known, file = sample(name)
    assert known == "doccano"
    assert [(document.text, document.labels[0].category) for document in file.documents] == said
    # Answers to texts look like classes: that is said, for nothing in the file tells them apart.
    assert bool(file.remarks) == (said is GREETINGS)


def test_classes_and_meta_of_the_sample_with_labels_are_read() -> None:
    known, file = sample(f"{TESTED}text_classification__example.jsonl")
    assert (known, file.kind) == ("jsonl", MULTI)
    assert [[label.category for label in document.labels] for document in file.documents] == [
        ["positive"],
        ["positive", "negative"],
        [],
    ]
    assert file.documents[2].extra == {"meta": {"wikiPageID": 3}}


@pytest.mark.parametrize(
    ("name", "line", "field", "reason"),
    [
        (f"{TESTED}sequence_labeling__example.jsonl", 3, "text", "is missing"),
        (f"{TESTED}intent__example.jsonl", 5, "text", "is missing"),
        (f"{TESTED}seq2seq__example.jsonl", 3, "text", "is missing"),
        (f"{TESTED}seq2seq__example.json", 4, "[2].text", "is missing"),
        (f"{TESTED}text_classification__example.json", 5, "[3].text", "is missing"),
        (f"{EXPORTED}image_classification__example.jsonl", 1, "filename", "a picture or a sound"),
        (f"{EXPORTED}image_captioning__example.jsonl", 1, "filename", "a picture or a sound"),
        (f"{EXPORTED}speech_to_text__example.jsonl", 1, "filename", "a picture or a sound"),
        (f"{EXPORTED}bounding_box__example.jsonl", 13, "", "not JSON"),
        (f"{EXPORTED}segmentation__example.jsonl", 9, "", "not JSON"),
    ],
)
def test_samples_that_can_not_be_read_say_where_and_why(
    name: str, line: int | None, field: str, reason: str
) -> None:
    with pytest.raises(FormatError, match=reason) as caught:
        sample(name)
    assert (caught.value.line, caught.value.field) == (line, field)


def test_no_reader_fails_otherwise_than_by_a_refusal_that_names_the_sample() -> None:
    for path in sorted(real("interop", "doccano").iterdir()):
        for name in ("auto", *FORMATS):
            try:
                read_file(path.read_bytes(), path.name, name)
            except FormatError as error:
                if path.name not in error.message:
                    pytest.fail(f"{path.name} as {name}: {error.message}")
