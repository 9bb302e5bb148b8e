from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from seqeval.metrics import f1_score
from seqeval.metrics.sequence_labeling import get_entities

from tests.formats import strategies
from tests.realdata import real
from tui_labeler.domain.projects import Dataset, ProjectKind
from tui_labeler.engine.errors import FormatError
from tui_labeler.engine.formats import conll, detect
from tui_labeler.engine.formats.conll_read import read
from tui_labeler.engine.formats.conll_write import write, write_aml
from tui_labeler.engine.formats.model import FileDocument, FileLabel, LabelFile, Unit

NER = ProjectKind.ENTITIES


def labeled(data: bytes | str) -> list[list[tuple[str, str]]]:
    """The labeled words of each document."""
    file = read(data.encode() if isinstance(data, str) else data)
    return [
        [(each.category, document.text[each.start : each.start + each.length]) for each in document.labels]
        for document in file.documents
        if document.text is not None
    ]


def span(name: str, start: int, end: int) -> FileLabel:
    return FileLabel(name, start, end - start, Unit.CODE_POINT)


def document(text: str, *labels: FileLabel, location: str = "a.txt") -> LabelFile:
    return LabelFile(NER, documents=(FileDocument(location, labels=labels, text=text),))


def columns(data: bytes) -> tuple[list[list[str]], list[list[str]]]:
    """Tokens and tags as any reader of two columns finds them: a block a sentence."""
    blocks = [
        [line.split("\t") for line in block.split("\n") if line and not line.startswith("# ")]
        for block in data.decode().split("\n\n")
    ]
    rows = [block for block in blocks if block]
    return [[token for token, _ in block] for block in rows], [[tag for _, tag in block] for block in rows]


@pytest.mark.parametrize(
    "data",
    [
        "EU B-ORG\nrejects O\nGerman B-MISC\n\nPeter B-PER\nBlackburn I-PER\n",
        "EU\tB-ORG\nrejects\tO\nGerman\tB-MISC\n\nPeter\tB-PER\nBlackburn\tI-PER",
        "EU  B-ORG \r\nrejects   O\r\nGerman\t B-MISC\r\n\r\n\r\nPeter B-PER\r\nBlackburn I-PER\r\n\r\n",
        "EU NNP B-NP B-ORG\nrejects VBZ B-VP O\nGerman JJ B-NP B-MISC\n\nPeter NNP B-NP B-PER\n"
        "Blackburn NNP I-NP I-PER\n",
        "EU NNP I-ORG\nrejects VBZ O\nGerman JJ I-MISC\n\nPeter NNP I-PER\nBlackburn NNP I-PER\n",
        "EU S-ORG\nrejects O\nGerman S-MISC\n\nPeter B-PER\nBlackburn E-PER\n",
        "EU U-ORG\nrejects O\nGerman U-MISC\n\nPeter B-PER\nBlackburn L-PER\n",
        "1\tEU\tB-ORG\n2\trejects\tO\n3\tGerman\tB-MISC\n\n1\tPeter\tB-PER\n2\tBlackburn\tI-PER\n",
        "# id 1 domain=en\nEU _ _ B-ORG\nrejects _ _ O\nGerman _ _ B-MISC\n\n# id 2\nPeter _ _ B-PER\n"
        "Blackburn _ _ I-PER\n",
    ],
)
def test_columns_and_schemes_are_found(data: str) -> None:
    assert labeled(data) == [[("ORG", "EU"), ("MISC", "German")], [("PER", "Peter Blackburn")]]
    assert conll.FORMAT.sniff(data.encode(), "x.txt")
    assert read(data.encode()).problems == ()


def test_b_parts_neighbours_of_the_same_name_in_every_scheme() -> None:
    parted = [[("P", "a"), ("P", "b c")]]
    assert labeled("a I-P\nb B-P\nc I-P\n") == parted
    assert labeled("a B-P\nb B-P\nc I-P\n") == parted
    assert labeled("a S-P\nb B-P\nc E-P\n") == parted
    assert labeled("a I-P\nb I-Q\n") == [[("P", "a"), ("Q", "b")]]


