from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings

from tests.formats import strategies
from tests.realdata import real
from tui_labeler.domain.projects import Dataset, ProjectKind
from tui_labeler.engine.errors import FormatError
from tui_labeler.engine.formats import detect, labelstudio, read_file
from tui_labeler.engine.formats.model import FileDocument, FileLabel, LabelFile, Unit
from tui_labeler.engine.formats.resolve import Resolved, to_code_points

NER, SINGLE, MULTI = ProjectKind.ENTITIES, ProjectKind.SINGLE_LABEL, ProjectKind.MULTI_LABEL


def span(start: float, end: float, *names: str, **more: Any) -> dict[str, Any]:
    value = {"start": start, "end": end, "labels": list(names or ("Name",))}
    if "text" in more:
        value["text"] = more.pop("text")
    return {"from_name": "ner", "to_name": "text", "type": "labels", "value": value, **more}


def choice(*names: str, **more: Any) -> dict[str, Any]:
    kind = {"from_name": "mood", "to_name": "text", "type": "choices"}
    return {**kind, "value": {"choices": list(names)}, **more}


def task(*result: Any, text: str = "x Ann met", **more: Any) -> dict[str, Any]:
    return {"id": 1, "data": {"text": text}, "annotations": [{"id": 4, "result": list(result)}], **more}


def read(*tasks: Any) -> LabelFile:
    return labelstudio.FORMAT.read(json.dumps(tasks).encode())


def cut(file: LabelFile) -> list[tuple[str, str]]:
    return [
        (label.category, (document.text or "")[label.start : label.start + label.length])
        for document in file.documents
        for label in document.labels
    ]


def names(labels: tuple[FileLabel, ...]) -> list[str]:
    return [label.category for label in labels]


def test_annotations_are_labels_and_come_back_with_their_keys() -> None:
    value = task(span(2, 5, "Name", id="q1", text="Ann", origin="manual"), file_upload="a.json")
    value["data"]["more"] = [1]
    file = read(value)
    assert (file.kind, cut(file)) == (NER, [("Name", "Ann")])
    assert file.documents[0].labels[0].words == "Ann"
    assert json.loads(labelstudio.write(file).data) == [value]
    assert detect(json.dumps([value]).encode(), "x.json") is labelstudio.FORMAT


def test_a_region_with_several_names_is_several_labels() -> None:
    assert names(read(task(span(2, 5, "A", "B"))).documents[0].labels) == ["A", "B"]


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        ("C:\\new\\table", "C:\\new\\table"),
        ("Ann\nLee", "Ann\\nLee"),
        ("Ann\r\nLee", "Ann\\nLee"),
        ("C:\\new\n!", "C:\\new\\n!"),
    ],
)
def test_words_that_a_region_states_fit_with_their_line_ends_escaped_or_not(text: str, stated: str) -> None:
    file = read(task(span(0, len(text), text=stated), text=text))
    held = to_code_points(NER, file.documents[0], text)
    assert (names_of(held), held.problems) == (["Name"], ())


def names_of(held: Resolved) -> list[str]:
    return [label.category for label in held.labels]


def test_predictions_are_suggestions_with_their_score() -> None:
    predictions = [{"score": 0.3, "result": [span(2, 5), span(0, 1, score=0.9), span(2, 5)]}]
    (document,) = read(task(predictions=predictions)).documents
    assert document.labels == ()
    assert [(each.start, each.confidence) for each in document.suggestions] == [(2, 0.3), (0, 0.9)]


def test_cancelled_annotations_are_left_out_with_a_word() -> None:
    value = task(span(2, 5))
    value["annotations"][0]["was_cancelled"] = True
    file = read(value)
    assert file.documents[0].labels == ()
    assert [(p.field, p.dropped) for p in file.problems] == [("[0].annotations[0]", True)]


