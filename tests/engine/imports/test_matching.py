"""Which document of a project each document of a label file is: known, asked about, or not there."""

from __future__ import annotations

import asyncio
import json
import unicodedata
from typing import TYPE_CHECKING

import pytest

from tests.builders import TEXT, Bench, saved
from tests.engine.paper import Paper, cut, paper
from tests.far import FarContainer
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine import label_files
from tui_labeler.engine.adapters.folder import FolderContainer
from tui_labeler.engine.errors import InputError, UnreachableError
from tui_labeler.engine.formats.model import FileDocument, FileLabel
from tui_labeler.engine.imports.claiming import How
from tui_labeler.engine.imports.planning import CHECKING

if TYPE_CHECKING:
    from tui_labeler.engine.session import ProjectSession

__all__ = ["paper"]

ELSE = "Bob has nothing to do with it, but knows Ann.\n"


def labeled(text: str | None, *labels: FileLabel, location: str = "", line: int = 0) -> FileDocument:
    return FileDocument(location, labels=labels, text=text, line=line)


def words_of(session: ProjectSession, text: str, document: str = "a.txt") -> list[str]:
    """What the saved labels of a document cut, in text order."""
    return sorted(text[span.start : span.end] for _, span in saved(session, document) if span)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the documents that are read from a folder."""
    found: list[str] = []
    fetch = FolderContainer.fetch

    async def counted(self: FolderContainer, name: str) -> tuple[bytes, str]:
        found.append(name)
        return await fetch(self, name)

    monkeypatch.setattr(FolderContainer, "fetch", counted)
    return found


async def test_a_document_is_known_by_its_name_and_no_other_is_read(
    bench: Bench, paper: Paper, reads: list[str]
) -> None:
    session = await bench.create(20)
    reads.clear()
    data = paper.says(labeled(None, cut("Person", "Bob", TEXT), location="d0007.txt"))
    plan = await session.label_files.plan(data, "x.paper")
    assert [(m.location, m.how) for m in plan.matched] == [("d0007.txt", How.NAME)]
    assert reads == ["d0007.txt"]


async def test_no_text_is_read_where_the_file_holds_it_or_classes_alone_come(
    bench: Bench, paper: Paper, reads: list[str]
) -> None:
    session = await bench.create(3)
    reads.clear()
    data = paper.says(labeled(TEXT, cut("Person", "Bob", TEXT), location="d0001.txt"))
    assert (await session.label_files.read(data, "x.paper")).labels == 1
    assert reads == []


async def test_no_text_is_read_for_classes_of_documents_that_are_named(
    bench: Bench, paper: Paper, reads: list[str]
) -> None:
    session = await bench.create(3, kind=ProjectKind.MULTI_LABEL)
    reads.clear()
    one = labeled(None, FileLabel("Person"), location="d0001.txt")
    data = paper.says(one, kind=ProjectKind.MULTI_LABEL)
    assert (await session.label_files.read(data, "x.paper")).labels == 1
    assert reads == []


@pytest.mark.parametrize("stored", [ELSE.encode(), b"\xef\xbb\xbf" + ELSE.encode()])
async def test_a_document_without_a_name_is_known_by_its_text(
    bench: Bench, paper: Paper, stored: bytes
) -> None:
    session = await bench.create({"a.txt": TEXT, "b.txt": stored})
    data = paper.says(labeled(ELSE, cut("Person", "Ann", ELSE), line=4))
    plan = await session.label_files.plan(data, "x.paper")
    assert [(m.called, m.location, m.how) for m in plan.matched] == [("line 4", "b.txt", How.CONTENT)]
    await session.label_files.apply(plan)
    assert words_of(session, ELSE, "b.txt") == ["Ann"]


async def test_a_text_in_another_spelling_is_known_and_its_spans_stand_at_the_same_words(
    bench: Bench, paper: Paper
) -> None:
    stored = "Zo\u00eb met\r\nRen\u00e9e  in Ko\u0308ln.\r\n"
    said = unicodedata.normalize("NFD", stored).replace("\r\n", "\n").strip()
    session = await bench.create({"a.txt": TEXT, "b.txt": stored})
    names = [unicodedata.normalize("NFD", name) for name in ("Zo\u00eb", "Ren\u00e9e", "K\u00f6ln")]
    data = paper.says(labeled(said, *(cut("Person", name, said) for name in names)))
    plan = await session.label_files.plan(data, "x.paper")
    assert [m.how for m in plan.matched] == [How.NORMALISED]
    done = await session.label_files.apply(plan)
    assert done.labels == 3
    assert words_of(session, stored, "b.txt") == ["Ko\u0308ln", "Ren\u00e9e", "Zo\u00eb"]
    assert any("composition" in note.reason for note in done.notes)


async def test_white_space_does_not_count_where_a_text_was_put_together_from_tokens(
    bench: Bench, paper: Paper
) -> None:
    stored = "Ann's dog\n(Rex) barks."
    tokens = "Ann 's dog ( Rex ) barks ."
    session = await bench.create({"a.txt": TEXT, "b.txt": stored})
    labels = (cut("Person", "Ann 's", tokens), cut("Person", "( Rex )", tokens))
    data = paper.says(FileDocument(labels=labels, text=tokens, is_rebuilt=True))
    done = await session.label_files.read(data, "x.paper")
    assert words_of(session, stored, "b.txt") == ["(Rex)", "Ann's"]
    assert done.notes == ()


async def test_a_name_whose_text_is_another_gives_only_labels_whose_words_are_surely_there(
    bench: Bench, paper: Paper
) -> None:
    stored = "Ann went. Then Bob met Ann twice.\n"
    session = await bench.create({"a.txt": stored})
    said = "Nobody but Ann and Oslo knew Bob."
    labels = (cut("Person", "Bob", said), cut("Place", "Oslo", said), cut("Person", "Ann", said))
    data = paper.says(labeled(said, *labels, location="a.txt"))
    done = await session.label_files.read(data, "x.paper")
    assert words_of(session, stored) == ["Bob"]
    assert sorted(item.reason for item in done.skipped) == [
        "labels: Person: “Ann” is not surely in the document's text",
        "labels: Place: “Oslo” is not surely in the document's text",
    ]
    assert any("another than the project's" in note.reason for note in done.notes)


async def test_what_is_left_out_is_not_told_as_kept(bench: Bench, paper: Paper) -> None:
    stored = "Ann went. Then Bobby met Annabel twice.\n"
    session = await bench.create({"a.txt": stored})
    said = "Nobody but Annika and Oslotown knew Bobby."
    places = [("Person", "Anni"), ("Place", "Oslo"), ("Place", "Oslotown"), ("Person", "Bob")]
    labels = [cut(category, words, said) for category, words in places]
    data = paper.says(labeled(said, *labels, location="a.txt"))
    done = await session.label_files.read(data, "x.paper")
    assert words_of(session, stored) == ["Bob"]
    assert len(done.skipped) == 3
    (kept,) = [note.reason for note in done.notes if "kept" in note.reason]
    assert kept.startswith("labels[3]: Person at ")
    assert kept.endswith("ends inside a word; it is kept")


@pytest.mark.parametrize(
    ("stored", "said", "words"),
    [
        ("Call Ann later. Call Ann now.", "Call Ann now.", "Ann"),
        ("So Ann met Bob. Ann met Bob", "Ann met Bob", "Ann"),
        ("Paris is nice. Hilton flew to Paris.", "Paris Hilton flew to Paris.", "Paris"),
    ],
)
async def test_words_that_stand_in_several_places_of_another_text_are_left_out_and_listed(
    bench: Bench, paper: Paper, stored: str, said: str, words: str
) -> None:
    session = await bench.create({"a.txt": stored})
    data = paper.says(labeled(said, cut("Person", words, said), location="a.txt", line=1))
    done = await session.label_files.read(data, "x.paper")
    assert (done.labels, words_of(session, stored)) == (0, [])
    assert [(item.location, item.line, item.reason) for item in done.skipped] == [
        ("a.txt", 1, f"labels: Person: “{words}” is not surely in the document's text")
    ]


async def test_classes_of_a_name_whose_text_is_another_are_taken_and_said(bench: Bench, paper: Paper) -> None:
    session = await bench.create(1, kind=ProjectKind.SINGLE_LABEL)
    one = labeled("quite another", FileLabel("Person"), location="d0000.txt")
    done = await session.label_files.read(paper.says(one, kind=ProjectKind.SINGLE_LABEL), "x.paper")
    assert done.labels == 1
    assert ["taken by its name" in note.reason for note in done.notes] == [True]


async def test_two_documents_with_the_same_text_are_asked_about_and_never_guessed(
    bench: Bench, paper: Paper
) -> None:
    session = await bench.create({"a.txt": TEXT, "b.txt": TEXT, "c.txt": ELSE})
    data = paper.says(labeled(TEXT, cut("Person", "Bob", TEXT), line=1))
    plan = await session.label_files.plan(data, "x.paper")
    assert [(a.called, a.candidates) for a in plan.ambiguous] == [("line 1", ("a.txt", "b.txt"))]
    assert plan.changes_nothing
    assert ["say which" in item.reason for item in plan.skipped] == [True]
    for choice in ("line 1", "1"):
        chosen = await session.label_files.plan(data, "x.paper", choices={choice: "b.txt"})
        assert [(m.location, m.how) for m in chosen.matched] == [("b.txt", How.CHOSEN)]
    await session.label_files.apply(chosen)
    assert words_of(session, TEXT, "a.txt") == []
    assert words_of(session, TEXT, "b.txt") == ["Bob"]


async def test_a_choice_that_is_no_document_is_refused(bench: Bench, paper: Paper) -> None:
    session = await bench.create(2)
    data = paper.says(labeled(TEXT, line=1))
    with pytest.raises(InputError, match=r"no document 'c\.txt'"):
        await session.label_files.plan(data, "x.paper", choices={"1": "c.txt"})


@pytest.mark.parametrize("choice", ["2", "line 2", "z.txt"])
async def test_a_choice_for_what_the_file_does_not_hold_is_refused(
    bench: Bench, paper: Paper, choice: str
) -> None:
    session = await bench.create({"a.txt": TEXT})
    data = paper.says(labeled(TEXT, location="b.txt", line=1))
    with pytest.raises(InputError, match="No document of the file is called"):
        await session.label_files.plan(data, "x.paper", choices={choice: "a.txt"})


async def test_of_several_with_the_same_text_the_one_of_a_like_name_is_meant(
    bench: Bench, paper: Paper
) -> None:
    session = await bench.create({"a.txt": TEXT, "b.txt": TEXT})
    one = labeled(TEXT, cut("Person", "Bob", TEXT), location="https://host/container/b.txt")
    plan = await session.label_files.plan(paper.says(one), "x.paper")
    assert [m.location for m in plan.matched] == ["b.txt"]


@pytest.mark.parametrize("location", ["azureml://x/paths/a%20b.txt", "folder\\a b.TXT", "a b"])
async def test_the_last_part_of_a_name_is_enough_where_only_one_is_called_so(
    bench: Bench, paper: Paper, location: str
) -> None:
    session = await bench.create({"a b.txt": TEXT, "b.txt": TEXT})
    plan = await session.label_files.plan(
        paper.says(labeled(None, cut("Person", "Bob", TEXT), location=location)), "x.paper"
    )
    assert [(m.location, m.how) for m in plan.matched] == [("a b.txt", How.PART_OF_NAME)]


async def test_what_another_name_of_the_file_has_is_no_match_by_text(bench: Bench, paper: Paper) -> None:
    session = await bench.create({"a.txt": TEXT})
    one = labeled(TEXT, cut("Person", "Bob", TEXT), location="a.txt", line=1)
    other = labeled(TEXT, cut("Place", "Rome", TEXT), location="b.txt", line=2)
    data = paper.says(other, one)
    plan = await session.label_files.plan(data, "x.paper")
    assert [(item.location, item.line, item.reason) for item in plan.unmatched] == [
        ("b.txt", 2, "it is not in the container; a.txt has its text and is another document of the file")
    ]
    done = await session.label_files.read(data, "x.paper", add_documents=True)
    assert (done.added, done.matched_by) == (("b.txt",), {How.NAME: 1})
    assert (words_of(session, TEXT), words_of(session, TEXT, "b.txt")) == (["Bob"], ["Rome"])
    again = await session.label_files.plan(data, "x.paper", add_documents=True)
    assert again.changes_nothing


async def test_an_undo_says_which_documents_it_leaves_in_the_container(bench: Bench, paper: Paper) -> None:
    session = await bench.create({"a.txt": TEXT})
    new = labeled(ELSE, cut("Person", "Ann", ELSE), location="b.txt")
    data = paper.says(labeled(TEXT, cut("Person", "Bob", TEXT), location="a.txt"), new)
    await session.label_files.read(data, "x.paper", add_documents=True)
    undone = await session.history.undo()
    assert undone is not None
    assert (undone.left, undone.left_words) == (1, "1 document that it wrote stays in the container")
    assert (session.documents.find("b.txt").active_labels, words_of(session, TEXT)) == ((), [])
    again = await session.history.redo()
    assert again is not None
    assert (again.left, again.left_words) == (0, "")
    await session.history.undo()
    await session.label_files.read(data, "x.paper", add_documents=True)
    later = await session.history.undo()
    assert later is not None
    assert later.left == 0


async def test_two_new_names_with_one_text_are_two_documents_of_their_own(bench: Bench, paper: Paper) -> None:
    session = await bench.create({})
    one = labeled(TEXT, cut("Person", "Bob", TEXT), location="x:1.txt", line=1)
    other = labeled(TEXT, cut("Place", "Rome", TEXT), location="x:2.txt", line=2)
    data = paper.says(one, other)
    done = await session.label_files.read(data, "x.paper", add_documents=True)
    assert done.added == ("x_1.txt", "x_2.txt")
    assert (words_of(session, TEXT, "x_1.txt"), words_of(session, TEXT, "x_2.txt")) == (["Bob"], ["Rome"])
    again = await session.label_files.plan(data, "x.paper", add_documents=True)
    assert (again.changes_nothing, again.ambiguous) == (True, ())


async def test_what_was_written_under_a_safe_name_is_known_before_its_twin_is(
    bench: Bench, paper: Paper
) -> None:
    session = await bench.create({"x_1.txt": TEXT})
    names = ("x:1.txt", "x:2.txt")
    data = paper.says(*(labeled(TEXT, cut("Person", "Bob", TEXT), location=name) for name in names))
    done = await session.label_files.read(data, "x.paper", add_documents=True)
    assert (done.added, done.labels, done.ambiguous) == (("x_2.txt",), 2, ())


async def test_two_names_that_share_a_text_with_one_document_are_asked_about(
    bench: Bench, paper: Paper
) -> None:
    session = await bench.create({"c.txt": TEXT})
    one = labeled(TEXT, cut("Person", "Bob", TEXT), location="a.txt", line=1)
    other = labeled(f" {TEXT}", cut("Place", "Rome", f" {TEXT}"), location="b.txt", line=2)
    data = paper.says(one, other)
    plan = await session.label_files.plan(data, "x.paper", add_documents=True)
    assert [(item.called, item.candidates) for item in plan.ambiguous] == [
        ("a.txt", ("c.txt",)),
        ("b.txt", ("c.txt",)),
    ]
    assert plan.changes_nothing
    chosen = await session.label_files.read(data, "x.paper", choices={"a.txt": "c.txt"}, add_documents=True)
    assert (chosen.added, words_of(session, TEXT, "c.txt")) == (("b.txt",), ["Bob"])


async def test_what_comes_together_in_one_document_is_said(bench: Bench, paper: Paper) -> None:
    session = await bench.create({"a.txt": TEXT})
    new = "Rome is far.\n"
    data = paper.says(
        labeled(TEXT, cut("Person", "Bob", TEXT), line=1),
        labeled(TEXT, cut("Place", "Rome", TEXT), location="a.txt", line=2),
        labeled(new, line=3),
        labeled(new, cut("Place", "Rome", new), line=4),
    )
    done = await session.label_files.read(data, "x.paper", add_documents=True)
    assert [(item.location, item.reason) for item in done.notes] == [
        ("a.txt", "the file speaks of it in 2 places, lines 1, 2; they are put together"),
        ("x-00003.txt", "the file speaks of it in 2 places, lines 3, 4; they are put together"),
    ]


async def test_a_text_without_a_name_that_two_names_have_is_listed(bench: Bench, paper: Paper) -> None:
    session = await bench.create({})
    rows = [labeled(TEXT, cut("Person", "Bob", TEXT), location=name) for name in ("a.txt", "b.txt", "")]
    done = await session.label_files.read(paper.says(*rows), "x.paper", add_documents=True)
    assert (done.added, done.labels) == (("a.txt", "b.txt"), 2)
    assert any("2 documents of the file have this text" in item.reason for item in done.skipped)


async def test_a_name_that_two_documents_answer_to_is_asked_about(bench: Bench, paper: Paper) -> None:
    session = await bench.create({"a.txt": TEXT, "a.TXT": TEXT})
    plan = await session.label_files.plan(paper.says(labeled(None, location="sub/a.txt")), "x.paper")
    assert [a.candidates for a in plan.ambiguous] == [("a.TXT", "a.txt")]


async def test_two_names_that_share_their_last_part_alone_are_asked_about_and_never_merged(
    bench: Bench, paper: Paper
) -> None:
    session = await bench.create({"a.txt": TEXT})
    one = labeled(None, cut("Person", "Bob", TEXT), location="x/a.txt", line=1)
    other = labeled(None, cut("Place", "Rome", TEXT), location="y/a.txt", line=2)
    data = paper.says(one, other)
    plan = await session.label_files.plan(data, "x.paper")
    assert [(a.called, a.candidates) for a in plan.ambiguous] == [
        ("x/a.txt", ("a.txt",)),
        ("y/a.txt", ("a.txt",)),
    ]
    assert plan.changes_nothing
    assert plan.skipped[0].reason == "a.txt could be it, and y/a.txt of the file as well; say which"
    chosen = await session.label_files.read(data, "x.paper", choices={"2": "a.txt"})
    assert words_of(session, TEXT) == ["Rome"]
    assert [item.called for item in chosen.ambiguous] == ["x/a.txt"]


async def test_of_two_like_names_the_one_that_fits_whole_wins(bench: Bench, paper: Paper) -> None:
    session = await bench.create({"a.txt": TEXT})
    like = labeled(None, cut("Place", "Rome", TEXT), location="old/a.txt", line=1)
    whole = labeled(None, cut("Person", "Bob", TEXT), location="a.txt", line=2)
    done = await session.label_files.read(paper.says(like, whole), "x.paper")
    assert words_of(session, TEXT) == ["Bob"]
    assert [(item.called, item.line) for item in done.ambiguous] == [("old/a.txt", 1)]
    assert done.matched_by == {How.NAME: 1}


@pytest.mark.parametrize("count", [1, 2])
async def test_a_part_of_a_name_that_the_file_says_often_is_one_document(
    bench: Bench, paper: Paper, count: int
) -> None:
    session = await bench.create({"a.txt": TEXT})
    parts = [labeled(None, cut("Person", "Bob", TEXT), location="x/a.txt")] * count
    done = await session.label_files.read(paper.says(*parts), "x.paper")
    assert (done.labels, done.ambiguous) == (1, ())


@pytest.mark.parametrize(
    ("kind", "name", "data"),
    [
        (
            ProjectKind.SINGLE_LABEL,
            "x.jsonl",
            b'{"image_url":"AmlDatastore://s/x/d0000.txt","label":"Person","label_confidence":1.0}\n'
            b'{"image_url":"AmlDatastore://s/y/d0000.txt","label":"Place","label_confidence":1.0}\n',
        ),
        (ProjectKind.MULTI_LABEL, "x.csv", b"path,labels\nx/d0000.txt,Person\ny/d0000.txt,Place\n"),
        (
            ProjectKind.MULTI_LABEL,
            "x.json",
            json.dumps(
                [
                    {
                        "data": {"text": f"s3://b/{folder}/d0000.txt"},
                        "annotations": [
                            {
                                "result": [
                                    {
                                        "from_name": "l",
                                        "to_name": "text",
                                        "type": "choices",
                                        "value": {"choices": [name]},
                                    }
                                ]
                            }
                        ],
                    }
                    for folder, name in (("x", "Person"), ("y", "Place"))
                ]
            ).encode(),
        ),
    ],
)
async def test_files_of_two_folders_with_one_name_are_asked_about_in_every_format(
    bench: Bench, kind: ProjectKind, name: str, data: bytes
) -> None:
    session = await bench.create(1, kind=kind)
    done = await session.label_files.read(data, name)
    assert done.labels == 0
    assert [item.candidates for item in done.ambiguous] == [("d0000.txt",)] * 2


async def test_what_matches_nothing_is_listed_with_its_reason(bench: Bench, paper: Paper) -> None:
    session = await bench.create(2)
    data = paper.says(
        labeled(None, location="gone.txt"), labeled("unheard of", line=7), labeled(None, line=8)
    )
    done = await session.label_files.read(data, "x.paper")
    assert [(item.location, item.line) for item in done.skipped] == [
        ("line 7", 7),
        ("line 8", 8),
        ("gone.txt", 0),
    ]
    reasons = [item.reason for item in done.skipped]
    assert "this text" in reasons[0]
    assert "neither its name nor its text" in reasons[1]
    assert "not in the container" in reasons[2]


async def test_a_label_of_no_text_is_listed_as_that(bench: Bench) -> None:
    session = await bench.create(2, kind=ProjectKind.SINGLE_LABEL)
    done = await session.label_files.read(b"__label__A a text\n__label__B\n", "x.txt")
    assert [(item.line, item.reason) for item in done.skipped] == [
        (1, "no document of the project has this name or this text"),
        (2, "it has no name and no text there"),
    ]


async def test_what_is_labeled_so_already_is_not_suggested(bench: Bench) -> None:
    session = await bench.create({"a.txt": TEXT})
    row = {"text": TEXT, "spans": [{"start": 0, "end": 3, "label": "Person"}]}
    for answer, wanted in (("accept", (1, 0)), ("ignore", (0, 0))):
        data = json.dumps({**row, "answer": answer}).encode()
        done = await session.label_files.read(data, "x.jsonl", "prodigy")
        assert (done.labels, done.suggestions) == wanted


@pytest.mark.parametrize("batch", [1, 2000])
async def test_a_file_that_speaks_of_one_document_twice_brings_all_of_it(
    bench: Bench, paper: Paper, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(label_files, "BATCH", batch)
    session = await bench.create({"a.txt": TEXT})
    both = (labeled(TEXT, cut("Person", "Bob", TEXT)), labeled(TEXT, cut("Place", "Bob in Rome", TEXT)))
    again = labeled(TEXT, cut("Person", "Bob", TEXT))
    done = await session.label_files.read(paper.says(*both, again), "x.paper")
    assert (done.documents, done.labels, done.unchanged, done.skipped) == (1, 2, 1, ())
    assert words_of(session, TEXT) == ["Bob", "Bob in Rome"]


async def test_two_lines_that_give_a_text_two_classes_are_told_as_lines(bench: Bench) -> None:
    session = await bench.create({"a.txt": TEXT}, kind=ProjectKind.SINGLE_LABEL)
    rows = [json.dumps({"text": TEXT, "label": name}) for name in ("Here", "There")]
    data = "\n".join(rows).encode()
    plan = await session.label_files.plan(data, "x.jsonl", "jsonl")
    done = await session.label_files.apply(plan)
    for skipped in (plan.skipped, done.skipped):
        assert [(item.line, item.reason) for item in skipped] == [(2, "There meets Here of line 1")]
    again = await session.label_files.read(rows[1].encode(), "x.jsonl", "jsonl")
    assert [item.reason for item in again.skipped] == ["There meets the project's own label Here"]


async def far_project(bench: Bench, texts: dict[str, bytes]) -> tuple[ProjectSession, FarContainer]:
    """A project over a container that is far, whose documents were listed and not read."""
    session = await bench.create({})
    far = FarContainer(dict(texts), breaks_after=0)
    session.documents._container = far
    with pytest.raises(UnreachableError):
        await session.documents.sync()
    far.breaks_after = None
    return session, far


async def test_over_a_line_only_named_documents_are_fetched_and_several_at_a_time(
    bench: Bench, paper: Paper
) -> None:
    texts = {f"d{at:03}.txt": TEXT.encode() for at in range(60)}
    session, far = await far_project(bench, texts)
    named = [f"d{at:03}.txt" for at in range(10)]
    data = paper.says(*(labeled(None, cut("Person", "Bob", TEXT), location=name) for name in named))
    heard: list[tuple[str, int]] = []
    plan = await session.label_files.plan(data, "x.paper", progress=lambda *step: heard.append(step))
    assert plan.labels == 10
    assert set(far.fetched) == set(named)
    assert far.most_at_work > 1
    assert heard[-1] == (CHECKING, 10)


async def test_over_a_line_texts_without_a_name_are_found_and_new_ones_are_written(
    bench: Bench, paper: Paper
) -> None:
    session, far = await far_project(bench, {"a.txt": TEXT.encode(), "b.txt": ELSE.encode()})
    new = "Rome is far.\n"
    data = paper.says(
        labeled(ELSE, cut("Person", "Ann", ELSE)), labeled(new, cut("Place", "Rome", new), location="c")
    )
    done = await session.label_files.read(data, "x.paper", add_documents=True)
    assert (done.labels, done.added) == (2, ("c.txt",))
    assert far.texts["c.txt"] == new.encode()
    assert words_of(session, ELSE, "b.txt") == ["Ann"]
    assert words_of(session, new, "c.txt") == ["Rome"]


async def test_a_line_that_breaks_while_texts_are_compared_changes_no_label(
    bench: Bench, paper: Paper
) -> None:
    session, far = await far_project(bench, {f"d{at}.txt": f"{at}\n".encode() for at in range(40)})
    far.breaks_after = 20
    with pytest.raises(UnreachableError):
        await session.label_files.read(paper.says(labeled("unheard of", line=1)), "x.paper")
    assert all(row.label_count == 0 for row in session.rows.values())


async def test_a_plan_that_is_called_off_while_texts_come_changes_no_label(
    bench: Bench, paper: Paper
) -> None:
    session, far = await far_project(bench, {f"d{at}.txt": f"{at}\n".encode() for at in range(40)})
    far.gate, far.busy_at = asyncio.Event(), 4
    reading = asyncio.ensure_future(
        session.label_files.plan(paper.says(labeled("7 \n", cut("Person", "7", "7 \n"))), "x.paper")
    )
    await far.busy.wait()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    far.gate.set()
    assert all(row.label_count == 0 for row in session.rows.values())
    assert (
        await session.label_files.read(paper.says(labeled("7 \n", cut("Person", "7", "7 \n"))), "x.paper")
    ).labels == 1
