from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.formats import samples
from tui_labeler.domain.labels import Span
from tui_labeler.domain.projects import Dataset, ProjectKind
from tui_labeler.engine.errors import FormatError
from tui_labeler.engine.formats import FORMATS, azure, detect, read_file
from tui_labeler.engine.formats.model import FileDocument, FileLabel, FileRegion, LabelFile, Unit
from tui_labeler.engine.formats.resolve import ResolvedLabel, to_code_points, to_utf16

SAMPLES = [samples.entities, samples.single, samples.multi]
REGION = "assets.documents.0.entities.0"
ODD_KEYS = ["$keys", "$$keys", "$region", "x", "Ünï", "\x1b[31m"]


def read(value: Any) -> LabelFile:
    return azure.read(samples.data(value))


def written(value: Any) -> Any:
    return json.loads(azure.write(read(value)).data)


def same(one: Any, other: Any) -> bool:
    """Equal as JSON, the order of keys included; ``true`` is not 1."""
    return json.dumps(one) == json.dumps(other)


def changed(value: dict[str, Any], path: str, new: Any) -> dict[str, Any]:
    """``value`` with another value at a path such as ``assets.documents.0.location``; ``...`` deletes."""
    *way, last = (int(step) if step.isdigit() else step for step in path.split("."))
    place: Any = value
    for step in way:
        place = place[step]
    if new is ...:
        del place[last]
    else:
        place[last] = new
    return value


def test_the_values_of_an_entities_file_are_read() -> None:
    file = read(samples.entities())
    assert file.kind is ProjectKind.ENTITIES
    assert (file.project_name, file.container, file.language, file.multilingual) == (
        "Loans", "box", "en-us", False,
    )  # fmt: skip
    assert [category.name for category in file.categories] == ["Name", "City"]
    first, second = file.documents
    assert (first.location, first.dataset, second.dataset) == ("a.txt", Dataset.TRAIN, Dataset.TEST)
    assert first.regions == (FileRegion(0, 40),)
    assert first.labels == (FileLabel("Name", 3, 5, Unit.UTF16), FileLabel("City", 12, 4, Unit.UTF16))
    assert second.labels == ()


def test_the_values_of_class_files_are_read() -> None:
    one, many = read(samples.single()), read(samples.multi())
    assert (one.kind, many.kind) == (ProjectKind.SINGLE_LABEL, ProjectKind.MULTI_LABEL)
    assert [document.labels for document in one.documents] == [(FileLabel("Repair"),), ()]
    assert [document.labels for document in many.documents] == [
        (FileLabel("Comedy"), FileLabel("Drama")),
        (),
    ]


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_file_comes_back_with_every_key_in_its_place(sample: Callable[[], dict[str, Any]]) -> None:
    assert same(written(sample()), sample())


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_byte_order_mark_is_tolerated(sample: Callable[[], dict[str, Any]]) -> None:
    marked = b"\xef\xbb\xbf" + samples.data(sample())
    assert azure.read(marked) == read(sample())
    assert detect(marked, "labels.json").name == "azure"


numbers = st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none() | st.booleans() | numbers | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
unknown = st.dictionaries(st.sampled_from(ODD_KEYS) | st.text(max_size=4), json_values, max_size=3)


def every_object(value: Any) -> list[dict[str, Any]]:
    """The objects that the format itself has; what is unknown is not looked into."""
    assets = value["assets"]
    found = [value, value["metadata"], assets]
    found += assets.get("entities", assets.get("classes", []))
    for document in assets["documents"]:
        found.append(document)
        for region in document.get("entities", []):
            found += [region, *region["labels"]]
        found += [document["class"]] if "class" in document else document.get("classes", [])
    return found


@given(st.sampled_from(SAMPLES), st.data())
def test_unknown_keys_at_every_level_come_back_in_value_and_order(
    sample: Callable[[], dict[str, Any]], data: st.DataObject
) -> None:
    value = sample()
    for place in every_object(value):
        items = data.draw(st.permutations([*place.items(), *data.draw(unknown).items()]))
        place.clear()
        place.update(items)
    assert same(written(value), value)