@pytest.mark.parametrize(
    ("data", "scheme"),
    [("a I-P\nb B-P\n", "IOB1"), ("a B-P\nb I-P\n", "IOB2"), ("a B-P\nb E-P\n", "BIOES")],
)
def test_the_scheme_is_said(data: str, scheme: str) -> None:
    assert f"the tags are {scheme}" in read(data.encode()).remarks


def test_tags_that_go_on_with_nothing_begin_a_label_and_are_said() -> None:
    file = read(b"a B-P\nb O\nc I-P\nd I-Q\n\ne B-P\n")
    assert labeled(b"a B-P\nb O\nc I-P\nd I-Q\n\ne B-P\n")[0] == [("P", "a"), ("P", "c"), ("Q", "d")]
    assert [(p.line, p.dropped) for p in file.problems] == [(3, False), (4, False)]
    (problem,) = read(b"a S-P\nb B-P\nc O\n").problems
    assert (problem.line, "not ended" in problem.reason) == (2, True)


def test_documents_begin_at_docstart_and_else_at_each_sentence() -> None:
    data = "-DOCSTART- -X- O O\n\na x x B-P\n\nb x x I-P\n\n-DOCSTART- -X- O O\n\nc x x B-P\n"
    file = read(data.encode())
    assert [each.text for each in file.documents] == ["a\nb", "c"]
    assert [each.is_rebuilt for each in file.documents] == [True, True]
    assert [each.text for each in read(b"a O\n\nb O\n").documents] == ["a", "b"]


def test_a_newdoc_comment_names_the_document() -> None:
    data = (
        "# newdoc id = Zoë 1.txt\n# language = de\n# dataset = Test\na\tO\n\nb\tB-P\n\n"
        '# newdoc id = "x\\n"\n\n# newdoc\nc\tO\n# newdoc id = d\nd\tO\n'
    )
    first, second, third, last = read(data.encode()).documents
    assert (first.location, first.language, first.dataset, first.text) == (
        "Zoë 1.txt", "de", Dataset.TEST, "a\nb",
    )  # fmt: skip
    assert (second.location, second.text) == ("x\n", "")
    assert (third.location, third.text, last.location, last.line) == ("", "c", "d", 12)


def test_a_document_that_begins_twice_is_refused() -> None:
    with pytest.raises(FormatError, match="begins on line 1 already") as caught:
        read(b"# newdoc id = a\nx\tO\n\n# newdoc id = a\ny\tO\n")
    assert caught.value.line == 4


@pytest.mark.parametrize("data", ["# O\nb O\n", "#\tO\nb\tO\n", "# B-P\nb O\n"])
def test_a_number_sign_may_be_a_token(data: str) -> None:
    assert read(data.encode()).documents[0].text == "# b"


def test_other_comments_are_counted() -> None:
    assert "1 comment lines" in read(b"# sent_id = 1\nb O\n").remarks[-1]


def test_names_may_hold_blanks() -> None:
    assert labeled("Ann\tB-Borrower Name\nLee\tI-Borrower Name\n") == [[("Borrower Name", "Ann Lee")]]
    assert labeled("Ann B-Borrower Name\nLee I-Borrower Name\nx O\n") == [[("Borrower Name", "Ann Lee")]]


@pytest.mark.parametrize(
    ("data", "line", "reason"),
    [
        ("a B-P\nb\nc O\n", 2, "1 columns, and most have 2"),
        ("a B-P\nb PER\nc O\n", 2, "'PER' is no tag"),
        ("a B-P\nb B-\nc O\n", 2, "'B-' is no tag"),
        ("a\tO\n\tB-P\nc\tO\n", 2, "the token is empty"),
        ("a x B-P\nb x\nc y O\n", 2, "2 columns, and most have 3"),
        ("a b c\n", 1, "is no tag"),
    ],
)
def test_what_is_no_token_and_tag_is_refused_with_its_line(data: str, line: int, reason: str) -> None:
    with pytest.raises(FormatError) as caught:
        read(data.encode())
    assert caught.value.line == line
    assert reason in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("data", [b"", b"  \n", b"a\xff O\n", b"\xff\xfea\0"])
