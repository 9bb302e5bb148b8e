from __future__ import annotations

import json
from typing import Any

import pytest

from tests.formats import samples
from tui_labeler.domain.projects import Dataset, ProjectKind
from tui_labeler.engine.errors import FormatError
from tui_labeler.engine.formats import azure
from tui_labeler.engine.formats.model import FileLabel, FileRegion, Unit


def bare_entities() -> dict[str, Any]:
    labels = [{"extractorName": "Name", "offset": 3, "length": 5, "by": "ann"}]
    return {
        "extractors": [{"name": "Name"}, {"name": "City"}],
        "documents": [
            {
                "location": "a.txt",
                "culture": "en-us",
                "extractors": [{"regionOffset": 0, "regionLength": 40, "labels": labels}],
            }
        ],
        "made": "by hand",
    }


def classes(*counts: int, model_type: str | None = None) -> dict[str, Any]:
    names = ["Drama", "Comedy", "Action"]
    assets = {
        "classifiers": [{"name": name} for name in names],
        "documents": [
            {
                "location": f"{index}.txt",
                "language": "en-us",
                "dataset": "Test",
                "classifiers": [{"classifierName": name} for name in names[:count]],
            }
            for index, count in enumerate(counts)
        ],
    }
    if model_type is None:
        return assets
    metadata = {
        "name": "Movies",
        "multiLingual": True,
        "description": "Plots",
        "modelType": model_type,
        "language": "en",
        "storageInputContainerName": "box",
        "settings": {"a": 1},
    }
    return {"api-version": "2021-11-01-preview", "metadata": metadata, "assets": assets}


def test_extractors_are_entities() -> None:
    file = azure.read(samples.data(bare_entities()))
    assert file.kind is ProjectKind.ENTITIES
    assert [category.name for category in file.categories] == ["Name", "City"]
    (document,) = file.documents
    assert (document.location, document.language, document.dataset) == ("a.txt", "en-us", None)
    assert document.regions == (FileRegion(0, 40),)
    assert document.labels == (FileLabel("Name", 3, 5, Unit.UTF16, {"by": "ann"}),)


def test_it_is_written_in_the_form_of_today_with_what_is_unknown() -> None:
    value = json.loads(azure.write(azure.read(samples.data(bare_entities()))).data)
    assert value["projectFileVersion"] == "2022-05-01"
    assert value["assets"] == {
        "projectKind": "CustomEntityRecognition",
        "entities": [{"category": "Name"}, {"category": "City"}],
        "documents": [
            {
                "location": "a.txt",
                "language": "en-us",
                "entities": [
                    {
                        "regionOffset": 0,
                        "regionLength": 40,
                        "labels": [{"category": "Name", "offset": 3, "length": 5, "by": "ann"}],
                    }
                ],
            }
        ],
        "made": "by hand",
    }
    assert azure.read(azure.write(azure.read(samples.data(value))).data) == azure.read(samples.data(value))


@pytest.mark.parametrize(
    ("counts", "kind"),
    [
        ((1, 0, 1), ProjectKind.SINGLE_LABEL),
        ((1, 2), ProjectKind.MULTI_LABEL),
        ((), ProjectKind.SINGLE_LABEL),
    ],
)
def test_bare_classifiers_are_multi_label_as_soon_as_a_document_has_two(
    counts: tuple[int, ...], kind: ProjectKind
) -> None:
    file = azure.read(samples.data(classes(*counts)))
    assert file.kind is kind
    assert [len(document.labels) for document in file.documents] == list(counts)
    assert all(document.dataset is Dataset.TEST for document in file.documents)


def test_the_import_request_s_envelope_says_kind_and_project() -> None:
    file = azure.read(samples.data(classes(1, model_type="multiClassification")))
    assert file.kind is ProjectKind.MULTI_LABEL
    assert (file.project_name, file.multilingual, file.description, file.container, file.settings) == (
        "Movies", True, "Plots", "box", {"a": 1},
    )  # fmt: skip
    metadata = json.loads(azure.write(file).data)["metadata"]
    assert metadata["projectName"] == "Movies"
    assert metadata["multilingual"] is True
    assert "modelType" not in metadata


@pytest.mark.parametrize("model_type", ["Extraction", "summarization", 3])
def test_a_model_type_that_does_not_fit_is_named(model_type: Any) -> None:
    with pytest.raises(FormatError) as caught:
        azure.read(samples.data(classes(1, model_type=model_type)))
    assert caught.value.field == "metadata.modelType"


def test_a_wrong_value_is_named_by_the_field_of_that_form() -> None:
    value = bare_entities()
    del value["documents"][0]["extractors"][0]["labels"][0]["extractorName"]
    with pytest.raises(FormatError, match="is missing") as caught:
        azure.read(samples.data(value))
    assert caught.value.field == "documents[0].extractors[0].labels[0].extractorName"


@pytest.mark.parametrize("place", ["document", "label", "file"])
def test_a_mixture_of_the_two_forms_is_refused(place: str) -> None:
    value = bare_entities()
    document = value["documents"][0]
    places = {"document": document, "label": document["extractors"][0]["labels"][0], "file": value}
    places[place]["category" if place == "label" else "entities"] = "Name"
    with pytest.raises(FormatError, match="does not go with extractors"):
        azure.read(samples.data(value))


@pytest.mark.parametrize(
    ("value", "field"),
    [
        (bare_entities() | {"classifiers": []}, "classifiers"),
        (classes(1, model_type="singleClassification") | {"documents": []}, "documents"),
        ({"extractors": [], "assets": {"classifiers": [], "documents": []}}, "extractors"),
    ],
)
def test_labels_of_two_kinds_or_in_two_places_are_refused(value: dict[str, Any], field: str) -> None:
    with pytest.raises(FormatError, match="stands beside") as caught:
        azure.read(samples.data(value))
    assert caught.value.field == field
    assert caught.value.hint
