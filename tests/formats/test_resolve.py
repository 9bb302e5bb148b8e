from __future__ import annotations

import pytest

from tui_labeler.domain.labels import Span
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.formats.model import (
    REGION,
    FileCategory,
    FileDocument,
    FileLabel,
    FileRegion,
    LabelFile,
    Unit,
)
from tui_labeler.engine.formats.resolve import (
    ResolvedLabel,
    to_code_points,
    to_utf16,
    undeclared,
    with_all_categories,
)

NER, SINGLE, MULTI = ProjectKind.ENTITIES, ProjectKind.SINGLE_LABEL, ProjectKind.MULTI_LABEL
TEXT = "\U0001f6b2 Ann met O'Neil's son in\r\nAnnapolis 漢字."


def utf16(category: str, start: int, length: int) -> FileLabel:
    return FileLabel(category, start, length, Unit.UTF16)


def resolve(
    *labels: FileLabel, kind: ProjectKind = NER, text: str = TEXT
) -> tuple[list[str], list[tuple[str, str, bool]]]:
    """The labeled words, and the problems as field, reason and whether the label was dropped."""
    resolved = to_code_points(kind, FileDocument("a.txt", labels=labels), text)
    assert all(problem.location == "a.txt" for problem in resolved.problems)
    words = [
        f"{label.category}={text[label.span.start : label.span.end] if label.span else ''}"
        for label in resolved.labels
    ]
    return words, [(problem.field, problem.reason, problem.dropped) for problem in resolved.problems]


def test_utf16_offsets_become_code_points() -> None:
    assert resolve(utf16("Name", 3, 3)) == (["Name=Ann"], [])


def test_code_point_offsets_are_taken_as_they_are() -> None:
    assert resolve(FileLabel("Name", 2, 3, Unit.CODE_POINT)) == (["Name=Ann"], [])


def test_labels_keep_the_file_s_order_and_their_unknown_keys() -> None:
    labels = (FileLabel("B", 28, 9, Unit.UTF16, {"x": 1}), utf16("A", 3, 3))
    resolved = to_code_points(NER, FileDocument("a.txt", labels=labels), TEXT)
    assert resolved.labels == (ResolvedLabel("B", Span(27, 36), {"x": 1}), ResolvedLabel("A", Span(2, 5)))


@pytest.mark.parametrize(
    ("start", "length", "reason"),
    [
        (3, 0, "the length is not positive"),
        (3, -2, "the length is not positive"),
        (-1, 3, "outside the text, which has 41 UTF-16 code units"),
        (40, 3, "outside the text, which has 41 UTF-16 code units"),
        (900, 3, "outside the text"),
        (0, 1, "offset 1 falls inside a surrogate pair"),
        (1, 4, "offset 1 falls inside a surrogate pair"),
    ],
)
def test_a_span_that_is_nowhere_in_the_text_is_dropped_and_said(start: int, length: int, reason: str) -> None:
    words, problems = resolve(utf16("Name", start, length), utf16("Name", 3, 3))
    assert words == ["Name=Ann"]
    ((field, said, dropped),) = problems
    assert (field, dropped) == ("labels[0]", True)
    assert f"Name at {start}, length {length}" in said
    assert reason in said


def test_a_label_up_to_the_very_end_is_in_the_text() -> None:
    assert resolve(utf16("All", 0, 41)) == ([f"All={TEXT}"], [])


def test_a_duplicate_is_kept_once_and_said() -> None:
    words, problems = resolve(utf16("Name", 3, 3), utf16("Name", 3, 3), utf16("Pet", 3, 3))
    assert words == ["Name=Ann", "Pet=Ann"]
    assert problems[0] == ("labels[1]", "Name at 2, length 3 is there twice", True)


def test_overlaps_are_kept_and_each_is_said_once() -> None:
    words, problems = resolve(utf16("C", 11, 6), utf16("A", 3, 14), utf16("B", 3, 3), utf16("D", 28, 9))
    assert len(words) == 4
    assert problems == [
        ("labels[1]", "A at 2, length 14 overlaps B at 2, length 3; both are kept", False),
        ("labels[0]", "C at 10, length 6 overlaps A at 2, length 14; both are kept", False),
    ]


def test_spans_that_touch_do_not_overlap() -> None:
    assert resolve(utf16("A", 3, 4), utf16("B", 7, 3))[1] == []


@pytest.mark.parametrize(
    ("start", "length", "ends"),
    [
        (4, 2, "starts"),
        (3, 2, "ends"),
        (30, 3, "starts and ends"),
        (28, 3, "ends"),
    ],
)
def test_a_span_that_cuts_a_word_is_kept_with_a_warning(start: int, length: int, ends: str) -> None:
    words, problems = resolve(utf16("Name", start, length))
    assert len(words) == 1
    ((_, reason, dropped),) = problems
    assert f" {ends} inside a word" in reason
    assert not dropped


@pytest.mark.parametrize(("start", "length"), [(11, 6), (39, 1), (0, 2), (26, 2), (3, 4)])
def test_possessives_unspaced_scripts_and_line_ends_are_no_cut_words(start: int, length: int) -> None:
    assert resolve(utf16("Name", start, length))[1] == []


def test_offsets_counted_over_other_line_ends_show_as_cut_words() -> None:
    text = "One line\r\nanother line\r\nand Washington here\r\n"
    right = FileLabel("City", text.index("Washington"), 10, Unit.CODE_POINT)
    wrong = FileLabel("City", text.replace("\r\n", "\n").index("Washington"), 10, Unit.CODE_POINT)
    assert resolve(right, text=text)[1] == []
    assert "inside a word" in resolve(wrong, text=text)[1][0][1]


