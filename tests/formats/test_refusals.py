"""What a labels file that can't be read is told: what is wrong, and what to do about it."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from typing import Any

import pytest

from tui_labeler.domain.projects import LONGEST_CATEGORY, ProjectKind
from tui_labeler.engine.errors import FormatError
from tui_labeler.engine.formats import FORMATS, read_file
from tui_labeler.engine.formats.model import FileCategory, LabelFile
from tui_labeler.engine.formats.resolve import with_all_categories

LABEL = {"category": "Person", "offset": 0, "length": 3}


def envelope(label: dict[str, Any] | None = None, **document: Any) -> dict[str, Any]:
    region = {"regionOffset": 0, "regionLength": 9, "labels": [LABEL | (label or {})]}
    one = {"location": "a.txt", "language": "en-us", "dataset": "Train", "entities": [region]} | document
    return {
        "projectFileVersion": "2022-05-01",
        "stringIndexType": "Utf16CodeUnit",
        "metadata": {"projectKind": "CustomEntityRecognition", "projectName": "x", "language": "en-us"},
        "assets": {
            "projectKind": "CustomEntityRecognition",
            "entities": [{"category": "Person"}],
            "documents": [one],
        },
    }


def kind(name: str) -> dict[str, Any]:
    value = envelope()
    value["metadata"]["projectKind"] = value["assets"]["projectKind"] = name
    return value


def without(*keys: str) -> dict[str, Any]:
    value = envelope()
    for key in keys:
        del value[key]
    return value


def twice() -> dict[str, Any]:
    value = envelope()
    value["assets"]["documents"] *= 2
    return value


def nameless() -> dict[str, Any]:
    value = envelope()
    value["assets"]["entities"] = [{"category": " "}]
    return value


DEEP: Any = 1
for _ in range(120):
    DEEP = [DEEP]

BAD = {
    "no assets": (without("assets"), "under assets"),
    "a list": ([1], "under assets"),
    "another kind": (kind("Conversation"), "projectKind"),
    "no kind": (kind("Nonsense"), "projectKind"),
    "offset as text": (envelope({"offset": "0"}), "whole numbers of UTF-16"),
    "offset with a fraction": (envelope({"offset": 0.5}), "whole numbers of UTF-16"),
    "huge offset": (envelope({"offset": 2**60}), "whole numbers of UTF-16"),
    "empty category": (nameless(), "name"),
    "wrong data set": (envelope(dataset="Dev"), "one of them"),
    "other offsets": (envelope() | {"stringIndexType": "TextElements_v8"}, "Utf16CodeUnit"),
    "listed twice": (twice(), "one entry"),
    "nested too deeply": (envelope(more=DEEP), "Leave out"),
    "no location": (envelope(location=None), "export it again"),
    "a number for text": (envelope(language=3), "export it again"),
}


@pytest.mark.parametrize(("value", "hint"), BAD.values(), ids=BAD.keys())
def test_every_refusal_says_what_to_do(value: Any, hint: str) -> None:
    with pytest.raises(FormatError) as caught:
        read_file(json.dumps(value).encode(), "given.json", "azure")
    assert hint in caught.value.hint


def test_json_nested_beyond_reading_says_what_to_do() -> None:
    with pytest.raises(FormatError) as caught:
        read_file(b"[" * 100_000 + b"]" * 100_000, "given.json")
    assert "Leave out" in caught.value.hint


AML = {"image_url": "AmlDatastore://d/a.txt", "label": "Person"}


def test_a_file_of_another_format_than_named_says_which_it_looks_like() -> None:
    with pytest.raises(FormatError, match="not JSON") as caught:
        read_file((json.dumps(AML) + "\n").encode() * 2, "given.jsonl", "azure")
    assert "looks like Azure Machine Learning labels: --format aml" in caught.value.hint
    assert "--format" not in caught.value.on_screen
    assert caught.value.line == 2
    with pytest.raises(FormatError, match="image_url") as caught:
        read_file(json.dumps(envelope()).encode(), "given.json", "aml")
    assert "looks like Azure AI Language labels: --format azure" in caught.value.hint


def test_what_is_wrong_in_a_file_of_the_named_format_is_all_that_is_said() -> None:
    with pytest.raises(FormatError, match=r"a\.txt is there on line 1 already") as caught:
        read_file((json.dumps(AML) + "\n").encode() * 2, "given.jsonl", "aml")
    assert "looks like" not in caught.value.hint


def test_lines_of_no_known_tool_are_said_to_be_json_lines() -> None:
    with pytest.raises(FormatError, match="is JSON Lines, one object a line, but no labels file") as caught:
        read_file(b'{"a": 1}\r\n\r\n{"a": 2}\r\n', "given.json")
    assert "Azure AI Language labels" in caught.value.hint
    assert "--format" not in caught.value.on_screen


def test_broken_json_is_not_taken_for_lines() -> None:
    with pytest.raises(FormatError, match="not JSON"):
        read_file(b'{"a": 1}\n{"a": ', "given.json")


def test_a_file_that_memory_does_not_suffice_for_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(data: bytes) -> LabelFile:
        raise MemoryError

    monkeypatch.setitem(FORMATS, "jsonl", replace(FORMATS["jsonl"], read=read))
    with pytest.raises(FormatError, match="more memory than there is"):
        read_file(b"{}", "a.jsonl", "jsonl")


@pytest.mark.parametrize("packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_an_archive_of_documents_alone_is_told_as_that(packing: int) -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", packing) as archive:
        archive.writestr("a.txt", "Ann met Zo\u00eb. " * 30)
    with pytest.raises(FormatError, match=r"docs\.zip: an archive without an \.ann file") as caught:
        read_file(held.getvalue(), "docs.zip")
    assert "into a folder" in caught.value.hint


def test_a_category_that_no_project_takes_is_refused_with_the_file() -> None:
    file = LabelFile(ProjectKind.MULTI_LABEL, categories=(FileCategory("x" * LONGEST_CATEGORY),))
    assert with_all_categories(file)[0] == file
    with pytest.raises(FormatError, match="has 1,001 characters"):
        with_all_categories(replace(file, categories=(FileCategory("x" * (LONGEST_CATEGORY + 1)),)))
