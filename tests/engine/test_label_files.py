"""Labels from files and to files: saved ones, once, and nothing half."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import TEXT, Bench, document, key, labels, number, saved, span, whole
from tui_labeler.domain.labels import Span
from tui_labeler.domain.projects import Dataset, ProjectKind
from tui_labeler.engine.errors import FormatError, InputError, LabelerError

if TYPE_CHECKING:
    from tui_labeler.engine.session import ProjectSession


def entities(
    *documents: tuple[str, list[tuple[str, int, int]]],
    text: str = TEXT,
    categories: tuple[str, ...] = ("Person", "Firm"),
) -> bytes:
    """An Azure labels file: location, and category, offset and length of each label."""
    return azure(
        ProjectKind.ENTITIES,
        {"entities": [{"category": name} for name in categories]},
        [
            {
                "location": location,
                "language": "en-us",
                "dataset": "Train",
                "entities": [
                    {
                        "regionOffset": 0,
                        "regionLength": len(text),
                        "labels": [{"category": c, "offset": o, "length": n} for c, o, n in given],
                    }
                ],
            }
            for location, given in documents
        ],
    )


def azure(kind: ProjectKind, declared: dict[str, Any], documents: list[dict[str, Any]]) -> bytes:
    content = {
        "projectFileVersion": "2022-05-01",
        "stringIndexType": "Utf16CodeUnit",
        "metadata": {
            "projectKind": kind.value,
            "projectName": "x",
            "multilingual": False,
            "language": "en-us",
            "storageInputContainerName": "c",
        },
        "assets": {"projectKind": kind.value, **declared, "documents": documents},
    }
    return json.dumps(content).encode()


ANN = ("Person", 0, 3)
BOB = ("Person", 8, 3)


async def exported(session: ProjectSession) -> dict[str, list[tuple[str, int, int]]]:
    content = json.loads((await session.label_files.write()).data)
    return {
        item["location"]: [
            (label["category"], label["offset"], label["length"])
            for region in item["entities"]
            for label in region["labels"]
        ]
        for item in content["assets"]["documents"]
    }


async def test_imported_labels_are_saved_ones(bench: Bench) -> None:
    session = await bench.create()
    done = await session.label_files.read(entities(("d0000.txt", [ANN, BOB])), "l.json")
    assert (done.documents, done.labels, done.unchanged, done.categories) == (1, 2, 0, ("Firm",))
    assert saved(session) == [("Person", span("Ann")), ("Person", span("Bob"))]
    assert session.labeling.drafts() == 0
    assert {label.origin.value for label in document(session).labels.values()} == {"import"}


async def test_importing_twice_changes_nothing_the_second_time(bench: Bench) -> None:
    session = await bench.create()
    data = entities(("d0000.txt", [ANN, BOB]))
    await session.label_files.read(data, "l.json")
    before, seq = whole(session), session.store.seq
    done = await session.label_files.read(data, "l.json")
    assert (done.labels, done.unchanged, done.categories) == (0, 2, ())
    assert whole(session) == before
    assert session.store.seq == seq


async def test_importing_again_does_not_double_what_waits_to_be_removed(bench: Bench) -> None:
    session = await bench.create()
    data = entities(("d0000.txt", [ANN]))
    await session.label_files.read(data, "l.json")
    await session.labeling.remove(number(session), document(session).active_labels[0].id)
    assert (await session.label_files.read(data, "l.json")).labels == 0
    assert saved(session) == [("Person", span("Ann"))]
    assert labels(session) == []


async def test_the_projects_own_labels_win_over_the_file(bench: Bench) -> None:
    session = await bench.create()
    await session.labeling.add(number(session), key(session, "Place"), Span(0, 7))
    done = await session.label_files.read(entities(("d0000.txt", [ANN, BOB])), "l.json")
    assert done.labels == 1
    assert [(item.location, "Place" in item.reason) for item in done.skipped] == [("d0000.txt", True)]
    assert labels(session) == [("Place", Span(0, 7)), ("Person", span("Bob"))]


async def test_overlaps_inside_a_file_are_kept_and_reported(bench: Bench) -> None:
    session = await bench.create()
    done = await session.label_files.read(entities(("d0000.txt", [ANN, ("Firm", 0, 7)])), "l.json")
    assert done.labels == 2
    assert len(labels(session)) == 2
    assert any("overlaps" in item.reason for item in done.notes)


async def test_a_file_of_another_kind_is_refused(bench: Bench) -> None:
    session = await bench.create(kind=ProjectKind.SINGLE_LABEL)
    before = whole(session)
    with pytest.raises(InputError, match="CustomEntityRecognition"):
        await session.label_files.read(entities(("d0000.txt", [ANN])), "l.json")
    assert whole(session) == before


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"{}", b"\xff\xfe", b'{"assets": 1}'])
async def test_a_bad_file_changes_nothing(bench: Bench, data: bytes) -> None:
    session = await bench.create()
    before = whole(session)
    with pytest.raises(LabelerError):
        await session.label_files.read(data, "l.json")
    with pytest.raises(FormatError):
        await session.label_files.read(data, "l.json", "azure")
    assert whole(session) == before


async def test_what_does_not_fit_is_listed_and_the_rest_is_taken(bench: Bench) -> None:
    session = await bench.create(
        {"d0000.txt": TEXT, "bad.txt": b"\xff", "d0001.txt": TEXT, "d0002.txt": TEXT}
    )
    bench.write({"d0001.txt": "changed meanwhile"})
    (bench.documents / "d0002.txt").unlink()
    file = entities(
        ("d0000.txt", [ANN, ("Person", 40, 100), ("Odd", 8, 3)]),
        ("nowhere.txt", [ANN]),
        ("bad.txt", [ANN]),
        ("d0001.txt", [ANN]),
    )
    done = await session.label_files.read(file, "l.json")
    assert (done.documents, done.labels) == (1, 2)
    assert "Odd" in done.categories
    reasons = {item.location: item.reason for item in done.skipped}
    assert set(reasons) == {"d0000.txt", "nowhere.txt", "bad.txt", "d0001.txt"}
    assert "not in the container" in reasons["nowhere.txt"]
    assert "sync first" in reasons["d0001.txt"]


async def test_an_unknown_format_is_told_with_those_there_are(bench: Bench) -> None:
    session = await bench.create()
    with pytest.raises(InputError, match="no format 'excel'") as caught:
        await session.label_files.write("excel")
    assert "azure" in caught.value.hint


async def test_drafts_are_not_exported_and_their_number_is_told(bench: Bench) -> None:
    session = await bench.create()
    await session.label_files.read(entities(("d0000.txt", [ANN])), "l.json")
    await session.labeling.add(number(session), key(session, "Place"), span("Rome"))
    await session.labeling.remove(number(session), document(session).active_labels[0].id)
    done = await session.label_files.write()
    assert (done.labels, done.drafts_pending) == (1, 2)
    assert await exported(session) == {"d0000.txt": [ANN]}
    await session.labeling.save()
    assert await exported(session) == {"d0000.txt": [("Place", 15, 4)]}


async def test_labels_on_another_text_are_not_exported_in_silence(bench: Bench) -> None:
    session = await bench.create()
    await session.label_files.read(entities(("d0000.txt", [ANN]), ("d0001.txt", [BOB])), "l.json")
    bench.write({"d0000.txt": "tiny"})
    done = await session.label_files.write()
    assert [(item.location, "sync" in item.reason) for item in done.skipped] == [("d0000.txt", True)]
    await session.documents.sync()
    done = await session.label_files.write()
    assert [item.location for item in done.skipped] == ["d0000.txt"]
    assert await exported(session) == {"d0001.txt": [BOB]}


async def test_an_export_of_an_import_says_the_same(bench: Bench) -> None:
    session = await bench.create()
    data = entities(("d0001.txt", [BOB, ANN]), ("d0000.txt", [ANN]))
    await session.label_files.read(data, "l.json")
    content, original = json.loads((await session.label_files.write()).data), json.loads(data)
    assert content["assets"]["documents"] == original["assets"]["documents"]


async def test_an_import_is_taken_back_in_one_step(bench: Bench) -> None:
    session = await bench.create()
    before = whole(session)
    await session.label_files.read(entities(("d0000.txt", [ANN]), ("d0001.txt", [BOB])), "l.json")
    undone = await session.history.undo()
    assert undone is not None
    assert undone.action == "labels.import"
    assert whole(session) == before


async def test_classes_come_and_go_with_their_sets(bench: Bench) -> None:
    session = await bench.create(kind=ProjectKind.MULTI_LABEL)
    data = azure(
        ProjectKind.MULTI_LABEL,
        {"classes": [{"category": "A"}, {"category": "B"}]},
        [
            {
                "location": "d0000.txt",
                "language": "en-us",
                "dataset": "Test",
                "classes": [{"category": "A"}, {"category": "B"}],
            }
        ],
    )
    await session.label_files.read(data, "l.json")
    assert sorted(labels(session)) == [("A", None), ("B", None)]
    assert session.rows[number(session)].dataset is Dataset.TEST
    assert (
        json.loads((await session.label_files.write()).data)["assets"]["documents"]
        == (json.loads(data)["assets"]["documents"])
    )
