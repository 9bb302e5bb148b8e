"""One project's state: durable, the same after reopening, the same for all who look."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import Bench, key, labels, number, span, whole
from tui_labeler.domain.document_rows import DocumentRow, row_of
from tui_labeler.domain.documents import Document
from tui_labeler.domain.jobs import JobKind, JobRequest
from tui_labeler.domain.projects import Category, Project, ProjectKind
from tui_labeler.engine.adapters.store import checkpoint
from tui_labeler.engine.adapters.store import index as store_index
from tui_labeler.engine.adapters.store.files import names_in
from tui_labeler.engine.adapters.store.index import write_index
from tui_labeler.engine.adapters.store.jobs import FileJobStore
from tui_labeler.engine.adapters.store.journal import Journal, Position
from tui_labeler.engine.adapters.store.locks import FileLock, is_held
from tui_labeler.engine.adapters.store.models import FolderModelStore
from tui_labeler.engine.adapters.store.project_store import TinyProjectStore
from tui_labeler.engine.adapters.store.shards import Shards
from tui_labeler.engine.changes import put_category
from tui_labeler.engine.errors import (
    AwayError,
    DeletedError,
    InputError,
    NotFoundError,
    RefusedError,
    StorageError,
)
from tui_labeler.engine.ports import Change, Plan, State, Transaction

if TYPE_CHECKING:
    from tui_labeler.engine.session import ProjectSession


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def worked(session: ProjectSession) -> None:
    """Some of everything that changes a project."""
    await session.labeling.add(number(session), key(session, "Person"), span("Ann"))
    await session.labeling.add(number(session), key(session, "Place"), span("Rome"))
    await session.labeling.save()
    await session.labeling.add(number(session, "d0001.txt"), key(session, "Person"), span("Bob"))
    await session.labeling.set_flag(number(session, "d0002.txt"), "ask \u202e the lead \x1b[31m")
    await session.labeling.set_reviewed(number(session, "d0002.txt"))
    await session.categories.set(key(session, "Person"), examples=["Ann", "Bob"], description="people")
    await session.categories.add("Firm")


async def test_a_reopened_project_says_the_same(bench: Bench) -> None:
    session = await bench.create()
    await worked(session)
    again = await bench.session()
    assert whole(again) == whole(session)
    assert again.store.seq == session.store.seq


async def test_it_says_the_same_after_a_checkpoint_and_more_work(bench: Bench) -> None:
    session = await bench.create()
    await worked(session)
    await session.store.checkpoint()
    assert whole(await bench.session()) == whole(session)
    await session.labeling.add(number(session), key(session, "Firm"), span("Bob"))
    assert whole(await bench.session()) == whole(session)


@pytest.mark.parametrize(
    "content", [None, b"", b"{", b"\xff\xfe", b'{"version": 99, "seq": 1, "shards": {}, "rows": []}']
)
async def test_an_index_that_is_gone_or_broken_is_made_anew(bench: Bench, content: bytes | None) -> None:
    session = await bench.create()
    await worked(session)
    await session.store.checkpoint()
    index = await bench.project_folder() / "index.json"
    index.unlink()
    if content is not None:
        index.write_bytes(content)
    assert whole(await bench.session()) == whole(session)


@pytest.mark.parametrize("kept", [None, 1])
async def test_an_index_of_several_lines_is_read_whole_or_made_anew(
    bench: Bench, kept: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_index, "ON_A_LINE", 1)
    session = await bench.create()
    await worked(session)
    await session.store.checkpoint()
    index = await bench.project_folder() / "index.json"
    lines = index.read_bytes().splitlines(keepends=True)
    assert len(lines) == 1 + len(session.rows)
    index.write_bytes(b"".join(lines[:kept]))
    read: list[int] = []

    def noted(kind: ProjectKind, found: Document) -> DocumentRow:
        read.append(found.id)
        return row_of(kind, found)

    monkeypatch.setattr(store_index, "row_of", noted)
    assert whole(await bench.session()) == whole(session)
    assert bool(read) is (kept is not None)


async def test_a_shard_that_a_person_repaired_is_taken_in(bench: Bench) -> None:
    session = await bench.create()
    await worked(session)
    await session.store.checkpoint()
    shard = await bench.project_folder() / "documents" / "0000.json"
    stored = json.loads(shard.read_text())
    stored["documents"][str(number(session, "d0001.txt"))]["flag"] = "repaired"
    shard.write_text(json.dumps(stored))
    again = await bench.session()
    assert again.rows[number(again, "d0001.txt")].flag == "repaired"


async def test_a_shard_that_is_broken_is_told_with_its_name(bench: Bench) -> None:
    session = await bench.create()
    await session.store.checkpoint()
    folder = await bench.project_folder()
    (folder / "index.json").unlink()
    (folder / "documents" / "0000.json").write_bytes(b'{"documents": {"1": \xff')
    with pytest.raises(StorageError, match=r"0000\.json"):
        await bench.session()


@pytest.mark.parametrize("content", [b"", b"{}", b'{"project": {}}', b"\xff"])
async def test_a_project_file_that_is_broken_is_told(bench: Bench, content: bytes) -> None:
    await bench.create()
    folder = await bench.project_folder()
    (folder / "project.json").write_bytes(content)
    with pytest.raises(StorageError, match=r"project\.json"):
        await TinyProjectStore.open(folder, bench.clock, bench.new_id)


async def test_a_project_file_without_a_place_in_the_journal_is_told(bench: Bench) -> None:
    await bench.create()
    folder = await bench.project_folder()
    stored = json.loads((folder / "project.json").read_text())
    stored["checkpoint"]["1"]["offset"] = "far"
    (folder / "project.json").write_text(json.dumps(stored))
    with pytest.raises(StorageError, match="checkpoint"):
        await TinyProjectStore.open(folder, bench.clock, bench.new_id)


class CrashError(Exception):
    """A process that ends here."""


@pytest.mark.parametrize("step", ["first shard", "shards", "project", "index"])
async def test_a_crash_in_the_middle_of_a_checkpoint_loses_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    session = await bench.create(600)
    await session.store.checkpoint()
    await worked(session)
    await session.labeling.add(number(session, "d0550.txt"), key(session, "Person"), span("Ann"))

    def crash(*_: object, **__: object) -> None:
        raise CrashError

    real = Shards._put
    done: list[int] = []

    def one_shard(self: Shards, shard: int, rows: Any, seq: int) -> None:
        if done:
            raise CrashError
        done.append(shard)
        real(self, shard, rows, seq)

    with monkeypatch.context() as patch:
        match step:
            case "first shard":
                patch.setattr(Shards, "_put", one_shard)
            case "shards":
                patch.setattr(checkpoint, "write_project", crash)
            case "project":
                patch.setattr(checkpoint, "write_index", crash)
            case "index":

                def written_then_killed(*arguments: Any) -> None:
                    write_index(*arguments)
                    raise CrashError

                patch.setattr(checkpoint, "write_index", written_then_killed)
        with pytest.raises(CrashError):
            await session.store.checkpoint()
    again = await bench.session()
    assert whole(again) == whole(session)
    await again.labeling.add(number(again, "d0300.txt"), key(again, "Person"), span("Bob"))
    await again.store.checkpoint()
    await session.refresh()
    assert whole(session) == whole(again) == whole(await bench.session())


async def test_two_views_of_a_project_see_each_other(bench: Bench) -> None:
    ana = await bench.create()
    bo = await bench.session("bo")
    await ana.labeling.add(number(ana), key(ana, "Person"), span("Ann"))
    assert labels(bo) == []
    news = await bo.refresh()
    assert [item.action for item in news] == ["label.add"]
    assert labels(bo) == [("Person", span("Ann"))]
    assert await bo.refresh() == ()


async def test_what_a_decision_took_in_on_its_way_is_news_too(bench: Bench) -> None:
    ana = await bench.create()
    bo = await bench.session("bo")
    await ana.labeling.add(number(ana), key(ana, "Person"), span("Ann"))
    await bo.labeling.add(number(bo), key(bo, "Person"), span("Bob"))
    assert [item.actor for item in await bo.refresh()] == ["ana"]
    assert [item.actor for item in await ana.refresh()] == ["bo"]


async def test_a_checkpoint_of_one_view_does_not_disturb_another(bench: Bench) -> None:
    ana = await bench.create(600)
    bo = await bench.session("bo")
    for turn in range(6):
        await ana.labeling.add(number(ana, f"d{turn:04}.txt"), key(ana, "Person"), span("Ann"))
        await bo.labeling.add(number(bo, f"d03{turn:02}.txt"), key(bo, "Place"), span("Rome"))
        await (ana if turn % 2 else bo).store.checkpoint()
    await ana.refresh()
    await bo.refresh()
    assert whole(ana) == whole(bo) == whole(await bench.session())


async def test_much_work_is_folded_without_being_asked_and_then_forgotten(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint, "CHECKPOINT_AFTER", 20_000)
    session = await bench.create(60)
    follower = await bench.session("bo")
    most = 0
    for item in range(60):
        place = number(session, f"d{item:04}.txt")
        for nth in (0, 1):
            await session.labeling.add(place, key(session, "Person"), span("Ann", nth=nth))
        await session.labeling.add(place, key(session, "Place"), span("Rome"))
        await follower.refresh()
        store = follower.store
        assert isinstance(store, TinyProjectStore)
        most = max(most, store.journal_bytes)
    assert most < 45_000
    assert whole(follower) == whole(session) == whole(await bench.session())


async def test_a_decision_stands_when_folding_fails(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "CHECKPOINT_AFTER", 100)
    session = await bench.create()

    def full(*_: object) -> None:
        raise StorageError("full")

    tried: list[int] = []

    def counted(self: Shards, rows: object, seq: int) -> None:
        tried.append(1)
        full()

    monkeypatch.setattr(Shards, "put", counted)
    await session.labeling.add(number(session), key(session, "Person"), span("Ann"))
    await session.close()
    assert tried
    assert labels(await bench.session()) == [("Person", span("Ann"))]


async def test_a_full_disk_is_told_and_the_state_is_as_before(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await bench.create()
    await worked(session)
    before = whole(session)

    def full(self: Journal, position: Position, transaction: Transaction) -> Position:
        raise StorageError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "append", full)
        with pytest.raises(StorageError):
            await session.labeling.add(number(session), key(session, "Person"), span("Bob"))
    assert whole(session) == before == whole(await bench.session())
    await session.labeling.add(number(session), key(session, "Person"), span("Bob"))
    assert whole(await bench.session()) == whole(session)


async def test_a_refused_plan_changes_nothing_and_frees_the_lock(bench: Bench) -> None:
    session = await bench.create()
    lock = await bench.project_folder() / "lock"

    def refusing(state: State) -> Plan:
        assert is_held(lock)
        raise RefusedError("no")

    before = session.store.seq
    with pytest.raises(RefusedError):
        await session.store.commit("ana", refusing)
    assert not is_held(lock)
    assert session.store.seq == before
    await session.labeling.set_flag(number(session), "goes on")
    assert session.store.seq == before + 1


async def test_a_plan_without_a_change_is_not_written(bench: Bench) -> None:
    session = await bench.create()
    person = session.categories.by_name("Person")
    before = session.store.seq
    assert await session.store.commit("ana", lambda state: None) is None
    assert await session.store.commit("ana", lambda state: Plan("x", [put_category(state, person)])) is None
    assert session.store.seq == before


async def test_a_cancelled_decision_is_finished_and_frees_the_lock(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await bench.create()
    lock = await bench.project_folder() / "lock"
    begun, go = threading.Event(), threading.Event()
    real = Journal.append

    def slow(self: Journal, position: Position, transaction: Transaction) -> Position:
        begun.set()
        go.wait(10)
        return real(self, position, transaction)

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "append", slow)
        task = asyncio.ensure_future(session.labeling.set_flag(number(session), "cut off"))
        await asyncio.to_thread(begun.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert is_held(lock)
        go.set()
        # The next decision waits its turn behind the one that goes on.
        await session.labeling.set_flag(number(session, "d0001.txt"), "next")
    assert not is_held(lock)
    assert session.rows[number(session)].flag == "cut off"
    assert whole(await bench.session()) == whole(session)


async def test_tasks_cancelled_with_their_loop_keep_the_lock_until_the_write_is_done(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bench.create()
    folder = await bench.project_folder()
    held: list[bool] = []
    begun = threading.Event()
    real = Journal.append

    def slow(self: Journal, position: Position, transaction: Transaction) -> Position:
        begun.set()
        cancelled.wait(10)
        held.append(is_held(folder / "lock"))
        return real(self, position, transaction)

    cancelled = threading.Event()
    monkeypatch.setattr(Journal, "append", slow)

    async def leaving() -> None:
        session = await bench.session("bo")
        work = asyncio.ensure_future(session.labeling.set_flag(number(session), "at the door"))
        await asyncio.to_thread(begun.wait, 10)
        asyncio.get_running_loop().call_later(0.05, cancelled.set)
        work.cancel()

    await asyncio.to_thread(asyncio.run, leaving())
    assert held == [True]
    monkeypatch.setattr(Journal, "append", real)
    again = await bench.session()
    assert again.rows[number(again)].flag == "at the door"


async def test_categories_come_back_to_their_place(bench: Bench) -> None:
    session = await bench.create(categories=("A", "B", "C"))
    await session.categories.delete(key(session, "A"))
    await session.store.checkpoint()
    again = await bench.session()
    await again.history.undo()
    assert [item.name for item in again.store.state.categories.values()] == ["A", "B", "C"]
    await again.store.checkpoint()
    later = await bench.session()
    assert [item.name for item in later.store.state.categories.values()] == ["A", "B", "C"]


async def test_history_is_read_in_both_directions(bench: Bench) -> None:
    session = await bench.create()
    await worked(session)
    newest = [item.seq async for item in session.store.history()]
    oldest = [item.seq async for item in session.store.history(newest_first=False)]
    assert newest == oldest[::-1] == list(range(session.store.seq, 0, -1))


async def test_an_unknown_document_is_not_found(bench: Bench) -> None:
    session = await bench.create()
    with pytest.raises(NotFoundError):
        await session.store.document(999)
    assert session.store.state.raw("label", "999/x") is None


async def test_text_that_is_none_is_refused_and_nothing_changes(bench: Bench) -> None:
    session = await bench.create()
    with pytest.raises(InputError, match="no character"):
        await session.labeling.set_flag(number(session), "half \ud83d")
    with pytest.raises(InputError, match="no character"):
        await session.categories.add("\udcff")
    with pytest.raises(InputError, match="no character"):
        await bench.projects().begin(Project("px", "\udcff", ProjectKind.ENTITIES, "/"))
    assert whole(await bench.session()) == whole(session)
    assert [item.name for item in await bench.projects().list()] == ["Test"]


async def test_a_document_can_go_and_come_back(bench: Bench) -> None:
    session = await bench.create()
    state = session.store.state
    place = number(session)
    header = state.raw("document", str(place))

    def removing(state: State) -> Plan:
        return Plan("x", [Change("document", str(place), state.raw("document", str(place)), None)])

    await session.store.commit("ana", removing)
    await session.store.checkpoint()
    assert place not in (await bench.session()).rows

    def adding(state: State) -> Plan:
        return Plan("x", [Change("document", str(place), None, header)])

    await session.store.commit("ana", adding)
    assert whole(await bench.session()) == whole(session)
    assert session.store.state.document_id("d0000.txt") == place


# --- several processes ------------------------------------------------------------------------------

_WORKER = """
import asyncio, sys
from pathlib import Path
from tests.builders import Bench, key, number
from tui_labeler.domain.labels import Span
async def main(root, who, count):
    bench = Bench(Path(root))
    bench.numbers = iter(range(10_000 * (int(who) + 1), 10_000 * (int(who) + 2)))
    session = await bench.session(f"worker{who}")
    places = [number(session, f"d{item:04}.txt") for item in range(10)]
    for turn in range(int(count)):
        start = (turn * 4 + int(who)) * 2
        await session.labeling.add(places[turn % 10], key(session, "Person"), Span(start, start + 1))
        if turn % 100 == int(who) * 20:
            await session.store.checkpoint()
