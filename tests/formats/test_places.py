"""Complaints name the line, the field and the unit that a file counts in."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.realdata import real
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.errors import FormatError
from tui_labeler.engine.formats import FORMATS, csv_labels, read_file


def refused(data: bytes, name: str) -> FormatError:
    with pytest.raises(FormatError) as caught:
        FORMATS[name].read(data)
    return caught.value


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("aml", {"image_url": "a.txt", "label": [{"label": "A", "offsetStart": "a", "offsetEnd": 2}]}),
        ("doccano", {"text": "abc", "label": [["x", 2, "A"]]}),
        ("jsonl", {"text": "abc", "spans": [{"start": "x", "end": 2, "label": "A"}]}),
        ("prodigy", {"text": "abc", "spans": [{"start": 1.5, "end": 2, "label": "A"}], "answer": "accept"}),
    ],
)
def test_a_bad_offset_is_told_in_code_points(name: str, row: dict[str, Any]) -> None:
    error = refused(json.dumps(row).encode(), name)
    assert error.line == 1
    assert "code points" in error.hint
    assert "UTF-16" not in error.hint


@pytest.mark.parametrize("indent", [None, 2])
def test_what_is_wrong_in_a_list_is_told_with_its_line(
    indent: int | None,
) -> None:
    rows = [{"text": "a\\n", "label": ["A"]}, {"text": "b {", "label": ["A"]}, {"label": ["A"]}]
    data = json.dumps(rows, indent=indent)
    error = refused(data.encode(), "doccano")
    assert error.field == "[2].text"
    wanted = [number for number, line in enumerate(data.split("\n"), 1) if line == "  {"]
    assert error.line == (wanted[2] if indent else 1)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("text_classification", ProjectKind.SINGLE_LABEL), ("sequence_to_sequence", ProjectKind.SINGLE_LABEL)],
)
def test_doccanos_own_columns_are_read_from_its_tables(name: str, kind: ProjectKind) -> None:
    path = real("interop", "doccano", f"data_import__pipeline__examples__{name}__example.csv")
    known, file = read_file(path.read_bytes(), path.name)
    assert (known, file.kind) == (csv_labels.FORMAT, kind)
    assert len(file.documents) == 3
    assert all(document.text and document.labels for document in file.documents)
    assert any("answers to texts" in remark for remark in file.remarks) == (name == "sequence_to_sequence")
