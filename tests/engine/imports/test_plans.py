"""An import that is looked at before it is done, and what formats bring besides labels."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
import pytest

from tests.builders import TEXT, Bench, document, key, labels, number, saved, span, suggestions, whole
from tests.engine.paper import MARK, Paper, cut, paper
from tests.engine.test_label_files import ANN, BOB, entities
from tui_labeler.domain.labels import Verdict
from tui_labeler.domain.projects import Dataset, ProjectKind
from tui_labeler.engine.errors import ContainerError, FormatError, InputError
from tui_labeler.engine.formats.model import FileDocument, FileLabel, FormatProblem, Unit

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["paper"]

NEW = "Oslo is where Bob lives.\n"


async def test_a_plan_says_what_would_change_and_changes_nothing(bench: Bench) -> None:
    session = await bench.create()
    await session.labeling.add(number(session), key(session, "Place"), span("Bob"))
    await session.label_files.read(entities(("d0001.txt", [ANN])), "l.json")
    before, seq = whole(session), session.store.seq
    data = entities(("d0000.txt", [ANN, BOB]), ("d0001.txt", [ANN, BOB]), ("gone.txt", [ANN]))
    plan = await session.label_files.plan(data, "l.json")
    assert (plan.format, plan.kind, plan.documents) == ("azure", ProjectKind.ENTITIES, 2)
    assert (plan.labels, plan.unchanged, plan.meeting) == (2, 1, 1)
    assert [item.location for item in plan.unmatched] == ["gone.txt"]
    assert [item.location for item in plan.skipped] == ["gone.txt", "d0000.txt"]
    assert (whole(session), session.store.seq) == (before, seq)
    done = await session.label_files.apply(plan)
    assert (done.labels, done.unchanged, done.categories) == (2, 1, ())
    assert done.skipped == plan.skipped


async def test_a_plan_names_the_categories_that_would_be_added(bench: Bench) -> None:
    session = await bench.create()
    plan = await session.label_files.plan(entities(("d0000.txt", [("Team", 0, 3)])), "l.json")
    assert plan.categories == ("Firm", "Team")
    assert plan.labels == 1
    assert "Team" not in {item.name for item in session.store.state.categories.values()}


async def test_a_plan_that_is_done_twice_does_nothing_more(bench: Bench) -> None:
    session = await bench.create()
    plan = await session.label_files.plan(entities(("d0000.txt", [ANN])), "l.json")
    assert not plan.changes_nothing
    await session.label_files.apply(plan)
    before = whole(session)
    assert (await session.label_files.apply(plan)).labels == 0
    assert whole(session) == before
    assert (await session.label_files.plan(entities(("d0000.txt", [ANN])), "l.json")).changes_nothing


async def test_what_was_done_since_the_plan_wins_over_it(bench: Bench) -> None:
    session = await bench.create()
    plan = await session.label_files.plan(entities(("d0000.txt", [ANN]), ("d0001.txt", [BOB])), "l.json")
    other = await bench.session("bo", immediate=True)
    await other.labeling.add(number(other), key(other, "Place"), span("Ann"))
    bench.write({"d0001.txt": "Ann met nobody at all.\n"})
    await other.documents.sync()
    done = await session.label_files.apply(plan)
    assert done.labels == 0
    assert [item.location for item in done.skipped] == ["d0000.txt", "d0001.txt"]
    assert "since the file was checked" in done.skipped[1].reason
    assert labels(session) == [("Place", span("Ann"))]


async def test_a_file_that_fits_another_kind_too_goes_into_it(bench: Bench, paper: Paper) -> None:
    session = await bench.create(kind=ProjectKind.MULTI_LABEL)
    one = FileDocument("d0000.txt", labels=(FileLabel("Person"),))
    data = paper.says(one, kind=ProjectKind.SINGLE_LABEL)
    with pytest.raises(InputError, match="CustomSingleLabelClassification"):
        await session.label_files.read(data, "x.paper")
    paper.file = replace(paper.file, fits=frozenset({ProjectKind.MULTI_LABEL}))
    assert (await session.label_files.read(data, "x.paper")).labels == 1


# --- suggestions ------------------------------------------------------------------------------------


def proposing(paper: Paper, *found: FileLabel) -> bytes:
    return paper.says(FileDocument("d0000.txt", suggestions=found))


async def test_what_a_model_proposed_comes_in_as_suggestions_that_name_the_file(
    bench: Bench, paper: Paper
) -> None:
    session = await bench.create()
    data = proposing(paper, cut("Person", "Ann", TEXT, confidence=0.75), cut("Town", "Rome", TEXT))
    plan = await session.label_files.plan(data, "runs/x.paper")
    assert (plan.suggestions, plan.labels, plan.categories) == (2, 0, ("Town",))
    done = await session.label_files.apply(plan)
    assert done.suggestions == 2
    found = suggestions(session)
    assert [(item.source, item.confidence, item.span) for item in found] == [
        ("file:x.paper", 0.75, span("Ann")),
        ("file:x.paper", None, span("Rome")),
    ]
    row = session.rows[number(session)]
    assert row.state.value == "auto-labeled"
    assert row.jobs == ()
    before = whole(session)
    assert (await session.label_files.read(data, "runs/x.paper")).suggestions == 0
    assert whole(session) == before


async def test_suggestions_of_a_file_are_taken_back_with_the_import(bench: Bench, paper: Paper) -> None:
    session = await bench.create()
    before = whole(session)
    one = FileDocument(
        "d0000.txt", labels=(cut("Person", "Bob", TEXT),), suggestions=(cut("Person", "Ann", TEXT),)
    )
    await session.label_files.read(paper.says(one), "x.paper")
    assert (len(suggestions(session)), saved(session)) == (1, [("Person", span("Bob"))])
    await session.history.undo()
    assert whole(session) == before


async def test_suggestions_of_a_file_are_accepted_rejected_and_not_made_again(
    bench: Bench, paper: Paper
) -> None:
    session = await bench.create(immediate=True)
    data = proposing(paper, cut("Person", "Ann", TEXT), cut("Person", "Bob", TEXT))
    await session.label_files.read(data, "x.paper")
    ann, bob = suggestions(session)
    await session.review.accept(number(session), ann.id)
    await session.review.reject(number(session), bob.id)
    assert saved(session) == [("Person", span("Ann"))]
    assert suggestions(session) == ()
    for name in ("x.paper", "y.paper"):
        assert (await session.label_files.read(data, name)).suggestions == 0
    decisions = [item.decision for item in document(session).suggestions.values()]
    assert sorted(item.verdict for item in decisions if item) == [Verdict.ACCEPTED, Verdict.REJECTED]


async def test_a_label_wins_over_a_suggestion_of_a_file(bench: Bench, paper: Paper) -> None:
    session = await bench.create(immediate=True)
    await session.labeling.add(number(session), key(session, "Person"), span("Ann"))
    await session.label_files.read(proposing(paper, cut("Place", "Ann met", TEXT)), "x.paper")
    assert suggestions(session) == ()
    assert len(document(session).suggestions) == 1


# --- offsets ----------------------------------------------------------------------------------------


async def test_words_that_a_file_states_must_be_what_its_span_cuts(bench: Bench, paper: Paper) -> None:
    session = await bench.create()
    found = (
        msgspec.structs.replace(cut("Person", "Ann", TEXT), words="Ann"),
        msgspec.structs.replace(cut("Person", "Bob", TEXT), words="Rome"),
        msgspec.structs.replace(cut("Place", "in Rome", TEXT), words="in\n Rome"),
    )
    done = await session.label_files.read(paper.says(FileDocument("d0000.txt", labels=found)), "x.paper")
    assert done.labels == 2
    (left_out,) = done.skipped
    assert "the file says “Rome”, and the text there is “Bob”" in left_out.reason


async def test_offsets_that_only_fit_in_utf16_are_said_to_look_like_it(bench: Bench, paper: Paper) -> None:
    text = "👍👍👍 Annabel met Bobby in the end.\n"
    session = await bench.create({"d0000.txt": text})
    shifted = tuple(
        FileLabel("Person", text.index(name) + 3, len(name), Unit.CODE_POINT) for name in ("Annabel", "Bobby")
    )
    done = await session.label_files.read(paper.says(FileDocument("d0000.txt", labels=shifted)), "x.paper")
    assert any("look like UTF-16" in note.reason and "2 of 2" in note.reason for note in done.notes)
    stated = (msgspec.structs.replace(shifted[0], words="Annabel"),)
    done = await session.label_files.read(paper.says(FileDocument("d0000.txt", labels=stated)), "x.paper")
    assert any("in UTF-16 code units it would fit" in item.reason for item in done.skipped)


async def test_offsets_in_code_points_are_not_said_to_look_like_anything(bench: Bench, paper: Paper) -> None:
    text = "👍👍👍 Annabel met Bobby in the end.\n"
    session = await bench.create({"d0000.txt": text})
    right = (cut("Person", "Annabel", text), cut("Person", "Bob", text))
    done = await session.label_files.read(paper.says(FileDocument("d0000.txt", labels=right)), "x.paper")
    assert not any("UTF-16" in note.reason for note in done.notes)


async def test_problems_of_a_file_are_told_with_their_line(bench: Bench, paper: Paper) -> None:
    session = await bench.create()
    data = paper.says(
        FileDocument("d0000.txt", labels=(FileLabel("Person", 90, 3, Unit.CODE_POINT),), line=3)
    )
    problem = FormatProblem("d0001.txt", "relations", "they are not read", dropped=True, line=5)
    paper.file = replace(paper.file, problems=(problem,))
    done = await session.label_files.read(data, "x.paper")
    assert [(item.location, item.line) for item in done.skipped] == [("d0000.txt", 3), ("d0001.txt", 5)]


# --- unknown keys -----------------------------------------------------------------------------------


async def test_keys_of_one_format_are_not_written_in_another_and_come_back_in_their_own(
    bench: Bench, paper: Paper
) -> None:
    session = await bench.create()
    one = FileDocument("d0000.txt", labels=(cut("Person", "Ann", TEXT, extra={"id": 7}),), extra={"by": "Bo"})
    data = paper.says(one)
    paper.file = replace(paper.file, extra={"root": {"tool": "paper 1"}})
    first = paper.file
    await session.label_files.read(data, "x.paper")
    azure = json.loads((await session.label_files.write("azure")).data)
    item = azure["assets"]["documents"][0]
    assert {"by", "tool", "id", "$formats"}.isdisjoint(json.dumps(azure).split('"'))
    item["reviewer"] = "Cy"
    item["entities"][0]["labels"][0]["mark"] = 1
    await session.label_files.read(json.dumps(azure).encode(), "l.json")
    await session.label_files.write("paper")
    written = paper.written[-1]
    assert written.extra == first.extra
    assert [document.extra for document in written.documents] == [{"by": "Bo"}]
    assert [label.extra for label in written.documents[0].labels] == [{"id": 7}]
    again = (await session.label_files.write("azure")).data
    assert b"Cy" in again
    assert b'"mark": 1' in again
    assert b"Bo" not in again
    seq = session.store.seq
    paper.file = first
    await session.label_files.read(MARK, "x.paper")
    assert session.store.seq == seq


# --- documents that come with the file --------------------------------------------------------------


async def test_texts_of_a_file_become_documents_only_where_that_is_asked_for(
    bench: Bench, paper: Paper
) -> None:
    session = await bench.create(1)
    data = paper.says(FileDocument(labels=(cut("Person", "Bob", NEW),), text=NEW, line=2))
    plan = await session.label_files.plan(data, "in/notes.paper")
    assert (plan.can_add, plan.additions, len(plan.unmatched)) == (1, (), 1)
    plan = await session.label_files.plan(data, "in/notes.paper", add_documents=True)
    assert [item.location for item in plan.additions] == ["notes-00002.txt"]
    assert (plan.documents, plan.labels, plan.skipped) == (1, 1, ())
    assert len(list(bench.documents.iterdir())) == 1
    done = await session.label_files.apply(plan)
    assert (done.added, done.labels) == (("notes-00002.txt",), 1)
    assert (bench.documents / "notes-00002.txt").read_bytes() == NEW.encode()
    assert saved(session, "notes-00002.txt") == [("Person", span("Bob", NEW))]
    synced = await session.documents.sync()
    assert (synced.added, synced.changed, synced.unchanged) == (0, 0, 2)
    again = await session.label_files.read(data, "in/notes.paper", add_documents=True)
    assert (again.added, again.labels, again.unchanged) == ((), 0, 1)


@pytest.mark.parametrize(
    ("location", "name"),
    [
        ("../../etc/passwd", "passwd.txt"),
        ("/abs/a.txt", "a.txt"),
        ("C:\\x\\b.TXT", "b.txt"),
        (".hidden", "hidden.txt"),
        ("-rf", "rf.txt"),
        ("evil\x1b]52;c;x\x07.txt", "evil__52_c_x_.txt"),
        ("日本語" * 60, "日本語" * 22 + ".txt"),
        ("...", "document.txt"),
        ("d0000.txt ", "d0000-2.txt"),
        ("a|b:c*?", "a_b_c__.txt"),
    ],
)
async def test_names_of_new_documents_are_safe(bench: Bench, paper: Paper, location: str, name: str) -> None:
    session = await bench.create(1)
    data = paper.says(FileDocument(location, text=NEW))
    done = await session.label_files.read(data, "x.paper", add_documents=True)
    assert done.added == (name,)
    assert {path.name for path in bench.documents.iterdir()} == {"d0000.txt", name}


async def test_a_new_document_never_takes_the_place_of_a_file_that_is_there(
    bench: Bench, paper: Paper
) -> None:
    session = await bench.create(1)
    data = paper.says(
        FileDocument("a.txt", text=NEW, labels=(cut("Person", "Bob", NEW),)), FileDocument("b.txt", text="b")
    )
    plan = await session.label_files.plan(data, "x.paper", add_documents=True)
    bench.write({"a.txt": "somebody else's", "b.txt": "b"})
    done = await session.label_files.apply(plan)
    assert done.added == ("a-2.txt", "b.txt")
    assert (bench.documents / "a.txt").read_text() == "somebody else's"
    assert saved(session, "a-2.txt") == [("Person", span("Bob", NEW))]


async def test_a_folder_that_may_not_be_written_gets_no_document_and_the_project_no_label(
    bench: Bench, paper: Paper, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await bench.create(1)
    one = FileDocument("d0000.txt", labels=(cut("Person", "Ann", TEXT),))
    data = paper.says(one, FileDocument("a.txt", text=NEW))
    plan = await session.label_files.plan(data, "x.paper", add_documents=True)
    before = whole(session)
    monkeypatch.setattr("os.link", _refused)
    with pytest.raises(ContainerError, match="Permission denied"):
        await session.label_files.apply(plan)
    assert whole(session) == before
    assert [path.name for path in bench.documents.iterdir()] == ["d0000.txt"]


def _refused(*paths: Path) -> None:
    raise PermissionError(13, "Permission denied")


async def test_half_a_surrogate_pair_is_no_document(bench: Bench, paper: Paper) -> None:
    session = await bench.create(1)
    data = paper.says(FileDocument("a.txt", text="odd \ud800"))
    done = await session.label_files.read(data, "x.paper", add_documents=True)
    assert done.added == ()
    assert any("surrogate" in item.reason for item in done.skipped)


async def test_a_text_that_could_not_be_read_is_no_document(
    bench: Bench, paper: Paper, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await bench.create(1)
    monkeypatch.setattr("tui_labeler.engine.documents.decoding.MOST", 40)
    data = paper.says(FileDocument("a.txt", text="x" * 41), FileDocument("b.txt", text="x" * 40))
    done = await session.label_files.read(data, "x.paper", add_documents=True)
    assert sorted(path.name for path in bench.documents.iterdir()) == ["b.txt", "d0000.txt"]
    assert any("has 41 characters" in item.reason for item in done.skipped)


# --- out --------------------------------------------------------------------------------------------


async def test_any_format_gets_what_it_asks_for(bench: Bench, paper: Paper) -> None:
    text = "👍 Ann met Bob.\n"
    session = await bench.create({"d0000.txt": text, "d0001.txt": TEXT}, immediate=True)
    await session.labeling.add(number(session), key(session, "Person"), span("Bob", text))
    await session.documents.set([number(session, "d0001.txt")], dataset=Dataset.TEST)
    exported = await session.label_files.write("paper")
    (only,) = paper.written[-1].documents
    assert (only.location, only.text, exported.documents, exported.labels) == ("d0000.txt", text, 1, 1)
    assert [(label.start, label.length, label.unit) for label in only.labels] == [
        (text.index("Bob"), 3, Unit.CODE_POINT)
    ]
    paper.use(carries_text=False, unit=Unit.UTF16)
    await session.label_files.write("paper")
    (only,) = paper.written[-1].documents
    assert only.text is None
    assert only.labels[0].start == text.index("Bob") + 1


async def test_what_a_format_can_not_hold_is_listed_by_document(bench: Bench, paper: Paper) -> None:
    session = await bench.create(immediate=True)
    await session.labeling.add(number(session), key(session, "Person"), span("Bob"))
    await session.labeling.add(number(session), key(session, "Person"), span("Ann"))
    paper.problems = (
        FormatProblem("d0000.txt", "labels[0]", "it overlaps", dropped=True),
        FormatProblem("d0000.txt", "dataset", "there is no place for it"),
    )
    exported = await session.label_files.write("paper")
    assert exported.labels == 1
    assert [(item.location, item.reason) for item in exported.skipped] == [
        ("d0000.txt", "labels[0]: it overlaps")
    ]
    assert [item.reason for item in exported.notes] == ["dataset: there is no place for it"]


async def test_a_format_without_a_place_for_such_labels_says_so(bench: Bench, paper: Paper) -> None:
    session = await bench.create()
    paper.use(kinds=frozenset({ProjectKind.SINGLE_LABEL}))
    with pytest.raises(FormatError, match="can't hold labels of a CustomEntityRecognition") as caught:
        await session.label_files.write("paper")
    assert "single" in caught.value.hint