asyncio.run(main(*sys.argv[1:]))
"""


def four_at_work(root: Path) -> list[int]:
    workers = [
        subprocess.Popen([sys.executable, "-c", _WORKER, str(root), str(who), "250"]) for who in range(4)
    ]
    return [worker.wait(60) for worker in workers]


async def test_four_processes_lose_none_of_a_thousand_decisions(bench: Bench) -> None:
    session = await bench.create({f"d{item:04}.txt": "x" * 2100 for item in range(10)})
    assert await asyncio.to_thread(four_at_work, bench.root) == [0] * 4
    await session.refresh()
    assert [len(labels(session, f"d{item:04}.txt")) for item in range(10)] == [100] * 10
    assert whole(await bench.session()) == whole(session)
    seqs = [item.seq async for item in session.store.history(newest_first=False)]
    assert seqs == list(range(1, session.store.seq + 1))


_UNPRIVILEGED = """
import asyncio, os, sys
from pathlib import Path
from tests.builders import Bench, number
from tui_labeler.engine.errors import StorageError
asyncio.run(asyncio.to_thread(int))  # what is imported late is not readable later
os.setgid(65534)
os.setuid(65534)
async def main(root):
    bench = Bench(Path(root))
    session = await bench.session()
    print(len(session.rows), [job.state.value for job in await session.jobs.list()])
    try:
        await session.labeling.set_flag(number(session), "written")
    except StorageError as error:
        print(error.title, error.hint)
    await session.close()
