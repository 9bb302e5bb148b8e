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
    from tui_labeler.engine.label_files import Skipped
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


def with_unknown_keys(data: bytes, value: str) -> bytes:
    """A labels file with a key that nobody knows in each of its places."""
    content = json.loads(data)
    (item,) = content["assets"]["documents"]
    region = item["entities"][0]
    places = (content, content["metadata"], content["assets"], content["assets"]["entities"][0])
    for place in (*places, item, region, region["labels"][0]):
        place["owner"] = value
    content["metadata"]["settings"] = {"threshold": value}
    return json.dumps(content).encode()


async def test_unknown_keys_are_kept_where_labels_and_categories_are_there_already(bench: Bench) -> None:
    session = await bench.create(immediate=True)
    await session.labeling.add(number(session), key(session, "Person"), span("Ann"))
    data = with_unknown_keys(entities(("d0000.txt", [ANN])), "mine")
    done = await session.label_files.read(data, "l.json")
    assert (done.labels, done.unchanged, done.notes) == (0, 1, ())
    written = json.loads((await session.label_files.write()).data)
    item = written["assets"]["documents"][0]
    region = item["entities"][0]
    places = (written, written["metadata"], written["assets"], written["assets"]["entities"][0])
    assert [place.get("owner") for place in (*places, item, region, region["labels"][0])] == ["mine"] * 7
    assert written["metadata"]["settings"] == {"threshold": "mine"}
    seq = session.store.seq
    assert (await session.label_files.read(data, "l.json")).notes == ()
    assert session.store.seq == seq


async def test_unknown_keys_that_say_something_else_stay_as_they_were_and_are_told(bench: Bench) -> None:
    session = await bench.create(immediate=True)
    first = with_unknown_keys(entities(("d0000.txt", [ANN])), "mine")
    await session.label_files.read(first, "l.json")
    seq = session.store.seq
    done = await session.label_files.read(first.replace(b"mine", b"theirs"), "l.json")
    assert len(done.notes) == 8
    assert all("that stays" in note.reason for note in done.notes)
    assert [note.location for note in done.notes].count("d0000.txt") == 3
    assert any("category Person" in note.reason for note in done.notes)
    assert session.store.seq == seq
    assert b"theirs" not in (await session.label_files.write()).data


async def test_a_second_file_adds_its_keys_and_regions_to_those_of_the_first(bench: Bench) -> None:
    session = await bench.create(immediate=True)
    await session.label_files.read(entities(("d0000.txt", [ANN])), "l.json")
    second = json.loads(entities(("d0000.txt", [BOB])))
    (item,) = second["assets"]["documents"]
    item["reviewer"] = "Bo"
    item["entities"] = [{"regionOffset": 5, "regionLength": 10, "labels": item["entities"][0]["labels"]}]
    for _ in range(2):
        await session.label_files.read(json.dumps(second).encode(), "l.json")
        written = json.loads((await session.label_files.write()).data)["assets"]["documents"][0]
        assert written["reviewer"] == "Bo"
        assert [(r["regionOffset"], r["regionLength"]) for r in written["entities"]] == [
            (0, len(TEXT)),
            (5, 10),
        ]
        assert sum(len(region["labels"]) for region in written["entities"]) == 2


async def test_a_description_is_taken_where_there_is_none_and_told_where_there_is_another(
    bench: Bench,
) -> None:
    session = await bench.create(immediate=True)
    file = json.loads(entities(("d0000.txt", [ANN])))
    file["assets"]["entities"][0]["description"] = "somebody"
    assert (await session.label_files.read(json.dumps(file).encode(), "l.json")).notes == ()
    assert session.categories.by_name("Person").description == "somebody"
    file["assets"]["entities"][0]["description"] = "anybody"
    (note,) = (await session.label_files.read(json.dumps(file).encode(), "l.json")).notes
    assert "description" in note.reason
    assert session.categories.by_name("Person").description == "somebody"


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


def undeclared_notes(notes: tuple[Skipped, ...]) -> list[str]:
    return [note.reason for note in notes if "not declared" in note.reason]


async def test_a_category_that_only_labels_name_is_added_with_those_that_come_in(bench: Bench) -> None:
    session = await bench.create()
    await session.labeling.add(number(session), key(session, "Place"), Span(0, 7))
    data = entities(
        ("d0000.txt", [("Ghost", 0, 3), ("Team", 0, 3), ("Team", 8, 3), ("Place", 8, 3)]),
        ("gone.txt", [("Ghost", 0, 3), ("Team", 0, 3)]),
        categories=("Person", "Firm"),
    )
    done = await session.label_files.read(data, "l.json")
    assert done.categories == ("Firm", "Team")
    assert undeclared_notes(done.notes) == [
        "categories: Ghost is not declared; not added, for none of its labels came in",
        "categories: Team is not declared; added, with 1 label",
        "categories: Place is not declared; the project has it",
    ]
    assert "Ghost" not in {category.name for category in session.store.state.categories.values()}
    assert any("Ghost meets" in item.reason for item in done.skipped)
    assert ("Team", span("Bob")) in labels(session)


async def test_a_file_of_a_version_that_is_not_known_is_noted(bench: Bench) -> None:
    session = await bench.create()
    data = entities(("d0000.txt", [ANN])).replace(b"2022-05-01", b"2099-01-01")
    done = await session.label_files.read(data, "l.json")
    assert done.labels == 1
    assert [note.reason for note in done.notes] == [
        "projectFileVersion is 2099-01-01; the file is read as one of 2022-05-01"
    ]
    assert (await session.label_files.read(entities(("d0000.txt", [ANN])), "l.json")).notes == ()


async def test_a_format_that_declares_no_category_is_not_told_to_have_declared_none(bench: Bench) -> None:
    session = await bench.create()
    data = b"location,start,end,label\nd0000.txt,0,3,Wind\n"
    done = await session.label_files.read(data, "l.csv")
    assert done.categories == ("Wind",)
    assert undeclared_notes(done.notes) == []
