from __future__ import annotations

import importlib.util
import json
import zlib
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings

from tests.formats import strategies
from tests.realdata import real
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.errors import FormatError
from tui_labeler.engine.formats import archive, detect, read_file, spacy

if TYPE_CHECKING:
    from tui_labeler.engine.formats.model import LabelFile

NER, SINGLE, MULTI = ProjectKind.ENTITIES, ProjectKind.SINGLE_LABEL, ProjectKind.MULTI_LABEL


def read(*values: Any) -> LabelFile:
    return spacy.read(json.dumps(values).encode())


def cut(file: LabelFile) -> list[tuple[str, str]]:
    return [
        (label.category, (document.text or "")[label.start : label.start + label.length])
        for document in file.documents
        for label in document.labels
    ]


@pytest.mark.parametrize(
    "value",
    [
        ["\U0001f6b2 Ann met", {"entities": [[2, 5, "Name"]]}],
        {"text": "\U0001f6b2 Ann met", "ents": [{"start": 2, "end": 5, "label": "Name"}], "tokens": []},
    ],
)
def test_entities_are_code_points(value: Any) -> None:
    file = read(value)
    assert (file.kind, cut(file)) == (NER, [("Name", "Ann")])
    assert detect(json.dumps([value]).encode(), "x.json") is spacy.FORMAT


def test_categories_are_classes_and_likely_ones_suggestions() -> None:
    file = read(["x", {"cats": {"A": 1.0, "B": 0.7, "C": 0.2}}])
    (document,) = file.documents
    assert (file.kind, [each.name for each in file.categories]) == (SINGLE, ["A", "B", "C"])
    assert [each.category for each in document.labels] == ["A"]
    assert [(each.category, each.confidence) for each in document.suggestions] == [("B", 0.7)]
    assert read(["x", {"cats": {"A": 1, "B": True}}]).kind is MULTI


def test_links_and_classes_beside_entities_are_said() -> None:
    file = read(["x", {"entities": [[0, 1, "A", "Q1"]], "cats": {"B": 1}}])
    assert [p.dropped for p in file.problems] == [True, True]


@pytest.mark.parametrize(
    ("value", "field"),
    [
        (["x"], "[0]"),
        ([3, {}], "[0][0]"),
        (["x", {"entities": [[0, 1]]}], "[0][1].entities[0]"),
        (["x", {"entities": [[0, 0.5, "A"]]}], "[0][1].entities[0][1]"),
        (["x", {"cats": {"A": 3}}], "[0][1].cats.A"),
        ({"paragraphs": []}, "[0].paragraphs"),
    ],
)
def test_what_is_wrong_is_named_by_its_path(value: Any, field: str) -> None:
    with pytest.raises(FormatError) as caught:
        read(value)
    assert caught.value.field == field
    assert caught.value.hint


@settings(max_examples=40)
@given(strategies.all_kinds(tidy=True))
def test_all_of_it_comes_back_but_for_what_is_said(file: LabelFile) -> None:
    written = spacy.write(file)
    again = spacy.read(written.data)
    assert not [problem for problem in written.problems if problem.dropped]
    assert again.is_for(file.kind)
    assert [said[1:] for said in strategies.said(again)] == [said[1:] for said in strategies.said(file)]
    assert detect(written.data, "labels.json") is spacy.FORMAT


@settings(max_examples=40)
@given(strategies.files(NER))
def test_labels_that_overlap_are_left_out_and_said(file: LabelFile) -> None:
    written = spacy.write(file)
    lost = sum(problem.dropped for problem in written.problems)
    before = sum(len(document.labels) for document in file.documents)
    assert len(cut(spacy.read(written.data))) == before - lost


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("ner_demo_train.json", [("PERSON", "Shaka Khan"), ("LOC", "London"), ("LOC", "Berlin")]),
        (
            "spancat_demo_train.json",
            [("PERSON", "Shaka Khan"), ("LOC", "London"), ("LOC", "Berlin"), ("LOC", "London")],
        ),
    ],
)
def test_spans_of_the_samples_cut_the_right_words(name: str, words: list[tuple[str, str]]) -> None:
    known, file = read_file(real("interop", "spacy", name).read_bytes(), name)
    assert (known.name, file.problems, cut(file)) == ("spacy", (), words)


def test_a_docbin_is_read_with_spacy_or_refused_with_what_to_install() -> None:
    data = real("interop", "spacy", "demo.spacy").read_bytes()
    assert detect(data, "x") is spacy.FORMAT
    if importlib.util.find_spec("spacy") is None:
        with pytest.raises(FormatError, match="needs the package spacy") as caught:
            spacy.read(data)
        assert "extra spacy" in caught.value.hint
    else:
        assert cut(spacy.read(data)) == [("PERSON", "Ed Sheeran")]


def test_spacy_takes_what_is_written() -> None:
    pytest.importorskip("spacy", reason="spaCy is not installed: the extra spacy")
    library: Any = importlib.import_module("spacy")
    training: Any = importlib.import_module("spacy.training")
    value = ["\U0001f6b2 Ann met Zoë.", {"entities": [[2, 5, "Name"], [10, 13, "Name"]]}]
    ((text, said),) = json.loads(spacy.write(read(value)).data)
    example = training.Example.from_dict(library.blank("xx").make_doc(text), said)
    assert [each.text for each in example.reference.ents] == ["Ann", "Zoë"]


def test_a_docbin_that_unpacks_to_more_than_texts_do_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "ALWAYS", 1000)
    with pytest.raises(FormatError, match="unpacks to more than"):
        spacy.read(zlib.compress(b"version" + bytes(1_000_000)))