asyncio.run(main(sys.argv[1]))
"""


def marks(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


def read_only(root: Path) -> None:
    for path in [root, *root.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)


def as_nobody(root: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", _UNPRIVILEGED, str(root)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
async def test_a_home_that_may_only_be_read_is_shown_and_refuses_clearly() -> None:
    root = Path(tempfile.mkdtemp())
    try:
        bench = Bench(root)
        session = await bench.create()
        await bench.add_model(session)
        await bench.start(session)
        read_only(root)
        before = marks(root)
        done = as_nobody(root)
        assert done.returncode == 0, done.stderr
        first, second = done.stdout.splitlines()
        assert first.startswith("3 ['")
        assert "can't be read or written" in second
        assert "writable" in second
        assert marks(root) == before
    finally:
        shutil.rmtree(root)


# --- homes ------------------------------------------------------------------------------------------


async def test_projects_are_listed_by_name_and_opened_by_name_or_id(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    projects = bench.projects()
    for ident, name in (("p1", "beta"), ("p2", "Alpha")):
        await projects.begin(Project(ident, name, ProjectKind.ENTITIES, "/"))
        await projects.publish(ident)
    assert [item.name for item in await projects.list()] == ["Alpha", "beta"]
    assert (await projects.open("beta")).state.project.id == "p1"
    assert (await projects.open("p2")).state.project.name == "Alpha"
    with pytest.raises(NotFoundError):
        await projects.open("gamma")
    with pytest.raises(InputError, match="already a project"):
        await projects.begin(Project("p3", "beta", ProjectKind.ENTITIES, "/"))


async def test_looking_at_a_home_that_is_not_there_makes_none(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    assert await bench.projects().list() == ()
    assert not bench.home.exists()


async def test_a_deleted_project_is_kept_aside_unless_purged(bench: Bench) -> None:
    session = await bench.create()
    await session.labeling.set_flag(number(session), "keep me")
    await bench.workbench().delete("Test")
    assert await bench.projects().list() == ()
    (kept,) = (bench.home / "deleted").iterdir()
    shutil.move(kept, bench.home / "projects" / kept.name.split("-")[0])
    again = await bench.session()
    assert again.rows[number(again)].flag == "keep me"
    await bench.workbench().delete("Test", purge=True)
    assert await bench.projects().list() == ()
    assert len(list((bench.home / "deleted").iterdir())) == 0


async def test_a_project_goes_only_once_the_runner_of_its_job_has_let_go(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bench.create()
    folder = await bench.project_folder()
    job = folder / "jobs" / "j1"
    job.mkdir(parents=True)
    (job / "request.json").write_text("{}")
    runner = FileLock(job / "lock")
    runner.acquire()
    asked, acquire = threading.Event(), FileLock.acquire

    def noted(lock: FileLock, *patience: float) -> None:
        if lock.path == runner.path:
            asked.set()
        acquire(lock, *patience)

    monkeypatch.setattr(FileLock, "acquire", noted)
    deleting = asyncio.ensure_future(bench.projects().delete("Test", purge=True))
    try:
        assert await asyncio.to_thread(asked.wait, 30), "it was not waited for"
        assert job.exists()
    finally:
        runner.release()
        await deleting
    assert not folder.exists()


async def test_a_new_category_is_a_row_like_any_other(bench: Bench) -> None:
    session = await bench.create()
    made = await session.categories.add("Firm", description="d", examples=["e"], color="red")
    assert made == session.store.state.categories[made.id]
    assert isinstance(made, Category)
    assert (await bench.session()).store.state.categories[made.id] == made


async def test_a_project_is_not_there_before_it_is_whole(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    projects = bench.projects()
    await projects.begin(Project("p1", "beta", ProjectKind.ENTITIES, "/"))
    assert await projects.list() == ()
    with pytest.raises(NotFoundError):
        await projects.open("beta")
    await projects.publish("p1")
    assert [item.name for item in await projects.list()] == ["beta"]
    assert not list((bench.home / "making").iterdir())


async def test_what_a_killed_process_left_half_made_is_cleared_and_its_name_is_free(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    program = (
        "import asyncio, os, sys; from pathlib import Path\n"
        "from tui_labeler.assembly import new_id, now\n"
        "from tui_labeler.domain.projects import Project, ProjectKind\n"
        "from tui_labeler.engine.adapters.store.home import TinyProjects\n"
        "home = TinyProjects(Path(sys.argv[1]), now, new_id)\n"
        "asyncio.run(home.begin(Project('p1', 'beta', ProjectKind.ENTITIES, '/')))\n"
        "os.kill(os.getpid(), 9)\n"
    )
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", program, str(bench.home))
    assert await child.wait() == -9
    assert (bench.home / "making" / "p1").is_dir()
    projects = bench.projects()
    assert await projects.list() == ()
    await projects.begin(Project("p2", "beta", ProjectKind.ENTITIES, "/"))
    assert [path.name for path in (bench.home / "making").iterdir()] == ["p2"]
    await projects.publish("p2")
    assert [item.id for item in await projects.list()] == ["p2"]


async def test_two_that_make_projects_at_once_leave_each_other_alone(tmp_path: Path) -> None:
    one, other = Bench(tmp_path).projects(), Bench(tmp_path).projects()
    await one.begin(Project("p1", "same", ProjectKind.ENTITIES, "/"))
    await other.begin(Project("p2", "same", ProjectKind.ENTITIES, "/"))
    await one.publish("p1")
    with pytest.raises(InputError, match="already a project"):
        await other.publish("p2")
    await other.discard("p2")
    assert [item.id for item in await one.list()] == ["p1"]


@pytest.mark.parametrize("leftover", [False, True], ids=["gone", "only a lock left"])
async def test_a_project_that_was_deleted_is_not_worked_on_nor_made_again(
    tmp_path: Path, leftover: bool
) -> None:
    bench = Bench(tmp_path)
    session = await bench.create()
    await worked(session)
    folder = await bench.project_folder()
    await bench.projects().delete(session.project.id, purge=False)
    if leftover:
        folder.mkdir()
        (folder / "lock").touch()
    before = sorted(folder.rglob("*")) if leftover else None
    with pytest.raises(DeletedError):
        await session.refresh()
    with pytest.raises(DeletedError):
        await session.categories.add("More")
    with pytest.raises(DeletedError):
        await session.store.checkpoint()
    await session.close()
    if leftover:
        assert [path for path in sorted(folder.rglob("*")) if path.suffix != ".lock"] == before
        assert await bench.projects().leftovers() == (str(folder),)
        assert await bench.projects().broken() == ()
    else:
        assert not folder.exists()
        assert await bench.projects().leftovers() == ()


async def test_a_home_that_is_away_is_not_taken_for_a_project_that_was_deleted(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    session = await bench.create(100)
    await worked(session)
    await session.store.checkpoint()
    aside = shutil.move(bench.home, tmp_path / "elsewhere")
    with pytest.raises(AwayError):
        await session.refresh()
    with pytest.raises(AwayError):
        await session.categories.add("More")
    with pytest.raises(AwayError):
        session.store.state.document(number(session, "d0099.txt"))
    assert not bench.home.exists()
    shutil.move(aside, bench.home)
    await session.refresh()
    await session.categories.add("More")
    await session.store.checkpoint()
    assert whole(await bench.session()) == whole(session)


async def test_jobs_and_models_do_not_make_a_deleted_project_again(tmp_path: Path) -> None:
    jobs = FileJobStore(tmp_path / "p1" / "jobs", str)
    with pytest.raises(DeletedError):
        await jobs.create(JobRequest("j1", JobKind.TRAIN, "ana", "2026-11-21T09:00:00Z"))
    with pytest.raises(DeletedError):
        await FolderModelStore(tmp_path / "p1" / "models").delete("first")
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("content", ["garbage", "{}", "[]"])
async def test_a_damaged_project_takes_no_other_with_it(tmp_path: Path, content: str) -> None:
    bench = Bench(tmp_path)
    projects = bench.projects()
    for ident, name in (("p1", "one"), ("p2", "two")):
        await projects.begin(Project(ident, name, ProjectKind.ENTITIES, "/"))
        await projects.publish(ident)
    (bench.home / "projects" / "p1" / "project.json").write_text(content, encoding="utf-8")
    assert [item.name for item in await projects.list()] == ["two"]
    assert [name for name, _ in await projects.broken()] == ["p1"]
    assert (await projects.open("two")).state.project.id == "p2"
    with pytest.raises(StorageError):
        await projects.open("p1")


async def test_what_is_with_no_reader_is_stored_as_if_there_were_none(bench: Bench) -> None:
    """So that state of before readings opens as it is, and other programs need not know of them."""
    session = await bench.create()
    await worked(session)
    await session.store.checkpoint()
    stored = json.loads((await bench.project_folder() / "documents" / "0000.json").read_text())
    for row in stored["documents"].values():
        assert not {"readers", "finished", "choices", "settled"} & row.keys()
        assert not any("reader" in label for label in row.get("labels", {}).values())


async def test_documents_that_are_new_are_not_looked_for_on_the_disk(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await bench.create(3)
    asked: list[int] = []
    real = Shards.get

    def get(shards: Shards, document_id: int) -> dict[str, Any] | None:
        asked.append(document_id)
        return real(shards, document_id)

    monkeypatch.setattr(Shards, "get", get)
    for name in ("new-1.txt", "new-2.txt"):
        (bench.documents / name).write_text("Ann was in Rome.")
    assert (await session.documents.sync()).added == 2
    new = {number(session, "new-1.txt"), number(session, "new-2.txt")}
    assert not new & set(asked)


async def test_nothing_is_written_into_a_home_that_a_newer_version_has_taken_over(bench: Bench) -> None:
    session = await bench.create()
    await worked(session)
    folder = session.store.folder  # type: ignore[attr-defined]
    (folder.parent.parent / "home.json").write_text('{"format": 99}')
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(StorageError, match="has format 99"):
        await session.labeling.add(number(session), key(session, "Person"), span("Ann"))
    with pytest.raises(StorageError, match="has format 99"):
        await session.store.checkpoint()
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
