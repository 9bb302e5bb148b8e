"""Projects of a home: made whole or not at all, and deleted when nothing works on them."""

from __future__ import annotations

import asyncio

import pytest

from tests.builders import Bench, key, labels, number, span
from tests.engine.test_label_files import ANN, entities
from tui_labeler.domain.jobs import JobState
from tui_labeler.domain.projects import LONGEST_PROJECT, ProjectKind
from tui_labeler.engine import workbench as workbench_module
from tui_labeler.engine.adapters.store.jobs import FileJobJournal, FileJobStore
from tui_labeler.engine.documents.documents import Documents
from tui_labeler.engine.errors import ContainerError, InputError, LabelerError, NotFoundError, RefusedError
from tui_labeler.engine.workbench import NewProject


def new(bench: Bench, **changed: object) -> NewProject:
    given = {"name": "Test", "kind": ProjectKind.ENTITIES, "container": str(bench.documents), **changed}
    return NewProject(**given)  # type: ignore[arg-type]


async def test_a_project_is_made_from_a_folder_and_a_labels_file(bench: Bench) -> None:
    bench.write({"d0000.txt": "Ann met Bob in Rome. Then Ann went on to Oslo.\n"})
    created = await bench.workbench().create(
        new(bench, categories=("Person", "Extra")),
        labels=entities(("d0000.txt", [ANN])),
        labels_name="l.json",
    )
    session = created.session
    assert created.imported is not None
    assert created.imported.labels == 1
    assert labels(session) == [("Person", span("Ann"))]
    assert [item.name for item in session.store.state.categories.values()] == ["Person", "Firm", "Extra"]
    assert any("at least 10" in warning for warning in created.warnings)
    assert await session.history.undo() is None, "what a project begins with is nobody's undo"
    await session.labeling.add(number(session), key(session, "Extra"), span("Bob"))
    assert await session.history.undo() is not None
    assert labels(session) == [("Person", span("Ann"))]
    assert await session.history.undo() is None


@pytest.mark.parametrize("data", [b"{", b"{}", b"\xff"])
async def test_a_bad_labels_file_leaves_no_project(bench: Bench, data: bytes) -> None:
    bench.write({"a.txt": "x"})
    with pytest.raises(LabelerError):
        await bench.workbench().create(new(bench), labels=data, labels_name="l.json")
    assert await bench.projects().list() == ()


async def test_a_project_has_a_name_that_lists_can_show(bench: Bench) -> None:
    bench.write({"a.txt": "x"})
    with pytest.raises(InputError, match="at most 1,000 characters, not 1,001"):
        await bench.workbench().create(new(bench, name="x" * (LONGEST_PROJECT + 1)))
    assert await bench.projects().list() == ()
    made = await bench.workbench().create(new(bench, name="x" * LONGEST_PROJECT))
    assert len(made.session.project.name) == LONGEST_PROJECT


async def test_a_file_of_another_kind_or_a_folder_that_is_not_there_leaves_no_project(bench: Bench) -> None:
    bench.write({"a.txt": "x"})
    with pytest.raises(InputError, match="CustomEntityRecognition"):
        await bench.workbench().create(
            new(bench, kind=ProjectKind.SINGLE_LABEL), labels=entities(), labels_name="l.json"
        )
    with pytest.raises(ContainerError, match="no folder"):
        await bench.workbench().create(new(bench, container="/not/there"))
    assert await bench.projects().list() == ()
    assert list((bench.home / "projects").glob("*")) == []


@pytest.mark.parametrize(
    "changed", [{"name": ""}, {"name": " a"}, {"categories": ("A", "A ")}, {"categories": (" ",)}]
)
async def test_what_can_not_be_a_project_is_refused(bench: Bench, changed: dict[str, object]) -> None:
    bench.write({"a.txt": "x"})
    with pytest.raises(InputError):
        await bench.workbench().create(new(bench, **changed))
    assert await bench.projects().list() == ()


async def test_a_creation_that_is_cancelled_leaves_no_project(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.write({"a.txt": "x"})
    begun = asyncio.Event()

    async def waiting(self: Documents, progress: object) -> None:
        begun.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(Documents, "sync", waiting)
    task = asyncio.ensure_future(bench.workbench().create(new(bench)))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await bench.projects().list() == ()


async def test_deleting_a_project_stops_its_jobs_first(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    session = await bench.create()
    holding = asyncio.Event()

    async def hold(texts: object) -> None:
        holding.set()
        await asyncio.Event().wait()

    await bench.add_model(session, before=hold)
    job = await bench.start(session)
    running = asyncio.ensure_future(bench.run(job))
    await holding.wait()
    letting_go = asyncio.Event()
    close = FileJobJournal.close

    async def close_late(journal: FileJobJournal) -> None:
        await letting_go.wait()
        await close(journal)

    monkeypatch.setattr(FileJobJournal, "close", close_late)
    deleting = asyncio.ensure_future(bench.workbench().delete("Test", purge=True))
    async for _ in session.jobs.follow(job.id):
        pass
    await asyncio.sleep(0.1)
    assert [item.name for item in await bench.projects().list()] == ["Test"], "its runner still reads"
    letting_go.set()
    assert (await running).state is JobState.CANCELLED
    await deleting
    assert list((bench.home / "projects").iterdir()) == []
    with pytest.raises(NotFoundError):
        await bench.workbench().delete("Test")


async def test_a_project_whose_job_does_not_stop_is_not_deleted(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbench_module, "PATIENCE", 0.05)
    session = await bench.create()
    await bench.add_model(session)
    job = await bench.start(session)
    jobs = session.jobs._jobs
    assert isinstance(jobs, FileJobStore)
    journal = await jobs.run(job.id)
    with pytest.raises(RefusedError, match="still at work"):
        await bench.workbench().delete("Test", purge=True)
    assert [item.name for item in await bench.projects().list()] == ["Test"]
    await journal.close()


@pytest.mark.parametrize(
    "changed", [{"name": ""}, {"name": " x"}, {"categories": ("A", " ")}, {"categories": ("A", "A ")}]
)
async def test_a_name_that_is_refused_says_what_to_do(bench: Bench, changed: dict[str, object]) -> None:
    bench.write({"a.txt": "x"})
    with pytest.raises(InputError) as caught:
        await bench.workbench().create(new(bench, **changed))
    assert caught.value.hint.endswith(".")
