"""Labels that no file can hold are left out and told, in every format; the others are written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import TEXT, Bench, key, number, span
from tui_labeler.engine.errors import ContainerError
from tui_labeler.engine.exports.splitting import shares
from tui_labeler.engine.formats import FORMATS
from tui_labeler.engine.labeling.rules import LabelInTheWayError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_labeler.domain.projects import ProjectKind
    from tui_labeler.engine.session import ProjectSession


async def edited(bench: Bench, edit: Callable[[dict[str, Any]], object], marks: int = 2) -> ProjectSession:
    """A project of entities, Ann and, where there are two ``marks``, Rome in one document; the label of Ann
    was edited by hand in its file of documents."""
    session = await bench.create(2)
    await session.labeling.add(number(session), key(session, "Person"), span("Ann"))
    if marks == 2:
        await session.labeling.add(number(session), key(session, "Place"), span("Rome"))
    await session.labeling.save()
    await session.store.checkpoint()
    path = await bench.project_folder() / "documents" / "0000.json"
    tables = json.loads(path.read_text())
    rows = [label for row in tables["documents"].values() for label in row.get("labels", {}).values()]
    (label,) = (row for row in rows if row["category"] == key(session, "Person"))
    edit(label)
    path.write_text(json.dumps(tables))
    return await bench.session()


def held(kind: ProjectKind) -> list[str]:
    return [known.name for known in FORMATS.values() if kind in known.kinds]


async def test_a_label_of_a_category_that_is_not_there_is_left_out_of_every_format(bench: Bench) -> None:
    session = await edited(bench, lambda label: label.update(category="gone"))
    for name in held(session.project.kind):
        exported = await session.label_files.write(name)
        (left,) = exported.skipped
        assert left.location == "d0000.txt", name
        assert "entity with the id 'gone', which the project does not have" in left.reason
        assert (exported.labels, exported.left_out) == (1, 0), name


async def test_a_label_outside_the_text_is_left_out_of_every_format(bench: Bench) -> None:
    session = await edited(bench, lambda label: label.update(span={"start": 100_000, "end": 100_005}))
    for name in held(session.project.kind):
        exported = await session.label_files.write(name)
        (left,) = exported.skipped
        assert left.reason == "labels[0]: Person at 100000, length 5, is outside the text", name
        assert (exported.labels, exported.left_out) == (1, 0), name


async def test_a_file_without_any_of_the_labels_does_not_take_the_place_of_another(bench: Bench) -> None:
    session = await edited(bench, lambda label: label.update(category="gone"), marks=1)
    exported = await session.label_files.write("azure")
    with pytest.raises(ContainerError, match="does not have"):
        exported.check_not_hollow()


async def test_the_card_of_a_split_counts_what_its_files_hold(bench: Bench) -> None:
    session = await edited(bench, lambda label: label.update(category="gone"))
    await session.labeling.add(number(session, "d0001.txt"), key(session, "Place"), span("Rome"))
    await session.labeling.save()
    found = await session.label_files.write_split("jsonl", shares("100/0"), session.agreeing)
    (part,) = found.card.parts.values()
    assert (part.documents, part.labels, part.categories) == (2, 2, {"Place": (2, 2)})
    assert found.files["train.jsonl"].count(b'"Place"') == 2
    assert len(found.skipped) == 1
    version = found.card.labels_version
    document = session.store.state.document(number(session))
    (gone,) = (label.id for label in document.labels.values() if label.category == "gone")
    await session.labeling.remove(document.id, gone)
    await session.labeling.save()
    found = await session.label_files.write_split("jsonl", shares("100/0"), session.agreeing)
    assert (found.skipped, found.card.labels_version) == ((), version)


async def test_the_card_does_not_count_what_the_format_drops(bench: Bench) -> None:
    session = await edited(bench, lambda label: label.update(span={"start": 12, "end": 19}))
    found = await session.label_files.write_split("conll", shares("100/0"), session.agreeing)
    (part,) = found.card.parts.values()
    assert (part.labels, part.categories) == (1, {"Person": (1, 1)})
    assert "overlaps" in found.skipped[0].reason
    assert b"Place" not in found.files["train.conll"]


async def test_a_document_that_has_no_place_in_the_folder_is_not_counted(bench: Bench) -> None:
    session = await bench.create({"a.txt": TEXT, ".b.txt": TEXT})
    for document in session.store.state.rows.values():
        await session.labeling.add(document.id, key(session, "Person"), span("Ann"))
    await session.labeling.save()
    exported = await session.label_files.write("brat")
    assert (exported.documents, exported.labels) == (1, 1)
    assert [item.location for item in exported.skipped] == [".b.txt"]


async def test_a_document_without_any_of_its_labels_is_in_no_part(bench: Bench) -> None:
    session = await edited(bench, lambda label: label.update(category="gone"), marks=1)
    await session.labeling.add(number(session, "d0001.txt"), key(session, "Place"), span("Rome"))
    await session.labeling.save()
    found = await session.label_files.write_split("jsonl", shares("100/0"), session.agreeing)
    assert (found.documents, found.labels) == (1, 1)
    assert b"d0000" not in found.files["train.jsonl"]
    assert [item.location for item in found.skipped] == ["d0000.txt"]


async def test_a_label_of_a_category_that_is_not_there_is_in_the_way_as_others_are(bench: Bench) -> None:
    session = await edited(bench, lambda label: label.update(category="gone"))
    with pytest.raises(LabelInTheWayError, match=r"'gone' at 0\.\.3 overlaps"):
        await session.labeling.add(number(session), key(session, "Person"), span("Ann met"))
