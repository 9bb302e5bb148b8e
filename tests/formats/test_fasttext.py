from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.preprocessing import LabelEncoder

from tests.formats import strategies
from tests.realdata import real
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.errors import FormatError
from tui_labeler.engine.formats import detect, fasttext
from tui_labeler.engine.formats.model import FileDocument, FileLabel, LabelFile

SINGLE, MULTI = ProjectKind.SINGLE_LABEL, ProjectKind.MULTI_LABEL


def rows(data: bytes | str) -> list[tuple[list[str], str | None]]:
    file = fasttext.read(data.encode() if isinstance(data, str) else data)
    return [([each.category for each in document.labels], document.text) for document in file.documents]


def written(*documents: tuple[str, tuple[str, ...]], kind: ProjectKind = MULTI) -> tuple[str, list[str]]:
    made = tuple(
        FileDocument(f"{index}.txt", labels=tuple(map(FileLabel, names)), text=text)
        for index, (text, names) in enumerate(documents)
    )
    found = fasttext.write(LabelFile(kind, documents=made))
    return found.data.decode(), [f"{p.location} {p.reason} {p.dropped}" for p in found.problems]


def test_labels_before_a_text_are_its_classes() -> None:
    assert rows("__label__a __label__b two words\n\n__label__a\tx\r\nnone\n__label__c\n") == [
        (["a", "b"], "two words"),
        (["a"], "x"),
        ([], "none"),
        (["c"], ""),
    ]


def test_labels_behind_a_text_are_its_classes_where_none_is_before() -> None:
    assert rows("two words __label__a __label__b \n") == [(["a", "b"], "two words")]
    assert rows("x\u00a0__label__a\n") == [([], "x\u00a0__label__a")]


def test_labels_amid_a_text_stay_words_and_are_said() -> None:
    file = fasttext.read(b"__label__a x __label__b y\n")
    assert (file.documents[0].text, len(file.documents[0].labels)) == ("x __label__b y", 1)
    assert (file.problems[0].line, "within the text" in file.problems[0].reason) == (1, True)


def test_one_class_a_line_fits_both_kinds() -> None:
    assert (fasttext.read(b"__label__a x").kind, fasttext.read(b"__label__a x").fits) == (
        SINGLE,
        frozenset({MULTI}),
    )
    several = fasttext.read(b"__label__a __label__b x")
    assert (several.kind, several.fits) == (MULTI, frozenset())


def test_a_label_without_a_name_is_refused_with_its_line() -> None:
    with pytest.raises(FormatError, match="no name") as caught:
        fasttext.read(b"__label__a x\n__label__ y\n")
    assert (caught.value.line, bool(caught.value.hint)) == (2, True)


@pytest.mark.parametrize(
    "name", ["Borrower Name", "a%20b", "100%", "50%20off", "%", "a\tb", "% ", "%2%200", "é\u3000x"]
)
def test_names_with_white_space_are_encoded_and_come_back(name: str) -> None:
    text, problems = written(("x y", (name,)))
    assert len(text.split()) == 3 + ("\u3000" in name)
    assert rows(text) == [([name], "x y")]
    assert any("is written as" in problem for problem in problems) is (text != f"__label__{name} x y\n")


@given(st.text(st.characters(codec="utf-8"), min_size=1))
def test_any_name_comes_back(name: str) -> None:
    text, _ = written(("x", (name,)))
    if name.strip():
        assert rows(text) == [([name], "x")]


def test_line_ends_become_blanks_and_that_is_said() -> None:
    text, problems = written((" a\r\nb\u2028c ", ("X",)), ("d e", ("X",)))
    assert text == "__label__X a b c\n__label__X d e\n"
    assert [problem for problem in problems if problem.startswith("0.txt")] == [
        "0.txt line ends, and white space at its ends, are not kept False"
    ]
    assert not any(problem.startswith("1.txt") for problem in problems)


def test_a_text_that_would_read_as_a_label_is_left_out_and_said() -> None:
    text, problems = written(("say __label__x", ("A",)), (" ", ()), ("", ("B",)))
    assert text == "__label__B\n"
    assert [problem.split()[-1] for problem in problems[1:]] == ["False", "True", "False"]
    assert "a word of it begins with __label__" in problems[1]
    assert problems[2] == "0.txt A goes with its text True"


def test_entities_are_refused() -> None:
    with pytest.raises(FormatError, match="classes, not entities"):
        fasttext.write(LabelFile(ProjectKind.ENTITIES))


def words(text: str | None) -> list[str]:
    return (text or "").replace("\0", " ").split()


@given(st.one_of(strategies.files(SINGLE), strategies.files(MULTI)))
def test_classes_come_back_or_are_listed(file: LabelFile) -> None:
    found = fasttext.write(file)
    if not found.data.strip(b" \t\r\n"):
        return
    out = {p.location for p in found.problems if p.field == "text" and "left out" in p.reason}
    again = rows(found.data)
    kept = [document for document in file.documents if document.location not in out]
    assert [names for names, _ in again] == [[each.category for each in d.labels] for d in kept]
    assert [words(text) for _, text in again] == [words(d.text) for d in kept]


@given(strategies.files(SINGLE, names=strategies.PLAIN_NAMES, text=strategies.plain_texts()))
def test_files_of_our_own_are_found_to_be_this_format(file: LabelFile) -> None:
    data = fasttext.write(file).data
    if any(document.labels for document in file.documents):
        assert detect(data, "train.txt") is fasttext.FORMAT


def test_scikit_learn_learns_from_the_lines() -> None:
    text, _ = written(("good food", ("Praise",)), ("bad food", ("Complaint",)), kind=SINGLE)
    labels, texts = zip(*(line.split(" ", 1) for line in text.splitlines()), strict=True)
    assert CountVectorizer().fit_transform(texts).shape == (2, 3)
    names = LabelEncoder().fit(labels).classes_
    assert list(names) == ["__label__Complaint", "__label__Praise"]


@pytest.mark.parametrize("side", ["export", "import"])
def test_the_samples_of_another_tool_are_read(side: str) -> None:
    name = f"data_{side}__pipeline__examples__text_classification__example.txt"
    data = real("interop", "doccano", name).read_bytes()
    assert detect(data, name) is fasttext.FORMAT
    assert rows(data) == [
        (["negative"], "Terrible customer service."),
        (["positive"], "Really great transaction."),
        (["positive"], "Great price."),
    ]


def test_a_sample_with_several_labels_and_with_none_is_read() -> None:
    name = "data_import__tests__data__text_classification__example_fasttext.txt"
    data = real("interop", "doccano", name).read_bytes()
    assert rows(data) == [
        (["positive"], "exampleA"),
        (["positive", "negative"], "exampleB"),
        ([], "exampleC"),
        (["positive"], ""),
    ]