def test_of_several_annotations_the_true_one_or_the_newest_is_read_and_the_others_are_said() -> None:
    value = task(span(2, 5, "Old"), span(0, 1, "Old"))
    value["annotations"][0]["updated_at"] = "2024-01-01"
    value["annotations"].append({"result": [span(2, 5, "New")], "updated_at": "2024-01-02"})
    file = read(value)
    assert names(file.documents[0].labels) == ["New"]
    assert [(p.field, p.dropped) for p in file.problems] == [("[0].annotations[0]", True)]
    value["annotations"][0]["ground_truth"] = True
    assert names(read(value).documents[0].labels) == ["Old", "Old"]


def test_choices_are_classes() -> None:
    file = read(task(choice("Good")))
    assert file.kind is SINGLE
    assert file.fits == {MULTI}
    file = read(task(choice("Good", "Fast")))
    assert (file.kind, file.fits, names(file.documents[0].labels)) == (MULTI, frozenset(), ["Good", "Fast"])


def test_choices_of_another_control_and_beside_spans_are_left_out_with_a_word() -> None:
    file = read(task(choice("Good"), choice("Long", from_name="size")), task(choice("Bad")))
    assert [names(document.labels) for document in file.documents] == [["Good"], ["Bad"]]
    assert [(p.field, p.dropped) for p in file.problems] == [("[0].annotations[0].result[1]", True)]
    file = read(task(span(2, 5), choice("Good")))
    assert cut(file) == [("Name", "Ann")]
    assert [(p.field, p.dropped) for p in file.problems] == [("[0].annotations[0].result[1]", True)]


@pytest.mark.parametrize(
    "region",
    [
        {"type": "relation", "from_id": "a", "to_id": "b"},
        {"type": "textarea", "value": {"text": ["x"]}},
        {"type": "rating", "value": {"rating": 3}},
        {"type": "hypertextlabels", "value": {"start": "/p[1]", "end": "/p[1]", "hypertextlabels": ["A"]}},
        {"type": "choices", "value": {"start": 0, "end": 1, "choices": ["A"]}},
        {"type": "rectanglelabels", "value": {"x": 1, "y": 2, "rectanglelabels": ["Car"]}},
    ],
)
def test_other_regions_are_left_out_with_a_word(region: dict[str, Any]) -> None:
    file = read(task(region, span(2, 5)))
    assert cut(file) == [("Name", "Ann")]
    assert [(p.field, p.dropped) for p in file.problems] == [("[0].annotations[0].result[0]", True)]


def test_offsets_in_utf16_are_told_by_the_words_that_regions_state() -> None:
    text = "\U0001f6b2 Ann met"
    file = read(task(span(3, 6, text="Ann"), text=text))
    assert file.documents[0].labels[0].unit is Unit.UTF16
    file = read(task(span(2, 5, text="Ann"), text=text))
    assert file.documents[0].labels[0].unit is Unit.CODE_POINT
    assert cut(file) == [("Name", "Ann")]


def test_the_text_is_under_the_key_that_regions_name() -> None:
    value = task(span(2, 5, to_name="$body"))
    value["data"] = {"body": "x Ann", "title": "none"}
    file = read(value)
    assert cut(file) == [("Name", "Ann")]
    again = json.loads(labelstudio.write(file).data)[0]
    assert again["data"] == value["data"]
    assert again["annotations"][0]["result"][0]["to_name"] == "$body"


def test_a_text_that_is_an_address_names_the_document() -> None:
    value = task(span(2, 5, text="Ann"), text="s3://box/a/b.txt")
    (document,) = read(value).documents
    assert (document.location, document.text) == ("a/b.txt", None)


def test_a_document_s_name_language_and_data_set_are_in_the_data() -> None:
    value = task(span(2, 5))
    value["data"] |= {"location": "a.txt", "language": "de", "dataset": "Test"}
    (document,) = read(value).documents
    assert (document.location, document.language, document.dataset) == ("a.txt", "de", Dataset.TEST)


