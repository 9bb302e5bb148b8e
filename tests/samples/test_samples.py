"""The sample projects are what they promise: clean text, exact labels, about half of them given."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tui_labeler.domain.labels import Span
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.domain.text import OffsetMap, is_unsafe
from tui_labeler.samples import SAMPLES, folder

MINIMUM = {"contracts": (40, 600, 2500), "tickets": (40, 150, 500)}
"""Documents at least, characters of a document at least and at most."""

every_sample = pytest.mark.parametrize("name", SAMPLES)


def load(name: str, file: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((folder(name) / file).read_text(encoding="utf-8"))
    return loaded


def texts(name: str) -> dict[str, str]:
    """Every document as it is stored, line ends included."""
    return {
        path.name: path.read_bytes().decode("utf-8")
        for path in sorted((folder(name) / "documents").iterdir())
    }


def documents(name: str, file: str) -> dict[str, dict[str, Any]]:
    return {document["location"]: document for document in load(name, file)["assets"]["documents"]}


def spans(text: str, document: dict[str, Any]) -> list[tuple[Span, str]]:
    """The labels of a document in code points, in the order of the file."""
    offsets = OffsetMap.of(text)
    return [
        (
            Span(
                offsets.from_utf16(label["offset"]),
                offsets.from_utf16(label["offset"] + label["length"]),
            ),
            label["category"],
        )
        for region in document["entities"]
        for label in region["labels"]
    ]


def categories_used(document: dict[str, Any]) -> set[str]:
    if "class" in document:
        return {document["class"]["category"]}
    return {label["category"] for region in document["entities"] for label in region["labels"]}


def test_an_unknown_sample_is_refused() -> None:
    with pytest.raises(KeyError):
        folder("../contracts")


def test_importing_the_samples_loads_nothing_heavy() -> None:
    code = "import sys, tui_labeler.samples; print(*sys.modules)"
    modules = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    ).stdout.split()
    assert not {"textual", "numpy", "sklearn", "tinydb", "msgspec"} & set(modules)


@every_sample
def test_the_documents_folder_holds_nothing_but_text_files_with_plain_names(name: str) -> None:
    for path in (folder(name) / "documents").iterdir():
        assert path.is_file()
        assert path.suffix == ".txt"
        assert path.stem.isascii()
        assert path.stem.isalnum()


@every_sample
def test_documents_are_readable_utf8_of_a_modest_size(name: str) -> None:
    at_least, shortest, longest = MINIMUM[name]
    stored = texts(name)
    assert len(stored) >= at_least
    for location, text in stored.items():
        assert shortest <= len(text) <= longest, location
        assert not any(is_unsafe(character) for character in text.replace("\r\n", "\n").replace("\n", ""))


@every_sample
def test_no_document_is_there_twice(name: str) -> None:
    stored = texts(name)
    assert len({text.strip() for text in stored.values()}) == len(stored)


@every_sample
@pytest.mark.parametrize("file", ["labels.json", "gold.json"])
def test_label_files_have_the_services_envelope(name: str, file: str) -> None:
    loaded, kind = load(name, file), load(name, "project.json")["kind"]
    assert loaded["projectFileVersion"] == "2022-05-01"
    assert loaded["stringIndexType"] == "Utf16CodeUnit"
    assert loaded["metadata"]["projectKind"] == loaded["assets"]["projectKind"] == kind
    assert loaded["metadata"]["projectName"] == name
    assert loaded["metadata"]["language"] == load(name, "project.json")["language"]


@every_sample
def test_the_project_describes_each_category_and_gives_examples(name: str) -> None:
    project = load(name, "project.json")
    assert project["name"] == name
    assert project["description"]
    assert ProjectKind(project["kind"])
    for category in project["categories"]:
        assert category["description"], category["name"]
        assert 2 <= len(category["examples"]) <= 3, category["name"]


@every_sample
@pytest.mark.parametrize("file", ["labels.json", "gold.json"])
def test_each_category_of_a_label_is_declared_with_the_projects_description(name: str, file: str) -> None:
    assets = load(name, file)["assets"]
    declared = {
        category["category"]: category["description"]
        for category in assets.get("entities") or assets.get("classes")
    }
    project = load(name, "project.json")
    assert declared == {category["name"]: category["description"] for category in project["categories"]}
    for document in assets["documents"]:
        assert categories_used(document) <= declared.keys(), document["location"]


@every_sample
def test_the_gold_labels_name_every_document_once(name: str) -> None:
    locations = [document["location"] for document in load(name, "gold.json")["assets"]["documents"]]
    assert sorted(locations) == sorted(texts(name))
    assert all(categories_used(document) for document in documents(name, "gold.json").values())


@every_sample
def test_about_half_of_the_documents_are_labeled_and_agree_with_the_gold_labels(name: str) -> None:
    labeled, gold = documents(name, "labels.json"), documents(name, "gold.json")
    assert 0.4 <= len(labeled) / len(gold) <= 0.6
    for location, document in labeled.items():
        assert document == gold[location]


@every_sample
def test_a_few_of_the_labeled_documents_are_for_testing(name: str) -> None:
    datasets = [document["dataset"] for document in documents(name, "labels.json").values()]
    assert 3 <= datasets.count("Test") <= 6
    assert datasets.count("Train") + datasets.count("Test") == len(datasets)
    gold = documents(name, "gold.json")
    unlabeled = gold.keys() - documents(name, "labels.json").keys()
    assert {gold[location]["dataset"] for location in unlabeled} == {"Train"}


@every_sample
def test_each_category_has_enough_labels_to_learn_from_and_one_to_test_with(name: str) -> None:
    labeled = documents(name, "labels.json").values()
    for category in load(name, "project.json")["categories"]:
        holders = [
            document["dataset"] for document in labeled if category["name"] in categories_used(document)
        ]
        assert holders.count("Train") >= 5, category["name"]
        assert holders.count("Test") >= 1, category["name"]


def test_contract_labels_cut_whole_words_without_outer_white_space_or_overlap() -> None:
    stored = texts("contracts")
    for location, document in documents("contracts", "gold.json").items():
        text = stored[location]
        end = 0
        for span, category in spans(text, document):
            cut = text[span.start : span.end]
            assert span.start >= end, (location, category, cut)
            end = span.end
            assert cut == cut.strip(), (location, category, cut)
            assert "\n" not in cut, (location, category, cut)
            before, after = text[max(0, span.start - 1) : span.start], text[span.end : span.end + 1]
            assert not (before.isalnum() and cut[0].isalnum()), (location, category, cut)
            assert not (after.isalnum() and cut[-1].isalnum()), (location, category, cut)


def test_a_contracts_region_is_the_whole_text_in_utf16_units() -> None:
    stored = texts("contracts")
    for location, document in documents("contracts", "gold.json").items():
        (region,) = document["entities"]
        assert region["regionOffset"] == 0
        assert region["regionLength"] == OffsetMap.of(stored[location]).utf16_length


def test_names_and_numbers_are_labeled_every_time_they_stand_in_a_contract() -> None:
    stored = texts("contracts")
    for location, document in documents("contracts", "gold.json").items():
        text = stored[location]
        labeled = spans(text, document)
        for span, category in labeled:
            if category not in ("Supplier", "Customer", "ContractNumber"):
                continue
            words = text[span.start : span.end]
            inside = sum(text[other.start : other.end].count(words) for other, _ in labeled)
            assert text.count(words) == inside, (location, words)


def test_known_labels_cut_the_right_words_behind_line_ends_and_emoji() -> None:
    stored, gold = texts("contracts"), documents("contracts", "gold.json")
    for location, category, words in (
        ("order05.txt", "Supplier", ["Rösterei Kranichfeld e.K.", "Rösterei Kranichfeld e.K."]),
        ("amendment06.txt", "Supplier", ["Blackthorn Pest Control Ltd", "Blackthorn Pest Control Ltd"]),
        ("nda04.txt", "GoverningLaw", ["Japan"]),
    ):
        text = stored[location]
        cut = [text[span.start : span.end] for span, name in spans(text, gold[location]) if name == category]
        assert cut == words


def test_contracts_hold_what_makes_offsets_hard() -> None:
    labeled = {location: texts("contracts")[location] for location in documents("contracts", "labels.json")}
    assert sum("\r\n" in text for text in labeled.values()) >= 3
    assert sum("\r\n" not in text for text in labeled.values()) >= 20
    assert any(character > "\uffff" for text in labeled.values() for character in text)
    assert any("\u3040" <= character <= "\u9fff" for text in labeled.values() for character in text)
    for text in texts("contracts").values():
        assert "\r\n" not in text or text.count("\r\n") == text.count("\n"), "line ends of one kind"
