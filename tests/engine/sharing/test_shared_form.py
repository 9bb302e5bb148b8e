from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_labeler.domain.agreement import BlindReading
from tui_labeler.domain.documents import Document
from tui_labeler.domain.items import Key
from tui_labeler.domain.labels import (
    Decision,
    Draft,
    DraftKind,
    Label,
    Origin,
    Placed,
    Span,
    Stamp,
    Suggestion,
    ToPlace,
    Verdict,
)
from tui_labeler.domain.projects import LONGEST_CATEGORY, LONGEST_PROJECT, Dataset, ProjectKind
from tui_labeler.engine.errors import FormatError, LabelerError
from tui_labeler.engine.sharing.project_form import read_project
from tui_labeler.engine.sharing.shared_file import read, written
from tui_labeler.engine.sharing.shared_form import document_items, file_name
from tui_labeler.engine.sharing.times import is_time

ENTITIES = ProjectKind.ENTITIES
WHEN = Stamp("ana", "2026-11-21T10:00:00.000Z")
NAMES = {"c1": "Person"}


def full_document() -> Document:
    label = Label("a1", "c1", Span(4, 9), Origin.SUGGESTION, WHEN, "0123", "s1", "j1", blind=True)
    gone = Label(
        "a2", "c1", Span(0, 3), Origin.IMPORT, WHEN, removed=Stamp("bo", WHEN.time), extra={"k": [1]}
    )
    decided = Decision(Verdict.ACCEPTED, WHEN, label="a1", revision=17, text_hash="0123")
    return Document(
        3,
        "a.txt",
        language="de",
        dataset=Dataset.TEST,
        size=99,
        etag="e",
        text_hash="0123",
        reviewed=WHEN,
        flag="look",
        blind=BlindReading(WHEN, (("c1", Span(4, 9)),), (), "0123"),
        revision=20,
        labels={"a1": label, "a2": gone},
        suggestions={
            "s1": Suggestion("s1", "c1", Span(4, 9), "gpt:r/d", "j1", 0.5, Placed.FUZZY, decision=decided)
        },
        to_place={"t1": ToPlace("t1", "c1", "Ann", "gpt:r/d", "j1")},
        extra={"order": 4, "keys": {"x": None}},
    )


def test_what_was_written_reads_the_same() -> None:
    items, drafts = document_items(full_document(), {})
    assert read(written("a.txt", items, NAMES), ENTITIES) == ("a.txt", items)
    assert not drafts
    assert {key.id for key in items if key.table == "field"} == {
        "dataset", "language", "flag", "reviewed", "blind"
    }  # fmt: skip


def test_the_file_can_be_read_by_people_and_names_categories() -> None:
    data = written("a.txt", document_items(full_document(), {})[0], NAMES).decode()
    assert data.count("\n") > 50
    assert data.endswith("}\n")
    found = json.loads(data)
    assert found["version"] == 1
    assert [(row["id"], row["category_name"]) for row in found["labels"]] == [
        ("a2", "Person"),
        ("a1", "Person"),
    ]


def test_what_only_this_home_knows_does_not_leave_it() -> None:
    data = written("a.txt", document_items(full_document(), {})[0], NAMES)
    assert b'"revision"' not in data
    assert b'"etag"' not in data
    assert b'"draft"' not in data


def test_drafts_are_marked_and_a_removal_that_is_a_draft_does_not_show() -> None:
    plain = full_document()
    mine = Label("d1", "c1", Span(20, 22), Origin.PERSON, WHEN, draft=Draft(DraftKind.ADD, "ana"))
    a1 = plain.labels["a1"]
    drafted = replace(
        plain,
        labels={**plain.labels, "d1": mine, "a1": replace(a1, draft=Draft(DraftKind.REMOVE, "ana"))},
        to_place={"t1": replace(plain.to_place["t1"], decision=Decision(Verdict.REJECTED, WHEN, draft=True))},
    )
    items, drafts = document_items(drafted, {})
    assert drafts == {Key("label", "d1"), Key("to_place", "t1")}
    assert items[Key("label", "a1")] == document_items(plain, {})[0][Key("label", "a1")]