def test_the_short_form_is_read() -> None:
    last = {"annotator": 1, "annotation_id": 2, "created_at": "x", "updated_at": "y", "lead_time": 1.5}
    spans = [{"start": 2, "end": 5, "text": "Ann", "labels": ["Name"]}]
    value = {"text": "x Ann", "source": "s", "id": 3, "label": spans, **last}
    file = read(value)
    assert (file.kind, cut(file), file.documents[0].extra["source"]) == (NER, [("Name", "Ann")], "s")
    assert detect(json.dumps([value]).encode(), "x.json") is labelstudio.FORMAT
    for said, expected in (("Good", ["Good"]), ({"choices": ["Good", "Fast"]}, ["Good", "Fast"])):
        file = read({"text": "x", "id": 3, "mood": said, **last})
        assert names(file.documents[0].labels) == expected


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ({}, "[1]"),
        ({"data": 3}, "[1].data"),
        ({"data": {"text": "x"}, "annotations": 3}, "[1].annotations"),
        (task(3), "[1].annotations[0].result[0]"),
        (task(span(0.5, 1)), "[1].annotations[0].result[0].value.start"),
        (task(span(0, 1, "")), "[1].annotations[0].result[0].value.labels[0]"),
    ],
)
def test_what_is_wrong_is_named_by_its_path(value: Any, field: str) -> None:
    with pytest.raises(FormatError) as caught:
        read(task(), value)
    assert caught.value.field == field
    assert caught.value.line == (1 if field else None)
    assert caught.value.hint


@settings(max_examples=40)
@given(strategies.all_kinds())
def test_all_of_it_comes_back_as_it_was_written(file: LabelFile) -> None:
    written = labelstudio.write(file)
    again = labelstudio.FORMAT.read(written.data)
    assert written.problems == ()
    assert again.is_for(file.kind)
    assert strategies.said(again) == strategies.said(file)
    assert [(d.language, d.dataset) for d in again.documents] == [
        (d.language, d.dataset) for d in file.documents
    ]
    assert detect(written.data, "labels.json") is labelstudio.FORMAT


def test_what_has_no_place_is_said() -> None:
    document = FileDocument("x", text="y", labels=(FileLabel("A"), FileLabel("B")))
    written = labelstudio.write(LabelFile(SINGLE, documents=(document,)))
    assert [(p.field, p.dropped) for p in written.problems] == [("labels[1]", True)]


TWEET = "Calif. wildfires signal the arrival of a planetary fire age https://t.co/Vvo9noqQfA"


@pytest.mark.parametrize(
    ("name", "text", "label"),
    [
        ("test_export_csv__csv_test_history.json", TWEET, "Positive"),
        (
            "test_export_csv__csv_test2.json",
            "rawWork:spotify:publisher:WCPWW008648058000",
            'Yes " "" \n \t \t а б в \n',
        ),
    ],
)
def test_classes_of_the_samples_are_read(name: str, text: str, label: str) -> None:
    data = real("interop", "label-studio", name).read_bytes()
    known, file = read_file(data, name)
    assert (known.name, file.kind, file.problems) == ("labelstudio", SINGLE, ())
    assert [(document.text, names(document.labels)) for document in file.documents] == [(text, [label])]
    again = json.loads(labelstudio.write(file).data)
    assert again[0]["data"] == json.loads(data)[0]["data"]
    assert again[0]["annotations"][0]["result"] == json.loads(data)[0]["annotations"][0]["result"]


@pytest.mark.parametrize(
    ("name", "field", "reason"),
    [
        ("test_export_csv__csv_test.json", "[0].annotations[0].result[0]", "a picture"),
        ("test_export_json_min__data.json", "[0].annotations[0].result[0]", "a picture"),
        ("test_export_json_min__data_repeater.json", "[0].annotations[0].result[0]", "a picture"),
        ("test_export_json_min__label_config_repeater.json", "", "no labels file"),
        ("test_export_json_min__label_config.xml", "", "has no format"),
        ("test_export_csv__csv_test2_result.csv", "", "has no format"),
    ],
)
def test_samples_without_labels_of_texts_are_refused(name: str, field: str, reason: str) -> None:
    data = real("interop", "label-studio", name).read_bytes()
    with pytest.raises(FormatError, match=reason) as caught:
        read_file(data, name)
    assert caught.value.field == field
