"""Small Azure labels files to start from, one a kind."""

from __future__ import annotations

import json
from typing import Any


def envelope(kind: str, assets: dict[str, Any]) -> dict[str, Any]:
    return {
        "projectFileVersion": "2022-05-01",
        "stringIndexType": "Utf16CodeUnit",
        "metadata": {
            "projectKind": kind,
            "storageInputContainerName": "box",
            "projectName": "Loans",
            "multilingual": False,
            "description": "",
            "language": "en-us",
            "settings": {},
        },
        "assets": {"projectKind": kind, **assets},
    }


def entities() -> dict[str, Any]:
    region = {
        "regionOffset": 0,
        "regionLength": 40,
        "labels": [
            {"category": "Name", "offset": 3, "length": 5},
            {"category": "City", "offset": 12, "length": 4},
        ],
    }
    return envelope(
        "CustomEntityRecognition",
        {
            "entities": [{"category": "Name"}, {"category": "City"}],
            "documents": [
                {"location": "a.txt", "language": "en-us", "dataset": "Train", "entities": [region]},
                {"location": "b.txt", "language": "en-us", "dataset": "Test", "entities": []},
            ],
        },
    )


def single() -> dict[str, Any]:
    return envelope(
        "CustomSingleLabelClassification",
        {
            "classes": [{"category": "Repair"}, {"category": "Quote"}],
            "documents": [
                {"location": "a.txt", "language": "en", "dataset": "Train", "class": {"category": "Repair"}},
                {"location": "b.txt"},
            ],
        },
    )


def multi() -> dict[str, Any]:
    return envelope(
        "CustomMultiLabelClassification",
        {
            "classes": [{"category": "Drama"}, {"category": "Comedy"}],
            "documents": [
                {"location": "a.txt", "classes": [{"category": "Comedy"}, {"category": "Drama"}]},
                {"location": "b.txt", "classes": []},
            ],
        },
    )


def data(value: Any) -> bytes:
    return json.dumps(value).encode()
