from __future__ import annotations

import importlib.util
import json
import random
import tracemalloc
import zlib
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given, settings

from tests.formats import strategies
from tests.realdata import real
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.errors import FormatError
from tui_labeler.engine.formats import archive, detect, docbin, read_file, spacy

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


def packed(**changed: Any) -> bytes:
    """A DocBin of one document with two tokens, but for what is changed."""
    words = ("Berlin", "\x1b]52;c;cm0=\x07")
    attributes = importlib.import_module("spacy.attrs").IDS
    numbers = importlib.import_module("spacy.strings").StringStore()
    rows = [(numbers.add(word), 1, 0) for word in words]
    said = {
        "version": "0.1",
        "attrs": [attributes["ORTH"], attributes["ENT_IOB"], attributes["ENT_TYPE"]],
        "tokens": b"".join(number.to_bytes(8, "little") for row in rows for number in row),
        "spaces": bytes(2),
        "lengths": (2).to_bytes(4, "little"),
        "strings": words,
        "cats": [{}],
    }
    return zlib.compress(msgspec.msgpack.encode({**said, **changed}))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({}, "an entity goes on that has not begun"),
        ({"attrs": []}, "don't have the attributes"),
        ({"attrs": {}}, r"\$\.attrs"),
        ({"attrs": [1, 2, 3]}, "no words"),
        ({"cats": [5]}, r"\$\.cats\[0\]"),
        ({"cats": [[1, 2]]}, r"\$\.cats\[0\]"),
        ({"cats": []}, "not those of as many documents"),
        ({"strings": []}, "does not hold the string"),
        ({"lengths": b"\xff\xff\xff\xff"}, "not those of its tokens"),
        ({"lengths": b"\x00"}, "no numbers"),
        ({"tokens": bytes(47)}, "don't have the attributes"),
        ({"tokens": (7).to_bytes(8, "little") * 6}, "place in an entity is 7"),
        ({"more": {"a": [1] * 200_001}}, "too many values"),
    ],
)
def test_a_docbin_that_spacy_would_not_write_is_refused(changed: dict[str, Any], words: str) -> None:
    pytest.importorskip("spacy", reason="spaCy is not installed: the extra spacy")
    with pytest.raises(FormatError, match=words) as caught:
        spacy.read(packed(**changed))
    assert caught.value.hint


def _many_tokens(word: str, count: int) -> dict[str, Any]:
    number = importlib.import_module("spacy.strings").hash_string(word)
    return {
        "attrs": [importlib.import_module("spacy.attrs").IDS["ORTH"]],
        "tokens": number.to_bytes(8, "little") * count,
        "spaces": bytes(count),
        "lengths": count.to_bytes(4, "little"),
        "strings": [word],
    }


def test_a_small_docbin_takes_no_memory_for_what_it_claims() -> None:
    pytest.importorskip("spacy", reason="spaCy is not installed: the extra spacy")
    spacy.read(packed(**_many_tokens("x", 2)))
    bombs = [
        zlib.compress(b"\x81\xa7version\xdd" + (2_000_000).to_bytes(4, "big") + b"\x80" * 2_000_000),
        packed(**_many_tokens("x", 1_000_001)),
        packed(**_many_tokens("x" * 1_000_000, 1_000)),
        zlib.compress(b"\x82\xa7version\xa30.1\xa4more" + b"\x91" * 150_000 + b"\x90"),
    ]
    for data in bombs:
        assert len(data) < 25_000
        tracemalloc.start()
        try:
            with pytest.raises(FormatError):
                spacy.read(data)
            assert tracemalloc.get_traced_memory()[1] < 40_000_000
        finally:
            tracemalloc.stop()


def test_a_docbin_is_read_as_spacy_reads_it() -> None:
    pytest.importorskip("spacy", reason="spaCy is not installed: the extra spacy")
    vocab: Any = importlib.import_module("spacy.vocab").Vocab()
    tokens: Any = importlib.import_module("spacy.tokens")
    rng = random.Random(3)
    for attributes in (["ENT_IOB", "ENT_TYPE"], ["TAG", "HEAD", "DEP", "ENT_TYPE", "ENT_IOB"], ["LEMMA"]):
        packed_docs = tokens.DocBin(attrs=attributes, store_user_data=True)
        for _ in range(100):
            words = rng.choices(
                ["Ann", "Zoë", "\U0001f6b2", "PERSON", "NOUN", ".", "\n", "a b"], k=rng.randrange(9)
            )
            places = rng.choices(["O", "O", "B-PERSON", "I-PERSON", "B-Zoë"], k=len(words))
            for at, place in enumerate(places):
                if place[0] == "I" and (not at or places[at - 1] == "O"):
                    places[at] = "B-PERSON"
            spaces = rng.choice([None, [rng.random() < 0.5 for _ in words]])
            doc = tokens.Doc(vocab, words=words, spaces=spaces, ents=places)
            doc.cats = rng.choice([{}, {"A": 1.0, "B": 0.25}])
            packed_docs.add(doc)
        data = packed_docs.to_bytes()
        again = list(tokens.DocBin().from_bytes(data).get_docs(vocab))
        assert bool(sum(len(doc.ents) for doc in again)) is ("ENT_IOB" in attributes)
        assert docbin.read(data) == [
            {
                "text": doc.text,
                "ents": [[each.start_char, each.end_char, each.label_] for each in doc.ents],
                "cats": dict(doc.cats),
            }
            for doc in again
        ]


def test_a_docbin_that_unpacks_to_more_than_texts_do_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "ALWAYS", 1000)
    with pytest.raises(FormatError, match="unpacks to more than"):
        spacy.read(zlib.compress(b"version" + bytes(1_000_000)))