@pytest.mark.parametrize(
    ("sample", "path", "new"),
    [
        (samples.entities, "assets.documents.0.language", ...),
        (samples.entities, "assets.documents.0.language", None),
        (samples.entities, "assets.documents.0.language", ""),
        (samples.entities, "assets.documents.0.dataset", ...),
        (samples.entities, "assets.documents.0.dataset", None),
        (samples.entities, "assets.documents.0.entities", ...),
        (samples.entities, "assets.documents.0.entities", None),
        (samples.entities, "assets.documents.0.entities", []),
        (samples.entities, "assets.documents.0.entities.0.regionOffset", ...),
        (samples.entities, "assets.documents.0.entities.0.regionLength", ...),
        (samples.entities, "assets.documents.0.entities.0.labels", ...),
        (samples.entities, "assets.documents.0.entities.0.labels", []),
        (samples.entities, "assets.documents", []),
        (samples.entities, "assets.entities", ...),
        (samples.entities, "assets.entities.0.description", "Who borrows"),
        (samples.entities, "assets.entities.0.description", ""),
        (samples.entities, "assets.entities.0.description", None),
        (samples.entities, "assets.projectKind", ...),
        (samples.entities, "assets.projectKind", "customEntityRecognition"),
        (samples.entities, "metadata.settings", {"confidenceThreshold": 0.7, "deep": {"er": [1]}}),
        (samples.entities, "metadata.settings", ...),
        (samples.entities, "metadata.description", ...),
        (samples.entities, "metadata.language", None),
        (samples.entities, "projectFileVersion", "2023-04-01"),
        (samples.single, "assets.documents.1.class", None),
        (samples.single, "assets.documents.1.class", {}),
        (samples.single, "assets.documents.1.class", {"category": None, "x": 1}),
        (samples.multi, "assets.documents.1.classes", ...),
        (samples.multi, "assets.documents.1.dataset", "Test"),
    ],
)
def test_what_is_optional_comes_back_as_it_was_there_or_missing(
    sample: Callable[[], dict[str, Any]], path: str, new: Any
) -> None:
    value = changed(sample(), path, new)
    assert same(written(value), value)


def test_a_missing_dataset_stays_missing_for_training_and_is_written_for_testing() -> None:
    file = read(changed(samples.entities(), "assets.documents.0.dataset", ...))
    for dataset, expected in ((Dataset.TRAIN, None), (Dataset.TEST, "Test")):
        there = replace(file, documents=(msgspec.structs.replace(file.documents[0], dataset=dataset),))
        assert json.loads(azure.write(there).data)["assets"]["documents"][0].get("dataset") == expected


def test_a_new_project_is_written_with_all_that_the_service_requires() -> None:
    document = FileDocument("a.txt", "en", Dataset.TRAIN, (FileLabel("Name", 0, 2, Unit.UTF16),))
    file = LabelFile(ProjectKind.ENTITIES, "New", "en-us", documents=(document,))
    value = json.loads(azure.write(file).data)
    assert list(value) == ["projectFileVersion", "stringIndexType", "metadata", "assets"]
    assert set(value["metadata"]) == set(samples.entities()["metadata"])
    assert value["assets"]["documents"][0] == {
        "location": "a.txt",
        "language": "en",
        "dataset": "Train",
        "entities": [
            {
                "regionOffset": 0,
                "regionLength": 2,
                "labels": [{"category": "Name", "offset": 0, "length": 2}],
            }
        ],
    }


def two_regions() -> dict[str, Any]:
    value = samples.entities()
    value["assets"]["documents"][0]["entities"] = [
        {"regionOffset": 50, "regionLength": 10, "labels": [{"category": "Name", "offset": 52, "length": 3}]},
        {"regionOffset": 0, "regionLength": 20, "labels": []},
        {"regionOffset": 0, "regionLength": 90, "labels": [{"category": "City", "offset": 3, "length": 2}]},
        # Outside its own region, as nothing in the format forbids.
        {"regionOffset": 80, "regionLength": 5, "labels": [{"category": "City", "offset": 1, "length": 1}]},
    ]
    return value


def test_labels_come_back_in_the_regions_they_came_in() -> None:
    assert same(written(two_regions()), two_regions())


def test_a_new_label_goes_to_the_first_region_that_holds_it_or_to_one_of_its_own() -> None:
    file = read(two_regions())
    document = file.documents[0]
    held, lost = FileLabel("Name", 10, 5, Unit.UTF16), FileLabel("Name", 95, 5, Unit.UTF16)
    file = replace(
        file, documents=(msgspec.structs.replace(document, labels=(*document.labels, held, lost)),)
    )
    regions = json.loads(azure.write(file).data)["assets"]["documents"][0]["entities"]
    assert [len(region["labels"]) for region in regions] == [1, 1, 1, 1, 1]
    assert regions[1]["labels"][0]["offset"] == 10
    assert (regions[4]["regionOffset"], regions[4]["regionLength"]) == (0, 100)