def test_what_is_no_text_is_refused_with_a_hint(data: bytes) -> None:
    with pytest.raises(FormatError) as caught:
        read(data)
    assert caught.value.hint


@pytest.mark.parametrize(
    "data",
    [b"One line.\nAnother one.\n", b'{"a": 1}\n', b"text,label\nx,A\n", b"__label__A x\n", b"", b"\xff\xfe"],
)
def test_other_files_are_not_taken_for_columns(data: bytes) -> None:
    assert not conll.FORMAT.sniff(data, "x.txt")


def test_the_file_that_is_written_has_two_columns_and_a_block_a_sentence() -> None:
    text = "Ann O'Neil paid $5. She left."
    written = write(document(text, span("Name", 0, 10), span("Price", 16, 18)))
    assert written.data.decode() == (
        "# newdoc id = a.txt\nAnn\tB-Name\nO'Neil\tI-Name\npaid\tO\n$\tB-Price\n5\tI-Price\n.\tO\n\n"
        "She\tO\nleft\tO\n.\tO\n\n"
    )
    assert written.problems == ()


def test_a_label_over_two_sentences_stays_one() -> None:
    written = write(document("At St. Ives. Now.", span("City", 3, 11)))
    assert labeled(written.data) == [[("City", "St . Ives")]]
    assert labeled(write(document("a b", span("P", 0, 1), span("P", 2, 3))).data) == [
        [("P", "a"), ("P", "b")]
    ]


def test_what_columns_cannot_hold_is_said_by_label() -> None:
    file = document(
        "unhappy Ann  Lee",
        span("Root", 2, 7),
        span("Name", 8, 16),
        span("First", 8, 11),
        span("Last", 12, 16),
        span("Gap", 7, 8),
        span("a\tb", 0, 2),
    )
    written = write(file)
    assert labeled(written.data) == [[("Root", "happy"), ("Name", "Ann Lee")]]
    assert [(p.field, p.dropped) for p in written.problems] == [
        ("labels[5]", True),
        ("labels[4]", True),
        ("labels[2]", True),
        ("labels[3]", True),
        ("labels[0]", False),
    ]
    assert "two tokens" in written.problems[-1].reason
    spaced = write(document("Ann Lee", span("Name", 0, 4)))
    assert "white space at its ends" in spaced.problems[0].reason


@pytest.mark.parametrize("kind", [ProjectKind.SINGLE_LABEL, ProjectKind.MULTI_LABEL])
def test_classes_are_refused(kind: ProjectKind) -> None:
    for each in (write, write_aml):
        with pytest.raises(FormatError, match="entities, not classes"):
            each(LabelFile(kind))


def inked(text: str, start: int, end: int) -> tuple[int, int]:
    """A span counted in characters that are no white space, which is all that tokens hold."""
    before = sum(not character.isspace() for character in text[:start])
    return before, before + sum(not character.isspace() for character in text[start:end])


def solid(text: str) -> str:
    return "".join(character for character in text if not character.isspace())


@given(strategies.files(NER))
def test_every_label_comes_back_on_its_characters_or_is_listed(file: LabelFile) -> None:
    written = write(file)
    again = read(written.data)
    dropped = {(p.location, p.field) for p in written.problems if p.dropped}
    assert [each.location for each in again.documents] == [each.location for each in file.documents]
    for one, other in zip(file.documents, again.documents, strict=True):
        assert one.text is not None
        assert other.text is not None
        assert solid(other.text) == solid(one.text)
        assert (other.language, other.dataset) == (one.language, one.dataset)
        expected = [
            (each.category, *inked(one.text, each.start, each.start + each.length))
            for index, each in enumerate(one.labels)
            if (one.location, f"labels[{index}]") not in dropped
        ]
        found = [
            (each.category, *inked(other.text, each.start, each.start + each.length)) for each in other.labels
        ]
        assert sorted(found) == sorted(expected)
    assert again.problems == ()


@given(strategies.files(NER, names=strategies.PLAIN_NAMES, tidy=True))
def test_labels_that_do_not_overlap_are_all_held(file: LabelFile) -> None:
    assert not any(problem.dropped for problem in write(file).problems)
    assert write(file) == write(file)


