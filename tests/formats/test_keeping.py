from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from tests.formats import samples
from tests.formats.test_azure import two_regions
from tui_labeler.engine.formats import azure
from tui_labeler.engine.formats.keeping import document_extra, kept_document, kept_project, project_extra


@pytest.mark.parametrize("sample", [samples.entities, samples.single, samples.multi, two_regions])
def test_a_file_survives_the_way_through_stored_json(sample: Callable[[], dict[str, Any]]) -> None:
    value = sample()
    value["x"] = value["metadata"]["y"] = value["assets"]["z"] = [{"deep": None}]
    value["assets"]["documents"][0]["unknown"] = 1
    value["metadata"]["settings"] = {"confidenceThreshold": 0.5}
    file = azure.read(samples.data(value))
    project = kept_project(json.loads(json.dumps(project_extra(file))))
    documents = []
    for document in file.documents:
        regions, extra = kept_document(json.loads(json.dumps(document_extra(document))))
        documents.append(msgspec.structs.replace(document, regions=regions, extra=extra))
    again = replace(
        file,
        container=project.container,
        settings=project.settings,
        extra=project.extra,
        documents=tuple(documents),
    )
    assert again == file
    assert json.dumps(json.loads(azure.write(again).data)) == json.dumps(value)


def test_what_was_never_imported_has_nothing_kept() -> None:
    assert kept_project({}) == ("", {}, {})
    assert kept_document({}) == ((), {})
