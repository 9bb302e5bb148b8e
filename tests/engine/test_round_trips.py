"""From one project to another through a file of each format: the same labels, and what is lost is listed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import Bench, key, number
from tui_labeler.domain.documents import DocumentState
from tui_labeler.domain.labels import Span
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.formats import FORMATS

if TYPE_CHECKING:
    from pathlib import Path

    from tui_labeler.engine.session import ProjectSession

TEXTS = {
    "plain.txt": "Ann met Bob in Rome.\nThen Ann went on to Oslo.\n",
    "windows.txt": "Ann\r\nmet  Bob\r\n\r\nin Rome.\r\n",
    "emoji.txt": "👩‍👩‍👧‍👦 Ann 👍🏽 met Bob 🇳🇴 in Oslo.\n",
    "marks.txt": "Zoe\u0308 met Rene\u0301e in Ko\u0308ln.\n",
    "hebrew.txt": "אן פגשה את בוב ברומא.\n",
    "kanji.txt": "田中さんは東京で鈴木さんに会った。\n",
    "marked.txt": "\ufeffAnn met Bob.\n",
}
"""A byte order mark is no part of the text that follows it."""

WORDS = {
    "plain.txt": ("Ann", "Bob in Rome", "Oslo"),
    "windows.txt": ("Ann", "Bob\r\n\r\nin Rome"),
    "emoji.txt": ("Ann", "Bob", "Oslo"),
    "marks.txt": ("Zoe\u0308", "Rene\u0301e", "Ko\u0308ln"),
    "hebrew.txt": ("אן", "בוב"),
    "kanji.txt": ("田中", "東京", "鈴木"),
    "marked.txt": ("Ann", "Bob"),
}


async def labeled(bench: Bench, kind: ProjectKind) -> ProjectSession:
    session = await bench.create(TEXTS, kind=kind, immediate=True)
    for place, name in enumerate(sorted(TEXTS)):
        text = TEXTS[name].removeprefix("\ufeff")
        await session.documents.open(number(session, name))
        if kind.is_classification:
            await session.labeling.add(
                number(session, name), key(session, ("Person", "Place")[place % 2]), None
            )
            continue
        for at, words in enumerate(WORDS[name]):
            start = text.index(words)
            category = key(session, ("Person", "Place")[at % 2])
            await session.labeling.add(number(session, name), category, Span(start, start + len(words)))
    return session


async def cuts(session: ProjectSession, names: dict[str, str]) -> set[tuple[str, str, int, str]]:
    """Document (by its name at first), category, start and words of each saved label."""
    found = set()
    for row in session.documents.select():
        document = session.documents.find(row.location)
        text = (await session.documents.text(row.id)).text
        for label in document.saved_labels:
            category = session.store.state.categories[label.category].name
            start, words = (
                (label.span.start, text[label.span.start : label.span.end]) if label.span else (0, "")
            )
            found.add((names.get(row.location, row.location), category, start, words))
    return found


CASES = [(name, kind) for name, known in FORMATS.items() for kind in sorted(known.kinds)]


@pytest.mark.parametrize("renamed", [False, True], ids=["same names", "other names"])
@pytest.mark.parametrize(("name", "kind"), CASES)
async def test_labels_come_out_as_they_went_in_or_are_listed(
    tmp_path: Path, name: str, kind: ProjectKind, *, renamed: bool
) -> None:
    if renamed and not FORMATS[name].carries_text:
        pytest.skip("a file without texts knows its documents by their names alone")
    source = await labeled(Bench(tmp_path / "one"), kind)
    exported = await source.label_files.write(name)
    before = await cuts(source, {})
    # Another order of names, so that none of them is where it was.
    names = {f"{at}.txt": given for at, given in enumerate(sorted(TEXTS, reverse=True))} if renamed else {}
    texts: dict[str, str | bytes] = {new: TEXTS[old] for new, old in names.items()} or dict(TEXTS)
    target = await Bench(tmp_path / "two").create(texts, kind=kind)
    done = await target.label_files.read(exported.data, f"x{FORMATS[name].extensions[0]}", name)
    after = await cuts(target, names)
    assert after <= before
    lost = {item[0] for item in before - after}
    listed = {item.location for item in (*exported.skipped, *exported.notes)}
    listed |= {names.get(item.location, item.location) for item in done.skipped}
    assert lost <= listed, (before - after, exported.skipped, exported.notes, done.skipped)
    assert len(after) >= len(before) - len(exported.skipped) - len(done.skipped)


NAMELESS = frozenset({"aml-conll", "fasttext", "spacy"})
"""Formats that hold texts and no names: texts that are the same are one document in them."""

TWINS = {"one.txt": "Ann met Bob.\n", "two.txt": "Ann met Bob.\n", "other.txt": "Bob left.\n"}


@pytest.mark.parametrize("there", [(), ("one.txt",), ("two.txt", "other.txt")])
@pytest.mark.parametrize(("name", "kind"), [case for case in CASES if FORMATS[case[0]].carries_text])
async def test_documents_with_one_text_come_back_as_many_as_they_were(
    tmp_path: Path, name: str, kind: ProjectKind, there: tuple[str, ...]
) -> None:
    source = await Bench(tmp_path / "one").create(TWINS, kind=kind, immediate=True)
    for place, (location, text) in enumerate(TWINS.items()):
        span = None if kind.is_classification else Span(text.index("Bob"), text.index("Bob") + 3)
        span = Span(0, 3) if span and location == "one.txt" else span
        category = key(source, ("Person", "Place")[place % 2])
        await source.labeling.add(number(source, location), category, span)
    exported = await source.label_files.write(name)
    target = await Bench(tmp_path / "two").create({each: TWINS[each] for each in there}, kind=kind)
    done = await target.label_files.read(
        exported.data, f"x{FORMATS[name].extensions[0]}", name, add_documents=True
    )
    if name in NAMELESS:
        assert any("put together" in item.reason for item in done.notes)
        return
    assert sorted(target.documents.find(each).location for each in TWINS) == sorted(TWINS)
    assert len(target.rows) == len(TWINS)
    if name == "conll":  # its texts are put together from tokens: the spans are others where it wrote them
        assert all(len(target.documents.find(each).saved_labels) == 1 for each in TWINS)
    else:
        assert await cuts(target, {}) == await cuts(source, {})
    again = await target.label_files.plan(exported.data, f"x{FORMATS[name].extensions[0]}", name)
    assert (again.changes_nothing, again.ambiguous) == (True, ())


UNTOLD = frozenset({"azure", "brat", "fasttext"})
"""Formats that have no word for a document that somebody has seen and found empty."""


@pytest.mark.parametrize(("name", "kind"), CASES)
async def test_what_was_reviewed_with_nothing_in_it_comes_back_so_or_is_listed(
    tmp_path: Path, name: str, kind: ProjectKind
) -> None:
    source = await labeled(Bench(tmp_path / "one"), kind)
    empty = ("windows.txt", "kanji.txt")
    for location in empty:
        document = source.documents.find(location)
        for label in document.active_labels:
            await source.labeling.remove(document.id, label.id)
    await source.labeling.set_reviewed([number(source, location) for location in empty])
    exported = await source.label_files.write(name)
    target = await Bench(tmp_path / "two").create(TEXTS, kind=kind)
    done = await target.label_files.read(exported.data, f"x{FORMATS[name].extensions[0]}")
    states = {row.location: row.state for row in target.documents.select()}
    if name in UNTOLD or (name == "aml" and kind is ProjectKind.SINGLE_LABEL):
        assert {item.location for item in exported.notes if item.reason.startswith("reviewed")} == {*empty}
        assert {states[location] for location in empty} == {DocumentState.UNLABELED}
        return
    assert {place for place, state in states.items() if state is DocumentState.REVIEWED} == {*empty}
    assert done.reviewed == len(empty)
    assert not [item for item in done.notes if "has looked" in item.reason]
    again = await target.label_files.read(exported.data, f"x{FORMATS[name].extensions[0]}")
    assert (again.reviewed, again.labels) == (0, 0)
    await target.history.undo()
    assert {row.state for row in target.documents.select()} == {DocumentState.UNLABELED}


async def test_a_file_that_does_not_say_whether_anybody_has_looked_marks_nothing(tmp_path: Path) -> None:
    session = await Bench(tmp_path).create(TEXTS, kind=ProjectKind.ENTITIES)
    rows: list[dict[str, Any]] = [{"text": TEXTS[name], "label": []} for name in ("plain.txt", "emoji.txt")]
    rows[0]["label"] = [[0, 3, "Person"]]
    data = "".join(json.dumps(row) + "\n" for row in rows).encode()
    done = await session.label_files.read(data, "x.jsonl", "doccano")
    assert (done.labels, done.reviewed) == (1, 0)
    assert [item.reason for item in done.notes] == [
        "1 document without labels, of which the file does not say whether anybody has looked: "
        "it stays unlabeled"
    ]


async def test_what_has_labels_here_is_not_marked_as_holding_none(tmp_path: Path) -> None:
    session = await labeled(Bench(tmp_path), ProjectKind.ENTITIES)
    data = json.dumps({"text": TEXTS["plain.txt"], "spans": [], "answer": "accept"}).encode()
    done = await session.label_files.read(data, "x.jsonl", "prodigy")
    assert done.reviewed == 0
    assert session.documents.find("plain.txt").reviewed is None


async def test_what_is_left_out_of_a_line_is_not_nothing_to_label(tmp_path: Path) -> None:
    session = await Bench(tmp_path).create(TEXTS, kind=ProjectKind.ENTITIES)
    row = {"text": TEXTS["plain.txt"], "spans": [], "relations": [{"head": 0}], "answer": "accept"}
    done = await session.label_files.read(json.dumps(row).encode(), "x.jsonl", "prodigy")
    assert (done.reviewed, len(done.skipped)) == (0, 1)