hard_text = st.lists(
    st.sampled_from(
        ["\U0001f468\u200d\U0001f469", "e\u0308", "שלום", "\r\n", "\U00020000", "a", " ", "\x00", "\ufeff"]
    )
    | st.text(max_size=3),
    min_size=1,
    max_size=30,
).map("".join).filter(bool)  # fmt: skip


@given(hard_text, st.data())
def test_spans_in_any_text_survive_the_way_through_the_file(text: str, data: st.DataObject) -> None:
    cuts = st.tuples(st.integers(0, len(text)), st.integers(0, len(text))).filter(lambda cut: cut[0] < cut[1])
    spans = sorted(set(data.draw(st.lists(cuts, max_size=5))))
    labels = tuple(ResolvedLabel("Name", Span(*span)) for span in spans)
    converted, regions = to_utf16(labels, (), text)
    document = FileDocument("a.txt", labels=converted, regions=regions)
    (back,) = azure.read(azure.write(LabelFile(ProjectKind.ENTITIES, documents=(document,))).data).documents
    raw = text.encode("utf-16-le")
    for label, span in zip(back.labels, spans, strict=True):
        cut = raw[2 * label.start : 2 * (label.start + label.length)]
        assert cut.decode("utf-16-le") == text[slice(*span)]
    resolved = to_code_points(ProjectKind.ENTITIES, back, text)
    assert resolved.labels == labels
    assert not any(problem.dropped for problem in resolved.problems)


@pytest.mark.parametrize(
    ("data", "line", "column"),
    [
        (b'{\n  "assets": {,}\n}', 2, 14),
        (b'{\r\n\r\n "\xc3\xa4\xc3\xb6": tru\r\n}', 3, 8),
        (b'{"assets": [1, 2', 1, 17),
        (b'{"a": "\xff"}', 1, 8),
        (b'{"a": 1}\n{"b": 2}', 2, 1),
        (b'{"a": NaN}', 1, 7),
    ],
)
def test_broken_json_is_named_with_line_and_column(data: bytes, line: int, column: int) -> None:
    with pytest.raises(FormatError, match=f"column {column}: this is not JSON") as caught:
        azure.read(data)
    assert caught.value.line == line


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 100_000,
        b'{"assets":' * 50_000,
        samples.data(samples.entities())[:-1] + b', "x": ' + b"[" * 150 + b"]" * 150 + b"}",
        b'{"x": 1e999}',
        b'{"x": ' + b"9" * 10_000 + b"}",
        b'{"x": "\\ud800"}',
        b"[]",
        b'"projectFileVersion"',
        b"{}",
        b'{"metadata": {}, "assets": {}}',
        b'{"metadata": [], "assets": {}}',
        b'{"metadata": {"projectKind": "CustomEntityRecognition"}, "assets": null}',
    ],
)  # fmt: skip
def test_what_is_no_labels_file_is_a_format_error_and_nothing_else(data: bytes) -> None:
    with pytest.raises(FormatError):
        azure.read(data)


@pytest.mark.parametrize(
    ("path", "new", "reason"),
    [
        ("metadata.projectKind", "CustomHealthcare", "CustomHealthcare is not supported"),
        ("metadata.projectKind", "Nonsense", "Nonsense is no kind of project"),
        ("metadata.projectKind", 7, "should be text, not the number 7"),
        ("assets.projectKind", "CustomMultiLabelClassification", "but metadata.projectKind says"),
        ("stringIndexType", "TextElement_v8", "TextElement_v8 are not understood"),
        ("metadata.multilingual", "false", "should be true or false, not text"),
        ("metadata.language", 1, "should be text"),
        ("metadata.settings", [], "should be an object, not a list"),
        ("assets.entities", {}, "should be a list, not an object"),
        ("assets.entities.1", "City", "should be an object, not text"),
        ("assets.entities.1.category", " ", "is empty"),
        ("assets.documents.1", None, "should be an object, not null"),
        ("assets.documents.1.location", ..., "is missing"),
        ("assets.documents.1.location", "", "is empty"),
        ("assets.documents.1.location", "a.txt", r"a\.txt is listed already, as assets.documents\[0\]"),
        ("assets.documents.1.dataset", "Validate", "Train or Test, not Validate"),
        (f"{REGION}.regionOffset", -1, "should not be negative"),
        (f"{REGION}.labels.1.offset", 1.5, "should be a whole number, not the number 1.5"),
        (f"{REGION}.labels.1.offset", True, "should be a whole number, not true or false"),
        (f"{REGION}.labels.1.offset", 10**30, "too large"),
        (f"{REGION}.labels.1.length", ..., "is missing"),
        (f"{REGION}.labels.1.category", None, "is missing"),
    ],
)
def test_a_wrong_value_is_named_by_its_field(path: str, new: Any, reason: str) -> None:
    with pytest.raises(FormatError, match=reason) as caught:
        read(changed(samples.entities(), path, new))
    assert caught.value.field == re.sub(r"\.(\d+)", r"[\1]", path)