@given(strategies.files(NER, names=strategies.PLAIN_NAMES, text=strategies.plain_texts(), tidy=True))
def test_seqeval_finds_the_labels_that_were_written(file: LabelFile) -> None:
    tokens, tags = columns(write(file).data)
    found = [
        (name, "".join(block[start : end + 1]))
        for block, tagged in zip(tokens, tags, strict=True)
        for name, start, end in get_entities(tagged)
    ]
    assert found == [
        (each.category, solid((one.text or "")[each.start : each.start + each.length]))
        for one in file.documents
        for each in one.labels
    ]
    if any(tag != "O" for block in tags for tag in block):
        assert f1_score(tags, tags) == 1


AML_LINE = re.compile(r"^\s*(\S+)\s+((B-|I-)\S(\S| )*?|O)\s*$")


@given(strategies.files(NER))
def test_the_file_for_azure_ml_is_as_its_training_reads_it(file: LabelFile) -> None:
    written = write_aml(file).data.decode()
    inked_documents = [each for each in file.documents if solid(each.text or "")]
    lines = written.split("\n")
    assert all(AML_LINE.match(line) for line in lines if line)
    assert all(len(line.split(" ", 1)) == 2 for line in lines if line)
    assert "\n\n\n" not in written
    if inked_documents:
        assert lines[0]
        assert written.endswith("\n\n")
    assert written.count("\n\n") == len(inked_documents)


def test_what_azure_ml_asks_for_besides_is_said() -> None:
    said = " ".join(problem.reason for problem in write_aml(document("Ann", span("Name", 0, 3))).problems)
    assert "asks for 50 documents, and these are 1" in said
    assert "asks for 2 entities, and here is 1" in said
    assert "names have no place" in said
    empty = write_aml(document("  ", span("Name", 0, 1)))
    assert (empty.data, empty.problems[0].dropped) == (b"", True)


REAL = [
    (("wnut17", "wnut17train.conll"), 3394, 1975, ("location", "Empire State Building")),
    (("unicode", "masakhaner2-yor", "dev.txt"), 983, 995, ("DATE", "lọ́dún 1986")),
    (("unicode", "weibo-chinese", "weiboNER_2nd_conll.test"), 270, 418, ("PER.NAM", "李0 开1 复2")),
    (("bio-ner", "BC5CDR", "train.tsv"), 4560, 9385, ("Disease", "Parkinson ' s disease")),
]


@pytest.mark.parametrize(("parts", "documents", "labels", "words"), REAL)
def test_real_files_are_read_whole_and_come_back(
    parts: tuple[str, ...], documents: int, labels: int, words: tuple[str, str]
) -> None:
    data = real(*parts).read_bytes()
    assert detect(data, parts[-1]) is conll.FORMAT
    file = read(data)
    assert (len(file.documents), sum(len(each.labels) for each in file.documents)) == (documents, labels)
    found = [[(name, solid(cut)) for name, cut in each] for each in labeled(data)]
    composed = [(name, unicodedata.normalize("NFC", cut)) for each in found for name, cut in each]
    assert (words[0], solid(words[1])) in composed
    if documents > 1000:
        return
    named = [msgspec.structs.replace(each, location=f"{index}") for index, each in enumerate(file.documents)]
    again = labeled(write(replace(file, documents=tuple(named))).data)
    assert [[(name, solid(cut)) for name, cut in each] for each in again] == found


def test_the_samples_of_another_tool_are_read_or_refused_with_their_line() -> None:
    name = "data_import__tests__data__sequence_labeling__{}.conll"
    example = real("interop", "doccano", name.format("example")).read_bytes()
    assert labeled(example) == [[("LOC", "JAPAN")], [("PER", "Nadim Ladki")]]
    trailing = real("interop", "doccano", name.format("labeling.trailing")).read_bytes()
    assert labeled(trailing) == [[("LOC", "JAPAN"), ("PER", "CHINA")]]
    data = real("interop", "doccano", name.format("labeling.invalid")).read_bytes()
    with pytest.raises(FormatError, match="3 columns") as caught:
        detect(data, "labeling.invalid.conll").read(data)
    assert caught.value.line == 1
