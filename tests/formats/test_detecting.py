"""``--format auto`` takes each format's files for that format, and no other's."""

from __future__ import annotations

import pytest

from tests.formats import fuzz
from tests.realdata import real
from tui_labeler.engine.formats import FORMATS, detect

SAME = {"aml-conll": "conll"}
"""Formats that are read as another."""


@pytest.mark.parametrize("name", FORMATS)
def test_files_of_each_format_are_found_to_be_of_it(name: str) -> None:
    for data in fuzz.seeds()[name]:
        found = detect(data, f"labels{FORMATS[name].extensions[0]}")
        assert found.name == SAME.get(name, name), data


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("azure-language", "azure"),
        ("azureml-jsonl", "aml"),
        ("brat", "brat"),
        ("label-studio", "labelstudio"),
        ("prodigy", "prodigy"),
        ("spacy", "spacy"),
    ],
)
def test_samples_of_other_tools_are_found_to_be_theirs(folder: str, name: str) -> None:
    found = set()
    for path in sorted(real("interop", folder).iterdir()):
        data = path.read_bytes()
        # Of several formats that could take a file the first one does; nothing else may come before.
        first = next((each.name for each in FORMATS.values() if each.sniff(data, path.name)), None)
        found.add(first)
    assert found - {None} == {name}