def test_a_key_of_another_kind_beside_the_right_one_is_just_unknown() -> None:
    value = changed(samples.entities(), "assets.documents.1.class", {"category": "Name"})
    assert same(written(value), value)


def test_a_document_labeled_as_in_another_kind_of_project_is_refused() -> None:
    value = samples.single()
    value["assets"]["documents"][0] = {"location": "a.txt", "classes": [{"category": "Repair"}]}
    with pytest.raises(FormatError, match="another kind of project") as caught:
        read(value)
    assert caught.value.field == "assets.documents[0].classes"


def test_two_classes_do_not_fit_a_single_label_document() -> None:
    file = read(samples.single())
    file = replace(file, documents=(FileDocument("a.txt", labels=(FileLabel("A"), FileLabel("B"))),))
    with pytest.raises(FormatError, match=r"a\.txt has 2 classes"):
        azure.write(file)


def test_offsets_in_another_unit_are_not_written() -> None:
    document = FileDocument("a.txt", labels=(FileLabel("A", 0, 1, Unit.CODE_POINT),))
    with pytest.raises(FormatError, match=r"a\.txt: offsets are not UTF-16"):
        azure.write(LabelFile(ProjectKind.ENTITIES, documents=(document,)))


def test_a_name_that_is_not_unicode_is_a_format_error() -> None:
    with pytest.raises(FormatError, match="not Unicode text"):
        azure.write(LabelFile(ProjectKind.ENTITIES, documents=(FileDocument("a\udcff.txt"),)))


def test_a_megabyte_of_regions_and_labels_is_read_and_written_without_a_quadratic_walk() -> None:
    region = {"regionOffset": 0, "regionLength": 0, "labels": []}
    last = {
        "regionOffset": 0,
        "regionLength": 9,
        "labels": [{"category": "A", "offset": 0, "length": 1}] * 10_000,
    }
    value = samples.entities()
    value["assets"]["documents"][0]["entities"] = [*([region] * 10_000), last]
    # 100 million comparisons, were each label looked for in each region.
    assert same(written(value), value)


@pytest.mark.parametrize("name", ["auto", "azure"])
@pytest.mark.parametrize(
    ("data", "words", "hint"),
    [
        (b"", "empty", "another file"),
        (b" \n", "empty", "another file"),
        ('{"assets": {}}'.encode("utf-16"), "UTF-16", "UTF-8"),
        ('{"assets": {}}'.encode("utf-16-le"), "UTF-16", "UTF-8"),
        ('{"assets":\n {"caf\u00e9": 1}}'.encode("latin-1"), "line 2: column 7", "UTF-8"),
        (b'{"assets":\n {"documents": [', "line 2", "export it again"),
        (b"[1, 2", "line 1", "export it again"),
    ],
    ids=["empty", "white space", "UTF-16", "UTF-16 without a mark", "Latin-1", "cut short", "a list"],
)
def test_a_file_that_can_not_be_read_is_refused_by_name_and_with_a_way_out(
    name: str, data: bytes, words: str, hint: str
) -> None:
    with pytest.raises(FormatError) as caught:
        read_file(data, "given.json", name)
    assert caught.value.message.startswith("given.json: ")
    assert words in caught.value.message
    assert hint in caught.value.hint


def test_a_wrong_field_is_refused_with_the_file_s_name() -> None:
    with pytest.raises(FormatError, match=r"^given\.json: field assets") as caught:
        read_file(b'{"projectFileVersion": "2022-05-01", "assets": 3}', "given.json")
    assert caught.value.field == "assets"


def test_json_of_another_kind_is_told_from_what_is_none() -> None:
    with pytest.raises(FormatError, match=r"other\.json is JSON, but no labels file"):
        detect(b'{"a": 1}', "other.json")


def test_the_content_tells_the_format_and_the_name_is_in_the_refusal() -> None:
    assert detect(samples.data(samples.multi()), "x") is FORMATS["azure"]
    assert detect(b'{"extractors": [], "documents": []}', "x") is FORMATS["azure"]
    assert detect(b'{"projectFileVersion": "2022-05-01", "assets": {', "x") is FORMATS["azure"]
    with pytest.raises(FormatError, match=r"strange\.bin") as caught:
        detect(b"\x00\x01", "strange.bin")
    assert "--format" in caught.value.hint