def test_keys_that_are_not_known_are_carried_along() -> None:
    data = json.loads(written("a.txt", document_items(full_document(), {})[0], NAMES))
    data["weather"] = {"rain": True}
    data["labels"][1]["mood"] = "fine"
    _, theirs = read(json.dumps(data).encode(), ENTITIES)
    items, _ = document_items(full_document(), theirs)
    assert items == theirs
    again = json.loads(written("a.txt", items, NAMES))
    assert again["weather"] == {"rain": True}
    assert again["labels"][1]["mood"] == "fine"


@pytest.mark.parametrize(
    ("location", "name"),
    [
        ("a.txt", "a.txt.json"),
        ("with space.txt", "with space.txt.json"),
        ("mädchen.txt", "m%C3%A4dchen.txt.json"),
        ("..txt", "..txt.json"),
        ("a%2Fb.txt", "a%252Fb.txt.json"),
        ("\\xff.txt", "%5Cxff.txt.json"),
    ],
)
def test_a_file_is_named_after_its_document(location: str, name: str) -> None:
    assert file_name(location) == name


@given(st.text(min_size=1), st.text(min_size=1))
@settings(deadline=None)
def test_names_of_files_are_plain_short_and_different(one: str, other: str) -> None:
    name = file_name(one)
    assert name.isascii()
    assert name.isprintable()
    assert "/" not in name
    assert len(name) < 200
    assert (name == file_name(other)) is (one == other)


GOOD: dict[str, Any] = {"version": 1, "location": "a.txt"}
LABEL: dict[str, Any] = {
    "id": "a", "category": "c1", "span": {"start": 0, "end": 1}, "origin": "person",
    "made": {"actor": "ana", "time": "2026-11-21T10:00:00.000Z"},
}  # fmt: skip


NO_STAMP = {"actor": "ana", "time": "\x1b[2Jnot a time"}
DECIDED = {"verdict": "rejected", "stamp": NO_STAMP}
SUGGESTED = {"id": "s", "category": "c1", "source": "model:m", "job": "j", "span": {"start": 0, "end": 1}}


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"labels": [{**LABEL, "made": NO_STAMP}]}, r"labels\[0\]"),
        ({"labels": [LABEL, {**LABEL, "id": "b", "kept": NO_STAMP}]}, r"labels\[1\]"),
        ({"labels": [{**LABEL, "removed": NO_STAMP}]}, r"labels\[0\]"),
        ({"suggestions": [{**SUGGESTED, "decision": DECIDED}]}, r"suggestions\[0\]"),
        ({"reviewed": NO_STAMP}, "reviewed"),
        ({"settled": NO_STAMP}, "settled"),
        ({"finished": [NO_STAMP]}, "finished"),
        ({"blind": {"stamp": NO_STAMP}}, "blind"),
        ({"choices": [{"first": None, "second": None, "take": "both", "stamp": NO_STAMP}]}, "choices"),
    ],
)
def test_what_is_no_time_is_refused_naming_the_field(data: Any, field: str) -> None:
    with pytest.raises(FormatError, match="is no time") as refused:
        read(json.dumps(GOOD | data).encode(), ENTITIES)
    assert re.search(field, refused.value.field)


@pytest.mark.parametrize(
    "time", ["", "2026-11-21", "2026-11-21T10:00Z", "2026-11-21T10:00:00.123Z", "2026-11-21T10:00:00+02:00"]
)
def test_times_as_the_program_writes_them_are_some(time: str) -> None:
    assert is_time(time)


