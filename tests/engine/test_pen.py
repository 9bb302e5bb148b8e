"""While Azure Machine Learning has the pen, nothing changes a label here, whichever way it comes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.engine.handover.people import Office, Person, terms
from tests.fakes import category, document, suggest, to_place
from tui_labeler.domain.document_filters import DocumentFilter
from tui_labeler.domain.handover import Handover, Phase
from tui_labeler.domain.jobs import JobState, Method
from tui_labeler.domain.labels import Span
from tui_labeler.domain.models import Split, TrainOptions
from tui_labeler.domain.projects import Dataset, Project, ProjectKind
from tui_labeler.engine.actions import ACTIONS, HANDED_OVER, TAKEN_IN
from tui_labeler.engine.autolabelers import trained
from tui_labeler.engine.changes import put_project
from tui_labeler.engine.errors import RefusedError
from tui_labeler.engine.pen import PenError, PlainError, check_pen
from tui_labeler.engine.ports import Change, Plan, State
from tui_labeler.engine.workbench import set_settings

if TYPE_CHECKING:
    from pathlib import Path

    from tests.builders import Bench

GO_ON = {HANDED_OVER, TAKEN_IN, "documents.sync", "labels.move", "suggestions.delete"}
CHANGE = Change("document", "1", {"flag": "a"}, {"flag": "b"})


@pytest.fixture
async def ana(tmp_path: Path) -> Person:
    """With a label, a suggestion and words to place; Azure Machine Learning has the pen."""
    ana = await Office(tmp_path).person("ana")
    await ana.label("Person", "Ann")
    await suggest(ana.session, "a.txt", [("Town", "Rome", 0.9)])
    await to_place(ana.session, "a.txt", [("Town", "Roma")])
    await ana.handover.connect(terms())
    await ana.handover.to_aml()
    return ana


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_every_action_is_refused_that_is_not_named_as_one_that_goes_on(action: str) -> None:
    away = Handover(Phase.AML, terms(), "2026-11-21T09:00:00.000Z")
    project = Project("p", "Loans", ProjectKind.ENTITIES, "/texts", handover=away)
    plan = Plan(action, (CHANGE,))
    if action in GO_ON:
        check_pen(project, plan, plan.changes)
        return
    with pytest.raises(PenError):
        check_pen(project, plan, plan.changes)
    check_pen(replace(project, handover=Handover(Phase.HERE, terms())), plan, plan.changes)
    # What changes nothing, a training put down in the history, is no matter of the pen.
    check_pen(project, replace(plan, changes=(), is_event=True), ())


def number(person: Person) -> int:
    return document(person.session, "a.txt")


def the_suggestion(person: Person) -> str:
    return next(iter(person.session.documents.find("a.txt").suggestions))


def the_label(person: Person) -> str:
    return next(iter(person.session.documents.find("a.txt").active_labels)).id


def the_place(person: Person) -> str:
    return next(iter(person.session.documents.find("a.txt").to_place))


async def _import(person: Person) -> None:
    data = b'{"image_url": "b.txt", "label": [{"label": "Person", "offsetStart": 5, "offsetEnd": 8}]}\n'
    await person.session.label_files.read(data, "x.jsonl", "aml")


async def _import_with_documents(person: Person) -> None:
    spans = b'[{"start": 0, "end": 2, "label": "Person"}]'
    data = b'{"text": "Bo is new.", "location": "new.txt", "spans": ' + spans + b"}\n"
    await person.session.label_files.read(data, "x.jsonl", "jsonl", add_documents=True)


async def _settings(person: Person) -> None:
    await set_settings(person.session, replace(person.session.project, description="other"))


WAYS: dict[str, Callable[[Person], Awaitable[Any]]] = {
    "label": lambda p: p.session.labeling.add(number(p), category(p.session, "Town"), Span(15, 19)),
    "label all": lambda p: p.session.labeling.add_many(
        number(p), category(p.session, "Town"), [Span(15, 19)]
    ),
    "remove": lambda p: p.session.labeling.remove(number(p), the_label(p)),
    "change": lambda p: p.session.labeling.change(
        number(p), the_label(p), category=category(p.session, "Town")
    ),
    "reviewed": lambda p: p.session.labeling.set_reviewed(document(p.session, "b.txt")),
    "flag": lambda p: p.session.labeling.set_flag(number(p), "ask"),
    "dataset": lambda p: p.session.documents.set([number(p)], dataset=Dataset.TEST),
    "accept": lambda p: p.session.review.accept(number(p), the_suggestion(p)),
    "reject": lambda p: p.session.review.reject(number(p), the_suggestion(p)),
    "place": lambda p: p.session.placing.place(number(p), the_place(p), Span(15, 19)),
    "add category": lambda p: p.session.categories.add("Ship"),
    "rename category": lambda p: p.session.categories.rename(category(p.session, "Town"), "Place"),
    "delete category": lambda p: p.session.categories.delete(category(p.session, "Town")),
    "import": _import,
    "import with new documents": _import_with_documents,
    "undo": lambda p: p.session.history.undo(),
    "give": lambda p: p.session.readings.assign(("ana", "bo"), documents=[document(p.session, "b.txt")]),
    "settings": _settings,
    "autolabel": lambda p: p.session.jobs.autolabel(
        p.session.documents.select(DocumentFilter()), Method("gpt", resource="work", deployment="d")
    ),
}


@pytest.mark.parametrize("way", WAYS)
async def test_a_way_to_change_labels_is_refused_and_changes_nothing(
    ana: Person, way: str, tmp_path: Path
) -> None:
    before = ana.session.documents.find("a.txt"), ana.session.store.seq
    with pytest.raises(PenError, match="has the pen") as refused:
        await WAYS[way](ana)
    assert refused.value.exit_code == 4
    assert (ana.session.documents.find("a.txt"), ana.session.store.seq) == before
    assert not (tmp_path / "texts" / "new.txt").exists()


async def test_the_container_is_read_and_labels_are_not_exchanged(ana: Person, tmp_path: Path) -> None:
    (tmp_path / "texts" / "d.txt").write_text("A new one.")
    assert (await ana.session.documents.sync()).added == 1
    files = dict(ana.stored.files)
    assert "has the pen" in await ana.sync()
    assert ana.stored.files == files


async def test_training_works_and_ignores_the_sets(ana: Person) -> None:
    preview = await ana.session.training.preview()
    assert (preview.labels, preview.manual_split) == (1, False)
    assert ana.session.training.adjusted(TrainOptions("first")).ignore_sets
    with pytest.raises(RefusedError, match="side without the pen are ignored"):
        await ana.session.training.start(TrainOptions("first", Split.MANUAL))
    job = await ana.session.training.start(TrainOptions("first"))
    assert job.request.options["ignore_sets"] is True


async def test_a_connected_project_stays_of_one_language(tmp_path: Path) -> None:
    ana = await Office(tmp_path).person("ana")
    await ana.handover.connect(terms())
    with pytest.raises(PlainError):
        await set_settings(ana.session, replace(ana.session.project, multilingual=True))
    assert not ana.session.project.multilingual


async def test_a_connected_project_keeps_to_a_language_of_both_sides(tmp_path: Path) -> None:
    ana = await Office(tmp_path).person("ana")
    await ana.handover.connect(terms())
    with pytest.raises(PlainError, match="language am"):
        await set_settings(ana.session, replace(ana.session.project, language="am"))
    await set_settings(ana.session, replace(ana.session.project, language="de"))
    assert ana.session.project.language == "de"


async def test_settings_that_were_thought_over_meanwhile_leave_the_connection_alone(tmp_path: Path) -> None:
    ana = await Office(tmp_path).person("ana")
    before = ana.session.project
    made = await ana.handover.connect(terms())
    await set_settings(ana.session, replace(before, description="of last year"))
    assert ana.session.project.description == "of last year"
    assert ana.session.project.handover == made


async def test_a_job_that_labels_while_the_pen_goes_over_fails_and_pays_for_nothing_twice(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trained, "BATCH_DOCUMENTS", 2)
    session = await bench.create(7)

    async def hand_over(phase: Phase) -> None:
        def plan(state: State) -> Plan:
            handover = Handover(phase, terms(), "2026-11-21T09:00:00.000Z")
            return Plan(HANDED_OVER, [put_project(state, replace(state.project, handover=handover))])

        await session.store.commit("bo", plan)

    async def goes(texts: Sequence[str]) -> None:
        if len(model.seen) == 4:
            await hand_over(Phase.AML)

    model = await bench.add_model(session, before=goes)
    job = await bench.start(session)
    ended = await bench.run(job)
    assert ended.state is JobState.FAILED
    assert "Azure Machine Learning has the pen" in ended.message
    await session.refresh()
    made = sum(len(session.store.state.document(row.id).suggestions) for row in session.documents.select())
    assert made == 5 * 4
    with pytest.raises(PenError):
        await session.jobs.resume(job.id)
    model.before = None
    await hand_over(Phase.HERE)
    await session.jobs.resume(job.id)
    ended = await bench.run(job)
    assert (ended.state, ended.done, ended.suggestions) == (JobState.SUCCEEDED, 7, 35)
    assert len(model.seen) == 7
