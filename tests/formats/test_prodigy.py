from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings

from tests.formats import strategies
from tests.realdata import real
from tui_labeler.domain.projects import Dataset, ProjectKind
from tui_labeler.engine.errors import FormatError
from tui_labeler.engine.formats import detect, prodigy
from tui_labeler.engine.formats.model import FileDocument, FileLabel, LabelFile, Unit

NER, SINGLE, MULTI = ProjectKind.ENTITIES, ProjectKind.SINGLE_LABEL, ProjectKind.MULTI_LABEL
SPAN = {"start": 2, "end": 5, "label": "Name"}
OPTIONS = [{"id": "A", "text": "an A"}, {"id": "B", "text": "a B"}]


def read(*values: Any) -> LabelFile:
    return prodigy.read("".join(json.dumps(value) + "\n" for value in values).encode())


def cut(file: LabelFile) -> list[tuple[str, str]]:
    return [
        (label.category, (document.text or "")[label.start : label.start + label.length])
        for document in file.documents
        for label in document.labels
    ]


def names(labels: tuple[FileLabel, ...]) -> list[str]:
    return [label.category for label in labels]


def test_accepted_spans_are_labels() -> None:
    file = read({"text": "\U0001f6b2 Ann met", "spans": [SPAN], "answer": "accept"})
    assert (file.kind, cut(file), file.remarks) == (NER, [("Name", "Ann")], ())


@pytest.mark.parametrize("answer", [{"answer": "reject"}, {"answer": "ignore"}, {}])
def test_other_answers_are_suggestions(answer: dict[str, str]) -> None:
    file = read({"text": "x Ann met", "spans": [SPAN | {"score": 0.7}], **answer})
    (document,) = file.documents
    assert document.labels == ()
    assert [(each.category, each.confidence) for each in document.suggestions] == [("Name", 0.7)]
    assert bool(file.remarks) == (not answer)


def test_chosen_options_are_classes_and_all_options_categories() -> None:
    row = {"text": "x", "options": OPTIONS, "accept": ["B"], "answer": "accept"}
    file = read(row)
    assert (file.kind, [each.name for each in file.categories]) == (MULTI, ["A", "B"])
    assert file.fits == {SINGLE}
    assert names(file.documents[0].labels) == ["B"]
    assert read(row | {"config": {"choice_style": "single"}}).kind is SINGLE
    assert read(row | {"accept": ["A", "B"]}).fits == frozenset()
    assert names(read(row | {"answer": "ignore"}).documents[0].suggestions) == ["B"]


def test_an_option_with_a_number_goes_by_its_text() -> None:
    options = [{"id": 0, "text": "Bad"}, {"id": 1, "text": "Good"}]
    row = {"text": "x", "options": options, "accept": [1], "answer": "accept"}
    assert names(read(row).documents[0].labels) == ["Good"]
    with pytest.raises(FormatError, match="no option has that id") as caught:
        read(row | {"accept": [2]})
    assert (caught.value.line, caught.value.field) == (1, "accept[0]")


def test_binary_answers_over_one_text_are_one_document() -> None:
    file = read(
        {"text": "x", "label": "A", "answer": "accept"},
        {"text": "x", "label": "B", "answer": "reject"},
        {"text": "x", "label": "C", "answer": "accept"},
        {"text": "x", "label": "D", "answer": "ignore"},
        {"text": "y", "label": "A", "answer": "accept"},
    )
    assert [(d.text, names(d.labels), names(d.suggestions)) for d in file.documents] == [
        ("x", ["A", "C"], ["D"]),
        ("y", ["A"], []),
    ]
    assert [(p.line, p.field, p.dropped) for p in file.problems] == [(2, "label", True)]


def test_what_labels_a_line_besides_is_said() -> None:
    file = read({"text": "x Ann", "spans": [SPAN], "label": "A", "relations": [1], "answer": "accept"})
    assert [(p.field, p.dropped) for p in file.problems] == [("label", True), ("relations", True)]


def test_hashes_tokens_and_meta_come_back_as_they_were() -> None:
    tokens = [
        {"text": "x", "start": 0, "end": 1, "id": 0},
        {"text": "Ann", "start": 2, "end": 5, "id": 1},
    ]
    row = {
        "text": "x Ann",
        "_input_hash": -9,
        "_task_hash": 4,
        "meta": {"section": "a"},
        "tokens": tokens,
        "spans": [SPAN | {"token_start": 1, "token_end": 1, "pattern": 3}],
        "answer": "accept",
    }
    file = read(row)
    written = prodigy.write(file)
    assert (json.loads(written.data), written.problems) == (row, ())
    moved = FileLabel("Name", 3, 2, Unit.CODE_POINT)
    (document,) = file.documents
    changed = FileDocument("a", text="x Ann", labels=(moved,), extra=document.extra)
    written = prodigy.write(LabelFile(NER, documents=(changed,)))
    assert [(p.field, p.dropped) for p in written.problems] == [("labels[0]", False)]
    assert json.loads(written.data)["spans"] == [{"start": 3, "end": 5, "label": "Name"}]