@pytest.mark.parametrize(
    "time",
    [
        "t",
        "2026-13-01",
        "2026-02-30",
        "2026-11-21\x1b10:00:00",
        "2026-11-21T10:00:00Z\n",
        "٢٠٢٦-11-21",
        "0001-01-01",
        "9999-12-31",
    ],
)
def test_what_no_clock_tells_is_no_time(time: str) -> None:
    assert not is_time(time)


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (b"", "JSON"),
        (b"\xff\xfe", "JSON"),
        pytest.param(b"[" * 100_000, "JSON", id="deep"),
        (b"[]", "no JSON object"),
        (b"{}", "version"),
        ({"version": 2, "location": "a.txt"}, "version"),
        ({"version": True, "location": "a.txt"}, "version"),
        ({"version": 1}, "location"),
        ({**GOOD, "dataset": "Trial"}, "dataset"),
        ({**GOOD, "flag": 3}, "flag"),
        ({**GOOD, "reviewed": {"actor": "ana"}}, "reviewed"),
        ({**GOOD, "labels": {}}, "labels"),
        ({**GOOD, "labels": [3]}, r"labels\[0\]"),
        ({**GOOD, "labels": [LABEL, LABEL]}, r"labels\[1\]"),
        ({**GOOD, "labels": [{**LABEL, "id": "../../x"}]}, "labels"),
        ({**GOOD, "labels": [{**LABEL, "span": {"start": 5, "end": 1}}]}, "labels, a"),
        ({**GOOD, "labels": [{**LABEL, "span": None}]}, r"labels\[0\]"),
        ({**GOOD, "labels": [{**LABEL, "draft": {"kind": "add", "actor": "ana"}}]}, "labels, a"),
        ({**GOOD, "labels": [{**LABEL, "category": None}]}, "labels, a"),
        ({**GOOD, "extra": []}, "extra"),
    ],
)
def test_a_file_that_is_broken_or_hostile_is_refused_naming_the_field(data: Any, field: str) -> None:
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    with pytest.raises(FormatError, match=field):
        read(raw, ENTITIES)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
NAMES_USED = st.sampled_from(["id", "category", "span", "origin", "made", "removed", "decision", "draft"])
PARTS_USED = st.sampled_from(["labels", "suggestions", "to_place", "flag", "blind", "extra", "y"])


@given(
    st.dictionaries(
        PARTS_USED, JSON | st.lists(st.dictionaries(NAMES_USED, JSON, max_size=6), max_size=3), max_size=5
    ),
    st.sampled_from(ProjectKind),
)
@settings(max_examples=300, deadline=None)
def test_whatever_a_file_holds_it_is_read_or_refused(found: dict[str, Any], kind: ProjectKind) -> None:
    try:
        location, items = read(json.dumps({**GOOD, **found}).encode(), kind)
    except LabelerError:
        return
    assert read(written(location, items, {}), kind) == (location, items)


@given(st.binary())
@settings(deadline=None)
def test_whatever_bytes_there_are_they_are_read_or_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        read(data, ENTITIES)


def test_a_shared_category_has_a_name_that_can_be_given_by_hand() -> None:
    def file(length: int) -> bytes:
        categories = [{"id": "c1", "name": "x" * length}]
        said = {"version": 1, "id": "p1", "name": "Loans", "kind": ENTITIES.value, "categories": categories}
        return json.dumps(said).encode()

    assert read_project(file(LONGEST_CATEGORY)).order == ("c1",)
    for length in (LONGEST_CATEGORY + 1, 2_000_000):
        with pytest.raises(FormatError, match="at most 1,000 characters"):
            read_project(file(length))


def test_a_shared_project_has_a_name_that_can_be_given_by_hand() -> None:
    def file(length: int) -> bytes:
        return json.dumps(
            {"version": 1, "id": "p1", "name": "x" * length, "kind": ENTITIES.value, "categories": []}
        ).encode()

    assert len(read_project(file(LONGEST_PROJECT)).name) == LONGEST_PROJECT
    for length in (LONGEST_PROJECT + 1, 2_000_000):
        with pytest.raises(FormatError, match="at most 1,000 characters"):
            read_project(file(length))
