"""The life of a connection, its rules, and what interrupts it."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tests.engine.handover.people import AML, TEXTS, Office, Person, terms
from tests.fakes import category, document, labels, suggest, write_documents
from tui_labeler.domain.handover import AmlProject, Phase, Side, TakenBack
from tui_labeler.domain.jobs import JobKind, JobRequest
from tui_labeler.domain.labels import Span
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.actions import TAKEN_IN
from tui_labeler.engine.errors import FormatError, InputError, LockedError, RefusedError, UnreachableError
from tui_labeler.engine.handover.replacing import Replaced, replaces, replacing
from tui_labeler.engine.handover.taking_in import HandoverError
from tui_labeler.engine.imports.journal import Merging
from tui_labeler.engine.pen import PenError
from tui_labeler.engine.sharing.connection_files import (
    instructions_file,
    labels_file,
    record_file,
    register_file,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tui_labeler.engine.handover.taking_in import TakenIn


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


@pytest.fixture
async def ana(office: Office) -> Person:
    return await office.person("ana")


async def connected(office: Office, *names: str) -> list[Person]:
    people = [await office.person(name) for name in names]
    await people[0].handover.connect(terms())
    for other in people[1:]:
        await other.sync()
    return people


# --- connecting -------------------------------------------------------------------------------------


async def test_connecting_writes_the_record_the_register_and_the_instructions(
    office: Office, ana: Person
) -> None:
    made = await ana.handover.connect(terms(vendor=True))
    assert (made.phase, made.pen, made.terms) == (Phase.HERE, Side.HERE, terms(vendor=True))
    project = ana.session.project
    record = json.loads(office.stored.files[record_file(project.id)][0])
    assert (record["phase"], record["by"]["actor"]) == ("labeling here", "ana")
    register = json.loads(office.stored.files[register_file(AML)][0])
    assert (register["workspace"], register["labeling_project"], register["project"]) == (
        "ws",
        "loans",
        "Loans",
    )
    words = office.stored.files[instructions_file(project.id)][0].decode()
    assert "Be kind." in words
    assert "**Person**" in words
    await ana.label("Person", "Ann")
    assert ana.labels() == [("Person", "Ann")]


async def test_everybody_hears_of_it_with_the_next_sync(office: Office) -> None:
    _, bo = await connected(office, "ana", "bo")
    assert bo.session.project.handover.phase is Phase.HERE
    assert bo.session.project.handover.by.actor == "ana"


async def test_a_folder_can_not_be_connected(office: Office) -> None:
    ana = await office.person("ana", is_remote=False)
    with pytest.raises(HandoverError, match="container") as refused:
        await ana.handover.connect(terms())
    assert refused.value.exit_code == 4
    assert office.stored.files == {}


@pytest.mark.parametrize(
    ("kind", "categories"),
    [
        (ProjectKind.ENTITIES, ()),
        (ProjectKind.SINGLE_LABEL, ("Good",)),
        (ProjectKind.MULTI_LABEL, ("Good",)),
    ],
)
async def test_too_few_categories_refuse_it(
    office: Office, kind: ProjectKind, categories: tuple[str, ...]
) -> None:
    ana = await office.person("ana", kind=kind, categories=categories)
    with pytest.raises(HandoverError, match="categories"):
        await ana.handover.connect(terms())
    assert ana.session.project.handover.phase is Phase.NONE


async def test_a_labeling_project_is_joined_once_by_whatever_project(office: Office, ana: Person) -> None:
    await ana.handover.connect(terms())
    await ana.handover.disconnect("Loans")
    with pytest.raises(RefusedError, match="joined with the project Loans before"):
        await ana.handover.connect(terms(aml=AmlProject("11-22", "PEOPLE", "WS", "Loans")))
    assert ana.handover.known.phase is Phase.DISCONNECTED
    other = AmlProject("11-22", "people", "ws", "another")
    assert (await ana.handover.connect(terms(aml=other))).phase is Phase.HERE


async def test_a_connected_project_is_not_connected_again(office: Office, ana: Person) -> None:
    await ana.handover.connect(terms())
    with pytest.raises(HandoverError, match="one to one"):
        await ana.handover.connect(terms(aml=AmlProject("11-22", "people", "ws", "another")))


async def test_of_two_who_connect_at_once_one_wins_and_the_other_is_told(office: Office) -> None:
    ana, bo = await office.person("ana"), await office.person("bo")
    name = record_file(ana.session.project.id)

    def faster(wanted: str) -> None:
        if wanted == name:
            bo.shelf.on_put = None
            content = json.dumps(
                {
                    "version": 1,
                    "phase": "connecting",
                    "since": "2026-11-21T09:00:00.000Z",
                    "by": {"actor": "ana", "host": "host1", "pid": ana.session.surroundings.pid},
                    "terms": {
                        "aml": {
                            "subscription": "11-22",
                            "resource_group": "people",
                            "workspace": "ws",
                            "name": "loans",
                        }
                    },
                    "token": "t1",
                }
            )
            office.stored.write(name, content.encode())

    bo.shelf.on_put = faster
    with pytest.raises(LockedError, match="connecting, by ana"):
        await bo.handover.connect(terms(aml=AmlProject("11-22", "people", "ws", "bos")))
    with pytest.raises(PenError, match="connecting"):
        await bo.label("Person", "Ann")


async def test_two_projects_that_want_one_labeling_project_at_once_do_not_both_get_it(
    office: Office, ana: Person
) -> None:
    def faster(wanted: str) -> None:
        if wanted == register_file(AML):
            ana.shelf.on_put = None
            office.stored.write(wanted, b'{"version": 1, "project": "Letters", "token": "other"}')

    ana.shelf.on_put = faster
    with pytest.raises(RefusedError, match="Letters before"):
        await ana.handover.connect(terms())
    assert ana.handover.known.phase is Phase.NONE
    await ana.label("Person", "Ann")


# --- the pen ----------------------------------------------------------------------------------------


async def test_switching_lays_the_labels_down_and_ends_labeling_in_every_home(office: Office) -> None:
    ana, bo = await connected(office, "ana", "bo")
    await bo.label("Town", "Rome")
    await bo.sync()
    switched = await ana.handover.to_aml()
    assert switched.handover.pen is Side.AML
    lines = office.stored.files[labels_file(ana.session.project.id)][0].decode().splitlines()
    (row,) = [row for line in lines if (row := json.loads(line))["label"]]
    assert row["image_url"].endswith("/a.txt")
    assert [(x["label"], x["offsetStart"], x["offsetEnd"]) for x in row["label"]] == [("Town", 15, 19)]
    with pytest.raises(PenError, match="Azure Machine Learning has the pen") as refused:
        await ana.label("Person", "Ann")
    assert (refused.value.exit_code, refused.value.code) == (4, "pen")
    assert "switched by ana" in refused.value.message
    assert "aml switch Loans --to here" in refused.value.hint
    # Bo's home knows with the next sync, and from then on without any line.
    assert "has the pen" in await bo.sync()
    bo.shelf.fail_at = bo.shelf.calls
    with pytest.raises(PenError):
        await bo.label("Person", "Ann")


async def test_what_is_not_saved_keeps_the_pen_here(office: Office) -> None:
    ana = await office.person("ana", immediate=False)
    await ana.handover.connect(terms())
    await ana.label("Person", "Ann")
    with pytest.raises(HandoverError, match="1 draft decision of ana"):
        await ana.handover.to_aml()
    assert ana.handover.known.phase is Phase.HERE
    await ana.session.labeling.save()
    assert (await ana.handover.to_aml()).handover.phase is Phase.AML


async def test_conflicts_keep_the_pen_here(office: Office) -> None:
    ana, bo = await connected(office, "ana", "bo")
    await ana.label("Person", "Rome")
    await bo.label("Town", "Rome")
    await ana.sync()
    await bo.sync()
    with pytest.raises(HandoverError, match=r"conflict waits for a decision: a\.txt"):
        await bo.handover.to_aml()


async def test_a_job_that_labels_keeps_the_pen_here_and_one_that_trains_does_not(
    office: Office, ana: Person
) -> None:
    await ana.handover.connect(terms())
    for name, kind in (("train1", JobKind.TRAIN), ("auto1", JobKind.AUTOLABEL)):
        await ana.session.jobs._jobs.create(JobRequest(name, kind, "ana", ana.session.surroundings.now()))
    with pytest.raises(HandoverError, match=r"A job labels documents of the project: auto1\."):
        await ana.handover.to_aml()
    assert ana.handover.known.phase is Phase.HERE
    await ana.session.jobs._jobs.delete("auto1")
    assert (await ana.handover.to_aml()).handover.phase is Phase.AML


async def test_labels_made_offline_before_one_knew_wait_and_are_shared_when_the_pen_is_back(
    office: Office,
) -> None:
    ana, bo = await connected(office, "ana", "bo")
    await ana.handover.to_aml()
    await bo.label("Town", "Rome")
    assert "has the pen" in await bo.sync()
    assert bo.labels() == [("Town", "Rome")]
    office.export([("b.txt", [("Town", "Oslo")])])
    await ana.handover.to_here()
    await ana.sync()
    await bo.sync()
    await ana.sync()
    assert ana.labels() == bo.labels() == [("Town", "Rome")]
    assert ana.labels("b.txt") == bo.labels("b.txt") == [("Town", "Oslo")]


async def test_only_those_who_are_named_switch(office: Office) -> None:
    ana, bo = await office.person("ana"), await office.person("bo")
    await ana.handover.connect(terms(switchers=("ana",)))
    with pytest.raises(HandoverError, match="Only ana may"):
        await bo.handover.to_aml()
    await ana.handover.to_aml()
    with pytest.raises(HandoverError, match="Only ana may"):
        await bo.handover.to_here(without_labels=True)


# --- labels from there ------------------------------------------------------------------------------


async def test_the_labels_of_there_take_the_place_of_those_here_where_it_speaks(
    office: Office, ana: Person
) -> None:
    await ana.label("Person", "Ann")
    await ana.label("Town", "Rome")
    await ana.label("Town", "Oslo", "b.txt")
    await ana.label("Person", "Nobody", "c.txt")
    await ana.handover.connect(terms())
    await ana.handover.to_aml()
    (kept,) = [x for x in ana.session.documents.find("a.txt").active_labels if x.span == Span(0, 3)]
    office.export([("a.txt", [("Person", "Ann"), ("Person", "Bob")]), ("c.txt", [])])
    taken = await ana.handover.import_labels()
    assert (taken.imported.labels, taken.imported.unchanged, taken.removed, taken.unlabeled) == (1, 1, 2, 1)
    assert ana.labels() == [("Person", "Ann"), ("Person", "Bob")]
    assert kept in ana.session.documents.find("a.txt").active_labels
    assert ana.labels("b.txt") == [("Town", "Oslo")]
    assert ana.labels("c.txt") == []
    assert ana.session.documents.find("c.txt").reviewed is not None
    # What went has its tombstone, and is in the history.
    gone = [x for x in ana.session.documents.find("a.txt").labels.values() if x.removed]
    assert [(x.span, x.removed.actor) for x in gone if x.removed] == [(Span(15, 19), "ana")]
    assert ana.handover.known.taken is not None
    assert (ana.handover.known.taken.name, ana.handover.known.taken.labels) == ("Labeling/one.jsonl", 2)


async def test_a_label_on_an_earlier_text_is_not_the_one_that_stands_there(
    office: Office, ana: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ana.label("Person", "Ann")
    await ana.handover.connect(terms())
    await ana.handover.to_aml()
    monkeypatch.setitem(TEXTS, "a.txt", "Bob has gone.\n")
    write_documents(office.root / "texts", TEXTS)
    await ana.session.documents.sync()
    office.export([("a.txt", [("Person", "Bob")])])
    taken = await ana.handover.import_labels()
    assert (taken.imported.labels, taken.imported.unchanged, taken.removed) == (1, 0, 1)
    document = ana.session.documents.find("a.txt")
    assert [document.is_stale(label) for label in document.active_labels] == [False]


async def test_names_that_share_their_last_part_alone_remove_nothing(office: Office, ana: Person) -> None:
    await ana.label("Person", "Ann")
    await ana.label("Town", "Oslo", "b.txt")
    await ana.handover.connect(terms())
    await ana.handover.to_aml()
    start = "AmlDatastore://x"
    one = {"label": [{"label": "Person", "offsetStart": 8, "offsetEnd": 11}], "label_confidence": [1.0]}
    none: dict[str, Any] = {"label": [], "label_confidence": []}
    rows = [
        {"image_url": f"{start}/old/a.txt", **none},
        {"image_url": f"{start}/a.txt", **one},
        {"image_url": f"{start}/2023/b.txt", **none},
        {"image_url": f"{start}/2024/b.txt", **none},
    ]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    office.stored.write("Labeling/one.jsonl", lines.encode())
    taken = (await ana.handover.to_here()).taken
    assert taken is not None
    assert (taken.imported.labels, taken.removed, taken.unlabeled) == (1, 1, 0)
    assert ana.labels() == [("Person", "Bob")]
    assert ana.labels("b.txt") == [("Town", "Oslo")]
    assert ana.session.documents.find("b.txt").reviewed is None
    assert [item.line for item in taken.imported.skipped] == [1, 3, 4]
    undone = await ana.session.history.undo()
    assert undone is not None
    assert (undone.items, undone.refused) == (2, 0)
    assert ana.labels() == [("Person", "Ann")]


async def test_a_category_is_made_where_a_label_of_it_comes_in_and_nowhere_else(
    office: Office, ana: Person
) -> None:
    await ana.label("Person", "Ann")
    await ana.label("Town", "Oslo", "b.txt")
    await ana.handover.connect(terms())
    await ana.handover.to_aml()
    ships = office.export([("a.txt", [("Ship", "Ann")]), ("b.txt", [("Boat", "Oslo"), ("Name", "Then")])])
    data = json.loads("[" + office.stored.files[ships][0].decode().strip().replace("\n", ",") + "]")
    data[1]["label"][1] |= {"offsetStart": 90, "offsetEnd": 94}
    office.stored.write(ships, "".join(json.dumps(row) + "\n" for row in data).encode())
    taken = await ana.handover.import_labels()
    # Of b.txt nothing is removed, as a label there can't be used: what meets a label of here stays out.
    assert taken.imported.categories == ("Ship",)
    assert ana.labels() == [("Ship", "Ann")]
    assert ana.labels("b.txt") == [("Town", "Oslo")]
    assert {each.name for each in ana.session.store.state.categories.values()} == {"Person", "Town", "Ship"}


async def test_no_document_is_replaced_twice_by_one_file(office: Office, ana: Person) -> None:
    await ana.label("Person", "Ann")
    await ana.handover.connect(terms())
    await ana.handover.to_aml()
    name = office.export([("a.txt", [("Person", "Bob")]), ("b.txt", [("Town", "Oslo")])])
    data = office.stored.files[name][0].replace(b"/b.txt", b"/odd.txt")
    files = ana.session.label_files
    replaced = Replaced()
    merging = Merging(TAKEN_IN, partial(replacing, replaced), replaces)
    done = await files.read(data, name, "aml", choices={"odd.txt": "a.txt"}, merging=merging)
    assert (ana.labels(), done.labels, replaced.removed) == ([("Person", "Ann")], 0, 0)
    assert {(item.location, item.line) for item in done.skipped} == {("a.txt", 1), ("a.txt", 2)}


async def test_taking_in_the_same_file_again_changes_nothing(office: Office, ana: Person) -> None:
    await ana.handover.connect(terms())
    await ana.handover.to_aml()
    office.export([("a.txt", [("Person", "Ann"), ("Ship", "Rome")])])
    first = await ana.handover.import_labels()
    assert (first.imported.labels, first.imported.categories) == (2, ("Ship",))
    before = dict(ana.session.documents.find("a.txt").labels)
    again = await ana.handover.import_labels()
    assert (again.imported.labels, again.imported.unchanged, again.removed) == (0, 2, 0)
    assert ana.session.documents.find("a.txt").labels == before


async def test_taking_in_is_undone_while_the_pen_is_there_too(office: Office, ana: Person) -> None:
    await ana.label("Town", "Rome")
    await ana.handover.connect(terms())
    await ana.handover.to_aml()
    office.export([("a.txt", [("Person", "Ann")])])
    await ana.handover.import_labels()
    undone = await ana.session.history.undo()
    assert undone is not None
    assert ana.labels() == [("Town", "Rome")]
    await ana.session.history.redo()
    assert ana.labels() == [("Person", "Ann")]
    await ana.session.history.undo()
    with pytest.raises(PenError):
        await ana.session.history.undo()
    assert ana.labels() == [("Town", "Rome")]


async def test_the_newest_export_by_the_clock_of_the_container_is_taken_or_the_one_that_is_named(
    office: Office, ana: Person
) -> None:
    await ana.handover.connect(terms())
    await ana.handover.to_aml()
    office.export([("a.txt", [("Person", "Ann")])], "Labeling/z-first.jsonl")
    office.export([("a.txt", [("Person", "Bob")])], "Labeling/a-second.jsonl")
    office.export([("a.txt", [("Town", "Rome")])], "elsewhere/third.jsonl")
    assert [blob.name for blob in await ana.handover.exports()] == [
        "Labeling/a-second.jsonl",
        "Labeling/z-first.jsonl",
    ]
    await ana.handover.import_labels()
    assert ana.labels() == [("Person", "Bob")]
    await ana.handover.import_labels("elsewhere/third.jsonl")
    assert ana.labels() == [("Town", "Rome")]


async def test_without_a_prefix_the_own_files_are_no_exports(office: Office, ana: Person) -> None:
    await ana.handover.connect(terms(prefix=""))
    await ana.handover.to_aml()
    assert await ana.handover.exports() == ()
    with pytest.raises(HandoverError, match="no export"):
        await ana.handover.import_labels()


async def test_a_bad_file_changes_nothing_and_leaves_the_pen_there(office: Office, ana: Person) -> None:
    await ana.label("Town", "Rome")
    await ana.handover.connect(terms())
    await ana.handover.to_aml()
    office.stored.write("Labeling/bad.jsonl", b'{"image_url": 4, "label": []}\n')
    with pytest.raises(FormatError, match="line 1"):
        await ana.handover.to_here()
    assert ana.handover.known.phase is Phase.AML
    assert ana.labels() == [("Town", "Rome")]
    await ana.handover.to_here(without_labels=True)
    await ana.label("Person", "Ann")


async def test_switching_back_brings_the_labels_and_the_pen(office: Office) -> None:
    ana, bo = await connected(office, "ana", "bo")
    await ana.handover.to_aml()
    await bo.sync()
    office.export([("a.txt", [("Person", "Ann")])])
    back = await bo.handover.to_here()
    assert back.taken is not None
    assert back.handover.pen is Side.HERE
    await bo.sync()
    await ana.sync()
    assert ana.labels() == bo.labels() == [("Person", "Ann")]
    await ana.label("Town", "Rome")


async def test_two_homes_that_take_in_one_file_agree(office: Office) -> None:
    ana, bo = await connected(office, "ana", "bo")
    await ana.handover.to_aml()
    await bo.sync()
    office.export([("a.txt", [("Person", "Ann"), ("Town", "Rome")])])
    await bo.handover.import_labels()
    await ana.handover.to_here()
    for person in (ana, bo, ana):
        await person.sync()
    assert ana.labels() == bo.labels() == [("Person", "Ann"), ("Town", "Rome")]
    assert ana.session.sharing is not None
    assert await ana.session.sharing.conflicts() == ()


async def test_classes_come_back_too_and_a_row_without_one_says_nothing(office: Office) -> None:
    ana = await office.person("ana", kind=ProjectKind.SINGLE_LABEL, categories=("Good", "Bad"))
    for location, name in (("a.txt", "Good"), ("b.txt", "Good")):
        await ana.session.labeling.add(document(ana.session, location), category(ana.session, name))
    await ana.handover.connect(terms())
    await ana.handover.to_aml()
    rows = [
        {"image_url": "a.txt", "label": "Bad", "label_confidence": 1.0},
        {"image_url": "b.txt"},
        {"image_url": "c.txt", "label": [], "label_confidence": []},
    ]
    office.stored.write("Labeling/x.jsonl", "\n".join(map(json.dumps, rows)).encode())
    await ana.handover.import_labels()
    assert labels(ana.session, "a.txt") == [("Bad", None)]
    assert labels(ana.session, "b.txt") == [("Good", None)]
    assert ana.session.documents.find("c.txt").reviewed is None


async def test_what_a_model_proposed_there_is_no_label(office: Office, ana: Person) -> None:
    await ana.label("Town", "Rome")
    await ana.handover.connect(terms())
    await ana.handover.to_aml()
    row = {
        "image_url": "a.txt",
        "label": [{"label": "Person", "offsetStart": 0, "offsetEnd": 3}],
        "label_confidence": [0.7],
    }
    office.stored.write("Labeling/x.jsonl", json.dumps(row).encode())
    taken = await ana.handover.import_labels()
    assert ana.labels() == [("Town", "Rome")]
    assert (taken.imported.suggestions, taken.removed) == (1, 0)
    assert proposed(ana) == [("Person", "Ann", 0.7)]


def row(location: str, *labels: tuple[str, int, int, float]) -> dict[str, Any]:
    """A line of an export: category, start, end and confidence of each label."""
    return {
        "image_url": location,
        "label": [{"label": name, "offsetStart": start, "offsetEnd": end} for name, start, end, _ in labels],
        "label_confidence": [share for *_, share in labels],
    }


def proposed(person: Person, location: str = "a.txt") -> list[tuple[str, str, float | None]]:
    names = person.session.store.state.categories
    found = person.session.documents.find(location).open_suggestions(person.session.project.kind)
    return [
        (names[each.category].name, TEXTS[location][each.span.start : each.span.end], each.confidence)
        for each in found
        if each.span
    ]


async def there(office: Office, person: Person, *rows: dict[str, Any]) -> TakenIn:
    """What comes back of some lines of an export."""
    await person.handover.connect(terms())
    await person.handover.to_aml()
    office.stored.write("Labeling/x.jsonl", "\n".join(map(json.dumps, rows)).encode())
    return await person.handover.import_labels()


async def test_a_document_with_labels_there_that_can_not_be_used_keeps_those_of_here(
    office: Office, ana: Person
) -> None:
    await ana.label("Town", "Rome")
    await ana.label("Town", "Oslo", "b.txt")
    await ana.label("Person", "Nobody", "c.txt")
    taken = await there(
        office,
        ana,
        row("a.txt", ("Person", 0, 3, 1.0), ("Person", 90, 800, 1.0)),
        row("b.txt", ("Person", 90, 800, 1.0)),
        row("c.txt", ("Person", 0, 6, 1.0), ("Person", 0, 6, 1.0)),
    )
    assert (taken.removed, taken.kept) == (0, 2)
    assert ana.labels() == [("Person", "Ann"), ("Town", "Rome")]
    assert ana.labels("b.txt") == [("Town", "Oslo")]
    assert ana.labels("c.txt") == [("Person", "Nobody")]
    said = {(item.location, item.reason) for item in taken.imported.notes}
    words = "1 label of there can't be used, so none that is here is removed"
    assert said >= {("a.txt", words), ("b.txt", words)}
    assert "2 documents from which nothing was removed" in taken.words
    assert [item.line for item in taken.imported.skipped] == [1, 2, 3]


async def test_offsets_of_there_that_look_like_utf16_take_the_place_of_nothing(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(TEXTS, "a.txt", "\U0001f6b2\U0001f44d " + TEXTS["a.txt"])
    ana = await office.person("ana")
    await ana.label("Person", "Ann")
    await ana.label("Town", "Rome")
    rows = row("a.txt", ("Person", 5, 8, 1.0), ("Firm", 20, 24, 1.0)), row("b.txt", ("Person", 5, 8, 1.0))
    taken = await there(office, ana, *rows)
    assert (taken.removed, taken.imported.labels) == (0, 1)
    assert ana.labels() == [("Person", "Ann"), ("Town", "Rome")]
    assert ana.labels("b.txt") == [("Person", "Ann")]
    assert [(item.location, item.line) for item in taken.imported.skipped] == [("a.txt", 1)]
    assert "look like UTF-16" in taken.imported.skipped[0].reason
    assert [item for item in taken.imported.notes if item.location == "a.txt"] == []
    assert "Firm" not in {each.name for each in ana.session.store.state.categories.values()}


async def test_where_there_is_only_a_proposal_a_label_of_here_stays_and_that_is_told(
    office: Office, ana: Person
) -> None:
    await ana.label("Person", "Ann")
    await ana.label("Person", "Bob")
    await ana.label("Town", "Rome")
    taken = await there(
        office,
        ana,
        row("a.txt", ("Town", 0, 3, 1.0), ("Person", 0, 7, 0.3), ("Person", 8, 11, 0.6), ("Town", 4, 7, 0.9)),
    )
    assert ana.labels() == [("Town", "Ann"), ("Person", "Bob")]
    assert proposed(ana) == [("Town", "met", 0.9)]
    assert (taken.imported.labels, taken.removed) == (1, 2)
    assert [item.reason for item in taken.imported.notes if "proposed" in item.reason] == [
        "Person at 8, length 3 stays: there it is proposed, not decided"
    ]


@pytest.mark.parametrize(
    "line",
    [
        {"image_url": "a.txt"},
        {"image_url": "a.txt", "label": None, "label_confidence": None},
        {"image_url": "a.txt", "label": "Good,Bad", "label_confidence": [0.2, 0.1]},
        {"image_url": "a.txt", "label": "", "label_confidence": []},
    ],
    ids=str,
)
async def test_a_row_that_nobody_has_labeled_there_removes_nothing(
    office: Office, line: dict[str, Any]
) -> None:
    ana = await office.person("ana", kind=ProjectKind.MULTI_LABEL, categories=("Good", "Bad"))
    await ana.session.labeling.add(document(ana.session, "a.txt"), category(ana.session, "Good"))
    taken = await there(office, ana, line)
    assert labels(ana.session, "a.txt") == [("Good", None)]
    assert (taken.removed, taken.unlabeled) == (0, 0)
    assert ana.session.documents.find("a.txt").reviewed is None
    assert any("nobody has labeled it there" in item.reason for item in taken.imported.notes)


async def test_a_switch_that_is_refused_or_cut_leaves_since_when_and_by_whom_the_pen_is_there(
    office: Office,
) -> None:
    ana, bo = await connected(office, "ana", "bo")
    away = (await ana.handover.to_aml()).handover
    with pytest.raises(HandoverError, match="no export"):
        await bo.handover.to_here()
    assert (bo.handover.known.since, bo.handover.known.by) == (away.since, away.by)
    bo.shelf.fail_at = bo.shelf.calls + 3
    with pytest.raises(UnreachableError):
        await bo.handover.to_here()
    assert bo.handover.known.phase is Phase.SWITCHING
    office.ends(bo)
    bo = await office.again("bo")
    found = await bo.handover.look()
    assert (found.phase, found.since, found.by) == (Phase.AML, away.since, away.by)
    assert replace(found, etag="") == replace(away, etag="")


async def test_an_undo_of_the_labels_from_there_is_known(office: Office, ana: Person) -> None:
    await ana.handover.connect(terms())
    assert not await ana.handover.taken_back()
    await ana.handover.to_aml()
    office.export([("a.txt", [("Person", "Ann")])])
    await ana.handover.import_labels()
    assert not await ana.handover.taken_back()
    await ana.session.history.undo()
    assert await ana.handover.taken_back()
    await ana.session.history.redo()
    assert not await ana.handover.taken_back()
    await ana.session.history.undo()
    await ana.handover.import_labels()
    assert not await ana.handover.taken_back()


async def test_others_hear_of_an_undo_of_the_labels_from_there(office: Office) -> None:
    ana, bo = await connected(office, "ana", "bo")
    await ana.handover.to_aml()
    office.export([("a.txt", [("Person", "Ann")])])
    await ana.handover.import_labels()
    await ana.session.history.undo()
    await bo.handover.look()
    assert await bo.handover.taken_back() is None
    await ana.sync()
    await bo.handover.look()
    assert await bo.handover.taken_back() == TakenBack("ana", is_here=False)
    assert await ana.handover.taken_back() == TakenBack("ana", is_here=True)
    # Bo's own looks and syncs take nothing of it away.
    await bo.sync()
    await ana.handover.look()
    assert await ana.handover.taken_back() == TakenBack("ana", is_here=True)
    await ana.session.history.redo()
    await ana.handover.look()
    await bo.handover.look()
    assert await bo.handover.taken_back() is None
    await ana.session.history.undo()
    await ana.handover.look()
    await bo.handover.import_labels()
    assert await bo.handover.taken_back() is None


async def test_an_undo_that_can_not_be_told_is_told_later(office: Office) -> None:
    ana, bo = await connected(office, "ana", "bo")
    await ana.handover.to_aml()
    office.export([("a.txt", [("Person", "Ann")])])
    await ana.handover.import_labels()
    await ana.session.history.undo()
    ana.shelf.fail_at = ana.shelf.calls + 1  # The record is read, and not written.
    await ana.handover.look()
    assert await ana.handover.taken_back() == TakenBack("ana", is_here=True)
    ana.shelf.fail_at = None
    await bo.handover.look()
    assert await bo.handover.taken_back() is None
    await ana.handover.look()
    await bo.handover.look()
    assert await bo.handover.taken_back() == TakenBack("ana", is_here=False)


# --- the end ----------------------------------------------------------------------------------------


async def test_disconnecting_takes_the_name_and_the_pen_here(office: Office, ana: Person) -> None:
    await ana.handover.connect(terms())
    with pytest.raises(InputError, match="not the project's name"):
        await ana.handover.disconnect("loans")
    await ana.handover.to_aml()
    with pytest.raises(HandoverError, match="out of reach"):
        await ana.handover.disconnect("Loans")
    await ana.handover.to_here(without_labels=True)
    assert (await ana.handover.disconnect("Loans")).phase is Phase.DISCONNECTED
    await ana.label("Person", "Ann")


# --- interrupted ------------------------------------------------------------------------------------


STEPS = ("connect", "to_aml", "to_here", "disconnect")


async def cut(office: Office, step: str, calls: int) -> bool:
    """Nothing answers Ana any more after some calls of a step, and she dies; whether it got so far."""
    ana = await office.person("ana")
    if step != "connect":
        await ana.handover.connect(terms())
        await ana.label("Person", "Ann")
        await ana.sync()
    if step == "to_here":
        await ana.handover.to_aml()
        office.export([("a.txt", [("Town", "Rome")])])
    ana.shelf.fail_at = ana.shelf.calls + calls
    try:
        match step:
            case "connect":
                await ana.handover.connect(terms())
            case "to_aml":
                await ana.handover.to_aml()
            case "disconnect":
                await ana.handover.disconnect("Loans")
            case _:
                await ana.handover.to_here()
    except UnreachableError:
        office.ends(ana)
        return True
    return False


@pytest.mark.parametrize("step", STEPS)
async def test_whatever_is_cut_is_brought_to_an_end_by_the_next_process(tmp_path: Path, step: str) -> None:
    for calls in itertools.count(1):
        office = Office(tmp_path / str(calls))
        if not await cut(office, step, calls):
            break
        ana = await office.again("ana")
        found = await ana.handover.look()
        assert not found.is_under_way
        assert ana.session.project.handover == found
        if found.phase is Phase.NONE:
            found = await ana.handover.connect(terms())
        if step == "disconnect":
            ended = found if found.phase is Phase.DISCONNECTED else await ana.handover.disconnect("Loans")
            assert ended.phase is Phase.DISCONNECTED
            with pytest.raises(RefusedError, match="never again"):
                await ana.handover.connect(terms())
            await ana.label("Town", "Oslo", "b.txt")
            continue
        if found.phase is Phase.AML:
            await ana.handover.to_here()
        await ana.label("Town", "Oslo", "b.txt")
        if step == "to_here":
            assert ana.labels() == [("Town", "Rome")]
        assert (await ana.handover.to_aml()).handover.phase is Phase.AML
    assert calls > (2 if step == "disconnect" else 4)


async def test_another_machine_waits_before_it_takes_a_step_for_dead(office: Office) -> None:
    ana = await office.person("ana")
    bo = await office.person("bo", host="host2")
    ana.shelf.fail_at = ana.shelf.calls + 3
    with pytest.raises(UnreachableError):
        await ana.handover.connect(terms())
    office.ends(ana)
    assert (await bo.handover.look()).phase is Phase.CONNECTING
    office.stored.now += 900
    assert (await bo.handover.look()).phase is Phase.HERE


async def test_a_process_that_took_over_the_number_of_a_dead_one_is_not_waited_for_for_ever(
    office: Office,
) -> None:
    ana = await office.person("ana")
    ana.shelf.fail_at = ana.shelf.calls + 3
    with pytest.raises(UnreachableError):
        await ana.handover.connect(terms())
    again = await office.again("ana")
    assert (await again.handover.look()).phase is Phase.CONNECTING
    office.stored.now += 900
    assert (await again.handover.look()).phase is Phase.HERE


async def test_of_two_who_switch_at_once_one_wins_and_the_other_is_told(office: Office) -> None:
    ana, bo = await connected(office, "ana", "bo")
    name = record_file(ana.session.project.id)
    record = json.loads(office.stored.files[name][0])
    content = json.dumps(record | {"phase": "switching", "before": "labeling here"}).encode()

    def faster(wanted: str) -> None:
        if wanted == name:
            bo.shelf.on_put = None
            office.stored.write(name, content)

    bo.shelf.on_put = faster
    with pytest.raises(LockedError, match="switching, by ana"):
        await bo.handover.to_aml()
    with pytest.raises(HandoverError, match="switching since"):
        await bo.handover.to_aml()


@pytest.mark.parametrize(
    "changes",
    [
        {"phase": "nowhere"},
        {"since": "\x1b[2J"},
        {"since": 4},
        {"phase": "switching", "before": "switching"},
        {"terms": None},
        {"by": []},
        {"version": 99},
        {"taken": {"name": "a", "time": "now"}},
    ],
    ids=str,
)
async def test_a_record_that_is_none_is_told_and_nothing_of_it_is_taken(
    office: Office, ana: Person, changes: dict[str, object]
) -> None:
    await ana.handover.connect(terms())
    name = record_file(ana.session.project.id)
    record = json.loads(office.stored.files[name][0])
    office.stored.write(name, json.dumps(record | changes).encode())
    with pytest.raises(FormatError, match=r"handover\.json"):
        await ana.sync()
    with pytest.raises(FormatError):
        await ana.handover.to_aml()
    assert ana.handover.known.phase is Phase.HERE


async def test_a_record_that_somebody_removed_is_written_again(office: Office, ana: Person) -> None:
    await ana.handover.connect(terms())
    del office.stored.files[record_file(ana.session.project.id)]
    await ana.sync()
    assert ana.handover.known.phase is Phase.HERE
    await ana.handover.to_aml()
    assert record_file(ana.session.project.id) in office.stored.files


# --- what goes on ----------------------------------------------------------------------------------


async def test_suggestions_wait_undecided_while_the_pen_is_there(office: Office, ana: Person) -> None:
    await suggest(ana.session, "a.txt", [("Person", "Bob", 0.9)])
    await ana.handover.connect(terms())
    await ana.handover.to_aml()
    number = document(ana.session, "a.txt")
    (suggestion,) = ana.session.documents.find("a.txt").suggestions
    with pytest.raises(PenError):
        await ana.session.review.accept(number, suggestion)
    with pytest.raises(PenError):
        await suggest(ana.session, "b.txt", [("Town", "Oslo", 0.9)], job="job2")
    assert TEXTS["a.txt"].startswith("Ann")


def rows_of(*locations: str) -> bytes:
    """One row each, with a label over "Ann" in the text of ``b.txt``."""
    one = {"label": [{"label": "Person", "offsetStart": 5, "offsetEnd": 8}], "label_confidence": [1.0]}
    rows = [{"image_url": f"AmlDatastore://x/{location}", **one} for location in locations]
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


async def test_what_a_file_leaves_open_is_told_before_and_taken_as_it_is_chosen(
    office: Office, ana: Person
) -> None:
    await ana.handover.connect(terms())
    await ana.handover.to_aml()
    office.stored.write("Labeling/one.jsonl", rows_of("2023/b.txt", "2024/b.txt"))
    unclear = await ana.handover.unclear()
    assert unclear.name == "Labeling/one.jsonl"
    assert [(row.called, row.candidates) for row in unclear.rows] == [
        ("2023/b.txt", ("b.txt",)),
        ("2024/b.txt", ("b.txt",)),
    ]
    assert ana.labels("b.txt") == []
    with pytest.raises(InputError, match=r"no document 'd.txt'"):
        await ana.handover.import_labels(choices={"2024/b.txt": "d.txt"})
    taken = await ana.handover.import_labels(choices={"2024/b.txt": "b.txt"})
    assert ana.labels("b.txt") == [("Person", "Ann")]
    assert [item.called for item in taken.imported.ambiguous] == ["2023/b.txt"]


async def test_switching_back_takes_the_rows_as_they_are_chosen(office: Office, ana: Person) -> None:
    await ana.handover.connect(terms())
    await ana.handover.to_aml()
    office.stored.write("Labeling/one.jsonl", rows_of("2023/b.txt", "2024/b.txt"))
    with pytest.raises(InputError, match=r"no document 'd.txt'"):
        await ana.handover.to_here(choices={"2": "d.txt"})
    assert ana.handover.known.pen is Side.AML
    await ana.handover.to_here(choices={"2": "b.txt"})
    assert ana.session.project.handover.phase is Phase.HERE
    assert ana.labels("b.txt") == [("Person", "Ann")]