def test_tokens_of_another_text_are_left_out_with_a_word() -> None:
    tokens = [{"text": "x", "start": 0, "end": 1}]
    written = prodigy.write(
        LabelFile(NER, documents=(FileDocument("a", text="y", extra={"tokens": tokens}),))
    )
    assert [(p.field, p.dropped) for p in written.problems] == [("tokens[0]", False)]
    assert "tokens" not in json.loads(written.data)


def test_a_document_s_name_language_and_data_set_are_in_meta() -> None:
    meta = {"location": "a.txt", "language": "de", "dataset": "Test", "x": 1}
    row = {"text": "x", "meta": meta, "spans": [], "answer": "accept"}
    (document,) = read(row).documents
    assert (document.location, document.language, document.dataset) == ("a.txt", "de", Dataset.TEST)
    assert json.loads(prodigy.write(LabelFile(NER, documents=(document,))).data) == row


def test_a_source_is_a_name_where_no_other_task_has_it() -> None:
    rows = [
        {"text": text, "spans": [], "answer": "accept", "meta": {"source": source}}
        for text, source in (("x", "a.txt"), ("y", "Times"), ("z", "Times"))
    ]
    file = read(*rows)
    assert [document.location for document in file.documents] == ["a.txt", "", ""]
    assert [json.loads(line) for line in prodigy.write(file).data.splitlines()] == rows


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ({"answer": "accept"}, "text"),
        ({"image": "a.png", "answer": "accept"}, "image"),
        ({"html": "<b>", "answer": "accept"}, "html"),
        ({"text": "x", "answer": "maybe"}, "answer"),
        ({"text": "x", "spans": [{"start": 0, "end": 1}]}, "spans[0].label"),
        ({"text": "x", "spans": [{"start": 0.5, "end": 1, "label": "A"}]}, "spans[0].start"),
        ({"text": "x", "options": [{"id": 1}], "accept": []}, "options[0].text"),
        ({"text": "x", "options": OPTIONS, "accept": "A"}, "accept"),
    ],
)
def test_what_is_wrong_is_named_by_line_and_field(value: dict[str, Any], field: str) -> None:
    with pytest.raises(FormatError) as caught:
        read({"text": "x", "answer": "accept"}, value)
    assert (caught.value.line, caught.value.field) == (2, field)
    assert caught.value.hint


@pytest.mark.parametrize("label", [[None], ["Name"], {"Name": 1}, 7])
def test_a_label_beside_spans_that_is_no_name_is_left_out_and_listed(label: Any) -> None:
    file = read({"text": "I Ann met", "spans": [SPAN], "label": label, "answer": "accept"})
    assert cut(file) == [("Name", "Ann")]
    assert [(each.field, each.dropped) for each in file.problems] == [("label", True)]


def test_spans_and_classes_in_one_file_are_refused() -> None:
    with pytest.raises(FormatError, match="line 1 spans"):
        read({"text": "x", "spans": [], "answer": "accept"}, {"text": "x", "label": "A", "answer": "accept"})


@settings(max_examples=40)
@given(strategies.all_kinds())
def test_all_of_it_comes_back_as_it_was_written(file: LabelFile) -> None:
    written = prodigy.write(file)
    again = prodigy.read(written.data)
    assert written.problems == ()
    assert again.kind is file.kind
    assert again.categories == (() if file.kind is NER else file.categories)
    assert strategies.said(again) == strategies.said(file)
    assert [(d.language, d.dataset) for d in again.documents] == [
        (d.language, d.dataset) for d in file.documents
    ]
    assert detect(written.data, "labels.jsonl") is prodigy.FORMAT
    assert prodigy.write(again).data == written.data


def test_a_real_file_is_read_whole_and_comes_back() -> None:
    data = real("interop", "prodigy", "fashion_brands_eval_head.jsonl").read_bytes()
    assert detect(data, "x.jsonl") is prodigy.FORMAT
    file = prodigy.read(data)
    words = cut(file)
    assert (file.kind, len(file.documents), len(words), file.problems) == (NER, 400, 194, ())
    assert words[0] == ("FASHION_BRAND", "ALDO")
    assert ("FASHION_BRAND", "Kenneth Cole") in words
    for document in file.documents:
        for label in document.labels:
            ends = {token["end"] for token in document.extra["tokens"]}
            assert label.start + label.length in ends
    written = prodigy.write(file)
    assert written.problems == ()
    assert [json.loads(line) for line in written.data.splitlines()] == [
        json.loads(line) for line in data.splitlines()
    ]


@pytest.mark.parametrize(("asked", "left"), [("A", []), ("B", [(1, "label")])])
def test_the_label_of_a_binary_task_that_its_span_has_too_is_nothing_left_out(
    asked: str, left: list[tuple[int, str]]
) -> None:
    span = {"start": 0, "end": 3, "label": "A"}
    row = {"text": "Ann met Bob.", "label": asked, "spans": [span], "answer": "accept"}
    file = read(row)
    assert [(each.category, each.start) for each in file.documents[0].labels] == [("A", 0)]
    assert [(each.line, each.field) for each in file.problems if each.dropped] == left