def test_classes_have_no_span_and_single_label_has_one_class() -> None:
    assert resolve(FileLabel("A"), FileLabel("B"), kind=MULTI) == (["A=", "B="], [])
    words, problems = resolve(FileLabel("A"), FileLabel("B"), kind=SINGLE)
    assert words == ["A="]
    assert problems == [("labels[1]", "B is a second class where only one can be; A stays", True)]


def test_a_label_of_another_kind_is_dropped_and_said() -> None:
    assert resolve(utf16("A", 3, 3), kind=MULTI) == (
        [],
        [("labels[0]", "A is a span in a project of classes", True)],
    )
    assert resolve(FileLabel("A")) == ([], [("labels[0]", "A has no span in a project of entities", True)])


def test_undeclared_categories_are_added() -> None:
    documents = (
        FileDocument("a.txt", labels=(utf16("Name", 0, 1), utf16("New", 0, 1))),
        FileDocument("b.txt", labels=(utf16("New", 0, 1), utf16("Other", 0, 1))),
    )
    declared = (FileCategory("Name", "Who"), FileCategory("Name", "again"), FileCategory("Unused"))
    said = LabelFile(NER, categories=declared, documents=documents)
    file, problems = with_all_categories(said)
    assert undeclared(said) == ("New", "Other")
    assert [category.name for category in file.categories] == ["Name", "Unused", "New", "Other"]
    assert file.categories[0].description == "Who"
    assert [problem.reason for problem in problems] == ["Name is declared more than once"]
    assert not any(problem.dropped for problem in problems)


def test_a_label_that_its_region_does_not_reach_over_is_kept_and_said() -> None:
    regions = (FileRegion(0, 5), FileRegion(10, None))
    labels = (
        FileLabel("Name", 3, 3, Unit.UTF16, {REGION: 0}),
        FileLabel("Son", 3, 3, Unit.UTF16, {REGION: 1}),
    )
    resolved = to_code_points(NER, FileDocument("a.txt", labels=labels, regions=regions), TEXT)
    assert len(resolved.labels) == 2
    outside = [problem for problem in resolved.problems if "outside its region" in problem.reason]
    assert [(p.location, p.field, p.dropped) for p in outside] == [
        ("a.txt", "labels[0]", False),
        ("a.txt", "labels[1]", False),
    ]
    assert "from 0 to 5" in outside[0].reason
    assert "from 10 to the end" in outside[1].reason
    inside = FileDocument("a.txt", labels=(utf16("Name", 3, 2),), regions=regions)
    assert not [p for p in to_code_points(NER, inside, TEXT).problems if "region" in p.reason]


def test_a_label_outside_all_regions_gets_one_over_the_whole_document() -> None:
    inside, outside = ResolvedLabel("A", Span(2, 5)), ResolvedLabel("B", Span(27, 36))
    whole = FileRegion(0, 41)
    assert to_utf16([inside], (FileRegion(0, 10),), TEXT)[1] == (FileRegion(0, 10),)
    assert to_utf16([inside, outside], (FileRegion(0, 10),), TEXT)[1] == (FileRegion(0, 10), whole)
    assert to_utf16([inside], (), TEXT)[1] == (whole,)
    assert to_utf16([], (), TEXT) == ((), ())


def test_a_label_stays_in_the_region_that_it_came_in() -> None:
    label = ResolvedLabel("A", Span(27, 36), {REGION: 0})
    converted, regions = to_utf16([label], (FileRegion(0, 5),), TEXT)
    assert regions == (FileRegion(0, 5),)
    assert converted == (FileLabel("A", 28, 9, Unit.UTF16, {REGION: 0}),)


def test_a_span_outside_the_text_can_not_be_written() -> None:
    with pytest.raises(ValueError, match="outside a text"):
        to_utf16([ResolvedLabel("A", Span(0, len(TEXT) + 1))], (), TEXT)


def test_a_label_that_lies_in_the_text_by_utf16_alone_says_that_the_file_counts_so() -> None:
    text = "One\r\nTwo \U0001f469\U0001f3fd\u200d\U0001f680 Zo\u00eb Ann\r\n"
    start = len(text[: text.index("Ann")].encode("utf-16-le")) // 2
    label = FileLabel("Person", start, 3, Unit.CODE_POINT)
    found = to_code_points(ProjectKind.ENTITIES, FileDocument("a.txt", labels=(label,)), text)
    assert found.labels == ()
    assert [each.dropped for each in found.problems] == [True, False]
    assert "outside the text" in found.problems[0].reason
    assert found.problems[1].reason == (
        "the offsets look like UTF-16 code units, and were read as code points: 1 of 1 spans lie outside "
        "the text, and none would if read so"
    )


@pytest.mark.parametrize("start", [18, 40])
def test_a_label_outside_the_text_says_nothing_of_utf16_where_that_does_not_fit_either(start: int) -> None:
    text = "\U0001f469\U0001f3fd\U0001f469 Zo\u00eb and Anna"
    label = FileLabel("Person", start - 3, 3, Unit.CODE_POINT)
    found = to_code_points(ProjectKind.ENTITIES, FileDocument("a.txt", labels=(label,)), text)
    assert [each.dropped for each in found.problems] == [True]
